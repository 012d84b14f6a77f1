"""The common values of a draft as a form: one field a value, also where the draft does not hold yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from core.ops.base import Op, is_edge
from core.recipe.complete import key_help
from core.recipe.explain import table_in
from core.recipe.model import Recipe, keyable
from core.recipe.sketch import Block, Table, sketch, tables
from core.recipe.text import plain
from core.recipe.toml import toml_value

Kind = Literal["text", "number", "integer", "choice", "bool", "seed"]

_ORDER = (
    "prompt", "negative", "seed", "denoise", "guidance", "sampling_steps", "sampler", "model", "size", "on", "fill",
    "batch", "detail",
)  # fmt: skip
_RARE = frozenset(
    {"op", "name", "revision", "vae", "vae_revision", "seed_per_frame", "fit", "model_view", "image_guidance"}
)
"""What is better typed: it goes with something else, or is set once for a show."""
_SEED = r"^\d{1,20}$"


@dataclass(frozen=True, slots=True)
class Field:
    """One value to look at and change. Changing it is `assigned(text, [f"{key}={value}"], …)` of `core.recipe.text`."""

    key: str
    """As it is set: `paint.prompt`."""
    label: str
    kind: Kind
    value: str
    """As typed; empty where the draft leaves it to the default."""
    default: str
    """Empty where there is none."""
    low: float | None
    high: float | None
    step: float
    """How far one press of a key goes."""
    unit: str
    choices: tuple[str, ...]
    help: str
    keyed: bool
    """A curve decides over the frames; the value does not."""


def fields(text: str) -> tuple[Field, ...]:
    """The summary, then each step's common values, steps in order. Steps that cannot be told apart are left out."""
    blocks = sketch(text)
    summary = Recipe.model_fields["summary"]
    found = [_field("summary", "summary", summary, _shown(blocks[0], text), keyed=False)]
    seen: set[str] = set()
    for table in tables(blocks, "step"):
        if table.kind is not None and table.name not in seen:
            found += _of_step(table, table.kind, text)
        seen.add(table.name)
    return tuple(found)


def new_seed(below: Callable[[int], int]) -> str:
    """A seed of up to ten digits; `below(n)` gives a random whole number from 0 to n - 1 (`secrets.randbelow`)."""
    return str(below(10**10))


def _of_step(table: Table, kind: type[Op], text: str) -> Iterator[Field]:
    names = [key for key, info in kind.model_fields.items() if key not in _RARE and _is_common(info)]
    names.sort(key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER))
    curves = table.values.get("curves")
    keyed = set(curves) & set(keyable(kind)) if isinstance(curves, Mapping) else set()
    values = _shown(table.head, text)
    for key in names:
        yield _field(f"{table.name}.{key}", key, kind.model_fields[key], values, keyed=key in keyed)


def _is_common(info: FieldInfo) -> bool:
    """A value that fits on a line: no other picture, no table, no curves."""
    origin = get_origin(info.annotation)
    return not is_edge(info) and table_in(info.annotation) is None and origin is not dict


def _field(key: str, label: str, info: FieldInfo, values: Mapping[str, str], *, keyed: bool) -> Field:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    low, high = _limit(info, "ge", "gt"), _limit(info, "le", "lt")
    kind, choices = _kind(info.annotation, info)
    return Field(
        key=key,
        label=label.replace("_", " "),
        kind=kind,
        value=values.get(label, ""),
        default="" if info.is_required() or info.default is None else _typed(info.default),
        low=low,
        high=high,
        step=_pace(kind, low, high),
        unit=str(extra.get("unit", "")),
        choices=choices,
        help=key_help(info),
        keyed=keyed,
    )


def _shown(block: Block, text: str) -> dict[str, str]:
    """The values of a table as they are typed; what is no TOML yet as it stands."""
    found = {key: _typed(value) for key, value in block.values.items()}
    for entry in block.entries:
        if not entry.values:
            key, _, rest = text[entry.start : entry.stop].partition("=")
            found.setdefault(key.strip(), rest.partition(" #")[0].strip())
    return found


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else toml_value(plain(value))


def _kind(annotation: Any, info: FieldInfo) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation)))
    if annotation is bool:
        return "bool", ("true", "false")
    if any(getattr(meta, "pattern", None) == _SEED for meta in info.metadata):
        return "seed", ()
    numbers: Mapping[Any, Kind] = {int: "integer", float: "number"}
    return numbers.get(annotation, "text"), ()


def _limit(info: FieldInfo, *names: str) -> float | None:
    found = (getattr(meta, name, None) for meta in info.metadata for name in names)
    return next((float(limit) for limit in found if limit is not None), None)


def _pace(kind: Kind, low: float | None, high: float | None) -> float:
    if kind != "number" or low is None or high is None:
        return 1.0 if kind == "integer" else 0.1
    return 0.05 if high - low <= 4 else 0.5 if high - low <= 50 else 5.0
