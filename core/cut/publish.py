"""The timeline that goes back: versions beside the editor's references, read back and compared before it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.cut.compare import Loss, compare_timelines, differences, editors_text
from core.cut.ranges import seconds, source_zero
from core.cut.read import PLAIN, read_timeline, timeline_text
from core.cut.shot import Plate, Shot
from core.errors import CutError
from core.files import explained, one_line, settle, sha256_bytes, temp_beside
from core.frames import FrameRange

__all__ = ["Entry", "Loss", "Published", "VersionMedia", "compare_timelines", "write_master"]

_SEAL = re.compile(r'"master_sha256": "([0-9a-f]*)"')


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


@dataclass(frozen=True, slots=True)
class Entry:
    """What a clip gets. Several clips may show one shot: an entry each."""

    clip_id: str
    shot: Shot
    versions: Sequence[VersionMedia]
    active: str = ""
    """The version that plays (the circled one); empty: what the editor has active stays."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was written."""

    path: Path
    clips: int
    sha256: str
    losses: tuple[Loss, ...]
    """What the file says otherwise than the cut did, versions apart. Empty for a master."""
    warnings: tuple[str, ...]


def write_master(cut_file: Path, out: Path, entries: Sequence[Entry], *, received: Path | None = None) -> Published:
    """Write the cut with versions in it; the same cut and entries give the same bytes.

    Every entry's clip gets references `gen_v003` whose available range counts in the editor's own source time, so its
    source range goes on meaning the same pictures. Nothing else changes.

    Args:
        cut_file: the show's cut, whose clips carry ids.
        received: the file as the editor sent it. Where it is OTIO it is what versions are put into, so that nothing the
            show put in order (rates, inferred ranges) leaves the house.

    Raises:
        CutError: an unknown clip, a clip that cannot take a version, or `out` is somebody else's file; nothing written.
        DiskFull, Broken: nothing written.
    """
    _refuse_foreign(out, (cut_file, *([received] if received else [])))
    cut = read_timeline(cut_file)
    original = received is not None and received.suffix.lower() in PLAIN
    timeline = read_timeline(received) if original and received is not None else cut
    clips = _clips_by_id(cut, timeline, cut_file)
    before = _before(timeline)
    warnings: list[str] = []
    for entry in entries:
        if entry.clip_id not in clips:
            raise CutError(f"The cut has no clip {one_line(entry.clip_id)!r} ({entry.shot.id}).", where=str(cut_file))
        _add(clips[entry.clip_id], entry, warnings)
    text = _sealed(timeline)
    losses = _write_checked(out, text, before)
    return Published(out, len(entries), sha256_bytes(text.encode()), losses, tuple(warnings))


def _before(timeline: Any) -> str:
    """The editor's part of the timeline, before anything is put into it."""
    from otio_adapters import versions

    text = timeline_text(timeline)
    return text if f'"{versions.SCHEMA}"' not in text else editors_text(timeline.clone())


def _clips_by_id(cut: Any, timeline: Any, cut_file: Path) -> dict[str, Any]:
    """The clips of `timeline` by the ids that the same clips of `cut` carry: both are walked in the same order."""
    from otio_adapters import versions

    ours, theirs = list(cut.find_clips()), list(timeline.find_clips())
    if [clip.name for clip in ours] != [clip.name for clip in theirs]:
        raise CutError(
            "The show's cut and the file as received do not hold the same clips.",
            where=str(cut_file),
            todo="Bring the cut in again.",
        )
    return {versions.get_text(own, "clip_id"): clip for own, clip in zip(ours, theirs, strict=True)}


def _add(clip: Any, entry: Entry, warnings: list[str]) -> None:
    from otio_adapters import versions

    plate = entry.shot.plate
    if plate is None:
        raise CutError(f"{entry.shot.id} has no plate: its versions have no place in the editor's source time.")
    references = {media.version: _reference(clip, media, plate) for media in entry.versions}
    active = entry.active
    chosen = [media for media in entry.versions if media.version == active]
    if active and not chosen:
        raise CutError(f"{entry.shot.id} {one_line(active)} is to play but is not among the versions to publish.")
    needed = [use for use in entry.shot.uses if use.clip_id == entry.clip_id]
    short = chosen and any(u.first < chosen[0].frames.first or u.last > chosen[0].frames.last for u in needed)
    if short:
        warnings.append(f"{entry.shot.id} {active} has frames {chosen[0].frames}: fewer than the cut shows")
    if active and clip.source_range is None and not _fits_whole(clip, references[active]):
        warnings.append(f"{entry.shot.id} {active} is there but does not play: the clip would change its length")
        active = ""
    try:
        versions.add_versions(clip, references, active, {"clip_id": entry.clip_id, "shot": entry.shot.id})
    except ValueError as error:
        raise CutError(f"{entry.shot.id} cannot be published: {one_line(str(error))}.") from error


def _fits_whole(clip: Any, reference: Any) -> bool:
    """Trim `reference` to the editor's available range: a clip without a source range plays all its reference has."""
    import opentimelineio as otio

    from otio_adapters import versions

    theirs, ours = versions.editor_reference(clip).available_range, reference.available_range
    if theirs is None or theirs.start_time < ours.start_time:
        return False
    if theirs.end_time_exclusive() > ours.end_time_exclusive():
        return False
    skip = theirs.start_time.rescaled_to(reference.rate) - ours.start_time
    reference.start_frame += round(skip.value)
    reference.available_range = otio.opentime.TimeRange(theirs.start_time, theirs.duration)
    return True


def _reference(clip: Any, media: VersionMedia, plate: Plate) -> Any:
    """An image sequence reference whose available range counts in the source time of the editor's media."""
    import opentimelineio as otio

    from otio_adapters import versions

    theirs = versions.editor_reference(clip)
    used = seconds(clip.source_range.start_time) if clip.source_range is not None else None
    zero = source_zero(theirs, plate.media.first, plate.rate, plate.timecode, used or Fraction(0))
    start = zero + (media.frames.first - plate.offset) / plate.rate
    rate = float(plate.rate)
    reference = otio.schema.ImageSequenceReference(
        target_url_base=f"file://{quote(media.folder.absolute().as_posix())}/",
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
    reference.name = f"{media.prefix.rstrip('._')}"
    try:
        versions.put(reference, {**(media.facts or {}), "version": media.version})
    except ValueError as error:
        raise CutError(f"{media.version} cannot be published: {one_line(str(error))}.") from error
    return reference


def _number(frames: Fraction) -> float:
    """A frame count as OTIO holds it; what decimal rates add is not a part of a frame."""
    near = round(frames)
    return float(near if abs(frames - near) < Fraction(1, 1000) else frames)


# Writing


def _sealed(timeline: Any) -> str:
    """The timeline's text with its own digest in it, so that a later publish knows a file that nobody else changed."""
    from otio_adapters import versions

    versions.put(timeline, {**versions.get(timeline), "master_sha256": ""})
    text = timeline_text(timeline)
    return text.replace('"master_sha256": ""', f'"master_sha256": "{sha256_bytes(text.encode())}"', 1)


def _is_ours(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return any(
        sha256_bytes((text[: seal.start(1)] + text[seal.end(1) :]).encode()) == seal[1] for seal in _SEAL.finditer(text)
    )


def _refuse_foreign(out: Path, inputs: Iterable[Path]) -> None:
    if out.suffix.lower() != ".otio":
        raise CutError("A master is an .otio file.", where=str(out), todo="Name it so: --out NAME.otio.")
    if any(out.resolve() == path.resolve() for path in inputs) or (out.exists() and not _is_ours(out)):
        raise CutError(
            "This file is not one that rushes wrote, or somebody changed it since.",
            where=str(out),
            todo="Nothing was overwritten. Publish under another name.",
        )


def _write_checked(out: Path, text: str, before: str) -> tuple[Loss, ...]:
    """Write to a temporary file, read it back with plain OTIO, compare, then give it its name."""
    import opentimelineio as otio

    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(out)
        try:
            temp.write_text(text, encoding="utf-8")
            after = otio.core.deserialize_json_from_file(str(temp))
            wrong = differences(text, timeline_text(after))
            if wrong:
                raise CutError(
                    f"The timeline does not read back as it was meant: {wrong[0].what} ({wrong[0].clip}).",
                    where=str(out),
                    todo="Nothing was written. Report this with the cut.",
                )
            losses = differences(before, editors_text(after))
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)
    return tuple(losses)
