"""What `rushes new` opens: the same cut of two clips, written by OpenTimelineIO's own adapters."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import read_cut
from core.errors import CutError, DiskFull
from core.frames import FrameRange
from core.media.read import Reader
from core.show import Show
from tests.formats_table import row
from tests.marked import movie, shown
from tests.timelines import clip, time, timeline
from tests.timelines import movie as reference

COUNT = 60


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a movie whose frames show their number, a hyphen and an accent in its name."""
    (tmp_path / "rushes é").mkdir()
    movie(
        tmp_path / "rushes é" / "A001 take-1.mov", "prores_ks", "yuv422p10le", COUNT, options={"profile": "hq"},
        tags={"timecode": "00:00:00:00"},
    )  # fmt: skip
    return tmp_path


def cut_of(place: Path, url: str = "", rate: float = 25) -> Any:
    """Frames 10-21 and 30-49 of the movie, one after the other, from 01:00:00:00."""
    media = reference(url or (place / "rushes é" / "A001 take-1.mov").as_uri(), 0, COUNT, rate)
    made = timeline([clip("sh0010", media, 10, 12, rate), clip("sh0020", media.clone(), 30, 20, rate)])
    made.name = "reel 1"
    made.global_start_time = time(3600 * rate, rate)
    return made


def opened(cut: Path, place: Path) -> tuple[Show, str]:
    """The show of a cut, and what was found: shots, whether their pictures are the right ones."""
    show, warnings = Show.create(
        cut, place / f"show_{cut.suffix[1:]}", {**os.environ, "RUSHES_STATE": str(place / "state")}
    )
    shots = [row.shot for row in show.shots()]
    assert [use.duration for shot in shots for use in shot.uses] == [12, 20]
    for shot, first in zip(shots, (10, 30), strict=True):
        if shot.plate is not None:
            with Reader(show.layout.find(shot.plate.path)) as reader:
                assert shown(reader.read(shot.plate.index(1009))) == first
    have = sum(shot.plate is not None for shot in shots)
    assert have in (0, 2)
    said = "the right pictures of both" if have else f"no media: {shots[0].missing}"
    return show, f"opens: {len(shots)} shots with their lengths, {said}" + (
        f"; says: {warnings[0]}" if warnings else ""
    )


def bundle(policy: str) -> Callable[[Any, Path], None]:
    return lambda made, path: otio.adapters.write_to_file(made, str(path), media_policy=policy)


FORMATS: list[tuple[str, str, Callable[[Any, Path], None]]] = [
    (".otio", "otio", lambda made, path: otio.adapters.write_to_file(made, str(path))),
    (".otioz, media inside", "otioz", bundle("ErrorIfNotFile")),
    (".otiod, media inside", "otiod", bundle("ErrorIfNotFile")),
    (".xml (Final Cut Pro 7, Premiere)", "xml", lambda made, path: otio.adapters.write_to_file(made, str(path))),
    (
        ".fcpxml (Final Cut Pro)", "fcpxml",
        lambda made, path: otio.adapters.write_to_file(made, str(path), adapter_name="rushes_fcpxml"),
    ),
    (
        ".aaf (Avid)", "aaf",
        lambda made, path: otio.adapters.write_to_file(made, str(path), use_empty_mob_ids=True),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "suffix", "write"), FORMATS, ids=[suffix for _, suffix, _ in FORMATS])
def test_a_cut_becomes_a_show(place: Path, what: str, suffix: str, write: Callable[[Any, Path], None]) -> None:
    cut = place / f"reel.{suffix}"
    write(cut_of(place), cut)
    if suffix in ("otioz", "otiod"):
        (place / "rushes é" / "A001 take-1.mov").rename(place / "elsewhere.mov")
    show, result = opened(cut, place)
    kept = next((show.layout.root / "cut" / "main").glob("received.*"))
    if suffix == "otioz":
        assert kept.read_bytes() == zipfile.ZipFile(cut).read("content.otio")
    else:
        assert kept.read_bytes() == (cut / "content.otio" if suffix == "otiod" else cut).read_bytes()
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=show.layout.root, capture_output=True, text=True, check=True
    ).stdout
    assert ".mov" not in tracked, "pictures stay out of git"
    writer = "our own adapter" if suffix == "fcpxml" else "OpenTimelineIO's adapter"
    row(
        "timelines",
        what,
        f"two clips of one movie, written by {writer}",
        result.replace(str(place), "…"),
    )


def test_an_edl_is_read_at_the_slowest_rate_that_its_frames_fit(place: Path) -> None:
    """An EDL states no rate. At 24 all is right; a frame beyond 23 shows that it is more."""
    movie(place / "rushes é" / "A001 take-1.mov", "mjpeg", "yuvj422p", COUNT, rate=Fraction(24))
    made = cut_of(place, rate=24)
    made.tracks[0].source_range = otio.opentime.TimeRange(time(-86400, 24), made.tracks[0].duration())
    otio.adapters.write_to_file(made, str(place / "reel.edl"), rate=24)
    _, result = opened(place / "reel.edl", place)
    text = (place / "reel.edl").read_text()
    assert "00:00:00:22" in text
    (place / "other.edl").write_text(text.replace("00:00:00:22", "00:00:00:24"))
    with pytest.raises(CutError, match="cannot be read"):
        read_cut(place / "other.edl", edl_rate=Fraction(24))
    with pytest.raises(CutError, match=r"duration don.t match"):  # the record side is now two frames shorter
        read_cut(place / "other.edl")
    result += "; an EDL states no rate: the slowest that its frames fit, or --rate"
    row("timelines", ".edl (CMX 3600)", "two clips of one movie at 24, written by OpenTimelineIO's adapter", result)


# What a zip may try


def hostile(path: Path, name: str, mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.otio", otio.core.serialize_json_to_string(cut_of(path.parent, "media/a.mov")))
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, "/etc/passwd")
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../evil.mov", 0o100644), ("media/../../evil.mov", 0o100644), ("/tmp/evil.mov", 0o100644),
        ("media\\..\\evil.mov", 0o100644), ("media/deep/a.mov", 0o100644), ("media/a.mov", 0o120777),
        ("media/a\x1b[2J.mov", 0o100644),
    ],
)  # fmt: skip
def test_a_zip_cannot_write_elsewhere(tmp_path: Path, name: str, mode: int) -> None:
    """Refused before anything is unpacked; no file anywhere, no show left behind."""
    cut = hostile(tmp_path / "cut.otioz", name, mode)
    with pytest.raises(CutError, match="does not belong") as caught:
        Show.create(cut, tmp_path / "inner" / "show", {**os.environ, "RUSHES_STATE": str(tmp_path / "state")})
    assert "\x1b" not in str(caught.value) and caught.value.todo
    assert sorted(path.name for path in tmp_path.iterdir()) in (["cut.otioz", "inner"], ["cut.otioz", "inner", "state"])
    assert not list((tmp_path / "inner").rglob("*.mov"))
    if name.startswith(".."):
        result = f"refused: {caught.value.what} {caught.value.todo}"
        row("timelines", ".otioz that names files outside of its media", "`..`, whole paths, links, folders", result)


def test_a_zip_that_is_cut_short_or_too_large_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = place / "reel.otioz"
    otio.adapters.write_to_file(cut_of(place), str(cut), media_policy="ErrorIfNotFile")
    data = bytearray(cut.read_bytes())
    at = data.index(b"icpf")
    data[at : at + 4] = b"fpci"
    (place / "torn.otioz").write_bytes(data)
    env = {**os.environ, "RUSHES_STATE": str(place / "state")}
    with pytest.raises(CutError, match="cannot be unpacked"):
        Show.create(place / "torn.otioz", place / "show", env)
    assert not list((place / "show.media").rglob("*")) and not (place / "show").exists()
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 1000}))
    with pytest.raises(DiskFull, match="are free"):
        Show.create(cut, place / "show", env)
    assert not list((place / "show.media").rglob("*.mov"))


def test_a_zip_whose_packed_media_are_damaged_is_refused_in_words(place: Path) -> None:
    cut = place / "reel.otioz"
    with zipfile.ZipFile(cut, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.otio", otio.core.serialize_json_to_string(cut_of(place, "media/a.mov")))
        archive.writestr("media/a.mov", bytes(range(256)) * 500)
    data, at = bytearray(cut.read_bytes()), zipfile.ZipFile(cut).getinfo("media/a.mov").header_offset
    data[at + 41 : at + 81] = b"\xff" * 40  # no deflate stream begins so
    cut.write_bytes(data)
    with pytest.raises(CutError, match="cannot be unpacked"):
        Show.create(cut, place / "show", {**os.environ, "RUSHES_STATE": str(place / "state")})
    assert not list(place.glob("show*"))


# Media that come later


def test_a_plate_that_was_missing_is_found_when_it_is_back(place: Path) -> None:
    """Relative media beside the cut, not there at the turnover: the next act looks again and commits what it found."""
    home, away = place / "rushes é" / "A001 take-1.mov", place / "away.mov"
    home.rename(away)
    (place / "cut.otio").write_text(
        otio.core.serialize_json_to_string(cut_of(place, "rushes%20%C3%A9/A001%20take-1.mov"))
    )
    show, _ = Show.create(place / "cut.otio", place / "show", {**os.environ, "RUSHES_STATE": str(place / "state")})
    assert [row.shot.plate for row in show.shots()] == [None, None]
    assert "not there" in show._with_plate("sh0010").missing
    away.rename(home)
    shot = show._with_plate("sh0010")
    assert shot.plate is not None and shot.missing == "" and show.shot("sh0010") == shot
    assert (shot.cut_range, shot.range) == (FrameRange(1009, 1020), FrameRange(1001, 1028))
    with Reader(show.layout.find(shot.plate.path)) as reader:
        assert shown(reader.read(shot.plate.index(1009))) == 10
    newest = show.log()[0]
    assert newest.event == "relink" and "sh0010" in newest.subject
    assert show.shot("sh0020").plate is None, "only what was asked for is looked at"


def test_what_a_plate_does_not_say_is_said_at_the_turnover(place: Path) -> None:
    """Assumptions and refusals, each with what to do, beside the shot list."""
    movie(place / "untagged.mov", "libx264", "yuv420p", COUNT, colour=None)
    movie(place / "raw.mov", "dvvideo", "yuv420p", 4, size=(720, 576), colour=None)
    clips = [clip(f"sh00{n}0", reference(name, 0, COUNT), 0, 4) for n, name in ((1, "untagged.mov"), (2, "raw.mov"))]
    (place / "cut.otio").write_text(otio.core.serialize_json_to_string(timeline(clips)))
    _, warnings = Show.create(place / "cut.otio", place / "show", {**os.environ, "RUSHES_STATE": str(place / "state")})
    assert any(text.startswith("untagged.mov: no colour tag") for text in warnings)
    assert any(text.startswith("raw.mov: This movie is interlaced") and "bwdif" in text for text in warnings)
