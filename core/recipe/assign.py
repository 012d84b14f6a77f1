"""One assignment as a person types it, `paint.denoise=0.4`, as a place in a recipe's text and a TOML value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from core.errors import RecipeError
from core.files import one_line
from core.ops.base import Op
from core.recipe.explain import describe, did_you_mean, field, keys_of, step_kind, table_in
from core.recipe.model import Material, Recipe, keyable
from core.recipe.toml import Path, toml_text, toml_value

_SETTABLE = ("shot", "parent", "summary", "picked_from", "look", "range", "tier", "output")
_PAIR = re.compile(r"(-?\d+)\s*[-x]\s*(-?\d+)")


def assignment(data: Mapping[str, Any], text: str) -> tuple[Path, str | None]:
    """Where `key=value` goes in the recipe `data`, and its value as TOML; None: the key is taken out.

    The key is `step.parameter`, `step.curves.parameter`, `input.key` or a key of the recipe itself such as
    `output.master.type`. The value is read as its parameter's type: a seed and a prompt stay text, as typed.

    Raises:
        RecipeError: no such step or key, or a value of another type; says what is allowed.
    """
    key, equals, raw = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise _refusal("This sets nothing", text, "Write it like paint.denoise=0.4.")
    path, model = table_named(data, parts[0], text)
    rest: Sequence[str] = parts[1:] if model is not Recipe else parts
    if not rest:
        raise _refusal(f"`{one_line(key)}` names no parameter", text, f"Allowed: {', '.join(keys_of(model))}.")
    if issubclass(model, Op) and rest[0] == "curves":
        return _curve(path, model, rest, raw.strip(), text)
    return _place(data, path, model, rest, raw, text)


def table_named(data: Mapping[str, Any], name: str, text: str) -> tuple[Path, type[BaseModel]]:
    """The table that the first word names: a step, an input or the recipe."""
    if name in _SETTABLE:
        return (), Recipe
    steps = [str(table.get("name", table.get("op"))) for table in data.get("step", ())]
    if name in steps:
        index = steps.index(name)
        kind = step_kind(data, index)
        if kind is None:
            raise _refusal(
                f"The step `{one_line(name)}` has no known operation", text, "Correct its `op` in the draft first."
            )
        return ("step", index), kind
    inputs = [str(table.get("name")) for table in data.get("input", ())]
    if name in inputs:
        return ("input", inputs.index(name)), Material
    raise _refusal(
        f"There is no step or key `{one_line(name)}`", text, did_you_mean(name, [*steps, *inputs, *_SETTABLE])
    )


def _place(
    data: Any, path: Path, model: type[BaseModel], rest: Sequence[str], raw: str, text: str
) -> tuple[Path, str | None]:
    for part in path:
        data = data[part]
    for index, part in enumerate(rest):
        last = index == len(rest) - 1
        if isinstance(data, list):
            if not part.isdigit() or int(part) >= len(data):
                raise _refusal(
                    f"There is no `{one_line('.'.join(rest[: index + 1]))}`",
                    text,
                    f"It has {len(data)}, counted from 0.",
                )
            path, data = (*path, int(part)), data[int(part)]
            continue
        info = field(model, part)
        if info is None:
            raise _refusal(f"Unknown key `{one_line(part)}`", text, did_you_mean(part, keys_of(model)))
        none: Any = [] if get_origin(info.annotation) is tuple else {}
        path, data = (*path, part), data.get(part, none) if isinstance(data, Mapping) else none
        if last:
            return path, typed_value(info.annotation, info.metadata, raw, text)
        inner = table_in(info.annotation)
        if inner is None:
            raise _refusal(
                f"`{one_line(part)}` has no keys of its own", text, f"Write it like {'.'.join(rest[: index + 1])}=…"
            )
        model = inner
    raise _refusal("This names a whole table", text, f"Allowed after it: {', '.join(keys_of(model))}.")


def _curve(path: Path, kind: type[Op], rest: Sequence[str], raw: str, text: str) -> tuple[Path, str | None]:
    if len(rest) != 2 or rest[1] not in keyable(kind):
        named = one_line(".".join(rest[1:])) or "nothing"
        raise _refusal(f"`{named}` cannot have a curve", text, f"Allowed: {', '.join(keyable(kind)) or 'none'}.")
    path, info = (*path, *rest), kind.model_fields[rest[1]]
    if not raw:
        return path, None
    if raw.startswith("["):
        return path, _literal(raw, text)
    keys = []
    for piece in re.split(r",\s*(?=-?\d+:)", raw):
        frame, colon, value = piece.partition(":")
        if not colon or not re.fullmatch(r"-?\d+", frame):
            raise _refusal("This is not a curve", text, "Write it like 1001:0.3,1040:0.5:smooth.")
        mode = ""
        if not _is_text(info.annotation):
            value, _, mode = value.partition(":")
        end = f', "{mode}"' if mode in ("linear", "hold", "smooth") else ""
        if mode and not end:
            raise _refusal(f"A curve cannot run `{one_line(mode)}`", text, "Allowed: linear, hold or smooth.")
        keys.append(f"[{frame}, {typed_value(info.annotation, info.metadata, value, text)}{end}]")
    return path, f"[{', '.join(keys)}]"


def typed_value(annotation: Any, metadata: Sequence[Any], raw: str, text: str) -> str | None:
    """`raw` as TOML of the annotated type; None where it is empty and the parameter may be absent."""
    if get_origin(annotation) in (Union, UnionType):
        if not raw.strip() and NoneType in get_args(annotation):
            return None
        if not raw.strip() and tuple[()] in get_args(annotation):
            return "[]"
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if _is_text(annotation):
        return toml_text(raw)
    raw = raw.strip()
    try:
        if annotation is bool:
            return toml_value({"true": True, "false": False}[raw])
        if annotation in (int, float):
            return toml_value(annotation(raw))
    except (KeyError, ValueError):
        todo = f"Allowed: {describe(annotation, metadata)}."
        raise _refusal(f"`{one_line(raw, 60)}` is not {describe(annotation)}", text, todo) from None
    if get_origin(annotation) is tuple and not raw.startswith("["):
        return _listed(get_args(annotation), raw, text)
    return _literal(raw, text)


def _listed(kinds: tuple[Any, ...], raw: str, text: str) -> str:
    pair = _PAIR.fullmatch(raw)
    items = (
        list(pair.groups())
        if pair and kinds == (int, int)
        else [part.strip() for part in raw.split(",") if part.strip()]
    )
    repeated = len(kinds) == 2 and kinds[1] is Ellipsis
    if not repeated and len(items) != len(kinds):
        raise _refusal(
            f"`{one_line(raw, 60)}` has {len(items)} values", text, f"Allowed: {len(kinds)}, between commas."
        )
    each = [kinds[0]] * len(items) if repeated else kinds
    return f"[{', '.join(str(typed_value(kind, (), item, text)) for kind, item in zip(each, items, strict=True))}]"


def _literal(raw: str, text: str) -> str:
    """TOML as typed, where it is one value and nothing behind it."""
    try:
        if set(tomllib.loads(f"value = {raw}\n")) == {"value"} and "\n" not in raw:
            return raw
    except (ValueError, RecursionError):
        pass
    raise _refusal(
        f"`{one_line(raw, 60)}` cannot be read", text, 'Write it as in a recipe: [1, 2], "text", { key = value }.'
    )


def _is_text(annotation: Any) -> bool:
    if hasattr(annotation, "__metadata__"):
        return _is_text(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return all(isinstance(part, str) for part in get_args(annotation))
    return annotation is str


def _refusal(what: str, text: str, todo: str) -> RecipeError:
    return RecipeError(f"{what}.", where=f"setting {one_line(text, 100)}", todo=todo)
