"""Diffusers pipelines: which class plays which role, how it is loaded, and how it is called so that pixels repeat."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError, RecipeError, RenderError, RushesError
from core.files import one_line

if TYPE_CHECKING:
    from core.ops.base import Pictures
    from core.ops.diffusion import Ask

ROLES = {
    "image2image": {"image"},
    "inpaint": {"image", "mask_image"},
    "text2image": set[str](),
}
"""What a pipeline's call takes beside the prompt, by role."""

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


def prepare(threads: int) -> None:
    """Import torch and diffusers and set what decides pixels: threads, deterministic algorithms, no TF32, no tuning.

    Holds for the whole process. Libraries print no progress bars and only errors; a model's own code is never run.

    Raises:
        ModelError: they are not installed.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when CUDA starts
    os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"
    for library in ("DIFFUSERS", "TRANSFORMERS"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")  # read at import, where both chat
    try:
        import diffusers
        import huggingface_hub.utils
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(
            f"This needs a library that is not installed: {one_line(str(error))}.",
            todo="Install rushes with its models: pip install 'rushes[generate]'",
        ) from error
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # diffusers reads no memory it has not written
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    huggingface_hub.utils.disable_progress_bars()  # type: ignore[attr-defined]


def pipeline_class(folder: Path, role: str) -> Any:
    """The diffusers class that plays `role` with the checkpoint in `folder`.

    The rule: the member of the checkpoint's family that diffusers' AutoPipeline lists for the role. Where it lists none
    (instruct-pix2pix, say), the class that `model_index.json` names, if its call takes what the role gives.

    Raises:
        ModelError: not a diffusers folder, or its family cannot do this; names what it can.
    """
    import diffusers
    from diffusers.pipelines import auto_pipeline as auto

    try:
        name = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "The model is not a folder in diffusers' format: it has no readable model_index.json.",
            where=str(folder),
            todo="Save it with `save_pretrained` of its diffusers pipeline; single-file checkpoints are not read.",
        ) from error
    tables = {
        "text2image": auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        "image2image": auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        "inpaint": auto.AUTO_INPAINT_PIPELINES_MAPPING,
    }
    family = next((key for table in tables.values() for key, kind in table.items() if kind.__name__ == name), None)
    if family in tables[role]:
        return tables[role][family]
    own = getattr(diffusers, str(name), None)
    plays = [other for other, table in tables.items() if family in table or _plays(own, other)]
    if role in plays:
        return own
    raise ModelError(
        f"The model's family ({one_line(str(name))}) does not do {role}.",
        where=str(folder),
        todo=f"It does {', '.join(plays)}: use another step, or another model." if plays else "Use another model.",
    )


def _plays(kind: Any, role: str) -> bool:
    """Whether a pipeline class takes what `role` gives, and asks for no other picture."""
    if kind is None:
        return False
    inputs = inspect.signature(kind.__call__).parameters
    given = {"image", "mask_image"} & set(inputs)
    return ROLES[role] == given and "prompt" in inputs and "num_inference_steps" in inputs


class Pipeline:
    """One diffusers pipeline in one role. Not re-entrant: one call at a time."""

    def __init__(self, pipe: Any, role: str, device: str, free: Callable[[], None]) -> None:
        self.pipe, self.role, self.device = pipe, role, device
        self._free = free
        self._takes = frozenset(inspect.signature(type(pipe).__call__).parameters)
        self._scheduler = pipe.scheduler

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

    def paint(
        self,
        ask: Ask,
        seeds: Sequence[int],
        pictures: Pictures | None,
        masks: Pictures | None,
        tick: Callable[[], None],
    ) -> tuple[Pictures, int]:
        """Run the pipeline on a batch: slot i has the noise that diffusers gives for a CPU generator of `seeds[i]`.

        Args:
            pictures: (B, h, w, 3) float32 in [0, 1] in the model's view; not for text to image.
            masks: (B, h, w, 1), 1 where to paint; only to inpaint.
            tick: called between sampling steps; what it raises ends the call.

        Returns:
            (B, h, w, 3) float32 in [0, 1], never through 8 bits, and the number of sampling steps that were run.

        Raises:
            RecipeError: the model cannot do what was asked. RenderError: out of memory twice, or a picture withheld.
        """
        self._check(ask)
        for attempt in (1, 2):
            try:
                return self._paint(ask, seeds, pictures, masks, tick)
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
    ) -> tuple[Pictures, int]:
        import torch

        progress = _Progress(tick)
        self.pipe.progress_bar = progress
        self.pipe.scheduler = self._sampler(ask)
        call = self._arguments(ask, len(seeds))
        call["generator"] = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        for name, array in (("image", pictures), ("mask_image", masks)):
            if array is not None:
                call[name] = torch.from_numpy(array.transpose(0, 3, 1, 2))  # strides as diffusers itself gives arrays
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
        images = result.images.float().permute(0, 2, 3, 1).contiguous().cpu().numpy()
        if images.shape != (len(seeds), ask.size[1], ask.size[0], 3):
            raise RenderError(f"The model gave {images.shape} for {ask.size}.", where=f"step `{ask.step}`, {self.name}")
        return images, progress.steps

    def _arguments(self, ask: Ask, count: int) -> dict[str, Any]:
        call: dict[str, Any] = {
            "prompt": [ask.prompt] * count,
            "num_inference_steps": ask.sampling_steps,
            "output_type": "pt",
        }
        if ask.negative:
            call["negative_prompt"] = [ask.negative] * count
        optional = {"guidance_scale": ask.guidance, "width": ask.size[0], "height": ask.size[1]}
        if self.role != "text2image":
            optional["strength"] = ask.denoise
        return call | {name: value for name, value in optional.items() if name in self._takes}

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
        ignored = (
            ("negative", bool(ask.negative), "negative_prompt", '""'),
            ("guidance", ask.guidance != 1.0, "guidance_scale", "1.0"),
            ("denoise", ask.denoise != 1.0 and self.role != "text2image", "strength", "1.0"),
        )
        for parameter, used, name, neutral in ignored:
            if used and name not in self._takes:
                raise RecipeError(
                    f"This model takes no `{parameter}`.", where=where, todo=f"Set {parameter} = {neutral}."
                )

    def _sampler(self, ask: Ask) -> Any:
        """A scheduler without memory of earlier calls: the model's own kind, or the one that was asked for."""
        import diffusers

        own = self._scheduler
        if ask.sampler == "model":
            return type(own).from_config(own.config)
        name, changes = SAMPLERS[ask.sampler]
        flows = "beta_schedule" not in own.config or own.config.get("prediction_type") == "flow_prediction"
        if flows:  # flow matching has another noise schedule: these samplers would run on it, and give mush
            raise RecipeError(
                f"The sampler {ask.sampler} does not fit this model's noise schedule ({type(own).__name__}).",
                where=f"step `{ask.step}`, {self.name}",
                todo='Set sampler = "model".',
            )
        return getattr(diffusers, name).from_config(own.config, **changes)

    def cut(self, prompt: str) -> bool:
        """Whether every text encoder of the model reads only the beginning of `prompt`."""
        tokenizers = [part for name, part in self.pipe.components.items() if name.startswith("tokenizer") and part]
        return bool(tokenizers) and all(
            len(part(prompt, truncation=False)["input_ids"]) > part.model_max_length for part in tokenizers
        )


def load(folder: Path, role: str, *, device: str, dtype: str, sibling: Any = None) -> Any:
    """A diffusers pipeline for `role` on `device`, from safetensors in `folder` alone.

    Weights are in `dtype`, the VAE always in float32 (bfloat16 has 8 bits of mantissa: it bands). `sibling`: a pipeline
    of the same folder in another role, whose weights are shared; only the scheduler, which keeps state, is its own.

    Raises:
        ModelError: pickle only, code of its own, incomplete, or no such role.
    """
    import torch

    kind = pipeline_class(folder, role)
    shared = {}
    if sibling is not None:
        wanted = inspect.signature(kind.__init__).parameters
        shared = {key: part for key, part in sibling.components.items() if key in wanted and key != "scheduler"}
    precision = {"default": getattr(torch, dtype), "vae": torch.float32}
    try:
        pipe = kind.from_pretrained(
            str(folder), dtype=precision, use_safetensors=True, local_files_only=True, trust_remote_code=False, **shared
        )
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(
            f"The model cannot be loaded: {one_line(str(error), 300)}",
            where=str(folder),
            todo="It takes a complete diffusers folder with safetensors: save_pretrained(folder) where it loads.",
        ) from error
    if sibling is None and dtype != "float32":
        hold_in_float32(pipe)
    return pipe.to(device)


def hold_in_float32(pipe: Any) -> None:
    """Let a float32 VAE work in a pipeline of another precision: cast what goes in, and latents back on the way out."""
    vae = getattr(pipe, "vae", None)
    if vae is None:
        return
    encode, decode = vae.encode, vae.decode
    if "force_upcast" in vae.config:
        vae.register_to_config(force_upcast=False)  # SDXL would cast it back down after each encode

    def encoded(x: Any, *args: Any, **options: Any) -> Any:
        out = encode(x.float(), *args, **options)
        if (latents := getattr(out, "latents", None)) is not None:
            out.latents = latents.to(x.dtype)
        elif (spread := getattr(out, "latent_dist", None)) is not None:
            out.latent_dist = type(spread)(spread.parameters.to(x.dtype), deterministic=spread.deterministic)
        return out

    vae.encode = encoded
    vae.decode = lambda z, *args, **options: decode(z.float(), *args, **options)


def is_out_of_memory(error: BaseException) -> bool:
    import torch

    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


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
