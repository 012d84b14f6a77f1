"""Filters against Pillow's, and the way to a model's size and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.media.resample import Fit, from_model, placement, resize, to_model

PILLOW = {
    "lanczos3": Image.Resampling.LANCZOS,
    "cubic": Image.Resampling.BICUBIC,
    "triangle": Image.Resampling.BILINEAR,
}
sizes = st.tuples(st.integers(8, 120), st.integers(8, 120))
fits: Any = st.sampled_from(["crop", "pad", "stretch"])


@pytest.mark.parametrize("filter", list(PILLOW))
@pytest.mark.parametrize("size", [(40, 50), (200, 300), (97, 300), (13, 131)])
def test_filters_are_pillow_s(filter: Any, size: tuple[int, int]) -> None:
    grey = np.random.default_rng(0).random((97, 131), np.float32)
    expected = np.asarray(Image.fromarray(grey).resize(size[::-1], PILLOW[filter]))
    np.testing.assert_allclose(resize(grey[None, ..., None], size, filter)[0, ..., 0], expected, atol=1e-6)


@given(sizes, sizes, fits)
def test_a_flat_picture_stays_flat_and_the_cover_is_where_it_went(source: Any, size: Any, fit: Fit) -> None:
    picture = np.full((2, source[1], source[0], 3), 0.3, np.float32)
    small, where = to_model(picture, size, fit)
    assert small.shape == (2, size[1], size[0], 3)
    np.testing.assert_allclose(small, 0.3, rtol=1e-5)
    back, cover = from_model(small, where)
    assert back.shape == picture.shape and cover.shape == (*picture.shape[1:3], 1)
    np.testing.assert_allclose(back, 0.3 * np.broadcast_to(cover, back.shape), rtol=1e-5)
    assert fit == "crop" or cover.all()
    assert set(np.unique(cover)) <= {0.0, 1.0}


@given(sizes, sizes, fits)
def test_placement_is_centred_and_inside(source: Any, size: Any, fit: Fit) -> None:
    where = placement(source, size, fit)
    for (left, top, right, bottom), (width, height) in ((where.inside, source), (where.place, size)):
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert abs(left - (width - right)) <= 1 and abs(top - (height - bottom)) <= 1


def test_a_picture_comes_back_in_its_place() -> None:
    """A smooth picture survives the way to a model and back: nothing is shifted by half a pixel."""
    y, x = np.mgrid[:90, :160].astype(np.float32)
    picture = np.stack([x / 160, y / 90, np.sin(x / 20)], -1)[None]
    for fit in ("crop", "pad", "stretch"):
        small, where = to_model(picture, (128, 128), fit)
        back, cover = from_model(small, where)
        inside = cover[..., 0] == 1
        error = np.abs(back[0] - picture[0])[inside]
        assert error.mean() < 2e-3


def test_a_model_gets_finite_pixels_only() -> None:
    picture = np.zeros((1, 16, 16, 3), np.float32)
    picture[0, 3, 3], picture[0, 8, 8] = np.nan, np.inf
    assert np.isfinite(to_model(picture, (8, 8), "stretch")[0]).all()


def test_nan_reaches_as_far_as_the_filter() -> None:
    picture = np.zeros((1, 64, 64, 1), np.float32)
    picture[0, 32, 32] = np.nan
    assert np.isnan(resize(picture, (128, 128), "lanczos3")).sum() <= 14 * 14


def test_the_same_size_is_the_same_picture() -> None:
    picture = np.random.default_rng(0).random((1, 9, 9, 3), np.float32)
    assert resize(picture, (9, 9)) is picture
