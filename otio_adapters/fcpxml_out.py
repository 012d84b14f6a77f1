"""A timeline written as FCPXML: the first video track is the primary storyline, all others hang on it in lanes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio

from otio_adapters.fcpxml_assets import Resources, generator_of, text_of
from otio_adapters.fcpxml_retime import Retime, retime_of
from otio_adapters.fcpxml_time import DROP_RATES, exact_rate, seconds, written

schema = otio.schema
_TODO = {"RED": "0", "GREEN": "1"}
"""A marker's colour → whether Final Cut's to-do of that colour is done."""


def document(timeline: schema.Timeline, rate: Fraction, size: tuple[int, int]) -> str:
    """See `otio_adapters.fcpxml.write_to_string`. `rate` 0: of the timeline."""
    told = _facts(timeline)
    exact = exact_rate(float(rate)) if rate else _record_rate(timeline)
    drop = told.get("tcFormat") or ("DF" if exact in DROP_RATES else "NDF")
    resources = Resources(exact, size, timeline)
    start = timeline.global_start_time
    sequence = _Sequence(resources, str(drop), seconds(start) if start is not None else Fraction(0))
    name = text_of(timeline.name) or "cut"
    project = ET.Element("project", name=name)
    project.append(sequence.element(timeline.tracks))
    root = ET.Element("fcpxml", version="1.10")
    root.append(resources.element())
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=name)
    event.append(project)
    ET.indent(root, "  ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _facts(item: Any) -> dict[str, Any]:
    found = item.metadata.get("fcpxml")
    return dict(found) if hasattr(found, "keys") else {}


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


@dataclass(slots=True)
class _Placed:
    """An item of a track, from `start` on in the time of the sequence."""

    item: Any
    start: Fraction
    length: Fraction


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


def _along(track: Any) -> list[_Placed]:
    """A track's items one after the other; what is no track is the only one of its own."""
    if not isinstance(track, schema.Track):
        return [_Placed(track, Fraction(0), _length(track))]
    if track.source_range is not None and track.source_range != track.available_range():
        raise ValueError(f"the track {track.name or 'without a name'} is trimmed as a whole")
    placed, at = [], Fraction(0)
    for item in track:
        placed.append(_Placed(item, at, _length(item)))
        at += placed[-1].length
    return placed


def _runs(placed: list[_Placed]) -> Iterator[list[_Placed]]:
    """What belongs together in a lane: single items, and with their neighbours those that a transition joins."""
    joined = [isinstance(one.item, schema.Transition) for one in placed]
    run: list[_Placed] = []
    for number, one in enumerate(placed):
        held = joined[number] or (number > 0 and joined[number - 1])
        if run and not held:
            yield run
            run = []
        meets = held or (number + 1 < len(placed) and joined[number + 1])
        if not isinstance(one.item, schema.Gap) or meets:
            run.append(one)
    if run:
        yield run


@dataclass(slots=True)
class _Anchor:
    """An element of the primary storyline, and what comes behind all that hangs on it."""

    element: ET.Element
    start: Fraction
    end: Fraction
    local: Fraction
    """Its own time where it starts: what hangs on it is placed in that."""
    tail: list[ET.Element] = field(default_factory=list)


# Elements


@dataclass(frozen=True, slots=True)
class _Sequence:
    resources: Resources
    drop: str
    start: Fraction = Fraction(0)

    def element(self, stack: Any) -> ET.Element:
        """The `sequence` of a stack's tracks."""
        sounds = [track for track in stack if _is_sound(track)]
        pictures = [track for track in stack if not _is_sound(track)]
        lanes = [*enumerate(pictures[1:], 1), *((-number, track) for number, track in enumerate(sounds, 1))]
        first = _along(pictures[0]) if pictures else []
        hung = [(lane, track, run) for lane, track in lanes for run in _runs(_along(track))]
        end = max((one.start + one.length for run in (first, *(run for _, _, run in hung)) for one in run), default=0)
        spine = ET.Element("spine")
        anchors = [self._anchor(spine, one, pictures[0]) for one in first]
        known = anchors[-1].end if anchors else Fraction(0)
        if end > known and hung:
            anchors.append(self._rest(spine, known, Fraction(end)))
        for lane, track, run in hung:
            self._hang([one for one in anchors if one.element.tag != "transition"], lane, track, run)
        for anchor in anchors:
            anchor.element.extend(anchor.tail)
        made = ET.Element("sequence", format=self.resources.format_of(self.resources.rate))
        made.set("duration", self._time(Fraction(end)))
        made.set("tcStart", self._time(self.start))
        made.set("tcFormat", self.drop)
        made.append(spine)
        return made

    def _time(self, time: Fraction) -> str:
        return written(time, 1 / self.resources.rate)

    def _anchor(self, spine: ET.Element, placed: _Placed, track: Any) -> _Anchor:
        element, local, tail = self._item(placed, track, self.start)
        spine.append(element)
        return _Anchor(element, placed.start, placed.start + placed.length, local, tail)

    def _rest(self, spine: ET.Element, start: Fraction, end: Fraction) -> _Anchor:
        """A gap that holds what stands behind the last picture of the primary storyline."""
        gap = schema.Gap(source_range=otio.opentime.TimeRange())
        return self._anchor(spine, _Placed(gap, start, end - start), None)

    def _hang(self, anchors: list[_Anchor], lane: int, track: Any, run: list[_Placed]) -> None:
        at = run[0].start
        under = next(one for one in anchors if one.start <= at < one.end or one is anchors[-1])
        offset = under.local + at - under.start
        if len(run) == 1:
            element, _, tail = self._item(run[0], track, offset - at)
            element.extend(tail)
        else:
            element = ET.Element("spine")
            for one in run:
                child, _, tail = self._item(one, track, -at)
                child.extend(tail)
                element.append(child)
            element.set("offset", self._time(offset))
        element.set("lane", str(lane))
        under.element.append(element)

    def _item(self, placed: _Placed, track: Any, shift: Fraction) -> tuple[ET.Element, Fraction, list[ET.Element]]:
        """An item's element without what hangs on it, its own time at its start, and what comes behind."""
        item, offset = placed.item, placed.start + shift
        if isinstance(item, schema.Transition):
            return self._transition(item, offset, _is_sound(track)), Fraction(0), []
        if isinstance(item, schema.Gap):
            element = ET.Element("gap", name="Gap", offset=self._time(offset), start="0s")
            element.set("duration", self._time(placed.length))
            own = seconds(item.source_range.start_time) if item.source_range is not None else Fraction(0)
            return (
                element,
                Fraction(0),
                [self._marker(one, Retime(Fraction(1), own, Fraction(0))) for one in item.markers],
            )
        return self._clip(item, placed, track, offset)

    def _clip(
        self, item: Any, placed: _Placed, track: Any, offset: Fraction
    ) -> tuple[ET.Element, Fraction, list[ET.Element]]:
        element, retime = self._shown(item, _is_sound(track))
        element.set("offset", self._time(offset))
        element.set("name", text_of(item.name))
        element.set("start", self._time(retime.local))
        element.set("duration", self._time(placed.length))
        if not (item.enabled and getattr(track, "enabled", True)):
            element.set("enabled", "0")
        element.extend(self._time_map(retime, placed.length))
        return element, retime.local, [self._marker(one, retime) for one in item.markers]

    def _shown(self, item: Any, sound: bool) -> tuple[ET.Element, Retime]:
        """The element that names what an item shows, and how its own time lies in that."""
        if not isinstance(item, schema.Clip):
            element = ET.Element("ref-clip", ref=self._compound(item))
            if sound:
                element.set("srcEnable", "audio")
            return element, retime_of(item, Fraction(0), Fraction(0))
        generator = generator_of(item)
        if generator is not None:
            return ET.Element("video", ref=self.resources.effect(*generator).id), retime_of(
                item, Fraction(0), Fraction(0)
            )
        asset = self.resources.asset_of(item)
        element = ET.Element("asset-clip", ref=asset.id, tcFormat=self.drop)
        if asset.video and asset.audio:
            element.set("srcEnable", "audio" if sound else "video")
        if not sound and asset.rate != self.resources.rate:
            element.append(_conform_rate(asset.rate))
        return element, retime_of(item, asset.start, asset.length)

    def _compound(self, item: Any) -> str:
        inside = item if isinstance(item, schema.Stack) else [item]
        return self.resources.compound(text_of(item.name), _Sequence(self.resources, self.drop).element(inside))

    def _time_map(self, retime: Retime, length: Fraction) -> Iterator[ET.Element]:
        if retime.speed == 1:
            return
        made = ET.Element("timeMap")
        for time, value in retime.points(length):
            point = ET.SubElement(made, "timept", time=self._time(time), value=self._time(value))
            point.set("interp", "linear")
        yield made

    def _transition(self, item: schema.Transition, offset: Fraction, sound: bool) -> ET.Element:
        before, after = seconds(item.in_offset), seconds(item.out_offset)
        effect = self.resources.dissolve(sound)
        element = ET.Element("transition", name=effect.name, offset=self._time(offset - before))
        element.set("duration", self._time(before + after))
        ET.SubElement(element, "filter-audio" if sound else "filter-video", ref=effect.id, name=effect.name)
        return element

    def _marker(self, marker: schema.Marker, retime: Retime) -> ET.Element:
        found = marker.marked_range
        start, end = (retime.time_of(seconds(time)) for time in (found.start_time, found.end_time_exclusive()))
        element = ET.Element("marker", start=self._time(min(start, end)))
        if start != end:
            element.set("duration", self._time(abs(end - start)))
        element.set("value", text_of(marker.name))
        done = _facts(marker).get("completed", _TODO.get(marker.color))
        if done is not None:
            element.set("completed", str(done))
        if marker.comment:
            element.set("note", text_of(marker.comment))
        return element


def _is_sound(track: Any) -> bool:
    return isinstance(track, schema.Track) and track.kind == schema.TrackKind.Audio


_CONFORMED = {
    Fraction(24000, 1001): "23.98", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "29.97",
    Fraction(30): "30", Fraction(60): "60", Fraction(48000, 1001): "47.95", Fraction(48): "48", Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
}  # fmt: skip
"""The rates that a conform can name."""


def _conform_rate(rate: Fraction) -> ET.Element:
    """Media of another rate play as many seconds as they have: frames are dropped or shown twice, nothing is sped up."""
    element = ET.Element("conform-rate", scaleEnabled="0")
    if rate in _CONFORMED:
        element.set("srcFrameRate", _CONFORMED[rate])
    return element
