"""[OpenImageIO] What the attributes of an image file say beside its pixels: rate, timecode, reel, our own facts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from core.files import one_line
from core.frames import rate_of

MARK = "rushes:"
"""Before the names of our own attributes."""


def facts(spec: Any) -> Mapping[str, Any]:
    """What `write_picture` noted in a TIFF, which has no attributes of ours."""
    try:
        found = json.loads(spec.get_string_attribute("ImageDescription"))
        return {key.removeprefix(MARK): value for key, value in found.items() if key.startswith(MARK)}
    except (ValueError, AttributeError):
        return {}


def rate(spec: Any) -> Fraction | None:
    """`FramesPerSecond` of EXR and DPX."""
    found = spec.getattribute("FramesPerSecond")
    if isinstance(found, (tuple, list)) and len(found) == 2 and found[0] > 0 and found[1] > 0:
        return rate_of(Fraction(int(found[0]), int(found[1])))
    return rate_of(found) if isinstance(found, float) and 0 < found <= 1000 else None


def timecode(spec: Any) -> str:
    """The SMPTE ST 12-1 time address, packed as binary-coded decimals, as `HH:MM:SS:FF`; empty where there is none."""
    found = spec.getattribute("smpte:TimeCode")
    if isinstance(found, str):
        return found if re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d\d", found) else ""
    if not isinstance(found, (tuple, list)):
        return ""
    word = int(found[0]) & 0xFFFFFFFF
    digits = [
        (word >> shift & 0xF) + 10 * (word >> shift + 4 & mask) for shift, mask in ((24, 3), (16, 7), (8, 7), (0, 3))
    ]
    hours, minutes, seconds, frames = digits
    if hours > 23 or minutes > 59 or seconds > 59:
        return ""
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if word & 0x40 else ':'}{frames:02}"


def reel(spec: Any) -> str:
    """Under whichever name its writer has for it; empty where it names none."""
    names = {"reelname", "reel", "tapename", "dpx:inputdevice"}
    found = (str(a.value) for a in spec.extra_attribs if a.name.rpartition("/")[2].lower() in names)
    return one_line(next(found, ""))
