"""Times as FCPXML has them: exact fractions of a second, such as `1001/30000s`. No float is in between."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from otio_adapters import times

_TIME = re.compile(r"(-?\d{1,19}(?:\.\d{1,9})?)(?:/(\d{1,10}))?s")
_LARGEST = 2**31 - 1
"""The format's denominators have 32 bits."""
DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
"""Rates whose timecode drops frames unless somebody says otherwise."""


def exact_rate(rate: float) -> Fraction:
    """The exact rate behind a float: 30000/1001 of 29.97. Raises ValueError where there is none."""
    exact = times.exact_rate(rate)
    if exact is None:
        raise ValueError(f"{rate:g} frames a second is no rate")
    return exact


def seconds(time: Any) -> Fraction:
    """A `RationalTime` in exact seconds. Raises ValueError for what is no time (NaN, infinity, rate zero)."""
    exact = times.seconds(time)
    if exact is None:
        raise ValueError(f"{time.value:g} at {time.rate:g} a second is no time")
    return exact


def rational(time: Fraction, rates: Iterable[Fraction]) -> Any:
    """Seconds as a `RationalTime` at the first of `rates` that counts them whole; at none: in parts of a second."""
    for rate in rates:
        if (time * rate).denominator == 1:
            return otio.opentime.RationalTime(float(time * rate), float(rate))
    near = time.limit_denominator(1_000_000)
    return otio.opentime.RationalTime(float(near.numerator), float(near.denominator))


def span(start: Fraction, length: Fraction, rates: Iterable[Fraction]) -> Any:
    """A `TimeRange` with one rate for both its times (see `rational`)."""
    known = tuple(rates)
    for rate in known:
        if (start * rate).denominator == (length * rate).denominator == 1:
            return otio.opentime.TimeRange(rational(start, [rate]), rational(length, [rate]))
    return otio.opentime.TimeRange(rational(start, known), rational(length, known))


def read(text: str | None, default: Fraction | None = None) -> Fraction:
    """The seconds that an attribute says. `default`: of one that is not there.

    Raises:
        ValueError: it is not there and has no default, or it is no time.
    """
    if text is None and default is not None:
        return default
    found = _TIME.fullmatch((text or "").strip())
    if found is None or (found[2] is not None and int(found[2]) == 0):
        raise ValueError(f"{(text or 'nothing')[:40]!r} is no time")
    return Fraction(found[1]) / int(found[2] or 1)


def written(time: Fraction, frame: Fraction) -> str:
    """Seconds as an attribute: whole ones plain, whole frames in the parts that `frame` has, others reduced.

    Args:
        frame: the seconds that a frame of the sequence takes.
    """
    if time.denominator == 1:
        return f"{time}s"
    frames = time / frame
    if frames.denominator == 1:
        return f"{frames * frame.numerator}/{frame.denominator}s"
    near = time.limit_denominator(_LARGEST)
    return f"{near.numerator}/{near.denominator}s"
