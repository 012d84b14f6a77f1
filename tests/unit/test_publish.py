"""The timeline that goes back says exactly what the editor's said, plus the versions; and no file of theirs is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.publish import Entry, Handover, VersionMedia, compare_timelines, write_master
from core.cut.shots import Shot, make_shots
from core.errors import CutError
from core.files import sha256_file
from core.frames import FrameRange
from otio_adapters import versions
from tests.timelines import clip, counted, media_info, movie, save, schema, settings, span, time, timeline

GOLDEN = Path(__file__).parent.parent / "golden"


class Show:
    """A received file, the cut that the show keeps of it, and its shots."""

    def __init__(self, made: Any, folder: Path) -> None:
        for name in ("plate.mov", "other.mov"):
            (folder / name).write_bytes(b"x")
        self.received = save(made, folder / "received.otio")
        cut = read_cut(self.received, counted())
        self.cut = folder / "cut.otio"
        self.cut.write_text(cut_text(cut))
        self.out = folder / "out" / "master.otio"
        shots, _ = make_shots(
            cut, settings(), probe=media_info, root=folder / "show", source=self.received, existing={}
        )
        self.shots = {shot.id: shot for shot in shots}

    def entry(self, shot_id: str, *names: str, active: str = "", frames: FrameRange | None = None) -> Entry:
        shot = self.shots[shot_id]
        return Entry(shot.uses[0].clip_id, shot, [media(shot, name, frames) for name in names], active)

    def publish(self, *entries: Entry, received: bool = True) -> Any:
        return write_master(Handover(self.cut, entries, received=self.received if received else None), self.out)


def media(shot: Shot, version: str, frames: FrameRange | None = None) -> VersionMedia:
    name = f"{shot.id}_gen_{version}"
    facts = {"status": "approved", "seed": "8723645120", "recipe": "sha256:00"}
    folder = Path("/media root") / shot.id / name
    return VersionMedia(version, folder, f"{name}.", ".exr", frames or shot.range, facts=facts)


def find(path: Path, name: str) -> Any:
    read = otio.adapters.read_from_file(str(path))
    found = list(read.find_clips())
    return next(item for item in found if item.name == name).clone()


def test_a_version_lies_in_the_editors_own_source_time(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(start=900000), 900100, 20)]), tmp_path)
    published = show.publish(show.entry("sh0010", "v001", "v003", active="v003"))
    item = find(published.path, "sh0010")
    assert sorted(item.media_references()) == ["DEFAULT_MEDIA", "gen_v001", "gen_v003"]
    assert item.active_media_reference_key == "gen_v003"
    assert item.source_range == span(900100, 20)
    reference = item.media_reference
    assert reference.available_range == span(900092, 36)
    assert (reference.start_frame, reference.rate, reference.frame_zero_padding) == (1001, 25, 4)
    # The picture at the in point is the shot frame that the plate's picture there has: 1009.
    ahead = item.source_range.start_time - reference.available_range.start_time
    first = reference.target_url_for_image_number(int(ahead.value))
    assert first == "file:///media%20root/sh0010/sh0010_gen_v003/sh0010_gen_v003.1009.exr"
    assert versions.get(reference) == {
        "schema": "rushes/1", "version": "v003", "status": "approved", "seed": "8723645120", "recipe": "sha256:00",
    }  # fmt: skip
    assert versions.get(item) == {
        "schema": "rushes/1", "clip_id": "id-1", "shot": "sh0010", "editor_key": "DEFAULT_MEDIA",
    }  # fmt: skip
    assert (published.losses, published.warnings, published.clips) == ((), (), 1)
    assert published.sha256 == sha256_file(published.path)


def test_an_image_sequence_plate_keeps_its_numbers_and_the_versions_theirs(tmp_path: Path) -> None:
    for number in range(1001, 1101):
        (tmp_path / f"p.{number}.exr").write_bytes(b"x")
    plate = schema.ImageSequenceReference("", "p.", ".exr", 1001, rate=25, frame_zero_padding=4)
    plate.available_range = span(86400, 100)
    show = Show(timeline([clip("sh0010", plate, 86430, 10)]), tmp_path)
    assert show.shots["sh0010"].plate is not None and show.shots["sh0010"].plate.offset == 1009 - 1031
    show.publish(show.entry("sh0010", "v001", active="v001"))
    assert find(show.out, "sh0010").media_reference.available_range == span(86422, 26)


def test_nothing_active_leaves_the_editors_choice(tmp_path: Path) -> None:
    item = clip("sh0010", movie(), 100, 20)
    item.set_media_references({"PROXY": movie("proxy.mov"), "HERO": movie()}, "HERO")
    show = Show(timeline([item]), tmp_path)
    show.publish(show.entry("sh0010", "v001"))
    after = find(show.out, "sh0010")
    assert after.active_media_reference_key == "HERO"
    assert after.media_references()["PROXY"].target_url == "proxy.mov"


def test_what_the_show_put_in_order_does_not_leave_the_house(tmp_path: Path) -> None:
    made = timeline([clip("sh0010", movie(start=86400, rate=23.976), 86500, 20, 23.976), clip("x", movie(), 5, 5)])
    show = Show(made, tmp_path)
    assert "23.976," not in show.cut.read_text()
    show.publish(show.entry("sh0010", "v001", active="v001"))
    after = find(show.out, "sh0010")
    assert after.source_range.start_time.rate == 23.976
    assert find(show.out, "x").to_json_string() == made.tracks[0][1].clone().to_json_string(), "not even an id"


def test_a_clip_without_a_source_range_keeps_its_length(tmp_path: Path) -> None:
    whole = schema.Clip("sh0010", movie(start=100, length=50))
    show = Show(timeline([whole]), tmp_path)
    assert show.shots["sh0010"].range == FrameRange(1009, 1066), "no head before the media's first frame"
    show.publish(show.entry("sh0010", "v001", active="v001"))
    after = find(show.out, "sh0010")
    assert after.source_range is None and after.trimmed_range() == span(100, 50)
    assert (after.active_media_reference_key, after.media_reference.start_frame) == ("gen_v001", 1009)

    entry = show.entry("sh0010", "v001", active="v001", frames=FrameRange(1012, 1066))
    short = write_master(Handover(show.cut, [entry], received=show.received), tmp_path / "short.otio")
    after = find(short.path, "sh0010")
    assert after.active_media_reference_key == "DEFAULT_MEDIA" and after.trimmed_range() == span(100, 50)
    assert any("change its length" in warning for warning in short.warnings)


def test_a_version_that_is_too_short_is_said(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    published = show.publish(show.entry("sh0010", "v001", active="v001", frames=FrameRange(1011, 1036)))
    assert published.warnings == ("sh0010 v001 has frames 1011-1036: fewer than the cut shows",)


def test_a_master_that_came_back_is_published_on(tmp_path: Path) -> None:
    first = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    first.publish(first.entry("sh0010", "v001", active="v001"))
    (tmp_path / "again").mkdir()
    second = Show(otio.adapters.read_from_file(str(first.out)), tmp_path / "again")
    assert list(second.shots) == ["sh0010"] and second.shots["sh0010"].uses[0].clip_id == "id-1"
    published = second.publish(second.entry("sh0010", "v001", "v002", active="v002"))
    after = find(second.out, "sh0010")
    assert (published.losses, after.active_media_reference_key) == ((), "gen_v002")
    assert versions.editor_key(after) == "DEFAULT_MEDIA"


def test_the_same_publish_gives_the_same_bytes_over_its_own_file_only(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    show.publish(show.entry("sh0010", "v001"))
    first = show.out.read_bytes()
    show.publish(show.entry("sh0010", "v001"))
    assert show.out.read_bytes() == first
    show.publish(show.entry("sh0010", "v001", "v002", active="v002"))
    assert show.out.read_bytes() != first, "a file that nobody else changed is ours to replace"
    assert [path.name for path in show.out.parent.iterdir()] == ["master.otio"], "no temporary file stays"


@pytest.mark.parametrize("whose", ["theirs", "touched", "received", "cut"])
def test_no_file_of_an_editor_is_overwritten(tmp_path: Path, whose: str) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)]), tmp_path)
    if whose == "theirs":
        save(timeline([clip("x", movie(), 0, 10)]), show.cut.parent / "mine.otio")
        show.out = show.cut.parent / "mine.otio"
    elif whose == "touched":
        show.publish(show.entry("sh0010", "v001"))
        show.out.write_text(show.out.read_text().replace('"sh0010"', '"sh0010 final"', 1))
    else:
        show.out = getattr(show, whose)
    before = show.out.read_bytes()
    with pytest.raises(CutError, match="not one that rushes wrote"):
        show.publish(show.entry("sh0010", "v001"))
    assert show.out.read_bytes() == before


def test_what_cannot_be_published_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    show = Show(timeline([clip("sh0010", movie(), 100, 20)], [schema.Clip("sh0020", None, span(0, 9))]), tmp_path)
    good = show.entry("sh0010", "v001")
    odd = VersionMedia("v001", tmp_path, "x.", ".exr", FrameRange(1001, 1002), facts={"seed": 2**63})
    for entry, says in (
        (Entry("nobody", good.shot, good.versions), "no clip 'nobody'"),
        (Entry(good.clip_id, good.shot, good.versions, "v009"), "not among the versions"),
        (show.entry("sh0020", "v001"), "has no plate"),
        (Entry(good.clip_id, good.shot, [odd]), "not a plain value"),
    ):
        with pytest.raises(CutError, match=says):
            show.publish(entry)
    with pytest.raises(CutError, match=r"does not end with \.otio"):
        write_master(Handover(show.cut, [good]), tmp_path / "a.edl")
    other = save(timeline([clip("else", movie(), 0, 5)]), tmp_path / "else.otio")
    with pytest.raises(CutError, match="do not hold the same clips"):
        write_master(Handover(show.cut, [good], received=other), show.out)
    assert not show.out.exists()


def test_an_editors_reference_named_like_ours_is_not_touched(tmp_path: Path) -> None:
    item = clip("sh0010", movie(), 100, 20)
    item.set_media_references({"DEFAULT_MEDIA": movie(), "gen_v001": movie("other.mov")}, "DEFAULT_MEDIA")
    show = Show(timeline([item]), tmp_path)
    with pytest.raises(CutError, match="gen_v001 that rushes did not write"):
        show.publish(show.entry("sh0010", "v001"))
    assert show.publish(show.entry("sh0010", "v002")).losses == ()


def _renamed(made: Any) -> None:
    made.tracks[0][0].name = "x"


def _cut_short(made: Any) -> None:
    made.tracks[0][0].source_range = span(100, 19)


def _without_marker(made: Any) -> None:
    made.tracks[0][0].markers.clear()


def _switched_off(made: Any) -> None:
    made.tracks[0][0].enabled = False


def _without_last(made: Any) -> None:
    del made.tracks[0][1]


def _without_note(made: Any) -> None:
    del made.metadata["Resolve_OTIO"]


@pytest.mark.parametrize(
    ("change", "clip_name", "what"),
    [
        (_renamed, "sh0010", "name changed"),
        (_cut_short, "sh0010", "source_range changed"),
        (_without_marker, "sh0010", "markers changed"),
        (_switched_off, "sh0010", "enabled changed"),
        (_without_last, "V1", "2 items became 1"),
        (_without_note, "cut", "metadata changed"),
    ],
)
def test_every_loss_is_named(change: Any, clip_name: str, what: str) -> None:
    first = clip("sh0010", movie(), 100, 20)
    first.markers.append(schema.Marker("m", span(101, 1)))
    made = timeline([first, clip("sh0020", movie(), 0, 5)])
    made.metadata["Resolve_OTIO"] = {"Note": "x", "odd": 0.1}
    assert compare_timelines(made, made.clone()) == []
    after = made.clone()
    change(after)
    assert [(loss.clip, loss.what) for loss in compare_timelines(made, after)] == [(clip_name, what)]


def test_the_last_bit_of_a_float_is_no_loss() -> None:
    made, after = timeline([clip("a", movie(), 0, 5)]), timeline([clip("a", movie(), 0, 5)])
    made.metadata["x"], after.metadata["x"] = 1.9833333333333334, 1.9833333333333336
    assert compare_timelines(made, after) == []
    after.metadata["x"] = 1.98334
    assert len(compare_timelines(made, after)) == 1


def test_the_master_is_the_one_on_record(tmp_path: Path) -> None:
    made = timeline([clip("sh0010", movie(start=900000), 900100, 20), clip("sh0020", movie("other.mov"), 5, 5)])
    made.global_start_time = time(90000)
    show = Show(made, tmp_path)
    show.publish(show.entry("sh0010", "v001", "v002", active="v002"))
    assert show.out.read_text() == (GOLDEN / "master.otio").read_text()
