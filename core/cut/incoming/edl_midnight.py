"""Edit decision lists that run past midnight: their clock starts again, and a reader would count backwards."""

from __future__ import annotations

import re

_TIME = rb"(\d\d)(:\d\d:\d\d[:;.,]\d\d)"
_EVENT = re.compile(rb"^(\s*\S+\s[^*\r\n]*?)" + rb"(\s+)".join([_TIME] * 4) + rb"([ \t\r]*)$", re.MULTILINE)
_HALF = 12
"""Hours: no list is that long, so what starts further in front of its last event starts a day later."""


def past_midnight(data: bytes) -> bytes:
    """The text of a list whose hours go on counting (24, 25 …) behind midnight; of any other list, the same bytes.

    An end that is before its start is a day later; so is an event that stands half a day before the last one.
    """
    starts = [int(event[8]) for event in _EVENT.finditer(data)]
    late = max(starts, default=0) - _HALF

    def counted_on(event: re.Match[bytes]) -> bytes:
        return b"".join(_parts(event, late))

    return _EVENT.sub(counted_on, data)


def _parts(event: re.Match[bytes], late: int) -> list[bytes]:
    """What the line is made of, hours counted on: text and four times, each hours and rest, with what is between."""
    head, *rest = event.groups()
    times = [(int(rest[place]), rest[place + 1]) for place in (0, 3, 6, 9)]
    gaps = [rest[2], rest[5], rest[8], rest[11]]
    for place, day in ((0, 0), (2, 24 if times[2][0] < late else 0)):
        start, end = times[place], times[place + 1]
        times[place] = (start[0] + day, start[1])
        times[place + 1] = (end[0] + day + (24 if end < start else 0), end[1])
    return [
        head,
        *(part for (hours, tail), gap in zip(times, gaps, strict=True) for part in (b"%02d" % hours, tail, gap)),
    ]
