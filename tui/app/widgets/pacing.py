"""How a playing picture keeps up with the clock and the line: what is due, what it may cost, what came of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from core.frames import format_rate
from tui.present.scrub import Rate
from tui.video.pace import Budget, Meter, Pace, Palette

if TYPE_CHECKING:
    from tui.video.cells import Encoded

SLOW = 8_000
"""Bytes a frame at most on a line that carries fewer pictures than there are: 80 ms of 100 kB/s."""


class Pacing:
    """The pace of one player at a rate, and its measurements since playing began."""

    def __init__(self, rate: Fraction = Fraction(24)) -> None:
        self._pace = Pace(rate)
        self._weight = 0.0
        self.begin()

    def begin(self) -> None:
        """Playing begins, or goes on otherwise: slots count from 0."""
        self._meter, self._drawn, self._braked = Meter(), -1, -1

    @property
    def gives_way(self) -> bool:
        """Whether the line carries fewer pictures than there are."""
        return bool(self._pace.rhythm.at)

    def due(self, slot: int, in_flight: int) -> bool:
        """Whether a picture is to be drawn now. A slot in which the line takes nothing is weighed."""
        due = self._pace.due(slot, self._drawn, in_flight)
        if due == "braked" and slot != self._braked:
            self._pace, self._braked = self._pace.braked(), slot
        return due == "draw"

    def share(self, columns: int) -> float:
        """How wide a picture is drawn, of `columns`."""
        return self._pace.columns(columns) / columns

    def budget(self, playing: bool, terminal: tuple[int, int], palette: Palette) -> Budget:
        """What the next picture may cost. Where the line gives way little, so that no key waits behind much."""
        budget = self._pace.budget(playing, terminal, palette)
        return replace(budget, max_bytes=min(budget.max_bytes, SLOW)) if self.gives_way else budget

    def drew(self, slot: int, now: float, encoded: Encoded | None, budget: Budget) -> None:
        """A picture was drawn; `encoded` None: by the toolkit."""
        self._meter, self._drawn = self._meter.drew(now, slot - self._drawn - 1), slot
        if encoded is not None:
            size = len(encoded.data)
            self._pace = self._pace.after(size, encoded.sent, encoded.left, budget.max_bytes)
            self._weight += (size - self._weight) / 8

    def rate(self, now: float) -> Rate:
        """What is said of it."""
        speed, wanted = self._meter.read(now), self._pace.rate
        shown = min(speed.shown, round(wanted))  # a second may begin and end with a picture
        return Rate(shown, format_rate(wanted), speed.dropped, self._weight)
