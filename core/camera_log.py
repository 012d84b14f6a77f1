"""What a camera log (Avid Log Exchange) says of a show's plates: matched by name, reel and timecode; then recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from core.cut.incoming.ale import DAY, Log, Take, clock
from core.cut.recut.facts import stem
from core.cut.shots import Plate, Shot, shot_text
from core.files import write_atomic
from core.frames import FrameRange, timecode
from core.history.events import Act
from core.history.git import History
from core.layout import Layout

_FILES = ("Source File", "Source File Path", "Source Path", "UNC", "Filename", "Clip", "Clipname")
"""Columns that name a file, or are called after one."""
_REELS = ("Tape", "Reel", "Camroll", "Labroll")
_MEDIA = (*_FILES, "Tape", "Tracks", "Original_Start", "Original_End")
"""Columns that tell of the media and their places, which the plate knows better: not recorded."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """What a log says of one shot."""

    shot: Shot
    takes: tuple[Take, ...]
    """The lines that can be its take: none, one, or several that are equally likely."""
    by: str = ""
    """`name and timecode`, `reel and timecode`, or `name`."""

    @property
    def take(self) -> Take | None:
        """The line that is its take; None where there is none, or where several say different things."""
        return self.takes[0] if len(self.takes) == 1 else None

    @property
    def now(self) -> Shot:
        """The shot as it would be recorded: facts of the same name replaced, a CDL where it has none."""
        if self.take is None:
            return self.shot
        told = dict(self.shot.source) | {name: text for name, text in self.take.facts if name not in _MEDIA}
        return replace(self.shot, source=tuple(told.items()), cdl=self.shot.cdl or self.take.cdl)

    @property
    def new(self) -> Facts:
        """The facts that would be recorded and are not yet so in the shot."""
        known = dict(self.shot.source)
        return tuple((name, text) for name, text in self.now.source if known.get(name) != text)

    @property
    def differs(self) -> tuple[str, ...]:
        """What the shot says otherwise, in words: facts that would be replaced, and a CDL, which would not."""
        known = dict(self.shot.source)
        said = [f"{name} is {known[name]}, the log says {text}" for name, text in self.new if name in known]
        if self.take is not None and self.take.cdl and self.shot.cdl not in ((), self.take.cdl):
            said.append("its CDL is another than the log's: the shot's stays")
        return tuple(said)


def match_log(log: Log, shots: Iterable[Shot]) -> list[Logged]:
    """For each shot with a plate the line of the log that is its take.

    A line counts whose name or file is called like the plate and whose timecode, where both have one, meets what the
    cut shows of it; else one of the plate's reel whose timecode does. Of several the one that holds most of it.
    """
    return [_match(log, shot) for shot in shots if shot.plate is not None]


def record_log(layout: Layout, history: History, found: Iterable[Logged]) -> tuple[str, ...]:
    """Write what is new into `shot.toml`, in one commit. Returns the shots that changed."""
    changed = [one.now for one in found if one.now != one.shot]
    for shot in changed:
        write_atomic(layout.shot(shot.id), shot_text(shot))
    if changed:
        paths = tuple(layout.shot(shot.id).relative_to(layout.root).as_posix() for shot in changed)
        many = f"{changed[0].id}: what" if len(changed) == 1 else f"{len(changed)} shots: what"
        trailers = tuple(("Rushes-Shot", shot.id) for shot in changed)
        history.commit(Act(event="import", subject=f"{many} the camera log says", paths=paths, trailers=trailers))
    return tuple(shot.id for shot in changed)


# Matching


def _match(log: Log, shot: Shot) -> Logged:
    plate = shot.plate
    assert plate is not None, "only shots with a plate are matched"
    shown = _shown(shot, plate)
    named = [take for take in log.takes if stem(plate.path) in _names(take)]
    if shown is None:
        return Logged(shot, _likeliest(named, {}), "name" if named else "")
    reel = plate.reel.casefold()
    on_reel = [take for take in log.takes if reel and reel in _reels(take)]
    for takes, by in ((named, "name"), (on_reel, "reel")):
        shared = {take.line: _shared(take.span, shown) for take in takes if take.span is not None}
        there = [take for take in takes if shared.get(take.line)]
        if there:
            return Logged(shot, _likeliest(there, shared), f"{by} and timecode")
    blank = [take for take in named if take.span is None]
    return Logged(shot, _likeliest(blank, {}), "name" if blank else "")


def _names(take: Take) -> Iterator[str]:
    return (stem(text) for text in (take.name, *map(take.get, _FILES)) if text)


def _reels(take: Take) -> Iterator[str]:
    return (text.casefold() for text in (take.name, *map(take.get, _REELS)) if text)


def _shown(shot: Shot, plate: Plate) -> tuple[Fraction, Fraction] | None:
    """What the cut shows of a plate, in seconds of its timecode's clock; None for a plate without timecode."""
    if plate.timecode is None:
        return None
    there = FrameRange(plate.index(shot.cut_range.first), plate.index(shot.cut_range.last)).intersect(plate.media)
    first, last = (there.first, there.last) if len(there) else (plate.media.first, plate.media.last)
    at = [plate.timecode + index - plate.media.first for index in (first, last + 1)]
    start, end = (clock(timecode(frame, plate.rate, drop=plate.drop), plate.rate) for frame in at)
    return start, end if end > start else end + DAY


def _shared(span: tuple[Fraction, Fraction], shown: tuple[Fraction, Fraction]) -> Fraction:
    """Seconds that two stretches of the clock have in common, a day apart too: midnight may be within either."""
    shared = (min(span[1] + shift, shown[1]) - max(span[0] + shift, shown[0]) for shift in (-DAY, 0, DAY))
    return max(Fraction(0), *shared)


def _likeliest(takes: list[Take], shared: dict[int, Fraction]) -> tuple[Take, ...]:
    """Those that hold most; lines that say the same count once."""
    most = max((shared.get(take.line, Fraction(0)) for take in takes), default=Fraction(0))
    best = {(take.facts, take.cdl): take for take in reversed(takes) if shared.get(take.line, Fraction(0)) == most}
    return tuple(sorted(best.values(), key=lambda take: take.line))
