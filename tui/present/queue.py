"""One job in words, cells and JSON keys: a strip of its frames, speed, what it took, attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.files import one_line
from core.frames import format_frames
from tui.present.rows import bar, job_facts, short_time

if TYPE_CHECKING:
    from core.farm.detail import JobDetail, JobFrame

_MARKS = {"done": "▓", "queued": "░", "missing": "×"}
ATTEMPT_TITLES = ("attempt", "began", "ended", "frames", "outcome", "why")


def strip(frames: Sequence[JobFrame], width: int) -> str:
    """The frames as at most `width` marks; a mark for several frames shows the one that is least far."""
    order = ("missing", "queued", "done")
    cells = min(width, len(frames))
    parts = [frames[n * len(frames) // cells : (n + 1) * len(frames) // cells] for n in range(cells)]
    return "".join(_MARKS[min((frame.state for frame in part), key=order.index)] for part in parts)


def job_pairs(detail: JobDetail, width: int = 72) -> list[tuple[str, object]]:
    """A job in a few lines, name and value."""
    job = detail.job
    left = sorted({frame.frame for frame in detail.frames if frame.state != "done"})
    state = f"{job.state}, its worker died" if detail.left_behind else job.state
    return [
        ("job", job.id),
        ("what", f"{job.shot} {job.version or job.kind}"),
        ("state", f"{state} {job.reason}".strip()),
        ("waits for", detail.waits_for),
        ("frames", bar(job.done, job.total)),
        ("", strip(detail.frames, width)),
        ("not there", format_frames(left)),
        ("speed", speed(detail)),
        ("time", ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in detail.stages.items())),
        ("memory", f"{detail.peak_memory / 2**30:.1f} GiB at most" if detail.peak_memory else ""),
        ("asked by", f"{job.asked_by} {job.created}"),
    ]


def speed(detail: JobDetail) -> str:
    """`1.9 f/s, 0:14 left`; empty before the first frame."""
    if detail.rate is None:
        return ""
    if detail.seconds_left is None:
        return f"{detail.rate:.2g} f/s"
    minutes, seconds = divmod(round(detail.seconds_left), 60)
    return f"{detail.rate:.2g} f/s, {minutes}:{seconds:02} left"


def attempt_cells(detail: JobDetail) -> list[tuple[object, ...]]:
    """A line an attempt, under ATTEMPT_TITLES."""
    return [
        (one.n, short_time(one.started), short_time(one.ended), one.frames, one.outcome or "runs", one_line(one.reason))
        for one in detail.attempts
    ]


def detail_facts(detail: JobDetail) -> dict[str, Any]:
    """A job in full as JSON keeps it."""
    return {
        **job_facts(detail.job),
        "left_behind": detail.left_behind,
        "waits_for": detail.waits_for,
        "pictures": [{"item": one.item, "frame": one.frame, "state": one.state} for one in detail.frames],
        "frames_per_second": detail.rate,
        "seconds_left": detail.seconds_left,
        "stages": detail.stages,
        "peak_memory": detail.peak_memory,
        "tries": [
            {"n": one.n, "host": one.host, "pid": one.pid, "started": one.started, "ended": one.ended,
             "outcome": one.outcome, "reason": one.reason, "frames": one.frames}
            for one in detail.attempts
        ],
        "log": detail.log,
    }  # fmt: skip
