"""What is said of a clip that is in both cuts: how its ends moved, what it lacks, and independent flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from core.cut.recut.align import Holding, counts_from_zero, moved, shift
from core.cut.recut.change import Change
from core.cut.recut.facts import Clip
from core.frames import FrameRange

_NOISE = Fraction(1, 100_000)
"""Seconds: a four-hundredth of the shortest frame there is, and more than a float is off in a day."""


def as_counted_before(old: Clip, new: Clip) -> Clip:
    """The new clip in seconds of the old rate, where both name the same frames at different rates."""
    a, b = old.media.rate, new.media.rate
    if a is None or b is None or a == b or old.seen[0] * a != new.seen[0] * b:
        return new
    ratio = b / a
    media = new.media
    available = media.available and (media.available[0] * ratio, media.available[1] * ratio)
    return replace(
        new,
        seen=(new.seen[0] * ratio, new.seen[1] * ratio),
        needed=(new.needed[0] * ratio, new.needed[1] * ratio),
        media=replace(media, rate=a, available=available),
    )


def needed_frames(old: Clip, new: Clip, home: Holding) -> FrameRange | None:
    """The shot frames that a new clip needs, counted as the old clip of the same source counted them."""
    anchor = home.anchor(old)
    new = as_counted_before(old, new)
    return None if anchor is None else anchor.frames(moved(new.needed, shift(old, new, home)))


def measured(said: Change, old: Clip, new: Clip, home: Holding | None) -> Change:
    """With the frames that each end gained or lost."""
    new = as_counted_before(old, new)
    anchor = home.anchor(old) if home else None
    rate = anchor.rate if anchor else old.media.rate
    if rate is None:
        return said
    seen = moved(new.seen, shift(old, new, home))
    head, tail = round((old.seen[0] - seen[0]) * rate), round((seen[1] - old.seen[1]) * rate)
    return replace(said, head=head, tail=tail, slip=tail if head == -tail and old.speed == new.speed else 0)


def with_missing(said: Change, needed: FrameRange, holding: Holding) -> Change:
    """With the frames that the shot's version lacks, and whether the plate has those."""
    head, tail = _outside(needed, holding.has)
    if not (head or tail):
        return said
    has = f"{holding.best} has {holding.has}" if holding.best else f"no version yet, its handles reach {holding.has}"
    plate = holding.shot.plate
    lacks = sum(_outside(needed, plate.frames)) if plate else 0
    found = "no plate to make them from" if plate is None else "the plate has them"
    if lacks:
        found = f"the plate lacks {lacks} of them: it has {plate.frames if plate else ''}"
    why = "; ".join(filter(None, (said.why, f"needs {needed}, {has}", found)))
    return replace(said, missing_head=head, missing_tail=tail, why=why)


def _outside(needed: FrameRange, has: FrameRange) -> tuple[int, int]:
    """How many frames of `needed` lie before and behind what there is."""
    if not len(has):
        return 0, len(needed)
    return min(len(needed), max(0, has.first - needed.first)), min(len(needed), max(0, needed.last - has.last))


def reach(said: Change, before: FrameRange | None, now: FrameRange | None, *, alone: bool) -> Iterator[str]:
    """Whether frames that the clip did not need before are there.

    `alone`: its ends were moved, and neither its speed nor its neighbours are why.
    """
    if before is None or now is None:
        return
    head, tail = now.first < before.first, now.last > before.last
    if (head and said.missing_head) or (tail and said.missing_tail):
        yield "extended_beyond"
    elif alone and not said.slip and (said.head > 0 or said.tail > 0):
        yield "extended_within_handles"


def edges(said: Change) -> Iterator[str]:
    if said.slip:
        yield "slipped"
        return
    if said.head < 0:
        yield "trimmed_head"
    if said.tail < 0:
        yield "trimmed_tail"


def shifted(old: Clip, new: Clip) -> bool:
    """Whether it stands elsewhere in the cut, and not only because one of its ends was moved."""
    if _same(old.duration, new.duration):
        return not _same(old.record, new.record)
    if _same(old.record, new.record) or _same(old.end, new.end):
        return False
    return old.speed != 1 or new.speed != 1 or not _same(old.record - old.seen[0], new.record - new.seen[0])


def _same(a: Fraction, b: Fraction) -> bool:
    """Whether two instants are one, but for what counting in floats at several rates adds."""
    return a == b or abs(a - b) < _NOISE


def settings(old: Clip, new: Clip, *, says_off: bool, says_effects: bool) -> Iterator[str]:
    """What changed on a clip beside its range and place, as far as both cuts say it (`Facts`)."""
    if old.speed != new.speed:
        yield "retimed"
    if says_effects and (old.effects != new.effects or old.media.bounds != new.media.bounds):
        yield from effects(old, new)
    if old.joins != new.joins:
        yield "transition_changed"
    if says_off and old.enabled != new.enabled:
        yield "enabled" if new.enabled else "disabled"
    if old.media.rate and new.media.rate and old.media.rate != new.media.rate:
        yield "rate_changed"
    if counts_from_zero(old, new):
        yield "source_timecode_missing"


def effects(old: Clip, new: Clip) -> Iterator[str]:
    if old.effects.curve != new.effects.curve:
        yield "retime_curve_changed"
    if old.effects.framing != new.effects.framing or _lies_elsewhere(old, new):
        yield "reframed"
    if old.effects.others != new.effects.others:
        yield "effects_changed"


def _lies_elsewhere(old: Clip, new: Clip) -> bool:
    """Whether one file's picture lies elsewhere in the frame; files of ours are as large as they were rendered."""
    a, b = old.media, new.media
    return bool(a.bounds and b.bounds) and a.bounds != b.bounds and a.stem == b.stem and old.own is new.own is None


def ours(clip: Clip, holding: Holding | None) -> Iterator[str]:
    """Our own media came back; and whether it is older than the version that was circled since."""
    if clip.own is None or holding is None or clip.own[1] not in holding.versions:
        return
    yield "returned"
    if holding.circled and int(clip.own[1][1:]) < int(holding.circled[1:]):
        yield "version_drift"


def with_drift(said: Change) -> Change:
    """With both versions in words."""
    return replace(said, why="; ".join(filter(None, (said.why, f"plays {said.version}, {said.circled} is circled"))))
