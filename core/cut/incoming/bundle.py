"""Cuts that bring their media: `.otiod` (a folder) and `.otioz` (a zip), as OpenTimelineIO's file bundles lay them out.

In both, `content.otio` names its media as `media/<file>`. A folder's media stay where they are; a zip's are unpacked.
Final Cut Pro's `.fcpxmld` is a folder too: the cut beside what Final Cut keeps of its pictures.
"""

from __future__ import annotations

import itertools
import lzma
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from core.errors import CutError, DiskFull
from core.files import explained, one_line, settle, sha256_file, temp_beside
from core.progress import Tick, silent

_CONTENT = "content.otio"
_MEDIA = "media"
_FOLDERS = {".otiod": _CONTENT, ".fcpxmld": "Info.fcpxml"}
"""The ending of a cut that is a folder → the timeline in it."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError)
"""What zipfile raises on contents that are broken, locked or packed in a way that it does not know."""


_LARGEST = 1 << 30
"""Bytes of a timeline: a hundred times those of a long feature's."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def as_received(cut_file: Path) -> tuple[str, bytes]:
    """The cut itself, byte for byte, and its ending: of a bundle the timeline inside.

    Raises CutError: a bundle without one, a damaged archive, a thing that is no file, more than 1 GiB.
    """
    suffix = cut_file.suffix.lower()
    if suffix == ".otioz":
        with _opened(cut_file) as archive:
            try:
                _refuse_large(archive.getinfo(_CONTENT).file_size, cut_file)
                return ".otio", archive.read(_CONTENT)
            except (*_DAMAGE, KeyError) as error:
                raise _damaged(cut_file, error) from error
    content = cut_file / _FOLDERS[suffix] if suffix in _FOLDERS else cut_file
    check_file(content)
    try:
        return content.suffix.lower(), content.read_bytes()
    except OSError as error:
        what = f"The cut cannot be read: {error.strerror or error}."
        raise CutError(what, where=one_line(str(content)), todo="Check its permissions.") from error


def check_file(path: Path) -> None:
    """Raises CutError for what is not a file (a pipe would never end, nor would a device), and for more than 1 GiB."""
    if not path.is_file():
        raise CutError("This is no file that can be read.", where=one_line(str(path)), todo="Copy it again.")
    _refuse_large(path.stat().st_size, path)


def _refuse_large(size: int, cut_file: Path) -> None:
    if size > _LARGEST:
        what = f"The timeline in this cut takes {size / 1e9:.1f} GB: no timeline is that large."
        raise CutError(what, where=one_line(str(cut_file)), todo="Export the sequence again.")


def is_deeper(data: bytes, levels: int) -> bool:
    """Whether JSON text nests deeper than so many levels, whatever else may be wrong with it."""
    if not _left(data, levels // 2):
        return False
    # Precisely then, which takes longer: brackets inside of texts do not count.
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    depths = itertools.accumulate(1 if bracket in b"[{" else -1 for bracket in brackets)
    return any(depth > levels for depth in depths)


def _left(text: bytes, times: int) -> bytes:
    """The brackets of a text without the innermost pairs: one level or two are taken out so many times."""
    brackets, before = text.translate(None, _NOT_BRACKETS), b""
    for _ in range(times):
        if brackets == before:
            return brackets
        before, brackets = brackets, brackets.replace(b"{}", b"").replace(b"[]", b"")
    return brackets


def unpack(cut_file: Path, folder: Path, tick: Tick = silent) -> Path:
    """Unpack the media of an `.otioz` into `folder`/media. Returns what its relative media count from.

    Only plain files directly in its `media` are taken: nothing in the archive decides where anything is written. What
    is there already with the same bytes stays.

    Raises:
        CutError: a name that leads elsewhere, a link, a damaged archive, or another file in the way. DiskFull: before
            anything is written.
    """
    with _opened(cut_file) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and _is_media(entry, cut_file)]
        if len({entry.filename.casefold() for entry in entries}) != len(entries):
            raise _unsafe(cut_file, "two files of one name")
        (folder / _MEDIA).mkdir(parents=True, exist_ok=True)
        needed, free = sum(entry.file_size for entry in entries), shutil.disk_usage(folder).free
        if needed > free:
            what = f"The media in this cut take {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free."
            raise DiskFull(what, where=str(folder), todo="Free some space, or set `media` in a prepared rushes.toml.")
        for done, entry in enumerate(entries):
            tick("unpacking", done, len(entries))
            _unpack_one(archive, entry, folder / _MEDIA / PurePosixPath(entry.filename).name, cut_file)
    return folder


def _opened(cut_file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(cut_file)
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(cut_file, error) from error


def _is_media(entry: zipfile.ZipInfo, cut_file: Path) -> bool:
    """Whether it is one of the media; the cut itself and what other programs add is not. Raises CutError."""
    parts = entry.filename.split("/")
    odd = "\\" in entry.filename or ".." in parts or "" in parts or not entry.filename.isprintable()
    if odd or stat.S_ISLNK(entry.external_attr >> 16) or (parts[0] == _MEDIA and len(parts) != 2):
        raise _unsafe(cut_file, one_line(entry.filename, 80))
    if entry.file_size > max(_LARGEST, 500 * entry.compress_size):
        raise _unsafe(
            cut_file, f"{one_line(entry.filename, 80)} would be {entry.file_size / 1e9:.0f} GB of next to nothing"
        )
    return parts[0] == _MEDIA


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, out: Path, cut_file: Path) -> None:
    temp = temp_beside(out)
    try:
        with explained(out), temp.open("xb") as file:
            try:
                with archive.open(entry) as packed:
                    shutil.copyfileobj(packed, file, 1 << 20)
            except _DAMAGE as error:
                raise _damaged(cut_file, error) from error
        if out.exists() and sha256_file(out) != sha256_file(temp):
            what = "Another file is where this cut's media would be unpacked."
            todo = "Nothing was brought in. Unzip the bundle into a folder of its own and name the content.otio in it."
            raise CutError(what, where=str(out), todo=todo)
        settle(temp, out)
    finally:
        temp.unlink(missing_ok=True)


def _unsafe(cut_file: Path, name: str) -> CutError:
    return CutError(
        f"This cut holds something that does not belong in one: {name}.", where=one_line(str(cut_file)),
        todo="Nothing was unpacked. Ask the editor for an .otiod, or for the .otio and the media beside it.",
    )  # fmt: skip


def _damaged(cut_file: Path, error: Exception) -> CutError:
    return CutError(
        f"The cut cannot be unpacked: {one_line(str(error))}.", where=one_line(str(cut_file)),
        todo="Copy it again: it may be cut short.",
    )  # fmt: skip
