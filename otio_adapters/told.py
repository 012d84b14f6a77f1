"""What an edit decision list tells of a clip beside its place in the cut: reel, file, comments, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.edl import one_line
from otio_adapters.times import seconds

_OWN_STEM = re.compile(r".+_gen_v\d{3,6}(?=[._])")


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on a picture of a clip, which a list tells as a locator."""

    at: Fraction | None
    """Seconds of source time from the clip's first picture; None: that picture."""
    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a list tells of a clip beside its place in the cut."""

    source: Fraction
    """Its first source frame, on the timecode of its media, counted at the list's rate."""
    reel: str
    file: str = ""
    comments: tuple[str, ...] = ()
    """Shot, version and recipe of what plays."""
    non_drop: bool = False
    """The timecode of its media is known, and is no drop-frame one."""
    remarks: tuple[Remark, ...] = ()
    markers: bool = False
    """Its own markers are the remarks."""


def told(clip: Any, reference: Any, rate: Fraction) -> Told:
    """What a timeline by itself tells of a clip that plays `reference`.

    A timecode is a count, not a time: 01:00:00:00 stays that in a list of another rate.
    """
    used = clip.trimmed_range().start_time
    source = Fraction(used.value) * Fraction(round(rate), round(used.rate))
    ours = versions.get(reference) if reference is not None else {}
    path = file_of(reference)
    if not ours.get("version"):
        return Told(source, str(listed(clip).get("reel", "")) or PurePosixPath(path).stem, PurePosixPath(path).name)
    shot = versions.get_text(clip, "shot") or ours.get("shot", "")
    comments = (f"SHOT: {shot}", f"VERSION: {ours['version']}", f"RECIPE: {ours.get('recipe', '')}")
    file = _numbered(reference) if isinstance(reference, otio.schema.ImageSequenceReference) else path
    name = PurePosixPath(file).name
    stem = _OWN_STEM.match(name)
    return Told(source, stem[0] if stem else PurePosixPath(name).stem, name, comments)


def listed(clip: Any) -> dict[str, Any]:
    """What a list said of the clip that it came in with: its reel, and comments as they were."""
    found = clip.metadata.get("cmx_3600")
    facts = dict(found) if hasattr(found, "keys") else {}
    comments = facts.get("comments", ())
    fits = facts.keys() <= {"reel", "comments"} and not isinstance(comments, str) and hasattr(comments, "__iter__")
    return {**facts, "comments": list(comments)} if fits and facts else {}


def others_of(item: Any, *carried: str) -> str:
    """Whose metadata an item has, ours and `carried` apart."""
    return ", ".join(sorted(one_line(key, 40) for key in item.metadata if key not in (versions.KEY, *carried)))


def remarks_of(clip: Any) -> Iterator[Remark]:
    """A clip's markers as remarks, in their order."""
    first = seconds(clip.trimmed_range().start_time)
    for marker in clip.markers:
        at = seconds(marker.marked_range.start_time)
        colour = "_".join(one_line(str(marker.color), 20).split()) or "WHITE"
        text = one_line(marker.comment or marker.name, 500)
        yield Remark(None if at is None or first is None else at - first, colour, text)


def locator(clock: str, remark: Remark) -> str:
    """A remark as a comment of a list."""
    return f"LOC: {clock} {remark.colour:<7} {remark.text}"


def file_of(reference: Any) -> str:
    """The path that a media reference names, decoded; of a sequence its pattern's."""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return f"{reference.name_prefix.rstrip('._')}{reference.name_suffix}"
    return unquote(urlparse(str(getattr(reference, "target_url", "") or "")).path)


def _numbered(sequence: Any) -> str:
    """A sequence as editing systems write it: `name.[1001-1072].exr`."""
    whole, first, width = sequence.available_range, sequence.start_frame, sequence.frame_zero_padding
    count = round(whole.duration.rescaled_to(sequence.rate).value) if whole is not None else 1
    numbers = f"[{first:0{width}}-{first + count - 1:0{width}}]"
    return unquote(f"{sequence.name_prefix}{numbers}{sequence.name_suffix}")
