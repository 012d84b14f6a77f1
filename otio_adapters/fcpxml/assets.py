"""The resources of an FCPXML document that is written: formats, effects, assets and compounds, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET

import opentimelineio as otio
from opentimelineio import schema

from otio_adapters.fcpxml.time import exact_rate, seconds, written
from otio_adapters.times import own_speed

_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OFFLINE = "file:///offline.rushes/"
"""Where media are that nobody knows the place of: Final Cut shows them as missing, by their name."""
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".dpx", ".psd", ".heic", ".tga", ".bmp", ".gif")
REEL = "com.apple.proapps.studio.reel"


@dataclass(slots=True)
class Asset:
    """Media that clips show: a file, or what is missing by its name."""

    id: str
    name: str
    url: str
    rate: Fraction
    start: Fraction
    end: Fraction
    reel: str = ""
    video: bool = False
    audio: bool = False
    still: bool = False
    """Its file holds one picture: Final Cut wants another element for such."""
    endless: bool = False
    """It lasts as long as it is shown."""

    @property
    def length(self) -> Fraction:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Effect:
    """What Final Cut knows a dissolve or a generator by."""

    id: str
    name: str
    uid: str
    src: str = ""


DISSOLVE = ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265")
CROSSFADE = ("Audio Crossfade", "FFAudioTransition")
"""Name and id of what Final Cut calls a dissolve."""


@dataclass(slots=True)
class Resources:
    """All resources of one document: assets are those of the timeline's clips, others come as they are asked for."""

    rate: Fraction
    """Frames a second of the sequence."""
    size: tuple[int, int]
    timeline: schema.Timeline
    _count: int = 0
    _formats: dict[Fraction, str] = field(default_factory=dict)
    _effects: dict[str, Effect] = field(default_factory=dict)
    _assets: dict[tuple[str, Fraction], Asset] = field(default_factory=dict)
    _compounds: list[ET.Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.format_of(self.rate)
        for track, clip in _clips(self.timeline.tracks, False):
            if generator_of(clip) is None:
                self._gather(clip, sound=track)

    def format_of(self, rate: Fraction) -> str:
        """The id of the format with that rate."""
        if rate not in self._formats:
            self._formats[rate] = self.new_id()
        return self._formats[rate]

    def effect(self, name: str, uid: str, src: str = "") -> str:
        """The id of the effect that Final Cut knows by `uid`."""
        if uid not in self._effects:
            self._effects[uid] = Effect(self.new_id(), text_of(name), text_of(uid), text_of(src))
        return self._effects[uid].id

    def asset_of(self, clip: schema.Clip, sound: bool) -> Asset:
        """The media of a clip."""
        if _key(clip) not in self._assets:  # a title that cannot be written as one
            self._gather(clip, sound)
        return self._assets[_key(clip)]

    def compound(self, name: str, sequence: ET.Element) -> str:
        """The id of a new compound with that sequence in it."""
        made = ET.Element("media", id=self.new_id(), name=name)
        made.append(sequence)
        self._compounds.append(made)
        return str(made.get("id"))

    def element(self) -> ET.Element:
        """All of them: those that others refer to come first."""
        made = ET.Element("resources")
        for rate, name in self._formats.items():
            one = ET.SubElement(made, "format", id=name, frameDuration=f"{rate.denominator}/{rate.numerator}s")
            if rate == self.rate:
                one.set("width", str(self.size[0]))
                one.set("height", str(self.size[1]))
        for effect in self._effects.values():
            one = ET.SubElement(made, "effect", id=effect.id, name=effect.name, uid=effect.uid)
            if effect.src:
                one.set("src", effect.src)
        made.extend(map(self._asset_element, self._assets.values()))
        made.extend(self._compounds)
        return made

    def new_id(self) -> str:
        """An id that nothing has yet."""
        self._count += 1
        return f"r{self._count}"

    def _gather(self, clip: schema.Clip, sound: bool) -> None:
        media, key = clip.media_reference, _key(clip)
        whole = getattr(media, "available_range", None)
        found = whole or clip.trimmed_range()
        start, length = seconds(found.start_time), seconds(found.duration)
        end = start + (length if whole else length * max(abs(own_speed(clip)[0]), Fraction(1)))
        known = self._assets.get(key)
        if known is None:
            rate = exact_rate(found.start_time.rate)
            known = Asset(self.new_id(), _name(clip), key[0], rate, start, end, _told(media, "reel"))
            known.still = is_still(media)
            known.endless = known.still and not whole
            self._assets[key] = known
            if not sound:
                self.format_of(rate)
        known.start, known.end = min(known.start, start), max(known.end, end)
        known.audio, known.video = known.audio or sound, known.video or not sound

    def _asset_element(self, asset: Asset) -> ET.Element:
        frame = 1 / (asset.rate if asset.video else self.rate)
        element = ET.Element("asset", id=asset.id, name=asset.name, start=written(asset.start, frame))
        element.set("duration", "0s" if asset.endless else written(asset.length, frame))
        if asset.video:
            element.set("hasVideo", "1")
            element.set("format", self.format_of(asset.rate))
            element.set("videoSources", "1")
        if asset.audio:
            element.set("hasAudio", "1")
            element.set("audioSources", "1")
        ET.SubElement(element, "media-rep", kind="original-media", src=asset.url)
        if asset.reel:
            ET.SubElement(ET.SubElement(element, "metadata"), "md", key=REEL, value=asset.reel)
        return element


def _clips(stack: Any, sound: bool) -> Iterator[tuple[bool, schema.Clip]]:
    """Every clip, and whether it is one of an audio track."""
    for item in stack:
        if isinstance(item, schema.Clip):
            yield sound, item
        elif isinstance(item, otio.core.Composition):
            kind = getattr(item, "kind", None)
            yield from _clips(item, sound if kind is None else kind == schema.TrackKind.Audio)


def generator_of(item: Any) -> Any:
    """What was kept of a title or generator that was read here; None for everything else."""
    media = item.media_reference if isinstance(item, schema.Clip) else None
    told = media.metadata.get("fcpxml") if isinstance(media, schema.GeneratorReference) else None
    return told if told is not None and hasattr(told, "keys") and "xml" in told else None


def _key(clip: schema.Clip) -> tuple[str, Fraction]:
    """Where the media are, and the source time of their first picture: clips may count one file differently."""
    media = clip.media_reference
    if isinstance(media, schema.ImageSequenceReference):
        raise ValueError(
            f"{clip.name or 'a clip'} shows an image sequence, which Final Cut does not take: make a movie"
        )
    url = media.target_url if isinstance(media, schema.ExternalReference) else ""
    if not url:
        return OFFLINE + quote(_name(clip), safe=""), Fraction(0)
    found = media.available_range
    return file_url(url), seconds(found.start_time) if found is not None else Fraction(0)


def _name(clip: schema.Clip) -> str:
    media = clip.media_reference
    url = getattr(media, "target_url", "") or ""
    told = getattr(media, "name", "") or unquote(PurePosixPath(urlsplit(url).path).name)
    return text_of(told or clip.name) or "unnamed"


def is_still(media: Any) -> bool:
    """Whether media are one picture, by what Final Cut said of them or by their name."""
    url = str(getattr(media, "target_url", "") or "").lower()
    return _told(media, "still") == "1" or url.endswith(_PICTURES)


def _told(media: Any, key: str) -> str:
    """What was read of media that OpenTimelineIO has no place for; empty where nothing was."""
    told = media.metadata.get("fcpxml") if media is not None else None
    found = told.get(key) if told is not None and hasattr(told, "keys") else None
    return found if isinstance(found, str) else ""


def text_of(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NO_TEXT.sub("", str(text or ""))


def file_url(url: str) -> str:
    """A whole path as a URL; everything else as it is."""
    return f"file://{quote(url)}" if url.startswith("/") else url
