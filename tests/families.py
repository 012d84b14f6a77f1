"""Tiny random checkpoints of image families beyond SD 1.x, in their own layouts. Seconds each, nothing fetched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sample_project import tiny


def save(folder: Path, build: Callable[[Path], Any]) -> Path:
    """Build a pipeline with weights from one seed and save it."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        build(folder).save_pretrained(folder, safe_serialization=True)
    return folder


def _vae(channels: int, **values: Any) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=channels, norm_num_groups=1,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        **{"use_quant_conv": False, "use_post_quant_conv": False, "shift_factor": 0.06, "scaling_factor": 1.5} | values,
    ).eval()  # fmt: skip


def _flow(**values: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(**values)


def _t5(folder: Path) -> dict[str, Any]:
    from transformers import T5Config, T5EncoderModel, T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(chr(code), -3.0) for code in range(97, 123)]
    config = T5Config(vocab_size=160, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    return {"model": T5EncoderModel(config).eval(), "tokenizer": T5TokenizerFast(vocab=pieces, model_max_length=64)}


def _qwen_tokenizer(folder: Path) -> Any:
    from transformers import Qwen2Tokenizer

    tiny.tokenizer(folder / "spelling")
    vocab = json.loads((folder / "spelling" / "vocab.json").read_text())
    vocab = {token: index for token, index in vocab.items() if index < 256}
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|image_pad|>", "<|video_pad|>",
               "<|vision_start|>", "<|vision_end|>"]  # fmt: skip
    template = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return Qwen2Tokenizer(
        vocab=vocab | {token: 256 + index for index, token in enumerate(special)}, merges=[], chat_template=template,
        extra_special_tokens=special, pad_token="<|endoftext|>",
    )  # fmt: skip


def sdxl(folder: Path) -> Any:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, sample_size=8, in_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), addition_embed_type="text_time", addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1), projection_class_embeddings_input_dim=80, cross_attention_dim=64,
    ).eval()  # fmt: skip
    return StableDiffusionXLPipeline(
        vae=_vae(4, use_quant_conv=True, use_post_quant_conv=True, shift_factor=None), unet=unet,
        text_encoder=tiny.text_encoder(), text_encoder_2=tiny.text_encoder(projected=True),
        tokenizer=tiny.tokenizer(folder / "tokenizer"), tokenizer_2=tiny.tokenizer(folder / "tokenizer_2"),
        scheduler=EulerDiscreteScheduler(),
    )  # fmt: skip


def sd3(folder: Path) -> Any:
    from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline

    transformer = SD3Transformer2DModel(
        sample_size=32, patch_size=2, in_channels=16, num_layers=1, attention_head_dim=8, num_attention_heads=4,
        caption_projection_dim=32, joint_attention_dim=64, pooled_projection_dim=64, out_channels=16,
        pos_embed_max_size=32,
    ).eval()  # fmt: skip
    return StableDiffusion3Pipeline(
        transformer=transformer, vae=_vae(16), scheduler=_flow(shift=3.0),
        text_encoder=tiny.text_encoder(projected=True), tokenizer=tiny.tokenizer(folder / "tokenizer"),
        text_encoder_2=tiny.text_encoder(projected=True), tokenizer_2=tiny.tokenizer(folder / "tokenizer_2"),
        text_encoder_3=None, tokenizer_3=None,
    )  # fmt: skip


def _flux_parts(folder: Path, *, guided: bool) -> dict[str, Any]:
    from diffusers import FluxTransformer2DModel

    t5 = _t5(folder)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=guided,
    ).eval()  # fmt: skip
    return {
        "transformer": transformer, "vae": _vae(16), "scheduler": _flow(shift=3.0, use_dynamic_shifting=guided),
        "text_encoder": tiny.text_encoder(), "tokenizer": tiny.tokenizer(folder / "tokenizer"),
        "text_encoder_2": t5["model"], "tokenizer_2": t5["tokenizer"],
    }  # fmt: skip


def flux_dev(folder: Path) -> Any:
    from diffusers import FluxPipeline

    return FluxPipeline(**_flux_parts(folder, guided=True))


def flux_schnell(folder: Path) -> Any:
    from diffusers import FluxPipeline

    return FluxPipeline(**_flux_parts(folder, guided=False))


def flux_kontext(folder: Path) -> Any:
    from diffusers import FluxKontextPipeline

    return FluxKontextPipeline(**_flux_parts(folder, guided=True))


def _qwen_parts(folder: Path) -> dict[str, Any]:
    from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = {
        "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": 300, "bos_token_id": 256, "eos_token_id": 256, "pad_token_id": 256,
        "rope_parameters": {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e6},
    }  # fmt: skip
    sight = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    config = Qwen2_5_VLConfig(
        text_config=text, vision_config=sight, image_token_id=259, video_token_id=260, vision_start_token_id=261,
        vision_end_token_id=262,
    )  # fmt: skip
    transformer = QwenImageTransformer2DModel(
        patch_size=2, in_channels=64, out_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
    ).eval()  # fmt: skip
    vae = AutoencoderKLQwenImage(
        base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 16, latents_std=[1.0] * 16,
    ).eval()  # fmt: skip
    return {
        "transformer": transformer, "vae": vae, "scheduler": _flow(use_dynamic_shifting=True),
        "text_encoder": Qwen2_5_VLForConditionalGeneration(config).eval(), "tokenizer": _qwen_tokenizer(folder),
    }  # fmt: skip


def qwen_image(folder: Path) -> Any:
    from diffusers import QwenImagePipeline

    return QwenImagePipeline(**_qwen_parts(folder))


def z_image(folder: Path) -> Any:
    from diffusers import ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    config = Qwen3Config(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=300, max_position_embeddings=600, head_dim=8, bos_token_id=256, eos_token_id=256,
    )  # fmt: skip
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, cap_feat_dim=16, axes_dims=[8, 4, 4], axes_lens=[1024, 64, 64],
    ).eval()  # fmt: skip
    return ZImagePipeline(
        transformer=transformer, vae=_vae(16), scheduler=_flow(shift=3.0), text_encoder=Qwen3Model(config).eval(),
        tokenizer=_qwen_tokenizer(folder),
    )  # fmt: skip


def instruct_pix2pix(folder: Path) -> Any:
    """As Brooks et al. 2023 lay it out, but with TAESD as the VAE: eight channels in, four of them the picture's."""
    from diffusers import (
        AutoencoderTiny,
        DDIMScheduler,
        StableDiffusionInstructPix2PixPipeline,
        UNet2DConditionModel,
    )

    unet = UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, sample_size=8, in_channels=8, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), cross_attention_dim=32, addition_embed_type="text",
        addition_embed_type_num_heads=4,
    ).eval()  # fmt: skip
    vae = AutoencoderTiny(
        latent_channels=4, encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4,
    ).eval()  # fmt: skip
    return StableDiffusionInstructPix2PixPipeline(
        vae=vae, unet=unet, text_encoder=tiny.text_encoder(), tokenizer=tiny.tokenizer(folder / "tokenizer"),
        scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def flux2_klein(folder: Path) -> Any:
    from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        hidden_size=16, intermediate_size=16, num_hidden_layers=28, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=300, max_position_embeddings=600, head_dim=8, bos_token_id=256, eos_token_id=256,
    )  # fmt: skip
    transformer = Flux2Transformer2DModel(
        patch_size=1, in_channels=32, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=48, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    ).eval()  # fmt: skip
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=8, norm_num_groups=1,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    ).eval()  # fmt: skip
    return Flux2KleinPipeline(
        transformer=transformer, vae=vae, scheduler=_flow(use_dynamic_shifting=True),
        text_encoder=Qwen3ForCausalLM(config).eval(), tokenizer=_qwen_tokenizer(folder),
    )  # fmt: skip


FAMILIES: dict[str, Callable[[Path], Any]] = {
    "SDXL": sdxl,
    "Stable Diffusion 3": sd3,
    "Flux dev": flux_dev,
    "Flux schnell": flux_schnell,
    "Flux Kontext": flux_kontext,
    "Flux.2 klein": flux2_klein,
    "Qwen-Image": qwen_image,
    "Z-Image": z_image,
    "InstructPix2Pix": instruct_pix2pix,
}
