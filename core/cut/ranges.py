"""What a cut needs of its media, composed through transitions, retimes and every parent, in exact seconds."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from core.files import one_line
from core.frames import FrameRange, rate_of

_NOISE = Fraction(1, 1000)
"""Of a frame: what floats and decimal rates add; less than this past a frame's edge is not another frame."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one clip needs of its source, and where it stands in the cut. All times in seconds."""

    clip: Any
    """The `opentimelineio.schema.Clip`."""
    track: str
    number: int
    """The track's number, 1 is the lowest."""
    start: Fraction
    """Source time of the first instant needed, in the clip's own coordinate."""
    end: Fraction
    """Source time where the need ends; equal to `start` where one picture is held."""
    record: Fraction
    duration: Fraction
    enabled: bool
    speed: Fraction
    """Source seconds a cut second: 0 holds one picture, negative runs backwards."""
    known: bool = True
    """False: the clip has no range at all, its length is unknown."""
    seen: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    """Source time that is seen, first to last, without what transitions add to it."""
    joins: tuple[str, str] = ("", "")
    """The transitions at its head and its tail, in words; empty for a plain cut."""

    @property
    def retime(self) -> str:
        """The retime in words, empty for none."""
        return retime_words(self.speed)


def retime_words(speed: Fraction) -> str:
    """`2x`, `reverse`, `freeze`; empty for no retime."""
    if speed in (0, 1, -1):
        return {0: "freeze", 1: "", -1: "reverse"}[int(speed)]
    return f"{'reverse ' if speed < 0 else ''}{float(abs(speed)):.6g}x"


@dataclass(frozen=True, slots=True)
class _Slot:
    """An item's place: what is seen of it, in its own time `u` from 0 to `length`, and how that lies in the cut."""

    length: Fraction
    first: Fraction
    """Seen from `first` to `last`; beyond 0 and `length` where a transition reaches over."""
    last: Fraction
    origin: Fraction
    """Cut time at u = 0."""
    scale: Fraction
    """Cut seconds a second of u; 0 inside a freeze."""
    shown: tuple[Fraction, Fraction]
    """The cut time it stands in, without transitions."""
    speed: Fraction
    enabled: bool
    track: str = ""
    number: int = 0
    joins: tuple[str, str] = ("", "")


def media_frames(need: Need, zero: Fraction, rate: Fraction) -> FrameRange:
    """The media indexes that a clip needs: the in point floors, the out point ceils.

    Args:
        zero: source time of media index 0 (`source_zero`).
        rate: media frames a second.
    """
    return frames_of((need.start, need.end), zero, rate)


def frames_of(span: tuple[Fraction, Fraction], zero: Fraction, rate: Fraction) -> FrameRange:
    """`media_frames` of a stretch of source time."""
    first = math.floor((span[0] - zero) * rate + _NOISE)
    last = math.ceil((span[1] - zero) * rate - _NOISE) - 1
    return FrameRange(first, max(first, last))


def source_zero(reference: Any, first_index: int, rate: Fraction, timecode: int | None, used: Fraction) -> Fraction:
    """The source time, in seconds, of media index 0.

    `available_range.start` is the first picture of the media; of an image sequence it is `start_frame`. Without an
    available range, times count from the media's timecode where `used` (a time that the clip needs) lies after it, else
    from zero.
    """
    available = getattr(reference, "available_range", None)
    start = seconds(available.start_time) if available is not None else None
    return zero_at(start, getattr(reference, "start_frame", first_index), rate, timecode, used)


def zero_at(start: Fraction | None, first: int, rate: Fraction, timecode: int | None, used: Fraction) -> Fraction:
    """`source_zero` in plain values: `start` is the available range's, `first` the media index that it stands for."""
    if start is None:
        begin = Fraction(timecode or 0) / rate
        start = begin if used >= begin else Fraction(0)
    return start - first / rate


def seconds(time: Any) -> Fraction | None:
    """An `opentime.RationalTime` in exact seconds; None where it is none or not a time (NaN, rate zero)."""
    return None if time is None else _exact(time.value, time.rate)


@functools.lru_cache(maxsize=1 << 16)
def _exact(value: float, rate: float) -> Fraction | None:
    exact = exact_rate(rate) if math.isfinite(value) else None
    return None if exact is None else Fraction(value) / exact


@functools.lru_cache(maxsize=256)
def exact_rate(rate: float) -> Fraction | None:
    """The exact rate behind a float; None where it is none."""
    if not math.isfinite(rate) or rate <= 0:
        return None
    # Sample rates (48000, 90000 …) are rates of time, if not of frames.
    return rate_of(rate) if rate <= 1000 else Fraction(rate).limit_denominator(1001)


def needs(timeline: Any) -> tuple[list[Need], list[str]]:
    """What every clip of the video tracks needs, in cut order, and what could not be understood, in words."""
    import opentimelineio as otio

    warnings: list[str] = []
    found: list[Need] = []
    number = 0
    stack = timeline.tracks
    length = item_length(stack)
    root = _Slot(length, Fraction(0), length, Fraction(0), Fraction(1), (Fraction(0), length), Fraction(1), True)
    inner = _inside(stack, root, warnings)
    for track in stack:
        if isinstance(track, otio.schema.Track) and track.kind != otio.schema.TrackKind.Video:
            continue
        number += 1
        slot = _child(item_length(track), inner, Fraction(0), Fraction(0), Fraction(0))
        if slot is not None:
            name = one_line(track.name, 60) or f"V{number}"
            found += _visit(track, replace(slot, track=name, number=number), warnings)
    return sorted(found, key=lambda need: (need.record, need.number)), warnings


@dataclass(frozen=True, slots=True)
class _Inside:
    """An item's source time: what is needed of it, and how it lies in the cut."""

    first: Fraction
    last: Fraction
    origin: Fraction
    """Cut time at source time 0."""
    scale: Fraction
    shown: tuple[Fraction, Fraction]
    speed: Fraction
    enabled: bool
    track: str
    number: int
    joins: tuple[str, str] = ("", "")

    @property
    def seen(self) -> tuple[Fraction, Fraction]:
        """The stretch of source time that stands in the cut, without transitions."""
        if not self.scale:
            return self.first, self.last
        ends = sorted((at - self.origin) / self.scale for at in self.shown)
        return ends[0], ends[1]


def _inside(item: Any, slot: _Slot, warnings: list[str]) -> _Inside:
    """Through an item's own retime and source range, from its slot into its source time."""
    speed = own_speed(item, warnings)
    start = source_start(item)
    if speed > 0:
        first, last = start + slot.first * speed, start + slot.last * speed
        scale = slot.scale / speed
        origin = slot.origin - start * scale
    elif speed < 0:
        # Backwards: the same stretch of source, its end first.
        first, last = start + (slot.length - slot.last) * -speed, start + (slot.length - slot.first) * -speed
        scale = slot.scale / speed
        origin = slot.origin + slot.length * slot.scale - start * scale
    else:
        first = last = start
        scale, origin = Fraction(0), slot.origin
    return _Inside(
        first, last, origin, scale, slot.shown, slot.speed * speed,
        slot.enabled and item.enabled, slot.track, slot.number, slot.joins,
    )  # fmt: skip


def _visit(item: Any, slot: _Slot, warnings: list[str]) -> Iterator[Need]:
    import opentimelineio as otio

    if not isinstance(item, otio.core.Item):
        warnings.append("the cut holds an object that this OpenTimelineIO does not know: kept, not looked into")
        return
    inner = _inside(item, slot, warnings)
    if isinstance(item, otio.schema.Clip):
        yield Need(
            item, inner.track, inner.number, inner.first, inner.last, inner.shown[0], inner.shown[1] - inner.shown[0],
            inner.enabled, inner.speed, _own_length(item) is not None, inner.seen, inner.joins,
        )  # fmt: skip
    elif isinstance(item, otio.schema.Track):
        if item.kind == otio.schema.TrackKind.Video:
            yield from _along(item, inner, warnings)
    elif isinstance(item, otio.core.Composition):
        for child in item:
            place = _child(item_length(child), inner, Fraction(0), Fraction(0), Fraction(0))
            if place is not None:
                yield from _visit(child, place, warnings)


def _along(track: Any, inner: _Inside, warnings: list[str]) -> Iterator[Need]:
    """A track's children one after the other; a transition makes its neighbours reach over."""
    import opentimelineio as otio

    children = list(track)
    at = Fraction(0)
    for number, child in enumerate(children):
        if isinstance(child, otio.schema.Transition):
            continue
        before = children[number - 1] if number else None
        after = children[number + 1] if number + 1 < len(children) else None
        head = seconds(before.in_offset) if isinstance(before, otio.schema.Transition) else None
        tail = seconds(after.out_offset) if isinstance(after, otio.schema.Transition) else None
        length = item_length(child)
        if not isinstance(child, otio.schema.Gap):
            place = _child(length, inner, at, head or Fraction(0), tail or Fraction(0))
            if place is not None:
                if head is not None or tail is not None:
                    place = replace(place, joins=(_join(before), _join(after)))
                yield from _visit(child, place, warnings)
        at += length


def _join(item: Any) -> str:
    """A transition in words: its kind, and how far it reaches to either side, in seconds."""
    import opentimelineio as otio

    if not isinstance(item, otio.schema.Transition):
        return ""
    before, after = seconds(item.in_offset), seconds(item.out_offset)
    return f"{one_line(item.transition_type, 40)} {before} {after}"


def _child(length: Fraction, inner: _Inside, at: Fraction, head: Fraction, tail: Fraction) -> _Slot | None:
    """The slot of a child that starts at `at` in its parent's source time; None where nothing of it is seen."""
    held = inner.first == inner.last
    first = max(inner.first - at, -head)
    last = min(inner.last - at, length + tail)
    if last < first or (not held and last == first and length > 0):
        return None
    if held and (last < 0 or last >= length):
        return None
    origin = inner.origin + at * inner.scale
    ends = sorted((origin, origin + length * inner.scale)) if inner.scale else list(inner.shown)
    shown = (max(ends[0], inner.shown[0]), min(ends[1], inner.shown[1]))
    return _Slot(
        length, first, last, origin, inner.scale, (shown[0], max(shown)), inner.speed, inner.enabled, inner.track,
        inner.number,
    )  # fmt: skip


def source_start(item: Any) -> Fraction:
    """Source time where an item starts: its source range, else the media's range, else 0."""
    import opentimelineio as otio

    found = item.source_range
    if found is None and isinstance(item, otio.schema.Clip) and item.media_reference is not None:
        found = item.media_reference.available_range
    start = seconds(found.start_time) if found is not None else None
    return start if start is not None else Fraction(0)


def _own_length(item: Any) -> Fraction | None:
    import opentimelineio as otio

    found = item.source_range
    if found is None and isinstance(item, otio.schema.Clip) and item.media_reference is not None:
        found = item.media_reference.available_range
    return seconds(found.duration) if found is not None else None


def item_length(item: Any) -> Fraction:
    """How long an item is in its parent, in seconds; an item that does not say counts as 0."""
    import opentimelineio as otio

    if not isinstance(item, otio.core.Item):
        return Fraction(0)
    own = _own_length(item)
    if own is not None:
        return own
    if isinstance(item, otio.schema.Track):
        return sum((item_length(child) for child in item), Fraction(0))
    if isinstance(item, otio.core.Composition):
        return max((item_length(child) for child in item), default=Fraction(0))
    return Fraction(0)


def own_speed(item: Any, warnings: list[str]) -> Fraction:
    """The product of an item's linear retimes. Other time effects count as none, and are said."""
    import opentimelineio as otio

    speed = Fraction(1)
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            if math.isfinite(effect.time_scalar):
                speed *= Fraction(effect.time_scalar).limit_denominator(1_000_000)
        elif isinstance(effect, otio.schema.TimeEffect):
            name = one_line(item.name, 60)
            warnings.append(f"{name}: its speed ramp is not understood, frames are counted as if it ran straight")
    return speed
