"""Pictures as half-blocks: the cells show the picture's own colours, in its shape, whatever the window's size is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tui.app.halfblocks import cell_rows, fitted_size, scaled, strips

sides = st.integers(1, 40)


@given(sides, sides, st.integers(1, 60), st.integers(1, 40), st.sampled_from([1.0, 2.0, 64 / 45]))
def test_a_picture_fits_its_box_and_keeps_its_shape(w: int, h: int, columns: int, rows: int, aspect: float) -> None:
    wide, high = fitted_size(w, h, columns, rows, aspect)
    assert 1 <= wide <= columns
    assert 2 <= high <= 2 * rows
    assert high % 2 == 0
    scale = min(columns / (w * aspect), 2 * rows / h)
    assert abs(wide - w * aspect * scale) <= 1
    assert abs(high - h * scale) <= 2


@given(st.integers(0, 2**32 - 1), sides, sides, sides, st.integers(1, 20))
def test_scaling_keeps_values_in_range_and_constants(seed: int, w: int, h: int, columns: int, rows: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)
    small = scaled(picture, columns, rows * 2)
    assert small.shape == (rows * 2, columns, 3)
    assert small.min() >= picture.min()
    assert small.max() <= picture.max()
    flat = np.full_like(picture, picture[0, 0])
    assert (scaled(flat, columns, rows * 2) == picture[0, 0]).all()


def test_scaling_down_is_the_mean_of_each_box() -> None:
    """Against numpy's own mean over blocks."""
    picture = np.random.default_rng(1).integers(0, 256, (12, 20, 3), dtype=np.uint8)
    boxes = picture.reshape(4, 3, 5, 4, 3).mean(axis=(1, 3))
    assert np.abs(scaled(picture, 5, 4) - boxes).max() <= 0.5 + 1e-4


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 6), st.integers(1, 3))
def test_runs_hold_exactly_the_pixels(seed: int, columns: int, rows: int, colours: int) -> None:
    picture = np.random.default_rng(seed).integers(0, colours, (rows * 2, columns, 3), dtype=np.uint8)
    for y, row in enumerate(cell_rows(picture)):
        cells = [(above, below) for above, below, count in row for _ in range(count)]
        assert [above for above, _ in cells] == [tuple(pixel) for pixel in picture[2 * y].tolist()]
        assert [below for _, below in cells] == [tuple(pixel) for pixel in picture[2 * y + 1].tolist()]
        assert all(a[:2] != b[:2] for a, b in pairwise(row))


def test_a_strip_says_upper_as_ink_and_lower_as_ground() -> None:
    picture = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    (strip,) = strips(picture, 1, 1)
    (segment,) = strip
    assert (segment.text, strip.cell_length) == ("▀", 1)
    assert segment.style is not None
    assert segment.style.color is not None
    assert segment.style.bgcolor is not None
    assert segment.style.color.triplet == (255, 0, 0)
    assert segment.style.bgcolor.triplet == (0, 0, 255)
