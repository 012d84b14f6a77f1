"""An edit decision list as a timeline: what it says of clips, and written again the same list."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any
from urllib.parse import quote

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.edl import BLACK, Edl, Event
from otio_adapters.events import day
from otio_adapters.times import timecode_frame
from otio_adapters.told import Remark, locator

_LOCATOR = re.compile(r"LOC: (\d\d:\d\d:\d\d[:;]\d\d) (\S+) +(.*)")
_FINEST = 1000
"""Speeds are looked for among fractions with denominators up to this."""


def timeline_of(edl: Edl) -> otio.schema.Timeline:
    """The list as a timeline of one track, at the list's own rate.

    A dissolve starts where its event does: a list does not say how much of one lies before the cut. Clips have the
    reel and what remarks are left as `metadata["cmx_3600"]`, in the way of OTIO's own reader.

    Raises:
        ValueError: an event that starts before the one before it ends.
    """
    made = otio.schema.Timeline(edl.title)
    if edl.drop:
        versions.put(made, {"drop": True})
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    made.tracks.append(track)
    at = start = edl.events[0].edits[-1].record[0] if edl.events else 0
    made.global_start_time = _time(start, edl)
    whole = day(edl.rate, edl.drop)
    for number, event in enumerate(edl.events, 1):
        into = event.edits[-1]
        length, gap = (into.record[1] - into.record[0]) % whole, (into.record[0] - at) % whole
        if gap > whole // 2:
            raise ValueError(f"event {number:03} starts before the event before it ends")
        if gap:
            track.append(otio.schema.Gap(source_range=_range(0, gap, edl)))
        if into.dissolve >= 0:
            track.append(otio.schema.Transition("", "SMPTE_Dissolve", _time(0, edl), _time(into.dissolve, edl)))
        black = into.reel == BLACK
        track.append(otio.schema.Gap(source_range=_range(0, length, edl)) if black else _clip(event, length, edl))
        at += gap + length
    return made


def _clip(event: Event, length: int, edl: Edl) -> otio.schema.Clip:
    into = event.edits[-1]
    name, file, rest = _named(event)
    made = otio.schema.Clip(name, source_range=_range(into.source[0], length, edl))
    if file:
        made.media_reference = otio.schema.ExternalReference(quote(file))
    speed = _speed(event, length, edl)
    if speed == 0:
        made.effects.append(otio.schema.FreezeFrame())
    elif speed != 1:
        made.effects.append(otio.schema.LinearTimeWarp("", time_scalar=float(speed)))
    remarks = []
    while rest and (remark := _remark(rest[-1], into.record, edl)):
        remarks.append(_marker(remark[0] * speed + into.source[0], remark[1], edl))
        rest = rest[:-1]
    made.markers.extend(reversed(remarks))
    if speed == 0 and rest and rest[-1] == "FREEZE FRAME":
        rest = rest[:-1]
    made.metadata["cmx_3600"] = {"reel": into.reel, "comments": list(rest)}
    return made


def _named(event: Event) -> tuple[str, str, tuple[str, ...]]:
    """The clip's name and its file, and the comments that say neither."""
    name, file, rest = "", "", event.comments
    for head in ("FROM CLIP NAME: ", "TO CLIP NAME: "):
        if rest and rest[0].startswith(head):
            name, rest = rest[0].removeprefix(head), rest[1:]
    if rest and rest[0].startswith("SOURCE FILE: "):
        file, rest = rest[0].removeprefix("SOURCE FILE: "), rest[1:]
    return name, file, rest


def _speed(event: Event, length: int, edl: Edl) -> Fraction:
    """The simplest speed that a list would tell as this event does: lists round to tenths of a frame.

    So one that is told as the list's own rate is none.
    """
    motion, source = event.motion, event.edits[-1].source
    if motion is None:
        return Fraction(1)
    run = (source[1] - source[0]) % day(edl.rate, edl.drop)
    exact = abs(motion.speed / edl.rate)
    if abs(run - length * exact) > 1 + length * Fraction(1, 20) / edl.rate:
        return motion.speed / edl.rate  # no speed is told so: its source is not as long as it plays

    def told_so(speed: Fraction) -> bool:
        same = Fraction(round(speed * edl.rate * 10), 10) == motion.speed
        return same and max(1, round(length * abs(speed))) == run

    near = (Fraction(round(motion.speed / edl.rate * bottom), bottom) for bottom in range(1, _FINEST))
    return next(filter(told_so, near), motion.speed / edl.rate)


def _remark(comment: str, record: tuple[int, int], edl: Edl) -> tuple[int, Remark] | None:
    """A locator within the event: its frame from the event's first, and what it says. None for other comments."""
    found = _LOCATOR.fullmatch(comment)
    if found is None:
        return None
    remark = Remark(None, found[2], found[3])
    ahead = timecode_frame(found[1], edl.rate) - record[0]
    inside = 0 <= ahead < record[1] - record[0]
    return (ahead, remark) if inside and locator(found[1], remark) == comment else None


def _marker(source: Fraction, remark: Remark, edl: Edl) -> otio.schema.Marker:
    rate = float(edl.rate)
    shown = otio.opentime.TimeRange(otio.opentime.RationalTime(float(source), rate), _time(1, edl))
    made = otio.schema.Marker("", shown, remark.colour)
    made.comment = remark.text
    return made


def _time(frames: int, edl: Edl) -> Any:
    return otio.opentime.RationalTime(frames, float(edl.rate))


def _range(start: int, length: int, edl: Edl) -> Any:
    return otio.opentime.TimeRange(_time(start, edl), _time(length, edl))
