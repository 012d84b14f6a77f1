"""The plates that are made from photographs: what stands where, how the camera goes, on which stock.

Each is a function from the folder of photographs and a number of frames to these frames. Needs SciPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from sample_project import camera, film
from sample_project.camera import Layer, Paint, Picture, View, smoothstep, still, weights
from sample_project.film import Stock

Scene = Callable[[int], Sequence[Layer]]
"""The layers at a frame, farthest first."""


def shoot(
    scene: Scene, first: View, last: View, count: int, seed: int, stock: Stock, *, sway: float = 0.5,
    slow: tuple[float, float] = (0.35, 0.35), exposures: int = 1,
    lens: Callable[[int, Picture], Picture] = lambda n, light: light,
) -> Iterator[Picture]:  # fmt: skip
    """A move from the first view to the last: (360, 640, 3), 0 … 1, linear Rec.709, frame by frame.

    Args:
        sway: how far the hand goes.
        slow: the parts of the way in which the move speeds up and slows down.
        exposures: moments in the half frame that the shutter is open; one is enough for a slow move.
        lens: what happens to the light on its way to the film, by frame.
    """
    noise = np.random.default_rng(seed)
    hands = list(camera.hand(count + 1, seed + 1, sway))
    gates, breaths = film.gate(count, seed + 2), film.breath(count, seed + 4)
    for n in range(count):
        views = []
        for moment in np.arange(exposures) * 0.5 / exposures:
            way = first.towards(last, camera.ease(min(1.0, (n + moment) / (count - 1)), *slow))
            views.append(way + hands[n].towards(hands[n + 1], float(moment)))
        light = camera.see(scene(n), views, gates[n])[..., :3]
        yield film.develop(lens(n, light), stock, noise, float(breaths[n]))


def coffee(folder: Path, count: int) -> Iterator[Picture]:
    """Morning: an espresso on a table, steam, and sun through leaves."""
    photo = camera.photograph(folder / "coffee.png")
    matte = camera.figure(photo)
    height, width = photo.shape[:2]
    table = np.broadcast_to(np.linspace(0.72, 1.08, height, dtype=np.float32)[:, None], (height, width))
    cup = table + camera.hills((height, width), 0.0, (285, 90, 85, 0.16))
    ground, crockery = Layer(still(camera.behind(photo, matte)), table), Layer(still(photo, matte), cup)
    leaves = _leaves(count)
    return shoot(
        lambda n: (ground, crockery, Layer(_steam(n), 1.1)),
        View(304, 186, 572, side=-85, rise=20), View(290, 148, 410, side=60, rise=-12, dolly=0.02), count, 600,
        Stock(exposure=0.2, lights=(1.05, 1.0, 0.9)), lens=leaves,
    )  # fmt: skip


def _steam(n: int) -> Paint:
    """Steam above the cup: veils of noise that curl as they rise, each at its own speed."""
    chance = np.random.default_rng(61)
    veil = ndimage.gaussian_filter(chance.standard_normal((512, 256)).astype(np.float32), (13, 8), mode="wrap")
    veil /= veil.std()

    def paint(pixel: Picture) -> Picture:
        y, x = pixel
        up = ((165 - y) / 165).clip(0, 1)
        curl = 11 * np.sin(y / 31 + n * 0.085) + 7 * np.sin(y / 17 + n * 0.13 + 2)
        thin = np.zeros_like(x)
        for speed, wide, part in ((2.2, 1.0, 1.0), (3.1, 0.62, 0.7)):
            at = np.stack([(y + n * speed) * wide, (x + curl * up) * wide])
            thin += np.float32(part) * ndimage.map_coordinates(veil, at, order=1, mode="grid-wrap")
        column = np.exp(-(((x - 286 + curl * up) / (44 + 46 * up)) ** 2)) * up**0.7 * (1 - up) ** 0.25
        alpha = (0.20 * (thin + 0.35).clip(0, None) ** 1.4 * column).clip(0, 0.55)
        return np.stack([0.86 * alpha, 0.79 * alpha, 0.70 * alpha, alpha], -1).astype(np.float32)

    return paint


def _leaves(count: int) -> Callable[[int, Picture], Picture]:
    """Sun through leaves that the wind moves, far out of focus: warm where it falls, cool in the shade."""
    width, height = camera.SIZE
    chance = np.random.default_rng(62)
    texture = ndimage.gaussian_filter(chance.standard_normal((height + 200, width + 200)), 34)
    texture = (texture / texture.std()).astype(np.float32)
    wind = camera.wander(count, 63, (14.0, 10.0)) * (16, 9) + np.arange(count)[:, None] * (0.9, 0.25)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)

    def light(n: int, picture: Picture) -> Picture:
        seen = ndimage.map_coordinates(texture, [y + 90 + wind[n, 1], x + 90 + wind[n, 0]], order=1, mode="wrap")
        sun = 1 / (1 + np.exp(-3.2 * (seen + 0.25)))[..., None]
        gain = weights(0.36, 0.41, 0.52) * (1 - sun) + weights(1.32, 1.18, 0.98) * sun
        return np.asarray(picture * gain, np.float32)

    return light


def cat(folder: Path, count: int) -> Iterator[Picture]:
    """She looks at us, her eyes close, and the focus goes."""
    photo = camera.photograph(folder / "chelsea.png")
    matte = camera.figure(photo)
    face = camera.hills(
        photo.shape[:2], 0.98, (262, 235, 48, 0.16), (245, 150, 80, 0.08), (175, 115, 30, -0.02), (20, 60, 90, -0.14)
    )
    room = Layer(still(camera.soft(camera.behind(photo, matte), 2.5)), 0.62)
    fur = still(photo, matte)

    def scene(n: int) -> Sequence[Layer]:
        sleepy = 0.45 * camera.ease(_part(n, 0.22 * count, 0.42 * count)) + 0.55 * camera.ease(
            _part(n, 0.50 * count, 0.74 * count)
        )
        return room, Layer(lambda pixel: _asleep(fur, pixel, sleepy), face)

    def lens(n: int, light: Picture) -> Picture:
        gone = camera.ease(_part(n, 0.58 * count, count), 0.6, 0.2)
        return camera.out_of_focus(light, 9.5 * gone) * np.float32(1 - 0.18 * gone)

    return shoot(
        scene, View(218, 146, 424, side=-34, rise=8), View(236, 140, 338, side=30, rise=-8, dolly=0.03), count, 451,
        Stock(exposure=0.1, lights=(1.05, 1.0, 0.93)), lens=lens,
    )  # fmt: skip


def _part(n: int, first: float, last: float) -> float:
    return float(np.clip((n - first) / (last - first), 0, 1))


def _asleep(fur: Paint, pixel: Picture, amount: float) -> Picture:
    """Pull her lids over her eyes: the fur above and below follows, stretched. 0 leaves them open, 1 closes them."""
    y, x = pixel
    above, below, lid, low = y, y, np.full_like(y, -1e3), np.full_like(y, 1e3)
    for middle_x, middle_y, half_wide, half_high, slant in ((170, 116, 39, 31, 0.12), (318, 136, 25, 29, -0.28)):
        arch = np.sqrt((1 - ((x - middle_x) / half_wide) ** 2).clip(0, 1))
        top = middle_y + slant * (x - middle_x) - half_high * arch
        bottom = top + 2 * half_high * arch
        room, rim = 26 * arch + 1e-3, 5.5 * arch * min(1.0, 4 * amount)
        upper = top + rim + 1.42 * amount * half_high * arch
        lower = bottom - rim - 0.40 * amount * half_high * arch
        eye = (arch > 0) & (y > top - room) & (y < bottom + room)
        above = np.where(eye, top - room + (y - top + room) * (room + rim) / (room + upper - top), above)
        below = np.where(eye, bottom + room - (bottom + room - y) * (room + rim) / (room + bottom - lower), below)
        lid, low = np.where(eye, upper, lid), np.where(eye, lower, low)
    seen = fur(pixel)
    for lidded, covers in ((below, smoothstep(y - low, -0.7, 0.7)), (above, smoothstep(lid - y, -0.7, 0.7))):
        seen = seen + (fur(np.stack([lidded, x])) - seen) * covers[..., None]
    return seen


def rocket(folder: Path, count: int) -> Iterator[Picture]:
    """Dusk at the pad. It goes, without a sound."""
    photo = camera.photograph(folder / "rocket.jpg")
    height, width = photo.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sky = _even_sky(photo)
    apart = np.abs(np.log(photo + 0.001) - np.log(sky + 0.001)).max(-1)
    built = np.maximum(ndimage.gaussian_filter(smoothstep(apart, 0.16, 0.42), 0.4), smoothstep(y, 356, 384))
    hull = _hull(x, y)
    depth = 0.74 + 0.42 * (np.abs(x - 322) / 320) ** 2 + 0.12 * smoothstep(y, 395, 425)
    heaven, place = Layer(still(sky), 0.45), Layer(still(photo, built * (1 - hull * (y < 404))), depth)
    body = still(photo, hull)

    def scene(n: int) -> Sequence[Layer]:
        up = 0.040 * max(0.0, n - 0.2 * count) ** 1.9
        way = weights(up, 0)[:, None, None]
        return heaven, Layer(lambda pixel: body(pixel + way), 0.76), place, Layer(_fire(up, n), 0.76)

    return shoot(
        scene, View(322, 268, 560, side=-46, rise=14), View(322, 226, 548, side=46, rise=-10, dolly=0.04), count, 1969,
        Stock(exposure=0.45, lights=(1.04, 1.0, 0.94), halation=0.22, vignette=0.34), sway=0.6, exposures=2,
    )  # fmt: skip


def _even_sky(photo: Picture) -> Picture:
    """The evening sky without what stands before it: a polynomial through its pixels, refitted without outliers."""
    height, width = photo.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / width * 2 - 1, y / height * 2 - 1
    terms = np.stack([u**i * v**j for i in range(5) for j in range(5 - i)], -1)
    logs = np.log(photo + 0.001)
    clear = (y < 360) & (np.abs(x - 322) > 26) & (x > 90) & (x < 560)
    for _ in range(8):
        factors = np.linalg.lstsq(terms[clear][::5], logs[clear][::5], rcond=None)[0]
        clear &= np.abs(logs - terms @ factors).max(-1) < 0.16
    return np.asarray(np.exp(terms @ factors) - 0.004, np.float32).clip(0, None)


def _hull(x: Picture, y: Picture) -> Picture:
    """The rocket's outline as a matte, drawn by hand."""
    nose = 11.8 * np.sqrt(((y - 126.5) / 26).clip(0, 1))
    half = np.where(y < 176, nose, np.where(y < 182, 11.0, 10.2))
    inside = smoothstep(half - np.abs(x - 322.2), -0.6, 0.6)
    return np.asarray(inside * (y > 126) * smoothstep(406 - y, 0, 1.5), np.float32)


def _fire(up: float, n: int) -> Paint:
    """The light under the rocket when it has risen by `up`: a flame, and haze over the pad that it lights."""
    flicker = 1 + 0.10 * np.sin(2.1 * n) + 0.06 * np.sin(3.7 * n + 1)

    def paint(pixel: Picture) -> Picture:
        y, x = pixel
        below = (y - (404 - up)).clip(0, None)
        wide = 8.5 + 0.045 * below - 4.5 * np.exp(-below / 10)
        flame = np.exp(-(((x - 322.2) / wide) ** 2)) * smoothstep(y, 403 - up, 407 - up) * smoothstep(410 - y, 0, 5)
        haze = np.exp(-(((x - 322) / 120) ** 2) - ((y - 410) / 56) ** 2)
        core, fringe = flame**2 * np.exp(-below / 55), flame * np.exp(-below / 90)
        light = core[..., None] * weights(4.5, 3.6, 2.4) + fringe[..., None] * weights(1.5, 0.62, 0.16)
        light = light * min(1.0, up / 8) + haze[..., None] * weights(0.62, 0.32, 0.13) * min(1.0, up / 40)
        return np.concatenate([light * flicker, np.zeros((*x.shape, 1))], -1).astype(np.float32)

    return paint


def astronaut(folder: Path, count: int) -> Iterator[Picture]:
    """Up from the helmet to the face: she was there all the time."""
    photo = camera.photograph(folder / "astronaut.png")
    matte = camera.figure(photo)
    body = camera.hills(
        photo.shape[:2], 0.93, (224, 110, 46, 0.05), (228, 95, 22, 0.04), (395, 430, 80, 0.22), (150, 420, 130, 0.10)
    )
    night = camera.soft(camera.behind(photo, matte), 1.6) * weights(0.52, 0.56, 0.64)
    studio, figure = Layer(still(night), 0.55), Layer(still(photo, matte), body)
    return shoot(
        lambda n: (studio, figure), View(278, 352, 400, side=70, rise=30), View(234, 121, 346, side=-52, rise=-16),
        count, 512, Stock(exposure=0.05, lights=(1.03, 1.0, 0.97), halation=0.2, vignette=0.36), sway=0.55,
        slow=(0.25, 0.55), exposures=2,
    )  # fmt: skip


def stars(folder: Path, count: int) -> Iterator[Picture]:
    """Through the Hubble eXtreme Deep Field: the bright galaxies are taken to be the near ones."""
    photo = camera.photograph(folder / "hubble_deep_field.jpg")
    bright = photo.max(-1)
    found, number = ndimage.label(ndimage.gaussian_filter(bright, 1.2) > 0.045)
    power = ndimage.sum_labels(bright, found, np.arange(1, number + 1))
    chance = np.random.default_rng(872)
    near = np.argsort(np.argsort(power + chance.exponential(np.median(power), number))) / number
    shelf = np.concatenate([[0], 1 + np.digitize(near, (0.55, 0.8, 0.92, 0.975))])[found]
    black = np.percentile(photo, 30, axis=(0, 1)).astype(np.float32)
    layers = [Layer(still(np.broadcast_to(black * 0.4, photo.shape)), 0.5)]
    for number, depth in enumerate((0.55, 0.7, 0.9, 1.15, 1.5), 1):
        own = (2.2 * ndimage.gaussian_filter((shelf == number).astype(np.float32), 2.0)).clip(0, 1)
        glow = (photo - black).clip(0, None) * own[..., None] * np.float32(1.5)
        layers.append(Layer(_added(still(glow)), depth))
    return shoot(
        lambda n: layers, View(505, 420, 930, side=-50), View(490, 440, 800, side=50, dolly=0.42, roll=3.0), count,
        1000, Stock(exposure=1.1, halation=0.3, vignette=0.3, lights=(1.0, 0.98, 1.06)), sway=0.8, exposures=2,
        slow=(0.3, 0.1),
    )  # fmt: skip


def _added(paint: Paint) -> Paint:
    """Light that hides nothing behind it."""
    return lambda pixel: paint(pixel) * weights(1, 1, 1, 0)


def moon(folder: Path, count: int) -> Iterator[Picture]:
    """A moon to lay over other pictures, (360, 640, 4), premultiplied: the cat's eye on a ball, and its pupil opens."""
    width, height = camera.SIZE
    fur = still(camera.photograph(folder / "chelsea.png"))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    gates = film.gate(count, 71)
    for n in range(count):
        part = n / (count - 1)
        radius = 86 + 14 * part
        u = (x - gates[n, 0, 2] - 470 + 84 * part) / radius
        v = (y - gates[n, 1, 2] - 222 + 60 * part) / radius
        far = np.hypot(u, v)
        z = np.sqrt((1 - far**2).clip(0, 1))
        bulge = 0.74 + 0.26 * far.clip(0, 1)  # what faces us is nearer
        wide = 1 - (0.10 + 0.30 * camera.ease(part)) * np.exp(-((u / 0.55) ** 2) - (v / 0.8) ** 2)
        eye = fur(np.stack([114.5 + 28.5 * v * bulge, 170 + 31.5 * (u + 0.06) * bulge * wide]))[..., :3]
        sun = 0.10 + 1.10 * (-0.45 * u - 0.35 * v + 0.82 * z).clip(0, None)
        alpha = ((1 - far) * radius + 0.5).clip(0, 1)[..., None]
        limb = smoothstep(z, 0.0, 0.45)[..., None]
        light = eye * (sun * 2.1)[..., None] * weights(1.06, 1.0, 0.86) * (0.08 + 0.92 * limb)
        yield np.concatenate([camera.soft(light * alpha, 0.7), camera.soft(alpha, 0.7)], -1).astype(np.float32)
