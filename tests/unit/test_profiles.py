"""Every form a cut is handed over in, read back with the libraries of others: what a host needs is where it looks."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.outgoing.avid import COLUMNS as ALE_COLUMNS
from core.cut.outgoing.listing import COLUMNS
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Entry, Handover, Published
from core.errors import CutError
from core.media.info import MediaInfo
from tests.outgoing import Show
from tests.timelines import clip, media_info, movie, schema, span, time, timeline

NOTE = Remarked("n1", "flicker in\nthe hair", "flicker", "Ada", (1012, 1014))


def with_timecode(path: Path, rate: Fraction | None = None) -> MediaInfo:
    return replace(media_info(path, rate), timecode=900000, reel="A001_C003")


def publish(show: Show, purpose: str, *entries: Entry, **changes: Any) -> Published:
    profile = PROFILES[purpose]
    handover = Handover(show.cut, entries, Fraction(25), show.received, form=profile.form, purpose=purpose, **changes)
    return profile.write(handover, show.folder / "out" / f"cut{profile.suffix}")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    made = timeline([clip("sh0010", movie(start=900000), 900100, 20), clip('=b, \t"c"', movie("other.mov"), 5, 9)])
    made.global_start_time = time(90000)
    return Show(made, tmp_path, with_timecode)


def test_resolve_gets_the_review_movie_and_the_note_where_it_looks(show: Show) -> None:
    published = publish(show, "resolve", show.entry("sh0010", "v001", active="v001", movie=True, notes=[NOTE]))
    first = next(iter(list(otio.adapters.read_from_file(str(published.path)).find_clips())))
    assert list(first.media_references()) == ["DEFAULT_MEDIA"]
    media = first.media_reference
    assert isinstance(media, schema.ExternalReference)
    assert media.target_url == "file:///media%20root/sh0010/sh0010_gen_v001/sh0010_gen_v001_review.mov"
    assert (media.name, media.available_range) == ("sh0010_gen_v001_review.mov", span(900092, 36))
    assert first.source_range == span(900100, 20)
    (marker,) = first.markers
    assert (marker.color, marker.comment, marker.marked_range) == ("RED", NOTE.text, span(900103, 3))
    assert marker.metadata["Resolve_OTIO"]["Note"] == NOTE.text
    assert (published.losses, published.warnings) == ((), ())


def test_frames_stand_in_as_resolve_names_a_sequence(show: Show) -> None:
    published = publish(show, "resolve", show.entry("sh0010", "v001", active="v001"))
    first = next(iter(list(otio.adapters.read_from_file(str(published.path)).find_clips())))
    assert first.media_reference.target_url.endswith("/sh0010_gen_v001.[1001-1036].exr")
    assert published.warnings == ("sh0010 v001 has no review movie: its frames are handed over instead",)


def test_older_readers_get_clips_with_one_reference(show: Show) -> None:
    published = publish(show, "resolve18", show.entry("sh0010", "v001", active="v001", movie=True))
    labels = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            labels.add(value.get("OTIO_SCHEMA"))
            list(map(walk, value.values()))
        elif isinstance(value, list):
            list(map(walk, value))

    walk(json.loads(published.path.read_text()))
    assert "Clip.1" in labels and "Clip.2" not in labels
    (first, _) = list(otio.adapters.read_from_file(str(published.path)).find_clips())
    assert first.media_reference.name == "sh0010_gen_v001_review.mov" and published.losses == ()


def test_a_master_that_came_back_with_notes_holds_them_once(show: Show, tmp_path: Path) -> None:
    entry = show.entry("sh0010", "v001", active="v001", notes=[NOTE])
    published = publish(show, "master", entry)
    (tmp_path / "again").mkdir()
    again = Show(otio.adapters.read_from_file(str(published.path)), tmp_path / "again", with_timecode)
    twice = publish(again, "master", again.entry("sh0010", "v001", active="v001", notes=[NOTE]))
    first = next(iter(list(otio.adapters.read_from_file(str(twice.path)).find_clips())))
    assert len(first.markers) == 1 and published.losses == twice.losses == ()
    plain = publish(again, "master", again.entry("sh0010", "v001", active="v001"))
    first = next(iter(list(otio.adapters.read_from_file(str(plain.path)).find_clips())))
    assert not list(first.markers), "a note that is not open any more does not stay behind"


def test_rv_and_master_hold_what_can_be_switched_to(show: Show) -> None:
    published = publish(show, "rv", show.entry("sh0010", "v001", "v002", active="v002"))
    first = next(iter(list(otio.adapters.read_from_file(str(published.path)).find_clips())))
    assert sorted(first.media_references()) == ["DEFAULT_MEDIA", "gen_v001", "gen_v002"]
    assert first.active_media_reference_key == "gen_v002" and PROFILES["rv"].every


def test_the_lists_tell_notes_at_their_record_timecode(show: Show) -> None:
    published = publish(show, "edl", show.entry("sh0010", "v001", active="v001", notes=[NOTE]))
    assert "* LOC: 01:00:00:03 RED     flicker in the hair\n" in published.path.read_text()
    (first, _) = list(otio.adapters.read_from_file(str(published.path), rate=25).find_clips())
    assert [marker.color for marker in first.markers] == ["RED"], "as OTIO's own reader understands it"


def test_avid_gets_a_log_of_every_reel_that_the_list_calls_for(show: Show) -> None:
    published = publish(show, "avid", show.entry("sh0010", "v001", active="v001", movie=True))
    (log,) = published.also
    assert log == published.path.with_suffix(".ale")
    rows = {one.name: one for one in list(otio.adapters.read_from_file(str(log)).find_clips())}
    version = rows["sh0010_gen_v001"]
    assert version.source_range == span(900092, 36), "all frames of it, in the timecode that the movie carries"
    assert version.metadata["ALE"]["Tape"] == "sh0010_gen_v001"
    assert version.media_reference.target_url == "sh0010_gen_v001_review.mov"
    assert len(ALE_COLUMNS) == len(log.read_text().partition("Column\n")[2].partition("\n")[0].split("\t"))
    events = otio.adapters.read_from_file(str(published.path), rate=25)
    reels = {str(one.metadata["cmx_3600"]["reel"]) for one in list(events.find_clips())}
    assert reels == set(rows)
    log.write_text("theirs")
    with pytest.raises(CutError, match="another file of this name"):
        publish(show, "avid", show.entry("sh0010", "v001", active="v001"))
    assert log.read_text() == "theirs"


def test_the_office_gets_a_line_a_clip_that_no_spreadsheet_runs(show: Show) -> None:
    published = publish(show, "csv", show.entry("sh0010", "v001", active="v001", notes=[NOTE]))
    with published.path.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert set(first) == set(COLUMNS)
    assert (first["shot"], first["plays"], first["status"], first["handles"]) == ("sh0010", "v001", "approved", "8+8")
    assert (first["record in"], first["record out"], first["frames"]) == ("01:00:00:00", "01:00:00:20", "20")
    assert first["file"] == "/media root/sh0010/sh0010_gen_v001/sh0010_gen_v001.####.exr"
    assert first["notes"] == "flicker: flicker in the hair"
    assert second["clip"].startswith("'=b") and second["plays"] == ""


@pytest.mark.parametrize("purpose", list(PROFILES))
def test_the_same_publish_gives_the_same_bytes(show: Show, purpose: str) -> None:
    entry = show.entry("sh0010", "v001", active="v001", movie=True, notes=[NOTE])
    first = publish(show, purpose, entry)
    before = {path: path.read_bytes() for path in (first.path, *first.also)}
    publish(show, purpose, entry)
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in first.path.parent.iterdir()) == sorted(path.name for path in before)


@pytest.mark.parametrize("purpose", list(PROFILES))
def test_no_form_is_written_over_what_somebody_else_made(show: Show, purpose: str) -> None:
    out = show.folder / "out" / f"cut{PROFILES[purpose].suffix}"
    out.parent.mkdir()
    out.write_text("theirs")
    with pytest.raises(CutError):
        publish(show, purpose, show.entry("sh0010", "v001", active="v001"))
    assert [path.read_text() for path in out.parent.iterdir()] == ["theirs"]
