"""Variable frame rates: which picture stands at each frame of a constant one.

Editing programs lay such a movie on a constant grid, and a cut's ranges are times on it. So a frame here is a place on
that grid, and its picture the one that stands there: every picture goes to the nearest frame, and one that nobody
replaces is held. These are the frames of `ffmpeg -vf fps=RATE`, counted from the first picture (and the last picture
is always among them, however short it is).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.frames import format_rate

_RATES = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48), Fraction(50),
    Fraction(60000, 1001), Fraction(60), Fraction(100), Fraction(120000, 1001), Fraction(120), Fraction(240),
)  # fmt: skip
_LOST = 3
"""How many held frames a picture that never shows weighs, when a rate is chosen; lying off by a frame weighs one."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A movie's pictures on a constant grid."""

    rate: Fraction
    pictures: tuple[int, ...]
    """Per frame of the grid, the number of its picture in presentation order."""
    lost: int
    """Pictures that stand at no frame."""

    @property
    def note(self) -> str:
        held = len(self.pictures) - len(set(self.pictures))
        said = f"variable frame rate, counted at {format_rate(self.rate)} as `ffmpeg -vf fps={format_rate(self.rate)}`"
        return f"{said} does: {held} frames repeat the one before, {self.lost} pictures never show"


def cadence(pts: Sequence[int], time_base: Fraction, end: int) -> Cadence:
    """Lay pictures on the grid of the standard rate (24000/1001 to 240) that repeats, loses and moves least.

    Args:
        pts: presentation times in order, in units of `time_base`.
        end: the time at which the last picture goes.
    """
    tried = [_laid(pts, time_base, end, rate) for rate in _RATES]
    return min(tried, key=lambda found: len(found.pictures) + (_LOST + 1) * found.lost + _drift(found, pts, time_base))


def _laid(pts: Sequence[int], time_base: Fraction, end: int, rate: Fraction) -> Cadence:
    step = rate * time_base
    num, den = step.numerator, step.denominator
    places = [((time - pts[0]) * num * 2 + den) // (2 * den) for time in pts]  # to the nearest, halves up
    length = max(places[-1] + 1, ((end - pts[0]) * num * 2 + den) // (2 * den))
    pictures: list[int] = []
    for number, place in enumerate(places):
        pictures += [number - 1] * (place - len(pictures))
        if place < len(pictures):
            pictures.pop()
        pictures.append(number)
    pictures += [len(pts) - 1] * (length - len(pictures))
    return Cadence(rate, tuple(pictures), len(pts) - len(set(pictures)))


def _drift(found: Cadence, pts: Sequence[int], time_base: Fraction) -> float:
    """How far the pictures lie off the grid, in frames, added up."""
    step = float(found.rate * time_base)
    return sum(abs((time - pts[0]) * step - round((time - pts[0]) * step)) for time in pts)
