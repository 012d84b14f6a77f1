"""A picture, a cross and a box laid on a canvas of cells. numpy, so imported after the first paint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.present.framing import Box, Framing, Placed, placed

Pixels = NDArray[np.uint8]

GROUND = 18
"""The grey around a picture."""
_ARM = 3
"""Cells that a cross reaches to each side."""


def composed(seen: Pixels, framing: Framing, room: tuple[int, int], share: float = 1.0) -> tuple[Pixels, Placed]:
    """The picture on a canvas of `room` (columns, pixel rows), and where it lies. `share`: drawn that much smaller."""
    if share < 1:
        seen = _nearest(seen, share)  # for a line that carries no more
    height, width = seen.shape[:2]
    where = placed(framing, width, height, room)
    canvas = np.full((room[1], room[0], 3), GROUND, np.uint8)
    left, top = max(0, where.left), max(0, where.top)
    right, bottom = min(room[0], where.left + width), min(room[1], where.top + height)
    canvas[top:bottom, left:right] = seen[top - where.top : bottom - where.top, left - where.left : right - where.left]
    return canvas, where


def resized(seen: Pixels, framing: Framing, room: tuple[int, int]) -> Pixels:
    """A picture at another size of the canvas, by its nearest pixels, until it is read anew."""
    if framing.zoom == "1:1":
        return seen
    high, wide = seen.shape[:2]
    columns, rows = framing.asked((wide, high), room)
    return _nearest(seen, min(columns / wide, rows / high))


def _nearest(seen: Pixels, scale: float) -> Pixels:
    rows, columns = (max(2, int(length * scale) // 2 * 2) for length in seen.shape[:2])
    y, x = np.arange(rows) * seen.shape[0] // rows, np.arange(columns) * seen.shape[1] // columns
    few: Pixels = seen[y[:, None], x[None, :]]
    return few


def draw_cross(canvas: Pixels, column: int, row: int) -> None:
    """A cross whose middle stays free, light on dark and dark on light."""
    if not (0 <= column < canvas.shape[1] and 0 <= row < canvas.shape[0]):
        return
    ink = _against(canvas, column, row)
    for away in range(1, _ARM + 1):
        for x, y in ((column - away, row), (column + away, row), (column, row - away), (column, row + away)):
            if 0 <= x < canvas.shape[1] and 0 <= y < canvas.shape[0]:
                canvas[y, x] = ink


def draw_box(canvas: Pixels, where: Placed, box: Box) -> None:
    """An outline, each pixel of it light on dark and dark on light."""
    (left, top), (right, bottom) = where.spot(*box[:2]), where.spot(*box[2:])
    edge = {(x, y) for x in range(left, right + 1) for y in (top, bottom)}
    edge |= {(x, y) for x in (left, right) for y in range(top, bottom + 1)}
    for x, y in edge:
        if 0 <= x < canvas.shape[1] and 0 <= y < canvas.shape[0]:
            canvas[y, x] = _against(canvas, x, y)


def _against(canvas: Pixels, x: int, y: int) -> int:
    return 255 if canvas[y, x].mean() < 128 else 0
