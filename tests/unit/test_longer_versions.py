"""A version that is too short for a new cut is made longer: what is finished is taken over, the rest is rendered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.frames import timecode
from core.media.image import read_header
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT, finish
from tests.timelines import save, span
from tui.commands.main import main

pytestmark = pytest.mark.timeout(120)
COUNT, USED = 40, (10, 12)
"""The cut shows plates 11 to 22, of 40: frames 1009 to 1020, a version of it 1001 to 1028; the plate ends at 1038."""


def show_of(folder: Path, tail: int = 0) -> Show:
    """A show whose cut shows the shot so many frames longer, with nothing rendered."""
    used = (USED[0], USED[1] + tail)
    show = shows.make(shows.cut(folder / "turnover", COUNT, used=used), folder / "show")
    show.draft(SHOT, text=BLEND)
    return show


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """With v001, over 1001 to 1028."""
    made = show_of(tmp_path)
    finish(made, made.generate([SHOT])[0])
    return made


def longer(show: Show, path: Path, tail: int) -> None:
    """Bring the show onto the same cut with the shot `tail` frames longer."""
    timeline: Any = otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))
    clip = timeline.tracks[0][0]
    start, length = clip.source_range.start_time.value, clip.source_range.duration.value
    clip.source_range = span(start, length + tail)
    show.apply_conform(show.conform(save(timeline, path)))


def hashes(show: Show, version: str) -> dict[int, str]:
    """What lies on the disk, hashed here."""
    folder = show.layout.frames(SHOT, version)
    return {int(path.name.split(".")[-2]): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_only_missing_frames_are_rendered_and_all_are_what_a_whole_render_gives(show: Show, tmp_path: Path) -> None:
    longer(show, tmp_path / "new.otio", 14)
    (job,) = show.generate([SHOT], missing=True)
    finish(show, job)
    before, after = hashes(show, "v001"), hashes(show, "v002")
    assert sorted(after) == list(range(1001, 1039)) and before.items() <= after.items()
    record = show.version(SHOT, "v002").record
    assert record is not None and record["reuse"]["comp"] == {"made": 0, "reused": 28, "source": [f"{SHOT}_v001"]}
    assert record["measured"]["nonfinite"] == 0 and record["count"] == 38
    (attempt,) = show.ledger.attempts(job.id)
    assert attempt.tally["frames"] == 10
    assert show.verify([SHOT]).ok

    whole = show_of(tmp_path / "other", 14)
    finish(whole, whole.generate([SHOT])[0])
    assert hashes(whole, "v001") == after


def test_a_finished_frame_whose_file_was_changed_is_rendered(show: Show, tmp_path: Path) -> None:
    good = hashes(show, "v001")
    longer(show, tmp_path / "new.otio", 14)
    show.layout.frame(SHOT, "v001", 1010, "", ".exr").write_bytes(b"not a picture")
    show.layout.frame(SHOT, "v001", 1011, "", ".exr").unlink()
    finish(show, show.generate([SHOT], missing=True)[0])
    assert good.items() <= hashes(show, "v002").items()
    record = show.version(SHOT, "v002").record
    assert record is not None and record["reuse"]["comp"]["reused"] == 26


def test_frames_that_carry_another_timecode_than_the_plate_has_now_are_rendered(show: Show, tmp_path: Path) -> None:
    longer(show, tmp_path / "new.otio", 14)
    path = show.layout.shot(SHOT)
    path.write_text(path.read_text().replace("[plate]\n", "[plate]\ntimecode = 90000\n", 1))
    plate = show.shot(SHOT).plate
    assert plate is not None and plate.timecode == 90000
    finish(show, show.generate([SHOT], missing=True)[0])
    record = show.version(SHOT, "v002").record
    assert record is not None and "comp" not in record["reuse"]
    for frame in (1001, 1038):  # one that v001 has, one that it lacks: the clock of a version does not jump
        stamp = read_header(show.layout.frame(SHOT, "v002", frame, "", ".exr")).timecode
        assert stamp == timecode(90000 + plate.index(frame) - plate.media.first, plate.rate)


def test_what_another_recipe_made_is_never_taken_over(show: Show, tmp_path: Path) -> None:
    longer(show, tmp_path / "new.otio", 14)
    show.draft(SHOT, ["comp.mix=0.25"], from_version="v001")
    finish(show, show.generate([SHOT])[0])
    record = show.version(SHOT, "v002").record
    assert record is not None and "comp" not in record["reuse"]
    assert not hashes(show, "v001").items() & hashes(show, "v002").items()


def test_it_is_made_once_and_what_is_being_typed_stays(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    longer(show, tmp_path / "new.otio", 14)
    typed = show.draft(SHOT, text=f"# a thought\n{BLEND}").text
    told: list[str] = []
    (job,) = show.generate([SHOT], missing=True, tell=told.append)
    assert (job.version, told) == ("v002", []) and show.draft(SHOT).text == typed
    assert [now.id for now in show.generate([SHOT], missing=True)] == [job.id], (
        "what is under way is not asked for again"
    )
    finish(show, job)
    show.review(SHOT, "v001", "circle")
    monkeypatch.chdir(show.layout.root)
    for name, value in show.env.items():
        monkeypatch.setenv(name, value)
    assert main(["generate", SHOT, "--missing"]) == 0
    said = capsys.readouterr()
    assert "Nothing is missing" in said.out and "v002 has what v001 lacks for the cut: circle it" in said.err


def test_frames_that_the_plate_lacks_are_not_promised(show: Show, tmp_path: Path) -> None:
    longer(show, tmp_path / "new.otio", 25)
    (job,) = show.generate([SHOT], missing=True)
    assert job.frames == tuple(range(1001, 1039))
    finish(show, job)
    told: list[str] = []
    assert show.generate([SHOT], missing=True, tell=told.append) == []
    assert any("the plate has none of 1039-1045" in line for line in told)
