"""FCP7 XML for Premiere: read back with OTIO's adapter, it shows the same pictures; whatever it drops is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from hypothesis import given

from core.cut.incoming.fcp7_speed import read_speeds
from core.cut.outgoing.fcp7 import write_fcp7
from core.cut.outgoing.form import Form
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.publish import Entry, Handover, Published
from core.errors import CutError
from tests.outgoing import Show
from tests.timelines import clip, cuts, movie, schema, span, time, timeline

PREMIERE = Form(movies=True, frames="first", markers="otio")


def publish(show: Show, *entries: Entry, out: str = "cut.xml") -> Published:
    handover = Handover(show.cut, entries, received=show.received, form=PREMIERE, purpose="premiere")
    return write_fcp7(handover, show.folder / "out" / out)


def read(published: Published) -> Any:
    found = otio.adapters.read_from_file(str(published.path))
    read_speeds(found)
    return found


def test_the_version_plays_where_the_editors_clip_did(tmp_path: Path) -> None:
    made = timeline([clip("sh0010", movie(start=900000), 900100, 20), clip("sh0020", movie("other.mov"), 5, 9)])
    made.global_start_time = time(90000)
    show = Show(made, tmp_path)
    published = publish(show, show.entry("sh0010", "v001", active="v001", movie=True))
    after = read(published)
    first, second = list(after.find_clips())
    assert (first.name, first.source_range) == ("sh0010", span(900100, 20))
    assert first.media_reference.target_url.endswith("/sh0010_gen_v001/sh0010_gen_v001_review.mov")
    assert first.media_reference.available_range == span(900092, 36)
    assert (second.media_reference.target_url, second.source_range) == ("other.mov", span(5, 9))
    assert after.global_start_time == time(90000)
    (warning,) = published.warnings
    assert published.clips == 1 and "lines up by its first frame, not by timecode" in warning, "the plate has none"


def test_a_retime_is_told_as_such_and_what_is_off_stays_off(tmp_path: Path) -> None:
    fast, off = clip("sh0010", movie(), 100, 20), clip("sh0020", movie("other.mov"), 5, 9)
    fast.effects.append(schema.LinearTimeWarp("speed", time_scalar=2.0))
    off.enabled = False
    show = Show(timeline([fast], [off]), tmp_path)
    published = publish(show, show.entry("sh0010", "v001", active="v001"))
    assert not [loss for loss in published.losses if "switched" in loss.what or "speed" in loss.what]
    tree = ElementTree.parse(published.path)
    enabled = {item.findtext("name"): item.findtext("enabled") for item in tree.iter("clipitem")}
    assert enabled == {"sh0010": None, "sh0020": "FALSE"}
    (speed,) = [one.findtext("value") for one in tree.iter("parameter") if one.findtext("parameterid") == "speed"]
    assert speed == "200", "in percent"


def test_clips_of_one_file_keep_their_own_pictures(tmp_path: Path) -> None:
    """The adapter shares what is said of a file: the last clip's range would move all the others."""
    made = timeline(
        [clip("sh0010", movie(start=0, length=500), 100, 20), clip("b", movie(start=50, length=900), 90, 9)]
    )
    show = Show(made, tmp_path)
    after = read(publish(show))
    assert [one.source_range for one in list(after.find_clips())] == [span(100, 20), span(90, 9)]


def test_frames_stand_in_where_there_is_no_movie_and_it_is_said(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    published = publish(show, show.entry("sh0010", "v001", active="v001"))
    (one,) = list(read(published).find_clips())
    assert one.media_reference.target_url.endswith("/sh0010_gen_v001.1001.exr")
    assert published.warnings == ("sh0010 v001 has no review movie: its frames are handed over instead",)


def test_notes_lie_in_the_movies_own_frames_with_colour_and_comment(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(start=900000), 900100, 20)]), tmp_path)
    note = Remarked("n1", "too <dark> & loud", "flicker", "Ada", (1011, 1014))
    published = publish(show, show.entry("sh0010", "v001", active="v001", notes=[note]))
    marker = next(ElementTree.parse(published.path).iter("marker"))
    assert (marker.findtext("in"), marker.findtext("out")) == ("10", "14"), "from the file's first frame, 1001"
    assert marker.findtext("comment") == "too <dark> & loud"
    assert [marker.findtext(f"color/{name}") for name in ("red", "green", "blue")] == ["255", "0", "0"]


def test_the_same_publish_gives_the_same_bytes_and_no_file_of_theirs_is_replaced(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    first = publish(show, show.entry("sh0010", "v001", active="v001")).path.read_bytes()
    published = publish(show, show.entry("sh0010", "v001", active="v001"))
    assert published.path.read_bytes() == first
    published.path.write_bytes(first.replace(b"sh0010", b"sh0011", 1))
    with pytest.raises(CutError, match="not one that rushes wrote"):
        publish(show, show.entry("sh0010", "v001", active="v001"))


@given(made=cuts())
def test_whatever_is_written_shows_the_same_pictures(tmp_path_factory: pytest.TempPathFactory, made: Any) -> None:
    """Independent of the comparison that the writer makes: clips' names and source ranges in order, read again."""
    show = Show(made, tmp_path_factory.mktemp("cut"))
    try:
        published = publish(show)
    except CutError:
        return

    def shown(found: Any) -> list[Any]:
        return [(one.name, one.source_range) for track in found.tracks for one in track if isinstance(one, schema.Clip)]

    after = read(published)
    meant = otio.adapters.read_from_file(str(show.received))
    assert [what for _, what in shown(after)] == [what for _, what in shown(meant)]
