"""Watch jobs until they are done, with the time left; put a new worker to work where the last one died."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.farm.ledger import Job, Ledger

OPEN = ("queued", "rendering")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the followed jobs are, together."""

    done: int
    total: int
    seconds_left: float | None
    """None until a first frame came in."""
    jobs: tuple[Job, ...]
    waits_for: str = ""
    """Who has the devices while none of these jobs renders."""

    @property
    def finished(self) -> bool:
        return all(job.state not in OPEN for job in self.jobs)


def follow(
    ledger: Ledger, ids: Sequence[str], ensure_worker: Callable[[], None], taken_by: Callable[[], str], *,
    every: float = 0.2, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:  # fmt: skip
    """Yield at each change until every job is complete, failed, cancelled or abandoned.

    `ensure_worker` is called now and then while work waits: it starts a worker where none is alive. `taken_by` tells
    who else has the devices meanwhile.
    """
    started, first = clock(), -1
    seen, asked, waits_for = -1, float("-inf"), ""
    while True:
        version = ledger.data_version()
        if version != seen:
            seen = version
            progress, first = _progress(ledger, ids, clock() - started, first)
            if any(job.state == "rendering" for job in progress.jobs):
                waits_for = ""
            yield replace(progress, waits_for=waits_for)
            if progress.finished:
                return
        if clock() - asked > 5:
            ensure_worker()
            asked = clock()
            now = "" if any(job.state == "rendering" for job in progress.jobs) else taken_by()
            if now != waits_for:
                waits_for = now
                yield replace(progress, waits_for=waits_for)
        sleep(every)


def _progress(ledger: Ledger, ids: Sequence[str], seconds: float, first: int) -> tuple[Progress, int]:
    jobs = tuple(ledger.job(job_id) for job_id in ids)
    done, total = sum(job.done for job in jobs), sum(job.total for job in jobs)
    first = done if first < 0 else first
    made = done - first
    left = seconds / made * (total - done) if made > 0 else None
    return Progress(done, total, left, jobs), first
