"""Protects how models are loaded and kept: shared weights, nothing unsafe, out of memory, the same bits."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelError, RecipeError, RenderError
from core.ops.base import ModelRef
from core.ops.diffusion import Ask
from core.recipe.weights import Weights
from core.render.models import Models
from sample_project import tiny
from tests.model_kit import make_models

TINY = ModelRef("tiny")
PICTURES = np.random.default_rng(1).random((2, 32, 48, 3), np.float32)


def ask(**values: Any) -> Ask:
    given = {"step": "paint", "prompt": "oil", "negative": "", "denoise": 0.5, "guidance": 1.0, "sampling_steps": 4}
    return Ask(**{**given, "sampler": "model", "size": (48, 32), **values})


def paint(pipeline: Any, pictures: Any = PICTURES, **values: Any) -> Any:
    return pipeline.paint(ask(**values), [1] * len(pictures), pictures, None, lambda: None)[0]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny.build(folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def models(root: Path) -> Iterator[Models]:
    yield make_models(root)


# The tiny checkpoint


def test_the_tiny_checkpoint_is_the_same_bytes_every_time(root: Path, tmp_path: Path) -> None:
    import torch

    before = torch.random.get_rng_state()
    again = tiny.build(tmp_path / "again")
    assert torch.equal(before, torch.random.get_rng_state()), "torch's global random state is left as it was"
    files = sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for file in files:
        if file.suffix == ".safetensors":
            assert (again / file).read_bytes() == (root / "tiny" / file).read_bytes(), file
    assert sum((again / file).stat().st_size for file in files) < 2_000_000
    assert not list(again.rglob("*.bin"))


def test_the_tiny_model_keeps_the_large_shapes(models: Models) -> None:
    """So that a demo shows something: at a low denoise a bright half stays bright."""
    halves = np.full((1, 64, 96, 3), 0.2, np.float32)
    halves[:, :, 48:] = 0.8
    made = paint(models.load(TINY, "image2image"), halves, denoise=0.3, sampling_steps=10, size=(96, 64))
    assert made[:, :, 56:].mean() - made[:, :, :40].mean() > 0.3


# Roles


def test_roles_share_weights_but_not_the_scheduler(models: Models) -> None:
    import torch

    image, text, inpaint = (models.load(TINY, role) for role in ("image2image", "text2image", "inpaint"))
    assert models.load(TINY, "image2image") is image, "resident"
    for other in (text, inpaint):
        assert other.pipe.unet is image.pipe.unet and other.pipe.vae is image.pipe.vae
        assert other.pipe.scheduler is not image.pipe.scheduler
    assert image.name == "StableDiffusionImg2ImgPipeline" and inpaint.name == "StableDiffusionInpaintPipeline"
    assert {part.dtype for part in image.pipe.unet.parameters()} == {torch.float32}


def test_sdxl_with_two_text_encoders_takes_the_same_calls(root: Path) -> None:
    _save_sdxl(root / "xl")
    pipeline = make_models(root).load(ModelRef("xl"), "image2image")
    assert pipeline.name == "StableDiffusionXLImg2ImgPipeline"
    made, other = paint(pipeline), paint(pipeline, prompt="night")
    assert made.shape == PICTURES.shape and np.isfinite(made).all() and not np.array_equal(made, other)
    text = make_models(root).load(ModelRef("xl"), "text2image")
    assert text.paint(ask(), [1, 2], None, None, lambda: None)[0].shape == (2, 32, 48, 3)


def test_a_pipeline_that_autopipeline_does_not_list_plays_by_its_own_class(root: Path) -> None:
    _save_pix2pix(root / "pix2pix")
    models = make_models(root)
    pipeline = models.load(ModelRef("pix2pix"), "image2image")
    assert pipeline.name == "StableDiffusionInstructPix2PixPipeline"
    assert np.isfinite(paint(pipeline, denoise=1.0)).all()
    with pytest.raises(RecipeError, match="takes no `denoise`") as refused:
        paint(pipeline, denoise=0.5)
    assert "denoise = 1.0" in refused.value.todo
    with pytest.raises(ModelError, match="does not do text2image") as error:
        models.load(ModelRef("pix2pix"), "text2image")
    assert "image2image" in error.value.todo


def test_every_sampler_runs_and_repeats(models: Models) -> None:
    from core.render.diffusion import SAMPLERS

    pipeline = models.load(TINY, "image2image")
    for name in SAMPLERS:
        first, again = (paint(pipeline, sampler=name, denoise=0.8) for _ in range(2))
        assert np.array_equal(first, again) and np.isfinite(first).all(), name


def test_a_sampler_that_does_not_fit_the_noise_schedule_is_refused(models: Models) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    from core.render.diffusion import Pipeline
    from core.render.wardrobe import Loaded, Wardrobe

    pipe = models.load(TINY, "image2image").pipe
    own, pipe.scheduler = pipe.scheduler, FlowMatchEulerDiscreteScheduler()
    try:
        with pytest.raises(RecipeError, match="noise schedule"):
            paint(Pipeline(Loaded(pipe, Wardrobe()), "image2image", "cpu", lambda: None), sampler="euler_a")
    finally:
        pipe.scheduler = own


# What is refused


def test_pickle_weights_are_refused_even_past_the_resolver(root: Path, tmp_path: Path) -> None:
    import torch
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline.from_pretrained(root / "tiny").save_pretrained(tmp_path / "pickled")
    weights = tmp_path / "pickled" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    torch.save({}, weights.with_suffix(".bin"))
    with pytest.raises(ModelError, match="pickle"):
        make_models(tmp_path).load(ModelRef("pickled"), "image2image")
    careless = Models("cpu", resolve=lambda ref: Weights(tmp_path / ref.id, "x", "", "", ref.id, 0, ()))
    with pytest.raises(ModelError, match="cannot be loaded"):
        careless.load(ModelRef("pickled"), "image2image")


def test_a_folder_that_is_no_pipeline_says_what_to_do(tmp_path: Path) -> None:
    careless = Models("cpu", resolve=lambda ref: Weights(tmp_path, "x", "", "", ref.id, 0, ()))
    with pytest.raises(ModelError, match="diffusers' format") as error:
        careless.load(ModelRef("nothing"), "image2image")
    assert "save_pretrained" in error.value.todo


def test_a_model_that_nothing_resolves_is_an_error() -> None:
    with pytest.raises(ModelError, match="Nothing says where"):
        Models("cpu").load(TINY, "image2image")


def test_a_gpu_that_is_not_there_is_an_error(root: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    models = make_models(root)
    models._wanted, models._found = "cuda", ""
    with pytest.raises(ModelError, match="does not see the GPU"):
        models.load(TINY, "image2image")
    assert models.environment()["gpu"] == ""


# Memory


def test_the_model_unused_for_longest_goes_first(root: Path) -> None:
    models = make_models(root, resident=2)
    models.resolve = lambda ref: Weights(root / "tiny", ref.id, "", "", ref.id, 0, ())
    a, b = models.load(ModelRef("a"), "image2image"), models.load(ModelRef("b"), "image2image")
    assert models.load(ModelRef("a"), "image2image") is a
    models.load(ModelRef("c"), "image2image")
    assert models.load(ModelRef("a"), "image2image") is a
    assert models.load(ModelRef("b"), "image2image") is not b


def test_out_of_memory_frees_retries_once_with_the_same_noise_then_stops(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    models = make_models(root)
    pipeline = models.load(TINY, "image2image")
    models._loaded["onnx", "other"] = {}
    wanted, decode = paint(pipeline), pipeline.pipe.vae.decode
    failures = iter([1])

    def fails_once(*args: Any, **options: Any) -> Any:
        if next(failures, None):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return decode(*args, **options)

    monkeypatch.setattr(pipeline.pipe.vae, "decode", fails_once)
    assert np.array_equal(paint(pipeline), wanted)
    assert list(models._loaded) == [("diffusers", models.resolve(TINY).sha256)], "the other models were let go"

    failures = iter([1, 1])
    with pytest.raises(RenderError, match="Out of memory") as error:
        paint(pipeline)
    assert "batch 2" in error.value.where and "`batch`" in error.value.todo


# Precision and environment


def test_in_bfloat16_the_vae_stays_in_float32(root: Path) -> None:
    import torch

    models = make_models(root, dtype="bfloat16")
    for role in ("image2image", "text2image"):
        pipeline = models.load(TINY, role)
        assert pipeline.pipe.unet.dtype == torch.bfloat16 and pipeline.pipe.vae.dtype == torch.float32
    image = models.load(TINY, "image2image")
    made, exact = paint(image), paint(make_models(root).load(TINY, "image2image"))
    assert np.isfinite(made).all() and 0 < np.abs(made - exact).mean() < 0.2
    assert models.environment()["dtype"] == "bfloat16" and "bfloat16" in models.digest()


def test_the_environment_names_what_decides_pixels() -> None:
    one, more = Models("cpu", threads=1), Models("cpu", threads=2)
    assert one.digest() != more.digest() and one.digest() == Models("cpu", threads=1).digest()
    facts = one.environment()
    assert facts["torch"] and facts["diffusers"] and facts["host"] and facts["device"] == "cpu"
    assert str(facts["host"]) not in one.digest() or str(facts["host"]) in str(facts["cpu"])


def test_naming_the_environment_imports_no_torch() -> None:
    code = (
        "import sys; from core.render.models import Models; m = Models('cpu'); m.environment(); m.digest();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_another_process_gives_the_same_bits(root: Path) -> None:
    code = f"""
import hashlib, sys
from pathlib import Path
from tests.unit.test_models import TINY, make_models, paint
made = paint(make_models(Path({str(root)!r})).load(TINY, "image2image"), sampler="euler_a", guidance=2.0)
print(hashlib.sha256(made.tobytes()).hexdigest())
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": str(n)},
        ).stdout.strip()
        for n in range(2)
    ]  # fmt: skip
    here = paint(make_models(root).load(TINY, "image2image"), sampler="euler_a", guidance=2.0)
    assert runs == [hashlib.sha256(here.tobytes()).hexdigest()] * 2


# Other families, built as small


def _save_sdxl(folder: Path) -> None:
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        unet = UNet2DConditionModel(
            block_out_channels=(16, 16), layers_per_block=1, sample_size=8, norm_num_groups=4, cross_attention_dim=64,
            attention_head_dim=8, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), addition_embed_type="text_time",
            addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 32,
        ).eval()  # fmt: skip
        with torch.no_grad():
            vae = tiny.vae()
        words = tiny.tokenizer(folder / "tokenizer")
        StableDiffusionXLPipeline(
            vae=vae, unet=unet, text_encoder=tiny.text_encoder(), text_encoder_2=tiny.text_encoder(projected=True),
            tokenizer=words, tokenizer_2=words, scheduler=EulerDiscreteScheduler(), add_watermarker=False,
        ).save_pretrained(folder)  # fmt: skip


def _save_pix2pix(folder: Path) -> None:
    import torch
    from diffusers import DDIMScheduler, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        unet = UNet2DConditionModel(
            in_channels=8, out_channels=4, block_out_channels=(16, 16), layers_per_block=1, sample_size=8,
            norm_num_groups=4, cross_attention_dim=32, attention_head_dim=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ).eval()  # fmt: skip
        with torch.no_grad():
            vae = tiny.vae()
        StableDiffusionInstructPix2PixPipeline(
            vae=vae, unet=unet, text_encoder=tiny.text_encoder(), tokenizer=tiny.tokenizer(folder / "tokenizer"),
            scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        ).save_pretrained(folder)  # fmt: skip
