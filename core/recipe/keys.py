"""Keyframes: what a parameter is at each frame, and keys set and taken out of a text in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.errors import RecipeError
from core.files import one_line
from core.frames import FrameRange
from core.ops.base import Op
from core.recipe.assign import table_named, typed_value
from core.recipe.explain import did_you_mean
from core.recipe.judge import read_toml
from core.recipe.model import Recipe, keyable
from core.recipe.text import refuse_at
from core.recipe.toml import Path, Scan, drop, put, scan, toml_key, toml_value
from core.recipe.vary import at

Mode = Literal["linear", "hold", "smooth"]


@dataclass(frozen=True, slots=True)
class Curve:
    """A parameter that varies over a shot. `values`: one for each frame of the range asked for, in order."""

    step: str
    parameter: str
    keys: tuple[tuple[int, Any, Mode], ...]
    values: tuple[Any, ...]


def curves_of(recipe: Recipe, frames: FrameRange) -> tuple[Curve, ...]:
    """Every curve of a recipe, sampled at each frame of a range as rendering does."""
    found = []
    for step in recipe.step:
        sampled = [at(step, frame) for frame in frames] if step.curves else []
        for parameter, keys in step.curves.items():
            full = tuple((key[0], key[1], key[2] if len(key) == 3 else "linear") for key in keys)
            values = tuple(getattr(then, parameter) for then in sampled)
            found.append(Curve(step.name, parameter, full, values))
    return tuple(found)


def with_key(text: str, key: str, frame: int, value: str, mode: Mode | None = None) -> str:
    """The draft's text with a key at `frame`: `key` as `paint.denoise`, `value` as it is typed.

    A key that is there gets the value, and the mode if one is given; every other character stays. A parameter's first
    key makes its `[step.curves]` where the step has none.

    Raises:
        RecipeError: the text is not TOML, no such step, a parameter without curves, or a value that is not allowed.
    """
    where = f"key of {one_line(key, 80)} at {frame}"
    path, kind, parameter = _curve(text, key, where)
    info = kind.model_fields[parameter]
    typed = str(typed_value(info.annotation, info.metadata, value, where))
    places = scan(text)
    frames = _frames(text, path)
    if path not in places.values or not frames:
        text = _first(text, path, f"[{_key(frame, typed, mode)}]")
    elif frame in frames:
        text = _changed(text, (*path, frames.index(frame)), places, typed, mode)
    else:
        text = _added(text, path, places, frames, frame, _key(frame, typed, mode))
    refuse_at(text, path, where)
    return text


def without_key(text: str, key: str, frame: int) -> str:
    """The draft's text without the key at `frame`; the curve goes with its last key, a bare `[step.curves]` with it.

    Raises:
        RecipeError: the text is not TOML, no such step, or the parameter has no key there.
    """
    where = f"key of {one_line(key, 80)} at {frame}"
    path, _, _ = _curve(text, key, where)
    frames, places = _frames(text, path), scan(text)
    if frame not in frames:
        todo = f"It has keys at {', '.join(map(str, frames))}." if frames else "It has none."
        raise RecipeError("There is no such key.", where=where, todo=todo)
    if len(frames) == 1:
        return _without_bare_head(drop(text, path), path[:-1])
    index = frames.index(frame)
    mine = places.values[(*path, index)]
    if index + 1 < len(frames):
        return text[: mine.start] + text[places.values[(*path, index + 1)].start :]
    return text[: places.values[(*path, index - 1)].end] + text[mine.end :]


def _curve(text: str, key: str, where: str) -> tuple[Path, type[Op], str]:
    """Where the curve of `step.parameter` is in the text, and what operation and parameter that is."""
    name, _, parameter = key.partition(".")
    path, kind = table_named(read_toml(text, where), name, where)
    if not issubclass(kind, Op) or parameter not in keyable(kind):
        todo = did_you_mean(parameter, keyable(kind) if issubclass(kind, Op) else [])
        raise RecipeError(f"`{one_line(key, 80)}` cannot have a curve.", where=where, todo=todo)
    return (*path, "curves", parameter), kind, parameter


def _frames(text: str, path: Path) -> list[int]:
    """The frames of a curve's keys as typed; none where it is no list of keys."""
    value: Any = read_toml(text, "draft")
    for part in path:
        if isinstance(value, dict) and part not in value:
            return []
        value = value[part]
    keyed = isinstance(value, list) and all(isinstance(key, list) and len(key) > 1 for key in value)
    return [key[0] for key in value] if keyed else []


def _key(frame: int, typed: str, mode: Mode | None) -> str:
    return f"[{frame}, {typed}{f', {toml_value(mode)}' if mode else ''}]"


def _first(text: str, path: Path, value: str) -> str:
    """The text with a curve that had no key yet."""
    places = scan(text)
    step, curves = path[:-2], path[:-1]
    home = places.homes[step]
    if curves in places.starts or home.inline:
        return put(text, path, value)
    head = f"\n[{step[0]}.curves]\n{toml_key(str(path[-1]))} = {value}"
    return text[: home.stop] + head + text[home.stop :]


def _changed(text: str, path: Path, places: Scan, typed: str, mode: Mode | None) -> str:
    """The text with another value, and mode, in the key at `path`."""
    value, old = places.values[(*path, 1)], places.values.get((*path, 2))
    end = value.end
    if mode:
        typed = f"{typed}{text[value.end : old.start] if old else ', '}{toml_value(mode)}"
        end = old.end if old else end
    return text[: value.start] + typed + text[end:]


def _added(text: str, path: Path, places: Scan, frames: list[int], frame: int, key: str) -> str:
    """The text with a key in its place among the others, on a line of its own where they are."""
    after = next((index for index, other in enumerate(frames) if other > frame), None)
    if after is not None:
        start = places.values[(*path, after)].start
        return text[:start] + key + _between(text, start) + text[start:]
    last = places.values[(*path, len(frames) - 1)]
    return text[: last.end] + _between(text, last.start) + key + text[last.end :]


def _between(text: str, start: int) -> str:
    """What stands between keys of a list of which one starts at `start`: a comma, and a new line if it has its own."""
    line = text.rfind("\n", 0, start) + 1
    own = text[line:start]
    return f",\n{own}" if own.isspace() else ", "


def _without_bare_head(text: str, curves: Path) -> str:
    """Without `[step.curves]` where nothing stands under it any more."""
    places = scan(text)
    start = places.starts.get(curves)
    if start is None or curves not in places.homes or any(path[: len(curves)] == curves for path in places.values):
        return text
    end = places.homes[curves].stop
    return text[:start].removesuffix("\n") + text[end:]
