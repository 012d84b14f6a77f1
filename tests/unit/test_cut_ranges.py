"""What a clip needs of its media, against OTIO's own answers and against numbers worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.ranges import Counted, Need, media_frames, needs, source_zero
from core.frames import FrameRange
from otio_adapters.times import seconds
from tests.timelines import clip, cuts, movie, schema, span, time, timeline, tracks

RATE = Fraction(25)


def frames(need: Need, rate: Fraction = RATE) -> FrameRange:
    return media_frames(need, Fraction(0), rate)


def one(item: Any, *around: Any) -> Need:
    before, after = around[: len(around) // 2], around[len(around) // 2 :]
    found, _ = needs(timeline([*before, item, *after]))
    return next(need for need in found if need.clip.name == "it")


def dissolve(into: float = 4, out: float = 6) -> Any:
    return schema.Transition("x", "SMPTE_Dissolve", time(into), time(out))


def retimed(scalar: float, start: float = 100, length: float = 20) -> Any:
    item = clip("it", movie(), start, length)
    item.effects.append(schema.LinearTimeWarp("t", time_scalar=scalar))
    return item


@given(tracks(schema.TrackKind.Video, depth=0))
def test_a_flat_track_agrees_with_otio(track: Any) -> None:
    made = timeline([])
    made.tracks[0] = track
    for item in track.find_clips():
        item.effects.clear()
    spans, length = track.range_of_all_children(), seconds(track.duration())
    found, _ = needs(made)
    assert len(found) == len(track.find_clips())
    for need in found:
        head, tail = track.handles_of_child(need.clip)
        used = need.clip.source_range
        before, after = seconds(spans[need.clip].start_time), length - seconds(spans[need.clip].end_time_exclusive())
        # A transition longer than all that is beside it shows no more than the track has.
        assert need.start == seconds(used.start_time) - min(seconds(head) or 0, before)
        assert need.end == seconds(used.end_time_exclusive()) + min(seconds(tail) or 0, after)
        assert need.record == seconds(spans[need.clip].start_time)
        assert need.duration == seconds(spans[need.clip].duration)


@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 30), st.integers(1, 40))
def test_nesting_agrees_with_otio_frame_by_frame(start: int, length: int, low: int, size: int) -> None:
    inner = schema.Track("inner", source_range=span(low, size))
    inner.extend([clip("a", movie(), 200, 25), schema.Gap(source_range=span(0, 5)), clip("b", movie(), 400, 30)])
    nested = schema.Stack("nest", children=[inner], source_range=span(start, length))
    made = timeline([clip("lead", movie(), 0, 7), nested])
    found = {need.clip.name: need for need in needs(made)[0]}
    for item in made.find_clips():
        if item.name == "lead":
            continue
        shown = []
        for frame in range(7, 7 + length):
            ours, middle, top = (
                made.tracks.transformed_time(time(frame + 0.5), target) for target in (item, inner, nested)
            )
            if all(
                target.trimmed_range().contains(at) for target, at in ((item, ours), (inner, middle), (nested, top))
            ):
                shown.append((int(ours.value), frame))
        need = found.get(item.name)
        if not shown:
            assert need is None
            continue
        assert need is not None
        assert frames(need) == FrameRange(shown[0][0], shown[-1][0])
        assert need.record * RATE == shown[0][1] and need.duration * RATE == len(shown)


@given(cuts())
def test_every_video_clip_has_sane_needs(made: Any) -> None:
    found, _ = needs(made)
    audio = {
        id(item) for track in made.tracks if track.kind == schema.TrackKind.Audio for item in list(track.find_clips())
    }
    for need in found:
        assert id(need.clip) not in audio
        assert need.end >= need.start and need.duration >= 0 and len(frames(need)) >= 1


@pytest.mark.parametrize(
    ("item", "around", "wanted", "retime"),
    [
        (retimed(1), (), FrameRange(100, 119), ""),
        (retimed(2), (), FrameRange(100, 139), "2x"),
        (retimed(0.5), (), FrameRange(100, 109), "0.5x"),
        (retimed(0.3), (), FrameRange(100, 105), "0.3x"),
        (retimed(-1), (), FrameRange(100, 119), "reverse"),
        (retimed(-2), (), FrameRange(100, 139), "reverse 2x"),
        (retimed(0), (), FrameRange(100, 100), "freeze"),
        # A dissolve into it needs 4 frames of head, one out of it 6 of tail; at 2x twice that; reversed they swap.
        (retimed(1), (clip("a", movie(), 0, 30), dissolve(), dissolve(), clip("b", movie(), 0, 30)),
         FrameRange(96, 125), ""),
        (retimed(2), (clip("a", movie(), 0, 30), dissolve(), dissolve(), clip("b", movie(), 0, 30)),
         FrameRange(92, 151), "2x"),
        (retimed(-1), (clip("a", movie(), 0, 30), dissolve(), dissolve(), clip("b", movie(), 0, 30)),
         FrameRange(94, 123), "reverse"),
        # Fractions of a frame: the in point floors, the out point ceils; float noise is no fraction.
        (retimed(1, 100.4, 20), (), FrameRange(100, 120), ""),
        (retimed(1, 100.00001, 19.99999), (), FrameRange(100, 119), ""),
    ],
)  # fmt: skip
def test_retimes_and_transitions_by_hand(item: Any, around: tuple[Any, ...], wanted: FrameRange, retime: str) -> None:
    need = one(item.clone(), *(neighbour.clone() for neighbour in around))
    assert (frames(need), need.retime) == (wanted, retime)
    assert need.duration * RATE == item.source_range.duration.value


def test_a_retime_of_a_parent_composes_with_its_childs() -> None:
    inner = schema.Track("inner", children=[retimed(0.5, 100, 40)])
    nested = schema.Stack("nest", children=[inner], source_range=span(10, 10))
    nested.effects.append(schema.LinearTimeWarp("t", time_scalar=2))
    need = one(nested)
    # The nest plays its frames 10-29, which at half speed are source frames 105-114.
    assert frames(need) == FrameRange(105, 114)
    assert (need.retime, need.record, need.duration * RATE) == ("", 0, 10)
    nested.effects[0].time_scalar = 0
    held = one(nested.clone())
    assert (len(frames(held)), held.retime, held.duration * RATE) == (1, "freeze", 10)


def test_a_backwards_nest_shows_its_last_clip_first() -> None:
    inner = schema.Track("inner", children=[clip("a", movie(), 0, 10), clip("b", movie(), 100, 10)])
    nested = schema.Stack("nest", children=[inner], source_range=span(0, 20))
    nested.effects.append(schema.LinearTimeWarp("t", time_scalar=-1))
    found, _ = needs(timeline([nested]))
    assert [(need.clip.name, need.record * RATE, frames(need)) for need in found] == [
        ("b", 0, FrameRange(100, 109)),
        ("a", 10, FrameRange(0, 9)),
    ]


def test_clips_without_ranges_are_known_as_such_and_ramps_are_said() -> None:
    bare = schema.Clip("it")
    found, _ = needs(timeline([clip("a", movie(), 0, 10), bare, clip("c", movie(), 0, 10)]))
    assert [(need.clip.name, need.known, need.record * RATE) for need in found] == [
        ("a", True, 0), ("it", False, 10), ("c", True, 10),
    ]  # fmt: skip
    ramp = clip("it", movie(), 0, 10)
    ramp.effects.append(schema.TimeEffect("ramp"))
    assert "speed ramp" in needs(timeline([ramp]))[1][0]


def test_disabled_parents_disable_their_clips_and_audio_is_left_out() -> None:
    made = timeline([clip("a", movie(), 0, 10)], [clip("b", movie(), 0, 10)])
    made.tracks[1].enabled = False
    sound = schema.Track("A1", kind=schema.TrackKind.Audio, children=[clip("s", movie(), 0, 10)])
    made.tracks.insert(0, sound)
    assert [(need.clip.name, need.enabled, need.number) for need in needs(made)[0]] == [("a", True, 1), ("b", False, 2)]


@pytest.mark.parametrize(
    ("reference", "first", "timecode", "used", "index"),
    [
        (movie(start=900000), 0, 900000, 900010, 10),
        (movie(start=0), 0, 900000, 10, 10),
        (schema.ExternalReference("a.mov"), 0, 900000, 900010, 10),
        (schema.ExternalReference("a.mov"), 0, 900000, 10, 10),
        (schema.ExternalReference("a.mov"), 0, None, 10, 10),
        (movie("a.%04d.exr", start=86400), 1001, None, 86410, 1011),
        (schema.ImageSequenceReference("", "a.", ".exr", 1050, rate=25, available_range=span(7, 9)), 1, None, 10, 1053),
    ],
)  # fmt: skip
def test_source_time_becomes_a_media_index(
    reference: Any, first: int, timecode: int | None, used: int, index: int
) -> None:
    zero = source_zero(reference, Counted(first, RATE, timecode), Fraction(used) / RATE)
    need = needs(timeline([schema.Clip("it", reference.clone(), span(used, 5))]))[0][0]
    assert media_frames(need, zero, RATE) == FrameRange(index, index + 4)


def test_media_at_another_rate_is_counted_in_its_own_frames() -> None:
    need = one(clip("it", movie(rate=50), 10, 5))
    assert frames(need, Fraction(50)) == FrameRange(20, 29)
    assert frames(need, Fraction(24)) == FrameRange(9, 14)
    assert seconds(otio.opentime.RationalTime(float("nan"), 25)) is None
    assert seconds(otio.opentime.RationalTime(1, 0)) is None
