"""Rows and JSON keys for what a new cut changes. Pure: commands and screens share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from core.cut.recut.change import FLAGS

if TYPE_CHECKING:
    from core.conform import Wanted
    from core.cut.recut.change import Change

TITLES = ("clip", "shot", "track", "what", "head", "tail", "slip", "missing", "why")


def cells(change: Change) -> tuple[object, ...]:
    """One line of the table, under TITLES."""
    flags = " ".join(change.flags)
    name = change.clip or f"({change.was})"
    numbers = (_signed(change.head), _signed(change.tail), _signed(change.slip))
    return name, change.shot, change.track, flags, *numbers, missing(change), change.why


def facts(change: Change) -> dict[str, Any]:
    """The same as JSON keeps it. A clip that plays a version of ours says which, and which one is circled."""
    ours = {"plays": change.version, "circled": change.circled} if change.version else {}
    return {
        "clip": change.clip,
        "was": change.was,
        "shot": change.shot,
        "track": change.track,
        "flags": list(change.flags),
        "head": change.head,
        "tail": change.tail,
        "slip": change.slip,
        "missing": {"head": change.missing_head, "tail": change.missing_tail},
        **ours,
    }


def missing(change: Change) -> str:
    """`4 head, 12 tail`; empty where nothing is missing."""
    ends = ((change.missing_head, "head"), (change.missing_tail, "tail"))
    return ", ".join(f"{count} {end}" for count, end in ends if count)


def plays(change: Change) -> str:
    """`v002; v004 is circled`; empty where it plays none of ours."""
    other = change.circled and change.circled != change.version
    return f"{change.version}; {change.circled} is circled" if other else change.version


def legend(changes: Iterable[Change]) -> Iterator[str]:
    """What each flag that was given says, a line each: `shifted: earlier or later, because of what lies before`."""
    given = {flag for change in changes for flag in change.flags} - {"unchanged"}
    yield from (f"  {flag}: {said}" for flag, said in FLAGS.items() if flag in given)


def counts(changes: Iterable[Change]) -> str:
    """How many clips have each flag: `3 shifted, 1 trimmed_tail`, the most first."""
    found: dict[str, int] = {}
    for change in changes:
        for flag in change.flags:
            found[flag] = found.get(flag, 0) + 1
    return ", ".join(f"{count} {flag}" for flag, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def to_make(wanted: Wanted) -> Iterator[str]:
    """What to type for a shot whose version is too short, after what it lacks."""
    from core.frames import format_frames

    lacks = f", of which the plate lacks {len(wanted.absent)}" if wanted.absent else ""
    yield f"{wanted.shot}: {wanted.version} lacks {format_frames(wanted.frames)}{lacks}. Next:"
    yield f"  rushes generate {wanted.shot} --missing"


def _signed(value: int) -> str:
    return f"{value:+d}" if value else ""
