"""How the screens feel: the first useful paint, playing, and keys while a picture plays, in a real pseudo-terminal.

The design's numbers: a 1,000-shot show is there within 1.0 s; 24 frames a second with at most 32 kB each at 120 × 35,
and 60 ms from a key to the screen over 10 Mb/s and 40 ms.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from core.media.write import write_frame
from core.recipe.model import Master
from core.show import Show
from tests import big_show, shows
from tests.lines import SlowLine

SHOTS, VERSIONS = 1000, 10
TABS = {"2": "no versions yet", "3": "no notes yet", "4": "nothing was generated"}
SECONDS = 5
_SPEED = re.compile(rb"([\d.]+)/25 fps(?: \xc2\xb7 (\d+) dropped)? \xc2\xb7 ([\d.]+) kB/frame")


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, number, unit or remark)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_start(folder / "big"), *_play(folder / "playing")]


def _start(folder: Path) -> list[tuple[str, float, str]]:
    """From the command to the first shot on the screen. The files are in the system's cache, the index was made."""
    show = big_show.make(folder / "show", SHOTS, VERSIONS, jobs=True)
    show.shots()
    time.sleep(2.1)  # what changed just now is not relied on
    Show.open(show.layout.root, show.env).shots()
    paints = [_paint(show) for _ in range(5)]
    return [
        ("the screens: first shot on the screen", median(paints) * 1000, f"ms, {SHOTS} shots x {VERSIONS} versions")
    ]


def _paint(show: Show) -> float:
    start = time.perf_counter()
    line = SlowLine(show, 10**8)
    try:
        line.until("sq010_sh0010")
        return time.perf_counter() - start
    finally:
        line.close()


def _play(folder: Path) -> list[tuple[str, float, str]]:
    rows = []
    show = _noisy(folder)
    for name, rate, delay in (("fast", 10**8, 0.0), ("10 Mb/s, 40 ms", 1_250_000, 0.02), ("100 kB/s", 100_000, 0.0)):
        line = SlowLine(show, rate, delay=delay)
        try:
            rows += _played(line, name)
        finally:
            line.close()
    return rows


def _played(line: SlowLine, name: str) -> list[tuple[str, float, str]]:
    """Play for a while, then press keys: what the status says, and how long the keys take."""
    line.until("half-block")
    line.send(" ")
    line.until("fps")
    time.sleep(SECONDS)
    told = _SPEED.findall(bytes(line.read))
    speeds = told[len(told) // 2 :]
    waits = [line.latency(key, words) for _ in range(5) for key, words in TABS.items()]
    return [
        (f"playing, {name}: shown", median(float(fps) for fps, _, _ in speeds), "frames/s of 25, grain that moves"),
        (f"playing, {name}: a frame", median(float(size) for _, _, size in speeds), "kB"),
        (f"playing, {name}: key to screen", median(waits) * 1000, f"ms in the middle, {max(waits) * 1000:.0f} at most"),
    ]


def _noisy(folder: Path) -> Show:
    """A soft picture that moves, under grain: what 16 mm asks of a line."""
    count, (height, width) = 100, (180, 320)
    cut = shows.cut(folder / "turnover", count, (width, height), (4, count - 12))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    grain = np.random.default_rng(1)
    for number in range(1, count + 1):
        shapes = 0.2 + 0.15 * np.sin((x + 3 * number) / 31) * np.cos(y / 23)
        picture = shapes[..., None] * np.array([0.9, 0.7, 0.5]) + grain.normal(0, 0.012, (height, width, 3))
        write_frame(
            folder / "turnover" / "plates" / f"plate.{number:04d}.exr",
            np.maximum(picture, 0).astype(np.float32),
            Master(),
        )
    show = shows.make(cut, folder / "show")
    show.make_proxies()
    return show


if __name__ == "__main__":
    os.environ.setdefault("GIT_AUTHOR_NAME", "bench")
    for what, value, unit in run():
        print(f"{what:44} {value:8.1f} {unit}")
