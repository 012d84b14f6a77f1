"""Digests: what changes a step's pixels changes its digest, and nothing else does."""

from __future__ import annotations

import pytest

from core.frames import FrameRange
from core.ops.merge import Merge
from core.ops.regrain import Regrain
from core.render.plan import blocks, filled_digest, full_block, keys, measured, promise_ended, step_digest
from tests.render_kit import Disc, Paint, Tint, make_recipe

SOURCES = {"plate": "d0", "paint": "d1", "other": "d1", "figure": "d2"}


def test_a_name_is_no_part_of_the_pixels() -> None:
    assert step_digest(Paint(name="a"), 1001, SOURCES) == step_digest(Paint(name="b"), 1001, SOURCES)
    over = Merge(name="comp", a="paint", mask="figure")
    assert step_digest(over, 1001, SOURCES) == step_digest(over.model_copy(update={"a": "other"}), 1001, SOURCES)


@pytest.mark.parametrize(
    "change", [{"gain": 0.6}, {"seed": "1"}, {"batch": 2}, {"seed_per_frame": "hashed"}, {"spoil": "x"}]
)
def test_a_parameter_is(change: dict[str, object]) -> None:
    step = Paint(name="paint")
    assert step_digest(step, 1002, SOURCES) != step_digest(step.model_copy(update=change), 1002, SOURCES)


def test_so_are_sources_models_environment_tier_stats_and_neighbours() -> None:
    step = Paint(name="paint")
    found = {
        step_digest(step, 1001, SOURCES),
        step_digest(step, 1001, {"plate": "changed"}),
        step_digest(step, 1001, SOURCES, models=["m"]),
        step_digest(step, 1001, SOURCES, environment="another card"),
        step_digest(step, 1001, SOURCES, tier="fast"),
        step_digest(step, 1001, SOURCES, stats={"mean": 1.0}),
        step_digest(step, 1001, SOURCES, neighbours=["before"]),
    }
    assert len(found) == 7


def test_cadence_and_fill_are_no_part_of_a_key() -> None:
    """Going from ones to twos, or from hold to blend, makes no model call for the keys that stay."""
    ones, twos = Paint(name="paint"), Paint(name="paint", on=2, fill="blend")
    assert step_digest(ones, 1003, SOURCES) == step_digest(twos, 1003, SOURCES)


def test_a_seed_is_what_it_resolves_to() -> None:
    walk = Paint(name="paint", seed="5", seed_per_frame="iterate")
    assert step_digest(walk, 1003, SOURCES) == step_digest(Paint(name="paint", seed="7"), 1003, SOURCES)


def test_the_slot_is_part_of_the_last_bits() -> None:
    step = Paint(name="paint", batch=2)
    assert step_digest(step, 1001, SOURCES) != step_digest(step, 1002, SOURCES)
    assert step_digest(step, 1001, SOURCES) == step_digest(step, 1003, SOURCES)


def test_mix_is_the_merge_s_alone() -> None:
    paint = Paint(name="paint")
    comp = Merge(name="comp", a="paint", mask="figure", mix=0.8)
    softer = comp.model_copy(update={"mix": 0.5})
    assert step_digest(comp, 1001, SOURCES) != step_digest(softer, 1001, SOURCES)
    assert step_digest(paint, 1001, SOURCES) == step_digest(paint, 1001, dict(SOURCES, figure="another"))


def test_a_held_frame_is_its_key_and_a_blended_one_is_not() -> None:
    assert filled_digest("a", "a", 0.0) == "a"
    assert len({filled_digest("a", "b", 0.25), filled_digest("a", "b", 0.5), filled_digest("a", "c", 0.5)}) == 3


def test_batches_of_a_shot_on_twos() -> None:
    step, plate = Paint(name="paint", on=2, batch=2), FrameRange(1001, 1050)
    assert [block.frames for block in blocks(step, range(1003, 1009), plate, 1008)] == [
        (1003, 1003), (1005, 1007), (1008, 1008),
    ]  # fmt: skip
    assert keys(step, 1004, plate, 1008) == (1003,)
    assert keys(Paint(name="p", on=2, fill="blend"), 1004, plate, 1008) == (1003, 1005)


def test_a_light_operation_is_made_frame_by_frame() -> None:
    assert full_block(Tint(name="t", curves={"amount": ((1001, 0.0), (1011, 1.0))}), [1006]).steps[0].amount == 0.5


def test_a_plate_that_starts_late_is_measured_where_it_is() -> None:
    assert measured(FrameRange(1001, 1020)) == (1001, 1005, 1009, 1013, 1017)
    assert measured(FrameRange(2000, 2005)) == tuple(range(2000, 2006))
    assert len(measured(FrameRange(1, 100_000))) == 16


def test_where_the_plate_promise_ends() -> None:
    paint, figure = Paint(name="paint"), Disc(name="figure")
    comp = Merge(name="comp", a="paint", mask="figure")
    assert promise_ended(make_recipe(paint)) == "paint"
    assert promise_ended(make_recipe(paint, figure, comp)) == ""
    assert promise_ended(make_recipe(paint, figure, comp.model_copy(update={"mask": None}))) == "comp"
    grain = Regrain(name="grain", input="comp")
    assert promise_ended(make_recipe(paint, figure, comp, grain)) == "grain"
    assert promise_ended(make_recipe(paint, figure, comp, grain.model_copy(update={"matte": "figure"}))) == ""
    assert promise_ended(make_recipe()) == ""
