"""[av] Movies for editorial and for looking at: whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from core.errors import BadInput, RenderError
from core.files import explained, one_line, refused, settle, temp_beside
from core.media import yuv
from core.media.info import SRGB, VIDEO
from core.media.listing import movie_index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Codec:
    encoder: str
    format: str
    bits: int
    shift: tuple[int, int]
    options: Mapping[str, str]


_CODECS = {
    "prores_422hq": _Codec("prores_ks", "yuv422p10le", 10, (1, 0), {"profile": "hq", "vendor": "apl0"}),
    "prores_4444": _Codec("prores_ks", "yuv444p10le", 10, (0, 0), {"profile": "4444", "vendor": "apl0"}),
    "prores_4444_alpha": _Codec("prores_ks", "yuva444p10le", 10, (0, 0), {"profile": "4444", "vendor": "apl0"}),
    "h264": _Codec("libx264", "yuv420p", 8, (1, 1), {"crf": "16", "preset": "medium"}),
    "proxy": _Codec(
        "libx264", "yuv420p", 8, (1, 1), {"crf": "20", "preset": "veryfast", "tune": "fastdecode", "g": "1", "bf": "0"}
    ),
}
_TRANSFER = {VIDEO: 1, "Camera Rec.709": 1, SRGB: 13}
"""Spaces a movie can be tagged with (ITU-T H.273 transfer); primaries and matrix are BT.709."""


def fitting(size: tuple[int, int], codec: str) -> tuple[int, int]:
    """The size (width, height) as `codec` can hold it: a pixel more where it takes only even numbers."""
    width, height = (number + number % (1 + shift) for number, shift in zip(size, _CODECS[codec].shift, strict=True))
    return width, height


class MovieWriter:
    """A movie that appears under its name when the `with` block ends well, and not at all on any error.

    `.mov` or `.mp4`; timecode and reel are embedded in `.mov`. Limited range, BT.709 matrix.

    Raises:
        BadInput: a codec, size or colour space it cannot write. DiskFull, Broken: while writing.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], rate: Fraction, codec: str, *, timecode: str = "", reel: str = "",
        colour: str = VIDEO, pixel_aspect: Fraction = Fraction(1),
    ) -> None:  # fmt: skip
        """`size`: width, height. `codec`: prores_422hq, prores_4444, prores_4444_alpha, h264 or proxy (all-intra).
        `colour`: the display space that `add`'s pictures are in.
        """
        if codec not in _CODECS or colour not in _TRANSFER:
            raise BadInput(
                f"A movie cannot be written as {one_line(codec)} in {one_line(colour)}.", where=str(path),
                todo=f"Codecs: {', '.join(_CODECS)}. Colour spaces: {', '.join(_TRANSFER)}.",
            )  # fmt: skip
        self._codec = _CODECS[codec]
        if size[0] % (1 + self._codec.shift[0]) or size[1] % (1 + self._codec.shift[1]):
            raise BadInput(
                f"{codec} cannot hold {size[0]} x {size[1]}: it needs even numbers.",
                where=str(path),
                todo="Use prores_4444.",
            )
        self.path, self.size, self.rate = path, size, rate
        self._tags = (timecode, reel, _TRANSFER[colour], pixel_aspect)
        self._coding = yuv.Coding(self._codec.bits, shift=self._codec.shift)
        self._temp = temp_beside(path)
        self.count = 0

    def __enter__(self) -> MovieWriter:
        import av

        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                kind = "mov" if self.path.suffix == ".mov" else "mp4"
                self._container = cast(Any, av.open(f"file:{self._temp}", "w", format=kind))
                self._stream = self._container.add_stream(self._codec.encoder, rate=self.rate)
            except av.FFmpegError as error:
                self._temp.unlink(missing_ok=True)
                raise refused(self.path, str(error)) from error
        timecode, reel, transfer, pixel_aspect = self._tags
        self._stream.width, self._stream.height = self.size
        self._stream.pix_fmt = self._codec.format
        self._stream.options = dict(self._codec.options)
        code = self._stream.codec_context
        code.sample_aspect_ratio = pixel_aspect
        code.color_range, code.colorspace, code.color_primaries, code.color_trc = 1, 1, 1, transfer
        if timecode:
            self._stream.metadata["timecode"] = timecode
        if reel:
            self._stream.metadata["reel_name"] = one_line(reel, 32)
        return self

    def add(self, picture: Picture) -> None:
        """Add the next frame: (H, W, 3) float32 display-encoded, clipped to 0…1.

        prores_4444_alpha takes (H, W, 4) with straight alpha.

        Raises:
            RenderError: another size than the movie's. DiskFull, Broken: it could not be written.
        """
        import av

        channels = 4 if "yuva" in self._codec.format else 3
        if picture.shape != (self.size[1], self.size[0], channels):
            raise RenderError(
                f"A frame of {picture.shape} for a movie of {self.size}, {channels} channels.", where=str(self.path)
            )
        frame = av.VideoFrame(*self.size, self._codec.format)
        for plane, codes in zip(frame.planes, yuv.encode(picture, self._coding), strict=True):
            _fill(plane, codes)
        frame.pts, frame.time_base = self.count, 1 / self.rate
        frame.color_range, frame.colorspace = (
            av.video.reformatter.ColorRange.MPEG,
            av.video.reformatter.Colorspace.ITU709,
        )
        self._encode(frame)
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._encode(None)
                self._finish()
            else:
                self._abort()
        finally:
            self._temp.unlink(missing_ok=True)

    def _encode(self, frame: Any) -> None:
        import av

        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise refused(self.path, str(error)) from error

    def _finish(self) -> None:
        import av

        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise refused(self.path, str(error)) from error
        there = len(movie_index(self._temp).pts)
        if there != self.count:
            raise RenderError(f"The movie came out with {there} frames for {self.count}.", where=str(self.path))
        settle(self._temp, self.path)

    def _abort(self) -> None:
        """Close without a word: the error on its way says what happened."""
        import av

        try:
            self._container.close()
        except (av.FFmpegError, OSError):
            pass


def _fill(plane: Any, codes: NDArray[Any]) -> None:
    import numpy as np

    rows = np.zeros((plane.height, plane.line_size // codes.dtype.itemsize), codes.dtype)
    rows[:, : codes.shape[1]] = codes
    plane.update(rows.data.cast("B"))
