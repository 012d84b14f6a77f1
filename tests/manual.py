"""The pages of `docs/` that are read off the program: every command and option, every key of a recipe.

`python -m tests.manual` writes them; `tests/unit/test_manual.py` fails where a page says something else.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from core.files import write_atomic
from core.ops.base import Cadence, Op, is_edge, operations
from core.ops.diffusion import Control, Diffusion, Lora, Reference, Schedule
from core.recipe.explain import describe
from core.recipe.model import LookRef, Master, Material, Output, Picked, Recipe, Review, keyable
from core.recipe.toml import toml_value

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_MADE = "*Read off the program by `python -m tests.manual`: change the help texts there, not this page.*"

# The commands

COMMANDS = """# Commands

{made}

Every listing takes `--json`: one document with stable keys. `--debug` anywhere on the line shows tracebacks.
SHOT is a shot's id, a glob (`'sq010_*'`, in quotes) or a filter: `status:rtk`, `circled:no`, `versions:0`, `cut:reel2`.
Job ids may be shortened to a beginning that is unique.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | found a difference, or a check failed |
| 2 | wrong use or bad input |
| 3 | something broke |
| 130 | stopped by Ctrl-C |

Errors go to stderr: what happened, where, and what to do next.
"""


def commands() -> Mapping[str, Any]:
    """Every command by name, in the order of the help."""
    from typer.main import get_command

    from tui.commands.root import build

    return get_command(build()).commands  # type: ignore[attr-defined, no-any-return]


def commands_page() -> str:
    return COMMANDS.format(made=_MADE) + "\n" + "\n".join(_command(*pair) for pair in commands().items())


def _command(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(["rushes", name, *(_argument(p) for p in arguments), *(["[options]"] if options else [])])
    lines = [f"## {name}", "", f"`{usage}`", "", " ".join(command.help.split()), ""]
    told = [(_argument(p), p.help) for p in arguments if p.help] + [(_option(p), _about(p)) for p in options]
    if told:
        lines += _table(("", ""), [(f"`{word}`", text) for word, text in dict.fromkeys(told)])
    return "\n".join([*lines, "```sh", command.epilog.removeprefix("Example: "), "```", ""])


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _option(option: Any) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    takes = "N" if option.type_descriptor.annotation is int else "TEXT"
    return names if option.is_flag else f"{names} {option.metavar or takes}"


def _about(option: Any) -> str:
    default = option.default
    plain = isinstance(default, str) and default
    return f"{option.help or ''}{f' Default: `{default}`.' if plain else ''}"


# The recipe

RECIPE = """# Recipe

{made}

A recipe says everything that makes a version. It is a TOML text. A draft says only what differs from the defaults;
freezing it into a version writes every value, every model's hash and every input's hash. An unknown key or a value out
of range is an error that names file, line and key, and says what is allowed.

`rushes recipe SHOT` prints the draft, `--edit` opens it in your editor, `--set` changes one value:

```sh
rushes recipe sq010_sh0010 --set paint.denoise=0.4 --set "paint.prompt=oil by candlelight"
rushes recipe sq010_sh0010 --set output.master.type=float --set range=1001-1062
rushes recipe sq010_sh0010 --set "paint.curves.denoise=1001:0.3, 1040:0.55"
rushes recipe sq010_sh0010 --set paint.curves.denoise=
```

The first word is a step's or an input's name, or a key of the recipe itself. The last line takes the curve out again.

Frames are *shot frames*: the first frame of the cut's head handle was 1001 when the shot came in, and that never moves.

**Curves.** A parameter marked ∿ may change over the shot: `[step.curves]` with keys `[frame, value]` or
`[frame, value, "hold"]`. Between two keys a value runs `linear` (the default), `hold` or `smooth`, as the earlier key
says. Before the first key and after the last it stays. Text holds.

**Looks.** A look is the same text without shot and range, in `looks/<name>.toml` of the show:
`rushes recipe SHOT --look <name>` puts it under a draft. What the draft says wins.

**Wedges.** `rushes wedge SHOT --frame F --vary KEY=…` renders one frame over values of one or two parameters:
`paint.seed=16` (so many seeds), `paint.denoise=0.2:0.6:5` (from, to, how many), `paint.on=1,2`,
`"paint.prompt=a sketch|an oil painting"`.
"""
TABLES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("The recipe", "Keys above the first table.", Recipe),
    ("[[input]]", "One table for each picture, sequence or matte that steps read beside the plate.", Material),
    ("[output]", "", Output),
    ("[output.master]", "", Master),
    ("[output.review]", "", Review),
    ("picked_from", "", Picked),
    ("look", "", LookRef),
)
MODEL_TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[[step.lora]]", Lora),
    ("[[step.control]]", Control),
    ("[[step.reference]]", Reference),
    ("[step.schedule]", Schedule),
)
_WORDS = {"content_enhancement_post": "content enhancement and post-production"}
STEPS = """## Steps

`[[step]]` tables run in order. Each has these keys, and those of its operation.
"""
SHARED = (
    (Cadence, "keys of seeded steps", "What is seeded can be animated on twos. Its outputs are kept and used again."),
    (
        Diffusion,
        "keys of diffusion steps",
        "The model is of any family that diffusers' AutoPipeline knows. `denoise`, `sampling_steps` and what the "
        "sampler makes of them give the effective steps, which the record has for each frame.",
    ),
)
"""Operations that others share their keys with, the last that fits first: what the keys are called, and about them."""


def recipe_page() -> str:
    lines = [RECIPE.format(made=_MADE)]
    for title, about, model in TABLES:
        lines += [f"## {title}", "", *([about, ""] if about else []), *_keys(model)]
    lines += [STEPS, *_keys(Op)]
    for name, kind in sorted(operations().items()):
        lines += list(_operation(name, kind))
    for kind, title, about in SHARED:
        lines += [f"### {title.capitalize()}", "", about, "", *_keys(kind, kind.__base__)]
    for title, part in MODEL_TABLES:
        lines += [f"### {title}", "", _first_up(_docstring(part).partition(": ")[2]), "", *_keys(part)]
    return "\n".join(lines).rstrip() + "\n"


def _operation(name: str, kind: type[Op]) -> Iterator[str]:
    shared = [(base, title) for base, title, _ in SHARED if issubclass(kind, base)]
    phase = _WORDS.get(kind.phase.value, kind.phase.value.replace("_", " "))
    yield from (f"### {name}", "", _docstring(kind), "")
    yield from (f"Phase: {phase}. IPTC source type: `{kind.source_type.value}`.", "")
    yield from _keys(kind, shared[-1][0] if shared else Op, without=("op",))
    links = [f"[{title}](#{title.replace(' ', '-')})" for _, title in reversed(shared)]
    if links:
        yield from (f"And the {' and the '.join(links)}.", "")


def _docstring(kind: type[BaseModel]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _keys(model: type[BaseModel], above: type[BaseModel] | None = None, without: tuple[str, ...] = ()) -> list[str]:
    """The keys of a table that `above` does not have, as a Markdown table."""
    curved = keyable(model) if issubclass(model, Op) else []
    rows = []
    for name, info in model.model_fields.items():
        if name in without or (above is not None and name in above.model_fields):
            continue
        mark = " ∿" if name in curved else ""
        takes = "a picture's name" if name != "name" and is_edge(info) else describe(info.annotation, info.metadata)
        rows.append((f"`{info.alias or name}`{mark}", takes, _default(info), info.description))
    return _table(("key", "takes", "default", "what it does"), rows)


def _default(info: Any) -> str:
    value = info.default
    if value is PydanticUndefined:
        return "*needed*"
    if isinstance(value, BaseModel) or value in (None, (), {}, ""):
        return ""
    return f"`{toml_value(list(value) if isinstance(value, tuple) else value)}`"


def _table(titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    cells = [[str(cell or "").replace("|", "\\|") for cell in row] for row in rows]
    return [_row(titles), _row(["---"] * len(titles)), *map(_row, cells), ""]


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


# The screens' keys

KEYS = """# Keys of the screens

{made}

`?` tells the same for the part that has the focus, `:` finds an action by its words, the footer shows what can be done
now. Keys differ by focus: `tab` goes from part to part.

## Keys of your own

`~/.config/rushes/keys.toml` (or where `RUSHES_KEYS` points) puts actions on other keys, by the ids below; several keys
stand between commas, named as here. An id that does not exist is said when the screens open.

```toml
"cut.approve" = "A"
"any.back" = "escape"
```
"""


def keys_page() -> str:
    """Every action of the screens, place by place."""
    from tui.app.actions import ACTIONS, PLACES

    lines = [KEYS.format(made=_MADE)]
    for place, words in PLACES.items():
        rows = [action for action in ACTIONS if action.place == place]
        if rows:
            lines += [f"## {words}", "", "| keys | what | id |", "| --- | --- | --- |"]
            lines += [f"| {_key_names(row.keys)} | {_what(row.title, row.help)} | `{row.id}` |" for row in rows]
            lines.append("")
    return "\n".join(lines)


def _key_names(keys: str) -> str:
    from textual.keys import format_key

    return " ".join(f"`{format_key(key)}`" for key in keys.split(","))


def _what(title: str, help: str) -> str:
    return f"{title}: {help}" if help else title


PAGES = {DOCS / "commands.md": commands_page, DOCS / "recipe.md": recipe_page, DOCS / "keys.md": keys_page}

if __name__ == "__main__":
    for path, page in PAGES.items():
        write_atomic(path, page())
