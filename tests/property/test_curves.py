"""Curves: through their keys, monotone between them, constant outside; and nothing but curved parameters moves."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.recipe.vary import at
from tests.recipes import CURVED, Brush, brushes

frames = st.integers(800, 1300)


@given(brushes())
def test_a_curve_goes_through_its_keys(step: Brush) -> None:
    for name, keys in step.curves.items():
        for key in keys:
            assert getattr(at(step, key[0]), name) == key[1]


@given(brushes(), frames)
def test_only_curved_parameters_move_and_no_curve_is_left(step: Brush, frame: int) -> None:
    there = at(step, frame)
    assert there.curves == {} and at(there, frame + 7) == there
    for name in type(step).model_fields.keys() - step.curves.keys() - {"curves"}:
        assert getattr(there, name) == getattr(step, name)


@given(brushes(), frames)
def test_a_curve_is_constant_outside_its_keys(step: Brush, frame: int) -> None:
    for name, keys in step.curves.items():
        if frame <= keys[0][0]:
            assert getattr(at(step, frame), name) == keys[0][1]
        if frame >= keys[-1][0]:
            assert getattr(at(step, frame), name) == keys[-1][1]


@given(brushes())
def test_values_stay_between_their_keys_and_run_one_way(step: Brush) -> None:
    """So a parameter's limits hold at every frame where they hold at the keys."""
    for name in step.curves.keys() - {"prompt", "levels"}:
        for before, after in pairwise(step.curves[name]):
            run = [getattr(at(step, frame), name) for frame in range(before[0], after[0])] + [after[1]]
            assert run in (sorted(run), sorted(run, reverse=True)) and run[0] == before[1]


@given(brushes(), frames)
def test_evaluated_steps_are_steps_that_hold(step: Brush, frame: int) -> None:
    there = at(step, frame)
    assert Brush.model_validate(there.model_dump(), strict=True) == there
    assert type(there.steps) is int and isinstance(there.prompt, str)


@given(st.integers(1, 50), st.integers(0, 50), CURVED["bias"], CURVED["bias"])
def test_linear_and_smooth_are_what_they_say(length: int, step_in: int, a: float, b: float) -> None:
    """Independent truth: the straight line, and Hermite's cubic with flat ends in its textbook form."""
    share = min(step_in, length) / length
    for mode, weight in (("linear", share), ("smooth", 3 * share**2 - 2 * share**3), ("hold", float(share == 1))):
        step = Brush(curves={"bias": ((1001, a / 1e9, mode), (1001 + length, b / 1e9))})
        value = at(step, 1001 + min(step_in, length)).bias
        wanted = a / 1e9 * (1 - weight) + b / 1e9 * weight
        assert abs(value - wanted) <= 1e-9 * max(abs(a), abs(b)) / 1e9


def test_text_holds_and_lists_run_element_by_element() -> None:
    step = Brush(curves={"prompt": ((1001, "a"), (1011, "b")), "levels": ((1001, (0.0, 1.0)), (1011, (1.0, 0.0)))})
    assert [at(step, frame).prompt for frame in (990, 1001, 1010, 1011, 1099)] == ["a", "a", "a", "b", "b"]
    assert at(step, 1006).levels == (0.5, 0.5)


def test_whole_numbers_are_rounded_half_up() -> None:
    step = Brush(curves={"steps": ((1001, 1), (1005, 3))})
    assert [at(step, frame).steps for frame in range(1001, 1006)] == [1, 2, 2, 3, 3]
