"""An edit decision list in the form of CMX 3600, as values and as text; each is read back from the other.

After the CMX 3600 list format as editing systems write it (SMPTE ST 258 describes its family): a title, the kind of
timecode, and numbered events, each a cut or a dissolve with source and record timecode, out points exclusive. `M2`
lines carry a retime, `*` lines whatever else is to be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from otio_adapters.times import timecode, timecode_frame

_TC = r"(\d\d:\d\d:\d\d[:;]\d\d)"
_EDIT = re.compile(rf"(\d{{3,}})  (\S+) +V     (C|D    \d{{3,9}}) +{_TC} {_TC} {_TC} {_TC}")
_MOTION = re.compile(rf"M2   (\S+) +(-?\d{{3,9}}\.\d) +{_TC}")
REEL = 8
"""The characters of a reel name that the format was made for. Systems of today read longer ones."""
MOST = 999
"""Events of one list, as the format counts them."""
BLACK = "BL"


@dataclass(frozen=True, slots=True)
class Edit:
    """One numbered line: a stretch of a source at a place of the record side. Frames, out points exclusive."""

    reel: str
    source: tuple[int, int]
    record: tuple[int, int]
    dissolve: int = -1
    """Frames of a dissolve into it; -1: a cut."""


@dataclass(frozen=True, slots=True)
class Motion:
    """A retime: source frames a second, rounded to a tenth as the format has it. 0 holds one picture."""

    reel: str
    speed: Fraction
    source: int
    """The source frame from which it counts."""


@dataclass(frozen=True, slots=True)
class Event:
    """A cut, or a dissolve from the first edit (of no length) into the second."""

    edits: tuple[Edit, ...]
    motion: Motion | None = None
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edl:
    """A whole list: one video track."""

    title: str
    rate: Fraction
    drop: bool
    """Drop-frame timecode."""
    events: tuple[Event, ...]


def one_line(text: str, limit: int) -> str:
    """Text as a line of a list holds it: white space folded, control characters as `·`, `limit` characters at most."""
    flat = "".join(char if char.isprintable() or char.isspace() else "·" for char in " ".join(text.split()))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def edl_text(edl: Edl) -> str:
    """The list as text: the same list gives the same bytes."""
    lines = [f"TITLE: {edl.title}", f"FCM: {'DROP' if edl.drop else 'NON-DROP'} FRAME", ""]
    width = max([REEL, *(len(edit.reel) for event in edl.events for edit in event.edits)])
    for number, event in enumerate(edl.events, 1):
        lines += [f"{number:03}  {_edit_text(edit, edl, width)}" for edit in event.edits]
        if event.motion is not None:
            motion = event.motion
            speed = f"{'-' if motion.speed < 0 else ''}{float(abs(motion.speed)):05.1f}"
            lines.append(f"M2   {motion.reel.ljust(width)}   {speed}                {_tc(motion.source, edl)}")
        lines += [f"* {comment}" for comment in event.comments]
    return "\n".join(lines) + "\n"


def _edit_text(edit: Edit, edl: Edl, width: int) -> str:
    kind = f"D    {edit.dissolve:03}" if edit.dissolve >= 0 else "C       "
    times = " ".join(_tc(frame, edl) for frame in (*edit.source, *edit.record))
    return f"{edit.reel.ljust(width)} V     {kind} {times}"


def _tc(frame: int, edl: Edl) -> str:
    return timecode(frame, edl.rate, drop=edl.drop)


def read_edl(text: str, rate: Fraction) -> Edl:
    """Read what `edl_text` wrote. Other people's lists are read through OpenTimelineIO's adapter.

    Raises:
        ValueError: names the line that is not of this form.
    """
    title, drop, events = "", False, dict[str, Event]()
    number = ""
    for place, line in enumerate(text.splitlines(), 1):
        if found := _EDIT.fullmatch(line):
            number = found[1]
            event = events.get(number, Event(()))
            events[number] = replace(event, edits=(*event.edits, _edit(found, rate)))
        elif number and (found := _MOTION.fullmatch(line)):
            motion = Motion(found[1], Fraction(found[2]), timecode_frame(found[3], rate))
            events[number] = replace(events[number], motion=motion)
        elif number and line.startswith("* "):
            events[number] = replace(events[number], comments=(*events[number].comments, line[2:]))
        elif not number and line.startswith("TITLE: "):
            title = line.removeprefix("TITLE: ")
        elif not number and line in ("FCM: DROP FRAME", "FCM: NON-DROP FRAME", ""):
            drop = drop or line == "FCM: DROP FRAME"
        else:
            raise ValueError(f"line {place} is not one of an EDL as rushes writes it: {one_line(line, 60)!r}")
    return Edl(title, rate, drop, tuple(events.values()))


def _edit(found: re.Match[str], rate: Fraction) -> Edit:
    frames = [timecode_frame(found[n], rate) for n in range(4, 8)]
    dissolve = int(found[3].split()[1]) if found[3].startswith("D") else -1
    return Edit(found[2], (frames[0], frames[1]), (frames[2], frames[3]), dissolve)


def unlike(meant: Edl, found: Edl) -> Iterator[str]:
    """What `found` says otherwise than `meant`, in words, event by event."""
    if (meant.title, meant.drop) != (found.title, found.drop):
        yield "the head of the list differs"
    if len(meant.events) != len(found.events):
        yield f"{len(meant.events)} events became {len(found.events)}"
    for number, (one, other) in enumerate(zip(meant.events, found.events, strict=False), 1):
        if one != other:
            yield f"event {number:03} differs"


def strict_losses(edl: Edl) -> Iterator[str]:
    """Where a reader that keeps to the letter of CMX 3600 gives up."""
    longest = max(len(edit.reel) for event in edl.events for edit in event.edits)
    if longest > REEL:
        yield f"reel names of up to {longest} characters: a strict reader keeps {REEL}; the comments have them too"
    if len(edl.events) > MOST:
        yield f"{len(edl.events)} events: a strict reader stops at {MOST}"
