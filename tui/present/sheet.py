"""What the sheet says: one picture of every shot, and which version that is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.viewing.view import Source
from tui.present.rows import STATUS_WORDS
from tui.present.spans import STATUS_STYLES, Span
from tui.present.thumbs import Thumb

if TYPE_CHECKING:
    from core.rows import ShotRow, VersionRow

MODES: Mapping[str, str] = {
    "circled": "circled versions, else the newest, else plates",
    "newest": "newest versions, else plates",
    "plates": "plates",
}
"""What is shown of each shot, in the order in which a key goes through it."""


def next_mode(mode: str) -> str:
    names = list(MODES)
    return names[(names.index(mode) + 1) % len(names)]


def needs_versions(row: ShotRow, mode: str) -> bool:
    """Whether the row alone cannot say which version is shown: the newest one is not complete."""
    return bool(row.latest) and not row.ready and (mode == "newest" or (mode == "circled" and not row.circled))


def version_of(row: ShotRow, mode: str, versions: Sequence[VersionRow] = ()) -> str:
    """The version that is shown of a shot; empty: the plate. `versions`: where `needs_versions` asks for them."""
    if mode == "plates":
        return ""
    if mode == "circled" and row.circled:
        return row.circled
    if row.ready:
        return row.latest
    return next((one.version for one in reversed(versions) if one.state == "complete"), "")


def thumb(row: ShotRow, version: str) -> Thumb:
    """`sh0020 v002 ◉ apr`."""
    what: list[Span] = [(row.shot.id, ""), (f" {version or 'plate'}", "dim")]
    if version:
        what += [(" ◉", "good")] if version == row.circled else []
        what += [(f" {row.status}", STATUS_STYLES.get(row.status, ""))] if version == row.latest else []
    if not version and row.shot.plate is None:
        return Thumb(row.shot.id, tuple(what), words=row.shot.missing or "no plate")
    return Thumb(row.shot.id, tuple(what), Source(row.shot.id, version), row.shot.poster)


def headline(count: int, mode: str, marked: int) -> str:
    """`Sheet · 12 shots · circled versions, else the newest, else plates · 2 marked`."""
    parts = ["Sheet", f"{count} shots", MODES[mode], *([f"{marked} marked"] if marked else [])]
    return " · ".join(parts)


def about(row: ShotRow, version: str) -> str:
    """The shot under the cursor in a line: `sh0020 · v002 circled · 3 versions · pending review · 1 open note`."""
    circled = f" circled{f' as {row.circled_as}' if row.circled_as == 'temp' else ''}"
    parts = [row.shot.id, f"{version}{circled if version == row.circled else ''}" if version else "plate"]
    parts += [f"{row.versions} versions" if row.versions > 1 else "1 version"] if row.versions else []
    parts += [STATUS_WORDS.get(row.status, row.status)]
    parts += [f"{row.open_notes} open note{'s' if row.open_notes > 1 else ''}"] if row.open_notes else []
    parts += [f"{row.cut_frames} frames in the cut", f"frame {row.shot.poster} is shown"]
    return " · ".join(parts)


def shape(rows: Sequence[ShotRow]) -> float:
    """Width over height of the pictures, by the first shot that has one."""
    plates = (row.shot.plate for row in rows if row.shot.plate is not None)
    return next((float(plate.width * plate.pixel_aspect / plate.height) for plate in plates), 16 / 9)
