"""A terminal of our own for the bytes of pictures: knows what they may hold and fails on anything else."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(rb"\x1b\[([\d;]*)([CHm])|\x1b([78])|([ -~]|[\xc2-\xf4][\x80-\xbf]+)")
_HALVES = {" ": (0, 0), "░": (64, 64), "▒": (128, 128), "▓": (191, 191), "█": (255, 255), "▀": (255, 0), "▄": (0, 255)}


class CellScreen:
    """Cells of (upper, lower) colours; `written` counts writes by cell. Raises AssertionError on what it must not get.

    The cursor hangs behind the last column until the next character, which would wrap: that is an error here.
    """

    def __init__(self, columns: int, rows: int, table: Callable[[int], tuple[int, int, int]] | None = None) -> None:
        self.pixels = np.zeros((2 * rows, columns, 3), np.uint8)
        self.written = np.zeros((rows, columns), int)
        self.row = self.column = 0
        self.pen: list[tuple[int, int, int] | None] = [None, None]
        self.saved: tuple[int, int, list[tuple[int, int, int] | None]] = (0, 0, [None, None])
        self.table = table

    def feed(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            token = _TOKEN.match(data, at)
            assert token, data[at : at + 20]
            at = token.end()
            parameters, final, save, character = token.groups()
            if final:
                self._control(final, [int(word or 0) for word in parameters.split(b";")])
            elif save == b"7":
                self.saved = (self.row, self.column, list(self.pen))
            elif save:
                self.row, self.column, pen = self.saved
                self.pen = list(pen)
            else:
                self._put(character.decode())

    def _control(self, final: bytes, numbers: list[int]) -> None:
        if final == b"H":
            self.row, self.column = numbers[0] - 1, numbers[1] - 1
        elif final == b"C":
            assert self.column < self.written.shape[1], "moves from behind the last column"
            self.column += max(1, numbers[0])
        else:
            self._colour(numbers)

    def _colour(self, numbers: list[int]) -> None:
        while numbers:
            kind = numbers.pop(0)
            if kind == 0:
                self.pen = [None, None]
                continue
            assert kind in (38, 48), kind
            if numbers.pop(0) == 2:
                colour = tuple(numbers[:3])
                del numbers[:3]
            else:
                assert self.table is not None
                colour = self.table(numbers.pop(0))
            assert len(colour) == 3 and all(0 <= value <= 255 for value in colour)
            self.pen[kind == 48] = colour

    def _put(self, character: str) -> None:
        rows, columns = self.written.shape
        assert 0 <= self.row < rows and 0 <= self.column < columns, (self.row, self.column)
        upper, lower = self.pen
        if upper is None:
            halves = [(light,) * 3 for light in _HALVES[character]]
        else:
            assert character == "▀" and lower is not None
            halves = [upper, lower]
        self.pixels[2 * self.row : 2 * self.row + 2, self.column] = halves
        self.written[self.row, self.column] += 1
        self.column += 1


def xterm_colour(number: int) -> tuple[int, int, int]:
    """The colour of a number from 16 to 255, by xterm's own rule (256colres.pl)."""
    assert 16 <= number <= 255
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    levels = [(number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6]
    red, green, blue = (level * 40 + 55 if level else 0 for level in levels)
    return red, green, blue


def window(screen: CellScreen, origin: tuple[int, int], like: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture that stands at `origin` (column, row)."""
    column, row = origin
    return screen.pixels[2 * row : 2 * row + like.shape[0], column : column + like.shape[1]]
