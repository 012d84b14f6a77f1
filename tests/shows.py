"""Small shows for tests: drawn plates, a cut over them, and a worker that does what is queued."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import opentimelineio as otio

from core.farm.ledger import Job
from core.show import Show

SHOT = "sq010_sh0010"
BLEND = """schema = 1
[[step]]
op = "merge"
name = "comp"
mode = "screen"
a = "plate"
b = "plate"
mix = 0.5
"""


def plates(folder: Path, count: int = 12, size: tuple[int, int] = (32, 18)) -> None:
    """A half-float EXR sequence `plate.0001.exr` …: still noise and a bright bar that moves by a pixel a frame."""
    import numpy as np

    from core.media.write import write_frame
    from core.recipe.model import Master

    folder.mkdir(parents=True)
    width, height = size
    noise = np.random.default_rng(3).random((height, width, 3), dtype=np.float32)
    for number in range(1, count + 1):
        picture = (noise * 0.2).copy()
        picture[height // 4 : height // 2, number : number + width // 5] = (0.7, 0.4, 0.1)
        write_frame(folder / f"plate.{number:04d}.exr", picture, Master())


def cut(folder: Path, count: int = 12, size: tuple[int, int] = (32, 18), used: tuple[int, int] = (3, 6)) -> Path:
    """A cut of one shot over drawn plates and a clip without media. `used`: first plate (from 0), duration."""
    plates(folder / "plates", count, size)

    def at(value: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(value, 25)

    timeline = otio.schema.Timeline("reel 1", metadata={"avid": {"keep": [1, 2]}})
    track = otio.schema.Track("V1", kind="Video")
    timeline.tracks.append(track)
    media = otio.schema.ImageSequenceReference(
        (folder / "plates").as_uri() + "/", "plate.", ".exr", 1, 1, 25, 4,
        available_range=otio.opentime.TimeRange(at(90000), at(count)),
    )  # fmt: skip
    track.append(otio.schema.Clip(SHOT, media, otio.opentime.TimeRange(at(90000 + used[0]), at(used[1]))))
    track.append(
        otio.schema.Clip("sq010_sh0020", otio.schema.MissingReference(), otio.opentime.TimeRange(at(0), at(5)))
    )
    path = folder / "cut.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def make(cut_file: Path, folder: Path) -> Show:
    """A show with a state directory and a processor of its own: nothing else that runs here takes its turn."""
    state = folder.parent / f"{folder.name}.state"
    env = {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")}
    return Show.create(cut_file, folder, env)[0]


def worker(show: Show, **env: str) -> subprocess.Popen[bytes]:
    """A worker that does what is queued and goes."""
    state = show.layout.state.parent.parent
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "core.farm.worker", "--state", str(state), "--once", "--device", "cpu"]
    with (state / "worker.log").open("ab") as log:
        return subprocess.Popen(command, env={**show.env, **env}, stdout=log, stderr=log)


def render(show: Show, **env: str) -> int:
    """Do all queued work. Returns the worker's exit code, negative where a signal ended it."""
    return worker(show, **env).wait()


def finish(show: Show, job: Job) -> Job:
    """Follow a job that a command queued to its end, as `--wait` does. Fails unless it completes."""
    *_, last = show.follow([job.id])
    assert last.jobs[0].state == "complete", last.jobs[0].reason
    return last.jobs[0]
