"""A video track's clips as the events of an edit decision list, and what such a list has no line for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.edl import BLACK, Edit, Event, Motion, one_line
from otio_adapters.times import item_length, own_speed, seconds, timecode
from otio_adapters.told import Remark, Told, listed, locator, others_of

_NEAR = Fraction(1, 100)
"""Of a frame: what decimal rates add is not a part of a frame."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """What a dissolve comes from."""

    reel: str
    source: int
    """The source frame that follows the last one shown."""
    name: str


_NOTHING = _Outgoing(BLACK, 0, "")


@dataclass(slots=True)
class Track:
    """Goes along one track and turns its clips into events. Times in exact seconds until a line is written."""

    name: str
    rate: Fraction
    start: Fraction
    drop: bool
    told: Callable[[Any], Told]
    """What to say of a clip."""
    losses: dict[tuple[str, str], None] = field(default_factory=dict)
    """Whose, and what; each once, in order."""
    clips: list[Any] = field(default_factory=list)
    """Those that are in the list."""

    def events(self, track: Any) -> Iterator[Event]:
        items = [*track]
        at = self.start
        last = _NOTHING
        for place, item in enumerate(items):
            if isinstance(item, otio.schema.Transition):
                continue
            before = items[place - 1] if place and isinstance(items[place - 1], otio.schema.Transition) else None
            after = items[place + 1] if place + 1 < len(items) else None
            after = after if isinstance(after, otio.schema.Transition) else None
            length = item_length(item)
            if self._carried(item) and track.enabled:
                event, last = self._event(item, at, at + length, before, after, last)
                yield event
            else:
                if before is not None and last is not _NOTHING:
                    yield self._fade_out(before, at, last)
                if track.enabled is False and isinstance(item, otio.schema.Clip):
                    self._lose(item, "not in the list: its track is switched off")
                last = _NOTHING
            at += length
        if items and isinstance(items[-1], otio.schema.Transition) and last is not _NOTHING:
            yield self._fade_out(items[-1], at, last)

    def _carried(self, item: Any) -> bool:
        """Whether an item becomes an event; why not goes to the losses. A gap is none: the record side jumps."""
        if isinstance(item, otio.schema.Gap):
            return False
        if not isinstance(item, otio.schema.Clip):
            count = len(item.find_clips()) if hasattr(item, "find_clips") else 0
            self._lose(item, f"not in the list: a compound of {count} clips; decompose it in the edit")
            return False
        if not item.enabled:
            self._lose(item, "not in the list: the clip is switched off")
            return False
        if item_length(item) <= 0:
            self._lose(item, "not in the list: the clip does not say how long it is")
            return False
        return True

    def _event(
        self, clip: Any, start: Fraction, end: Fraction, before: Any, after: Any, last: _Outgoing
    ) -> tuple[Event, _Outgoing]:
        """The event of a clip that stands from `start` to `end`, and what the next dissolve would come from."""
        told, speed = self.told(clip), self._speed(clip)
        head, tail = _offsets(before)[0], _offsets(after)[0]
        record = (self._record(start - head, clip), self._record(end - tail, clip))
        # Backwards the head is the latest source, so what the next dissolve takes away is the earliest.
        earlier = -head * speed if speed >= 0 else tail * -speed
        begin = self._whole(told.source + earlier * self.rate, clip)
        if told.non_drop and self.drop:
            meant, found = (timecode(begin % self._day, self.rate, drop=drop) for drop in (False, True))
            self._lose(clip, f"its timecode is non-drop, the list counts in drop frame: {meant} is told as {found}")
        run = max(1, round((record[1] - record[0]) * abs(speed)))
        into = Edit(self._reel(clip, told), (begin, begin + run), record)
        name = one_line(clip.name, 120)
        comments = [*self._comments(clip, told, last.name if before is not None else "")]
        comments += [one_line(str(comment), 2000) for comment in listed(clip).get("comments", ())]
        motion = None
        if speed != 1:
            motion = Motion(into.reel, Fraction(round(speed * self.rate * 10), 10), begin % self._day)
            comments += self._told_speed(clip, speed, motion)
        comments += self._locators(told.remarks, start, record, speed)
        edits = (into,) if before is None else self._dissolve(before, into, last)
        self._name_losses(clip, told)
        self.clips.append(clip)
        return Event(tuple(map(self._on_clock, edits)), motion, tuple(comments)), _Outgoing(
            into.reel, begin + run, name
        )

    def _dissolve(self, transition: Any, into: Edit, last: _Outgoing) -> tuple[Edit, Edit]:
        head, tail = _offsets(transition)
        frames = round((head + tail) * self.rate)
        if transition.transition_type != "SMPTE_Dissolve":
            kind = one_line(str(transition.transition_type), 40) or "no type"
            self._lose(transition, f"a transition of {kind}: written as a dissolve of {frames} frames")
        out = Edit(last.reel, (last.source, last.source), (into.record[0], into.record[0]))
        return out, replace(into, dissolve=frames)

    def _fade_out(self, transition: Any, at: Fraction, last: _Outgoing) -> Event:
        """A dissolve from the last clip into black."""
        head, tail = _offsets(transition)
        first, end = (self._record(time, transition) for time in (at - head, at + tail))
        edits = self._dissolve(transition, Edit(BLACK, (0, end - first), (first, end)), last)
        return Event(tuple(map(self._on_clock, edits)), None, (f"FROM CLIP NAME: {last.name}",))

    def _locators(
        self, remarks: tuple[Remark, ...], start: Fraction, record: tuple[int, int], speed: Fraction
    ) -> Iterator[str]:
        """A `LOC` comment for each remark, at its record timecode; one outside the event stands at its first frame."""
        for remark in remarks:
            at = record[0]
            if remark.at is not None and speed:
                at = round((start + remark.at / speed) * self.rate)
            at = at if record[0] <= at < record[1] else record[0]
            yield locator(timecode(at % self._day, self.rate, drop=self.drop), remark)

    def _record(self, time: Fraction, item: Any) -> int:
        return self._whole(time * self.rate, item)

    def _whole(self, exact: Fraction, item: Any) -> int:
        frame = round(exact)
        if abs(exact - frame) > _NEAR:
            self._lose(item, f"frame {float(exact):.2f} of the list's rate is rounded to {frame}")
        if not 0 <= frame < self._day:
            self._lose(item, "it reaches over midnight, where timecode starts again at 00:00:00:00")
        return frame

    def _on_clock(self, edit: Edit) -> Edit:
        (a, b), (c, d) = edit.source, edit.record
        return replace(edit, source=(a % self._day, b % self._day), record=(c % self._day, d % self._day))

    @property
    def _day(self) -> int:
        return day(self.rate, self.drop)

    def _speed(self, clip: Any) -> Fraction:
        speed, others = own_speed(clip)
        if others:
            self._lose(clip, "its speed ramp: listed as if it ran straight")
        return speed

    def _told_speed(self, clip: Any, speed: Fraction, motion: Motion) -> Iterator[str]:
        if motion.speed != speed * self.rate:
            exact = float(speed * self.rate)
            self._lose(clip, f"its speed of {exact:.4f} frames a second is told as {float(motion.speed):.1f}")
        if speed < 0:
            self._lose(clip, "it runs backwards: its source is listed from the earliest to the latest frame")
        if speed == 0:
            yield "FREEZE FRAME"

    def _reel(self, clip: Any, told: Told) -> str:
        reel = re.sub(r"[^\x21-\x7e]+", "_", one_line(told.reel, 200)) or "AX"
        if reel != told.reel and told.reel:
            self._lose(clip, f"its reel {one_line(told.reel, 80)} is written as {reel}")
        return reel

    def _comments(self, clip: Any, told: Told, outgoing: str) -> Iterator[str]:
        name = one_line(clip.name, 120)
        if name != clip.name:
            self._lose(clip, "its name holds what a line of text cannot")
        if outgoing:
            yield f"FROM CLIP NAME: {outgoing}"
            yield f"TO CLIP NAME: {name}"
        else:
            yield f"FROM CLIP NAME: {name}"
        if file := one_line(told.file, 120):
            yield f"SOURCE FILE: {file}"
        yield from (one_line(comment, 2000) for comment in told.comments)

    def _name_losses(self, clip: Any, told: Told) -> None:
        """What a list has no line for."""
        timed = otio.schema.LinearTimeWarp  # a freeze is one
        effects = [effect for effect in clip.effects if not isinstance(effect, timed)]
        theirs, kept = versions.editor_reference(clip), (versions.editor_key(clip), clip.active_media_reference_key)
        made = isinstance(theirs, otio.schema.GeneratorReference)
        markers = [] if told.markers else clip.markers
        lost = {
            "its generated picture": [one_line(theirs.generator_kind, 40) or "unnamed"] if made else [],
            "effects": [one_line(effect.effect_name or effect.name or "unnamed", 40) for effect in effects],
            "markers": [one_line(marker.name or marker.comment or "unnamed", 40) for marker in markers],
            "metadata of": [others] if (others := others_of(clip, *(["cmx_3600"] if listed(clip) else []))) else [],
            "further media references": sorted(one_line(key, 40) for key in clip.media_references() if key not in kept),
        }
        for what, names in lost.items():
            if names:
                self._lose(clip, f"{what} {', '.join(names)}")

    def _lose(self, item: Any, what: str) -> None:
        self.losses[f"{self.name} {one_line(item.name, 60) or '(unnamed)'}", what] = None


def cut_losses(timeline: Any) -> Iterator[tuple[str, str]]:
    """Whose, and what no list holds of a cut as a whole."""
    name = one_line(timeline.name, 60) or "the timeline"
    if timeline.tracks.markers:
        yield name, f"{len(timeline.tracks.markers)} markers"
    if others := others_of(timeline):
        yield name, f"metadata of {others}"
    for track in timeline.tracks:
        label = one_line(track.name, 60) or "(unnamed track)"
        if isinstance(track, otio.schema.Track) and track.kind == otio.schema.TrackKind.Video:
            if track.source_range is not None or track.effects:
                yield label, "the track's own trim or effects: its clips are listed as if it had none"
        else:
            kind = one_line(str(getattr(track, "kind", "") or "no kind"), 20).lower()
            yield label, f"not in a list: a track of {kind}"


def day(rate: Fraction, drop: bool) -> int:
    """Frames of a day's timecode; drop frame leaves two numbers (four at 59.94) out in nine of ten minutes."""
    fps = round(rate)
    return fps * 86400 - (fps // 15 * 1296 if drop else 0)


def _offsets(transition: Any) -> tuple[Fraction, Fraction]:
    """How far a transition reaches before and behind the cut that it stands on, in seconds."""
    if transition is None:
        return Fraction(0), Fraction(0)
    return seconds(transition.in_offset) or Fraction(0), seconds(transition.out_offset) or Fraction(0)
