"""generate: a picture from text alone, with a diffusion model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from core.media.resample import from_model, placement
from core.ops.base import Block, Format, Input, Iptc, Kit, Phase, param
from core.ops.diffusion import Diffusion, paint
from core.ops.shared import same_size

if TYPE_CHECKING:
    from core.ops.base import Pictures


class Generate(Diffusion):
    """Paints each frame from noise under the prompt. No pixel of the plate is read: it gives the format only.

    Where `fit = "crop"` leaves a border of the format without a picture, it is black.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_CREATION
    source_type: ClassVar[Iptc] = Iptc.TRAINED_ALGORITHMIC_MEDIA

    op: Literal["generate"] = "generate"
    like: Input = param("plate", help="the picture whose format it gets")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        source = same_size(self, sources, self.like, *self.controls())
        return Format(source.width, source.height, 3, source.pixel_aspect)

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        height, width = pictures[self.like].shape[1:3]
        pipeline = self.pipeline("text2image", kit)
        size, fit = self.shape((width, height), pipeline.multiple)
        guides = self.guides(pictures, kit, size, fit)
        made = paint(block, [step.ask(size) for step in block.steps], pipeline, kit, guides=guides)
        back, cover = from_model(made, placement((width, height), size, fit))
        result: Pictures = kit.unview(back, self.model_view)
        result *= cover
        return result
