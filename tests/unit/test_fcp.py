"""FCPXML for Final Cut Pro: the same pictures at every rate, in the form that is kept; what is dropped is named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
from hypothesis import given, settings

from core.cut.incoming.bundle import as_received
from core.cut.incoming.read import read_cut
from core.cut.outgoing.fcp import write_fcp
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Entry, Handover, Published
from core.errors import CutError
from otio_adapters import fcpxml_adapter as fcpxml
from tests.editorial_table import rich
from tests.fcpxml_rules import broken
from tests.outgoing import Show
from tests.timelines import clip, cuts, movie, schema, span, time, timeline

GOLDEN = Path(__file__).parent.parent / "golden" / "rich.fcpxml"
NOTE = Remarked("n1", "too bright\nin the sky", "look", "Ada", (1012, 1014))


def publish(show: Show, *entries: Entry, rate: Fraction = Fraction(25), out: str = "cut.fcpxml") -> Published:
    form = PROFILES["fcp"].form
    handover = Handover(show.cut, entries, rate, show.received, form=form, purpose="fcp")
    return write_fcp(handover, show.folder / "out" / out)


def read(published: Published) -> Any:
    return fcpxml.read_from_string(published.path.read_text(encoding="utf-8"))


def test_the_version_plays_where_the_editors_clip_did(tmp_path: Path) -> None:
    made = timeline([clip("sh0010", movie(start=900000), 900100, 20), clip("sh0020", movie("other.mov"), 5, 9)])
    made.global_start_time = time(90000)
    show = Show(made, tmp_path)
    published = publish(show, show.entry("sh0010", "v001", active="v001", movie=True, notes=[NOTE]))
    after = read(published)
    first, second = list(after.find_clips())
    assert (first.name, first.source_range) == ("sh0010", span(900100, 20))
    assert first.media_reference.target_url.endswith("/sh0010_gen_v001/sh0010_gen_v001_review.mov")
    assert first.media_reference.available_range == span(900092, 36)
    assert (second.media_reference.target_url, second.source_range) == ("other.mov", span(5, 9))
    assert after.global_start_time == time(90000)
    (marker,) = first.markers
    assert (marker.name, marker.comment, marker.marked_range) == ("v001 look", NOTE.text, span(900103, 3))
    assert dict(marker.metadata["fcpxml"]) == {"completed": "0"}, "a note is something to do"
    assert published.losses == ()


def test_the_sequence_has_the_size_of_the_plates(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    published = publish(show, show.entry("sh0010", "v001", active="v001", movie=True))
    (form,) = ET.fromstring(published.path.read_text()).findall("resources/format")
    assert (form.get("width"), form.get("height")) == ("64", "36")


def test_what_no_lane_holds_is_named(tmp_path: Path) -> None:
    off, ramp = clip("off", movie("other.mov"), 5, 9), clip("ramp", movie("a.mov"), 5, 9)
    ramp.effects.append(schema.TimeEffect("ramp", "SpeedRamp"))
    made = timeline([clip("sh0010", movie(), 100, 20), ramp], [schema.Gap(source_range=span(0, 4))], [off])
    made.tracks[2].enabled = False
    made.tracks.append(schema.Track("words", kind="Subtitles"))
    made.tracks.markers.append(schema.Marker("act two", span(0, 1)))
    published = publish(Show(made, tmp_path))
    told = {(loss.clip, loss.what) for loss in published.losses}
    assert told == {
        ("cut", "1 markers of the sequence"),
        ("V2", "the track: there is nothing in it"),
        ("words", "a track of Subtitles"),
        ("V3", "that the track is switched off as a whole: each of its clips is"),
        ("V1 ramp", "speed ramp"),
        ("V2 V3", "track's name: V3 reads back as V2"),
    }
    after = read(published)
    assert [one.name for one in after.tracks] == ["V1", "V2"] and not after.tracks[1][0].enabled


def test_pictures_between_two_frames_are_told(tmp_path: Path) -> None:
    odd = clip("odd", movie(), 100, 20)
    odd.source_range = otio.opentime.TimeRange(time(100), otio.opentime.RationalTime(101, 50))
    published = publish(Show(timeline([odd, clip("b", movie("other.mov"), 0, 9)]), tmp_path))
    assert published.warnings == ("V1: clips begin between two frames, which Final Cut moves onto one",)


def test_a_cut_without_lengths_is_refused_and_nothing_written(tmp_path: Path) -> None:
    bare = schema.Clip("bare", schema.ExternalReference("plate.mov"))
    show = Show(timeline([bare, clip("b", movie("other.mov"), 0, 9)]), tmp_path)
    with pytest.raises(CutError, match="bare does not say how long it is"):
        publish(show)
    assert not (show.folder / "out").exists()


@settings(max_examples=80, deadline=None)
@given(made=cuts())
def test_any_cut_reads_back_as_it_was_meant_or_says_what_it_lost(
    tmp_path_factory: pytest.TempPathFactory, made: Any
) -> None:
    show = Show(made, tmp_path_factory.mktemp("fcp"))
    published = publish(show)
    assert broken(published.path.read_text(encoding="utf-8")) == []


def test_the_form_that_is_kept(tmp_path: Path) -> None:
    """One of everything: a change here changes what Final Cut Pro is given."""
    show = Show(rich(), tmp_path)
    entry = show.entry("sh0010", "v001", "v002", active="v002", movie=True, notes=[NOTE])
    published = publish(show, entry)
    text = published.path.read_text(encoding="utf-8")
    assert broken(text) == []
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)])
def test_at_ntsc_rates_a_show_gets_its_cut_back_frame_by_frame(tmp_path: Path, rate: Fraction) -> None:
    """The adapter that was used before read 29.97 as 29 and lost a frame of every second clip."""
    exact = float(rate)
    items = [clip(f"sh{number:03}", movie("plate.mov", 107892, 5000, exact), 107892 + 37 * number, 23, exact)
             for number in range(40)]  # fmt: skip
    made = timeline(items)
    made.global_start_time = time(107892, exact)
    (tmp_path / "cut.fcpxml").write_text(fcpxml.write_to_string(made), encoding="utf-8")
    cut = read_cut(tmp_path / "cut.fcpxml")
    assert cut.rate == rate and cut.warnings == ()
    assert [one.source_range for one in list(cut.timeline.find_clips())] == [one.source_range for one in items]
    assert cut.timeline.global_start_time == made.global_start_time


def test_final_cuts_folders_are_read_and_the_cut_in_them_is_kept(tmp_path: Path) -> None:
    made = timeline([clip("sh0010", movie(), 100, 20)])
    folder = tmp_path / "cut.fcpxmld"
    folder.mkdir()
    text = fcpxml.write_to_string(made)
    (folder / "Info.fcpxml").write_text(text, encoding="utf-8")
    assert [one.name for one in list(read_cut(folder).timeline.find_clips())] == ["sh0010"]
    assert as_received(folder) == (".fcpxml", text.encode())
    (folder / "Info.fcpxml").unlink()
    with pytest.raises(CutError, match="no file that can be read"):
        read_cut(folder)
