"""merge: the plate promise bit by bit, and the arithmetic against its sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import RecipeError
from core.ops.base import Block, Format
from core.ops.merge import Merge
from tests.render_kit import NoKit

SHAPE = (1, 5, 7, 3)
wild = st.one_of(
    st.floats(width=32, allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), float("-inf"), 65504.0]),
)
weights = st.sampled_from([0.0, 0.25, 1.0])


def bits(picture: Any) -> Any:
    return np.ascontiguousarray(picture).view(np.uint32)


def merge(step: Merge, **pictures: Any) -> Any:
    return step.render(Block((1001,), (step,)), pictures, NoKit())


@given(
    arrays(np.float32, SHAPE, elements=wild),
    arrays(np.float32, SHAPE, elements=wild),
    arrays(np.float32, (*SHAPE[:3], 1), elements=weights),
    arrays(np.float32, (*SHAPE[:3], 1), elements=weights),
    st.sampled_from(["over", "plus", "multiply", "screen", "difference"]),
)
def test_where_a_matte_is_zero_the_pixel_is_b_s_bit_for_bit(a: Any, b: Any, mask: Any, matte: Any, mode: Any) -> None:
    """NaN payloads and negative zeros too: it is selected, not computed."""
    step = Merge(name="m", a="front", b="plate", mask="mask", matte="matte", mode=mode)
    result = merge(step, front=a, plate=b, mask=mask, matte=matte)
    outside = ((mask == 0) | (matte == 0))[..., 0]
    assert (bits(result)[outside] == bits(b)[outside]).all()


@given(arrays(np.float32, SHAPE, elements=wild), arrays(np.float32, SHAPE, elements=wild), st.booleans())
def test_an_opaque_front_over_inf_is_the_front(a: Any, b: Any, with_alpha: bool) -> None:
    front = np.concatenate([a, np.ones_like(a[..., :1])], -1) if with_alpha else a
    result = merge(Merge(name="m", a="front", b="plate"), front=front, plate=b)
    assert (bits(result) == bits(a)).all()


@given(arrays(np.float32, SHAPE, elements=wild), arrays(np.float32, SHAPE, elements=wild))
def test_mix_zero_is_b(a: Any, b: Any) -> None:
    result = merge(Merge(name="m", a="front", b="plate", mix=0.0), front=a, plate=b)
    assert (bits(result) == bits(b)).all()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        # a = 0.5 at alpha 0.5 (straight 1.0) on b = 0.4 opaque, by hand from the definitions
        ("over", 0.5 + 0.4 * 0.5),
        ("plus", 0.9),
        ("multiply", 0.5 * 0.4 + 0.4 * 0.5),
        ("screen", 0.5 + 0.4 - 0.5 * 0.4),
        ("difference", 0.5 + 0.4 - 2 * min(0.5 * 1.0, 0.4 * 0.5)),
    ],
)
def test_modes(mode: Any, expected: float) -> None:
    front = np.full((1, 1, 1, 4), 0.5, np.float32)
    plate = np.full((1, 1, 1, 3), 0.4, np.float32)
    result = merge(Merge(name="m", a="front", b="plate", mode=mode), front=front, plate=plate)
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_screen_of_light_above_one_is_the_brighter() -> None:
    front, plate = np.full((1, 1, 1, 3), 4.0, np.float32), np.full((1, 1, 1, 3), 3.0, np.float32)
    assert merge(Merge(name="m", a="front", b="plate", mode="screen"), front=front, plate=plate)[0, 0, 0, 0] == 4.0


def test_a_matte_is_the_alpha_it_makes() -> None:
    """over with `matte` equals over with a premultiplied front of that alpha; b keeps its own channels."""
    rng = np.random.default_rng(2)
    a, b, matte = rng.random(SHAPE, np.float32), rng.random((*SHAPE[:3], 4), np.float32), rng.random((*SHAPE[:3], 1))
    matte = matte.astype(np.float32)
    cut = merge(Merge(name="m", a="front", b="plate", matte="matte"), front=a, plate=b, matte=matte)
    front = np.concatenate([a * matte, matte], -1)
    given_alpha = merge(Merge(name="m", a="front", b="plate"), front=front, plate=b)
    np.testing.assert_allclose(cut, given_alpha, rtol=1e-6)
    assert cut.shape[-1] == 4


def test_mix_and_mask_go_from_b_to_the_merge() -> None:
    a, b = np.full(SHAPE, 1.0, np.float32), np.full(SHAPE, 0.2, np.float32)
    mask = np.full((*SHAPE[:3], 1), 0.5, np.float32)
    result = merge(Merge(name="m", a="front", b="plate", mask="mask", mix=0.5), front=a, plate=b, mask=mask)
    np.testing.assert_allclose(result, 0.2 + 0.25 * 0.8, rtol=1e-6)


def test_what_does_not_fit_is_refused_with_what_to_do() -> None:
    plate = Format(1920, 1080, 3)
    sources = {"plate": plate, "small": Format(64, 64, 3), "grey": Format(1920, 1080, 1)}
    with pytest.raises(RecipeError, match="reformat"):
        Merge(name="m", a="small").plan(sources)
    with pytest.raises(RecipeError, match="3 channels"):
        Merge(name="m", a="plate", mask="plate").plan(sources)
    with pytest.raises(RecipeError, match="merges a matte"):
        Merge(name="m", a="grey").plan(sources)
    assert Merge(name="m", a="plate", mask="grey").plan(sources) == plate
