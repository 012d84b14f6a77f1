"""Two pictures in one, and numbers about them: on arrays as they are seen, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import MediaError
from core.media.measure import Difference, compare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Seen = NDArray[np.uint8]
    """(H, W, 3) uint8, as `Viewer.seen` gives it."""
    Picture = NDArray[np.float32]


def difference(a: Seen, b: Seen, gain: float = 1.0) -> Seen:
    """How far two pictures are apart as they are seen, times `gain`: what nobody can see is black, at a gain of 1.

    Seen values and not scene values, so that exposure, CDL and view change it as they change what an eye would notice;
    `numbers` compares what the files hold. Raises MediaError: sizes differ.
    """
    import numpy as np

    _one_size(a, b)
    apart = np.abs(a.astype(np.int16) - b).astype(np.float32)
    return np.asarray(np.minimum(apart * np.float32(gain) + np.float32(0.5), 255), np.uint8)


def wipe(a: Seen, b: Seen, at: float) -> Seen:
    """`a` left of the share `at` (0 to 1) of the width, `b` from there on. Raises MediaError: sizes differ."""
    _one_size(a, b)
    edge = round(max(0.0, min(1.0, at)) * a.shape[1])
    result = b.copy()
    result[:, :edge] = a[:, :edge]
    return result


def overlay(a: Seen, b: Seen, mix: float) -> Seen:
    """`b` over `a` with the share `mix`: 0 is `a`, 1 is `b`. Raises MediaError: sizes differ."""
    import numpy as np

    _one_size(a, b)
    share = np.float32(max(0.0, min(1.0, mix)))
    return np.asarray(a * (1 - share) + b * share + np.float32(0.5), np.uint8)


def numbers(a: Picture, b: Picture) -> Difference:
    """How two pictures differ in the values that their files hold (`core.media.measure.compare`).

    Raises MediaError: sizes differ.
    """
    _one_size(a, b)
    return compare(a, b)


def _one_size(a: Seen | Picture, b: Seen | Picture) -> None:
    if a.shape[:2] != b.shape[:2]:
        sizes = " and ".join(f"{picture.shape[1]} x {picture.shape[0]}" for picture in (a, b))
        raise MediaError(
            f"The pictures differ in size: {sizes}.", todo="Compare pictures of one size, or look at them side by side."
        )
