"""Lost plates are found again: by name, else by reel and timecode; only the same bytes are taken; one commit."""

from __future__ import annotations

import os
from pathlib import Path

import opentimelineio as otio
import pytest

from core.errors import BadInput
from core.media.read import Reader
from core.show import Show
from tests.marked import movie as film
from tests.marked import shown
from tests.timelines import clip, save, timeline
from tests.timelines import movie as reference

COUNT = 40


def _film(path: Path, tags: dict[str, str] | None = None, count: int = COUNT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    film(path, "prores_ks", "yuv422p10le", count, options={"profile": "hq"}, tags=tags or {})
    return path


def _show(place: Path, *urls: str) -> Show:
    clips = [clip(f"sh00{n}0", reference(url, 0, COUNT), 10, 12) for n, url in enumerate(urls, 1)]
    cut = save(timeline(clips), place / "cut.otio")
    return Show.create(cut, place / "show", {**os.environ, "RUSHES_STATE": str(place / "state")})[0]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Show, "start_proxies", lambda show, shots=(): None)


def test_missing_media_are_listed_found_by_name_and_committed(tmp_path: Path) -> None:
    show = _show(tmp_path, "/elsewhere/day1/A.mov", "/elsewhere/day1/B.mov")
    there = _film(tmp_path / "disk" / "deep" / "A.mov")
    hits = show.find_media(folders=[tmp_path / "disk"])
    assert [(hit.shot, hit.path, hit.by) for hit in hits] == [("sh0010", there, "name"), ("sh0020", None, "")]
    assert all("not there" in hit.missing for hit in hits)
    assert show.log()[0].event == "turnover", "a search writes nothing"
    done = show.relink(hits)
    assert (done.shots, done.refused) == (("sh0010",), ())
    shot = show.shot("sh0010")
    assert shot.plate is not None and shot.missing == ""
    with Reader(show.layout.find(shot.plate.path)) as reader:
        assert shown(reader.read(shot.plate.index(1009))) == 10, "the frame that the cut shows first"
    assert show.log()[0].event == "relink"
    assert [hit.shot for hit in show.find_media(folders=[tmp_path / "disk"])] == ["sh0020"]


def test_a_plate_that_moved_is_taken_only_with_the_same_bytes(tmp_path: Path) -> None:
    old = _film(tmp_path / "plates" / "A.mov")
    show = _show(tmp_path, str(old))
    anchor = show.shot("sh0010").cut_range
    data = old.read_bytes()
    old.unlink()
    new = _film(tmp_path / "new" / "A.mov", count=COUNT - 5)
    refused = show.relink(show.find_media(folders=[tmp_path / "new"]))
    assert refused.shots == () and "other pictures under that name" in refused.refused[0]
    new.write_bytes(data)
    assert show.relink(show.find_media(folders=[tmp_path / "new"])).shots == ("sh0010",)
    shot = show.shot("sh0010")
    assert shot.plate is not None and show.layout.find(shot.plate.path) == new and shot.cut_range == anchor


def test_of_several_files_of_one_name_the_likelier_is_taken_and_a_tie_is_asked(tmp_path: Path) -> None:
    show = _show(tmp_path, "/elsewhere/day1/A.mov", "/elsewhere/day1/B.mov")
    for day in ("day1", "day2"):
        _film(tmp_path / "disk" / day / "A.mov")
    _film(tmp_path / "disk" / "x" / "B.mov")
    _film(tmp_path / "disk" / "y" / "B.mov")
    one, two = show.find_media(folders=[tmp_path / "disk"])
    assert one.path == tmp_path / "disk" / "day1" / "A.mov"
    assert two.path is None and len(two.paths) == 2
    assert show.relink([one, two]).shots == ("sh0010",)


def test_a_list_without_file_names_is_relinked_by_reel_and_timecode(tmp_path: Path) -> None:
    pytest.importorskip("otio_cmx3600_adapter")
    (tmp_path / "a.edl").write_text(
        "TITLE: x\n\n001  R7 V     C        10:00:00:10 10:00:00:22 01:00:00:00 01:00:00:12\n"
    )
    env = {**os.environ, "RUSHES_STATE": str(tmp_path / "state")}
    show, _ = Show.create(tmp_path / "a.edl", tmp_path / "show", env, rate="25")
    for name, reel, start in (
        ("one", "R7", "10:00:00:00"),
        ("two", "R7", "11:00:00:00"),
        ("three", "R8", "10:00:00:00"),
    ):
        _film(tmp_path / "disk" / f"{name}.mov", {"timecode": start, "reel_name": reel})
    (hit,) = show.find_media(folders=[tmp_path / "disk"])
    assert (hit.path, hit.by) == (tmp_path / "disk" / "one.mov", "reel and timecode")
    show.relink([hit])
    shot = show.shot(hit.shot)
    assert shot.plate is not None
    with Reader(show.layout.find(shot.plate.path)) as reader:
        assert shown(reader.read(shot.plate.index(1009))) == 10


def test_an_image_sequence_is_found_as_one(tmp_path: Path) -> None:
    media = otio.schema.ImageSequenceReference(
        "/elsewhere/", "A.", ".png", 1001, rate=25, frame_zero_padding=4, available_range=reference().available_range
    )
    cut = save(timeline([clip("sh0010", media, 0, 3)]), tmp_path / "cut.otio")
    show, _ = Show.create(cut, tmp_path / "show", {**os.environ, "RUSHES_STATE": str(tmp_path / "state")})
    (tmp_path / "disk").mkdir()
    for number in range(1001, 1005):
        (tmp_path / "disk" / f"A.{number}.png").touch()
    (hit,) = show.find_media(folders=[tmp_path / "disk"])
    assert hit.path == tmp_path / "disk" / "A.%04d.png"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    show = _show(tmp_path, "/elsewhere/A.mov")
    with pytest.raises(BadInput, match="no such folder"):
        show.find_media(folders=[tmp_path / "nowhere"])


def test_what_is_relinked_at_one_site_is_found_at_the_other_by_the_path_maps(tmp_path: Path) -> None:
    show = _show(tmp_path, "/elsewhere/A.mov")
    for site in ("farm", "desk"):
        _film(tmp_path / site / "plates" / "A.mov")
    settings = show.layout.root / "rushes.toml"
    maps = "".join(f'\n[paths.{site}]\nplates = "{tmp_path}/{site}/plates"\n' for site in ("farm", "desk"))
    settings.write_text(settings.read_text() + maps)
    at_desk = Show.open(show.layout.root, {**show.env, "RUSHES_SITE": "desk"})
    assert at_desk.relink(at_desk.find_media(folders=[tmp_path / "desk"])).shots == ("sh0010",)
    (tmp_path / "desk").rename(tmp_path / "off")
    at_farm = Show.open(show.layout.root, {**show.env, "RUSHES_SITE": "farm"})
    plate = at_farm.shot("sh0010").plate
    assert plate is not None
    assert at_farm.layout.find(plate.path) == tmp_path / "farm" / "plates" / "A.mov"
    assert at_farm.find_media(folders=[tmp_path]) == [], "the map says where it is: nothing is lost there"
    assert at_farm.verify(["sh0010"]).ok
