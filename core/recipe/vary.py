"""What varies a recipe: curves over frames, looks that shots share, wedges over values. All pure."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from core.errors import RecipeError
from core.files import one_line, sha256_bytes
from core.ops.base import Op
from core.recipe.explain import did_you_mean
from core.recipe.judge import read_toml
from core.recipe.model import Recipe
from core.recipe.text import fragment, parse, set_values
from core.recipe.toml import Path, end_of, put, scan, toml_key, toml_text, toml_value

MOST_CELLS = 256

# Curves


def at(step: Op, frame: int) -> Op:
    """The operation with its parameters at one frame, and no curves.

    Between two keys a value runs as the earlier key says: linear (also when it says nothing), hold, or smooth
    (the cubic 3t² − 2t³, flat at both keys: `smoothstep` of the RenderMan Shading Language). Before the first key and
    after the last it is constant. Whole numbers are rounded, lists run element by element, text and switches hold.
    """
    if not step.curves:
        return step
    values = {name: _value(keys, frame) for name, keys in step.curves.items()}
    return step.model_copy(update={**values, "curves": {}})


def _value(keys: Sequence[tuple[Any, ...]], frame: int) -> Any:
    index = bisect_right([key[0] for key in keys], frame) - 1
    if index < 0:
        return keys[0][1]
    before, after = keys[index], keys[min(index + 1, len(keys) - 1)]
    mode = before[2] if len(before) == 3 else "linear"
    if before is after or mode == "hold":
        return before[1]
    share = (frame - before[0]) / (after[0] - before[0])
    return _between(before[1], after[1], share * share * (3 - 2 * share) if mode == "smooth" else share)


def _between(a: Any, b: Any, share: float) -> Any:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_between(*pair, share) for pair in zip(a, b, strict=True))
    if isinstance(a, (bool, str)) or not isinstance(a, (int, float)):
        return a
    value = a + (b - a) * share
    if isinstance(a, int):
        return math.floor(value + 0.5)
    # Rounding may carry a float past a key by its last bit, and so past the parameter's limit.
    return min(max(value, min(a, b)), max(a, b))


# Looks


def with_look(draft_text: str, look_text: str, *, name: str, sha256: str) -> str:
    """The draft's text with a look under it: what the draft says wins, what it leaves open comes from the look.

    Steps and inputs merge by name. A step that only the look has goes behind the step that it follows there.
    Comments and order of the draft stay. The draft is changed even where the result does not hold yet.

    Raises:
        RecipeError: the draft is not TOML, or the look is no look.
    """
    look = fragment(look_text, f"look {name}")
    text = draft_text
    for kind in ("input", "step"):
        behind = ""
        for table in look.get(kind, ()):
            text = _merge_named(text, kind, table, behind)
            behind = _name(table)
    rest = {key: value for key, value in look.items() if key not in ("input", "step", "schema")}
    text = _fill(text, (), rest, read_toml(text, "draft"))
    return put(text, ("look",), toml_value({"name": name, "sha256": sha256}))


def _name(table: Mapping[str, Any]) -> str:
    return str(table.get("name", table.get("op", "")))


def _merge_named(text: str, kind: str, table: dict[str, Any], behind: str) -> str:
    """One step or input of the look into the draft: its missing keys, or the whole table."""
    data = read_toml(text, "draft")
    names = [_name(mine) for mine in data.get(kind, ())]
    if _name(table) in names:
        index = names.index(_name(table))
        mine = data[kind][index]
        if mine.get("op") != table.get("op"):
            raise RecipeError(
                f"`{one_line(_name(table))}` is `{one_line(str(mine.get('op')))}` in the draft and "
                f"`{one_line(str(table.get('op')))}` in the look.",
                where=f"{kind} {one_line(_name(table))}",
                todo="Give the draft's another name, then put the look under it again.",
            )
        return _fill(text, (kind, index), table, mine)
    block = f"[[{kind}]]\n" + "\n".join(f"{toml_key(key)} = {toml_text(value)}" for key, value in table.items())
    offset = end_of(text, (kind, names.index(behind))) if behind in names else scan(text).homes[()].stop
    return f"{text[:offset]}\n\n{block}\n{text[offset:]}"


def _fill(text: str, path: Path, look: Mapping[str, Any], mine: Mapping[str, Any]) -> str:
    """Write every key of `look` that `mine` lacks, table by table."""
    for key, value in look.items():
        if key not in mine:
            text = put(text, (*path, key), toml_text(value))
        elif isinstance(value, dict) and isinstance(mine[key], dict):
            text = _fill(text, (*path, key), value, mine[key])
    return text


# Wedges


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and the values it takes, as they are typed."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One cell of a wedge: what was set, and the draft's text with it."""

    values: Mapping[str, str]
    text: str


def axes(specs: Sequence[str], draft_text: str) -> tuple[Axis, ...]:
    """What to vary: `paint.seed=16` (so many seeds, derived from the draft's), `paint.seed=1,2,3`,
    `paint.denoise=0.2:0.6:5` (from, to, how many), `paint.prompt=a sketch|an oil painting`.

    Raises:
        RecipeError: not such a text, no or more than two axes, one key twice, or a draft that does not hold.
    """
    draft = parse(draft_text, "draft")
    found = tuple(_axis(spec, draft) for spec in specs)
    if not 1 <= len(found) <= 2 or len({axis.key for axis in found}) != len(found):
        raise RecipeError(
            "A wedge varies one or two different parameters.", where=one_line(" ".join(specs)), todo=_AXIS_FORM
        )
    return found


_AXIS_FORM = (
    "Write it like paint.seed=16, paint.seed=1,2,3, paint.denoise=0.2:0.6:5 or paint.prompt=a sketch|a painting."
)


def _axis(spec: str, draft: Recipe) -> Axis:
    key, equals, raw = (part.strip() for part in spec.partition("="))
    if len(raw) > 1 and raw[0] == raw[-1] == '"':
        raw = raw[1:-1]
    if not equals or not raw:
        raise RecipeError("This varies nothing.", where=one_line(spec), todo=_AXIS_FORM)
    step = _varied(key, draft, spec)
    if key.endswith(".seed") and raw.isdigit():
        return Axis(key, _seeds(str(getattr(step, "seed", "0")), int(raw), spec))
    if re.fullmatch(r"-?[\d.]+:-?[\d.]+:\d+", raw):
        return Axis(key, _ramp(raw, spec))
    if "|" in raw:
        values = [part.strip() for part in raw.split("|")]
    else:
        # A comma in a sentence is followed by a space; between values it is not.
        values = raw.split(",") if re.fullmatch(r"[\w.+-]+(,[\w.+-]+)*", raw) else [raw]
    return Axis(key, tuple(dict.fromkeys(values)))


def _varied(key: str, draft: Recipe, spec: str) -> Op:
    """The step that is varied. A curve of the same parameter would win over every value of the wedge."""
    name, _, parameter = key.partition(".")
    step = next((step for step in draft.step if step.name == name), None)
    if step is None or not parameter:
        todo = did_you_mean(name, [step.name for step in draft.step])
        raise RecipeError(f"There is no step `{one_line(name)}` to vary.", where=one_line(spec), todo=todo)
    if parameter in step.curves:
        raise RecipeError(
            f"`{one_line(key)}` has a curve, which would win over the values of a wedge.",
            where=one_line(spec),
            todo=f"Take the curve out first: --set {name}.curves.{parameter}=",
        )
    return step


def _seeds(seed: str, count: int, spec: str) -> tuple[str, ...]:
    if not 1 <= count <= MOST_CELLS:
        raise RecipeError(
            f"{count} seeds are too many or none.", where=one_line(spec), todo=f"Allowed: 1 to {MOST_CELLS}."
        )
    return tuple(str(int(sha256_bytes(f"{seed}/{index}".encode())[:15], 16) % 10**10) for index in range(count))


def _ramp(raw: str, spec: str) -> tuple[str, ...]:
    first, last, count = raw.split(":")
    try:
        low, high, cells = float(first), float(last), int(count)
    except ValueError:
        raise RecipeError("This is not a range of values.", where=one_line(spec), todo=_AXIS_FORM) from None
    if not 2 <= cells <= MOST_CELLS:
        raise RecipeError(
            f"{cells} values are too many or too few.", where=one_line(spec), todo=f"Allowed: 2 to {MOST_CELLS}."
        )
    return tuple(dict.fromkeys(f"{low + (high - low) * index / (cells - 1):.6g}" for index in range(cells)))


def wedge(draft_text: str, axes: Sequence[Axis], where: str) -> tuple[Variant, ...]:
    """The draft once for every combination of values; the last axis runs fastest.

    Raises:
        RecipeError: more than 256 cells, or a value that is not allowed (it names which).
    """
    cells = math.prod(len(axis.values) for axis in axes)
    if cells > MOST_CELLS:
        raise RecipeError(
            f"This wedge would have {cells} pictures.", where=where, todo=f"Vary less: at most {MOST_CELLS}."
        )
    combinations = (
        dict(zip([axis.key for axis in axes], values, strict=True))
        for values in product(*(axis.values for axis in axes))
    )
    return tuple(
        Variant(values, set_values(draft_text, [f"{key}={value}" for key, value in values.items()], where))
        for values in combinations
    )
