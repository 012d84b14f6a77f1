"""Two clips of one source laid over each other: which media are the same, and how their source times count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from core.cut.ranges import Counted, as_played, counted, frames_of, zero_at
from core.cut.recut.facts import Clip, Span
from core.cut.shot import Plate, Shot
from core.frames import FrameRange


@dataclass(frozen=True)
class Holding:
    """What the show has of a shot."""

    shot: Shot
    versions: Mapping[str, FrameRange] = field(default_factory=dict)
    """The complete ones, with their shot frames."""
    best: str = ""
    """The circled one, else the newest complete one; empty for none."""
    circled: str = ""

    @cached_property
    def has(self) -> FrameRange:
        """The frames that `best` has; while there is none, those that a version would be made for."""
        return self.versions[self.best] if self.best else self.range

    @cached_property
    def range(self) -> FrameRange:
        """`Shot.range`, looked up once: a shot may have thousands of uses."""
        return self.shot.range

    @cached_property
    def _first(self) -> Mapping[str, int]:
        return {use.clip_id: use.first for use in self.shot.uses}

    def anchor(self, clip: Clip) -> Anchor | None:
        """How the source time of a clip of the old cut counts in shot frames; None where no use of it is known."""
        plate = _played(self, clip)
        rate = plate.rate if plate else clip.media.rate
        if rate is None:
            return None
        start = zero(clip, self)
        if plate is not None:
            return Anchor(start, rate, plate.offset)
        first = frames_of(clip.needed, start, rate).first
        return Anchor(start, rate, self._first[clip.id] - first) if clip.id in self._first else None


@dataclass(frozen=True, slots=True)
class Anchor:
    """From source time to shot frames."""

    zero: Fraction
    """The source time of media index 0."""
    rate: Fraction
    offset: int

    def frames(self, span: Span) -> FrameRange:
        """The shot frames of a stretch of source time."""
        found = frames_of(span, self.zero, self.rate)
        return FrameRange(found.first + self.offset, found.last + self.offset)


def same_media(old: Clip, new: Clip) -> bool | None:
    """Whether two clips play one source, by file and by reel; None where their cuts do not say enough.

    A reel of eight characters may be a file's name cut short; a reel alone holds many takes, so it counts for one
    source only where the times touch.
    """
    a, b = old.media, new.media
    if a.stem and b.stem and a.stem == b.stem:
        return True
    if any(_cut_short(reel, stem) for reel, stem in ((a.reel, b.stem), (b.reel, a.stem))):
        return True
    if a.reel and b.reel:
        return a.reel.lower() == b.reel.lower() and touch(old.media.available or old.seen, new.seen)
    return False if a.stem and b.stem else None


def _cut_short(reel: str, stem: str) -> bool:
    if not reel or not stem:
        return False
    plain = "".join(filter(str.isalnum, stem))
    return reel.lower() == stem or (len(reel) == 8 and plain.startswith(reel.lower()))


def touch(a: Span, b: Span) -> bool:
    """Whether two stretches have an instant in common; one of no length counts as a point."""
    return max(a[0], b[0]) < min(a[1], b[1]) or (a[0] <= b[0] == b[1] < a[1]) or (b[0] <= a[0] == a[1] < b[1]) or a == b


def moved(span: Span, by: Fraction) -> Span:
    return (span[0] + by, span[1] + by) if by else span


def common(a: Span, b: Span) -> Fraction:
    """How long two stretches run together, in seconds."""
    return max(Fraction(0), min(a[1], b[1]) - max(a[0], b[0]))


def length(span: Span) -> Fraction:
    return span[1] - span[0]


def shift(old: Clip, new: Clip, holding: Holding | None) -> Fraction:
    """What to add to the source time of `new` so that it counts like that of `old`, in seconds.

    Timecode is trusted where the stretches that exist touch: the media of two cuts may begin at different places
    (handles cut off, another consolidation). Else both are counted from their first picture.
    """
    if holding is not None and (_plays_ours(old) or _plays_ours(new)):
        plausible = old.media.available or old.seen
        return _zero(old, holding, plausible) - _zero(new, holding, plausible)
    a, b = old.media, new.media
    if a.available is None and b.available is None:
        return Fraction(0)
    if touch(a.available or old.seen, b.available or new.seen):
        return Fraction(0)
    if a.available is not None and b.available is not None:
        return _first(old) - _first(new)
    # One cut says where its media begin; the other's times lie before that: they count from the first picture.
    if a.available is not None:
        return a.available[0] if new.seen[0] < a.available[0] else Fraction(0)
    assert b.available is not None
    return -b.available[0] if old.seen[0] < b.available[0] else Fraction(0)


def counts_from_zero(old: Clip, new: Clip) -> bool:
    """Whether the new cut has lost the source's timecode: its times lie before the media that the old one names."""
    known = old.media.available
    return known is not None and new.media.available is None and new.seen[0] < known[0] and not touch(known, new.seen)


def _first(clip: Clip) -> Fraction:
    """The source time of file number 0 of a sequence, or of a movie's first picture."""
    media = clip.media
    assert media.available is not None
    return media.available[0] - (Fraction(media.number) / media.rate if media.number and media.rate else 0)


def _plays_ours(clip: Clip) -> bool:
    """Whether the clip's source is our own file and says where it begins: its pictures are numbered as shot frames."""
    return clip.own is not None and clip.media.available is not None and "_gen_" in clip.media.stem


def _as_long(clip: Clip, made: FrameRange, rate: Fraction) -> bool:
    """Whether what exists of the clip's source is a version's frames, all of them and no more."""
    available = clip.media.available
    return available is not None and round(length(available) * rate) == len(made)


def _played(holding: Holding, clip: Clip) -> Plate | None:
    """The shot's plate as the clip's cut counts it."""
    plate = holding.shot.plate
    return as_played(plate, clip.media.played) if plate else None


def zero(clip: Clip, holding: Holding) -> Fraction:
    """The source time of media index 0 of the shot's plate, as the clip's cut counts it."""
    return _zero(clip, holding, clip.seen)


def _zero(clip: Clip, holding: Holding, plausible: Span) -> Fraction:
    plate = _played(holding, clip)
    rate = plate.rate if plate else clip.media.rate or Fraction(25)
    start = clip.media.available[0] if clip.media.available else None
    first = clip.media.number if clip.media.number is not None else plate.media.first if plate else 0
    if plate is not None and clip.own is not None and start is not None and _plays_ours(clip):
        number = clip.media.number
        made = holding.versions.get(clip.own[1])
        if number is None and made is not None and (_as_long(clip, made, rate) or not touch(clip.seen, plausible)):
            number = made.first
        if number is not None:
            return start - Fraction(number - plate.offset) / rate
    media = replace(counted(plate), first=first) if plate else Counted(first, rate)
    return zero_at(start, media, clip.needed[0], clip.media.rate)
