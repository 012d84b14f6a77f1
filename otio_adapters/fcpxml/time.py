"""FCPXML's text: XML from anywhere parsed with care, and times as exact fractions of a second (`1001/30000s`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio

from otio_adapters import times

_TIME = re.compile(r"(-?\d{1,19}(?:\.\d{1,9})?)(?:/(\d{1,10}))?s")
LARGEST = 2**31 - 1
"""The format's denominators have 32 bits."""
_DEEPEST = 100
"""Elements within each other: real documents have some twenty."""
_NOISE = Fraction(1, 1_000_000)
"""Of a frame."""
_PARTS = 10_000
"""Of a frame: what a time of one rate is at another has no finer ones."""
DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
"""Rates whose timecode drops frames unless somebody says otherwise."""


def exact_rate(rate: float) -> Fraction:
    """The exact rate behind a float: 30000/1001 of 29.97. Raises ValueError where there is none."""
    exact = times.exact_rate(rate)
    if exact is None:
        raise ValueError(f"{rate:g} frames a second is no rate")
    return exact


def seconds(time: Any) -> Fraction:
    """A `RationalTime` in exact seconds; parts of a frame as the fraction that the float was before it was one.

    Raises:
        ValueError: it is no time (NaN, infinity, rate zero).
    """
    exact = times.seconds(time)
    if exact is None:
        raise ValueError(f"{time.value:g} at {time.rate:g} a second is no time")
    if time.value.is_integer():
        return exact
    rate = exact_rate(time.rate)
    return (exact * rate).limit_denominator(_PARTS) / rate


def rational(time: Fraction, rates: Sequence[Fraction]) -> Any:
    """Seconds as a `RationalTime` at the first of `rates` that counts them whole; at none: in parts of a second.

    Halves of a frame (a dissolve over an odd number) stay parts of frames: a float holds them as they are.
    """
    for rate in rates:
        frames = _whole(time, rate)
        if frames is not None:
            return otio.opentime.RationalTime(frames, float(rate))
    if (time * rates[0]).denominator == 2:
        return otio.opentime.RationalTime(float(time * rates[0]), float(rates[0]))
    near = time.limit_denominator(1_000_000)
    return otio.opentime.RationalTime(near.numerator, near.denominator)


def span(start: Fraction, length: Fraction, rates: Sequence[Fraction]) -> Any:
    """A `TimeRange`, both times at one rate where one of `rates` counts them both (see `rational`)."""
    for rate in rates:
        first, count = _whole(start, rate), _whole(length, rate)
        if first is not None and count is not None:
            one = otio.opentime.RationalTime
            return otio.opentime.TimeRange(one(first, float(rate)), one(count, float(rate)))
    return otio.opentime.TimeRange(rational(start, rates), rational(length, rates))


@functools.lru_cache(maxsize=1 << 14)
def _whole(time: Fraction, rate: Fraction) -> int | None:
    """Seconds in frames; None where that is not a whole number. A denominator of 32 bits is less than it takes."""
    exact = time * rate
    frames = round(exact)
    return frames if exact.denominator == 1 or abs(exact - frames) < _NOISE else None


@functools.lru_cache(maxsize=1 << 14)
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
    near = time.limit_denominator(LARGEST)
    return f"{near.numerator}/{near.denominator}s"


class _Guard(ET.TreeBuilder):
    """Builds a tree, but none that is absurdly deep."""

    depth = 0

    def start(self, tag: Any, attrs: Any) -> ET.Element:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"elements stand more than {_DEEPEST} levels within each other")
        return super().start(tag, attrs)

    def end(self, tag: Any) -> ET.Element:
        self.depth -= 1
        return super().end(tag)


def parsed(text: str) -> ET.Element:
    """The root of an XML text.

    Raises:
        ValueError: it is none, is absurdly deep, or defines entities: these are refused before a parser expands any.
    """
    if "<!ENTITY" in text:
        raise ValueError("the document defines entities, which Final Cut does not")
    parser = ET.XMLParser(target=_Guard())
    try:
        parser.feed(text)
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        raise ValueError(f"this is not XML: {error}") from error
    return root
