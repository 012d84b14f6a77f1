"""The anisotropic Kuwahara filter: flat areas of colour with clean edges, drawn out along the shapes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from core.ops.flow import blur

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.ops.flow import Direction, Picture, Plane

SECTORS = 8
_RINGS = ((8, 0.36, 0.0), (16, 0.66, 0.5), (24, 0.93, 0.0))
"""Where the unit disc is sampled, besides its centre: points, radius, and by which share of a point they are turned."""
_OVERLAP, _OPENING = 0.25, 0.58
"""ζ, and the angle in radians at which a sector's weight is 0: Kyprianidis et al. 2010, section 3."""
_HARDNESS, _SHARPNESS = 255.0, 4
"""How fast a sector's weight falls with its variance; half of the paper's q = 8."""
_BAND = 2048
"""Pixels at a time: their samples stay in the processor's cache."""


def kuwahara(picture: Picture, direction: Direction, sure: Plane, radius: Plane) -> Picture:
    """(H, W, C) float32, each pixel the mean of the calmest sectors of an ellipse around it.

    The ellipse has the area of a circle of `radius` (H, W) pixels and lies along `direction`, up to twice as long and
    half as wide where the direction is `sure` (H, W; 0 … 1). Kyprianidis, Kang, Döllner, *Image and Video Abstraction
    by Anisotropic Kuwahara Filtering*, Computer Graphics Forum 28(7), 2009, with the sector weights of Kyprianidis,
    Semmo, Kang, Döllner, *Anisotropic Kuwahara Filtering with Polynomial Weighting Functions*, 2010. Each ellipse is
    read at 49 points of a picture that is blurred a little, so the time does not grow with the radius.

    All channels take part in the variance. Finite input gives finite output within its range.
    """
    import numpy as np

    height, width, channels = picture.shape
    groups = -(-channels // 4)
    packed = np.zeros((height, width, groups * 4), np.float32)
    packed[..., :channels] = blur(picture, 0.1 * float(radius.max()))
    # Four floats as one value of 16 bytes: numpy gathers these several times as fast as rows of floats.
    quads = np.ascontiguousarray(packed.view(np.complex128).reshape(-1, groups).T)
    points, weights = _disc()
    result = np.empty_like(packed)
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        band = slice(top, min(top + rows, height))
        index = _ellipses(points, direction, sure, radius, band)
        samples = [quad.take(index).view(np.float32).reshape(*index.shape, 4) for quad in quads]
        joined = samples[0] if groups == 1 else np.concatenate(samples, axis=-1)
        result[band] = _calmest(joined, weights).reshape(-1, width, groups * 4)
    return np.ascontiguousarray(result[..., :channels])


def _ellipses(
    points: NDArray[np.float32], direction: Direction, sure: Plane, radius: Plane, band: slice
) -> NDArray[np.intp]:
    """(points, pixels of the band): which pixel each point of each pixel's ellipse falls on; edges repeated."""
    import numpy as np

    height, width = radius.shape
    y, x = np.mgrid[band, 0:width].reshape(2, -1).astype(np.float32)
    way, stretch = direction[band].ravel(), 1 + sure[band].ravel()
    long, short = radius[band].ravel() * stretch, radius[band].ravel() / stretch
    u, v = points[:, :1], points[:, 1:]
    column = u * (long * way.real) - v * (short * way.imag) + x
    row = u * (long * way.imag) + v * (short * way.real) + y
    np.clip(column, 0, width - 1, out=column)
    np.clip(row, 0, height - 1, out=row)
    column += np.float32(0.5)
    row += np.float32(0.5)
    index = row.astype(np.intp)
    index *= width
    index += column.astype(np.intp)
    return index


def _calmest(samples: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(points, pixels, C) → (pixels, C): the sectors' means, weighted by how little their colours vary."""
    import numpy as np

    points, pixels, channels = samples.shape
    flat = samples.reshape(points, -1)
    mean = (weights @ flat).reshape(SECTORS, pixels, channels)
    square = (weights @ (flat * flat)).reshape(SECTORS, pixels, channels)
    square -= mean * mean
    spread = np.float32(_HARDNESS) * np.maximum(square.sum(-1), np.float32(0.0))
    share = 1 / (1 + spread**_SHARPNESS)
    share += np.float32(1e-12)
    share /= share.sum(0)
    return np.asarray((mean * share[..., None]).sum(0), np.float32)


@lru_cache(maxsize=1)
def _disc() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The points of the unit disc (N, 2), and their weights in each sector (8, N), sum 1."""
    import numpy as np

    angles = [(2 * np.pi * (k + turned) / count, radius) for count, radius, turned in _RINGS for k in range(count)]
    points = np.array([(0.0, 0.0), *((radius * np.cos(a), radius * np.sin(a)) for a, radius in angles)])
    bend = (_OVERLAP + np.cos(_OPENING)) / np.sin(_OPENING) ** 2
    weights = []
    for sector in range(SECTORS):
        turn = 2 * np.pi * sector / SECTORS
        x = points[:, 0] * np.cos(turn) + points[:, 1] * np.sin(turn)
        y = points[:, 1] * np.cos(turn) - points[:, 0] * np.sin(turn)
        sector_weights = np.maximum(x + _OVERLAP - bend * y * y, 0) ** 2 * np.exp(-2.0 * (x * x + y * y))
        weights.append(sector_weights / sector_weights.sum())
    return points.astype(np.float32), np.array(weights, np.float32)
