"""The recipe screen by keys: what is typed is kept, what is wrong is marked at its place, the form writes the text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, settled, text, until
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.screens.recipe import RecipeRoom

SHOT = shows.SHOT
pytestmark = pytest.mark.timeout(120)
LOOK = """schema = 1
[[step]]
op = "brush"
name = "paint"
input = "plate"
"""


@pytest.fixture(scope="module")
def turnover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(turnover: Path, tmp_path: Path) -> Show:
    made = shows.make(turnover, tmp_path / "show")
    made.draft(SHOT, text=shows.BLEND)
    return made


Hands = Callable[[Screens, Pilot[None], RecipeRoom], Awaitable[None]]


def write(show: Show, hands: Hands, size: tuple[int, int] = (120, 35)) -> None:
    """Open the draft of the shot, then do what `hands` does."""

    async def opened(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.place.shot == SHOT and cut(app).viewer.shot is not None)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, RecipeRoom) and app.screen.seen is not None)
        await hands(app, pilot, room(app, RecipeRoom))

    drive(show, opened, size)


async def to_field(pilot: Pilot[None], at: RecipeRoom, key: str) -> None:
    """Put the form's cursor on a field."""
    if not at.form.has_focus:
        await pilot.press("ctrl+o")
    await pilot.press("g")
    for _ in range(60):
        if at.form.row is not None and at.form.row[0] == key:
            return
        await pilot.press("down")
    raise AssertionError(key)


def test_what_is_typed_is_saved_whether_it_holds_or_not_and_former_texts_come_back(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        at.editor.area.move_cursor(at.editor.area.document.end)
        await pilot.press(*"mixx", "equals_sign", "1")
        await until(pilot, lambda: "mixx=1" in show.draft(SHOT).text)
        await until(pilot, lambda: bool(at.editor.area.problems) and "mixx" in text(app))
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("1")
        await until(pilot, lambda: show.draft(SHOT).text == shows.BLEND)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RecipeRoom))

    write(show, hands)
    assert any("mixx" in old.text for draft in show.drafts(SHOT) for old in draft.earlier)


def test_typing_does_not_fill_the_disk_with_texts(show: Show) -> None:
    """One former text a visit, not one a pause; another window's text is kept whenever it comes."""

    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        for letter in "abc":
            await pilot.press("number_sign", letter, "enter")
            await until(pilot, lambda letter=letter: f"#{letter}" in show.draft(SHOT).text)  # type: ignore[misc]
        (draft,) = show.drafts(SHOT)
        assert [old.text for old in draft.earlier] == [shows.BLEND]
        show.draft(SHOT, text="# by another hand\n")
        await pilot.press("d")
        await until(pilot, lambda: any("another hand" in old.text for old in show.drafts(SHOT)[0].earlier))

    write(show, hands)


def test_words_are_offered_while_one_types_and_tab_takes_one(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await until(pilot, lambda: at.known is not None)
        assert not at.editor.offers, "nothing is offered before anything is typed"
        at.editor.area.move_cursor(at.editor.area.document.end)
        await pilot.press(*"swa")
        await until(pilot, lambda: not at.editor.offers)
        await pilot.press(*["backspace"] * 3, *"mas")
        await until(pilot, lambda: [word.label for word in at.editor.offers][:1] == ["mask"])
        await pilot.press(*["ctrl+n"] * len(at.editor.offers), "tab")
        await until(pilot, lambda: at.editor.area.text.endswith("mask = "))
        await until(pilot, lambda: show.draft(SHOT).text.endswith("mask = "), 10)
        await until(pilot, lambda: any("plate" in word.label for word in at.editor.offers))
        await pilot.press("escape")
        assert isinstance(app.screen, RecipeRoom), "escape takes the words away first"
        assert not at.editor.offers
        await pilot.press("f4")
        await until(pilot, lambda: bool(at.editor.offers))

    write(show, hands)


def test_a_quick_hand_that_types_on_before_the_words_come_loses_no_letter(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await until(pilot, lambda: at.known is not None)
        at.editor.area.move_cursor(at.editor.area.document.end)
        await pilot.press(*"ma")
        await until(pilot, lambda: [word.label for word in at.editor.offers][:1] == ["mask"])
        at.editor.area.insert("sk")
        at.editor.take()
        assert at.editor.area.text.endswith("\nmask = ")

    write(show, hands)


def test_the_form_changes_the_text_in_place_and_says_what_is_not_allowed(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await to_field(pilot, at, "comp.mix")
        await pilot.press("right")
        await until(pilot, lambda: at.field is not None and at.field.value not in ("", "0.5"))
        await pilot.press("left")
        await until(pilot, lambda: at.field is not None and at.field.value == "0.5")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*["backspace"] * 3, *"7", "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and "7" in text(app) and "Allowed" in text(app))
        await pilot.press("backspace", *"0.25", "enter")
        await until(pilot, lambda: "mix = 0.25" in show.draft(SHOT).text)
        await to_field(pilot, at, "comp.mode")
        await pilot.press("right")
        await until(pilot, lambda: 'mode = "screen"' not in at.editor.area.text)

    write(show, hands)


def keys(at: RecipeRoom) -> list[object]:
    """The values of the only curve's keys."""
    return [value for _, value, _ in at.seen.curves[0].keys] if at.seen and at.seen.curves else []


def test_keys_are_set_at_the_frame_shown_over_the_length_and_taken_out_again(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await to_field(pilot, at, "comp.mix")
        await pilot.press("space")
        await until(pilot, lambda: bool(at.seen and at.seen.curves))
        await pilot.press("right_square_bracket", "right_square_bracket", "space")
        await until(pilot, lambda: bool(at.seen and at.seen.curves and len(at.seen.curves[0].keys) == 2))
        assert "◆" in text(app)
        await pilot.press("left", "left")
        await until(pilot, lambda: keys(at) == [0.5, 0.4])  # a key here; two presses are two steps, however quick
        assert "mix = 0.5\n" in at.editor.area.text, "the plain value, which the curve overrides, stays"
        await pilot.press("space")
        await until(pilot, lambda: bool(at.seen and len(at.seen.curves[0].keys) == 1))
        await pilot.press("left_square_bracket", "f7", "f8")

    write(show, hands)


def test_a_look_goes_under_the_draft(show: Show) -> None:
    async def without(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await until(pilot, lambda: at.known is not None)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "looks" in said(app))

    write(show, without)
    show.layout.looks.mkdir(exist_ok=True)
    show.layout.look("strokes").write_text(LOOK)

    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await until(pilot, lambda: at.known is not None and "strokes" in at.known.looks)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("1")
        await until(pilot, lambda: 'op = "brush"' in at.editor.area.text)

    write(show, hands)


def test_one_frame_is_tested_and_then_the_shot_is_generated(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "test of" in str(at.viewer.border_title), 60)
        assert [job.kind for job in show.jobs()] == ["preview"]
        await pilot.press("ctrl+g", *"first", "enter")
        await until(pilot, lambda: "queued" in said(app))
        await until(pilot, lambda: "v001" in at.editor.area.text)

    write(show, hands)
    assert [job.version for job in show.jobs() if job.kind == "version"] == ["v001"]


def test_on_a_small_terminal_a_test_stands_where_the_values_were(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        assert not at.viewer.region.width
        await pilot.press("ctrl+o", "ctrl+t")
        await until(pilot, lambda: at.viewer.shown is not None and at.viewer.region.width > 0, 60)
        assert at.editor.area.has_focus and "ctrl+o" in said(app)
        await pilot.press("ctrl+o", "G")
        await until(pilot, lambda: at.form.has_focus and at.form.region.width > 0)
        assert at.form.cursor > 0, "the next key is for the values at once"

    write(show, hands, (80, 24))


def test_what_differs_from_the_parent_stands_beside(show: Show) -> None:
    (job,) = show.generate([SHOT])
    shows.finish(show, job)

    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await to_field(pilot, at, "comp.mix")
        await pilot.press("right")
        await until(pilot, lambda: "comp.mix" in str(at.changes.render()))

    write(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 60)])
def test_every_size_takes_text(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None], at: RecipeRoom) -> None:
        await settled(app, pilot)
        assert at.editor.area.region.width > 20
        await pilot.press("number_sign", "f1")
        await settled(app, pilot)

    write(show, hands, size)
