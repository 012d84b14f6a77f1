"""The sheet and its thumbnails: where they lie, which version stands for a shot, and every key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from core.cut.shots import Shot
from core.rows import ShotRow, VersionRow
from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, standing, text, until
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.screens.sheet import SheetRoom
from tui.present import sheet as present
from tui.present.spans import plain
from tui.present.thumbs import BESIDE, LEAST, fitted, grid, moved, one

SHOT = shows.SHOT
pytestmark = pytest.mark.timeout(120)


def row(**changes: Any) -> ShotRow:
    values: dict[str, Any] = {
        "shot": Shot("sh0020", None, (), (8, 8)), "status": "rev", "versions": 2, "latest": "v002", "circled": "",
        "circled_as": "", "cut_frames": 24, "open_notes": 0, "progress": None, "ready": "2025-01-01T00:00:00+00:00",
    }  # fmt: skip
    return ShotRow(**(values | changes))


def version(name: str, state: str = "complete") -> VersionRow:
    return VersionRow("sh0020", name, state, "rev", "", "", "", "", "", 1, 1, 0)


# Where thumbnails lie


sizes = st.integers(1, 300)
aspects = st.floats(0.4, 3)


@given(st.integers(1, 400), sizes, sizes, aspects, st.integers(0, 20))
def test_a_grid_lies_inside_its_width_and_no_picture_is_too_small(
    count: int, width: int, height: int, aspect: float, across: int
) -> None:
    found = fitted(count, width, height, aspect, across)
    assert found.columns * (found.wide + BESIDE) <= max(width, 1 + BESIDE)
    assert found.columns == 1 or found.wide >= LEAST


@given(st.integers(1, 60), st.integers(20, 300), st.integers(5, 100), aspects)
def test_all_are_seen_at_once_where_any_grid_of_that_width_shows_them(
    count: int, width: int, height: int, aspect: float
) -> None:
    possible = [grid(columns, width, aspect) for columns in range(1, width // (LEAST + BESIDE) + 1)]
    seen = [one for one in possible if one.lines(count) <= height]
    found = fitted(count, width, height, aspect)
    assert (found.lines(count) <= height) == bool(seen)
    assert not seen or found.wide == max(one.wide for one in seen)


@given(st.integers(1, 200), st.integers(1, 20), st.data())
def test_the_cursor_stays_inside_and_up_takes_back_what_down_did(count: int, columns: int, data: Any) -> None:
    index = data.draw(st.integers(0, count - 1))
    down = moved(index, count, columns, 0, 1)
    assert 0 <= down < count and (down - index) % columns == 0
    assert down == index or moved(down, count, columns, 0, -1) == index
    assert moved(index, count, columns, 0, -1_000_000) == index % columns
    assert moved(index, count, columns, 1_000_000, 0) == count - 1


def test_one_picture_takes_all_the_room_there_is() -> None:
    assert (one(120, 34, 16 / 9).columns, one(120, 34, 16 / 9).rows) == (1, 33)


# Which version stands for a shot


def test_the_circled_version_stands_for_a_shot_else_the_newest_complete_one_else_the_plate() -> None:
    assert present.version_of(row(circled="v001"), "circled") == "v001"
    assert present.version_of(row(circled="v001"), "newest") == "v002"
    assert present.version_of(row(), "circled") == "v002"
    assert present.version_of(row(circled="v001"), "plates") == ""
    working = row(ready="", progress=(1, 4))
    assert present.needs_versions(working, "circled") and not present.needs_versions(working, "plates")
    assert present.version_of(working, "newest", [version("v001"), version("v002", "rendering")]) == "v001"
    assert present.version_of(working, "newest", [version("v001", "failed")]) == ""
    assert not present.needs_versions(row(latest="", ready=""), "newest")


def test_a_thumbnail_says_which_version_it_is_and_why_there_is_no_picture() -> None:
    assert plain(present.thumb(row(circled="v002"), "v002").label) == "sh0020 v002 ◉ rev"
    assert plain(present.thumb(row(circled="v002"), "v001").label) == "sh0020 v001"
    bare = present.thumb(row(shot=Shot("sh0020", None, (), (8, 8), missing="not found")), "")
    assert (bare.source, bare.words) == (None, "not found")
    assert "circled as temp" in present.about(row(circled="v002", circled_as="temp", open_notes=2), "v002")


# By keys


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """Two versions of the first shot, the second one's clip has no media."""
    folder = tmp_path_factory.mktemp("sheet")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    for mix in ("0.5", "0.1"):
        show.draft(SHOT, text=shows.BLEND.replace("0.5", mix))
        shows.finish(show, show.generate([SHOT])[0])
    return show


async def opened(app: Screens, pilot: Pilot[None]) -> SheetRoom:
    await standing(app, pilot)
    await pilot.press("S")
    await until(pilot, lambda: isinstance(app.screen, SheetRoom) and bool(app.screen.thumbs.thumbs))
    found = room(app, SheetRoom)
    await until(pilot, lambda: bool(found.thumbs._held))
    return found


def test_one_frame_of_every_shot_and_enter_goes_there_in_the_cut(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        sheet = await opened(app, pilot)
        assert [thumb.key for thumb in sheet.thumbs.thumbs] == [SHOT, "sq010_sh0020"]
        assert any(isinstance(found, list) for found in sheet.thumbs._held.values())
        assert f"{SHOT} v002" in text(app) and "sq010_sh0020 plate" in text(app)
        for keys in (("l", "h"), ("right", "left"), ("j", "k"), ("down", "up"), ("G", "g"), ("end", "home")):
            await pilot.press(*keys)
            assert sheet.thumbs.cursor == 0
        await pilot.press("t")
        await until(pilot, lambda: "newest" in text(app))
        await pilot.press("t")
        await until(pilot, lambda: present.MODES["plates"] in text(app) and "newest" not in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is cut(app) and cut(app).viewer.version == "")
        assert (app.place.shot, app.place.frame) == (SHOT, rendered.shot(SHOT).poster)

    drive(rendered, hands)


def test_thumbnails_grow_and_shrink_and_one_stands_alone(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        sheet = await opened(app, pilot)
        first = sheet.thumbs._grid
        await pilot.press("minus")
        assert sheet.thumbs._grid.columns == first.columns + 1
        await pilot.press("plus", "equals_sign")
        assert sheet.thumbs._grid.columns == max(1, first.columns - 1)
        await pilot.press("z")
        assert sheet.thumbs.large and sheet.thumbs._grid.columns == 1
        await pilot.press("pagedown", "ctrl+d", "pageup", "ctrl+u", "z")
        assert not sheet.thumbs.large
        await pilot.resize_terminal(30, 10)
        await pilot.pause()
        assert sheet.thumbs._grid.columns <= 2
        await pilot.click(sheet.thumbs, offset=(3, 1))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bool(sheet.thumbs._held))

    drive(rendered, hands)


def test_marked_shots_are_judged_as_one_and_the_plate_is_not(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        sheet = await opened(app, pilot)
        await pilot.press("V")
        assert sheet.thumbs.marked == {SHOT, "sq010_sh0020"} and "2 marked" in text(app)
        await pilot.press("a")
        assert "cannot be judged" in said(app)
        await pilot.press("V", "g", "v")
        assert sheet.thumbs.marked == {SHOT}
        await pilot.press("a")
        assert isinstance(app.screen, Ask)
        await pilot.press("enter")
        await until(pilot, lambda: "approved" in said(app))
        for key, kind in (("x", Ask), ("c", Ask), ("C", Ask), ("n", Ask), ("s", Choose)):
            await pilot.press(key)
            assert isinstance(app.screen, kind)
            await pilot.press("escape")
        await pilot.press("u")
        await until(pilot, lambda: rendered.version(SHOT, "v002").row.status == "rev")

    drive(rendered, hands)


def test_the_sheet_is_written_as_a_picture(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("E")
        await until(pilot, lambda: "sheet.png" in said(app))
        assert (rendered.layout.media / "sheet.png").read_bytes().startswith(b"\x89PNG")

    drive(rendered, hands)


def test_a_frame_that_is_gone_says_so_in_its_place(rendered: Show, tmp_path: Path) -> None:
    frame = rendered.layout.frame(SHOT, "v002", rendered.shot(SHOT).poster, suffix=".exr")
    frame.rename(tmp_path / "away")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        sheet = await opened(app, pilot)
        await until(pilot, lambda: any("not on this machine" in str(said) for said in sheet.thumbs._held.values()))
        assert "machine" in text(app)

    try:
        drive(rendered, hands)
    finally:
        (tmp_path / "away").rename(frame)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size_shows_thumbnails(rendered: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        sheet = await opened(app, pilot)
        assert sheet.thumbs.region.width > 0
        await pilot.press("escape")
        assert app.screen is cut(app)

    drive(rendered, hands, size)
