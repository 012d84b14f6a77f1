"""What hands expect without reading: what was said goes when it was read, the way back is named, ctrl+c is answered."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, standing, text, until
from tui.app import room as frame
from tui.app.app import Screens
from tui.app.asking import HOW
from tui.app.desk import Desk
from tui.app.screens.conform import ConformRoom
from tui.app.screens.queue import QueueRoom
from tui.app.screens.recipe import RecipeRoom
from tui.app.screens.wedge import WedgeRoom


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")


def test_what_was_said_goes_with_the_next_key_once_it_could_be_read(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        height = cut(app).viewer.region.height
        await pilot.press("a")
        await until(pilot, lambda: "cannot be judged" in said(app))
        assert cut(app).viewer.region.height == height, "the picture keeps its size"
        await pilot.press("down")
        assert "cannot be judged" in said(app), "there was no time to read it"
        monkeypatch.setattr(frame, "READ", 1e9)
        await pilot.press("a", "down")
        assert said(app) == ""
        cut(app).say("It goes on …", stays=True)
        await pilot.press("down", "up")
        assert said(app) == "It goes on …"

    drive(show, hands)


def test_screens_name_the_way_back_and_the_cut_does_not(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        assert "esc back" not in text(app).splitlines()[-1].replace("  ", " ")
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, QueueRoom) and "esc" in text(app).splitlines()[-1])
        assert text(app).splitlines()[-1].rstrip().endswith("esc back  ? help")

    drive(show, hands, (80, 24))


def test_a_question_says_how_it_is_answered_until_something_is_typed(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await pilot.press("slash")
        await until(pilot, lambda: HOW in text(app))
        await pilot.press("s")
        await until(pilot, lambda: HOW not in text(app))
        assert app.screen.query_one(Input).value == "s"

    drive(show, hands)


def test_a_filter_that_back_took_away_stays_away(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await pilot.press("slash", *"sh", "enter", "escape")
        await until(pilot, lambda: cut(app).list.filter == "")
        assert app.place.filter == ""

    drive(show, hands)


def test_ctrl_c_says_how_to_leave_and_ctrl_q_keeps_what_is_typed(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "ctrl+q" in said(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, RecipeRoom) and app.screen.stands)
        room(app, RecipeRoom).editor.area.move_cursor((0, 0))
        await pilot.press(*"# mine", "ctrl+q")

    drive(show, hands)
    assert show.draft(shows.SHOT).text.startswith("# mine")


def test_on_a_small_terminal_a_tab_comes_to_the_front_and_takes_the_keys(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        at = cut(app)
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is at.viewer)
        await pilot.press("3")
        await until(pilot, lambda: app.focused is at.inspector.shown and at.inspector.region.height > 0)
        assert at.viewer.region.height == 0
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is at.list.lines)
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is at.viewer)
        await pilot.press("q")
        await until(pilot, lambda: app.focused is at.list.lines)
        assert app.is_running

    drive(show, hands, (80, 24))


def test_past_the_newest_and_before_the_plate_there_is_nothing_and_that_is_said(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "nothing newer" in said(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "nothing older" in said(app))

    drive(show, hands)


def test_a_new_cut_is_drawn_anew(show: Show) -> None:
    import opentimelineio as otio

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await until(pilot, lambda: cut(app).outline is not None and cut(app).outline.length > 0)
        before = cut(app).outline
        turnover = otio.adapters.read_from_file(str(show.layout.cut("main")))
        del turnover.video_tracks()[0][-1]
        path = show.layout.root.parent / "v2.otio"
        otio.adapters.write_to_file(turnover, str(path))
        show.apply_conform(show.conform(path), {})
        await until(pilot, lambda: cut(app).outline != before)

    drive(show, hands)


def test_a_picked_picture_is_generated_where_it_was_picked(show: Show) -> None:
    show.draft(shows.SHOT, text=shows.BLEND)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, WedgeRoom) and app.screen.bench is not None)
        await pilot.press("R")
        await until(pilot, lambda: "what is new?" in text(app))
        await pilot.press(*"mixed", "enter")
        await until(pilot, lambda: "v001" in said(app))

    drive(show, hands)
    assert show.versions(shows.SHOT)[0].summary == "mixed"


def test_nothing_to_make_for_a_new_cut_is_said(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        app.go(turnover=str(show.layout.cut("main")))
        await pilot.press("N")
        await until(pilot, lambda: "path" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and app.screen.found is not None)
        await pilot.press("e")
        await until(pilot, lambda: "Nothing is to be made" in said(app))

    drive(show, hands)


def test_leaving_knows_whether_what_was_asked_for_is_done(show: Show) -> None:
    desk = Desk(show.layout.root, show.env)
    go_on = threading.Event()
    desk.acts.submit(go_on.wait)
    desk.close()
    desk.close()
    assert not desk.done(0.01)
    go_on.set()
    assert desk.done(30)
