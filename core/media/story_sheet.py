"""[PIL] The show on one sheet: a picture of every shot in the order of the cut, plates above versions where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.media.lettering import clipped, font, written
from core.media.sheet import fitted, save

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shown = NDArray[np.uint8]

_GROUND, _RULE = (44, 44, 44), (74, 74, 74)
"""Neutral, so that it colours no picture; darker than middle grey, so that the pictures lead."""
_INK, _SOFT, _FAINT = (236, 236, 236), (168, 168, 168), (122, 122, 122)
_PENCIL = (226, 178, 62)
"""The yellow of a china marker: what is circled."""
_WIDTH, _MARGIN, _GAP, _SEAM = 480, 44, 28, 4
_HEAD, _LINE, _FOOT = 104, 78, 44
_SHAPE = 1.5
"""Width to height that a sheet comes near to."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One shot of the sheet."""

    picture: Shown
    """(H, W, 3) uint8 sRGB: what plays."""
    shot: str
    version: str = ""
    """Empty: the plate plays."""
    circled: bool = False
    status: str = ""
    look: str = ""
    above: Shown | None = None
    """The plate."""


def story_sheet(panels: Sequence[Panel], out: Path, title: str, facts: str, legend: str = "") -> Path:
    """Write the sheet as a PNG: the same panels give the same picture.

    Args:
        title, facts: in the strip above, left and right. legend: one small line below.

    Raises:
        ValueError: no panels. DiskFull, Broken: it cannot be written; nothing is left behind.
    """
    if not panels:
        raise ValueError("a sheet of no pictures")
    from PIL import Image, ImageDraw

    pairs = [(panel.above, panel.picture) for panel in panels]
    stacks = [[fitted(one, _WIDTH, _WIDTH) for one in pair if one is not None] for pair in pairs]
    heights = [sum(one.height for one in stack) + _SEAM * (len(stack) - 1) for stack in stacks]
    columns = _columns(len(panels), max(heights))
    rows = [max(heights[n : n + columns]) for n in range(0, len(panels), columns)]
    size = (2 * _MARGIN + columns * (_WIDTH + _GAP) - _GAP, _HEAD + sum(rows) + len(rows) * _LINE + _FOOT)
    sheet = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(sheet)
    _strip(draw, size, title, facts, legend)
    for n, (panel, stack, height) in enumerate(zip(panels, stacks, heights, strict=True)):
        row, column = divmod(n, columns)
        x, y = _MARGIN + column * (_WIDTH + _GAP), _HEAD + sum(rows[:row]) + row * _LINE
        top = y + rows[row] - height
        for one in stack:
            sheet.paste(one, (x + (_WIDTH - one.width) // 2, top))
            top += one.height + _SEAM
        _caption(draw, x, y + rows[row] + 9, panel)
    return save(sheet, out)


def _columns(count: int, height: int) -> int:
    """As many as bring the whole sheet nearest to its shape."""

    def miss(columns: int) -> float:
        rows = -(-count // columns)
        shape = (columns * (_WIDTH + _GAP) + 2 * _MARGIN) / (rows * (height + _LINE) + _HEAD + _FOOT)
        empty = columns * rows - count
        return max(shape / _SHAPE, _SHAPE / shape) + 0.35 * empty

    return min(range(1, min(count, 8) + 1), key=miss)


def _strip(draw: Any, size: tuple[int, int], title: str, facts: str, legend: str) -> None:
    width = size[0] - 2 * _MARGIN
    right = written(facts)
    taken = int(draw.textlength(right, font=font(18)))
    draw.text((_MARGIN, 64), clipped(draw, title, 34, width - taken - _GAP), fill=_INK, font=font(34), anchor="ls")
    draw.text((size[0] - _MARGIN, 64), right, fill=_SOFT, font=font(18), anchor="rs")
    draw.line((_MARGIN, 82, size[0] - _MARGIN, 82), fill=_RULE, width=1)
    text = clipped(draw, legend, 15, width)
    draw.text((_MARGIN, size[1] - 22), text, fill=_FAINT, font=font(15), anchor="ls")


def _caption(draw: Any, x: int, y: int, panel: Panel) -> None:
    """Shot and version left, status right, the look below."""
    draw.text((x, y + 16), written(panel.shot), fill=_INK, font=font(19), anchor="ls")
    at = x + int(draw.textlength(written(panel.shot), font=font(19))) + 16
    if panel.version:
        wide = int(draw.textlength(panel.version, font=font(19)))
        draw.text((at, y + 16), panel.version, fill=_PENCIL if panel.circled else _SOFT, font=font(19), anchor="ls")
        if panel.circled:
            draw.rounded_rectangle((at - 8, y - 3, at + wide + 8, y + 22), radius=12, outline=_PENCIL, width=2)
        at += wide + 20
    room = max(0, x + _WIDTH - at)
    status = clipped(draw, panel.status, 16, room)
    draw.text((x + _WIDTH, y + 16), status, fill=_SOFT, font=font(16), anchor="rs")
    draw.text((x, y + 41), clipped(draw, panel.look, 16, _WIDTH), fill=_SOFT, font=font(16), anchor="ls")
