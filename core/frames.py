"""Frames, ranges, rates and timecode. Everything periodic is anchored at shot frame 1001, never at a range's start."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.errors import BadInput
from otio_adapters.times import timecode as timecode
from otio_adapters.times import timecode_frame

ANCHOR = 1001
SeedPolicy = Literal["fixed", "iterate", "hashed", "ladder", "alternate"]


@dataclass(frozen=True, slots=True, order=True)
class FrameRange:
    """Frames `first` to `last`, both included. `last = first - 1` is empty."""

    first: int
    last: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __len__(self) -> int:
        return max(0, self.last - self.first + 1)

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.first <= frame <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def union(self, other: FrameRange) -> FrameRange:
        """The smallest range that holds both, gap included."""
        return FrameRange(min(self.first, other.first), max(self.last, other.last))

    def intersect(self, other: FrameRange) -> FrameRange:
        return FrameRange(
            max(self.first, other.first), max(min(self.last, other.last), max(self.first, other.first) - 1)
        )

    def nearest(self, frame: int) -> int:
        """`frame`, or the end of the range that is closest to it."""
        return max(self.first, min(self.last, frame))

    def grow(self, head: int, tail: int) -> FrameRange:
        return FrameRange(self.first - head, self.last + tail)


def parse_frames(text: str) -> tuple[int, ...]:
    """`1034,1040-1050` or `1001-1009x2` as sorted frames without repeats. Raises BadInput."""
    frames: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(-?\d+)\s*(?:-\s*(-?\d+)\s*(?:x\s*(\d+))?)?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if match is None or last < first or last - first > 10_000_000 or match[3] == "0":
            raise BadInput(f"Not frames: {text!r}.", todo="Write them like 1034,1040-1050 or 1001-1100x10.")
        frames.update(range(first, last + 1, int(match[3] or 1)))
    return tuple(sorted(frames))


def format_frames(frames: Iterable[int]) -> str:
    """The shortest text that `parse_frames` reads back to the same frames (step 1)."""
    runs: list[list[int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


# Batches and cadence


def slot(frame: int, on: int, batch: int) -> int:
    """The place of a key frame in its batch: `((frame − 1001) // on) mod batch`."""
    return ((frame - ANCHOR) // on) % batch


def block_of(frame: int, on: int, batch: int) -> int:
    """The number of the batch that a key frame belongs to; 0 starts at 1001, negative before."""
    return ((frame - ANCHOR) // on) // batch


def keys_around(frame: int, on: int, available: FrameRange, last: int) -> tuple[int, int]:
    """The key frames before (or at) and after (or at) `frame` when animating on `on`s.

    Keys sit on a grid through 1001. The grid's key may lie outside the rendered range: it is used as long as the plate
    has it (`available`), so a range that grows moves no key. `last` (the shot's last frame) is always a key.
    """
    before = frame - (frame - ANCHOR) % on
    before = max(before, available.first)
    if frame in (before, last):
        return frame, frame
    return before, min(frame - (frame - ANCHOR) % on + on, last, available.last)


# Seeds


def seed_for(frame: int, seed: int, policy: SeedPolicy) -> int:
    """The seed of one frame, in [0, 2**63): a pure function, so any frame can be rendered again alone.

    fixed: the same everywhere. iterate: +1 a frame. hashed: unrelated from frame to frame.
    ladder: +2, −1, +2, −1 … and alternate: +1, −1 … (both after Deforum's seed behaviours).
    """
    n = frame - ANCHOR
    if policy == "hashed":
        value = int.from_bytes(hashlib.sha256(f"{seed}:{frame}".encode()).digest()[:8], "big")
    elif policy == "iterate":
        value = seed + n
    elif policy == "ladder":
        value = seed + n // 2 + (2 if n % 2 else 0)
    elif policy == "alternate":
        value = seed + n % 2
    else:
        value = seed
    return value % 2**63


# Rates and timecode

_NTSC = {
    Fraction(round(n * 1000), 1000): Fraction(base * 1000, 1001)
    for n, base in ((23.976, 24), (29.97, 30), (47.952, 48), (59.94, 60), (119.88, 120), (23.98, 24))
}


def rate_of(value: float | str | Fraction) -> Fraction:
    """A frame rate as an exact fraction: `25`, `"24000/1001"` and 23.976… alike. Raises BadInput."""
    try:
        exact = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise BadInput(f"Not a frame rate: {value!r}.", todo="Write it like 25 or 24000/1001.") from error
    if not 0 < exact <= 1000:
        raise BadInput(f"Not a frame rate: {value!r}.", todo="Write it like 25 or 24000/1001.")
    for literal, ntsc in _NTSC.items():
        if abs(exact - literal) < Fraction(1, 2000):
            return ntsc
    return exact.limit_denominator(1001)


def format_rate(rate: Fraction) -> str:
    return str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"


def parse_timecode(text: str, rate: Fraction) -> int:
    """The frame since midnight of a SMPTE timecode. `;` or `.` before the frames: drop-frame. Raises BadInput."""
    try:
        return timecode_frame(text, rate)
    except ValueError as error:
        what = f"Not a timecode at {format_rate(rate)} fps: {text!r}."
        raise BadInput(what, todo="Write it like 10:00:04:12.") from error
