"""What is wrong in a recipe's text and where: read as TOML, judged as a recipe, every problem at its place."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.errors import RecipeError
from core.files import one_line
from core.recipe.explain import Problem, problems
from core.recipe.model import SCHEMA, Recipe, frozen_lists
from core.recipe.toml import Path, Scan, scan

MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
"""Migration n turns the data of schema n + 1 into that of schema n + 2; in order, never changed once released."""

_MANY_LINES = frozenset({"prompt", "negative"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A problem and its place: `length` characters from `line` and `column`, both counted from 1.

    It covers the value that is wrong, the key where that is unknown, the table's head where something is missing; of
    several lines the first. `key` as a person reads it, `step[1] paint.denoise`.
    """

    line: int
    column: int
    length: int
    key: str
    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A text as far as it holds: the recipe where there is no problem, else every problem by line."""

    recipe: Recipe | None
    problems: tuple[Mark, ...]


class _Unread(Exception):
    """The text is no data: not TOML, or of a newer schema."""

    def __init__(self, mark: Mark) -> None:
        super().__init__(mark.what)
        self.mark = mark


def judge(text: str) -> Judgement:
    """Read a recipe's text as it is being typed. Never raises; after an error of TOML nothing else can be judged."""
    try:
        data = _data(text)
    except _Unread as unread:
        return Judgement(None, (unread.mark,))
    recipe, found = weigh(data)
    return Judgement(None if found else recipe, tuple(marks(found, text, data)))


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The data of a TOML text. Raises RecipeError that names the line."""
    try:
        return _toml(text)
    except _Unread as unread:
        raise refusal([unread.mark], where) from unread


def read_data(text: str, where: str) -> dict[str, Any]:
    """The data of a recipe's text, brought forward to this schema. Raises RecipeError that names the line."""
    try:
        return _data(text)
    except _Unread as unread:
        raise refusal([unread.mark], where) from unread


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)| \(at end of document\)", str(error))
        what = str(error)[: place.start()] if place else str(error)
        lines = text.removesuffix("\n").split("\n")
        line = int(place[1]) if place and place[1] else len(lines)
        end = len(lines[line - 1]) if line <= len(lines) else 0
        column = int(place[2]) if place and place[2] else end + 1
        todo = "Write `key = value`, text in double quotes, lists as [1, 2]; a step starts with [[step]]."
        length = max(1, end + 1 - column)
        raise _Unread(Mark(line, column, length, "", f"This is not TOML: {one_line(what)}", todo)) from error


def _data(text: str) -> dict[str, Any]:
    data = _toml(text)
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        newer = Problem(
            ("schema",), f"This was written by a newer rushes (schema {schema})", "Update rushes.", "schema"
        )
        line, column, length = _place(newer, text, scan(text))
        raise _Unread(Mark(line, column, length, "", newer.what, newer.todo))
    if isinstance(schema, int) and schema >= 1:
        for migrate in MIGRATIONS[schema - 1 :]:
            data = migrate(data)
    return data


def weigh(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
    """A recipe from its data, and what is wrong with it. A recipe with unclean text comes with problems too."""
    found = [problem for path, text in _strings(data, ()) if (problem := _unclean(path, text))]
    try:
        return Recipe.model_validate(frozen_lists(data), strict=True), found
    except ValidationError as error:
        return None, found + problems(error, data)


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield (*path, key), key
            yield from _strings(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _strings(part, (*path, index))


def _unclean(path: Path, text: str) -> Problem | None:
    """Control characters could drive a terminal or break a commit's lines; a prompt may hold newlines and tabs."""
    if text.isprintable():
        return None
    last = next((part for part in reversed(path) if isinstance(part, str)), "")
    fine = "\n\t" if last in _MANY_LINES else ""
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in fine), None)
    if bad is None:
        return None
    todo = "Only a prompt can have several lines." if bad in "\n\t" else "Take it out."
    return Problem(path, f"`{one_line(last, 60)}` holds a control character (U+{ord(bad):04X})", todo, "text")


def marks(found: Sequence[Problem], text: str, data: Mapping[str, Any]) -> list[Mark]:
    """Problems of a text's `data` with their places in the text, by line."""
    places = scan(text) if found else Scan()
    placed = [
        Mark(*_place(problem, text, places), key_text(problem.path, data), problem.what, problem.todo)
        for problem in found
    ]
    return sorted(placed, key=lambda mark: mark.line)


def _place(problem: Problem, text: str, places: Scan) -> tuple[int, int, int]:
    """Line, column and length of what a problem is about."""
    path = problem.path
    while path and path not in places.starts:
        path = path[:-1]
    if not path:
        return 1, 1, 0
    span = places.values.get(path)
    if span is None:
        start = places.starts[path]
        end = start + len(text[start:].partition("\n")[0].partition("#")[0].rstrip())
    elif problem.kind == "extra_forbidden" and path == problem.path:
        start, end = span.key, span.key + len(text[span.key : span.start].rstrip().removesuffix("=").rstrip())
    else:
        start, end = span.start, span.end
    row = bisect_right(places.breaks, start)
    last = places.breaks[row] - 1 if row < len(places.breaks) else len(text)
    return row + 1, start - (places.breaks[row - 1] if row else 0) + 1, min(end, last) - start


def refusal(found: Sequence[Mark], where: str) -> RecipeError:
    """One error for all problems: the first in full, up to four more below it."""
    first, *more = found
    lines = [f"{first.what}."]
    lines += [f"  also line {mark.line}, {mark.key}: {mark.what}. {mark.todo}".rstrip() for mark in more[:4]]
    if len(more) > 4:
        lines.append(f"  and {len(more) - 4} more")
    place = f"{where}:{first.line}" + (f" {first.key}" if first.key else "")
    return RecipeError("\n".join(lines), where=place, todo=first.todo)


def key_text(path: Path, data: Mapping[str, Any]) -> str:
    """A path as a person reads it: `step[1] paint.denoise`."""
    head = ""
    if len(path) > 1 and path[0] in ("step", "input") and isinstance(path[1], int):
        table = data[str(path[0])][path[1]]
        name = table.get("name", table.get("op", "")) if isinstance(table, Mapping) else ""
        head, path = f"{path[0]}[{path[1]}] {one_line(str(name), 41)}".strip(), path[2:]
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{one_line(part, 60)}" for part in path)
    return head + parts if head else parts.removeprefix(".")
