"""Writing frames and movies: whole or not at all, read back before they get their name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, Broken, DiskFull, MediaError, RenderError
from core.files import explained, one_line, settle, sha256_file, temp_beside
from core.media import yuv
from core.media.image import as_float, read_picture, read_stored, write_picture
from core.media.info import SRGB, VIDEO, chromaticities
from core.media.measure import pixel_digest
from core.media.movie import movie_index
from core.media.read import Reader
from core.recipe.model import Master

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

HALF_MAX = 65504.0
_LOW_SPACE = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """A frame that is on disk under its name."""

    path: Path
    sha256: str
    """Of the file."""
    pixels: str
    """`measure.pixel_digest` of what a reader decodes from it."""
    clipped: int
    """Values the file's type could not hold: finite ones beyond ±65504 in half, anything outside 0…1 in uint16."""


def write_frame(
    path: Path, picture: Picture, master: Master, *, facts: Mapping[str, str | int | float] = {}, timecode: str = ""
) -> Written:
    """Write one frame, read it back, and give it its name. The same arguments give the same bytes.

    Args:
        picture: (H, W, 1, 3 or 4) float32 in `master.colour`, premultiplied. EXR and TIFF keep it so; PNG gets straight
            alpha. Half rounds to nearest; finite values it cannot hold become ±65504 and are counted, NaN and Inf stay.
            For uint16, values are clipped to 0…1 (NaN to 0) and counted.
        facts: written as attributes `rushes:<name>`; the colour space always is.
        timecode: `HH:MM:SS:FF` (`;` for drop-frame) for an EXR's header.

    Raises:
        DiskFull, Broken: it could not be written; nothing is left behind and an older file stays.
        RenderError: what was read back is not what was written.
    """
    stored, clipped = _stored(picture, master)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(path)
        try:
            reason = write_picture(
                temp, stored, compression=_compression(master), straight=_is_straight(picture, master), timecode=timecode,
                attributes={**facts, "colour": master.colour},
                chromaticities=chromaticities(master.colour) if master.format == "exr" else None,
            )  # fmt: skip
            if reason:
                raise _failed(path, reason)
            digest = _verified(temp, path, stored)
            sha256 = sha256_file(temp)
            settle(temp, path)
        finally:
            temp.unlink(missing_ok=True)
    return Written(path, sha256, digest, clipped)


def read_frame(path: Path, layer: str = "") -> Picture:
    """One picture file as (H, W, C) float32 in its own space. Raises MediaError."""
    return read_picture(path, layer)[1]


def _is_straight(picture: Picture, master: Master) -> bool:
    return picture.shape[2] == 4 and master.format == "png"


def _compression(master: Master) -> str:
    if master.format == "exr":
        return master.compression
    return "zip" if master.format == "tiff" else ""


def _stored(picture: Picture, master: Master) -> tuple[NDArray[Any], int]:
    """The picture in the file's type, and how many values that type could not hold."""
    import numpy as np

    if master.type == "float":
        return np.ascontiguousarray(picture, np.float32), 0
    if master.type == "half":
        beyond = (np.abs(picture) > HALF_MAX) & np.isfinite(picture)
        held = np.where(beyond, np.copysign(np.float32(HALF_MAX), picture), picture)
        return held.astype(np.float16), int(np.count_nonzero(beyond))
    if _is_straight(picture, master):
        alpha = picture[..., 3:]
        picture = np.concatenate([picture[..., :3] / np.where(alpha == 0, np.float32(1), alpha), alpha], axis=-1)
    held = np.clip(np.nan_to_num(picture, nan=0.0), 0, 1)
    return np.rint(held * np.float32(65535)).astype(np.uint16), int(np.count_nonzero(held != picture))


def _verified(temp: Path, path: Path, stored: NDArray[Any]) -> str:
    """Read the temporary file back; its pixel digest. Every format written here is lossless, so it must be the same."""
    try:
        back = read_stored(temp)
    except MediaError as error:
        raise _failed(path, f"reading it back failed ({error.what})") from error
    if back.dtype != stored.dtype or back.shape != stored.shape or back.tobytes() != stored.tobytes():
        raise RenderError(
            "What was read back from a frame is not what was written.", where=str(path),
            todo="The disk or its network is failing: check it, then generate the missing frames.",
        )  # fmt: skip
    return pixel_digest(as_float(back, back.dtype.itemsize * 8))


def _failed(path: Path, reason: str) -> Broken:
    """The libraries say why in words of their own; a full disk is known by looking at it."""
    if "no space" in reason.lower() or shutil.disk_usage(path.parent).free < _LOW_SPACE:
        return DiskFull("The disk is full.", where=str(path), todo="Free some space, then run the command again.")
    return Broken(
        f"This could not be written: {one_line(reason)}.",
        where=str(path),
        todo="Check the disk and its permissions, then retry.",
    )


# Movies


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
        """`size`: width, height. `codec`: prores_422hq, prores_4444, prores_4444_alpha, h264, or proxy (all-intra H.264).
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
                self._container = av.open(
                    f"file:{self._temp}", "w", format="mov" if self.path.suffix == ".mov" else "mp4"
                )
                self._stream = self._container.add_stream(self._codec.encoder, rate=self.rate)  # type: ignore[call-overload]
            except av.FFmpegError as error:
                raise _failed(self.path, str(error)) from error
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
        """Add the next frame: (H, W, 3) float32 display-encoded, clipped to 0…1; prores_4444_alpha takes (H, W, 4), straight.

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
            raise _failed(self.path, str(error)) from error

    def _finish(self) -> None:
        import av

        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise _failed(self.path, str(error)) from error
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
    plane.update(memoryview(rows).cast("B"))


def write_proxy(
    source: Reader, indexes: Iterable[int], out: Path, *, view: Callable[[Picture], Picture], rate: Fraction, height: int = 270,
    tick: Callable[[int], None] = lambda index: None,
) -> Path:  # fmt: skip
    """Write a small all-intra movie for looking at, in sRGB, with square pixels and no more than `height` lines.

    Args:
        indexes: media indexes, ascending; each becomes the next frame.
        view: from the source's own picture to (H, W, 3) sRGB in 0…1 (`Colour.view` with the plate's space).
        tick: called before each frame; may raise to stop.

    Raises:
        MediaError: a frame cannot be read. DiskFull, Broken: it cannot be written. Nothing is left behind.
    """
    info = source.info
    lines = max(2, min(height, info.height) // 2 * 2)
    width = max(2, round(lines * info.width * info.pixel_aspect / info.height / 2) * 2)
    with MovieWriter(out, (width, lines), rate, "proxy", colour=SRGB) as movie:
        for index, picture in source.stream(indexes):
            tick(index)
            movie.add(_shrunk(view(picture), (width, lines)))
    return out


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    import numpy as np
    from PIL import Image

    if picture.shape[1::-1] == size:
        return picture
    planes = [
        Image.fromarray(np.ascontiguousarray(picture[..., n])).resize(size, Image.Resampling.BOX) for n in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
