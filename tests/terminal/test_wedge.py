"""The wedge screen: what is offered to be varied, and the way from a value to a picked picture by keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from core.farm.jobs import Job
from core.recipe.form import Field, fields
from core.recipe.vary import axes as core_axes
from core.show import Show
from tests import shows
from tests.screens import cut, drive, room, said, text, until
from tui.app.app import Screens
from tui.app.asking import Ask
from tui.app.screens.wedge import WedgeRoom
from tui.present import wedge as present
from tui.present.spans import plain

SHOT = shows.SHOT
pytestmark = pytest.mark.timeout(120)


def field(**changes: Any) -> Field:
    values: dict[str, Any] = {
        "key": "comp.mix", "label": "mix", "kind": "number", "value": "0.5", "default": "1.0", "low": 0.0, "high": 1.0,
        "step": 0.05, "unit": "", "choices": (), "help": "how much of it", "keyed": False,
    }  # fmt: skip
    return Field(**(values | changes))


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": "01J", "kind": "wedge", "shot": SHOT, "version": "", "recipes": ("",) * 4,
        "labels": ("a.seed=1\nb.mix=0.2", "a.seed=1\nb.mix=0.4", "a.seed=2\nb.mix=0.2", "a.seed=2\nb.mix=0.4"),
        "frames": (1003,), "state": "rendering", "attempt": 1, "attempts": 1, "priority": 0, "asked_by": "Ana <a@b>",
        "created": "2025-01-02T03:04:05+00:00", "reason": "", "environment": {}, "done": 2, "total": 4, "root": "",
    }  # fmt: skip
    return Job(**(values | changes))


# What is offered


def test_what_is_offered_for_every_value_of_a_draft_is_a_wedge_that_holds() -> None:
    """Texts are left to the person; all else can be taken as it is offered."""
    from core.recipe.vary import wedge

    draft = shows.BLEND.replace("[[step]]", '[[step]]\nop = "brush"\nname = "paint"\nseed = "11"\n[[step]]', 1)
    offered = present.variable(fields(draft))
    assert offered[0].kind == "seed" and "summary" not in {one.key for one in offered}
    for one in offered:
        if one.kind != "text":
            made = wedge(draft, core_axes([present.spec(one)], draft), "draft")
            assert len(made) >= 2, one.key


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_range_that_is_offered_stays_within_what_is_allowed(low: float, high: float, value: float) -> None:
    low, high = min(low, high), max(low, high)
    offered = present.spec(field(low=low, high=high, value=f"{value}"))
    first, last, count = offered.partition("=")[2].split(":")
    assert (float(f"{low:g}") <= float(first) <= float(last) <= float(f"{high:g}")) and count == "5"


def test_texts_choices_and_numbers_that_are_none_are_offered_as_they_are_typed() -> None:
    assert present.spec(field(kind="text", value="a sketch")) == "comp.mix=a sketch|"
    assert present.spec(field(kind="choice", choices=("hold", "blend"))) == "comp.mix=hold,blend"
    assert present.spec(field(value="many", default="")) == "comp.mix="
    assert present.spec(field(kind="integer", value="1", low=1.0, high=48.0, step=1.0)) == "comp.mix=1,2,3"
    assert "curve" in plain(present.field_line(field(keyed=True), 40))


def test_two_axes_are_told_apart_though_prompts_hold_spaces() -> None:
    typed = "paint.prompt=a sketch, fast|an oil painting  paint.seed=16"
    assert present.axes(typed) == ("paint.prompt=a sketch, fast|an oil painting", "paint.seed=16")
    assert present.axes("  ") == ()


def test_two_values_make_a_table_and_what_is_not_rendered_says_how_it_stands() -> None:
    assert present.across(job().labels) == 2
    assert present.across(("a.seed=1", "a.seed=2")) == present.across(()) == 0
    found = present.thumbs(job(), {0, 2}, picked=3)
    assert [thumb.source is None for thumb in found] == [False, True, False, True]
    assert [thumb.words for thumb in found][1] == "renders …"
    assert plain(found[2].label) == "3 ✓ 0.2  2"
    assert "✓3" in plain(present.wedge_line(job(state="complete"), 3, 40))
    assert "out of memory" in present.about(job(state="failed", reason="out of memory"), 0, 0)
    assert present.headline(SHOT, 1001, job()).endswith("frame 1003 · 2 of 4 rendered · renders")


# By keys


@pytest.fixture(scope="module")
def turnover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(turnover: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """A show with a draft. No worker starts by itself: the test says when there is one."""
    monkeypatch.setattr(Show, "start_worker", lambda self: None)
    made = shows.make(turnover, tmp_path / "show")
    made.draft(SHOT, text=shows.BLEND)
    return made


async def opened(app: Screens, pilot: Pilot[None]) -> WedgeRoom:
    await until(pilot, lambda: app.place.shot == SHOT)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(app.screen, WedgeRoom) and app.screen.bench is not None)
    return room(app, WedgeRoom)


async def on_field(found: WedgeRoom, pilot: Pilot[None], key: str) -> None:
    while found.fields.row is not None and found.fields.row.key != key:
        await pilot.press("j")


def test_from_a_value_to_a_picked_picture(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await on_field(found, pilot, "comp.mix")
        await pilot.press("enter")
        assert isinstance(app.screen, Ask) and app.screen.query_one(Input).value == "comp.mix=0.4:0.6:5"
        await pilot.press("enter")
        await until(pilot, lambda: found.job is not None)
        assert found.focused is found.thumbs and "waits" in text(app)
        await pilot.press("p")
        assert "not rendered" in said(app)
        await asyncio.to_thread(shows.render, show)
        await until(pilot, lambda: bool(found.job) and found.job.state == "complete")  # type: ignore[union-attr]
        await until(pilot, lambda: len(found.thumbs._held) == 5)
        await pilot.press("right", "z", "z", "p")
        await until(pilot, lambda: "is the draft now: mix=0.45" in said(app))
        await until(pilot, lambda: "2 ✓" in text(app))

    drive(show, hands)
    draft = show.draft(SHOT)
    assert "mix = 0.45" in draft.text and draft.recipe is not None and draft.recipe.picked_from is not None
    assert show.log(SHOT)[0].event == "wedge"


def test_two_marked_values_make_a_table_and_a_refusal_gives_back_what_was_typed(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await on_field(found, pilot, "comp.mix")
        await pilot.press("v")
        await on_field(found, pilot, "comp.mode")
        await pilot.press("v", "w")
        line = app.screen.query_one(Input)
        assert line.value.startswith("comp.mix=0.4:0.6:5 comp.mode=over,")
        line.value = "comp.mix=0.2,7 comp.mode=over,screen"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and app.screen.query_one(Input).value == line.value)
        assert "mix" in text(app) and show.jobs() == []
        app.screen.query_one(Input).value = "comp.mix=0.2,0.7 comp.mode=over,screen"
        await pilot.press("enter")
        await until(pilot, lambda: len(found.thumbs.thumbs) == 4)
        assert found.thumbs._grid.columns == 2

    drive(show, hands)


def test_a_wedge_is_cancelled_and_older_ones_are_opened_again(show: Show) -> None:
    first = show.wedge(SHOT, 1010, ["comp.mix=0.1,0.2"])
    asked = show.wedge(SHOT, 1011, ["comp.mix=0.3,0.4,0.5"])

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await until(pilot, lambda: len(found.thumbs.thumbs) == 3)
        await pilot.press("x")
        await until(pilot, lambda: show.ledger.job(asked.id).state == "cancelled")
        await until(pilot, lambda: "wedge stops" in said(app))
        await pilot.press("x")
        await until(pilot, lambda: "does not render" in said(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: bool(found.job) and found.job.id == first.id)  # type: ignore[union-attr]
        await until(pilot, lambda: len(found.thumbs.thumbs) == 2)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: bool(found.job) and found.job.id == asked.id)  # type: ignore[union-attr]
        found.wedges.focus()
        await pilot.press("j", "enter")
        await until(pilot, lambda: found.focused is found.thumbs and len(found.thumbs.thumbs) == 2)

    drive(show, hands)


def test_a_draft_that_does_not_hold_says_why_and_where_to_go(show: Show) -> None:
    show.draft(SHOT, text="schema = 1\nwrong = 2\n")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await until(pilot, lambda: "wrong" in said(app) and "e writes the recipe" in said(app))
        await pilot.press("w")
        assert "wrong" in said(app)
        await pilot.press("p")
        assert "no wedge yet" in said(app)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.name == "recipe")

    drive(show, hands)


def test_on_a_narrow_terminal_values_and_pictures_take_turns(show: Show) -> None:
    show.wedge(SHOT, 1010, ["comp.mix=0.1,0.2"])

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await until(pilot, lambda: found.thumbs.region.width > 60 and not found.fields.region.width)
        await pilot.press("tab")
        await until(pilot, lambda: found.fields.region.width > 60 and not found.thumbs.region.width)
        await pilot.press("shift+tab")
        await until(pilot, lambda: found.focused is found.thumbs)
        await pilot.press("escape")
        assert app.screen is cut(app)

    drive(show, hands, (80, 24))
