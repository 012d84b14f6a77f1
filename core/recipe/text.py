"""A recipe's text: read with errors that name file, line and key, written in one canonical way, changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_origin

from pydantic import BaseModel

from core.errors import RecipeError
from core.files import one_line, sha256_bytes
from core.frames import FrameRange
from core.ops.base import Op
from core.recipe.assign import assignment
from core.recipe.explain import Problem, table_in
from core.recipe.judge import judge, marks, read_data, read_toml, refusal, weigh
from core.recipe.model import GRAPH, Recipe, edge_fields
from core.recipe.toml import Path, drop, put, scan, toml_key, toml_text, toml_value

_NOT_IN_A_LOOK = ("shot", "range", "parent", "picked_from", "look", "plate_sha256", "seen_as", "rev", "model")


# Reading


def parse(text: str, where: str) -> Recipe:
    """Read a whole recipe. `where` is the file's name for messages.

    Raises:
        RecipeError: not TOML, unknown keys, values out of range …: each with its line, key and what is allowed.
    """
    found = judge(text)
    if found.recipe is None:
        raise refusal(found.problems, where)
    return found.recipe


def fragment(text: str, where: str) -> dict[str, Any]:
    """Read a look: a recipe's text without shot and range, as sparse as you like. Returns its data.

    Raises:
        RecipeError: as `parse`, except that what is missing may come from the draft.
    """
    data = read_data(text, where)
    found = [
        Problem((key,), f"A look has no `{key}`", "That belongs to the draft: take it out.", "look")
        for key in _NOT_IN_A_LOOK
        if key in data
    ]
    found += [problem for problem in weigh(data)[1] if problem.kind not in ("missing", GRAPH)]
    if found:
        raise refusal(marks(found, text, data), where)
    return data


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
    text = assigned(text, assignments, where)
    parse(text, where)
    return text


def assigned(text: str, assignments: Sequence[str], where: str) -> str:
    """As `set_values`, for a draft that does not hold yet: only what is set has to be allowed.

    Raises:
        RecipeError: the text is not TOML, no such step or key, or a value that is not allowed.
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
    for typed, path in zip(assignments, paths, strict=True):
        refuse_at(text, path, f"setting {one_line(typed, 100)}")
    return text


def refuse_at(text: str, path: Path, where: str) -> None:
    """Raise RecipeError, `where` as handed in, if the text is wrong at `path`; other problems are none here."""
    for problem in weigh(read_data(text, where))[1]:
        if problem.path[: len(path)] == path:
            raise RecipeError(f"{problem.what}.", where=where, todo=problem.todo)


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
