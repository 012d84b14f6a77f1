"""The ledger: jobs, finished frames and attempts in one SQLite file. What it says is finished is on disk, hashed.

A worker is alive while it holds its file lock; no clock decides. Every write of a worker carries its attempt, so the
late report of one that was superseded changes nothing. Times are kept as facts to show.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, Broken, ShowError
from core.farm.jobs import (
    LIVES,
    OPEN,
    Attempt,
    FrameRow,
    Job,
    Kind,
    Move,
    NewJob,
    Outcome,
    Place,
    Standing,
    State,
    after,
    moved,
    poisoned,
)
from core.farm.store import JOB, ORDER, STANDING, Store, attempts_of, frame_of, job_of
from core.files import FileLock, canonical_json, one_line

if TYPE_CHECKING:
    from core.media.write import Written

__all__ = ["Attempt", "FrameRow", "Job", "Kind", "Ledger", "NewJob", "State"]

_ENDS: Mapping[Move, Outcome] = {"complete": "complete", "fail": "failed", "cancel": "cancelled", "release": "released"}
_MOVE: Mapping[str, Move] = {"complete": "complete", "failed": "fail", "cancelled": "cancel", "queued": "release"}


class Ledger:
    """One clone's jobs. Safe to use from several threads and processes.

    Args:
        path: `ledger.db` in the clone's state folder; made where it is missing, unless `create` is False.
        root: where the show lies now; kept for workers, who find the show through the ledger.

    Raises:
        ShowError: on a network file system, missing (`create=False`), or newer than this program.
        DiskFull, Broken: it cannot be opened or written.
    """

    def __init__(self, path: Path, *, create: bool = True, root: Path | None = None) -> None:
        if not create and not path.is_file():
            todo = "Queue something: rushes generate SHOT."
            raise ShowError("There is no queue here yet.", where=str(path), todo=todo)
        self.path = path
        self._locks: dict[str, FileLock] = {}
        self._store = Store(path, root)

    def close(self) -> None:
        """Let go of the file and of this worker's locks."""
        self._store.close()
        for lock in self._locks.values():
            lock.path.unlink(missing_ok=True)
            lock.release()
        self._locks.clear()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # looking

    def jobs(self, states: Iterable[State] | None = None) -> list[Job]:
        """Jobs as workers will take them (see `Job.key`), those that still have to be worked on first."""
        wanted = set(states) if states is not None else None
        with self._store.reading() as db:
            found = [job_of(row) for row in db.execute(f"{JOB} {ORDER}")]
        found = [job for job in found if wanted is None or job.state in wanted]
        return sorted(found, key=lambda job: job.state not in OPEN)

    def standings(self, shot: str = "") -> list[Standing]:
        """How far the jobs of versions are, of every shot or of one; ten times as quick as `jobs`."""
        with self._store.reading() as db:
            rows = db.execute(f"{STANDING} AND (? = '' OR shot = ?)", (shot, shot)).fetchall()
        return [Standing(*row) for row in rows]

    def job(self, job: str) -> Job:
        """The job with this id, or with the one id that starts so. Raises ShowError."""
        with self._store.reading() as db:
            return self._find(db, job)

    def frames(self, job: str) -> list[FrameRow]:
        """A job's finished frames by item, frame and layer."""
        with self._store.reading() as db:
            rows = db.execute("SELECT * FROM frames WHERE job = ? ORDER BY item, frame, layer", (job,)).fetchall()
        return [frame_of(row) for row in rows]

    def attempts(self, job: str) -> list[Attempt]:
        """A job's attempts, oldest first."""
        with self._store.reading() as db:
            return attempts_of(db, job)

    def data_version(self) -> int:
        """A number that changes whenever anybody wrote: cheap to poll."""
        with self._store.reading() as db:
            others = int(db.execute("PRAGMA data_version").fetchone()[0])  # SQLite counts every writer but this one
        return others << 40 | self._store.writes

    def waiting(self) -> Job | None:
        """The job that `claim` would take now: queued, or left behind by a worker that died."""
        with self._store.reading() as db:
            rows = db.execute(f"{JOB} WHERE state IN ('queued', 'rendering') {ORDER}").fetchall()
        return next((job for job in map(job_of, rows) if job.state == "queued" or self.left_behind(job)), None)

    def left_behind(self, job: Job) -> bool:
        """Whether a job counts as rendering and its worker is dead."""
        return job.state == "rendering" and not self._alive(job.worker)

    # what people do

    def add(self, new: NewJob) -> Job:
        """Queue a job. Asking for the same version again gives the job that is there.

        Raises:
            BadInput: no frames or no recipe. ShowError: the version has a job with another recipe.
        """
        from ulid import ULID

        if not new.frames or not new.recipes or (new.kind == "version") != bool(new.version):
            raise BadInput(f"There is nothing to render for {one_line(new.shot)}.", todo="Name at least one frame.")
        with self._store.writing() as db:
            same = db.execute(
                f"{JOB} WHERE version != '' AND shot = ? AND version = ?", (new.shot, new.version)
            ).fetchone()
            if same is not None:
                return _same_work(job_of(same), new)
            newest = db.execute("SELECT MAX(created) FROM jobs").fetchone()[0] or ""
            job = str(ULID())
            db.execute(
                "INSERT INTO jobs (id, kind, shot, version, recipes, labels, frames, priority, asked_by, created,"
                " total, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
                (
                    job, new.kind, new.shot, new.version, json.dumps(new.recipes), json.dumps(new.labels),
                    json.dumps(sorted(set(new.frames))), new.priority, one_line(new.asked_by),
                    max(_now(), newest),  # a clock that was set back must not let a job jump the queue
                    len(set(new.frames)) * len(new.recipes),
                ),
            )  # fmt: skip
            return self._find(db, job)

    def cancel(self, job: str) -> Job:
        """Stop a job; finished frames stay. One that is being rendered stops at its worker's next tick.

        Raises ShowError for a job that is over.
        """
        with self._store.writing() as db:
            found = self._find(db, job)
            after(found.state, "cancel", found.id)
            if found.state == "rendering" and self._alive(found.worker):
                db.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ?", (found.id,))
            else:
                self._bury(db, found)
                self._move(db, found, "cancel", "cancelled")
            return self._find(db, found.id)

    def retry(self, job: str) -> Job:
        """Queue a failed or cancelled job again, or one that a dead worker left behind; finished frames stay.

        Raises ShowError for any other.
        """
        with self._store.writing() as db:
            found = self._find(db, job)
            left = self.left_behind(found)
            if left:
                self._bury(db, found)
            self._move(db, found, "release" if left else "retry", "")
            db.execute("UPDATE jobs SET since = attempt WHERE id = ?", (found.id,))
            return self._find(db, found.id)

    def abandon(self, job: str, reason: str = "abandoned") -> Job:
        """Give a job up for good. Raises ShowError for one that is rendering or complete."""
        with self._store.writing() as db:
            found = self._find(db, job)
            self._move(db, found, "abandon", reason)
            return self._find(db, found.id)

    def move(self, job: str, place: Place) -> Job:
        """Let a queued job go first, or past the one before or after it. Raises ShowError for any other."""
        with self._store.writing() as db:
            found = self._find(db, job)
            if found.state != "queued":
                what = f"A job that is {found.state} has no place in the queue."
                raise ShowError(what, where=found.id, todo="See what waits: rushes queue.")
            waiting = [job_of(row) for row in db.execute(f"{JOB} WHERE state = 'queued' {ORDER}")]
            rows = [(priority, name) for name, priority in moved(waiting, found.id, place).items()]
            db.executemany("UPDATE jobs SET priority = ? WHERE id = ?", rows)
            return self._find(db, found.id)

    # what workers do

    def claim(self, worker: str) -> Job | None:
        """Take the next job for `worker`, whose lock this Ledger holds from now on. None where nothing waits.

        A job whose worker died is taken over as a new attempt; one that keeps dying without finishing a frame fails.
        """
        self._hold(worker)
        with self._store.writing() as db:
            for row in db.execute(f"{JOB} WHERE state IN ('queued', 'rendering') {ORDER}").fetchall():
                job = job_of(row)
                if job.state == "rendering" and (self._alive(job.worker) or not self._orphan(db, job)):
                    continue
                self._move(db, job, "claim", "")
                db.execute("UPDATE jobs SET attempt = attempt + 1, worker = ? WHERE id = ?", (worker, job.id))
                db.execute(
                    "INSERT INTO attempts (job, n, worker, host, pid, started) VALUES (?, ?, ?, ?, ?, ?)",
                    (job.id, job.attempt + 1, worker, socket.gethostname(), os.getpid(), _now()),
                )
                return self._find(db, job.id)
        return None

    def fix(self, job: str, attempt: int, environment: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a job renders in: the environment its finished frames were made in, else `environment`, kept now."""
        with self._store.writing() as db:
            fixed = self._find(db, job)
            if fixed.environment and fixed.done:
                return fixed.environment
            row = (canonical_json(environment), job, attempt)
            db.execute("UPDATE jobs SET environment = ? WHERE id = ? AND attempt = ?", row)
            return dict(environment)

    def done(
        self, job: str, attempt: int, item: int, frame: int, files: Mapping[str, Written], facts: Mapping[str, Any],
        seconds: float, tally: Mapping[str, Any],
    ) -> bool:  # fmt: skip
        """Write down a finished frame, its layers with it, and the attempt's tally so far.

        `files`: by layer, "" the master; paths relative to the media root. `facts` are kept with the master.
        False: this attempt was superseded and nothing was written.
        """
        rows = [
            (job, item, frame, layer, file.path.as_posix(), file.sha256, file.pixels, attempt, seconds,
             canonical_json({} if layer else facts))
            for layer, file in files.items()
        ]  # fmt: skip
        with self._store.writing() as db:
            if not _current(db, job, attempt):
                return False
            db.executemany("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            made = (canonical_json(tally), job, attempt)
            db.execute("UPDATE attempts SET frames = frames + 1, tally = ? WHERE job = ? AND n = ?", made)
            return True

    def forget(self, job: str, attempt: int, rows: Iterable[FrameRow]) -> bool:
        """Take back frames whose files are not what was written down; they count as missing. False: superseded."""
        with self._store.writing() as db:
            if not _current(db, job, attempt):
                return False
            keys = [(job, row.item, row.frame, row.layer) for row in rows]
            db.executemany("DELETE FROM frames WHERE job = ? AND item = ? AND frame = ? AND layer = ?", keys)
            return True

    def stop_wanted(self, job: str, attempt: int) -> bool:
        """Whether this attempt should stop: somebody cancelled the job, or another worker took it over."""
        with self._store.reading() as db:
            row = db.execute("SELECT attempt, state, cancel_requested FROM jobs WHERE id = ?", (job,)).fetchone()
        return row is None or row["attempt"] != attempt or row["state"] != "rendering" or bool(row["cancel_requested"])

    def finish(self, job: str, attempt: int, state: State, reason: str = "") -> bool:
        """End an attempt as complete, failed or cancelled, or put the job back (`queued`). False: superseded."""
        with self._store.writing() as db:
            found = self._find(db, job)
            if not _current(db, found.id, attempt):
                return False
            move = _MOVE[state]
            self._end(db, found, _ENDS[move], reason)
            self._move(db, found, move, reason if move != "release" else "")
            return True

    # inside

    def _find(self, db: sqlite3.Connection, job: str) -> Job:
        start = job.strip().upper()
        rows = db.execute(f"{JOB} WHERE id >= ? AND id < ? LIMIT 2", (start, start + "~")).fetchall() if start else []
        if len(rows) == 1:
            return job_of(rows[0])
        what = "Several jobs start with" if rows else "There is no job"
        raise ShowError(f"{what} {one_line(job)!r}.", todo="See them: rushes queue.")

    def _move(self, db: sqlite3.Connection, job: Job, move: Move, reason: str) -> None:
        state = after(job.state, move, job.id)
        row = (state, one_line(reason, 500), job.id)
        db.execute("UPDATE jobs SET state = ?, reason = ?, cancel_requested = 0 WHERE id = ?", row)

    def _end(self, db: sqlite3.Connection, job: Job, outcome: Outcome, reason: str) -> None:
        db.execute(
            "UPDATE attempts SET outcome = ?, reason = ?, ended = ? WHERE job = ? AND n = ? AND outcome = ''",
            (outcome, one_line(reason, 500), _now(), job.id, job.attempt),
        )

    def _bury(self, db: sqlite3.Connection, job: Job) -> None:
        """Write down that the worker of a rendering job is dead."""
        if job.state == "rendering":
            self._end(db, job, "died", "its worker died")
            self._lock_of(job.worker).path.unlink(missing_ok=True)

    def _orphan(self, db: sqlite3.Connection, job: Job) -> bool:
        """Bury a dead worker's attempt. Whether the job goes on: not where it was cancelled, or died once too often."""
        self._bury(db, job)
        if job.cancel_requested:
            self._move(db, job, "cancel", "cancelled")
            return False
        since = db.execute("SELECT since FROM jobs WHERE id = ?", (job.id,)).fetchone()[0]
        if poisoned(attempts_of(db, job.id), since):
            reason = f"poisoned: {LIVES} workers in a row died on it without finishing a frame"
            self._move(db, job, "fail", f"{reason}; look at the log, then: rushes retry {job.id}")
            return False
        return True

    def _lock_of(self, worker: str) -> FileLock:
        return FileLock(self.path.parent / "workers" / f"{worker}.lock")

    def _hold(self, worker: str) -> None:
        if worker in self._locks:
            return
        lock = self._lock_of(worker)
        if not lock.acquire():
            what = f"Another process is the worker {one_line(worker)!r}."
            raise Broken(what, where=str(lock.path), todo="Give workers different names.")
        self._locks[worker] = lock

    def _alive(self, worker: str) -> bool:
        return worker in self._locks or self._lock_of(worker).held()


def _current(db: sqlite3.Connection, job: str, attempt: int) -> bool:
    found = db.execute("SELECT 1 FROM jobs WHERE id = ? AND attempt = ? AND state = 'rendering'", (job, attempt))
    return found.fetchone() is not None


def _same_work(job: Job, new: NewJob) -> Job:
    if (job.recipes, job.frames) == (new.recipes, tuple(sorted(set(new.frames)))):
        return job
    what = f"{job.shot} {job.version} is queued already, from another recipe."
    raise ShowError(what, where=job.id, todo="Generate a new version.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
