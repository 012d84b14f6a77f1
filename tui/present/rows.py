"""Rows, words and JSON keys for what the core knows. Pure: no Textual, no terminal. Commands and screens share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import RushesError
from core.files import one_line, safe_text
from core.frames import format_frames, format_rate

if TYPE_CHECKING:
    from core.cuts import CutRow
    from core.farm.jobs import Job
    from core.history.events import Entry
    from core.history.review import Note, Review
    from core.rows import ShotRow, VersionRow

STATUS_WORDS: Mapping[str, str] = {
    "–": "not started",
    "ip": "in progress",
    "rev": "pending review",
    "rtk": "retake",
    "apr": "approved",
    "fin": "final",
    "hld": "on hold",
    "omt": "omitted",
}
SHOT_TITLES = ("shot", "status", "versions", "latest", "circled", "cut", "notes", "progress", "plate")
CUT_TITLES = ("cut", "title", "fps", "clips", "shots", "length", "came", "last publish")
VERSION_TITLES = ("version", "state", "status", "circled", "parent", "notes", "by", "when", "summary")
JOB_TITLES = ("job", "what", "shot", "state", "frames", "tries", "asked by")


def circle_mark(version: str, circled_as: str) -> str:
    """`v003`, `v003 temp`, or `v003 ?` where two circles stand against each other."""
    return version if circled_as in ("", "final") else f"{version} {circled_as}"


def bar(done: int, total: int, width: int = 8) -> str:
    """How far, without colour: `▓▓▓░░░░░ 3/8`. Full only when all is done."""
    filled = 0 if total <= 0 else done * width // total
    return f"{'▓' * filled}{'░' * (width - filled)} {done}/{total}"


def cut_cells(row: CutRow) -> tuple[object, ...]:
    """One line of the cuts, under CUT_TITLES."""
    from core.frames import timecode

    came = f"{short_time(row.came)}{f' ({row.turnovers})' if row.turnovers > 1 else ''}"
    rate = format_rate(row.rate)
    length = timecode(row.length, row.rate)
    return row.name, one_line(row.title, 40), rate, row.clips, row.shots, length, came, row.published


def cut_facts(row: CutRow) -> dict[str, Any]:
    """A cut as JSON keeps it; lengths in frames at its own rate."""
    from core.frames import timecode

    return {
        "name": row.name,
        "title": row.title,
        "rate": format_rate(row.rate),
        "clips": row.clips,
        "shots": row.shots,
        "start": timecode(row.start, row.rate),
        "length": timecode(row.length, row.rate),
        "frames": row.length,
        "turnovers": row.turnovers,
        "came": row.came,
        "published": row.published,
        "published_at": row.published_at,
    }


def shot_cells(row: ShotRow) -> tuple[object, ...]:
    """One line of the shot list, under SHOT_TITLES."""
    progress = bar(*row.progress) if row.progress else ""
    plate = row.shot.missing or (f"{row.shot.plate.width}×{row.shot.plate.height}" if row.shot.plate else "missing")
    circled = circle_mark(row.circled, row.circled_as)
    notes = row.open_notes or ""
    return row.shot.id, row.status, row.versions, row.latest, circled, row.cut_frames, notes, progress, plate


def shot_facts(row: ShotRow) -> dict[str, Any]:
    """The same as JSON keeps it."""
    plate = row.shot.plate
    return {
        "id": row.shot.id,
        "status": row.status,
        "versions": row.versions,
        "latest": row.latest,
        "circled": row.circled,
        "circled_as": row.circled_as,
        "range": row.shot.range if plate else None,
        "cut_range": row.shot.cut_range,
        "cut_frames": row.cut_frames,
        "open_notes": row.open_notes,
        "progress": list(row.progress) if row.progress else None,
        "names": sorted({use.name for use in row.shot.uses}),
        "cuts": sorted({use.cut for use in row.shot.uses}),
        "missing": row.shot.missing,
        "source": dict(row.shot.source),
        "plate": plate
        and {
            "path": plate.path,
            "kind": plate.kind,
            "frames": plate.frames,
            "width": plate.width,
            "height": plate.height,
            "rate": format_rate(plate.rate),
            "colour": plate.colour,
            "sha256": plate.sha256,
        },
    }


def version_cells(row: VersionRow) -> tuple[object, ...]:
    """One line of a shot's versions, under VERSION_TITLES."""
    state = row.state if row.state == "complete" else f"{row.state} {row.done}/{row.total}"
    who = row.by.partition(" <")[0]
    summary = one_line(f"{row.summary} — {row.reason}" if row.reason else row.summary)
    when = short_time(row.at)
    return row.version, state, row.status, row.circled, row.parent, row.notes or "", who, when, summary


def job_cells(job: Job) -> tuple[object, ...]:
    """One line of the queue, under JOB_TITLES."""
    what = job.version or f"{job.kind} {format_frames(job.frames[:40])}"
    state = f"{job.state}, stopping" if job.cancel_requested and job.state == "rendering" else job.state
    who = job.asked_by.partition(" <")[0]
    return job.id, what, job.shot, state, bar(job.done, job.total), job.attempts, who


def job_facts(job: Job) -> dict[str, Any]:
    """A job as JSON keeps it; its recipes can be read with `rushes show`."""
    return {
        "id": job.id,
        "kind": job.kind,
        "shot": job.shot,
        "version": job.version,
        "frames": list(job.frames),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "attempts": job.attempts,
        "priority": job.priority,
        "asked_by": job.asked_by,
        "created": job.created,
        "reason": job.reason,
    }


def version_facts(row: VersionRow) -> dict[str, Any]:
    """A version as JSON keeps it."""
    return {
        "shot": row.shot,
        "version": row.version,
        "state": row.state,
        "status": row.status,
        "circled": row.circled,
        "parent": row.parent,
        "summary": row.summary,
        "by": row.by,
        "at": row.at,
        "done": row.done,
        "total": row.total,
        "open_notes": row.notes,
        "reason": row.reason,
    }


def entry_facts(entry: Entry) -> dict[str, Any]:
    """A commit of the diary as JSON keeps it."""
    return {
        "commit": entry.commit,
        "at": entry.at,
        "author": entry.author.name,
        "email": entry.author.email,
        "event": entry.event,
        "subject": entry.subject,
        "trailers": [list(pair) for pair in entry.trailers],
    }


def note_facts(note: Note) -> dict[str, Any]:
    """A note as JSON keeps it."""
    event = note.event
    frames = list(event.frames) if event.frames else None
    return {
        "id": event.id,
        "at": event.at,
        "by": event.by,
        "frames": frames,
        "text": event.text,
        "category": event.category,
        "box": list(event.box) if event.box else None,
        "open": not note.resolved,
        "resolved_by": note.resolved_by,
    }


def note_lines(review: Review, version: str) -> list[str]:
    """A version's notes and what two people decided against each other, one a line."""
    lines = []
    for note in review.of(version).notes:
        event = note.event
        about = f" {event.frames[0]}-{event.frames[1]}" if event.frames else ""
        kind = f" ({event.category})" if event.category else ""
        done = f" (resolved by {note.resolved_by.partition(' <')[0]})" if note.resolved else ""
        lines.append(one_line(f"note{about}{kind}: {event.text}{done} — {event.by.partition(' <')[0]}", 500))
    return [*lines, *(one_line(f"question: {question}", 500) for question in review.questions)]


def record_pairs(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a render record says, in a few lines; `--json` has all of it."""
    width, height = record["size"]
    models = [_model(model) for model in record["models"]]
    reuse = [f"{step} {row['reused']} re-used, {row['made']} made" for step, row in record["reuse"].items()]
    seconds = [f"{stage} {value:.1f} s" for stage, value in record["seconds"].items()]
    numbers = {name: value for name, value in record["measured"].items() if isinstance(value, (int, float))}
    ends = record["promise_end"]
    return [
        ("rendered", f"{record['count']} frames, {width}×{height}, {record['type']}, {record['colour']}"),
        ("models", ", ".join(models)),
        ("steps", ", ".join(reuse)),
        ("time", ", ".join(seconds)),
        ("measured", ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())),
        ("plate", f"changed everywhere from `{ends}` on" if ends else "bit-identical outside the matte"),
    ]


def _model(model: Mapping[str, str]) -> str:
    revision = f" @{model['revision'][:12]}" if model["revision"] else ""
    return f"{model['id']}{revision} ({model['licence'] or 'licence unknown'})"


def share(done: int, total: int) -> str:
    """How far, in nine columns: `▓▓░░  50%`. 100 % only when all is done."""
    part = 0.0 if total <= 0 else done / total
    return f"{'▓' * int(part * 4):░<4} {int(part * 100):>3}%"


def error_text(error: BaseException) -> str:
    """An error in words for a screen: what happened, where, what to do."""
    if isinstance(error, RushesError):
        return safe_text(str(error), keep_newlines=True)
    return f"Something broke: {type(error).__name__}: {one_line(str(error))}. This is a bug; run with --debug."


def short_time(iso: str) -> str:
    """`2025-03-04T10:11:12…` → `03-04 10:11`: enough in a list; JSON has it whole."""
    return f"{iso[5:10]} {iso[11:16]}" if len(iso) >= 16 else iso
