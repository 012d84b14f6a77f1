"""A cut as a table for the production office: one line a clip, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.cut.incoming.read import read_timeline
from core.cut.outgoing.publish import Entry, Handover, Published
from core.cut.ranges import needs
from core.cut.shot import Shot
from core.errors import CutError
from core.files import explained, one_line, settle, sha256_bytes, temp_beside
from core.frames import timecode
from otio_adapters.times import seconds

COLUMNS = (
    "shot", "clip", "track", "record in", "record out", "frames", "on", "retime", "plays", "status", "version frames",
    "plate", "reel", "handles", "file", "recipe", "notes",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def write_csv(handover: Handover, out: Path) -> Published:
    """Write one line for each clip of the video tracks, in cut order, and read it back.

    Nothing of the cut is lost in it because it is no timeline: no program conforms from it.

    Raises:
        CutError: `out` is another file already; nothing written. DiskFull, Broken: nothing written.
    """
    if out.suffix.lower() != ".csv":
        what = f"{out.name} does not end with .csv, which this hand-over writes."
        raise CutError(what, where=str(out), todo="Name it so: --out NAME.csv.")
    rows, warnings = rows_of(handover)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([COLUMNS, *rows])
    text = buffer.getvalue().encode("utf-8-sig")
    refuse_other(out, text)
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(out)
        try:
            temp.write_bytes(text)
            with temp.open(encoding="utf-8-sig", newline="") as file:
                found = [tuple(row) for row in csv.reader(file)]
            if found != [COLUMNS, *rows]:
                todo = "Nothing was written. Report this with the cut."
                raise CutError("The table does not read back as it was meant.", where=str(out), todo=todo)
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)
    count = sum(bool(row[COLUMNS.index("plays")]) for row in rows)
    return Published(out, count, sha256_bytes(text), (), tuple(warnings))


def refuse_other(out: Path, data: bytes) -> None:
    """Raises CutError where the file is there with other content: a table has no place to say who wrote it."""
    if out.exists() and out.read_bytes() != data:
        todo = "Nothing was overwritten. Publish under another name."
        raise CutError("There is another file of this name.", where=str(out), todo=todo)


def rows_of(handover: Handover) -> tuple[list[tuple[str, ...]], list[str]]:
    """The lines, as text; and what could not be understood of the cut."""
    from otio_adapters import versions

    timeline = read_timeline(handover.cut)
    start = seconds(timeline.global_start_time) or Fraction(0)
    entries = {entry.clip_id: entry for entry in handover.entries}
    found, warnings = needs(timeline)
    rows = []
    for need in found:
        entry = entries.get(versions.get_text(need.clip, "clip_id"))
        rows.append(tuple(map(_cell, _row(need, entry, handover, start))))
    return rows, warnings


def _row(need: Any, entry: Entry | None, handover: Handover, start: Fraction) -> Iterator[str]:
    from otio_adapters import versions

    rate = handover.rate
    first, count = round((start + need.record) * rate), round(need.duration * rate)
    shot = entry.shot if entry else None
    yield shot.id if shot else versions.get_text(need.clip, "shot")
    yield need.clip.name
    yield need.track
    yield timecode(first, rate)
    yield timecode(first + count, rate)
    yield str(count)
    yield "yes" if need.enabled else "no"
    yield need.retime
    yield from _playing(entry, handover)
    yield "; ".join(f"{note.category or 'note'}: {note.line()}" for note in entry.notes) if entry else ""


def _playing(entry: Entry | None, handover: Handover) -> Iterator[str]:
    media, shot = (entry.plays, entry.shot) if entry else (None, None)
    facts = (media.facts or {}) if media else {}
    yield media.version if media else ""
    yield str(facts.get("status", ""))
    yield f"{media.frames.first}-{media.frames.last}" if media else ""
    yield Path(shot.plate.path).name if shot and shot.plate else ""
    yield shot.plate.reel if shot and shot.plate else ""
    yield _handles(shot, entry) if shot and entry else ""
    folder = media.folder.absolute() if media else Path()
    beside = handover.beside
    where = folder.relative_to(beside.absolute()).as_posix() if media and beside else folder.as_posix()
    yield (
        f"{(media.at if not beside else '') or where}/{media.prefix}{'#' * media.padding}{media.suffix}"
        if media
        else ""
    )
    yield str(facts.get("recipe", ""))


def _handles(shot: Shot, entry: Entry) -> str:
    """Frames that the version has before and after what this clip shows: `8+8`."""
    media = entry.plays
    uses = [use for use in shot.uses if use.clip_id == entry.clip_id]
    if media is None or not uses:
        return ""
    return f"{uses[0].first - media.frames.first}+{media.frames.last - uses[0].last}"


def _cell(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula."""
    line = one_line(str(text), 2000)
    return f"'{line}" if line.startswith(_FORMULA) else line
