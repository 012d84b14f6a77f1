"""A picture as half-blocks: one cell is two pixels, `▀` in the colour of the upper one on that of the lower one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.video.pace import Budget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pixel = tuple[int, int, int]


def fitted_size(width: int, height: int, columns: int, rows: int, pixel_aspect: float = 1.0) -> tuple[int, int]:
    """The largest (columns, pixel rows) with the picture's shape in a box of cells; pixel rows are even, at least 2."""
    wide = width * pixel_aspect
    scale = min(columns / wide, 2 * rows / height)
    return max(1, min(columns, round(wide * scale))), max(2, min(2 * rows, round(height * scale / 2) * 2))


def scaled(picture: NDArray[np.uint8], columns: int, pixel_rows: int) -> NDArray[np.uint8]:
    """(H, W, 3) as (pixel_rows, columns, 3): means over boxes; where it grows, the nearest pixel."""
    import numpy as np

    result = picture.astype(np.float64)
    for axis, size in ((0, pixel_rows), (1, columns)):
        starts = np.arange(size) * result.shape[axis] // size
        # reduceat takes the one value where a box is empty, which is what growing needs.
        sums = np.add.reduceat(result, starts, axis=axis)
        counts = np.maximum(np.diff(np.append(starts, result.shape[axis])), 1)
        result = sums / (counts[:, None, None] if axis == 0 else counts[None, :, None])
    return (result + 0.5).astype(np.uint8)


def cell_rows(pixels: NDArray[np.uint8]) -> list[list[tuple[Pixel, Pixel, int]]]:
    """(2R, C, 3) as R rows of runs: upper colour, lower colour, how many cells."""
    rows = []
    for upper, lower in zip(pixels[0::2].tolist(), pixels[1::2].tolist(), strict=True):
        cells = [(tuple(a), tuple(b)) for a, b in zip(upper, lower, strict=True)]
        rows.append([(above, below, len(list(run))) for (above, below), run in groupby(cells)])
    return rows


def strips(
    picture: NDArray[np.uint8], columns: int, rows: int, pixel_aspect: float = 1.0, *, colours: bool = True
) -> list[Strip]:
    """(H, W, 3) uint8 in sRGB as one Strip a line of cells, fitted into `columns` × `rows`; in shades where the
    terminal has no colours."""
    size = fitted_size(picture.shape[1], picture.shape[0], columns, rows, pixel_aspect)
    pixels = scaled(picture, *size)
    if not colours:
        from tui.video.cells import lines

        texts, _ = lines(pixels, Budget(palette="shades"))
        return [Strip([Segment(text.removesuffix("\x1b[0m"), Style.null())], size[0]) for text in texts]
    return [
        Strip([Segment("▀" * count, _style(above, below)) for above, below, count in row], size[0])
        for row in cell_rows(pixels)
    ]


def _style(above: Pixel, below: Pixel) -> Style:
    return Style(color=Color.from_triplet(ColorTriplet(*above)), bgcolor=Color.from_triplet(ColorTriplet(*below)))
