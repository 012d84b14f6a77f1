"""The camera and the film that made the sample's plates: geometry and light that can be checked without looking."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="only making the sample's media needs it")

from sample_project import camera, film
from sample_project.camera import Layer, View, see, still

WIDTH, HEIGHT = camera.SIZE
STRAIGHT = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
FRONT = View((WIDTH - 1) / 2, (HEIGHT - 1) / 2, WIDTH)


def dot(x: float, y: float) -> camera.Picture:
    """A soft white dot in black, (H, W, 3)."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    spot = np.exp(-((across - x) ** 2 + (down - y) ** 2) / 18)
    return np.repeat(spot[..., None], 3, axis=2).astype(np.float32)


def centre(picture: camera.Picture) -> tuple[float, float]:
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    weight = picture[..., 0] / picture[..., 0].sum()
    return float((across * weight).sum()), float((down * weight).sum())


def seen(depth: float, view: View) -> tuple[float, float]:
    return centre(see([Layer(still(dot(400, 120)), depth)], [view], STRAIGHT))


def test_straight_on_the_picture_is_the_photograph() -> None:
    photo = np.random.default_rng(1).random((HEIGHT, WIDTH, 3), np.float32)
    picture = see([Layer(still(photo), 1.0)], [FRONT], STRAIGHT)
    assert np.abs(picture[..., :3] - photo).max() < 1e-4 and (picture[..., 3] == 1).all()


def test_parallax_is_exact_to_a_tenth_of_a_pixel() -> None:
    """A pinhole camera that goes aside by s sees a plane of inverse depth w move by s·(1 − w)."""
    aside = FRONT + View(0, 0, 0, side=20.3)
    for depth in (0.5, 1.0, 1.25):
        assert seen(depth, aside) == pytest.approx((400 + 20.3 * (1 - depth), 120), abs=0.1)


def test_going_forward_grows_what_is_near_faster() -> None:
    """At the distance d of the way, a plane of inverse depth w is 1 / (1 − d·w) times as large."""
    forward = FRONT + View(0, 0, 0, dolly=0.2)
    for depth in (0.5, 1.0):
        assert seen(depth, forward)[0] - FRONT.x == pytest.approx((400 - FRONT.x) / (1 - 0.2 * depth), abs=0.1)


def test_a_move_eases_from_end_to_end() -> None:
    parts = [camera.ease(n / 100) for n in range(101)]
    steps = np.diff(parts)
    assert parts[0] == 0 and parts[-1] == pytest.approx(1) and (steps > 0).all() and steps[0] < 0.1 * steps.max()


def test_grey_stays_grey_and_rises_with_the_light() -> None:
    ramp = np.repeat(np.linspace(0, 4, WIDTH, dtype=np.float32)[None, :, None], 3, axis=2)
    stock = film.Stock(grain=0.0, halation=0.0, vignette=0.0)
    printed = film.develop(np.broadcast_to(ramp, (HEIGHT, WIDTH, 3)), stock, np.random.default_rng(0))[0]
    assert (np.diff(printed, axis=0) > -1e-6).all() and printed.max() <= 1
    assert np.ptp(printed, axis=1).max() < 0.005  # the base is a little cool


def test_halation_is_red_and_around_lights_only() -> None:
    stock = film.Stock(grain=0.0, halation=0.3, vignette=0.0)
    lamp = film.develop(dot(320, 180) * 8 + 0.02, stock, np.random.default_rng(0))
    red, green, blue = lamp[180, 342]
    assert red > 1.3 * green > 1.3 * blue
    assert np.ptp(lamp[5, 5]) < 0.005


def test_the_same_seed_gives_the_same_film() -> None:
    light = np.full((HEIGHT, WIDTH, 3), 0.18, np.float32)
    first, again, other = (film.develop(light, film.Stock(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
    assert np.array_equal(film.gate(20, 3), film.gate(20, 3))


def test_the_gate_weaves_by_less_than_two_pixels() -> None:
    ways = film.gate(2000, 5)[:, :, 2]
    assert 0.2 < ways.std() < 0.8 and np.abs(ways).max() < 2.5
