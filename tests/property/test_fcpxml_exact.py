"""A timeline goes through FCPXML and comes back exactly, at every rate; what is written keeps Final Cut's rules."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import opentimelineio as otio
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_adapters import fcpxml_adapter as fcpxml
from otio_adapters.times import item_length, seconds
from tests.fcpxml_rules import broken

schema = otio.schema
RATES = (Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), 60)
SPEEDS = (2.0, 0.5, -1.0, -2.0, 1 / 3, 1.37, 0.999, -0.4)


def span(start: int, length: int, rate: Any) -> Any:
    one = otio.opentime.RationalTime
    return otio.opentime.TimeRange(one(start, float(rate)), one(length, float(rate)))


@st.composite
def clips(draw: st.DrawFn, rate: Any, sound: bool) -> Any:
    url = draw(st.sampled_from(["file:///a%20b.mov", "pal.mov", "ntsc.mov", "/d/e f.mov", "both.mov", ""]))
    media_rate = {"pal.mov": 25, "ntsc.mov": Fraction(30000, 1001)}.get(url, rate)
    url = url if url in ("", "both.mov") or not sound else url.replace(".mov", ".wav")
    start = draw(st.sampled_from([0, 86400, 107892]))
    known = span(start, 5000, media_rate)
    media = schema.ExternalReference(url, known) if url else schema.MissingReference("gone", known)
    first = otio.opentime.RationalTime(start + draw(st.integers(100, 300)), float(media_rate))
    length = otio.opentime.RationalTime(draw(st.integers(4, 60)), float(rate))
    used = otio.opentime.TimeRange(first, length)
    made = schema.Clip(draw(st.sampled_from(["sh010", "grüße & <co>", ""])), media, used)
    made.enabled = draw(st.integers(0, 5)) > 0
    retime = draw(st.integers(0, 9))
    if retime < 3:
        made.effects.append(schema.LinearTimeWarp("speed", time_scalar=draw(st.sampled_from(SPEEDS))))
    elif retime == 3:
        made.effects.append(schema.FreezeFrame())
    elif retime < 6:
        marked = otio.opentime.TimeRange(used.start_time, otio.opentime.RationalTime(1, float(rate)))
        made.markers.append(schema.Marker("note", marked, draw(st.sampled_from(["RED", "GREEN", "BLUE"]))))
        made.markers[0].comment = "two\nlines"
    return made


@st.composite
def tracks(draw: st.DrawFn, rate: Any, kind: str, depth: int) -> Any:
    track = schema.Track("", kind=kind)
    for _ in range(draw(st.integers(1, 4))):
        choice = draw(st.integers(0, 9))
        if choice < 2:
            track.append(schema.Gap(source_range=span(0, draw(st.integers(4, 40)), rate)))
        elif choice == 2 and depth:
            nested = schema.Stack("nested")
            nested.append(draw(tracks(rate, kind, depth - 1)))
            length = int(nested[0].duration().value_rescaled_to(float(rate)) + 0.5)
            if length > 4 and draw(st.booleans()):
                nested.source_range = span(2, length - 3, rate)
            track.append(nested)
        else:
            if choice < 6 and len(track) and not isinstance(track[-1], schema.Transition):
                before, after = (otio.opentime.RationalTime(draw(st.integers(0, 2)), float(rate)) for _ in "ab")
                track.append(schema.Transition("x", "SMPTE_Dissolve", before, after))
            track.append(draw(clips(rate, kind == "Audio")))
    return track


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Any, Any]:
    rate = draw(st.sampled_from(RATES))
    start = otio.opentime.RationalTime(draw(st.sampled_from([0, 86400, 107892])), float(rate))
    made = schema.Timeline("cut", global_start_time=start)
    for _ in range(draw(st.integers(1, 3))):
        made.tracks.append(draw(tracks(rate, "Video", 1)))
    for _ in range(draw(st.integers(0, 2))):
        made.tracks.append(draw(tracks(rate, "Audio", 0)))
    return made, rate


def told(stack: Any) -> list[Any]:
    """All that a stack says, in exact times. Gaps are where nothing stands, and a track of them is none."""
    found = [(getattr(track, "kind", ""), list(_along(track))) for track in stack]
    return [(kind, items) for kind, items in found if items]


def _along(track: Any) -> Any:
    at = Fraction(0)
    for item in track:
        if isinstance(item, schema.Transition):
            yield at, "transition", seconds(item.in_offset), seconds(item.out_offset), item.transition_type
        elif not isinstance(item, schema.Gap):
            yield at, item_length(item), *_item(item)
        at += item_length(item)


def _item(item: Any) -> Any:
    speeds = [round(one.time_scalar, 6) for one in item.effects]
    held = 0 in speeds
    markers = [(m.name, m.comment, m.color, None if held else seconds(m.marked_range.start_time)) for m in item.markers]
    media = getattr(item, "media_reference", None)
    yield from (item.name, seconds(item.trimmed_range().start_time), speeds, item.enabled, markers)
    if isinstance(item, schema.Clip):
        url = getattr(media, "target_url", "")
        yield (type(media), f"file://{url.replace(' ', '%20')}" if url.startswith("/") else url)
        if url:
            yield seconds(media.available_range.start_time), seconds(media.available_range.duration)
    else:
        yield told(item)


@settings(max_examples=300, deadline=None)
@given(timelines())
def test_a_timeline_comes_back_exactly_at_every_rate(given_one: tuple[Any, Any]) -> None:
    made, rate = given_one
    text = fcpxml.write_to_string(made)
    assert broken(text) == []
    again = fcpxml.read_from_string(text)
    assert told(again.tracks) == told(made.tracks)
    assert seconds(again.global_start_time) == seconds(made.global_start_time)
    assert again.global_start_time.rate == float(rate)
    assert "unread" not in again.metadata["fcpxml"]
    twice = fcpxml.write_to_string(again)
    assert fcpxml.write_to_string(fcpxml.read_from_string(twice)) == twice
