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

SIZE = (120, 35)
OUT = Path(__file__).with_name("screen.svg")


def draw(root: Path, env: Mapping[str, str], shot: str = "") -> str:
    """The screens as SVG, on `shot`, else on the first that has a version."""
    return asyncio.run(_drawn(root, env, shot))


async def _drawn(root: Path, env: Mapping[str, str], shot: str) -> str:
    app = Screens(root, env)
    async with app.run_test(size=SIZE) as pilot:
        await _settled(app, pilot)
        fits = (index for index, row in enumerate(app.list.rows) if (row.shot.id == shot if shot else row.versions))
        chosen = next(fits, 0)
        await pilot.press(*["down"] * chosen)
        await _settled(app, pilot)
        return app.export_screenshot(title="rushes")


async def _settled(app: Screens, pilot: Pilot[None]) -> None:
    """Until nothing is read any more: what one thread finds may start the next."""
    await pilot.pause()
    while len(app.workers):
        await app.workers.wait_for_complete()
        await pilot.pause()


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)  # it would make the picture grey
    write_atomic(OUT, draw(Path(sys.argv[1]).resolve(), os.environ, *sys.argv[2:]))
