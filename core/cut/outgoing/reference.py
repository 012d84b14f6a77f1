"""A version as a media reference that counts in the source time of the editor's own media."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from core.cut.outgoing.form import OTIO, Form
from core.cut.ranges import as_played, counted, counts_of, sequence_rate, source_zero
from core.cut.shot import Plate
from core.errors import CutError
from core.files import one_line
from core.frames import FrameRange
from core.paths import file_url
from otio_adapters.times import seconds

_OWN_FILE = re.compile(r"_gen_(?P<version>v\d{3,6})(?:_review\.\w+|\.\[?(?P<number>\d+)[^/\\]*)$")
"""A file of ours that stands for a version: its review movie, or its frames by their numbers."""
Made = Mapping[str, FrameRange]
NONE: Made = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class VersionMedia:
    """The master frames of one version: `folder/prefix` + number + `suffix`."""

    version: str
    folder: Path
    prefix: str
    suffix: str
    frames: FrameRange
    """Shot frames, which are the file numbers."""
    padding: int = 4
    facts: Mapping[str, Any] | None = None
    """What to say of it in the metadata: plain values; seeds as text."""
    at: str = ""
    """The folder's whole path where the timeline is read; empty: as it is here."""
    movie: str = ""
    """The file name of its review movie in the same folder, over the same frames; empty: there is none."""
    burnt: bool = False
    """The review movie has a label in the picture."""

    @property
    def stem(self) -> str:
        """Its name without number and ending: `sq010_sh0010_gen_v003`."""
        return self.prefix.rstrip("._")


def reference(
    clip: Any, media: VersionMedia, plate: Plate, form: Form = OTIO, made: Made = NONE, *, theirs: str = "",
    beside: Path | None = None,
) -> Any:  # fmt: skip
    """A reference for `clip`, whose source range goes on meaning the same pictures.

    Args:
        made: the shot frames of the shot's versions, for clips that play one already.
        theirs: which one that is, where the name of the editor's file does not say it.
        beside: give the URL relative to this folder instead of whole.

    Raises:
        CutError: facts that metadata cannot hold.
    """
    import opentimelineio as otio

    from otio_adapters import versions

    plate = as_played(plate, sequence_rate(versions.editor_reference(clip)))
    folder = _url(media, beside)
    start = plate_zero(clip, plate, made, theirs) + Fraction(media.frames.first - plate.offset) / plate.rate
    rate = float(plate.rate)
    new = otio.schema.ImageSequenceReference(
        target_url_base=folder,
        name_prefix=quote(media.prefix),
        name_suffix=quote(media.suffix),
        start_frame=media.frames.first,
        rate=rate,
        frame_zero_padding=media.padding,
        available_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(_number(start * plate.rate), rate),
            otio.opentime.RationalTime(len(media.frames), rate),
        ),
    )
    new.name = media.stem
    if form.movies and media.movie:
        new = otio.schema.ExternalReference(f"{folder}{quote(media.movie)}", new.available_range)
        new.name = media.movie
    new = flat(new, form)
    try:
        versions.put(new, {**(media.facts or {}), "version": media.version})
    except ValueError as error:
        raise CutError(f"{media.version} cannot be published: {one_line(str(error))}.") from error
    return new


def plate_zero(clip: Any, plate: Plate, made: Made = NONE, theirs: str = "") -> Fraction:
    """The source time, in seconds, of the plate's media index 0, as the clip counts it.

    Where the editor plays an older version of ours, its pictures are numbered as shot frames already.
    """
    from otio_adapters import versions

    media = versions.editor_reference(clip)
    available = getattr(media, "available_range", None)
    begin = seconds(available.start_time) if available is not None else None
    first = _own_first(media, made, theirs or versions.get_text(clip, versions.PLAYS).partition(" ")[2])
    if begin is not None and first is not None:
        return begin - Fraction(first - plate.offset) / plate.rate
    used = seconds(clip.source_range.start_time) if clip.source_range is not None else None
    return source_zero(media, counted(plate), used or Fraction(0), counts_of(clip))


def _own_first(theirs: Any, made: Made, plays: str) -> int | None:
    """The shot frame of the first picture of a file of ours; None for other files.

    `plays`: the version that it is, where it has another name.
    """
    import opentimelineio as otio

    from otio_adapters import versions

    if isinstance(theirs, otio.schema.ImageSequenceReference):
        return int(theirs.start_frame) if plays or versions.is_own_sequence(theirs) else None
    if plays:
        return made[plays].first if plays in made else None
    found = _OWN_FILE.search(unquote(str(getattr(theirs, "target_url", "") or "")))
    if found is None:
        return None
    if found["number"]:
        return int(found["number"])
    return made[found["version"]].first if found["version"] in made else None


def _url(media: VersionMedia, beside: Path | None) -> str:
    whole = media.folder.absolute()
    if beside is not None:
        return f"{quote(whole.relative_to(beside.absolute()).as_posix())}/"
    return f"{file_url(media.at or whole.as_posix())}/"


def counts_alike(made: Any, media: VersionMedia, plate: Plate) -> bool:
    """Whether the review movie's timecode is what the reference says that its source time is.

    The movie carries the plate's timecode. Where the plate has none it counts from the plate's first picture, and a cut
    that counts the plate otherwise will not find its frames in the movie by timecode.
    """
    begin = plate.index(media.frames.first) - plate.media.first + (plate.timecode or 0)
    start = seconds(made.available_range.start_time)
    return start is not None and abs(start * plate.rate - begin) < Fraction(1, 100)


def flat(made: Any, form: Form) -> Any:
    """An image sequence as the one file that stands for it in a form without sequences; others as they are."""
    import opentimelineio as otio

    if form.frames == "sequence" or not isinstance(made, otio.schema.ImageSequenceReference):
        return made
    width, first = made.frame_zero_padding, made.start_frame
    count = round(made.available_range.duration.rescaled_to(made.rate).value) if made.available_range else 1
    number = f"{first:0{width}}" if form.frames == "first" else f"[{first:0{width}}-{first + count - 1:0{width}}]"
    folder = made.target_url_base
    base = folder if not folder or folder.endswith("/") else f"{folder}/"
    one = otio.schema.ExternalReference(
        f"{base}{made.name_prefix}{number}{made.name_suffix}", made.available_range, made.metadata
    )
    one.name = made.name or unquote(made.name_prefix.rstrip("._"))
    return one


def fits_whole(clip: Any, made: Any) -> bool:
    """Trim `made` to the editor's available range: a clip without a source range plays all its reference has."""
    import opentimelineio as otio

    from otio_adapters import versions

    theirs, ours = versions.editor_reference(clip).available_range, made.available_range
    if theirs is None or theirs.start_time < ours.start_time:
        return False
    if theirs.end_time_exclusive() > ours.end_time_exclusive():
        return False
    if isinstance(made, otio.schema.ImageSequenceReference):
        made.start_frame += round((theirs.start_time.rescaled_to(made.rate) - ours.start_time).value)
    elif theirs != ours:
        return False  # a file is as long as it is
    made.available_range = otio.opentime.TimeRange(theirs.start_time, theirs.duration)
    return True


def _number(frames: Fraction) -> float:
    """A frame count as OTIO holds it; what decimal rates add is not a part of a frame."""
    near = round(frames)
    return float(near if abs(frames - near) < Fraction(1, 1000) else frames)
