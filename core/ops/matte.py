"""matte: the figure in front, found by a salient-object network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import field_validator

from core.errors import ModelError, RecipeError
from core.media.resample import resize
from core.ops.base import Block, Format, Input, Iptc, Kit, ModelRef, Op, Phase, param

if TYPE_CHECKING:
    from core.ops.base import Pictures

_MEAN, _DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""Of ImageNet, in sRGB: how these networks were trained to see."""


class Matte(Op):
    """A matte of what stands out in each frame: 1 on the figure, 0 elsewhere.

    u2netp ships with rushes (U²-Net: Qin et al., Pattern Recognition 106, 2020, Apache-2.0). Any ONNX network with its
    contract does: (1, 3, N, N) in, sRGB over its maximum, normalised as ImageNet; (1, 1, N, N) out. As its authors do,
    the output is stretched to 0 … 1 per frame, so a frame without a figure still gets a matte of something.
    """

    phase: ClassVar[Phase] = Phase.INFORMATION_EXTRACTION
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED
    keep: ClassVar[bool] = True

    op: Literal["matte"] = "matte"
    input: Input = param("plate", help="the picture to look at")
    model: str = param("u2netp", min_length=1, help="u2netp, a name in the show's register, or an .onnx file")
    levels: tuple[float, float] = param(
        (0.02, 0.98), help="at or below the first the matte is exactly 0, at or above the second exactly 1"
    )
    invert: bool = param(False, help="the ground instead of the figure")

    @field_validator("levels")
    @classmethod
    def _levels_rise(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0.0 <= value[0] < value[1] <= 1.0:
            raise ValueError("two values from 0 to 1, the first below the second")
        return value

    def models(self) -> tuple[ModelRef, ...]:
        return (ModelRef(self.model, kind="onnx"),)

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError where the input is a matte already."""
        source = sources[self.input]
        if source.channels == 1:
            raise RecipeError(f"The step `{self.name}` looks for a figure in a matte.", todo="Name a picture.")
        return Format(source.width, source.height, 1, source.pixel_aspect)

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        network = kit.model(self.models()[0])
        shape = network.shape
        if network.inputs != 1 or len(shape) != 4 or shape[1] != 3:
            raise ModelError(
                f"The network takes {shape}, not one picture of three channels.",
                where=str(network.path),
                todo="Use u2netp, or a network with the same contract.",
            )
        side = [size if isinstance(size, int) else 320 for size in shape[2:]]
        mean, deviation = np.array(_MEAN, np.float32), np.array(_DEVIATION, np.float32)
        source = pictures[self.input][..., :3]
        result = np.empty((*source.shape[:3], 1), np.float32)
        for slot in range(len(source)):
            seen = resize(kit.view(source[slot : slot + 1], "srgb"), (side[0], side[1]), "triangle")
            seen = (seen / max(float(seen.max()), 1e-6) - mean) / deviation
            planes = np.ascontiguousarray(seen.transpose(0, 3, 1, 2), np.float32)
            found = np.asarray(kit.call(partial(network, planes)), np.float32)
            if found.shape != (1, 1, *side):
                raise ModelError(
                    f"The network gave {found.shape}, not a matte.", where=str(network.path), todo="Use u2netp."
                )
            result[slot] = self._levelled(found.transpose(0, 2, 3, 1), source.shape[1:3])
        return result

    def _levelled(self, found: Pictures, shape: tuple[int, int]) -> Pictures:
        """The network's (1, N, N, 1) as a matte of `shape`, (H, W, 1)."""
        import numpy as np

        low, high = float(found.min()), float(found.max())
        matte = resize((found - low) / max(high - low, 1e-6), shape, "triangle")[0]
        first, last = np.float32(self.levels[0]), np.float32(self.levels[1])
        matte = np.clip((matte - first) / (last - first), 0.0, 1.0)
        return np.asarray(1.0 - matte if self.invert else matte, np.float32)
