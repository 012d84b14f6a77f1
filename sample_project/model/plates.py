"""The pictures the model is trained on and judged by, and the crops it sees."""

from __future__ import annotations

import bz2
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sample_project.model.looks import saturate

MARGIN = 16
"""Pixels around a crop that a look may read, and that are cut off afterwards."""

TRAINING = (
    ("skimage/data/coffee.png", 1.6),
    ("skimage/data/chelsea.png", 1.4),
    ("skimage/data/rocket.jpg", 1.2),
    ("skimage/data/hubble_deep_field.jpg", 0.5),
    ("sklearn/datasets/images/flower.jpg", 1.4),
    ("scipy/misc/face.dat", 1.6),
    ("matplotlib/mpl-data/sample_data/grace_hopper.jpg", 1.6),
)
"""Photographs by their place in the packages that ship them, and how often each is drawn. MODEL CARD: licences."""

MOVIE = "media/bigbuckbunny.mp4"
MOVIE_FRAMES = tuple(range(0, 90, 9))
HELD_OUT_FRAMES = (112, 130)
HELD_OUT = ("skimage/data/astronaut.png", "sklearn/datasets/images/china.jpg")

WIDTHS = (320, 420, 512, 640)
"""A crop is taken from a picture scaled to one of these widths."""


def photograph(path: Path) -> Tensor:
    """(3, H, W) float32, sRGB-coded in [0, 1]."""
    if path.suffix == ".dat":  # SciPy ships its picture as packed bytes
        raw = np.frombuffer(bz2.decompress(path.read_bytes()), np.uint8).reshape(768, 1024, 3)
        return torch.from_numpy(raw.astype(np.float32) / 255).permute(2, 0, 1).contiguous()
    from PIL import Image

    with Image.open(path) as opened:
        array = np.asarray(opened.convert("RGB"), np.float32) / 255
    return torch.from_numpy(array).permute(2, 0, 1).contiguous()


def movie(path: Path, numbers: Sequence[int]) -> list[Tensor]:
    """The movie's frames of these numbers, as `photograph` gives pictures."""
    import av

    with av.open(str(path)) as container:
        frames = [frame for number, frame in enumerate(container.decode(video=0)) if number in numbers]
    arrays = [frame.to_ndarray(format="rgb24").astype(np.float32) / 255 for frame in frames]
    return [torch.from_numpy(array).permute(2, 0, 1).contiguous() for array in arrays]


def training(folder: Path, sample: Path) -> tuple[list[Tensor], list[float]]:
    """Every training picture and its weight. `folder` holds the unpacked packages, `sample` the sample project."""
    stills = [(photograph(folder / name), weight) for name, weight in TRAINING]
    frames = [(picture, 0.4) for picture in movie(sample / MOVIE, MOVIE_FRAMES)]
    pictures, weights = zip(*stills, *frames, strict=False)
    return list(pictures), list(weights)


def held_out(folder: Path, sample: Path, size: tuple[int, int] = (512, 288)) -> list[Tensor]:
    """Plates that training never saw, cropped to the shape of `size` = (width, height) and scaled to it."""
    pictures = [photograph(folder / name) for name in HELD_OUT] + movie(sample / MOVIE, HELD_OUT_FRAMES)
    return [framed(picture, size) for picture in pictures]


def framed(picture: Tensor, size: tuple[int, int]) -> Tensor:
    width, height = size
    have_height, have_width = picture.shape[1:]
    rows, columns = min(have_height, have_width * height // width), min(have_width, have_height * width // height)
    top, left = (have_height - rows) // 6, (have_width - columns) // 2
    return scaled(picture[:, top : top + rows, left : left + columns], (height, width))


def scaled(picture: Tensor, size: tuple[int, int]) -> Tensor:
    done = F.interpolate(picture[None], size, mode="bicubic", antialias=True, align_corners=False)
    return done[0].clamp(0, 1)


def crop(pictures: Sequence[Tensor], weights: Sequence[float], side: int, draw: random.Random) -> Tensor:
    """(3, side + 2 MARGIN, …): a random square of a random picture, mirrored and regraded at random."""
    across = side + 2 * MARGIN
    while True:
        picture = draw.choices(pictures, weights)[0]
        height, width = picture.shape[1:]
        scale = max(draw.choice(WIDTHS) / width, (across + 1) / height)
        reach = min(round(across / scale), height, width)
        top, left = draw.randrange(height - reach + 1), draw.randrange(width - reach + 1)
        part = picture[:, top : top + reach, left : left + reach]
        if part.std() > 0.035 or draw.random() < 0.25:
            break
    part = scaled(part, (across, across))
    if draw.random() < 0.5:
        part = part.flip(2)
    if draw.random() < 0.15:
        part = part.transpose(1, 2)
    return regraded(part, draw)


def regraded(x: Tensor, draw: random.Random) -> Tensor:
    """Other exposures, contrasts and colours: the looks must hold on any plate."""
    if draw.random() < 0.7:
        x = x ** float(np.exp(draw.gauss(0, 0.28)))
    if draw.random() < 0.6:
        x = (x - 0.5) * draw.uniform(0.7, 1.25) + 0.5 + draw.gauss(0, 0.06)
    if draw.random() < 0.5:
        x = saturate(x, draw.choice((0.1, 0.35, 0.6, 1.3)))
    if draw.random() < 0.6:
        x = x * torch.tensor([float(np.exp(draw.gauss(0, 0.10))) for _ in range(3)]).view(3, 1, 1)
    if draw.random() < 0.15:
        x = x[draw.sample(range(3), 3)]
    if draw.random() < 0.3:
        x = x + torch.randn(x.shape, generator=torch.Generator().manual_seed(draw.getrandbits(32))) * draw.uniform(
            0, 0.03
        )
    return x.clamp(0, 1)
