"""The media behind a cut's references, looked for, probed and hashed once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cut.digests import Digests
from core.cut.locate import Located, locate
from core.cut.shot import Plate
from core.errors import MediaError
from core.files import one_line
from core.frames import rate_of

if TYPE_CHECKING:
    from core.media.read import MediaInfo


class Plates:
    """Plates by reference. `rate` is the cut's: what stills run at, and sequences that name no rate.

    `digests`: what is known of the files; None: all are read.
    """

    def __init__(
        self, bases: Sequence[Path], root: Path, probe: Callable[..., MediaInfo], rate: Fraction,
        local: Callable[[str], str] = str, digests: Digests | None = None,
    ) -> None:  # fmt: skip
        self.rate = rate
        self._digests = digests or Digests()
        self._local = local
        self.warnings: list[str] = []
        self._bases = bases
        self._root = root
        self._probe = probe
        self._known: dict[tuple[Path, Fraction], tuple[Plate | None, str]] = {}
        self._located: dict[str, Located] = {}

    def find(self, reference: Any, path: Path | None = None) -> tuple[str, Plate | None, str]:
        """A key that references to the same media share, the plate with offset 0, or why there is none.

        `path`: where a person found the media, whatever the reference says.
        """
        located = Located(path, str(path)) if path is not None else self._locate(reference)
        if located.path is None:
            return located.key, None, located.why
        own = getattr(reference, "rate", 0)
        rate = rate_of(own) if own and 0 < own <= 1000 else self.rate
        if (located.path, rate) not in self._known:
            self._known[located.path, rate] = self._read(located.path, rate)
        plate, missing = self._known[located.path, rate]
        return located.key, plate, missing

    def _locate(self, reference: Any) -> Located:
        text = reference.to_json_string() if reference is not None else ""
        if text not in self._located:
            self._located[text] = locate(reference, self._bases, self._local)
        return self._located[text]

    def _read(self, path: Path, rate: Fraction) -> tuple[Plate | None, str]:
        try:
            info = self._probe(path, rate=rate)
            sha256 = self._sequence(path, info) if info.kind == "sequence" else self._digests.file(path)
        except MediaError as error:
            self._warn(f"{one_line(path.name)}: {error.what} {error.todo}")
            return None, error.what
        except OSError as error:
            return None, f"its media cannot be read: {error.strerror or error}"
        if info.note:
            self._warn(f"{one_line(path.name)}: {info.note}")
        inside = path.is_relative_to(self._root)
        return Plate(
            path=(path.relative_to(self._root) if inside else path).as_posix(),
            kind=info.kind,
            media=info.frames,
            offset=0,
            rate=info.rate or rate,
            width=info.width,
            height=info.height,
            pixel_aspect=info.pixel_aspect,
            channels=info.channels,
            colour=info.colour,
            alpha=info.alpha,
            timecode=info.timecode,
            drop=info.drop,
            reel=info.reel,
            sha256=sha256,
        ), ""

    def _sequence(self, path: Path, info: MediaInfo) -> str:
        digest, lost = self._digests.sequence(path, info.frames)
        if lost:
            self._warn(f"{one_line(path.name)}: {len(lost)} frames are missing, the first is {lost[0]}")
        return digest

    def _warn(self, text: str) -> None:
        """Once, however many clips show it."""
        if text not in self.warnings:
            self.warnings.append(text)
