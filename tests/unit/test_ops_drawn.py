"""brush and hatch: what the painted and the drawn picture promise, alone and through the render loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RecipeError
from core.frames import FrameRange
from core.media.resample import resize
from core.media.write import read_frame
from core.ops.base import Block, Format
from core.ops.brush import Brush
from core.ops.flow import along_shapes, blur, line_integral, luma, noise, structure, tapped
from core.ops.hatch import Hatch
from core.ops.kuwahara import kuwahara
from core.ops.merge import Merge
from core.recipe.text import parse
from tests.model_kit import make_kit
from tests.render_kit import Disc, NoModels, hashes, make_plate, make_recipe, make_shot, make_work
from tests.render_kit import run as render_all

HEIGHT, WIDTH = 90, 144
BOTH = pytest.mark.parametrize("kind", [Brush, Hatch])
FINE: dict[type[Any], dict[str, Any]] = {
    Brush: {"radius": 60.0, "length": 240.0},
    Hatch: {"width": 24.0, "length": 240.0, "line": 12.0},
}
"""At 90 lines the default brush is smaller than a pixel."""


def step(kind: type[Any], **values: Any) -> Any:
    return kind(name="art", **{**FINE[kind], **values})


def made(step: Any, *pictures: Any, first: int = 1001) -> Any:
    """Scene-linear (H, W, C) pictures of consecutive frames through one call: (B, H, W, C)."""
    frames = tuple(range(first, first + len(pictures)))
    return step.render(Block(frames, (step,) * len(frames)), {"plate": np.stack(pictures)}, make_kit(NoModels()))  # type: ignore[arg-type]


def shown(pictures: Any) -> Any:
    """As a screen shows it."""
    return make_kit(NoModels()).view(pictures, "srgb")  # type: ignore[arg-type]


def light(shown_as: Any) -> Any:
    return make_kit(NoModels()).unview(np.asarray(shown_as, np.float32)[None].copy(), "srgb")[0]  # type: ignore[arg-type]


def scene(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Any:
    """Shapes, a ramp and texture, linear; with a highlight of 8."""
    rng = np.random.default_rng(seed)
    texture = sum(
        resize(rng.standard_normal((1, 90 // cell, 144 // cell, 1)).astype(np.float32), (height, width), "cubic")[0]
        for cell in (2, 5, 11)
    )
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    picture = 0.15 + 0.3 * np.stack([x / 1.6, y, 1 - y], axis=-1) * (1 + 0.25 * texture)
    picture[(y - 0.5) ** 2 + (x - 0.6) ** 2 < 0.06] = (0.6, 0.25, 0.15)
    picture = 0.5 * picture + 0.5 * picture.mean(-1, keepdims=True)  # inside what a screen shows
    picture[(y - 0.2) ** 2 + (x - 1.3) ** 2 < 0.006] = (8.0, 6.0, 4.0)
    return np.maximum(picture, 0.01).astype(np.float32)


def bits(picture: Any) -> Any:
    return np.ascontiguousarray(picture, np.float32).view(np.uint32)


def alike(one: Any, other: Any) -> float:
    return float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])


# The flow


@given(degrees=st.floats(0, 179.9), period=st.floats(5, 16))
@settings(max_examples=25, deadline=None)
def test_the_flow_runs_along_the_stripes(degrees: float, period: float) -> None:
    way = np.exp(1j * np.radians(degrees))
    y, x = np.mgrid[0:64, 0:64]
    across = -x * way.imag + y * way.real
    stripes = np.repeat((0.5 + 0.3 * np.sin(2 * np.pi * across / period))[..., None], 3, axis=-1).astype(np.float32)
    direction, sure = along_shapes(structure(stripes, 4.0), (64, 64), 0.3, 1e-6)
    inside = np.s_[12:-12, 12:-12]
    assert np.abs((direction[inside] * np.conj(way)).imag).max() < np.sin(np.radians(4))
    assert sure[inside].min() > 0.9


def test_plain_areas_take_the_hand_s_direction_and_grain_does_not_turn_it() -> None:
    grain = np.random.default_rng(0).normal(0.5, 2 / 255, (64, 64, 3)).astype(np.float32)
    direction, _ = along_shapes(structure(grain, 4.0), (64, 64), 0.7, 6e-4)
    assert np.abs((direction * np.exp(-0.7j)).imag).max() < np.sin(np.radians(8))


def test_a_line_integral_along_rows_is_a_convolution_of_the_rows() -> None:
    values = np.random.default_rng(1).random((5, 60), np.float32)
    rows = np.ones((5, 60), np.complex64)
    rows[:, ::2] = -1  # a direction has no sign
    drawn = line_integral(values, rows, [3, 2, 1], 2.0)
    kernel = np.array([1, 0, 2, 0, 3, 0, 2, 0, 1]) / 9
    for row in range(5):
        np.testing.assert_allclose(drawn[row, 4:-4], np.convolve(values[row], kernel, "valid"), rtol=1e-5)
    level = np.full((5, 60), 0.25, np.float32)
    np.testing.assert_allclose(line_integral(level, rows * np.complex64(1j), [3, 2, 1], 2.0), 0.25, rtol=1e-6)
    down = tapped(values[:, :5], np.full((5, 5), 1j, np.complex64), (0.5, 0.25), 1.0)
    np.testing.assert_allclose(down[2], (values[1] * 0.25 + values[2] * 0.5 + values[3] * 0.25)[:5], rtol=1e-5)


def test_noise_is_the_same_noise_at_another_size() -> None:
    small, large = noise((90, 144), 4.0, 7), noise((180, 288), 8.0, 7)
    assert alike(resize(large[None, ..., None], (90, 144), "triangle")[0, ..., 0], small) > 0.97
    assert abs(alike(noise((90, 144), 4.0, 8), small)) < 0.1


# The filter


def test_kuwahara_clears_noise_and_keeps_the_edge() -> None:
    """Against a Gaussian that clears as much noise, the edge stays several times as sharp."""
    y, x = np.mgrid[0:80, 0:80].astype(np.float32)
    clean = np.where(x + 0.5 * y > 60, np.float32(0.7), np.float32(0.3))[..., None].repeat(3, -1)
    noisy = clean + np.random.default_rng(2).normal(0, 0.03, clean.shape).astype(np.float32)
    direction, sure = along_shapes(structure(noisy, 5.0), (80, 80), 0.0, 1e-3)
    painted = kuwahara(noisy, direction, sure, np.full((80, 80), 6.0, np.float32))
    blurred = blur(noisy, 3.0)
    flat = np.abs(x + 0.5 * y - 60) > 16
    assert (painted - clean)[flat].std() < 0.4 * 0.03
    near = ~flat & (np.abs(x + 0.5 * y - 60) > 1.5)
    assert np.abs(painted - clean)[near].mean() < 0.3 * np.abs(blurred - clean)[near].mean()


def test_kuwahara_keeps_a_line_that_a_round_one_eats() -> None:
    line = np.full((60, 60, 1), 0.2, np.float32)
    line[29:32] = 0.8
    level, radius = np.ones((60, 60), np.complex64), np.full((60, 60), 6.0, np.float32)
    along, around = (kuwahara(line, level, np.full((60, 60), sure, np.float32), radius)[30, 30, 0] for sure in (1, 0))
    assert along > 0.7 > around


def test_kuwahara_stays_within_the_picture_s_range_and_is_none_at_radius_zero() -> None:
    picture = np.random.default_rng(3).random((30, 40, 5), np.float32)
    level, sure = np.ones((30, 40), np.complex64), np.full((30, 40), 0.5, np.float32)
    painted = kuwahara(picture, level, sure, np.full((30, 40), 3.0, np.float32))
    assert painted.shape == picture.shape and painted.min() >= 0 and painted.max() <= 1
    np.testing.assert_allclose(kuwahara(picture, level, sure, np.zeros((30, 40), np.float32)), picture, atol=1e-5)


# The brush


@given(colour=st.tuples(*[st.floats(0.01, 1.0)] * 3))
@settings(max_examples=10, deadline=None)
def test_flat_paint_of_one_colour_is_that_colour(colour: tuple[float, float, float]) -> None:
    plain = light(np.broadcast_to(np.float32(colour), (24, 32, 3)))
    result = made(step(Brush, relief=0.0, saturation=1.0), plain)[0]
    np.testing.assert_allclose(result, plain, rtol=2e-3, atol=1e-5)
    assert result.std(axis=(0, 1)).max() < 1e-5
    assert made(step(Brush), plain)[0].std() > 1e-4  # and relief is what it is that moves


def test_without_brush_and_relief_the_plate_comes_back_highlights_and_alpha_too() -> None:
    nothing = step(Brush, radius=0.0, relief=0.0, saturation=1.0)
    plate = scene()
    np.testing.assert_allclose(made(nothing, plate)[0], plate, rtol=2e-3, atol=1e-4)
    alpha = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :, None].repeat(HEIGHT, 0)
    cut = np.concatenate([np.minimum(plate, 1) * alpha, alpha], axis=-1)
    np.testing.assert_allclose(made(nothing, cut)[0], cut, rtol=2e-3, atol=1e-4)


def test_a_highlight_stays_as_bright_and_spreads_no_further_than_the_brush() -> None:
    plate = scene()
    painted = made(step(Brush, relief=0.0), plate)[0]
    assert painted.max() == pytest.approx(8.0, rel=0.1)
    far = blur((plate.max(-1) > 2).astype(np.float32), 6.0) < 1e-3
    assert painted[far].max() < 1.2


def test_strokes_travel_with_what_they_lie_on() -> None:
    """Of a plate that moves, more of the relief moves along than stays on the screen."""
    rng = np.random.default_rng(4)
    coarse, fine = (
        resize(rng.standard_normal((1, 180 // cell, 330 // cell, 1)).astype(np.float32), (180, 330), "cubic")[0]
        for cell in (10, 3)
    )
    wide = light((0.5 + 0.1 * coarse + 0.08 * fine).repeat(3, -1))
    one, other = (wide[:, at : at + 288] for at in (0, 14))

    def relief(plate: Any) -> Any:
        return luma(shown(made(Brush(name="art"), plate))[0] - shown(made(Brush(name="art", relief=0.0), plate))[0])

    first, second = relief(one)[20:-20], relief(other)[20:-20]
    with_it, on_screen = alike(first[:, 44:-30], second[:, 30:-44]), alike(first[:, 30:-44], second[:, 30:-44])
    assert with_it > 0.45 and with_it > on_screen + 0.1, (with_it, on_screen)


# The drawing


def test_the_drawing_is_as_dark_as_the_plate() -> None:
    """Even greys: on white paper in black ink the mean a screen shows is the plate's, within 0.06."""
    plain = step(Hatch, ink=(0.0, 0.0, 0.0), paper=(1.0, 1.0, 1.0), width=12.0)
    means = []
    for tone in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9):
        drawn = shown(made(plain, light(np.full((HEIGHT, WIDTH, 3), tone))))[0]
        means.append(drawn.mean())
        assert drawn.mean() == pytest.approx(tone, abs=0.06)
    assert means == sorted(means)
    for parts in ({"cross": 0.0}, {"rub": 0.0}, {"tooth": 0.0}, {"rub": 1.0}):
        drawn = shown(made(plain.model_copy(update=parts), light(np.full((HEIGHT, WIDTH, 3), 0.5))))[0]
        assert drawn.mean() == pytest.approx(0.5, abs=0.07)


def test_white_is_bare_paper_and_black_is_coal() -> None:
    colours = {"ink": (0.3, 0.1, 0.05), "paper": (0.9, 0.85, 0.7)}
    for tone, wanted in ((1.0, colours["paper"]), (0.0, colours["ink"])):
        drawn = shown(made(step(Hatch, **colours), light(np.full((HEIGHT, WIDTH, 3), tone))))[0]
        np.testing.assert_allclose(drawn.mean(axis=(0, 1)), wanted, atol=0.05)


def test_lines_lie_on_the_dark_side_of_edges_and_nowhere_else() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.9, np.float32)
    grey[:, : WIDTH // 2] = 0.6
    with_lines, without = (shown(made(step(Hatch, line=line), light(grey)))[0].mean(-1) for line in (12.0, 0.0))
    darker = without - with_lines
    assert darker[:, WIDTH // 2 - 3 : WIDTH // 2].mean() > 0.1
    assert np.abs(darker[:, : WIDTH // 2 - 12]).max() < 0.02 and np.abs(darker[:, WIDTH // 2 + 12 :]).max() < 0.02


def test_the_paper_lies_still_when_strokes_are_drawn_anew() -> None:
    boiling = step(Hatch, seed_per_frame="hashed")
    white, grey = (light(np.full((HEIGHT, WIDTH, 3), tone)) for tone in (1.0, 0.5))
    paper, strokes = made(boiling, white, white), made(boiling, grey, grey)
    assert (bits(paper[0]) == bits(paper[1])).all() and paper[0].std() > 1e-4
    assert np.abs(strokes[0] - strokes[1]).mean() > 0.01
    assert not np.array_equal(made(step(Hatch, seed="5"), white), made(step(Hatch), white))


# Both


@BOTH
def test_a_frame_has_the_same_bits_alone_and_in_any_batch(kind: type[Any]) -> None:
    art = step(kind, seed_per_frame="hashed", batch=3)
    plates = [scene(number) for number in range(3)]
    whole = made(art, *plates)
    for number, plate in enumerate(plates):
        alone = made(art, plate, first=1001 + number)
        assert (bits(whole[number]) == bits(alone[0])).all()
    fixed = made(step(kind), plates[0], plates[0])
    assert (bits(fixed[0]) == bits(fixed[1])).all(), "a still plate stays still"
    other = made(step(kind, seed="1"), plates[0])
    assert np.abs(other[0] - fixed[0]).mean() > 0.003


@BOTH
def test_grain_of_a_still_plate_does_not_make_it_boil(kind: type[Any]) -> None:
    """Less moves in the picture than in the plate; strokes drawn anew move several times as much."""
    still, rng = shown(scene(0, 270, 432)[None])[0], np.random.default_rng(5)
    plates = [light(np.clip(still + rng.normal(0, 2 / 255, still.shape), 0, 1)) for _ in range(2)]
    moved, drawn = (
        np.abs(two[0] - two[1]).mean() for two in (shown(np.stack(plates)), shown(made(kind(name="art"), *plates)))
    )
    assert drawn < moved
    anew = shown(made(kind(name="art", seed_per_frame="hashed"), *plates))
    assert np.abs(anew[0] - anew[1]).mean() > 3 * drawn


@BOTH
def test_bad_pixels_do_not_spread(kind: type[Any]) -> None:
    plate, bad = scene(), scene()
    bad[30, 40], bad[30, 41], bad[31, 40, 1], bad[60, 100] = np.nan, np.inf, -np.inf, -3.0
    result, clean = made(step(kind), bad)[0], made(step(kind), plate)[0]
    assert np.isfinite(result).all() and (result >= 0).all()
    near = np.zeros((HEIGHT, WIDTH), np.float32)
    near[30, 40] = near[60, 100] = 1.0
    far = blur(near, 12.0) < 1e-6
    assert far.any() and np.abs(result - clean)[far].max() < 0.02


@BOTH
def test_alpha_is_kept_and_nothing_is_drawn_where_it_is_zero(kind: type[Any]) -> None:
    alpha = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    alpha[20:70, 30:110] = 1.0
    result = made(step(kind), np.concatenate([scene() * alpha, alpha], axis=-1))[0]
    assert result.shape == (HEIGHT, WIDTH, 4) and (result[:6] == 0).all() and (result[:, -10:] == 0).all()
    assert np.abs(result[..., 3:] - alpha).mean() < 0.05
    opaque = made(step(kind), scene())[0]
    inside = np.s_[38:52, 55:85]
    assert np.abs(result[inside][..., :3] - opaque[inside]).mean() < 0.02


@BOTH
def test_the_look_is_the_same_at_every_size(kind: type[Any]) -> None:
    """Lengths are in pixels at 1080 lines: twice the size, made smaller again, is the same picture. (The paper's tooth
    is never finer than a pixel, so here it is left out.)"""
    art = step(kind, **({"tooth": 0.0} if kind is Hatch else {}))
    large = scene(6, 2 * HEIGHT, 2 * WIDTH)
    small = resize(large[None], (HEIGHT, WIDTH), "triangle")[0]
    one, other = shown(made(art, small))[0], shown(made(art, large))
    assert alike(one, resize(other, (HEIGHT, WIDTH), "triangle")[0]) > 0.9


@BOTH
def test_a_matte_is_refused(kind: type[Any]) -> None:
    assert step(kind).plan({"plate": Format(48, 32, 4)}) == Format(48, 32, 4)
    with pytest.raises(RecipeError, match="matte"):
        step(kind, input="figure").plan({"plate": Format(48, 32, 3), "figure": Format(48, 32, 1)})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('op = "brush"\nradius = -1', "`radius` cannot be -1"),
        ('op = "brush"\nradios = 3', "Unknown key `radios`"),
        ('op = "brush"\nseed = 3', "`seed` cannot be 3"),
        ('op = "hatch"\nink = [0.1, 0.2, 1.5]', "art.ink"),
        ('op = "hatch"\npaper = [0.1, 0.2]', "art.paper"),
        ('op = "hatch"\ncross = 2', "`cross` cannot be 2"),
    ],
)
def test_what_does_not_hold_is_refused_by_name(line: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse(f'[[step]]\nname = "art"\n{line}\n', "d.toml")
    assert said in f"{caught.value.where} {caught.value.what}"


# Through the render loop


@BOTH
def test_through_the_render_loop_the_plate_stays_outside_the_matte(kind: type[Any], tmp_path: Path) -> None:
    """On twos, from EXRs with NaN and Inf; then one frame again alone, with nothing kept: the same file."""

    def picture(frame: int) -> Any:
        plate = scene(frame, 32, 48)
        plate[0, 0], plate[0, 1], plate[1, 0] = np.inf, np.nan, -0.25
        return plate

    media = FrameRange(1001, 1004)
    make_plate(tmp_path / "plate", media, picture)
    art = step(kind, on=2, batch=2, curves={"length": ((1001, 100.0), (1004, 300.0))})
    recipe = make_recipe(art, Disc(name="figure"), Merge(name="comp", a="art", mask="figure"), frames=(1001, 1004))
    work = make_work(tmp_path, recipe, media, shot=make_shot(tmp_path / "plate" / "plate.%04d.exr", media, (48, 32)))
    whole = hashes(render_all(work))
    for frame in media:
        master, plate = read_frame(tmp_path / "out" / "master" / f"{frame:04d}.exr"), picture(frame)
        same = (bits(master) == bits(plate)).all(-1)
        assert same[:8].all() and same[-8:].all() and same[:, :12].all() and not same[12:-12, 18:-18].any()
    again = make_work(tmp_path, recipe, media, frames=(1003,), shot=work.shot, out="again")
    assert hashes(render_all(replace(again, steps=tmp_path / "steps2"))) == {1003: whole[1003]}
    assert len(set(whole.values())) == 4
