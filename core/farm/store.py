"""The ledger's file: an SQLite database (WAL, fsync at every commit), its tables, and rows as frozen values."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from core.errors import Broken, DiskFull, ShowError
from core.farm.jobs import Attempt, FrameRow, Job
from core.files import explained, is_network_path

SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, shot TEXT NOT NULL, version TEXT NOT NULL, recipes TEXT NOT NULL,
    labels TEXT NOT NULL, frames TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL DEFAULT 0, priority INTEGER NOT NULL, asked_by TEXT NOT NULL, created TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', environment TEXT NOT NULL DEFAULT '{}', total INTEGER NOT NULL,
    worker TEXT NOT NULL DEFAULT '', cancel_requested INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_job_a_version ON jobs (shot, version) WHERE version != '';
CREATE TABLE IF NOT EXISTS frames (
    job TEXT NOT NULL REFERENCES jobs, item INTEGER NOT NULL, frame INTEGER NOT NULL, layer TEXT NOT NULL,
    path TEXT NOT NULL, sha256 TEXT NOT NULL, pixels TEXT NOT NULL, attempt INTEGER NOT NULL, seconds REAL NOT NULL,
    facts TEXT NOT NULL, PRIMARY KEY (job, item, frame, layer)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    job TEXT NOT NULL REFERENCES jobs, n INTEGER NOT NULL, worker TEXT NOT NULL, host TEXT NOT NULL,
    pid INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', frames INTEGER NOT NULL DEFAULT 0, tally TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (job, n)
) WITHOUT ROWID;
"""
# The queue's one order (`Job.key` says the same): priority, then who asked first.
ORDER = "ORDER BY priority DESC, created, id"
JOB = """
SELECT jobs.*, (SELECT COUNT(*) FROM frames WHERE job = jobs.id AND layer = '') AS done,
       COALESCE((SELECT value FROM meta WHERE key = 'root'), '') AS root
FROM jobs
"""
STANDING = """
SELECT shot, version, state, CASE state WHEN 'complete' THEN total
       ELSE (SELECT COUNT(*) FROM frames WHERE job = jobs.id AND layer = '') END, asked_by, created, reason
FROM jobs WHERE version != ''
"""


class Store:
    """One connection, shared by the threads of a process. Raises as `Ledger` says."""

    def __init__(self, path: Path, root: Path | None) -> None:
        self.path = path
        self.writes = 0
        """Transactions that this connection made."""
        self._guard = threading.RLock()
        _refuse_network(path)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _in_words(path):
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
        self._prepare(root)

    def _prepare(self, root: Path | None) -> None:
        """Make the tables, or check that this program knows them. Writes only where something is to be written."""
        with self.reading() as db:
            made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
            known = dict(db.execute("SELECT key, value FROM meta").fetchall()) if made else {}
        if int(known.get("schema", SCHEMA)) > SCHEMA:
            what = f"This queue was written by a newer rushes (schema {known['schema']})."
            raise ShowError(what, where=str(self.path), todo="Update rushes.")
        wanted = {"schema": str(SCHEMA), "root": str(root.absolute()) if root else known.get("root", "")}
        if known == wanted:
            return
        with self.writing() as db:
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", wanted.items())

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._guard, _in_words(self.path):
            yield self._db

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that excludes other writers from its start; all of it or nothing is kept."""
        with self._guard, _in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
                self.writes += 1
            except BaseException:
                if self._db.in_transaction:  # SQLite itself rolls back on some errors
                    self._db.execute("ROLLBACK")
                raise


def _refuse_network(path: Path) -> None:
    kind = is_network_path(path)
    if kind:
        raise ShowError(
            f"The queue cannot be kept on a network file system ({kind}): its locks do not hold there.",
            where=str(path.parent),
            todo="Set RUSHES_STATE to a folder on a local disk.",
        )


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "")
        if code.startswith("SQLITE_FULL"):
            todo = "Free some space, then run the command again."
            raise DiskFull("The disk is full.", where=str(path), todo=todo) from error
        if code.startswith("SQLITE_BUSY"):
            todo = "Try again; `rushes doctor` looks further."
            raise Broken("The queue is locked by another process.", where=str(path), todo=todo) from error
        if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            todo = "Move the file away and run `rushes generate --missing`: frames that are on disk are kept."
            raise Broken("The queue's file is damaged.", where=str(path), todo=todo) from error
        if code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR")):
            todo = "Check the folder's permissions and disk, or set RUSHES_STATE elsewhere."
            raise Broken("The queue cannot be opened or written.", where=str(path), todo=todo) from error
        raise


def job_of(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"], kind=row["kind"], shot=row["shot"], version=row["version"],
        recipes=tuple(json.loads(row["recipes"])), labels=tuple(json.loads(row["labels"])),
        frames=tuple(json.loads(row["frames"])), state=row["state"], attempt=row["attempt"],
        attempts=row["attempt"] - row["since"], priority=row["priority"], asked_by=row["asked_by"],
        created=row["created"], reason=row["reason"], environment=json.loads(row["environment"]), done=row["done"],
        total=row["total"], root=row["root"], worker=row["worker"], cancel_requested=bool(row["cancel_requested"]),
    )  # fmt: skip


def frame_of(row: sqlite3.Row) -> FrameRow:
    return FrameRow(
        item=row["item"], frame=row["frame"], layer=row["layer"], path=row["path"], sha256=row["sha256"],
        pixels=row["pixels"], attempt=row["attempt"], seconds=row["seconds"], facts=json.loads(row["facts"]),
    )  # fmt: skip


def attempts_of(db: sqlite3.Connection, job: str) -> list[Attempt]:
    rows = db.execute("SELECT * FROM attempts WHERE job = ? ORDER BY n", (job,)).fetchall()
    return [
        Attempt(
            n=row["n"], worker=row["worker"], host=row["host"], pid=row["pid"], started=row["started"],
            ended=row["ended"], outcome=row["outcome"], reason=row["reason"], frames=row["frames"],
            tally=json.loads(row["tally"]),
        )
        for row in rows
    ]  # fmt: skip
