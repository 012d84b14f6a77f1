"""Diffusers pipelines, called so that pixels repeat; what a model would ignore is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import RecipeError, RenderError, RushesError
from core.files import one_line
from core.media.resample import to_model
from core.ops.diffusion import NO_GUIDES, Ask, Guides
from core.render.wardrobe import Loaded, is_out_of_memory

if TYPE_CHECKING:
    from core.ops.base import Pictures

SAMPLERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
"""Samplers whose noise comes from the generators they are given. None draws Brownian noise of its own."""


SCHEDULE = {
    "spacing": "timestep_spacing",
    "shift": "shift",
    "prediction": "prediction_type",
    "zero_snr": "rescale_betas_zero_snr",
}
"""Keys of a recipe's `schedule` as diffusers' schedulers call them."""

ONE_BY_ONE = {"Flux2Pipeline", "Flux2KleinPipeline", "QwenImageEditPipeline", "QwenImageEditPlusPipeline"}
"""Editing pipelines that read one picture a call, of 8 bits: several pictures would be references of one result."""


_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on (Radford et al. 2021), sRGB in [0, 1]."""


class Pipeline:
    """One diffusers pipeline in one role. Not re-entrant: one call at a time."""

    def __init__(self, loaded: Loaded, role: str, device: str, free: Callable[[], None]) -> None:
        self.loaded, self.pipe, self.role, self.device = loaded, loaded.pipe, role, device
        self._free = free
        self._takes = frozenset(inspect.signature(type(self.pipe).__call__).parameters)
        self._scheduler = self.pipe.scheduler

    @property
    def name(self) -> str:
        return type(self.pipe).__name__

    @property
    def multiple(self) -> int:
        """Width and height in pixels are multiples of this: one latent, or one patch of latents."""
        latent = int(getattr(self.pipe, "vae_scale_factor", 8))
        patch = getattr(getattr(getattr(self.pipe, "transformer", None), "config", None), "patch_size", 1)
        processor = getattr(getattr(self.pipe, "image_processor", None), "config", {})
        return max(latent * (patch if isinstance(patch, int) else 1), int(processor.get("vae_scale_factor", 1)))

    @property
    def _distilled(self) -> bool:
        """Whether guidance is a number that the model was trained to read, not a second call without the prompt."""
        config = getattr(getattr(self.pipe, "transformer", None), "config", {})
        return bool(config.get("guidance_embeds", False))

    def paint(
        self,
        ask: Ask,
        seeds: Sequence[int],
        pictures: Pictures | None,
        masks: Pictures | None,
        tick: Callable[[], None],
        guides: Guides = NO_GUIDES,
    ) -> tuple[Pictures, int]:
        """Run the pipeline on a batch: slot i has the noise that diffusers gives for a CPU generator of `seeds[i]`.

        Args:
            pictures: (B, h, w, 3) float32 in [0, 1] in the model's view; not for text to image.
            masks: (B, h, w, 1), 1 where to paint; only to inpaint.
            tick: called between sampling steps; what it raises ends the call.
            guides: what the parts of the pipeline read.

        Returns:
            (B, h, w, 3) float32 in [0, 1], never through 8 bits, and the number of sampling steps that were run.

        Raises:
            RecipeError: the model cannot do what was asked. ModelError: a part does not fit it.
            RenderError: out of memory twice, or a picture withheld.
        """
        self._check(ask)
        for attempt in (1, 2):
            try:
                self.loaded.wear(ask.loras, ask.references)
                return self._paint(ask, seeds, pictures, masks, tick, guides)
            except RushesError:
                raise
            except Exception as error:
                if not is_out_of_memory(error):
                    raise RenderError(
                        f"The model stopped: {one_line(str(error), 300)}",
                        where=f"step `{ask.step}`, {self.name}",
                        todo="Check that the model suits the step; other values or another model may do.",
                    ) from error
                if attempt == 2:
                    width, height = ask.size
                    raise RenderError(
                        f"Out of memory on {self.device}, also after freeing what could be freed.",
                        where=f"step `{ask.step}`, {width} x {height}, batch {len(seeds)}",
                        todo="Set a smaller `batch` or `size` in the step (both change the picture's last bits).",
                    ) from error
            self._free()  # after the handler, so that the failed call's tensors are gone
        raise AssertionError("unreachable")

    def _paint(
        self,
        ask: Ask,
        seeds: Sequence[int],
        pictures: Pictures | None,
        masks: Pictures | None,
        tick: Callable[[], None],
        guides: Guides,
    ) -> tuple[Pictures, int]:
        import numpy as np

        if self.name in ONE_BY_ONE and pictures is not None:
            each = [self._call(ask, [seed], pictures[slot : slot + 1], None, tick, guides, slot)
                    for slot, seed in enumerate(seeds)]  # fmt: skip
        else:
            each = [self._call(ask, seeds, pictures, masks, tick, guides)]
        images = np.concatenate([made for made, _ in each])
        if images.shape != (len(seeds), ask.size[1], ask.size[0], 3):
            raise RenderError(f"The model gave {images.shape} for {ask.size}.", where=f"step `{ask.step}`, {self.name}")
        return images, each[0][1]

    def _call(
        self,
        ask: Ask,
        seeds: Sequence[int],
        pictures: Pictures | None,
        masks: Pictures | None,
        tick: Callable[[], None],
        guides: Guides,
        slot: int | None = None,
    ) -> tuple[Pictures, int]:
        """One call of diffusers. `slot`: only this one of the guides' pictures."""
        import torch

        progress = _Progress(tick)
        self.pipe.progress_bar = progress
        self.pipe.scheduler = self._sampler(ask)
        call = self._arguments(ask, len(seeds))
        call["generator"] = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        for name, array in (("image", pictures), ("mask_image", masks)):
            if array is not None:
                call[name] = _tensor(array) if slot is None else self.pipe.image_processor.numpy_to_pil(array)[0]
        if guides.controls:
            call |= self._controlled(ask, [part if slot is None else part[slot : slot + 1] for part in guides.controls])
        if guides.references:
            call["ip_adapter_image"] = [self._seen(part) for part in guides.references]
        try:
            result = self.pipe(**call)
        finally:
            self.pipe.maybe_free_model_hooks()
        tick()
        if any(getattr(result, "nsfw_content_detected", None) or ()):
            raise RenderError(
                "The model's safety checker replaced the picture by black.",
                where=f"step `{ask.step}`",
                todo="Change the prompt, or use a model folder without a safety_checker.",
            )
        images: Pictures = result.images.float().permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return images, progress.steps

    def _arguments(self, ask: Ask, count: int) -> dict[str, Any]:
        call: dict[str, Any] = {
            "prompt": [ask.prompt] * count,
            "num_inference_steps": ask.sampling_steps,
            "output_type": "pt",
        }
        optional: dict[str, Any] = {
            "width": ask.size[0],
            "height": ask.size[1],
            "image_guidance_scale": ask.image_guidance,
            "max_area": ask.size[0] * ask.size[1],  # Flux Kontext would go to an area of its own
            "_auto_resize": False,
        }
        true_scale = "true_cfg_scale" in self._takes and not self._distilled
        added = self.name.startswith("ZImage")  # picture + scale · (picture − without): 0 is off there
        scale = max(ask.guidance - 1.0, 0.0) if added else ask.guidance
        optional["true_cfg_scale" if true_scale else "guidance_scale"] = scale
        if self.role != "text2image":
            optional["strength"] = ask.denoise
        if ask.negative or (true_scale and ask.guidance > 1.0):  # without it these call the model once, and say nothing
            optional["negative_prompt"] = [ask.negative or " "] * count
        return call | {name: value for name, value in optional.items() if name in self._takes}

    def _controlled(self, ask: Ask, controls: Sequence[Pictures]) -> dict[str, Any]:
        def each(values: Sequence[Any]) -> Any:
            return values[0] if len(values) == 1 else list(values)

        weights, starts, ends = zip(*ask.controls, strict=True)
        call = {
            "control_image" if "control_image" in self._takes else "image": each([_tensor(part) for part in controls]),
            "controlnet_conditioning_scale": each(weights),
            "control_guidance_start": each(starts),
            "control_guidance_end": each(ends),
        }
        if missing := sorted(set(call) - self._takes):
            if any(part != (part[0], 0.0, 1.0) for part in ask.controls):
                raise RecipeError(
                    "This model's ControlNet works over all sampling steps.",
                    where=f"step `{ask.step}`, {self.name}",
                    todo="Set start = 0.0 and end = 1.0.",
                )
            call = {name: value for name, value in call.items() if name not in missing}
        return call

    def _seen(self, pictures: Pictures) -> Any:
        """A reference as a CLIP encoder takes it, (1, 3, n, n). The slots of a call have the same one.

        Resized here: transformers' own way depends on whether torchvision is installed.
        """
        import numpy as np

        side = self.loaded.encoder.config.image_size
        square = to_model(pictures[:1], (side, side), "crop", "cubic")[0]
        mean, deviation = np.array(_CLIP_MEAN, np.float32), np.array(_CLIP_DEVIATION, np.float32)
        return _tensor(np.asarray((square - mean) / deviation, np.float32))

    def _check(self, ask: Ask) -> None:
        """Refuse what this model would ignore or change silently."""
        where = f"step `{ask.step}`, {self.name}"
        odd = [value for value in ask.size if value % self.multiple]
        if odd:
            near = " or ".join(str(value) for n in (0, 1) if (value := (odd[0] // self.multiple + n) * self.multiple))
            raise RecipeError(
                f"`size` {ask.size[0]} x {ask.size[1]} does not fit this model: it takes multiples of {self.multiple}.",
                where=where,
                todo=f"Instead of {odd[0]} write {near}.",
            )
        negatives = set() if self._distilled else {"negative_prompt"}
        scales = {"guidance_scale", "true_cfg_scale"}
        ignored = (
            ("negative", bool(ask.negative), negatives, '""'),
            ("guidance", ask.guidance != 1.0, scales, "1.0"),
            ("denoise", ask.denoise != 1.0 and self.role != "text2image", {"strength"}, "1.0"),
            ("image_guidance", ask.image_guidance != 1.0, {"image_guidance_scale"}, "1.0"),
        )
        for parameter, used, names, neutral in ignored:
            if used and not names & self._takes:
                hint = ""
                if parameter == "denoise":
                    knob = "image_guidance" if "image_guidance_scale" in self._takes else "the prompt"
                    hint = f" It repaints by instruction: how much of the plate stays is up to {knob}."
                raise RecipeError(
                    f"This model takes no `{parameter}`.{hint}", where=where, todo=f"Set {parameter} = {neutral}."
                )
        if ask.image_guidance != 1.0 and ask.guidance <= 1.0:
            raise RecipeError(
                "`image_guidance` does nothing while guidance is 1 or less.",
                where=where,
                todo="Set guidance above 1 (7.5 is usual with image_guidance 1.5), or image_guidance = 1.0.",
            )

    def _sampler(self, ask: Ask) -> Any:
        """A scheduler without memory of earlier calls: the model's own kind, or the one that was asked for."""
        import diffusers

        own, where = self._scheduler, f"step `{ask.step}`, {self.name}"
        kind, changes = type(own), dict[str, Any]()
        if ask.sampler != "model":
            name, given = SAMPLERS[ask.sampler]
            if "beta_schedule" not in own.config or own.config.get("prediction_type") == "flow_prediction":
                raise RecipeError(  # flow matching has another noise schedule: on it these would give mush
                    f"The sampler {ask.sampler} does not fit this model's noise schedule ({kind.__name__}).",
                    where=where,
                    todo='Set sampler = "model".',
                )
            kind, changes = getattr(diffusers, name), dict(given)
        takes = inspect.signature(kind.__init__).parameters
        for key, value in ask.schedule.model_dump(exclude_none=True).items():
            if SCHEDULE[key] not in takes:
                known = ", ".join(key for key, name in SCHEDULE.items() if name in takes) or "nothing"
                raise RecipeError(
                    f"`schedule.{key}`: the sampler ({kind.__name__}) has no such setting.",
                    where=where,
                    todo=f"It takes {known} there: take `{key}` out, or choose another sampler.",
                )
            changes[SCHEDULE[key]] = value
        if "shift" in changes and "use_dynamic_shifting" in takes:
            changes["use_dynamic_shifting"] = False  # else the shift follows the size, and the number is not read
        return kind.from_config(own.config, **changes)

    def cut(self, prompt: str) -> bool:
        """Whether every text encoder of the model reads only the beginning of `prompt`."""
        tokenizers = [part for name, part in self.pipe.components.items() if name.startswith("tokenizer") and part]
        return bool(tokenizers) and all(
            len(part(prompt, truncation=False)["input_ids"]) > part.model_max_length for part in tokenizers
        )


class _Progress:
    """Stands for the progress bar of a pipeline: counts sampling steps, and `tick` may raise to cancel.

    Nearly every pipeline of diffusers reports through its progress bar; step callbacks exist in fewer, and after their
    interrupt flag the VAE still decodes and a normal-looking picture is returned.
    """

    def __init__(self, tick: Callable[[], None]) -> None:
        self.tick, self.steps = tick, 0

    def __call__(self, iterable: Iterable[Any] | None = None, total: int | None = None) -> Any:
        self.tick()
        return self if iterable is None else self._each(iterable)

    def _each(self, iterable: Iterable[Any]) -> Iterator[Any]:
        for part in iterable:
            yield part
            self.update()

    def update(self, count: int = 1) -> None:
        self.steps += count
        self.tick()

    def close(self) -> None: ...

    def set_description(self, text: str) -> None: ...

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None: ...


def _tensor(array: Pictures) -> Any:
    import torch

    return torch.from_numpy(array.transpose(0, 3, 1, 2))  # strides as diffusers itself gives arrays
