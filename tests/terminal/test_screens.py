"""The screens, driven by a pilot: what keys do, what is said when nothing is to be seen, what is never imported."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.show import Show
from tests import shows
from tui.app.app import Screens

SHOT = shows.SHOT
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(cut: Path, tmp_path: Path) -> Show:
    return shows.make(cut, tmp_path / "show")


def drive(
    show: Show, hands: Callable[[Screens, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24)
) -> None:
    """Open the screens, wait until the list is there, then do what `hands` does."""

    async def run() -> None:
        app = Screens(show.layout.root, show.env)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.list.rows) or "Reading" not in app.picture.words)
            await hands(app, pilot)

    asyncio.run(run())


async def until(pilot: Pilot[None], true: Callable[[], bool], seconds: float = 20) -> None:
    """Poll until something holds; fail when it does not in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not true():
        assert loop.time() < deadline, "it did not happen in time"
        await pilot.pause(0.02)


def said(app: Screens, id: str) -> str:
    return str(app.query_one(f"#{id}", Static).render())


def picture(app: Screens) -> list[Any]:
    return app.picture._strips


def test_the_plate_is_shown_and_the_arrows_step_through_it(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: bool(picture(app)))
        assert (app.source, len(app.list.rows)) == ("plate", 2)
        first, start = picture(app), app.frame
        assert {strip.cell_length for strip in first} == {app.picture.size.width}
        await pilot.press("right")
        await until(pilot, lambda: picture(app) is not first)
        assert app.frame == start + 1
        assert f"{start + 1}" in said(app, "under")
        await pilot.press(*["left"] * 12)
        assert app.list.row is not None
        await until(pilot, lambda: app.frame == app.list.row.shot.range.first)  # type: ignore[union-attr]

    drive(show, hands)


def test_a_shot_without_media_says_so(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.press("j")
        await until(pilot, lambda: "no picture" in app.picture.words)
        assert "sq010_sh0020" in app.picture.words

    drive(show, hands)


def test_an_unreadable_picture_says_why_and_the_rest_goes_on(show: Show, tmp_path: Path) -> None:
    """Plates go offline while a screen is open: that is words in the picture's place, not an end."""
    (shot, *_) = show.shots()
    assert shot.shot.plate is not None

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: bool(picture(app)))
        wanted = shot.shot.plate.path.replace("%04d", "0005")  # type: ignore[union-attr]
        bad = (show.layout.root / wanted).resolve()
        whole = bad.read_bytes()
        bad.write_bytes(whole[:200])
        try:
            await pilot.press(*["left"] * 30)
            for _ in range(12):
                await pilot.press("right")
                await pilot.pause(0.1)
                if app.picture.words:
                    break
            assert "plate.0005" in app.picture.words
        finally:
            bad.write_bytes(whole)
        await pilot.press("r", "right")
        await until(pilot, lambda: bool(picture(app)))

    drive(show, hands)


def test_a_remark_is_asked_for_and_noted_and_escape_leaves_it(show: Show) -> None:
    show.draft(SHOT, text=shows.BLEND)
    show.generate([SHOT])
    for _ in show.follow([job.id for job in show.jobs()]):
        pass

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.source == "v001" and bool(picture(app)) and app.versions == ["v001"])
        await pilot.press("x", *"no", "escape")
        assert show.version(SHOT, "v001").row.status == "rev"
        await pilot.press("x", *"more q", "enter")
        await until(pilot, lambda: "retake is noted" in said(app, "said"))
        await until(pilot, lambda: app.list.rows[0].status == "rtk")
        await pilot.press("a", "enter")
        await until(pilot, lambda: app.list.rows[0].status == "apr")
        await pilot.press("c", "enter")
        await until(pilot, lambda: app.list.rows[0].circled == "v001")
        await pilot.press("v")
        await until(pilot, lambda: app.source == "plate")
        await pilot.press("a")
        assert app.question is None

    drive(show, hands)
    assert [entry.event for entry in show.log()][:3] == ["review"] * 3


def test_what_was_typed_is_not_lost_when_the_act_fails(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: bool(picture(app)))
        show.draft(SHOT, text="schema = 1\nwrong = 2\n")
        await pilot.press("g", *"calmer", "enter")
        await until(pilot, lambda: "wrong" in said(app, "said"))
        assert app.query_one("#ask", Input).value == "calmer"
        assert app.question == ("generate", SHOT, "")

    drive(show, hands)


def test_what_another_window_did_is_seen(show: Show) -> None:
    """Progress comes from the ledger, whoever wrote it."""

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        show.draft(SHOT, text=shows.BLEND)
        other = Show.open(show.layout.root, show.env)
        await asyncio.to_thread(other.generate, [SHOT])
        await until(pilot, lambda: app.list.rows[0].versions == 1)

    drive(show, hands)


def test_a_show_that_cannot_be_read_says_why(show: Show) -> None:
    show.layout.settings.write_text("schema = 99\nname = 3\n")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "rushes.toml" in app.picture.words)
        await pilot.press("r", "v", "right", "a", "question_mark", "q")

    drive(show, hands)


def test_an_empty_show_says_so(show: Show) -> None:
    import shutil

    shutil.rmtree(show.layout.root / "shots")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "no shots" in app.picture.words)

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 60), (20, 6)])
def test_every_size_shows_the_list(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert app.list.region.width > 0
        await pilot.press("question_mark")
        await pilot.pause()

    drive(show, hands, size)


def test_the_first_paint_needs_neither_numpy_nor_the_core_and_torch_never_comes(show: Show) -> None:
    """A thousand shots must not delay the first frame: what is heavy comes after it, in threads."""
    code = f"""
import asyncio, os, sys
from pathlib import Path
from tui.app.app import Screens
early = ("numpy", "av", "git", "opentimelineio", "OpenImageIO", "PyOpenColorIO", "pydantic", "core.show", "torch")
app = Screens(Path({str(show.layout.root)!r}), {dict(show.env)!r})
seen = {{}}
load = app.load_shots
def after_first_paint():
    seen["early"] = [name for name in early if name in sys.modules]
    load()
app.load_shots = after_first_paint
async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(1000):
            if app.picture._strips:
                break
            await pilot.pause(0.02)
        seen["picture"] = bool(app.picture._strips)
asyncio.run(main())
heavy = [name for name in ("torch", "diffusers", "transformers", "onnxruntime") if name in sys.modules]
print(seen, heavy)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(show.env), check=True)
    assert done.stdout.strip() == "{'early': [], 'picture': True} []"
