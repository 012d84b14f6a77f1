"""Stills in the terminals' protocols: read back by readers of our own, they are the picture, in its place."""

from __future__ import annotations

import base64
import io
import re
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tui.video.graphics import (
    MOST_ROWS,
    Box,
    iterm2,
    jpeg,
    kitty,
    kitty_clear,
    kitty_placeholders,
    sixel,
    through_tmux,
)

BOX = Box(4, 2, 10, 6)
PLACED = rb"\x1b7\x1b\[3;5H(.*)\x1b8"


def picture(seed: int = 1, height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def untmuxed(data: bytes) -> bytes:
    """What tmux hands on: each passthrough's inside with single escapes (tmux(1), allow-passthrough)."""
    parts = re.findall(rb"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\", data)
    assert sum(len(part) + 9 for part in parts) == len(data)
    return b"".join(part.replace(b"\x1b\x1b", b"\x1b") for part in parts)


def read_kitty(data: bytes) -> tuple[dict[str, str], bytes]:
    """Keys of the first part, and the body of all, as kitty's protocol has them."""
    parts = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", data)
    assert b"".join(b"\x1b_G%b;%b\x1b\\" % part for part in parts) == data
    keys = [dict(pair.split("=") for pair in part[0].decode().split(",")) for part in parts]
    assert all(len(part[1]) <= 4096 and len(part[1]) % 4 == 0 for part in parts)
    assert [part["m"] for part in keys] == ["1"] * (len(keys) - 1) + ["0"]
    return keys[0], base64.b64decode(b"".join(part[1] for part in parts))


@pytest.mark.parametrize("tmux", [False, True])
def test_kitty_gets_every_pixel(tmux: bool) -> None:
    shown = picture()
    data = kitty(shown, 7, BOX, tmux=tmux)
    placed = None if tmux else re.fullmatch(PLACED, data, re.DOTALL)
    keys, body = read_kitty(untmuxed(data) if tmux else placed[1])  # type: ignore[index]
    assert (keys["s"], keys["v"], keys["c"], keys["r"], keys["i"]) == ("60", "40", "10", "6", "7")
    assert (keys["a"], keys["f"], keys["C"], keys["q"], keys.get("U")) == ("T", "24", "1", "2", "1" if tmux else None)
    assert zlib.decompress(body) == shown.tobytes()


def test_kitty_placeholders_fill_their_rows_and_count_them() -> None:
    texts = kitty_placeholders(7, 10, 6)
    marks = [re.fullmatch("\x1b\\[38;5;7m\U0010eeee(.)\U0010eeee{9}\x1b\\[0m", text) for text in texts]
    assert all(marks) and [mark[1] for mark in marks if mark] == list("\u0305\u030d\u030e\u0310\u0312\u033d")
    assert MOST_ROWS >= 80
    with pytest.raises(ValueError, match="rows"):
        kitty_placeholders(7, 10, MOST_ROWS + 1)


def test_kitty_forgets_by_number() -> None:
    assert kitty_clear(7) == b"\x1b_Ga=d,d=I,q=2,i=7\x1b\\"
    assert untmuxed(kitty_clear(7, tmux=True)) == kitty_clear(7)


@given(st.binary(max_size=100))
def test_what_goes_through_tmux_comes_out_as_it_was(data: bytes) -> None:
    assert untmuxed(through_tmux(data)) == data


def test_iterm2_gets_a_file_for_its_cells() -> None:
    shown = np.repeat(np.repeat(picture(2, 5, 8), 8, 0), 8, 1)
    match = re.fullmatch(PLACED, iterm2(jpeg(shown, 90), BOX), re.DOTALL)
    assert match
    how, body = re.fullmatch(rb"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", match[1]).groups()  # type: ignore[union-attr]
    keys = dict(pair.split("=") for pair in how.decode().split(";"))
    file = base64.b64decode(body)
    assert int(keys["size"]) == len(file) and (keys["width"], keys["height"]) == ("10", "6")
    assert keys["inline"] == keys["doNotMoveCursor"] == "1" and keys["preserveAspectRatio"] == "0"
    read = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
    assert np.abs(read.astype(int) - shown).mean() < 4


def read_sixel(data: bytes) -> tuple[NDArray[np.int_], NDArray[np.bool_]]:
    """A picture and which pixels were drawn, after the VT340's manual; one pixel drawn twice is an error."""
    head = re.match(rb'\x1bP0;1;0q"1;1;(\d+);(\d+)', data)
    assert head and data.endswith(b"\x1b\\")
    width, height = int(head[1]), int(head[2])
    pixels, drawn = np.zeros((height + 6, width, 3), int), np.zeros((height + 6, width), bool)
    registers: dict[int, tuple[int, ...]] = {}
    x = y = colour = 0
    for token in re.finditer(rb"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|(?:!(\d+))?([?-~])|([$-])", data[head.end() : -2]):
        if token[1]:
            colour = int(token[1])
            if token[2]:
                registers[colour] = tuple(round(int(token[n]) * 255 / 100) for n in (2, 3, 4))
        elif token[6]:
            for _ in range(int(token[5] or 1)):
                for bit in range(6):
                    if ord(token[6]) - 63 >> bit & 1:
                        assert not drawn[y + bit, x]
                        drawn[y + bit, x], pixels[y + bit, x] = True, registers[colour]
                x += 1
        else:
            x, y = 0, y + (6 if token[7] == b"-" else 0)
    return pixels[:height], drawn


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 30))
def test_sixels_draw_every_pixel_once_and_none_below(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 256, (5, 3)).astype(np.uint8)
    shown = few[rng.integers(0, 5, (height, width))]
    match = re.fullmatch(PLACED, sixel(shown, BOX), re.DOTALL)
    assert match
    pixels, drawn = read_sixel(match[1])
    assert drawn[:height].all() and not drawn[height:].any()
    assert np.abs(pixels - shown).max() <= 4  # registers are hundredths


def test_sixels_of_many_colours_are_dithered_to_the_picture() -> None:
    y, x = np.mgrid[0:60, 0:120]
    shown = np.stack([x * 2, y * 4, 255 - x], -1).astype(np.uint8)
    match = re.fullmatch(PLACED, sixel(shown, BOX, 64), re.DOTALL)
    assert match
    pixels, _ = read_sixel(match[1])
    boxes = [part.reshape(10, 6, 12, 10, 3).mean((1, 3)) for part in (pixels, shown.astype(int))]
    assert np.abs(boxes[0] - boxes[1]).mean() < 4
