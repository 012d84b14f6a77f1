"""The parts of the checkpoint, all stock diffusers and transformers classes, and how their first weights are set.

Small networks learn slowly to leave a picture alone. So the weights begin where the work is done already: the VAE's
encoder is an exact transform that is never trained, and the UNet, before any training, gives the plate back whatever
noise and words it is handed. What is learnt is the difference that a look makes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sample_project.model.words import LENGTH

CHANNELS = 12
"""Latent channels: 2 × 2 pixels of three colours."""
SCALING = 16.0
"""Raw latents are the UNet's divided by this: AutoencoderTiny squeezes large ones through a tanh."""
LEVEL = 2.5
"""Deviation of the strongest latent channel. Noise has 1: the higher this is, the less noise the large shapes carry
(at 1.6 flat areas came out blotched), and the more of a fine grain survives the last sampling step."""
WIDTHS = (32, 64, 96, 128)
TEXT = 96
ANCHOR = 4.0
"""Two channels of every norm group are held at ±ANCHOR: they fix its mean and deviation, so brightness survives."""


def basis() -> Tensor:
    """(12, 3, 2, 2): the Haar transform of 2 × 2 pixels times orthonormal colour axes."""
    haar = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    axes = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
    return torch.from_numpy(np.einsum("ky,lx,dc->kldcyx", haar, haar, axes).reshape(12, 3, 2, 2)).float()


def analyse(pictures: Tensor, spread: Tensor) -> Tensor:
    """(N, 3, H, W) in [-1, 1] → the latents (N, 12, H/2, W/2) that the VAE's encoder gives, unscaled."""
    return F.conv2d(pictures, basis().to(pictures), stride=2) / spread.to(pictures).view(1, -1, 1, 1)


def spread_of(pictures: Tensor) -> Tensor:
    """What each latent channel is divided by: strong channels stay stronger than weak ones, as the square root.

    Fully whitened, the large shapes would be as noisy as the grain.
    """
    deviation = analyse(pictures, torch.ones(CHANNELS)).pow(2).mean((0, 2, 3)).add(0.05**2).sqrt()
    return deviation.sqrt() / LEVEL


def vae(spread: Tensor) -> Any:
    """An AutoencoderTiny whose encoder is the exact transform; its decoder is to be trained."""
    from diffusers import AutoencoderTiny

    made = AutoencoderTiny(
        encoder_block_out_channels=(12, 12), decoder_block_out_channels=(32, 32), num_encoder_blocks=(0, 0),
        num_decoder_blocks=(0, 1), latent_channels=CHANNELS, scaling_factor=SCALING,
    )  # fmt: skip
    first, fold, turn = made.encoder.layers
    with torch.no_grad():
        for layer in (first, fold, turn):
            layer.weight.zero_()
            if layer.bias is not None:
                layer.bias.zero_()
        for c in range(3):
            first.weight[c, c, 1, 1], first.bias[c] = 2.0, -1.0  # AutoencoderTiny hands it [0, 1]
            for y in range(2):
                for x in range(2):
                    fold.weight[c * 4 + y * 2 + x, c, 1 + y, 1 + x] = 1.0
                    turn.weight[:, c * 4 + y * 2 + x, 1, 1] = basis()[:, c, y, x] / spread / SCALING
        made.decoder.layers[0].weight.mul_(SCALING / 2)  # as if its latents had the size that layers are made for
    made.encoder.requires_grad_(False)
    return made


def unet() -> Any:
    """Words reach every layer by the time embedding (`addition_embed_type`), and by cross-attention at the bottom.

    No self-attention: what it does to a picture does not depend on the picture's size.
    """
    from diffusers import UNet2DConditionModel

    made = UNet2DConditionModel(
        sample_size=64, in_channels=2 * CHANNELS, out_channels=CHANNELS, block_out_channels=WIDTHS, layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"), cross_attention_dim=TEXT,
        attention_head_dim=4, norm_num_groups=4, only_cross_attention=True, mid_block_only_cross_attention=True,
        use_linear_projection=True, addition_embed_type="text", addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )  # fmt: skip
    with torch.no_grad():
        _give_back_the_plate(made)
    return made


def _give_back_the_plate(made: Any) -> None:
    """Set the first and last layers so that the output is the plate's latents.

    The plate enters channels 0–11 of the first layer, comes by the last skip connection, and leaves through a norm and
    a SiLU that are kept in their nearly linear range.
    """
    width, groups = WIDTHS[0], 4
    size = width // groups
    carried = [group * size + k for group in range(groups) for k in range(CHANNELS // groups)]
    plus = [group * size + CHANNELS // groups for group in range(groups)]
    minus = [channel + 1 for channel in plus]

    entry = made.conv_in
    entry.weight[:, CHANNELS:] *= SCALING  # the pipeline hands the plate's latents unscaled
    for i in range(CHANNELS):
        entry.weight[i], entry.bias[i] = 0.0, 0.0
        entry.weight[i, CHANNELS + i, 1, 1] = SCALING

    last = made.up_blocks[-1].resnets[-1]
    last.conv2.weight.mul_(0.1)
    last.conv2.bias.zero_()
    short = last.conv_shortcut
    for i, channel in enumerate(carried):
        short.weight[channel], short.bias[channel] = 0.0, 0.0
        short.weight[channel, width + i, 0, 0] = 1.0
    for channels, value in ((plus, ANCHOR), (minus, -ANCHOR)):
        for channel in channels:
            short.weight[channel], short.bias[channel] = 0.0, value
    others = [channel for channel in range(width) if channel not in {*carried, *plus, *minus}]
    short.weight[others] *= 0.5

    gain, shift = 0.3, 2.0  # SiLU around 2 is nearly a line of slope 1.09
    made.conv_norm_out.weight.fill_(gain)
    made.conv_norm_out.bias.fill_(shift)
    deviation = math.sqrt((2 * ANCHOR**2 + 3 * (LEVEL / 1.6) ** 2 + 0.9) / size)
    back = deviation / (gain * 1.0908)
    made.conv_out.weight.mul_(0.05)
    for i, channel in enumerate(carried):
        made.conv_out.weight[i, :, 1, 1] = 0.0
        made.conv_out.weight[i, channel, 1, 1] = back
        made.conv_out.weight[i, plus[channel // size], 1, 1] = -back / 2
        made.conv_out.weight[i, minus[channel // size], 1, 1] = -back / 2

    def silu(value: float) -> float:
        return value / (1 + math.exp(-value))

    swing = gain * ANCHOR / deviation
    made.conv_out.bias.fill_(-(back * silu(shift) - back / 2 * (silu(shift + swing) + silu(shift - swing))))


def text_encoder(tokenizer: Any) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=TEXT, intermediate_size=TEXT * 2, num_attention_heads=4,
            num_hidden_layers=2, max_position_embeddings=LENGTH, bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, hidden_act="quick_gelu",
        )
    )  # fmt: skip


def scheduler() -> Any:
    """DDIM from pure noise on (zero terminal SNR, trailing steps: Lin et al. 2024), with the picture predicted."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012,
        prediction_type="sample", rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False,
    )  # fmt: skip


def save(folder: Path, parts: dict[str, Any]) -> None:
    """Write the checkpoint as `StableDiffusionInstructPix2PixPipeline.save_pretrained` does, weights in float16."""
    from diffusers import StableDiffusionInstructPix2PixPipeline

    pipe = StableDiffusionInstructPix2PixPipeline(
        **parts, scheduler=scheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.to(dtype=torch.float16)
    pipe.save_pretrained(str(folder), safe_serialization=True)
