"""The screen of a new cut: what it changes, questions, accepting it, and making what is missing, by keys alone."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from core.carry import Applied
from core.conform import Conform, Wanted
from core.cut.recut import conform as core_conform
from core.cut.recut import flags as core_flags
from core.cut.recut.change import Change
from core.errors import CutError
from core.frames import FrameRange
from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, text, until
from tests.timelines import save, span
from tui.app.app import Screens
from tui.app.asking import Ask, Choose, Paths
from tui.app.screens.conform import SUFFIXES, ConformRoom
from tui.app.screens.cut import CutRoom
from tui.present import recut as present
from tui.present.spans import plain

pytestmark = pytest.mark.timeout(120)
SHOT = shows.SHOT
EVIL = "\x1b[31mred \u202e" + "漢字" * 5000


# as plain functions


def change(shot: str = "s1", *flags: str, **more: Any) -> Change:
    return Change(f"{shot} clip", f"{shot} was", shot, "V1", flags or ("unchanged",), **more)


def test_every_flag_that_the_core_gives_has_words() -> None:
    told = "".join(Path(module.__file__).read_text() for module in (core_conform, core_flags))
    given = re.findall(r'yield "(\w+)"', told)
    given += [flag for pair in re.findall(r'yield "(\w+)" if .* else "(\w+)"', told) for flag in pair]
    assert len(given) > 15
    assert {*given, "ambiguous", "removed", "merged", "relinked_only", "unchanged"} - set(present.FLAGS) == set()


@given(st.lists(st.sampled_from(sorted(present.FLAGS)), max_size=12))
def test_what_makes_work_comes_first_and_nothing_is_lost(flags: list[str]) -> None:
    changes = [change(f"s{n}", flag) for n, flag in enumerate(flags)]
    kept = present.shown(changes)
    assert sorted(kept, key=lambda one: one.shot) == sorted(changes, key=lambda one: one.shot)
    ranks = [present.FLAGS[one.flags[0]][0] for one in kept]
    assert ranks == sorted(ranks)
    for one, other in pairwise(kept):
        if present.rank(one) == present.rank(other):
            assert changes.index(one) < changes.index(other)


def test_missing_frames_are_work_whatever_the_flags_say() -> None:
    short = change("s1", "shifted", tail=12, missing_tail=4)
    assert present.shown([change("s2"), change("s3", "new"), short])[0] is short
    line = plain(present.change_line(short, 100))
    assert line.split()[0] == "!" and "+12" in line and "missing 4 tail" in line
    told = "\n".join(map(plain, present.change_lines(short, 80)))
    assert "+12 at the tail" in told and "4 tail" in told


def test_a_filter_takes_shots_flags_missing_and_questions() -> None:
    asked = change("", "ambiguous", key="k", candidates=("s1", "s2"))
    changes = [change("s1", "moved"), change("s2", "shifted", missing_head=2), asked]
    assert [one.shot for one in present.shown(changes, "MOVED")] == ["s1"]
    assert [one.shot for one in present.shown(changes, "missing s2")] == ["s2"]
    assert present.shown(changes, "question") == [asked] and present.shown(changes, "zzz") == []
    assert plain(present.change_line(asked, 100)).split()[0] == "?"
    assert "→ s2" in plain(present.change_line(asked, 100, "s2"))


def test_what_is_to_be_made_names_frames_and_what_the_plate_lacks() -> None:
    wanted = Wanted("s1", "v001", (1029, 1030, 1031), (1031,), FrameRange(1001, 1040))
    applied = Applied(True, "ab", ("s9",), ("s3",), (wanted,), ("a warning",))
    short, new = present.todos(None, applied)
    line = plain(present.todo_line(short, 100))
    assert "s1" in line and "v001" in line and "1029-1031" in line and "plate has 1 of them not" in line
    assert "s9" in plain(present.todo_line(new, 100)) and "e writes" in plain(present.todo_line(new, 100))
    hopeless = Wanted("s1", "v001", (1031,), (1031,), FrameRange(1001, 1040))
    assert "ask for a longer one" in plain(present.todo_line(present.Todo("s1", hopeless), 100))
    told = "\n".join(map(plain, present.applied_lines(applied, 80)))
    assert "on the new cut" in told and "s3" in told and "a warning" in told


def test_hostile_names_stay_text() -> None:
    evil = Change(EVIL, EVIL, "", EVIL, ("ambiguous",), why=EVIL, key=EVIL, candidates=("s1",))
    found = Conform(Path("/x") / EVIL[:50], "main", (evil,), (EVIL,), (), ())
    lines = [present.change_line(evil, 80), *present.change_lines(evil, 80), *present.found_lines(found, 80)]
    assert all(part.isprintable() for line in lines for part, _ in line)
    assert present.headline(found, 1, EVIL, 1).isprintable()


def test_paths_are_completed_a_folder_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "turnovers").mkdir()
    for name in ("cut_a.otio", "cut_a.mov", ".hidden.otio"):
        (tmp_path / "turnovers" / name).touch()

    def completed(typed: str) -> str | None:
        return asyncio.run(Paths(SUFFIXES).get_suggestion(typed))

    assert completed(f"{tmp_path}/turn") == f"{tmp_path}/turnovers/"
    assert (
        completed(f"{tmp_path}/turnovers/")
        == completed(f"{tmp_path}/turnovers/cut")
        == f"{tmp_path}/turnovers/cut_a.otio"
    )
    assert completed(f"{tmp_path}/nowhere/x") is None and completed(f"{tmp_path}/turnovers/z") is None


# by keys


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """One complete, circled version of frames 1001 to 1028, whose plate goes on to 1038."""
    made = shows.make(shows.cut(tmp_path / "turnover", 40, used=(10, 12)), tmp_path / "show")
    made.draft(SHOT, text=shows.BLEND)
    shows.finish(made, made.generate([SHOT])[0])
    made.review(SHOT, "v001", "circle")
    return made


def longer(show: Show, path: Path) -> Path:
    """The cut with the shot three frames longer than what was made, and a clip that is new."""
    timeline = otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))
    timeline.tracks[0][0].source_range = span(90010, 23)
    timeline.tracks[0].append(otio.schema.Clip("insert_01", otio.schema.MissingReference(), span(0, 9)))
    return save(timeline, path)


async def opened(app: Screens, pilot: Pilot[None], path: Path) -> ConformRoom:
    await until(pilot, lambda: bool(cut(app).rows))
    await pilot.press("N")
    await until(pilot, lambda: isinstance(app.screen, Ask))
    app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ConformRoom))
    return room(app, ConformRoom)


def test_a_cut_is_looked_at_accepted_and_what_is_missing_is_generated(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Show, "start_worker", lambda self: None)
    before = len(show.log())

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        conform = await opened(app, pilot, longer(show, tmp_path / "new.otio"))
        await until(pilot, lambda: bool(conform.list.rows))
        assert conform.list.row is not None and conform.list.row.shot == SHOT
        assert "missing 3 tail" in text(app) and len(show.log()) == before
        await pilot.press("R")
        await until(pilot, lambda: "accepted first" in said(app))
        await pilot.press("a")
        await until(pilot, lambda: "Nothing is asked" in said(app))
        await pilot.press("slash", *"new", "enter")
        await until(pilot, lambda: len(conform.list.rows) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: "no shot yet" in said(app))
        await pilot.press("slash", "escape", "slash", "ctrl+u", "enter", "t", "t", "tab", "tab")
        await until(pilot, lambda: len(conform.list.rows) == 3)
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("escape", "A", "y")
        await until(pilot, lambda: conform.applied is not None)
        assert show.log()[0].event == "conform"
        await until(pilot, lambda: "1029-1031" in text(app) and "writes its recipe" in text(app))
        await pilot.press("A")
        await until(pilot, lambda: "on this cut" in said(app))
        await pilot.press("v", "V", "V", "g", "R", "enter")
        await until(pilot, lambda: "v002" in said(app) and "frames queued" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CutRoom) and app.place.shot == SHOT)

    drive(show, hands)
    assert show.version(SHOT, "v002").range == show.shot(SHOT).range == FrameRange(1001, 1038)


def test_a_draft_is_written_and_the_recipe_opened(show: Show, tmp_path: Path) -> None:
    found = show.conform(longer(show, tmp_path / "new.otio"))
    show.apply_conform(found)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        conform = await opened(app, pilot, found.file)
        await until(pilot, lambda: "on this cut already" in text(app))
        await pilot.press("t")
        await until(pilot, lambda: conform.wanted.row is not None and conform.wanted.display)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.name == "recipe")
        assert app.place.shot == SHOT

    drive(show, hands)
    draft = show.draft(SHOT)
    assert draft.recipe is not None and draft.recipe.range == (1001, 1038)


def test_what_cannot_be_read_says_why_and_the_path_stands_there_again(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "torn.otio"
    bad.write_text("{")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: bool(cut(app).rows))
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom))
        await pilot.press("A")
        await until(pilot, lambda: "No cut was opened" in said(app))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(bad)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and app.screen.query_one(Input).value == str(bad))
        app.screen.query_one(Input).value = str(longer(show, tmp_path / "new.otio"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and bool(app.screen.list.rows))

        def fails(self: Show, *args: object) -> Applied:
            raise CutError("This cut cannot be taken.", todo="Ask the editor.")

        monkeypatch.setattr(Show, "apply_conform", fails)
        await pilot.press("A", "y")
        await until(pilot, lambda: "cannot be taken" in said(app))
        await pilot.press("question_mark", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Ask) and "new.otio" in app.screen.query_one(Input).value)

    drive(show, hands)


def test_a_question_is_answered_in_a_list_before_the_cut_is_taken(tmp_path: Path) -> None:
    def bare(*items: Any) -> otio.schema.Timeline:
        timeline = otio.schema.Timeline("odd")
        timeline.tracks.append(otio.schema.Track("V1", kind="Video"))
        timeline.tracks[0].extend(items)
        return timeline

    def clip(start: int, length: int) -> Any:
        return otio.schema.Clip("untitled", otio.schema.MissingReference(), span(start, length))

    show = shows.make(save(bare(clip(0, 30), clip(100, 30)), tmp_path / "first.otio"), tmp_path / "show")
    later = save(bare(otio.schema.Gap(source_range=span(0, 500)), clip(900, 44)), tmp_path / "later.otio")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        conform = await opened(app, pilot, later)
        await until(pilot, lambda: bool(conform.list.rows) and "1 to answer" in str(conform.headline.render()))
        await pilot.press("A")
        await until(pilot, lambda: "1 to answer first" in said(app))
        await pilot.press("a", "escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("2")
        await until(pilot, lambda: len(conform.answers) == 1)
        await pilot.press("a", "n")
        await until(pilot, lambda: list(conform.answers.values()) == ["new"])
        await pilot.press("A", "y")
        await until(pilot, lambda: conform.applied is not None)
        await until(pilot, lambda: bool(conform.wanted.rows))
        await pilot.press("R")
        await until(pilot, lambda: "starts with a recipe" in said(app))

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    show = shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        conform = await opened(app, pilot, show.layout.received("main", ".otio"))
        await until(pilot, lambda: len(conform.list.rows) == 2)

    drive(show, hands, size)
