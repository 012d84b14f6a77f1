"""A new cut over media that changed under their names, and over our own media under names that are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

import core.cut.digests as digests
from core.conform import Conform
from core.cut.digests import Digests
from core.cut.shot import Plate, sequence_digest
from core.files import sha256_file
from core.frames import FrameRange
from core.media.movie_out import MovieWriter
from core.show import Show
from tests import shows
from tests.shows import SHOT, finish
from tests.timelines import clip, movie, save, span, timeline

pytestmark = pytest.mark.timeout(120)
START = 10 * 3600 * 25
OTHER = "sq010_sh0020"
REVIEW = shows.BLEND + '[output]\nreview = { codec = "prores_422hq", burnin = false }\n'


def film(path: Path, level: float, *, start: str = "10:00:00:00", count: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with MovieWriter(path, (64, 36), Fraction(25), "prores_422hq", timecode=start, reel="A001") as out:
        for number in range(count):
            out.add(np.full((36, 64, 3), level + number / 100, np.float32))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A show over a movie and a sequence, with a complete version and its review movie of the first shot."""
    folder = tmp_path_factory.mktemp("content")
    film(folder / "turnover" / "A001_C001.mov", 0.2)
    shows.plates(folder / "turnover" / "b", 20)
    sequence = otio.schema.ImageSequenceReference("b/", "plate.", ".exr", 1, 1, 25, 4, available_range=span(0, 20))
    items = [
        clip(SHOT, movie("A001_C001.mov", START, 40), START + 12, 12),
        otio.schema.Clip(OTHER, sequence, span(3, 8)),
    ]
    show = shows.make(save(timeline(items), folder / "turnover" / "cut.otio"), folder / "show")
    show.draft(SHOT, text=REVIEW)
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    return show


@pytest.fixture
def show(made: Show) -> Iterator[Show]:
    """The same show and the same media each time."""
    kept = made.layout.root.parent / "kept"
    turnover = made.layout.root.parent / "turnover"
    if not kept.exists():
        shutil.copytree(turnover, kept)
    start = git(made, "rev-parse", "HEAD").strip()
    yield made
    git(made, "reset", "-q", "--hard", start)
    shutil.rmtree(turnover)
    shutil.copytree(kept, turnover)


def git(show: Show, *args: str) -> str:
    told = subprocess.run(
        ["git", *args], cwd=show.layout.root, capture_output=True, text=True, check=True, env=dict(show.env)
    )
    return told.stdout


def plate(show: Show, shot: str = SHOT) -> Plate:
    found = show.shot(shot).plate
    assert found is not None
    return found


def path_of(show: Show, shot: str = SHOT) -> Path:
    return show.layout.find(plate(show, shot).path)


def again(show: Show) -> Conform:
    """The cut as it was turned over, once more, from where it was."""
    return show.conform(show.layout.root.parent / "turnover" / "cut.otio")


def reading(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are hashed from now on."""
    read: list[str] = []

    def hashed(path: Path) -> str:
        read.append(path.name)
        return sha256_file(path)

    monkeypatch.setattr(digests, "sha256_file", hashed)
    return read


def flags(conform: Conform) -> dict[str, tuple[str, ...]]:
    return {change.clip or change.was: change.flags for change in conform.changes}


# media under the same name


def test_what_has_its_size_and_time_is_not_read_again(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(flags(again(show)).values()) == {("unchanged",)}

    def refused(path: Path) -> str:
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr(digests, "sha256_file", refused)
    assert set(flags(again(show)).values()) == {("unchanged",)}
    path_of(show).touch()
    with pytest.raises(AssertionError, match="A001_C001"):
        again(show)
    monkeypatch.undo()
    assert set(flags(again(show)).values()) == {("unchanged",)}, "another time, the same pictures"


def test_a_clone_without_marks_reads_once(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    show.layout.digests.unlink()
    read = reading(monkeypatch)
    assert set(flags(again(show)).values()) == {("unchanged",)}
    assert set(flags(again(show)).values()) == {("unchanged",)}
    assert read.count("A001_C001.mov") == 1 and len(read) == 21


def test_other_pictures_make_versions_stale_and_are_recorded(show: Show) -> None:
    before = plate(show)
    film(path_of(show), 0.5)
    found = again(show)
    assert flags(found) == {SHOT: ("plate_content_changed",), OTHER: ("unchanged",)}
    assert found.stale == (f"{SHOT} v001",)
    assert "A001_C001.mov" in next(change.why for change in found.changes if change.shot == SHOT)
    assert plate(show) == before, "a look writes nothing"
    applied = show.apply_conform(found)
    after = plate(show)
    assert applied.written and not applied.new
    assert after.sha256 == sha256_file(path_of(show)) != before.sha256
    assert (after.path, after.offset, after.colour) == (before.path, before.offset, before.colour)
    assert before.sha256 in git(show, "show", f"HEAD~1:shots/{SHOT}/shot.toml"), "the old one is in the history"
    body = show.log(limit=1)[0].body
    assert f"{SHOT}: plate_content_changed" in body
    assert f"{SHOT}: plate {before.sha256[:12]} → {after.sha256[:12]}" in body
    assert set(flags(again(show)).values()) == {("unchanged",)}
    assert not show.apply_conform(again(show)).written


def test_a_longer_file_of_the_same_take_keeps_pictures_at_their_frames(show: Show) -> None:
    before = plate(show)
    film(path_of(show), 0.5, start="09:59:59:15", count=60)
    show.apply_conform(again(show))
    after = plate(show)
    assert len(after.media) == 60 and after.timecode is not None and before.timecode is not None
    assert after.timecode - before.timecode == -10
    assert after.frames == FrameRange(before.frames.first - 10, before.frames.last + 10)


def test_the_file_that_the_new_cut_names_is_looked_at(show: Show, tmp_path: Path) -> None:
    """Media of the same name beside the new cut: the same bytes are a new place, others are other pictures."""
    shutil.copytree(show.layout.root.parent / "turnover", tmp_path / "second", copy_function=shutil.copyfile)
    cut = tmp_path / "second" / "cut.otio"
    assert set(flags(show.conform(cut)).values()) == {("unchanged",)}
    film(tmp_path / "second" / "A001_C001.mov", 0.7)
    found = show.conform(cut)
    assert flags(found) == {SHOT: ("plate_content_changed",), OTHER: ("unchanged",)}
    show.apply_conform(found)
    assert Path(plate(show).path) == tmp_path / "second" / "A001_C001.mov"
    assert set(flags(show.conform(cut)).values()) == {("unchanged",)}


def test_a_frame_of_a_sequence_that_changed_is_seen_and_one_that_is_not_here_is_said(show: Show) -> None:
    frame = Path(str(path_of(show, OTHER)) % 7)
    kept = frame.read_bytes()
    frame.write_bytes(Path(str(path_of(show, OTHER)) % 8).read_bytes())
    assert flags(again(show))[OTHER] == ("plate_content_changed",)
    frame.unlink()
    found = again(show)
    assert flags(found)[OTHER] == ("unchanged",)
    assert any("1 frames are not here" in warning for warning in found.warnings)
    frame.write_bytes(kept)
    assert flags(again(show))[OTHER] == ("unchanged",)


def test_a_file_that_is_gone_or_no_movie_any_more_stops_nothing(show: Show) -> None:
    path_of(show).write_bytes(b"no movie")
    found = again(show)
    assert flags(found)[SHOT] == ("plate_content_changed",)
    before = plate(show)
    applied = show.apply_conform(found)
    assert plate(show) == before and any("A001_C001.mov" in warning for warning in applied.warnings)
    path_of(show).unlink()
    assert flags(again(show))[SHOT] == ("unchanged",)


def test_digests_of_a_sequence_are_those_of_its_files(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        (tmp_path / f"a.{number:04d}.exr").write_bytes(bytes([number]))
    known = Digests(tmp_path / "known.json")
    digest, lost = known.sequence(tmp_path / "a.%04d.exr", FrameRange(1, 4))
    files = [(number, sha256_file(tmp_path / f"a.{number:04d}.exr")) for number in (1, 2, 4)]
    assert (digest, lost) == (sequence_digest(files), (3,))
    known.save()
    (tmp_path / "a.0002.exr").write_bytes(b"x")
    assert Digests(tmp_path / "known.json").sequence(tmp_path / "a.%04d.exr", FrameRange(1, 4))[0] != digest
    (tmp_path / "known.json").write_text("[damaged")
    assert Digests(tmp_path / "known.json").file(tmp_path / "a.0001.exr") == files[0][1]


# our own media under another name


def delivered(show: Show, folder: Path, purpose: str) -> Any:
    """What was handed over, to be changed; references whole."""
    return otio.adapters.read_from_file(str(show.publish(purpose, folder / f"{purpose}.otio").path))


def renamed_frames(show: Show, folder: Path) -> Path:
    """The delivery with the version's frames under the name of somebody else's render."""
    made = delivered(show, folder, "delivery")
    media = made.tracks[0][0].media_reference
    for frame in show.layout.frames(SHOT, "v001").glob("*.exr"):
        shutil.copy(frame, folder / f"final grade.{frame.name.split('.')[-2]}.exr")
    media.target_url_base, media.name_prefix, media.name = "", "final grade.", "final"
    bare(made)
    return save(made, folder / "back.otio")


def renamed_movie(show: Show, folder: Path) -> Path:
    made = delivered(show, folder, "resolve")
    shutil.copy(show.layout.frames(SHOT, "v001") / f"{SHOT}_gen_v001_review.mov", folder / "online.mov")
    made.tracks[0][0].media_reference.target_url = "online.mov"
    made.tracks[0][0].media_reference.name = "online.mov"
    bare(made)
    return save(made, folder / "back.otio")


def bare(made: Any) -> None:
    """Without anything of ours, and with a name that says nothing."""
    made.metadata.pop("rushes", None)
    for item in list(made.find_clips()):
        item.metadata.pop("rushes", None)
        item.media_reference.metadata.pop("rushes", None)
    made.tracks[0][0].name = "untitled"


@pytest.mark.parametrize("rename", [renamed_frames, renamed_movie])
def test_our_own_media_are_known_under_any_name(show: Show, tmp_path: Path, rename: Any) -> None:
    before = show.shot(SHOT)
    cut = rename(show, tmp_path)
    found = show.conform(cut)
    change = next(change for change in found.changes if change.shot == SHOT)
    assert (change.flags, change.version, change.head, change.tail) == (("returned",), "v001", 0, 0)
    assert (change.missing_head, change.missing_tail) == (0, 0)
    show.apply_conform(found)
    after = show.shot(SHOT)
    assert after.plate == before.plate
    assert (after.uses[0].first, after.uses[0].last) == (before.uses[0].first, before.uses[0].last)
    # It goes on being known when the file is gone, and the next hand-over plays the same pictures at the same place.
    for path in (*tmp_path.glob("final*"), *tmp_path.glob("online*")):
        path.unlink()
    assert {change.shot: change.flags for change in show.conform(cut).changes}[SHOT] == ("returned",)
    again = otio.adapters.read_from_file(str(show.publish("delivery", tmp_path / "again.otio").path))
    going = again.tracks[0][0]
    media = going.media_reference
    assert going.source_range == span(START + 12, 12)
    assert media.available_range.start_time.value == START + 12 - (before.uses[0].first - media.start_frame)


def test_a_cut_that_played_one_version_and_plays_another_now_counts_both_alike(show: Show, tmp_path: Path) -> None:
    """The older one is longer: its movie begins at another frame than the newer one's."""
    show.apply_conform(show.conform(renamed_movie(show, tmp_path)))
    before = show.shot(SHOT)
    show.draft(SHOT, text=REVIEW)
    show.draft(SHOT, ["range=1006-1022"])
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v002", "circle")
    for purpose in ("resolve", "delivery"):
        found = show.conform(show.publish(purpose, tmp_path / f"{purpose}_2.otio").path)
        change = next(change for change in found.changes if change.shot == SHOT)
        assert (change.flags, change.version, change.head, change.tail) == (("returned",), "v002", 0, 0), change
    show.apply_conform(found)
    after = show.shot(SHOT)
    assert (after.uses[0].first, after.uses[0].last) == (before.uses[0].first, before.uses[0].last)


def test_a_file_of_another_size_is_not_read(show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = renamed_movie(show, tmp_path)
    with (tmp_path / "online.mov").open("ab") as out:
        out.write(b"x")
    read = reading(monkeypatch)
    found = show.conform(cut)
    assert all("returned" not in change.flags for change in found.changes)
    assert "online.mov" not in read


def test_the_same_size_alone_is_not_the_same(show: Show, tmp_path: Path) -> None:
    cut = renamed_movie(show, tmp_path)
    size = os.stat(tmp_path / "online.mov").st_size  # noqa: PTH116
    (tmp_path / "online.mov").write_bytes(bytes(size))
    assert all("returned" not in change.flags for change in show.conform(cut).changes)
