"""One job in full: each frame's state, how fast it goes, what it took, its attempts, and what its worker wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.farm.devices import taken_by
from core.farm.jobs import OPEN, Attempt, FrameRow, Job
from core.farm.ledger import Ledger
from core.files import one_line

_LAST = 24
"""Frames that the speed is measured over: longer than a batch, whose frames come all at once."""
_TAIL = 200_000
"""Bytes of a log's end that are looked through."""
_LINES = 20
_MARK = re.compile(r"\(([0-7][0-9A-HJKMNP-TV-Z]{25}), attempt \d+\)")
FrameState = Literal["done", "queued", "missing"]


@dataclass(frozen=True, slots=True)
class JobFrame:
    """One picture that a job was asked for."""

    item: int
    """Which recipe of the job; 0 but for wedges."""
    frame: int
    state: FrameState
    """`missing`: it is not there, and nobody works on it."""
    seconds: float = 0.0
    """What it took; frames of a batch come together, so the first of them has it all."""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job as it stands now."""

    job: Job
    frames: tuple[JobFrame, ...]
    """Every picture, by item and frame."""
    rate: float | None
    """Frames per second over the last frames of the newest attempt; None before its first."""
    seconds_left: float | None
    """While it renders, at that speed."""
    stages: Mapping[str, float]
    """Seconds that the newest attempt spent decoding, in models, comping, encoding."""
    peak_memory: int
    """The most that its worker held, in bytes; 0 before the first frame."""
    attempts: tuple[Attempt, ...]
    left_behind: bool
    """It counts as rendering and its worker is dead."""
    waits_for: str
    """Who has the devices while it waits; empty where one is free, or is ours."""
    log: tuple[str, ...]
    """The last lines that its worker wrote about it."""


def job_detail(ledger: Ledger, state: Path, env: Mapping[str, str], job: str) -> JobDetail:
    """Everything about one job. `state`: the user's state folder, where workers keep their logs.

    Raises ShowError: no such job. RenderError: it waits, and the GPU's driver does not answer.
    """
    found = ledger.job(job)
    attempts = tuple(ledger.attempts(found.id))
    masters = [row for row in ledger.frames(found.id) if not row.layer]
    tally = attempts[-1].tally if attempts else {}
    rate = speed(masters, found.attempt)
    left = (found.total - found.done) / rate if rate and found.state == "rendering" else None
    return JobDetail(
        job=found,
        frames=frames_of(found, masters),
        rate=rate,
        seconds_left=left,
        stages=tally.get("seconds", {}),
        peak_memory=int(tally.get("peak_memory", 0)),
        attempts=attempts,
        left_behind=ledger.left_behind(found),
        waits_for=taken_by(state, env) if found.state == "queued" else "",
        log=job_log(state, found.id)[-_LINES:],
    )


def frames_of(job: Job, masters: Iterable[FrameRow]) -> tuple[JobFrame, ...]:
    """Each wanted picture and its state."""
    done = {(row.item, row.frame): row for row in masters}
    rest: FrameState = "queued" if job.state in OPEN else "missing"
    wanted = [(item, frame) for item in range(len(job.recipes)) for frame in job.frames]
    return tuple(
        JobFrame(*key, "done", row.seconds, row.attempt) if (row := done.get(key)) else JobFrame(*key, rest)
        for key in wanted
    )


def speed(masters: Sequence[FrameRow], attempt: int) -> float | None:
    """Frames per second over the last frames of an attempt, which renders them by item and frame."""
    last = sorted((row.item, row.frame, row.seconds) for row in masters if row.attempt == attempt)[-_LAST:]
    spent = sum(seconds for *_, seconds in last)
    return len(last) / spent if spent > 0 else None


def concerning(lines: Iterable[str], job: str) -> list[str]:
    """What a worker's log says of a job: from each line that names it to the next that names another."""
    kept: list[str] = []
    ours = False
    for line in lines:
        if mark := _MARK.search(line):
            ours = mark[1] == job
        if ours and line.strip():
            kept.append(one_line(line, 500))
    return kept


def job_log(state: Path, job: str) -> tuple[str, ...]:
    """What its workers wrote about a job, in the log that told of it last, as far back as is looked."""
    logs = sorted((state / "logs").glob("worker-*.log"), key=lambda path: path.stat().st_mtime_ns)
    said = [lines for path in logs if (lines := concerning(_tail(path), job))]
    return tuple(said[-1]) if said else ()


def _tail(path: Path) -> list[str]:
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - _TAIL))
        return log.read().decode(errors="replace").splitlines()
