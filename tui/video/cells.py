"""A picture as terminal cells, and the bytes that turn the picture before it into it. Pure; no Textual.

    encode(frame, previous, origin, budget) -> Encoded(data, cells, sent, left)     only what changed
    lines(frame, budget) -> (list of text, Cells)                                   all of it, as ready lines

A frame is (2R, C, 3) uint8 in sRGB: one cell is two pixels, `▀` in the colour of the upper one on that of the lower
one. `Cells` is what the terminal shows; hand back those of the last call. What was painted over by others is handed in
as None, or marked in `Cells.known`.

A cell is written where it is further from the frame than the budget's threshold, the worst first, as many as the
bytes hold; with threshold 0 and 8 bits the same frame again and again becomes exact. The cursor and its colours are
saved and put back, so what is drawn around the picture does not notice.

Method: after the delta of a terminal library's screen buffer (curses), with an error bound in place of equality;
colours are cut to fewer bits as in true-colour image viewers, so that neighbours share them. All of a frame is laid
out in rows of 4-byte words with zeros between, and the zeros are dropped at the end: no loop over cells.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tui.video.pace import Budget, Palette

__all__ = ["Budget", "Cells", "Encoded", "encode", "lines"]

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]
Codes = NDArray[np.int32]
Places = NDArray[np.intp]
"""Cells by number in reading order."""

_OPEN, _CLOSE = b"\x1b7\x1b[0m", b"\x1b8"
_MOVE, _SGR, _UPPER, _BOTH, _LOWER, _END, _GLYPH, _WIDTH = 0, 4, 5, 9, 10, 14, 15, 16
"""Where the parts of a cell begin, in words; a colour takes four, `38;2` or `38;5` before `;r` `;g` `;b`."""
_UNKNOWN = 256
"""The error of a cell of which nobody knows what it shows: above every other."""
_SHADES = " ░▒▓█▀▄"
_SHADE_LIGHT = np.array([(0, 0), (64, 64), (128, 128), (191, 191), (255, 255), (255, 0), (0, 255)], np.uint8)
"""How light the upper and the lower half of each shade is, where ink is light and ground is dark."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the terminal shows: `shown` (2R, C, 3) uint8, and `known` (R, C) bool, False where others painted."""

    shown: Bytes
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """`data` for the terminal; `cells` as it then shows them; how many were sent, and how many are left to send."""

    data: bytes
    cells: Cells
    sent: int
    left: int


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """What would be written: the colours that the eye sees, (2R, C, 3); by cell, codes of the halves and the glyph."""

    shown: Bytes
    upper: Codes
    lower: Codes
    glyph: Codes


def encode(frame: Bytes, previous: Cells | None, origin: tuple[int, int], budget: Budget) -> Encoded:
    """The bytes, at most `budget.max_bytes`, that bring the picture at `origin` (column, row from 0) towards `frame`.

    Nothing outside the picture's cells is touched and no line wraps. `left` counts cells that are still further off
    than the threshold and that the palette can bring nearer. ValueError: no (2R, C, 3) picture.
    """
    _grid(frame)
    before = previous if previous is not None and previous.shown.shape == frame.shape else _nothing(frame)
    ink = _inked(frame, budget)
    error = np.where(before.known, _cell_error(frame, before.shown).astype(np.int16), _UNKNOWN).ravel()
    differs = (~before.known | (_cell_error(ink.shown, before.shown) > 0)).ravel()
    wanted = np.flatnonzero((error > budget.threshold) & differs)
    worst_first = wanted[np.argsort(-error[wanted], kind="stable")]
    cells, data = _fitting(worst_first, lambda cells: _written(cells, ink, origin, budget.palette), budget.max_bytes)
    if not len(cells):
        return Encoded(b"", before, 0, len(wanted))
    return Encoded(data, _after(before, ink, cells), len(cells), len(wanted) - len(cells))


def lines(frame: Bytes, budget: Budget) -> tuple[list[str], Cells]:
    """The whole frame as one text a row of cells, each with its colours and a reset, and what is then shown.

    For who places the lines himself; bytes and threshold of the budget do not count here. ValueError as for `encode`.
    """
    rows, columns = _grid(frame)
    ink = _inked(frame, budget)
    words = _coloured(np.arange(rows * columns), ink, budget.palette, starts=slice(None, None, columns))
    texts = [_bytes(row).decode() + "\x1b[0m" for row in words.reshape(rows, -1)]
    return texts, Cells(ink.shown, np.ones((rows, columns), np.bool_))


def _grid(frame: Bytes) -> tuple[int, int]:
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.shape[0] % 2 or not frame.size or frame.dtype != np.uint8:
        raise ValueError(f"a frame of cells is (2R, C, 3) uint8, not {frame.shape} {frame.dtype}")
    return frame.shape[0] // 2, frame.shape[1]


def _nothing(frame: Bytes) -> Cells:
    return Cells(np.zeros_like(frame), np.zeros((frame.shape[0] // 2, frame.shape[1]), np.bool_))


def _after(before: Cells, ink: _Ink, cells: Places) -> Cells:
    """What is shown once `cells` of `ink` are written over it."""
    shown, known = before.shown.copy(), before.known.copy()
    y, x = np.divmod(cells, known.shape[1])
    known[y, x] = True
    for half in (2 * y, 2 * y + 1):
        shown[half, x] = ink.shown[half, x]
    return Cells(shown, known)


def _cell_error(a: Bytes, b: Bytes) -> NDArray[np.uint8]:
    """(R, C): the largest difference of any channel in either half."""
    away = np.maximum(a, b) - np.minimum(a, b)
    pixel = np.maximum(np.maximum(away[..., 0], away[..., 1]), away[..., 2])
    worse: NDArray[np.uint8] = np.maximum(pixel[0::2], pixel[1::2])
    return worse


# Which cells fit


def _fitting(worst_first: Places, written: Callable[[Places], bytes], room: int) -> tuple[Places, bytes]:
    """As many of the worst cells as `room` bytes hold, in reading order, and those bytes."""
    fits, data = worst_first[:0], b""
    few, many, less, more = 0, len(worst_first) + 1, 0, room + 1
    count = len(worst_first)
    for turn in range(8):  # what the bytes of more and of fewer cells promise; then it is near enough
        if not few < count < many:
            break
        some = np.sort(worst_first[:count])
        tried = written(some)
        if len(tried) <= room:
            few, less, fits, data = count, len(tried), some, tried
            if len(tried) > 0.97 * room:
                break
        else:
            many, more = count, len(tried)
        promised = few + (many - few) * (room - less) // (more - less)
        if turn % 3 == 2:  # where the dear cells come first, as under a cheap border, no promise holds: halve
            promised = (few + many) // 2
        count = min(max(promised, few + 1), many - 1)
    return fits, data


# From cells to bytes


def _written(cells: Places, ink: _Ink, origin: tuple[int, int], palette: Palette) -> bytes:
    words = _coloured(cells, ink, palette, starts=slice(0, 1))
    words[:, _MOVE:_SGR] = _moves(cells, ink.shown.shape[1], origin)
    return _OPEN + _bytes(words) + _CLOSE


def _bytes(words: Words) -> bytes:
    return words.tobytes().translate(None, b"\0")


def _coloured(cells: Places, ink: _Ink, palette: Palette, starts: slice) -> Words:
    """(N, _WIDTH) words that write one cell after the other; colours are said where they change, and at `starts`."""
    words = np.zeros((len(cells), _WIDTH), np.uint32)
    words[:, _GLYPH] = _glyphs()[ink.glyph[cells]]
    if palette == "shades":
        return words
    upper, lower = ink.upper[cells], ink.lower[cells]
    new_upper, new_lower = _changes(upper, starts), _changes(lower, starts)
    either = new_upper | new_lower
    words[either, _SGR], words[either, _END] = _word(b"\x1b["), _word(b"m")
    words[new_upper & new_lower, _BOTH] = _word(b";")
    for at, lead, new, codes in ((_UPPER, b"38", new_upper, upper), (_LOWER, b"48", new_lower, lower)):
        words[new, at : at + 4] = _colour_words(lead, codes[new], palette)
    return words


def _changes(codes: Codes, starts: slice) -> NDArray[np.bool_]:
    changed = np.ones(len(codes), np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=changed[1:])
    changed[starts] = True
    return changed


def _colour_words(lead: bytes, codes: Codes, palette: Palette) -> Words:
    words = np.zeros((len(codes), 4), np.uint32)
    if palette == "256":
        words[:, 0], words[:, 1] = _word(lead + b";5"), _numbers(b";%d")[codes]
        return words
    words[:, 0] = _word(lead + b";2")
    for channel, shift in ((1, 16), (2, 8), (3, 0)):
        words[:, channel] = _numbers(b";%d")[codes >> shift & 255]
    return words


def _moves(cells: Places, columns: int, origin: tuple[int, int]) -> Words:
    """(N, 4) words that bring the cursor to each cell from behind the one before; zeros where it stands there.

    Along a row `CSI n C` is never longer than an absolute place. To another row it is always the absolute one: behind
    the terminal's last column the cursor hangs between two places, from which relative moves differ by terminal.
    """
    y, x = np.divmod(cells, columns)
    jump = np.append(True, np.diff(y) > 0)
    gap = np.append(0, np.diff(cells) - 1)
    step = (gap > 0) & ~jump
    words = np.zeros((len(cells), 4), np.uint32)
    words[jump | step, 0] = _word(b"\x1b[")
    words[step, 1] = np.where(gap[step] > 1, _numbers(b"%d")[gap[step]], 0)
    words[step, 3] = _word(b"C")
    words[jump, 1] = _numbers(b"%d")[y[jump] + origin[1] + 1]
    words[jump, 2] = _numbers(b";%d")[x[jump] + origin[0] + 1]
    words[jump, 3] = _word(b"H")
    return words


def _word(text: bytes) -> np.uint32:
    """At most four bytes as they lie in memory, the rest zeros."""
    return np.uint32(int.from_bytes(text.ljust(4, b"\0"), sys.byteorder))


@cache
def _numbers(form: bytes) -> Words:
    """0 to 999 as words of text."""
    return np.array([_word(form % number) for number in range(1000)], np.uint32)


@cache
def _glyphs() -> Words:
    return np.array([_word(glyph.encode()) for glyph in _SHADES], np.uint32)


# From colours to what the terminal has


def _inked(frame: Bytes, budget: Budget) -> _Ink:
    if budget.palette == "shades":
        return _shaded(frame)
    half_block = np.full(frame.shape[0] // 2 * frame.shape[1], _SHADES.index("▀"), np.int32)
    if budget.palette == "256":
        eighth = frame >> 3
        codes = _nearest_256()[eighth[..., 0], eighth[..., 1], eighth[..., 2]]
        shown = _colours_256()[codes]
    else:
        shown = _levels(budget.bits)[frame]
        wide = shown.astype(np.int32)
        codes = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return _Ink(shown, codes[0::2].ravel(), codes[1::2].ravel(), half_block)


@cache
def _levels(bits: int) -> Bytes:
    """The nearest of 2^bits levels from 0 to 255, for each of 256 values."""
    steps = 2**bits - 1
    return np.array([round(round(value * steps / 255) * 255 / steps) for value in range(256)], np.uint8)


@cache
def _colours_256() -> Bytes:
    """(256, 3): the colours that terminals agree on: the 6 x 6 x 6 cube and 24 greys; 0 to 15 are the user's own."""
    steps = (0, 95, 135, 175, 215, 255)
    cube = [(red, green, blue) for red in steps for green in steps for blue in steps]
    return np.array([(0, 0, 0)] * 16 + cube + [(grey,) * 3 for grey in range(8, 248, 10)], np.uint8)


@cache
def _nearest_256() -> Codes:
    """(32, 32, 32): which of the 240 colours is nearest to a box of 8 values of red, green and blue."""
    middles = np.arange(32, dtype=np.float32) * 8 + 3.5
    asked = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), -1)
    away = np.stack([((asked - colour) ** 2).sum(-1) for colour in _colours_256()[16:].astype(np.float32)])
    return np.asarray(away.argmin(0) + 16, np.int32)


def _shaded(frame: Bytes) -> _Ink:
    """No colour at all: for each cell the shade whose halves are nearest in light."""
    light = frame @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    away = [(light[0::2] - upper) ** 2 + (light[1::2] - lower) ** 2 for upper, lower in _SHADE_LIGHT.astype(np.float32)]
    glyph = np.stack(away).argmin(0)
    shown = np.stack([_SHADE_LIGHT[glyph, 0], _SHADE_LIGHT[glyph, 1]], 1).reshape(frame.shape[:2])
    flat = glyph.ravel().astype(np.int32)
    return _Ink(np.repeat(shown[..., None], 3, -1), np.zeros_like(flat), np.zeros_like(flat), flat)
