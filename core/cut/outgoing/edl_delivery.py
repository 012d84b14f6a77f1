"""A delivery as edit decision lists: one a video track, read back before they are there, and what they cannot carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cut.incoming.read import read_timeline
from core.cut.outgoing.compare import Loss
from core.cut.outgoing.publish import Entry, Handover, Published, refuse_foreign, too_short
from core.cut.outgoing.reference import VersionMedia, plate_zero
from core.cut.ranges import as_played, sequence_rate
from core.errors import CutError
from core.files import explained, one_line, safe_name, settle, sha256_bytes, temp_beside
from otio_adapters.edl import Edl, edl_text, read_edl, strict_losses, unlike
from otio_adapters.times import seconds

if TYPE_CHECKING:
    from otio_adapters.told import Remark, Told

_DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))

Lists = tuple[dict[str, Edl], list[Loss], list[str], int]
"""The lists by track name, losses, warnings, and how many clips play a version."""


def write_edl(handover: Handover, out: Path) -> Published:
    """Write one CMX 3600 list for each video track with something in it; several get `_V1`, `_V2` … behind their name.

    Raises:
        CutError: the cut has nothing that such a list can hold, or a file in the way is somebody else's; nothing
            written. DiskFull, Broken: no list is there in part.
    """
    return write_lists(handover, out, edls(handover))


def write_lists(handover: Handover, out: Path, found: Lists) -> Published:
    """Write what `edls` gave. Raises as `write_edl` does."""
    lists, losses, warnings, count = found
    if not lists:
        raise CutError("The cut has no video clip that an EDL could hold.", where=str(handover.cut))
    texts: dict[Path, str] = {}
    for name, edl in lists.items():
        path = out if len(lists) == 1 else out.with_name(f"{out.stem}_{name}{out.suffix}")
        refuse_foreign(path, handover, ".edl")
        texts[path] = _sealed(edl)
    _write_checked(texts, list(lists.values()))
    first, *others = texts
    also = {path: sha256_bytes(texts[path].encode()) for path in others}
    return Published(first, count, sha256_bytes(texts[first].encode()), tuple(losses), tuple(warnings), also)


def _sealed(edl: Edl) -> str:
    """The list with its rate, which lists have no line for, and what tells whether somebody changed it."""
    text = edl_text(edl) + f"* RUSHES RATE: {edl.rate}\n* RUSHES SHA256: \n"
    return text[:-1] + sha256_bytes(text.encode()) + "\n"


def _write_checked(texts: Mapping[Path, str], lists: list[Edl]) -> None:
    """Every list to a temporary file, read back and compared with what was meant; then each gets its name."""
    temps = {path: temp_beside(path) for path in texts}
    try:
        for (path, text), meant in zip(texts.items(), lists, strict=True):
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                temps[path].write_text(text, encoding="utf-8")
            wrong = _otherwise(meant, temps[path].read_text(encoding="utf-8"))
            if wrong:
                todo = "Nothing was written. Report this with the cut."
                raise CutError(f"The list does not read back as it was meant: {wrong}.", where=str(path), todo=todo)
        for path, temp in temps.items():
            settle(temp, path)
    finally:
        for temp in temps.values():
            temp.unlink(missing_ok=True)


def _otherwise(meant: Edl, text: str) -> str:
    """The first thing that a list as written says otherwise than it was meant; empty for none."""
    try:
        found = read_edl(text, meant.rate)
    except ValueError as error:
        return str(error)
    *before, last = found.events
    found = replace(found, events=(*before, replace(last, comments=last.comments[:-2])))  # without rate and seal
    return next(unlike(meant, found), "")


def edls(handover: Handover) -> Lists:
    """The lists by track name (`V1` …), what they cannot carry clip by clip, warnings, and how many clips play a
    version. Writes nothing."""
    import opentimelineio as otio

    from otio_adapters import versions
    from otio_adapters.events import Track, cut_losses

    timeline = read_timeline(handover.cut)
    entries = {entry.clip_id: entry for entry in handover.entries}
    start = seconds(timeline.global_start_time) or Fraction(0)
    drop = handover.rate in _DROP_RATES and any(e.shot.plate.drop for e in entries.values() if e.shot.plate)
    title = one_line(timeline.name, 50) or "untitled"
    lists: dict[str, Edl] = {}
    losses, warnings = [Loss(*loss) for loss in cut_losses(timeline)], list[str]()
    number = count = 0

    def entry_of(clip: Any) -> Entry | None:
        return entries.get(versions.get_text(clip, "clip_id"))

    for track in timeline.tracks:
        if not isinstance(track, otio.schema.Track) or track.kind != otio.schema.TrackKind.Video:
            continue
        number += 1
        name = f"V{number}"
        writer = Track(name, handover.rate, start, drop, lambda clip: _told(clip, entry_of(clip), handover.rate))
        events = tuple(writer.events(track))
        losses += [Loss(*loss) for loss in writer.losses]
        for entry in filter(None, map(entry_of, writer.clips)):
            if entry.plays is not None:
                warnings += too_short(entry, entry.plays)
                count += 1
        if events:
            lists[name] = Edl(f"{title} {name}", handover.rate, drop, events)
            losses += [Loss(name, what) for what in strict_losses(lists[name])]
    return lists, losses, warnings, count


def _told(clip: Any, entry: Entry | None, rate: Fraction) -> Told:
    """What a list tells of a clip: the timeline's word, and where the show knows its plate or plays a version, that.

    A timecode is a count, not a time: 01:00:00:00 stays that in a list of another rate.
    """
    from otio_adapters import versions
    from otio_adapters.told import listed, told

    found = told(clip, versions.editor_reference(clip), rate)
    plate, media = (entry.shot.plate, entry.plays) if entry else (None, None)
    if entry is None or plate is None:
        return found
    first = seconds(clip.trimmed_range().start_time) or Fraction(0)
    played = as_played(plate, sequence_rate(versions.editor_reference(clip)))
    index = (first - plate_zero(clip, played, entry.made)) * played.rate
    if plate.timecode is not None:
        source = (index - plate.media.first + plate.timecode) * Fraction(round(rate), round(plate.rate))
        found = replace(found, source=source, non_drop=not plate.drop)
    if not listed(clip).get("reel"):
        found = replace(found, reel=plate.reel or found.reel)
    if media is not None:
        facts = media.facts or {}
        comments = (f"SHOT: {entry.shot.id}", f"VERSION: {media.version}", f"RECIPE: {facts.get('recipe', '')}")
        found = replace(found, reel=safe_name(media.stem), file=_numbered(media), comments=comments)
    return replace(found, remarks=tuple(_remarks(entry, index + plate.offset, plate.rate)))


def _remarks(entry: Entry, shown: Fraction, rate: Fraction) -> Iterator[Remark]:
    """An entry's notes. `shown`: the shot frame that stands at the clip's start."""
    from otio_adapters.told import Remark

    for note in entry.notes:
        at = (note.frames[0] - shown) / rate if note.frames is not None else None
        yield Remark(at, note.colour, note.line())


def _numbered(media: VersionMedia) -> str:
    """A sequence as editing systems write it: `name.[1001-1072].exr`."""
    width = media.padding
    return f"{media.prefix}[{media.frames.first:0{width}}-{media.frames.last:0{width}}]{media.suffix}"
