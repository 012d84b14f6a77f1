"""Freezing writes everything down, the same way every time, and refuses what could not be rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.errors import RecipeError
from core.frames import FrameRange
from core.ops.base import ModelRef
from core.recipe.freeze import freeze
from core.recipe.model import ColourFacts, Material, Recipe
from core.recipe.text import parse, recipe_text, set_values
from core.recipe.weights import Weights
from tests.recipes import known_test_operations

PLATE_FRAMES = FrameRange(993, 1080)
SEEN = ColourFacts(plate="sRGB - Texture", alpha="none", working="ACEScg", config="ab" * 32)


@dataclass(frozen=True)
class Plate:
    frames: FrameRange = PLATE_FRAMES
    width: int = 64
    height: int = 36
    channels: int = 3
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True)
class Shot:
    id: str = "sh010"
    plate: Plate | None = Plate()
    missing: str = ""


SHOT = Shot()
DRAFT = """\
shot = "sh010"
[[input]]
name = "altar"
kind = "image"
path = "altar.png"
[[step]]
op = "test_brush"
model = "house"
[[step]]
op = "matte"
[[step]]
op = "merge"
a = "test_brush"
mask = "matte"
"""


@pytest.fixture(autouse=True, scope="module")
def _operations() -> Iterator[None]:
    with known_test_operations():
        yield


def resolved(ref: ModelRef) -> Weights:
    return Weights(Path("/models") / ref.id, ref.id.ljust(64, "0"), "r1", "MIT", f"from/{ref.id}", 9, ("a",))


def frozen(text: str = DRAFT, shot: Shot = SHOT, **changed: Any) -> Recipe:
    asked: list[FrameRange] = []

    def plate(part: FrameRange) -> str:
        asked.append(part)
        return f"plate {part}"

    def material(part: Material) -> str:
        return f"bytes of {part.path}"

    facts = {
        "shot": shot,
        "range": FrameRange(1001, 1010),
        "resolve": resolved,
        "digest_plate": plate,
        "digest_material": material,
        "seen_as": SEEN,
        "summary": "less boil",
        "parent": "v002",
        **changed,
    }
    made = freeze(parse(text, "draft"), **facts)
    assert asked == [facts["range"]]
    return made


def test_everything_is_written_down() -> None:
    recipe = frozen()
    assert (recipe.shot, recipe.parent, recipe.summary, recipe.range) == ("sh010", "v002", "less boil", (1001, 1010))
    assert recipe.plate_sha256 == "plate 1001-1010" and recipe.input[0].sha256 == "bytes of altar.png"
    assert recipe.seen_as == SEEN
    assert recipe.rev == {"matte": 1, "merge": 1, "test_brush": 3}
    house = {"licence": "MIT", "revision": "r1", "sha256": "house".ljust(64, "0"), "source": "from/house"}
    assert recipe.model.keys() == {"house", "u2netp"} and recipe.model["house"] == house
    assert recipe.model["u2netp"]["sha256"].startswith("u2netp")
    assert recipe.step == parse(DRAFT, "draft").step


def test_freezing_is_deterministic_and_its_text_reads_back() -> None:
    text = recipe_text(frozen())
    assert text == recipe_text(frozen())
    assert parse(text, "v001.toml") == frozen()
    assert text == recipe_text(frozen(text))


def test_a_summary_is_one_line() -> None:
    assert frozen(summary="two\nlines \x1b[31m").summary == "two lines ·[31m"


@pytest.mark.parametrize(
    ("first", "last", "what", "todo"),
    [
        (990, 1010, "no frames 990-992.", "--set range=993-1010"),
        (1001, 1081, "no frames 1081.", "--set range=1001-1080"),
        (992, 1090, "no frames 992,1081-1090.", "--set range=993-1080"),
        (1090, 1099, "no frames 1090-1099.", "The plate has 993-1080."),
        (1001, 1000, "The range is empty.", "[first, last]"),
    ],
)
def test_a_range_that_the_plate_does_not_have_is_refused(first: int, last: int, what: str, todo: str) -> None:
    with pytest.raises(RecipeError) as caught:
        frozen(range=FrameRange(first, last))
    assert what in caught.value.what and todo in caught.value.todo


def test_what_could_not_be_rendered_is_refused() -> None:
    for text, shot, what in (
        (DRAFT.replace("sh010", "sh999"), Shot(), "another shot, sh999"),
        ('shot = "sh010"', Shot(), "no steps"),
        (DRAFT, replace(Shot(), plate=None, missing="offline\n"), "The plate is missing: offline."),
        (DRAFT.replace('mask = "matte"', 'mask = "plate"'), Shot(), "matte"),
        (
            DRAFT + '[[step]]\nop="test_brush"\nname="again"\nmodel="house"\nrevision="r9"',
            Shot(),
            "Two revisions of one model",
        ),
    ):
        with pytest.raises(RecipeError) as caught:
            frozen(text, shot)
        assert what in caught.value.what and caught.value.todo


def test_a_frozen_recipe_thawed_with_another_value_freezes_to_that_change_alone() -> None:
    before, after = frozen(), frozen(set_values(DRAFT, ["test_brush.denoise=0.7"], "d"))
    differ = [
        pair
        for pair in zip(recipe_text(before).split("\n"), recipe_text(after).split("\n"), strict=True)
        if pair[0] != pair[1]
    ]
    assert differ == [("denoise = 0.5", "denoise = 0.7")]
