"""What `stylize` and `generate` share: the parameters of a diffusion model, and how a batch goes through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from core.frames import seed_for
from core.ops.base import Block, Cadence, Kit, ModelRef, param

if TYPE_CHECKING:
    from core.ops.base import Pictures

Sampler = Literal["model", "ddim", "euler", "euler_a", "dpmpp_2m", "dpmpp_2m_karras", "unipc", "lcm"]
Size = tuple[int, int]
Side = Annotated[int, Field(ge=8, le=16384)]


@dataclass(frozen=True, slots=True)
class Ask:
    """What one call of a diffusion model is asked for. Slots of a batch that differ in it need calls of their own."""

    step: str
    """The step's name, for messages."""
    prompt: str
    negative: str
    denoise: float
    guidance: float
    sampling_steps: int
    sampler: Sampler
    size: Size
    """width, height"""


class Diffusion(Cadence):
    """A step that calls a diffusion model of any family that diffusers' AutoPipeline knows."""

    model: str = param(..., min_length=1, help="a name in the show's register, a folder, or a hub id with its revision")
    revision: str = param("", help="the hub's commit, 40 characters")
    prompt: str = param("", keyable=True, help="what the picture should be")
    negative: str = param("", keyable=True, help="what it should not be; needs guidance above 1")
    guidance: float = param(1.0, ge=0, le=50, unit="x", keyable=True, help="how hard the prompt pulls; 1 is off")
    sampling_steps: int = param(20, ge=1, le=500, unit="steps", help="steps of the whole noise schedule")
    sampler: Sampler = param("model", help="model: the one that the model comes with")
    size: tuple[Side, Side] | tuple[()] = param(
        (), help="width and height in the model; empty: the plate's, rounded down to what the model takes"
    )
    fit: Literal["crop", "pad", "stretch"] = param("crop", help="how the plate goes into `size`, and back")
    model_view: Literal["srgb", "acescct"] = param("srgb", help="how linear light is shown to the model")

    def models(self) -> tuple[ModelRef, ...]:
        return (ModelRef(self.model, self.revision),)

    def shape(self, plate: Size, multiple: int) -> tuple[Size, Literal["crop", "pad", "stretch"]]:
        """Size in the model and how to fit it. The plate's own size is rounded down, at least to `multiple`, and
        stretched by that little, so that no strip at the border stays as it was."""
        if self.size:
            return self.size, self.fit
        width, height = (max(side // multiple, 1) * multiple for side in plate)
        return (width, height), "stretch"

    def ask(self, size: Size, denoise: float = 1.0) -> Ask:
        return Ask(
            self.name, self.prompt, self.negative, denoise, self.guidance, self.sampling_steps, self.sampler, size
        )


def paint(
    block: Block,
    asks: Sequence[Ask | None],
    pipeline: Any,
    kit: Kit,
    pictures: Pictures | None = None,
    masks: Pictures | None = None,
) -> Pictures:
    """Run a block through its loaded `core.render.diffusion.Pipeline`: (B, h, w, 3) float32 in [0, 1].

    Slots whose ask is None stay 0. Slots that ask for the same run together. Each call is a full batch with every slot
    in its place, whatever the others ask for: a picture's last bits depend on its place and on the size of the batch,
    but not on its neighbours.
    """
    import numpy as np

    step: Diffusion = block.steps[0]
    seeds = [seed_for(frame, int(step.seed), step.seed_per_frame) for frame in block.frames]
    result: Pictures | None = None
    for ask in dict.fromkeys(asks):
        if ask is None:
            continue
        made, ran = kit.call(partial(pipeline.paint, ask, seeds, pictures, masks, kit.tick))
        result = np.zeros_like(made) if result is None else result
        slots = [slot for slot, other in enumerate(asks) if other == ask]
        result[slots] = made[slots]
        facts = {"effective_steps": ran} | ({"prompt_cut": True} if pipeline.cut(ask.prompt) else {})
        for slot in slots:
            kit.note(step.name, block.frames[slot], **facts)
    assert result is not None, "a block without a slot to paint needs no model"
    return result
