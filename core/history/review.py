"""Notes, statuses and circles as append-only events, and the state that they fold to.

Each writer (a person in a clone) has a file of its own, so git never merges one. An event names the events its author
had seen (`after`); that order, then the id, decides everything: never a clock, a line number or the order of a merge.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.files import append_line, kept_text, one_line, safe_name
from core.history.events import Person, is_id, new_id

SCHEMA = 1
Box = tuple[float, float, float, float]
STATUSES: Mapping[str, str] = {
    "–": "not started",
    "ip": "in progress",
    "rev": "waiting for review",
    "rtk": "retake",
    "apr": "approved",
    "fin": "final",
    "hld": "on hold",
    "omt": "omitted",
}
KINDS = ("note", "status", "circle", "resolve", "undo")
_ALWAYS = ("schema", "id", "at", "by", "kind", "version", "frames", "text", "after")
_SOMETIMES = ("status", "temp", "target")


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One line of a review file.

    `version`: `v003`, or empty for the shot itself. `frames`: first and last shot frame. `after`: ids its author had
    seen (the heads are enough). `status`: for kind status. `temp`: a circle that is not final. `target`: the note that
    a resolve closes, the event that an undo takes back. `extra`: further fields, kept whoever wrote them; ours are
    `box`, `category` and `act` (see the properties), `reopens` (the note that an undo of a resolve opens again).
    Raises BadInput.

    A `kind` that this version does not know is allowed: it keeps its place in the order and changes nothing.
    """

    kind: str
    by: str
    at: str
    version: str = ""
    frames: tuple[int, int] | None = None
    text: str = ""
    status: str = ""
    temp: bool = False
    target: str = ""
    after: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", kept_text(self.text, keep_newlines=True))
        for key in ("kind", "by", "at"):
            object.__setattr__(self, key, one_line(getattr(self, key)))
        if self.kind == "status" and self.status not in STATUSES:
            raise BadInput(f"Not a status: {one_line(self.status)!r}.", todo=f"Allowed: {', '.join(STATUSES)}.")
        if not re.fullmatch(r"(v\d{3,6})?", self.version) or (self.kind == "circle" and not self.version):
            raise BadInput(f"Not a version: {one_line(self.version)!r}.", todo="Versions are named v001, v002 …")
        if self.frames is not None and self.frames[0] > self.frames[1]:
            raise BadInput(f"These frames end before they start: {self.frames[0]}-{self.frames[1]}.")
        if self.kind in ("resolve", "undo") and not is_id(self.target):
            raise BadInput(f"Not the id of a review event: {one_line(self.target)!r}.")
        if not all(map(is_id, (self.id, *self.after))):
            raise BadInput("A review event and the events before it are named by ULIDs.")

    @property
    def box(self) -> Box | None:
        """The part of the picture that it is about: left, top, right, bottom as shares of it, 0 to 1 from top left."""
        found: Any = self.extra.get("box")
        return (found[0], found[1], found[2], found[3]) if is_box(found) else None

    @property
    def category(self) -> str:
        """What kind of thing it is about, in a word or two; empty for none."""
        return one_line(str(self.extra.get("category") or ""), 40)

    @property
    def act(self) -> str:
        """What the events of one act have in common where there were several; an event alone is its own act."""
        found = self.extra.get("act")
        return found if is_id(found) and isinstance(found, str) else self.id

    def line(self) -> str:
        """The event as one line of JSON, without its newline."""
        data: dict[str, Any] = {"schema": SCHEMA, **{key: getattr(self, key) for key in _ALWAYS[1:]}}
        data |= {key: value for key in _SOMETIMES if (value := getattr(self, key))}
        return json.dumps(data | dict(self.extra), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Events:
    """What the review files of one shot hold. `unreadable`: lines that were skipped; they stay in their files."""

    events: tuple[ReviewEvent, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that was not taken back."""

    event: ReviewEvent
    closed: tuple[ReviewEvent, ...] = ()
    """What resolved it, in causal order; opening it again takes all of these back."""

    @property
    def resolved(self) -> bool:
        return bool(self.closed)

    @property
    def resolved_by(self) -> str:
        """`Name <mail>`; empty while it is open."""
        return self.closed[-1].by if self.closed else ""


@dataclass(frozen=True, slots=True)
class VersionReview:
    """The review of one version. `status` is a key of STATUSES."""

    status: str = "–"
    notes: tuple[Note, ...] = ()

    @property
    def open_notes(self) -> int:
        return sum(not note.resolved for note in self.notes)


@dataclass(frozen=True, slots=True)
class Review:
    """The state of a shot's review. `versions` has an entry for every version with an event, `""` for the shot itself.

    `circle`: the event that chose the version for editorial; None while there is none or more than one.
    `questions`: what two people decided without knowing of each other; somebody has to answer.
    `heads`: what a next event gives as its `after`.
    """

    versions: Mapping[str, VersionReview] = field(default_factory=dict)
    circle: ReviewEvent | None = None
    questions: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()

    def of(self, version: str) -> VersionReview:
        return self.versions.get(version, VersionReview())


def is_box(value: object) -> bool:
    """Whether these are left, top, right, bottom of a part of a picture, as shares of it."""
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return False
    if any(isinstance(share, bool) or not isinstance(share, (int, float)) for share in value):
        return False
    left, top, right, bottom = value
    return bool(0 <= left < right <= 1 and 0 <= top < bottom <= 1)


def writer(clone: str, person: Person) -> str:
    """The name of a person's review file in this clone (without `.jsonl`)."""
    return safe_name(f"{clone}_{person.email or person.name}")


def append(path: Path, event: ReviewEvent) -> None:
    """Add an event to its writer's file: one whole line, on disk when this returns. Raises DiskFull, Broken."""
    append_line(path, event.line())


def read_events(folder: Path) -> Events:
    """Every event in a shot's `review` folder (in no order that matters); a folder that is not there is empty."""
    files = [read_file(path) for path in sorted(folder.glob("*.jsonl"))]
    return Events(tuple(event for file in files for event in file.events), sum(file.unreadable for file in files))


def read_file(path: Path) -> Events:
    """The events of one writer, in the order in which they were written. Raises OSError as `open` does."""
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    events = tuple(event for line in lines if (event := parse_line(line)) is not None)
    return Events(events, len(lines) - len(events))


def parse_line(line: bytes | str) -> ReviewEvent | None:
    """The event in a line, or None: torn, damaged, or written by a newer schema."""
    try:
        data = json.loads(line)
        if data["schema"] != SCHEMA:
            return None
        frames = data["frames"]
        event = ReviewEvent(
            **{key: _text(data[key]) for key in ("kind", "by", "at", "version", "text", "id")},
            **{key: _text(data.get(key, "")) for key in ("status", "target")},
            temp=data.get("temp", False) is True,
            frames=None if frames is None else (_frame(frames[0]), _frame(frames[1])),
            after=tuple(data["after"]),
            extra={key: value for key, value in data.items() if key not in (*_ALWAYS, *_SOMETIMES)},
        )
        event.line()  # extra fields that JSON cannot hold again (NaN) are no JSON
        return event
    except (BadInput, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _frame(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("not a frame")
    return value


# The fold


class _Order:
    """Events in one causal order, ties by id, and who had seen whom."""

    def __init__(self, events: Iterable[ReviewEvent]) -> None:
        self.twice: set[str] = set()
        unique: dict[str, ReviewEvent] = {}
        for event in events:
            other = unique.get(event.id, event)
            if other != event:
                self.twice.add(event.id)
            unique[event.id] = min(event, other, key=ReviewEvent.line)
        self.events = _sorted(unique)
        self._place = {event.id: n for n, event in enumerate(self.events)}
        self._seen: list[int] = []  # per event a bit set of the places it comes after
        for n, event in enumerate(self.events):
            before = [place for name in event.after if (place := self._place.get(name, n)) < n]
            seen = 0
            for place in before:
                seen |= self._seen[place] | 1 << place
            self._seen.append(seen)

    def latest(self, events: Sequence[ReviewEvent]) -> list[ReviewEvent]:
        """Those of `events` that none of the others comes after."""
        seen = 0
        for event in events:
            seen |= self._seen[self._place[event.id]]
        return [event for event in events if not seen >> self._place[event.id] & 1]

    def standing(self) -> list[ReviewEvent]:
        """The events that no undo took back. An undo can be taken back itself."""
        gone: set[str] = set()
        for event in reversed(self.events):
            if event.kind == "undo" and event.id not in gone:
                gone.add(event.target)
        return [event for event in self.events if event.id not in gone and event.kind != "undo"]


def _sorted(events: Mapping[str, ReviewEvent]) -> list[ReviewEvent]:
    """Topological by `after`, ties by id. A circle in `after` (damage) is cut at its smallest id."""
    waits = {name: {other for other in event.after if other in events} - {name} for name, event in events.items()}
    followers: dict[str, list[str]] = {}
    for name, others in waits.items():
        for other in others:
            followers.setdefault(other, []).append(name)
    ready = [name for name, others in waits.items() if not others]
    heapq.heapify(ready)
    order: list[ReviewEvent] = []
    while waits:
        name = heapq.heappop(ready) if ready else min(waits)
        if waits.pop(name, None) is None:
            continue
        order.append(events[name])
        for follower in followers.get(name, ()):
            if follower in waits:
                waits[follower].discard(name)
                if not waits[follower]:
                    heapq.heappush(ready, follower)
    return order


def fold(events: Iterable[ReviewEvent]) -> Review:
    """The state that events add up to: the same for any order, grouping or repetition of them."""
    order = _Order(events)
    standing = order.standing()
    questions = [f"Two different events have the id {name}; one was ignored." for name in sorted(order.twice)]
    versions: dict[str, VersionReview] = {}
    for version in sorted({event.version for event in order.events if event.kind in KINDS}):
        status, doubt = _status(version, [event for event in standing if event.version == version], order)
        questions += doubt
        versions[version] = VersionReview(status, _notes(version, standing))
    circle, doubt = _circle(standing, order)
    heads = tuple(event.id for event in order.latest(order.events))
    return Review(versions, circle, (*questions, *doubt), heads)


def _notes(version: str, standing: Sequence[ReviewEvent]) -> tuple[Note, ...]:
    closed: dict[str, tuple[ReviewEvent, ...]] = {}
    for event in standing:
        if event.kind == "resolve":
            closed[event.target] = (*closed.get(event.target, ()), event)
    notes = (event for event in standing if event.kind == "note" and event.version == version)
    return tuple(Note(event, closed.get(event.id, ())) for event in notes)


def _status(version: str, events: Sequence[ReviewEvent], order: _Order) -> tuple[str, list[str]]:
    """The last status in causal order; statuses that did not know of each other and differ are a question too."""
    latest = order.latest([event for event in events if event.kind == "status"])
    if len({event.status for event in latest}) < 2:
        return (latest[-1].status if latest else "–"), []
    said = ", ".join(f"{event.status} by {event.by}" for event in latest)
    return latest[-1].status, [f"{version or 'The shot'} has statuses that did not know of each other: {said}."]


def _circle(standing: Sequence[ReviewEvent], order: _Order) -> tuple[ReviewEvent | None, list[str]]:
    """The circle of the shot. Circles that did not know of each other and differ are a question without a winner."""
    latest = order.latest([event for event in standing if event.kind == "circle"])
    if len({(event.version, event.temp) for event in latest}) < 2:
        return (latest[-1] if latest else None), []
    said = ", ".join(f"{event.version}{' (temp)' if event.temp else ''} by {event.by}" for event in latest)
    return None, [f"Circles did not know of each other: {said}. Circle one of them again."]
