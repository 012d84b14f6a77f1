"""A worker may die anywhere: the version comes out whole, committed once, and finished frames are not made again."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from core.history.record import read_record
from tests.farm import FRAMES, Scene, is_whole, make_scene, pixels


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, str]:
    """Filled by the first test: what frames look like when nothing happens."""
    return {}


def test_a_version_is_rendered_recorded_and_committed(scene: Scene, undisturbed: dict[str, str]) -> None:
    job = scene.queue()
    assert scene.worker().returncode == 0
    is_whole(scene, job)
    undisturbed.update(pixels(scene, job))
    record = read_record(scene.layout.record("sh010", "v001").read_bytes(), "v001.json")
    assert record.iptc == "compositeSynthetic" and record.environment["threads"] == 1 and record.attempts == 1
    entry = scene.history.log()[0]
    assert (entry.author.name, entry.subject) == ("Bo Boss", "sh010 v001: rendered 12 frames")
    assert {"decode", "comp", "encode"} <= set(record.seconds) and record.peak_memory["host"] > 1_000_000
    assert record.layers == {"soft": "sh010/sh010_gen_v001/soft/sh010_gen_v001_soft.%04d.exr"}


POINTS = ["temp:5", "rename:9", "row:1", "row:9", "record", "commit"]


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_nothing_and_repeats_only_what_was_in_flight(
    scene: Scene, point: str, undisturbed: dict[str, str]
) -> None:
    job = scene.queue()
    assert scene.worker(point).returncode == -signal.SIGKILL
    with scene.ledger as ledger:
        before = {(row.frame, row.layer): row.sha256 for row in ledger.frames(job.id)}
    assert scene.worker().returncode == 0
    is_whole(scene, job)
    with scene.ledger as ledger:
        rows, attempts = ledger.frames(job.id), ledger.attempts(job.id)
    assert [attempt.outcome for attempt in attempts] == ["died", "complete"]
    made = Counter(row.attempt for row in rows if not row.layer)
    assert [made[1], made[2]] == [attempt.frames for attempt in attempts] and 2 * made[1] == len(before)
    assert before == {(row.frame, row.layer): row.sha256 for row in rows if row.attempt == 1}
    assert not undisturbed or pixels(scene, job) == undisturbed


def test_a_kill_while_the_record_is_written_leaves_all_or_nothing(scene: Scene) -> None:
    job = scene.queue()
    after_frames = 2 * len(FRAMES)
    for point in (f"temp:{after_frames + 1}", "temp:2", "temp:2"):  # the manifest, then twice the record
        assert scene.worker(point).returncode == -signal.SIGKILL
        assert not scene.layout.record("sh010", "v001").exists()
    assert scene.job(job).done == len(FRAMES)
    assert scene.worker().returncode == 0
    is_whole(scene, job)


def test_a_finished_frame_that_changed_on_disk_is_made_again(scene: Scene) -> None:
    job = scene.queue()
    scene.worker("row:8")
    with scene.ledger as ledger:
        rows = ledger.frames(job.id)
    lost, spoiled = (scene.layout.media / row.path for row in rows[:2])
    lost.unlink()
    spoiled.write_bytes(spoiled.read_bytes()[:-3])
    assert scene.worker().returncode == 0
    is_whole(scene, job)
    with scene.ledger as ledger:
        again = [row for row in ledger.frames(job.id) if row.attempt == 2 and row.frame <= rows[-1].frame]
    assert {row.frame for row in again} >= {rows[0].frame, rows[1].frame}
