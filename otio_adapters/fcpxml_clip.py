"""One element of a storyline read as an item: what it shows, from when, how fast, and the sound that it brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio

from otio_adapters.fcpxml_assets import DISSOLVE, OFFLINE, REEL
from otio_adapters.fcpxml_effects import PICTURE, SOUND, read_effects, read_filters
from otio_adapters.fcpxml_retime import Point, read_map, value_at
from otio_adapters.fcpxml_time import read, span

schema = otio.schema
ITEMS = frozenset(
    ("gap", "asset-clip", "clip", "video", "audio", "title", "ref-clip", "sync-clip", "mc-clip", "audition")
)
"""What can stand in a storyline, beside transitions."""
_MOST = 200_000
"""Items of a document: compounds that hold each other twice over would never end."""
_DEEPEST = 40
"""Compounds within each other."""
_ZERO, _ONE = Fraction(0), Fraction(1)
_COLOURS = {"0": "RED", "1": "GREEN"}
"""A to-do is red until it is done."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a picture: `at` seconds behind where the picture starts."""

    item: schema.Clip
    at: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class Found:
    """An item, and how its own time lies in its parent's."""

    item: Any
    length: Fraction
    local: Fraction
    """Its own time where it starts."""
    scale: Fraction = _ONE
    """Its own seconds a second of its parent's."""
    sounds: Sequence[Sound] = ()
    hung: Iterable[ET.Element] = ()


@dataclass(frozen=True, slots=True)
class _Timing:
    """Which source time an element shows."""

    local: Fraction
    length: Fraction
    scale: Fraction
    points: Sequence[Point]
    shift: Fraction = _ZERO
    """What the content's time is ahead of the element's own."""

    def source(self) -> tuple[Fraction, Fraction | None]:
        """The first source time that is shown, and the speed; None where that changes on the way."""
        if not self.points:
            return self.local + self.shift, self.scale
        retime, first = read_map(self.points, self.local, self.length * self.scale)
        return first + self.shift, retime.speed * self.scale if retime is not None else None

    def source_at(self, time: Fraction) -> Fraction:
        return (value_at(self.points, time) if self.points else time) + self.shift


def named(element: ET.Element) -> str:
    """What an error calls an element."""
    return (element.get("name") or f"a {element.tag} without a name")[:60]


@dataclass(slots=True)
class Document:
    """The resources that elements refer to, and what was not understood of them so far."""

    resources: Mapping[str, ET.Element]
    unread: Counter[str] = field(default_factory=Counter)
    _count: int = 0
    _open: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """What was not understood, in lines."""
        return [what if count == 1 else f"{count} times: {what}" for what, count in sorted(self.unread.items())]

    def rate_of(self, element: ET.Element | None) -> Fraction | None:
        """Frames a second of what an element's format says; None where it says none."""
        found = self.resources.get(element.get("format") or "") if element is not None else None
        frame = read(found.get("frameDuration"), _ZERO) if found is not None else _ZERO
        return 1 / frame if frame > 0 else None

    def sequence(self, element: ET.Element, name: str, rate: Fraction) -> schema.Stack:
        """A sequence's storyline as a stack of tracks."""
        from otio_adapters.fcpxml_in import Story

        story = Story(self, rate, read(element.get("tcStart"), _ZERO))
        spine = element.find("spine")
        story.main(spine if spine is not None else ())
        return story.stack(name)

    def is_sound(self, element: ET.Element) -> bool:
        """Whether an element can only be heard."""
        element = _active(element)
        if element.tag == "audio" or element.get("srcEnable") == "audio":
            return True
        if element.tag == "asset-clip":
            asset = self.resources.get(element.get("ref") or "")
            return asset is not None and asset.get("hasVideo") != "1" and asset.get("hasAudio") == "1"
        if element.tag == "clip":
            inside = _inside(element)
            return bool(inside) and all(one.tag == "gap" or self.is_sound(one) for one in inside)
        return False

    def transition(self, element: ET.Element) -> schema.Transition:
        """A transition, its offsets not set."""
        name = element.get("name") or ""
        refs = [self.resources.get(one.get("ref") or "") for one in element if one.tag.startswith("filter-")]
        known = {one.get("name") for one in refs if one is not None}
        plain = name in ("", DISSOLVE[0], "Audio Crossfade") or DISSOLVE[0] in known
        kind = schema.TransitionTypes.SMPTE_Dissolve if plain else schema.TransitionTypes.Custom
        filters = read_filters(element, self.resources)
        return schema.Transition(name, kind, metadata={"fcpxml": {"filters": filters}} if filters else {})

    def item(self, element: ET.Element, rate: Fraction) -> Found:
        """An element as an item of a track whose frames `rate` counts."""
        self._count += 1
        if self._count > _MOST:
            raise ValueError(f"the document holds more than {_MOST} items")
        element = _active(element)
        self._tell_captions(element)
        if element.tag == "gap":
            return self._gap(element, rate)
        if element.tag in ("ref-clip", "mc-clip", "sync-clip") or len(_inside(element)) > 1:
            return self._nest(element, rate)
        return self._clip(element, rate)

    def _tell_captions(self, element: ET.Element) -> None:
        for one in element:
            if one.tag == "caption":
                self.unread["captions are left out"] += 1

    def _gap(self, element: ET.Element, rate: Fraction) -> Found:
        length, local = read(element.get("duration")), read(element.get("start"), _ZERO)
        made = schema.Gap(source_range=span(_ZERO, length, [rate]))
        made.markers.extend(_markers(element, _Timing(local, length, _ONE, (), -local), [rate]))
        return Found(made, length, local, hung=element)

    # Clips

    def _clip(self, element: ET.Element, rate: Fraction) -> Found:
        content, ahead = _content(element)
        asset = self.resources.get(content.get("ref") or "")
        begin = read(asset.get("start"), _ZERO) if asset is not None else _ZERO
        shift = _ZERO
        if content is not element:
            start = read(content.get("start"), begin)
            offset = read(content.get("offset"), _ZERO) - ahead
            begin, shift = offset, start - offset
        whole = read(asset.get("duration"), _ZERO) if asset is not None else _ZERO
        timing = self._timing(element, rate, begin, whole, shift)
        media_rate = self.rate_of(asset) or rate
        media = self._media(content, asset, media_rate)
        made = self._shown(element, schema.Clip(element.get("name") or media.name), timing, [media_rate, rate])
        made.media_reference = media
        if self.is_sound(element):
            made.effects.extend(read_effects(element, SOUND, self.resources))
            return Found(made, timing.length, timing.local, timing.scale, hung=_hanging(element))
        made.effects.extend(read_effects(element, PICTURE, self.resources))
        sounds = list(self._sounds(element, content, made, timing, [media_rate, rate]))
        return Found(made, timing.length, timing.local, timing.scale, sounds, _hanging(element))

    def _timing(
        self, element: ET.Element, rate: Fraction, begin: Fraction, whole: Fraction, shift: Fraction = _ZERO
    ) -> _Timing:
        """Args:
        begin: its own time where its content starts, which is where it starts unless it says otherwise.
        whole: how long the content is.
        """
        scale = _conformed(element, rate)
        if scale != 1:
            self.unread["media of another rate, conformed by Final Cut: read as a retime"] += 1
        length = read(element.get("duration"), whole / scale)
        if length < 0:
            raise ValueError(f"{named(element)} has a negative length")
        return _Timing(read(element.get("start"), begin), length, scale, _points(element), shift)

    def _shown(self, element: ET.Element, made: Any, timing: _Timing, rates: list[Fraction]) -> Any:
        """An item with all that clips and compounds have alike: range, retime, markers, and whether it is on."""
        start, speed = timing.source()
        made.source_range = span(start, timing.length, rates)
        made.enabled = element.get("enabled") != "0"
        if speed is None:
            made.effects.append(schema.TimeEffect("speed ramp", "SpeedRamp"))
            self.unread["speed ramps: only where they start is known"] += 1
        elif speed == 0:
            made.effects.append(schema.FreezeFrame("freeze"))
        elif speed != 1:
            made.effects.append(schema.LinearTimeWarp("speed", time_scalar=float(speed)))
        made.markers.extend(_markers(element, timing, rates))
        note = (element.findtext("note") or "").strip()
        if note:
            made.metadata["fcpxml"] = {"note": note[:10_000]}
        return made

    def _media(self, content: ET.Element, asset: ET.Element | None, rate: Fraction) -> Any:
        if asset is None:
            self.unread[f"{named(content)} refers to media that are not in the document"] += 1
            return schema.MissingReference(content.get("name") or "")
        name = asset.get("name") or ""
        if asset.tag == "effect":
            text = " ".join("".join(one.itertext()).strip() for one in content.iterfind("text"))
            made = schema.GeneratorReference(name or content.tag, name or content.tag)
            if text:
                made.parameters["text"] = text[:10_000]
            if content.tag == "video":
                made.metadata["fcpxml"] = {"uid": asset.get("uid") or ""}
            return made
        url = next((one.get("src") for one in asset.iterfind("media-rep") if one.get("kind") != "proxy-media"), None)
        url = url or asset.get("src") or ""
        start, length = read(asset.get("start"), _ZERO), read(asset.get("duration"), _ZERO)
        known = span(start, length, [rate]) if length > 0 else None
        if not url or url.startswith(OFFLINE):
            return schema.MissingReference(name, known)
        made = schema.ExternalReference(url, known)
        made.name = name
        reel = next((one.get("value") for one in asset.iterfind("metadata/md") if one.get("key") == REEL), None)
        if reel:
            made.metadata["fcpxml"] = {"reel": reel[:200]}
        return made

    def _sounds(
        self, element: ET.Element, content: ET.Element, picture: schema.Clip, timing: _Timing, rates: list[Fraction]
    ) -> Iterator[Sound]:
        """The sound that comes with a picture, over the stretch that is heard of it."""
        asset = self.resources.get(content.get("ref") or "")
        heard = content.find("audio") if content is not element else None
        both = asset is not None and asset.get("hasAudio") == "1" and asset.get("hasVideo") == "1"
        if element.get("srcEnable") == "video" or not ((both and element.tag == "asset-clip") or heard is not None):
            return
        local = read(element.get("audioStart"), timing.local)
        length = read(element.get("audioDuration"), timing.length * timing.scale) / timing.scale
        own = _Timing(local, length, timing.scale, timing.points, timing.shift)
        bare = ET.Element(element.tag, {key: element.get(key, "") for key in ("name", "enabled") if element.get(key)})
        made = self._shown(bare, schema.Clip(picture.name), own, rates)
        made.media_reference = picture.media_reference.clone()
        made.effects.extend(read_effects(element, SOUND, self.resources))
        yield Sound(made, (local - timing.local) / timing.scale, length)

    # Compounds

    def _nest(self, element: ET.Element, rate: Fraction) -> Found:
        """A compound, an angle of a multicam clip, or what is synchronised, as a stack."""
        from otio_adapters.fcpxml_in import Story

        if element.tag in ("sync-clip", "clip"):
            inside = _inside(element)
            zero = min((read(one.get("offset"), _ZERO) for one in inside), default=_ZERO)
            story = Story(self, self.rate_of(element) or rate, zero)
            within = [one for spine in inside if spine.tag == "spine" for one in spine]
            story.main(within or inside)
            if element.tag == "sync-clip":
                story.hang(element, _ZERO, zero, _ONE, 0)
            made, hung = story.stack(element.get("name") or ""), () if element.tag == "sync-clip" else element
        else:
            made, zero = self._resource(element, rate)
            hung = element
        timing = self._timing(element, rate, zero, _ZERO, -zero)
        self._shown(element, made, timing, [rate])
        made.effects.extend(read_effects(element, PICTURE, self.resources))
        return Found(made, timing.length, timing.local, timing.scale, hung=hung)

    def _resource(self, element: ET.Element, rate: Fraction) -> tuple[Any, Fraction]:
        """What a compound or multicam clip refers to, and the time that it starts with."""
        from otio_adapters.fcpxml_in import Story

        ref, name = element.get("ref") or "", element.get("name") or ""
        media = self.resources.get(ref)
        inside = next(iter(media), None) if media is not None and media.tag == "media" else None
        if inside is None:
            self.unread[f"{named(element)} refers to a compound that is not in the document"] += 1
            return schema.Clip(name, schema.MissingReference(name)), _ZERO
        if ref in self._open or len(self._open) >= _DEEPEST:
            raise ValueError(f"{named(element)} holds itself, or more than {_DEEPEST} compounds within each other")
        self._open.append(ref)
        own, zero = self.rate_of(inside) or rate, read(inside.get("tcStart"), _ZERO)
        if inside.tag == "multicam":
            seen, heard = self._angles(element, inside)
            story, sounds = Story(self, own, zero), Story(self, own, zero)
            story.main(seen)
            if heard is not seen:
                sounds.main(heard)
                story.runs = [run for run in story.runs if not run.sound] + [run for run in sounds.runs if run.sound]
            made = story.stack(name)
        else:
            made = self.sequence(inside, name, own)
        self._open.pop()
        return made, zero

    def _angles(self, element: ET.Element, multicam: ET.Element) -> tuple[ET.Element, ET.Element]:
        """The angles of a multicam clip that are seen and heard: the first where it does not say."""
        angles = {one.get("angleID"): one for one in multicam.iterfind("mc-angle")}
        shown = {kind: one.get("angleID") for one in element.iterfind("mc-source") for kind in _enabled(one)}
        seen = shown.get("video", next(iter(angles), None))
        heard = shown.get("audio", seen)
        if seen not in angles or heard not in angles:
            raise ValueError(f"{named(element)} shows an angle that the multicam clip does not have")
        return angles[seen], angles[heard]


# Elements


def _active(element: ET.Element) -> ET.Element:
    """Of an audition the pick, which is the first, in the audition's place."""
    if element.tag != "audition" or not len(element):
        return element
    made = ET.Element(element[0].tag, {**element[0].attrib})
    made.extend(list(element[0]))
    for key in ("offset", "lane"):
        if element.get(key) is not None:
            made.set(key, str(element.get(key)))
    return made


def _inside(element: ET.Element) -> list[ET.Element]:
    """What a clip contains; what hangs on it has a lane."""
    if element.tag not in ("clip", "sync-clip"):
        return []
    return [one for one in element if one.get("lane") is None and (one.tag in ITEMS or one.tag == "spine")]


def _hanging(element: ET.Element) -> list[ET.Element]:
    return [one for one in element if one.get("lane") is not None]


def _content(element: ET.Element) -> tuple[ET.Element, Fraction]:
    """The element that refers to the media, and how far the time around it is ahead of the clip's own.

    A clip of sound alone holds a gap on which the sound hangs.
    """
    inside = _inside(element)
    if not inside:
        return element, _ZERO
    if inside[0].tag != "gap":
        return inside[0], _ZERO
    sound = next((one for one in inside[0] if one.tag in ("audio", "asset-clip")), inside[0])
    return sound, read(inside[0].get("start"), _ZERO) - read(inside[0].get("offset"), _ZERO)


def _enabled(source: ET.Element) -> tuple[str, ...]:
    told = source.get("srcEnable") or "all"
    return ("video", "audio") if told == "all" else (told,)


def _points(element: ET.Element) -> list[Point]:
    found = sorted({(read(one.get("time")), read(one.get("value"))) for one in element.iterfind("timeMap/timept")})
    if len(found) > 10_000:
        raise ValueError(f"{named(element)} changes its speed {len(found)} times")
    if len({time for time, _ in found}) != len(found):
        raise ValueError(f"{named(element)} shows two things at once: its time map says so")
    return found if len(found) > 1 else []


def _conformed(element: ET.Element, rate: Fraction) -> Fraction:
    """How much faster media play that Final Cut conforms to the sequence's rate; 1 where it drops or repeats frames.

    It does so where the rates, or one and the other's double, are near enough (its table has 4 % as the most).
    """
    found = element.find("conform-rate")
    told = found.get("srcFrameRate") if found is not None and found.get("scaleEnabled") != "0" else None
    if told is None:
        return _ONE
    from otio_adapters.times import exact_rate

    source = exact_rate(float(told)) if told.replace(".", "", 1).isdigit() else None
    if source is None:
        raise ValueError(f"{named(element)} is conformed from {told[:20]} frames a second")
    near = min((rate / source, rate / 2 / source, rate * 2 / source), key=lambda one: abs(one - 1))
    return near if abs(near - 1) < Fraction(1, 20) else _ONE


def _markers(element: ET.Element, timing: _Timing, rates: list[Fraction]) -> Iterator[schema.Marker]:
    for one in element:
        if one.tag not in ("marker", "chapter-marker"):
            continue
        at = read(one.get("start"))
        ends = sorted((timing.source_at(at), timing.source_at(at + read(one.get("duration"), _ZERO))))
        done = one.get("completed")
        colour = "ORANGE" if one.tag == "chapter-marker" else _COLOURS.get(done or "", "BLUE")
        made = schema.Marker(one.get("value") or "", span(ends[0], ends[1] - ends[0], rates), colour)
        made.comment = one.get("note") or ""
        if done is not None:
            made.metadata["fcpxml"] = {"completed": done[:10]}
        yield made
