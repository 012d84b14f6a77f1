"""The `M2` lines of edit decision lists, where OpenTimelineIO's reader does not take them for what they say.

It makes a retime where source and record differ in length; a clip that runs backwards at full speed differs in nothing.
And it fails on a drop-frame timecode there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from typing import Any

_MOTION = re.compile(r"^M2\s+(\S+)\s+-(\d{1,4}(?:\.\d+)?)\s+(\d\d[:;]\d\d[:;]\d\d[:;]\d\d)", re.MULTILINE)

_SEMICOLON = re.compile(rb"^(M2\s.*\d\d:\d\d:\d\d);(\d\d\s*)$", re.MULTILINE)
_ROUNDED = Fraction(1, 20)
"""Frames a second: lists tell speeds to tenths."""


def readable(data: bytes) -> bytes:
    """The text of a list in which that reader can read every `M2` line; of most lists, the same bytes."""
    return _SEMICOLON.sub(rb"\1:\2", data)


def read_reverses(timeline: Any, text: str, rate: Fraction) -> None:
    """Give clips of a timeline that was read from a list at `rate` the retime that its `M2` lines say and they lack."""
    import opentimelineio as otio

    full = [(reel, at) for reel, speed, at in _MOTION.findall(text) if abs(Fraction(speed) - rate) <= _ROUNDED]
    clips: dict[tuple[str, float], list[Any]] = defaultdict(list)
    for clip in timeline.find_clips() if full else ():
        if clip.source_range is not None and not clip.effects:
            clips[_reel(clip), clip.source_range.start_time.value].append(clip)
    for reel, at in full:
        for clip in clips.pop((reel, otio.opentime.from_timecode(at, float(rate)).value), ()):
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=-1.0))


def _reel(clip: Any) -> str:
    told = clip.metadata.get("cmx_3600")
    return str(told.get("reel", "")) if hasattr(told, "keys") else ""
