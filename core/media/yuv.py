"""Y'CbCr planes ↔ R'G'B', in float32 and without a step of 8 bits in between.

swscale is not used for this: it puts white at 0.996 and clips what lies above it (super-whites are real light in a
camera's movie). The equations are ITU-R BT.601, BT.709 and BT.2020; the sums are written out, so that they come out the
same on every machine. Chroma is taken as sited on the left luma sample and, in 4:2:0, between two lines (the default of
MPEG-2, H.264 and HEVC), and interpolated linearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8] | NDArray[np.uint16]
    Picture = NDArray[np.float32]

BT709, BT601, BT2020 = (0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)
"""The weights of red and blue in luma."""
_BAND = 32
"""Rows in one pass: small enough to stay in the cache of a core, even, so that chroma lines stay paired."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How numbers in planes mean colours."""

    bits: int
    weights: tuple[float, float] = BT709
    full: bool = False
    """True: codes 0 … 2^bits − 1. False: the limited range of video, 16 … 235 (chroma to 240) of 255."""
    shift: tuple[int, int] = (0, 0)
    """log2 of chroma subsampling, across and down: 4:4:4 (0, 0), 4:2:2 (1, 0), 4:2:0 (1, 1)."""

    @property
    def luma(self) -> tuple[float, float]:
        """Code of black, codes from black to white."""
        return (0.0, 2.0**self.bits - 1) if self.full else (16.0 * 2 ** (self.bits - 8), 219.0 * 2 ** (self.bits - 8))

    @property
    def chroma(self) -> tuple[float, float]:
        """Code of grey, codes from −½ to ½."""
        scale = 2.0**self.bits - 1 if self.full else 224.0 * 2 ** (self.bits - 8)
        return 2.0 ** (self.bits - 1), scale


def decode(planes: Sequence[Any], coding: Coding) -> Picture:
    """Y', Cb, Cr (and alpha) planes → (H, W, 3 or 4) float32 R'G'B'(A); black 0, white 1, beyond both kept."""
    import numpy as np

    luma, blue, red = planes[:3]
    height, width = luma.shape
    out = np.empty((height, width, len(planes)), np.float32)
    black, range_ = coding.luma
    grey, swing = coding.chroma
    kr, kb = coding.weights
    kg = 1 - kr - kb
    for top in range(0, height, _BAND):
        rows = slice(top, min(top + _BAND, height))
        y = (luma[rows].astype(np.float32) - np.float32(black)) / np.float32(range_)
        cb = (_upsample(blue, rows, width, coding.shift) - np.float32(grey)) * np.float32(1 / swing)
        cr = (_upsample(red, rows, width, coding.shift) - np.float32(grey)) * np.float32(1 / swing)
        out[rows, :, 0] = y + np.float32(2 * (1 - kr)) * cr
        out[rows, :, 1] = y - np.float32(2 * kb * (1 - kb) / kg) * cb - np.float32(2 * kr * (1 - kr) / kg) * cr
        out[rows, :, 2] = y + np.float32(2 * (1 - kb)) * cb
        if len(planes) == 4:
            out[rows, :, 3] = planes[3][rows].astype(np.float32) / np.float32(2**coding.bits - 1)
    return out


def _upsample(plane: Any, rows: slice, width: int, shift: tuple[int, int]) -> Picture:
    """The chroma of some luma rows at full size, as codes."""
    import numpy as np

    if shift[1]:
        at = np.arange(rows.start, rows.stop)
        near = at // 2
        far = np.clip(near + (at % 2) * 2 - 1, 0, plane.shape[0] - 1)
        lines = plane[near].astype(np.float32) * np.float32(0.75) + plane[far].astype(np.float32) * np.float32(0.25)
    else:
        lines = plane[rows].astype(np.float32)
    if not shift[0]:
        return lines  # type: ignore[no-any-return]
    full = np.empty((lines.shape[0], width), np.float32)
    full[:, 0::2] = lines[:, : (width + 1) // 2]
    right = np.concatenate([lines[:, 1:], lines[:, -1:]], axis=1)
    full[:, 1::2] = ((lines + right) * np.float32(0.5))[:, : width // 2]
    return full


def encode(picture: Picture, coding: Coding) -> list[Any]:
    """(H, W, 3 or 4) float32 R'G'B'(A) → planes of rounded codes (uint8 for 8 bits, else uint16).

    Values are clipped to [0, 1] first: a movie made for looking at holds no others. NaN becomes black.
    """
    import numpy as np

    height, width, channels = picture.shape
    dtype = np.uint8 if coding.bits == 8 else np.uint16
    across, down = coding.shift
    size = ((height + down) >> down, (width + across) >> across)
    luma = np.empty((height, width), dtype)
    blue, red = np.empty(size, dtype), np.empty(size, dtype)
    kr, kb = coding.weights
    black, range_ = coding.luma
    grey, swing = coding.chroma
    for top in range(0, height, _BAND):
        rows = slice(top, min(top + _BAND, height))
        band = np.nan_to_num(np.clip(picture[rows, :, :3], 0, 1), nan=0.0)
        r, g, b = (band[..., n] for n in range(3))
        y = np.float32(kr) * r + np.float32(1 - kr - kb) * g + np.float32(kb) * b
        luma[rows] = np.rint(y * np.float32(range_) + np.float32(black))
        lines = slice(top >> down, (rows.stop + down) >> down)
        for plane, colour, weight in ((blue, b, kb), (red, r, kr)):
            chroma = _downsample((colour - y) * np.float32(swing / (2 * (1 - weight))), coding.shift)
            plane[lines] = np.rint(chroma + np.float32(grey))
    planes = [luma, blue, red]
    if channels == 4:
        alpha = np.nan_to_num(np.clip(picture[..., 3], 0, 1), nan=0.0)
        planes.append(np.rint(alpha * np.float32(2**coding.bits - 1)).astype(dtype))
    return planes


def _downsample(chroma: Picture, shift: tuple[int, int]) -> Picture:
    """Filter with ¼ ½ ¼ around every second sample (left-sited), then the mean of two lines."""
    import numpy as np

    if shift[0]:
        padded = np.pad(chroma, ((0, 0), (1, 1)), mode="edge")
        chroma = padded[:, 1:-1:2] * np.float32(0.5) + (padded[:, 0:-2:2] + padded[:, 2::2]) * np.float32(0.25)
    if shift[1]:
        if chroma.shape[0] % 2:
            chroma = np.concatenate([chroma, chroma[-1:]])
        chroma = (chroma[0::2] + chroma[1::2]) * np.float32(0.5)
    return chroma
