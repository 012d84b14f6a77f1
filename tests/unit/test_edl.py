"""What goes out as an EDL and as a delivery: exact lines, and everything that they cannot carry named clip by clip."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.delivery import write_delivery
from core.cut.outgoing.edl_delivery import write_edl
from core.cut.outgoing.publish import Entry, Handover, VersionMedia
from core.cut.shots import Shot, make_shots
from core.errors import CutError
from core.files import sha256_file
from otio_adapters import versions
from otio_adapters.edl import read_edl
from tests.timelines import clip, counted, media_info, movie, save, schema, settings, span, time, timeline

GOLDEN = Path(__file__).parent.parent / "golden"


def media(shot: Shot, version: str) -> VersionMedia:
    name = f"{shot.id}_gen_{version}"
    facts = {"status": "approved", "seeds": ["8723645120"], "recipe": "sha256:00"}
    return VersionMedia(version, Path("/media root") / shot.id / name, f"{name}.", ".exr", shot.range, facts=facts)


class Desk:
    """A received cut over imagined media, and what is circled in it."""

    def __init__(self, made: Any, folder: Path) -> None:
        for name in ("plate.mov", "other.mov"):
            (folder / name).write_bytes(b"x")
        self.folder = folder
        self.received = save(made, folder / "received.otio")
        cut = read_cut(self.received, counted())
        self.cut = folder / "cut.otio"
        self.cut.write_text(cut_text(cut))
        self.rate = cut.rate
        self.shots, _ = make_shots(
            cut, settings(), probe=media_info, root=folder / "show", source=self.received, existing={}
        )

    def handover(self, *circled: str, beside: Path | None = None) -> Handover:
        entries = [self.entry(shot, shot.id in circled, use.clip_id) for shot in self.shots for use in shot.uses]
        return Handover(self.cut, entries, self.rate, self.received, beside)

    def entry(self, shot: Shot, circled: bool, clip_id: str) -> Entry:
        return Entry(clip_id, shot, [media(shot, "v001"), media(shot, "v003")], "v003" if circled else "")

    def edl(self, *circled: str, name: str = "out.edl") -> Any:
        return write_edl(self.handover(*circled), self.folder / name)

    def delivery(self, *circled: str) -> Any:
        return write_delivery(self.handover(*circled), self.folder / "out.otio")


def eventful() -> Any:
    """Everything that a cut of the real world may have on one track."""
    first = clip("sh0010", movie(start=900000), 900100, 40)
    first.markers.append(schema.Marker("look", span(900110, 1)))
    half = clip("sh0020", movie("other.mov", 0), 200, 30)
    half.metadata["cmx_3600"] = {"reel": "A001R1", "comments": ["PUSH IN, HOLD THE SKY"]}
    half.effects.append(schema.LinearTimeWarp("slow", time_scalar=0.5))
    off = clip("sh0030", movie("third.mov"), 50, 25)
    off.enabled = False
    held = clip("sh0040", movie("third.mov"), 80, 12)
    held.effects.append(schema.FreezeFrame())
    held.effects.append(schema.Effect("soft", "Blur"))
    held.metadata["Resolve_OTIO"] = {"note": "x"}
    last = clip("Straße\x1b[2J 7", movie("a b.mov"), 10, 25)
    dissolve = schema.Transition("d", "SMPTE_Dissolve", time(4), time(6))
    out = schema.Transition("fade", "SMPTE_Dissolve", time(10), time(0))
    made = timeline([first, dissolve, half, schema.Gap(source_range=span(0, 10)), off, held, last, out])
    sound = schema.Track("A1", kind=schema.TrackKind.Audio)
    sound.append(clip("mix", movie("mix.wav"), 0, 100))
    made.tracks.append(sound)
    made.global_start_time = time(90000)
    made.metadata["Resolve_OTIO"] = {"v": 1}
    return made


def test_the_list_is_the_one_on_record_and_names_what_it_cannot_carry(tmp_path: Path) -> None:
    desk = Desk(eventful(), tmp_path)
    published = desk.edl("sh0010", "sh0020")
    assert published.path.read_text() == (GOLDEN / "cut.edl").read_text()
    assert [(loss.clip, loss.what) for loss in published.losses] == [
        ("cut", "metadata of Resolve_OTIO"),
        ("A1", "not in a list: a track of audio"),
        ("V1 sh0010", "markers look"),
        ("V1 sh0030", "not in the list: the clip is switched off"),
        ("V1 sh0040", "effects Blur"),
        ("V1 sh0040", "metadata of Resolve_OTIO"),
        ("V1 Straße·[2J 7", "its reel a b is written as a_b"),
        ("V1 Straße·[2J 7", "its name holds what a line of text cannot"),
        ("V1", "reel names of up to 15 characters: a strict reader keeps 8; the comments have them too"),
    ]
    assert (published.clips, published.sha256) == (2, sha256_file(published.path))


def test_every_video_track_has_a_list_of_its_own(tmp_path: Path) -> None:
    desk = Desk(timeline([clip("sh0010", movie(), 100, 20)], [], [clip("sh0020", movie("other.mov"), 5, 9)]), tmp_path)
    published = desk.edl("sh0020")
    assert [path.name for path in (published.path, *published.also)] == ["out_V1.edl", "out_V3.edl"]
    assert read_edl(published.path.read_text(), Fraction(25)).title == "cut V1"
    assert sorted(path.name for path in tmp_path.glob("*.edl")) == ["out_V1.edl", "out_V3.edl"]
    assert all(sha256_file(path) == sha for path, sha in published.also.items())


def test_timecode_of_the_media_is_what_a_list_matches_by(tmp_path: Path) -> None:
    """The cut may count a clip from zero; the tape does not."""
    desk = Desk(timeline([clip("sh0010", movie(start=0), 100, 20)]), tmp_path)
    (shot,) = desk.shots
    assert shot.plate is not None
    desk.shots = (replace(shot, plate=replace(shot.plate, timecode=900000, reel="A001")),)
    (event,) = read_edl(desk.edl().path.read_text(), Fraction(25)).events
    assert (event.edits[0].reel, event.edits[0].source) == ("A001", (900100, 900120))


def test_a_timecode_of_another_rate_stays_that_timecode(tmp_path: Path) -> None:
    """01:00:00:00 on 24 fps media is 01:00:00:00 in a list at 23.976: a count, not a time."""
    rate = 24000 / 1001
    first = clip("sh0010", movie(start=86400, rate=24), 86400, 24, 24)
    made = timeline([first, clip("sh0020", movie("other.mov", rate=rate), 0, 48, rate)])
    made.global_start_time = time(86400, rate)
    text = Desk(made, tmp_path).edl().path.read_text()
    assert "C        01:00:00:00 01:00:01:00 01:00:00:00" in text


def test_the_same_cut_gives_the_same_bytes_and_no_foreign_list_is_overwritten(tmp_path: Path) -> None:
    desk = Desk(eventful(), tmp_path)
    first = desk.edl("sh0010").path.read_bytes()
    assert desk.edl("sh0010").path.read_bytes() == first
    changed = desk.edl("sh0020").path
    assert changed.read_bytes() != first, "a list that nobody else changed is ours to replace"
    changed.write_text(changed.read_text().replace("sh0040", "sh0041", 1))
    kept = changed.read_bytes()
    with pytest.raises(CutError, match="not one that rushes wrote"):
        desk.edl("sh0010")
    assert changed.read_bytes() == kept
    (tmp_path / "theirs.edl").write_text("TITLE: theirs\n")
    with pytest.raises(CutError, match="not one that rushes wrote"):
        desk.edl("sh0010", name="theirs.edl")
    assert not list(tmp_path.glob(".*tmp*"))


def test_nothing_stays_where_one_of_two_lists_is_in_somebodys_way(tmp_path: Path) -> None:
    desk = Desk(timeline([clip("sh0010", movie(), 100, 20)], [clip("sh0020", movie("other.mov"), 5, 9)]), tmp_path)
    (tmp_path / "out_V2.edl").write_text("TITLE: theirs\n")
    with pytest.raises(CutError):
        desk.edl("sh0010")
    assert [path.name for path in tmp_path.glob("*.edl")] == ["out_V2.edl"]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("001  A V     C        00:00:00:00 00:00:00:01 00:00:00:00", "line 3"),
        ("* a remark before any event", "line 3"),
    ],
)
def test_what_is_no_list_of_ours_is_named_by_its_line(line: str, where: str) -> None:
    with pytest.raises(ValueError, match=f"^{where} is not one of"):
        read_edl(f"TITLE: x\nFCM: NON-DROP FRAME\n{line}\n", Fraction(25))


def test_media_that_count_otherwise_than_a_drop_frame_list_are_named(tmp_path: Path) -> None:
    """One list has one kind of timecode: what a non-drop clip reads at its start is not what its slate says."""
    rate = 30000 / 1001
    made = timeline([clip("sh0010", movie(start=107892, rate=rate), 107892, 40, rate),
                     clip("sh0020", movie("other.mov", 108000, rate=rate), 108000, 40, rate)])  # fmt: skip
    desk = Desk(timeline([clip("sh0010", movie(), 0, 40), clip("sh0020", movie("other.mov"), 0, 40)]), tmp_path)
    desk.cut.write_text(cut_text(read_cut(save(made, tmp_path / "ntsc.otio"), counted())))
    exact = Fraction(30000, 1001)
    for number, (start, drop) in enumerate([(107892, True), (108000, False)]):
        plate = replace(desk.shots[number].plate, rate=exact, timecode=start, drop=drop)  # type: ignore[type-var]
        desk.shots = (*desk.shots[:number], replace(desk.shots[number], plate=plate), *desk.shots[number + 1 :])
    desk.rate = exact
    published = desk.edl("sh0010", "sh0020")
    told = [(loss.clip, loss.what) for loss in published.losses if "non-drop" in loss.what]
    what = "its timecode is non-drop, the list counts in drop frame: 01:00:00:00 is told as 01:00:03;18"
    assert told == [("V1 sh0020", what)]
    assert "01:00:00;00" in published.path.read_text() and "01:00:03;18" in published.path.read_text()


# The delivery


def test_a_delivery_has_one_reference_a_clip_and_differs_in_nothing_else(tmp_path: Path) -> None:
    item = clip("sh0010", movie(start=900000), 900100, 40)
    item.set_media_references({"PROXY": movie("proxy.mov"), "HERO": movie(start=900000)}, "HERO")
    made = timeline([item, clip("sh0020", movie("other.mov"), 5, 9)])
    made.metadata["Resolve_OTIO"] = {"v": 1}
    desk = Desk(made, tmp_path)
    published = desk.delivery("sh0010")
    assert [(loss.clip, loss.what) for loss in published.losses] == [
        ("sh0010", "further media references stay here: PROXY")
    ]
    after = otio.adapters.read_from_file(str(published.path))
    ours, theirs = (found.clone() for found in after.find_clips())
    assert list(ours.media_references()) == list(theirs.media_references()) == ["DEFAULT_MEDIA"]
    assert ours.source_range == span(900100, 40)
    ahead = round((ours.source_range.start_time - ours.media_reference.available_range.start_time).value)
    assert ours.media_reference.target_url_for_image_number(ahead).endswith("sh0010_gen_v003.1009.exr")
    assert theirs.media_reference.target_url == "other.mov"
    assert versions.get(ours) == {"schema": "rushes/1", "clip_id": "id-1", "shot": "sh0010"}
    assert set(versions.get(ours.media_reference)) == {"schema", "version", "recipe"}
    # With the references put back it is the cut as it was received.
    data, received = json.loads(after.to_json_string()), json.loads(desk.received.read_text())
    del data["metadata"]["rushes"], data["tracks"]["children"][0]["children"][0]["metadata"]["rushes"]
    for one, other in zip(*(part["tracks"]["children"][0]["children"] for part in (data, received)), strict=True):
        for key in ("media_references", "active_media_reference_key"):
            one[key] = other[key]
    assert data == received


def test_a_delivery_for_git_has_urls_that_hold_on_every_machine(tmp_path: Path) -> None:
    desk = Desk(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    published = write_delivery(desk.handover("sh0010", beside=Path("/media root")), tmp_path / "git.otio")
    assert '"target_url_base": "sh0010/sh0010_gen_v003/"' in published.path.read_text()
    assert "/media root" not in published.path.read_text() and "media%20root" not in published.path.read_text()


def test_a_delivery_never_overwrites_the_editors_file(tmp_path: Path) -> None:
    desk = Desk(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    before = desk.received.read_bytes()
    for out in (desk.received, desk.cut):
        with pytest.raises(CutError, match="not one that rushes wrote"):
            write_delivery(desk.handover("sh0010"), out)
    assert desk.received.read_bytes() == before
