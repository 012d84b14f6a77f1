"""A list that `rushes_edl` wrote reads back to the same frames, and written again it is the same text."""

from __future__ import annotations

from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_adapters import edl_adapter, versions
from tests.edl_cuts import RATES, simple_cuts
from tests.timelines import clip, movie, schema, span, time, timeline

NTSC = (30000 / 1001, 60000 / 1001)
words = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@st.composite
def told_cuts(draw: st.DrawFn) -> Any:
    """Cuts as `simple_cuts`, with names, markers, versions and remarks of other lists as they come."""
    made = draw(simple_cuts((*RATES, 60000 / 1001)))
    rate = made.find_clips()[0].source_range.start_time.rate
    for item in made.find_clips():
        item.name = draw(words)
        if draw(st.booleans()):
            item.metadata["cmx_3600"] = {"reel": "A 1", "comments": draw(st.lists(words, max_size=2))}
        if draw(st.booleans()):
            versions.put(item.media_reference, {"version": "v003", "recipe": "sha256:00", "shot": "sh0010"})
            item.media_reference.target_url = "file:///m/sh0010_gen_v003.%5B1001-1040%5D.exr"
        for _ in range(draw(st.integers(0, 2))):
            start = item.source_range.start_time.value + draw(st.integers(-5, 90))
            shown = otio.opentime.TimeRange(time(start, rate), time(1, rate))
            item.markers.append(schema.Marker(draw(words), shown, draw(st.sampled_from(["RED", "MAGENTA"]))))
    return made


@given(made=told_cuts(), data=st.data())
def test_a_list_is_the_same_list_after_it_was_read(made: Any, data: st.DataObject) -> None:
    rate = made.find_clips()[0].source_range.start_time.rate
    drop = rate in NTSC and data.draw(st.booleans())
    if not any(item.enabled for item in made.find_clips()):
        return
    text = edl_adapter.write_to_string(made, drop=drop)
    read = edl_adapter.read_from_string(text)
    assert edl_adapter.write_to_string(read) == text
    assert {item.source_range.start_time.rate for item in read.find_clips()} == {rate}


@given(made=simple_cuts((*RATES, 60000 / 1001)))
def test_every_clip_comes_back_at_its_frames(made: Any) -> None:
    """Against what the timeline itself says, by OTIO's own arithmetic; a dissolve lies behind its cut then."""
    enabled = [item for item in made.find_clips() if item.enabled]
    if not enabled or any(isinstance(item, schema.Transition) for item in made.tracks[0]):
        return
    read = edl_adapter.read_from_string(edl_adapter.write_to_string(made))
    start = made.global_start_time or otio.opentime.RationalTime(0, enabled[0].source_range.start_time.rate)
    ahead = read.global_start_time - start
    found = read.find_clips()
    assert [item.name for item in found] == [item.name for item in enabled]
    for one, other in zip(enabled, found, strict=True):
        assert other.source_range == one.source_range
        assert other.range_in_parent().start_time + ahead == one.range_in_parent().start_time
        speeds = [[effect.time_scalar for effect in item.effects] for item in (one, other)]
        assert speeds[0] == pytest.approx(speeds[1])


def test_a_list_of_drop_frame_timecode_stays_one() -> None:
    """At 29.97 the timecode of frame 107892 is 01:00:00;00, at 59.94 that of twice as many."""
    for rate, hour in ((30000 / 1001, 107892), (60000 / 1001, 215784)):
        made = timeline([clip("sh0010", movie(rate=rate, length=5000), 0, 1800 * round(rate / 29.97), rate)])
        made.global_start_time = time(hour, rate)
        text = edl_adapter.write_to_string(made, drop=True)
        assert "FCM: DROP FRAME" in text and "01:00:00;00 01:01:00;0" in text
        read = edl_adapter.read_from_string(text)
        assert (read.global_start_time.value, read.global_start_time.rate) == (hour, rate)
        assert edl_adapter.write_to_string(read) == text


def test_what_a_list_cannot_be_is_said(caplog: pytest.LogCaptureFixture) -> None:
    two = timeline([clip("a", movie(), 0, 10)], [clip("b", movie(), 0, 10)])
    with pytest.raises(ValueError, match="one video track; ask for one of 1, 2: -A track=1"):
        edl_adapter.write_to_string(two)
    second = edl_adapter.write_to_string(two, track=2)
    assert second.startswith("TITLE: cut V2\n") and "FROM CLIP NAME: b" in second
    with pytest.raises(ValueError, match="no video track 3; the timeline has 1 to 2"):
        edl_adapter.write_to_string(two, track=3)
    with pytest.raises(ValueError, match="no clip that a list could hold"):
        edl_adapter.write_to_string(timeline([]))
    with pytest.raises(ValueError, match="drop is True or False, not 'false'"):
        edl_adapter.write_to_string(two, track=1, drop="false")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"29\.97 and 59.94 only, not at 25"):
        edl_adapter.write_to_string(two, track=1, drop=True)
    for rate in ("fast", "1/0", "1e999999999", 0, -25, True):
        with pytest.raises(ValueError, match="not a frame rate"):
            edl_adapter.write_to_string(two, track=1, rate=rate)
    with pytest.raises(ValueError, match="one timeline, not a Clip"):
        edl_adapter.write_to_string(two.find_clips()[0])
    with pytest.raises(ValueError, match="does not say its rate"):
        edl_adapter.read_from_string("TITLE: x\n")
    off = two.find_clips()[0]
    off.enabled = False
    edl_adapter.write_to_string(timeline([off.clone(), clip("b", movie(), 0, 10)]))
    assert [record.getMessage() for record in caplog.records] == ["V1 a: not in the list: the clip is switched off"]


def test_a_list_of_somebody_else_is_read_and_put_in_order() -> None:
    pytest.importorskip("otio_cmx3600_adapter", reason="needs the extra `nle`")
    text = "TITLE: x\n\n001  A001 V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n* FROM CLIP NAME: a\n"
    read = edl_adapter.read_from_string(text, rate="24000/1001")
    (item,) = read.find_clips()
    assert item.source_range == span(24, 24, 24000 / 1001)
    assert read.global_start_time.value == 3600 * 24
    assert versions.get_text(item, "clip_id")
    assert edl_adapter.read_from_string(text, rate="24000/1001").is_equivalent_to(read)
