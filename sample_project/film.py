"""What 16 mm film does to light: halation, response, grain, and how it sits in the gate.

Pictures are (H, W, 3) float32, linear Rec.709. All values were set by eye, on frames. Needs SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_project.camera import soft, wander, weights

Picture = NDArray[np.float32]
_LUMA = weights(0.2126, 0.7152, 0.0722)


@dataclass(frozen=True)
class Stock:
    """A film stock, and how it was exposed and timed."""

    exposure: float = 0.0
    """Stops."""
    lights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Printer lights: gains of red, green, blue."""
    contrast: float = 1.12
    grain: float = 0.034
    """Deviation of the density, in the mid-tones."""
    halation: float = 0.12
    """Light that comes back from the film's base, of what is brighter than white."""
    vignette: float = 0.28
    """Light lost in the corners."""


_HALO = weights(1.0, 0.30, 0.07)
"""The way back goes through the blue and the green layer: red comes out."""
_COUPLING = np.array([[1.10, -0.08, -0.02], [-0.05, 1.09, -0.04], [-0.01, -0.10, 1.11]], np.float32)
"""Inter-layer effects make colours purer. Rows add up to 1: grey stays grey."""


def develop(light: Picture, stock: Stock, noise: np.random.Generator, flicker: float = 0.0) -> Picture:
    """Light to the positive's picture, 0 … 1. `flicker`: of the exposure, in stops."""
    light = _vignetted(light, stock.vignette) * np.float32(2.0 ** (stock.exposure + flicker))
    light = _haloed(light, stock.halation) * weights(*stock.lights)
    light = (light @ _COUPLING.T).clip(1e-5, None)
    return _grained(_response(light, stock.contrast), stock.grain, noise)


def _vignetted(light: Picture, loss: float) -> Picture:
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4
    return light * (1 - np.float32(loss) * far)[..., None] ** np.float32(1.5)


def _haloed(light: Picture, strength: float) -> Picture:
    bright = (light @ _LUMA - 0.45).clip(0, 6)[..., None]
    ring = 0.65 * soft(bright, 5) + 0.35 * soft(bright, 16)
    bloom = soft(light, 2.0) - light
    return (light + np.float32(2.2 * strength) * ring * _HALO + np.float32(0.14) * bloom).clip(0, None)


def _response(light: Picture, contrast: float) -> Picture:
    """A curve with a toe and a shoulder around mid-grey. Blacks of a print are not empty, and a little cool."""
    x = 0.18 * (light / 0.18) ** np.float32(contrast)
    printed = x / np.sqrt(1 + (x / 1.04) ** 2)
    base = weights(0.0018, 0.0022, 0.0030)
    return base + printed * (1 - base)


def _grained(picture: Picture, amount: float, noise: np.random.Generator) -> Picture:
    """Grain is an unevenness of density: strongest in the mid-tones, coarsest in the blue layer, soft as a scan is."""
    height, width = picture.shape[:2]
    common = _clumps(noise, height, width, 0.85)
    layers = [0.75 * common + 0.66 * _clumps(noise, height, width, sigma) for sigma in (0.8, 0.75, 1.05)]
    seen = picture.clip(0, 1) ** np.float32(1 / 2.4)
    strength = amount * (0.35 + 2.6 * seen * (1 - seen)) * np.array([1.0, 0.92, 1.15])
    return (picture * 10 ** (-strength * np.stack(layers, -1))).astype(np.float32).clip(0, 1)


def _clumps(noise: np.random.Generator, height: int, width: int, sigma: float) -> Picture:
    grains = soft(noise.standard_normal((height, width, 1), np.float32), sigma)[..., 0]
    return grains * np.float32(2 * np.sqrt(np.pi) * sigma)


def gate(count: int, seed: int, weave: float = 0.45) -> Picture:
    """How the film sits in the gate, (count, 2, 3): film pixel to lens pixel, from the middle.

    It weaves slowly by about `weave` pixels of the plate, more down than across, and each pull-down lands a little
    differently.
    """
    slow = wander(count, seed, (7.0, 5.0, 12.0)) * weave
    fast = wander(count, seed + 1, (0.4, 0.4, 1.0)) * 0.2 * weave
    way = slow + fast
    turn = way[:, 2] * 0.0006
    cos, sin = np.cos(turn), np.sin(turn)
    rows = [np.stack([cos, -sin, 0.7 * way[:, 0]], -1), np.stack([sin, cos, way[:, 1]], -1)]
    return np.stack(rows, 1).astype(np.float32)


def breath(count: int, seed: int) -> Picture:
    """How unsteady the exposure is, (count,), in stops."""
    return wander(count, seed, (0.6,))[:, 0] * np.float32(0.012)
