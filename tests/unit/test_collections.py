"""Files that hold several timelines: the error lists them, a name chooses one, and what goes out is that one again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.collection import Several, named
from core.cut.incoming.read import read_cut, read_timeline
from core.errors import CutError
from core.show import Show
from otio_adapters import versions
from tests import shows
from tests.shows import BLEND, SHOT, finish
from tests.timelines import clip, movie, save, timeline
from tui.commands.main import main

pytestmark = pytest.mark.timeout(120)


def reel(name: str, *names: str) -> Any:
    made = timeline([clip(one, movie(), 10 * n, 10) for n, one in enumerate(names or (f"{name} clip",))])
    made.name = name
    return made


def collection(*children: Any) -> Any:
    made = otio.schema.SerializableCollection("bin")
    made.extend(children)
    return made


def test_without_a_name_the_error_lists_them_however_deep_they_lie(tmp_path: Path) -> None:
    inner = collection(reel("reel 2"), clip("loose", movie(), 0, 5))
    path = save(collection(reel("reel 1"), inner, reel("")), tmp_path / "bin.otio")
    with pytest.raises(Several, match="3 timelines: reel 1, reel 2, timeline 3") as caught:
        read_cut(path)
    assert caught.value.names == ("reel 1", "reel 2", "timeline 3") and "--timeline" in caught.value.todo
    for name in caught.value.names:
        cut = read_cut(path, name=name)
        assert (cut.name or "timeline 3") == name
    with pytest.raises(Several, match="no timeline 'reel 9'") as caught:
        read_cut(path, name="reel 9")
    assert "reel 1, reel 2, timeline 3" in caught.value.todo


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = save(collection(reel("cut", "a"), reel("cut", "b"), reel("cut (2)", "c")), tmp_path / "bin.otio")
    found = named(otio.adapters.read_from_file(str(path)))
    assert list(found) == ["cut", "cut (2)", "cut (2) (2)"]
    for name, of in zip(found, "abc", strict=True):
        (one,) = list(read_timeline(path, name=name).find_clips())
        assert one.name == of


def test_one_alone_is_taken_as_it_is_and_another_name_is_refused(tmp_path: Path) -> None:
    path = save(collection(reel("only")), tmp_path / "bin.otio")
    assert read_cut(path).name == "only" == read_cut(path, name="only").name
    plain = save(reel("only"), tmp_path / "plain.otio")
    assert read_cut(plain, name="only").name == "only"
    for one in (path, plain):
        with pytest.raises(Several, match="no timeline 'other'"):
            read_cut(one, name="other")
    with pytest.raises(CutError, match="no timeline"):
        read_cut(save(collection(clip("a", movie(), 0, 5)), tmp_path / "clips.otio"), name="a")


@pytest.mark.parametrize("suffix", ["xml", "fcpxml"])
def test_the_adapters_collections_are_chosen_from_too(tmp_path: Path, suffix: str) -> None:
    made, path = collection(reel("first"), reel("second", "b1", "b2")), tmp_path / f"project.{suffix}"
    otio.adapters.write_to_file(made, str(path))
    with pytest.raises(Several, match="first, second"):
        read_cut(path)
    cut = read_cut(path, name="second")
    assert cut.name == "second" and len(list(cut.timeline.find_clips())) == 2


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """A show from the second timeline of a file; its shot has a circled version."""
    single = otio.adapters.read_from_file(str(shows.cut(tmp_path / "turnover")))
    other = reel("selects", SHOT, "sq010_sh0020")  # clips called alike, so that names alone do not tell
    path = save(collection(other, single), tmp_path / "bin.otio")
    state = tmp_path / "state"
    env = {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")}
    show, _ = Show.create(path, tmp_path / "show", env, timeline="reel 1")
    show.draft(SHOT, text=BLEND)
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setenv(name, env[name])
    return show


def test_what_goes_out_is_the_timeline_that_was_chosen(show: Show, tmp_path: Path) -> None:
    """Byte for byte the file stays what was received; the master is its one timeline, with versions in it."""
    received = show.layout.received("main", ".otio")
    assert received.read_bytes() == (tmp_path / "bin.otio").read_bytes()
    for purpose in ("master", "delivery"):
        published = show.publish(purpose)
        read, sent = otio.adapters.read_from_file(str(published.path)), read_timeline(received, name="reel 1")
        assert read.name == "reel 1" and list(read.metadata["avid"]["keep"]) == [1, 2]
        assert [one.source_range for one in read.find_clips()] == [one.source_range for one in sent.find_clips()]
        assert published.losses == () and "timeline" not in dict(read.metadata["rushes"])
    assert show.verify().ok


def test_a_later_turnover_chooses_again(show: Show, tmp_path: Path) -> None:
    conform = show.conform(tmp_path / "bin.otio", timeline="reel 1")
    assert {change.flags for change in conform.changes} == {("unchanged",)}
    assert not show.apply_conform(conform).written
    with pytest.raises(Several):
        show.conform(tmp_path / "bin.otio")
    # As another cut, then from a file that holds one timeline alone: what was chosen before is not asked for again.
    show.apply_conform(show.conform(tmp_path / "bin.otio", "reel_1", "reel 1"))
    kept = read_timeline(show.layout.cut("reel_1"))
    assert versions.get_text(kept, "timeline") == "reel 1"
    versions.put(kept, {"timeline": "reel 1 (2)"})
    show.apply_conform(show.conform(save(kept, tmp_path / "single.otio"), "reel_1"))
    assert versions.get(read_timeline(show.layout.cut("reel_1"))) == {}
    assert show.publish("delivery", cut="reel_1").clips == 1


def test_the_commands_take_a_name(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(show.layout.root)
    assert main(["conform", str(tmp_path / "bin.otio")]) == 2
    told = capsys.readouterr().err
    assert "2 timelines: selects, reel 1" in told and "--timeline NAME" in told
    assert main(["conform", str(tmp_path / "bin.otio"), "--timeline", "reel 1"]) == 0
    assert "unchanged" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert main(["new", "bin.otio", "again"]) == 2
    capsys.readouterr()
    assert main(["new", "bin.otio", "again", "--timeline", "selects"]) == 0
    assert (tmp_path / "again" / "rushes.toml").is_file()
