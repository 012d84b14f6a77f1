"""regrain, colour_match and reformat: what they promise about pixels."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from core.errors import RecipeError
from core.ops.base import Block, Format, Op
from core.ops.colour_match import ColourMatch
from core.ops.reformat import Reformat
from core.ops.regrain import Regrain
from tests.render_kit import NoKit


def bits(picture: Any) -> Any:
    return np.ascontiguousarray(picture).view(np.uint32)


def made(step: Op, stats: Any = None, **pictures: Any) -> Any:
    return step.render(Block((1001,), (step,)), {name: part[None] for name, part in pictures.items()}, NoKit(stats))[0]


def scene(grain: float, seed: int = 0) -> tuple[Any, Any]:
    """A grey scale with a bright square, clean and with grain that grows with the root of the light."""
    steps = np.repeat(np.float32([0.0625, 0.125, 0.25, 0.5, 1.0]), [20, 20, 40, 40, 40])
    ramp = steps[:, None, None] * np.ones((1, 200, 3), np.float32)
    ramp[60:100, 60:100] *= 2
    noise = np.random.default_rng(seed).standard_normal(ramp.shape, np.float32)
    return ramp, ramp + grain * np.sqrt(ramp) * noise * np.array([1.0, 0.7, 1.4], np.float32)


def measured(step: Regrain, *plates: Any) -> Any:
    return step.measure(lambda name: enumerate(plates, 1001), NoKit())


def test_grain_is_measured_per_channel_and_brightness() -> None:
    clean, grainy = scene(0.02)
    stats = measured(Regrain(name="g", input="paint"), grainy, scene(0.02, 1)[1])
    sigma, level = np.array(stats["sigma"]), np.array(stats["level"])
    for channel, strength in enumerate((1.0, 0.7, 1.4)):
        inside = (level >= 0.125) & (level <= 1.0)
        np.testing.assert_allclose(sigma[channel][inside], 0.02 * strength * np.sqrt(level[inside]), rtol=0.12)
    y, x = np.mgrid[:160, :200]
    clean[(y - 80) ** 2 + (x - 100) ** 2 < 900] = (0.9, 0.4, 0.2)  # a hard edge is no grain
    assert np.abs(np.array(measured(Regrain(name="g", input="paint"), clean)["sigma"])).max() < 1e-4


def test_the_plate_s_grain_comes_back_on_a_clean_picture() -> None:
    clean, grainy = scene(0.02)
    step = Regrain(name="g", input="paint")
    result = made(step, measured(step, grainy), paint=clean, plate=grainy)
    added, real = result - clean, grainy - clean
    flat = np.s_[126:154, 10:190]
    assert added[flat].std() == pytest.approx(real[flat].std(), rel=0.1)
    assert np.corrcoef(added[flat].ravel(), real[flat].ravel())[0, 1] > 0.95  # its own grain, not some like it
    edge = np.abs(added[55:105, 55:105]).max()
    assert edge < 4 * 0.02 * 1.4  # the square's edges are detail of the plate, not grain


def test_grain_is_as_strong_as_the_plate_s_would_be_at_that_brightness() -> None:
    _, grainy = scene(0.02)
    step = Regrain(name="g", input="paint")
    stats = measured(step, grainy)
    dark = np.full_like(grainy, 0.125)
    added = made(step, stats, paint=dark, plate=grainy) - dark
    assert added[126:154, 10:190, 0].std() == pytest.approx(0.02 * np.sqrt(0.125), rel=0.25)


def test_regrain_touches_nothing_outside_its_matte_and_stays_finite() -> None:
    clean, grainy = scene(0.02)
    clean[0, 0], grainy[50, 50], grainy[51, 51] = np.nan, np.inf, np.nan
    matte = np.zeros((*clean.shape[:2], 1), np.float32)
    matte[40:] = 1.0
    step = Regrain(name="g", input="paint", matte="matte")
    stats = measured(step, grainy)
    result = made(step, stats, paint=clean, plate=grainy, matte=matte)
    assert (bits(result)[:40] == bits(clean)[:40]).all()
    assert np.isfinite(result[40:]).all()
    none = made(step.model_copy(update={"amount": 0.0}), stats, paint=clean, plate=grainy, matte=matte)
    assert (bits(none) == bits(clean)).all()


def test_colour_match_gives_mean_and_spread() -> None:
    """Matching a picture that was graded gives the picture back, as near as statistics can say."""
    rng = np.random.default_rng(3)
    plate = np.exp2(rng.normal(-2, 1, (90, 120, 1)) + rng.normal(0, 0.15, (90, 120, 3))).astype(np.float32)
    graded = np.exp2((np.log2(plate) + 2) * 0.6 - 1.2).astype(np.float32)
    step = ColourMatch(name="m", input="paint")
    matched = made(step, paint=graded, plate=plate)
    assert np.abs(np.log2(graded) - np.log2(plate)).mean() > 0.5
    assert np.abs(np.log2(matched) - np.log2(plate)).mean() < 0.06


def test_colour_match_leaves_neutral_neutral_and_strength_zero_alone() -> None:
    grey = np.linspace(0.05, 0.9, 400, dtype=np.float32).reshape(20, 20, 1) * np.ones((1, 1, 3), np.float32)
    step = ColourMatch(name="m", input="paint")
    np.testing.assert_allclose(made(step, paint=grey, plate=grey), grey, rtol=2e-3)
    matched = made(step, paint=grey, plate=grey * 2)
    np.testing.assert_allclose(matched, grey * 2, rtol=2e-2)
    odd = grey.copy()
    odd[0, 0] = np.nan
    assert (bits(made(step.model_copy(update={"strength": 0.0}), paint=odd, plate=grey)) == bits(odd)).all()
    assert np.isfinite(made(step, paint=odd, plate=grey)[1:]).all()  # one NaN does not spoil the statistics


def test_reformat_plans_and_gives_the_size() -> None:
    sources = {"plate": Format(192, 108, 3), "still": Format(100, 100, 4), "wide": Format(96, 108, 3, Fraction(2))}
    fit = Reformat(name="r", input="still")
    assert fit.plan(sources) == Format(192, 108, 4)
    assert Reformat(name="r", input="still", size=(64, 32)).plan(sources) == Format(64, 32, 4)
    with pytest.raises(RecipeError, match="stretch"):
        Reformat(name="r", input="wide").plan(sources)
    assert Reformat(name="r", input="wide", fit="stretch").plan(sources) == Format(192, 108, 3)
    picture, plate = np.ones((100, 100, 4), np.float32), np.zeros((108, 192, 3), np.float32)
    for how in ("crop", "pad", "stretch"):
        result = made(Reformat(name="r", input="still", fit=how), still=picture, plate=plate)
        assert result.shape == (108, 192, 4)
        np.testing.assert_allclose(result[:, 42:150], 1.0, atol=1e-6)
        assert (result[:, :42] == 0).all() == (how == "pad")


def test_a_matte_stays_within_zero_and_one() -> None:
    matte = (np.random.default_rng(0).random((50, 50, 1)) > 0.5).astype(np.float32)
    result = made(Reformat(name="r", input="m", size=(77, 33), fit="stretch"), m=matte, plate=matte)
    assert result.min() >= 0 and result.max() <= 1 and result.shape == (33, 77, 1)
