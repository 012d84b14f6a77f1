"""[av] Frames of a movie by number, exact also where they are coded out of order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, MediaError
from core.files import one_line
from core.frames import FrameRange, parse_timecode
from core.media import yuv
from core.media.info import MediaInfo, movie_space
from core.media.listing import by_ffmpeg, explained_reading, movie_index, opened_movie, picture_stream, truncated
from core.media.upright import orientation_of, swaps, upright

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TO_PLANES = {
    **dict.fromkeys(("rgb24", "bgr24", "rgb0", "bgr0", "0rgb", "0bgr", "pal8", "rgb8", "bgr8"), "gbrp"),
    **dict.fromkeys(("rgba", "bgra", "argb", "abgr"), "gbrap"),
    **dict.fromkeys(("rgb48le", "rgb48be", "bgr48le", "bgr48be"), "gbrp16le"),
    **dict.fromkeys(("rgba64le", "rgba64be", "bgra64le", "bgra64be"), "gbrap16le"),
    **dict.fromkeys(("yuyv422", "uyvy422", "yvyu422", "nv16"), "yuv422p"),
    **dict.fromkeys(("y210le", "p210le"), "yuv422p10le"),
    **dict.fromkeys(("nv12", "nv21"), "yuv420p"),
    "p010le": "yuv420p10le",
    "gbrpf16le": "gbrpf32le",
    "gbrapf16le": "gbrapf32le",
}
"""Packed pixel formats and the planar ones that hold the same numbers; swscale only moves them."""
_PLANAR = re.compile(r"(?P<kind>yuvj?|yuva|gbra?p|gray)(?P<sub>4(?:20|22|44)p)?(?P<f32>f32)?\d*(?P<end>le|be)?")
_WEIGHTS = {1: yuv.BT709, 5: yuv.BT601, 6: yuv.BT601, 9: yuv.BT2020}
"""ITU-T H.273 matrix coefficients."""


def probe_movie(path: Path) -> MediaInfo:
    """What a movie is. Every frame is listed, the first is decoded.

    Raises:
        MediaError: as `movie_index`, or interlaced, turned other than by quarters, of a pixel format or codec not
            handled.
    """
    with opened_movie(path) as container:
        stream = picture_stream(container, path)
        index = movie_index(path)
        tags = _Tags.of(stream)
        first = next(container.decode(stream), None)
        if first is None:
            raise truncated(path, "no frame of it can be decoded")
        if first.interlaced_frame or int(stream.codec_context.field_order) > 1:
            raise _interlaced(path)
        name = _planar(first.format.name, path)
        alpha = name.startswith(("yuva", "gbra"))
        colour, note = movie_space(tags.said("transfer", first), tags.said("primaries", first))
        unread = "its alpha is not decoded" if stream.metadata.get("alpha_mode") == "1" and not alpha else ""
        notes = (index.cadence.note if index.cadence else "", note, unread)
        timecode, drop = _timecode(container, index.rate, path)
        size, aspect = (first.width, first.height), Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        if swaps(_orientation(first, path)):
            size, aspect = (size[1], size[0]), 1 / aspect
        return MediaInfo(
            "movie", FrameRange(0, index.frames - 1), index.rate, *size, pixel_aspect=aspect,
            channels=1 if name.startswith("gray") else 4 if alpha else 3,
            colour=colour, alpha="straight" if alpha else "none",
            bits=first.format.components[0].bits, timecode=timecode, drop=drop,
            reel=_tag(container, "reel_name", "reel", "tape", "com.apple.proapps.reel"), layers=(),
            note="; ".join(filter(None, notes)),
        )  # fmt: skip


class Movie:
    """An open movie. `read` decodes on from where it is, and seeks only where a key frame lies in between."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index = movie_index(path)
        self._stack = contextlib.ExitStack()
        self._container = self._stack.enter_context(opened_movie(path))
        self._stream = picture_stream(self._container, path)
        self._stream.thread_type = "AUTO"
        self._tags = _Tags.of(self._stream)
        self._frames: Iterator[Any] = iter(())
        self._next: int | None = None
        self._held: tuple[int, Any] = (-1, None)

    def close(self) -> None:
        self._stack.close()

    def read(self, number: int) -> NDArray[np.float32]:
        """Frame `number` (from 0) as (H, W, C) float32 code values, upright.

        Raises:
            MediaError: it cannot be decoded, or is interlaced.
        """
        picture = self.index.picture(number)
        if self._held[0] != picture:  # a variable rate shows a picture again
            self._held = picture, self._decoded(picture, number)
        frame = self._held[1]
        return upright(_pixels(frame, self._tags, self.path), _orientation(frame, self.path))

    def _decoded(self, picture: int, number: int) -> Any:
        key = self.index.key(picture)
        if self._next is None or not self.index.keys[key] <= self._next <= picture:
            self._seek(key)
        frame = self._forward(picture)
        while frame is None and key > 0:  # some containers land behind the key frame that was asked for
            key -= 1
            self._seek(key)
            frame = self._forward(picture)
        if frame is None or frame.is_corrupt:
            self._next = None
            raise MediaError(
                f"Frame {number} of this movie cannot be decoded.", where=one_line(str(self.path)),
                todo="Copy the movie again, or export it anew.",
            )  # fmt: skip
        self._next = picture + 1
        if frame.interlaced_frame:
            raise _interlaced(self.path)
        return frame

    def _seek(self, key: int) -> None:
        with explained_reading(self.path):
            self._container.seek(self.index.seeks[key], stream=self._stream)
        self._frames = self._container.decode(self._stream)
        self._next = self.index.keys[key]

    def _forward(self, picture: int) -> Any:
        wanted = self.index.pts[picture]
        with explained_reading(self.path):
            for frame in self._frames:
                if frame.pts is not None and frame.pts >= wanted:
                    return frame if frame.pts == wanted else None
        return None


def _interlaced(path: Path) -> MediaError:
    """Not woven and not split: what a model makes of two moments in one picture cannot be taken apart again."""
    return MediaError(
        "This movie is interlaced: each frame holds two moments, line by line.", where=one_line(str(path)),
        todo=f"Make it progressive, frame for frame: {by_ffmpeg(path, '-vf bwdif=send_frame')} "
        "(where both fields are one moment, PsF: -vf setfield=prog instead), then point the cut at the new file.",
    )  # fmt: skip


def _orientation(frame: Any, path: Path) -> int:
    """How the decoded picture has to be turned. Raises MediaError where that is not by quarter turns."""
    from av.sidedata.sidedata import Type

    found = frame.side_data.get(Type.DISPLAYMATRIX)
    if found is None:
        return 1
    orientation = orientation_of(memoryview(found).cast("B").cast("i").tolist())
    if orientation is None:
        raise MediaError(
            f"This movie is turned by {frame.rotation}° in its metadata: only quarter turns are handled.",
            where=one_line(str(path)), todo=f"Turn it into its pixels: {by_ffmpeg(path, '')}",
        )  # fmt: skip
    return orientation


def _tag(container: Any, *names: str) -> str:
    """The first of some tags that the file or one of its streams carries."""
    for tags in (container.metadata, *(stream.metadata for stream in container.streams)):
        for name in names:
            if tags.get(name):
                return one_line(tags[name])
    return ""


def _timecode(container: Any, rate: Fraction, path: Path) -> tuple[int | None, bool]:
    """The timecode of the first frame, in frames of the movie, and whether it is drop-frame.

    A QuickTime track may count at half or twice the movie's rate (50p with 25 fps timecode): its text and its count of
    frames tell which.
    """
    text = _tag(container, "timecode")
    count = _count(container, path)
    for scale in (Fraction(1), Fraction(1, 2), Fraction(2)):
        with contextlib.suppress(BadInput):
            found = parse_timecode(text, rate * scale)
            if count in (None, found):
                return round(found / scale), text[8] in ";."
    return None, False


def _count(container: Any, path: Path) -> int | None:
    """The first number in a QuickTime timecode track, frames since midnight; None where there is no such track."""
    for stream in container.streams.data:
        if stream.metadata.get("timecode") and len(stream.index_entries):
            with path.open("rb") as file:
                file.seek(stream.index_entries[0].pos)
                return int.from_bytes(file.read(4), "big")
    return None


@dataclass(frozen=True, slots=True)
class _Tags:
    """The container's colour tags, ITU-T H.273 numbers. Taken before the first frame: decoders write over them."""

    transfer: int
    primaries: int
    matrix: int
    range: int

    @classmethod
    def of(cls, stream: Any) -> _Tags:
        code = stream.codec_context
        return cls(int(code.color_trc), int(code.color_primaries), int(code.colorspace), int(code.color_range))

    def said(self, tag: str, frame: Any) -> int:
        """What the container says, else what the frame's own header says; 2 (for `range` 0) where nobody does."""
        own = getattr(self, tag)
        nothing = 0 if tag == "range" else 2
        return int(getattr(frame, _FRAME_TAGS[tag])) if own == nothing else own


_FRAME_TAGS = {"transfer": "color_trc", "primaries": "color_primaries", "matrix": "colorspace", "range": "color_range"}


# Pixels


def _planar(name: str, path: Path) -> str:
    planar = _TO_PLANES.get(name, name)
    if not _PLANAR.fullmatch(planar):
        raise MediaError(
            f"Movies of the pixel format {one_line(name)} are not handled.", where=one_line(str(path)),
            todo="Export it, for example as ProRes.",
        )  # fmt: skip
    return planar


def _pixels(frame: Any, tags: _Tags, path: Path) -> NDArray[np.float32]:
    import numpy as np

    name = _planar(frame.format.name, path)
    if name != frame.format.name:
        frame = frame.reformat(format=name)
    match = _PLANAR.fullmatch(name)
    assert match is not None
    bits = frame.format.components[0].bits
    kind = "f4" if match["f32"] else "u1" if bits == 8 else "u2"
    planes = [
        _plane(plane, np.dtype(kind).newbyteorder(">" if match["end"] == "be" else "<")) for plane in frame.planes
    ]
    if match["kind"].startswith("yuv"):
        shift = {"444p": (0, 0), "422p": (1, 0), "420p": (1, 1)}[match["sub"]]
        return yuv.decode(planes, yuv.Coding(bits, _weights(tags, frame, path), _full(tags, frame), shift))
    if match["kind"].startswith("gbr"):
        planes = [planes[n] for n in (2, 0, 1, 3)[: len(planes)]]
    stacked = np.stack(planes, axis=-1).astype(np.float32)
    if match["f32"]:
        return stacked
    if match["kind"] == "gray" and not _full(tags, frame):
        black, white = yuv.Coding(bits).luma
        return (stacked - np.float32(black)) / np.float32(white)
    return stacked / np.float32(2**bits - 1)


def _plane(plane: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    import numpy as np

    rows = np.frombuffer(plane, dtype).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _weights(tags: _Tags, frame: Any, path: Path) -> tuple[float, float]:
    """By the container's tag, then the frame's; without one BT.709 from 720 lines up and BT.601 below."""
    matrix = tags.said("matrix", frame)
    if matrix in _WEIGHTS:
        return _WEIGHTS[matrix]
    if matrix not in (0, 2):
        raise MediaError(
            f"Movies with the colour matrix {matrix} are not handled.", where=one_line(str(path)),
            todo=f"Write it with the BT.709 matrix: {by_ffmpeg(path, '-vf scale=out_color_matrix=bt709')}",
        )  # fmt: skip
    return yuv.BT709 if frame.height >= 720 else yuv.BT601


def _full(tags: _Tags, frame: Any) -> bool:
    """By name or tag; untagged Y'CbCr is limited, untagged grey is full."""
    said = tags.said("range", frame)
    return said != 1 if frame.format.name.startswith("gray") else frame.format.name.startswith("yuvj") or said == 2
