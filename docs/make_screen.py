"""`docs/screen.svg`: the screens on a show, drawn without a terminal. `python docs/make_screen.py .demo/show [SHOT]`"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from textual.pilot import Pilot

from core.files import write_atomic
from tui.app.app import Screens
from tui.app.screens.cut import CutRoom
from tui.present.cut import first_version, middle
from tui.video.terminal import Terminal

SIZE = (120, 35)
OUT = Path(__file__).with_name("screen.svg")


def draw(root: Path, env: Mapping[str, str], shot: str = "") -> str:
    """The screens as SVG, on `shot`, else on the first that has a version."""
    return asyncio.run(_drawn(root, env, shot))


async def _drawn(root: Path, env: Mapping[str, str], shot: str) -> str:
    app = Screens(root, env, Terminal())
    async with app.run_test(size=SIZE) as pilot:
        room = app.screen_stack[0]
        assert isinstance(room, CutRoom)
        await _stands(app, pilot, room)
        rows = room.list.lines.rows
        row = next((row for row in rows if (row.shot.id == shot if shot else row.versions)), rows[0])
        room.list.go_to(row.shot.id)
        room.look(row, first_version(row), "", middle(row))
        room.say("")  # the hint of a first visit
        await _stands(app, pilot, room)
        return app.export_screenshot(title="rushes")


async def _stands(app: Screens, pilot: Pilot[None], room: CutRoom) -> None:
    """Until the picture, or why there is none, is shown and nothing is read any more."""
    while room.viewer.shown is None and (not room.viewer.words or "Reading" in room.viewer.words):
        await pilot.pause(0.02)
    await pilot.pause()
    while any(not worker.is_finished for worker in app.workers):
        await app.workers.wait_for_complete()
        await pilot.pause()


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)  # it would make the picture grey
    write_atomic(OUT, draw(Path(sys.argv[1]).resolve(), os.environ, *sys.argv[2:]))
