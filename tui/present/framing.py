"""Where a picture lies on a canvas of cells: fitted, larger, or pixel by pixel, and moved about. Pure.

A canvas is `columns` × `pixel_rows`; a cell is one column and two pixel rows. Places in a picture are shares of it,
from (0, 0) at its left upper corner to (1, 1), so that they hold whatever size it is drawn at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

LARGEST = 32.0
"""Times the fitted size."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Framing:
    """How large a picture is drawn, and what of it lies in the middle."""

    zoom: float | Literal["1:1"] = 1.0
    """Times the fitted size; "1:1": a pixel of the picture is a pixel of the canvas."""
    x: float = 0.5
    y: float = 0.5

    @property
    def name(self) -> str:
        """`1:1`, `4×`; empty where it is fitted."""
        return self.zoom if isinstance(self.zoom, str) else f"{self.zoom:g}×" if self.zoom != 1 else ""

    def asked(self, size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
        """The box (columns, pixel rows) that a picture of `size` is to be fitted into for a canvas `room`."""
        if isinstance(self.zoom, str):
            return size
        return round(room[0] * self.zoom), round(room[1] * self.zoom)

    def magnified(self, by: float, size: tuple[int, int], room: tuple[int, int]) -> Framing:
        """Larger or smaller, never smaller than fitted. From 1:1 it goes on from there."""
        fitted = max(size[0] / room[0], size[1] / room[1])
        zoom = min(LARGEST, max(1.0, (fitted if isinstance(self.zoom, str) else self.zoom) * by))
        return Framing(zoom, self.x, self.y) if zoom > 1 else Framing()

    def moved(self, x: float, y: float) -> Framing:
        """With another place of the picture in the middle."""
        return replace(self, x=min(1.0, max(0.0, x)), y=min(1.0, max(0.0, y)))


@dataclass(frozen=True, slots=True)
class Placed:
    """A drawn picture of (width, height) pixels on a canvas: its left upper corner at `left`, `top`, which may lie
    outside."""

    width: int
    height: int
    left: int
    top: int
    room: tuple[int, int]

    def spot(self, u: float, v: float) -> tuple[int, int]:
        """The canvas pixel of a place in the picture; may lie outside the canvas."""
        return self.left + min(self.width - 1, int(u * self.width)), self.top + min(
            self.height - 1, int(v * self.height)
        )

    def place(self, column: float, row: float) -> tuple[float, float]:
        """The place in the picture under a canvas pixel's middle, the nearest where there is none."""
        u, v = (column + 0.5 - self.left) / self.width, (row + 0.5 - self.top) / self.height
        return min(1.0, max(0.0, u)), min(1.0, max(0.0, v))


def placed(framing: Framing, width: int, height: int, room: tuple[int, int]) -> Placed:
    """Where a picture drawn `width` × `height` lies on a canvas `room`: centred where it fits, else moved, no gap."""
    top = _start(height, room[1], framing.y)
    top = top // 2 * 2 if top > 0 else top  # so that the picture's edge lies between two cells
    return Placed(width, height, _start(width, room[0], framing.x), top, room)


def _start(length: int, room: int, share: float) -> int:
    if length <= room:
        return (room - length) // 2
    return -min(length - room, max(0, round(share * length - room / 2)))
