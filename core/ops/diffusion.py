"""What `stylize` and `generate` share: the parameters of a diffusion model, and how a batch goes through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.files import sha256_bytes
from core.frames import seed_for
from core.media.resample import Fit, to_model
from core.ops.base import Block, Cadence, Input, Kit, ModelRef, param

if TYPE_CHECKING:
    from core.ops.base import Pictures

Sampler = Literal["model", "ddim", "euler", "euler_a", "dpmpp_2m", "dpmpp_2m_karras", "unipc", "lcm"]
Size = tuple[int, int]
Side = Annotated[int, Field(ge=8, le=16384)]
_MODEL_HELP = "a name in the show's register, a folder or file, or a hub id with its revision"


class Part(BaseModel):
    """A table of a diffusion step that adds a model to it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str = param(..., min_length=1, help=_MODEL_HELP)
    revision: str = param("", help="the hub's commit, 40 characters")
    weight: float = param(1.0, ge=0, le=2, unit="x", help="how much of it; 0 leaves it out")


class Lora(Part):
    """`[[step.lora]]`: low-rank changes of the model's weights (Hu et al. 2021)."""

    weight: float = param(1.0, ge=-4, le=4, unit="x", help="how much of it; 0 leaves it out")


class Control(Part):
    """`[[step.control]]`: a ControlNet (Zhang et al. 2023) that holds the picture to lines, depth, a pose …"""

    input: Input = param(..., help="what it reads: an input of kind `control`, or a step above")
    seen: Literal["data", "srgb"] = param("data", help="data: the numbers as they are; srgb: a picture, shown as one")
    weight: float = param(1.0, ge=0, le=2, unit="x", help="how hard it holds; 0 leaves it out")
    start: float = param(0.0, ge=0, le=1, help="share of the sampling steps before it begins")
    end: float = param(1.0, ge=0, le=1, help="share of the sampling steps after which it lets go")

    @model_validator(mode="after")
    def _in_order(self) -> Control:
        if self.end <= self.start:
            raise ValueError("`end` comes after `start`")
        return self


class Reference(Part):
    """`[[step.reference]]`: an IP-Adapter (Ye et al. 2023): a picture beside the prompt."""

    input: Input = param(..., help="the picture to be like")
    encoder: str = param(..., min_length=1, help="the image encoder's folder: a CLIP vision model, as `model`")
    encoder_revision: str = param("", help="the hub's commit of the encoder; empty: `revision`")
    weight: float = param(0.6, ge=0, le=2, unit="x", help="how hard it pulls; 0 leaves it out")


class Schedule(BaseModel):
    """`schedule`: what a recipe changes in the model's noise schedule. What is absent stays as the model has it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    spacing: Literal["leading", "trailing", "linspace"] | None = param(
        None, help="where the sampling steps lie; trailing for models of few steps"
    )
    shift: float | None = param(None, gt=0, le=20, help="flow models: more steps at high noise, for large pictures")
    prediction: Literal["epsilon", "v_prediction"] | None = param(
        None, help="what the model predicts, if it says wrong"
    )
    zero_snr: bool | None = param(None, help="end at pure noise (Lin et al. 2023), as v-prediction models want")


_AS_IT_IS = Schedule()


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
    image_guidance: float = 1.0
    schedule: Schedule = _AS_IT_IS
    loras: tuple[float, ...] = ()
    """Per LoRA that the pipeline wears its weight; the next two likewise."""
    controls: tuple[tuple[float, float, float], ...] = ()
    """Weight, start, end."""
    references: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Guides:
    """Pictures that the parts of a pipeline read beside the picture itself, one array a part, (B, h, w, 3) float32."""

    controls: tuple[Pictures, ...] = ()
    """At the model's size."""
    references: tuple[Pictures, ...] = ()
    """In [0, 1] as sRGB, of any size."""


NO_GUIDES = Guides()


class Diffusion(Cadence):
    """A step that calls a diffusion model of any family that diffusers' AutoPipeline knows."""

    model: str = param(..., min_length=1, help=_MODEL_HELP)
    revision: str = param("", help="the hub's commit, 40 characters")
    vae: str = param("", help="a VAE to use in place of the model's own, named as `model`")
    vae_revision: str = param("", help="the hub's commit of the VAE")
    prompt: str = param("", keyable=True, help="what the picture should be")
    negative: str = param("", keyable=True, help="what it should not be; needs guidance above 1")
    guidance: float = param(1.0, ge=0, le=50, unit="x", keyable=True, help="how hard the prompt pulls; 1 is off")
    sampling_steps: int = param(20, ge=1, le=500, unit="steps", help="steps of the whole noise schedule")
    sampler: Sampler = param("model", help="model: the one that the model comes with")
    schedule: Schedule = param(_AS_IT_IS, help="changes of the noise schedule: spacing, shift, prediction, zero_snr")
    size: tuple[Side, Side] | tuple[()] = param(
        (), help="width and height in the model; empty: the plate's, rounded down to what the model takes"
    )
    fit: Fit = param("crop", help="how the plate goes into `size`, and back")
    model_view: Literal["srgb", "acescct"] = param("srgb", help="how linear light is shown to the model")
    lora: tuple[Lora, ...] = param((), help="LoRAs, in order")
    control: tuple[Control, ...] = param((), help="ControlNets")
    reference: tuple[Reference, ...] = param((), help="pictures to be like (IP-Adapter)")

    def models(self) -> tuple[ModelRef, ...]:
        return (ModelRef(self.model, self.revision), *self._parts(all_of_them=True))

    def _parts(self, *, all_of_them: bool = False) -> tuple[ModelRef, ...]:
        """The models that go into the pipeline. What has no weight stays out, so 0 is the same bits as without."""
        found = [ModelRef(self.vae, self.vae_revision, "vae")] if self.vae else []
        for part in (*self.lora, *self.control, *self.reference):
            if not part.weight and not all_of_them:
                continue
            kind: Literal["lora", "control", "reference"] = (
                "lora" if isinstance(part, Lora) else "control" if isinstance(part, Control) else "reference"
            )
            found.append(ModelRef(part.model, part.revision, kind))
            if isinstance(part, Reference):
                found.append(ModelRef(part.encoder, part.encoder_revision or part.revision, "encoder"))
        return tuple(found)

    def pipeline(self, role: str, kit: Kit) -> Any:
        """The `core.render.diffusion.Pipeline` of this step with all its parts."""
        return kit.model(ModelRef(self.model, self.revision), role, self._parts())

    def controls(self) -> tuple[str, ...]:
        """The pictures that ControlNets read."""
        return tuple(part.input for part in self.control)

    def shape(self, plate: Size, multiple: int) -> tuple[Size, Fit]:
        """Size in the model and how to fit it. The plate's own size is rounded down, at least to `multiple`, and
        stretched by that little, so that no strip at the border stays as it was."""
        if self.size:
            return self.size, self.fit
        width, height = (max(side // multiple, 1) * multiple for side in plate)
        return (width, height), "stretch"

    def ask(self, size: Size, denoise: float = 1.0, image_guidance: float = 1.0) -> Ask:
        return Ask(
            self.name, self.prompt, self.negative, denoise, self.guidance, self.sampling_steps, self.sampler, size,
            image_guidance, self.schedule, tuple(part.weight for part in self.lora if part.weight),
            tuple((part.weight, part.start, part.end) for part in self.control if part.weight),
            tuple(part.weight for part in self.reference if part.weight),
        )  # fmt: skip

    def guides(self, pictures: Mapping[str, Pictures], kit: Kit, size: Size, fit: Fit) -> Guides:
        """What ControlNets and IP-Adapters are shown."""
        import numpy as np

        def shown(part: Control) -> Pictures:
            source = pictures[part.input]
            colour = np.repeat(source, 3, axis=-1) if source.shape[-1] == 1 else source[..., :3]
            seen = kit.view(colour, "srgb") if part.seen == "srgb" else np.nan_to_num(colour)
            return to_model(np.ascontiguousarray(seen, np.float32), size, fit)[0].clip(0.0, 1.0)

        return Guides(
            tuple(shown(part) for part in self.control if part.weight),
            tuple(
                kit.view(np.ascontiguousarray(pictures[part.input][..., :3]), "srgb")
                for part in self.reference
                if part.weight
            ),
        )


def paint(
    block: Block,
    asks: Sequence[Ask | None],
    pipeline: Any,
    kit: Kit,
    pictures: Pictures | None = None,
    masks: Pictures | None = None,
    guides: Guides = NO_GUIDES,
) -> Pictures:
    """Run a block through its loaded `core.render.diffusion.Pipeline`: (B, h, w, 3) float32 in [0, 1].

    Slots whose ask is None stay 0. Slots that ask for the same with the same references run together. Each call is a
    full batch with every slot in its place, whatever the others ask for: a picture's last bits depend on its place and
    on the size of the batch, but not on its neighbours.
    """
    import numpy as np

    step: Diffusion = block.steps[0]
    seeds = [seed_for(frame, int(step.seed), step.seed_per_frame) for frame in block.frames]
    result: Pictures | None = None
    wanted = [(ask, _marks(guides, slot)) for slot, ask in enumerate(asks)]
    for ask, same in dict.fromkeys(wanted):
        if ask is None:
            continue
        slots = [slot for slot, other in enumerate(wanted) if other == (ask, same)]
        shown = replace(guides, references=tuple(part[slots[:1]] for part in guides.references))
        made, ran = kit.call(partial(pipeline.paint, ask, seeds, pictures, masks, kit.tick, shown))
        result = np.zeros_like(made) if result is None else result
        result[slots] = made[slots]
        facts = {"effective_steps": ran} | ({"prompt_cut": True} if pipeline.cut(ask.prompt) else {})
        for slot in slots:
            kit.note(step.name, block.frames[slot], **facts)
    assert result is not None, "a block without a slot to paint needs no model"
    return result


def _marks(guides: Guides, slot: int) -> tuple[str, ...]:
    """What tells a slot's references from another's: a pipeline takes one of each for all pictures of a call."""
    return tuple(sha256_bytes(part[slot].tobytes()) for part in guides.references)
