"""colour_match: the colour balance and contrast of one picture given to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from core.ops.base import Block, Format, Input, Iptc, Kit, Op, Phase, param
from core.ops.shared import Area, matte_source, mix_into, same_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.ops.base import Pictures
    from core.ops.shared import Picture

_FLOOR = 2.0**-10
"""Below this the logarithm is not taken: black noise would rule the statistics."""
_EVERY = 3
"""Statistics come from every third pixel of every third line."""
_REC709_FROM_AP1 = (
    (1.7050510, -0.6217921, -0.0832590),
    (-0.1302565, 1.1408048, -0.0105483),
    (-0.0240034, -0.1289690, 1.1529724),
)
"""ACES AP1 (D60) to BT.709 (D65), Bradford adapted."""
_LMS_FROM_REC709 = ((0.3811, 0.5783, 0.0402), (0.1967, 0.7244, 0.0782), (0.0241, 0.1288, 0.8444))
"""Reinhard et al. 2001, eq. 4."""
_LAB_FROM_LOG_LMS = (
    (1 / 3**0.5, 1 / 3**0.5, 1 / 3**0.5),
    (1 / 6**0.5, 1 / 6**0.5, -2 / 6**0.5),
    (1 / 2**0.5, -1 / 2**0.5, 0.0),
)
"""Reinhard et al. 2001, eq. 6: the axes l, α, β."""


class ColourMatch(Op):
    """Gives `input` the mean and spread of `like`, along decorrelated axes of logarithmic cone responses.

    Reinhard, Ashikhmin, Gooch, Shirley, *Color Transfer between Images*, IEEE CG&A 21(5), 2001, in the lαβ space of
    Ruderman et al. 1998; the working space is taken to be ACEScg. Both sets of statistics are the frame's own: the
    result follows the plate's brightness from frame to frame, and what a model lets flicker as a whole is taken out.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["colour_match"] = "colour_match"
    input: Input = param(..., help="the picture to change")
    like: Input = param("plate", help="the picture to match; of any size")
    matte: Input | None = param(None, help="where it changes the picture")
    strength: float = param(1.0, ge=0, le=1, keyable=True, help="how much of the change: 0 keeps the input")

    def kept(self) -> str:
        return self.input if self.matte else ""

    def plan(self, sources: Mapping[str, Format]) -> Format:
        matte_source(self, sources, self.matte)
        return same_size(self, sources, self.input, self.matte)

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        result = np.empty_like(pictures[self.input])
        for index, step in enumerate(block.steps):
            kit.tick()
            source, like = pictures[self.input][index], pictures[self.like][index]
            matte = pictures[self.matte][index] if self.matte else np.float32(1.0)
            weight = np.broadcast_to(np.clip(matte, 0.0, 1.0) * np.float32(step.strength), (*source.shape[:2], 1))
            mix_into(result[index], source, _Matched(source, like), weight)
        return result


class _Matched:
    """`source` in some area, with the statistics of `like`."""

    def __init__(self, source: Picture, like: Picture) -> None:
        import numpy as np

        rgb_to_lms = np.array(_LMS_FROM_REC709) @ np.array(_REC709_FROM_AP1)
        self.lms, self.lab = rgb_to_lms.astype(np.float32), np.array(_LAB_FROM_LOG_LMS, np.float32)
        self.rgb, self.log_lms = np.linalg.inv(rgb_to_lms).astype(np.float32), self.lab.T
        self.source = source
        (mean, spread), (wanted, wanted_spread) = self._statistics(source), self._statistics(like)
        self.gain = np.where(spread > 1e-6, wanted_spread / np.maximum(spread, 1e-6), 1.0).astype(np.float32)
        self.offset = (wanted - mean * self.gain).astype(np.float32)

    def __call__(self, area: Area) -> Picture:
        import numpy as np

        source = self.source[area]
        with np.errstate(invalid="ignore", over="ignore"):
            lab = self._lab(source[..., :3]) * self.gain + self.offset
            matched = np.exp2(lab @ self.log_lms.T) @ self.rgb.T
        return np.concatenate([matched, source[..., 3:]], axis=-1) if source.shape[-1] == 4 else matched

    def _lab(self, rgb: Picture) -> Picture:
        import numpy as np

        return np.asarray(np.log2(np.maximum(rgb @ self.lms.T, np.float32(_FLOOR))) @ self.lab.T, np.float32)

    def _statistics(self, picture: Picture) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation along l, α and β of the pixels that are finite."""
        import numpy as np

        pixels = picture[::_EVERY, ::_EVERY, :3].reshape(-1, 3)
        lab = self._lab(pixels[np.isfinite(pixels).all(-1)]).astype(np.float64)
        return (lab.mean(0), lab.std(0)) if len(lab) else (np.zeros(3), np.ones(3))
