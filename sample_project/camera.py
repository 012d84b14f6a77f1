"""A camera before a photograph that was taken apart: layers with depth, a move, a hand that holds it.

All pictures are scene-linear Rec.709, float32. Positions are in the photograph's pixels. Needs SciPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIZE = (640, 360)
"""Width and height of a plate."""
Picture = NDArray[np.float32]


Paint = Callable[[Picture], Picture]
"""From pixels (2, H, W), y first, to what stands there: (H, W, 4), premultiplied."""


@dataclass(frozen=True)
class Layer:
    """A piece of the picture at its depth.

    `depth` is one over the distance: 1 on the plane that the camera holds, less behind it; a number, or (H, W) without
    steps. Where the picture has a step, there are two layers.
    """

    paint: Paint
    depth: Picture | float


@dataclass(frozen=True)
class View:
    """Where the camera looks, and from where."""

    x: float
    y: float
    """The middle of the frame."""
    width: float
    """The frame's width on the plane of depth 1."""
    side: float = 0.0
    rise: float = 0.0
    """The camera's own way, held on the plane of depth 1: what is nearer moves against it, what is farther along."""
    dolly: float = 0.0
    """The way forward, in distances to the plane of depth 1."""
    roll: float = 0.0
    """In degrees."""

    def __add__(self, other: View) -> View:
        return View(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(View)))

    def towards(self, other: View, part: float) -> View:
        """This view at 0, the other one at 1."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(View))
        return View(*(first + (last - first) * part for first, last in pairs))


def ease(part: float, slow_in: float = 0.35, slow_out: float = 0.35) -> float:
    """0 … 1 for 0 … 1: speeding up over the first part of the way, slowing down over the last, steady in between."""
    top = 1 / (1 - (slow_in + slow_out) / 2)
    if part < slow_in:
        return top * part**2 / (2 * slow_in)
    if part > 1 - slow_out:
        return 1 - top * (1 - part) ** 2 / (2 * slow_out)
    return top * (part - slow_in / 2)


def hand(count: int, seed: int, amount: float) -> Iterator[View]:
    """The sway of a camera on a shoulder: `amount` is how far it goes, in pixels of the photograph, one σ."""
    ways = wander(count, seed, (9.0, 9.0, 16.0, 16.0, 20.0)) * amount
    for x, y, side, rise, roll in ways:
        yield View(x, 0.7 * y, 0.0, 2 * side, 1.4 * rise, 0.0, 0.05 * roll)


def wander(count: int, seed: int, frames: Sequence[float]) -> Picture:
    """Smooth chance, (count, len(frames)) with deviation 1: each column forgets itself over so many frames."""
    noise = np.random.default_rng(seed).standard_normal((count + 400, len(frames)))
    columns = [ndimage.gaussian_filter1d(noise[:, n], sigma) * np.sqrt(2 * sigma * np.sqrt(np.pi))
               for n, sigma in enumerate(frames)]  # fmt: skip
    return np.stack(columns, -1)[200:-200].astype(np.float32)


def see(layers: Sequence[Layer], views: Sequence[View], frame: Picture) -> Picture:
    """What falls on the film while the shutter is open: the mean over `views`, (H, W, 4), premultiplied.

    Args:
        layers: farthest first.
        frame: (2, 3), where the film lies in the gate (`film.gate`).
    """
    exposures = []
    for view in views:
        picture = np.zeros((SIZE[1], SIZE[0], 4), np.float32)
        at = _looked_at(view, frame)
        for layer in layers:
            piece = layer.paint(_through(layer.depth, at, view))
            picture = piece + picture * (1 - piece[..., 3:])
        exposures.append(picture)
    return np.mean(exposures, axis=0, dtype=np.float32)


def _looked_at(view: View, frame: Picture) -> Picture:
    """(2, H, W): where each pixel of the film looks on the plane of depth 1, y first, from the view's middle."""
    width, height = SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    x, y = frame[0, 0] * x + frame[0, 1] * y + frame[0, 2], frame[1, 0] * x + frame[1, 1] * y + frame[1, 2]
    turn, scale = np.deg2rad(view.roll), view.width / width
    cos, sin = np.float32(np.cos(turn) * scale), np.float32(np.sin(turn) * scale)
    return np.stack([sin * x + cos * y, cos * x - sin * y])


def _through(depth: Picture | float, at: Picture, view: View) -> Picture:
    """(2, H, W): the layer's pixel behind each point of the plane of depth 1. A fixed point: depth has no steps."""
    middle = np.array([view.y, view.x], np.float32)[:, None, None]
    way = np.array([view.rise, view.side], np.float32)[:, None, None]
    near: Picture | float = depth if isinstance(depth, float) else float(depth.mean())
    for _ in range(1 if isinstance(depth, float) else 4):
        pixel = middle + at * np.float32(1 - view.dolly * near) - way * np.float32(1 - near)
        if not isinstance(depth, float):
            near = ndimage.map_coordinates(depth, pixel, order=1, mode="nearest")
    return np.asarray(pixel, np.float32)


def still(picture: Picture, matte: Picture | float = 1.0) -> Paint:
    """Paint an (H, W, 3) picture through its matte: cubic B-splines, exact to fractions of a pixel (Unser 1999)."""
    alpha = np.broadcast_to(np.float32(matte), picture.shape[:2])
    bands = [*np.moveaxis(picture * alpha[..., None], -1, 0), alpha]
    even = float(alpha[0, 0]) if np.ptp(alpha) == 0 else None
    bands = bands if even is None else bands[:3]
    there = ndimage.maximum_filter(np.max(bands, axis=0) > 1e-4, 9)
    splines = [ndimage.spline_filter(band, 3, np.float32, mode="mirror") for band in bands]

    def paint(pixel: Picture) -> Picture:
        out = np.zeros((*pixel.shape[1:], 4), np.float32)
        seen = ndimage.map_coordinates(there, pixel, order=0, mode="mirror")
        for n, spline in enumerate(splines):
            out[seen, n] = ndimage.map_coordinates(spline, pixel[:, seen], order=3, mode="mirror", prefilter=False)
        out[..., 3] = out[..., 3].clip(0, 1) if even is None else even
        return out.clip(0, None)

    return paint


# Taking a photograph apart


def photograph(path: Path) -> Picture:
    """(H, W, 3), linear, from an sRGB file."""
    from PIL import Image

    encoded = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def figure(photo: Picture) -> Picture:
    """A matte of what stands out, (H, W): u2netp, its soft edges led along the photograph's by a guided filter
    (He, Sun, Tang, PAMI 2013)."""
    import core
    from core.media.resample import resize
    from core.render.models import Network

    seen = photo.clip(0, 1) ** np.float32(1 / 2.2)
    small = resize(seen[None], (320, 320), "triangle")[0]
    normal = (small / small.max() - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    network = Network(Path(core.__file__).parent / "ops" / "weights" / "u2netp.onnx", threads=1)
    found = network(normal.transpose(2, 0, 1)[None].astype(np.float32))[0, 0]
    found = (found - found.min()) / np.ptp(found)
    rough = resize(found[None, ..., None], photo.shape[:2], "cubic")[0, ..., 0]
    return smoothstep(_guided(rough, seen.mean(-1), radius=5, least=4e-4), 0.15, 0.85)


def _guided(values: Picture, guide: Picture, radius: int, least: float) -> Picture:
    def mean(x: Picture) -> Picture:
        return ndimage.uniform_filter(x, 2 * radius + 1, mode="nearest")

    slope = (mean(values * guide) - mean(values) * mean(guide)) / (mean(guide**2) - mean(guide) ** 2 + least)
    level = mean(values) - slope * mean(guide)
    return mean(slope) * guide + mean(level)


def smoothstep(x: Picture, low: float, high: float) -> Picture:
    t = ((x - low) / (high - low)).clip(0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def behind(photo: Picture, matte: Picture) -> Picture:
    """The photograph with what the matte covers filled in from around it, (H, W, 3): the nearest known light first,
    then smoothed where nothing was known."""
    hole = ndimage.maximum_filter(matte, 7) > 0.03
    known, filled = (~hole).astype(np.float32), photo * ~hole[..., None]
    for sigma in (2, 4, 8, 16, 32, 64, 128):
        weight = ndimage.gaussian_filter(known, sigma)
        guess = soft(filled, sigma) / np.maximum(weight, 1e-6)[..., None]
        reach = (known == 0) & (weight > 0.05)
        filled[reach], known[reach] = guess[reach], 1
    smooth = soft(filled, 6)
    inside = ndimage.gaussian_filter(hole.astype(np.float32), 3)[..., None] * hole[..., None]
    return filled + (smooth - filled) * inside


def weights(*values: float) -> Picture:
    """One factor a channel, or a way down and across."""
    return np.array(values, np.float32)


def soft(picture: Picture, sigma: float) -> Picture:
    """(H, W, C) blurred in the plane."""
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0), mode="nearest")


def out_of_focus(picture: Picture, radius: float) -> Picture:
    """(H, W, C) through an open lens: each point becomes an even disc of `radius` pixels."""
    from scipy import signal

    if radius < 0.3:
        return picture
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (radius + 0.5 - np.hypot(x, y)).clip(0, 1).astype(np.float32)
    wide = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), "edge")
    blurred = signal.fftconvolve(wide, disc[..., None] / disc.sum(), "valid", axes=(0, 1))
    return np.asarray(blurred, np.float32).clip(0, None)


def hills(shape: tuple[int, int], base: float, *bumps: tuple[float, float, float, float]) -> Picture:
    """A depth by hand, (H, W): `base`, and round hills of (x, y, radius, height)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    depth = np.full(shape, base, np.float32)
    for left, top, radius, height in bumps:
        depth += np.float32(height) * np.exp(-((x - left) ** 2 + (y - top) ** 2) / np.float32(2 * radius**2))
    return depth
