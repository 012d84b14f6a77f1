"""A render with a real model that is killed twenty times at random ends with the same pixels as one that was not."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from core.history.record import read_record
from core.show import Show
from core.submit import submit_version
from tests import shows
from tests.shows import SHOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
KILLS = 20
PAINTED = """schema = 1
range = [{first}, {last}]
[[step]]
op = "matte"
name = "figure"
model = "u2netp"
[[step]]
op = "stylize"
name = "paint"
input = "plate"
model = "{model}"
prompt = "oil painting by candlelight"
seed = "8723645120"
seed_per_frame = "hashed"
denoise = 0.6
sampling_steps = 4
batch = 3
on = 2
fill = "blend"
[[step]]
op = "merge"
name = "comp"
a = "paint"
b = "plate"
mask = "figure"
[output]
layers = ["paint"]
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="needs the extra `generate`")
    from sample_project import tiny

    return tiny.build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"), count=60, size=(128, 64), used=(10, 40))


def queue(show: Show, model: Path, first: int, last: int) -> str:
    draft = show.draft(SHOT, text=PAINTED.format(model=model, first=first, last=last))
    job, _ = submit_version(show.desk, show.shot(SHOT), draft)
    return job.id


def pixels(show: Show, version: str) -> dict[int, str]:
    path = show.layout.record(SHOT, version)
    return dict(read_record(path.read_text(), str(path)).pixels)


def killed_at_random(show: Show, job: str, seed: int) -> int:
    """Run workers and kill them at random moments while they render; then let one finish. Returns the kills."""
    dice, kills = random.Random(seed), 0
    while kills < KILLS and show.ledger.job(job).state != "complete":
        attempt = show.ledger.job(job).attempt
        process = shows.worker(show)
        while show.ledger.job(job).attempt == attempt and process.poll() is None:
            time.sleep(0.05)
        moment = time.monotonic() + dice.uniform(0.0, 5.0)
        while time.monotonic() < moment and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
        if show.ledger.job(job).state == "failed":  # three deaths in a row without a frame: a person says go on
            show.ledger.retry(job)
    assert shows.render(show) == 0
    return kills


def test_killed_twenty_times_the_pixels_are_the_same(cut: Path, model: Path, tmp_path: Path) -> None:
    calm, rough = shows.make(cut, tmp_path / "calm"), shows.make(cut, tmp_path / "rough")
    for show in (calm, rough):
        queue(show, model, 1003, 1050)
    assert shows.render(calm) == 0
    (job,) = rough.jobs()
    kills = killed_at_random(rough, job.id, seed=7)
    done = rough.ledger.job(job.id)
    assert done.state == "complete", done.reason
    assert pixels(rough, "v001") == pixels(calm, "v001") and len(pixels(calm, "v001")) == 48
    rows = rough.ledger.frames(job.id)
    assert len(rows) == len({(row.frame, row.layer) for row in rows}) == 96
    assert kills == KILLS, f"finished after {kills} kills: make the render longer"
    assert rough.verify().ok


def test_a_head_that_grows_by_four_frames_moves_no_other_pixel(cut: Path, model: Path, tmp_path: Path) -> None:
    before, after = shows.make(cut, tmp_path / "before"), shows.make(cut, tmp_path / "after")
    queue(before, model, 1008, 1029)
    queue(after, model, 1004, 1029)
    assert shows.render(before) == shows.render(after) == 0  # two shows: nothing can be taken from the other's store
    short, long = pixels(before, "v001"), pixels(after, "v001")
    assert len(long) == len(short) + 4
    assert {frame: long[frame] for frame in short} == short
