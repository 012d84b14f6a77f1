"""Dailies and notes: what awaits review is judged one after the other; one act is one commit, and u takes it back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.history.review import Note, ReviewEvent
from core.recipe.changes import Change
from core.reviewing import Remark
from core.rows import VersionRow, Waiting
from core.show import Show
from tests import big_show
from tests.screens import cut, drive, room, said, settled, text, until
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.screens.cut import CutRoom
from tui.app.screens.dailies import DailiesRoom
from tui.app.screens.judging import Judgement, remarks_of
from tui.present import dailies as present
from tui.present.inspector import note_line
from tui.present.spans import plain

pytestmark = pytest.mark.timeout(120)
EVIL = "\x1b[31mred \u202e" + "漢字" * 5000
AT = datetime(2026, 1, 5, tzinfo=UTC).isoformat()


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """Five shots, of which the second, third and fourth await review with v002; the second has notes, one hostile."""
    made = big_show.make(tmp_path / "show", 5, 2, history=True)
    shots = [row.shot.id for row in made.shots()]
    made.review_all(
        [
            Remark(
                shots[1], "v002", "note", "the edge boils", (1010, 1020), category="matte", box=(0.1, 0.1, 0.5, 0.5)
            ),
            Remark(shots[1], "v002", "note", EVIL),
            Remark(shots[4], "v002", "approve"),
        ]
    )
    return made


def waiting(show: Show) -> list[str]:
    return [row.shot for row in show.dailies()]


def status(show: Show, shot: str) -> str:
    return show.version(shot, "v002").row.status


async def opened(app: Screens, pilot: Pilot[None]) -> DailiesRoom:
    await until(pilot, lambda: bool(cut(app).rows))
    await pilot.press("D")
    await until(pilot, lambda: isinstance(app.screen, DailiesRoom))
    found = room(app, DailiesRoom)
    await until(pilot, lambda: bool(found.list.rows) and found.seen is not None)
    return found


# as plain functions


@pytest.mark.parametrize(
    "seconds, shown", [(None, ""), (-5.0, ""), (20.0, "now"), (800.0, "13 min"), (9000.0, "2 h"), (200000.0, "2 d")]
)
def test_how_long_something_waits(seconds: float | None, shown: str) -> None:
    assert present.since(seconds) == shown


def test_a_line_says_shot_version_wait_notes_and_who() -> None:
    line = plain(present.waiting_line(Waiting("sq010_sh0010", "v003", "Ana <a@b>", AT, 9000.0, 2), 60))
    for word in ("sq010_sh0010", "v003", "2 h", "2✎", "Ana"):
        assert word in line


def test_what_is_new_in_a_version_is_its_summary_and_what_its_recipe_has_otherwise() -> None:
    row = VersionRow("s", "v003", "complete", "rev", "", "v002", "calmer", "Ana", AT, 1, 1, 0)
    changed = [
        Change("paint.denoise", "0.55", "0.45"),
        Change("paint.prompt", "a", "b", ((" ", "oil"), ("-", "daylight"), ("+", "candlelight"))),
        Change("summary", "a", "b"),
    ]
    told = "\n".join(map(plain, present.about_lines(row, changed)))
    assert "v003 ← v002" in told and "calmer" in told and "summary" not in told
    assert "0.55 → 0.45" in told and "-daylight-" in told and "+candlelight+" in told and "oil " not in told
    assert plain(present.about_lines(None, ())[0]) == "the plate"


def test_a_notes_line_says_version_frames_category_box_who_and_who_resolved_it() -> None:
    said = ReviewEvent(
        "note", "Ana Artist <a@b>", AT, "v002", (1034, 1040), "the hand boils",
        extra={"category": "flicker", "box": [0.1, 0.1, 0.4, 0.4]},
    )  # fmt: skip
    line = plain(note_line(Note(said, (ReviewEvent("resolve", "Ben <b@c>", AT, "v002", target=said.id),)), 200))
    for word in ("✓ v002", "1034–1040", "flicker", "▭", "the hand boils", "Ana Artist", "✓ Ben"):
        assert word in line
    hostile = ReviewEvent("note", EVIL, AT, "v002", None, EVIL, extra={"category": EVIL})
    assert all(part.isprintable() for part, _ in note_line(Note(hostile), 80))


def test_the_words_before_a_colon_are_a_category_only_where_they_are_one() -> None:
    about = (("s", "v001"), ("t", "v002"))
    (one, two) = remarks_of(Judgement("note", about, (1001, 1002), (0.0, 0.0, 0.5, 0.5), "Matte: the edge boils"))
    assert (one.category, one.text, one.box, two.shot) == ("matte", "the edge boils", (0.0, 0.0, 0.5, 0.5), "t")
    (other,) = remarks_of(Judgement("note", about[:1], text="Ana: look at this"))
    assert (other.category, other.text) == ("", "Ana: look at this")
    (temp,) = remarks_of(Judgement("temp", about[:1]))
    assert (temp.kind, temp.temp) == ("circle", True)


# by keys


def test_what_is_judged_stays_to_be_circled_too_until_all_are_reviewed(show: Show) -> None:
    """`a` and then `c` are about the same version: the next one is shown when somebody goes on."""
    first, second, third = waiting(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        dailies = await opened(app, pilot)
        assert "3 await review" in str(dailies.headline.render())
        await pilot.press("a", *"good", "enter")
        await until(pilot, lambda: status(show, first) == "apr")
        await pilot.press("c", "enter")
        await until(pilot, lambda: show.version(first, "v002").row.circled == "final")
        await pilot.press("full_stop")
        await until(pilot, lambda: dailies.seen is not None and dailies.seen.shot == second)
        assert app.place.shot == second
        await pilot.press("x", *"no", "enter")
        await until(pilot, lambda: status(show, second) == "rtk")
        await pilot.press("full_stop")
        await until(pilot, lambda: dailies.seen is not None and dailies.seen.shot == third)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("h", *"later", "enter")
        await until(pilot, lambda: "nothing awaits review · 3 reviewed now" in str(dailies.headline.render()))
        await pilot.press("u")
        await until(pilot, lambda: "taken back" in said(app) and waiting(show) == [third])
        await until(pilot, lambda: bool(dailies.list.rows) and "2 reviewed now" in str(dailies.headline.render()))
        await pilot.press("U")
        await until(pilot, lambda: "brought back" in said(app) and waiting(show) == [])
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Nothing awaits review" in dailies.viewer.words)
        await pilot.press("a", "enter")
        await until(pilot, lambda: "Nothing awaits review" in said(app))

    drive(show, hands)


def test_several_are_one_act_one_commit_and_one_undo(show: Show) -> None:
    shots, before = waiting(show), len(show.log())

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("v", "k", "v", "V", "a", *"all good", "enter")
        await until(pilot, lambda: waiting(show) == [])
        assert len(show.log()) == before + 1
        await pilot.press("u")
        await until(pilot, lambda: waiting(show) == shots)

    drive(show, hands)


def test_circles_temp_and_a_refusal_gives_back_what_was_typed(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = waiting(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("c", "enter")
        await until(pilot, lambda: show.version(first, "v002").row.circled == "final")
        await pilot.press("C", "enter")
        await until(pilot, lambda: show.version(first, "v002").row.circled == "temp")

        def fails(self: Show, remarks: object) -> None:
            raise OSError("no disk")

        monkeypatch.setattr(Show, "review_all", fails)
        await pilot.press("a", *"calmer", "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and app.screen.query_one(Input).value == "calmer")

    drive(show, hands)


def test_notes_are_written_gone_to_resolved_and_opened_again(show: Show) -> None:
    first, *_ = waiting(show)

    def notes() -> dict[str, Note]:
        return {found.note.event.text[:8]: found.note for found in show.notes([first])}

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        dailies = await opened(app, pilot)
        await until(pilot, lambda: len(dailies.notes.rows) == 3)
        assert "▭" in text(app) and "\x1b" not in text(app)
        await pilot.press("n", *"edge:", "space", *"soft", "enter")
        await until(pilot, lambda: "soft" in notes())
        assert notes()["soft"].event.category == "edge" and notes()["soft"].event.frames is not None
        await until(pilot, lambda: len(dailies.notes.rows) == 4)
        await pilot.press("tab", "tab", "g")
        assert app.focused is dailies.notes
        while "edge boils" not in dailies.notes.row.event.text:  # type: ignore[union-attr]
            await pilot.press("j")
        await until(pilot, lambda: "the edge boils" in str(dailies.note.render()))
        await pilot.press("enter")
        await until(pilot, lambda: app.place.frame == 1010)
        await pilot.press("r")
        await until(pilot, lambda: notes()["the edge"].resolved and "note resolved" in said(app))
        await until(pilot, lambda: any(note.resolved for note in dailies.notes.rows))
        await pilot.press("G")
        await until(pilot, lambda: dailies.notes.row is not None and dailies.notes.row.resolved)
        await settled(app, pilot)
        await pilot.press("G")
        while not dailies.notes.row.resolved:  # type: ignore[union-attr]
            await pilot.press("k")
        wanted = dailies.notes.row.event.text[:8]  # type: ignore[union-attr]
        await pilot.press("r")
        await until(pilot, lambda: not notes()[wanted].resolved)

    drive(show, hands)


def test_frames_versions_parts_and_the_way_to_the_cut(show: Show) -> None:
    first, second, _ = waiting(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        dailies = await opened(app, pilot)
        await pilot.press("full_stop")
        await until(pilot, lambda: dailies.seen is not None and dailies.seen.shot == second)
        await pilot.press("comma")
        await until(pilot, lambda: dailies.seen is not None and dailies.seen.shot == first)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: dailies.version == "v001" and app.place.version == "v001")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: dailies.version == "")
        await pilot.press("a")
        await until(pilot, lambda: "plate cannot be judged" in said(app))
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: dailies.version == "v002")
        await pilot.press("space", "space", "right", "left", "shift+right", "shift+left", "shift+tab", "tab", "ctrl+r")
        await until(pilot, lambda: app.focused is dailies.list)
        await pilot.press("j")
        await until(pilot, lambda: app.place.shot == second)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))
        await until(pilot, lambda: cut(app).row is not None and cut(app).row.shot.id == second)  # type: ignore[union-attr]
        assert cut(app).viewer.version == "v002"

    drive(show, hands)


def test_a_note_is_resolved_in_the_cuts_inspector_too(show: Show) -> None:
    first, *_ = waiting(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await settled(app, pilot)
        await pilot.press("j", "3")
        await until(pilot, lambda: cut(app).inspector.notes.shot == first and bool(cut(app).inspector.notes.rows))
        cut(app).inspector.notes.focus()
        await pilot.press("r")
        await until(pilot, lambda: any(found.note.resolved for found in show.notes([first])))

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size_shows_what_awaits_or_that_nothing_does(tmp_path: Path, size: tuple[int, int]) -> None:
    show = big_show.make(tmp_path / "show", 2, 2, history=True)
    (only,) = waiting(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        dailies = await opened(app, pilot)
        assert dailies.list.row is not None and dailies.list.row.shot == only
        show.review(only, "v002", "approve")
        await until(pilot, lambda: "1 reviewed now" in str(dailies.headline.render()))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Nothing awaits review" in dailies.viewer.words)

    drive(show, hands, size)
