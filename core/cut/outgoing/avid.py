"""For Avid: the lists, and an Avid Log Exchange file that names what they call for by tape, start and end.

Media Composer relinks by tape name and source timecode: both are those of the review movies and of the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from core.cut.outgoing.edl_delivery import edls, write_lists
from core.cut.outgoing.listing import refuse_other
from core.cut.outgoing.publish import Entry, Handover, Published
from core.errors import CutError
from core.files import one_line, safe_name, sha256_bytes, write_atomic
from core.frames import timecode
from otio_adapters.edl import BLACK, Edl

COLUMNS = ("Name", "Tape", "Start", "End", "Source File", "Shot", "Version")
_FORMATS = {1080: "1080", 720: "720", 576: "PAL", 486: "NTSC"}


def write_avid(handover: Handover, out: Path) -> Published:
    """Write an EDL for each video track, and beside it one `.ale` with a line for every reel that they name.

    Raises:
        CutError: the cut has nothing that a list can hold, or a file in the way is somebody else's; nothing written.
            DiskFull, Broken: no file is there in part.
    """
    lists = edls(handover)
    rows = list(ale_rows(lists[0].values(), handover))
    text = ale_text(rows, handover)
    if read_ale(text) != rows:
        raise CutError("The ALE does not read back as it was meant.", where=str(out), todo="Report this with the cut.")
    ale = out.with_suffix(".ale")
    refuse_other(ale, text.encode())
    published = write_lists(handover, out, lists)
    write_atomic(ale, text)
    also = {**published.also, ale: sha256_bytes(text.encode())}
    return replace(published, also=also, warnings=(*published.warnings, *_without_timecode(handover)))


def _without_timecode(handover: Handover) -> Iterator[str]:
    """Versions that cannot be relinked by timecode."""
    for entry in handover.entries:
        if entry.plays and entry.shot.plate and entry.shot.plate.timecode is None:
            yield f"{entry.shot.id} {entry.active}: its plate has no timecode, so its review movie starts at another"


def ale_rows(lists: Iterable[Edl], handover: Handover) -> Iterator[tuple[str, ...]]:
    """A line for each reel of the lists, in their order: of a version all its frames, of others what is used."""
    used: dict[str, tuple[int, int]] = {}
    for edl in lists:
        for event in edl.events:
            for edit in event.edits:
                first, end = used.get(edit.reel, edit.source)
                if edit.reel != BLACK and edit.source[0] < edit.source[1]:
                    used[edit.reel] = (min(first, edit.source[0]), max(end, edit.source[1]))
    playing = {safe_name(entry.plays.stem): entry for entry in handover.entries if entry.plays}
    drop = any(edl.drop for edl in lists)
    for reel, span in used.items():
        entry = playing.get(reel)
        first, end = _whole(entry, span, handover.rate) if entry else span
        media = entry.plays if entry else None
        times = (timecode(frame, handover.rate, drop=drop) for frame in (first, end))
        file = (media.movie or f"{media.prefix}{media.frames.first:0{media.padding}}{media.suffix}") if media else ""
        shot, version = (entry.shot.id, media.version) if entry and media else ("", "")
        yield tuple(one_line(cell) for cell in (reel, reel, *times, file, shot, version))


def _whole(entry: Entry, used: tuple[int, int], rate: Fraction) -> tuple[int, int]:
    """The source frames of the whole version where its plate's timecode is known and counts as the list does."""
    media, plate = entry.plays, entry.shot.plate
    if media is None or plate is None or plate.timecode is None or plate.rate != rate:
        return used
    first = plate.index(media.frames.first) - plate.media.first + plate.timecode
    return first, first + len(media.frames)


def ale_text(rows: Iterable[tuple[str, ...]], handover: Handover) -> str:
    heights = [entry.shot.plate.height for entry in handover.entries if entry.plays and entry.shot.plate]
    shape = _FORMATS.get(max(heights, default=1080), "CUSTOM")
    fps = f"{float(handover.rate):.3f}".rstrip("0").rstrip(".")
    head = ["Heading", "FIELD_DELIM\tTABS", f"VIDEO_FORMAT\t{shape}", f"FPS\t{fps}", "", "Column", "\t".join(COLUMNS)]
    return "\n".join([*head, "", "Data", *("\t".join(row) for row in rows)]) + "\n"


def read_ale(text: str) -> list[tuple[str, ...]]:
    """The lines of an ALE as `ale_text` writes it."""
    _, _, data = text.partition("\nData\n")
    return [tuple(line.split("\t")) for line in data.splitlines()]
