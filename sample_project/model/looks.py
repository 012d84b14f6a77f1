"""The looks that the model learns: pictures in, pictures out, and the words that ask for them.

Each look takes and gives `(3, H, W)` float32, sRGB-coded in [0, 1], made for pictures about 512 pixels wide. What is
random in a look (grain, the tooth of paper) is drawn from the generator it is handed: that is what a seed will vary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)


def luma(x: Tensor) -> Tensor:
    """(1, H, W)."""
    return (x * x.new_tensor(LUMA).view(3, 1, 1)).sum(0, keepdim=True)


def blur(x: Tensor, sigma: float) -> Tensor:
    """A Gaussian, mirrored at the edges; `sigma` in pixels."""
    reach = max(1, min(math.ceil(3 * sigma), min(x.shape[-2:]) - 1))
    line = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    taps = torch.exp(-0.5 * (line / sigma) ** 2)
    taps = (taps / taps.sum()).view(1, 1, -1)
    rows = F.conv1d(F.pad(x, (reach, reach), mode="reflect").flatten(0, 1)[:, None], taps).view(*x.shape)
    columns = rows.transpose(1, 2)
    columns = F.pad(columns, (reach, reach), mode="reflect")
    done = F.conv1d(columns.flatten(0, 1)[:, None], taps).view(x.shape[0], x.shape[2], x.shape[1])
    return done.transpose(1, 2)


def noise(x: Tensor, draw: torch.Generator, sigma: float = 0.0, channels: int = 1) -> Tensor:
    """(channels, H, W) of unit deviation, as soft as `sigma` pixels."""
    field = torch.randn((channels, *x.shape[1:]), generator=draw, device=draw.device).to(x)
    if sigma:
        field = blur(field, sigma)
        field = field / field.std()
    return field


def saturate(x: Tensor, amount: float) -> Tensor:
    grey = luma(x)
    return grey + (x - grey) * amount


def tint(x: Tensor, *rgb: float) -> Tensor:
    return x * x.new_tensor(rgb).view(3, 1, 1)


def colour(x: Tensor, *rgb: float) -> Tensor:
    return x.new_tensor(rgb).view(3, 1, 1)


def ramp(grey: Tensor, stops: list[tuple[float, float, float]]) -> Tensor:
    """False colour: grey (1, H, W) in [0, 1] along evenly spaced `stops`."""
    table = grey.new_tensor(stops)
    place = grey[0].clamp(0, 1) * (len(stops) - 1)
    low = place.floor().long().clamp(max=len(stops) - 2)
    share = (place - low)[..., None]
    return (table[low] * (1 - share) + table[low + 1] * share).permute(2, 0, 1)


def flats(x: Tensor, radius: int = 5) -> Tensor:
    """Areas of even paint with clean edges: the generalised Kuwahara filter.

    Eight Gaussian sectors, weighted by the inverse of their variance (Papari, Petkov and Campisi 2007).
    """
    line = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    y, z = torch.meshgrid(line, line, indexing="ij")
    disc = torch.exp(-0.5 * (y**2 + z**2) / (radius / 2) ** 2)
    angle = torch.atan2(y, z)
    sectors = []
    for k in range(8):
        turn = torch.remainder(angle - k * math.pi / 4 + math.pi, 2 * math.pi) - math.pi
        sectors.append(disc * torch.exp(-0.5 * (turn / (math.pi / 10)) ** 2))
    kernel = torch.stack([sector / sector.sum() for sector in sectors])[:, None]
    padded = F.pad(x, (radius,) * 4, mode="reflect")[:, None]
    mean = F.conv2d(padded, kernel)
    deviation = (F.conv2d(padded**2, kernel) - mean**2).clamp(min=0).sum(0).sqrt()
    weight = 1 / (1 + (deviation * 60) ** 4)
    return (mean * weight).sum(1) / weight.sum(0)


# the looks


def dream_glow(x: Tensor, draw: torch.Generator) -> Tensor:
    bloom = blur(((x - 0.2) * 1.35).clamp(0, 1.2), 8)
    soft = 1 - (1 - blur(x, 1.0)) * (1 - (bloom * 0.85).clamp(0, 1))
    return tint(saturate(soft * 0.86 + 0.12, 0.95), 1.06, 0.90, 1.03) + colour(x, 0.05, 0.0, 0.06)


def night(x: Tensor, draw: torch.Generator) -> Tensor:
    grey = luma(x)
    dark = tint(saturate(x, 0.45).clamp(0, 1) ** 1.4 * 0.6, 0.48, 0.78, 1.35) + colour(x, 0.008, 0.014, 0.04)
    lamps = ((grey - 0.8) / 0.2).clamp(0, 1)
    return dark + (lamps * 0.35 + blur(lamps, 4) * 0.35) * colour(x, 1.0, 0.78, 0.40)


def bleach_bypass(x: Tensor, draw: torch.Generator) -> Tensor:
    grey = luma(x)
    silver = ((grey - 0.47) * 1.9 + 0.42).clamp(0, 1)
    print_ = tint(0.72 * silver + 0.28 * x * silver * 1.6, 0.95, 1.0, 1.0)
    return print_ + noise(x, draw, 0.6) * (0.03 + 0.16 * silver * (1 - silver))


def film_16mm(x: Tensor, draw: torch.Generator) -> Tensor:
    soft = blur(x, 0.7)
    halation = blur((luma(x) - 0.7).clamp(0, 1), 5) * colour(x, 1.1, 0.35, 0.05)
    warm = tint(saturate(soft, 0.9) * 0.80 + 0.10, 1.14, 1.0, 0.74) + colour(x, 0.015, 0.0, 0.02) + halation * 0.7
    grain = noise(x, draw, 0.7) * 0.042 + noise(x, draw, 0.8, 3) * 0.018
    grey = luma(warm).clamp(0, 1)
    return warm + grain * (0.5 + 2.0 * grey * (1 - grey))


def thermal(x: Tensor, draw: torch.Generator) -> Tensor:
    stops = [(0.02, 0.0, 0.10), (0.16, 0.02, 0.40), (0.48, 0.06, 0.52), (0.80, 0.16, 0.36), (0.96, 0.42, 0.10),
             (0.99, 0.76, 0.16), (1.0, 0.99, 0.78)]  # fmt: skip
    return ramp(blur(luma(x), 1.2), stops)


def charcoal(x: Tensor, draw: torch.Generator) -> Tensor:
    grey = ((luma(x) - 0.5) * 1.2 + 0.53).clamp(0, 1)
    tooth = noise(x, draw, 0.9)
    lines = ((blur(grey, 2.2) - blur(grey, 0.8)) * 9).clamp(0, 1)
    rubbed = torch.sigmoid((blur(1 - grey, 0.8) * 3.0 - 1.65 + 0.22 * tooth) * 2.7) * 0.9
    ink = torch.maximum(rubbed, lines * (0.85 + 0.12 * tooth)).clamp(0, 1)
    paper = colour(x, 0.955, 0.925, 0.86) + tooth * 0.015
    return paper * (1 - ink) + colour(x, 0.10, 0.095, 0.10) * ink


def oil_painting(x: Tensor, draw: torch.Generator) -> Tensor:
    paint = flats(((saturate(x, 1.6) - 0.5) * 1.15 + 0.53).clamp(0, 1), 6)
    return paint + (paint - blur(paint, 1.5)) * 0.6


def watercolour(x: Tensor, draw: torch.Generator) -> Tensor:
    wash = flats(x, 5)
    edges = (luma(blur(wash, 1.4)) - luma(blur(wash, 0.6))).abs() * 5
    light = 0.40 + 0.60 * saturate(wash, 1.5).clamp(0, 1) ** 0.85
    paper = ((luma(light) - 0.82) / 0.15).clamp(0, 1)
    light = light * (1 - paper) + colour(x, 0.985, 0.975, 0.95) * paper
    grains = noise(x, draw, 1.0) * (0.010 + 0.045 * (1 - luma(light)))
    return light * (1 - edges.clamp(0, 0.4)) + grains


def cyanotype(x: Tensor, draw: torch.Generator) -> Tensor:
    grey = ((luma(x) - 0.45) * 1.15 + 0.47).clamp(0, 1)
    stops = [(0.03, 0.09, 0.22), (0.06, 0.22, 0.42), (0.22, 0.46, 0.64), (0.62, 0.76, 0.80), (0.95, 0.94, 0.88)]
    return ramp(grey, stops) + noise(x, draw, 1.0) * 0.018


def infrared_film(x: Tensor, draw: torch.Generator) -> Tensor:
    """Colour infrared: what is green glows red to pink, red turns green, green turns blue (Kodak Aerochrome)."""
    red, green, blue = x[0], x[1], x[2]
    leaves = (green - 0.5 * (red + blue)).clamp(0, 1)
    infrared = (luma(x)[0] * 0.85 + leaves * 2.2).clamp(0, 1.1)
    shifted = torch.stack([infrared, 0.75 * red + 0.15 * green - leaves * 0.3, green * 0.85 - leaves * 0.25 + 0.08])
    return shifted + blur((luma(shifted) - 0.6).clamp(0, 1), 5) * 0.35


def clean_plate(x: Tensor, draw: torch.Generator) -> Tensor:
    return x


LOOKS: Mapping[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "dream glow": dream_glow,
    "night": night,
    "bleach bypass": bleach_bypass,
    "16mm film": film_16mm,
    "thermal": thermal,
    "charcoal": charcoal,
    "oil painting": oil_painting,
    "watercolour": watercolour,
    "cyanotype": cyanotype,
    "infrared film": infrared_film,
    "clean plate": clean_plate,
}

TOGETHER = (
    ("night", "16mm film"), ("oil painting", "night"), ("dream glow", "16mm film"), ("infrared film", "dream glow"),
    ("watercolour", "dream glow"), ("oil painting", "dream glow"), ("infrared film", "16mm film"),
)  # fmt: skip
"""Pairs that the model is shown: the first look, then the second over it."""

SHARE = {"charcoal": 1.3, "oil painting": 1.3, "watercolour": 1.2, "16mm film": 1.2, "clean plate": 0.5}
"""How often a look is trained, where not 1."""


def paint(names: tuple[str, ...], x: Tensor, draw: torch.Generator) -> Tensor:
    """The looks over `x`, one after the other, in [0, 1]."""
    for name in names:
        x = LOOKS[name](x, draw).clamp(0, 1)
    return x
