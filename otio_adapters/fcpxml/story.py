"""Storylines read into tracks: what follows each other on one, what hangs in lanes on others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol
from xml.etree import ElementTree as ET

from opentimelineio import schema

from otio_adapters.fcpxml.parts import ITEMS, Found, named
from otio_adapters.fcpxml.time import rational, read, span

_ZERO = Fraction(0)


class Reader(Protocol):
    """Reads the elements of storylines."""

    unread: Counter[str]
    """What it did not understand."""

    def item(self, element: ET.Element, rate: Fraction) -> Found:
        """An element as an item of a track whose frames `rate` counts."""

    def transition(self, element: ET.Element) -> schema.Transition:
        """A transition, its offsets not set."""

    def is_sound(self, element: ET.Element) -> bool:
        """Whether an element can only be heard."""


@dataclass(slots=True)
class Run:
    """What stands in a lane without a break: items one after the other, from `start` on."""

    lane: int
    sound: bool
    start: Fraction
    end: Fraction
    items: list[Any]
    own: bool = False
    """The sound of a picture, beside it."""


@dataclass(slots=True)
class Story:
    """A storyline and all that hangs on it, read into a stack of tracks.

    An offset of `zero` is where the stack begins; `rate` counts its frames.
    """

    reader: Reader
    rate: Fraction
    zero: Fraction
    runs: list[Run] = field(default_factory=list)

    def main(self, elements: Iterable[ET.Element]) -> None:
        """Read the primary storyline. Some writers count it from zero, whatever timecode the sequence starts with."""
        inside = [one for one in elements if one.get("lane") is None]
        first = next((read(one.get("offset")) for one in inside if one.get("offset")), self.zero)
        self.along(inside, self.zero if first >= self.zero else _ZERO, self._run(0, self._only_heard(inside), _ZERO))

    def stack(self, name: str, *, earlier: bool = True) -> tuple[schema.Stack, Fraction]:
        """What was read, as tracks from the lowest picture up, then the sounds; and the time that they begin with.

        That is `zero`, or before it where something hangs out over the storyline's head. `earlier`: it may be negative.
        """
        begin = min((run.start for run in self.runs), default=_ZERO)
        begin = min(_ZERO, math.floor(begin * self.rate) / self.rate)
        if self.zero + begin < 0 and not earlier:
            begin = _ZERO
            for run in [run for run in self.runs if run.start < 0]:
                self.reader.unread["what begins before timecode zero is left out"] += 1
                self.runs.remove(run)
        made = schema.Stack(name)
        pictures = sorted((run for run in self.runs if not run.sound), key=lambda run: (run.lane, run.start))
        sounds = sorted((run for run in self.runs if run.sound), key=_sound_order)
        for kind, runs in ((schema.TrackKind.Video, pictures), (schema.TrackKind.Audio, sounds)):
            for number, track in enumerate(_tracks(runs), 1):
                made.append(self._track(f"{kind[0]}{number}", kind, track, begin))
        return made, self.zero + begin

    def along(self, elements: Iterable[ET.Element], base: Fraction, run: Run) -> None:
        """Put elements that follow each other into a run; what hangs on them goes into runs of its own.

        Args:
            base: the offset that stands for the run's start.
        """
        begin = run.start
        for element in elements:
            given = element.get("offset")
            at = begin + read(given) - base if given is not None else run.end
            if element.tag == "transition":
                self._join(element, at if given is not None else None, run)
            elif element.tag in ITEMS:
                if at < run.end:
                    raise ValueError(f"{named(element)} starts before what stands in front of it ends")
                if at > run.end:
                    run.items.append(schema.Gap(source_range=span(_ZERO, at - run.end, [self.rate])))
                self._add(element, at, run)

    def hang(self, elements: Iterable[ET.Element], at: Fraction, local: Fraction, scale: Fraction, lane: int) -> None:
        """Read what hangs on an item, lane by lane.

        Args:
            at: where the item stands; there its own time is `local`, which runs `scale` times as fast.
            lane: the item's own.
        """
        for element in elements:
            own = element.get("lane")
            if own is None or (element.tag not in ITEMS and element.tag != "spine"):
                continue
            start = at + (read(element.get("offset"), local) - local) / scale
            inside = [element] if element.tag != "spine" else [one for one in element if one.get("lane") is None]
            run = self._run(lane + _number(own), self._only_heard(inside), start)
            if element.tag == "spine":
                self.along(inside, _ZERO, run)
            else:
                self._add(element, start, run)

    def _only_heard(self, elements: Iterable[ET.Element]) -> bool:
        shown = [one for one in elements if one.tag in ITEMS and one.tag != "gap"]
        return bool(shown) and all(map(self.reader.is_sound, shown))

    def _run(self, lane: int, sound: bool, start: Fraction) -> Run:
        self.runs.append(Run(lane, sound, start, start, []))
        return self.runs[-1]

    def _join(self, element: ET.Element, at: Fraction | None, run: Run) -> None:
        length = read(element.get("duration"))
        before = run.end - at if at is not None else length / 2
        if not 0 <= before <= length:
            raise ValueError(f"the transition {named(element)} lies over no edit")
        if run.items and isinstance(run.items[-1], schema.Transition):
            self.reader.unread["two transitions at one edit: the second is left out"] += 1
            return
        made = self.reader.transition(element)
        made.in_offset, made.out_offset = (rational(one, [self.rate]) for one in (before, length - before))
        run.items.append(made)

    def _add(self, element: ET.Element, at: Fraction, run: Run) -> None:
        found = self.reader.item(element, self.rate)
        run.items.append(found.item)
        run.end = at + found.length
        for sound in found.sounds:
            start = at + sound.at
            self.runs.append(Run(run.lane, True, start, start + sound.length, [sound.item], own=True))
        self.hang(found.hung, at, found.local, found.scale, run.lane)

    def _track(self, name: str, kind: str, runs: list[Run], at: Fraction) -> schema.Track:
        made = schema.Track(name, kind=kind)
        for run in runs:
            start = run.start
            if start > at:
                made.append(schema.Gap(source_range=span(_ZERO, start - at, [self.rate])))
            made.extend(run.items)
            at = run.end
        return made


def _sound_order(run: Run) -> tuple[int, int, Fraction]:
    """Sounds of pictures first, from the primary storyline up; then those of their own, from it down."""
    return (0, run.lane, run.start) if run.own else (1, -run.lane, run.start)


def _tracks(runs: list[Run]) -> list[list[Run]]:
    """Runs of one lane on one track, and on further ones where they would lie over each other."""
    made: list[list[Run]] = []
    lanes: dict[tuple[int, bool], list[list[Run]]] = {}
    for run in runs:
        if not run.items:
            continue
        own = lanes.setdefault((run.lane, run.own), [])
        free = next((track for track in own if track[-1].end <= run.start and not _meet(track[-1], run)), None)
        if free is None:
            free = []
            own.append(free)
            made.append(free)
        free.append(run)
    return made


def _meet(before: Run, after: Run) -> bool:
    """Whether two transitions would stand beside each other, which no track holds."""
    return isinstance(before.items[-1], schema.Transition) and isinstance(after.items[0], schema.Transition)


def _number(lane: str) -> int:
    try:
        return int(lane[:9])
    except ValueError as error:
        raise ValueError(f"{lane[:20]!r} is no lane") from error
