"""Judging: remarks become events in the writer's file and one commit, and what a person did is taken back by events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from core.errors import BadInput, ShowError
from core.farm.jobs import Standing
from core.files import one_line
from core.history.events import Act, new_id
from core.history.git import History
from core.history.review import KINDS, STATUSES, Box, Note, Review, ReviewEvent, append, is_box, read_file, writer
from core.layout import Layout, version_name, version_number
from core.overview import read_recipe, read_review, version_rows

Kind = Literal[
    "note", "approve", "retake", "hold", "omit", "final", "pending", "circle", "resolve", "reopen"
]  # fmt: skip
STATUS: Mapping[str, str] = {
    "approve": "apr",
    "retake": "rtk",
    "hold": "hld",
    "omit": "omt",
    "final": "fin",
    "pending": "rev",
}
CATEGORIES = ("look", "flicker", "matte", "edge", "colour", "continuity", "editorial", "technical")
"""What notes are mostly about; a suggestion, any word will do."""
_OF_A_SHOT = ("hold", "omit", "pending")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that somebody says of a version. Raises BadInput.

    `version`: empty for the shot itself, which can be put on hold, omitted, or neither again (`pending`); and for
    `resolve` and `reopen`, which take the `note` by its id or by a beginning or end of it that is unique.
    `box`: left, top, right, bottom of a part of the picture, as shares of it from 0 to 1. `temp`: of a circle.
    """

    shot: str
    version: str
    kind: Kind
    text: str = ""
    frames: tuple[int, int] | None = None
    temp: bool = False
    box: Box | None = None
    category: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise BadInput(f"Not a kind of remark: {one_line(self.kind)!r}.", todo=f"Use: {', '.join(get_args(Kind))}.")
        if self.kind == "note" and not self.text.strip():
            raise BadInput("The note is empty.", todo="Say what you see: rushes note SHOT vNNN TEXT.")
        if self.box is not None and not is_box(self.box):
            raise BadInput(
                f"Not a part of a picture: {one_line(str(self.box))}.",
                todo="Give left, top, right, bottom from 0 to 1, such as 0.25,0.1,0.5,0.4.",
            )
        if not self.version and self.kind not in (*_OF_A_SHOT, "resolve", "reopen"):
            raise BadInput(f"`{self.kind}` is said of a version.", todo="Name one, such as v003.")


class ShotNote(NamedTuple):
    """A note and what it is on."""

    shot: str
    version: str
    note: Note


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo took back (or a redo brought back)."""

    events: tuple[tuple[str, ReviewEvent], ...]
    """(shot, event)"""
    words: str


Standings = Callable[[str], Iterable[Standing]]


def say(layout: Layout, history: History, standings: Standings, remarks: Sequence[Remark]) -> tuple[ReviewEvent, ...]:
    """Write remarks down: a line each in the writer's file of the shot, and one commit for all of them.

    All are checked before the first is written.

    Raises:
        ShowError: no such version, circling one that is not complete, no such note. BadInput: frames that it has not.
    """
    lines = [(remark.shot, event) for remark in remarks for event in _events(layout, remark, standings)]
    if not lines:
        raise BadInput("There is nothing to say.", todo="Name a version and what you think of it.")
    text = one_line(lines[0][1].text, 100) if len({event.text for _, event in lines}) == 1 else ""
    return _write(layout, history, "review", _subject(lines) + (f": {text}" if text else ""), lines)


def notes(layout: Layout, shots: Iterable[str], *, only_open: bool = False) -> list[ShotNote]:
    """The notes on these shots, by shot and version; those on the shot itself come first."""
    return [
        ShotNote(shot, version, note)
        for shot in shots
        for version, said in sorted(read_review(layout, shot).versions.items())
        for note in said.notes
        if not (only_open and note.resolved)
    ]


def take_back(layout: Layout, history: History, shot: str = "", *, redo: bool = False) -> Undone:
    """Take back what this person did last in this clone, on one shot or (`shot` empty) on any.

    Once more goes further back. `redo` brings back what the last undo took, as long as nothing was said since. What
    was one act (30 approvals) is taken back as one. Raises ShowError where there is nothing.
    """
    own = _own(layout, shot or "*", writer(history.clone_id, history.whoami()))
    known = {event.id: event for _, event in own}
    standing = _standing(own)
    if redo:
        since = max((n for n, (_, event) in enumerate(own) if _is_act(event)), default=-1)
        later = {event.id for _, event in own[since + 1 :]}
        found = [line for line in standing if line[1].id in later and _is_act(known.get(line[1].target))]
    else:
        found = [line for line in standing if _is_act(line[1])]
    if not found:
        what = "Nothing was taken back that could come again" if redo else "You said nothing here that could be undone"
        raise ShowError(f"{what}.", todo="What was said: rushes log.")
    targets = [line for line in standing if line[1].act == found[-1][1].act]
    lines = [(folder, _event("undo", event.version, target=event.id)) for folder, event in targets]
    told = tuple((folder, known[event.target] if redo else event) for folder, event in targets)
    words = f"{_subject(told)}: {'brought back' if redo else 'taken back'}"
    _write(layout, history, "undo", words, lines)
    return Undone(told, words)


# Remarks as events


def _events(layout: Layout, remark: Remark, standings: Standings) -> tuple[ReviewEvent, ...]:
    """The events of a remark, without author, time and place in the order."""
    if remark.kind in ("resolve", "reopen"):
        return _about_note(read_review(layout, remark.shot), remark)
    version = _checked(layout, remark, standings) if remark.version else ""
    status = STATUS.get(remark.kind, "")
    if not version and remark.kind == "pending":
        status = "–"  # a shot that is neither on hold nor omitted is where its newest version is
    extra: dict[str, Any] = {"box": list(remark.box)} if remark.box else {}
    if category := one_line(remark.category, 40):
        extra["category"] = category
    kind = "status" if status else remark.kind
    more = {"frames": remark.frames, "text": remark.text, "status": status, "temp": remark.temp, "extra": extra}
    return (_event(kind, version, **more),)


def _checked(layout: Layout, remark: Remark, standings: Standings) -> str:
    """The version's name, where the remark can be made of it."""
    version = version_name(version_number(remark.version))
    _, recipe = read_recipe(layout, remark.shot, version)
    frames, has = remark.frames, recipe.frames
    if frames and not (frames[0] in has and frames[1] in has):
        raise BadInput(f"Frames {frames[0]}-{frames[1]} are not in {version}.", todo=f"It has {has}.")
    if remark.kind == "circle":
        rows = version_rows(layout, remark.shot, standings(remark.shot))
        state = next(row.state for row in rows if row.version == version)
        if state != "complete":
            raise ShowError(f"{remark.shot} {version} is {state}, not complete.", todo="Circle it when it is rendered.")
    return version


def _about_note(review: Review, remark: Remark) -> tuple[ReviewEvent, ...]:
    """A resolve of a note, or the undoing of all that resolved it."""
    version, note = _note(review, remark)
    if note.resolved == (remark.kind == "resolve"):
        raise ShowError(f"This note is {'resolved' if note.resolved else 'open'} already.", where=remark.shot)
    if remark.kind == "resolve":
        return (_event("resolve", version, text=remark.text, target=note.event.id),)
    extra = {"reopens": note.event.id}
    return tuple(_event("undo", version, text=remark.text, target=event.id, extra=extra) for event in note.closed)


def _note(review: Review, remark: Remark) -> tuple[str, Note]:
    """The one note that a remark names."""
    wanted = remark.note.strip().upper()
    every = [(version, note) for version, said in review.versions.items() for note in said.notes]
    ids = [note.event.id for _, note in every]
    found = [n for n, name in enumerate(ids) if wanted and (name.startswith(wanted) or name.endswith(wanted))]
    if len(found) != 1:
        what = "Several notes are" if found else "There is no note"
        todo = f"See them: rushes notes {remark.shot}."
        raise ShowError(f"{what} {one_line(remark.note)!r} on {remark.shot}.", todo=todo)
    return every[found[0]]


def _event(kind: str, version: str, **more: Any) -> ReviewEvent:
    return ReviewEvent(kind, "", "", version, **more)


# Writing

Line = tuple[str, ReviewEvent]
"""A shot, and an event in its review."""


def _write(
    layout: Layout, history: History, event: str, subject: str, lines: Sequence[Line]
) -> tuple[ReviewEvent, ...]:
    """Append events to the writer's files, each after all that its shot has seen, and commit them as one act."""
    who, at = history.whoami(), datetime.now(UTC).isoformat(timespec="seconds")
    name = writer(history.clone_id, who)
    common = {"act": new_id()} if len(lines) > 1 else {}
    heads = {shot: read_review(layout, shot).heads for shot, _ in lines}
    made: list[ReviewEvent] = []
    for shot, bare in lines:
        said = replace(bare, by=str(who), at=at, after=heads[shot], extra={**bare.extra, **common})
        append(layout.review(shot, name), said)
        heads[shot] = (said.id,)
        made.append(said)
    about = dict.fromkeys((shot, said.version) for shot, said in lines)
    trailers = [(("Rushes-Shot", shot), ("Rushes-Version", version)) for shot, version in about]
    history.commit(
        Act(
            event=event,
            subject=subject,
            paths=tuple(layout.review(shot, name).relative_to(layout.root).as_posix() for shot in heads),
            trailers=tuple(trailer for pair in trailers for trailer in pair if trailer[1]),
        )
    )
    return tuple(made)


def _subject(lines: Sequence[Line]) -> str:
    """What events say, on one line: `sq010_sh0010 v003: approved`, or of several the first two and how many more."""
    said = list(dict.fromkeys((f"{shot} {event.version}".strip(), _phrase(event)) for shot, event in lines))
    if len({phrase for _, phrase in said}) == 1:
        names = ", ".join(name for name, _ in said[:2]) + (f" and {len(said) - 2} more" if len(said) > 2 else "")
        return f"{names}: {said[0][1]}"
    first = "; ".join(f"{name}: {phrase}" for name, phrase in said[:2])
    return first + (f" and {len(said) - 2} more" if len(said) > 2 else "")


def _phrase(event: ReviewEvent) -> str:
    if event.kind == "status":
        return STATUSES[event.status]
    if event.kind == "circle":
        return f"circled as {'temp' if event.temp else 'final'}"
    return {"resolve": "note resolved", "undo": "note opened again"}.get(event.kind, event.kind)


# What a person did


def _own(layout: Layout, shots: str, name: str) -> list[Line]:
    """A writer's events on the shots that a glob names, in the order in which they were made.

    Ids sort by time, but a clock may have been set back: within a file the order of its lines counts.
    """
    rows: list[tuple[str, int, str, ReviewEvent]] = []
    for path in layout.shots.glob(f"{shots}/review/{name}.jsonl"):
        latest = ""
        for n, event in enumerate(read_file(path).events):
            latest = max(latest, event.id)
            rows.append((latest, n, path.parents[1].name, event))
    return [(shot, event) for _, _, shot, event in sorted(rows, key=lambda row: row[:3])]


def _standing(lines: Sequence[Line]) -> list[Line]:
    """Without what the writer took back; undos that stand are among them."""
    gone: set[str] = set()
    for _, event in reversed(lines):
        if event.kind == "undo" and event.id not in gone:
            gone.add(event.target)
    return [line for line in lines if line[1].id not in gone]


def _is_act(event: ReviewEvent | None) -> bool:
    """Whether an event does something, rather than take back what was done."""
    if event is None:
        return False
    return event.kind in KINDS and (event.kind != "undo" or "reopens" in event.extra)
