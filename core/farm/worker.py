"""The worker: a process of its own that holds a device, takes jobs by the queue's order, and outlives the terminal.

`python -m core.farm.worker --state DIR [--once] [--device auto|cpu|UUID]`
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Cancelled, DiskFull, RushesError
from core.farm.devices import Device, devices, log_path, machine_lock, serving_lock, turn_lock
from core.farm.execute import Bench, execute
from core.farm.jobs import Job
from core.farm.ledger import Ledger
from core.files import FileLock, one_line, safe_name

if TYPE_CHECKING:
    from core.render.models import Models

IDLE = 20.0
"""Seconds a worker waits for more work, models resident, before it goes."""
TURN = 60.0
"""Seconds a worker keeps a device for jobs of its own while another user waits for it: models take time to load."""
_POLL = 0.5

Say = Callable[[str], None]


def run(
    state: Path, env: Mapping[str, str], *, once: bool = False, device: str = "auto", say: Say = lambda _: None
) -> int:
    """Work on all shows of a user's state folder until nothing waits (`once`) or nothing came for a while.

    `device`: `auto`, `cpu` or a GPU's UUID. `say` gets one line an event; a log under `state` gets them too.
    Returns the exit code: 0, also where another worker of this user serves the device already.

    Raises:
        RushesError: no such device, a state folder that cannot be used, a disk too full to write the queue.
    """
    with _signals() as told:
        place, serving = _take(state, devices(env, device))
        log = _logger(log_path(state, place), say)

        def tell(line: str) -> None:
            say(line)
            log(line)

        if serving is None:
            holder = one_line(serving_lock(state, place).holder())
            tell(f"{place.name} is served already by your worker {holder}; it takes the work")
            return 0
        if place.is_gpu:  # before CUDA is looked at: this process sees its own GPU alone
            os.environ["CUDA_VISIBLE_DEVICES"] = place.id
        worker = _Worker(state, env, place, tell, log, told)
        while True:
            with _released(serving), _device(place, env, tell, told) as held, contextlib.closing(worker):
                worker.work(idle=0.0 if once or not held else IDLE)
            # It made way for another user, or a job queued while it was leaving found it alive and started no other.
            if told.is_set() or not worker.waits() or not serving.acquire():
                return 0


def _take(state: Path, places: tuple[Device, ...]) -> tuple[Device, FileLock | None]:
    """The first device that no worker of this user serves, and its lock; no lock where all are served."""
    for place in places:
        lock = serving_lock(state, place)
        for _ in range(5):  # somebody who only looks holds a lock for an instant
            if lock.acquire():
                return place, lock
            time.sleep(0.02)
    return places[0], None


@contextlib.contextmanager
def _released(lock: FileLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _device(place: Device, env: Mapping[str, str], tell: Say, told: threading.Event) -> Iterator[bool]:
    """Hold the device against every other user of the machine; waits its turn. False: told to go while waiting."""
    lock, turn, said = machine_lock(env, place), turn_lock(env, place), False
    for wanted in (turn, lock):  # one at a time waits for the device itself, so who makes way cannot barge in again
        while not told.is_set() and not wanted.acquire():
            if not said:
                tell(f"{place.name} is in use by another user's worker ({one_line(lock.holder())}); waiting for it")
                said = True
            told.wait(_POLL)
    turn.release()
    try:
        yield not told.is_set()
    finally:
        lock.release()


@dataclass
class _Worker:
    state: Path
    env: Mapping[str, str]
    place: Device
    tell: Say
    log: Say
    told: threading.Event
    name: str = field(default_factory=lambda: f"{safe_name(socket.gethostname())}-{os.getpid()}-{secrets.token_hex(3)}")
    _ledgers: dict[Path, Ledger] = field(default_factory=dict)
    _broken: set[Path] = field(default_factory=set)
    _models: tuple[int, Models] | None = None

    def work(self, idle: float) -> None:
        """Take jobs until none has come for `idle` seconds, the worker is told to go, or it is another user's turn."""
        began = free = time.monotonic()
        turn = turn_lock(self.env, self.place)
        while not self.told.is_set():
            if time.monotonic() - began >= TURN and turn.held():
                self.tell(f"making way on {self.place.name} for another user's worker ({one_line(turn.holder())})")
                return
            ledger = self._next()
            job = ledger.claim(self.name) if ledger else None
            if ledger is not None and job is not None:
                self._do(ledger, job)
                free = time.monotonic()
            elif time.monotonic() - free >= idle or turn.held():
                return
            else:
                self.told.wait(_POLL)

    def waits(self) -> bool:
        """Whether a job waits for a worker."""
        with contextlib.closing(self):
            return self._next() is not None

    def close(self) -> None:
        """Let go of the queues, and of the models: the device's memory is for who comes next."""
        for ledger in self._ledgers.values():
            ledger.close()
        self._ledgers.clear()
        if self._models is not None:
            self._models[1].unload()

    def _next(self) -> Ledger | None:
        """The ledger, of all shows and clones of this user, whose next job comes first."""
        for path in [path for path in self._ledgers if not path.exists()]:  # its show was removed
            self._ledgers.pop(path).close()
        for path in sorted(self.state.glob("*/*/ledger.db")):
            if path not in self._ledgers and path not in self._broken:
                try:
                    self._ledgers[path] = Ledger(path, create=False)
                except RushesError as error:  # one show's damaged queue does not stop the others
                    self._broken.add(path)
                    self.tell(in_one_line(error))
        heads = [(job.key, ledger) for ledger in self._ledgers.values() if (job := ledger.waiting())]
        return min(heads, key=lambda head: head[0])[1] if heads else None

    def _do(self, ledger: Ledger, job: Job) -> None:
        """Work on a claimed job, and end the attempt whatever comes."""
        title = f"{job.shot} {job.version or job.kind} ({job.id}, attempt {job.attempt})"
        self.tell(f"{title}: {job.done} of {job.total} frames are done")
        try:
            remark = execute(ledger, job, Bench(self.env, self._models_for, self.told.is_set))
            ledger.finish(job.id, job.attempt, "complete", remark)
            self.tell(f"{title}: complete. {remark}".rstrip(" "))
        except Cancelled as error:
            back = self.told.is_set()
            ledger.finish(job.id, job.attempt, "queued" if back else "cancelled", error.what)
            self.tell(f"{title}: {'put back into the queue' if back else 'cancelled'}")
        except Exception as error:
            if not isinstance(error, RushesError):
                self.log(traceback.format_exc())
            reason = why(error, log_path(self.state, self.place))
            ledger.finish(job.id, job.attempt, "failed", reason)
            self.tell(f"{title}: failed. {reason}")

    def _models_for(self, threads: int) -> Models:
        """The models of this process; they stay loaded from job to job while the number of threads stays."""
        from core.render.models import Models

        if self._models is None or self._models[0] != threads:
            self._models = (threads, Models(device="cuda" if self.place.is_gpu else "cpu", threads=threads))
        return self._models[1]


def why(error: Exception, log: Path) -> str:
    """A failure on one line, with what to do."""
    if isinstance(error, RushesError):
        return in_one_line(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "Out of memory. A smaller `size` or `batch` in the recipe needs less; other programs may use the device."
    return one_line(f"{type(error).__name__}: {error}. This should not happen; the traceback is in {log}", 500)


def in_one_line(error: RushesError) -> str:
    parts = (error.what, error.where and f"({error.where})", error.todo)
    return one_line(" ".join(filter(None, parts)), 500)


def _logger(log: Path, say: Say) -> Say:
    """Write to the log, with the time and who; what goes wrong with that is said instead."""

    def write(text: str) -> None:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as out:
                out.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {os.getpid()} {text}\n")
        except OSError as error:
            say(f"the log cannot be written: {error}")

    return write


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """Set when somebody tells the worker to go (SIGTERM, SIGINT). SIGHUP, a terminal that closes, is ignored."""
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return

    def tell_to_go(*_: Any) -> None:
        told.set()

    wanted: dict[int, Any] = {signal.SIGTERM: tell_to_go, signal.SIGINT: tell_to_go, signal.SIGHUP: signal.SIG_IGN}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> int:
    """The command line of a worker that `spawn` started: what it has to say is in its log."""
    parser = argparse.ArgumentParser(prog="python -m core.farm.worker")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--device", default="auto")
    given = parser.parse_args(arguments)
    try:
        return run(given.state, dict(os.environ), once=given.once, device=given.device)
    except RushesError as error:
        sys.stderr.write(f"{error}\n")
        return 3 if isinstance(error, DiskFull) else 2


if __name__ == "__main__":
    sys.exit(main())
