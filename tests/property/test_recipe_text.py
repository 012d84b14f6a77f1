"""A recipe survives its text; an error names the line it is on; setting values changes nothing else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import RecipeError
from core.recipe.model import Recipe
from core.recipe.text import parse, recipe_text, set_values
from core.recipe.toml import put, scan
from tests.recipes import known_test_operations, recipes, unit


@pytest.fixture(autouse=True, scope="module")
def _operations() -> Iterator[None]:
    with known_test_operations():
        yield


@given(recipes())
def test_the_text_reads_back_to_the_same_recipe(recipe: Recipe) -> None:
    text = recipe_text(recipe)
    assert parse(text, "r.toml") == recipe
    assert recipe_text(parse(text, "r.toml")) == text


@given(recipes())
def test_every_value_is_written(recipe: Recipe) -> None:
    data = tomllib.loads(recipe_text(recipe))
    for step, table in zip(recipe.step, data.get("step", ()), strict=True):
        absent = {name for name in type(step).model_fields if getattr(step, name) is None}
        absent |= {name for name in ("curves", "extra") if not getattr(step, name, None)}
        assert table.keys() == type(step).model_fields.keys() - absent


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A recipe's text as people leave it: comments and blank lines between lines, not inside a value."""
    text = recipe_text(draw(recipes(least_steps=1)))
    inside = {
        line
        for span in scan(text).values.values()
        for line in range(text.count("\n", 0, span.start) + 1, text.count("\n", 0, span.end) + 1)
    }
    lines = []
    for number, line in enumerate(text.split("\n")):
        if number not in inside and draw(st.integers(0, 9)) == 0:
            lines.append(draw(st.sampled_from(["", "# denoise = 3", "   # [[step]]"])))
        lines.append(line)
    return "\n".join(lines)


@given(texts(), st.data())
def test_an_error_names_the_line_that_it_is_on(text: str, data: st.DataObject) -> None:
    """A date fits no key of a recipe, so wherever it stands, that line is reported."""
    places = scan(text)
    path = data.draw(st.sampled_from(sorted(places.values, key=repr)))
    # `op` decides what the other keys mean; `model` and `rev` have names of their own.
    assume(path[0] not in ("model", "rev"))
    broken = put(text, path, "2026-11-23")
    with pytest.raises(RecipeError) as caught:
        parse(broken, "shots/x.toml")
    found = re.match(r"shots/x\.toml:(\d+) (.+)", caught.value.where)
    assert found is not None
    assert "2026-11-23" in broken.split("\n")[int(found[1]) - 1]
    key = next(part for part in reversed(path) if isinstance(part, str))
    assert key in found[2] and caught.value.todo


@given(texts(), st.data())
def test_an_unknown_key_is_named_with_its_line(text: str, data: st.DataObject) -> None:
    homes = [home for home in scan(text).homes if home[:1] not in (("model",), ("rev",)) and "curves" not in home]
    home = data.draw(st.sampled_from(sorted(homes, key=repr)))
    broken = put(text, (*home, "zzz"), "1")
    with pytest.raises(RecipeError) as caught:
        parse(broken, "r.toml")
    line = int(re.findall(r"r\.toml:(\d+)", caught.value.where)[0])
    assert "zzz" in broken.split("\n")[line - 1]
    assert "Unknown key `zzz`" in caught.value.what and "Allowed: " in caught.value.todo


@given(st.text(max_size=60) | texts().flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: text[:cut])))
def test_whatever_is_typed_gives_a_recipe_or_one_error(text: str) -> None:
    try:
        parse(text, "r.toml")
    except RecipeError as error:
        assert re.match(r"r\.toml:\d+", error.where)


@given(texts(), unit, st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20))
def test_setting_values_keeps_every_other_line(text: str, value: float, prompt: str) -> None:
    recipe = parse(text, "r.toml")
    brush = next((step for step in recipe.step if step.op == "test_brush"), None)
    assume(brush is not None and "\n" not in brush.prompt)  # type: ignore[attr-defined]
    name = brush.name  # type: ignore[union-attr]
    changed = set_values(text, [f"{name}.denoise={value!r}", f"{name}.prompt={prompt}", f"{name}.seed=007"], "r.toml")
    step = next(step for step in parse(changed, "r.toml").step if step.name == name)
    assert (step.denoise, step.prompt, step.seed) == (value, prompt, "007")  # type: ignore[attr-defined]
    before, after = text.split("\n"), changed.split("\n")
    assert len(before) == len(after)
    differ = [a for a, b in zip(before, after, strict=True) if a != b]
    assert all(line.startswith(("denoise = ", "prompt = ", "seed = ")) for line in differ) and len(differ) <= 3
