"""What a moving picture of 120 x 35 cells costs: our encoder beside the half-blocks of textual-image and rich-pixels.

Three clips from one photograph of the sample: a locked camera with something moving, the same with grain as 16 mm film
has it, and a pan over it with grain. CPU time and bytes for the terminal, a frame; the median of all but the first.
"""

from __future__ import annotations

import io
import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.read import Reader
from tui.app.halfblocks import scaled
from tui.video.cells import Budget, Cells, encode, lines
from tui.video.pace import EXACTNESS, Pace

Frame = NDArray[np.uint8]
Row = tuple[str, float, str]
MEDIA = Path(__file__).parents[2] / "sample_project" / "media"
COLUMNS, ROWS, FRAMES = 120, 35, 48
WIDTH, HEIGHT = 480, 270
TERMINAL = (140, 45)


def run() -> list[Row]:
    """Rows of (what, number, unit)."""
    clips = {name: list(_clip(name)) for name in ("locked", "locked + grain", "pan + grain")}
    rows: list[Row] = []
    for name, frames in clips.items():
        small = [scaled(frame, COLUMNS, 2 * ROWS) for frame in frames]
        for threshold, bits in EXACTNESS:
            calls = _encoding(small, Budget(10**6, threshold, bits))
            rows += _rows(f"{name}: cells, threshold {threshold}, {bits} bit", calls)
        rows += _paced(f"{name}: cells, paced", small)
    return [*rows, *_whole(clips["pan + grain"])]


def _clip(name: str) -> Iterator[Frame]:
    """480 x 270 frames at 24 a second."""
    with Reader(MEDIA / "coffee.mov") as reader, Reader(MEDIA / "cat.mxf") as other:
        world, thing = reader.read(0) * 255, other.read(0)[100:180, 200:300] * 255
    rng = np.random.default_rng(7)
    for number in range(FRAMES):
        left = 2 * number if name.startswith("pan") else 40
        frame = world[45 : 45 + HEIGHT, left : left + WIDTH].copy()
        at = 20 + 6 * number
        frame[150:230, at : at + 100] = thing
        if "grain" in name:
            frame += rng.normal(0, 9, frame.shape)
        yield np.clip(frame, 0, 255).astype(np.uint8)


def _encoding(frames: list[Frame], budget: Budget) -> Iterator[Callable[[], bytes]]:
    """For each frame a call that encodes it after the one before."""
    shown: list[Cells | None] = [None]

    def one(frame: Frame) -> bytes:
        encoded = encode(frame, shown[0], (0, 0), budget)
        shown[0] = encoded.cells
        return encoded.data

    for frame in frames:
        yield lambda frame=frame: one(frame)  # type: ignore[misc]


def _rows(label: str, calls: Iterator[Callable[[], bytes]]) -> list[Row]:
    costs, sizes, packed = [], [], []
    wire = zlib.compressobj(6)  # as `ssh -C`
    for call in calls:
        start = time.process_time()
        data = call()
        costs.append((time.process_time() - start) * 1000)
        sizes.append(len(data) / 1000)
        packed.append(len(wire.compress(data) + wire.flush(zlib.Z_SYNC_FLUSH)) / 1000)
    cost, size, small = (statistics.median(values[1:]) for values in (costs, sizes, packed))
    return [(f"{label}: CPU", cost, "ms/frame"), (f"{label}: bytes", size, f"kB/frame, {small:.1f} with ssh -C")]


def _paced(label: str, frames: list[Frame]) -> list[Row]:
    """With the budget and the ladder that the viewer plays by, twice through: the second time is what is counted."""
    pace, cells, sizes, away = Pace(Fraction(24)), None, [], []
    for slot, frame in enumerate(frames + frames):
        if slot % pace.every:
            continue
        budget = pace.budget(True, TERMINAL)
        encoded = encode(frame, cells, (0, 0), budget)
        cells = encoded.cells
        pace = pace.after(len(encoded.data), encoded.sent, encoded.left, budget.max_bytes)
        if slot >= len(frames):
            sizes.append(len(encoded.data) / 1000)
            away.append(float(np.abs(cells.shown.astype(int) - frame).mean()))
    error = f"kB/frame, {len(sizes)} of {len(frames)} frames, mean error {statistics.mean(away):.1f} of 255"
    return [(f"{label}: bytes", statistics.mean(sizes), error)]


def _whole(frames: list[Frame]) -> list[Row]:
    """Whole frames: ours as ready lines, and the two libraries' where they are installed."""
    small = [scaled(frame, COLUMNS, 2 * ROWS) for frame in frames[:12]]
    ours = ((lambda frame=frame: "".join(lines(frame, Budget())[0]).encode()) for frame in small)
    return [
        *_rows("pan + grain: ready lines, 8 bit", ours),
        *_library("textual-image HalfcellImage", frames[:6], _textual_image),
        *_library("rich-pixels", small[:6], _rich_pixels),
    ]


def _library(name: str, frames: list[Frame], draw: Callable[[Frame], bytes]) -> list[Row]:
    try:
        draw(frames[0])
    except ImportError as error:
        return [(f"pan + grain: {name}", float("nan"), f"not measured: {error}")]
    return _rows(f"pan + grain: {name}", ((lambda frame=frame: draw(frame)) for frame in frames))


def _textual_image(frame: Frame) -> bytes:
    from PIL.Image import fromarray
    from textual_image.renderable.halfcell import Image

    return _printed(Image(fromarray(frame), width=COLUMNS, height=ROWS))


def _rich_pixels(frame: Frame) -> bytes:
    from PIL.Image import fromarray
    from rich_pixels import Pixels

    return _printed(Pixels.from_image(fromarray(frame)))


def _printed(what: object) -> bytes:
    """What rich writes for it to a true-colour terminal of the picture's size."""
    from rich.console import Console

    out = io.StringIO()
    size = {"width": COLUMNS, "height": ROWS + 1}
    Console(file=out, force_terminal=True, color_system="truecolor", no_color=False, **size).print(what)  # type: ignore[arg-type]
    return out.getvalue().encode()
