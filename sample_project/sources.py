"""What the sample is cut from: each source's file, timecode, length and reel, for the cut and for what makes it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from core.frames import parse_timecode

RATE = 25


@dataclass(frozen=True)
class Source:
    file: str
    """In `media/`; a sequence's holds a printf number."""
    timecode: str
    """Of the first frame; a sequence's files are numbered by it."""
    frames: int
    """Handles included."""
    reel: str = ""

    @property
    def start(self) -> int:
        """The first frame's timecode, in frames since midnight."""
        return parse_timecode(self.timecode, Fraction(RATE))


COFFEE = Source("coffee.mov", "01:12:07:10", 88, "A001C004")
CAT = Source("cat.mxf", "01:31:40:00", 84, "A002C011")
ROCKET = Source("rocket.mov", "10:00:00:00", 84, "A001R1")
ASTRONAUT = Source("astronaut.mov", "10:22:15:05", 88, "B003C002")
STARS = Source("stars.mov", "00:59:58:12", 80, "XDF01")
MOON = Source("moon/moon.%07d.exr", "01:00:00:00", 48)
MEADOW = Source("bigbuckbunny.mp4", "00:00:00:00", 132)
GUIDE = Source("guide.wav", "00:00:00:00", 406)
