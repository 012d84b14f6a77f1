"""Colour conversions against published formulas, alpha in linear light, and what must not be touched."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import MediaError
from core.layout import DEFAULT_COLOUR_CONFIG
from core.media.colour import Colour
from core.media.info import LINEAR_709, SRGB, VIDEO, chromaticities, movie_space

AP1_FROM_709 = np.array(
    [
        [0.6130974024, 0.3395231462, 0.0473794514],
        [0.0701937225, 0.9163538791, 0.0134523985],
        [0.0206155929, 0.1095697729, 0.8698146342],
    ]
)
"""Linear BT.709 to ACEScg with Bradford adaptation, as published with ACES."""


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour(DEFAULT_COLOUR_CONFIG)


def ramp(channels: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(0, 1, (16, 32, channels)).astype(np.float32)


def srgb_to_linear(v: NDArray[np.float32]) -> NDArray[np.float64]:
    """IEC 61966-2-1."""
    v64 = v.astype(np.float64)
    return np.where(v64 <= 0.04045, v64 / 12.92, ((v64 + 0.055) / 1.055) ** 2.4)


def test_srgb_is_the_published_curve(colour: Colour) -> None:
    assert np.abs(colour.convert(ramp(), SRGB, LINEAR_709) - srgb_to_linear(ramp())).max() < 2e-6


def test_video_is_gamma_2_4(colour: Colour) -> None:
    assert np.abs(colour.convert(ramp(), VIDEO, LINEAR_709) - ramp().astype(np.float64) ** 2.4).max() < 2e-6


def test_acescg_is_the_published_matrix(colour: Colour) -> None:
    assert (
        np.abs(colour.convert(ramp(), LINEAR_709, "ACEScg") - ramp().astype(np.float64) @ AP1_FROM_709.T).max() < 1e-6
    )


def test_there_and_back(colour: Colour) -> None:
    hot = ramp() * 40 - 0.5
    assert np.abs(colour.convert(colour.convert(hot, "ACEScg", SRGB), SRGB, "ACEScg") - hot).max() < 1e-3
    assert np.abs(colour.unview(colour.view(ramp() * 0.5, "ACEScg"), "ACEScg") - ramp() * 0.5)[..., 0].mean() < 0.02


def test_the_same_space_is_the_same_object(colour: Colour) -> None:
    """The plate's promise rests on it: Inf and NaN come through untouched."""
    picture = ramp()
    picture[0, 0] = np.nan, np.inf, -np.inf
    assert colour.convert(picture, "ACEScg", "ACEScg") is picture
    matte = ramp(1)
    assert colour.convert(matte, SRGB, "ACEScg") is matte


def test_the_input_is_never_changed(colour: Colour) -> None:
    for channels in (3, 4):
        picture = ramp(channels)
        before = picture.copy()
        colour.convert(picture, SRGB, "ACEScg")
        colour.to_working(picture, SRGB, "straight", "ACEScg")
        colour.view(picture, "ACEScg")
        assert np.array_equal(picture, before)


def test_any_leading_axes_and_strides(colour: Colour) -> None:
    batch = np.stack([ramp(), ramp() * 2])
    assert np.array_equal(colour.convert(batch, SRGB, "ACEScg")[1], colour.convert(batch[1], SRGB, "ACEScg"))
    assert np.array_equal(
        colour.convert(ramp(4)[..., :3], SRGB, "ACEScg"), colour.convert(ramp(4)[..., :3].copy(), SRGB, "ACEScg")
    )


def test_premultiplied_colours_are_divided_before_a_curve(colour: Colour) -> None:
    straight = ramp(4)
    straight[0, 0] = 0
    premultiplied = straight.copy()
    premultiplied[..., :3] *= straight[..., 3:]
    result = colour.convert(premultiplied, SRGB, LINEAR_709)
    expected = srgb_to_linear(straight[..., :3]) * straight[..., 3:]
    assert np.abs(result[..., :3] - expected).max() < 2e-6
    assert np.array_equal(result[..., 3], straight[..., 3])
    assert not result[0, 0].any()


def test_nothing_stays_nothing_where_black_is_not_zero(colour: Colour) -> None:
    """ACEScct's black is 0.073: a transparent pixel must not become grey."""
    assert not colour.convert(np.zeros((2, 2, 4), np.float32), "ACEScg", "ACEScct").any()


def test_light_without_alpha_is_kept(colour: Colour) -> None:
    """Fire and glows have colour where alpha is zero."""
    glow = np.array([[[0.25, 0.5, 1, 0]]], np.float32)
    assert (
        np.abs(colour.convert(glow, LINEAR_709, SRGB)[..., :3] - colour.convert(glow[..., :3], LINEAR_709, SRGB)).max()
        == 0
    )


def test_linear_conversions_do_not_divide(colour: Colour) -> None:
    """A matrix is the same on premultiplied values; dividing by a tiny alpha would only lose bits."""
    picture = ramp(4)
    picture[..., 3] = 1e-30
    assert np.array_equal(
        colour.convert(picture, LINEAR_709, "ACEScg")[..., :3], colour.convert(picture[..., :3], LINEAR_709, "ACEScg")
    )


def test_straight_alpha_is_multiplied_in_linear_light(colour: Colour) -> None:
    picture = ramp(4)
    working = colour.to_working(picture, SRGB, "straight", LINEAR_709)
    assert np.abs(working[..., :3] - srgb_to_linear(picture[..., :3]) * picture[..., 3:]).max() < 2e-6
    assert np.array_equal(colour.to_working(picture, "ACEScg", "premultiplied", "ACEScg"), picture)


def test_a_view_is_what_a_screen_shows(colour: Colour) -> None:
    picture = ramp(4) * 4 - 1
    picture[0, 0, :3] = np.nan, np.inf, -np.inf
    shown = colour.view(picture, "ACEScg")
    exact = np.nan_to_num(np.clip(colour.convert(picture[..., :3], "ACEScg", SRGB), 0, 1), nan=0.0)
    assert shown.shape == (16, 32, 3) and np.isfinite(shown).all() and shown.min() == 0 and shown.max() == 1
    assert np.abs(shown - exact)[1:].max() < 3e-5
    assert colour.view(ramp(1), "ACEScg").shape == (16, 32, 3)


def test_what_is_not_finite_is_no_warning(colour: Colour) -> None:
    """A plate with Inf and NaN is converted in silence, alpha or not."""
    picture = np.array([[[np.inf, np.nan, 1, 0], [np.inf, -np.inf, 3e38, 1e-30]]], np.float32)
    colour.convert(picture, SRGB, "ACEScg")
    colour.to_working(picture, SRGB, "straight", "ACEScg")
    assert np.isfinite(colour.view(picture, "ACEScg")).all()


def test_unknown_names_say_what_comes_close(colour: Colour) -> None:
    with pytest.raises(MediaError, match="no space 'ACEScq'") as caught:
        colour.convert(ramp(), "ACEScq", SRGB)
    assert "ACEScg" in caught.value.todo
    assert colour.has("ACEScg") and colour.has("lin_ap1") and not colour.has("")
    with pytest.raises(MediaError, match="config cannot be read"):
        Colour("/nowhere/config.ocio")


def test_every_space_that_tags_can_mean_is_in_the_default_config(colour: Colour) -> None:
    for transfer in range(19):
        for primaries in range(13):
            space, note = movie_space(transfer, primaries)
            assert colour.has(space)
            sd_or_709 = transfer in (1, 4, 6, 8, 13, 14, 15) and primaries in (1, 2, 5, 6, 7)
            wide = (transfer in (1, 6, 8, 14, 15, 16, 18) and primaries == 9) or (
                transfer in (8, 13, 16) and primaries == 12
            )
            assert bool(note) != (sd_or_709 or wide), (transfer, primaries)
    for space in ("ACEScg", "ACES2065-1", "Linear Rec.2020", "Linear P3-D65", LINEAR_709):
        assert colour.has(space) and chromaticities(space)
