"""A show of several cuts: a trailer beside the main cut shares its shots, brings its own media, and goes out alone."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import read_cut
from core.cut.outgoing.profiles import PROFILES
from core.cut.shot import Shot, Use
from core.errors import BadInput, CutError, ShowError
from core.files import sha256_file
from core.frames import FrameRange
from core.layout import MAIN
from core.overview import in_cut_order
from core.rows import ShotRow, cut_first, in_cut
from core.show import Show
from tests import shows
from tests.marked import movie
from tests.shows import BLEND, SHOT, finish
from tests.timelines import clip, save, span, timeline
from tui.commands.main import main

pytestmark = pytest.mark.timeout(180)
INSERT = "tr010_sh0010"
COUNT, USED = 40, (10, 12)
"""The main cut shows plates 11 to 22, of 40: shot frames 1009 to 1020, handles 1001 to 1028."""


def trailer(show: Show, path: Path, *, shared: tuple[int, int] = (12, 6), rate: float = 25, first: bool = False) -> Any:
    """A bundle with a movie of its own: the insert, then the main cut's shot, a part of it. `first`: the other way."""
    folder = path.parent / "bundled"
    folder.mkdir(exist_ok=True)
    if not (folder / "A002.mov").exists():
        movie(folder / "A002.mov", "mjpeg", "yuvj422p", 20, rate=Fraction(25))
    (sent, _) = list(otio.adapters.read_from_file(str(show.layout.received("main", ".otio"))).find_clips())
    start, length = shared
    clips = [
        clip(INSERT, otio.schema.ExternalReference("media/A002.mov", span(0, 20)), 4, 8),
        otio.schema.Clip(SHOT, sent.media_reference.clone(), span(90000 + start, length)),
    ]
    made = timeline(clips[::-1] if first else clips)
    made.name, made.global_start_time = "the trailer", otio.opentime.RationalTime(86400 * rate / 24, rate)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.otio", otio.core.serialize_json_to_string(made))
        archive.write(folder / "A002.mov", "media/A002.mov")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """Both cuts, both shots with a complete, circled version."""
    folder = tmp_path_factory.mktemp("cuts")
    show = shows.make(shows.cut(folder / "turnover", COUNT, used=USED), folder / "show")
    show.apply_conform(show.conform(trailer(show, folder / "trailer.otioz"), "trailer"))
    for shot in (SHOT, INSERT):
        show.draft(shot, text=BLEND)
        finish(show, show.generate([shot])[0])
        show.review(shot, "v001", "circle")
    return show


@pytest.fixture
def show(made: Show) -> Iterator[Show]:
    """The same show each time: what a test committed is taken back."""
    start = git(made, "rev-parse", "HEAD").strip()
    yield made
    git(made, "reset", "-q", "--hard", start)


def git(show: Show, *args: str) -> str:
    command = ["git", *args]
    told = subprocess.run(command, cwd=show.layout.root, capture_output=True, text=True, check=True, env=dict(show.env))
    return told.stdout


def files(show: Show, *places: str) -> dict[str, bytes]:
    """What lies in these folders of the show."""
    found = (path for place in places for path in (show.layout.root / place).rglob("*") if path.is_file())
    return {path.relative_to(show.layout.root).as_posix(): path.read_bytes() for path in found}


# a second cut


def test_a_trailer_shares_the_shots_that_it_shows_and_brings_its_own(show: Show) -> None:
    assert [use.cut for use in show.shot(SHOT).uses] == ["main", "trailer"]
    plate = show.shot(INSERT).plate
    assert plate is not None and [use.cut for use in show.shot(INSERT).uses] == ["trailer"]
    assert show.layout.find(plate.path) == show.layout.unpacked("trailer") / "media" / "A002.mov"
    assert show.shot(SHOT).cut_range == FrameRange(1009, 1020), "the union of both, anchored as before"
    assert [row.shot.id for row in show.shots()] == [SHOT, "sq010_sh0020", INSERT], "the main cut's order comes first"
    assert git(show, "status", "--porcelain") == ""


def test_the_cuts_are_listed_with_what_they_hold(show: Show) -> None:
    show.publish("delivery", cut="trailer")
    first, second = show.cuts()
    assert (first.name, first.title, first.clips, first.shots, first.length) == ("main", "reel 1", 2, 2, 17)
    assert (second.name, second.title, second.clips, second.shots) == ("trailer", "the trailer", 2, 2)
    assert (first.published, second.published) == ("", "reel_1_trailer_delivery_001")
    assert (second.start, second.length, second.turnovers) == (25 * 3600, 14, 1)
    at = git(show, "log", "--format=%aI", "--", "cut/trailer").split()
    assert second.came == at[0] and first.came == git(show, "log", "--format=%aI", "--", "cut/main").split()[0]


@pytest.mark.parametrize("purpose", PROFILES)
@pytest.mark.parametrize("cut", ["main", "trailer"])
def test_either_cut_goes_out_in_every_form_with_its_own_clips_alone(show: Show, cut: str, purpose: str) -> None:
    bundle = PROFILES[purpose].bundle
    going = show.outgoing(purpose, cut=cut)
    published = show.publish(purpose, cut=cut, notes=True, bundle=bundle)
    name = f"reel_1_{cut}_{purpose}_001"
    assert published.path.name.startswith(name)
    manifest = json.loads(show.layout.publish(f"{name}.json").read_text())
    kept = show.layout.cut(cut)
    assert manifest["cut"] == {"path": f"cut/{cut}/cut.otio", "sha256": sha256_file(kept)}
    assert manifest["losses"] == [{"clip": loss.clip, "what": loss.what} for loss in published.losses]
    wanted = {SHOT} if cut == "main" else {SHOT, INSERT}
    assert {entry["shot"] for entry in manifest["clips"]} == wanted
    ids = {use.clip_id for shot in wanted for use in show.shot(shot).uses if use.cut == cut}
    assert {entry["clip_id"] for entry in manifest["clips"]} == ids
    # What was looked at before is what went out.
    assert {one.shot: one.plays for one in going if one.plays} == {e["shot"]: e["plays"] for e in manifest["clips"]}
    if PROFILES[purpose].alternates:
        held = {entry["shot"]: tuple(entry["versions"]) for entry in manifest["clips"]}
        assert {one.shot: one.versions for one in going if one.versions} == held
    assert git(show, "status", "--porcelain") == "" and show.log(limit=1)[0].get("Rushes-Cut") == cut
    subprocess.run(["git", "fsck", "--strict"], cwd=show.layout.root, check=True, capture_output=True)
    assert show.verify().ok


def test_plain_otio_reads_the_trailer_as_it_was_sent_with_our_media_in_it(show: Show) -> None:
    published = show.publish("delivery", cut="trailer")
    read = otio.adapters.read_from_file(str(published.path))
    sent = otio.adapters.read_from_file(str(next(iter(show.layout.turnovers("trailer").values()))))
    clips, theirs = list(read.find_clips()), list(sent.find_clips())
    assert [one.name for one in clips] == [INSERT, SHOT] and read.global_start_time == sent.global_start_time
    assert [one.source_range for one in clips] == [one.source_range for one in theirs]
    for one, shot in zip(clips, (INSERT, SHOT), strict=True):
        media = one.media_reference
        folder = show.layout.frames(shot, "v001")
        first = media.start_frame + int((one.source_range.start_time - media.available_range.start_time).value)
        assert (folder / f"{shot}_gen_v001.{first}.exr").is_file()
    # Frame 12 of the plate, counted from 0, is shot frame 1011: the main cut shows 10 first, as 1009.
    media = clips[1].media_reference
    assert media.start_frame + (clips[1].source_range.start_time - media.available_range.start_time).value == 1011


def test_an_unknown_cut_is_refused_with_those_there_are(show: Show) -> None:
    before = git(show, "rev-parse", "HEAD")
    with pytest.raises(BadInput, match="no cut 'teaser'") as caught:
        show.publish("delivery", cut="teaser")
    assert "main, trailer" in caught.value.todo and git(show, "rev-parse", "HEAD") == before
    with pytest.raises(BadInput, match="same name"):
        show.conform(show.layout.received("main", ".otio"), "Trailer")


# changes of one that leave the other alone


def test_a_recut_of_the_trailer_does_not_disturb_the_main_cut(show: Show, tmp_path: Path) -> None:
    main_uses = {row.shot.id: [use for use in row.shot.uses if use.cut == MAIN] for row in show.shots()}
    kept, out = files(show, "cut/main"), show.publish("delivery", tmp_path / "before.otio").path.read_bytes()
    found = show.conform(trailer(show, tmp_path / "recut.otioz", shared=(11, 9), first=True), "trailer")
    flags = {change.shot: set(change.flags) for change in found.changes}
    assert "moved" in flags[SHOT] | flags[INSERT] and not {"new", "removed"} & (flags[SHOT] | flags[INSERT])
    show.apply_conform(found)
    assert files(show, "cut/main") == kept
    assert {row.shot.id: [use for use in row.shot.uses if use.cut == MAIN] for row in show.shots()} == main_uses
    assert show.publish("delivery", tmp_path / "after.otio").path.read_bytes() == out
    assert [row.shot.id for row in in_cut(show.shots(), "trailer")] == [SHOT, INSERT]
    assert show.verify().ok


def test_a_recut_of_the_main_cut_leaves_the_trailer_as_it_is(show: Show, tmp_path: Path) -> None:
    kept = files(show, "cut/trailer")
    sent = otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))
    del sent.tracks[0][0]
    applied = show.apply_conform(show.conform(save(sent, tmp_path / "short.otio")))
    assert applied.omitted == (), "the trailer shows it still"
    assert files(show, "cut/trailer") == kept and [use.cut for use in show.shot(SHOT).uses] == ["trailer"]
    published = show.publish("delivery", cut="trailer")
    assert published.clips == 2
    with pytest.raises(ShowError, match="no circled version"):
        show.publish("delivery")


@pytest.mark.parametrize("there", [True, False], ids=["media there", "media missing"])
def test_another_source_in_the_trailer_is_a_shot_of_its_own(show: Show, tmp_path: Path, there: bool) -> None:
    """The main cut goes on with the former plate: neither it nor its versions are the trailer's to replace."""
    before = show.shot(SHOT)
    if there:
        shows.plates(tmp_path / "other", COUNT)
        for frame in (tmp_path / "other").iterdir():
            frame.rename(frame.with_name(frame.name.replace("plate", "other")))
    media = otio.schema.ImageSequenceReference(
        (tmp_path / "other").as_uri() + "/", "other.", ".exr", 1, 1, 25, 4,
        available_range=span(500, COUNT),
    )  # fmt: skip
    path = trailer(show, tmp_path / "t.otioz")
    content = otio.adapters.read_from_string(zipfile.ZipFile(path).read("content.otio").decode(), "otio_json")
    content.tracks[0][1].media_reference = media
    content.tracks[0][1].source_range = span(502, 6)
    found = show.conform(save(content, tmp_path / "t.otio"), "trailer")
    assert found.stale == () and "source_replaced" in next(c.flags for c in found.changes if c.clip == SHOT)
    (new,) = show.apply_conform(found).new
    after = show.shot(SHOT)
    assert new == f"{SHOT}_2"
    assert after.plate == before.plate and after.missing == "" and [use.cut for use in after.uses] == ["main"]
    assert [use.cut for use in show.shot(new).uses] == ["trailer"]
    assert (show.shot(new).plate is not None) == there
    assert show.verify([SHOT]).ok and show.publish("delivery").clips == 1


def test_a_proxy_that_the_trailer_brings_replaces_no_plate_of_the_main_cut(show: Show, tmp_path: Path) -> None:
    """Files of the plate's name beside the trailer, with other pictures: the shot is the same, its plate stays."""
    before = show.shot(SHOT)
    shows.plates(tmp_path / "plates", COUNT, size=(16, 10))
    media = otio.schema.ImageSequenceReference("plates/", "plate.", ".exr", 1, 1, 25, 4)
    media.available_range = span(90000, COUNT)
    made = timeline([otio.schema.Clip(SHOT, media, span(90012, 6))])
    found = show.conform(save(made, tmp_path / "proxies.otio"), "trailer")
    assert any("keeps the plate" in line for line in found.warnings) and found.stale == ()
    show.apply_conform(found)
    after = show.shot(SHOT)
    assert after.plate == before.plate and [use.cut for use in after.uses] == ["main", "trailer"]
    assert show.verify().ok and show.publish("delivery", cut="trailer").clips == 1


# media


def test_a_trailers_own_media_that_were_missing_are_found_where_the_trailer_came_from(
    show: Show, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    made = timeline([clip("tr020_sh0010", otio.schema.ExternalReference("b.mov", span(0, 20)), 2, 5)])
    show.apply_conform(show.conform(save(made, folder / "teaser.otio"), "teaser"))
    assert "not there" in show.shot("tr020_sh0010").missing
    movie(folder / "b.mov", "mjpeg", "yuvj422p", 20, rate=Fraction(25))
    found = show._with_plate("tr020_sh0010")
    assert found.plate is not None and found.missing == "" and git(show, "status", "--porcelain") == ""
    assert found.uses[0].cut == "teaser" and found.cut_range == FrameRange(1009, 1013)


def test_a_later_bundle_with_other_media_of_the_same_name_overwrites_none(show: Show, tmp_path: Path) -> None:
    """It is refused; unzipped into a folder of its own it comes in, and says that the pictures are others."""
    before, kept = show.shot(INSERT), files(show, "cut")
    (tmp_path / "bundled").mkdir()
    movie(tmp_path / "bundled" / "A002.mov", "mjpeg", "yuvj422p", 20, rate=Fraction(25), size=(64, 48))
    path = trailer(show, tmp_path / "v2.otioz", shared=(12, 7))
    with pytest.raises(CutError, match="Another file is where") as caught:
        show.apply_conform(show.conform(path, "trailer"))
    assert "content.otio" in caught.value.todo
    assert files(show, "cut") == kept and show.shot(INSERT) == before and show.verify().ok
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "v2")
    found = show.conform(tmp_path / "v2" / "content.otio", "trailer")
    assert found.stale == (f"{INSERT} v001",)
    show.apply_conform(found)
    plate = show.shot(INSERT).plate
    assert plate is not None and plate.sha256 == sha256_file(tmp_path / "v2" / "media" / "A002.mov")


def test_a_cut_at_another_rate_says_so_and_counts_at_its_own(show: Show, tmp_path: Path) -> None:
    """Its places count at its rate, and of an image sequence it plays the pictures one by one, whatever theirs is."""
    sent = list(otio.adapters.read_from_file(str(show.layout.received("main", ".otio"))).find_clips())
    made = otio.schema.Timeline("web", global_start_time=otio.opentime.RationalTime(24 * 3600, 24))
    made.tracks.append(otio.schema.Track("V1", kind="Video"))
    made.tracks[0].append(otio.schema.Gap(source_range=span(0, 48, 24)))
    made.tracks[0].append(otio.schema.Clip(SHOT, sent[0].media_reference.clone(), span(86400 + 20, 6, 24)))
    media = made.tracks[0][1].media_reference
    media.rate, media.available_range = 24, span(86400, COUNT, 24)  # the same pictures, as a machine at 24 has them
    found = show.conform(save(made, tmp_path / "web.otio"), "web")
    assert any("web runs at 24 frames a second, the show at 25" in line for line in found.warnings)
    show.apply_conform(found)
    row = next(row for row in show.cuts() if row.name == "web")
    assert (row.rate, row.length, row.start) == (24, 54, 86400)
    use = next(use for use in show.shot(SHOT).uses if use.cut == "web")
    assert (use.record, use.duration) == (48, 6)
    # Picture 20 of the plate, counted from 0, is its file 21; file 11 is the main cut's first, shot frame 1009.
    assert (use.first, use.last) == (1019, 1024)
    play = show.cut_play("web")
    shown = [playing.frame for frame in range(48, 54) if (playing := play.at(frame))]
    assert shown == [1019, 1020, 1021, 1022, 1023, 1024]
    (one,) = list(otio.adapters.read_from_file(str(show.publish("delivery", cut="web").path)).find_clips())
    ours = one.media_reference
    assert (ours.rate, one.source_range) == (24, span(86400 + 20, 6, 24))
    assert ours.start_frame + (one.source_range.start_time - ours.available_range.start_time).value == 1019
    again = show.conform(tmp_path / "web.otio", "web")
    assert [change.flags for change in again.changes] == [("unchanged",)]
    published = show.publish("csv", cut="web")
    assert ",01:00:02:00,01:00:02:06,6," in published.path.read_text(encoding="utf-8-sig")
    for purpose in ("fcp", "premiere"):
        assert read_cut(show.publish(purpose, cut="web").path).rate == 24
    assert show.publish("csv").path.read_text(encoding="utf-8-sig").count(",00:00:00:12,12,") == 1
    assert show.verify().ok


def test_a_list_that_comes_as_a_second_cut_says_at_which_rate_it_was_read(show: Show, tmp_path: Path) -> None:
    published = show.publish("edl", tmp_path / "out.edl")
    assert any("the show's rate" in line for line in show.conform(published.path, "teaser").warnings)
    assert not any("the show's rate" in line for line in show.conform(published.path).warnings)
    told = show.conform(published.path, "teaser", rate="30")
    assert not any("the show's rate" in line for line in told.warnings)
    show.apply_conform(told)
    assert next(row.rate for row in show.cuts() if row.name == "teaser") == 30
    with pytest.raises(BadInput, match="Only an EDL"):
        show.conform(show.layout.received("main", ".otio"), "teaser", rate="30")


# rows


@st.composite
def shot_rows(draw: st.DrawFn) -> list[ShotRow]:
    """Shots in cut order, with uses in up to three cuts."""
    place = st.tuples(st.sampled_from(["main", "a", "z"]), st.integers(0, 40), st.sampled_from(["V1", "V2"]))
    shots = []
    for number in range(draw(st.integers(0, 8))):
        spots = draw(st.lists(place, max_size=4, unique=True))
        uses = (Use(cut, f"{number}-{n}", track, "x", 1001, 1002, at, 2) for n, (cut, at, track) in enumerate(spots))
        shots.append(Shot(f"sh{number}", None, tuple(uses)))
    return [ShotRow(shot, "–", 0, "", "", "", 2 * len(shot.uses), 0, None) for shot in in_cut_order(shots).values()]


@given(shot_rows(), st.sampled_from(["main", "a", "z"]))
def test_a_cuts_rows_are_its_shots_in_its_order_and_none_is_lost(rows: list[ShotRow], cut: str) -> None:
    own, every = in_cut(rows, cut), cut_first(rows, cut)
    assert every[: len(own)] == own and sorted(r.shot.id for r in every) == sorted(r.shot.id for r in rows)
    firsts = [min((u.record, u.track) for u in row.shot.uses if u.cut == cut) for row in own]
    assert firsts == sorted(firsts)
    assert [row.cut_frames for row in every] == [sum(u.duration for u in r.shot.uses if u.cut == cut) for r in every]
    assert {row.shot.id for row in own} == {row.shot.id for row in rows if any(u.cut == cut for u in row.shot.uses)}


@given(shot_rows())
def test_with_the_main_cut_alone_nothing_changes_its_place(rows: list[ShotRow]) -> None:
    alone = [row for row in rows if all(use.cut == MAIN for use in row.shot.uses)]
    assert cut_first(alone, MAIN) == alone
    others = [row.shot.id for row in rows if row.shot.uses and all(use.cut != MAIN for use in row.shot.uses)]
    order = [row.shot.id for row in rows]
    mains = [row.shot.id for row in in_cut(rows, MAIN)]
    assert order[: len(mains)] == mains and order[len(mains) : len(mains) + len(others)] == others


# the commands


def test_the_commands_know_the_cuts(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(show.layout.root)
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setenv(name, show.env[name])
    assert main(["cuts"]) == 0
    told = capsys.readouterr().out
    assert "trailer" in told and "00:00:00:14" in told
    assert main(["cuts", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)["cuts"]] == ["main", "trailer"]
    assert main(["shots", "--cut", "trailer", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["shots"]
    assert [(row["id"], row["cut_frames"]) for row in listed] == [(INSERT, 8), (SHOT, 6)]
    assert listed[1]["cuts"] == ["main", "trailer"]
    assert main(["shots", "cut:trailer", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)["shots"]] == [SHOT, INSERT]
    assert main(["shots", "--cut", "teaser"]) == 2
    assert "main, trailer" in capsys.readouterr().err
    assert main(["publish", "--cut", "trailer", "--for", "csv"]) == 0
    assert "reel_1_trailer_csv_001.csv" in capsys.readouterr().out
    assert main(["publish", "--cut", "nothing"]) == 2
