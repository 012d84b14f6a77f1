"""A line that takes 100 kB a second, as a hotel's does: pictures give way, keys do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from core.media.write import write_frame
from core.recipe.model import Master
from core.show import Show
from tests import shows
from tests.lines import SlowLine

RATE = 100_000
"""Bytes a second that the reader takes."""
QUICK = 0.25
"""Seconds from a key to what it does on the screen, in the middle of many."""
pytestmark = pytest.mark.timeout(120)


FRAMES = 60


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """A plate of nothing but noise: every cell changes with every frame, the most that playing can ask of a line."""
    cut = shows.cut(tmp_path / "turnover", FRAMES, (160, 90), (4, FRAMES - 10))
    noise = np.random.default_rng(5)
    for number in range(1, FRAMES + 1):
        picture = noise.random((90, 160, 3), dtype=np.float32)
        write_frame(tmp_path / "turnover" / "plates" / f"plate.{number:04d}.exr", picture, Master())
    made = shows.make(cut, tmp_path / "show")
    made.make_proxies()
    return made


@pytest.fixture
def line(show: Show) -> Iterator[SlowLine]:
    opened = SlowLine(show, RATE)
    yield opened
    opened.close()


def test_keys_stay_quick_while_a_picture_plays(line: SlowLine) -> None:
    line.until("sq010_sh0010")
    line.until("half-block")
    line.send(" ")
    line.until("fps")
    line.until("dropped", len(line.read))  # it has come to what the line can take
    tabs = {"2": "no versions yet", "3": "no notes yet", "4": "nothing was generated"}
    waits = [line.latency(key, words) for _ in range(3) for key, words in tabs.items()]
    assert median(waits) <= QUICK, waits
    assert max(waits) <= 4 * QUICK, waits
