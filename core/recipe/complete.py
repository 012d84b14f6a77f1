"""What can be typed at a place of a recipe's text: keys with their help, values by their kind, tables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.files import one_line
from core.ops.base import Op, is_edge, operations
from core.recipe import explain
from core.recipe.cursor import Place, place_at
from core.recipe.model import MODES, LookRef, Material, Output, Recipe, keyable
from core.recipe.sketch import Block, Table, readable, sketch, tables
from core.recipe.text import plain
from core.recipe.toml import toml_value

_MEASURED = frozenset({"rev", "model", "seen_as", "plate_sha256", "sha256", "picked_from"})
"""What freezing and wedges write: nobody types it. A step's `model` is another key."""
_MODEL_KEYS = frozenset({"model", "vae", "encoder"})


@dataclass(frozen=True, slots=True)
class Known:
    """Names that a show knows and a recipe can say, each with a word on it."""

    models: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    """Per model its revision, where one is known."""
    looks: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the shot, for `parent`."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """`shot/v003`: versions that an input can be."""
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Completion:
    """`insert` in place of `text[replaces[0]:replaces[1]]`; `label` and `help` for the list."""

    insert: str
    label: str
    help: str
    replaces: tuple[int, int]


Word = tuple[str, str, str]
"""What is inserted, its label, its help."""


def complete(text: str, offset: int, known: Known) -> tuple[Completion, ...]:
    """What fits at `offset`, the best first; of any text, TOML already or not yet. Never raises.

    What is typed so far filters: names that start with it, then those that hold it, then those with its letters in
    order. Keys and tables that are there already are left out.
    """
    blocks = sketch(text)
    offset = max(0, min(offset, len(text)))
    place = place_at(text, offset, blocks)
    if place is None:
        return ()
    step = next((step for step in reversed(tables(blocks, "step")) if step.head.start <= place.block.start), None)
    step = step if place.block.name[:1] == ("step",) else None
    if place.kind == "head":
        words = [word for word in _heads(blocks, step) if word[0].startswith(place.typed[:2].rstrip())]
    elif place.kind == "key":
        words = list(_keys(text, place, blocks, step))
    else:
        words = list(_values(place, blocks, step, known))
    typed = place.typed.lstrip("[").strip()
    ranked = [(rank, word) for word in words if (rank := _rank(typed, word[1].strip("[]"))) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return tuple(Completion(*word, (place.start, place.end)) for _, word in ranked)


def _rank(typed: str, name: str) -> int | None:
    """0 starts with it, 1 holds it, 2 has its letters in order; None: does not fit."""
    typed, name = typed.casefold(), name.casefold()
    if name.startswith(typed):
        return 0
    if typed in name:
        return 1
    rest = iter(name)
    return 2 if all(letter in rest for letter in typed) else None


# Tables


def _root(place: Place, step: Table | None) -> tuple[type[BaseModel], tuple[str, ...]]:
    """The table class that the block's list starts with, and the way from it to the block."""
    if place.block.name[:1] == ("step",):
        return (step and step.kind) or Op, place.block.name[1:]
    if place.block.name[:1] == ("input",):
        return Material, place.block.name[1:]
    return Recipe, place.block.name


def _walk(model: type[BaseModel], parts: Sequence[str]) -> type[BaseModel] | None:
    for part in parts:
        info = explain.field(model, part)
        inner = explain.table_in(info.annotation) if info else None
        if inner is None or (model is Recipe and part in _MEASURED):
            return None
        model = inner
    return model


def _heads(blocks: Sequence[Block], step: Table | None) -> Iterator[Word]:
    """Heads of tables that can follow: those of the step at hand first."""
    if step is not None and step.kind is not None:
        there = step.values
        if keyable(step.kind) and "curves" not in there:
            yield _head(("step", "curves"), Op.model_fields["curves"], many=False)
        yield from _table_heads(step.kind, ("step",), there)
    top: dict[str, Any] = {}
    for block in blocks:
        if not block.many and block.name[:1] != ("step",):
            inner = top
            for part in block.name:
                inner = inner.setdefault(part, {}) if isinstance(inner.get(part, {}), dict) else {}
            inner.update(block.values)
    yield from _table_heads(Recipe, (), top)
    output = top.get("output", {})
    yield from _table_heads(Output, ("output",), output if isinstance(output, dict) else {})


def _table_heads(model: type[BaseModel], above: tuple[str, ...], there: Mapping[str, Any]) -> Iterator[Word]:
    for key, info in model.model_fields.items():
        many = get_origin(info.annotation) is tuple
        if explain.table_in(info.annotation) is None or (model is Recipe and key in _MEASURED):
            continue
        if many or key not in there:
            yield _head((*above, key), info, many=many)


def _head(name: tuple[str, ...], info: FieldInfo, *, many: bool) -> Word:
    text = f"[[{'.'.join(name)}]]" if many else f"[{'.'.join(name)}]"
    return text, text, info.description or ""


# Keys


def _keys(text: str, place: Place, blocks: Sequence[Block], step: Table | None) -> Iterator[Word]:
    assign = "" if re.match(r"[ \t]*=", text[place.end : place.end + 80]) else " = "
    model, way = _root(place, step)
    parts = (*way, *(part for part in place.path if isinstance(part, str)))
    there = _there(place, step)
    if issubclass(model, Op) and parts == ("curves",):
        fields = [(key, model.model_fields[key]) for key in keyable(model)]
        there -= {"op", "name"}
    else:
        found = _walk(model, parts)
        if found is None:
            return
        fields = [(info.alias or key, info) for key, info in found.model_fields.items() if _typable(found, key, info)]
    for key, info in sorted(fields, key=lambda pair: not pair[1].is_required()):
        if key not in there:
            yield f"{key}{assign}", key, key_help(info)
    if not place.path and not place.typed.startswith('"'):
        yield from _heads(blocks, step)


def _typable(model: type[BaseModel], key: str, info: FieldInfo) -> bool:
    """Whether a key is typed in place: lists of tables and curves have heads of their own."""
    own_head = get_origin(info.annotation) is tuple and explain.table_in(info.annotation) is not None
    return not own_head and key != "curves" and not (key in _MEASURED and (key != "model" or model is Recipe))


def _there(place: Place, step: Table | None) -> set[str]:
    """Keys that the table at the cursor has, but for the one that is being typed."""
    found: dict[str, Any] = {}
    for entry in place.block.entries:
        if entry is not place.entry:
            found |= entry.values
    if step is not None and place.block is step.head:
        found |= {block.name[1]: True for block in step.inner if len(block.name) > 1}
    for part in place.path:
        inner = found.get(str(part))
        found = inner if isinstance(inner, dict) else {}
    return set(found) | place.taken


def key_help(info: FieldInfo) -> str:
    """A parameter in one line: what it is, what it takes with its unit, its default."""
    unit = info.json_schema_extra.get("unit", "") if isinstance(info.json_schema_extra, dict) else ""
    takes = f"{explain.describe(info.annotation, info.metadata)} {unit}".strip()
    default = "" if info.is_required() or info.default is None else toml_value(plain(info.default))
    parts = [info.description or "", takes, "needed" if info.is_required() else default and f"default {default}"]
    return one_line(" · ".join(part for part in parts if part), 300)


# Values


def _values(place: Place, blocks: Sequence[Block], step: Table | None, known: Known) -> Iterator[Word]:
    model, way = _root(place, step)
    parts = (*way, *place.path)
    if not place.path:  # an `=` without a key
        return
    if issubclass(model, Op) and parts[:1] == ("curves",):
        yield from _curve_values(model, parts[1:])
        return
    names = [part for part in parts if isinstance(part, str)]
    table = _walk(model, names[:-1])
    info = explain.field(table, names[-1]) if table else None
    if table is None or info is None or (table is Recipe and names[-1] in _MEASURED):
        return
    before = step.head.start if step else place.block.start
    named = _named(table, names[-1], info, place, blocks, before, known)
    wrap = get_origin(info.annotation) is tuple and isinstance(place.path[-1], str)
    for value, about in named if named is not None else _options(info.annotation, info):
        text = toml_value([value] if wrap else value)
        yield text, value if isinstance(value, str) else text, one_line(about, 300)


def _named(
    table: type[BaseModel], key: str, info: FieldInfo, place: Place, blocks: Sequence[Block], before: int, known: Known
) -> list[tuple[Any, str]] | None:
    """Names for a key that takes names; None: it takes values of its own."""
    if issubclass(table, Op) and key == "op":
        return [(name, _first_sentence(kind)) for name, kind in sorted(operations().items())]
    if key != "name" and is_edge(info):
        return list(readable(blocks, before))
    if table is Output and key == "layers":
        return [(step.name, f"step, {step.values.get('op', '')}") for step in tables(blocks, "step") if step.name]
    if key == "revision":
        wanted = known.revisions.get(str(place.block.values.get("model")))
        return [(wanted, "the commit that the show uses")] if wanted else []
    lists = {(LookRef, "name"): known.looks, (Recipe, "parent"): known.versions, (Material, "version"): known.inputs}
    names = known.models if key in _MODEL_KEYS else known.colours if key == "colour" else lists.get((table, key))
    return None if names is None else list(names.items())


def _options(annotation: Any, info: FieldInfo) -> Iterator[tuple[Any, str]]:
    """The values of a switch or a choice, else the default to start from."""
    about = info.description or ""
    choices = list(_choices(annotation))
    for choice in choices:
        yield choice, f"{about} · the default" if choice == info.default else about
    if not choices and isinstance(info.default, (int, float, str)) and info.default != "":
        yield info.default, f"the default · {about}"


def _first_sentence(kind: type[Op]) -> str:
    return re.split(r"(?<=\.)\s", inspect.getdoc(kind) or "", maxsplit=1)[0]


def _choices(annotation: Any) -> Iterator[Any]:
    if annotation is bool:
        yield from (True, False)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _choices(part)


def _curve_values(kind: type[Op], parts: Sequence[str | int]) -> Iterator[Word]:
    """Inside `denoise = [[1001, 0.35, "smooth"]]`: the value, and how it runs to the next key."""
    if len(parts) != 3 or parts[0] not in keyable(kind):
        return
    info = kind.model_fields[str(parts[0])]
    if parts[2] == 1:
        yield from ((toml_value(value), str(value), about) for value, about in _options(info.annotation, info))
    elif parts[2] == 2:
        about = ("straight to the next key", "held until the next key", "flat at both keys")
        yield from ((toml_value(mode), mode, text) for mode, text in zip(MODES, about, strict=True))
