"""What a cut needs of its media, composed through transitions, retimes and every parent, in exact seconds."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from core.cut.slots import Inside, Slot, inside, slot_of
from core.files import one_line
from core.frames import FrameRange, parse_timecode, timecode
from otio_adapters.times import exact_rate, item_length, own_range, own_speed, seconds

if TYPE_CHECKING:
    from core.cut.shot import Plate

_ZERO, _ONE = Fraction(0), Fraction(1)

_NOISE = Fraction(1, 1000)
"""Of a frame: what floats and decimal rates add; less than this past a frame's edge is not another frame."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one clip needs of its source, and where it stands in the cut. All times in seconds."""

    clip: Any
    """The `opentimelineio.schema.Clip`."""
    track: str
    number: int
    """The track's number, 1 is the lowest."""
    start: Fraction
    """Source time of the first instant needed, in the clip's own coordinate."""
    end: Fraction
    """Source time where the need ends; equal to `start` where one picture is held: a point within that picture."""
    record: Fraction
    duration: Fraction
    enabled: bool
    speed: Fraction
    """Source seconds a cut second: 0 holds one picture, negative runs backwards."""
    known: bool = True
    """False: the clip has no range at all, its length is unknown."""
    seen: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    """Source time that is seen, first to last, without what transitions add to it."""
    joins: tuple[str, str] = ("", "")
    """The transitions at its head and its tail, in words; empty for a plain cut."""

    @property
    def retime(self) -> str:
        """The retime in words, empty for none."""
        return retime_words(self.speed)


def retime_words(speed: Fraction) -> str:
    """`2x`, `reverse`, `freeze`; empty for no retime."""
    if speed in (0, 1, -1):
        return {0: "freeze", 1: "", -1: "reverse"}[int(speed)]
    return f"{'reverse ' if speed < 0 else ''}{float(abs(speed)):.6g}x"


def media_frames(need: Need, zero: Fraction, rate: Fraction) -> FrameRange:
    """The media indexes that a clip needs: the in point floors, the out point ceils.

    Args:
        zero: source time of media index 0 (`source_zero`).
        rate: media frames a second.
    """
    return frames_of((need.start, need.end), zero, rate)


def frames_of(span: tuple[Fraction, Fraction], zero: Fraction, rate: Fraction) -> FrameRange:
    """`media_frames` of a stretch of source time."""
    first = math.floor((span[0] - zero) * rate + _NOISE)
    last = math.ceil((span[1] - zero) * rate - _NOISE) - 1
    return FrameRange(first, max(first, last))


@dataclass(frozen=True, slots=True)
class Counted:
    """How media count their pictures."""

    first: int
    """The media index of the first one."""
    rate: Fraction
    timecode: int | None = None
    """Frames since midnight of the first one; None: they carry none."""
    drop: bool = False
    frames: int = 0
    """How many there are; 0 where nobody knows."""

    def begin(self, counts: Fraction | None) -> Fraction:
        """When a clock of `counts` frames a second shows the first picture's timecode, in seconds; 0 for none.

        At another rate than the media's the same timecode is another moment: 10:00:00:00 is 36000 s at 25 and 36036 s
        at 23.976 frames a second.
        """
        stamp = self.timecode or 0
        if not stamp or counts is None or counts == self.rate or min(counts, self.rate) < 1:
            return stamp / self.rate
        text = timecode(stamp, self.rate, drop=self.drop)
        whole = parse_timecode(f"{text[:8]}{_mark(self.drop, counts)}00", counts)
        return whole / counts + int(text[9:]) / self.rate


def source_zero(reference: Any, media: Counted, used: Fraction, counts: Fraction | None = None) -> Fraction:
    """The source time, in seconds, of media index 0.

    `available_range.start` is the first picture of the media; of an image sequence it is `start_frame`. Without an
    available range, times count from the media's timecode where `used` (a time that the clip needs) lies after it, else
    from zero. Media that run past midnight hold times that are a day later than they say.

    Args:
        counts: frames a second that the clip's source time counts in.
    """
    available = getattr(reference, "available_range", None)
    start = seconds(available.start_time) if available is not None else None
    return zero_at(start, replace(media, first=getattr(reference, "start_frame", media.first)), used, counts)


def zero_at(start: Fraction | None, media: Counted, used: Fraction, counts: Fraction | None = None) -> Fraction:
    """`source_zero` in plain values: `start` is the available range's."""
    begin = media.begin(counts) if start is None else start
    length = media.frames / media.rate
    late = used + _day(media.drop, counts or media.rate)
    if used < begin <= late < begin + length:
        begin += used - late
    elif start is None and used < begin and (not length or used - length <= begin - used):
        begin = _ZERO  # nearer to media that count from zero: a dissolve may reach out in front of their first picture
    return begin - media.first / media.rate


@functools.lru_cache(maxsize=64)
def _day(drop: bool, rate: Fraction) -> Fraction:
    """Seconds until a clock shows the same again."""
    if rate < 1:
        return Fraction(86400)
    return (parse_timecode(f"23:59:59{_mark(drop, rate)}00", rate) + round(rate)) / rate


def _mark(drop: bool, rate: Fraction) -> str:
    """What a clock writes before the frames: only 29.97 and 59.94 leave numbers out."""
    return ";" if drop and rate in (Fraction(30000, 1001), Fraction(60000, 1001)) else ":"


def counted(plate: Plate) -> Counted:
    """How a plate counts its pictures."""
    return Counted(plate.media.first, plate.rate, plate.timecode, plate.drop, len(plate.media))


def sequence_rate(reference: Any) -> Fraction | None:
    """Frames a second at which a cut plays an image sequence, which has no rate of its own; None for other media."""
    rate = getattr(reference, "rate", None)
    return exact_rate(rate) if rate and 0 < rate <= 1000 else None


def as_played(plate: Plate, rate: Fraction | None) -> Plate:
    """The plate as a cut counts it that plays the same pictures at another rate: stills one by one, a movie by time.

    `rate`: of `sequence_rate`.
    """
    return plate if rate is None or rate == plate.rate or plate.kind == "movie" else replace(plate, rate=rate)


def counts_of(clip: Any) -> Fraction | None:
    """Frames a second that a clip's source time counts in; None where it has none of its own."""
    used = clip.source_range
    return exact_rate(used.start_time.rate) if used is not None else None


def needs(timeline: Any) -> tuple[list[Need], list[str]]:
    """What every clip of the video tracks needs, in cut order, and what could not be understood, in words."""
    import opentimelineio as otio

    warnings: list[str] = []
    found: list[Need] = []
    number = 0
    stack = timeline.tracks
    lengths = _Lengths()
    length = lengths.of(stack)
    root = Slot(length, Fraction(0), length, Fraction(0), Fraction(1), (Fraction(0), length), Fraction(1), True)
    inner = _within(stack, root, warnings)
    for track in stack:
        if isinstance(track, otio.schema.Track) and track.kind != otio.schema.TrackKind.Video:
            continue
        number += 1
        slot = slot_of(lengths.of(track), inner, _ZERO, _ZERO, _ZERO)
        if slot is not None:
            name = one_line(track.name, 60) or f"V{number}"
            found += _visit(track, replace(slot, track=name, number=number), lengths, warnings)
    found.sort(key=lambda need: need.record)  # stable: the lower track's stays first
    return found, warnings


class _Lengths:
    """Lengths of items: those of what nests are measured once, however often they are asked for."""

    def __init__(self) -> None:
        # The item is kept beside its length: an id is another object's as soon as its own is gone.
        self._known: dict[int, tuple[Any, Fraction]] = {}

    def of(self, item: Any) -> Fraction:
        import opentimelineio as otio

        if not isinstance(item, otio.core.Composition):
            return item_length(item)
        if id(item) not in self._known:
            self._known[id(item)] = (item, self._measured(item))
        return self._known[id(item)][1]

    def _measured(self, item: Any) -> Fraction:
        import opentimelineio as otio

        own = own_range(item)
        length = seconds(own.duration) if own is not None else None
        if length is not None:
            return length
        parts = map(self.of, item)
        return _sum(parts) if isinstance(item, otio.schema.Track) else max(parts, default=_ZERO)


def _sum(parts: Iterable[Fraction]) -> Fraction:
    """Whole numbers are added, of each denominator: fractions would be brought to a common one each time."""
    tops: Counter[int] = Counter()
    for part in parts:
        tops[part.denominator] += part.numerator
    return sum((Fraction(top, bottom) for bottom, top in tops.items()), _ZERO)


def _within(item: Any, slot: Slot, warnings: list[str]) -> Inside:
    speed, others = own_speed(item)
    warnings += [f"{one_line(item.name, 60)}: {what}" for what in others]
    return inside(slot, source_start(item), speed, item.enabled)


def _visit(item: Any, slot: Slot, lengths: _Lengths, warnings: list[str]) -> Iterator[Need]:
    import opentimelineio as otio

    if not isinstance(item, otio.core.Item):
        warnings.append("the cut holds an object that this OpenTimelineIO does not know: kept, not looked into")
        return
    inner = _within(item, slot, warnings)
    if isinstance(item, otio.schema.Clip):
        first, last = _held_before(item, inner.first) if inner.before else (inner.first, inner.last)
        yield Need(
            item, inner.track, inner.number, first, last, inner.shown[0], inner.shown[1] - inner.shown[0],
            inner.enabled, inner.speed, _says_length(item), inner.seen, inner.joins,
        )  # fmt: skip
    elif isinstance(item, otio.schema.Track):
        if item.kind == otio.schema.TrackKind.Video:
            yield from _along(item, inner, lengths, warnings)
    elif isinstance(item, otio.core.Composition):
        for child in item:
            place = slot_of(lengths.of(child), inner, _ZERO, _ZERO, _ZERO)
            if place is not None:
                yield from _visit(child, place, lengths, warnings)


def _held_before(clip: Any, point: Fraction) -> tuple[Fraction, Fraction]:
    """Where the picture lies that is held in front of a point: in the middle of a frame as the clip counts them."""
    used = own_range(clip)
    rate = exact_rate(used.start_time.rate) if used is not None else None
    middle = (math.ceil(point * rate - _NOISE) - Fraction(1, 2)) / rate if rate else point
    return middle, middle


def _along(track: Any, inner: Inside, lengths: _Lengths, warnings: list[str]) -> Iterator[Need]:
    """A track's children one after the other; a transition makes its neighbours reach over."""
    import opentimelineio as otio

    children = list(track)
    joined = [isinstance(child, otio.schema.Transition) for child in children]
    straight = inner.straight
    at = _ZERO
    for number, child in enumerate(children):
        if joined[number]:
            continue
        before = children[number - 1] if number and joined[number - 1] else None
        after = children[number + 1] if number + 1 < len(children) and joined[number + 1] else None
        if straight and before is None and after is None:
            plain = _plain(child, inner, at)
            if plain is not None:
                need, at = plain
                yield need
                continue
        length = lengths.of(child)
        if isinstance(child, otio.schema.Gap):
            at += length
            continue
        head = seconds(before.in_offset) if before is not None else None
        tail = seconds(after.out_offset) if after is not None else None
        place = slot_of(length, inner, at, head or _ZERO, tail or _ZERO)
        if place is not None:
            if head is not None or tail is not None:
                place = replace(place, joins=(_join(before), _join(after)))
            yield from _visit(child, place, lengths, warnings)
        at += length


def _plain(item: Any, inner: Inside, at: Fraction) -> tuple[Need, Fraction] | None:
    """What a whole clip without effects needs on a straight track, and where it ends there.

    None for anything else. `_visit` says the same, only slower.
    """
    import opentimelineio as otio

    found = own_range(item) if type(item) is otio.schema.Clip and not len(item.effects) else None
    start, length = (seconds(found.start_time), seconds(found.duration)) if found is not None else (None, None)
    if start is None or not length or length < 0 or (until := at + length) > inner.last:
        return None
    end = start + length
    enabled = inner.enabled and item.enabled
    return Need(item, inner.track, inner.number, start, end, at, length, enabled, _ONE, True, (start, end)), until


def _join(item: Any) -> str:
    """A transition in words: its kind, and how far it reaches to either side, in seconds."""
    import opentimelineio as otio

    if not isinstance(item, otio.schema.Transition):
        return ""
    before, after = seconds(item.in_offset), seconds(item.out_offset)
    return f"{one_line(item.transition_type, 40)} {before} {after}"


def source_start(item: Any) -> Fraction:
    """Source time where an item starts: its source range, else the media's range, else 0."""
    found = own_range(item)
    return (seconds(found.start_time) if found is not None else None) or Fraction(0)


def _says_length(item: Any) -> bool:
    found = own_range(item)
    return found is not None and seconds(found.duration) is not None
