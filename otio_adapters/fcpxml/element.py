"""The elements of an FCPXML storyline: clips, compounds, gaps, dissolves and markers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from opentimelineio import schema

from otio_adapters.fcpxml.assets import CROSSFADE, DISSOLVE, Resources, generator_of, text_of
from otio_adapters.fcpxml.effects import PICTURE, SOUND, written_effects, written_filters, written_generated
from otio_adapters.fcpxml.retime import Retime, retime_of
from otio_adapters.fcpxml.time import seconds, written

_ZERO = Fraction(0)
_TODO = {"RED": "0", "GREEN": "1"}
"""A marker's colour → whether Final Cut's to-do of that colour is done."""
_CONFORMED = {
    Fraction(24000, 1001): "23.98", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "29.97",
    Fraction(30): "30", Fraction(60): "60", Fraction(48000, 1001): "47.95", Fraction(48): "48", Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
}  # fmt: skip
"""The rates that a conform can name."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An element whose place for what hangs on it is still open, and what comes behind that."""

    element: ET.Element
    local: Fraction = _ZERO
    """Its own time where it starts: what hangs on it is placed in that."""
    tail: Sequence[ET.Element] = ()

    @property
    def carries(self) -> bool:
        """Whether something can hang on it."""
        return self.element.tag != "transition"

    def whole(self) -> ET.Element:
        """The element with all that belongs into it; to be called once."""
        self.element.extend(self.tail)
        return self.element


@dataclass(frozen=True, slots=True)
class Elements:
    """Makes the elements of one document."""

    resources: Resources
    drop: str
    """`DF` or `NDF`."""
    sequence: Callable[[Any, Elements, Fraction], ET.Element]
    """A stack's tracks as a `sequence` that starts with the time given: what compounds hold."""

    def time(self, time: Fraction) -> str:
        """Seconds as an attribute."""
        return written(time, 1 / self.resources.rate)

    def piece(self, item: Any, tracks: Sequence[Any], offset: Fraction, length: Fraction) -> Piece:
        """An item that stands at `offset`. `tracks`: the one that it is in, if it is in one."""
        sound = any(map(is_sound, tracks))
        if isinstance(item, schema.Transition):
            return Piece(self._transition(item, offset, sound))
        if isinstance(item, schema.Gap):
            element = ET.Element("gap", name="Gap", offset=self.time(offset), start="0s", duration=self.time(length))
            start = seconds(item.source_range.start_time) if item.source_range is not None else _ZERO
            return Piece(element, _ZERO, list(self._markers(item, Retime(_ZERO), -start)))
        element, retime = self._shown(item, sound)
        element.set("offset", self.time(offset))
        element.set("name", text_of(item.name))
        element.set("start", self.time(retime.local))
        element.set("duration", self.time(length))
        if not (item.enabled and all(getattr(track, "enabled", True) for track in tracks)):
            element.set("enabled", "0")
        note = facts(item).get("note")
        if isinstance(note, str):
            own = ET.Element("note")
            own.text = text_of(note)
            element.insert(len(element) if element.tag in ("video", "title") else 0, own)
        if element.tag != "title":
            element.extend(self._time_map(retime))
        effects = list(written_effects(item, SOUND if sound else PICTURE + SOUND, self.resources.effect))
        element.extend(one for one in effects if one.tag.startswith("adjust-"))
        filters = [one for one in effects if not one.tag.startswith("adjust-")]
        return Piece(element, retime.local, [*self._markers(item, retime), *filters])

    def _shown(self, item: Any, sound: bool) -> tuple[ET.Element, Retime]:
        """The element that names what an item shows, and how its own time lies in that."""
        rate = self.resources.rate
        generated = written_generated(generator_of(item), self.resources.effect, self.resources.new_id)
        if generated is not None:
            return generated, retime_of(item, _ZERO, _ZERO, rate)
        if not isinstance(item, schema.Clip):
            inside = item if isinstance(item, schema.Stack) else [item]
            ref = self.resources.compound(text_of(item.name), self.sequence(inside, self, _ZERO))
            element = ET.Element("ref-clip", {"ref": ref, **({"srcEnable": "audio"} if sound else {})})
            return element, retime_of(item, _ZERO, _ZERO, rate)
        asset = self.resources.asset_of(item, sound)
        if asset.still and not sound:
            return ET.Element("video", ref=asset.id), retime_of(item, asset.start, asset.length, rate)
        element = ET.Element("asset-clip", ref=asset.id, tcFormat=self.drop)
        if asset.video and asset.audio:
            element.set("srcEnable", "audio" if sound else "video")
        told = facts(item)
        for role in ("audioRole", "videoRole"):
            if isinstance(told.get(role), str):
                element.set(role, text_of(told[role]))
        if not sound and asset.rate != rate:
            element.append(_conform_rate(asset.rate))
        return element, retime_of(item, asset.start, asset.length, rate)

    def _time_map(self, retime: Retime) -> Iterator[ET.Element]:
        if retime.points:
            made = ET.Element("timeMap")
            for one in retime.points:
                times = {"time": self.time(one.time), "value": self.time(one.value)}
                ET.SubElement(made, "timept", {**times, **one.how})
            yield made

    def _transition(self, item: schema.Transition, offset: Fraction, sound: bool) -> ET.Element:
        before, after = seconds(item.in_offset), seconds(item.out_offset)
        name, uid = CROSSFADE if sound else DISSOLVE
        filters = list(written_filters(item, self.resources.effect))
        if not filters:
            ref = self.resources.effect(name, uid)
            filters = [ET.Element("filter-audio" if sound else "filter-video", ref=ref, name=name)]
        element = ET.Element("transition", name=text_of(item.name) or name, offset=self.time(offset - before))
        element.set("duration", self.time(before + after))
        element.extend(filters)
        return element

    def _markers(self, item: Any, retime: Retime, shift: Fraction = _ZERO) -> Iterator[ET.Element]:
        for marker in item.markers:
            found = marker.marked_range
            times = (found.start_time, found.end_time_exclusive())
            start, end = (retime.time_of(seconds(time)) + shift for time in times)
            element = ET.Element("marker", start=self.time(min(start, end)))
            if start != end:
                element.set("duration", self.time(abs(end - start)))
            element.set("value", text_of(marker.name))
            done = facts(marker).get("completed", _TODO.get(marker.color))
            if done is not None:
                element.set("completed", text_of(done))
            if marker.comment:
                element.set("note", text_of(marker.comment))
            yield element


def facts(item: Any) -> dict[str, Any]:
    """What was read of an item that OpenTimelineIO has no place for."""
    found = item.metadata.get("fcpxml")
    return dict(found) if hasattr(found, "keys") else {}


def is_sound(track: Any) -> bool:
    """Whether a track can only be heard."""
    return isinstance(track, schema.Track) and track.kind == schema.TrackKind.Audio


def _conform_rate(rate: Fraction) -> ET.Element:
    """Media of another rate play as many seconds as they have: frames are dropped or shown twice."""
    element = ET.Element("conform-rate", scaleEnabled="0")
    if rate in _CONFORMED:
        element.set("srcFrameRate", _CONFORMED[rate])
    return element
