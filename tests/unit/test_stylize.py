"""Protects `stylize` and `generate`: diffusers' own noise, independence of neighbours, honest refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, RecipeError, RenderError
from core.frames import FrameRange
from core.media.resample import to_model
from core.ops.base import Format
from core.ops.generate import Generate
from core.ops.stylize import Stylize
from core.recipe.model import Recipe
from core.render.models import Models
from sample_project import tiny
from tests.model_kit import finder, make_kit, make_models, plate, run
from tests.render_kit import hashes, make_plate, make_recipe, make_shot, make_work
from tests.render_kit import run as render_all

FRAMES = (1001, 1002, 1003)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny.build(root / "tiny")
    return root


@pytest.fixture(scope="module")
def models(folder: Path) -> Models:
    return make_models(folder)


def stylize(**values: Any) -> Stylize:
    given = {"name": "paint", "model": "tiny", "prompt": "oil", "seed": "7", "sampling_steps": 4, "batch": 3}
    return Stylize(**{**given, **values})


def test_one_frame_is_what_diffusers_gives_for_the_seed(folder: Path, models: Models) -> None:
    import torch
    from diffusers import AutoPipelineForImage2Image

    kit = make_kit(models)
    step = stylize(size=(64, 48), denoise=0.75, guidance=3.0, negative="grey", seed="8723645120", batch=1)
    ours = run(step, (1001,), kit)

    pipe = AutoPipelineForImage2Image.from_pretrained(folder / "tiny", dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    seen, _ = to_model(kit.view(plate(1001)[None], "srgb"), (64, 48), "crop")
    theirs = pipe(
        "oil", image=seen.clip(0, 1), strength=0.75, num_inference_steps=4,
        guidance_scale=3.0, negative_prompt="grey", generator=torch.Generator().manual_seed(8723645120),
        output_type="pt",
    ).images  # fmt: skip

    request = step.ask((64, 48), 0.75)
    made, ran = models.load(step.models()[0], "image2image").paint(
        request, [8723645120], seen.clip(0, 1), None, lambda: None
    )
    assert np.array_equal(made, theirs.permute(0, 2, 3, 1).numpy())
    assert ran == 3 and kit.notes["paint", 1001] == {"effective_steps": 3}
    assert ours.shape == (1, 48, 72, 3) and ours.dtype == np.float32 and np.isfinite(ours).all()


def test_neighbours_do_not_touch_a_frame(models: Models) -> None:
    """The promise behind re-rendering one frame: same slot and batch, other neighbours, other curves: same bits."""
    step = stylize(seed_per_frame="hashed", curves={"denoise": ((1001, 0.5), (1003, 1.0))}, detail=0.4)
    whole = run(step, FRAMES, make_kit(models))
    alone = run(step, (1002, 1002, 1002), make_kit(models))
    assert np.array_equal(whole[1], alone[1])
    again = run(step, FRAMES, make_kit(models))
    assert np.array_equal(whole, again)


def test_a_prompt_that_changes_within_a_batch_changes_only_its_frames(models: Models) -> None:
    step = stylize(denoise=1.0, curves={"prompt": ((1001, "oil"), (1003, "a frozen blue night"))})
    kit = make_kit(models)
    changed, plain = run(step, FRAMES, kit), run(stylize(denoise=1.0), FRAMES, make_kit(models))
    assert np.array_equal(changed[:2], plain[:2])
    assert np.abs(changed[2] - plain[2]).mean() > 1e-3
    assert {frame for _, frame in kit.notes} == set(FRAMES)


@pytest.mark.parametrize("change", [{"prompt": "night"}, {"seed": "8"}, {"denoise": 1.0}, {"sampler": "euler_a"}])
def test_what_an_artist_changes_shows(models: Models, change: dict[str, Any]) -> None:
    before, after = (run(stylize(batch=1, **values), (1001,), make_kit(models)) for values in ({}, change))
    assert np.abs(before - after).mean() > 1e-3


def test_denoise_too_small_for_a_step_keeps_the_plate_and_says_so(models: Models) -> None:
    kit = make_kit(models)
    result = run(stylize(curves={"denoise": ((1001, 0.0), (1002, 0.2), (1003, 0.8, "hold"))}, detail=1.0), FRAMES, kit)
    assert np.array_equal(result[0], plate(1001)) and np.array_equal(result[1], plate(1002))
    assert not np.array_equal(result[2], plate(1003))
    assert [kit.notes["paint", frame]["effective_steps"] for frame in FRAMES] == [0, 0, 3]


def test_highlights_and_bad_pixels_do_not_spread(models: Models) -> None:
    source = plate(1001)[None].copy()
    source[0, 3, 4], source[0, 5, 6] = np.nan, np.inf
    result = run(stylize(batch=1, detail=1.0), (1001,), make_kit(models), plate=source)
    assert np.isfinite(result).all()


def test_crop_keeps_the_source_outside_and_stretch_covers_all(models: Models) -> None:
    result = run(stylize(batch=1, size=(48, 48)), (1001,), make_kit(models))
    same = (result[0] == plate(1001)).all(axis=-1)
    assert same[:, :12].all() and same[:, -12:].all() and not same[:, 12:-12].any()
    assert not (run(stylize(batch=1), (1001,), make_kit(models))[0] == plate(1001)).all(axis=-1).any()


def test_detail_brings_back_what_the_model_lost(models: Models) -> None:
    source = plate(1001)[None]
    source += np.random.default_rng(1).normal(0, 0.05, source.shape).astype(np.float32)
    bare, rich = (
        run(stylize(batch=1, detail=amount), (1001,), make_kit(models), plate=source) for amount in (0.0, 1.0)
    )

    assert not np.array_equal(bare, source), "the source is not written to"

    def fine(picture: Any) -> Any:
        return np.diff(picture, axis=2)

    assert np.abs(fine(rich) - fine(source)).mean() < 0.5 * np.abs(fine(bare) - fine(source)).mean()


def test_inpainting_paints_inside_the_mask(models: Models) -> None:
    mask = np.zeros((1, 48, 72, 1), np.float32)
    mask[:, :, :36] = 1.0
    step = stylize(batch=1, denoise=1.0, mask="figure", prompt="a frozen blue night", sampling_steps=6)
    result = run(step, (1001,), make_kit(models), figure=mask)
    moved = np.abs(result[0] - plate(1001)).mean(axis=-1)
    assert moved[:, :24].mean() > 2 * moved[:, -24:].mean()
    assert step.plan({"plate": Format(72, 48, 3), "figure": Format(72, 48, 1)}) == Format(72, 48, 3)
    with pytest.raises(RecipeError, match="as a matte"):
        step.plan({"plate": Format(72, 48, 3), "figure": Format(72, 48, 3)})


def test_a_size_that_the_model_would_round_is_refused_with_what_fits(models: Models) -> None:
    with pytest.raises(RecipeError, match="multiples of 8") as error:
        run(stylize(size=(770, 48)), FRAMES, make_kit(models))
    assert "768 or 776" in error.value.todo and "paint" in error.value.where


def test_a_cancel_is_heard_between_sampling_steps(models: Models) -> None:
    ticks = iter(range(100))

    def tick() -> None:
        if next(ticks) == 4:
            raise Cancelled("Stop.")

    with pytest.raises(Cancelled):
        run(stylize(sampling_steps=50, denoise=1.0), FRAMES, make_kit(models, tick))
    assert next(ticks) < 10
    fresh = run(stylize(), FRAMES, make_kit(models))
    assert np.array_equal(fresh, run(stylize(), FRAMES, make_kit(models))), "a cancelled call leaves no state"


def test_a_prompt_longer_than_the_model_reads_is_said(models: Models) -> None:
    kit = make_kit(models)
    run(stylize(batch=1, prompt="a very long story " * 20), (1001,), kit)
    assert kit.notes["paint", 1001]["prompt_cut"] is True


def test_generate_reads_no_plate_and_repeats(models: Models) -> None:
    step = Generate(
        name="sky", model="tiny", prompt="fog", seed="3", sampling_steps=3, batch=2, seed_per_frame="iterate"
    )
    first = run(step, (1001, 1002), make_kit(models))
    other = run(step, (1001, 1002), make_kit(models), plate=np.full((2, 48, 72, 3), np.nan, np.float32))
    assert np.array_equal(first, other) and np.isfinite(first).all() and first.shape == (2, 48, 72, 3)
    assert not np.array_equal(first[0], first[1])


def test_through_the_render_loop_one_frame_again_is_the_same_file(folder: Path, tmp_path: Path) -> None:
    """The whole path: plate from disk, batches by slot, EXR; then only one frame, in a store of its own."""
    make_plate(tmp_path / "plate", range(1001, 1007), plate)
    step = stylize(batch=2, seed_per_frame="hashed", curves={"prompt": ((1001, "oil"), (1004, "embers"))})
    weights = finder(folder)(step.models()[0])
    recipe: Recipe = make_recipe(step, frames=(1001, 1006), model={"tiny": {"revision": "", "sha256": weights.sha256}})
    shot = make_shot(tmp_path / "plate" / "plate.%04d.exr", FrameRange(1001, 1006), (72, 48))
    models = make_models(folder)
    whole = hashes(render_all(make_work(tmp_path, recipe, FrameRange(1001, 1006), shot=shot), models=models))
    one = make_work(tmp_path, recipe, FrameRange(1001, 1006), frames=(1004,), shot=shot, out="again")
    again = hashes(render_all(replace(one, steps=tmp_path / "steps2"), models=models))
    assert again == {1004: whole[1004]} and len(set(whole.values())) == 6


def test_a_model_that_fails_names_the_step(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = models.load(stylize().models()[0], "image2image")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes\x1b[31m cannot be multiplied")

    monkeypatch.setattr(type(pipeline.pipe), "__call__", broken)
    with pytest.raises(RenderError, match="cannot be multiplied") as error:
        run(stylize(), FRAMES, make_kit(models))
    assert "paint" in error.value.where and "\x1b" not in str(error.value)
