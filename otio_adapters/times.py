"""Exact times: rates behind decimals, seconds, timecode, and how long and how fast an item of a timeline is."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction
from typing import Any

_BASES = (24, 30, 48, 60, 120)
_FASTEST = 10_000
"""Times its own speed; what says more, or no number, is damaged."""
_true: dict[float, float] = {}


def true_rate(rate: float) -> float:
    """The exact NTSC rate behind 23.976, 23.98, 29.97, 47.952, 59.94 or 119.88; any other rate as it is.

    `RationalTime.nearest_smpte_timecode_rate` is not asked: it makes 24000/1001 of 12 and of 15.
    """
    if rate not in _true:
        close = [base * 1000 / 1001 for base in _BASES if abs(rate - base * 1000 / 1001) < 0.006]
        _true[rate] = close[0] if close else rate
    return _true[rate]


@functools.lru_cache(maxsize=256)
def exact_rate(rate: float) -> Fraction | None:
    """The exact rate behind a float; None where it is none. Sample rates (48000, 90000 …) are rates of time too."""
    if not math.isfinite(rate) or rate <= 0:
        return None
    return Fraction(true_rate(rate)).limit_denominator(1001) or None


def seconds(time: Any) -> Fraction | None:
    """An `opentime.RationalTime` in exact seconds; None where it is none or not a time (NaN, rate zero)."""
    return None if time is None else _exact(time.value, time.rate)


@functools.lru_cache(maxsize=1 << 16)
def _exact(value: float, rate: float) -> Fraction | None:
    exact = exact_rate(rate) if math.isfinite(value) else None
    if exact is None:
        return None
    top, bottom = value.as_integer_ratio()
    return Fraction(top * exact.denominator, bottom * exact.numerator)


def fraction(text: str) -> Fraction | None:
    """The number that `str` of a fraction gave; None for any other text, which metadata may hold."""
    return Fraction(text) if re.fullmatch(r"-?\d{1,15}(/[1-9]\d{0,14})?", text, re.ASCII) else None


def timecode(index: int, rate: Fraction, *, drop: bool = False) -> str:
    """Frame `index` since midnight as SMPTE timecode; drop-frame (`;`) only at 29.97 and 59.94 (SMPTE ST 12-1)."""
    fps = round(rate)
    if drop:
        skip = fps // 15
        minutes10, rest = divmod(index, fps * 600 - skip * 9)
        index += skip * 9 * minutes10 + (skip * ((rest - skip) // (fps * 60 - skip)) if rest >= skip else 0)
    index %= fps * 86400
    whole, frames = divmod(index, fps)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}{';' if drop else ':'}{frames:02}"


def timecode_frame(text: str, rate: Fraction) -> int:
    """The frame since midnight of a SMPTE timecode; `;` or `.` before the frames: drop-frame. Raises ValueError."""
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)", text.strip())
    fps = round(rate)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59 or int(match[5]) >= fps:
        raise ValueError(f"not a timecode at {fps} frames a second: {text!r}")
    hours, minutes, whole, frames = (int(match[n]) for n in (1, 2, 3, 5))
    total_minutes = hours * 60 + minutes
    index = (total_minutes * 60 + whole) * fps + frames
    if match[4] != ":":
        index -= fps // 15 * (total_minutes - total_minutes // 10)
    return index


# Items


def own_range(item: Any) -> Any:
    """The source range of an item; of a clip without one, all that its media have; None where nothing says it."""
    import opentimelineio as otio

    found = item.source_range
    if found is None and isinstance(item, otio.schema.Clip) and item.media_reference is not None:
        found = item.media_reference.available_range
    return found


def record_rate(timeline: Any, part: Any) -> Fraction | None:
    """The rate of a timeline's start, else of the first clip in `part` that has a range; None where nothing says it."""
    rates = (own.start_time.rate for own in map(own_range, part.find_clips()) if own is not None)
    start = timeline.global_start_time
    found = start.rate if start is not None else next(rates, None)
    return exact_rate(found) if found is not None else None


def item_length(item: Any) -> Fraction:
    """How long an item is in its parent, in seconds; an item that does not say counts as 0."""
    import opentimelineio as otio

    if not isinstance(item, otio.core.Item):
        return Fraction(0)
    own = own_range(item)
    length = seconds(own.duration) if own is not None else None
    if length is not None:
        return length
    if isinstance(item, otio.schema.Track):
        return sum((item_length(child) for child in item), Fraction(0))
    if isinstance(item, otio.core.Composition):
        return max((item_length(child) for child in item), default=Fraction(0))
    return Fraction(0)


def own_speed(item: Any) -> tuple[Fraction, list[str]]:
    """The product of an item's linear retimes, and what other time effects there are, in words: they count as none.

    A speed ramp whose reader worked out what it spans (`spans` in our metadata: seconds of source a second) counts as
    that speed, so that the frames it shows are counted right; it is told too.
    """
    import opentimelineio as otio

    from otio_adapters import versions

    speed, others = Fraction(1), []
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            if abs(effect.time_scalar) <= _FASTEST:
                speed *= Fraction(effect.time_scalar).limit_denominator(1_000_000)
            else:
                others.append(f"nothing plays {effect.time_scalar:g} times as fast, its frames are counted at 1x")
        elif (spans := fraction(versions.get_text(effect, "spans"))) is not None and abs(spans) <= _FASTEST:
            speed *= spans
            others.append("its speed ramp is counted at its mean: the right frames, but not when each is shown")
        elif isinstance(effect, otio.schema.TimeEffect):
            others.append("its speed ramp is not understood, frames are counted as if it ran straight")
    return speed, others
