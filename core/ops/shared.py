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


def by_rows(height: int, work: Callable[[slice], None]) -> None:
    for top in range(0, height, _ROWS):
        work(slice(top, min(top + _ROWS, height)))


def mix_into(result: Picture, source: Picture, changed: Callable[[slice], Picture], weight: Weight) -> None:
    """Fill `result` with `source` going to `changed(rows)` as `weight` (H, W, 1) goes from 0 to 1.

    Where the weight is exactly 0 the source's pixel is selected, where it is exactly 1 the changed one: no arithmetic
    touches them, so neither rounding nor NaN and Inf of the other side get in. `changed` is asked for needed rows only.
    """
    import numpy as np

    def rows(part: slice) -> None:
        share = weight[part]
        if not share.any():
            result[part] = source[part]
            return
        new, old = changed(part), source[part]
        if (share == 1.0).all():
            result[part] = new
            return
        with np.errstate(invalid="ignore", over="ignore"):
            mixed = old * (1.0 - share) + new * share
        result[part] = np.where(share == 0.0, old, np.where(share == 1.0, new, mixed))

    by_rows(source.shape[0], rows)
