"""Parts for the tiny checkpoint, built on the spot: a LoRA, a ControlNet, an IP-Adapter with its encoder, one file.

Nothing here is the code under test: layouts are those that the formats' first authors published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def save(file: Path, tensors: Mapping[str, Any]) -> Path:
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})
    return file


def load(file: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(file))


def noise(*shape: int, seed: int, scale: float) -> Any:
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def cross_values(unet: Mapping[str, Any]) -> list[str]:
    """The layers through which a UNet hears of the prompt."""
    return [name.removesuffix(".weight") for name in unet if name.endswith("attn2.to_v.weight")]


def save_lora(file: Path, checkpoint: Path, seed: int = 1, scale: float = 0.5, rank: int = 2) -> dict[str, Any]:
    """A LoRA for the cross attention of a checkpoint. Returns what it adds to each weight, B · A."""
    unet = load(checkpoint / "unet" / "diffusion_pytorch_model.safetensors")
    tensors, added = {}, {}
    for index, layer in enumerate(cross_values(unet)):
        out, into = unet[f"{layer}.weight"].shape
        a, b = (noise(*shape, seed=seed + 10 * index + n, scale=scale) for n, shape in
                enumerate(((rank, into), (out, rank))))  # fmt: skip
        tensors |= {f"unet.{layer}.lora_A.weight": a, f"unet.{layer}.lora_B.weight": b}
        added[f"{layer}.weight"] = b @ a
    save(file, tensors)
    return added


def save_controlnet(folder: Path, checkpoint: Path, *, strength: float = 0.0) -> Path:
    """A ControlNet as training starts one: copied from the UNet, its last convolutions zero (or of `strength`)."""
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(checkpoint / "unet")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(5)
        net = ControlNetModel.from_unet(unet)
        for conv in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
            conv.weight.normal_(0.0, 1.0).mul_(strength)
    net.save_pretrained(folder)
    return folder


def save_adapter(file: Path, encoder: Path, checkpoint: Path, seed: int = 3, width: int = 12) -> None:
    """An IP-Adapter (as h94/IP-Adapter stores one) and its CLIP image encoder."""
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    unet = load(checkpoint / "unet" / "diffusion_pytorch_model.safetensors")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = CLIPVisionConfig(
            hidden_size=16, intermediate_size=32, projection_dim=width, num_hidden_layers=2, num_attention_heads=2,
            image_size=32, patch_size=8,
        )  # fmt: skip
        CLIPVisionModelWithProjection(config).eval().save_pretrained(encoder)
    values = cross_values(unet)
    cross = unet[f"{values[0]}.weight"].shape[1]
    tensors = {
        "image_proj.proj.weight": noise(4 * cross, width, seed=seed, scale=1.0),
        "image_proj.proj.bias": noise(4 * cross, seed=seed + 1, scale=1.0),
        "image_proj.norm.weight": noise(cross, seed=seed + 2, scale=1.0),
        "image_proj.norm.bias": noise(cross, seed=seed + 3, scale=0.1),
    }
    for index, layer in enumerate(values):
        shape = unet[f"{layer}.weight"].shape
        for n, part in enumerate(("to_k_ip", "to_v_ip")):
            name = f"ip_adapter.{2 * index + 1}.{part}.weight"
            tensors[name] = noise(*shape, seed=seed + 20 * index + n, scale=2.0)
    save(file, tensors)


# One file in the layout of CompVis/stable-diffusion


def save_single_file(file: Path, checkpoint: Path) -> Path:
    """The checkpoint's UNet, VAE and text encoder under the names of the first release of Stable Diffusion."""
    unet = load(checkpoint / "unet" / "diffusion_pytorch_model.safetensors")
    vae = load(checkpoint / "vae" / "diffusion_pytorch_model.safetensors")
    text = load(checkpoint / "text_encoder" / "model.safetensors")
    tensors = {f"model.diffusion_model.{_unet_name(name)}": tensor for name, tensor in unet.items()}
    levels = 1 + max(int(found[1]) for name in vae if (found := re.match(r"encoder\.down_blocks\.(\d+)", name)))
    for name, tensor in vae.items():
        original = _vae_name(name, levels)
        squares = "attn_1." in original and tensor.ndim == 2
        tensors[f"first_stage_model.{original}"] = tensor[..., None, None] if squares else tensor
    for name, tensor in text.items():
        tensors[f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"] = tensor
    return save(file, tensors)


_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip


def _unet_name(name: str) -> str:
    """A UNet with one layer a block, as the tiny one: down blocks take two places (layer, downsampler), up blocks two
    layers."""
    end = next((end for end in _ENDS if name.startswith(f"{end}.")), None)
    if end:
        return name.replace(end, _ENDS[end], 1)
    if found := re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        kind, index, rest = found.groups()
        place = 1 if kind == "attentions" else 2 * int(index)
        return f"middle_block.{place}.{rest if kind == 'attentions' else _resnet(rest)}"
    found = re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.+)", name)
    assert found, name
    way, block, kind, index, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    moves = kind in ("downsamplers", "upsamplers")
    if kind == "resnets":
        rest = f"0.{_resnet(rest)}"
    elif way == "down" and moves:
        rest = f"0.{rest.replace('conv', 'op')}"
    else:
        rest = f"1.{rest}"
    place = 1 + 2 * block + index + moves if way == "down" else 2 * block + index + moves
    return f"{'input' if way == 'down' else 'output'}_blocks.{place}.{rest}"


def _resnet(rest: str) -> str:
    key, _, end = rest.partition(".")
    return f"{_RESNET[key]}.{end}"


def _vae_name(name: str, levels: int) -> str:
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    name = name.replace("mid_block.attentions.0.", "mid.attn_1.")
    for new, old in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
        name = name.replace(f"attn_1.{new}.", f"attn_1.{old}.")
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)", lambda found: f"up.{levels - 1 - int(found[1])}", name)
    return name.replace(".resnets.", ".block.").replace(".upsamplers.0", ".upsample")
