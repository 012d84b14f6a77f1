"""Protects what goes into a model: LoRA, ControlNet, IP-Adapter, VAE, one-file checkpoints, schedule. Nothing leaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelError, RecipeError
from core.frames import FrameRange
from core.ops.base import Format, ModelRef
from core.ops.diffusion import Control, Lora, Reference, Schedule
from core.ops.reformat import Reformat
from core.ops.stylize import Stylize
from core.recipe.model import Material
from core.recipe.weights import HashCache, resolve
from core.render.models import Models
from sample_project import tiny
from tests import model_parts
from tests.formats_table import row
from tests.model_kit import make_kit, make_models, plate, run
from tests.render_kit import FLOAT, hashes, make_plate, make_recipe, make_shot, make_work
from tests.render_kit import run as render_all

FRAMES = (1001, 1002)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny.build(folder / "tiny")
    model_parts.save_lora(folder / "gouache.safetensors", folder / "tiny")
    model_parts.save_lora(folder / "ink.safetensors", folder / "tiny", seed=7)
    model_parts.save_controlnet(folder / "fresh", folder / "tiny")
    model_parts.save_controlnet(folder / "depth", folder / "tiny", strength=0.5)
    model_parts.save_adapter(folder / "adapter.safetensors", folder / "encoder", folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def models(root: Path) -> Iterator[Models]:
    yield make_models(root)


def stylize(**values: Any) -> Stylize:
    given = {"name": "paint", "model": "tiny", "prompt": "oil", "seed": "7", "sampling_steps": 3, "batch": 2}
    return Stylize(**{**given, "denoise": 1.0, "guidance": 2.0, **values})


def lora(name: str = "gouache", weight: float = 1.0) -> Lora:
    return Lora(model=f"{name}.safetensors", weight=weight)


def control(name: str = "depth", **values: Any) -> Control:
    return Control(model=name, input="lines", **values)


def reference(**values: Any) -> Reference:
    return Reference(**{"model": "adapter.safetensors", "encoder": "encoder", "input": "altar", **values})


def lines(count: int = 2) -> Any:
    picture = np.zeros((count, 48, 72, 1), np.float32)
    picture[:, ::6] = 1.0
    return picture


def altar(value: float = 0.2, count: int = 2) -> Any:
    picture = np.full((count, 20, 30, 3), value, np.float32)
    picture[:, 5:15, 5:20] = [0.8, 0.1, 0.0]
    return picture


def paint(models: Models, step: Stylize, frames: tuple[int, ...] = FRAMES, **pictures: Any) -> Any:
    others = {"lines": lines(), "altar": altar(), **pictures}
    return run(step, frames, make_kit(models), **others)


@pytest.fixture(scope="module")
def bare(models: Models) -> Any:
    return paint(models, stylize())


# LoRA


def test_a_lora_is_its_product_added_to_the_weights(root: Path, models: Models, bare: Any, tmp_path: Path) -> None:
    """The published formula, W + weight · B A, folded into a copy of the checkpoint by hand."""
    tiny.build(tmp_path / "folded")
    file = tmp_path / "folded" / "unet" / "diffusion_pytorch_model.safetensors"
    added = model_parts.save_lora(tmp_path / "same.safetensors", root / "tiny")
    unet = model_parts.load(file)
    model_parts.save(file, unet | {name: unet[name] + 0.7 * part for name, part in added.items()})
    with_lora = paint(models, stylize(lora=(lora(weight=0.7),)))
    folded = paint(make_models(tmp_path), stylize(model="folded"))
    assert np.abs(with_lora - bare).mean() > 1e-3
    np.testing.assert_allclose(with_lora, folded, atol=2e-5)
    row("models", "LoRA (safetensors)", "rank 2 on cross attention, against W + weight · B A folded into the weights",
        "opens: equal within 2e-5 of display white; gone without a trace in the next step")  # fmt: skip


def test_nothing_leaks_from_one_step_to_the_next(models: Models, bare: Any) -> None:
    steps = [
        stylize(lora=(lora(),)),
        stylize(lora=(lora(), lora("ink", 0.5))),
        stylize(reference=(reference(),)),
        stylize(lora=(lora("ink"),), reference=(reference(weight=0.3),), control=(control(),)),
        stylize(control=(control("fresh"), control(weight=0.4, end=0.5))),
    ]
    first = [paint(models, step) for step in steps]
    assert all(np.abs(made - bare).mean() > 1e-4 for made in first)
    assert np.array_equal(paint(models, stylize()), bare)
    for step, made in reversed(list(zip(steps, first, strict=True))):
        assert np.array_equal(paint(models, step), made)
        assert np.array_equal(paint(models, stylize()), bare)
    fresh = make_models(models.resolve.keywords["root"])  # type: ignore[attr-defined]
    assert np.array_equal(paint(fresh, steps[3]), first[3]), "the same bits in a process that has seen nothing else"
    assert len(models._loaded) == 1, "all of them share one checkpoint"


@pytest.mark.parametrize(
    "parts",
    [{"lora": (lora(weight=0.0),)}, {"control": (control(weight=0.0),)}, {"reference": (reference(weight=0.0),)}],
)
def test_a_weight_of_zero_is_without_it_bit_for_bit(models: Models, bare: Any, parts: dict[str, Any]) -> None:
    step = stylize(**parts)
    assert np.array_equal(paint(models, step), bare)
    assert len(step.models()) > 1, "and yet the recipe says what was named"


def test_neighbours_do_not_touch_a_frame_with_parts(models: Models) -> None:
    step = stylize(lora=(lora(),), control=(control(),), reference=(reference(),), seed_per_frame="hashed")
    whole, alone = paint(models, step), paint(models, step, (1002, 1002))
    assert np.array_equal(whole[1], alone[1])


def test_parts_that_do_not_fit_are_told_in_words(root: Path, models: Models, bare: Any) -> None:
    wide = {f"unet.{layer}.lora_{end}.weight": model_parts.noise(*shape, seed=1, scale=1.0)
            for layer in ("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v",)
            for end, shape in (("A", (2, 64)), ("B", (16, 2)))}  # fmt: skip
    model_parts.save(root / "wide.safetensors", wide)
    more = model_parts.load(root / "gouache.safetensors") | {
        f"unet.down_blocks.1.attentions.9.attn2.to_v.lora_{end}.weight": model_parts.noise(2, 2, seed=1, scale=1.0)
        for end in "AB"
    }
    model_parts.save(root / "more.safetensors", more)
    for name in ("wide", "more"):
        with pytest.raises(ModelError, match="LoRA does not fit the model") as caught:
            paint(models, stylize(lora=(lora(name),)))
        assert name in caught.value.where
        assert np.array_equal(paint(models, stylize()), bare), "half of it does not stay"


# ControlNet


def test_a_controlnet_before_its_first_training_step_changes_nothing(models: Models, bare: Any) -> None:
    assert np.array_equal(paint(models, stylize(control=(control("fresh"),))), bare)


def test_a_controlnet_follows_its_picture(models: Models, bare: Any) -> None:
    step = stylize(control=(control(),))
    one, other = paint(models, step), paint(models, step, lines=1.0 - lines())
    assert np.abs(one - bare).mean() > 1e-3 and np.abs(one - other).mean() > 1e-4
    mixed = lines()
    mixed[1] = 1.0 - mixed[1]
    both = paint(models, step, lines=mixed)
    assert np.array_equal(both[0], one[0]) and np.array_equal(both[1], other[1]), "each frame its own"
    early = paint(models, stylize(control=(control(end=0.4),)))
    assert not np.array_equal(early, one)
    row("models", "ControlNet (folder)", "tiny, with zero and with random last convolutions, one and two at a time",
        "opens: at zero the picture without it bit for bit; each frame follows its own control")  # fmt: skip


def test_a_control_of_another_size_is_refused_before_rendering() -> None:
    sizes = {"plate": Format(72, 48, 3), "lines": Format(36, 24, 1), "altar": Format(8, 8, 3)}
    with pytest.raises(RecipeError, match="36 x 24"):
        stylize(control=(control(),)).plan(sizes)
    assert stylize(reference=(reference(),)).plan(sizes) == Format(72, 48, 3)


def test_a_controlnet_of_another_width_is_refused_at_load(root: Path, models: Models) -> None:
    from diffusers import ControlNetModel

    ControlNetModel(
        block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=1, cross_attention_dim=48,
        attention_head_dim=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    ).save_pretrained(root / "other")  # fmt: skip
    with pytest.raises(ModelError, match=r"ControlNet does not fit the model.*48"):
        paint(models, stylize(control=(control("other"),)))
    with pytest.raises(ModelError, match="no ControlNet that rushes can call"):
        paint(models, stylize(control=(control("tiny/unet"),)))


# IP-Adapter


def test_a_reference_pulls_the_picture_and_each_frame_may_have_its_own(models: Models, bare: Any) -> None:
    step = stylize(reference=(reference(),))
    one, other = paint(models, step), paint(models, step, altar=altar(0.9))
    assert np.abs(one - bare).mean() > 1e-4 and np.abs(one - other).mean() > 1e-5
    mixed = np.stack([altar()[0], altar(0.9)[1]])
    both = paint(models, step, altar=mixed)
    assert np.array_equal(both[0], one[0]) and np.array_equal(both[1], other[1])
    row("models", "IP-Adapter (safetensors) with its CLIP encoder", "tiny, for SD 1.x, a still and a picture a frame",
        "opens: each frame is pulled by its own reference; gone without a trace in the next step")  # fmt: skip


def test_a_reference_is_shown_as_clip_was_trained(models: Models) -> None:
    from transformers import CLIPImageProcessor

    step = stylize(reference=(reference(),))
    pipeline = models.load(step.models()[0], "image2image", step.models()[1:])
    picture = altar()[:1]
    theirs = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})(
        images=[picture[0]], do_rescale=False, return_tensors="pt"
    ).pixel_values
    ours = pipeline._seen(picture)
    assert ours.shape == theirs.shape and (ours - theirs).abs().mean() < 0.05


def test_an_encoder_of_another_width_is_refused(root: Path, models: Models, bare: Any) -> None:
    model_parts.save_adapter(root / "narrow.safetensors", root / "narrow", root / "tiny", width=8)
    with pytest.raises(ModelError, match=r"IP-Adapter does not fit the model.*12 numbers.*gives 8"):
        paint(models, stylize(reference=(reference(encoder="narrow"),)))
    assert np.array_equal(paint(models, stylize()), bare)


# VAE, schedule


def test_a_vae_takes_the_place_of_the_models_own(root: Path, models: Models, bare: Any) -> None:
    from diffusers import AutoencoderTiny

    same = paint(models, stylize(vae="tiny/vae"))
    assert np.array_equal(same, bare)
    AutoencoderTiny(
        latent_channels=4, encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4,
    ).save_pretrained(root / "taesd")  # fmt: skip
    assert np.abs(paint(models, stylize(vae="taesd")) - bare).mean() > 1e-3
    assert np.array_equal(paint(models, stylize()), bare)
    AutoencoderTiny(latent_channels=8).save_pretrained(root / "wide_vae")
    with pytest.raises(ModelError, match="8 latent channels, the model 4"):
        paint(models, stylize(vae="wide_vae"))
    with pytest.raises(ModelError, match="no folder or file here"):
        paint(models, stylize(vae="tiny/nothing"))
    row("models", "VAE of its own (folder, or CompVis's single file)", "the model's own again, and TAESD in its place",
        "opens: the model's own gives its bits; other latent channels are refused at load")  # fmt: skip


def test_the_schedule_is_what_diffusers_makes_of_the_same_settings(models: Models, bare: Any) -> None:
    from diffusers import DDIMScheduler

    pipeline = models.load(ModelRef("tiny"), "image2image")
    asked = stylize(schedule=Schedule(spacing="trailing", zero_snr=True)).ask((72, 48), 1.0)
    ours = pipeline._sampler(asked)
    theirs = DDIMScheduler.from_config(
        pipeline.pipe.scheduler.config, timestep_spacing="trailing", rescale_betas_zero_snr=True
    )
    ours.set_timesteps(5), theirs.set_timesteps(5)
    assert ours.timesteps.tolist() == theirs.timesteps.tolist() and type(ours) is DDIMScheduler
    assert not np.array_equal(paint(models, stylize(schedule=Schedule(spacing="trailing"))), bare)
    with pytest.raises(RecipeError, match=r"`schedule.shift`.*no such setting") as caught:
        paint(models, stylize(schedule=Schedule(shift=3.0)))
    assert "spacing, prediction, zero_snr" in caught.value.todo


# One file


def test_a_single_file_gives_the_bits_of_its_folder(root: Path, bare: Any) -> None:
    file = model_parts.save_single_file(root / "film.safetensors", root / "tiny")
    register = {"film": {"source": "film.safetensors", "config": "tiny"}}
    find = partial(resolve, register=register, root=root, env={"HF_HUB_OFFLINE": "1"}, cache=HashCache(root / "hashes"))
    models = Models("cpu", 1, resolve=find)
    assert np.array_equal(paint(models, stylize(model="film")), bare)
    with_parts = stylize(lora=(lora(),), control=(control(),))
    folder = paint(make_models(root), with_parts)
    assert np.array_equal(paint(models, with_parts.model_copy(update={"model": "film"})), folder)
    vae = {name.removeprefix("first_stage_model."): tensor for name, tensor in model_parts.load(file).items()
           if name.startswith("first_stage_model.")}  # fmt: skip
    model_parts.save(root / "vae.safetensors", vae)
    assert np.array_equal(paint(models, stylize(model="film", vae="vae.safetensors")), bare)
    row(
        "models",
        "SD 1.x single file (safetensors)",
        "a tiny checkpoint in CompVis's layout, described by its folder; 72 x 48, 2 frames",
        "opens: with a `config` in the register; the pictures are the folder's bit for bit, LoRA and ControlNet too",
    )


def test_parts_work_in_the_precision_of_a_gpu(root: Path) -> None:
    models = make_models(root, dtype="bfloat16")
    step = stylize(lora=(lora(),), control=(control(),), reference=(reference(),), vae="tiny/vae")
    made = paint(models, step)
    assert np.isfinite(made).all() and np.array_equal(paint(models, step), made)
    pipe = models.load(step.models()[0], "image2image", step.models()[1:]).pipe
    found = {
        part: str(next(getattr(pipe, part).parameters()).dtype)
        for part in ("unet", "controlnet", "image_encoder", "vae")
    }
    assert set(found.values()) == {"torch.bfloat16", "torch.float32"} and found["vae"] == "torch.float32"


def test_two_frames_of_the_plate_are_used(models: Models) -> None:
    made = paint(models, stylize(denoise=0.4))
    assert not np.array_equal(made[0], made[1]) and made.shape == (2, *plate(1001).shape)


# The recipe around them


def test_parts_are_in_the_digest_of_a_frame_by_what_they_read_not_by_name() -> None:
    from core.render.plan import step_digest

    def digest(step: Stylize, **sources: str) -> str:
        return step_digest(step, 1001, {"plate": "p", **sources}, models=["m"])

    step = stylize(control=(control(),), lora=(lora(weight=0.5),))
    named = stylize(control=(Control(model="depth", input="other"),), lora=(lora(weight=0.5),))
    assert digest(step, lines="a") == digest(named, other="a") != digest(step, lines="b")
    assert digest(step, lines="a") != digest(stylize(control=(control(),), lora=(lora(weight=0.6),)), lines="a")


def test_through_the_render_loop_with_a_control_and_a_reference_from_disk(root: Path, tmp_path: Path) -> None:
    """Inputs of their kinds, a step as a control, everything hashed; then one frame again in a store of its own."""
    from core.media.write import write_frame

    make_plate(tmp_path / "plate", range(1001, 1005), plate)
    for frame in range(1001, 1005):
        write_frame(tmp_path / "lines" / f"lines.{frame:04d}.exr", np.repeat(lines()[0], 3, axis=-1), FLOAT)
    write_frame(tmp_path / "altar.exr", altar()[0], FLOAT)
    paths = {"lines": tmp_path / "lines" / "lines.%04d.exr", "altar": tmp_path / "altar.exr"}
    inputs = (
        Material(name="lines", kind="control", path="lines.%04d.exr"),
        Material(name="altar", kind="image", path="altar.exr", colour="ACEScg"),
    )
    figure = Reformat(name="figure", input="plate", size=(72, 48))
    step = stylize(
        lora=(lora(),), reference=(reference(),),
        control=(control(), Control(model="depth", input="figure", seen="srgb", weight=0.5)),
    )  # fmt: skip
    models = make_models(root)
    frozen = {ref.id: {"sha256": models.resolve(ref).sha256, "revision": ""} for ref in step.models()}
    recipe = make_recipe(figure, step, frames=(1001, 1004), input=inputs, model=frozen)
    media = FrameRange(1001, 1004)
    work = make_work(
        tmp_path, recipe, media, shot=make_shot(tmp_path / "plate" / "plate.%04d.exr", media, (72, 48)), materials=paths
    )
    whole = hashes(render_all(work, models=models))
    again = replace(work, frames=(1003,), steps=tmp_path / "steps2", path=lambda frame, _: tmp_path / f"{frame}.exr")
    assert hashes(render_all(again, models=make_models(root))) == {1003: whole[1003]}
    assert len(set(whole.values())) == 4


def test_what_changed_in_a_part_is_told() -> None:
    from core.recipe.changes import changes
    from core.recipe.text import parse

    text = '[[step]]\nop = "stylize"\nname = "paint"\nmodel = "m"\n[[step.lora]]\nmodel = "gouache"\nweight = {}\n'
    told = changes(parse(text.format(0.5), "a"), parse(text.format(0.8), "b"))
    assert [(change.key, "0.5" in change.a, "0.8" in change.b) for change in told] == [("paint.lora", True, True)]


def test_a_part_that_reads_nothing_is_refused_at_its_line() -> None:
    from core.recipe.text import parse

    text = '[[step]]\nop = "stylize"\nname = "paint"\nmodel = "m"\n[[step.control]]\nmodel = "depth"\ninput = "gone"\n'
    with pytest.raises(RecipeError, match="`input` reads `gone`") as caught:
        parse(text, "draft.toml")
    assert "draft.toml:7" in caught.value.where
    with pytest.raises(RecipeError, match="Unknown key `wieght`") as caught:
        parse(text.replace('input = "gone"', 'input = "plate"\nwieght = 1.0'), "draft.toml")
    assert "Did you mean `weight`?" in caught.value.todo
