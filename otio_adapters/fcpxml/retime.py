"""A clip's own time in FCPXML and the source time behind it: what a `timeMap` says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from opentimelineio import schema

from otio_adapters import versions
from otio_adapters.fcpxml.time import LARGEST, read, seconds
from otio_adapters.times import own_speed

_NEAR = Fraction(1, 10_000)
"""Seconds: a map that is no further from a straight line is one."""


@dataclass(frozen=True, slots=True)
class Point:
    """A clip's own time, the source time that is shown then, and how Final Cut goes on to the next."""

    time: Fraction
    value: Fraction
    how: dict[str, str]


@dataclass(frozen=True, slots=True)
class Retime:
    """How a clip plays: its own time starts with `local`."""

    local: Fraction
    points: Sequence[Point] = ()
    """Its time map; empty: its own time is the source's."""

    def time_of(self, source: Fraction) -> Fraction:
        """The clip's own time when it first shows `source`; where it never does, when it starts."""
        if not self.points:
            return source
        for before, after in zip(self.points, self.points[1:], strict=False):
            low, high = sorted((before.value, after.value))
            if low <= source <= high and low < high:
                share = (source - before.value) / (after.value - before.value)
                return before.time + share * (after.time - before.time)
        return self.local


def retime_of(item: Any, first: Fraction, length: Fraction, rate: Fraction) -> Retime:
    """How an item plays. Its own time starts where its media do, as Final Cut has it, or less than a frame later.

    Args:
        first, length: its media's source time, in seconds. The map spans all of it: beyond its ends a clip has nothing,
            not even for a dissolve.
        rate: frames a second of the sequence: the item starts on one of them, in its own time too.

    Raises:
        ValueError: a speed that no map says (see `speed_of`).
    """
    shown = item.trimmed_range()
    start, used = seconds(shown.start_time), seconds(shown.duration)
    ramp = ramp_of(item)
    if ramp:
        local = _framed(start, rate)
        return Retime(local, [Point(local + one.time, one.value, one.how) for one in ramp])
    speed = speed_of(item)
    if speed == 1:
        return Retime(start)
    if speed == 0:
        return Retime(start, [_straight(start, start), _straight(start + used, start)])
    low, high = min(first, start), max(first + length, start + used * abs(speed))
    shows = start if speed > 0 else start + used * -speed
    behind = (shows - low) / speed if speed > 0 else (high - shows) / -speed
    local = _framed(low + behind, rate)
    ends = sorted((local + (value - shows) / speed, value) for value in (low, high))
    return Retime(local, [_straight(*end) for end in ends])


def _framed(time: Fraction, rate: Fraction) -> Fraction:
    return math.ceil(time * rate) / rate


def _straight(time: Fraction, value: Fraction) -> Point:
    return Point(time, value, {"interp": "linear"})


def speed_of(item: Any) -> Fraction:
    """The product of an item's linear retimes. Raises ValueError where another one is among them, such as a ramp."""
    speed, others = own_speed(item)
    if others:
        raise ValueError(f"{item.name or 'a clip without a name'}: {others[0]}")
    return speed


# Time maps that are read


def read_map(
    points: Sequence[Point], start: Fraction, length: Fraction
) -> tuple[Fraction | None, Fraction, Sequence[Point]]:
    """What a clip's `timeMap` says of the stretch of its own time that it shows.

    Args:
        points: in order of their times; two or more, whose times differ.

    Returns:
        The constant speed, None where it changes within the stretch; the source time that comes first in it; and the
        stretch's own points, their times counted from its start.
    """
    first, last = value_at(points, start), value_at(points, start + length)
    inner = [Point(one.time - start, one.value, one.how) for one in points if start < one.time < start + length]
    before, after = _around(points, start)
    slope = (after.value - before.value) / (after.time - before.time)
    speed = (last - first) / length if length else slope
    straight = all(abs(first + one.time * speed - one.value) < _NEAR for one in inner)
    hows = {one.time: one.how for one in points}  # where the clip is cut between two points, the map goes straight
    ends = [hows.get(time, {"interp": "linear"}) for time in (start, start + length)]
    whole = [Point(Fraction(0), first, ends[0]), *inner, Point(length, last, ends[1])]
    return speed if straight else None, min(one.value for one in whole), whole


def value_at(points: Sequence[Point], time: Fraction) -> Fraction:
    """The source time on the line between two points; beyond the ends on with the last line."""
    before, after = _around(points, time)
    share = (time - before.time) / (after.time - before.time)
    return before.value + share * (after.value - before.value)


def _around(points: Sequence[Point], time: Fraction) -> tuple[Point, Point]:
    number = next((number for number, one in enumerate(points) if one.time > time), len(points) - 1)
    number = max(1, number)
    return points[number - 1], points[number]


def ramp(points: Sequence[Point]) -> Any:
    """A changing speed as an effect that keeps its map, and says how much source it spans.

    Args:
        points: of the stretch that is shown, as `read_map` gives them.
    """
    told = [{"time": _text(one.time), "value": _text(one.value), **one.how} for one in points]
    made = schema.TimeEffect("speed ramp", "SpeedRamp", metadata={"fcpxml": {"points": told}})
    values = [one.value for one in points]
    spans = (max(values) - min(values)) / (points[-1].time - points[0].time)
    versions.put(made, {"spans": str(spans.limit_denominator(1_000_000))})
    return made


def _text(time: Fraction) -> str:
    return str(time.limit_denominator(LARGEST))


def ramp_of(item: Any) -> list[Point]:
    """The map that an item's speed ramp was read with; empty for none, or where the item was cut otherwise since."""
    ramps = [one for one in item.effects if isinstance(one, schema.TimeEffect)]
    try:
        points = [_kept_point(one) for one in ramps[0].metadata["fcpxml"]["points"]] if len(ramps) == 1 else []
    except (ValueError, KeyError, TypeError):  # another program's, or no map that we wrote
        return []
    shown = item.trimmed_range()
    start, length = seconds(shown.start_time), seconds(shown.duration)
    whole = len(points) > 1 and points[0].time == 0 and abs(points[-1].time - length) < _NEAR
    return points if whole and abs(min(one.value for one in points) - start) < _NEAR else []


def _kept_point(told: Any) -> Point:
    how = {key: str(told[key]) for key in ("interp", "inTime", "outTime") if key in told}
    return Point(read(f"{told['time']}s"), read(f"{told['value']}s"), how)
