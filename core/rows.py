"""Shots and versions as rows: what lists, strips and the index hold. Light: a screen's first paint imports this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.cut.shot import Shot

NOT_STARTED = "–"


@dataclass(frozen=True, slots=True)
class ShotRow:
    """One line of the shot list."""

    shot: Shot
    status: str
    """Of the newest version: – ip rev rtk apr fin hld omt; or hld, omt of the shot itself."""
    versions: int
    latest: str
    circled: str
    circled_as: str
    """`temp` or `final`."""
    cut_frames: int
    """How long the first cut that shows it shows it: `main`, else by name."""
    open_notes: int
    progress: tuple[int, int] | None
    """Frames done and wanted of the newest version while it is not complete."""
    questions: tuple[str, ...] = ()
    """What two people decided without knowing of each other."""
    by: str = ""
    """Who asked for the newest version."""
    ready: str = ""
    """When the newest version was complete, ISO 8601; empty while it is not."""
    failed: bool = False
    """Whether the newest version's render failed: its job says why."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: what it is, how far, and what people said of it."""

    shot: str
    version: str
    state: str
    """claimed, queued, rendering, complete, failed, cancelled, abandoned; or unreadable: `reason` says why."""
    status: str
    circled: str
    parent: str
    summary: str
    by: str
    at: str
    done: int
    total: int
    notes: int
    reason: str = ""
    ready: str = ""
    """When its record was written, ISO 8601; empty while there is none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits for a review."""

    shot: str
    version: str
    by: str
    ready: str
    """When it was complete, ISO 8601."""
    seconds: float | None
    """How long ago that was; None where its record does not say when."""
    open_notes: int


def in_cut(rows: Iterable[ShotRow], cut: str) -> list[ShotRow]:
    """The rows of the shots that a cut shows, in its order; `cut_frames` counts that cut alone."""
    found = []
    for row in rows:
        uses = [use for use in row.shot.uses if use.cut == cut]
        if uses:
            place = min((use.record, use.track) for use in uses)
            found.append((place, replace(row, cut_frames=sum(use.duration for use in uses))))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def cut_first(rows: Sequence[ShotRow], cut: str) -> list[ShotRow]:
    """Every row: those of a cut as `in_cut` has them, then the others in the order in which they come."""
    others = (row for row in rows if all(use.cut != cut for use in row.shot.uses))
    return [*in_cut(rows, cut), *(replace(row, cut_frames=0) for row in others)]


def dailies(rows: Iterable[ShotRow], now: datetime) -> tuple[Waiting, ...]:
    """What awaits a review at `now` (with a time zone): each shot's newest version while it is `rev`, in cut order."""
    return tuple(
        Waiting(row.shot.id, row.latest, row.by, row.ready, _since(row.ready, now), row.open_notes)
        for row in rows
        if row.status == "rev" and row.progress is None
    )


def _since(iso: str, now: datetime) -> float | None:
    try:
        return (now - datetime.fromisoformat(iso)).total_seconds()
    except (ValueError, TypeError):  # no time, or one without a zone
        return None
