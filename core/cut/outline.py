"""A cut as a strip shows it: tracks, and on them clips, gaps and transitions with where they start and how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.files import one_line

if TYPE_CHECKING:
    from core.cut.incoming.read import Cut


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a track; `start` and `duration` in frames of the cut, whose first frame is 0."""

    kind: Literal["clip", "gap", "transition"]
    start: int
    duration: int
    name: str = ""
    clip_id: str = ""
    enabled: bool = True
    retimed: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    name: str
    kind: Literal["video", "audio"]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A cut's tracks as editors stack them: the lowest video track first, then audio."""

    rate: Fraction
    start: int
    """The frame since midnight of the cut's first frame; 0 where the cut does not say."""
    length: int
    tracks: tuple[Track, ...]


def outline(path: Path) -> Outline:
    """Read a normalised cut. Raises CutError."""
    from core.cut.incoming.read import read_cut

    return outline_of(read_cut(path))


def outline_of(cut: Cut) -> Outline:
    """The outline of a cut that was read."""
    timeline, rate = cut.timeline, cut.rate
    tracks = tuple(_track(track, rate) for track in timeline.tracks if track.kind in ("Video", "Audio"))
    start = timeline.global_start_time
    length = max((item.start + item.duration for track in tracks for item in track.items), default=0)
    ordered = sorted(tracks, key=lambda track: track.kind == "audio")  # stable: video stays in its order
    return Outline(rate, _frames(start, rate) if start is not None else 0, length, tuple(ordered))


def _track(track: Any, rate: Fraction) -> Track:
    kind: Literal["video", "audio"] = "audio" if track.kind == "Audio" else "video"
    return Track(one_line(track.name, 12), kind, tuple(_items(track, rate)))


def _items(track: Any, rate: Fraction) -> Iterator[Item]:
    """Transitions lie over the cut that they soften and take no time of their own."""
    import opentimelineio as otio

    from otio_adapters import versions

    at = Fraction(0)
    for child in track:
        start = round(at)
        if isinstance(child, otio.schema.Transition):
            before, after = (_exact(part, rate) for part in (child.in_offset, child.out_offset))
            yield Item("transition", round(at - before), round(before + after), one_line(child.name, 60))
            continue
        length = _exact(child.duration(), rate)
        duration = round(at + length) - start
        at += length
        if isinstance(child, otio.schema.Gap):
            yield Item("gap", start, duration)
            continue
        clip_id = versions.get_text(child, "clip_id")
        retimed = any(isinstance(effect, otio.schema.TimeEffect) for effect in child.effects)
        yield Item("clip", start, duration, one_line(child.name, 60), clip_id, child.enabled, retimed)


def _exact(time: Any, rate: Fraction) -> Fraction:
    """A RationalTime in frames at `rate`, without a float's rounding where both are whole."""
    from core.frames import rate_of

    return Fraction(time.value) / rate_of(time.rate) * rate


def _frames(time: Any, rate: Fraction) -> int:
    return round(_exact(time, rate))
