"""Variable rates on a constant grid: the frames of FFmpeg's own `fps` filter, whatever the times."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.media.cadence import cadence

BASE = Fraction(1, 90000)


def through_ffmpeg(pts: list[int], end: int, rate: Fraction) -> list[int]:
    """The numbers of the pictures that `-vf fps=rate` shows, in order."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=16, height=16, format=av.VideoFormat("gray"), time_base=BASE)
    fps, sink = graph.add("fps", f"fps={rate.numerator}/{rate.denominator}"), graph.add("buffersink")
    source.link_to(fps)
    fps.link_to(sink)
    graph.configure()
    for number, time in enumerate(pts):
        frame = av.VideoFrame.from_ndarray(np.full((16, 16), number, np.uint8), "gray")
        frame.pts, frame.time_base = time, BASE
        frame.duration = (pts[number + 1] if number + 1 < len(pts) else end) - time
        graph.push(frame)
    graph.push(None)
    found = []
    while True:
        try:
            found.append(int(graph.pull().to_ndarray()[0, 0]))  # type: ignore[union-attr]
        except (av.BlockingIOError, av.EOFError):
            return found


@given(st.lists(st.integers(300, 20000), min_size=2, max_size=60))
def test_the_grid_shows_what_the_fps_filter_shows(steps: list[int]) -> None:
    pts = [0, *accumulate(steps[:-1])]
    end = pts[-1] + steps[-1]
    found = cadence(pts, BASE, end)
    theirs = through_ffmpeg(pts, end, found.rate)
    assert list(found.pictures[: len(theirs)]) == theirs
    assert found.pictures[len(theirs) :] in ((), (len(pts) - 1,)), "only a last picture shorter than half a frame"
    assert found.lost == len(pts) - len(set(found.pictures))


@given(st.sampled_from([24, 25, 30, 50, 60]), st.integers(0, 2**32), st.integers(60, 200))
def test_jitter_and_dropped_frames_keep_the_camera_s_rate(rate: int, seed: int, count: int) -> None:
    """A phone's clock wavers and skips: nothing is lost, and the grid is the rate that it meant."""
    random = np.random.default_rng(seed)
    kept = np.flatnonzero(random.uniform(size=count) > 0.05)
    pts = [
        round((n + wavering) * 90000 / rate)
        for n, wavering in zip(kept, random.uniform(-0.2, 0.2, len(kept)), strict=True)
    ]
    found = cadence(pts, BASE, pts[-1])
    assert found.lost == 0 and abs(found.rate - rate) < Fraction(1, 10)


def test_film_with_repeated_fields_is_film_again() -> None:
    """3:2 pulldown by flags: 24000/1001 pictures a second, shown for three and two fields in turn."""
    pts = [n // 2 * 7507 + n % 2 * 4504 for n in range(120)]
    found = cadence(pts, BASE, pts[-1] + 3003)
    assert (found.rate, found.pictures, found.lost) == (Fraction(24000, 1001), tuple(range(120)), 0)
