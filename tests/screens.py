"""The screens driven by a pilot: open a show, wait for what is asked in threads, press keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from core.show import Show
from tui.app.app import Screens
from tui.app.screens.cut import CutRoom
from tui.app.widgets.player import Player

if TYPE_CHECKING:
    from tui.video.terminal import Terminal

Hands = Callable[[Screens, Pilot[None]], Awaitable[None]]
R = TypeVar("R")


def drive(show: Show, hands: Hands, size: tuple[int, int] = (120, 35), terminal: Terminal | None = None) -> None:
    """Open the screens, wait until the shot list, or why there is none, is there; then do what `hands` does."""

    async def run() -> None:
        app = Screens(show.layout.root, show.env, terminal)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(cut(app).rows) or "Reading" not in cut(app).viewer.words)
            await hands(app, pilot)

    asyncio.run(run())


async def until(pilot: Pilot[None], true: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until something holds; fail when it does not in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not true():
        assert loop.time() < deadline, f"it did not happen in time; {_state(pilot.app)}"
        await pilot.pause(0.02)


def _state(app: Any) -> str:
    """What a test that failed on another machine has to tell."""
    front = app.screen
    seen = [(viewer.id, viewer.frame, viewer.shown, viewer.words) for viewer in front.query(Player)]
    return f"said: {said(app)}; {front} at {app.place}, keys for {app.focused}, pictures {seen}"


async def settled(app: Screens, pilot: Pilot[None]) -> None:
    """Until nothing is read any more: what one thread finds may start the next."""
    await pilot.pause()
    while any(not worker.is_finished for worker in app.workers):
        with suppress(WorkerCancelled):  # a later question has replaced it
            await app.workers.wait_for_complete()
        await pilot.pause()


async def standing(app: Screens, pilot: Pilot[None]) -> None:
    """Until the cut shows its picture, where it has room for one: then it says nothing more of where the person is."""
    viewer = cut(app).viewer
    read = lambda: viewer.shown is not None or (bool(viewer.words) and "Reading" not in viewer.words)  # noqa: E731
    await until(pilot, lambda: read() or not viewer.region.width)
    await settled(app, pilot)


def cut(app: Screens) -> CutRoom:
    """The screen under all others."""
    room = app.screen_stack[0]
    assert isinstance(room, CutRoom)
    return room


def room(app: Screens, kind: type[R]) -> R:
    """The screen in front, which is of this kind."""
    assert isinstance(app.screen, kind), app.screen
    return app.screen


def said(app: Any) -> str:
    """What the line above the footer says."""
    line = getattr(app.screen, "said", None)
    return str(line.render()) if line is not None else str(app.screen)


def text(app: Screens) -> str:
    """The whole screen as text."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips(app.size)
    )
