"""What of a show is not on this machine. A clone brings the texts; plates and frames come by other ways."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from core.cut.locate import exists
from core.cut.shots import Shot
from core.errors import MediaError, ShowError
from core.files import one_line
from core.layout import Layout
from core.overview import read_record
from core.rows import VersionRow


def absent_plates(layout: Layout, shots: Iterable[Shot]) -> Iterator[str]:
    """One line where plates that the show knows cannot be found here, with what to do."""
    paths = dict.fromkeys(layout.find(shot.plate.path) for shot in shots if shot.plate)
    gone = [path for path in paths if not exists(path)]
    if gone:
        yield f"{len(gone)} of {len(paths)} plates are not on this machine, the first: {gone[0]}. {_way(layout)}"


def absent_frames(layout: Layout, rows: Iterable[VersionRow]) -> Iterator[str]:
    """One line for each version that is complete, but not here."""
    for row in rows:
        folder = layout.frames(row.shot, row.version)
        if row.state == "complete" and not folder.is_dir():
            yield (
                f"{row.shot} {row.version} is complete, but its frames are not on this machine: copy them to {folder}, "
                f"or make them anew: rushes recipe {row.shot} --from {row.version}"
            )


def not_here(layout: Layout, shot: str, version: str) -> str:
    """Why a version cannot go out, in words: it is not complete, or frames of it are not here. Empty: it can.

    Reads its record alone: what is complete has every frame of its range.
    """
    try:
        record = read_record(layout, shot, version)
        if record is None or record["state"] != "complete":
            return "it is not complete"
        first, last = map(int, record["range"])
        pattern = layout.media / record["media"]
        names = {entry.name for entry in os.scandir(pattern.parent)} if pattern.parent.is_dir() else set()
        gone = [frame for frame in range(first, last + 1) if pattern.name % frame not in names]
    except (ShowError, KeyError, TypeError, ValueError):
        return "its record cannot be read"
    return f"{len(gone)} of its frames are not here, the first is {gone[0]}" if gone else ""


def need_plate(layout: Layout, shot: Shot) -> None:
    """Raises MediaError where the shot's plate is not on this machine, before anything is read or asked for."""
    assert shot.plate is not None
    path = layout.find(shot.plate.path)
    if not exists(path):
        what = f"The plate of {shot.id} is not on this machine."
        raise MediaError(what, where=one_line(str(path)), todo=_way(layout))


def _way(layout: Layout) -> str:
    """How plates are brought within reach."""
    places = layout.places
    here = f"this machine is the site {places.here}" if places.here else "this machine is none of its sites"
    known = f" ({here}; RUSHES_SITE says otherwise)" if places.sites else ""
    return f"Mount or copy them, or name their folder for each site in [paths] of rushes.toml{known}."
