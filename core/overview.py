"""What there is, in rows: shots, versions, how far each is. Read from text files and the ledger; renders nothing."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.cut.shots import Shot, read_shot
from core.errors import ShowError
from core.files import one_line, safe_name
from core.history.review import Review, fold, read_events
from core.layout import MAIN, Layout, version_number
from core.recipe.model import Recipe
from core.recipe.text import parse
from core.rows import NOT_STARTED, ShotRow, VersionRow

if TYPE_CHECKING:
    from core.farm.jobs import Standing


_OF_A_SHOT = ("hld", "omt")
"""Statuses that a shot itself can have; they hold whatever is made of it."""


def read_shots(layout: Layout) -> dict[str, Shot]:
    """Every shot of the show by id, in the order of the cut. Raises ShowError for one that cannot be read."""
    return in_cut_order(read_shot(path) for path in sorted(layout.shots.glob("*/shot.toml")))


def find_shot(layout: Layout, shot: str) -> Shot | None:
    """The shot with exactly this id, read alone; None where there is none. Raises ShowError: it cannot be read."""
    path = layout.shot(shot)
    if safe_name(shot) != shot or not path.is_file():
        return None
    found = read_shot(path)
    return found if found.id == shot else None


def in_cut_order(shots: Iterable[Shot]) -> dict[str, Shot]:
    """Shots by id, in the order in which the main cut shows them, then each other cut; those of none come last."""
    shots = list(shots)
    order = {
        shot.id: min(
            ((use.cut != MAIN, use.cut, use.record, use.track) for use in shot.uses), default=(True, "~", 0, "")
        )
        for shot in shots
    }
    return {shot.id: shot for shot in sorted(shots, key=lambda shot: (order[shot.id], shot.id))}


def version_names(layout: Layout, shot: str) -> list[str]:
    """The versions whose recipes are there, oldest first."""
    names = (path.stem for path in layout.shot(shot).parent.glob("v*.toml"))
    return sorted((name for name in names if re.fullmatch(r"v\d{3,6}", name) and int(name[1:])), key=version_number)


def read_review(layout: Layout, shot: str) -> Review:
    """What was said of a shot's versions, folded from every writer's file."""
    return fold(read_events(layout.reviews(shot)).events)


def read_record(layout: Layout, shot: str, version: str) -> dict[str, Any] | None:
    """The render record as plain values, or None while there is none. Raises ShowError where it cannot be read."""
    path = layout.record(shot, version)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("not a record")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ShowError(
            f"The render record cannot be read: {error}.", where=str(path), todo="Run `rushes verify`."
        ) from error
    return record


def read_recipe(layout: Layout, shot: str, version: str) -> tuple[str, Recipe]:
    """A version's recipe: its text and what it says. Raises ShowError (missing, no text) and RecipeError."""
    path = layout.recipe(shot, version)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = ", ".join(version_names(layout, shot)) or "none"
        raise ShowError(f"{shot} has no {version}.", todo=f"Versions of {shot}: {known}.") from None
    except (OSError, UnicodeDecodeError) as error:
        todo = "Run `rushes verify`; git has the recipe as it was: git checkout HEAD -- FILE."
        raise ShowError(f"The recipe cannot be read: {one_line(str(error))}.", where=str(path), todo=todo) from error
    return text, parse(text, str(path))


def version_rows(layout: Layout, shot: str, standings: Iterable[Standing]) -> list[VersionRow]:
    """A shot's versions, oldest first."""
    return _version_rows(layout, shot, standings, read_review(layout, shot))


def _version_rows(layout: Layout, shot: str, standings: Iterable[Standing], review: Review) -> list[VersionRow]:
    by_version = {job.version: job for job in standings if job.shot == shot}
    return [_version_row(layout, shot, name, by_version.get(name), review) for name in version_names(layout, shot)]


def _version_row(layout: Layout, shot: str, version: str, job: Standing | None, review: Review) -> VersionRow:
    try:  # one bad file must not hide the rest of the show
        head, record = _recipe_head(layout, shot, version), read_record(layout, shot, version)
        first, last = head.get("range") or (1, 0)
        total, made = int(last) - int(first) + 1, int(record["count"]) if record is not None else 0
    except (ShowError, KeyError, TypeError, ValueError) as error:
        return _unreadable(shot, version, error)
    state, done = ("claimed", 0) if job is None else (job.state, job.done)
    if record is not None:
        state = "abandoned" if record.get("state") == "abandoned" else "complete"
        done = made
    said = review.of(version)
    status = said.status if said.status != NOT_STARTED else ("rev" if state == "complete" else "ip")
    circle = review.circle if review.circle and review.circle.version == version else None
    return VersionRow(
        shot=shot, version=version, state=state, status=status,
        circled="" if circle is None else "temp" if circle.temp else "final",
        parent=str(head.get("parent", "")), summary=one_line(str(head.get("summary", ""))),
        by=one_line(job.asked_by if job else str((record or {}).get("asked_by", ""))),
        at=job.created if job else str((record or {}).get("at", "")),
        done=done, total=total, notes=said.open_notes,
        reason=one_line(job.reason) if job and state != "complete" else "",
        ready=one_line(str((record or {}).get("at", ""))) if state == "complete" else "",
    )  # fmt: skip


def _unreadable(shot: str, version: str, error: Exception) -> VersionRow:
    where = f" {error.where}" if isinstance(error, ShowError) else ""
    reason = one_line(f"{error.what if isinstance(error, ShowError) else 'Its record is damaged.'}{where}")
    return VersionRow(shot, version, "unreadable", NOT_STARTED, "", "", "", "", "", 0, 0, 0, reason)


def _recipe_head(layout: Layout, shot: str, version: str) -> Mapping[str, Any]:
    """A recipe's top-level values without its steps: lists stay quick however long the recipes are."""
    import tomllib

    path = layout.recipe(shot, version)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ShowError(
            f"The recipe cannot be read: {one_line(str(error))}.", where=str(path), todo="Run `rushes verify`."
        ) from error


def shot_row(layout: Layout, shot: Shot, standings: Sequence[Standing]) -> ShotRow:
    """One line of the shot list, from the shot's own files and its jobs."""
    review = read_review(layout, shot.id)
    rows = _version_rows(layout, shot.id, standings, review)
    newest = rows[-1] if rows else None
    circled = next((row for row in reversed(rows) if row.circled), None)
    own = review.of("").status
    first = min((use.cut for use in shot.uses), key=lambda cut: (cut != MAIN, cut), default=MAIN)
    working = newest is not None and newest.state in ("claimed", "queued", "rendering", "failed", "cancelled")
    return ShotRow(
        shot=shot,
        status=own if own in _OF_A_SHOT else newest.status if newest else NOT_STARTED,
        versions=len(rows),
        latest=newest.version if newest else "",
        circled=circled.version if circled else "",
        circled_as=circled.circled if circled else "",
        cut_frames=sum(use.duration for use in shot.uses if use.cut == first),
        open_notes=sum(row.notes for row in rows),
        progress=(newest.done, newest.total) if newest and working else None,
        questions=review.questions,
        by=newest.by if newest else "",
        ready=newest.ready if newest else "",
        failed=newest is not None and newest.state == "failed",
    )


def select(rows: Iterable[ShotRow], patterns: Sequence[str]) -> list[str]:
    """Ids that match any glob and every filter (`status:rtk`, `circled:no`, `versions:0`, `cut:reel2`), in cut order.

    Raises:
        ShowError: a pattern or filter that matches nothing, or an unknown filter.
    """
    rows = list(rows)
    filters = [pattern for pattern in patterns if ":" in pattern]
    globs = [pattern for pattern in patterns if ":" not in pattern] or ["*"]
    kept = [row for row in rows if all(_passes(row, rule) for rule in filters)]
    chosen: set[str] = set()
    for glob in globs:
        matches = {row.shot.id for row in kept if fnmatch.fnmatchcase(row.shot.id.lower(), glob.lower())}
        if not matches:
            known = ", ".join(row.shot.id for row in rows[:8]) + (" …" if len(rows) > 8 else "")
            raise ShowError(
                f"No shot matches {' '.join(map(one_line, patterns))!r}.", todo=f"Shots here: {known or 'none'}."
            )
        chosen |= matches
    return [row.shot.id for row in rows if row.shot.id in chosen]


def _passes(row: ShotRow, rule: str) -> bool:
    key, _, wanted = rule.partition(":")
    facts = {
        "status": {row.status, *(["none"] if row.status == NOT_STARTED else [])},
        "circled": {"yes" if row.circled else "no"},
        "versions": {str(row.versions)},
        "cut": {use.cut for use in row.shot.uses} or {"none"},
    }
    if key not in facts:
        raise ShowError(
            f"Unknown filter {one_line(rule)!r}.", todo=f"Filters: {', '.join(f'{name}:…' for name in facts)}."
        )
    return wanted in facts[key]
