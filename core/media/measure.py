"""[numpy] Numbers about pictures: digests, what is not finite, how two differ, how much one flickers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

_LUMA = (0.2126, 0.7152, 0.0722)
STILL = 0.01
"""A plate's pixel holds still where no channel moves by more than this, in code values or scene-linear units."""
STILL_SHARE = 0.01
"""Below this share of still pixels there is nothing to measure flicker on."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two pictures differ, over the values that are finite in both."""

    mean: float
    """Mean absolute difference of values."""
    max: float
    """Largest absolute difference of a value."""
    changed: float
    """Share of pixels, 0 to 1, where any channel differs at all (also by being NaN or Inf in one only)."""
    ssim: float
    """Structural similarity of luma, −1 to 1; 1 where they are the same."""


def pixel_digest(picture: Picture) -> str:
    """sha256, in hex, over `float32 <height>x<width>x<channels>` and a newline, then the values row by row, channels
    interleaved, as little-endian float32. Headers and compression of a file do not enter it.
    """
    import numpy as np

    height, width, channels = picture.shape
    digest = hashlib.sha256(f"float32 {height}x{width}x{channels}\n".encode())
    digest.update(np.ascontiguousarray(picture, dtype="<f4").data.cast("B"))
    return digest.hexdigest()


def nonfinite(picture: Picture) -> int:
    """How many values are NaN or infinite."""
    import numpy as np

    return int(picture.size - np.count_nonzero(np.isfinite(picture)))


def compare(a: Picture, b: Picture) -> Difference:
    """Compare two (H, W, C) pictures of one size; where the channels differ, those both have.

    SSIM is meant for pictures as they are looked at (0 to 1); scene-linear values are clipped to that range for it.

    Raises:
        ValueError: sizes differ.
    """
    import numpy as np

    if a.shape[:2] != b.shape[:2]:
        raise ValueError(f"pictures of {a.shape[:2]} and {b.shape[:2]}")
    channels = min(a.shape[2], b.shape[2])
    a, b = a[..., :channels], b[..., :channels]
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return Difference(0.0, 0.0, 0.0, 1.0)
    changed = 1 - float(np.mean(np.logical_and.reduce([same[..., n] for n in range(channels)])))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(a - b)
    if not np.isfinite(apart.sum(dtype=np.float64)):
        apart = apart[np.isfinite(apart)]
    return Difference(
        float(apart.mean(dtype=np.float64)) if apart.size else 0.0,
        float(apart.max()) if apart.size else 0.0,
        changed,
        ssim(_luma(a), _luma(b)),
    )


def ssim(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Mean structural similarity of two (H, W) pictures in 0…1.

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    IEEE TIP 13(4), 2004, eq. 13, over uniform 7 × 7 windows that lie wholly inside (smaller ones for smaller pictures),
    with sample covariance, K1 = 0.01, K2 = 0.03, L = 1.
    """
    side = min(7, *a.shape)
    count = side * side
    norm = count / max(count - 1, 1)
    a, b = a.astype("f8"), b.astype("f8")
    mean_a, mean_b = _box(a, side), _box(b, side)
    var_a = norm * (_box(a * a, side) - mean_a * mean_a)
    var_b = norm * (_box(b * b, side) - mean_b * mean_b)
    cov = norm * (_box(a * b, side) - mean_a * mean_b)
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(value.mean())


def flicker(prev: Picture, cur: Picture, plate_prev: Picture, plate_cur: Picture) -> float | None:
    """How much a result changes from a frame to the next where its plate does not: the mean absolute difference of
    `prev` and `cur` over pixels where every channel of the plate moved by at most `STILL`.

    None where less than `STILL_SHARE` of the picture holds still (a moving camera): there is nothing to measure it on.
    Values that are not finite are left out.
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        still = (np.abs(plate_cur - plate_prev) <= STILL).all(axis=-1)
        moved = np.abs(cur - prev)
    still &= np.isfinite(moved).all(axis=-1)
    if np.count_nonzero(still) < STILL_SHARE * still.size:
        return None
    return float(moved[still].mean(dtype=np.float64))


def _luma(picture: Picture) -> NDArray[Any]:
    import numpy as np

    shown = np.nan_to_num(np.clip(picture, 0, 1), nan=0.0)
    if picture.shape[2] < 3:
        return shown[..., 0]
    return shown[..., :3] @ np.array(_LUMA, np.float32)  # type: ignore[no-any-return]


def _box(values: NDArray[Any], side: int) -> NDArray[Any]:
    """The mean of every side × side window inside, by running sums."""
    import numpy as np

    rows = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=rows[1:])
    values = rows[side:] - rows[:-side]
    columns = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=columns[:, 1:])
    return (columns[:, side:] - columns[:, :-side]) / (side * side)
