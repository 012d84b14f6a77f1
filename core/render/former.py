"""Finished frames of an earlier version that are made of the same: their files are taken over, nothing is rendered."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError
from core.files import explained, settle, sha256_file, temp_beside

if TYPE_CHECKING:
    from core.media.write import Written


@dataclass(frozen=True, slots=True)
class Former:
    """A frame as an earlier version has it. The caller vouches that its layers are made by the same steps."""

    files: Mapping[str, Written]
    """By layer; "" is the master. Paths on this machine."""
    facts: Mapping[str, Any]
    """Of the master, as `FrameDone` has them: `digest` says what it was made of."""
    origin: str
    """The version: `sq010_sh0020_v003`."""


def says(former: Former, timecode: str) -> bool:
    """Whether the master carries this timecode, which no digest of its pixels holds. Only EXR files carry one."""
    from core.media.image import read_header

    path = former.files[""].path
    if path.suffix != ".exr":
        return True
    try:
        return read_header(path).timecode == timecode
    except MediaError:
        return False


def take_over(former: Former, path: Callable[[str], Path]) -> dict[str, Written] | None:
    """Copy a frame's files under new names, the master last; None where one is gone or is not what was written down.

    `path`: layer → the new name. Raises DiskFull, Broken; a part of a file never gets a name.
    """
    copies = {}
    for layer in sorted(former.files, reverse=True):
        copy = _copied(former.files[layer], path(layer))
        if copy is None:
            return None
        copies[layer] = copy
    return copies


def _copied(written: Written, target: Path) -> Written | None:
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(target)
        try:
            if not written.path.is_file():
                return None
            shutil.copyfile(written.path, temp)
            if sha256_file(temp) != written.sha256:
                return None
            settle(temp, target)
        finally:
            temp.unlink(missing_ok=True)
    return replace(written, path=target)
