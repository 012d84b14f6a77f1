"""regrain: the plate's own grain over what was made without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from core.errors import RecipeError
from core.ops.base import Block, Format, Input, Iptc, Kit, Op, Phase, param
from core.ops.shared import matte_source, mix_into, same_size

if TYPE_CHECKING:
    from core.ops.base import Pictures
    from core.ops.shared import Picture

_LEVELS = [2.0**stop for stop in range(-8, 4)]
"""Brightness at which grain is measured: one stop apart, around 18 % grey."""
_RADIUS = 2
_STRENGTH = 3.0
"""The denoiser's √ε in standard deviations of the grain. More takes more grain and more of the picture's edges."""
_TAKEN = _STRENGTH**2 / (1 + _STRENGTH**2)
"""The share of the grain on an even surface that the denoiser takes; the grain is brought back to its full strength."""
_EDGE = 3.5
"""What differs from the smoothed plate by more than this many times the grain is detail, not grain."""
_GAIN = (0.25, 4.0)
_ENOUGH = 200
_FLAT = 0.7
"""Grain is measured on this share of the picture, the least steep: edges and texture would count as grain."""


class Regrain(Op):
    """Adds the grain of `like` (what a denoiser takes from it) to `input`, as strong as it would be at that brightness.

    The strength of the grain over brightness is measured per channel as in Immerkær, *Fast Noise Variance Estimation*,
    CVIU 64(2), 1996 (a difference of Laplacians), with the median for the mean. The denoiser is the guided filter with
    the picture as its own guide (He, Sun, Tang, *Guided Image Filtering*, ECCV 2010), its ε set by that strength.
    Grain is signal-dependent (Foi et al., IEEE TIP 17(10), 2008), so it is scaled from the plate's brightness to the
    input's. Grain of one frame is never used on another.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["regrain"] = "regrain"
    input: Input = param(..., help="the picture without grain")
    like: Input = param("plate", help="the picture whose grain it gets")
    matte: Input | None = param(None, help="where grain is added")
    amount: float = param(1.0, ge=0, le=4, unit="x", keyable=True, help="1 is as much as the plate has")

    def kept(self) -> str:
        return self.input if self.matte else ""

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError: another size, a matte that is none, or a picture of one channel."""
        matte_source(self, sources, self.matte)
        if 1 in (sources[self.input].channels, sources[self.like].channels):
            raise RecipeError(f"The step `{self.name}` puts grain on or from a matte.", todo="Name pictures instead.")
        return same_size(self, sources, self.input, self.like, self.matte)

    def measure(self, pictures: Callable[[str], Any], kit: Kit) -> Mapping[str, Any]:
        """Standard deviation of the grain per channel at each brightness: `level` (12) and `sigma` (3 × 12)."""
        import numpy as np

        found: list[list[list[float]]] = [[[] for _ in _LEVELS] for _ in range(3)]
        for _, picture in pictures(self.like):
            kit.tick()
            for channel in range(3):
                for level, sigma in _grain_levels(picture[..., channel]):
                    found[channel][level].append(sigma)
        curves = [_filled([float(np.median(values)) if values else None for values in rows]) for rows in found]
        return {"level": _LEVELS, "sigma": curves}

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        sigma = np.array(kit.stats(self.name)["sigma"], np.float32)
        result = np.empty_like(pictures[self.input])
        for index, step in enumerate(block.steps):
            kit.tick()
            source, like = pictures[self.input][index], pictures[self.like][index]
            matte = pictures[self.matte][index] if self.matte else np.float32(1.0)
            weight = np.broadcast_to(np.clip(matte, 0.0, 1.0), (*source.shape[:2], 1))
            if step.amount == 0.0:
                weight = np.zeros_like(weight)
            grained = source + np.float32(step.amount) * _grain(source, like, sigma)
            mix_into(result[index], source, grained.__getitem__, weight)
        return result


def _grain(source: Picture, like: Picture, sigma: Picture) -> Picture:
    """The grain of `like` as it would lie on `source`: (H, W, C), 0 in alpha. Always finite."""
    import numpy as np

    result = np.zeros_like(source)
    for channel in range(3):
        plate = np.nan_to_num(like[..., channel], nan=0.0, posinf=65504.0, neginf=-65504.0)
        noise = _sigma_at(_box(plate), sigma[channel])
        smooth = _guided(plate, (_STRENGTH * noise) ** 2)
        grain = np.clip((plate - smooth) / _TAKEN, -_EDGE * noise, _EDGE * noise)
        there = _sigma_at(np.nan_to_num(source[..., channel], nan=0.0, posinf=65504.0, neginf=0.0), sigma[channel])
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(noise > 0, there / noise, 1.0)
        result[..., channel] = grain * np.clip(gain, *_GAIN)
    return result


def _sigma_at(brightness: Picture, sigma: Picture) -> Picture:
    """The grain's standard deviation at a brightness, read off the measured curve over stops."""
    import numpy as np

    stops = np.log2(np.maximum(brightness, np.float32(_LEVELS[0])))
    return np.asarray(np.interp(stops, np.log2(_LEVELS), sigma), np.float32)


def _guided(picture: Picture, epsilon: Picture) -> Picture:
    """The guided filter of a (H, W) picture by itself, ε per pixel."""
    import numpy as np

    mean = _box(picture)
    variance = _box((picture - mean) ** 2)
    share = variance / np.maximum(variance + epsilon, np.float32(1e-30))
    return _box(share) * picture + _box((np.float32(1.0) - share) * mean)


def _box(picture: Picture) -> Picture:
    """The mean over (2 r + 1)² pixels of a (H, W) picture, edges repeated."""
    import numpy as np

    height, width = picture.shape
    padded = np.pad(picture, _RADIUS, mode="edge")
    rows = padded[:height].copy()
    for shift in range(1, 2 * _RADIUS + 1):
        rows += padded[shift : shift + height]
    result = rows[:, :width].copy()
    for shift in range(1, 2 * _RADIUS + 1):
        result += rows[:, shift : shift + width]
    result /= np.float32((2 * _RADIUS + 1) ** 2)
    return result


def _grain_levels(channel: Picture) -> list[tuple[int, float]]:
    """(level, standard deviation) of the grain where enough flat pixels have that brightness."""
    import numpy as np

    picture = np.nan_to_num(channel, nan=0.0, posinf=0.0, neginf=0.0)
    rows = picture[:-2] - 2 * picture[1:-1] + picture[2:]
    laplacian = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / 6.0
    brightness = _box(picture)[1:-1, 1:-1]
    steep = _slope(brightness) / np.sqrt(np.maximum(brightness, np.float32(_LEVELS[0])))
    flat = steep <= np.quantile(steep, _FLAT)
    level = np.clip(np.rint(np.log2(np.maximum(brightness, _LEVELS[0]))) + 8, 0, len(_LEVELS) - 1).astype(int)
    found = []
    for index in range(len(_LEVELS)):
        values = laplacian[flat & (level == index)]
        if len(values) >= _ENOUGH:
            found.append((index, float(1.4826 * np.median(values))))
    return found


def _slope(smooth: Picture) -> Picture:
    """How much a smoothed picture changes over the filter's diameter, the larger of down and across."""
    import numpy as np

    padded, size = np.pad(smooth, _RADIUS, mode="edge"), 2 * _RADIUS
    down = np.abs(padded[size:, _RADIUS:-_RADIUS] - padded[:-size, _RADIUS:-_RADIUS])
    across = np.abs(padded[_RADIUS:-_RADIUS, size:] - padded[_RADIUS:-_RADIUS, :-size])
    return np.asarray(np.maximum(down, across), np.float32)


def _filled(sigma: list[float | None]) -> list[float]:
    """Levels that no picture had take the nearest measured one's value; none measured at all: no grain."""
    known = [index for index, value in enumerate(sigma) if value is not None]
    if not known:
        return [0.0] * len(sigma)
    nearest = [min(known, key=lambda other: abs(other - index)) for index in range(len(sigma))]
    return [float(sigma[index] or 0.0) for index in nearest]
