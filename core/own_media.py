"""Media in a cut that are versions of ours under another name: found by size, then by hash."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.cut.digests import Digests
from core.cut.recut.facts import Clip, Facts, as_own, is_renamed, stem
from core.errors import ShowError
from core.history.record import read_manifest
from core.layout import Layout
from core.overview import read_record, version_names
from core.rows import ShotRow

Own = tuple[str, str]
"""Shot and version."""


def with_own(
    new: Facts, old: Facts, files: Callable[[int], Path | None], layout: Layout, rows: Sequence[ShotRow],
    digests: Digests,
) -> Facts:  # fmt: skip
    """The new cut with the shot and version of each clip that plays a renamed file of ours.

    What the old cut knows already is not looked at, nor what is called as a plate or has a reel of one; of the rest a
    file is read only where a version has one of its size.

    Args:
        files: where the media of a clip lie, by its position; a sequence as printf pattern, None where they do not.
    """
    looked: dict[str, Own | None] = {clip.media.key: clip.own for clip in old.clips if is_renamed(clip)}
    plates = [row.shot.plate for row in rows if row.shot.plate is not None]
    names, reels = {stem(plate.path) for plate in plates}, {plate.reel.lower() for plate in plates if plate.reel}
    versions = _Versions(layout, rows, digests)
    clips = list(new.clips)
    for n, clip in enumerate(clips):
        media = clip.media
        if clip.own or not media.key or media.stem in names or media.reel.lower() in reels:
            continue
        if media.key not in looked:
            path = files(n)
            looked[media.key] = versions.of(path, clip) if path is not None else None
        own = looked[media.key]
        clips[n] = as_own(clip, *own) if own is not None else clip
    return replace(new, clips=tuple(clips))


class _Versions:
    """The show's versions by the sizes of their files, each looked at once and only when asked for."""

    def __init__(self, layout: Layout, rows: Sequence[ShotRow], digests: Digests) -> None:
        self._layout, self._rows, self._digests = layout, rows, digests
        self._sizes: dict[tuple[int | None, str], dict[int, list[Own]]] = {}

    def of(self, path: Path, clip: Clip) -> Own | None:
        """The version that a file holds; of several the newest. What cannot be read is none."""
        try:
            found = self._by_frames(path, clip) if "%" in path.name else self._by_movie(path)
        except OSError:
            return None
        return found[-1] if found else None

    def _by_movie(self, path: Path) -> list[Own]:
        alike = self._of_size(None, path)
        return [own for own in alike if self._review(own) == self._digests.file(path)]

    def _by_frames(self, path: Path, clip: Clip) -> list[Own]:
        """By frames of the same number: those that a version took over from another are in both, so all may count."""
        found: list[Own] = []
        for number in _numbers(clip):
            one = path.with_name(path.name % number)
            alike = self._of_size(number, one)
            alike = [own for own in alike if self._digests.file(one) in self._frames(own)]
            found = [own for own in found if own in alike] if found else alike
            if len(found) < 2:
                break
        return found

    def _of_size(self, number: int | None, path: Path) -> list[Own]:
        """The versions that have a file of that size: their review movie, or the frame of that number."""
        which = (number, path.suffix)
        if which not in self._sizes:
            sizes = self._sizes[which] = {}
            for own in self._all():
                with contextlib.suppress(OSError):
                    sizes.setdefault(self._file(own, *which).stat().st_size, []).append(own)
        return self._sizes[which].get(path.stat().st_size, [])

    def _file(self, own: Own, number: int | None, suffix: str) -> Path:
        if number is not None:
            return self._layout.frame(*own, number, suffix=suffix)
        return self._layout.frames(*own) / f"{own[0]}_gen_{own[1]}_review{suffix}"

    def _all(self) -> Iterator[Own]:
        for row in self._rows:
            if row.versions:
                yield from ((row.shot.id, version) for version in version_names(self._layout, row.shot.id))

    def _review(self, own: Own) -> str:
        review = (read_record(self._layout, *own) or {}).get("review")
        return str(review.get("sha256", "")) if isinstance(review, dict) else ""

    def _frames(self, own: Own) -> set[str]:
        path = self._layout.manifest(*own)
        try:
            return {sha256 for sha256, _ in read_manifest(path.read_text(encoding="utf-8"), str(path))}
        except (OSError, ShowError):  # none yet, or one that cannot be trusted: `verify` says so
            return set()


def _numbers(clip: Clip) -> range:
    """The file numbers of a clip's sequence."""
    media = clip.media
    if media.number is None or media.available is None or media.rate is None:
        return range(0)
    return range(media.number, media.number + round((media.available[1] - media.available[0]) * media.rate))
