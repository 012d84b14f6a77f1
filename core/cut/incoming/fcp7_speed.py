"""Retimes in FCP7 XML: the filter Time Remap as OpenTimelineIO's time effects, and time effects as that filter.

`in` and `out` of a retimed clip count its own frames, from the first one that its media would have at that speed; run
backwards, from their last one (Apple, "Final Cut Pro XML Interchange Format", Timing Values; so do the files of
Premiere, Final Cut and Hiero that OpenTimelineIO's adapter is tested with). A curve (`graphdict`) leads from these
frames (`when`) to frames of the media (`value`). Where a frame of its own is none of the media's, Premiere's ticks say
the point that `in` rounds. A subclip counts as if its media were the part that it is of (`subclipinfo`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from otio_adapters.times import exact_rate, seconds

TICKS = 254_016_000_000
"""Premiere's ticks in a second."""
FASTEST = 10_000
"""Times its own speed; what says more is damaged."""
_EXACT = 1_000_000
"""The largest denominator of a number that a file says in decimals."""
_ZERO = Fraction(0)
Part = tuple[Fraction, Fraction]
WHOLE: Part = (_ZERO, _ZERO)


@dataclass(frozen=True, slots=True)
class Remap:
    """What a filter says. Times in frames of the clip."""

    speed: Fraction
    """Source seconds a second: 0 holds a picture, negative runs backwards."""
    points: tuple[tuple[Fraction, Fraction], ...]
    """The curve, from the clip's own frames to the media's, in order."""
    variable: bool
    anchor: Fraction
    """The media frame that own frame 0 shows, where the clip's media do not begin with their first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item lies in its media. In frames of the clip."""

    rate: Fraction
    zero: Fraction
    """Source time of the media's first frame."""
    media: Fraction
    """How many frames there are; 0 where nobody says."""
    first: Fraction
    """Where the item starts, counted from `zero`."""
    length: Fraction
    head: Fraction
    """How far a transition reaches in front of it."""


def read_speeds(timeline: Any) -> None:
    """Make time effects of a timeline's Time Remap filters, in place, and true source ranges of retimed and subclips.

    A constant speed becomes a `LinearTimeWarp`, speed 0 a `FreezeFrame`. A curve stays a named `TimeEffect` with all
    that was said of it; what it spans of the source is worked out: the source range starts with the earliest frame,
    and `spans` in our metadata says how many seconds of source lie in a second of the clip. Between keys the curve is
    taken as straight. What cannot be understood becomes a `TimeEffect` that says no more.
    """
    import opentimelineio as otio

    for item in list(timeline.find_children()):
        part = part_of(item)
        if part[0]:
            used = item.source_range
            start = otio.opentime.RationalTime(used.start_time.value + float(part[0]), used.start_time.rate)
            item.source_range = otio.opentime.TimeRange(start, used.duration)
        for number, effect in enumerate(getattr(item, "effects", ())):
            if type(effect) is otio.schema.Effect and is_remap(effect.metadata.get("fcp_xml")):
                item.effects[number] = _time_effect(item, effect, part)


def is_remap(told: Any) -> bool:
    """Whether metadata that the adapter made of an `effect` element are those of a Time Remap."""
    return hasattr(told, "get") and str(told.get("effectid", "")).casefold() == "timeremap"


def _time_effect(item: Any, effect: Any, part: Part) -> Any:
    import opentimelineio as otio

    from otio_adapters import versions

    metadata = {"fcp_xml": versions.plain(effect.metadata["fcp_xml"])}
    bare = otio.schema.TimeEffect(effect.name, "Time Remap", metadata)
    place = place_of(item, ticks_of(item), part)
    remap = _remap(metadata["fcp_xml"], place.media if place else _ZERO)
    if place is None or remap is None or (remap.speed < 0 and not remap.variable and not place.media):
        return bare
    if remap.variable:
        first, last = _spanned(remap, place)
        told = {"spans": (last - first) / place.length, "own": place.first, "zero": place.zero}
        versions.put(bare, {key: str(value.limit_denominator(_EXACT)) for key, value in told.items()})
        start_at(item, place, first)
        return bare
    if not remap.speed:
        start_at(item, place, _value(remap.points, place.first) if remap.points else place.first)
        return otio.schema.FreezeFrame(effect.name, metadata)
    start_at(item, place, _constant(remap, place))
    return otio.schema.LinearTimeWarp(effect.name, float(remap.speed), metadata)


def _constant(remap: Remap, place: Place) -> Fraction:
    """The earliest media frame that a constant speed shows."""
    if remap.speed > 0:
        return remap.anchor + place.first * remap.speed
    last = remap.points[0][1] - 1 if remap.anchor and remap.points else place.media
    return last + (place.first + place.length) * remap.speed


def _spanned(remap: Remap, place: Place) -> tuple[Fraction, Fraction]:
    """The earliest and the last media frame that a curve shows between an item's ends."""
    ends = place.first, place.first + place.length
    shown = [value for when, value in remap.points if ends[0] < when < ends[1]]
    shown += [_value(remap.points, end) for end in ends]
    return min(shown), max(shown)


def _value(points: tuple[tuple[Fraction, Fraction], ...], when: Fraction) -> Fraction:
    """On the line between two points; outside of them on with the nearest one's line."""
    if len(points) == 1:
        return points[0][1]
    number = next((number for number, (at, _) in enumerate(points) if at > when), len(points) - 1)
    (left, low), (right, high) = points[max(0, number - 1)], points[max(1, number)]
    return low + (when - left) * (high - low) / (right - left)


def start_at(item: Any, place: Place, first: Fraction) -> None:
    """Let the item's source range start with that media frame."""
    import opentimelineio as otio

    used = item.source_range
    # What Premiere's ticks add to a frame's number is less than the sixth decimal.
    start = otio.opentime.RationalTime(float(round(place.zero + first, 6)), used.start_time.rate)
    item.source_range = otio.opentime.TimeRange(start, used.duration)


# Where an item lies


def place_of(item: Any, ticks: Fraction | None, part: Part) -> Place | None:
    """None where the item does not say, or says what is no time.

    Args:
        ticks: where it starts, in seconds, as Premiere says it; taken where it is what the range says, but finer.
        part: what of its media it can show (`part_of`).
    """
    used = item.source_range
    rate = exact_rate(used.start_time.rate) if used is not None else None
    start, length = (seconds(used.start_time), seconds(used.duration)) if used is not None else (None, None)
    if rate is None or start is None or not length:
        return None
    zero, media = _media(item)
    zero, media = zero + part[0] / rate, max(_ZERO, media - sum(part) / rate)
    first, head = start - zero, _head(item)
    for offset in (head, _ZERO):
        if ticks is not None and abs(first - offset - ticks) <= 1 / rate:
            first = ticks + offset
            break
    return Place(rate, zero * rate, media * rate, first * rate, length * rate, head * rate)


def _media(item: Any) -> tuple[Fraction, Fraction]:
    """Start and length of an item's media, in seconds; 0 where nobody says, as of a compound that the adapter read."""
    available = getattr(getattr(item, "media_reference", None), "available_range", None)
    if available is None:
        return _ZERO, _ZERO
    return seconds(available.start_time) or _ZERO, seconds(available.duration) or _ZERO


def _head(item: Any) -> Fraction:
    import opentimelineio as otio

    parent = item.parent()
    if not isinstance(parent, otio.schema.Track):
        return _ZERO
    before, _ = parent.neighbors_of(item)
    # The adapter moves `in` only for a transition that reaches to both sides.
    both = isinstance(before, otio.schema.Transition) and before.out_offset.value
    return (seconds(before.in_offset) or _ZERO) if both else _ZERO


def part_of(item: Any) -> Part:
    """How many frames of its media lie in front of a subclip that was read, and how many behind it; else (0, 0)."""
    told = item.metadata.get("fcp_xml")
    info: Any = told.get("subclipinfo") if hasattr(told, "get") else None
    if not hasattr(info, "get") or getattr(item, "source_range", None) is None:
        return WHOLE
    start, end = (_number(info.get(key)) or _ZERO for key in ("startoffset", "endoffset"))
    return max(_ZERO, start), max(_ZERO, end)


def ticks_of(item: Any) -> Fraction | None:
    """Where an item that was read starts in its own time, in seconds, in Premiere's ticks."""
    told = item.metadata.get("fcp_xml")
    text = str(told.get("pproTicksIn", "")) if hasattr(told, "get") else ""
    return Fraction(int(text), TICKS) if re.fullmatch(r"-?\d{1,19}", text, re.ASCII) else None


# What a filter says


def _remap(told: Mapping[str, Any], media: Fraction) -> Remap | None:
    """A filter's metadata as values; None where they are none."""
    found = {str(one.get("parameterid", "")).casefold(): one for one in dicts(told.get("parameter"))}
    number = _number(found.get("speed", {}).get("value"))
    variable = _number(found.get("variablespeed", {}).get("value")) == 1
    keys = dicts(found.get("graphdict", {}).get("keyframe"))
    points = dict(point for key in keys if (point := _point(key, media)))
    speed = number / 100 if number is not None else None
    if speed is None or abs(speed) > FASTEST or (variable and len(points) < 2):
        return None
    if str(found.get("reverse", {}).get("value", "")).strip().upper() == "TRUE":
        speed = -abs(speed)
    anchor = next((value for key in keys if (value := _number(key.get("anchorOffset")))), _ZERO)
    return Remap(speed, tuple(sorted(points.items())), variable, anchor)


def _point(key: Mapping[str, Any], media: Fraction) -> tuple[Fraction, Fraction] | None:
    """One key of the curve. Those that a program puts in by itself are at times beyond all media: left out."""
    when, value = _number(key.get("when")), _number(key.get("value"))
    if when is None or value is None:
        return None
    own = str(key.get("speedvirtualkf", "")).strip().upper() == "TRUE"
    return None if own and (value < 0 or (media and value > media + 1)) else (when, value)


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The adapter makes a list of elements that are there several times, and none of one alone."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return [one for one in (value if several else [value]) if isinstance(one, Mapping)]


def _number(value: Any) -> Fraction | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return Fraction(number).limit_denominator(_EXACT) if math.isfinite(number) and abs(number) < 2**48 else None
