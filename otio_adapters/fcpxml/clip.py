"""Elements of storylines read as items: clips with their sound; compounds, angles and synchronised clips as stacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from opentimelineio import schema

from otio_adapters.fcpxml import parts
from otio_adapters.fcpxml.assets import CROSSFADE, DISSOLVE, OFFLINE, REEL
from otio_adapters.fcpxml.effects import PICTURE, SOUND, read_effects, read_filters, read_generated
from otio_adapters.fcpxml.parts import Found, Sound, Timing, named
from otio_adapters.fcpxml.retime import ramp
from otio_adapters.fcpxml.story import Story
from otio_adapters.fcpxml.time import read, span

_MOST = 50_000
"""Items of a document: compounds that hold each other twice over would never end."""
_DEEPEST = 40
"""Compounds within each other."""
_LONGEST = 10_000
"""Characters of a text."""
ROLES = ("audioRole", "videoRole")
_LEFT_OUT = {
    "caption": "captions", "audio-channel-source": "settings of single sound channels",
    "sync-source": "settings of single sound channels", "filter-video-mask": "masks of filters",
    "object-tracker": "trackers", "keyword": "keywords", "rating": "ratings", "analysis-marker": "analysis marks",
    "hidden-clip-marker": "hidden marks", "metadata": "scene, take and other log entries",
    "adjust-colorConform": "settings of colour conform",
}  # fmt: skip
_ZERO = Fraction(0)


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

    def story(self, element: ET.Element, rate: Fraction) -> Story:
        """A sequence's storyline, read."""
        story = Story(self, rate, read(element.get("tcStart"), _ZERO))
        story.main(element.iterfind("spine/*"))
        return story

    def is_sound(self, element: ET.Element) -> bool:
        """Whether an element can only be heard."""
        element = parts.active(element)
        if element.tag == "audio" or element.get("srcEnable") == "audio":
            return True
        asset = self.resources.get(element.get("ref") or "")
        if element.tag == "asset-clip" and asset is not None:
            return asset.get("hasVideo") != "1" and asset.get("hasAudio") == "1"
        within = parts.inside(element) if element.tag == "clip" else []
        return bool(within) and all(one.tag == "gap" or self.is_sound(one) for one in within)

    def transition(self, element: ET.Element) -> schema.Transition:
        """A transition, its offsets not set."""
        name, plain = element.get("name") or "", (DISSOLVE[0], CROSSFADE[0])
        effects = [self.resources.get(one.get("ref") or "") for one in element]
        known = name in ("", *plain) or any(one is not None and one.get("name") in plain for one in effects)
        kind = schema.TransitionTypes.SMPTE_Dissolve if known else schema.TransitionTypes.Custom
        filters = read_filters(element, self.resources)
        return schema.Transition(name, kind, metadata={"fcpxml": {"filters": filters}} if filters else {})

    def item(self, element: ET.Element, rate: Fraction) -> Found:
        """An element as an item of a track whose frames `rate` counts."""
        self._count += 1
        if self._count > _MOST:
            raise ValueError(f"the document holds more than {_MOST} items")
        element = parts.active(element)
        for one in element:
            if one.tag in _LEFT_OUT:
                self.unread[f"{_LEFT_OUT[one.tag]} are left out"] += 1
            elif one.tag.startswith(("adjust-", "filter-")) and one.get("enabled") == "0":
                self.unread["filters and adjustments that are switched off are left out"] += 1
        if element.tag == "gap":
            return _gap(element, rate)
        return self._nest(element, rate) if parts.is_nest(element) else self._clip(element, rate)

    # Clips

    def _clip(self, element: ET.Element, rate: Fraction) -> Found:
        content, ahead = parts.content_of(element)
        asset = self.resources.get(content.get("ref") or "")
        begin = read(asset.get("start"), _ZERO) if asset is not None else _ZERO
        whole = read(asset.get("duration"), _ZERO) if asset is not None else _ZERO
        shift = _ZERO
        if content is not element:
            start, offset = read(content.get("start"), begin), read(content.get("offset"), _ZERO) - ahead
            begin, shift = offset, start - offset
        timing = self._timing(element, rate, begin, whole, shift)
        media_rate = self.rate_of(asset) or rate
        media = self._media(element, content, asset, media_rate)
        made = self._shown(element, schema.Clip(element.get("name", media.name)), timing, [media_rate, rate])
        made.media_reference = media
        sound = self.is_sound(element)
        made.effects.extend(read_effects(element, SOUND if sound else PICTURE, self.resources))
        sounds = [] if sound else list(self._sounds(element, content, made, timing, [media_rate, rate]))
        return Found(made, timing.length, timing.local, timing.scale, sounds, parts.hanging(element))

    def _timing(self, element: ET.Element, rate: Fraction, begin: Fraction, whole: Fraction, shift: Fraction) -> Timing:
        """When an element shows what. `begin`: its own time where its content starts, `whole`: how long that is."""
        scale = parts.conformed(element, rate)
        if scale != 1:
            self.unread["media of another rate, conformed by Final Cut: read as a retime"] += 1
        length = read(element.get("duration"), whole / scale)
        if length < 0:
            raise ValueError(f"{named(element)} has a negative length")
        return Timing(read(element.get("start"), begin), length, scale, parts.points_of(element), shift)

    def _shown(self, element: ET.Element, made: Any, timing: Timing, rates: Sequence[Fraction]) -> Any:
        """An item with all that clips and compounds have alike: range, retime, markers, and whether it is on."""
        start, speed, stretch = timing.source()
        made.source_range = span(start, timing.length, rates)
        made.enabled = element.get("enabled") != "0"
        if speed is None:
            made.effects.append(ramp(stretch))
        elif speed == 0:
            made.effects.append(schema.FreezeFrame("freeze"))
        elif speed != 1:
            made.effects.append(schema.LinearTimeWarp("speed", time_scalar=float(speed)))
        made.markers.extend(parts.markers_of(element, timing, rates))
        told = {key: element.get(key, "")[:_LONGEST] for key in ROLES if element.get(key)}
        note = (element.findtext("note") or "").strip()
        if told or note:
            made.metadata["fcpxml"] = {**told, **({"note": note[:_LONGEST]} if note else {})}
        return made

    def _media(self, element: ET.Element, content: ET.Element, asset: ET.Element | None, rate: Fraction) -> Any:
        if asset is None:
            self.unread[f"{named(content)} refers to media that are not in the document"] += 1
            return schema.MissingReference(content.get("name") or "")
        if asset.tag == "effect":
            return _generator(content, asset)
        name, url = asset.get("name") or "", asset.get("src") or ""
        for one in asset.iterfind("media-rep"):
            if one.get("kind") != "proxy-media":
                url = one.get("src") or ""
        start, length = read(asset.get("start"), _ZERO), read(asset.get("duration"), _ZERO)
        known = span(start, length, [rate]) if length > 0 else None
        if not url or url.startswith(OFFLINE):
            return schema.MissingReference(name, known)
        made = schema.ExternalReference(url, known)
        made.name = name
        told = [one.get("value") for one in (*element.iterfind("metadata/md"), *asset.iterfind("metadata/md"))
                if one.get("key") == REEL]  # fmt: skip
        kept = {"reel": told[0][:_LONGEST]} if told and told[0] else {}
        if known is None and asset.get("hasVideo") == "1":
            kept["still"] = "1"
        if kept:
            made.metadata["fcpxml"] = kept
        return made

    def _sounds(
        self, element: ET.Element, content: ET.Element, picture: schema.Clip, timing: Timing, rates: Sequence[Fraction]
    ) -> Iterator[Sound]:
        """The sound that comes with a picture, over the stretch that is heard of it."""
        asset = self.resources.get(content.get("ref") or "")
        both = asset is not None and asset.get("hasAudio") == "1" and asset.get("hasVideo") == "1"
        brought = both if element.tag == "asset-clip" else content.find("audio") is not None
        if not brought or element.get("srcEnable") == "video":
            return
        local = read(element.get("audioStart"), timing.local)
        length = read(element.get("audioDuration"), timing.length * timing.scale) / timing.scale
        own = Timing(local, length, timing.scale, timing.points, timing.shift)
        bare = ET.Element("audio", {key: element.get(key, "") for key in ("enabled", ROLES[0]) if element.get(key)})
        made = self._shown(bare, schema.Clip(picture.name), own, rates)
        made.media_reference = picture.media_reference.clone()
        made.effects.extend(read_effects(element, SOUND, self.resources))
        yield Sound(made, (local - timing.local) / timing.scale, length)

    # Compounds

    def _nest(self, element: ET.Element, rate: Fraction) -> Found:
        """A compound, an angle of a multicam clip, or what is synchronised, as a stack."""
        if parts.inside(element) or element.tag in ("clip", "sync-clip"):
            made, zero = self._contained(element, rate)
        else:
            made, zero = self._referred(element, rate)
        timing = self._timing(element, rate, zero, _ZERO, -zero)
        self._shown(element, made, timing, [rate])
        made.effects.extend(read_effects(element, PICTURE, self.resources))
        hung = () if element.tag == "sync-clip" else parts.hanging(element)
        return Found(made, timing.length, timing.local, timing.scale, hung=hung)

    def _contained(self, element: ET.Element, rate: Fraction) -> tuple[Any, Fraction]:
        """What an element contains, and the time that it starts with. A synchronised clip has its lanes inside."""
        within = parts.inside(element)
        zero = min((read(one.get("offset"), _ZERO) for one in within), default=_ZERO)
        story = Story(self, self.rate_of(element) or rate, zero)
        story.main([one for spine in within if spine.tag == "spine" for one in spine] or within)
        if element.tag == "sync-clip":
            story.hang(element, _ZERO, zero, Fraction(1), 0)
        return story.stack(element.get("name") or "")

    def _referred(self, element: ET.Element, rate: Fraction) -> tuple[Any, Fraction]:
        """What a compound or multicam clip refers to, and the time that it starts with."""
        ref, name = element.get("ref") or "", element.get("name") or ""
        media = self.resources.get(ref)
        found = next(iter(media), None) if media is not None and media.tag == "media" else None
        if found is None:
            self.unread[f"{named(element)} refers to a compound that is not in the document"] += 1
            return schema.Clip(name, schema.MissingReference(name)), _ZERO
        if ref in self._open or len(self._open) >= _DEEPEST:
            raise ValueError(f"{named(element)} holds itself, or more than {_DEEPEST} compounds within each other")
        self._open.append(ref)
        own = self.rate_of(found) or rate
        story = self._angles(element, found, own) if found.tag == "multicam" else self.story(found, own)
        self._open.pop()
        return story.stack(name)

    def _angles(self, element: ET.Element, multicam: ET.Element, rate: Fraction) -> Story:
        """The picture of the angle of a multicam clip that is seen, the sound of the one that is heard."""
        angles = {one.get("angleID"): one for one in multicam.iterfind("mc-angle")}
        shown = {kind: one.get("angleID") for one in element.iterfind("mc-source") for kind in parts.enabled_kinds(one)}
        seen = shown.get("video", next(iter(angles), None))
        heard = shown.get("audio", seen)
        if seen not in angles or heard not in angles:
            raise ValueError(f"{named(element)} shows an angle that the multicam clip does not have")
        zero = read(multicam.get("tcStart"), _ZERO)
        story, sounds = Story(self, rate, zero), Story(self, rate, zero)
        story.main(angles[seen])
        if heard != seen:
            sounds.main(angles[heard])
            story.runs = [run for run in story.runs if not run.sound] + [run for run in sounds.runs if run.sound]
        return story


def _gap(element: ET.Element, rate: Fraction) -> Found:
    length, local = read(element.get("duration")), read(element.get("start"), _ZERO)
    made = schema.Gap(source_range=span(_ZERO, length, [rate]))
    made.markers.extend(parts.markers_of(element, Timing(local, length, shift=-local), [rate]))
    return Found(made, length, local, hung=parts.hanging(element))


def _generator(content: ET.Element, effect: ET.Element) -> schema.GeneratorReference:
    """A title or a generated picture."""
    name = effect.get("name") or content.tag
    made = schema.GeneratorReference(name, name)
    text = " ".join("".join(one.itertext()).strip() for one in content.iterfind("text"))
    if text:
        made.parameters["text"] = text[:_LONGEST]
    kept = read_generated(content, effect)
    if kept:
        made.metadata["fcpxml"] = kept
    return made
