"""Every screen as text at three sizes, as it was when somebody last looked at it and found it good.

A change of a screen fails here and shows what has changed. Where it is meant, write the texts anew and look at each:

    GOLDEN=write python -m pytest -q tests/terminal/test_snapshots.py
    git diff tests/golden/screens

Pictures are one sign all over; times, ids, digests and temporary paths are zeros of the same length.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from core.show import Show
from tests import full_show
from tests.full_show import LOST, ONE
from tests.screens import drive, room, text, until
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.screens.compare import CompareRoom
from tui.app.screens.conform import ConformRoom
from tui.app.screens.publish import PublishRoom
from tui.app.screens.recipe import RecipeRoom
from tui.app.state import Place, write_place
from tui.app.widgets.picture import Picture
from tui.app.widgets.thumbs import Thumbs
from tui.present.thumbs import BESIDE

GOLDEN = Path(__file__).parents[1] / "golden" / "screens"
WRITE = os.environ.get("GOLDEN") == "write"
SIZES = ((80, 24), (120, 35), (200, 60))
HERE = Place(shot=ONE, version="v002", frame=1014)
pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Screen:
    """How to get to a screen from the cut, and where the person is before."""

    keys: tuple[str, ...] = ()
    place: Place = HERE
    more: Callable[[Screens, Pilot[None]], Any] | None = None
    """What else is done there."""


async def _problem(app: Screens, pilot: Pilot[None]) -> None:
    area = room(app, RecipeRoom).editor.area
    await until(pilot, lambda: bool(area.text))
    area.text = area.text.replace("radius = 2", "radus = 2").replace('mode = "over"', 'mode = "ovre"')
    row = area.text.split("\n").index("radus = 2")
    area.move_cursor((row, 0))


async def _offered(app: Screens, pilot: Pilot[None]) -> None:
    area = room(app, RecipeRoom).editor.area
    await until(pilot, lambda: bool(area.text) and room(app, RecipeRoom).known is not None)
    area.move_cursor((area.text.split("\n").index("radius = 2"), 0))
    await pilot.press("ctrl+@")


async def _questions(app: Screens, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(app.screen, Ask))
    app.screen.query_one(Input).value = str(app.desk.root.parent / "cut_v2.otio")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ConformRoom) and bool(app.screen.list.rows))


async def _written(app: Screens, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: bool(room(app, PublishRoom).going))
    await pilot.press("w")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await pilot.press("y")
    await until(pilot, lambda: isinstance(app.screen, PublishRoom) and app.screen.published is not None)


async def _measured(app: Screens, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(app.screen, CompareRoom) and "28/28" in text(app))


SCREENS: Mapping[str, Screen] = {
    "cut": Screen(),
    "cut_recipe": Screen(("1",)),
    "cut_versions": Screen(("2",)),
    "cut_notes": Screen(("3",)),
    "cut_provenance": Screen(("4",)),
    "cut_zoomed": Screen(("z",)),
    "cut_without_picture": Screen(place=Place(shot=LOST)),
    "viewer": Screen(("tab",)),
    "filter": Screen(("slash", *"sh002")),
    "retake": Screen(("x", *"too soft")),
    "palette": Screen(("colon", *"ver")),
    "help": Screen(("question_mark",)),
    "recipe": Screen(("e",)),
    "recipe_problem": Screen(("e",), more=_problem),
    "recipe_offered": Screen(("e",), more=_offered),
    "recipe_form": Screen(("e", "ctrl+o", "j")),
    "compare": Screen(("d",), more=_measured),
    "compare_a": Screen(("d", "t", "t"), more=_measured),
    "compare_b": Screen(("d", "t"), more=_measured),
    "compare_side": Screen(("d", "s"), more=_measured),
    "compare_wipe": Screen(("d", "w"), more=_measured),
    "compare_difference": Screen(("d", "f"), more=_measured),
    "compare_overlay": Screen(("d", "o"), more=_measured),
    "wedge": Screen(("w",)),
    "wedge_values": Screen(("w", "tab")),
    "sheet": Screen(("S",)),
    "queue": Screen(("Q",)),
    "queue_failed": Screen(("Q", "G")),
    "queue_log": Screen(("Q", "j", "l")),
    "dailies": Screen(("D",)),
    "history": Screen(("H",)),
    "publish": Screen(("P",)),
    "publish_written": Screen(("P", "j"), more=_written),
    "conform": Screen(("N",), more=_questions),
}


@pytest.fixture(scope="module")
def made() -> Iterator[Show]:
    """The show, in a folder whose name is always as long: it stands on the screens."""
    folder = Path(tempfile.mkdtemp(prefix="rushes_", dir="/tmp"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Show, "start_worker", lambda self: None)
        yield full_show.make(folder)
    shutil.rmtree(folder)


@pytest.fixture
def show(made: Show, monkeypatch: pytest.MonkeyPatch) -> Show:
    """The same show for each: a draft that is typed is not saved, and what is published is taken back."""
    monkeypatch.setattr(Show, "start_worker", lambda self: None)
    monkeypatch.setattr(RecipeRoom, "keep", lambda self: None)
    return made


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_was_found_good(show: Show, name: str) -> None:
    screen, wrong = SCREENS[name], dict[str, str]()
    write_place(show.layout.place, screen.place)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.press(*screen.keys)
        if screen.more is not None:
            await screen.more(app, pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            file = GOLDEN / f"{name}_{size[0]}x{size[1]}.txt"
            wrong[file.name] = await (_write if WRITE else _compared)(app, pilot, file)

    drive(show, hands, SIZES[1])
    assert not any(wrong.values()), "\n".join(wrong.values())


async def _write(app: Screens, pilot: Pilot[None], file: Path) -> str:
    """Until nothing changes any more."""
    before, same = "", 0
    while same < 12:
        await pilot.pause(0.1)
        now = dump(app)
        before, same = now, same + 1 if now == before else 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before, encoding="utf-8")
    return ""


async def _compared(app: Screens, pilot: Pilot[None], file: Path) -> str:
    """What is not as in the file once everything had time to come; empty: nothing."""
    wanted = file.read_text(encoding="utf-8")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 40
    while dump(app) != wanted:
        if loop.time() > deadline:
            lines = wanted.splitlines(), dump(app).splitlines()
            return "\n".join(unified_diff(*lines, file.name, "now", lineterm="", n=1))
        await pilot.pause(0.05)
    return ""


# a screen as text


def dump(app: Screens) -> str:
    """What is on the screen, without what is another thing each time; no spaces at the ends of lines."""
    lines = [list(line) for line in text(app).split("\n")]
    screens = [app.screen, *app.screen_stack[-2:-1]] if isinstance(app.screen, ModalScreen) else [app.screen]
    over = [part.region for part in app.screen.query("*") if isinstance(app.screen, ModalScreen)]
    for picture in (picture for screen in screens for picture in screen.query(Picture) if not picture.words):
        for x, y in _cells(picture):
            if not any(region.contains(x, y) for region in over):
                lines[y][x] = "▒"
    for thumbs in (thumbs for screen in screens for thumbs in screen.query(Thumbs)):
        for x, y in _cells(thumbs):
            if _on_a_picture(thumbs, x - thumbs.region.x, y - thumbs.region.y + thumbs.scroll_offset.y):
                lines[y][x] = "▒"
    return same("\n".join("".join(line).rstrip() for line in lines)) + "\n"


def _cells(widget: Any) -> Iterator[tuple[int, int]]:
    region = widget.region.intersection(widget.app.screen.region)  # empty where it is not shown
    return ((x, y) for y in range(region.y, region.bottom) for x in range(region.x, region.right))


def _on_a_picture(thumbs: Thumbs, x: int, y: int) -> bool:
    grid = thumbs._grid
    (row, line), (column, cell) = divmod(y, grid.height), divmod(x, grid.wide + BESIDE)
    index = row * grid.columns + column
    inside = column < grid.columns and index < len(thumbs.thumbs) and line < grid.rows and 0 < cell <= grid.wide
    return inside and thumbs.thumbs[index].source is not None


_MASKS = (
    (r"(?<=rushes_)\w{8}|(?<=siesta-)[0-9a-f]{6}", r"\w", "0"),
    (r"\b01[0-9A-HJKMNP-TV-Z]{6,24}", r"\w", "0"),
    (r"(?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])|(?<=[\":])[0-9a-f]+(?=…)", r"\w", "0"),
    (r"\b\d{4}-\d\d-\d\dT[\d:.+]*|\b\d\d-\d\d \d\d:\d\d\b", r"\d", "0"),
    (r"\b\d+\.\d s\b", r"\d", "0"),
    (r"━", r"━", "─"),
    (r"(?<=v\d\d\d )[ ]+(?:now|\d+ min)(?= )", r"\w", " "),
)
"""What is masked, which signs of it, and by what."""


def same(words: str) -> str:
    """The text with what is another thing each time masked, as long as before."""
    for pattern, signs, mask in _MASKS:
        words = re.sub(pattern, lambda found, signs=signs, mask=mask: re.sub(signs, mask, found[0]), words)  # type: ignore[misc]
    return words
