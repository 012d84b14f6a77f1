"""While a recipe is typed nothing breaks: problems have places, completions fit, keyframes leave other lines alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from core.errors import RecipeError
from core.frames import FrameRange
from core.recipe.complete import Known, complete
from core.recipe.form import fields
from core.recipe.judge import judge
from core.recipe.keys import curves_of, with_key, without_key
from core.recipe.sketch import sketch, tables
from core.recipe.text import parse, recipe_text, set_values
from core.recipe.toml import put, scan
from core.recipe.vary import at
from tests.recipes import known_test_operations, recipes, unit

KNOWN = Known(models={"u2netp": "ships"}, looks={"dream": ""}, versions={"v001": ""}, inputs={"a/v001": ""})


@pytest.fixture(autouse=True, scope="module")
def _operations() -> Iterator[None]:
    with known_test_operations():
        yield


whole = recipes(least_steps=1).map(recipe_text)
PIECES = (
    "[", "[[", "]", "[[step]]\n", "[step.curves]\n", 'op = "test_brush"\n', "denoise = ", "[[1001, ", '"', '"""', "'''",
    "{ ", "}", ", ", "= ", ".", "\n", "# ", "output.master.", "look = { ", "a", "\\", "\r\n", "\x00", "é", "[step",
)  # fmt: skip
pieces = st.sampled_from(PIECES)
half = st.lists(pieces | st.text(max_size=4), max_size=25).map("".join)


@st.composite
def half_typed(draw: st.DrawFn) -> str:
    """A recipe that holds, with something typed into it or cut out of it."""
    text = draw(whole)
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(half) + text[start + draw(st.integers(0, 30)) :]


@given(half | half_typed() | st.text(), st.integers(-5, 3000))
@example('a = """', 7)
@example("[" * 3000, 3000)
@example("a = " + "[" * 3000, 2000)
def test_any_text_at_any_place_can_be_completed_and_read(text: str, offset: int) -> None:
    for found in complete(text, offset, KNOWN):
        start, end = found.replaces
        assert 0 <= start <= min(max(offset, 0), len(text)) <= end <= len(text) and "\n" not in text[start:end]
    fields(text)


@given(half | half_typed())
def test_every_problem_lies_in_the_text(text: str) -> None:
    found = judge(text)
    assert (found.recipe is None) == bool(found.problems)
    lines = text.split("\n")
    for mark in found.problems:
        assert 1 <= mark.line <= len(lines) and mark.column >= 1 and mark.what
        assert mark.column - 1 <= len(lines[mark.line - 1]) and mark.length >= 0


@given(whole, st.data())
def test_a_mark_covers_the_value_that_is_wrong(text: str, data: st.DataObject) -> None:
    """A date fits no key of a recipe."""
    paths = [path for path in scan(text).values if path[0] not in ("model", "rev")]
    broken = put(text, data.draw(st.sampled_from(sorted(paths, key=repr))), "2026-11-23")
    covered = [broken.split("\n")[mark.line - 1][mark.column - 1 :][: mark.length] for mark in judge(broken).problems]
    assert any("2026-11-23" in part for part in covered)
    with pytest.raises(RecipeError) as caught:
        parse(broken, "d.toml")
    first = judge(broken).problems[0]
    assert caught.value.where == f"d.toml:{first.line} {first.key}" and caught.value.todo == first.todo


@given(whole)
def test_a_text_that_holds_is_sketched_as_toml_reads_it(text: str) -> None:
    assert [table.values for table in tables(sketch(text), "input")] == tomllib.loads(text).get("input", [])
    for table, step in zip(tables(sketch(text), "step"), tomllib.loads(text)["step"], strict=True):
        lists = {key for key, value in step.items() if key == "extra" and value}
        assert table.values == {key: value for key, value in step.items() if key not in lists}


@given(whole, st.data())
def test_every_completion_of_a_value_is_allowed_there(text: str, data: st.DataObject) -> None:
    """Switches, choices and edges of a step: whatever is offered in place of a value leaves a recipe that holds."""
    keys = ("fill", "seed_per_frame", "mode", "clip", "input", "b", "mask", "matte")
    paths = [path for path in scan(text).values if path[0] == "step" and len(path) == 3 and path[2] in keys]
    assume(paths)
    span = scan(text).values[data.draw(st.sampled_from(sorted(paths, key=repr)))]
    offered = complete(text[: span.start] + text[span.end :], span.start, KNOWN)
    assert offered
    for found in offered:
        start, end = found.replaces
        assert (start, end) == (span.start, span.start)
        assert judge(text[:start] + found.insert + text[span.end :]).problems == ()


@given(whole)
def test_a_field_set_to_what_it_shows_changes_nothing(text: str) -> None:
    recipe = parse(text, "d")
    for shown in fields(text):
        if "\n" not in shown.value and shown.value.strip() == shown.value:
            assert parse(set_values(text, [f"{shown.key}={shown.value or shown.default}"], "d"), "d") == recipe


# Keyframes


@given(whole, unit, st.integers(880, 1220), st.sampled_from([None, "linear", "hold", "smooth"]), st.data())
def test_a_key_is_set_and_taken_out_and_other_lines_stay(
    text: str, value: float, frame: int, mode: Any, data: st.DataObject
) -> None:
    recipe = parse(text, "d")
    names = [step.name for step in recipe.step if step.op == "test_brush"]
    assume(names)
    name = data.draw(st.sampled_from(names))
    before = next(step for step in recipe.step if step.name == name).curves.get("denoise", ())
    keyed = with_key(text, f"{name}.denoise", frame, repr(value), mode)
    after = next(step for step in parse(keyed, "d").step if step.name == name)
    assert at(after, frame).denoise == value  # type: ignore[attr-defined]
    assert {key[0] for key in after.curves["denoise"]} == {key[0] for key in before} | {frame}
    others = {key for key in before if key[0] != frame}
    assert others <= set(after.curves["denoise"])
    kept = [line for line in text.split("\n") if not line.startswith("denoise = [[")]
    rest = [line for line in keyed.split("\n") if not line.startswith("denoise = [[")]
    assert [line for line in rest if line != "[step.curves]"] == [line for line in kept if line != "[step.curves]"]
    if frame not in {key[0] for key in before}:
        assert without_key(keyed, f"{name}.denoise", frame) == text
    else:
        assert without_key(text, f"{name}.denoise", frame) == without_key(keyed, f"{name}.denoise", frame)


@given(recipes(least_steps=1))
def test_a_curve_is_what_each_frame_gets(recipe: Any) -> None:
    frames = FrameRange(990, 1010)
    found = {(curve.step, curve.parameter): curve for curve in curves_of(recipe, frames)}
    for step in recipe.step:
        for parameter in type(step).model_fields:
            curve = found.get((step.name, parameter))
            assert (curve is not None) == (parameter in step.curves)
            if curve is not None:
                assert curve.values == tuple(getattr(at(step, frame), parameter) for frame in frames)
