"""Reading the picture that a screen wants. Runs in a thread, after the first paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.halfblocks import strips
from tui.app.messages import PictureLoaded
from tui.app.present import PLATE

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.show import Show


def read(show: Show, shot: Shot, source: str, frame: int, columns: int, rows: int) -> PictureLoaded:
    """The plate or a version at `frame` (or the nearest that it has), fitted into a box of cells.

    Raises:
        MediaError, ShowError: why there is no picture.
    """
    aspect = float(shot.plate.pixel_aspect) if shot.plate else 1.0
    if source == PLATE:
        near = max(shot.plate.frames.first, min(shot.plate.frames.last, frame)) if shot.plate else frame
        picture = show.viewer.plate(shot, near)
    else:
        found = show.version(shot.id, source)
        near = max(found.range.first, min(found.range.last, frame))
        picture = show.viewer.version(shot.id, source, near, found.recipe.output.master.colour)
    return PictureLoaded(shot.id, source, near, strips(picture, columns, rows, aspect))
