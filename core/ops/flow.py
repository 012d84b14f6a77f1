"""The way that shapes run in a picture, and what is drawn along it: line integrals, streaks, steady noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from core.media.resample import Filter, resize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    """(H, W) float32."""
    Picture = NDArray[np.float32]
    """(H, W) or (H, W, C) float32."""
    Direction = NDArray[np.complex64]
    """(H, W): a unit vector, x + iy with y downwards. v and −v are the same direction."""

LINES = 1080
"""Lengths in recipes are pixels of a picture of so many lines, so that a look is the same at every size."""
LUMA = (0.299, 0.587, 0.114)
"""Of pictures as shown on a screen (Rec. BT.601)."""
_FLOW_LINES = 360
"""The flow is smooth: it is measured on a picture of at most so many lines."""
_TEXTURE = (0.012, 0.1)
"""Contrasts between which the plate's own texture carries the streaks: less is grain, more is an outline."""
_BAND = 8192
"""Pixels worked on at a time, so that what is between two steps stays in the processor's cache."""


def luma(picture: Picture) -> Plane:
    """(H, W, 3) as shown on a screen → (H, W)."""
    import numpy as np

    return np.asarray(picture[..., :3] @ np.array(LUMA, np.float32), np.float32)


def blur(picture: Picture, sigma: float) -> Picture:
    """A Gaussian of `sigma` pixels, edges repeated. Below a fifth of a pixel it is the picture itself."""
    import numpy as np

    if sigma < 0.2:
        return picture
    reach = max(1, int(np.ceil(2.6 * sigma)))
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    taps = (taps / (taps[0] + 2 * taps[1:].sum())).astype(np.float32)
    for axis in (0, 1):
        length = picture.shape[axis]
        turned = np.moveaxis(picture, axis, 0)
        padded = np.concatenate([np.repeat(turned[:1], reach, 0), turned, np.repeat(turned[-1:], reach, 0)])
        result = padded[reach : reach + length] * taps[0]
        for shift in range(1, reach + 1):
            pair = padded[reach - shift : reach - shift + length] + padded[reach + shift : reach + shift + length]
            pair *= taps[shift]
            result += pair
        picture = np.ascontiguousarray(np.moveaxis(result, 0, axis))
    return picture


def at_size(picture: Picture, shape: tuple[int, int], filter: Filter = "triangle") -> Picture:
    """(H, W) or (H, W, C) at another (height, width)."""
    flat = picture.ndim == 2
    result: Picture = resize((picture[None, ..., None] if flat else picture[None]), shape, filter)[0]
    return result[..., 0] if flat else result


@lru_cache(maxsize=8)
def noise(shape: tuple[int, int], cell: float, seed: int) -> Plane:
    """Smooth noise of mean 0 whose features are `cell` pixels wide; read-only. It depends on nothing else: the same
    seed gives the same noise in every frame, and at another size of the picture the same noise, scaled."""
    import numpy as np

    lattice = tuple(max(2, round(side / max(cell, 1.0))) for side in shape)
    values = np.random.default_rng(seed).standard_normal(lattice, np.float32)
    result = at_size(values, shape, "cubic")
    result.setflags(write=False)
    return result


def structure(picture: Picture, radius: float) -> Picture:
    """The smoothed structure tensor of (H, W, C) as shown on a screen: (h, w, 3) with xx, xy and yy, h ≤ 360.

    Di Zenzo's tensor over the channels; smoothed over `radius` pixels (of the picture given) and, weaker, over more,
    so that plain areas take the direction of the shapes around them.
    """
    import numpy as np

    height, width = picture.shape[:2]
    scale = min(1.0, _FLOW_LINES / height)
    small = (max(2, round(height * scale)), max(2, round(width * scale)))
    seen = np.pad(blur(at_size(picture, small), 0.8), ((1, 1), (1, 1), (0, 0)), mode="edge")
    # Scharr's derivatives
    across, down = seen[:, 2:] - seen[:, :-2], seen[2:] - seen[:-2]
    dx = (3 * (across[:-2] + across[2:]) + 10 * across[1:-1]) / 32
    dy = (3 * (down[:, :-2] + down[:, 2:]) + 10 * down[:, 1:-1]) / 32
    tensor = np.stack([(dx * dx).sum(-1), (dx * dy).sum(-1), (dy * dy).sum(-1)], axis=-1)
    sigma = max(radius * scale, 1.0)
    coarse = at_size(tensor, (max(2, small[0] // 4), max(2, small[1] // 4)))
    wide, wider = (at_size(blur(coarse, max(sigma * times / 4, 1.0)), small) for times in (2.0, 7.0))
    return np.asarray(blur(tensor, 0.6 * sigma) + 0.25 * wide + 0.05 * wider, np.float32)


def along_shapes(
    tensor: Picture, shape: tuple[int, int], hand: Plane | float, firmness: float
) -> tuple[Direction, Plane]:
    """The direction along the shapes, and how sure it is (0 … 1), both (H, W) of `shape`.

    `hand` (radians) is the direction where the picture says nothing; `firmness` is how strong an edge has to be to turn
    it, as an eigenvalue of the tensor. Without it grain would turn the strokes of plain areas in every frame.
    """
    import numpy as np

    xx, xy, yy = tensor[..., 0], tensor[..., 1], tensor[..., 2]
    # A direction as the double angle of the gradient across it, so that it can be summed and resized.
    double = np.stack(
        [xx - yy - firmness * np.cos(2 * hand), 2 * xy - firmness * np.sin(2 * hand), xx + yy + firmness], axis=-1
    )
    double = at_size(double.astype(np.float32), shape)
    angle = 0.5 * np.arctan2(double[..., 1], double[..., 0]) + np.float32(np.pi / 2)
    direction = (np.cos(angle) + 1j * np.sin(angle)).astype(np.complex64)
    sure = np.hypot(double[..., 0], double[..., 1]) / np.maximum(double[..., 2], np.float32(1e-12))
    return direction, np.clip(sure, 0.0, 1.0)


def smaller(direction: Direction, shape: tuple[int, int]) -> Direction:
    """Directions at a smaller (height, width)."""
    import numpy as np

    if direction.shape == shape:
        return direction
    square = direction * direction
    double = at_size(np.stack([square.real, square.imag], axis=-1), shape)
    angle = 0.5 * np.arctan2(double[..., 1], double[..., 0])
    return (np.cos(angle) + 1j * np.sin(angle)).astype(np.complex64)


def line_integral(values: Plane, direction: Direction, weights: Sequence[float], step: float) -> Plane:
    """Sums `values` along the flow, `weights[k]` for the points k steps of `step` pixels away, both ways; normalised.

    Line integral convolution: Cabral & Leedom, *Imaging Vector Fields Using Line Integral Convolution*, SIGGRAPH 1993.
    """
    import numpy as np

    height, width = values.shape
    taps = np.asarray(weights, np.float32) / np.float32(weights[0] + 2 * sum(weights[1:]))
    flat, ways = np.ascontiguousarray(values).ravel(), direction.ravel()
    result = flat.reshape(values.shape) * taps[0]
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        band = result[top : top + rows].reshape(-1)
        start_y, start_x = np.mgrid[top : min(top + rows, height), 0:width].reshape(2, -1).astype(np.float32)
        for sign in (1, -1):
            x, y = start_x.copy(), start_y.copy()
            way = direction[top : top + rows].ravel() * np.float32(sign * step)
            dx, dy = way.real.copy(), way.imag.copy()
            for tap in taps[1:]:
                x += dx
                y += dy
                index = _nearest(x, y, width, height)
                band += tap * flat.take(index)
                there = ways.take(index)
                turn = there.real * dx + there.imag * dy < 0
                there *= np.where(turn, np.float32(-step), np.float32(step))
                dx, dy = there.real.copy(), there.imag.copy()
    return np.asarray(result, np.float32)


def streaks(source: Plane, direction: Direction, half: float, cell: float) -> Plane:
    """`source`, noise `cell` pixels wide, drawn out `half` pixels each way along the flow; deviation about 1.

    Two integrals, in wide steps and then over what lies between, reach as far as one with many more steps.
    """
    import numpy as np

    stride = max(1, round(float(np.sqrt(half / 2))))
    count = round(half / stride)
    fade = [0.5 + 0.5 * float(np.cos(np.pi * k / (count + 1))) for k in range(count + 1)]
    drawn = line_integral(source, direction, fade, float(stride))
    # Wide steps and rounding to pixels leave a weave; a tent twice as wide as a step, after them, takes it away.
    drawn = line_integral(drawn, direction, [2 * stride - k for k in range(2 * stride)], 1.0) if count else drawn
    return np.asarray(blur(drawn, 0.6) * np.float32(1.1 * np.sqrt(1 + 1.35 * half / max(cell, 1.0))), np.float32)


def anchored(source: Plane, light: Plane, cell: float, share: float) -> Plane:
    """Noise `source` with up to `share` of it replaced by the texture of `light` (H, W) at the scale of `cell` pixels.

    Texture moves with what it lies on: strokes drawn from it travel with the picture instead of staying on the screen.
    Where there is none, the noise stays; it would flicker if grain took its place.
    """
    import numpy as np

    sigma = max(0.35 * cell, 0.7)
    texture = blur(light, 0.7 * sigma) - blur(light, 2.0 * sigma)
    power = blur(texture * texture, 4.0 * sigma)
    least, most = (np.float32(contrast**2) for contrast in _TEXTURE)
    weight = np.float32(share) * power / (power + least) * most / (power + most)
    own = np.float32(1.3) * np.tanh(np.float32(0.8) * texture / np.sqrt(power + np.float32(1e-9)))
    return np.asarray((source * (1 - weight) + own * weight) / np.sqrt(weight**2 + (1 - weight) ** 2), np.float32)


def tapped(picture: Picture, direction: Direction, weights: Sequence[float], step: float) -> Picture:
    """(H, W, C ≤ 8) or (H, W) summed along the straight line through each pixel: `weights[k]` for the points k steps
    away on either side. Turned by 1j, `direction` runs across the flow."""
    import numpy as np

    height, width = direction.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    flat = np.ascontiguousarray(picture).reshape(height * width, -1)
    result = flat * np.float32(weights[0])
    for distance, weight in enumerate(weights[1:], 1):
        for sign in (distance, -distance):
            shift = np.float32(sign * step)
            index = _nearest(x + direction.real * shift, y + direction.imag * shift, width, height)
            result += np.float32(weight) * flat.take(index.ravel(), axis=0)
    return result.reshape(picture.shape)


def moved(picture: Picture, dx: Plane, dy: Plane) -> Picture:
    """(H, W, C) with each pixel taken from dx, dy pixels away, between pixels linearly; edges repeated."""
    import numpy as np

    height, width = dx.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = np.clip(x + dx, 0, width - 1.001), np.clip(y + dy, 0, height - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    across = (x - left).astype(np.float32).reshape(-1, 1)
    down = (y - top).astype(np.float32).reshape(-1, 1)
    index, flat = (top * width + left).ravel(), np.ascontiguousarray(picture).reshape(height * width, -1)
    upper, lower = flat.take(index, axis=0), flat.take(index + width, axis=0)
    upper += (flat.take(index + 1, axis=0) - upper) * across
    lower += (flat.take(index + width + 1, axis=0) - lower) * across
    upper += (lower - upper) * down
    return np.asarray(upper.reshape(picture.shape), np.float32)


def _nearest(x: Plane, y: Plane, width: int, height: int) -> NDArray[np.intp]:
    """The index of the pixel at x, y, edges repeated. Clips both in place."""
    import numpy as np

    np.clip(x, 0, width - 1, out=x)
    np.clip(y, 0, height - 1, out=y)
    index = (y + np.float32(0.5)).astype(np.intp)
    index *= width
    index += (x + np.float32(0.5)).astype(np.intp)
    return index
