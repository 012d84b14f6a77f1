"""The rate of an edit decision list, which does not say it: guessed from its timecodes, with the reason."""

from __future__ import annotations

import re
from fractions import Fraction

from core.frames import rate_of
from otio_adapters.times import exact_rate

_TIMECODE = re.compile(rb"\b\d\d[:;]\d\d[:;]\d\d([:;.,])(\d\d)\b")
_SAID = re.compile(rb"^\* RUSHES RATE: (\d{1,6}(?:/[1-9]\d{0,3})?)\s*$", re.MULTILINE)
"""In lists of ours."""
_DROP = re.compile(rb"^FCM:\s*DROP", re.MULTILINE | re.IGNORECASE)


def guess_rate(data: bytes) -> tuple[Fraction, str]:
    """The rate that a list of ours says; else the slowest usual one that all timecodes fit, drop frame where it is so.

    With why, in words.
    """
    said = _SAID.search(data)
    told = exact_rate(float(Fraction(said[1].decode()))) if said else None
    if told is not None:
        return told, "the list says so"
    found = _TIMECODE.findall(data)
    last = max((int(frame) for _, frame in found), default=0)
    drop = bool(_DROP.search(data)) or any(mark in b";," for mark, _ in found)
    if drop:
        return rate_of("29.97" if last < 30 else "59.94"), "it counts in drop frame"
    rate = next((rate for rate in (24, 25, 30, 48, 50, 60) if last < rate), 60)
    return Fraction(rate), f"frame {last} is the highest in its timecodes"
