"""Reading media: what they are, and their frames by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from core.errors import BadInput, MediaError
from core.files import one_line, sha256_file
from core.frames import FrameRange, parse_timecode
from core.media.image import SUFFIXES, Header, read_header, read_picture
from core.media.info import MediaInfo
from core.media.movie import Movie, probe_movie
from core.media.sequence import FileSequence, find_sequence, is_pattern

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MediaInfo", "Reader", "probe"]


_RAW = frozenset((
    ".r3d", ".braw", ".ari", ".arx", ".crm", ".rmf", ".mlv", ".cine", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf",
    ".orf", ".rw2",
))  # fmt: skip
"""Endings of what a sensor saw, before anybody developed it."""


def probe(path: Path, *, rate: Fraction | None = None, layer: str = "") -> MediaInfo:
    """Say what a movie, a sequence (`name.%04d.exr`, `name.####.exr`, `name.[1001-1100].exr`) or a still is.

    Args:
        rate: what to take for pictures that state none.
        layer: a named layer of an EXR.

    Raises:
        MediaError: missing, truncated, interlaced, camera raw, or not handled; in words.
    """
    if path.suffix.lower() in _RAW:
        raise MediaError(
            "This is camera raw: how it is developed is a choice, and not made here.", where=one_line(str(path)),
            todo="Develop it (Resolve, the maker's program) to EXR in ACES2065-1 or ProRes 4444, and relink the cut.",
        )  # fmt: skip
    if is_pattern(path):
        files = find_sequence(path)
        header = read_header(files.file(files.numbers[0]), layer)
        return _info(header, files.frames, "sequence", rate, files.gaps)
    if path.suffix.lower() in SUFFIXES:
        return _info(read_header(path, layer), FrameRange(0, 0), "still", rate, "")
    _refuse_layer(path, layer)
    return probe_movie(path)


class Reader:
    """Frames of one plate. A context manager; not thread-safe, one per thread. Memory does not grow with its length.

    Raises MediaError on construction as `probe` does.
    """

    def __init__(self, path: Path, layer: str = "", *, sha256: str = "") -> None:
        """`sha256`: the hash of a movie or still where it is known already, so that it need not be computed."""
        self.path = path
        self.layer = layer
        self.info = probe(path, layer=layer)
        self._files: FileSequence | None = find_sequence(path) if self.info.kind == "sequence" else None
        self._movie: Movie | None = Movie(path) if self.info.kind == "movie" else None
        self._sha256 = sha256

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._movie is not None:
            self._movie.close()

    def read(self, index: int) -> NDArray[np.float32]:
        """The picture of a media index as (H, W, C) float32 in the file's own space, alpha as `info.alpha` says.

        Integers are code values (video range: black 0, white 1, beyond both kept); floats are as stored.

        Raises:
            MediaError: no such index, a missing file (named), pixels that cannot be decoded, a size unlike the first.
        """
        if index not in self.info.frames:
            raise MediaError(
                f"There is no frame {index}; the media have {self.info.frames}.", where=one_line(str(self.path)),
                todo="Choose frames that exist, or relink the plate.",
            )  # fmt: skip
        file = self._file(index)
        picture = self._movie.read(index) if self._movie is not None else read_picture(file, self.layer)[1]
        height, width, channels = picture.shape
        if (width, height, channels) != (self.info.width, self.info.height, self.info.channels):
            raise MediaError(
                f"Frame {index} is {width} x {height} with {channels} channels; the first is "
                f"{self.info.width} x {self.info.height} with {self.info.channels}.",
                where=one_line(str(file)), todo="Render it again at one size throughout.",
            )  # fmt: skip
        return picture

    def stream(self, indexes: Iterable[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Read ascending indexes one after the other; a movie is decoded on, and sought in only over a gap."""
        for index in indexes:
            yield index, self.read(index)

    def digest(self, index: int) -> str:
        """What identifies the source of a frame: of a file its sha256, of a movie `<sha256 of the movie>:<index>`."""
        if self._files is not None:
            return sha256_file(self._file(index))
        self._sha256 = self._sha256 or sha256_file(self.path)
        return f"{self._sha256}:{index}" if self._movie is not None else self._sha256

    def _file(self, index: int) -> Path:
        if self._files is None:
            return self.path
        file = self._files.file(index)
        if not file.is_file():
            raise MediaError(
                f"Frame {index} of this sequence is missing.", where=one_line(str(file)),
                todo="Copy or render that frame again, or leave it out of the range.",
            )  # fmt: skip
        return file


def _info(header: Header, frames: FrameRange, kind: str, rate: Fraction | None, gaps: str) -> MediaInfo:
    rate = header.rate or rate
    timecode = None
    if header.timecode and rate:
        try:
            timecode = parse_timecode(header.timecode, rate)
        except BadInput:
            timecode = None
    return MediaInfo(
        "sequence" if kind == "sequence" else "still", frames, rate, header.width, header.height, header.pixel_aspect,
        channels=len(header.channels), colour=header.colour, alpha=header.alpha, bits=header.bits, timecode=timecode,
        drop=timecode is not None and ";" in header.timecode, reel=header.reel, layers=header.layers,
        note=header.note, gaps=gaps,
    )  # fmt: skip


def _refuse_layer(path: Path, layer: str) -> None:
    if layer:
        raise MediaError(
            f"A movie has no layers, so not {one_line(layer)!r} either.",
            where=one_line(str(path)),
            todo="Leave `layer` empty.",
        )
