"""When a frame is due and what it may cost. Pure: the clock's seconds are handed in.

    Budget(max_bytes, threshold, bits, palette)                 what one frame may cost, for `tui.video.cells.encode`
    Transport(first, last, rate, frame).press(act, now)         J K L, steps, in and out, loop: the next state
        .frame_at(now)  .settled(now)  .slot(now)               wall clock decides the frame: drop, never slow
    Pace(rate)                                                  where on the ladder of what is given up
        .due(slot, drawn, in_flight) .budget(...) .after(...) .braked() .columns(n)
    Meter().drew(now, dropped).read(now) -> Speed               frames shown and dropped over the last second

A slot is one frame's time at the show's rate, counted from when playing began, at whatever speed the frames run by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Literal

Palette = Literal["truecolor", "256", "shades"]
Loop = Literal["loop", "once", "ping-pong"]
Act = Literal["forward", "reverse", "stop", "toggle", "next", "previous", "first", "last", "in", "out", "clear", "loop"]

LOOPS: tuple[Loop, ...] = ("loop", "once", "ping-pong")
FASTEST = 8
TARGET = 32_000
"""Bytes a frame that a 10 Mb/s line carries 24 times a second beside everything else; measured."""
CAP = 48_000
IN_FLIGHT = 3
"""Frames that may be on their way unanswered: about one round trip."""
SMOOTHING = 1 / 8
"""How much one frame counts in the load: what is decided rests on a third of a second."""
CALM, LONGEST = 48, 48 * 16
"""Slots: how long it must be calm before a rung up is tried, at first and at most."""
_CALM_LOAD, _NEW_LOAD, _MOST, _BRAKED = 0.4, 0.7, 1.5, 2.5
"""Calm is where the next rung up, which asks for up to 2.7 times the bytes (measured), may well hold. However much one
frame asks for, it counts as one and a half at most, so that a hard cut costs no rung; two slots in five that brake do.
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one frame may cost: bytes, the error of a channel that is left alone, bits a channel, which colours.

    `palette` "shades" is for terminals without colour and for NO_COLOR. ValueError: no cell fits, or no such bits.
    """

    max_bytes: int = TARGET
    threshold: int = 0
    bits: int = 8
    palette: Palette = "truecolor"

    def __post_init__(self) -> None:
        if self.max_bytes < 64 or not 0 <= self.threshold <= 255 or not 1 <= self.bits <= 8:
            raise ValueError(f"no frame can be drawn with {self}")


@dataclass(frozen=True, slots=True)
class Transport:
    """Where the picture stands or runs: `frame` at clock time `since`, at `speed` (0 stands, -8 to 8) times `rate`.

    Frames are shot frames, `first` to `last` inclusive. In and out points bound what plays, not what can be stepped to.
    """

    first: int
    last: int
    rate: Fraction
    frame: int
    speed: int = 0
    since: float = 0.0
    mark_in: int | None = None
    mark_out: int | None = None
    mode: Loop = "loop"

    @property
    def playing(self) -> bool:
        return self.speed != 0

    @property
    def range(self) -> tuple[int, int]:
        """First and last frame of what plays."""
        low = self.first if self.mark_in is None else self.mark_in
        high = self.last if self.mark_out is None else self.mark_out
        return low, high

    def slot(self, now: float) -> int:
        """How many frames' times went by since playing began."""
        return max(0, floor((now - self.since) * float(self.rate) + 1e-6))

    def frame_at(self, now: float) -> int:
        """The shot frame that belongs on the screen now."""
        return self._running(now)[0]

    def _running(self, now: float) -> tuple[int, int]:
        """The frame, and the speed with the sign of the way that it runs just now."""
        if not self.speed:
            return self.frame, 0
        low, high = self.range
        reach = high - low
        at = min(max(self.frame, low), high) - low + self.slot(now) * self.speed
        if self.mode == "once":
            return low + min(max(at, 0), reach), self.speed
        if self.mode == "loop":
            return low + at % (reach + 1), self.speed
        turned = at % max(1, 2 * reach)
        return (low + turned, self.speed) if turned <= reach else (low + 2 * reach - turned, -self.speed)

    def settled(self, now: float) -> Transport:
        """Itself, or standing at the end where it plays once and has arrived."""
        frame, (low, high) = self.frame_at(now), self.range
        arrived = self.mode == "once" and frame == (high if self.speed > 0 else low)
        return replace(self, frame=frame, speed=0, since=now) if self.playing and arrived else self

    def press(self, act: Act, now: float) -> Transport:
        """The state after one act. Forward and reverse again and again: 1, 2, 4, 8 times the rate."""
        frame, speed = self._running(now)
        here = replace(self, frame=frame, speed=speed, since=now)
        match act:
            case "forward" | "reverse":
                return here._run(1 if act == "forward" else -1)
            case "toggle":
                return replace(here, speed=0) if self.playing else here._run(1)
            case "stop":
                return replace(here, speed=0)
            case "next" | "previous":
                return here.go(here.frame + (1 if act == "next" else -1), now)
            case "first" | "last":
                return here.go(here.range[act == "last"], now)
            case "loop":
                return replace(here, mode=LOOPS[(LOOPS.index(here.mode) + 1) % len(LOOPS)])
            case "clear":
                return replace(here, mark_in=None, mark_out=None)
            case "in":
                keeps = here.mark_out is not None and here.mark_out >= here.frame
                return replace(here, mark_in=here.frame, mark_out=here.mark_out if keeps else None)
            case "out":
                keeps = here.mark_in is not None and here.mark_in <= here.frame
                return replace(here, mark_out=here.frame, mark_in=here.mark_in if keeps else None)

    def go(self, frame: int, now: float) -> Transport:
        """Standing at `frame`, or at the nearest that there is."""
        return replace(self, frame=min(max(frame, self.first), self.last), speed=0, since=now)

    def _run(self, way: int) -> Transport:
        faster = min(FASTEST, 2 * abs(self.speed)) if self.speed * way > 0 else 1
        low, high = self.range
        start, end = (low, high) if way > 0 else (high, low)
        outside = not low <= self.frame <= high
        again = self.mode == "once" and self.frame == end  # from the end, playing once begins anew
        return replace(self, speed=way * faster, frame=start if outside or again else self.frame)


EXACTNESS = ((6, 6), (12, 5), (20, 5), (20, 4))
"""Threshold and bits a channel. The last one is for a slow line alone: four bits save what `ssh -C` sends, and hardly
a byte before it (measured)."""
RHYTHM = ((1, Fraction(1)), (2, Fraction(1)), (3, Fraction(1)), (3, Fraction(4, 5)), (3, Fraction(2, 3)))
"""One picture in so many slots (24, 12, 8 a second), and the share of the columns (120, 96, 80)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Where on a ladder, and how it holds: `load` is smoothed; above 1 it goes down, after `patience` calm slots up.

    What does not hold is tried again twice as late.
    """

    at: int = 0
    load: float = 0.0
    calm: int = 0
    patience: int = CALM
    since_up: int = 2 * CALM

    def weighed(self, share: float, slots: int, last: int) -> Rung:
        """After so many slots that asked for `share` of what they may have."""
        load = self.load + (share - self.load) * SMOOTHING
        calm, since_up = self.calm + slots if load < _CALM_LOAD else 0, self.since_up + slots
        if load > 1 and self.at < last:
            held = since_up >= 2 * CALM
            return Rung(self.at + 1, _NEW_LOAD, 0, CALM if held else min(2 * self.patience, LONGEST), since_up)
        if calm >= self.patience and self.at:
            return Rung(self.at - 1, _NEW_LOAD, 0, self.patience, 0)
        return replace(self, load=load, calm=calm, since_up=since_up)


@dataclass(frozen=True, slots=True)
class Pace:
    """How well the line keeps up, and what is given up for it: first exactness, and if that is not enough, pictures.

    More bytes than the target cost exactness alone: what does not fit into a frame waits for the next, the worst
    first. Frames that stay on their way unanswered cost exactness and then rhythm.
    """

    rate: Fraction = Fraction(24)
    exactness: Rung = Rung()
    rhythm: Rung = Rung()

    @property
    def every(self) -> int:
        """One picture in so many slots; above 30 frames a second never more than every second one."""
        return RHYTHM[self.rhythm.at][0] * ceil(self.rate / 30)

    def due(self, slot: int, drawn: int, in_flight: int) -> Literal["draw", "wait", "braked"]:
        """Whether a picture is due in `slot`, the last one drawn in slot `drawn` of the same `Transport.since` or -1.

        On "braked" call `braked` once a slot and draw nothing: the next picture will be the one that is due then.
        """
        if drawn >= 0 and slot - drawn < self.every:
            return "wait"
        return "braked" if in_flight >= IN_FLIGHT else "draw"

    def columns(self, most: int) -> int:
        """How wide the picture is to be where the place has room for `most` columns."""
        return max(1, floor(most * RHYTHM[self.rhythm.at][1]))

    def budget(self, playing: bool, terminal: tuple[int, int], palette: Palette = "truecolor") -> Budget:
        """What the next frame may cost in a terminal of (columns, rows). A standing picture becomes exact.

        At most half of what tmux lets pile up for a client, 8 bytes a cell, before it throws drawing away; above the
        target only as long as that stays an exception.
        """
        cap = CAP if not playing or self.exactness.load <= 1 else TARGET
        most = max(64, min(cap, 4 * terminal[0] * terminal[1]))
        threshold, bits = EXACTNESS[self.exactness.at] if playing else (0, 8)
        return Budget(most, threshold, bits, palette)

    def after(self, size: int, sent: int, left: int, max_bytes: int) -> Pace:
        """The pace after a playing frame of `size` bytes with `sent` cells, where `left` more did not fit."""
        asked = size * (sent + left) / sent if sent else 0
        share = min(asked / (min(TARGET, max_bytes) * self.every), _MOST)
        exactness = self.exactness.weighed(share, self.every, len(EXACTNESS) - 2)
        return replace(self, exactness=exactness, rhythm=self.rhythm.weighed(0.0, self.every, len(RHYTHM) - 1))

    def braked(self) -> Pace:
        """The pace after a slot in which nothing could be drawn, because too much was on its way."""
        lowest = len(EXACTNESS) - 1
        rhythm = self.rhythm.weighed(_BRAKED if self.exactness.at == lowest else 0.0, 1, len(RHYTHM) - 1)
        return replace(self, exactness=self.exactness.weighed(_BRAKED, 1, lowest), rhythm=rhythm)


@dataclass(frozen=True, slots=True)
class Speed:
    """Over the last second: pictures that were drawn, and frames' times that went by without one."""

    shown: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Meter:
    """When pictures were drawn, and how many slots were passed over before each."""

    drawn: tuple[tuple[float, int], ...] = ()

    def drew(self, now: float, dropped: int) -> Meter:
        """With one more picture; `dropped` slots lie between it and the one before."""
        return Meter((*self._recent(now), (now, dropped)))

    def read(self, now: float) -> Speed:
        recent = self._recent(now)
        return Speed(len(recent), sum(dropped for _, dropped in recent))

    def _recent(self, now: float) -> tuple[tuple[float, int], ...]:
        return tuple((at, dropped) for at, dropped in self.drawn if now - at < 1.0)
