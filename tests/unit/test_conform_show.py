"""A show goes onto a new cut: ids, anchors and versions stay, the editor's files too, what is missing is named."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.conform import Conform
from core.cut.outgoing.profiles import PROFILES
from core.errors import BadInput
from core.frames import FrameRange
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT, finish
from tests.timelines import save, span
from tui.commands.main import main

pytestmark = pytest.mark.timeout(120)
COUNT = 40
USED = (10, 12)
"""The cut shows plates 11 to 22, of 40: frames 1009 to 1020, handles 1001 to 1028; the plate ends at 1038."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A show with one complete, circled version."""
    folder = tmp_path_factory.mktemp("conform")
    show = shows.make(shows.cut(folder / "turnover", COUNT, used=USED), folder / "show")
    show.draft(SHOT, text=BLEND)
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    return show


@pytest.fixture
def show(made: Show) -> Iterator[Show]:
    """The same show each time: what a test committed is taken back."""
    start = git(made, "rev-parse", "HEAD").strip()
    yield made
    git(made, "reset", "-q", "--hard", start)


def git(show: Show, *args: str) -> str:
    told = subprocess.run(
        ["git", *args], cwd=show.layout.root, capture_output=True, text=True, check=True, env=dict(show.env)
    )
    return told.stdout


def sent(show: Show) -> Any:
    """The cut as the editor sent it, to be changed."""
    return otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))


def without_ours(path: Path) -> str:
    """A timeline's text, by plain OTIO, without our one key."""
    read = otio.adapters.read_from_file(str(path))
    for clip in list(read.find_clips()):
        clip.metadata.pop("rushes", None)
    return str(read.to_json_string())


def changed(show: Show, path: Path, head: int = 0, tail: int = 0) -> Conform:
    """A conform to the cut with frames added to the shot's ends, and a gap before everything."""
    timeline = sent(show)
    clip = timeline.tracks[0][0]
    start, length = clip.source_range.start_time.value, clip.source_range.duration.value
    clip.source_range = span(start - head, length + head + tail)
    timeline.tracks[0].insert(0, otio.schema.Gap(source_range=span(0, 7)))
    return show.conform(save(timeline, path))


def flags(conform: Conform) -> dict[str, set[str]]:
    return {change.clip or change.was: set(change.flags) for change in conform.changes}


def test_the_same_cut_changes_nothing_and_writes_nothing(show: Show) -> None:
    conform = show.conform(show.layout.received("main", ".otio"))
    assert flags(conform) == {SHOT: {"unchanged"}, "sq010_sh0020": {"unchanged"}}
    before = git(show, "rev-parse", "HEAD")
    applied = show.apply_conform(conform)
    assert not applied.written and git(show, "rev-parse", "HEAD") == before
    assert git(show, "status", "--porcelain") == ""


def test_a_conform_alone_writes_nothing(show: Show, tmp_path: Path) -> None:
    changed(show, tmp_path / "new.otio", tail=20)
    assert git(show, "status", "--porcelain") == ""


def test_a_longer_cut_keeps_the_anchor_and_names_the_frames_to_make(show: Show, tmp_path: Path) -> None:
    before = show.shot(SHOT)
    conform = changed(show, tmp_path / "new.otio", head=3, tail=11)
    assert flags(conform) == {SHOT: {"extended_beyond", "shifted"}, "sq010_sh0020": {"shifted"}}
    change = next(change for change in conform.changes if change.clip == SHOT)
    assert (change.head, change.tail, change.missing_head, change.missing_tail) == (3, 11, 0, 3)
    assert "the plate has them" in change.why

    applied = show.apply_conform(conform)
    after = show.shot(SHOT)
    assert after.plate == before.plate and after.handles == before.handles and after.id == before.id
    assert [use.clip_id for use in after.uses] == [use.clip_id for use in before.uses]
    assert after.cut_range == FrameRange(1006, 1031) and after.uses[0].record == 7
    (wanted,) = applied.wanted
    assert (wanted.shot, wanted.version, wanted.frames, wanted.absent) == (SHOT, "v001", (1029, 1030, 1031), ())
    # Independent of us: the cut that is kept is the one that was sent, and both files of the editor's are there.
    assert without_ours(show.layout.cut("main")) == without_ours(tmp_path / "new.otio")
    assert show.layout.received("main", ".otio", 2).read_bytes() == (tmp_path / "new.otio").read_bytes()
    assert show.layout.received("main", ".otio").exists() and git(show, "status", "--porcelain") == ""
    entry = show.log(limit=1)[0]
    assert entry.event == "conform" and f"{SHOT}: shifted, extended_beyond (head +3, tail +11" in entry.body
    assert not show.apply_conform(show.conform(tmp_path / "new.otio")).written


def test_the_draft_of_the_longer_shot_goes_on_from_its_version(show: Show, tmp_path: Path) -> None:
    applied = show.apply_conform(changed(show, tmp_path / "new.otio", tail=14))
    draft = show.extend(applied.wanted[0])
    assert draft.recipe is not None and draft.recipe.parent == "v001"
    assert draft.recipe.frames == show.shot(SHOT).range == FrameRange(1001, 1038)


def test_frames_that_the_plate_lacks_are_said_to_be_lacking(show: Show, tmp_path: Path) -> None:
    conform = changed(show, tmp_path / "new.otio", tail=25)
    change = next(change for change in conform.changes if change.clip == SHOT)
    assert change.missing_tail == 17 and "the plate lacks 7 of them" in change.why
    assert conform.wanted[0].absent == tuple(range(1039, 1046))


def test_a_shot_that_is_cut_out_keeps_its_versions_and_comes_back(show: Show, tmp_path: Path) -> None:
    timeline = sent(show)
    del timeline.tracks[0][0]
    gone = show.conform(save(timeline, tmp_path / "short.otio"))
    assert flags(gone) == {SHOT: {"removed"}, "sq010_sh0020": {"shifted"}}
    applied = show.apply_conform(gone)
    assert applied.omitted == (SHOT,) and show.shot(SHOT).uses == ()
    assert [row.version for row in show.versions(SHOT)] == ["v001"]

    back = show.conform(show.layout.received("main", ".otio"))
    assert flags(back) == {SHOT: {"reinstated"}, "sq010_sh0020": {"shifted"}}
    show.apply_conform(back)
    assert show.shot(SHOT).cut_range == FrameRange(1009, 1020)


@pytest.mark.parametrize("purpose", [name for name in PROFILES if name != "csv"])
def test_our_own_delivery_comes_back_as_that_and_makes_no_new_plate(show: Show, tmp_path: Path, purpose: str) -> None:
    published = show.publish(purpose, tmp_path / f"out{PROFILES[purpose].suffix}")
    before = show.shot(SHOT)
    conform = show.conform(published.path)
    change = next(change for change in conform.changes if change.shot == SHOT)
    assert set(change.flags) == {"returned"} and change.version == "v001", change
    assert (change.head, change.tail, change.missing_head, change.missing_tail) == (0, 0, 0, 0)
    applied = show.apply_conform(conform)
    after = show.shot(SHOT)
    assert after.plate == before.plate and not applied.new and not applied.wanted
    assert (after.uses[0].first, after.uses[0].last) == (before.uses[0].first, before.uses[0].last)
    # And what goes out from here plays the same pictures in the same place.
    again = show.publish("delivery", tmp_path / "again.otio")
    (first, *_) = otio.adapters.read_from_file(str(again.path)).find_clips()
    (sent_first, *_) = otio.adapters.read_from_file(str(show.layout.turnovers("main")[1])).find_clips()
    assert first.source_range == sent_first.source_range
    shown = first.media_reference
    assert shown.start_frame == 1001 and shown.available_range.start_time.value == 90000 + USED[0] - 8


def test_another_source_keeps_the_shot_and_its_versions_are_stale(show: Show, tmp_path: Path) -> None:
    timeline = sent(show)
    timeline.tracks[0][0].media_reference = otio.schema.ExternalReference("other.mov", span(0, 500))
    timeline.tracks[0][0].source_range = span(100, 12)
    conform = show.conform(save(timeline, tmp_path / "new.otio"))
    assert flags(conform)[SHOT] == {"source_replaced"} and conform.stale == (f"{SHOT} v001",)
    show.apply_conform(conform)
    assert "not there" in show.shot(SHOT).missing and len(show.shot(SHOT).uses) == 1


def test_another_cut_shows_the_same_shots(show: Show, tmp_path: Path) -> None:
    timeline = sent(show)
    del timeline.tracks[0][1]
    path = save(timeline, tmp_path / "trailer.otio")
    conform = show.conform(path, "trailer")
    assert flags(conform) == {SHOT: {"new"}} and conform.changes[0].shot == SHOT
    show.apply_conform(conform)
    assert [use.cut for use in show.shot(SHOT).uses] == ["main", "trailer"]
    assert flags(show.conform(path, "trailer")) == {SHOT: {"unchanged"}}
    assert flags(show.conform(show.layout.received("main", ".otio"))).keys() == {SHOT, "sq010_sh0020"}


def test_a_question_has_to_be_answered_and_the_answer_is_remembered(show: Show, tmp_path: Path) -> None:
    def bare(start: int, length: int) -> Any:
        return otio.schema.Clip("untitled", otio.schema.MissingReference(), span(start, length))

    def cut(name: str, *items: Any) -> Conform:
        timeline = otio.schema.Timeline(name)
        timeline.tracks.append(otio.schema.Track("V1", kind="Video"))
        timeline.tracks[0].extend(items)
        return show.conform(save(timeline, tmp_path / f"{name}.otio"), "odd")

    first = show.apply_conform(cut("first", bare(0, 30), bare(100, 30)))
    later = cut("later", otio.schema.Gap(source_range=span(0, 500)), bare(900, 44))
    (question,) = later.questions
    with pytest.raises(BadInput, match="could be one shot or another"):
        show.apply_conform(later)
    with pytest.raises(BadInput, match="is no shot"):
        show.apply_conform(later, {question.key: "sh9999"})
    assert git(show, "status", "--porcelain") == ""
    show.apply_conform(later, {question.key: first.new[1]})
    assert [len(show.shot(shot).uses) for shot in first.new] == [0, 1]
    assert question.key in show.layout.answers("odd").read_text()


def test_the_command_says_it_as_a_table_and_as_json(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(show, tmp_path / "new.otio", tail=11)
    monkeypatch.chdir(show.layout.root)
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setenv(name, show.env[name])
    assert os.environ["RUSHES_STATE"]
    assert main(["conform", str(tmp_path / "new.otio"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["changes"][0] == {
        "clip": SHOT, "was": SHOT, "shot": SHOT, "track": "V1", "flags": ["shifted", "extended_beyond"],
        "head": 0, "tail": 11, "slip": 0, "missing": {"head": 0, "tail": 3},
    }  # fmt: skip
    assert main(["conform", str(tmp_path / "new.otio"), "--apply"]) == 0
    told = capsys.readouterr().out
    assert f"rushes generate {SHOT} --missing" in told
    assert main(["conform", str(tmp_path / "none.otio")]) == 2


@pytest.mark.timeout(300)
def test_the_longer_version_takes_from_the_shorter_what_the_model_made(tmp_path: Path) -> None:
    show = shows.make(shows.cut(tmp_path / "turnover", COUNT, used=USED), tmp_path / "show")
    matte = '[[step]]\nop = "matte"\nname = "figure"\n'
    merge = '[[step]]\nop = "merge"\nname = "comp"\na = "plate"\nb = "plate"\nmask = "figure"\nmix = 0.5\n'
    show.draft(SHOT, text=f"schema = 1\n{matte}{merge}")
    finish(show, show.generate([SHOT])[0])
    applied = show.apply_conform(changed(show, tmp_path / "new.otio", tail=12))
    show.extend(applied.wanted[0])
    finish(show, show.generate([SHOT])[0])
    record = show.version(SHOT, "v002").record
    assert record is not None
    figure = record["reuse"]["figure"]
    assert figure["made"] <= 10 and figure["made"] + figure["reused"] == record["count"] == 38
    assert f"{SHOT}_v001" in figure["source"]
    assert not show.conform(tmp_path / "new.otio").wanted
