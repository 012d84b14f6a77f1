"""Under and inside a picture: a column of the bar is a frame and back, a place on cells is a place in the picture."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from core.viewing.pictures import Probe
from tui.app.widgets.reel import NEAR, wanted
from tui.present.framing import Framing, placed
from tui.present.scrub import Marks, frame_at_cell, probe_text, scrub_line, told
from tui.present.spans import plain
from tui.video.pace import LOOPS, Loop, Transport

ends = st.tuples(st.integers(-50, 2000), st.integers(0, 400)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def states(draw: st.DrawFn) -> Transport:
    first, last = draw(ends)
    marks = sorted(draw(st.lists(st.integers(first, last), min_size=2, max_size=2)))
    mark_in, mark_out = (mark if draw(st.booleans()) else None for mark in marks)
    mode: Loop = draw(st.sampled_from(LOOPS))
    speed = draw(st.sampled_from([0, 1, -1, 4, -8]))
    return Transport(first, last, Fraction(25), draw(st.integers(first, last)), speed, 0.0, mark_in, mark_out, mode)


@given(states(), st.integers(1, 200), st.sampled_from(["", "10:00:01:17"]))
def test_a_bar_fills_its_line_and_each_of_its_columns_is_a_frame(state: Transport, width: int, code: str) -> None:
    marks = Marks(((state.first - 5, state.last + 5),), (state.first, state.last + 9), range(state.first, state.last))
    text = plain(scrub_line(state, state.frame, code, marks, width))
    frames = [frame_at_cell(state, state.frame, code, width, column) for column in range(width)]
    if "├" not in text:
        assert frames == [None] * width
        return
    assert len(text) == width and text.count("▼") == 1
    there = [frame for frame in frames if frame is not None]
    assert there == sorted(there) and there[0] == state.first
    head = frame_at_cell(state, state.frame, code, width, text.index("▼"))
    count, cells = state.last - state.first + 1, text.index("┤") - text.index("├") - 1
    assert head is not None and abs(head - state.frame) <= count / cells + 1


def test_what_does_not_fit_is_left_out_whole() -> None:
    assert plain(told(["", "▶ ↻", "25.0/25 fps", "18 kB/frame"], 19)) == " ▶ ↻ · 25.0/25 fps"


@given(st.integers(30, 200), st.floats(allow_nan=True, allow_infinity=True, width=32))
def test_a_probe_keeps_place_light_and_matte_on_a_narrow_line(width: int, value: float) -> None:
    text = probe_text(Probe(812, 344, "ACEScg", (value,) * 3, (value,) * 3, (1, 2, 255), 0.5), width)
    assert text.startswith("812,344  linear ") and text.endswith("1 2 255  matte .5")
    assert len(text) < max(width, 75)


sizes = st.integers(2, 300)


@given(sizes, sizes, sizes, sizes.map(lambda n: n * 2), st.floats(0, 1), st.floats(0, 1))
def test_a_picture_leaves_no_gap_that_it_could_fill(
    width: int, height: int, columns: int, rows: int, x: float, y: float
) -> None:
    where = placed(Framing(2.0, x, y), width, height, (columns, rows))
    if width >= columns:
        assert where.left <= 0 and where.left + width >= columns
    else:
        assert where.left >= 0 and where.left + width <= columns
    if height >= rows:
        assert where.top <= 0 and where.top + height >= rows
    else:
        assert where.top >= 0 and where.top % 2 == 0
    for row in (max(0, where.top), min(rows, where.top + height) - 1):
        for column in (max(0, where.left), min(columns, where.left + width) - 1):
            assert where.spot(*where.place(column, row)) == (column, row)


@given(st.floats(0.25, 4), st.floats(0.25, 4))
def test_zoom_never_leaves_its_bounds(by: float, again: float) -> None:
    size, room = (1920, 1080), (120, 60)
    for framing in (Framing(), Framing("1:1")):
        zoomed = framing.magnified(by, size, room).magnified(again, size, room)
        assert isinstance(zoomed.zoom, float) and 1 <= zoomed.zoom <= 32
    assert Framing("1:1").asked(size, room) == size


@given(states(), st.floats(0, 100), st.floats(0, 2))
def test_what_is_read_first_is_what_is_needed_first(state: Transport, now: float, cost: float) -> None:
    frames = list(islice(wanted(state, now, cost), 60))
    low, high = state.range
    if not state.playing:
        assert frames[0] == state.frame and len(frames) == 1 + 2 * NEAR
    else:
        assert all(low <= frame <= high for frame in frames)
        due = state.frame_at(state.since + (state.slot(now) + 0.5) / 25)
        assert cost > 0 or frames[0] == due
