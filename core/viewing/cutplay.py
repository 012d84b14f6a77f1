"""The cut as it plays: which picture of which shot every frame of it shows. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from core.cut.segments import Segment
from core.frames import FrameRange
from core.viewing.view import Source

if TYPE_CHECKING:
    from core.rows import ShotRow

_NOISE = Fraction(1, 1000)
"""Of a frame: what floats and decimal rates add."""


@dataclass(frozen=True, slots=True)
class Playing:
    """What a frame of the cut shows."""

    source: Source
    frame: int
    """The shot frame."""
    segment: Segment


class CutPlay:
    """A cut that can be played: frame by frame what is on top. A transition is a hard cut in its middle.

    `show`: per shot what stands for it (`on_show`); a shot that it lacks shows its plate.
    """

    def __init__(self, segments: Iterable[Segment], show: Mapping[str, Source]) -> None:
        self._show = show
        self._segments = sorted(segments, key=lambda segment: segment.first)
        self._edges, self._tops = _tops(self._segments)

    @property
    def frames(self) -> FrameRange:
        """From the first frame of the cut to the last that shows a shot."""
        return FrameRange(0, max((segment.last for segment in self._segments), default=-1))

    def at(self, frame: int) -> Playing | None:
        """What the cut's frame shows; None in a gap, and where no clip shows a shot."""
        place = bisect_right(self._edges, frame) - 1
        top = self._tops[place] if place >= 0 else None
        return None if top is None else Playing(self._show.get(top.shot, Source(top.shot)), shot_frame(top, frame), top)


def shot_frame(segment: Segment, frame: int) -> int:
    """The shot frame that a segment shows at a frame of the cut inside it.

    Forwards it is the picture at the frame's beginning, backwards the one that ends there: so a reversed clip shows
    each picture once, the last one first.
    """
    at = segment.start + (frame - segment.first) * segment.step
    picture = math.floor(at + _NOISE) if segment.step >= 0 else math.ceil(at - _NOISE) - 1
    return max(segment.frames[0], min(segment.frames[1], picture))


def on_show(rows: Iterable[ShotRow]) -> dict[str, Source]:
    """What the cut shows of each shot: the circled version, else the newest where it is complete, else the plate."""
    return {row.shot.id: Source(row.shot.id, row.circled or (row.latest if row.ready else "")) for row in rows}


def _tops(segments: list[Segment]) -> tuple[list[int], list[Segment | None]]:
    """From each frame on where what is on top changes: what it is. One pass over where segments begin and end."""
    begins: dict[int, list[Segment]] = {}
    for segment in segments:
        begins.setdefault(segment.first, []).append(segment)
    edges: list[int] = []
    tops: list[Segment | None] = []
    live: list[Segment] = []
    for edge in sorted({*begins, *(segment.last + 1 for segment in segments)}):
        live = [segment for segment in live if segment.last >= edge] + begins.get(edge, [])
        edges.append(edge)
        tops.append(max(live, key=lambda segment: (segment.track, segment.first), default=None))
    return edges, tops
