"""What two recipes differ in, key by key; prompts word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.ops.base import Op
from core.recipe.model import Recipe
from core.recipe.text import plain
from core.recipe.toml import toml_value

_ABSENT = "-"
_TEXTS = frozenset({"prompt", "negative", "summary"})
_OWN = ("summary", "picked_from", "range", "tier", "output")
"""Keys of the recipe itself that a person changes. Inputs, steps and digests are reported in ways of their own."""
SEEN_AS = {
    "plate": "plate colour",
    "alpha": "plate alpha",
    "layer": "plate layer",
    "working": "working space",
    "config": "colour config",
}
"""The words for what `seen_as` holds."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `key` as `paint.denoise`; `a` and `b` as a recipe writes them, "-" where there is none.

    `words`, for prompts and summaries: (" " | "-" | "+", text) in reading order: kept, only in a, only in b.
    """

    key: str
    a: str
    b: str
    words: tuple[tuple[str, str], ...] = ()

    @property
    def group(self) -> str:
        """The step or table that changed."""
        return self.key.partition(".")[0]


def changes(a: Recipe, b: Recipe) -> tuple[Change, ...]:
    """What changed from `a` to `b`: the recipe's own keys, inputs, steps by name, then what was resolved at freeze.

    Digests and revisions count only where both recipes have them: a draft has none, which is no change.
    """
    found = [change for key in _OWN for change in _values(key, plain(getattr(a, key)), plain(getattr(b, key)))]
    found += _named(_by_name(a.input), _by_name(b.input), "input")
    found += _named(_by_name(a.step), _by_name(b.step), "step")
    order = [
        [step.name for step in recipe.step if step.name in _by_name(other.step)] for recipe, other in ((a, b), (b, a))
    ]
    if order[0] != order[1]:
        found.append(Change("order of steps", ", ".join(order[0]), ", ".join(order[1])))
    return (*found, *_resolved(a, b))


def _by_name(tables: tuple[Any, ...]) -> dict[str, Any]:
    return {table.name: table for table in tables}


def _named(a: Mapping[str, Any], b: Mapping[str, Any], kind: str) -> Iterator[Change]:
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            yield Change(f"{kind} {name}", _in_short(a.get(name)), _in_short(b.get(name)))
            continue
        before, after = plain(a[name]), plain(b[name])
        for key in dict.fromkeys([*before, *after]):
            if key not in ("name", "sha256"):
                yield from _values(f"{name}.{key}", before.get(key), after.get(key))


def _in_short(table: Any) -> str:
    if table is None:
        return _ABSENT
    return str(table.op) if isinstance(table, Op) else f"{table.kind} {table.path or table.version}"


def _values(key: str, a: Any, b: Any) -> Iterator[Change]:
    if a == b:
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for part in dict.fromkeys([*a, *b]):
            yield from _values(f"{key}.{part}", a.get(part), b.get(part))
        return
    texts = isinstance(a, str) and isinstance(b, str) and key.rpartition(".")[2] in _TEXTS
    yield Change(key, _shown(a), _shown(b), _words(a, b) if texts else ())


def _shown(value: Any) -> str:
    return _ABSENT if value is None else value if isinstance(value, str) else toml_value(value)


def _words(a: str, b: str) -> tuple[tuple[str, str], ...]:
    """The texts word by word (commas and other marks are words of their own). Without white space at the ends."""
    one, two = (re.findall(r"\w+(?:['’-]\w+)*|[^\w\s]|\n", text) for text in (a, b))
    found: list[tuple[str, str]] = []
    for kind, a1, a2, b1, b2 in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((" ", _joined(one[a1:a2])))
            continue
        if a2 > a1:
            found.append(("-", _joined(one[a1:a2])))
        if b2 > b1:
            found.append(("+", _joined(two[b1:b2])))
    return tuple(found)


def _joined(words: list[str]) -> str:
    return re.sub(r" ([,.;:!?)])", r"\1", " ".join(words))


def _resolved(a: Recipe, b: Recipe) -> Iterator[Change]:
    """Changes of what lies outside the recipe: said as that, so that nobody takes them for drift."""
    for name in dict.fromkeys([*a.model, *b.model]):
        before, after = a.model.get(name, {}), b.model.get(name, {})
        if before.get("sha256") and after.get("sha256") and before["sha256"] != after["sha256"]:
            yield Change("model changed", _marked(name, before["sha256"]), _marked(name, after["sha256"]))
    mine, theirs = _by_name(a.input), _by_name(b.input)
    for name in sorted(mine.keys() & theirs.keys()):
        yield from _digest(f"input {name} changed", mine[name].sha256, theirs[name].sha256)
    if a.range == b.range:  # over other frames the digest differs anyway
        yield from _digest("plate changed", a.plate_sha256, b.plate_sha256)
    if a.seen_as and b.seen_as:
        for key, what in SEEN_AS.items():
            before, after = getattr(a.seen_as, key), getattr(b.seen_as, key)
            if key == "config":
                yield from _digest(f"{what} changed", before, after)
            elif before != after:
                yield Change(f"{what} changed", before or _ABSENT, after or _ABSENT)
    if (a.look and a.look.name) != (b.look and b.look.name):
        yield Change("look", a.look.name if a.look else _ABSENT, b.look.name if b.look else _ABSENT)
    elif a.look and b.look:
        yield from _digest("look changed", a.look.sha256, b.look.sha256)
    for op in sorted(a.rev.keys() & b.rev.keys()):
        if a.rev[op] != b.rev[op]:
            yield Change("operation changed", f"{op} rev {a.rev[op]}", f"{op} rev {b.rev[op]}")


def _digest(key: str, a: str, b: str) -> Iterator[Change]:
    if a and b and a != b:
        yield Change(key, _marked("", a), _marked("", b))


def _marked(name: str, sha256: str) -> str:
    return f"{name} sha256:{sha256[:12]}".strip()
