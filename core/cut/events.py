"""A video track's clips as the events of an edit decision list, and what such a list has no line for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from core.cut.compare import Loss
from core.cut.edl import BLACK, Edit, Event, Motion
from core.cut.notes import locators
from core.cut.publish import Entry, too_short
from core.cut.reference import VersionMedia, plate_zero
from core.files import one_line, safe_name
from core.frames import timecode
from otio_adapters.times import item_length, own_speed, seconds

_NEAR = Fraction(1, 100)
"""Of a frame: what decimal rates add is not a part of a frame."""


def others_of(item: Any, *carried: str) -> str:
    """Whose metadata an item has, ours and `carried` apart."""
    return ", ".join(sorted(one_line(key, 40) for key in item.metadata if key not in ("rushes", *carried)))


def _listed(clip: Any) -> dict[str, Any]:
    """What a list said of the clip that it came in with: its reel, and comments as they were."""
    found = clip.metadata.get("cmx_3600")
    facts = dict(found) if hasattr(found, "keys") else {}
    comments = facts.get("comments", ())
    fits = facts.keys() <= {"reel", "comments"} and not isinstance(comments, str) and hasattr(comments, "__iter__")
    return {**facts, "comments": list(comments)} if fits and facts else {}


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
    entries: Mapping[str, Entry]
    losses: list[Loss] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    playing: int = 0
    """Clips in the list that play a version."""

    def events(self, track: Any) -> Iterator[Event]:
        import opentimelineio as otio

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
        import opentimelineio as otio

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
        entry = self.entries.get(_clip_id(clip))
        speed = self._speed(clip)
        head, tail = _offsets(before)[0], _offsets(after)[0]
        record = (self._record(start - head, clip), self._record(end - tail, clip))
        # Backwards the head is the latest source, so what the next dissolve takes away is the earliest.
        earlier = -head * speed if speed >= 0 else tail * -speed
        begin = self._whole(self._source(clip, entry) + earlier * self.rate, clip)
        if entry and entry.shot.plate and entry.shot.plate.timecode is not None and self.drop > entry.shot.plate.drop:
            meant, told = (timecode(begin % self._day, self.rate, drop=drop) for drop in (False, True))
            self._lose(clip, f"its timecode is non-drop, the list counts in drop frame: {meant} is told as {told}")
        run = max(1, round((record[1] - record[0]) * abs(speed)))
        into = Edit(self._reel(clip, entry), (begin, begin + run), record)
        name = one_line(clip.name, 120)
        comments = [*self._comments(clip, entry, last.name if before is not None else "")]
        comments += [one_line(str(comment), 2000) for comment in _listed(clip).get("comments", ())]
        motion = None
        if speed != 1:
            motion = Motion(into.reel, Fraction(round(speed * self.rate * 10), 10), begin % self._day)
            comments += self._told_speed(clip, speed, motion)
        if entry and entry.notes:
            comments += locators(entry, self._shown(clip, entry), start * self.rate, record, speed, self._clock)
        edits = (into,) if before is None else self._dissolve(before, into, last)
        self._name_losses(clip)
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

    def _source(self, clip: Any, entry: Entry | None) -> Fraction:
        """The clip's first source frame: on the media's timecode where that is known, else as the cut counts it.

        A timecode is a count, not a time: 01:00:00:00 stays that in a list of another rate.
        """
        used = clip.trimmed_range().start_time
        plate = entry.shot.plate if entry else None
        if entry is None or plate is None or plate.timecode is None:
            return Fraction(used.value) * Fraction(round(self.rate), round(used.rate))
        index = ((seconds(used) or Fraction(0)) - plate_zero(clip, plate, entry.made)) * plate.rate
        return (index - plate.media.first + plate.timecode) * Fraction(round(self.rate), round(plate.rate))

    def _shown(self, clip: Any, entry: Entry) -> Fraction:
        """The shot frame that stands at the clip's start."""
        plate, first = entry.shot.plate, seconds(clip.trimmed_range().start_time) or Fraction(0)
        assert plate is not None, "only a shot with a plate has versions, and notes on them"
        return (first - plate_zero(clip, plate, entry.made)) * plate.rate + plate.offset

    def _clock(self, frame: int) -> str:
        return timecode(frame % self._day, self.rate, drop=self.drop)

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
        """Frames of a day's timecode; drop frame leaves two numbers (four at 59.94) out in nine of ten minutes."""
        fps = round(self.rate)
        return fps * 86400 - (fps // 15 * 1296 if self.drop else 0)

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

    def _reel(self, clip: Any, entry: Entry | None) -> str:
        """The version's name; else the reel that the editor or the media name; else the file's name."""
        from otio_adapters import versions

        media = entry.plays if entry else None
        if media is not None:
            return safe_name(media.stem)
        plate = entry.shot.plate if entry else None
        full = (
            str(_listed(clip).get("reel", ""))
            or (plate.reel if plate else "")
            or PurePosixPath(_file(versions.editor_reference(clip))).stem
        )
        reel = re.sub(r"[^\x21-\x7e]+", "_", one_line(full)) or "AX"
        if reel != full and full:
            self._lose(clip, f"its reel {one_line(full, 80)} is written as {reel}")
        return reel

    def _comments(self, clip: Any, entry: Entry | None, outgoing: str) -> Iterator[str]:
        from otio_adapters import versions

        name = one_line(clip.name, 120)
        if name != clip.name:
            self._lose(clip, "its name holds what a line of text cannot")
        if outgoing:
            yield f"FROM CLIP NAME: {outgoing}"
            yield f"TO CLIP NAME: {name}"
        else:
            yield f"FROM CLIP NAME: {name}"
        media = entry.plays if entry else None
        if entry is None or media is None:
            if file := one_line(PurePosixPath(_file(versions.editor_reference(clip))).name, 120):
                yield f"SOURCE FILE: {file}"
            return
        self.warnings += too_short(entry, media)
        self.playing += 1
        yield f"SOURCE FILE: {_numbered(media)}"
        yield f"SHOT: {entry.shot.id}"
        yield f"VERSION: {media.version}"
        yield f"RECIPE: {(media.facts or {}).get('recipe', '')}"

    def _name_losses(self, clip: Any) -> None:
        """What a list has no line for."""
        import opentimelineio as otio

        from otio_adapters import versions

        timed = otio.schema.LinearTimeWarp  # a freeze is one
        effects = [effect for effect in clip.effects if not isinstance(effect, timed)]
        kept, theirs = versions.editor_key(clip), versions.editor_reference(clip)
        made = isinstance(theirs, otio.schema.GeneratorReference)
        told = {
            "its generated picture": [one_line(theirs.generator_kind, 40) or "unnamed"] if made else [],
            "effects": [one_line(effect.effect_name or effect.name or "unnamed", 40) for effect in effects],
            "markers": [one_line(marker.name or marker.comment or "unnamed", 40) for marker in clip.markers],
            "metadata of": [others] if (others := others_of(clip, *(["cmx_3600"] if _listed(clip) else []))) else [],
            "further media references": sorted(one_line(key, 40) for key in clip.media_references() if key != kept),
        }
        for what, names in told.items():
            if names:
                self._lose(clip, f"{what} {', '.join(names)}")

    def _lose(self, item: Any, what: str) -> None:
        loss = Loss(f"{self.name} {one_line(item.name, 60) or '(unnamed)'}", what)
        if loss not in self.losses:
            self.losses.append(loss)


def _clip_id(clip: Any) -> str:
    from otio_adapters import versions

    return versions.get_text(clip, "clip_id")


def _offsets(transition: Any) -> tuple[Fraction, Fraction]:
    """How far a transition reaches before and behind the cut that it stands on, in seconds."""
    if transition is None:
        return Fraction(0), Fraction(0)
    return seconds(transition.in_offset) or Fraction(0), seconds(transition.out_offset) or Fraction(0)


def _file(reference: Any) -> str:
    """The path that a media reference names, decoded; of a sequence its pattern's."""
    import opentimelineio as otio

    if isinstance(reference, otio.schema.ImageSequenceReference):
        return f"{reference.name_prefix.rstrip('._')}{reference.name_suffix}"
    return unquote(urlparse(str(getattr(reference, "target_url", "") or "")).path)


def _numbered(media: VersionMedia) -> str:
    """A sequence as editing systems write it: `name.[1001-1072].exr`."""
    width = media.padding
    return f"{media.prefix}[{media.frames.first:0{width}}-{media.frames.last:0{width}}]{media.suffix}"
