"""pydantic's errors in an artist's words: which key, what is wrong with it, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from core.files import one_line
from core.ops.base import Op, operations
from core.recipe.model import Recipe
from core.recipe.toml import Path, toml_value


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at `path`, and what is allowed there. `kind` is pydantic's or our error type."""

    path: Path
    what: str
    todo: str
    kind: str


def problems(error: ValidationError, data: Mapping[str, Any]) -> list[Problem]:
    """Every problem of a recipe's `data`, places as they are in the data."""
    return [_problem(detail, data) for detail in error.errors(include_url=False)]


def _problem(detail: Any, data: Mapping[str, Any]) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    path = _in_data(detail["loc"], data, keep_last=kind in ("missing", "extra_forbidden"))
    model, info = _declared(path, data)
    last = one_line(str(path[-1]), 60) if path else ""
    if kind == "extra_forbidden":
        return Problem(path, f"Unknown key `{last}`", _allowed_keys(str(path[-1]), model), kind)
    if kind == "missing":
        return Problem(path, f"`{last}` is missing", _allowed(info), kind)
    if kind in ("recipe", "recipe_graph"):
        return Problem(path, _sentence(context["what"]), context["todo"], kind)
    if kind == "value_error" and not (path and isinstance(path[-1], str)):
        return Problem(path, _sentence(str(context["error"])), "", kind)
    shown = one_line(toml_value(detail["input"]), 60)
    if kind == "value_error":
        todo = f"Allowed: {one_line(str(context['error']))}."
        return Problem(path, f"`{last}` cannot be {shown}", todo, kind)
    return Problem(path, f"`{_nearest_key(path)}` cannot be {shown}", _allowed(info) or detail["msg"] + ".", kind)


def _sentence(text: str) -> str:
    return one_line(text[:1].upper() + text[1:], 300).rstrip(".")


def _nearest_key(path: Path) -> str:
    return next((one_line(str(part), 60) for part in reversed(path) if isinstance(part, str)), "recipe")


def _in_data(loc: Sequence[str | int], data: Any, *, keep_last: bool) -> Path:
    """pydantic's place without the marks it adds for unions and the like: only keys and indexes that the data have."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        listed = isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)
        if listed or (isinstance(data, Mapping) and part in data):
            data = data[part]
        elif not (keep_last and index == len(loc) - 1):
            continue
        path.append(part)
    return tuple(path)


def _declared(path: Path, data: Mapping[str, Any]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The innermost table that `path` leads through, and the field it ends in, if it is one."""
    model: type[BaseModel] = Recipe
    info: FieldInfo | None = None
    for index, part in enumerate(path):
        if isinstance(part, int):
            if path[: index + 1] == ("step", part) and (kind := step_kind(data, part)):
                model, info = kind, None
            continue
        if part == "curves" and issubclass(model, Op) and index + 1 < len(path):
            return model, model.model_fields.get(str(path[index + 1]))
        info = field(model, part)
        inner = table_in(info.annotation) if info else None
        if inner is not None and index + 1 < len(path):
            model = inner
    return model, info


def step_kind(data: Mapping[str, Any], index: int) -> type[Op] | None:
    """The operation of a step in unchecked data; None where it names none."""
    table = data["step"][index]
    return operations().get(str(table.get("op"))) if isinstance(table, Mapping) else None


def field(model: type[BaseModel], key: str) -> FieldInfo | None:
    """The field that a key of the text fills."""
    return next((info for name, info in model.model_fields.items() if (info.alias or name) == key), None)


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a table takes."""
    return [info.alias or name for name, info in model.model_fields.items()]


def table_in(annotation: Any) -> type[BaseModel] | None:
    """The table class inside `Table`, `Table | None` or `tuple[Table, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := table_in(part))), None)


def _allowed_keys(key: str, model: type[BaseModel]) -> str:
    return did_you_mean(key, keys_of(model))


def did_you_mean(key: str, allowed: Iterable[str]) -> str:
    """The closest of the allowed words, then all of them."""
    words = list(allowed)
    close = difflib.get_close_matches(key, words, n=1)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    return f"{hint}Allowed: {', '.join(words) or 'none'}."


def _allowed(info: FieldInfo | None) -> str:
    if info is None:
        return ""
    text = f"Allowed: {describe(info.annotation, info.metadata)}"
    return f"{text}: {info.description}." if info.description else f"{text}."


def describe(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What a parameter takes: "a number, 0 to 1", "fixed, iterate or hashed", "true or false"."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return describe(parts[0], (*metadata, *annotation.__metadata__))
    if origin in (Union, UnionType):
        kinds = [describe(part, metadata) for part in parts if part is not NoneType]
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return _either([str(part) for part in parts])
    if origin is tuple and parts and parts[-1] is Ellipsis:
        return f"a list, each {describe(parts[0])}"
    if origin is tuple:
        return f"[{', '.join(describe(part) for part in parts)}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a table of {', '.join(keys_of(annotation))}"
    return _described_scalar(annotation, list(metadata))


_SCALARS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}
_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_-]{0,40}$": "a name: a letter, then letters, digits, `_` or `-`",
    r"^\d{1,20}$": "a whole number in quotes",
    r"^$|^v\d{3,6}$": "a version such as v003",
    r"^$|^[A-Za-z0-9_-]+/v\d{3,6}$": "a shot and version such as sq010_sh0010/v004",
    r"^$|^[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}$": "a layer's name",
    r"^[A-Za-z0-9_-]*$": "letters, digits, `_` and `-`, in quotes",
}


def _described_scalar(annotation: Any, metadata: list[Any]) -> str:
    pattern = next((found for meta in metadata if (found := getattr(meta, "pattern", None))), None)
    if pattern is not None:
        return _PATTERNS.get(pattern, f"text like {pattern}")
    text = _SCALARS.get(annotation, "a table")
    bounds = _bounds(
        {key: getattr(meta, key) for meta in metadata for key in ("ge", "gt", "le", "lt") if hasattr(meta, key)}
    )
    return f"{text}, {bounds}" if bounds else text


def _bounds(limits: Mapping[str, Any]) -> str:
    low = next(
        (word + f"{limits[key]:g}" for key, word in (("ge", ""), ("gt", "above ")) if limits.get(key) is not None), ""
    )
    high = next(
        (word + f"{limits[key]:g}" for key, word in (("le", ""), ("lt", "below ")) if limits.get(key) is not None), ""
    )
    if low and high:
        return f"{low} to {high}"
    if low:
        return low if low.startswith("above") else f"{low} or more"
    return high if not high or high.startswith("below") else f"{high} or less"


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
