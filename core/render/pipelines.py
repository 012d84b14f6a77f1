"""Diffusers pipelines, loaded: which class plays which role, what weights are shared, which parts are others'."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.files import one_line
from core.recipe.checkpoint import tensor_shapes
from core.render.wardrobe import Loaded, Wardrobe, is_out_of_memory, misfit

if TYPE_CHECKING:
    from core.recipe.weights import Weights

ROLES = {
    "image2image": {"image"},
    "inpaint": {"image", "mask_image"},
    "text2image": set[str](),
}
"""What a pipeline's call takes beside the prompt, by role."""

_OWN = {"scheduler", "controlnet", "image_encoder", "vae"}
"""Components that pipelines of one checkpoint do not share as a matter of course."""


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


# Which class


def pipeline_class(folder: Path, role: str, *, controlled: bool = False) -> Any:
    """The diffusers class that plays `role` with the checkpoint in `folder`; `controlled`: with ControlNets.

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
            todo="Save it with `save_pretrained` of its diffusers pipeline.",
        ) from error
    tables = {
        "text2image": auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        "image2image": auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        "inpaint": auto.AUTO_INPAINT_PIPELINES_MAPPING,
    }
    family = next((key for table in tables.values() for key, kind in table.items() if kind.__name__ == name), None)
    own = getattr(diffusers, str(name), None)
    if own is not None and {"num_frames", "video"} & set(inspect.signature(own.__call__).parameters):
        raise ModelError(
            f"The model's family ({one_line(str(name))}) paints clips, not frames.",
            where=str(folder),
            todo="rushes calls image models, frame by frame: SD, SDXL, SD 3, Flux, Qwen-Image, Z-Image and their kin.",
        )
    wanted = f"{family}-controlnet" if controlled and family and "controlnet" not in family else family
    if wanted in tables[role]:
        return tables[role][wanted]
    if controlled:
        plays = [other for other, table in tables.items() if wanted in table]
    else:
        plays = [other for other, table in tables.items() if family in table or _plays(own, other)]
        if role in plays:
            return own
    with_what = " with a ControlNet" if controlled else ""
    raise ModelError(
        f"The model's family ({one_line(str(name))}) does not do {role}{with_what}.",
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


# Loading


def load(
    weights: Weights,
    role: str,
    *,
    device: str,
    dtype: str,
    parts: Sequence[tuple[str, Weights]] = (),
    siblings: Sequence[Any] = (),
) -> Loaded:
    """A diffusers pipeline for `role` on `device`, from safetensors on this machine alone.

    Weights are in `dtype`, the VAE always in float32 (bfloat16 has 8 bits of mantissa: it bands). `siblings`: loaded
    pipelines (`core.render.diffusion.Pipeline`) of the same checkpoint, whose weights are shared; only the scheduler,
    which keeps state, is its own.

    Raises:
        ModelError: incomplete, no such role, or parts that do not fit.
    """
    import torch

    of = {kind: [part for other, part in parts if other == kind] for kind, _ in parts}
    folder = weights.config or weights.path
    kind = pipeline_class(folder, role, controlled="control" in of)
    found = [sibling.loaded for sibling in siblings]
    swapped = of["vae"][0] if "vae" in of else None
    shared = _shared(kind, found, swapped.sha256 if swapped else "")
    precision = getattr(torch, dtype)
    left_out = [name for name, part in _facts(folder / "model_index.json").items() if part == [None, None]]
    wanted = inspect.signature(kind.__init__).parameters
    shared |= {name: None for name in left_out if name in wanted and name not in shared}  # SD 3 without its T5, say
    try:
        if "vae" not in shared and (swapped or weights.config):
            shared["vae"] = _vae(swapped or weights, folder)
        if "control" in of:
            nets = [_controlnet(part, precision, kind) for part in of["control"]]
            shared["controlnet"] = nets[0] if len(nets) == 1 else nets
        if "encoder" in of:
            shared["image_encoder"] = _encoder(of["encoder"], precision, device)
            _check_encoder(kind, of["reference"], shared["image_encoder"].config)
        if "add_watermarker" in wanted:
            shared["add_watermarker"] = False  # it would depend on whether another package is installed
        if weights.config:
            pipe = kind.from_single_file(
                str(weights.path), config=str(folder), dtype=precision, local_files_only=True, **shared
            )
        else:
            pipe = kind.from_pretrained(
                str(folder), dtype={"default": precision, "vae": torch.float32}, use_safetensors=True,
                local_files_only=True, trust_remote_code=False, **shared,
            )  # fmt: skip
    except ModelError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(
            f"The model cannot be loaded: {one_line(str(error), 300)}",
            where=str(weights.path),
            todo="It takes a complete diffusers folder with safetensors: save_pretrained(folder) where it loads.",
        ) from error
    if "control" in of:
        _check_controls(pipe, of["control"])
    if dtype != "float32":
        hold_in_float32(pipe)
    wardrobe = found[0].wardrobe if found else Wardrobe()
    vae = swapped.sha256 if swapped else ""
    adapters = tuple(of.get("reference", ()))
    return Loaded(pipe.to(device), wardrobe, vae, tuple(of.get("lora", ())), adapters, shared.get("image_encoder"))


def _shared(kind: Any, siblings: Sequence[Loaded], vae: str) -> dict[str, Any]:
    """The components that a new pipeline takes over from its siblings."""
    wanted = inspect.signature(kind.__init__).parameters
    shared = {
        name: part
        for sibling in siblings[:1]
        for name, part in sibling.pipe.components.items()
        if name in wanted and name not in _OWN
    }
    same = [sibling.pipe.vae for sibling in siblings if sibling.vae == vae and hasattr(sibling.pipe, "vae")]
    return shared | ({"vae": same[0]} if same else {})


def _vae(part: Weights, folder: Path) -> Any:
    """A VAE in float32: a folder of its own, or out of one file, described by the model in `folder`."""
    import diffusers
    import torch

    if part.path.is_dir():
        vae = _component(part, torch.float32)
    else:
        vae = diffusers.AutoencoderKL.from_single_file(
            str(part.path), config=str(folder), subfolder="vae", dtype=torch.float32, local_files_only=True
        )
    own = _facts(folder / "vae" / "config.json").get("latent_channels")
    if own is not None and vae.config.get("latent_channels", own) != own:
        raise ModelError(
            f"The VAE has {vae.config.latent_channels} latent channels, the model {own}.",
            where=str(part.path),
            todo="Take a VAE of the model's family, or leave `vae` out.",
        )
    return vae


def _controlnet(part: Weights, dtype: Any, kind: Any) -> Any:
    name = str(_facts(part.path / "config.json").get("_class_name", ""))
    if "ControlNet" not in name or "Union" in name:
        raise ModelError(
            f"This is no ControlNet that rushes can call: {one_line(name) or 'no config.json'}.",
            where=str(part.path),
            todo="Name a folder of one ControlNet in diffusers' format; union models are not called yet.",
        )
    net = _component(part, dtype)
    takes = [each for each in kind._get_signature_types()["controlnet"] if isinstance(each, type)]
    if not isinstance(net, tuple(takes)):
        raise misfit("ControlNet", part, kind, f"it is a {name}")
    return net


def _component(part: Weights, dtype: Any) -> Any:
    """One diffusers model from its folder, of the class that its config names."""
    import diffusers

    name = str(_facts(part.path / "config.json").get("_class_name", ""))
    kind = getattr(diffusers, name, None)
    if kind is None or not issubclass(kind, diffusers.ModelMixin):
        raise ModelError(
            f"diffusers has no model {one_line(name)!r}.",
            where=str(part.path),
            todo="Update diffusers, or take another.",
        )
    return kind.from_pretrained(str(part.path), dtype=dtype, use_safetensors=True, local_files_only=True)


def _encoder(parts: Sequence[Weights], dtype: Any, device: str) -> Any:
    from transformers import CLIPVisionModelWithProjection

    part = parts[0]
    if len({other.sha256 for other in parts}) > 1:
        raise ModelError(
            "The references of one step share one image encoder; these have two.",
            where=", ".join(one_line(other.source) for other in parts),
            todo="Use adapters with the same encoder, or one of them.",
        )
    if _facts(part.path / "config.json").get("model_type") != "clip_vision_model":
        raise ModelError(
            "The image encoder is not a CLIP vision model.",
            where=str(part.path),
            todo="IP-Adapters come with theirs: h94/IP-Adapter/models/image_encoder, for instance.",
        )
    encoder = CLIPVisionModelWithProjection.from_pretrained(
        str(part.path), dtype=dtype, use_safetensors=True, local_files_only=True
    )
    return encoder.to(device)


def _check_encoder(kind: type, adapters: Sequence[Weights], config: Any) -> None:
    """Refuse an IP-Adapter that reads more or fewer numbers of an image than its encoder gives."""
    gives = {
        "image_proj.proj.weight": config.projection_dim,
        "image_proj.proj_in.weight": config.hidden_size,
        "image_proj.proj.0.weight": config.hidden_size,
    }
    for part in adapters:
        for name, shape in tensor_shapes(part.path).items():
            if name in gives and shape[-1] != gives[name]:
                why = f"it reads {shape[-1]} numbers of an image, its encoder gives {gives[name]}"
                raise misfit("IP-Adapter", part, kind, why)


def _facts(config: Path) -> dict[str, Any]:
    try:
        data = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def hold_in_float32(pipe: Any) -> None:
    """Let a float32 VAE work in a pipeline of another precision: cast what goes in, and latents back on the way out."""
    vae = getattr(pipe, "vae", None)
    if vae is None or "encode" in vars(vae):
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


def _check_controls(pipe: Any, parts: Sequence[Weights]) -> None:
    """Refuse a ControlNet of another family before it fails in the middle of a call."""
    denoiser = getattr(pipe, "unet", None)
    nets = list(getattr(pipe.controlnet, "nets", [pipe.controlnet]))
    if denoiser is None:
        return
    for net, part in zip(nets, parts, strict=True):
        for key in ("cross_attention_dim", "block_out_channels"):
            theirs, ours = net.config.get(key), denoiser.config.get(key)
            if list(_each(theirs)) != list(_each(ours)):
                raise misfit("ControlNet", part, type(pipe), f"{key} {theirs}, the model has {ours}")


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]
