"""What a conform compares: the clips of a cut's video tracks as plain values."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from core.cut.incoming.read import FINAL_CUT, PLAIN, read_cut
from core.cut.ranges import needs, sequence_rate
from core.cut.recut.effects import Effects, effects_of
from core.files import one_line
from otio_adapters.times import exact_rate, seconds

if TYPE_CHECKING:
    from core.cut.incoming.read import Cut

Span = tuple[Fraction, Fraction]
"""First and last instant, in seconds."""

_OWN = re.compile(r"(?P<shot>[A-Za-z0-9_-]+?)_gen_(?P<version>v\d{3,6})(?:[_.]|$)")
_NUMBER = re.compile(r"[._]?(?:%0?\d*d|#+|\[\d+-\d+\])$")
_FRAME = re.compile(r"[._]?\d{3,}$")
_FIRST_OF_MANY = re.compile(r"\d{3,}\.(exr|dpx|cin|tiff?|png|jpe?g|tga)$", re.IGNORECASE)
"""How some programs name an image sequence: by its first picture."""
_SOURCE_FILE = "SOURCE FILE: "
_NO_REEL = {"", "AX", "BL", "GEN"}
"""What lists write where a source has no reel."""
_SAYS_EFFECTS = (".xml", ".fcpxml", ".aaf")
"""Forms beside OpenTimelineIO's own that hold effects, each in words of its own."""
LIST = ".edl"
"""The ending of an edit decision list, which holds one video track."""
_NEVER_OFF = (".aaf",)
"""Forms whose readers do not say that a clip is switched off."""
_NO_EFFECTS = Effects()


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
    bounds: tuple[float, ...] = ()
    """Where its picture lies (left, bottom, right, top); empty where the cut does not say."""
    played: Fraction | None = None
    """Frames a second at which the cut plays an image sequence; None for what has a rate of its own."""


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
    effects: Effects = _NO_EFFECTS
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

    def says_off(self, other: Facts) -> bool:
        """Whether both cuts say which clips are switched off."""
        return self.form not in _NEVER_OFF and other.form not in _NEVER_OFF

    def says_effects(self, other: Facts) -> bool:
        """Whether both cuts can hold effects, and tell them in the same words."""
        if self.form in _SAYS_EFFECTS or other.form in _SAYS_EFFECTS:
            return self.form == other.form
        return self.form in PLAIN and other.form in PLAIN


def as_lists_tell(one: Facts, other: Facts) -> tuple[Facts, Facts]:
    """Both cuts with every dissolve wholly behind its cut, where one of them is a list: that says no more of it."""
    if one.form == other.form or LIST not in (one.form, other.form):
        return one, other
    first, second = (replace(cut, clips=tuple(map(_as_listed, cut.clips))) for cut in (one, other))
    return first, second


def _as_listed(clip: Clip) -> Clip:
    """The same pictures, each cut with a dissolve where the dissolve begins. Transitions as `Need.joins` tells them."""
    (head, came), (tail, goes) = (_early(join) for join in clip.joins)
    if not (came or goes):
        return clip
    ahead, behind = came * abs(clip.speed), goes * abs(clip.speed)
    first, last = (ahead, behind) if clip.speed >= 0 else (behind, ahead)
    back = 1 if clip.speed >= 0 else -1
    seen = (clip.seen[0] - back * first, clip.seen[1] - back * last)
    record, duration = clip.record - came, clip.duration + came - goes
    return replace(clip, seen=seen, record=record, duration=duration, joins=(head, tail))


def _early(join: str) -> tuple[str, Fraction]:
    """A transition as a list tells it, and for how many seconds it runs before its cut."""
    if not join:
        return "", Fraction(0)
    kind, before, behind = join.rsplit(" ", 2)
    return f"{kind} 0 {Fraction(before) + Fraction(behind)}", Fraction(before)


def facts(cut: Cut, form: str) -> tuple[Facts, list[Any], list[str]]:
    """The facts of a cut that was read.

    Returns:
        The facts; the `opentimelineio` clip behind each of them, in the same order; what could not be understood.
    """
    found, warnings = needs(cut.timeline)
    form = ".fcpxml" if form.lower() in FINAL_CUT else form.lower()
    return Facts(cut.rate, tuple(_clip(need, form) for need in found), form), [need.clip for need in found], warnings


def facts_of(path: Path, form: str) -> Facts:
    """The facts of the cut that a show keeps, which was read from a file of that form. Raises CutError."""
    return facts(read_cut(path), form)[0]


def _clip(need: Any, form: str) -> Clip:
    from otio_adapters import versions

    clip = need.clip
    reference = versions.editor_reference(clip)
    media = _media(clip, reference)
    if form == ".fcpxml" and reference is not None:
        media = replace(media, reel=_reel(reference.metadata.get("fcpxml")))
    ours = versions.get(clip)
    made = Clip(
        id=str(ours.get("copy_of") or ours.get("clip_id", "")),
        name=one_line(clip.name, 120),
        track=need.track,
        number=need.number,
        media=media,
        seen=need.seen,
        needed=(need.start, need.end),
        record=need.record,
        duration=need.duration,
        enabled=need.enabled and not (form == ".xml" and _left(clip, "fcp_xml").get("enabled") == "FALSE"),
        speed=need.speed,
        joins=need.joins,
        effects=effects_of(clip) if len(clip.effects) else _NO_EFFECTS,
        own=_own(clip, media),
        shot=str(ours.get("shot", "")),
    )
    shot, _, version = str(ours.get(versions.PLAYS, "")).partition(" ")
    return as_own(made, shot, version) if version and made.own is None else made


def as_own(clip: Clip, shot: str, version: str) -> Clip:
    """The clip as if the version of ours that it plays had its own name."""
    return replace(clip, own=(shot, version), media=replace(clip.media, stem=f"{shot}_gen_{version}".lower()))


def is_renamed(clip: Clip) -> bool:
    """Whether it plays a version of ours whose file does not say so."""
    media = clip.media
    return clip.own is not None and bool(media.key) and "_gen_" in media.stem and "_gen_" not in stem(media.key)


def _media(clip: Any, reference: Any) -> Media:
    available = getattr(reference, "available_range", None)
    span, rate = _span(available) if available is not None else (None, None)
    used = clip.source_range
    if used is not None:
        rate = exact_rate(used.start_time.rate) or rate
    listed = _listed(clip)
    reel = _reel(listed)
    box = getattr(reference, "available_image_bounds", None)
    bounds = (box.min.x, box.min.y, box.max.x, box.max.y) if box is not None else ()
    prefix = getattr(reference, "name_prefix", None)
    if prefix is not None:
        key, name = _named(f"{reference.target_url_base}{prefix}%d{reference.name_suffix}")
        return Media(key, name, reel, span, reference.start_frame, rate, bounds, sequence_rate(reference))
    key, name = _named(getattr(reference, "target_url", "") or "")
    if span is not None and rate and (span[1] - span[0]) * rate > 1 and _FIRST_OF_MANY.search(key):
        name = _FRAME.sub("", name)
    return Media(key, name or _source_file(listed), reel, span, None, rate, bounds)


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
    return _left(clip, "cmx_3600")


def _left(clip: Any, reader: str) -> Any:
    """What the reader of a form leaves in a clip's metadata."""
    metadata = clip.metadata
    # Our own key is always there; asking for one that is not costs OTIO an exception.
    found = metadata.get(reader) if len(metadata) > 1 else None
    return found if hasattr(found, "get") else {}


def _reel(told: Any) -> str:
    """The reel among what a form's reader left in metadata."""
    reel = told.get("reel") if hasattr(told, "get") else ""
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
