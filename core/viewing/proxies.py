"""Small movies of plates and versions, so that they play at once. A proxy's name is the digest of all that it shows.

`python -m core.viewing.proxies --root SHOW --state DIR [SHOT | SHOT/vNNN …]`, in the background when media arrive.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import MediaError, RushesError, ShowError
from core.files import FileLock, canonical_json, explained, sha256_bytes, sha256_file
from core.frames import FrameRange
from core.layout import SETTINGS, layout_of, read_settings
from core.progress import Tick, silent
from core.viewing.pictures import Viewer
from core.viewing.view import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEIGHT = 270
LIMIT = 20_000_000_000
"""Bytes of proxies under a media root; the oldest go first. A frame of 480 x 270 has about 25 kB."""
_REV = 1
"""Rises when the same facts would give another movie."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a proxy that was asked for."""

    source: Source
    state: Literal["made", "there", "failed"]
    path: Path | None = None
    reason: str = ""


def range_of(viewer: Viewer, source: Source) -> FrameRange:
    """The shot frames that a source's proxy has, or would have: its frame 0 is the first. Raises as `frames_of`."""
    return viewer.frames_of(source) if source.version else viewer.shot(source.shot).range


def proxy_of(viewer: Viewer, source: Source) -> Path | None:
    """The proxy of a plate, of a complete version's master or of one of its layers; None while there is none.

    Cheap: hashes that are on record stand for the pixels. Raises MediaError, ShowError: there is no such source, or
    how it is looked at cannot be told (a LUT that is missing).
    """
    key = _key(viewer, source)
    path = viewer.layout.proxy(key) if key else None
    return path if path is not None and path.exists() else None


def make_proxy(viewer: Viewer, source: Source, tick: Tick = silent) -> Path:
    """Make a source's proxy, or find it made. Two who make the same one do no harm: each is whole before it is there.

    Args:
        tick: called before each frame; may raise to stop.

    Raises:
        MediaError: a source that takes no proxy, a frame that is not here. DiskFull, Broken: nothing is left behind.
    """
    from core.media.proxy import write_proxy
    from core.media.read import Reader

    key = _key(viewer, source)
    if key is None:
        raise MediaError(
            f"{source.shot} {source.name} takes no proxy.",
            todo="Moving plates do, and versions that are complete, with their layers.",
        )
    out = viewer.layout.proxy(key)
    if out.exists():
        return out
    frames, plate = range_of(viewer, source), viewer.plate(source.shot)
    if source.version:
        space = viewer.recipe(source.shot, source.version).output.master.colour
        pattern, layer, first = _pattern(viewer.file(source, 0)), "", frames.first
    else:
        space, pattern, layer, first = (
            plate.colour,
            viewer.layout.find(plate.path),
            plate.layer,
            plate.index(frames.first),
        )

    def view(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return viewer.shown(picture, space, source.shot)

    def said(index: int) -> None:
        tick(f"{source.shot} {source.name}", index - first, len(frames))

    with Reader(pattern, layer=layer) as reader:
        write_proxy(
            reader,
            range(first, first + len(frames)),
            out,
            view=view,
            rate=_rate(viewer, source),
            height=HEIGHT,
            tick=said,
        )
    _prune(viewer.layout.proxies, LIMIT, out)
    return out


def make_all(viewer: Viewer, sources: Iterable[Source], tick: Tick = silent) -> list[Made]:
    """Make the proxies of those sources that take one. What cannot be made does not stop the others.

    Raises DiskFull, Broken: nothing more can be written.
    """
    return [made for source in sources if (made := _made(viewer, source, tick)) is not None]


def _made(viewer: Viewer, source: Source, tick: Tick) -> Made | None:
    try:
        if _key(viewer, source) is None:
            return None
        there = proxy_of(viewer, source)
        return Made(source, "there" if there else "made", there or make_proxy(viewer, source, tick))
    except (MediaError, ShowError) as error:
        return Made(source, "failed", None, f"{error.what} {error.todo}".strip())


def _key(viewer: Viewer, source: Source) -> str | None:
    """The digest of all that a proxy shows; None for what takes none."""
    plate = viewer.shot(source.shot).plate
    if source.job or plate is None or not len(frames := range_of(viewer, source)):
        return None
    if source.version:
        manifest = viewer.layout.manifest(source.shot, source.version)
        output = viewer.recipe(source.shot, source.version).output
        if not manifest.exists() or source.picture not in ("", *output.layers):
            return None
        seen = [sha256_file(manifest), source.picture, output.master.colour]
    elif plate.kind == "still" or not plate.sha256:
        return None
    else:
        seen = [plate.sha256, plate.layer, plate.colour]
    how = viewer.viewing(source.shot)
    facts = {
        "rev": _REV, "height": HEIGHT, "source": seen, "frames": [frames.first, frames.last],
        "rate": str(_rate(viewer, source)), "aspect": str(plate.pixel_aspect),
        "viewing": {**asdict(how), "lut": _lut_digest(how.lut)}, "config": viewer.colour.digest,
    }  # fmt: skip
    return sha256_bytes(canonical_json(facts).encode())


def _lut_digest(lut: str) -> str:
    if not lut:
        return ""
    found = Path(lut).stat()
    return _file_digest(Path(lut), found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _file_digest(path: Path, changed: int, size: int) -> str:
    return sha256_file(path)


def _rate(viewer: Viewer, source: Source) -> Fraction:
    return viewer.plate(source.shot).rate


def _pattern(frame: Path) -> Path:
    return frame.with_name(frame.name.replace(".0000.", ".%04d."))


def _prune(folder: Path, limit: int, keep: Path) -> None:
    """Remove the oldest proxies down to `limit` bytes, never `keep`."""
    found = []
    for path in folder.glob("[0-9a-f]*.mov"):
        try:
            found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        except FileNotFoundError:  # removed by another process
            continue
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= limit:
            return
        if path != keep:
            path.unlink(missing_ok=True)
            total -= size


# In the background


def run(root: Path, state: Path, names: Sequence[str]) -> int:
    """Make the proxies of `names` (SHOT: its plate; SHOT/vNNN: its master), of every plate where there are none.

    Waits its turn: one process of a clone makes proxies at a time. What cannot be made is written to stderr.
    """
    settings = read_settings(root / SETTINGS)
    layout = layout_of(root, settings, state, os.environ)
    lock = FileLock(state / "proxies.lock")
    lock.acquire(wait=True)
    try:
        viewer = Viewer(layout, settings)
        shots = sorted(path.parent.name for path in layout.shots.glob("*/shot.toml"))
        failed = 0
        for name in names or shots:
            if not layout.settings.exists():  # the show was removed: nothing is to come back under its name
                break
            shot, _, version = name.partition("/")
            for made in make_all(viewer, [Source(shot, version)]):
                _say(f"{made.source.shot} {made.source.name}: {made.state} {made.reason}".rstrip())
                failed += made.state == "failed"
        return 1 if failed else 0
    finally:
        lock.release()


def _say(line: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {os.getpid()} {line}\n")


def main(arguments: list[str] | None = None) -> int:
    """The command line of a process that `core.farm.spawn` started: what it has to say is in its log."""
    parser = argparse.ArgumentParser(prog="python -m core.viewing.proxies")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    os.nice(15)
    try:
        with explained(given.root):
            return run(given.root, given.state, given.names)
    except RushesError as error:
        _say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main())
