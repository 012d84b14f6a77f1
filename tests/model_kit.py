"""What the tests with real models share: models by folder, a kit on the real colour config, and a plate."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from core.layout import DEFAULT_COLOUR_CONFIG
from core.media.colour import Colour
from core.ops.base import Block, Op
from core.recipe.model import Recipe
from core.recipe.vary import at
from core.recipe.weights import HashCache, resolve
from core.render.kit import RenderKit
from core.render.models import Models
from core.render.tally import Tally


def finder(folder: Path) -> Any:
    return partial(resolve, register={}, root=folder, env={"HF_HUB_OFFLINE": "1"}, cache=HashCache(folder / "hashes"))


def make_models(folder: Path, **options: Any) -> Models:
    return Models("cpu", 1, resolve=finder(folder), **options)


@cache
def colour() -> Colour:
    return Colour(DEFAULT_COLOUR_CONFIG)


def make_kit(models: Models, tick: Callable[[], None] = lambda: None) -> RenderKit:
    return RenderKit(Recipe(schema=1), models, colour(), "ACEScg", Tally(), tick)


def plate(frame: int, width: int = 72, height: int = 48) -> Any:
    """(H, W, 3): a bright disc that moves over a dark gradient, with highlights above 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    disc = ((x - 30 - 3 * (frame - 1001)) ** 2 + (y - 24) ** 2 < 150).astype(np.float32)
    sky = np.stack([x / width * 0.3, y / height * 0.4, np.full_like(x, 0.2)], axis=-1)
    return np.ascontiguousarray(sky + disc[..., None] * np.float32([2.0, 0.9, 0.2]), np.float32)


def run(step: Op, frames: tuple[int, ...], kit: RenderKit, **others: Any) -> Any:
    """`step` over plates of `frames`, one slot each."""
    pictures = {"plate": np.stack([plate(frame) for frame in frames]), **others}
    return step.render(Block(frames, tuple(at(step, frame) for frame in frames)), pictures, kit)
