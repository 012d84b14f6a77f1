"""Make the sample's two plates from still photographs: a camera move in linear light, with grain.

    python -m sample_project.make_media FOLDER

FOLDER holds `rocket.jpg` and `coffee.png` of scikit-image's data (see CREDITS.md). The same inputs and library versions
give the same files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_project import folder

SIZE = (640, 360)
RATE = Fraction(25)
Picture = NDArray[np.float32]


def main(photographs: Path) -> None:
    media = folder() / "media"
    rocket = move(photographs / "rocket.jpg", 44, (0.0, 20.0, 640.0), (60.0, 50.0, 500.0), grain=0.018, seed=1969)
    write_movie(media / "rocket.mov", rocket, timecode="10:00:00:00", reel="A001R1")
    coffee = move(photographs / "coffee.png", 28, (0.0, 10.0, 590.0), (20.0, 50.0, 560.0), grain=0.008, seed=600)
    write_sequence(media / "coffee", "coffee", coffee, first=90000)


def move(
    photograph: Path, count: int, start: tuple[float, ...], end: tuple[float, ...], grain: float, seed: int
) -> Iterator[Picture]:
    """A camera move over a photograph as (H, W, 3) float32, linear Rec.709.

    `start` and `end` are the frame's left and top edge and its width, in the photograph's pixels. The move eases in and
    out. Grain is stronger in the mid-tones and a little soft, as film scans are.
    """
    from PIL import Image

    encoded = np.asarray(Image.open(photograph).convert("RGB"), np.float32) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    planes = [Image.fromarray(linear[..., channel]) for channel in range(3)]
    noise = np.random.default_rng(seed)
    for number in range(count):
        t = number / (count - 1)
        ease = t * t * (3 - 2 * t)
        left, top, width = (a + (b - a) * ease for a, b in zip(start, end, strict=True))
        scale = width / SIZE[0]
        matrix = (scale, 0.0, left, 0.0, scale, top)
        bands = [plane.transform(SIZE, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC) for plane in planes]
        picture = np.stack([np.asarray(band, np.float32) for band in bands], axis=-1).clip(0, None)
        yield picture + grain * np.sqrt(picture.mean(-1, keepdims=True)) * _grain(noise)


def _grain(noise: np.random.Generator) -> Picture:
    fine = noise.standard_normal((SIZE[1] + 1, SIZE[0] + 1, 3), np.float32)
    soft: Picture = (fine[:-1, :-1] * 2 + fine[1:, :-1] + fine[:-1, 1:]) / np.float32(np.sqrt(6))
    return soft


def write_movie(path: Path, pictures: Iterator[Picture], timecode: str, reel: str) -> None:
    """ProRes 422 Proxy, 10 bit, Rec.709 at gamma 2.4, with a timecode track that carries the reel."""
    import av

    options = {"movflags": "write_colr", "fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        stream: Any = container.add_stream("prores_ks", RATE, options={"profile": "proxy", "flags": "+bitexact"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv422p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
        stream.metadata["timecode"] = timecode
        stream.metadata["reel_name"] = reel
        for number, picture in enumerate(pictures):
            code = (picture.clip(0, 1) ** np.float32(1 / 2.4) * 65535 + 0.5).astype(np.uint16)
            frame = av.VideoFrame.from_ndarray(code, "rgb48le").reformat(
                format="yuv422p10le", src_colorspace="ITU709", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            frame.pts, frame.time_base = number, 1 / RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_sequence(into: Path, name: str, pictures: Iterator[Picture], first: int) -> None:
    """Half-float EXR, linear Rec.709, numbered by timecode."""
    import OpenImageIO

    into.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, first):
        spec = OpenImageIO.ImageSpec(*SIZE, 3, OpenImageIO.HALF)
        spec.attribute("compression", "dwaa:650")
        spec.attribute("DateTime", "2000:01:01 00:00:00")  # else the clock's
        spec.attribute("oiio:ColorSpace", "lin_rec709_scene")
        spec.attribute("chromaticities", "float[8]", (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290))
        spec.attribute("FramesPerSecond", OpenImageIO.TypeDesc("rational"), (RATE.numerator, RATE.denominator))
        path = into / f"{name}.{number:07d}.exr"
        output = OpenImageIO.ImageOutput.create(str(path))
        if not output.open(str(path), spec) or not output.write_image(picture) or not output.close():
            raise OSError(f"{path}: {output.geterror()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sample_project.make_media FOLDER (with rocket.jpg and coffee.png)")
    main(Path(sys.argv[1]))
