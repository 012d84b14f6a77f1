"""The cut screen, driven by a pilot: what keys do, what is said when nothing is to be seen, what is never imported."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from core.show import Show
from tests import shows
from tests.screens import cut, drive, said, settled, text, until
from tui.app.app import Screens
from tui.app.asking import Ask
from tui.app.helping import Help, Palette
from tui.app.screens import cut as cut_screen
from tui.app.widgets.inspector import Detail
from tui.video.terminal import understand

SHOT = shows.SHOT
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def turnover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(turnover: Path, tmp_path: Path) -> Show:
    return shows.make(turnover, tmp_path / "show")


@pytest.fixture
def rendered(show: Show) -> Show:
    """The show with v001 and v002 of its shot."""
    for mix in ("0.5", "0.3"):
        show.draft(SHOT, text=shows.BLEND.replace("0.5", mix))
        show.generate([SHOT], f"mix {mix}")
        for _ in show.follow([job.id for job in show.jobs()]):
            pass
    return show


async def seen(app: Screens, pilot: Pilot[None]) -> None:
    """Until everything that was asked for is on the screen."""
    await settled(app, pilot)


def test_the_shots_stand_in_cut_order_and_the_arrows_choose(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await seen(app, pilot)
        room = cut(app)
        assert [row.shot.id for row in room.list.lines.rows] == [SHOT, "sq010_sh0020"]
        await pilot.press("j")
        await until(pilot, lambda: "no picture" in room.viewer.words or "no plate" in room.viewer.words)
        assert app.place.shot == "sq010_sh0020"
        await pilot.press("g")
        await until(pilot, lambda: app.place.shot == SHOT)

    drive(show, hands)


def test_the_arrows_step_through_the_plate_and_stop_at_its_ends(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: app.place.frame > 0 and room.viewer.shot is not None)
        await seen(app, pilot)
        start = room.viewer.frame
        await pilot.press("right")
        await until(pilot, lambda: app.place.frame == start + 1)
        assert room.viewer.shot is not None
        await pilot.press(*["shift+left"] * 3)
        first = room.viewer.shot.range.first
        await until(pilot, lambda: app.place.frame == first)

    drive(show, hands)


def test_a_filter_is_typed_shown_at_each_letter_and_kept_for_the_next_time(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await pilot.press("slash", *"0020")
        await until(pilot, lambda: [row.shot.id for row in room.list.lines.rows] == ["sq010_sh0020"])
        await pilot.press("escape")
        await until(pilot, lambda: len(room.list.lines.rows) == 2)
        await pilot.press("slash", *"status:none", "enter", "comma")
        await until(pilot, lambda: app.place.filter == "status:none" and app.place.sort == "id")
        await seen(app, pilot)
        app.keep_place()
        await pilot.press("escape")
        assert room.list.filter == ""

    drive(show, hands)

    async def again(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: cut(app).list.filter == "status:none")

    drive(show, again)


def test_where_one_was_is_found_again(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.viewer.version == "v002")
        await seen(app, pilot)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: room.viewer.version == "v001")
        await seen(app, pilot)
        await pilot.press("left", "2")
        await until(pilot, lambda: app.place.tab == "versions")
        await seen(app, pilot)
        app.keep_place()
        kept.append((app.place.frame, app.place.version))

    kept: list[tuple[int, str]] = []
    drive(rendered, hands)
    assert json.loads(rendered.layout.place.read_text())["version"] == "v001"

    async def again(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: (room.viewer.frame, room.viewer.version) == kept[0])
        assert room.inspector.tabs.open == "versions"

    drive(rendered, again)


def test_versions_are_stepped_through_and_jumped_to(rendered: Show) -> None:
    rendered.review(SHOT, "v001", "approve")
    rendered.review(SHOT, "v001", "circle")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.viewer.version == "v001")
        for key, version in (
            ("right_curly_bracket", "v002"),
            ("left_square_bracket", "v001"),
            ("left_square_bracket", ""),
            ("right_square_bracket", "v001"),
            ("right_curly_bracket", "v002"),
            ("b", "v001"),
            ("left_curly_bracket", ""),
            ("o", "v001"),
        ):
            await pilot.press(key)
            await until(pilot, lambda version=version: room.viewer.version == version)  # type: ignore[misc]
            await seen(app, pilot)

    drive(rendered, hands)


def test_judging_asks_for_words_is_one_commit_and_can_be_taken_back(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.viewer.version == "v002")
        await pilot.press("x", *"no", "escape")
        assert rendered.version(SHOT, "v002").row.status == "rev"
        await pilot.press("x", *"more q?", "enter")
        await until(pilot, lambda: room.rows[0].status == "rtk")
        await pilot.press("a", "enter")
        await until(pilot, lambda: room.rows[0].status == "apr")
        await pilot.press("c", "enter")
        await until(pilot, lambda: room.rows[0].circled == "v002")
        await pilot.press("u")
        await until(pilot, lambda: room.rows[0].circled == "")
        await pilot.press("C", "enter")
        await until(pilot, lambda: room.rows[0].circled_as == "temp")
        await pilot.press("s", "h", *"later", "enter")
        await until(pilot, lambda: room.rows[0].status == "hld")
        await pilot.press("n", *"flicker: the edge boils", "enter")
        await until(pilot, lambda: room.rows[0].open_notes == 1)

    drive(rendered, hands)
    assert [entry.event for entry in rendered.log()][:3] == ["review"] * 3


def test_marked_shots_are_judged_in_one_act(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.viewer.version == "v002")
        await pilot.press("v")
        assert room.judged() == ((SHOT, "v002"),)
        await pilot.press("V")
        assert room.judged() == ((SHOT, "v002"),), "a shot without a version has nothing to judge"
        await pilot.press("a", "enter")
        await until(pilot, lambda: room.rows[0].status == "apr")

    drive(rendered, hands)


def test_the_plate_cannot_be_judged_and_says_so(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await seen(app, pilot)
        await pilot.press("a")
        assert "plate" in said(app)

    drive(show, hands)


def test_what_was_typed_stands_in_the_line_again_when_the_act_fails(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await seen(app, pilot)
        show.draft(SHOT, text="schema = 1\nwrong = 2\n")
        await pilot.press("R", *"calmer", "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and "wrong" in text(app))
        assert app.screen.query_one(Input).value == "calmer"

    drive(show, hands)


def test_a_draft_is_generated_and_what_another_window_did_is_seen(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await seen(app, pilot)
        await asyncio.to_thread(show.draft, SHOT, text=shows.BLEND)
        await pilot.press("R", *"first", "enter")
        await until(pilot, lambda: cut(app).rows[0].versions == 1)
        assert "queued" in said(app)
        other = Show.open(show.layout.root, show.env)
        await asyncio.to_thread(lambda: list(other.follow([job.id for job in other.jobs()])))
        await asyncio.to_thread(other.review, SHOT, "v001", "note", "seen elsewhere")
        await until(pilot, lambda: cut(app).rows[0].open_notes == 1)

    drive(show, hands)


def test_the_inspector_has_four_tabs_and_leads_to_versions_and_frames(rendered: Show) -> None:
    rendered.review(SHOT, "v001", "note", "this hand", (1006, 1008))

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.inspector.detail is not None and len(room.inspector.detail.versions) == 2)
        for number, name in enumerate(("recipe", "versions", "notes", "provenance"), 1):
            await pilot.press(str(number))
            assert room.inspector.tabs.open == name
        await seen(app, pilot)
        assert "made by" in text(app)
        await pilot.press("3", "shift+tab")
        assert app.focused is room.inspector.notes
        await pilot.press("enter")
        await until(pilot, lambda: (room.viewer.version, room.viewer.frame) == ("v001", 1006))
        await pilot.press("2", "tab")
        while app.focused is not room.inspector.versions:
            await pilot.press("tab")
        await pilot.press("g", "enter")
        await until(pilot, lambda: room.viewer.version == "v002")

    drive(rendered, hands)


def test_help_and_the_palette_tell_what_can_be_done_and_do_it(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: cut(app).viewer.version == "v002")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        assert "mark" in text(app)
        await pilot.press("escape", "colon", *"olderv")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press("enter")
        await until(pilot, lambda: cut(app).viewer.version == "v001")

    drive(rendered, hands)


def test_every_action_of_the_table_has_something_that_does_it() -> None:
    """A key that does nothing is a lie in the footer, in `?` and in docs/keys.md."""
    from tui.app.actions import ACTIONS, PLACES
    from tui.app.lines import Lines
    from tui.app.rooms import ROOMS, make_room
    from tui.app.screens.cut import CutRoom
    from tui.app.widgets.notes import NoteLines
    from tui.app.widgets.thumbs import Thumbs
    from tui.app.widgets.viewer import Viewer

    kinds: dict[str, list[type]] = {"any": [CutRoom, Screens], "list": [Lines], "grid": [Thumbs], "cut": [CutRoom]}
    kinds |= {"shots": [CutRoom], "viewer": [Viewer, CutRoom], "inspector": [CutRoom], "notes": [NoteLines]}
    kinds |= {name: [type(make_room(name))] for name in ROOMS}
    kinds["form"] = kinds["recipe"]
    for action in ACTIONS:
        name = action.call.partition("(")[0].rpartition(".")[2]
        assert any(hasattr(kind, f"action_{name}") for kind in kinds[action.place]), action.id
    assert {action.place for action in ACTIONS} <= set(PLACES)
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_keys_of_ones_own_and_a_keymap_that_is_wrong_says_so(show: Show, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('"shots.filter" = "F"\n')
    mine = Show.open(show.layout.root, {**show.env, "RUSHES_KEYS": str(keys)})

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, Ask))

    drive(mine, hands)
    keys.write_text('"shots.fliter" = "F"\n')

    async def wrong(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "shots.fliter" in said(app))

    drive(mine, wrong)


def test_a_show_that_cannot_be_read_says_why(show: Show) -> None:
    show.layout.settings.write_text("schema = 99\nname = 3\n")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "rushes.toml" in cut(app).viewer.words)
        await pilot.press("ctrl+r", "v", "right", "a", "question_mark", "escape", "q")

    drive(show, hands)


def test_an_empty_show_says_so(show: Show) -> None:
    import shutil

    shutil.rmtree(show.layout.root / "shots")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "no shots" in cut(app).viewer.words)

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 60), (20, 6)])
def test_every_size_shows_the_list_and_takes_keys(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert cut(app).list.lines.region.width > 0
        await pilot.press("question_mark", "escape", "tab", "z", "escape", "1", "escape", "f2")
        await pilot.resize_terminal(100, 30)
        await seen(app, pilot)

    drive(show, hands, size)


def test_the_first_paint_needs_neither_numpy_nor_the_core_and_torch_never_comes(show: Show) -> None:
    """A thousand shots must not delay the first frame: what is heavy comes after it, in threads."""
    code = f"""
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from tui.app.app import Screens
from tui.app.screens.cut import CutRoom
early = ("numpy", "av", "git", "opentimelineio", "OpenImageIO", "PyOpenColorIO", "pydantic", "core.show", "torch")
seen = {{}}
entered = CutRoom.entered
def after_first_paint(room):
    seen["early"] = [name for name in early if name in sys.modules]
    entered(room)
CutRoom.entered = after_first_paint
app = Screens(Path({str(show.layout.root)!r}), {dict(show.env)!r})
async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(1000):
            if app.screen.rows:
                break
            await pilot.pause(0.02)
        seen["rows"] = len(app.screen.rows)
asyncio.run(main())
heavy = [name for name in ("torch", "diffusers", "transformers", "onnxruntime") if name in sys.modules]
print(seen, heavy)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(show.env), check=True)
    assert done.stdout.strip() == "{'early': [], 'rows': 2} []"


def test_keys_pressed_while_the_terminal_was_asked_are_taken(show: Show) -> None:
    """The question is answered before the screens begin; what hands did meanwhile is not lost."""

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await until(pilot, lambda: app.screen.query_one(Input).value == "0020")

    drive(show, hands, terminal=replace(understand(b"", {}), typed=b"/0020"))


def test_a_version_stepped_to_before_the_versions_are_read_is_the_right_one(
    rendered: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow disk keys come first: they wait, and none is taken for something else."""
    read, go = threading.Event(), cut_screen.detail_of

    def slow(show: Show, shot: str, version: str) -> Detail:
        assert read.wait(30)
        return go(show, shot, version)

    monkeypatch.setattr(cut_screen, "detail_of", slow)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: cut(app).viewer.version == "v002")
        for name, key in (("left_square_bracket", "["), ("x", "x"), ("e", "e")):  # `e`: of what is wrong, no recipe
            app.post_message(events.Key(name, key))
        await pilot.pause()
        assert cut(app).viewer.version == "v002"
        read.set()
        await until(pilot, lambda: [line.value for line in app.screen.query(Input)] == ["e"])
        assert cut(app).viewer.version == "v001"

    drive(rendered, hands)


def test_the_plate_says_where_it_comes_from(show: Show) -> None:
    """What the camera log said of the take is beside the picture, by the key of the tab."""
    path = show.layout.shot(SHOT)
    path.write_text(path.read_text() + '\n[source]\nScene = "12B"\nLens = "40 mm\\u001b[31m"\n')

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await seen(app, pilot)
        await pilot.press("4")
        await until(pilot, lambda: "12B" in text(app))
        shown = text(app)
        assert "nothing was generated" in shown and "40 mm" in shown and "\x1b" not in shown
        assert "frames a second" in shown and "ACEScg" in shown

    drive(show, hands, (200, 60))
