"""A clip's own time in FCPXML and the source time behind it: what a `timeMap` says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from otio_adapters.fcpxml_time import seconds
from otio_adapters.times import own_speed

Point = tuple[Fraction, Fraction]
"""A clip's own time, and the source time that is shown then."""


@dataclass(frozen=True, slots=True)
class Retime:
    """A constant speed: at its own time `local` a clip starts, and there it shows the source time `shown`."""

    speed: Fraction
    """Source seconds a second; 0 holds a picture, negative runs backwards."""
    shown: Fraction
    local: Fraction
    media: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    """The source time that there is, from and to."""

    def points(self, length: Fraction) -> list[Point]:
        """The two ends of the map, over all of the media: beyond its ends a clip has nothing, not even for a dissolve.

        Args:
            length: of the clip, in its own time.
        """
        if not self.speed:
            return [(self.local, self.shown), (self.local + length, self.shown)]
        ends = sorted((self.time_of(at), at) for at in self.media)
        last = self.local + length
        if ends[-1][0] < last:
            ends[-1] = (last, self.shown + length * self.speed)
        if ends[0][0] > self.local:
            ends[0] = (self.local, self.shown)
        return ends

    def time_of(self, source: Fraction) -> Fraction:
        """The clip's own time when it shows `source`; of a held picture the start."""
        return self.local + (source - self.shown) / self.speed if self.speed else self.local


def retime_of(item: Any, first: Fraction, length: Fraction, rate: Fraction) -> Retime:
    """An item's retime. Its own time starts where its media do, as Final Cut has it, or less than a frame later.

    Args:
        first, length: its media's source time, in seconds.
        rate: frames a second of the sequence: the item starts on one of them, in its own time too.
    """
    shown = item.trimmed_range()
    start, used = seconds(shown.start_time), seconds(shown.duration)
    speed = speed_of(item)
    if speed == 1:
        return Retime(speed, start, start)
    end = max(first + length, start + used * abs(speed))
    media = (min(first, start), end)
    if speed == 0:
        return Retime(speed, start, start, media)
    shows = start if speed > 0 else start + used * -speed
    behind = (shows - media[0]) / speed if speed > 0 else (media[1] - shows) / -speed
    return Retime(speed, shows, math.ceil((media[0] + behind) * rate) / rate, media)


def speed_of(item: Any) -> Fraction:
    """The product of an item's linear retimes. Raises ValueError where another one is among them, such as a ramp."""
    speed, others = own_speed(item)
    if others:
        raise ValueError(f"{item.name or 'a clip without a name'}: {others[0]}")
    return speed


def read_map(points: Sequence[Point], start: Fraction, length: Fraction) -> tuple[Retime | None, Fraction]:
    """What a clip's `timeMap` says of the stretch of its own time that it shows.

    Args:
        points: in order of their times; two or more, whose times differ.

    Returns:
        The constant speed, None where it changes within the stretch; and the source time that comes first in it.
    """
    first, last = value_at(points, start), value_at(points, start + length)
    inner = [(time, value) for time, value in points if start < time < start + length]
    speed = (last - first) / length if length else _slope(points, start)
    straight = all(abs(first + (time - start) * speed - value) < Fraction(1, 10_000) for time, value in inner)
    return Retime(speed, first, start) if straight else None, min(first, last)


def value_at(points: Sequence[Point], time: Fraction) -> Fraction:
    """Between two points on the line through them, beyond the ends on with the last slope."""
    before, after = _around(points, time)
    return before[1] + (time - before[0]) * (after[1] - before[1]) / (after[0] - before[0])


def _slope(points: Sequence[Point], time: Fraction) -> Fraction:
    before, after = _around(points, time)
    return (after[1] - before[1]) / (after[0] - before[0])


def _around(points: Sequence[Point], time: Fraction) -> tuple[Point, Point]:
    number = next((number for number, (at, _) in enumerate(points) if at > time), len(points) - 1)
    number = max(1, number)
    return points[number - 1], points[number]
