"""What a job is and what may happen to it. Pure: no clock, no file, no process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from core.errors import ShowError

Kind = Literal["version", "preview", "wedge"]
State = Literal["queued", "rendering", "complete", "failed", "cancelled", "abandoned"]
Move = Literal["claim", "complete", "fail", "cancel", "release", "retry", "abandon"]
Outcome = Literal["", "died", "complete", "failed", "cancelled", "released"]
"""How an attempt ended; empty while it runs."""

Place = Literal["first", "sooner", "later"]
"""Where in the queue a job is moved to."""

OPEN: tuple[State, ...] = ("queued", "rendering")
"""States in which a job still has to be worked on."""
STATES: tuple[State, ...] = get_args(State)
MOVES: tuple[Move, ...] = get_args(Move)
LIVES = 3
"""Attempts in a row that may die without a finished frame before a job counts as poisoned."""

_MOVES: Mapping[tuple[State, Move], State] = {
    ("queued", "claim"): "rendering",
    ("queued", "cancel"): "cancelled",
    ("queued", "abandon"): "abandoned",
    ("rendering", "claim"): "rendering",  # by another worker, when its own has died
    ("rendering", "complete"): "complete",
    ("rendering", "fail"): "failed",
    ("rendering", "cancel"): "cancelled",
    ("rendering", "release"): "queued",  # the worker was told to go
    ("failed", "retry"): "queued",
    ("failed", "abandon"): "abandoned",
    ("cancelled", "retry"): "queued",
    ("cancelled", "abandon"): "abandoned",
}

_TODO: Mapping[State, str] = {
    "queued": "It waits for a worker: rushes worker.",
    "rendering": "Cancel it first: rushes cancel JOB.",
    "complete": "A complete job stays as it is; generate a new version.",
    "failed": "Retry it: rushes retry JOB.",
    "cancelled": "Retry it: rushes retry JOB.",
    "abandoned": "An abandoned job stays so; generate a new version.",
}


def after(state: State, move: Move, job: str = "") -> State:
    """The state that follows. Raises ShowError for a move that makes no sense there; every pair is decided."""
    try:
        return _MOVES[state, move]
    except KeyError:
        raise ShowError(f"A job that is {state} takes no `{move}`.", where=job, todo=_TODO[state]) from None


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to queue: one recipe text an item, each over the same shot frames."""

    kind: Kind
    shot: str
    recipes: tuple[str, ...]
    """TOML texts; item i renders recipes[i]. One, but for a wedge."""
    frames: tuple[int, ...]
    """Shot frames, sorted."""
    asked_by: str
    """`Name <mail>`: the author of the commit that the worker makes."""
    version: str = ""
    """`v003` where kind is version, else empty."""
    labels: tuple[str, ...] = ()
    """What a wedge's items are called."""
    priority: int = 0
    """Higher goes first."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger has it."""

    id: str
    """A ULID."""
    kind: Kind
    shot: str
    version: str
    recipes: tuple[str, ...]
    labels: tuple[str, ...]
    frames: tuple[int, ...]
    state: State
    attempt: int
    """The newest attempt, from 1; 0 before the first."""
    attempts: int
    """Attempts since it was queued or retried."""
    priority: int
    asked_by: str
    created: str
    """UTC, ISO 8601."""
    reason: str
    """Why it failed or was cancelled."""
    environment: Mapping[str, Any]
    """Threads, device and the like, fixed by the first attempt."""
    done: int
    """Master frames that are finished."""
    total: int
    root: str
    """Where the show lies, as its ledger was last opened from there."""
    worker: str = ""
    """Who renders it, or did last."""
    cancel_requested: bool = False

    @property
    def key(self) -> tuple[int, str, str]:
        """The one sort key of the queue: priority descending, then created, then id."""
        return (-self.priority, self.created, self.id)


class Standing(NamedTuple):
    """How far a version's job is: what lists show of it. A show has tens of thousands."""

    shot: str
    version: str
    state: State
    done: int
    """Master frames that are finished."""
    asked_by: str
    created: str
    reason: str


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A finished frame: its file is on disk and was hashed."""

    item: int
    frame: int
    layer: str
    """Empty: the master."""
    path: str
    """Relative to the media root, posix."""
    sha256: str
    pixels: str
    """Digest of the decoded pixels."""
    attempt: int
    seconds: float
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One worker's go at a job."""

    n: int
    worker: str
    host: str
    pid: int
    started: str
    ended: str
    outcome: Outcome
    reason: str
    frames: int
    """Frames it finished."""
    tally: Mapping[str, Any]
    """What the render measured up to its last finished frame (seconds a stage, re-use, peak memory …)."""


def moved(waiting: Sequence[Job], job: str, place: Place) -> dict[str, int]:
    """The priorities that change so that a job goes first, or past the one before or after it; all others keep order.

    `waiting`: the queued jobs in their order, the job among them.
    """
    at = next(n for n, one in enumerate(waiting) if one.id == job)
    order = [*waiting[:at], *waiting[at + 1 :]]
    order.insert({"first": 0, "sooner": max(0, at - 1), "later": at + 1}[place], waiting[at])
    changed: dict[str, int] = {}
    below: tuple[int, str, str] | None = None
    for one in reversed(order):
        priority, age = one.priority, (one.created, one.id)
        if below is not None and one.key > below:
            priority = -below[0] + (age > below[1:])
            changed[one.id] = priority
        below = (-priority, *age)
    return changed


def poisoned(attempts: Sequence[Attempt], since: int) -> bool:
    """Whether the last LIVES attempts after attempt `since` all died without finishing a frame.

    An attempt that was told to go says nothing either way.
    """
    told = [a for a in attempts if a.n > since and a.outcome != "released"]
    last = told[-LIVES:]
    return len(last) == LIVES and all(a.outcome == "died" and a.frames == 0 for a in last)
