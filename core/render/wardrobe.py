"""What is put into a loaded pipeline and taken out again: LoRAs and IP-Adapters, which change its layers in place."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.files import one_line
from core.recipe.checkpoint import tensor_shapes

if TYPE_CHECKING:
    from core.recipe.weights import Weights

Worn = tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]
"""LoRAs and IP-Adapters in a model: (sha256, weight) each."""


@dataclass
class Wardrobe:
    """What the shared weights of one checkpoint wear at the moment: LoRAs and IP-Adapters change them in place."""

    worn: Worn | None = ((), ())
    """None where a change was broken off."""


@dataclass
class Loaded:
    """A pipeline and what goes into it."""

    pipe: Any
    wardrobe: Wardrobe
    vae: str = ""
    """sha256 of the VAE that it has in place of its own."""
    loras: tuple[Weights, ...] = ()
    references: tuple[Weights, ...] = ()
    encoder: Any = None
    """What the IP-Adapters see with."""

    def wear(self, loras: Sequence[float], references: Sequence[float]) -> None:
        """Put the LoRAs and IP-Adapters in, with these weights, and take out what another call left.

        Everything comes out before anything goes in: what is left is the checkpoint's own layers, bit for bit.

        Raises:
            ModelError: one that does not fit this model.
        """
        wanted = _marks(self.loras, loras), _marks(self.references, references)
        if self.wardrobe.worn == wanted:
            return
        worn, self.wardrobe.worn = self.wardrobe.worn, None
        _strip(self.pipe, worn)
        if self.references:
            _add_references(self.pipe, self.references, list(references))
        if self.loras:
            _add_loras(self.pipe, self.loras, list(loras))
        self.wardrobe.worn = wanted


def _marks(parts: Sequence[Weights], weights: Sequence[float]) -> tuple[tuple[str, float], ...]:
    return tuple((part.sha256, weight) for part, weight in zip(parts, weights, strict=True))


def _strip(pipe: Any, worn: Worn | None) -> None:
    """Take every LoRA and IP-Adapter out."""
    loras, references = worn if worn is not None else ((("?", 0.0),), (("?", 0.0),))
    if loras and hasattr(pipe, "unload_lora_weights") and _has_peft():
        pipe.unload_lora_weights()
    if references and hasattr(pipe, "unload_ip_adapter"):
        kept = pipe.image_encoder
        pipe.unload_ip_adapter()
        if kept is not None:
            pipe.register_modules(image_encoder=kept)


def _has_peft() -> bool:
    return importlib.util.find_spec("peft") is not None


def _add_loras(pipe: Any, parts: Sequence[Weights], weights: list[float]) -> None:
    if not _has_peft():
        raise ModelError(
            "LoRAs need peft, which is not installed.",
            todo="Install rushes with its models: pip install 'rushes[generate]'",
        )
    if not hasattr(pipe, "load_lora_weights"):
        raise ModelError(
            f"{type(pipe).__name__} takes no LoRAs.",
            where=str(parts[0].path),
            todo="Leave it out, or use another model.",
        )
    names = [f"lora_{index}" for index in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        try:
            pipe.load_lora_weights(
                str(part.path.parent), weight_name=part.path.name, adapter_name=name, use_safetensors=True,
                local_files_only=True,
            )  # fmt: skip
            fits = any(name in found for found in pipe.get_list_adapters().values())
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise misfit("LoRA", part, type(pipe), one_line(str(error))) from error
        if not fits or (few := _fitting(pipe, name, part)):
            raise misfit("LoRA", part, type(pipe), f"only {few} layers fit" if fits else "no layer fits")
    pipe.set_adapters(names, weights)


def _fitting(pipe: Any, name: str, part: Weights) -> str:
    """How many of a LoRA's layers found none in the model, in words; empty where all did."""
    wanted = sum(mark in key for key in tensor_shapes(part.path) for mark in ("lora_up.", ".lora_B.", "lora.up."))
    found = 0
    for component in pipe.components.values():
        if hasattr(component, "named_modules"):
            found += sum(name in getattr(module, "lora_B", ()) for _, module in component.named_modules())
    return f"{found} of {wanted}" if found < wanted else ""


def _add_references(pipe: Any, parts: Sequence[Weights], weights: list[float]) -> None:
    for part in parts:
        _check_adapter(pipe, part)
    try:
        pipe.load_ip_adapter(
            [str(part.path.parent) for part in parts], subfolder="", weight_name=[part.path.name for part in parts],
            image_encoder_folder=None, local_files_only=True,
        )  # fmt: skip
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise misfit("IP-Adapter", parts[0], type(pipe), one_line(str(error))) from error
    pipe.set_ip_adapter_scale(weights)


def _check_adapter(pipe: Any, part: Weights) -> None:
    if not hasattr(pipe, "unload_ip_adapter") or not hasattr(pipe, "unet"):
        raise ModelError(
            f"{type(pipe).__name__} takes no reference pictures here: IP-Adapters are for SD 1.5 and SDXL.",
            where=str(part.path),
            todo="Leave [[step.reference]] out, or use a model of those families.",
        )
    if any("lora" in name for name in tensor_shapes(part.path)):
        raise ModelError(
            "FaceID adapters are not read: they need a face recognition model beside them.",
            where=str(part.path),
            todo="Use an IP-Adapter for whole pictures.",
        )


def misfit(what: str, part: Weights, kind: type, why: str) -> ModelError:
    return ModelError(
        f"The {what} does not fit the model: it was made for another family ({one_line(why, 160)}).",
        where=f"{one_line(part.source)} in {kind.__name__}",
        todo=f"Take a {what} for the model's family (SD 1.5, SDXL, Flux …): its page says which.",
    )


def is_out_of_memory(error: BaseException) -> bool:
    import torch

    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)
