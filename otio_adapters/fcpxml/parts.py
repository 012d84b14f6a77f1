"""What the elements of an FCPXML storyline say, whichever kind they are: what is in them, when, how fast, with what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from opentimelineio import schema

from otio_adapters.fcpxml.retime import Point, read_map, value_at
from otio_adapters.fcpxml.time import exact_rate, read, span

ITEMS = frozenset(
    ("gap", "asset-clip", "clip", "video", "audio", "title", "ref-clip", "sync-clip", "mc-clip", "audition")
)
"""What can stand in a storyline, beside transitions."""
_ZERO, _ONE = Fraction(0), Fraction(1)
_MOST_POINTS = 10_000
_COLOURS = {"0": "RED", "1": "GREEN"}
"""A to-do is red until it is done."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a picture: `at` seconds behind where the picture starts."""

    item: schema.Clip
    at: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class Found:
    """An item, and how its own time lies in its parent's."""

    item: Any
    length: Fraction
    local: Fraction
    """Its own time where it starts."""
    scale: Fraction = _ONE
    """Its own seconds a second of its parent's."""
    sounds: Sequence[Sound] = ()
    hung: Iterable[ET.Element] = ()
    """What hangs on it."""


def named(element: ET.Element) -> str:
    """What an error calls an element."""
    return (element.get("name") or f"a {element.tag} without a name")[:60]


@dataclass(frozen=True, slots=True)
class Timing:
    """Which source time an element shows."""

    local: Fraction
    """Its own time where it starts."""
    length: Fraction
    """In its parent's time."""
    scale: Fraction = _ONE
    """Its own seconds a second of its parent's."""
    points: Sequence[Point] = ()
    """Its time map; empty: none."""
    shift: Fraction = _ZERO
    """What the content's time is ahead of the element's own."""

    def source(self) -> tuple[Fraction, Fraction | None, Sequence[Point]]:
        """The first source time that is shown; the speed, None where that changes on the way; and then the map."""
        if not self.points:
            return self.local + self.shift, self.scale, ()
        speed, first, stretch = read_map(self.points, self.local, self.length * self.scale)
        if speed is not None:
            return first + self.shift, speed * self.scale, ()
        shown = [Point(one.time / self.scale, one.value + self.shift, one.how) for one in stretch]
        return first + self.shift, None, shown

    def source_at(self, time: Fraction) -> Fraction:
        """The source time that is shown when the element's own time is `time`."""
        return (value_at(self.points, time) if self.points else time) + self.shift


def active(element: ET.Element) -> ET.Element:
    """Of an audition the pick, which is the first, in the audition's place."""
    if element.tag != "audition" or not len(element):
        return element
    made = ET.Element(element[0].tag, {**element[0].attrib})
    made.extend(list(element[0]))
    for key in ("offset", "lane"):
        if element.get(key) is not None:
            made.set(key, str(element.get(key)))
    return made


def inside(element: ET.Element) -> list[ET.Element]:
    """What a clip contains; what hangs on it has a lane. Empty for elements that refer to their media themselves."""
    if element.tag not in ("clip", "sync-clip"):
        return []
    return [one for one in element if one.get("lane") is None and (one.tag in ITEMS or one.tag == "spine")]


def hanging(element: ET.Element) -> list[ET.Element]:
    """What hangs on a clip, in a lane each."""
    return [one for one in element if one.get("lane") is not None]


def is_nest(element: ET.Element) -> bool:
    """Whether an element holds a storyline, not just media."""
    within = inside(element)
    if element.tag in ("ref-clip", "mc-clip", "sync-clip") or len(within) > 1:
        return True
    plain = ("video", "audio", "title", "asset-clip", "gap")
    return any(one.tag not in plain or one.find("timeMap") is not None for one in within)


def content_of(element: ET.Element) -> tuple[ET.Element, Fraction]:
    """The element that refers to the media, and how far the time around it is ahead of the clip's own.

    A clip of sound alone holds a gap on which the sound hangs.
    """
    within = inside(element)
    if not within:
        return element, _ZERO
    first = within[0]
    if first.tag != "gap":
        return first, _ZERO
    sound = next((one for one in first if one.tag in ("audio", "asset-clip")), first)
    return sound, read(first.get("start"), _ZERO) - read(first.get("offset"), _ZERO)


def enabled_kinds(source: ET.Element) -> tuple[str, ...]:
    """What a multicam clip takes from an angle: `video`, `audio`."""
    told = source.get("srcEnable") or "all"
    return ("video", "audio") if told == "all" else (told,)


def points_of(element: ET.Element) -> list[Point]:
    """An element's time map, in order of its own time; empty for none."""
    found: dict[Fraction, Point] = {}
    for one in element.iterfind("timeMap/timept"):
        how = {key: one.get(key, "") for key in ("interp", "inTime", "outTime") if one.get(key)}
        point = Point(read(one.get("time")), read(one.get("value")), how)
        if found.setdefault(point.time, point).value != point.value:
            raise ValueError(f"{named(element)} shows two things at once: its time map says so")
    if len(found) > _MOST_POINTS:
        raise ValueError(f"{named(element)} changes its speed {len(found)} times")
    return [found[time] for time in sorted(found)] if len(found) > 1 else []


def conformed(element: ET.Element, rate: Fraction) -> Fraction:
    """How much faster media play that Final Cut conforms to the sequence's rate; 1 where it drops or repeats frames.

    It does so where the rates, or one and the other's double, are near enough (its table has 4 % as the most).
    """
    found = element.find("conform-rate")
    told = found.get("srcFrameRate") if found is not None and found.get("scaleEnabled") != "0" else None
    if told is None:
        return _ONE
    if not told.replace(".", "", 1).isdigit():
        raise ValueError(f"{named(element)} is conformed from {told[:20]} frames a second")
    source = exact_rate(float(told[:20]))
    near = min((rate / source, rate / 2 / source, rate * 2 / source), key=lambda one: abs(one - 1))
    return near if abs(near - 1) < Fraction(1, 20) else _ONE


def markers_of(element: ET.Element, timing: Timing, rates: Sequence[Fraction]) -> Iterator[schema.Marker]:
    """An element's markers in its source time. `rates`: see `time.rational`."""
    for one in element:
        if one.tag not in ("marker", "chapter-marker"):
            continue
        at = read(one.get("start"))
        ends = sorted((timing.source_at(at), timing.source_at(at + read(one.get("duration"), _ZERO))))
        done = one.get("completed")
        colour = "ORANGE" if one.tag == "chapter-marker" else _COLOURS.get(done or "", "BLUE")
        made = schema.Marker(one.get("value") or "", span(ends[0], ends[1] - ends[0], rates), colour)
        made.comment = one.get("note") or ""
        if done is not None:
            made.metadata["fcpxml"] = {"completed": done[:10]}
        yield made
