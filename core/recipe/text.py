"""A recipe's text: read with errors that name file, line and key, written in one canonical way, changed in place."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from core.errors import RecipeError
from core.files import one_line, sha256_bytes
from core.frames import FrameRange
from core.ops.base import Op
from core.recipe.assign import assignment
from core.recipe.explain import Problem, problems, table_in
from core.recipe.model import GRAPH, SCHEMA, Recipe, edge_fields, frozen_lists
from core.recipe.toml import Path, drop, put, scan, toml_key, toml_text, toml_value

MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
"""Migration n turns the data of schema n + 1 into that of schema n + 2; in order, never changed once released."""

_MANY_LINES = frozenset({"prompt", "negative"})
_NOT_IN_A_LOOK = ("shot", "range", "parent", "picked_from", "look", "plate_sha256", "seen_as", "rev", "model")


# Reading


def parse(text: str, where: str) -> Recipe:
    """Read a whole recipe. `where` is the file's name for messages.

    Raises:
        RecipeError: not TOML, unknown keys, values out of range …: each with its line, key and what is allowed.
    """
    data = _data(text, where)
    recipe, found = _judge(data)
    if recipe is None or found:
        raise _refusal(found, text, data, where)
    return recipe


def fragment(text: str, where: str) -> dict[str, Any]:
    """Read a look: a recipe's text without shot and range, as sparse as you like. Returns its data.

    Raises:
        RecipeError: as `parse`, except that what is missing may come from the draft.
    """
    data = _data(text, where)
    found = [
        Problem((key,), f"A look has no `{key}`", "That belongs to the draft: take it out.", "look")
        for key in _NOT_IN_A_LOOK
        if key in data
    ]
    found += [problem for problem in _judge(data)[1] if problem.kind not in ("missing", GRAPH)]
    if found:
        raise _refusal(found, text, data, where)
    return data


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The data of a TOML text. Raises RecipeError that names the line."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        what = str(error)[: place.start()] if place else str(error)
        line = (place[1] if place else None) or len(text.splitlines()) or 1
        raise RecipeError(
            f"This is not TOML: {one_line(what)}.",
            where=f"{where}:{line}",
            todo="Write `key = value`, text in double quotes, lists as [1, 2]; a step starts with [[step]].",
        ) from error


def _data(text: str, where: str) -> dict[str, Any]:
    data = read_toml(text, where)
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise RecipeError(
            f"This was written by a newer rushes (schema {schema}).",
            where=f"{where}:{scan(text).line(('schema',))}",
            todo="Update rushes.",
        )
    if isinstance(schema, int) and schema >= 1:
        for migrate in MIGRATIONS[schema - 1 :]:
            data = migrate(data)
    return data


def _judge(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
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


def _refusal(found: Sequence[Problem], text: str, data: Mapping[str, Any], where: str) -> RecipeError:
    """One error for all problems, in the order of the lines: the first in full, up to four more below it."""
    places = scan(text)
    first, *more = sorted(found, key=lambda problem: places.line(problem.path))
    lines = [f"{first.what}."]
    lines += [
        f"  also line {places.line(p.path)}, {key_text(p.path, data)}: {p.what}. {p.todo}".rstrip() for p in more[:4]
    ]
    if len(more) > 4:
        lines.append(f"  and {len(more) - 4} more")
    key = key_text(first.path, data)
    return RecipeError(
        "\n".join(lines), where=f"{where}:{places.line(first.path)}" + (f" {key}" if key else ""), todo=first.todo
    )


def key_text(path: Path, data: Mapping[str, Any]) -> str:
    """A path as a person reads it: `step[1] paint.denoise`."""
    head = ""
    if len(path) > 1 and path[0] in ("step", "input") and isinstance(path[1], int):
        table = data[str(path[0])][path[1]]
        name = table.get("name", table.get("op", "")) if isinstance(table, Mapping) else ""
        head, path = f"{path[0]}[{path[1]}] {one_line(str(name), 41)}".strip(), path[2:]
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{one_line(part, 60)}" for part in path)
    return head + parts if head else parts.removeprefix(".")


# Writing


def recipe_text(recipe: Recipe) -> str:
    """The canonical text: every value, in one order, so that two recipes differ in text where they differ in fact.

    `parse(recipe_text(r), …) == r`.
    """
    blocks = [_table(recipe, leave={"input", "step", "output", "rev", "model"})]
    blocks += [f"[[input]]\n{_table(material)}" for material in recipe.input]
    blocks += [_step_text(step) for step in recipe.step]
    blocks.append(f"[output]\n{_table(recipe.output)}")
    if recipe.rev:
        blocks.append("[rev]\n" + "\n".join(f"{toml_key(op)} = {recipe.rev[op]}" for op in sorted(recipe.rev)))
    for name in sorted(recipe.model):
        facts = recipe.model[name]
        pairs = "\n".join(f"{toml_key(key)} = {toml_value(facts[key])}" for key in sorted(facts))
        blocks.append(f"[model.{toml_key(name)}]\n{pairs}".rstrip())
    return "\n\n".join(blocks) + "\n"


def recipe_sha(text: str) -> str:
    """The digest of a recipe's text as trailers carry it."""
    return f"sha256:{sha256_bytes(text.encode())}"


def _step_text(step: Op) -> str:
    """`op`, `name`, what it reads, its parameters; then curves and lists of tables as tables of their own."""
    edges = edge_fields(type(step))
    tables = {key for key, info in type(step).model_fields.items() if _are_tables(info.annotation)}
    order = ["op", "name", *edges]
    lines = [f"[[step]]\n{_table(step, first=order, leave={'curves', *tables})}"]
    if step.curves:
        curves = "\n".join(f"{toml_key(name)} = {toml_value(keys)}" for name, keys in sorted(step.curves.items()))
        lines.append(f"[step.curves]\n{curves}")
    for key in type(step).model_fields:
        if key in tables:
            lines += [f"[[step.{toml_key(key)}]]\n{_table(entry)}" for entry in getattr(step, key)]
    return "\n".join(lines)


def _are_tables(annotation: Any) -> bool:
    """Whether a key holds `[[step.key]]` tables. Where there are none it is left out: TOML could not add one later."""
    return get_origin(annotation) is tuple and table_in(annotation) is not None


def _table(table: BaseModel, *, first: Sequence[str] = (), leave: set[str] | None = None) -> str:
    names = [*first, *(name for name in type(table).model_fields if name not in first)]
    pairs = [
        (type(table).model_fields[name].alias or name, plain(getattr(table, name)))
        for name in names
        if name not in (leave or ()) and getattr(table, name) is not None
    ]
    return "\n".join(f"{toml_key(key)} = {toml_text(value)}" for key, value in pairs)


def plain(value: Any) -> Any:
    """A value as TOML holds it: tables as mappings without what is absent."""
    if isinstance(value, BaseModel):
        pairs = [(info.alias or name, getattr(value, name)) for name, info in type(value).model_fields.items()]
        return {key: plain(part) for key, part in pairs if part is not None}
    return [plain(part) for part in value] if isinstance(value, tuple) else value


# Changing


def set_values(text: str, assignments: Sequence[str], where: str) -> str:
    """`text` with values set: `paint.denoise=0.4`, `paint.curves.denoise=1001:0.3,1040:0.5:smooth`, `range=1001-1072`.

    Everything else stays as it was typed, comments and order included. `key=` takes an optional key out.

    Raises:
        RecipeError: no such step or key, a value that is not allowed, or a result that does not hold.
    """
    paths = []
    for typed in assignments:
        path, value = assignment(read_toml(text, where), typed)
        places = scan(text)
        if path in places.starts and path not in places.values:
            todo = "Set its keys one by one, or edit the text."
            raise RecipeError(
                f"`{path[-1]}` is a table of its own.", where=f"setting {one_line(typed, 100)}", todo=todo
            )
        text = drop(text, path) if value is None else put(text, path, value)
        paths.append(path)
    data = _data(text, where)
    recipe, found = _judge(data)
    for typed, path in zip(assignments, paths, strict=True):
        blamed = [problem for problem in found if problem.path[: len(path)] == path]
        if blamed:
            raise RecipeError(f"{blamed[0].what}.", where=f"setting {one_line(typed, 100)}", todo=blamed[0].todo)
    if recipe is None or found:
        raise _refusal(found, text, data, where)
    return text


def starter(shot: str, frames: FrameRange, *, steps: bool = True) -> str:
    """A first draft to type over; without `steps` for a draft that a look will fill."""
    head = f"""# The draft of {shot}. What is not written here has its default; freezing a version writes every value.
schema = 1
shot = {toml_value(shot)}
summary = ""                    # what this version is about, on one line
range = [{frames.first}, {frames.last}]            # shot frames, handles included
"""
    return head + (_STARTER_STEPS if steps else "")


_STARTER_STEPS = """
[[step]]                        # the figure, cut out: 0 outside, 1 inside
op = "matte"
name = "figure"
model = "u2netp"                # ships with rushes

[[step]]                        # the plate, painted over by a model
op = "stylize"
name = "paint"
input = "plate"
model = "stabilityai/sd-turbo"  # a name in the show's register, a folder, or a hub id with its commit
revision = "b261bac6fd2cf515557d5d0707481eafa0485ec2"
prompt = "oil painting by candlelight"
seed = "1"                      # a whole number in quotes
denoise = 0.45                  # 0 keeps the plate, 1 ignores it
guidance = 1.0
sampling_steps = 4

[[step]]                        # the painting over the plate, where the figure is
op = "merge"
name = "comp"
a = "paint"
b = "plate"
mask = "figure"                 # outside it the plate stays bit-identical
mix = 1.0

[output]
layers = []                     # steps to write beside the master, such as ["paint", "figure"]
"""
