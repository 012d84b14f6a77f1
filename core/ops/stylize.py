"""stylize: image to image over the plate with a diffusion model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from core.errors import RecipeError
from core.media.resample import from_model, resize, to_model
from core.ops.base import Block, Format, Input, Iptc, Kit, Phase, param
from core.ops.diffusion import Diffusion, paint
from core.ops.shared import matte_source, same_size

if TYPE_CHECKING:
    from core.ops.base import Pictures

_COARSE = 4
"""Detail is what a picture loses when it is shown at a quarter of its size."""


class Stylize(Diffusion):
    """Paints over each frame: noise is added to the picture and taken away again under the prompt (SDEdit, Meng 2021).

    With a `mask` the model's inpainting pipeline paints where it is 1. The rest of the frame goes through the model's
    VAE and changes a little too: a `merge` with the same matte brings the plate back exactly. Alpha is not shown to
    the model, and the result has none. Where `fit = "crop"` cuts the picture, the source stays.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_CREATION
    source_type: ClassVar[Iptc] = Iptc.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA

    op: Literal["stylize"] = "stylize"
    input: Input = param("plate", help="the picture to paint over")
    mask: Input | None = param(None, help="a matte: 1 where to paint (inpainting)")
    denoise: float = param(
        0.5, ge=0, le=1, keyable=True, help="share of the noise schedule that is run: 0 keeps the plate, 1 ignores it"
    )
    image_guidance: float = param(
        1.0, ge=1, le=20, unit="x", keyable=True,
        help="models that repaint by instruction: how hard the plate holds; 1 is off, above it needs guidance above 1",
    )  # fmt: skip
    detail: float = param(
        0.0, ge=0, le=2, keyable=True, help="how much of the plate's fine detail and grain is added back"
    )

    @property
    def effective_steps(self) -> int:
        """Sampling steps that `denoise` leaves of `sampling_steps`, as diffusers counts them."""
        return min(int(self.sampling_steps * self.denoise), self.sampling_steps)

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError: the input is a matte, or the mask is none or has another size."""
        matte_source(self, sources, self.mask)
        source = same_size(self, sources, self.input, self.mask, *self.controls())
        if source.channels == 1:
            raise RecipeError(
                f"The step `{self.name}` paints over a matte.", where=f"step `{self.name}`", todo="Name a picture."
            )
        return Format(source.width, source.height, 3, source.pixel_aspect)

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        steps: tuple[Stylize, ...] = block.steps
        source = pictures[self.input][..., :3]
        result = source.copy()
        painted = [step.effective_steps > 0 for step in steps]
        for frame, step in zip(block.frames, steps, strict=True):
            if not step.effective_steps:
                kit.note(step.name, frame, effective_steps=0)
        if not any(painted):
            return result
        made, cover = self._painted(block, source, pictures, kit)
        for slot, step in enumerate(steps):
            if painted[slot]:
                detail = np.float32(step.detail) * _detail(source[slot]) if step.detail else np.float32(0.0)
                result[slot] = np.where(cover == 1.0, made[slot] + detail, source[slot])
        return result

    def _painted(
        self, block: Block, source: Pictures, pictures: Mapping[str, Pictures], kit: Kit
    ) -> tuple[Pictures, Pictures]:
        """The model's pictures at the source's size in working space, and where they lie: (H, W, 1), 0 or 1."""
        mask = pictures[self.mask] if self.mask else None
        pipeline = self.pipeline("image2image" if mask is None else "inpaint", kit)
        size, fit = self.shape((source.shape[2], source.shape[1]), pipeline.multiple)
        seen, where = to_model(kit.view(source, self.model_view), size, fit)
        asks = [
            step.ask(size, step.denoise, step.image_guidance) if step.effective_steps else None for step in block.steps
        ]
        masks = None if mask is None else to_model(mask, size, fit, "triangle")[0].clip(0.0, 1.0)
        guides = self.guides(pictures, kit, size, fit)
        made = paint(block, asks, pipeline, kit, seen.clip(0.0, 1.0), masks, guides)
        back, cover = from_model(made, where)
        return kit.unview(back, self.model_view), cover


def _detail(picture: Pictures) -> Pictures:
    """What (H, W, 3) loses at a quarter of its size; 0 where it is not finite."""
    import numpy as np

    clean = np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0)[None]
    height, width = clean.shape[1:3]
    coarse = resize(clean, (max(height // _COARSE, 1), max(width // _COARSE, 1)), "triangle")
    found: Pictures = clean[0] - resize(coarse, (height, width), "triangle")[0]
    return np.where(np.isfinite(picture), found, np.float32(0.0))
