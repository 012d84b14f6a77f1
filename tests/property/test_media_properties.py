"""Any picture that can be held comes back as it was; any pattern finds its own files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.frames import parse_frames
from core.media import yuv
from core.media.measure import pixel_digest
from core.media.sequence import find_sequence
from core.media.write import read_frame, write_frame
from core.recipe.model import Master

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4]))
COMPRESSIONS = st.sampled_from(["none", "rle", "zips", "zip", "piz"])


def same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Equal bits, but for the payload of NaN."""
    return bool(((a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))).all())


@settings(max_examples=60, deadline=None)
@given(SHAPES.flatmap(lambda shape: arrays(np.float32, shape, elements=st.floats(width=32))), COMPRESSIONS)
def test_float_exr_holds_any_float32(picture: np.ndarray[Any, Any], compression: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.exr"
        written = write_frame(path, picture, Master(type="float", compression=compression))
        back = read_frame(path)
        assert same(back, picture) and written.pixels == pixel_digest(back) and written.clipped == 0


@settings(max_examples=60, deadline=None)
@given(SHAPES.flatmap(lambda shape: arrays(np.float16, shape, elements=st.floats(width=16))), COMPRESSIONS)
def test_half_exr_holds_any_half(picture: np.ndarray[Any, Any], compression: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.exr"
        write_frame(path, picture.astype(np.float32), Master(compression=compression))
        assert same(read_frame(path), picture.astype(np.float32))


@settings(max_examples=40, deadline=None)
@given(SHAPES.flatmap(lambda shape: arrays(np.float32, shape, elements=st.floats(width=32, allow_nan=False))))
def test_half_is_nearest_or_counted(picture: np.ndarray[Any, Any]) -> None:
    """Every finite value is within half a step of half float, or was clipped to ±65504 and counted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.exr"
        written = write_frame(path, picture, Master())
        back = read_frame(path).astype(np.float64)
    finite = np.isfinite(picture)
    beyond = finite & (np.abs(picture) >= 65520)  # nearer to 65536, which half has not, than to 65504
    assert written.clipped == beyond.sum()
    assert np.array_equal(back[~finite], picture[~finite])
    held = finite & ~beyond
    assert (np.abs(back[held] - picture[held]) <= np.maximum(np.abs(picture[held]) * 2.0**-11, 2.0**-25)).all()


@settings(max_examples=60, deadline=None)
@given(
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9).flatmap(
        lambda size: arrays(np.float32, (*size, 3), elements=st.floats(0, 1, width=32))
    ),
    st.sampled_from([8, 10, 12]), st.booleans(), st.sampled_from([yuv.BT709, yuv.BT601, yuv.BT2020]),
)  # fmt: skip
def test_codes_are_within_a_step(picture: np.ndarray[Any, Any], bits: int, full: bool, weights: Any) -> None:
    """4:4:4 there and back is off by the rounding of three codes at most."""
    coding = yuv.Coding(bits, weights, full)
    back = yuv.decode(yuv.encode(picture, coding), coding)
    assert np.abs(back - picture).max() <= 2.2 / coding.luma[1]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 12000), min_size=1, max_size=12), st.integers(1, 6), st.sampled_from(["#", "%"]))
def test_a_pattern_finds_what_it_names(numbers: set[int], padding: int, style: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            (Path(folder) / f"a_{number:0{padding}d}.exr").touch()
        files = find_sequence(Path(folder) / f"a_{'#' * padding if style == '#' else f'%0{padding}d'}.exr")
        assert files.numbers == tuple(sorted(numbers))
        assert all(files.file(number).is_file() for number in numbers)
        gaps = set(parse_frames(files.gaps)) if files.gaps else set()
        assert gaps == set(files.frames) - numbers
