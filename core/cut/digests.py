"""Digests of media files, each read again only where its size or the time of its last change say so."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from core.cut.shot import sequence_digest
from core.files import canonical_json, sha256_bytes, sha256_file, write_atomic
from core.frames import FrameRange


class Digests:
    """What media were when they were last read, kept in a file of this machine that can be deleted at any time."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: where they are kept; None: they are forgotten with this object."""
        self.path = path
        self._known: dict[str, list[Any]] | None = None
        self._changed = False

    def file(self, path: Path) -> str:
        """The sha256 of a file. Raises OSError as `open` does."""
        before = _mark(path)
        known = self._load().get(str(path))
        if known is not None and known[0] == before:
            return str(known[1])
        digest = sha256_file(path)
        self._keep(str(path), before, _mark(path), digest)
        return digest

    def sequence(self, path: Path, numbers: FrameRange) -> tuple[str, tuple[int, ...]]:
        """The `sequence_digest` of the files that are there, of a printf pattern; and the numbers that are not.

        Raises OSError as `open` does.
        """
        before = _marks(path, numbers)
        lost = tuple(number for number in numbers if number not in before)
        name, mark = f"{path} {numbers}", _mark_of(before)
        known = self._load().get(name)
        if known is not None and known[0] == mark:
            return str(known[1]), lost
        digest = sequence_digest((number, sha256_file(_one(path, number))) for number in before)
        self._keep(name, mark, _mark_of(_marks(path, numbers)), digest)
        return digest, lost

    def save(self) -> None:
        """Write down what was read since. Raises DiskFull, Broken."""
        if self._changed and self.path is not None:
            write_atomic(self.path, canonical_json(self._load()))
            self._changed = False

    def _keep(self, name: str, before: str, after: str, digest: str) -> None:
        if before == after:  # what changes while it is read has no digest that will hold
            self._load()[name] = [before, digest]
            self._changed = True

    def _load(self) -> dict[str, list[Any]]:
        if self._known is None:
            self._known = {}
            with contextlib.suppress(OSError, ValueError, AttributeError):
                data = json.loads(self.path.read_text(encoding="utf-8")) if self.path is not None else {}
                self._known = {name: row for name, row in data.items() if isinstance(row, list) and len(row) == 2}
        return self._known


def _mark(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _one(path: Path, number: int) -> Path:
    return path.with_name(path.name % number)


def _marks(path: Path, numbers: FrameRange) -> dict[int, str]:
    found = {}
    for number in numbers:
        with contextlib.suppress(FileNotFoundError):
            found[number] = _mark(_one(path, number))
    return found


def _mark_of(marks: dict[int, str]) -> str:
    return sha256_bytes(canonical_json(sorted(marks.items())).encode())
