"""The queue's screen: a job's line, the strip of its frames, and everything that is known of one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.files import one_line
from core.frames import format_frames
from tui.present.inspector import pair
from tui.present.rows import bar, short_time
from tui.present.spans import Line, Span, Style, folded, merged, padded

if TYPE_CHECKING:
    from core.farm.detail import JobDetail, JobFrame
    from core.farm.jobs import Attempt, Job

STATES: Mapping[str, tuple[str, Style]] = {
    "queued": ("…", ""),
    "rendering": ("▶", "busy"),
    "complete": ("✓", "good"),
    "failed": ("✕", "bad"),
    "cancelled": ("–", "dim"),
    "abandoned": ("–", "dim"),
}
_COUNTED = (
    ("rendering", "renders", "render"),
    ("queued", "waits", "wait"),
    ("failed", "failed", "failed"),
    ("complete", "complete", "complete"),
)
"""States in the order in which they are counted, and the word for one job and for several."""
_SIGNS: Mapping[str, Span] = {"done": ("█", "good"), "queued": ("▒", "busy"), "missing": ("·", "dim")}
_MARGIN = 14
"""Cells of a strip's line that are not frames: the first frame before them, the last behind."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A job, how fast it goes, and where in the queue it stands."""

    job: Job
    turn: int = 0
    """From 1 among those that wait; 0: it does not."""
    rate: float | None = None
    """Frames a second."""
    seconds_left: float | None = None
    left_behind: bool = False


def rows_of(jobs: Sequence[Job], details: Mapping[str, JobDetail]) -> list[QueueRow]:
    """Jobs as they are shown, in the order of the queue. `details`: of those that render."""
    rows, turn = [], 0
    for job in jobs:
        turn += job.state == "queued"
        detail = details.get(job.id)
        rate, left, behind = (detail.rate, detail.seconds_left, detail.left_behind) if detail else (None, None, False)
        rows.append(QueueRow(job, turn if job.state == "queued" else 0, rate, left, behind))
    return rows


def what(job: Job) -> str:
    """`v003`, `preview 1001,1020`, `wedge 1016`."""
    return job.version or f"{job.kind} {format_frames(job.frames[:40])}"


def state_of(row: QueueRow) -> str:
    """A job's state in a word or three."""
    if row.left_behind:
        return "left behind"
    if row.job.cancel_requested and row.job.state == "rendering":
        return "stopping"
    return f"waits, no {row.turn}" if row.turn else row.job.state


def queue_line(row: QueueRow, width: int) -> Line:
    """`▶ dream_sh040 v002  rendering  ▓▓▓▓░░░░ 40/84  1.9 f/s  0:24 left  Ana`."""
    job = row.job
    mark: Span = ("!", "warn") if row.left_behind else STATES[job.state]
    sign, style = mark
    wide = 16 if width >= 110 else 6
    who = one_line(job.asked_by.partition(" <")[0], 40)
    who = who if width >= 100 else who.partition(" ")[0]
    speed = f"{row.rate:.1f} f/s" if row.rate and job.state == "rendering" else ""
    left = f"{duration(row.seconds_left)} left" if row.seconds_left is not None else ""
    going: Span = (f" {speed:>8} {left:>10} ", "dim")
    if job.reason and not left:
        going = (f" {one_line(job.reason, 200)} ", "bad" if job.state == "failed" else "dim")
    return (
        (f" {sign} ", style),
        (padded(job.shot, max(10, min(24, width - 64))), ""),
        (f" {job.version or job.kind:<7}" if width < 100 else f" {padded(what(job), 16)}", "bold"),
        (f" {state_of(row):<12}", style),
        (f"{bar(job.done, job.total, wide):<{wide + 9}}", ""),
        going,
        (f"{job.priority:+d} " if job.priority and job.state in ("queued", "rendering") else "", "accent"),
        (who, "dim"),
    )


def duration(seconds: float) -> str:
    """`0:24`, `12:05`, `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def headline(rows: Sequence[QueueRow]) -> str:
    """`Queue · 1 renders · 3 wait · 1 failed · it goes on when you leave`."""
    counts = {state: sum(row.job.state == state for row in rows) for state in STATES}
    parts = [f"{counts[state]} {one if counts[state] == 1 else more}" for state, one, more in _COUNTED if counts[state]]
    goes_on = counts["rendering"] or counts["queued"]
    return " · ".join(["Queue", *(parts or ["nothing to do"]), *(["it goes on when you leave"] if goes_on else [])])


def unserved(count: int) -> str:
    """What to say where jobs wait and nobody does them."""
    waits = "1 job waits" if count == 1 else f"{count} jobs wait"
    return f"{waits} and no worker is alive: w starts one." if count else ""


# one job


def detail_lines(detail: JobDetail, width: int) -> list[Line]:
    """Everything about a job: state, strip of frames, speed and memory, attempts, the end of its log."""
    job = detail.job
    lines: list[Line] = [_title(detail)]
    if job.reason:
        lines += pair("reason", one_line(job.reason, 2000), width, "bad" if job.state == "failed" else "")
    if detail.left_behind:
        lines += pair("worker", "its worker died; another one takes it over, or r queues it again", width, "warn")
    if detail.waits_for:
        lines += pair("waits for", one_line(detail.waits_for, 500), width, "warn")
    lines += strip_lines(detail.frames, width, failed=job.state == "failed", wedge=job.kind == "wedge")
    lines += pair("took", ", ".join(_costs(detail)), width)
    for attempt in reversed(detail.attempts):
        lines += pair(f"attempt {attempt.n}", _attempt(attempt), width, "bad" if attempt.outcome == "died" else "")
    if detail.log:
        lines.append((("log", "dim"), ("  l shows all of it", "dim")))
    return [*lines, *(((f"  {one_line(line, 500)}", "dim"),) for line in detail.log)]


def log_lines(log: Sequence[str], width: int) -> list[Line]:
    """What workers wrote, whole."""
    told = [part for line in log for part in folded(one_line(line, 1000), width)]
    return [((part, ""),) for part in told or ["no worker wrote about it yet"]]


def _title(detail: JobDetail) -> Line:
    job = detail.job
    rate = f"  {detail.rate:.2f} f/s" if detail.rate else ""
    left = f"  {duration(detail.seconds_left)} left" if detail.seconds_left is not None else ""
    asked = f"  asked by {one_line(job.asked_by.partition(' <')[0], 60)} {short_time(job.created)}"
    told = f"{job.state} {job.done}/{job.total}{rate}{left}"
    return ((told, STATES[job.state][1]), (asked, "dim"))


def _costs(detail: JobDetail) -> Iterator[str]:
    """What the newest attempt took, as far as it was measured."""
    yield from (f"{one_line(stage, 40)} {seconds:.1f} s" for stage, seconds in detail.stages.items())
    if detail.peak_memory:
        yield f"at most {detail.peak_memory / 1e9:.1f} GB of memory"
    if not detail.stages and not detail.peak_memory:
        yield "nothing yet"


def _attempt(attempt: Attempt) -> str:
    ended = f" to {short_time(attempt.ended)}" if attempt.ended else ""
    who = f"{one_line(attempt.host, 60)}, process {attempt.pid}"
    outcome = attempt.outcome or "goes on"
    reason = f": {one_line(attempt.reason, 300)}" if attempt.reason else ""
    return f"{outcome}, {attempt.frames} frames, {short_time(attempt.started)}{ended}, {who}{reason}"


def strip_lines(frames: Sequence[JobFrame], width: int, *, failed: bool, wedge: bool) -> list[Line]:
    """A cell a frame, folded to the width, the first and last frame of a line beside it (of a wedge its pictures).

    `█` done, `▒` to do, `·` wanted and nobody works on it, `✕` where a failed job stopped.
    """
    room = max(10, (width - _MARGIN) // 10 * 10)
    stopped = next((n for n, frame in enumerate(frames) if frame.state == "missing"), -1) if failed else -1
    lines: list[Line] = []
    for start in range(0, len(frames), room):
        part = frames[start : start + room]
        cells: list[Span] = [("✕", "bad") if start + n == stopped else _SIGNS[at.state] for n, at in enumerate(part)]
        first, last = (f"#{one.item + 1}" if wedge else str(one.frame) for one in (part[0], part[-1]))
        lines.append(((f"{first:>6} ", "dim"), *merged(cells), (f" {last}" if len(part) > 1 else "", "dim")))
    return lines
