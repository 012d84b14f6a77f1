"""Workers come, share a machine, are told to stop, fail and go: nobody waits for ever, and nothing is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import core.media.write
from core.farm import execute, spawn, worker
from core.farm.devices import machine_lock, processor, serving_lock
from core.farm.jobs import Job, NewJob
from core.files import explained
from core.recipe.text import parse, recipe_text
from tests.farm import FRAMES, RECIPE, Scene, is_whole, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def started(scene: Scene, job: Job, *more: str) -> subprocess.Popen[bytes]:
    """A worker that has taken the job."""
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    command = [sys.executable, "-m", "core.farm.worker", "--state", str(scene.state), "--device", "cpu", *more]
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
    wait_for(lambda: scene.job(job).done > 0)
    return process


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def long_job(scene: Scene) -> Job:
    """A wedge of twenty items: a second or two of work, to interrupt."""
    texts = tuple(recipe_text(parse(RECIPE.replace("0.5", f"0.{n:02d}"), "test")) for n in range(10, 30))
    with scene.ledger as ledger:
        return ledger.add(
            NewJob("wedge", "sh010", texts, FRAMES[:6], "Bo <b@x.org>", labels=tuple(map(str, range(40))))
        )


def test_sigterm_puts_the_job_back_and_a_closing_terminal_does_nothing(scene: Scene, long_job: Job) -> None:
    process = started(scene, long_job)
    process.send_signal(signal.SIGHUP)
    done = scene.job(long_job).done
    wait_for(lambda: scene.job(long_job).done > done)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    back = scene.job(long_job)
    assert back.state == "queued" and 0 < back.done < back.total, scene.log()
    with scene.ledger as ledger:
        assert [attempt.outcome for attempt in ledger.attempts(back.id)] == ["released"]
        rows = ledger.frames(back.id)
    assert not list(scene.layout.media.rglob(".*"))
    assert all((scene.layout.media / row.path).is_file() for row in rows)


def test_cancel_stops_a_render_and_retry_goes_on(scene: Scene, long_job: Job) -> None:
    process = started(scene, long_job)
    with scene.ledger as ledger:
        ledger.cancel(long_job.id)
    wait_for(lambda: scene.job(long_job).state == "cancelled")
    stopped = scene.job(long_job)
    assert 0 < stopped.done < stopped.total
    with scene.ledger as ledger:
        before = ledger.frames(long_job.id)
        ledger.retry(long_job.id)
    wait_for(lambda: scene.job(long_job).state == "complete")  # the same worker takes it again
    process.terminate()
    assert process.wait(timeout=30) == 0
    with scene.ledger as ledger:
        assert [row for row in ledger.frames(long_job.id) if row.attempt == 1] == before


def test_a_show_that_is_removed_takes_its_render_with_it(scene: Scene, long_job: Job) -> None:
    """An open database outlives its name: the worker would render for nobody, into a folder that may be another's."""
    other = replace(scene, layout=replace(scene.layout, state=scene.state / "test" / "other"))
    process = started(scene, long_job)
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (scene.layout.state / name).unlink(missing_ok=True)
    with other.ledger as ledger:
        next_one = ledger.add(NewJob("preview", "sh010", long_job.recipes[:1], FRAMES[:2], "Bo <b@x.org>"))
    wait_for(lambda: other.job(next_one).state == "complete")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    made = list(scene.layout.preview("sh010", long_job.id).glob("*.exr"))
    assert 0 < len(made) < 2 * long_job.total, scene.log()
    assert "cancelled" in scene.log() and "Traceback" not in scene.log()


def test_a_second_worker_leaves_the_work_to_the_first(scene: Scene, long_job: Job) -> None:
    process = started(scene, long_job, "--once")
    said: list[str] = []
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    assert worker.run(scene.state, env, once=True, device="cpu", say=said.append) == 0
    assert len(said) == 1 and str(process.pid) in said[0] and "served already" in said[0]
    assert process.wait(timeout=60) == 0 and scene.job(long_job).state == "complete"
    assert not list((scene.layout.state / "workers").iterdir())


def test_another_users_render_is_waited_for(scene: Scene) -> None:
    job = scene.queue()
    lock = machine_lock({"RUSHES_LOCKS": str(scene.state / "locks")}, processor())
    assert lock.acquire()
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    command = [sys.executable, "-m", "core.farm.worker", "--state", str(scene.state), "--device", "cpu", "--once"]
    process = subprocess.Popen(command, env=env)
    wait_for(lambda: "waiting for it" in scene.log())
    assert scene.job(job).state == "queued"
    lock.release()
    assert process.wait(timeout=30) == 0
    is_whole(scene, job)


def run_here(scene: Scene) -> list[str]:
    """A worker in this process: what it said."""
    said: list[str] = []
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    assert worker.run(scene.state, env, once=True, device="cpu", say=said.append) == 0
    return said


def test_the_reason_of_a_failure_is_for_people_and_the_next_job_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = f'plate_sha256 = "{"0" * 64}"\n' + RECIPE.strip()
    changed, fine = scene.queue("v001", frozen), scene.queue("v002")
    said = run_here(scene)
    failed = scene.job(changed)
    assert failed.state == "failed" and "not what it was when the recipe was frozen" in failed.reason
    assert scene.job(fine).state == "complete" and scene.renders() == ["v002"]
    broken = scene.queue("v003")

    def surprise(*_: object) -> None:
        raise ValueError("a library's \x1b[31msurprise")

    monkeypatch.setattr(execute, "check_plate", surprise)
    said = run_here(scene)
    reason = scene.job(broken).reason
    assert "ValueError" in reason and "traceback is in" in reason and "\x1b" not in reason
    assert "Traceback" in scene.log() and not any("Traceback" in line for line in said)


def test_a_full_disk_fails_the_job_in_words_and_keeps_its_frames(scene: Scene) -> None:
    job, written = scene.queue(), core.media.write.write_frame

    def full(path: Path, *more: Any, **other: Any) -> Any:
        with explained(path):
            if "1007" in path.name:
                raise OSError(errno.ENOSPC, "No space left on device")
            return written(path, *more, **other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.media.write, "write_frame", full)
        run_here(scene)
    failed = scene.job(job)
    assert failed.state == "failed" and failed.reason.startswith("The disk is full.") and failed.done > 0
    with scene.ledger as ledger:
        ledger.retry(job.id)
    run_here(scene)
    is_whole(scene, job)


def test_a_hook_that_refuses_keeps_the_version_and_its_commit_waits(scene: Scene) -> None:
    job = scene.queue()
    hook = scene.layout.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not on Fridays >&2\nexit 1\n")
    hook.chmod(0o755)
    run_here(scene)
    done = scene.job(job)
    assert done.state == "complete" and "not on Fridays" in done.reason
    assert [act.id for act in scene.history.pending()] == [job.id] and scene.renders() == []
    hook.unlink()
    scene.history.flush()
    is_whole(scene, job)


def test_no_model_library_is_loaded_where_no_step_asks_for_one(scene: Scene) -> None:
    scene.queue()
    program = (
        "import sys; from core.farm.worker import main; code = main(sys.argv[1:]); "
        "heavy = {'torch', 'diffusers', 'transformers', 'onnxruntime'} & set(sys.modules); assert not heavy, heavy"
    )
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    arguments = ["--state", str(scene.state), "--device", "cpu", "--once"]
    subprocess.run([sys.executable, "-c", program, *arguments], env=env, check=True, timeout=60)
    assert scene.renders() == ["v001"]


def test_a_started_worker_is_nobodys_child_terminal_or_output(scene: Scene) -> None:
    job = scene.queue()
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks"), "CUDA_VISIBLE_DEVICES": ""}
    (log,) = spawn.start(scene.state, env)
    wait_for(lambda: scene.job(job).state == "complete")
    holder = serving_lock(scene.state, processor()).holder()
    pid = int(holder.split()[1])
    assert os.getsid(pid) == pid != os.getsid(0)
    open_files = [str(Path(f"/proc/{pid}/fd/{n}").readlink()) for n in (0, 1, 2)]
    assert open_files == ["/dev/null", str(log), str(log)]
    assert spawn.start(scene.state, env) == ()  # it is alive, and takes the work
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not serving_lock(scene.state, processor()).held())
    is_whole(scene, job)
