"""A timeline written as FCPXML: the first video track is the primary storyline, all others hang on it in lanes."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
from opentimelineio import schema

from otio_adapters.fcpxml.assets import Resources, text_of
from otio_adapters.fcpxml.element import Elements, facts, is_sound
from otio_adapters.fcpxml.time import DROP_RATES, exact_rate, seconds


def document(timeline: schema.Timeline, rate: Fraction, size: tuple[int, int]) -> str:
    """See `otio_adapters.fcpxml.write_to_string`. `rate` 0: of the timeline."""
    told = facts(timeline)
    exact = exact_rate(float(rate)) if rate else _record_rate(timeline)
    drop = told.get("tcFormat") or ("DF" if exact in DROP_RATES else "NDF")
    resources = Resources(exact, size, timeline)
    start, name = timeline.global_start_time, text_of(timeline.name) or "cut"
    project = ET.Element("project", name=name)
    begin = seconds(start) if start is not None else Fraction(0)
    project.append(_sequence(timeline.tracks, Elements(resources, str(drop), _sequence), begin))
    root = ET.Element("fcpxml", version="1.10")
    root.append(resources.element())
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=name)
    event.append(project)
    ET.indent(root, "  ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _record_rate(timeline: schema.Timeline) -> Fraction:
    if timeline.global_start_time is not None:
        return exact_rate(timeline.global_start_time.rate)
    rates: Counter[Fraction] = Counter()
    for clip in list(timeline.find_clips()):
        if clip.source_range is not None:
            rates[exact_rate(clip.source_range.duration.rate)] += 1
    pictures = [rate for rate, _ in rates.most_common() if rate <= 1000]
    if not pictures:
        raise ValueError("the timeline does not say its rate")
    return pictures[0]


# Where things stand


@dataclass(frozen=True, slots=True)
class _Placed:
    """An item of a track, from `start` on in the time of the sequence."""

    item: Any
    start: Fraction
    length: Fraction

    @property
    def end(self) -> Fraction:
        return self.start + self.length


def _along(track: Any) -> list[_Placed]:
    """A track's items one after the other; what is no track is the only one of its own."""
    if not isinstance(track, schema.Track):
        return [_Placed(track, Fraction(0), _length(track))]
    if track.source_range is not None and track.source_range != track.available_range():
        raise ValueError(f"the track {track.name or 'without a name'} is trimmed as a whole")
    placed, at = [], Fraction(0)
    for item in track:
        placed.append(_Placed(item, at, _length(item)))
        at = placed[-1].end
    return placed


def _length(item: Any) -> Fraction:
    if isinstance(item, schema.Transition):
        return Fraction(0)
    try:
        found = item.trimmed_range()
    except (ValueError, otio.exceptions.OTIOError) as error:
        raise ValueError(f"{item.name or 'an item without a name'} does not say how long it is") from error
    length = seconds(found.duration)
    if length < 0:
        raise ValueError(f"{item.name or 'an item without a name'} is {float(length):g} seconds long")
    return length


def _runs(placed: list[_Placed]) -> list[list[_Placed]]:
    """What belongs together in a lane: single items, and with their neighbours those that a transition joins."""
    joined = [isinstance(one.item, schema.Transition) for one in placed]
    made: list[list[_Placed]] = []
    for number, one in enumerate(placed):
        after = number + 1 < len(placed) and joined[number + 1]
        held = joined[number] or (number > 0 and joined[number - 1])
        if isinstance(one.item, schema.Gap) and not (held or after):
            continue
        if held and made:
            made[-1].append(one)
        else:
            made.append([one])
    return made


def _sequence(stack: Any, elements: Elements, zero: Fraction) -> ET.Element:
    """The `sequence` of a stack's tracks; its storyline starts with the time `zero`."""
    pictures = [track for track in stack if not is_sound(track)]
    sounds = [track for track in stack if is_sound(track)]
    lanes = [*enumerate(pictures[1:], 1), *((-number, track) for number, track in enumerate(sounds, 1))]
    story = _along(pictures[0]) if pictures else []
    hung = [(lane, track, run) for lane, track in lanes for run in _runs(_along(track))]
    known = story[-1].end if story else Fraction(0)
    end = max((run[-1].end for _, _, run in hung), default=known)
    if end > known:  # what stands behind the last picture hangs on a gap
        story.append(_Placed(schema.Gap(), known, end - known))
    pieces = [elements.piece(one.item, pictures[:1], one.start + zero, one.length) for one in story]
    under = [(one.start, piece) for one, piece in zip(story, pieces, strict=True) if piece.carries]
    starts = [start for start, _ in under]
    for lane, track, run in hung:
        start, piece = under[bisect_right(starts, run[0].start) - 1]
        piece.element.append(_hung(run, track, lane, elements, piece.local + run[0].start - start))
    spine = ET.Element("spine")
    spine.extend(piece.whole() for piece in pieces)
    made = ET.Element("sequence", format=elements.resources.format_of(elements.resources.rate))
    made.set("duration", elements.time(max(end, known)))
    made.set("tcStart", elements.time(zero))
    made.set("tcFormat", elements.drop)
    made.append(spine)
    return made


def _hung(run: list[_Placed], track: Any, lane: int, elements: Elements, offset: Fraction) -> ET.Element:
    """What hangs in a lane: an item, or a storyline of several."""
    first = run[0]
    if len(run) == 1:
        made = elements.piece(first.item, [track], offset, first.length).whole()
    else:
        made = ET.Element("spine", offset=elements.time(offset))
        made.extend(elements.piece(one.item, [track], one.start - first.start, one.length).whole() for one in run)
    made.set("lane", str(lane))
    return made
