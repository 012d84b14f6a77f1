"""What is read from a model's files, and what is refused: pickle, code, formats that are not loaded here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.files import one_line

TEXTS = {".json", ".txt", ".model"}
"""Endings of what describes a model beside its weights, tokenizers included."""
ONE_FILE = frozenset({"lora", "reference"})
"""Kinds of models that are one safetensors file, wherever it lies."""

_PICKLE = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
_CONVERT = (
    "Convert it on a machine where you trust the file: load it with diffusers there and save it with "
    "save_pretrained(folder, safe_serialization=True). rushes reads only safetensors: pickle can run anything."
)
_INSTEAD = "Take the model's folder in diffusers' format, or its single .safetensors file"
_FORMATS = {
    ".gguf": ("quantised weights (GGUF)", f"{_INSTEAD}: rushes renders the weights as they were published."),
    ".onnx": ("an ONNX network", f"{_INSTEAD}; ONNX is read by `matte` alone."),
    ".engine": ("a TensorRT engine, which fits one GPU and driver only", f"{_INSTEAD} that it was built from."),
    ".plan": ("a TensorRT engine, which fits one GPU and driver only", f"{_INSTEAD} that it was built from."),
    ".trt": ("a TensorRT engine, which fits one GPU and driver only", f"{_INSTEAD} that it was built from."),
    ".mlmodel": ("a Core ML model, which only Apple's systems run", f"{_INSTEAD} that it was converted from."),
    ".mlpackage": ("a Core ML model, which only Apple's systems run", f"{_INSTEAD} that it was converted from."),
    ".mlmodelc": ("a Core ML model, which only Apple's systems run", f"{_INSTEAD} that it was converted from."),
    ".msgpack": ("Flax weights", f"{_INSTEAD}."),
    ".dduf": ("a DDUF archive", f"{_INSTEAD}: unpack it with huggingface_hub, it holds the folder."),
}
"""Endings of model formats that artists meet, what they are, and the way out."""

_MARKS = (
    ("reference", ("ip_adapter.",)),
    ("lora", (".lora_A.", ".lora_B.", "lora_up.", "lora_down.", "lora.up.", "lora.down.")),
    ("LoHa or LoKr", (".hada_w1", ".lokr_w1")),
    ("control", ("control_model.", "input_hint_block.", "controlnet_cond_embedding.")),
    ("SDXL", ("conditioner.embedders.1.",)),
    ("SD 2.x", ("cond_stage_model.model.",)),
    ("SD 1.x", ("cond_stage_model.transformer.",)),
    ("SD 3", ("joint_blocks.",)),
    ("Flux", ("double_blocks.",)),
    ("vae", ("decoder.up.0.", "decoder.up_blocks.0.")),
)
"""Parts of tensor names that tell what a safetensors file holds, the first that is found."""
CONFIGS = {
    "SDXL": "stabilityai/stable-diffusion-xl-base-1.0",
    "SD 2.x": "stabilityai/stable-diffusion-2-1",
    "SD 1.x": "stable-diffusion-v1-5/stable-diffusion-v1-5",
}
"""Families whose single files hold every component, and a hub id that describes them."""
_WORDS = {"lora": "LoRA", "reference": "IP-Adapter", "control": "ControlNet", "vae": "VAE"}
_TABLES = {"lora": "[[step.lora]]", "reference": "[[step.reference]]", "control": "[[step.control]]", "vae": "`vae`"}


def file_of(path: Path, kind: str) -> Path:
    """The one file of a model of `kind`, given itself or a folder that holds it alone. Raises ModelError."""
    if path.is_dir() and path.suffix.lower() not in _FORMATS:
        found = sorted(path.glob("*.safetensors"))
        if len(found) != 1:
            names = ", ".join(one_line(file.name) for file in found[:4]) or "none"
            raise ModelError(
                f"This is a folder; a {_WORDS[kind]} is one .safetensors file in it: {names}.",
                where=str(path),
                todo="Name the file.",
            )
        return _holding(found[0], kind)
    return _holding(_checked(path, ".safetensors", "It takes a .safetensors file."), kind)


def _holding(file: Path, kind: str) -> Path:
    found = told(tensor_shapes(file))
    if found == kind:
        return file
    way = f"Name it under {_TABLES[found]}." if found in _TABLES else "Take the file of that kind."
    raise ModelError(
        f"{one_line(file.name)} is no {_WORDS[kind]}"
        + (f": it looks like {_WORDS.get(found, found)}." if found else "."),
        where=str(file),
        todo=way,
    )


def onnx_of(path: Path) -> Path:
    """Raises ModelError where the path is no .onnx file."""
    if path.is_dir():
        raise ModelError("This is a folder; the model is one .onnx file.", where=str(path), todo="Name the file in it.")
    return _checked(path, ".onnx", "It takes a .onnx file.")


def checkpoint_of(path: Path) -> Path:
    """A single-file checkpoint of all components. Raises ModelError: another format, or another kind of weights."""
    _checked(path, ".safetensors", f"{_INSTEAD}.")
    found = told(tensor_shapes(path))
    if found in _TABLES:
        raise ModelError(
            f"{one_line(path.name)} holds a {_WORDS[found]}, not a whole model.",
            where=str(path),
            todo=f"Name it under {_TABLES[found]}, and in `model` the checkpoint it is for.",
        )
    if found not in CONFIGS:
        raise ModelError(
            f"{one_line(path.name)} does not hold a whole SD 1.x, SD 2.x or SDXL checkpoint"
            + (f": it looks like {found}." if found else "."),
            where=str(path),
            todo="Single files of other families lack their text encoders: name the folder in diffusers' format.",
        )
    return path


def _checked(path: Path, wanted: str, todo: str) -> Path:
    ending = path.suffix.lower()
    if ending == wanted:
        return path
    if ending in _PICKLE:
        raise ModelError("The model is a pickle file.", where=str(path), todo=_CONVERT)
    what, way = _FORMATS.get(ending, ("", ""))
    raise ModelError(
        f"This kind of model file is not read: {one_line(path.name)}" + (f" is {what}." if what else "."),
        where=str(path),
        todo=way or todo,
    )


def tensor_shapes(file: Path) -> dict[str, list[int]]:
    """The names in a safetensors file and their shapes, from its header alone. Raises ModelError: it has none.

    The format: 8 bytes with the length of a JSON table, little endian, then the table.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 2 <= length <= 100_000_000:
                raise ValueError("no header")
            table = json.loads(opened.read(length))
        return {name: part["shape"] for name, part in table.items() if name != "__metadata__"}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{one_line(file.name)} is damaged or no safetensors file.",
            where=str(file),
            todo="Fetch it again, and compare its sha256 with what its source says.",
        ) from error


def told(names: Iterable[str]) -> str:
    """What tensors of these names are: `lora`, `reference`, `control`, `vae`, a family; empty where it is unknown."""
    names = tuple(names)
    return next((what for what, marks in _MARKS if any(mark in name for name in names for mark in marks)), "")


def folder_files(folder: Path) -> list[Path]:
    """Every file that loading a pipeline or a component reads, in the order of their names. Raises ModelError."""
    if folder.suffix.lower() in _FORMATS:
        _checked(folder, "", "")
    index = folder / "model_index.json"
    # A single-file checkpoint may lie beside a pipeline's components: it is not what is loaded.
    parts = [folder / part for part in components(folder)] if index.is_file() else [folder]
    _refuse_code([folder, *parts])
    files = [file for part in parts if part.is_dir() for file in _part(part)]
    if folder not in parts:
        files.append(index)
    if not any(map(is_weights, files)):
        gguf = any(folder.rglob("*.gguf"))
        raise ModelError(
            f"The model has {'only GGUF' if gguf else 'no'} weights.",
            where=str(folder),
            todo=_FORMATS[".gguf"][1] if gguf else "Name a folder in diffusers' format, with safetensors.",
        )
    return sorted(files)


def config_files(folder: Path) -> list[Path]:
    """What describes a pipeline, without weights: its index, its components' configs, its tokenizers."""
    if not (folder / "model_index.json").is_file():
        raise ModelError(
            "The `config` of a single-file model is not a folder in diffusers' format.",
            where=str(folder),
            todo="It takes model_index.json and a folder a component with its JSON files; weights are not needed.",
        )
    parts = [folder / part for part in components(folder)]
    _refuse_code([folder, *parts])
    files = [file for part in parts if part.is_dir() for file in part.iterdir() if _describes(file)]
    return sorted([folder / "model_index.json", *files])


def _part(part: Path) -> Iterator[Path]:
    files = [file for file in part.iterdir() if file.is_file()]
    weights = [file for file in files if is_weights(file)]
    pickles = sorted(file.name for file in files if file.suffix.lower() in _PICKLE)
    if not weights and pickles:
        raise ModelError(
            f"The model has only pickle weights: {one_line(', '.join(pickles))}.", where=str(part), todo=_CONVERT
        )
    if not weights and any(file.suffix == ".safetensors" for file in files):
        todo = "Save it without `variant`: save_pretrained(folder) writes the plain names."
        raise ModelError("The model has only weights of a variant (fp16).", where=str(part), todo=todo)
    for index in sorted(part.glob("*.safetensors.index.json")):
        _check_shards(index, {file.name for file in weights})
    yield from weights
    yield from filter(_describes, files)


def _check_shards(index: Path, weights: set[str]) -> None:
    """Refuse an index that leads a loader to files which are not hashed: elsewhere, or of another format."""
    shards = _read_json(index).get("weight_map", {})
    named = set(map(str, shards.values())) if isinstance(shards, dict) else {"no table"}
    if index.name.count(".") == 3 and (strange := sorted(named - weights)):
        raise ModelError(
            f"The model's index names weights that are not here as safetensors: {one_line(strange[0])}.",
            where=str(index),
            todo="Fetch the model again, from a source that you trust.",
        )


def _describes(file: Path) -> bool:
    return file.is_file() and file.suffix in TEXTS and ".index." not in file.name


def is_weights(file: Path) -> bool:
    """A safetensors file of the plain name: `model.fp16.safetensors` is another precision's, which is not loaded."""
    return file.suffix == ".safetensors" and "." not in file.stem


def components(folder: Path) -> list[str]:
    """The component folders that a pipeline's `model_index.json` names. Raises ModelError: unreadable, or own code."""
    index = _read_json(folder / "model_index.json")
    if not isinstance(index.get("_class_name", ""), str):
        raise _code(folder / "model_index.json", "its pipeline is a class of its own")
    named = [key for key, value in index.items() if isinstance(value, list) and len(value) == 2 and value[0]]
    for name in named:
        if not re.fullmatch(r"\w+", name):
            todo = "Take the model from a source that you trust."
            raise ModelError(
                f"A component has a strange name: {one_line(name)!r}.",
                where=str(folder / "model_index.json"),
                todo=todo,
            )
    return sorted(named)


def _refuse_code(folders: Iterable[Path]) -> None:
    for folder in dict.fromkeys(folders):
        if not folder.is_dir():
            continue
        for file in sorted(folder.glob("*.py")):
            raise _code(file, f"{one_line(file.name)} lies in it")
        for config in sorted(folder.glob("*config.json")):
            if _read_json(config).get("auto_map"):
                raise _code(config, "`auto_map` names code")


def _code(where: Path, why: str) -> ModelError:
    return ModelError(
        f"The model brings code of its own: {why}.",
        where=str(where),
        todo="rushes never runs a model's code. Use a model of a family that diffusers or transformers have built in.",
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            "The model's description cannot be read.", where=str(path), todo="Fetch the model again."
        ) from error
    if not isinstance(data, dict):
        raise ModelError("The model's description is not a table.", where=str(path), todo="Fetch the model again.")
    return data


def card_licence(folder: Path) -> str:
    """`license:` (or `license_name:`, where that says `other`) from the front matter of the model card."""
    try:
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    front = re.match(r"---\s*\n(.*?)\n---", card, re.DOTALL)
    pairs = dict(re.findall(r"^(license(?:_name)?):[ \t]*(\S.*?)[ \t]*$", front[1], re.MULTILINE)) if front else {}
    licence = str(pairs.get("license", "")).strip("\"'")
    return str(pairs.get("license_name", licence)).strip("\"'") if licence == "other" else licence
