"""Whatever stands in files, names, notes, commits and logs: it stays text on every screen.

A text can move a cursor, write to a clipboard, turn the reading direction, be markup, be wider than its letters, or
never end. Nothing raises, no control or bidi character reaches the terminal, and every line is as wide as it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import unicodedata
from collections.abc import Awaitable, Callable

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from core.history.review import ReviewEvent, append
from core.show import Show
from tests import full_show
from tests.full_show import ONE, THREE, TWO
from tests.screens import cut, drive, settled, text, until
from tests.timelines import save
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.state import Place, write_place
from tui.present.spans import cells, folded, padded
from tui.present.spans import cut as cut_text

pytestmark = pytest.mark.timeout(180)
PIECES = {
    "colours and cursor": "\x1b[31mred\x1b[2J\x1b[H",
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "eight-bit controls": "\x9b31m\x85\x90",
    "reading direction": "\u202eevil\u2066\u200f",
    "no width": "zero\u200bwidth\u200d\ufeff\u00ad",
    "marks upon marks": "e\u0301a" + "\u0300" * 40,
    "wide letters": "漢字かな交じり文",
    "pictures": "👩‍👩‍👧 ❤️ 🏳️‍🌈 🇩🇪 👍🏽",
    "right to left": "שלום עולם مرحبا",
    "nothing": "a\x00b\x7f",
    "markup": "[red]r[/red] [/] [@click=app.quit]x[/] [bold",
    "lines": "one\ntwo\r\nthree\u2028four\tfive\x0b\x0c",
    "private": "\ue000\U000e0041",
}
EVIL = " ".join(PIECES.values())
LEGAL = "".join(sign for sign in EVIL if unicodedata.category(sign) not in ("Cc", "Zl", "Zp"))
"""What a recipe may hold: no control characters."""
ENDLESS = EVIL + "漢" * 10_000 + "x" * 10_000
NAME = "\x1b[31m漢字\u202e\u200d [red]\x07\x9b2J"
"""As a file or a folder may be called."""
SIZES = ((80, 24), (200, 60))


def toml(words: str) -> str:
    """As a TOML string in quotes."""
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")


# a show in which others have written


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """The show with something hostile in every field, as other programs and people may leave it."""
    folder = tmp_path_factory.mktemp("hostile") / NAME
    folder.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Show, "start_worker", lambda self: None)
        show = full_show.make(folder)
        _names(show)
        _recipes(show)
        _reviews(show)
        _records(show)
        _queue(show)
        _commits(show)
    return show


@pytest.fixture
def show(made: Show, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setattr(Show, "start_worker", lambda self: None)
    write_place(made.layout.place, Place(shot=ONE, version="v002", frame=1014))
    return made


def _names(show: Show) -> None:
    """Show, clips, tracks, transitions; a cut to come whose name is hostile too; looks."""
    layout = show.layout
    layout.settings.write_text(layout.settings.read_text().replace('name = "siesta"', f"name = {toml(EVIL)}"))
    for shot in (ONE, TWO, THREE):
        path = layout.shot(shot)
        path.write_text(path.read_text().replace(f'name = "{shot}"', f"name = {toml(ENDLESS)}"))
    for path in (layout.cut("main"), layout.root.parent / "cut_v2.otio"):
        timeline = otio.adapters.read_from_file(str(path))
        for track in timeline.tracks:
            track.name = EVIL
            for number, item in enumerate(track):
                item.name = f"{number} {EVIL}"
        save(timeline, path if path == layout.cut("main") else path.with_name(f"{NAME}.otio"))
    for name in (NAME, "[red]dusk"):
        (layout.looks / f"{name}.toml").write_text(full_show.PAINT)


def _recipes(show: Show) -> None:
    """A frozen summary, and a draft whose prompt has everything."""
    path = show.layout.recipe(ONE, "v002")
    path.write_text(path.read_text().replace('"half as strong, finer strokes"', toml(LEGAL * 20)))
    prompt = f'op = "stylize"\nname = "paint"\ninput = "plate"\nmodel = "a/b"\nprompt = {toml(LEGAL * 20)}\n'
    wild = full_show.PAINT.replace('op = "brush"\nname = "paint"\ninput = "plate"\nradius = 3\n', prompt)
    show.draft(TWO, text=wild)
    show.draft(THREE, text=f"schema = 1\n# {EVIL}\nsummary = {ENDLESS}\n[[step]]\nop = {toml(EVIL)}\n")


def _reviews(show: Show) -> None:
    review = show.layout.review(ONE, "ffffffffff_mallory")
    for at in ("2026-01-05T09:00:00+00:00", EVIL):
        append(review, ReviewEvent("note", EVIL, at, "v002", (1010, 1012), ENDLESS, extra={"category": EVIL}))
        append(review, ReviewEvent("status", EVIL, at, "v002", status="rev", text=EVIL))
    with review.open("a") as lines:
        event = ReviewEvent("note", "Half \udc80 <x>", "2026-01-05T09:00:00+00:00", "v002", None, "a \ud800 b")
        lines.write(json.dumps(json.loads(event.line())) + "\n")


def _records(show: Show) -> None:
    path = show.layout.record(ONE, "v002")
    record = json.loads(path.read_text())
    record["models"] = [{"id": EVIL, "revision": EVIL, "licence": EVIL, "sha256": ""}]
    record |= {"type": EVIL, "colour": EVIL, "seconds": {EVIL: 1.0}, "promise_end": EVIL, "asked_by": EVIL}
    path.write_text(json.dumps(record))


def _queue(show: Show) -> None:
    with sqlite3.connect(show.layout.ledger) as db:
        db.execute("UPDATE jobs SET reason = ?, asked_by = ?", (ENDLESS, EVIL))
        db.execute("UPDATE attempts SET reason = ?, host = ?, outcome = ?", (ENDLESS, EVIL, "died"))
        db.execute("UPDATE attempts SET tally = ?", (json.dumps({"seconds": {EVIL: 1.0}}),))
    db.close()
    for log in show.layout.state.parent.parent.glob("logs/*.log"):
        told = log.read_text().splitlines()
        log.write_text("\n".join([*told, *(f"{line} {EVIL}" for line in told), ENDLESS]))


def _commits(show: Show) -> None:
    """A commit by somebody else's git, with a file whose name and text are hostile."""
    root, who = show.layout.root, EVIL.replace("\x00", "")
    (root / NAME).write_text(EVIL)
    env = {**os.environ, "GIT_AUTHOR_NAME": who, "GIT_AUTHOR_EMAIL": "m@x", "GIT_COMMITTER_NAME": "m"}
    body = f"{who}\n\n{ENDLESS}\n\nRushes-Event: review\nRushes-Shot: {EVIL}\nX-{EVIL}: {EVIL}".replace("\x00", "")
    subprocess.run(["git", "add", "--", NAME, "looks"], cwd=root, env=env, check=True)
    subprocess.run(["git", "commit", "-q", "-F", "-"], cwd=root, env=env, input=body.encode(), check=True)


# the screens


async def _type(app: Screens, pilot: Pilot[None]) -> None:
    """Paste into the line that asks."""
    await until(pilot, lambda: isinstance(app.screen, Ask))
    app.screen.query_one(Input).value = EVIL.replace("\n", "")
    await holds(app, pilot)


async def _filtered(app: Screens, pilot: Pilot[None]) -> None:
    await _type(app, pilot)
    await pilot.press("enter")


async def _tabs(app: Screens, pilot: Pilot[None]) -> None:
    for key in "1234":
        await pilot.press(key)
        await holds(app, pilot)
    await pilot.press("B", "z")


async def _every_shot(app: Screens, pilot: Pilot[None]) -> None:
    for _ in cut(app).rows:
        await holds(app, pilot)
        await pilot.press("j")


async def _every_row(app: Screens, pilot: Pilot[None]) -> None:
    for _ in range(8):
        await holds(app, pilot)
        await pilot.press("j")


async def _log(app: Screens, pilot: Pilot[None]) -> None:
    await _every_row(app, pilot)
    await pilot.press("g", "j", "l")


async def _look(app: Screens, pilot: Pilot[None]) -> None:
    await holds(app, pilot)
    await pilot.press("ctrl+l")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await holds(app, pilot)
    await pilot.press("escape", "ctrl+o", "j", "enter")
    await until(pilot, lambda: isinstance(app.screen, Ask))


async def _pasted(app: Screens, pilot: Pilot[None]) -> None:
    area = app.screen.query_one(TextArea)
    await until(pilot, lambda: bool(area.text))
    area.text = f"{area.text}\n{EVIL}\nsummary = {toml(EVIL)}\n"
    await holds(app, pilot)
    area.move_cursor(area.document.end)


async def _conformed(app: Screens, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(app.screen, Ask))
    path = app.desk.root.parent / f"{NAME}.otio"
    app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.name == "conform")
    await _every_row(app, pilot)
    await pilot.press("slash")
    await _filtered(app, pilot)


async def _published(app: Screens, pilot: Pilot[None]) -> None:
    await holds(app, pilot)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await pilot.press("y")
    await until(pilot, lambda: "Written" in text(app))


WAYS: dict[str, tuple[tuple[str, ...], Callable[[Screens, Pilot[None]], Awaitable[None]] | None]] = {
    "cut": ((), _tabs),
    "every shot": (("g",), _every_shot),
    "filter": (("slash",), _filtered),
    "note": (("n",), _type),
    "recipe": (("e",), _look),
    "pasted recipe": (("e",), _pasted),
    "broken recipe": (("j", "j", "e"), None),
    "prompt": (("j", "e"), None),
    "compare": (("d",), None),
    "wedge": (("w", "tab"), None),
    "sheet": (("S",), None),
    "queue": (("Q",), _log),
    "dailies": (("D",), _every_row),
    "history": (("H",), _every_row),
    "history filter": (("H", "slash"), _filtered),
    "publish": (("P", "j", "j"), _published),
    "conform": (("N",), _conformed),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_it_stays_text(show: Show, way: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    keys, more = WAYS[way]
    monkeypatch.setattr("tui.app.screens.recipe.RecipeRoom.keep", lambda self: None)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await holds(app, pilot)
        await pilot.press(*keys)
        await holds(app, pilot)
        if more is not None:
            await more(app, pilot)
            await holds(app, pilot)
        await pilot.press("question_mark")
        await holds(app, pilot)

    drive(show, hands, size)


async def holds(app: Screens, pilot: Pilot[None]) -> None:
    """Everything that was asked for has come, and what is on the screen is text and fits."""
    await settled(app, pilot)
    for strip in app.screen._compositor.render_strips(app.size):
        line = "".join(segment.text for segment in strip)
        assert not [sign for sign in line if moves(sign)], ascii(line)
        assert sum(cell_len(sign) for sign in line) >= cell_len(line) == app.size.width, ascii(line)


def moves(sign: str) -> bool:
    """Whether a character could do more on a terminal than stand there."""
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


# what lines are cut and folded by


@settings(max_examples=40)
@given(st.text(max_size=60) | st.sampled_from(sorted(PIECES.values())), st.integers(2, 40))
def test_texts_are_cut_filled_and_folded_by_cells(words: str, width: int) -> None:
    clean = " ".join("".join(sign for sign in words if not moves(sign)).split())
    assert cells(((padded(clean, width), ""),)) == width
    assert cells(((cut_text(clean, width), ""),)) <= width
    lines = folded(clean, width)
    assert all(cells(((line, ""),)) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean.split()), "nothing is lost"
