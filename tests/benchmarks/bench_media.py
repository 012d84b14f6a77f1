"""What media cost in CPU time a megapixel: everything around the model calls together is to stay below 60 CPU-ms."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.layout import DEFAULT_COLOUR_CONFIG
from core.media.colour import Colour
from core.media.info import SRGB, VIDEO
from core.media.measure import compare, pixel_digest
from core.media.read import Reader
from core.media.write import MovieWriter, read_frame, write_frame
from core.recipe.model import Master

SIZE = (1920, 1080)
MEGAPIXELS = SIZE[0] * SIZE[1] / 1e6
FRAMES = 24


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, number, unit or remark). Grainy, moving 1920 x 1080 pictures; CPU time over all threads."""
    frames = [_picture(n) for n in range(FRAMES)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_frames(folder, frames[0]), *_movies(folder, frames), *_arithmetic(frames)]


def _frames(folder: Path, picture: NDArray[np.float32]) -> list[tuple[str, float, str]]:
    rows = []
    for master in (Master(), Master(compression="zip"), Master(compression="piz"), Master(type="float")):
        path = folder / f"{master.type}_{master.compression}.exr"
        cost = _cost(lambda path=path, master=master: write_frame(path, picture, master))  # type: ignore[misc]
        size = path.stat().st_size / 1e6 / MEGAPIXELS
        label = f"EXR {master.type} {master.compression}"
        rows.append((f"{label}: write, fsync, read back, hash", cost, f"CPU-ms/MP, {size:.1f} MB/MP"))
        rows.append((f"{label}: read", _cost(lambda path=path: read_frame(path)), "CPU-ms/MP"))  # type: ignore[misc]
    return rows


def _movies(folder: Path, frames: list[NDArray[np.float32]]) -> list[tuple[str, float, str]]:
    rows = []
    for codec in ("prores_422hq", "h264", "proxy"):
        path = folder / f"{codec}.mov"
        start = time.process_time()
        with MovieWriter(path, SIZE, Fraction(24), codec) as movie:
            for frame in frames:
                movie.add(frame)
        rows.append((f"{codec}: encode", _share(start), "CPU-ms/MP"))
        with Reader(path) as reader:
            start, wall = time.process_time(), time.perf_counter()
            for _ in reader.stream(reader.info.frames):
                pass
            rate = FRAMES / (time.perf_counter() - wall)
            rows.append((f"{codec}: decode to float32", _share(start), f"CPU-ms/MP, {rate:.1f} frames/s"))
    return rows


def _arithmetic(frames: list[NDArray[np.float32]]) -> list[tuple[str, float, str]]:
    colour = Colour(DEFAULT_COLOUR_CONFIG)
    a, b = frames[:2]
    work: dict[str, Callable[[], object]] = {
        "colour: gamma 2.4 → ACEScg": lambda: colour.convert(a, VIDEO, "ACEScg"),
        "colour: sRGB → ACEScg": lambda: colour.convert(a, SRGB, "ACEScg"),
        "colour: ACEScg → sRGB view": lambda: colour.view(a, "ACEScg"),
        "pixel digest": lambda: pixel_digest(a),
        "compare two frames": lambda: compare(a, b),
    }
    return [(name, _cost(call), "CPU-ms/MP") for name, call in work.items()]


def _picture(number: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
    base = (
        np.stack([np.sin((x + number * 7) / 97), np.cos(y / 61 + number / 5), np.sin((x + y) / 143)], -1) * 0.35 + 0.5
    )
    grain = np.random.default_rng(number).normal(0, 0.01, base.shape)
    return np.clip(base + grain, 0, 1).astype(np.float32)


def _cost(call: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of some calls, in ms a megapixel; the first call warms up."""
    call()
    costs = []
    for _ in range(times):
        start = time.process_time()
        call()
        costs.append(time.process_time() - start)
    return min(costs) * 1000 / MEGAPIXELS


def _share(start: float) -> float:
    return (time.process_time() - start) * 1000 / MEGAPIXELS / FRAMES


if __name__ == "__main__":
    for what, value, remark in run():
        print(f"{what:52} {value:8.1f} {remark}")
