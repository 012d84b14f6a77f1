"""A tiny real diffusion checkpoint, built on the spot: stock diffusers classes, weights set by hand, no download.

It paints badly but honestly. The VAE averages 8 × 8 pixels and blends them back; the UNet takes fine noise away and
lets the prompt tint the picture. So image to image keeps the plate's large shapes, and prompt, seed and denoise show.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANCHOR = 32.0
"""Two constant channels +ANCHOR and −ANCHOR hold a GroupNorm's deviation still, whatever the picture is."""
TINT = 8.0
NOISE_TAKEN = 1.4


def build(folder: Path) -> Path:
    """Write the checkpoint into `folder` (made if need be) as diffusers' `save_pretrained` does, and return it.

    A StableDiffusionPipeline of 155 000 parameters in safetensors: CLIP text model and byte-level tokenizer,
    UNet, VAE with a factor of 8, DDIM. The same bytes every time; torch's global random state is left as it was.
    """
    from core.render.pipelines import prepare

    prepare(threads=1)
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1001)
        encoder = text_encoder()
        pipe = StableDiffusionPipeline(
            vae=vae(),
            unet=unet(nothing_said(encoder)),
            text_encoder=encoder,
            tokenizer=tokenizer(folder / "tokenizer"),
            scheduler=DDIMScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False,
                set_alpha_to_one=False,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )  # fmt: skip
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def tokenizer(folder: Path) -> Any:
    """A CLIP tokenizer that spells every word byte by byte: 256 bytes, 256 word ends, two marks, no merges."""
    from transformers import CLIPTokenizer

    spelled = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324))]
    tokens = [*spelled, *(f"{char}</w>" for char in spelled), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)


def text_encoder(width: int = 32, *, projected: bool = False) -> Any:
    """A CLIP text model with random weights (`projected`: the kind that SDXL wants as its second)."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=514, hidden_size=width, intermediate_size=2 * width, projection_dim=width, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=77, bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def nothing_said(encoder: Any) -> Any:
    """What a text model makes of the empty prompt, (width,): its mean over 77 tokens."""
    import torch

    return encoder(torch.tensor([[512] + [513] * 76])).last_hidden_state.mean(dim=(0, 1))


def vae() -> Any:
    """An AutoencoderKL whose latents are the 8 × 8 average of red, green, blue (−1 … 1) and their mean."""
    import torch
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(8, 8, 8, 8), layers_per_block=1,
        norm_num_groups=1, down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        sample_size=64, scaling_factor=3.5,
    ).eval()  # fmt: skip
    _quiet(model)
    spread = ANCHOR / 2  # the deviation of 8 channels of which two are ± ANCHOR
    mean_half = torch.tensor([[0.25, 0.25, 0.0], [0.25, 0.25, 0.0], [0.0, 0.0, 0.0]])
    rgb = torch.eye(3)
    _carry(model.encoder.conv_in, _pairs(rgb, 8), anchors=True)
    for block in model.encoder.down_blocks[:-1]:
        _carry(block.downsamplers[0].conv, torch.eye(8), mean_half)
    to_latent = torch.cat([rgb, torch.full((1, 3), 1 / 3), torch.zeros(4, 3)])
    _carry(model.encoder.conv_out, spread * torch.cat([to_latent, -to_latent, torch.zeros(8, 2)], dim=1))
    model.encoder.conv_out.bias[4:] = -20.0  # log variance: the posterior is its mean
    _carry(model.quant_conv, torch.eye(8))
    _carry(model.post_quant_conv, torch.eye(4))
    _carry(model.decoder.conv_in, _pairs(torch.eye(3, 4), 8), anchors=True)
    for block in model.decoder.up_blocks[:-1]:
        _smooth(block.upsamplers[0].conv, anchors=2)
    _carry(model.decoder.conv_out, spread * torch.cat([rgb, -rgb, torch.zeros(3, 2)], dim=1))
    return model


def unet(neutral: Any) -> Any:
    """A UNet whose noise estimate is the latents minus their low-pass, plus a tint by how the prompt differs from
    `neutral` (32,), the embedding that tints nothing."""
    import torch
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(16, 16), layers_per_block=1,
        norm_num_groups=1, cross_attention_dim=32, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()  # fmt: skip
    _quiet(model)
    _tint(model, neutral)
    identity, nothing = torch.eye(16), torch.zeros(16, 16)
    _carry(model.conv_in, _pairs(torch.eye(4), 16), anchors=True)
    _smooth(model.down_blocks[0].downsamplers[0].conv, anchors=2)
    coarse, fine = model.up_blocks
    for resnet in (*coarse.resnets, fine.resnets[0]):
        _carry(resnet.conv_shortcut, torch.cat([identity, nothing], dim=1))
    _smooth(coarse.upsamplers[0].conv, anchors=2)
    high = NOISE_TAKEN * torch.diag(torch.tensor([1.0] * 8 + [0.0] * 8))
    hold = torch.diag(torch.tensor([0.0] * 14 + [1.0] * 2))
    _carry(fine.resnets[1].conv_shortcut, torch.cat([hold - high, high], dim=1))
    spread = ANCHOR / 8**0.5
    _carry(model.conv_out, spread * torch.cat([torch.eye(4), -torch.eye(4), torch.zeros(4, 8)], dim=1))
    return model


def _quiet(model: Any) -> None:
    """Let residual branches add nothing, but for attention to the prompt."""
    from diffusers.models.attention import FeedForward
    from diffusers.models.attention_processor import Attention
    from diffusers.models.resnet import ResnetBlock2D
    from diffusers.models.transformers.transformer_2d import Transformer2DModel

    for part in model.modules():
        if isinstance(part, ResnetBlock2D):
            part.conv2.weight.zero_()
            part.conv2.bias.zero_()
        elif isinstance(part, Attention) and part.cross_attention_dim == part.query_dim:
            part.to_out[0].weight.zero_()
            part.to_out[0].bias.zero_()
        elif isinstance(part, Transformer2DModel):
            part.proj_in.weight.mul_(0.1)
            part.proj_in.weight[:, -2:] = 0.0
            part.proj_in.bias.zero_()
            part.proj_out.weight[-2:] = 0.0
            part.proj_out.bias.zero_()
        elif isinstance(part, FeedForward):
            part.net[2].weight.zero_()
            part.net[2].bias.zero_()


def _tint(model: Any, neutral: Any) -> None:
    """Let attention to the prompt speak up, and say nothing for the `neutral` embedding."""
    from diffusers.models.attention import BasicTransformerBlock

    for part in model.modules():
        if isinstance(part, BasicTransformerBlock):
            out = part.attn2.to_out[0]
            out.weight.mul_(TINT)
            out.bias.copy_(-(out.weight @ (part.attn2.to_v.weight @ neutral)))


def _pairs(values: Any, width: int) -> Any:
    """Each value once with either sign: SiLU(x) − SiLU(−x) = x, so what is carried in pairs comes through exactly."""
    import torch

    return torch.cat([values, -values, torch.zeros(width - 2 * len(values), values.shape[1])])


def _carry(conv: Any, matrix: Any, taps: Any = None, *, anchors: bool = False) -> None:
    """Make a convolution mix channels by `matrix` (out, in), at its centre or with the 3 × 3 `taps`."""
    import torch

    size = conv.kernel_size[0]
    centre = torch.zeros(size, size)
    centre[size // 2, size // 2] = 1.0
    conv.weight.copy_(matrix[:, :, None, None] * (centre if taps is None else taps))
    conv.bias.zero_()
    if anchors:
        conv.bias[-2:] = torch.tensor([ANCHOR, -ANCHOR])


def _smooth(conv: Any, anchors: int) -> None:
    """Make a convolution blur every channel with the binomial 3 × 3 filter, but for the last `anchors` ones."""
    import torch

    taps = torch.tensor([1.0, 2.0, 1.0]) / 4
    width = conv.weight.shape[0]
    _carry(conv, torch.eye(width), torch.outer(taps, taps))
    for channel in range(width - anchors, width):
        conv.weight[channel, channel] = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])


__all__ = ["build", "text_encoder", "tokenizer", "unet", "vae"]
