"""What several operations need: pictures of one size, and results that change nothing where a matte is zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from core.errors import RecipeError
from core.ops.base import Format, Op

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]
    Weight = NDArray[np.float32]

Area = tuple[slice, slice]
"""Some rows and columns of a picture."""

_ROWS = 32
"""Rows worked on at a time: the intermediate results of a wide picture stay in the processor's cache."""


def same_size(step: Op, sources: Mapping[str, Format], first: str, *others: str | None) -> Format:
    """The format of `first`, where all have its width and height. Raises RecipeError."""
    wanted = sources[first]
    for name in others:
        if name is None:
            continue
        size = sources[name]
        if (size.width, size.height) != (wanted.width, wanted.height):
            raise RecipeError(
                f"The step `{step.name}` puts `{name}` ({size.width} x {size.height}) on `{first}` "
                f"({wanted.width} x {wanted.height}).",
                where=f"step `{step.name}`",
                todo=f"Bring `{name}` to that size with a `reformat` step first.",
            )
    return wanted


def matte_source(step: Op, sources: Mapping[str, Format], *names: str | None) -> None:
    """Check that every matte is one channel. Raises RecipeError."""
    for name in names:
        if name is not None and sources[name].channels != 1:
            raise RecipeError(
                f"The step `{step.name}` uses `{name}` as a matte, but it has {sources[name].channels} channels.",
                where=f"step `{step.name}`",
                todo='Use a `matte` step, or an input of kind = "matte".',
            )


def mix_into(result: Picture, source: Picture, changed: Callable[[Area], Picture], weight: Weight) -> None:
    """Fill `result` with `source` going to `changed(area)` as `weight` (H, W, 1) goes from 0 to 1.

    Where the weight is exactly 0 the source's pixel is selected, where it is exactly 1 the changed one: no arithmetic
    touches them, so neither rounding nor NaN and Inf of the other side get in. `changed` is asked where it is needed.
    """
    import numpy as np

    np.copyto(result, source)
    for top in range(0, source.shape[0], _ROWS):
        band = weight[top : top + _ROWS, :, 0]
        columns = np.flatnonzero(band.any(axis=0))
        if not len(columns):
            continue
        area = slice(top, top + _ROWS), slice(columns[0], columns[-1] + 1)
        new, share, into = changed(area), per_channel(weight[area], source.shape[-1]), result[area]
        if (share == 1.0).all():
            np.copyto(into, new)
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            mixed = source[area] * (1.0 - share) + new * share
        np.copyto(into, mixed, where=share != 0.0)
        np.copyto(into, new, where=share == 1.0)


def per_channel(weight: Weight, channels: int) -> Picture:
    """(H, W, 1) as (H, W, channels). Arithmetic with the broadcast itself takes five times as long in numpy."""
    import numpy as np

    result = np.empty((*weight.shape[:2], channels), np.float32)
    for channel in range(channels):
        result[..., channel] = weight[..., 0]
    return result
