"""A delivery that brings its media: `.otioz`, laid out as OpenTimelineIO's file bundles are.

`content.otio` names its media as `media/<file>`; media lie uncompressed, so that a program may read them in place. The
library's own writer leaves image sequences out; this one does not.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from core.cut.incoming.read import read_timeline
from core.cut.outgoing.compare import Loss
from core.cut.outgoing.publish import Handover, clips_by_id, is_ours, sealed
from core.errors import CutError
from core.files import explained, one_line, settle, temp_beside

_CONTENT = "content.otio"
_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of everything inside: the same publish gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into one file. Nothing was written."""

    text: str
    """The timeline, with URLs into the bundle."""
    files: Mapping[str, Path]
    """Name in the bundle → file on this machine."""
    losses: tuple[Loss, ...]
    """Clips whose media are not in it."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.text) + sum(path.stat().st_size + 2 * len(name) + 200 for name, path in self.files.items())


def bundled(handover: Handover, written: Path, folders: Mapping[str, Path]) -> Bundle:
    """The delivery in `written` as a bundle.

    Args:
        folders: clip id → the folder on this machine in which the file of its active reference lies.

    Raises CutError.
    """
    timeline = read_timeline(written)
    clips = clips_by_id(read_timeline(handover.cut), timeline, handover.cut)
    files: dict[str, Path] = {}
    losses: list[Loss] = []
    for clip_id, clip in clips.items():
        names = list(_names(clip.media_reference))
        paths = [folders[clip_id] / name for name in names] if clip_id in folders else []
        there = [path for path in paths if path.is_file()]
        if not there:
            if names:
                losses.append(Loss(one_line(clip.name, 60) or "(unnamed)", "not in the bundle: its media are not here"))
            continue
        prefix = _free(there, files)
        files.update((f"media/{prefix}{path.name}", path) for path in there)
        _point(clip.media_reference, prefix)
    return Bundle(sealed(timeline, handover.purpose, handover.form.core), files, tuple(losses))


def _names(media: Any) -> Iterator[str]:
    """The files that a reference names, without their folder."""
    import opentimelineio as otio

    if isinstance(media, otio.schema.ImageSequenceReference):
        for number in range(media.start_frame, media.end_frame() + 1):
            yield f"{unquote(media.name_prefix)}{number:0{media.frame_zero_padding}}{unquote(media.name_suffix)}"
    elif isinstance(media, otio.schema.ExternalReference) and media.target_url:
        name = unquote(media.target_url).replace("\\", "/").rpartition("/")[2]
        head, bracket, rest = name.partition("[")
        first, _, tail = rest.partition("]")
        ends = first.split("-")
        if bracket and len(ends) == 2 and all(end.isdigit() for end in ends):
            yield from (f"{head}{number:0{len(ends[0])}}{tail}" for number in range(int(ends[0]), int(ends[1]) + 1))
        else:
            yield name


def _free(paths: Sequence[Path], files: Mapping[str, Path]) -> str:
    """What the names get before them, so that two files of one name from different folders both have a place."""
    for number in range(1, len(files) + 2):
        prefix = "" if number == 1 else f"{number}_"
        if all(files.get(f"media/{prefix}{path.name}", path) == path for path in paths):
            return prefix
    raise AssertionError("one more name than there are files is always free")


def _point(media: Any, prefix: str) -> None:
    """Let a reference name its file in the bundle."""
    import opentimelineio as otio

    if isinstance(media, otio.schema.ImageSequenceReference):
        media.target_url_base, media.name_prefix = "media/", f"{prefix}{media.name_prefix}"
    else:
        name = unquote(media.target_url).replace("\\", "/").rpartition("/")[2]
        media.target_url = f"media/{prefix}{quote(name, safe='[]')}"


def write_bundle(bundle: Bundle, out: Path) -> None:
    """Write the bundle, read all of it back, then give it its name.

    Raises:
        CutError: `out` is somebody else's file, or the bundle does not read back; nothing written. DiskFull, Broken.
    """
    if out.exists() and not _is_our_bundle(out):
        todo = "Nothing was overwritten. Publish under another name."
        raise CutError("This file is not one that rushes wrote.", where=str(out), todo=todo)
    temp = temp_beside(out)
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(temp, "x") as archive:
                archive.writestr(_entry(_CONTENT, zipfile.ZIP_DEFLATED), bundle.text)
                archive.writestr(_entry("version.txt", zipfile.ZIP_DEFLATED), "1.0.0")
                for name, path in bundle.files.items():
                    _copy(archive, name, path)
            _check(temp, bundle, out)
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)


def _copy(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = _entry(name, zipfile.ZIP_STORED)
    entry.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _entry(name: str, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DAY)
    entry.compress_type, entry.create_system, entry.external_attr = how, 3, 0o644 << 16
    return entry


def _check(path: Path, bundle: Bundle, out: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        same = archive.read(_CONTENT) == bundle.text.encode()
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if damaged or not same or any(sizes.get(name) != file.stat().st_size for name, file in bundle.files.items()):
        todo = "Nothing was written. Was a file changed meanwhile?"
        raise CutError("The bundle does not read back as it was meant.", where=str(out), todo=todo)


def _is_our_bundle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return is_ours(archive.read(_CONTENT).decode())
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        return False
