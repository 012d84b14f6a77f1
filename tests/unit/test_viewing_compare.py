"""Two pictures in one: what each pixel becomes, and pictures that cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MediaError
from core.viewing.compare import difference, numbers, overlay, wipe

bytes_ = st.integers(0, 255)


def flat(value: int) -> np.ndarray:
    return np.full((2, 8, 3), value, np.uint8)


@given(bytes_, bytes_, st.floats(0, 64))
def test_a_difference_is_absolute_and_clipped(a: int, b: int, gain: float) -> None:
    shown = int(difference(flat(a), flat(b), gain)[0, 0, 0])
    assert shown == pytest.approx(min(255, abs(a - b) * gain), abs=0.51 + 1e-4 * gain)
    assert np.array_equal(difference(flat(a), flat(b), gain), difference(flat(b), flat(a), gain))


@given(bytes_, bytes_, st.floats(-1, 2))
def test_a_wipe_shows_a_to_the_left(a: int, b: int, at: float) -> None:
    shown = wipe(flat(a), flat(b), at)
    edge = round(min(1, max(0, at)) * 8)
    assert (shown[:, :edge] == a).all() and (shown[:, edge:] == b).all()


@given(bytes_, bytes_, st.floats(0, 1))
def test_an_overlay_lies_between(a: int, b: int, mix: float) -> None:
    shown = int(overlay(flat(a), flat(b), mix)[0, 0, 0])
    assert shown == pytest.approx(a + (b - a) * mix, abs=0.51)
    assert overlay(flat(a), flat(b), 0)[0, 0, 0] == a and overlay(flat(a), flat(b), 1)[0, 0, 0] == b


def test_sizes_that_differ_are_said_and_numbers_are_of_the_files() -> None:
    big = np.zeros((4, 8, 3), np.uint8)
    for compared in (
        lambda: difference(flat(1), big),
        lambda: wipe(flat(1), big, 0.5),
        lambda: overlay(flat(1), big, 1),
    ):
        with pytest.raises(MediaError, match="8 x 2 and 8 x 4"):
            compared()
    found = numbers(np.full((8, 8, 3), 0.25, np.float32), np.full((8, 8, 3), 0.75, np.float32))
    assert (found.mean, found.max, found.changed) == (0.5, 0.5, 1.0)
