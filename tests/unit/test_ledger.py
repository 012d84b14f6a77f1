"""The ledger: no finished frame is lost, no superseded worker is believed, one order, one owner a job."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Broken, ShowError
from core.farm import store
from core.farm.jobs import LIVES, NewJob
from core.farm.ledger import Job, Ledger


@dataclass(frozen=True)
class Written:
    """What the media writer reports of a file, as far as the ledger reads it."""

    path: Path
    sha256: str = "ab" * 32
    pixels: str = "cd" * 32


def new_job(**other: Any) -> NewJob:
    given = {"kind": "preview", "shot": "sh010", "recipes": ("a",), "frames": (1001, 1002), "asked_by": "Ana <a@x.org>"}
    return NewJob(**{**given, **other})


def report(ledger: Ledger, job: Job, frame: int, attempt: int | None = None, layer: str = "") -> bool:
    files: Any = {layer: Written(Path(f"sh010/{layer}{frame}.exr")) for layer in (layer, "")}
    return ledger.done(job.id, attempt or job.attempt, 0, frame, files, {"steps": 3}, 0.5, {"decode": frame})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "state" / "ledger.db", root=tmp_path / "show")


def killed_while_rendering(path: Path, frames: tuple[int, ...] = ()) -> None:
    """A worker process that claims the next job, finishes some frames and dies by kill -9."""
    program = (
        "import os, sys; from pathlib import Path; from core.farm.ledger import Ledger; "
        "from tests.unit.test_ledger import report; ledger = Ledger(Path(sys.argv[1])); "
        "job = ledger.claim(f'w{os.getpid()}'); "
        "assert all([report(ledger, job, int(f)) for f in sys.argv[2:]]); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path), *map(str, frames)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_a_job_comes_back_as_it_was_queued(ledger: Ledger, tmp_path: Path) -> None:
    job = ledger.add(new_job(kind="wedge", recipes=("a", "b\n'"), labels=("seed=1", "seed=2"), frames=(1003,)))
    assert ledger.job(job.id) == job == ledger.job(job.id[:12].lower()) == Ledger(ledger.path).jobs()[0]
    assert (job.state, job.attempt, job.done, job.total) == ("queued", 0, 0, 2)
    assert (job.recipes, job.labels, job.root) == (("a", "b\n'"), ("seed=1", "seed=2"), str(tmp_path / "show"))


def test_the_queue_has_one_order(ledger: Ledger) -> None:
    ids = {p: ledger.add(new_job(priority=p)).id for p in (0, 5, 1)}
    late = ledger.add(new_job(priority=5)).id
    assert [job.id for job in ledger.jobs()] == [ids[5], late, ids[1], ids[0]]
    assert ledger.jobs() == sorted(ledger.jobs(), key=lambda job: job.key)
    ledger.move(ids[0], "first")
    waiting = ledger.waiting()
    assert waiting is not None and waiting.id == ids[0]
    assert [job.id for job in iter(lambda: ledger.claim("w"), None)] == [ids[0], ids[5], late, ids[1]]


def test_a_clock_that_was_set_back_lets_nobody_jump_the_queue(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.farm.ledger._now", lambda: "2026-01-02T00:00:00")
    first = ledger.add(new_job())
    monkeypatch.setattr("core.farm.ledger._now", lambda: "2026-01-01T00:00:00")
    second = ledger.add(new_job())
    assert first.created == second.created and min([second, first], key=lambda job: job.key) == first


def test_asking_for_the_same_version_again_is_one_job(ledger: Ledger) -> None:
    wanted = new_job(kind="version", version="v001")
    job = ledger.add(wanted)
    assert ledger.add(wanted) == job and len(ledger.jobs()) == 1
    with pytest.raises(ShowError, match="another recipe"):
        ledger.add(replace(wanted, recipes=("other",)))
    with pytest.raises(BadInput):
        ledger.add(new_job(frames=()))


def test_each_job_has_one_owner_however_many_ask(ledger: Ledger) -> None:
    ids = {ledger.add(new_job()).id for _ in range(12)}
    claimed: list[str] = []

    workers = {f"w{n}": Ledger(ledger.path) for n in range(4)}

    def work(name: str) -> None:
        claimed.extend(job.id for job in iter(lambda: workers[name].claim(name), None))

    threads = [threading.Thread(target=work, args=(name,)) for name in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(ids)
    for worker in workers.values():
        worker.close()


def test_a_living_workers_job_is_left_alone_and_a_dead_ones_taken_over(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    with Ledger(ledger.path) as other:
        assert other.claim("a") is not None
        assert ledger.claim("b") is None and ledger.waiting() is None
        with pytest.raises(Broken, match="Another process"):
            ledger.claim("a")
    taken = ledger.claim("b")
    assert taken is not None and (taken.id, taken.attempt, taken.worker) == (job.id, 2, "b")
    assert [a.outcome for a in ledger.attempts(job.id)] == ["died", ""]


def test_frames_survive_kill_9_and_the_late_report_is_ignored(ledger: Ledger) -> None:
    job = ledger.add(new_job(frames=(1001, 1002, 1003)))
    killed_while_rendering(ledger.path, (1001,))
    again = ledger.claim("b")
    assert again is not None and (again.attempt, again.done) == (2, 1)
    assert report(ledger, again, 1001, attempt=1) is False and report(ledger, again, 1002, layer="matte")
    assert ledger.finish(job.id, 1, "failed", "late") is False and ledger.stop_wanted(job.id, 1)
    assert not ledger.stop_wanted(job.id, 2)
    assert [(row.frame, row.layer, row.attempt, row.facts) for row in ledger.frames(job.id)] == [
        (1001, "", 1, {"steps": 3}),
        (1002, "", 2, {"steps": 3}),
        (1002, "matte", 2, {}),
    ]
    assert [(a.frames, a.tally) for a in ledger.attempts(job.id)] == [(1, {"decode": 1001}), (1, {"decode": 1002})]
    assert ledger.finish(job.id, 2, "complete") and not report(ledger, again, 1003)


def test_a_job_that_only_dies_is_poisoned_and_may_be_retried(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    for _ in range(LIVES):
        killed_while_rendering(ledger.path)
    assert ledger.claim("w") is None
    failed = ledger.job(job.id)
    assert failed.state == "failed" and "poisoned" in failed.reason and job.id in failed.reason
    assert ledger.retry(job.id).attempts == 0
    killed_while_rendering(ledger.path)
    again = ledger.claim("w")
    assert again is not None and (again.attempt, again.attempts) == (LIVES + 2, 2)


def test_a_job_that_dies_while_it_gets_on_goes_on(ledger: Ledger) -> None:
    frames = tuple(range(1001, 1001 + LIVES + 2))
    ledger.add(new_job(frames=frames))
    for frame in frames:
        killed_while_rendering(ledger.path, (frame,))
    last = ledger.claim("w")
    assert last is not None and last.state == "rendering" and last.done == last.total


def test_a_worker_that_was_told_to_go_costs_the_job_nothing(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    for n in range(1, LIVES + 3):
        taken = ledger.claim("w")
        assert taken is not None and taken.attempt == n
        assert ledger.finish(job.id, n, "queued")
    assert ledger.job(job.id).state == "queued"


def test_cancel_and_retry_keep_frames(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    assert ledger.cancel(job.id).state == "cancelled"
    with pytest.raises(ShowError, match="retry"):
        ledger.cancel(job.id)
    ledger.retry(job.id)
    taken = ledger.claim("w")
    assert taken is not None and report(ledger, taken, 1001)
    asked = ledger.cancel(job.id)
    assert asked.state == "rendering" and asked.cancel_requested and ledger.stop_wanted(job.id, taken.attempt)
    assert ledger.finish(job.id, taken.attempt, "cancelled", "you asked")
    again = ledger.retry(job.id)
    assert (again.state, again.done, again.cancel_requested) == ("queued", 1, False)


def test_a_dead_workers_job_is_cancelled_at_once(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    killed_while_rendering(ledger.path)
    assert ledger.cancel(job.id).state == "cancelled" and ledger.claim("w") is None
    assert ledger.attempts(job.id)[0].outcome == "died"
    assert ledger.abandon(job.id, "not wanted").reason == "not wanted"
    with pytest.raises(ShowError, match="abandoned"):
        ledger.retry(job.id)


def test_a_dead_workers_job_goes_on_with_retry_and_a_living_ones_does_not(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    killed_while_rendering(ledger.path, (1001,))
    left = ledger.job(job.id)
    assert left.state == "rendering" and ledger.left_behind(left)
    again = ledger.retry(job.id)
    assert (again.state, again.done) == ("queued", 1) and not ledger.left_behind(again)
    assert ledger.attempts(job.id)[0].outcome == "died"
    taken = ledger.claim("w")
    assert taken is not None and not ledger.left_behind(taken)
    with pytest.raises(ShowError, match="rendering"):
        ledger.retry(job.id)


def test_the_environment_is_that_of_the_finished_frames(ledger: Ledger) -> None:
    job = ledger.add(new_job())
    first = ledger.claim("w")
    assert first is not None
    assert ledger.fix(job.id, 1, {"threads": 3}) == {"threads": 3}
    assert ledger.fix(job.id, 1, {"threads": 2}) == {"threads": 2}  # nothing was rendered with 3
    report(ledger, first, 1001)
    assert ledger.fix(job.id, 1, {"threads": 1}) == {"threads": 2} == ledger.job(job.id).environment


def test_a_file_that_changed_counts_as_missing_again(ledger: Ledger) -> None:
    ledger.add(new_job())
    job = ledger.claim("w")
    assert job is not None and report(ledger, job, 1001) and report(ledger, job, 1002)
    assert ledger.forget(job.id, job.attempt + 1, ledger.frames(job.id)) is False
    assert ledger.forget(job.id, job.attempt, ledger.frames(job.id)[:1])
    assert [row.frame for row in ledger.frames(job.id)] == [1002] and ledger.job(job.id).done == 1


def test_whoever_writes_is_seen(ledger: Ledger) -> None:
    seen = [ledger.data_version()]
    Ledger(ledger.path).add(new_job())
    seen.append(ledger.data_version())
    ledger.add(new_job())
    seen.append(ledger.data_version())
    assert len(set(seen)) == 3 and seen[-1] == ledger.data_version()


def test_ids_that_fit_no_job_or_several_are_said(ledger: Ledger) -> None:
    ledger.add(new_job())
    for text in ("", "ZZZ", "%", "\x1b[31m"):
        with pytest.raises(ShowError, match="no job") as error:
            ledger.job(text)
        assert "\x1b" not in str(error.value)
    ledger.add(new_job())
    with pytest.raises(ShowError, match="Several"):
        ledger.job("0")


def test_what_cannot_hold_a_ledger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ShowError, match="no queue"):
        Ledger(tmp_path / "ledger.db", create=False)
    (tmp_path / "bad.db").write_text("not a database, however long it is" * 100)
    with pytest.raises(Broken, match="damaged"):
        Ledger(tmp_path / "bad.db")
    Ledger(tmp_path / "new.db")
    with sqlite3.connect(tmp_path / "new.db") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(ShowError, match="newer"):
        Ledger(tmp_path / "new.db")
    monkeypatch.setattr(store, "is_network_path", lambda path: "nfs4")
    with pytest.raises(ShowError, match="nfs4") as error:
        Ledger(tmp_path / "nfs.db")
    assert "RUSHES_STATE" in error.value.todo


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_state_folder_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Broken):
        Ledger(tmp_path / "ledger.db")


def test_it_waits_for_the_disk(ledger: Ledger) -> None:
    with ledger._store.reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL: a commit is on disk
