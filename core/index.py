"""The index: what the shot list showed when it was last made, so that a screen has something to show at once.

One file in the clone's state folder, derived: lost, damaged or older, it is made anew. A shot is read again when its
files or its jobs are not what they were; a file that changed within the last two seconds is not relied on, as a
second change could leave the same size and the same time (what git calls racy).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cut.shot import Plate, Shot, Use, read_shot
from core.errors import Broken
from core.files import write_atomic
from core.frames import FrameRange
from core.history.repo import clone_id
from core.layout import SETTINGS, Layout, Settings, read_settings, state_root
from core.rows import ShotRow

if TYPE_CHECKING:
    from core.farm.jobs import Standing

_REV = 2
"""Rises when a row means something else than before though its fields are the same."""
_SHAPE = [_REV, *([item.name for item in fields(kind)] for kind in (ShotRow, Shot, Plate, Use))]
_RACY = 2_000_000_000
"""Nanoseconds; the coarsest file system stamps its files every two seconds."""
_TELLING = re.compile(r"shot\.toml|v.*\.(toml|json)", re.DOTALL)
_DAMAGED = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A show's list as it was when somebody last looked."""

    title: str
    rate: Fraction
    rows: tuple[ShotRow, ...]
    """In cut order."""
    at: str
    """When it was written, UTC, ISO 8601."""
    signatures: Mapping[str, str] = field(default_factory=dict)
    """By shot: what its files and jobs were when its row was made. A shot without one is read again."""


def state_of(root: Path, env: Mapping[str, str]) -> Path:
    """The machine-local folder of the show at `root` in this clone, as `Show.open` uses it. Raises ShowError."""
    return state_root(env) / read_settings(root / SETTINGS).id / clone_id(root)


def read_index(state: Path) -> Indexed | None:
    """What was true when the show was last looked at; None where nothing usable is kept. Checks no other file."""
    try:
        digest, _, body = _path(state).read_bytes().partition(b"\n")
        if digest != _digest(body):
            return None
        data = json.loads(body)
        if data["shape"] != _SHAPE:
            return None
        rows = tuple(_row(values) for values in data["rows"])
        return Indexed(data["title"], Fraction(data["rate"]), rows, data["at"], data["signatures"])
    except _DAMAGED:
        return None


def refreshed(
    layout: Layout, settings: Settings, standings: Iterable[Standing], former: Indexed | None, now: int | None = None
) -> Indexed:
    """The list as it is now; only shots that are not as `former` knew them are read. Kept on disk when it changed.

    `standings`: of every version's job. `now`: nanoseconds, for tests. Raises ShowError for a shot that cannot be read.
    """
    from core.overview import in_cut_order, shot_row

    known = {row.shot.id: row for row in former.rows} if former else {}
    jobs: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        jobs[standing.shot].append(standing)
    latest = (time.time_ns() if now is None else now) - _RACY
    signed = {name: _signature(layout.shots / name, jobs[name], latest) for name in _folders(layout.shots)}
    same = {name for name, said in signed.items() if said and former and former.signatures.get(name) == said}
    read = [known[name].shot if name in same else read_shot(layout.shot(name)) for name in signed]
    rows = tuple(
        known[shot.id] if shot.id in same else shot_row(layout, shot, jobs[shot.id])
        for shot in in_cut_order(read).values()
    )
    trusted = {
        name: said
        for (name, said), shot in zip(signed.items(), read, strict=True)
        if said and shot.id == name  # a folder under another name than its shot's: its row comes from two folders
    }
    made = Indexed(settings.name, settings.rate, rows, datetime.now(UTC).isoformat(timespec="seconds"), trusted)
    if former and replace(made, at=former.at) == former:
        return former
    with contextlib.suppress(Broken, OSError):  # where it cannot be kept, the next look takes longer and is as true
        write_atomic(_path(layout.state), _text(made))
    return made


# What a row depends on


def _folders(shots: Path) -> list[str]:
    return [path.parent.name for path in sorted(shots.glob("*/shot.toml"))]


def _signature(folder: Path, jobs: Sequence[Standing], latest: int) -> str:
    """A digest over what a shot's row is made of; empty where a file is newer than `latest`, or just went."""
    try:
        stats = sorted(_stats(folder))
    except OSError:
        return ""
    if any(changed > latest for *_, changed in stats):
        return ""
    return hashlib.blake2b(repr((stats, sorted(jobs))).encode(), digest_size=12).hexdigest()


def _stats(folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """Name, size, inode, time of the content, time of any change. That last one nobody can set back."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "review":
                with contextlib.suppress(NotADirectoryError), os.scandir(entry.path) as said:
                    yield from (_stat(event) for event in said if event.name.endswith(".jsonl"))
            elif _TELLING.fullmatch(entry.name):
                yield _stat(entry)


def _stat(entry: os.DirEntry[str]) -> tuple[str, int, int, int, int]:
    found = entry.stat()
    return entry.name, found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


# Its file


def _path(state: Path) -> Path:
    return state / "index.json"


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).hexdigest().encode()


def _text(indexed: Indexed) -> bytes:
    data = {item.name: _plain(getattr(indexed, item.name)) for item in fields(Indexed)}
    body = json.dumps({"shape": _SHAPE, **data}, separators=(",", ":")).encode()
    return _digest(body) + b"\n" + body


def _plain(value: Any) -> Any:
    """Values as JSON has them: a dataclass as the list of its values, in order."""
    if is_dataclass(value):
        return [_plain(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Fraction) else value


def _row(values: list[Any]) -> ShotRow:
    shot, status, versions, latest, circled, circled_as, cut_frames, notes, progress, questions, *rest = values
    return ShotRow(
        _shot(shot), status, versions, latest, circled, circled_as, cut_frames, notes,
        (progress[0], progress[1]) if progress else None, tuple(questions), *rest,
    )  # fmt: skip


def _shot(values: list[Any]) -> Shot:
    name, plate, uses, handles, missing, origination, likeness, consent, cdl, lut, source = values
    made = tuple(Use(*use) for use in uses)
    return Shot(
        name, _plate(plate) if plate else None, made, (handles[0], handles[1]), missing, origination, likeness,
        consent, tuple(cdl), lut, tuple((column, text) for column, text in source),
    )  # fmt: skip


def _plate(values: list[Any]) -> Plate:
    path, kind, media, offset, rate, width, height, aspect, *rest = values
    return Plate(path, kind, FrameRange(*media), offset, _fraction(rate), width, height, _fraction(aspect), *rest)


@lru_cache(maxsize=64)
def _fraction(text: str) -> Fraction:
    return Fraction(text)
