"""How a grid of pictures lies on a terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.present.spans import Line

if TYPE_CHECKING:
    from core.viewing.view import Source

LEAST = 12
"""Cells that a picture is wide at least: below that a look cannot be judged."""
BESIDE = 2
"""Cells of a thumbnail beside its picture: the cursor's mark and a gap."""


@dataclass(frozen=True, slots=True)
class Thumb:
    """One picture of a grid. `source` None: there is none, `words` say why."""

    key: str
    label: Line
    """The first words are those that stay where there is no room."""
    source: Source | None = None
    frame: int = 0
    """The nearest one that the source has is shown."""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of thumbnails; each has a box of `wide` × `rows` cells and a line for its label."""

    columns: int
    wide: int
    rows: int

    @property
    def height(self) -> int:
        """Lines of one row of thumbnails."""
        return self.rows + 1

    def lines(self, count: int) -> int:
        """Lines of `count` thumbnails."""
        return -(-count // self.columns) * self.height


def grid(columns: int, width: int, aspect: float) -> Grid:
    """Pictures of a shape (width over height) in so many columns, fewer where they would be too small."""
    columns = max(1, min(columns, width // (LEAST + BESIDE)))
    wide = max(1, width // columns - BESIDE)
    return Grid(columns, wide, max(1, round(wide / aspect / 2)))


def fitted(count: int, width: int, height: int, aspect: float, across: int = 0) -> Grid:
    """The largest pictures of which `count` are seen at once, as small as they may be where that is not enough.

    `across`: so many columns instead, where they are wide enough.
    """
    if across and width // across >= LEAST + BESIDE:
        return grid(across, width, aspect)
    for columns in range(1, max(1, width // (LEAST + BESIDE)) + 1):
        found = grid(columns, width, aspect)
        if found.lines(count) <= height:
            return found
    return found


def one(width: int, height: int, aspect: float) -> Grid:
    """One picture, as large as there is room."""
    wide = max(1, min(width - BESIDE, round(2 * (height - 1) * aspect)))
    return Grid(1, wide, max(1, height - 1))


def moved(index: int, count: int, columns: int, across: int, down: int) -> int:
    """Where the cursor goes from `index`: along the rows, or to the same column of another row; never outside."""
    wanted = index + across + down * columns
    if down and not 0 <= wanted < count:
        column = index % columns
        last = (count - 1 - column) // columns * columns + column
        wanted = column if wanted < 0 else max(index, last)
    return max(0, min(count - 1, wanted))
