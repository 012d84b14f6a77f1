"""Acts and the commit messages that tell them: subject, body, trailers. One line stays one line, whatever was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import lru_cache
from typing import NamedTuple

from core.errors import BadInput
from core.files import one_line, safe_text

EVENTS = (
    "turnover", "recipe", "render", "wedge", "review", "conform",
    "relink", "publish", "import", "verify", "undo", "gc",
)  # fmt: skip
EVENT, SHOT, VERSION, PARENT, RECIPE = (
    "Rushes-Event", "Rushes-Shot", "Rushes-Version", "Rushes-Parent", "Rushes-Recipe",
)  # fmt: skip
ACT, SUBJECT, BY = "Rushes-Act", "Rushes-Subject", "Rushes-By"
"""Written by `message`: the act's id; where one commit holds several acts, each one's subject and other author."""

_OURS = {EVENT, ACT, SUBJECT, BY}
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_TRAILER = re.compile(rf"({_KEY.pattern}): ?(.*)")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_VALUE = 2000


def new_id() -> str:
    """A new ULID: 26 characters that sort by time, rising within one process."""
    from ulid import ULID

    return str(ULID())


def is_id(text: object) -> bool:
    return isinstance(text, str) and _ULID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something. Cleaned as git cleans a name, so that what is written is what is read back."""

    name: str
    email: str = ""

    def __post_init__(self) -> None:
        for key in ("name", "email"):
            value = re.sub(r"[<>]", "", one_line(getattr(self, key))).strip(" .,:;\"\\'")
            object.__setattr__(self, key, value)
        if not self.name:
            object.__setattr__(self, "name", self.email or "unknown")

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @classmethod
    def parse(cls, text: str) -> Person:
        """From `Name <mail>`; text without a mail is a name."""
        name, _, email = text.partition("<")
        return cls(name, email.partition(">")[0])


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did, and the files that hold it.

    `paths`: relative to the show's root, posix, at least one. `trailers`: further facts in order (Rushes-Shot …), keys
    may repeat. `by`: None means whoever git says this user is. `needs`: files that the branch must hold already; the
    act waits while another one is checked out. Raises ValueError for an event that is not in the vocabulary, a key that
    is no trailer or is one of ours, a path that leaves the show.
    """

    event: str
    subject: str
    paths: tuple[str, ...]
    trailers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    by: Person | None = None
    id: str = field(default_factory=new_id)
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.event not in EVENTS:
            raise ValueError(f"unknown event {self.event!r}; allowed: {', '.join(EVENTS)}")
        if not is_id(self.id):
            raise ValueError(f"not a ULID: {self.id!r}")
        if not self.paths:
            raise ValueError("an act without a file cannot be committed")
        for path in (*self.paths, *self.needs):
            if path.startswith("/") or {"", ".", "..", ".git"} & set(path.split("/")) or safe_text(path) != path:
                raise ValueError(f"not a path inside the show: {path!r}")
        for key, _ in self.trailers:
            if not _KEY.fullmatch(key) or key in _OURS:
                raise ValueError(f"not a trailer of an act: {key!r}")
        clean = {
            "subject": one_line(self.subject) or self.event,
            "body": safe_text(self.body, keep_newlines=True).strip(),
            "trailers": tuple((key, one_line(value, _VALUE)) for key, value in self.trailers),
        }
        for key, value in clean.items():
            object.__setattr__(self, key, value)


class Message(NamedTuple):
    """A commit message taken apart. `trailers` is flat: every act starts with its Rushes-Event."""

    subject: str
    body: str
    trailers: tuple[tuple[str, str], ...]


class Told(NamedTuple):
    """An act as a commit tells it."""

    id: str
    event: str
    subject: str
    trailers: tuple[tuple[str, str], ...]
    by: Person

    def get(self, key: str) -> str:
        return next((value for name, value in self.trailers if name == key), "")


class Entry(NamedTuple):
    """One commit of the show's history, as git gave it. It is taken apart where it is looked at: a history has tens of
    thousands, a screen shows fifty. A commit that rushes did not make has no trailers and no event.
    """

    commit: str
    name: str
    email: str
    at: str
    """Author date, ISO 8601 with offset."""
    raw: str
    """The message, untrusted. Everything below is safe to show."""

    @property
    def author(self) -> Person:
        return Person(self.name, self.email)

    @property
    def subject(self) -> str:
        return parse_message(self.raw).subject

    @property
    def body(self) -> str:
        return parse_message(self.raw).body

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        return parse_message(self.raw).trailers

    @property
    def event(self) -> str:
        """The first act's event, or an empty string."""
        return self.get(EVENT)

    def get(self, key: str) -> str:
        """The first trailer of that name, or an empty string."""
        return next((value for name, value in self.trailers if name == key), "")

    @property
    def acts(self) -> tuple[Told, ...]:
        """The acts that this commit records, in order."""
        rows = self.trailers
        starts = [n for n, (key, _) in enumerate(rows) if key == EVENT]
        return tuple(self._told(rows[start:end]) for start, end in zip(starts, [*starts[1:], len(rows)], strict=False))

    def _told(self, rows: tuple[tuple[str, str], ...]) -> Told:
        own = {key: value for key, value in rows if key in _OURS}
        return Told(
            id=own.get(ACT, ""),
            event=own[EVENT],
            subject=own.get(SUBJECT, self.subject),
            trailers=tuple(row for row in rows if row[0] not in _OURS),
            by=Person.parse(own[BY]) if BY in own else self.author,
        )


def message(acts: Sequence[Act]) -> str:
    """The commit message of one act, or of several that go into one commit (their trailers follow each other)."""
    first, several = acts[0], len(acts) > 1
    subject = f"{one_line(first.subject, 170)} (and {len(acts) - 1} more)" if several else first.subject
    lines: list[str] = []
    for act in acts:
        rows = [(EVENT, act.event), *act.trailers, (ACT, act.id)]
        if several:
            rows.append((SUBJECT, act.subject))
        if act.by != first.by and act.by is not None:
            rows.append((BY, str(act.by)))
        lines += [f"{key}: {value}" for key, value in rows]
    paragraphs = [subject, *(act.body for act in acts if act.body), "\n".join(lines)]
    return "\n\n".join(paragraphs) + "\n"


@lru_cache(maxsize=1024)
def parse_message(raw: str) -> Message:
    """Take a raw commit body apart, ours or anybody's; never fails, and what comes out is safe to show.

    The trailers are the last paragraph that starts with Rushes-Event, and what hooks put after it. A typed body that
    looks like trailers stays body: ours are always below it.
    """
    head, _, rest = safe_text(raw, keep_newlines=True).strip("\n").partition("\n\n")
    paragraphs = rest.split("\n\n")
    start = max((n for n, text in enumerate(paragraphs) if text.startswith(f"{EVENT}: ")), default=len(paragraphs))
    found = (_TRAILER.fullmatch(line) for text in paragraphs[start:] for line in text.split("\n"))
    trailers = tuple((match[1], match[2].strip()) for match in found if match)
    return Message(one_line(head), "\n\n".join(paragraphs[:start]).strip(), trailers)


def matching(
    entries: Iterable[Entry],
    who: str = "",
    event: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """The entries that pass every filter given, in their order.

    `who`: a part of the name or address of whoever committed or did one of the acts. `event`: of any of the acts.
    `since`, `until`: moments with a time zone, both included; a commit whose date nobody can read passes neither.
    """
    return [
        entry
        for entry in entries
        if (not who or _by(entry, who.casefold()))
        and (not event or any(act.event == event for act in entry.acts))
        and ((since is None and until is None) or _between(entry.at, since, until))
    ]


def moment(text: str, *, end: bool = False) -> datetime:
    """A day or a time as typed, in this machine's time zone unless it names one; a day's `end` is its last moment.

    Raises BadInput.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        todo = "Write it like 2026-01-05 or 2026-01-05T18:30."
        raise BadInput(f"Not a date: {one_line(text, 40)!r}.", todo=todo) from None
    if end and re.fullmatch(r"[\d-]+", text):
        found = datetime.combine(found, time.max, found.tzinfo)
    return found if found.tzinfo else found.astimezone()


def _by(entry: Entry, who: str) -> bool:
    people = (entry.author, *(act.by for act in entry.acts))
    return any(who in str(person).casefold() for person in people)


def _between(at: str, since: datetime | None, until: datetime | None) -> bool:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return False
    return (since is None or moment >= since) and (until is None or moment <= until)
