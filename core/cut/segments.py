"""A cut as it plays: which stretch of it shows which pictures of which shot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from core.cut.ranges import (
    Counted,
    Need,
    as_played,
    counted,
    counts_of,
    media_frames,
    needs,
    sequence_rate,
    source_zero,
)
from core.cut.shot import Shot, Use
from core.cut.shots import reference_rate

if TYPE_CHECKING:
    from core.cut.incoming.read import Cut


@dataclass(frozen=True, slots=True)
class Segment:
    """A clip's place in the cut, and how its pictures run there. Frames of the cut count from 0."""

    shot: str
    clip_id: str
    first: int
    last: int
    """Frames of the cut, both included."""
    track: int
    """1 is the lowest: what lies above hides what lies below."""
    start: Fraction
    """Where the clip's first instant lies in the shot, in shot frames; running backwards, where the last one ends."""
    step: Fraction
    """Shot frames a frame of the cut: 0 holds one picture, negative runs backwards."""
    frames: tuple[int, int]
    """The first and last shot frame that it may show."""


def segments(cut: Cut, shots: Mapping[str, Shot], into: str = "main") -> tuple[Segment, ...]:
    """The enabled clips of a cut's video tracks that show a shot, by their beginning and track.

    A transition is a hard cut where the two clips meet. Inside a nested stack, of clips that overlap the one that
    begins later counts as the upper one.

    Args:
        shots: the show's shots by id.
        into: the cut's name in the show.
    """
    from otio_adapters import versions

    uses = {use.clip_id: (shot, use) for shot in shots.values() for use in shot.uses if use.cut == into}
    found, _ = needs(cut.timeline)
    named = ((need, uses.get(versions.get_text(need.clip, "clip_id"))) for need in found if need.enabled and need.known)
    made = (_segment(need, *use, cut.rate) for need, use in named if use is not None)
    return tuple(segment for segment in made if segment.last >= segment.first)


def _segment(need: Need, shot: Shot, use: Use, rate: Fraction) -> Segment:
    """The shot frames by what `shot.toml` anchored: the use's first frame is the first that the clip needs."""
    from otio_adapters import versions

    reference = versions.editor_reference(need.clip)
    plate = as_played(shot.plate, sequence_rate(reference)) if shot.plate else None
    own = plate.rate if plate else reference_rate(reference) or rate
    media = counted(plate) if plate else Counted(0, own)
    zero = source_zero(reference, media, need.start, counts_of(need.clip))
    offset = use.first - media_frames(need, zero, own).first
    begin = need.seen[0] if need.speed >= 0 else need.seen[1]
    first, end = round(need.record * rate), round((need.record + need.duration) * rate)
    late = Fraction(first) / rate - need.record  # a clip may begin between two frames of the cut
    start = (begin + late * need.speed - zero) * own + offset
    return Segment(
        shot.id, use.clip_id, first, end - 1, need.number, start, need.speed * own / rate, (use.first, use.last)
    )
