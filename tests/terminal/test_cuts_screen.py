"""Several cuts on the screens: one is chosen, and strip, list, playing, new cuts and publishing speak of that one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import opentimelineio as otio
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, settled, text, until
from tests.timelines import clip, movie, save, timeline
from tui.app.app import Screens
from tui.app.asking import MOST, Ask, Choose
from tui.app.helping import deeds
from tui.app.screens.conform import ConformRoom
from tui.app.screens.cut import CutRoom
from tui.app.screens.publish import PublishRoom
from tui.present import cut as present

pytestmark = pytest.mark.timeout(120)
SHOT = shows.SHOT
INSERT = "tr010_sh0010"


@pytest.fixture
def single(tmp_path: Path) -> Show:
    show = shows.make(shows.cut(tmp_path / "turnover", 40, used=(10, 12)), tmp_path / "show")
    show.draft(SHOT, text=shows.BLEND)
    shows.finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    return show


def trailer(show: Show, path: Path) -> Path:
    """A clip that the main cut has not, then a part of its first shot."""
    sent = list(otio.adapters.read_from_file(str(show.layout.received("main", ".otio"))).find_clips())
    shared = sent[0].clone()
    return save(timeline([clip(INSERT, movie("gone.mov"), 4, 8), shared]), path)


@pytest.fixture
def show(single: Show, tmp_path: Path) -> Show:
    single.apply_conform(single.conform(trailer(single, tmp_path / "trailer.otio"), "trailer"))
    return single


def listed(app: Screens) -> list[str]:
    return [row.shot.id for row in cut(app).list.lines.rows]


async def choose(app: Screens, pilot: Pilot[None], key: str) -> None:
    """The cut on this key, once the list is there."""
    await settled(app, pilot)
    await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, CutRoom))
    await settled(app, pilot)


def test_where_there_is_one_cut_nothing_asks_which(single: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        assert "cut.cut" not in {deed.id for deed in deeds(app.screen)}
        await pilot.press("E")
        await settled(app, pilot)
        assert isinstance(app.screen, CutRoom) and "main" not in str(cut(app).headline.render())
        assert listed(app) == [SHOT, "sq010_sh0020"]

    drive(single, hands)


def test_another_cut_is_looked_at_and_everything_speaks_of_it(show: Show, tmp_path: Path) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        assert "· main ·" in str(cut(app).headline.render()) and listed(app) == [SHOT, "sq010_sh0020", INSERT]
        assert "cut.cut" in {deed.id for deed in deeds(app.screen)}
        await choose(app, pilot, "2")
        assert "· trailer · 25 fps · 2 of 3 shots" in str(cut(app).headline.render())
        assert listed(app) == [INSERT, SHOT, "sq010_sh0020"]
        outline = cut(app).outline
        assert outline is not None and outline.length == 20 and app.place.shot == SHOT
        # The same frame lies elsewhere in this cut: its first of the shot is the trailer's ninth.
        row = cut(app).row
        assert row is not None and row.shot.id == SHOT and row.cut_frames == 12
        assert present.record_frame(row, 1009, "trailer") == 8 and present.record_frame(row, 1009, "main") == 0
        await pilot.press("X")
        await until(pilot, lambda: cut(app).cut_feed is not None)
        feed = cut(app).cut_feed
        assert feed is not None and len(feed.play.frames) == 20
        playing = feed.play.at(8)
        assert playing is not None and (playing.source.shot, playing.frame) == (SHOT, 1009)
        await pilot.press("X")
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, PublishRoom))
        publish = room(app, PublishRoom)
        await until(pilot, lambda: len(publish.going) == 2)
        assert "· trailer · master" in str(publish.headline.render())
        await pilot.press("j", "w", "y")
        await until(pilot, lambda: publish.published is not None)
        assert publish.published is not None
        assert publish.published.path.name == "reel_1_trailer_delivery_001.otio"
        await pilot.press("escape", "escape", "N")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(tmp_path / "trailer.otio")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and bool(app.screen.list.rows))
        assert {change.flags for change in room(app, ConformRoom).list.rows} == {("unchanged",)}
        assert "New cut  trailer · trailer.otio" in str(app.screen.headline.render())  # type: ignore[attr-defined]

    drive(show, hands)
    assert show.log()[0].get("Rushes-Cut") == "trailer"


def test_the_cut_is_kept_and_one_that_is_gone_says_so(show: Show) -> None:
    async def first(app: Screens, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "2")
        app.keep_place()

    async def second(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        assert app.place.cut == "trailer" and listed(app)[0] == INSERT
        app.keep_place()

    async def third(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "no cut trailer any more" in said(app))
        await settled(app, pilot)
        assert app.place.cut == "main" and listed(app)[0] == SHOT

    drive(show, first)
    drive(show, second)
    for path in show.layout.cut("trailer").parent.iterdir():
        path.unlink()
    drive(show, third)


def test_a_shot_that_the_cut_does_not_show_stays_within_reach(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("j")
        await until(pilot, lambda: app.place.shot == "sq010_sh0020")
        await choose(app, pilot, "2")
        assert app.place.shot == INSERT, "the trailer does not show it: its own first shot is looked at"
        await pilot.press("G")
        await until(pilot, lambda: app.place.shot == "sq010_sh0020")
        await pilot.press("X")
        await until(pilot, lambda: "not in the cut" in said(app))
        await pilot.press("slash", *"cut:trailer", "enter")
        await until(pilot, lambda: listed(app) == [INSERT, SHOT])

    drive(show, hands)


def test_a_new_cut_comes_in_by_keys_under_a_name_of_its_own(single: Show, tmp_path: Path) -> None:
    path = trailer(single, tmp_path / "trailer.otio")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and bool(app.screen.list.rows))
        conform = room(app, ConformRoom)
        assert "New cut  trailer.otio" in str(conform.headline.render())
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = "the trailer"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and app.screen.query_one(Input).value == "the trailer")
        app.screen.query_one(Input).value = "trailer"
        await pilot.press("enter")
        await until(pilot, lambda: conform.found is not None and conform.found.name == "trailer")
        await until(pilot, lambda: "New cut  trailer · trailer.otio" in str(conform.headline.render()))
        await pilot.press("A", "y")
        await until(pilot, lambda: conform.applied is not None)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))
        await until(pilot, lambda: "· trailer · 25 fps · 2 of 3 shots" in str(cut(app).headline.render()))
        await until(pilot, lambda: listed(app) == [INSERT, SHOT, "sq010_sh0020"])

    drive(single, hands)
    assert single.layout.cuts() == ("main", "trailer")


def test_a_file_of_several_timelines_asks_which(single: Show, tmp_path: Path) -> None:
    bin_ = otio.schema.SerializableCollection("bin")
    bin_.append(otio.adapters.read_from_file(str(single.layout.received("main", ".otio"))))
    other = timeline([clip("other", movie("gone.mov"), 0, 9)])
    other.name = "selects"
    bin_.append(other)
    path = save(bin_, tmp_path / "bin.otio")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "reel 1" in text(app) and "selects" in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and len(app.screen.list.rows) == 2)
        conform = room(app, ConformRoom)
        assert {change.flags for change in conform.list.rows} == {("unchanged",)}
        assert "bin.otio (reel 1)" in str(conform.headline.render())
        await pilot.press("ctrl+r")
        await settled(app, pilot)
        assert isinstance(app.screen, ConformRoom), "read again without being asked again"

    drive(single, hands)


def test_more_timelines_than_lines_are_asked_for_by_name(single: Show, tmp_path: Path) -> None:
    bin_ = otio.schema.SerializableCollection("bin")
    for number in range(MOST + 1):
        one = timeline([clip(f"c{number}", movie("gone.mov"), 0, 9)])
        one.name = f"reel {number}"
        bin_.append(one)
    path = save(bin_, tmp_path / "bin.otio")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and not app.screen.query_one(Input).value)
        app.screen.query_one(Input).value = "reel 15"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConformRoom) and bool(app.screen.list.rows))
        assert "c15" in {change.clip for change in room(app, ConformRoom).list.rows}

    drive(single, hands)


def test_notes_and_media_go_along_where_they_are_asked_for(single: Show) -> None:
    single.review(SHOT, "v001", "note", text="too bright")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, PublishRoom))
        publish = room(app, PublishRoom)
        await until(pilot, lambda: bool(publish.going))
        await pilot.press("b")
        await until(pilot, lambda: "cannot bring its media" in said(app))
        await pilot.press("j", "n", "b")
        await until(pilot, lambda: "with notes · with its media" in str(publish.headline.render()))
        await until(pilot, lambda: bool(publish.going) and "looking" not in str(publish.told.border_title))
        await pilot.press("w", "y")
        await until(pilot, lambda: publish.published is not None)
        assert publish.published is not None
        assert "too bright" in publish.published.path.read_text()
        assert publish.published.path.with_suffix(".otioz") in publish.published.also
        await pilot.press("n", "b")
        await until(pilot, lambda: "with" not in str(publish.headline.render()))

    drive(single, hands)


@pytest.mark.parametrize("size", [(80, 24), (20, 6)])
def test_every_size(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "2")
        assert app.place.cut == "trailer"
        await asyncio.sleep(0)

    drive(show, hands, size)
