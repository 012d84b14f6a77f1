"""How an item lies in its parent and in the cut: stretches of time in exact seconds, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Slot:
    """An item's place: what is seen of it, in its own time `u` from 0 to `length`, and how that lies in the cut."""

    length: Fraction
    first: Fraction
    """Seen from `first` to `last`; beyond 0 and `length` where a transition reaches over."""
    last: Fraction
    origin: Fraction
    """Cut time at u = 0."""
    scale: Fraction
    """Cut seconds a second of u; 0 inside a freeze."""
    shown: tuple[Fraction, Fraction]
    """The cut time it stands in, without transitions."""
    speed: Fraction
    enabled: bool
    track: str = ""
    number: int = 0
    joins: tuple[str, str] = ("", "")
    before: bool = False
    """Where one picture is held: it is the one in front of that point, as time runs backwards."""


@dataclass(frozen=True, slots=True)
class Inside:
    """An item's source time: what is needed of it, and how it lies in the cut."""

    first: Fraction
    last: Fraction
    origin: Fraction
    """Cut time at source time 0."""
    scale: Fraction
    shown: tuple[Fraction, Fraction]
    speed: Fraction
    enabled: bool
    track: str
    number: int
    joins: tuple[str, str] = ("", "")
    before: bool = False

    @property
    def seen(self) -> tuple[Fraction, Fraction]:
        """The stretch of source time that stands in the cut, without transitions."""
        if not self.scale:
            return self.first, self.last
        ends = sorted((at - self.origin) / self.scale for at in self.shown)
        return ends[0], ends[1]

    @property
    def straight(self) -> bool:
        """Whether it plays from its start, forwards at its own speed: what nearly every track does."""
        return (
            self.first == 0 and self.origin == 0 and self.scale == 1 and self.speed == 1
            and self.shown[0] <= 0 and self.last <= self.shown[1]
        )  # fmt: skip


def inside(slot: Slot, start: Fraction, speed: Fraction, enabled: bool) -> Inside:
    """Through an item's own retime and source range, from its slot into its source time.

    Args:
        start: source time where the item starts.
        speed: source seconds a second of its own time.
    """
    if speed > 0:
        first, last = start + slot.first * speed, start + slot.last * speed
        scale = slot.scale / speed
        origin = slot.origin - start * scale
    elif speed < 0:
        # Backwards: the same stretch of source, its end first.
        first, last = start + (slot.length - slot.last) * -speed, start + (slot.length - slot.first) * -speed
        scale = slot.scale / speed
        origin = slot.origin + slot.length * slot.scale - start * scale
    else:
        first = last = start
        scale, origin = Fraction(0), slot.origin
    before = slot.before if speed > 0 else speed < 0 and slot.first == slot.last and not slot.before
    return Inside(
        first, last, origin, scale, slot.shown, slot.speed * speed,
        slot.enabled and enabled, slot.track, slot.number, slot.joins, before,
    )  # fmt: skip


def slot_of(length: Fraction, inner: Inside, at: Fraction, head: Fraction, tail: Fraction) -> Slot | None:
    """The slot of a child that starts at `at` in its parent's source time; None where nothing of it is seen."""
    held = inner.first == inner.last
    first = max(inner.first - at, -head)
    last = min(inner.last - at, length + tail)
    if last < first or (not held and last == first and length > 0):
        return None
    if held and last == (-head if inner.before else length + tail):
        return None
    origin = inner.origin + at * inner.scale
    if inner.scale:
        ends = sorted((origin, origin + length * inner.scale))
    else:  # a held picture stands in the cut for all of its parent, or is seen by a transition alone
        stands = 0 < last <= length if inner.before else 0 <= last < length
        ends = [inner.shown[0], inner.shown[1] if stands else inner.shown[0]]
    shown = (max(ends[0], inner.shown[0]), min(ends[1], inner.shown[1]))
    return Slot(
        length, first, last, origin, inner.scale, (shown[0], max(shown)), inner.speed, inner.enabled, inner.track,
        inner.number, before=inner.before,
    )  # fmt: skip
