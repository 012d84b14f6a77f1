"""Frames that show their own number, and movies of them written by PyAV alone, as someone else's program would."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from core.media.read import MediaInfo, Reader

SIZE = (256, 144)
_BITS = 8
_PATCHES = ((0.75, 0.1, 0.1), (0.1, 0.75, 0.1), (0.1, 0.1, 0.75), (0.75, 0.75, 0.1))
"""Colours that come out wrong where matrix, range or channel order do."""

Picture = NDArray[np.float32]


def painted(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """(H, W, 3) in 0…1: the number as eight black or white blocks, colours below, a white corner at the top left."""
    width, height = size
    picture = np.full((height, width, 3), 0.4, np.float32)
    block, row = width // _BITS, height // 4
    picture[:row, : width // 4] = 1
    for bit in range(_BITS):
        picture[row : 2 * row, bit * block : (bit + 1) * block] = 0.9 * (number >> bit & 1) + 0.05
    for place, colour in enumerate(_PATCHES):
        picture[2 * row :, place * width // 4 : (place + 1) * width // 4] = colour
    return picture


def shown(picture: Picture) -> int:
    """The number that a picture shows."""
    height, width = picture.shape[:2]
    block, row = width // _BITS, height // 4
    lines = picture[row + row // 4 : 2 * row - row // 4, : _BITS * block, :3]
    means = lines.reshape(len(lines), _BITS, -1)[..., block // 2 : -block // 2].mean((0, 2))
    return sum(1 << bit for bit in range(_BITS) if means[bit] > 0.5)


def off(picture: Picture, number: int) -> float:
    """How far the middles of colours and corner are from what was painted, at most."""
    meant = painted(number, picture.shape[1::-1])
    height, width = picture.shape[:2]
    places = [(height * 3 // 4, (2 * n + 1) * width // 8) for n in range(4)] + [(height // 8, width // 8)]
    return max(
        float(np.abs(picture[y - 2 : y + 2, x - 2 : x + 2, :3].mean((0, 1)) - meant[y, x]).max()) for y, x in places
    )


def movie(
    path: Path, encoder: str, pixels: str, count: int = 40, *, rate: Fraction = Fraction(25),
    size: tuple[int, int] = SIZE,
    options: Mapping[str, str] = {}, container: str | None = None, muxing: Mapping[str, str] = {},
    tags: Mapping[str, str] = {}, times: Callable[[int], int] = int, alpha: Callable[[int], float] | None = None,
    colour: tuple[int, int, int] | None = (1, 1, 1), aspect: Fraction | None = None, base: Fraction | None = None,
) -> Path:  # fmt: skip
    """Write `count` painted frames.

    Args:
        times: presentation time of a frame, in units of `base` (one frame).
        colour: transfer, primaries and matrix tags (ITU-T H.273); None writes none.
    """
    with av.open(str(path), "w", format=container, options=dict(muxing)) as out:
        stream = out.add_stream(encoder, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt, stream.options = pixels, dict(options)
        code = stream.codec_context
        if colour:
            code.color_trc, code.color_primaries, code.colorspace = colour
            code.color_range = 2 if pixels.startswith("yuvj") else 1
        if base:
            code.time_base = stream.time_base = base
        if aspect:
            code.sample_aspect_ratio = aspect
        for key, value in tags.items():
            stream.metadata[key] = value
        for number in range(count):
            frame = _frame(number, pixels, size, alpha)
            frame.pts, frame.time_base = times(number), base or 1 / rate
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _frame(number: int, pixels: str, size: tuple[int, int], alpha: Callable[[int], float] | None) -> Any:
    picture = painted(number, size)
    name = "rgb48le"
    if alpha:
        picture, name = np.concatenate([picture, np.full_like(picture[..., :1], alpha(number))], -1), "rgba64le"
    frame = av.VideoFrame.from_ndarray((picture * 65535).round().astype(np.uint16), name)
    full = "JPEG" if pixels.startswith(("yuvj", "gbr", "rgb", "argb", "gray")) else "MPEG"
    return frame.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range=full)


def remuxed(source: Path, out: Path, *, matrix: Sequence[int] | None = None, shift: int = 0) -> Path:
    """The same coded pictures in another file: with a display matrix, or its first frames cut off by an edit list."""
    with av.open(str(source)) as inside, av.open(str(out), "w") as outside:
        original = inside.streams.video[0]
        stream = outside.add_stream_from_template(original)
        if matrix:
            stream.set_display_matrix(matrix)
        step = int(1 / (original.average_rate * original.time_base))  # type: ignore[operator]
        for packet in inside.demux(original):
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = packet.pts - shift * step, packet.dts - shift * step
                packet.stream = stream
                outside.mux(packet)
    return out


def decoded(path: Path) -> list[Picture]:
    """Every frame in order, by PyAV and its own conversion (8 bits): what another program sees."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [frame.to_ndarray(format="rgb24", src_colorspace="ITU709").astype(np.float32) / 255 for frame in frames]


def proved(path: Path, numbers: Sequence[int], *, tolerance: float = 0.03) -> MediaInfo:
    """Fails unless index n shows `numbers[n]`, in any order and bit for bit as in sequence, in the right colours."""
    with Reader(path) as reader:
        assert len(reader.info.frames) == len(numbers)
        in_order = [picture for _, picture in reader.stream(reader.info.frames)]
    assert [shown(picture) for picture in in_order] == list(numbers)
    assert max(off(picture, number) for picture, number in zip(in_order, numbers, strict=True)) < tolerance
    order = list(range(len(numbers)))
    random.Random(len(numbers)).shuffle(order)
    with Reader(path) as reader:
        for index in order:
            assert np.array_equal(reader.read(reader.info.frames.first + index), in_order[index]), index
        return reader.info


def as_others_see_it(path: Path, *, tolerance: float = 0.02) -> None:
    """Fails unless our frames are another decode's, to the precision of its 8 bits."""
    with Reader(path) as reader:
        for number, other in enumerate(decoded(path)):
            ours = np.clip(reader.read(number)[..., :3], 0, 1)
            assert np.abs(ours - other).mean() < tolerance, number
