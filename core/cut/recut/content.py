"""Plates whose file has other pictures than the show recorded, under the name that it had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cut.digests import Digests
from core.cut.locate import exists, locate
from core.cut.plates import Plates
from core.cut.recut.align import Holding
from core.cut.recut.change import Change
from core.cut.recut.conform import Conformed
from core.cut.recut.facts import Clip, Facts, stem
from core.cut.shot import Plate
from core.files import one_line
from core.progress import Tick

if TYPE_CHECKING:
    from core.media.read import MediaInfo

_ALONE = frozenset({"unchanged", "relinked_only"})
"""Flags that say that nothing else is to be said."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A plate that is not what it was."""

    plate: Plate
    """As the show recorded it."""
    path: Path
    """The file that is there now; a sequence as printf pattern."""
    sha256: str
    clips: tuple[int, ...]
    """The clips of the new cut that name it, by position."""


class Files:
    """Where the media lie that clips name; each is looked for once."""

    def __init__(self, clips: Sequence[Any], new: Facts, bases: Sequence[Path], local: Callable[[str], str]) -> None:
        """`clips`: the `opentimelineio` clip behind each of the new cut's."""
        self._clips, self._new, self._bases, self._local = clips, new, bases, local
        self._known: dict[str, Path | None] = {}

    def of(self, n: int) -> Path | None:
        """The file of clip `n`, a sequence as printf pattern; None where it is not on this machine."""
        from otio_adapters import versions

        key = self._new.clips[n].media.key
        if not key:
            return None
        if key not in self._known:
            reference = versions.editor_reference(self._clips[n])
            self._known[key] = locate(reference, self._bases, self._local).path
        return self._known[key]


def renewed_plates(
    found: Conformed, new: Facts, holdings: Mapping[str, Holding], files: Files, find: Callable[[str], Path],
    digests: Digests, tick: Tick,
) -> tuple[dict[str, Renewed], list[str]]:  # fmt: skip
    """The plates, by shot, whose file is there and has other pictures; and what could not be compared, in words.

    Looked at is the file that a clip names, else the one that the show knows (`find`: its path on this machine). What
    has the size and time that it had when it was last read is not read again.
    """
    renewed: dict[str, Renewed] = {}
    warnings: dict[str, None] = {}
    looked: dict[tuple[Path, str], str] = {}
    shown = _shown(found, new, holdings)
    for done, ((shot, _), (plate, clips)) in enumerate(shown.items()):
        path = _file(new.clips[clips[0]], plate, files.of(clips[0]), find(plate.path))
        if path is None:
            continue
        if (path, plate.sha256) not in looked:
            tick(f"looking at {one_line(path.name, 60)}", done, len(shown))
            looked[path, plate.sha256], said = _digest(path, plate, digests)
            warnings |= dict.fromkeys(said)
        digest = looked[path, plate.sha256]
        if digest and digest != plate.sha256:
            before = renewed[shot].clips if shot in renewed else ()
            renewed[shot] = Renewed(plate, path, digest, (*before, *clips))
    return renewed, list(warnings)


def _shown(
    found: Conformed, new: Facts, holdings: Mapping[str, Holding]
) -> dict[tuple[str, str], tuple[Plate, list[int]]]:
    """The clips that play their shot's plate, by shot and by how they name it."""
    shown: dict[tuple[str, str], tuple[Plate, list[int]]] = {}
    for n, (link, clip) in enumerate(zip(found.links, new.clips, strict=True)):
        holding = holdings.get(link.shot)
        plate = holding.shot.plate if holding is not None else None
        if plate is not None and plate.sha256 and link.frames and not link.replaced and clip.own is None:
            shown.setdefault((link.shot, clip.media.key or clip.media.stem), (plate, []))[1].append(n)
    return shown


def _file(clip: Clip, plate: Plate, named: Path | None, known: Path) -> Path | None:
    """The file to look at; None where there is none, or where the clip names one that is called otherwise."""
    if clip.media.stem and clip.media.stem != stem(plate.path):
        return None
    if named is not None and named != known.absolute() and ("%" in named.name) == (plate.kind == "sequence"):
        return named
    return known if exists(known) else None


def _digest(path: Path, plate: Plate, digests: Digests) -> tuple[str, tuple[str, ...]]:
    """Its digest now; empty, and why, where it cannot be compared."""
    try:
        if plate.kind != "sequence":
            return digests.file(path), ()
        digest, lost = digests.sequence(path, plate.media)
    except OSError as error:
        return "", (f"{one_line(path.name)} cannot be read: {error.strerror or error}",)
    if lost and digest != plate.sha256:
        return "", (f"{one_line(path.name)}: {len(lost)} frames are not here, so it was not compared with the plate",)
    return digest, ()


def marked(found: Conformed, renewed: Mapping[str, Renewed]) -> Conformed:
    """What was found, and of each clip of such a plate that its pictures are others now."""
    by_clip = {n: one for one in renewed.values() for n in one.clips}
    return replace(found, changes=tuple(_mark(change, by_clip.get(change.number)) for change in found.changes))


def _mark(change: Change, now: Renewed | None) -> Change:
    if now is None:
        return change
    flags = (*(flag for flag in change.flags if flag not in _ALONE), "plate_content_changed")
    why = "; ".join(filter(None, (change.why, f"other pictures under the plate's name: {one_line(str(now.path))}")))
    return replace(change, flags=flags, why=why)


def described(
    now: Renewed, root: Path, find: Callable[[str], Path], probe: Callable[..., MediaInfo], digests: Digests
) -> tuple[Plate, tuple[str, ...]]:
    """The plate as its file is now, and what to know of it; as it was where the file cannot be read.

    How it is read (colour, alpha, layer) stays as people set it. Its frames keep their pictures' place: by file numbers
    or timecode where it has them, else from its first picture.
    """
    plate = now.plate
    plates = Plates((), root, probe, plate.rate, digests=digests)
    _, found, _ = plates.find(None, now.path)
    if found is None:
        return plate, tuple(plates.warnings)
    offset = plate.offset
    if found.kind == "movie" and found.rate == plate.rate and None not in (found.timecode, plate.timecode):
        offset += (found.timecode or 0) - (plate.timecode or 0)
    path = plate.path if now.path == find(plate.path) else found.path
    read_as = replace(found, colour=plate.colour, alpha=plate.alpha, layer=plate.layer)
    return replace(read_as, path=path, offset=offset), tuple(plates.warnings)
