"""A standing picture by the terminal's own protocol, over the half-blocks: as sharp as its pixels are. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.video.graphics import Box
    from tui.video.terminal import Terminal

    Pixels = NDArray[np.uint8]

MOST = (1280, 720)
"""Pixels that are sent at most; the terminal scales. More is seconds on a line of 10 Mb/s."""
_CELL = (10, 20)
"""Pixels of a cell where the terminal did not tell; both protocols that use it scale into the cells."""
_QUALITY = 90


def has_stills(terminal: Terminal | None) -> bool:
    """Whether there is more than half-blocks. Sixels need the size of a cell."""
    return terminal is not None and (
        terminal.graphics in ("kitty", "iterm2") or (terminal.graphics == "sixel" and terminal.cell is not None)
    )


def pixels_of(terminal: Terminal, box: Box) -> tuple[int, int]:
    """How many pixels, width and height, a picture for `box` is to have."""
    wide, high = terminal.cell or _CELL
    width, height = box.columns * wide, box.rows * high
    if terminal.graphics == "sixel":
        return width, height
    scale = min(1.0, MOST[0] / width, MOST[1] / height)
    return max(1, int(width * scale)), max(1, int(height * scale))


def still(terminal: Terminal, seen: Pixels, number: int, box: Box) -> bytes:
    """The bytes that show (H, W, 3) uint8 in `box`; `number`: of the picture where the protocol counts them."""
    from tui.video import graphics

    if terminal.graphics == "iterm2":
        return graphics.iterm2(graphics.jpeg(seen, _QUALITY), box)
    if terminal.graphics == "sixel":
        return graphics.sixel(seen[: len(seen) // 6 * 6], box)
    through = terminal.tmux is not None
    data = graphics.kitty(seen, number, box, tmux=through)
    if not through:
        return data
    rows = graphics.kitty_placeholders(number, box.columns, box.rows)
    lines = "".join(f"\x1b[{box.row + row + 1};{box.column + 1}H{text}" for row, text in enumerate(rows))
    return data + b"\x1b7" + lines.encode() + b"\x1b8"


def clear(terminal: Terminal, number: int) -> bytes:
    """The bytes that take a still away; none where drawing over it does."""
    from tui.video import graphics

    if terminal.graphics != "kitty":
        return b""
    return graphics.kitty_clear(number, tmux=terminal.tmux is not None)
