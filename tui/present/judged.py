"""What was said of versions, in words, cells and JSON keys: notes, what waits, what was just done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.files import one_line
from tui.present.rows import STATUS_WORDS, note_facts, short_time

if TYPE_CHECKING:
    from core.history.review import ReviewEvent
    from core.reviewing import ShotNote
    from core.rows import Waiting

NOTE_TITLES = ("note", "shot", "version", "frames", "about", "by", "when", "text", "resolved by")
WAITING_TITLES = ("shot", "version", "by", "ready", "waits", "notes")


def done(event: ReviewEvent) -> str:
    """What was just done, as a command says it."""
    if event.kind == "status":
        return {"apr": "approved", "rtk": "sent back"}.get(event.status, f"is {STATUS_WORDS[event.status]}")
    if event.kind == "circle":
        return f"circled{' as temp' if event.temp else ''}"
    return {"note": f"noted ({event.id[-6:]})", "resolve": "note resolved", "undo": "note opened again"}[event.kind]


def shot_note_cells(found: ShotNote) -> tuple[object, ...]:
    """One line of the notes, under NOTE_TITLES; the id's end is enough to name it."""
    event = found.note.event
    frames = f"{event.frames[0]}-{event.frames[1]}" if event.frames else ""
    by, closed = event.by.partition(" <")[0], found.note.resolved_by.partition(" <")[0]
    about = f"{event.category}{' ▢' if event.box else ''}".strip()
    when = short_time(event.at)
    return event.id[-6:], found.shot, found.version, frames, about, by, when, one_line(event.text), closed


def shot_note_facts(found: ShotNote) -> dict[str, Any]:
    """The same as JSON keeps it."""
    return {"shot": found.shot, "version": found.version, **note_facts(found.note)}


def waiting_cells(one: Waiting) -> tuple[object, ...]:
    """One line of the dailies, under WAITING_TITLES."""
    who = one.by.partition(" <")[0]
    return one.shot, one.version, who, short_time(one.ready), age(one.seconds), one.open_notes or ""


def age(seconds: float | None) -> str:
    """How long, in the unit that says most: `5 min`, `3 h`, `2 d`; empty where nobody knows."""
    if seconds is None:
        return ""
    minutes = max(0, int(seconds)) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
