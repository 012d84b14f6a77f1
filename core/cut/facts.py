"""What a conform compares: the clips of a cut's video tracks as plain values."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from core.cut.ranges import needs
from core.files import one_line, sha256_bytes
from otio_adapters.times import exact_rate, seconds

if TYPE_CHECKING:
    from core.cut.read import Cut

Span = tuple[Fraction, Fraction]
"""First and last instant, in seconds."""

_OWN = re.compile(r"(?P<shot>[A-Za-z0-9_-]+?)_gen_(?P<version>v\d{3,6})(?:[_.]|$)")
_NUMBER = re.compile(r"[._]?(?:%0?\d*d|#+|\[\d+-\d+\])$")
_SOURCE_FILE = "SOURCE FILE: "
_NO_REEL = {"", "AX", "BL", "GEN"}
"""What lists write where a source has no reel."""


@dataclass(frozen=True, slots=True)
class Media:
    """The source that a clip plays, as far as its cut names it."""

    key: str = ""
    """Its path as written, without scheme and escapes; empty where the cut names none."""
    stem: str = ""
    """Its file's name without frame number and ending, small letters."""
    reel: str = ""
    available: Span | None = None
    """The source time that exists."""
    number: int | None = None
    """The file number of an image sequence's first picture."""
    rate: Fraction | None = None
    """Frames a second that its source time counts in."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a video track. Times in exact seconds."""

    id: str
    """The id that it came with, also where it is a copy; else the one that was minted."""
    name: str
    track: str
    number: int
    """The track's number, 1 is the lowest."""
    media: Media
    seen: Span
    """Source time that stands in the cut."""
    needed: Span
    """The same with what transitions add."""
    record: Fraction
    duration: Fraction
    enabled: bool
    speed: Fraction
    joins: tuple[str, str] = ("", "")
    curve: str = ""
    """A digest of its time effects that are no plain retime."""
    effects: str = ""
    """A digest of its other effects."""
    own: tuple[str, str] | None = None
    """Shot and version where it plays our own media."""
    shot: str = ""
    """The shot that our metadata names."""

    @property
    def end(self) -> Fraction:
        return self.record + self.duration


@dataclass(frozen=True, slots=True)
class Facts:
    """A cut, ready to be compared."""

    rate: Fraction
    clips: tuple[Clip, ...]
    """In the order of the cut, the lowest track first."""
    form: str
    """The ending of the file that it was read from, small letters."""

    @property
    def says_all(self) -> bool:
        """Whether its form can hold effects, and clips that are switched off."""
        return self.form in (".otio", ".otioz", ".otiod")


def facts(cut: Cut, form: str) -> tuple[Facts, list[Any], list[str]]:
    """The facts of a cut that was read.

    Returns:
        The facts; the `opentimelineio` clip behind each of them, in the same order; what could not be understood.
    """
    found, warnings = needs(cut.timeline)
    return Facts(cut.rate, tuple(map(_clip, found)), form.lower()), [need.clip for need in found], warnings


def facts_of(path: Path) -> Facts:
    """The facts of the cut that a show keeps. Raises CutError."""
    from core.cut.read import read_cut

    return facts(read_cut(path), path.suffix)[0]


def _clip(need: Any) -> Clip:
    from otio_adapters import versions

    clip = need.clip
    reference = versions.editor_reference(clip)
    media = _media(clip, reference)
    ours = versions.get(clip)
    curve, effects = _effects(clip) if len(clip.effects) else ("", "")
    return Clip(
        id=str(ours.get("copy_of") or ours.get("clip_id", "")),
        name=one_line(clip.name, 120),
        track=need.track,
        number=need.number,
        media=media,
        seen=need.seen,
        needed=(need.start, need.end),
        record=need.record,
        duration=need.duration,
        enabled=need.enabled,
        speed=need.speed,
        joins=need.joins,
        curve=curve,
        effects=effects,
        own=_own(clip, media),
        shot=str(ours.get("shot", "")),
    )


def _media(clip: Any, reference: Any) -> Media:
    available = getattr(reference, "available_range", None)
    span, rate = _span(available) if available is not None else (None, None)
    used = clip.source_range
    if used is not None:
        rate = exact_rate(used.start_time.rate) or rate
    listed = _listed(clip)
    reel = _reel(listed)
    prefix = getattr(reference, "name_prefix", None)
    if prefix is not None:
        key, name = _named(f"{reference.target_url_base}{prefix}%d{reference.name_suffix}")
        return Media(key, name, reel, span, reference.start_frame, rate)
    key, name = _named(getattr(reference, "target_url", "") or "")
    return Media(key, name or _source_file(listed), reel, span, None, rate)


@functools.lru_cache(maxsize=4096)
def _named(url: str) -> tuple[str, str]:
    """A URL's path, and the stem of its file."""
    path = re.sub(r"^file:(//(localhost(?=/))?)?", "", url)
    path = unquote(re.sub(r"%(?=0?\d*d)", "%25", path)).replace("\\", "/")
    name = path.rpartition("/")[2]
    bare = re.sub(r"\.\w{1,5}$", "", name)
    return path, _NUMBER.sub("", bare).lower()


def stem(path: str) -> str:
    """What clips of a file are recognised by: its name without frame number and ending, small letters."""
    return _named(path)[1]


def _span(found: Any) -> tuple[Span | None, Fraction | None]:
    start, length = seconds(found.start_time), seconds(found.duration)
    if start is None or length is None:
        return None, None
    return (start, start + length), exact_rate(found.start_time.rate)


def _listed(clip: Any) -> Any:
    """What an EDL's reader leaves of an event."""
    metadata = clip.metadata
    # Our own key is always there; asking for one that is not costs OTIO an exception.
    found = metadata.get("cmx_3600") if len(metadata) > 1 else None
    return found if hasattr(found, "get") else {}


def _reel(listed: Any) -> str:
    reel = listed.get("reel")
    return reel if isinstance(reel, str) and reel.upper() not in _NO_REEL else ""


def _source_file(listed: Any) -> str:
    """The stem of the file that an EDL's comments name."""
    comments = listed.get("comments")
    for line in () if comments is None or isinstance(comments, str) else comments:
        if isinstance(line, str) and line.startswith(_SOURCE_FILE):
            return stem(line.removeprefix(_SOURCE_FILE))
    return ""


def _own(clip: Any, media: Media) -> tuple[str, str] | None:
    """Shot and version that a clip plays: what is active is ours, or a name says so."""
    from otio_adapters import versions

    active = clip.active_media_reference_key
    names = [media.stem, media.reel]
    if versions.is_generated_key(active):
        playing = clip.media_reference
        names.insert(0, getattr(playing, "name", "") or "")
    for name in names:
        match = _OWN.match(name) if "_gen_" in name else None
        if match:
            return match["shot"], match["version"]
    return None


def _effects(clip: Any) -> tuple[str, str]:
    """Digests of the speed ramps, and of the effects that change no time; empty where there are none."""
    import opentimelineio as otio

    curves: list[str] = []
    others: list[str] = []
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            continue
        (curves if isinstance(effect, otio.schema.TimeEffect) else others).append(effect.to_json_string())
    return _digest(curves), _digest(others)


def _digest(texts: Sequence[str]) -> str:
    return sha256_bytes("\n".join(texts).encode()) if texts else ""
