"""[av] Frames of a movie by number, exact also where they are coded out of order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, MediaError
from core.files import one_line
from core.frames import FrameRange, parse_timecode, rate_of
from core.media import yuv
from core.media.info import MediaInfo, movie_space
from core.media.listing import explained_reading, movie_index, opened_movie, picture_stream, truncated

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
_WEIGHTS = {1: yuv.BT709, 5: yuv.BT601, 6: yuv.BT601, 9: yuv.BT2020, 10: yuv.BT2020}
"""ITU-T H.273 matrix coefficients."""


def probe_movie(path: Path, count: bool = True) -> MediaInfo:
    """What a movie is. The first frame is decoded; with `count` every frame is listed, else the header is believed.

    Raises:
        MediaError: as `movie_index`, or interlaced, turned by metadata, of a pixel format or codec not handled.
    """
    with opened_movie(path) as container:
        stream = picture_stream(container, path)
        if count or not stream.frames:
            index = movie_index(path)
            frames, rate = len(index.pts), index.rate
        else:
            frames, rate = stream.frames, rate_of(stream.average_rate or stream.guessed_rate)
        first = next(container.decode(stream), None)
        if first is None:
            raise truncated(path, "no frame of it can be decoded")
        _refuse_odd(path, stream, first)
        name = _planar(first.format.name, path)
        alpha = name.startswith(("yuva", "gbra"))
        code = stream.codec_context
        colour, note = movie_space(int(code.color_trc), int(code.color_primaries))
        timecode, drop = _timecode(container, rate)
        return MediaInfo(
            "movie", FrameRange(0, frames - 1), rate, first.width, first.height,
            pixel_aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
            channels=1 if name.startswith("gray") else 4 if alpha else 3,
            colour=colour, alpha="straight" if alpha else "none",
            bits=first.format.components[0].bits, timecode=timecode, drop=drop,
            reel=_tag(container, "reel_name", "reel", "tape", "com.apple.proapps.reel"), layers=(), note=note,
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
        self._frames: Iterator[Any] = iter(())
        self._next: int | None = None

    def close(self) -> None:
        self._stack.close()

    def read(self, number: int) -> NDArray[np.float32]:
        """Frame `number` (from 0) as (H, W, C) float32 code values. Raises MediaError where it cannot be decoded."""
        key = self.index.key(number)
        if self._next is None or not self.index.keys[key] <= self._next <= number:
            self._seek(key)
        frame = self._forward(number)
        while frame is None and key > 0:  # some containers land behind the key frame that was asked for
            key -= 1
            self._seek(key)
            frame = self._forward(number)
        if frame is None or frame.is_corrupt:
            self._next = None
            raise MediaError(
                f"Frame {number} of this movie cannot be decoded.", where=one_line(str(self.path)),
                todo="Copy the movie again, or export it anew.",
            )  # fmt: skip
        self._next = number + 1
        return _pixels(frame, self._stream.codec_context, self.path)

    def _seek(self, key: int) -> None:
        with explained_reading(self.path):
            self._container.seek(self.index.seeks[key], stream=self._stream)
        self._frames = self._container.decode(self._stream)
        self._next = self.index.keys[key]

    def _forward(self, number: int) -> Any:
        wanted = self.index.pts[number]
        with explained_reading(self.path):
            for frame in self._frames:
                if frame.pts is not None and frame.pts >= wanted:
                    return frame if frame.pts == wanted else None
        return None


def _refuse_odd(path: Path, stream: Any, first: Any) -> None:
    odd = ""
    if first.interlaced_frame or int(stream.codec_context.field_order) > 1:
        odd = "interlaced"
    elif first.rotation:
        odd = f"turned by {first.rotation}° in its metadata"
    if odd:
        raise MediaError(
            f"This movie is {odd}, which is not handled yet.", where=one_line(str(path)),
            todo="Export it progressive and upright, for example as ProRes.",
        )  # fmt: skip


def _tag(container: Any, *names: str) -> str:
    """The first of some tags that the file or one of its streams carries."""
    for tags in (container.metadata, *(stream.metadata for stream in container.streams)):
        for name in names:
            if tags.get(name):
                return one_line(tags[name])
    return ""


def _timecode(container: Any, rate: Fraction) -> tuple[int | None, bool]:
    text = _tag(container, "timecode")
    try:
        return (parse_timecode(text, rate), text[8] in ";.") if text else (None, False)
    except BadInput:
        return None, False


# Pixels


def _planar(name: str, path: Path) -> str:
    planar = _TO_PLANES.get(name, name)
    if not _PLANAR.fullmatch(planar):
        raise MediaError(
            f"Movies of the pixel format {one_line(name)} are not handled.", where=one_line(str(path)),
            todo="Export it, for example as ProRes.",
        )  # fmt: skip
    return planar


def _pixels(frame: Any, code: Any, path: Path) -> NDArray[np.float32]:
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
        return yuv.decode(planes, yuv.Coding(bits, _weights(code, frame, path), _full(code, frame), shift))
    if match["kind"].startswith("gbr"):
        planes = [planes[n] for n in (2, 0, 1, 3)[: len(planes)]]
    stacked = np.stack(planes, axis=-1).astype(np.float32)
    if match["f32"]:
        return stacked
    if match["kind"] == "gray" and not _full(code, frame):
        black, white = yuv.Coding(bits).luma
        return (stacked - np.float32(black)) / np.float32(white)
    return stacked / np.float32(2**bits - 1)


def _plane(plane: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    import numpy as np

    rows = np.frombuffer(plane, dtype).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _weights(code: Any, frame: Any, path: Path) -> tuple[float, float]:
    """By the container's tag, then the frame's; without one BT.709 from 720 lines up and BT.601 below."""
    for tag in (int(code.colorspace), int(frame.colorspace)):
        if tag in _WEIGHTS:
            return _WEIGHTS[tag]
        if tag not in (0, 2):
            raise MediaError(
                f"Movies with the colour matrix {tag} are not handled.", where=one_line(str(path)),
                todo="Export it with the BT.709 matrix.",
            )  # fmt: skip
    return yuv.BT709 if frame.height >= 720 else yuv.BT601


def _full(code: Any, frame: Any) -> bool:
    """By name or tag; untagged Y'CbCr is limited, untagged grey is full."""
    ranges = (int(code.color_range), int(frame.color_range))
    if frame.format.name.startswith("gray"):
        return 1 not in ranges
    return frame.format.name.startswith("yuvj") or 2 in ranges
