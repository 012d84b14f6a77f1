"""Write plates as cameras, labs and artists deliver them: movies with timecode and reel, EXR sequences, sound."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media import yuv
from sample_project import sources
from sample_project.camera import SIZE, Picture

RATE = Fraction(sources.RATE)


@dataclass(frozen=True)
class Codec:
    """An encoder, its pixels, and options that give the same bytes every time."""

    encoder: str
    pixels: str
    coding: yuv.Coding
    options: Mapping[str, str] = field(default_factory=dict)


PRORES = Codec("prores_ks", "yuv422p10le", yuv.Coding(10, shift=(1, 0)), {"profile": "proxy", "vendor": "apl0"})
DNXHR = Codec("dnxhd", "yuv422p", yuv.Coding(8, shift=(1, 0)), {"profile": "dnxhr_lb"})
H264_422 = Codec(
    "libx264", "yuv422p10le", yuv.Coding(10, shift=(1, 0)), {"crf": "21", "preset": "slow", "tune": "grain", "g": "25"}
)
HEVC = Codec(
    "libx265", "yuv420p10le", yuv.Coding(10, shift=(1, 1)),
    {"preset": "medium", "tune": "grain",
     "x265-params": "crf=19:keyint=50:pools=none:frame-threads=1:info=0:log-level=0"},
)  # fmt: skip


def movie(path: Path, pictures: Iterable[Picture], codec: Codec, timecode: str, reel: str) -> None:
    """(H, W, 3) linear Rec.709, 0 … 1, as a movie tagged Rec.709, seen at gamma 2.4."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream(codec.encoder, RATE, options={**codec.options, "flags": "+bitexact"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = codec.pixels
        code = stream.codec_context
        code.thread_count = 1
        code.color_primaries, code.color_trc, code.colorspace, code.color_range = 1, 1, 1, 1
        stream.metadata["timecode"] = timecode
        stream.metadata["reel_name"] = reel
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame(*SIZE, codec.pixels)
            for plane, values in zip(frame.planes, yuv.encode(_encoded(picture), codec.coding), strict=True):
                rows = np.zeros((plane.height, plane.line_size // values.dtype.itemsize), values.dtype)
                rows[:, : values.shape[1]] = values
                plane.update(rows.tobytes())
            frame.pts, frame.time_base = number, 1 / RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _encoded(picture: Picture) -> Picture:
    return picture.clip(0, 1) ** np.float32(1 / 2.4)


def sequence(pattern: Path, pictures: Iterable[Picture], first: int) -> None:
    """(H, W, 4) premultiplied linear Rec.709 as half-float EXR files: `pattern` holds a printf number."""
    import OpenImageIO as oiio  # noqa: N813

    pattern.parent.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, first):
        spec = oiio.ImageSpec(*SIZE, 4, oiio.HALF)
        spec.channelnames = ["R", "G", "B", "A"]
        spec.attribute("compression", "dwaa:160")
        spec.attribute("DateTime", "2000:01:01 00:00:00")  # else the clock's
        spec.attribute("oiio:ColorSpace", "lin_rec709_scene")
        spec.attribute("chromaticities", "float[8]", (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290))
        spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (RATE.numerator, RATE.denominator))
        path = str(pattern) % number
        out: Any = oiio.ImageOutput.create(path)
        if not out.open(path, spec) or not out.write_image(picture) or not out.close():
            raise OSError(f"{path}: {out.geterror()}")


def sound(path: Path, samples: NDArray[np.floating[Any]], rate: int) -> None:
    """(N,) samples, −1 … 1, as 16-bit mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
