"""Processor time of everything in a render but model calls: decode, colour, merge, checks, encode.

The design's bound: 60 CPU-ms a megapixel. Run alone: `python -m tests.benchmarks.bench_render`.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from core.frames import FrameRange
from core.media.write import MovieWriter, write_frame
from core.ops.merge import Merge
from core.recipe.model import Master, Output, Recipe
from core.render.run import Tally, Work, render
from tests.render_kit import Disc, NoModels, make_recipe, make_shot

FRAMES = FrameRange(1001, 1012)
HALF = Output(master=Master(type="half", compression="zips"))


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, value, unit): per plate the CPU time a megapixel, and how it divides."""
    rows: list[tuple[str, float, str]] = []
    for name, size, movie in (("2K half EXR", (2048, 1080), False), ("HD ProRes 422 HQ", (1920, 1080), True)):
        tmp = Path(tempfile.mkdtemp(prefix="rushes-bench-"))
        try:
            rows += _measure(name, _work(tmp, size, movie=movie), size)
        finally:
            shutil.rmtree(tmp)
    return rows


def _measure(name: str, work: Work, size: tuple[int, int]) -> list[tuple[str, float, str]]:
    list(render(replace(work, frames=work.frames[:1]), NoModels(), Tally(), lambda: None))  # libraries loaded
    tally, cpu, wall = Tally(), time.process_time(), time.perf_counter()
    count = sum(1 for _ in render(work, NoModels(), tally, lambda: None))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    megapixels = count * size[0] * size[1] / 1e6
    parts = [
        (f"  {stage}", tally.seconds[stage] * 1e3 / megapixels, "CPU-ms/MP") for stage in ("decode", "comp", "encode")
    ]
    return [
        (f"render, {name}", cpu * 1e3 / megapixels, "CPU-ms/MP"),
        *parts,
        ("  frames a second", count / wall, "fps"),
    ]


def _work(tmp: Path, size: tuple[int, int], *, movie: bool) -> Work:
    """A grainy plate, a soft matte over a quarter of it, the plate's own reverse merged through it."""
    if movie:
        path = tmp / "plate.mov"
        with MovieWriter(path, size, Fraction(24), "prores_422hq") as writer:
            for frame in FRAMES:
                writer.add(_picture(size, frame))
    else:
        path = tmp / "plate.%04d.exr"
        for frame in FRAMES:
            write_frame(tmp / f"plate.{frame:04d}.exr", _picture(size, frame), HALF.master)
    shot = make_shot(path, FRAMES, size)
    assert shot.plate is not None
    if movie:
        plate = replace(
            shot.plate,
            kind="movie",
            media=FrameRange(0, len(FRAMES) - 1),
            offset=1001,
            colour="Gamma 2.4 Rec.709 - Texture",
        )
        shot = replace(shot, plate=plate)
    recipe: Recipe = make_recipe(
        Disc(name="figure"), Merge(name="comp", a="plate", b="plate", mode="plus", mask="figure", mix=0.8),
        frames=(FRAMES.first, FRAMES.last), output=HALF,
    )  # fmt: skip
    return Work(
        recipe=recipe, shot=shot, plate=path, frames=tuple(FRAMES), steps=tmp / "steps",
        path=lambda frame, layer: tmp / "out" / f"{frame:04d}.exr",
    )  # fmt: skip


def _picture(size: tuple[int, int], frame: int) -> Any:
    """Soft shapes and grain: what a codec finds in a plate."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    shapes = 0.5 + 0.4 * np.sin(x / 97 + frame / 7) * np.cos(y / 61)
    grain = np.random.default_rng(frame).normal(0, 0.01, (size[1], size[0], 3))
    return np.clip(shapes[..., None] * [0.9, 0.7, 0.5] + grain, 0, 1).astype(np.float32)


if __name__ == "__main__":
    for what, value, unit in run():
        print(f"{what:32} {value:8.1f} {unit}")
