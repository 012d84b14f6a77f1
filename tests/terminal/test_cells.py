"""Pictures as bytes: a terminal that reads them shows the picture, within the threshold and within the budget."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.cell_screen import CellScreen, window, xterm_colour
from tui.video.cells import Budget, Cells, encode, lines

Frame = NDArray[np.uint8]
PALETTES = ("truecolor", "256", "shades")
seeds = st.integers(0, 2**32 - 1)
budgets = st.builds(
    Budget,
    max_bytes=st.integers(64, 6000),
    threshold=st.sampled_from([0, 6, 12, 20]),
    bits=st.sampled_from([4, 5, 6, 8]),
    palette=st.sampled_from(PALETTES),
)
places = st.tuples(st.integers(0, 3), st.integers(0, 3))


def pictures(seed: int, rows: int, columns: int, count: int = 2) -> list[Frame]:
    """Frames that share most pixels with the one before, some by a little."""
    rng = np.random.default_rng(seed)
    frames = [rng.integers(0, 256, (2 * rows, columns, 3)).astype(np.uint8)]
    while len(frames) < count:
        change = rng.integers(-30, 31, frames[0].shape) * (rng.random((2 * rows, columns, 1)) < 0.5)
        frames.append(np.clip(frames[-1] + change, 0, 255).astype(np.uint8))
    return frames


def worst(a: Frame, b: Frame) -> int:
    return int(np.abs(a.astype(int) - b).max())


@given(seeds, st.integers(1, 6), st.integers(1, 12), st.integers(0, 3), places, budgets)
def test_what_is_read_is_what_was_meant(
    seed: int, rows: int, columns: int, margin: int, origin: tuple[int, int], budget: Budget
) -> None:
    """Never over the budget, never outside the place, never a wrapped line, and `cells` is what the terminal shows."""
    screen = CellScreen(origin[0] + columns + margin, origin[1] + rows + margin, xterm_colour)
    cells: Cells | None = None
    for frame in pictures(seed, rows, columns, 4):
        screen.written[:] = 0
        encoded = encode(frame, cells, origin, budget)
        screen.feed(encoded.data)
        cells = encoded.cells
        assert len(encoded.data) <= budget.max_bytes
        inside = screen.written[origin[1] : origin[1] + rows, origin[0] : origin[0] + columns]
        assert inside.sum() == screen.written.sum() == encoded.sent and inside.max(initial=0) <= 1
        known = np.repeat(cells.known, 2, axis=0)
        assert (window(screen, origin, frame)[known] == cells.shown[known]).all()
        assert (screen.row, screen.column, screen.pen) == (0, 0, [None, None])
        assert encoded.sent or not encoded.left


@given(seeds, st.integers(1, 6), st.integers(1, 12), budgets)
def test_all_that_is_sent_and_all_that_is_left_alone_is_within_the_threshold(
    seed: int, rows: int, columns: int, budget: Budget
) -> None:
    """Where the palette has 2^bits levels, nothing is further off than the threshold or half a level."""
    first, second = pictures(seed, rows, columns)
    roomy = Budget(10**6, budget.threshold, budget.bits)
    encoded = encode(second, encode(first, None, (0, 0), roomy).cells, (0, 0), roomy)
    assert encoded.left == 0
    assert worst(encoded.cells.shown, second) <= max(budget.threshold, 255 / (2**budget.bits - 1) / 2 + 0.5)


@given(seeds, st.integers(1, 6), st.integers(1, 12), st.sampled_from(PALETTES))
def test_the_same_frame_again_and_again_becomes_exact(seed: int, rows: int, columns: int, palette: str) -> None:
    frame, budget = pictures(seed, rows, columns)[1], Budget(300, 0, 8, palette)  # type: ignore[arg-type]
    screen, cells, left = CellScreen(columns, rows, xterm_colour), None, rows * columns
    for _ in range(rows * columns + 1):
        encoded = encode(frame, cells, (0, 0), budget)
        screen.feed(encoded.data)
        assert encoded.left < left or not left
        cells, left = encoded.cells, encoded.left
    assert left == 0 and encode(frame, cells, (0, 0), budget).data == b""
    if palette == "truecolor":
        assert (screen.pixels == frame).all()


@given(seeds, st.integers(2, 6), st.integers(2, 12))
def test_the_worst_cells_go_first(seed: int, rows: int, columns: int) -> None:
    first, second = pictures(seed, rows, columns)
    shown = encode(first, None, (0, 0), Budget(10**6)).cells
    encoded = encode(second, shown, (0, 0), Budget(200))
    away = np.abs(second.astype(int) - first).max(-1).reshape(rows, 2, columns).max(1)
    done = (encoded.cells.shown == second).all(-1).reshape(rows, 2, columns).all(1)
    if encoded.left:
        assert away[done & (away > 0)].min() >= away[~done].max()


@given(seeds, st.integers(1, 6), st.integers(1, 12), st.sampled_from(PALETTES))
def test_ready_lines_show_the_whole_frame(seed: int, rows: int, columns: int, palette: str) -> None:
    frame, budget = pictures(seed, rows, columns)[0], Budget(palette=palette)  # type: ignore[arg-type]
    screen = CellScreen(columns, rows, xterm_colour)
    texts, cells = lines(frame, budget)
    for row, text in enumerate(texts):
        screen.feed(f"\x1b[{row + 1};1H{text}".encode())
        assert screen.pen == [None, None]
    assert (screen.pixels == cells.shown).all() and cells.known.all()
    assert encode(frame, cells, (0, 0), budget).data == b""


def test_256_colours_are_the_nearest_that_there_are() -> None:
    """Against a search through all of xterm's 240."""
    frame = np.random.default_rng(3).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    shown = encode(frame, None, (0, 0), Budget(10**6, palette="256")).cells.shown.astype(int)
    table = np.array([xterm_colour(number) for number in range(16, 256)])
    nearest = ((frame.astype(int)[..., None, :] - table) ** 2).sum(-1).min(-1)
    away = ((shown - frame) ** 2).sum(-1)
    assert (np.sqrt(away) <= np.sqrt(nearest) + 2 * np.sqrt(3 * 4**2)).all()  # it is asked by boxes of 8 values


def test_no_colour_means_no_colour() -> None:
    ramp = np.repeat(np.linspace(0, 255, 40).astype(np.uint8)[None, :, None], 8, 0).repeat(3, 2)
    data = encode(ramp, None, (0, 0), Budget(10**6, palette="shades")).data
    assert b"38;" not in data and b"48;" not in data
    light = [" ░▒▓█".index(character) for character in data.decode().split("H")[1] if character in " ░▒▓█"]
    assert light == sorted(light) and set(light) == {0, 1, 2, 3, 4}


def test_what_others_painted_over_is_painted_again() -> None:
    frame = pictures(1, 4, 8)[0]
    cells = encode(frame, None, (0, 0), Budget(10**6)).cells
    covered = np.ones((4, 8), np.bool_)
    covered[1:3, 2:5] = False
    assert encode(frame, Cells(cells.shown, covered), (0, 0), Budget(10**6, 20)).sent == 6
    assert encode(frame[:, :6], cells, (0, 0), Budget(10**6)).sent == 24  # another size is another picture


@pytest.mark.parametrize("shape", [(3, 4, 3), (4, 4, 4), (0, 4, 3), (4, 0, 3), (4, 4)])
def test_what_is_no_frame_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="frame"):
        encode(np.zeros(shape, np.uint8), None, (0, 0), Budget())


# The bytes of real kinds of pictures, 120 x 35 cells


def clip(kind: str, count: int = 24) -> list[Frame]:
    """A locked camera with something moving, the same with film grain, or a pan over it with grain."""
    y, x = np.mgrid[0:120, 0:260].astype(np.float32)
    scene = 110 + 70 * np.sin(x / 31) * np.cos(y / 19) + 25 * np.sin(x / 3.1 + y / 5.3)
    world = np.stack([scene, scene * 0.9 + 10, 255 - scene], -1)
    rng, frames = np.random.default_rng(5), []
    for number in range(count):
        shift = number if kind == "pan" else 0
        frame = world[20:90, 40 + shift : 160 + shift].copy()
        frame[30:46, 10 + 3 * number : 24 + 3 * number] = (200, 60, 40)
        frame += 0 if kind == "still" else rng.normal(0, 3, frame.shape)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return frames


@pytest.mark.parametrize(
    ("kind", "threshold", "bits", "most"), [("still", 6, 6, 4_000), ("grain", 12, 5, 13_000), ("pan", 20, 4, 40_000)]
)
def test_a_frame_costs_what_it_may(kind: str, threshold: int, bits: int, most: int) -> None:
    """Medians over a second; a change here is a change of what a line must carry."""
    cells, sizes = None, []
    for frame in clip(kind):
        encoded = encode(frame, cells, (0, 0), Budget(10**6, threshold, bits))
        cells = encoded.cells
        sizes.append(len(encoded.data))
    assert np.median(sizes[1:]) <= most, sorted(sizes)
    for frame in clip(kind):
        assert len(encode(frame, cells, (0, 0), Budget(16_800, threshold, bits)).data) <= 16_800


def test_a_pause_is_exact_within_a_few_frames() -> None:
    frame, cells = clip("pan")[-1], None
    for _ in range(6):
        encoded = encode(frame, cells, (0, 0), Budget(32_000))
        cells = encoded.cells
    assert encoded.left == 0 and (encoded.cells.shown == frame).all()


# Read by somebody else's terminal


def captured(text: str, rows: int, columns: int) -> Frame:
    """What `tmux capture-pane -e` says of the cells, as pixels."""
    shown = np.zeros((2 * rows, columns, 3), np.uint8)
    for row, line in enumerate(text.split("\n")[:rows]):
        pen, column = {"38": (0, 0, 0), "48": (0, 0, 0)}, 0
        for codes, character in re.findall("\x1b\\[([\\d;]*)m|([^\x1b])", line):
            for kind, *rgb in re.findall(r"(38|48);2;(\d+);(\d+);(\d+)", codes):
                pen[kind] = tuple(map(int, rgb))
            if character:
                shown[2 * row, column], shown[2 * row + 1, column] = pen["38"], pen["48"]
                column += 1
    return shown


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_tmux_shows_what_we_think_it_shows(tmp_path: Path) -> None:
    """A clip over the whole pane, its last column too, drawn by differences within a budget."""
    cells, data = None, b""
    for frame in clip("pan"):
        encoded = encode(frame, cells, (0, 0), Budget(16_800, 6, 6))
        cells, data = encoded.cells, data + encoded.data
    assert cells is not None
    (tmp_path / "frames").write_bytes(data)
    tmux = ["tmux", "-S", str(tmp_path / "tmux"), "-f", os.devnull]
    program = f"cat {tmp_path / 'frames'}; cat"
    subprocess.run([*tmux, "new-session", "-d", "-x", "120", "-y", "36", program], check=True)
    try:
        subprocess.run([*tmux, "set", "status", "off"], check=True)
        deadline, shown = time.monotonic() + 30, np.zeros_like(cells.shown)
        while not (shown == cells.shown).all() and time.monotonic() < deadline:
            capture = [*tmux, "capture-pane", "-e", "-p"]
            shown = captured(subprocess.run(capture, capture_output=True, text=True).stdout, 35, 120)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    assert (shown == cells.shown).all()
