"""Each image family that diffusers has is called by the same two operations; looks for them hold; clips are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelError, RecipeError
from core.ops.diffusion import Control, Lora, Reference
from core.ops.generate import Generate
from core.ops.stylize import Stylize
from core.recipe.text import fragment, parse
from core.recipe.vary import with_look
from core.recipe.weights import Weights
from core.render.models import Models
from sample_project import tiny
from tests import model_parts
from tests.families import FAMILIES, save
from tests.formats_table import row
from tests.model_kit import make_kit, make_models, run

LOOKS = sorted((Path(__file__).parents[2] / "sample_project" / "looks").glob("*.toml"))
INSTRUCTED = {"Flux Kontext", "Flux.2 klein", "InstructPix2Pix"}
"""Families that repaint by instruction and take no `denoise`."""
FROM_PICTURES_ALONE = {"InstructPix2Pix"}


def given(**values: Any) -> dict[str, Any]:
    base = {"name": "paint", "prompt": "oil by candle light", "sampling_steps": 4, "batch": 2, "seed": "3"}
    return {**base, "size": (96, 64), "fit": "stretch", "guidance": 2.0, **values}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_painted_with_and_repeats(family: str, tmp_path: Path) -> None:
    """Tiny random weights: what is proved is the call, its noise, its repeatability and that prompt and plate count."""
    save(tmp_path / "model", FAMILIES[family])
    models = make_models(tmp_path)
    denoise = 1.0 if family in INSTRUCTED else 0.5
    step = Stylize(**given(model="model", denoise=denoise))
    made = run(step, (1001, 1002), make_kit(models))
    assert made.shape == (2, 48, 72, 3) and np.isfinite(made).all()
    assert np.array_equal(run(step, (1001, 1002), make_kit(models)), made)
    assert np.array_equal(run(step, (1001, 1001), make_kit(models))[0], made[0]), "neighbours do not matter"
    other = run(step.model_copy(update={"prompt": "a frozen blue night of stars"}), (1001, 1002), make_kit(models))
    assert not np.array_equal(other, made)
    assert not np.array_equal(made[0], made[1]), "the same seed over another plate"
    if family in INSTRUCTED:
        with pytest.raises(RecipeError, match=r"takes no `denoise`\. It repaints by instruction"):
            run(step.model_copy(update={"denoise": 0.5}), (1001, 1002), make_kit(models))
    kinds = "stylize"
    if family not in FROM_PICTURES_ALONE:
        sky = run(Generate(**given(model="model")), (1001, 1002), make_kit(models))
        assert sky.shape == made.shape and np.isfinite(sky).all()
        kinds = "stylize and generate"
    row("models", family, f"a folder of tiny random weights, 96 x 64, batch 2, {kinds}",
        "opens: repeats bit for bit; prompt and plate count")  # fmt: skip


@pytest.mark.slow
def test_a_transformer_wears_a_lora_and_says_what_it_cannot_wear(tmp_path: Path) -> None:
    save(tmp_path / "model", FAMILIES["Flux schnell"])
    layer = "transformer.transformer_blocks.0.attn.to_v"
    width = model_parts.load(tmp_path / "model" / "transformer" / "diffusion_pytorch_model.safetensors")[
        f"{layer.partition('.')[2]}.weight"
    ].shape[0]
    model_parts.save(
        tmp_path / "gouache.safetensors",
        {
            f"{layer}.lora_A.weight": model_parts.noise(2, width, seed=1, scale=1.0),
            f"{layer}.lora_B.weight": model_parts.noise(width, 2, seed=2, scale=1.0),
        },
    )
    models = make_models(tmp_path)
    step = Stylize(**given(model="model", guidance=1.0))
    bare = run(step, (1001, 1002), make_kit(models))
    worn = step.model_copy(update={"lora": (Lora(model="gouache.safetensors"),)})
    assert np.abs(run(worn, (1001, 1002), make_kit(models)) - bare).mean() > 1e-5
    assert np.array_equal(run(step, (1001, 1002), make_kit(models)), bare)
    tiny.build(tmp_path / "tiny")
    model_parts.save_adapter(tmp_path / "adapter.safetensors", tmp_path / "encoder", tmp_path / "tiny")
    like = Reference(model="adapter.safetensors", encoder="encoder", input="plate")
    with pytest.raises(ModelError, match=r"IP-Adapters are for SD 1\.5 and SDXL"):
        run(step.model_copy(update={"reference": (like,)}), (1001, 1002), make_kit(models))
    model_parts.save_controlnet(tmp_path / "depth", tmp_path / "tiny")
    held = (Control(model="depth", input="plate", seen="srgb"),)
    with pytest.raises(ModelError, match="ControlNet does not fit the model"):
        run(step.model_copy(update={"control": held}), (1001, 1002), make_kit(models))
    assert np.array_equal(run(step, (1001, 1002), make_kit(models)), bare)


@pytest.fixture(scope="module")
def pix2pix(tmp_path_factory: pytest.TempPathFactory) -> Models:
    root = tmp_path_factory.mktemp("models")
    save(root / "pix2pix", FAMILIES["InstructPix2Pix"])
    tiny.build(root / "tiny")
    return make_models(root)


def test_image_guidance_is_the_knob_of_models_that_repaint_by_instruction(pix2pix: Models) -> None:
    import torch
    from diffusers import StableDiffusionInstructPix2PixPipeline

    from core.media.resample import to_model
    from tests.model_kit import plate

    step = Stylize(**given(model="pix2pix", denoise=1.0, guidance=5.0, image_guidance=2.0, batch=1))
    kit = make_kit(pix2pix)
    seen = to_model(kit.view(plate(1001)[None], "srgb"), (96, 64), "stretch")[0].clip(0.0, 1.0)
    ours = pix2pix.load(step.models()[0], "image2image").paint(
        step.ask((96, 64), 1.0, 2.0), [3], seen, None, lambda: None
    )[0]
    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        pix2pix.resolve(step.models()[0]).path, dtype=torch.float32, local_files_only=True
    )
    pipe.set_progress_bar_config(disable=True)
    theirs = pipe("oil by candle light", image=torch.from_numpy(seen.transpose(0, 3, 1, 2)), num_inference_steps=4,
                  guidance_scale=5.0, image_guidance_scale=2.0, generator=torch.Generator().manual_seed(3),
                  output_type="pt").images  # fmt: skip
    assert np.array_equal(ours, theirs.permute(0, 2, 3, 1).numpy())
    held = run(step, (1001,), kit)
    loose = run(step.model_copy(update={"image_guidance": 1.0}), (1001,), kit)
    assert not np.array_equal(held, loose)
    curved = step.model_copy(update={"curves": {"image_guidance": ((1001, 1.0), (1002, 2.0))}})
    assert np.array_equal(run(curved, (1001,), kit), loose)


@pytest.mark.parametrize(
    ("values", "what", "todo"),
    [
        ({"model": "pix2pix", "denoise": 0.5}, "takes no `denoise`. It repaints by instruction", "denoise = 1.0"),
        (
            {"model": "pix2pix", "denoise": 1.0, "guidance": 1.0, "image_guidance": 2.0},
            "does nothing",
            "guidance above",
        ),
        ({"model": "tiny", "image_guidance": 2.0}, "takes no `image_guidance`", "image_guidance = 1.0"),
    ],
)
def test_a_knob_that_a_model_would_ignore_is_refused(
    pix2pix: Models, values: dict[str, Any], what: str, todo: str
) -> None:
    with pytest.raises(RecipeError, match=what) as caught:
        run(Stylize(**given(**values)), (1001, 1002), make_kit(pix2pix))
    assert todo in caught.value.todo and "paint" in caught.value.where


@pytest.mark.parametrize("name", ["WanPipeline", "WanVACEPipeline", "LTXConditionPipeline", "CogVideoXPipeline"])
def test_models_that_paint_clips_are_refused_with_what_exists(tmp_path: Path, name: str) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": name}))
    models = Models("cpu", resolve=lambda ref: Weights(tmp_path, "x", "", "", ref.id, 0, ()))
    with pytest.raises(ModelError, match=f"{name}.*paints clips, not frames") as caught:
        run(Stylize(**given(model="wan")), (1001, 1002), make_kit(models))
    assert "SDXL" in caught.value.todo and "Qwen-Image" in caught.value.todo
    if name == "WanPipeline":
        row("models", "Wan, LTX, CogVideoX and other video models", "model_index.json of four families",
            "refused: they paint clips of many frames; take an image model, frame by frame")  # fmt: skip


# The looks of the sample project


@pytest.mark.parametrize("look", LOOKS, ids=lambda path: path.stem)
def test_a_look_holds_and_says_which_model(look: Path) -> None:
    text = look.read_text(encoding="utf-8")
    fragment(text, look.name)
    draft = parse(with_look('shot = "a"\nrange = [1001, 1002]\n', text, name=look.stem, sha256="0" * 64), look.name)
    painted = [step for step in draft.step if isinstance(step, Stylize)]
    assert painted and painted[0].prompt and painted[0].sampling_steps
    assert text.startswith("# "), "a look says what it is for"
    assert set(painted[0].size) == set() or all(side % 16 == 0 for side in painted[0].size)


def test_looks_of_every_family_are_there() -> None:
    assert {
        "sd15",
        "sdxl",
        "sdxl_turbo",
        "sd3",
        "flux",
        "flux_schnell",
        "flux_kontext",
        "qwen",
        "z_image",
        "pix2pix",
    } <= {look.stem for look in LOOKS}
