"""Change the size of pictures: separable filters that average over the whole area when they make smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.float32]

Filter = Literal["lanczos3", "cubic", "triangle"]
Fit = Literal["crop", "pad", "stretch"]
Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are not included."""

LARGEST_HALF = 65504.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a source lies in another size: `inside` (of the source) fills `place` (of the other)."""

    source: tuple[int, int]
    """width, height"""
    size: tuple[int, int]
    """width, height"""
    inside: Box
    place: Box


def placement(source: tuple[int, int], size: tuple[int, int], fit: Fit) -> Placement:
    """Fit `source` (width, height) into `size`, centred.

    crop: fills `size`, the overhang is cut. pad: the whole source, borders left. stretch: both, the aspect changes.
    """
    (width, height), (wide, high) = source, size
    whole, full = (0, 0, width, height), (0, 0, wide, high)
    if fit == "crop":
        scale = max(wide / width, high / height)
        return Placement(source, size, _centred(width, height, wide / scale, high / scale), full)
    if fit == "pad":
        scale = min(wide / width, high / height)
        return Placement(source, size, whole, _centred(wide, high, width * scale, height * scale))
    return Placement(source, size, whole, full)


def _centred(width: int, height: int, wide: float, high: float) -> Box:
    inner_w, inner_h = (max(1, min(round(wide), width)), max(1, min(round(high), height)))
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    return left, top, left + inner_w, top + inner_h


def to_model(
    pictures: Pictures, size: tuple[int, int], fit: Fit, filter: Filter = "lanczos3"
) -> tuple[Pictures, Placement]:
    """(B, H, W, C) float32 at a model's `size` (width, height), and how to take the result back with `from_model`.

    Padding repeats the picture's edge (a model paints black borders into the picture). Always finite: NaN becomes 0 and
    Inf the largest half float, because a model would spread one bad pixel over the whole frame.
    """
    import numpy as np

    where = placement((pictures.shape[2], pictures.shape[1]), size, fit)
    left, top, right, bottom = where.inside
    clean = np.nan_to_num(pictures[:, top:bottom, left:right], nan=0.0, posinf=LARGEST_HALF, neginf=-LARGEST_HALF)
    x0, y0, x1, y1 = where.place
    inner = resize(clean, (y1 - y0, x1 - x0), filter)
    if where.place == (0, 0, *size):
        return inner, where
    return np.pad(inner, ((0, 0), (y0, size[1] - y1), (x0, size[0] - x1), (0, 0)), mode="edge"), where


def from_model(pictures: Pictures, where: Placement, filter: Filter = "lanczos3") -> tuple[Pictures, Pictures]:
    """A model's (B, h, w, C) at the source's size, (B, H, W, C), and which part of it is covered, (H, W, 1).

    Outside the covered part (what `crop` cut away) the picture is 0 and the cover is 0; inside the cover is exactly 1.
    """
    import numpy as np

    (width, height), (left, top, right, bottom), (x0, y0, x1, y1) = where.source, where.inside, where.place
    inner = resize(pictures[:, y0:y1, x0:x1], (bottom - top, right - left), filter)
    cover = np.zeros((height, width, 1), np.float32)
    cover[top:bottom, left:right] = 1.0
    if where.inside == (0, 0, width, height):
        return inner, cover
    whole = np.zeros((pictures.shape[0], height, width, pictures.shape[3]), np.float32)
    whole[:, top:bottom, left:right] = inner
    return whole, cover


def resize(pictures: Pictures, shape: tuple[int, int], filter: Filter = "lanczos3") -> Pictures:
    """(B, H, W, C) float32 at `shape` (height, width): the same array where the size is that already.

    lanczos3 keeps most detail and rings at hard edges (values below 0 beside highlights); cubic (Keys 1981, a = −1/2)
    rings less; triangle never leaves the range of its source: for mattes. When making smaller the filter is as wide
    as the area it averages. NaN and Inf reach as far as the filter does.
    """
    result = _along_height(pictures, shape[0], filter)
    if shape[1] == pictures.shape[2]:
        return result
    turned = _along_height(result.swapaxes(1, 2), shape[1], filter)
    import numpy as np

    return np.ascontiguousarray(turned.swapaxes(1, 2))


def _along_height(pictures: Pictures, length: int, filter: Filter) -> Pictures:
    import numpy as np

    if pictures.shape[1] == length:
        return pictures
    rows = np.ascontiguousarray(pictures).reshape(pictures.shape[0], pictures.shape[1], -1)
    indexes, weights = _taps(pictures.shape[1], length, filter)
    result = np.zeros((rows.shape[0], length, rows.shape[2]), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for row in range(length):  # row by row: the few rows a filter reads stay in the cache
            for index, weight in zip(indexes[row], weights[row], strict=True):
                if weight:
                    result[:, row] += weight * rows[:, index]
    return result.reshape(pictures.shape[0], length, *pictures.shape[2:])


@lru_cache(maxsize=64)
def _taps(source: int, length: int, filter: Filter) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Per output sample, the source samples it reads and their weights (sum 1; edges renormalised)."""
    import numpy as np

    shape, radius = _FILTERS[filter]
    scale = max(source / length, 1.0)
    centre = (np.arange(length) + 0.5) * (source / length)
    first = np.floor(centre - radius * scale).astype(np.int64)
    indexes = first[:, None] + np.arange(int(np.ceil(2 * radius * scale)) + 2)
    weights = shape(((indexes + 0.5) - centre[:, None]) / scale)
    weights[(indexes < 0) | (indexes >= source)] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(indexes, 0, source - 1), weights.astype(np.float32)


def _lanczos3(x: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.maximum(0.0, 1.0 - np.abs(x))


_FILTERS: dict[Filter, tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], float]] = {
    "lanczos3": (_lanczos3, 3.0),
    "cubic": (_cubic, 2.0),
    "triangle": (_triangle, 1.0),
}
