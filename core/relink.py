"""Media that a show lost, looked for in folders: by name, else by reel and timecode. Listed first, then committed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

from core.cut.digests import Digests
from core.cut.incoming.read import read_cut
from core.cut.locate import exists
from core.cut.recut.facts import Clip, facts, stem
from core.cut.shots import Shot, make_shots, shot_text
from core.errors import BadInput, MediaError
from core.files import write_atomic
from core.history.events import Act
from core.history.git import History
from core.layout import Layout, Settings
from core.media.read import MediaInfo, probe
from core.progress import Tick, silent

_PICTURES = (".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".cin", ".tga", ".webp")
_MOVIES = (".mov", ".mp4", ".m4v", ".mxf", ".avi", ".mkv", ".webm", ".y4m", ".mpg", ".mpeg", ".ts", ".ogv")
_FRAME = re.compile(r"(.*?)(\d{3,})(\.\w+)")


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search found for one shot."""

    shot: str
    missing: str
    """Why it had no media."""
    paths: tuple[Path, ...] = ()
    """Where its media may be, a sequence as printf pattern: none, one, or several that are equally likely."""
    by: str = ""
    """`name`, or `reel and timecode`."""

    @property
    def path(self) -> Path | None:
        """Where its media are; None where nothing was found, or where a person must say which."""
        return self.paths[0] if len(self.paths) == 1 else None


@dataclass(frozen=True, slots=True)
class Relinked:
    """What became of the hits."""

    shots: tuple[str, ...]
    refused: tuple[str, ...]
    """One line each: other pictures under the name, or none that can be read."""


def lacking(layout: Layout, shots: Iterable[Shot]) -> Iterator[tuple[Shot, str]]:
    """Shots without their plate, and why: it was never found, or it is not where it was."""
    for shot in shots:
        if shot.plate is None:
            yield shot, shot.missing
        elif not exists(layout.find(shot.plate.path)):
            yield shot, f"its media are not there: {shot.plate.path}"


def search(layout: Layout, shots: Iterable[Shot], folders: Sequence[Path], tick: Tick = silent) -> list[Hit]:
    """Look in `folders`, and all that is in them, for the media that shots lack.

    A file of the same name is taken before one with another ending; of several, the one whose folders are called alike.
    Where no name fits, movies are opened: their reel is the clip's, and their timecode holds what the clip shows.

    Raises BadInput: no such folder. CutError.
    """
    for folder in folders:
        if not folder.is_dir():
            raise BadInput("There is no such folder.", where=str(folder), todo="Name the folder that holds the media.")
    wanted = list(lacking(layout, shots))
    if not wanted:
        return []
    files = _index(folders)
    clips = _clips(layout, [shot for shot, _ in wanted])
    looked_at: dict[Path, MediaInfo | None] = {}
    hits = []
    for done, (shot, missing) in enumerate(wanted):
        tick("looking for media", done, len(wanted))
        clip = clips.get(shot.id)
        paths = _by_name(_names(shot, clip), files)
        by = "name" if paths else "reel and timecode"
        paths = paths or (_by_reel(clip, files, looked_at) if clip is not None else ())
        hits.append(Hit(shot.id, missing, paths, by if paths else ""))
    return hits


def relink(
    layout: Layout, settings: Settings, history: History, shots: Mapping[str, Shot], hits: Iterable[Hit],
    tick: Tick = silent,
) -> Relinked:  # fmt: skip
    """Give shots the media that were found for them, in one commit. Hits without one path stay as they are.

    The media are hashed: where the show knew a shot's plate, only the same bytes are taken.
    """
    changed: list[Shot] = []
    refused: list[str] = []
    chosen = [(shots[hit.shot], hit.path) for hit in hits if hit.path is not None]
    digests = Digests(layout.digests)
    for done, (shot, path) in enumerate(chosen):
        tick("hashing", done, len(chosen))
        now, why = _with_media(layout, settings, shot, path, digests)
        if why:
            refused.append(f"{shot.id}: {why}: {path}")
        else:
            changed.append(now)
    digests.save()
    for now in changed:
        write_atomic(layout.shot(now.id), shot_text(now))
    if changed:
        paths = tuple(layout.shot(now.id).relative_to(layout.root).as_posix() for now in changed)
        said = f"{changed[0].id}: its plate is there" if len(changed) == 1 else f"{len(changed)} plates are there"
        trailers = tuple(("Rushes-Shot", now.id) for now in changed)
        history.commit(Act(event="relink", subject=said, paths=paths, trailers=trailers))
    return Relinked(tuple(now.id for now in changed), tuple(refused))


def _with_media(layout: Layout, settings: Settings, shot: Shot, path: Path, digests: Digests) -> tuple[Shot, str]:
    """The shot with those media as its plate, or why it cannot have them."""
    if not shot.uses:
        return shot, "no cut shows it"
    name = shot.uses[0].cut
    ids = {use.clip_id for use in shot.uses if use.cut == name}
    made, warnings = make_shots(
        read_cut(layout.cut(name)), settings, probe=probe, root=layout.root, existing={shot.id: shot}, into=name,
        only=ids, found=dict.fromkeys(ids, path), digests=digests,
    )  # fmt: skip
    now = made[0] if len(made) == 1 else shot
    if now.plate is None or now.id != shot.id:
        return shot, now.missing or "; ".join(warnings) or "its clips show different media"
    if shot.plate is not None and now.plate.sha256 != shot.plate.sha256:
        return shot, "other pictures under that name"
    return now, ""


# Searching


def _index(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Media by the stem of their name; a sequence once, as its pattern."""
    found: dict[str, dict[Path, None]] = {}
    for folder in folders:
        for where, inner, names in os.walk(folder):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                if PurePosixPath(name).suffix.lower() in (*_PICTURES, *_MOVIES):
                    for called in {name, _as_pattern(name)}:
                        found.setdefault(stem(called), {})[Path(where, called).absolute()] = None
    return {key: list(paths) for key, paths in found.items()}


def _as_pattern(name: str) -> str:
    frame = _FRAME.fullmatch(name)
    if frame is None or frame[3].lower() not in _PICTURES:
        return name
    return f"{frame[1]}%0{len(frame[2])}d{frame[3]}"


def _clips(layout: Layout, shots: Iterable[Shot]) -> dict[str, Clip]:
    """The first clip of each shot, as its cut has it."""
    first = {shot.id: shot.uses[0] for shot in shots if shot.uses}
    known: dict[tuple[str, str], Clip] = {}
    for name in {use.cut for use in first.values()}:
        cut = read_cut(layout.cut(name))
        known |= {(name, clip.id): clip for clip in facts(cut, ".otio")[0].clips}
    return {shot: known[use.cut, use.clip_id] for shot, use in first.items() if (use.cut, use.clip_id) in known}


def _names(shot: Shot, clip: Clip | None) -> list[PurePosixPath]:
    """What the media were called, likeliest first: as the show knew them, as the cut says, as the reel is."""
    paths = [shot.plate.path if shot.plate is not None else "", clip.media.key if clip is not None else ""]
    if clip is not None:
        paths += [clip.media.stem, clip.media.reel]
    return [PurePosixPath(path) for path in paths if path]


def _by_name(names: Iterable[PurePosixPath], files: Mapping[str, list[Path]]) -> tuple[Path, ...]:
    for name in names:
        found = files.get(stem(name.name), [])
        if found:
            likely = max(_alike(name, path) for path in found)
            return tuple(path for path in found if _alike(name, path) == likely)
    return ()


def _alike(name: PurePosixPath, path: Path) -> tuple[bool, int]:
    """Whether the file is called the same, and how many folders above it are."""
    same = path.name.casefold() in (name.name.casefold(), _as_pattern(name.name).casefold())
    folders = 0
    for one, other in zip(reversed(name.parts[:-1]), reversed(path.parts[:-1]), strict=False):
        if one.casefold() != other.casefold():
            break
        folders += 1
    return same, folders


def _by_reel(clip: Clip, files: Mapping[str, list[Path]], looked_at: dict[Path, MediaInfo | None]) -> tuple[Path, ...]:
    """Movies whose reel is the clip's and whose timecode holds what it shows."""
    if not clip.media.reel:
        return ()
    movies = (path for paths in files.values() for path in paths if path.suffix.lower() in _MOVIES)
    return tuple(path for path in movies if _holds(_info(path, looked_at), clip))


def _info(path: Path, looked_at: dict[Path, MediaInfo | None]) -> MediaInfo | None:
    if path not in looked_at:
        try:
            looked_at[path] = probe(path)
        except (MediaError, OSError):  # what cannot be opened is not what was lost
            looked_at[path] = None
    return looked_at[path]


def _holds(info: MediaInfo | None, clip: Clip) -> bool:
    if info is None or info.timecode is None or not info.rate or info.reel.casefold() != clip.media.reel.casefold():
        return False
    start = Fraction(info.timecode) / info.rate
    return start <= clip.seen[0] and clip.seen[1] <= start + len(info.frames) / info.rate
