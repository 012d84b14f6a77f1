"""From a model's name to its files: found, judged safe, hashed. Nothing is loaded here, and pickle never is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.files import canonical_json, one_line, sha256_bytes, sha256_file, write_atomic
from core.ops.base import ModelRef

_SHIPPED_FOLDER = Path(__file__).parents[1] / "ops" / "weights"
_SHIPPED = {"u2netp": "Apache-2.0"}
"""Models that come with rushes, and their licences."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLE = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
_TEXTS = {".json", ".txt", ".model"}
_CONVERT = (
    "Convert it on a machine where you trust the file: load it with diffusers there and save it with "
    "save_pretrained(folder, safe_serialization=True). rushes reads only safetensors: pickle can run anything."
)


@dataclass(frozen=True, slots=True)
class Weights:
    """A model on this machine."""

    path: Path
    """A folder that diffusers can load, or one file."""
    sha256: str
    """One file: its own. A folder: over the sorted (name, sha256) of every file that is loaded from it."""
    revision: str
    """The hub's commit, or what the register says; empty for a local file that names none."""
    licence: str
    """From the register, else from the model card; empty where neither says."""
    source: str
    """The hub id, path or shipped name that it came from."""
    size: int
    """Bytes of all files."""
    files: tuple[str, ...]


class HashCache:
    """The sha256 of large files by (path, size, mtime, inode), kept in a file that can be deleted at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, list[Any]] | None = None

    def sha256(self, file: Path) -> str:
        """The digest of `file`, read again only where it changed. Raises OSError as `open` does."""
        real = file.resolve()
        before, known = self._mark(real), self._load().get(str(real))
        if known is not None and known[:3] == before:
            return str(known[3])
        digest = sha256_file(real)
        if self._mark(real) == before:
            self._load()[str(real)] = [*before, digest]
            write_atomic(self.path, canonical_json(self._load()))
        return digest

    def _mark(self, file: Path) -> list[int]:
        stat = file.stat()
        return [stat.st_size, stat.st_mtime_ns, stat.st_ino]

    def _load(self) -> dict[str, list[Any]]:
        if self._known is None:
            try:
                data = json.loads(self.path.read_text(encoding="utf-8"))
                self._known = {key: part for key, part in data.items() if isinstance(part, list) and len(part) == 4}
            except (OSError, ValueError, AttributeError):
                self._known = {}
        return self._known


def resolve(
    ref: ModelRef,
    *,
    register: Mapping[str, Mapping[str, str]],
    root: Path,
    env: Mapping[str, str],
    cache: HashCache,
) -> Weights:
    """Find a model's files: by the show's register, the models that ship, a path from the show's `root`, a hub id.

    A hub id must be pinned to a commit; it is downloaded unless HF_HUB_OFFLINE is set in `env` or it is in the cache.

    Raises:
        ModelError: not found, not pinned, pickle only, with code of its own, or not what was pinned.
    """
    entry = register.get(ref.id, {})
    source = entry.get("source", "") or ref.id
    revision = ref.revision or entry.get("revision", "")
    path = _found(source, revision, root, env)
    files = _file(path, ref) if path.is_file() else _folder(path, ref)
    base = path.parent if path.is_file() else path
    names = tuple(file.relative_to(base).as_posix() for file in files)
    digests = [cache.sha256(file) for file in files]
    pairs = sorted(zip(names, digests, strict=True))
    digest = digests[0] if path.is_file() else sha256_bytes(canonical_json(pairs).encode())
    for pinned, by in ((ref.sha256, "the recipe"), (entry.get("sha256", ""), "the show's register")):
        if pinned and pinned != digest:
            raise ModelError(
                f"The model is not the one that {by} names: sha256 {digest[:12]}…, wanted {pinned[:12]}….",
                where=f"{one_line(ref.id)} at {path}",
                todo="Put the right files there, or freeze a new version with this model.",
            )
    licence = entry.get("licence", "") or _SHIPPED.get(source, "") or _card_licence(base)
    size = sum(file.stat().st_size for file in files)
    return Weights(path, digest, revision, one_line(licence), source, size, names)


def _found(source: str, revision: str, root: Path, env: Mapping[str, str]) -> Path:
    if source in _SHIPPED:
        return _SHIPPED_FOLDER / f"{source}.onnx"
    if (local := root / source).exists():
        return local
    if not _HUB_ID.fullmatch(source):
        todo = "Name a folder or file (from the show's root), a model in rushes.toml, or a hub id with its revision."
        raise ModelError(f"There is no model {one_line(source)!r}.", where=str(local), todo=todo)
    if not _COMMIT.fullmatch(revision):
        raise ModelError(
            f"{one_line(source)!r} is no folder here, and as a hub id it is not pinned to a commit.",
            where=f"{one_line(source)}, revision {one_line(revision) or 'not given'}",
            todo='Write revision = "…" with all 40 characters of a commit: "History" of the model\'s files on the hub.',
        )
    return _snapshot(source, revision, env)


# The hub


def _snapshot(source: str, revision: str, env: Mapping[str, str]) -> Path:
    """The hub's folder for one commit, in huggingface_hub's cache layout."""
    hub = _hub_cache(env)
    folder = hub / f"models--{source.replace('/', '--')}" / "snapshots" / revision
    if _complete(folder):
        return folder
    if any(
        env.get(key, "").upper() in ("1", "ON", "YES", "TRUE") for key in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    ):
        raise ModelError(
            f"{source} is not, or not wholly, on this machine, and the hub is switched off (HF_HUB_OFFLINE).",
            where=str(folder),
            todo="Unset HF_HUB_OFFLINE once, or copy the model's folder here and name it by its path.",
        )
    _download(source, revision, hub)
    return folder


def _hub_cache(env: Mapping[str, str]) -> Path:
    if found := env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE"):
        return Path(found)
    if home := env.get("HF_HOME"):
        return Path(home) / "hub"
    base = env.get("XDG_CACHE_HOME") or (f"{env['HOME']}/.cache" if env.get("HOME") else "")
    if not base:
        raise ModelError("There is no home directory to keep models in.", todo="Set HF_HOME to a folder with space.")
    return Path(base) / "huggingface" / "hub"


def _complete(folder: Path) -> bool:
    """Whether every component that a pipeline names is there, with weights where it has a `config.json`."""
    if not (folder / "model_index.json").is_file():
        return any(map(_is_weights, folder.glob("*.safetensors")))
    parts = [folder / part for part in _components(folder)]
    return all(
        part.is_dir() and (not (part / "config.json").exists() or any(map(_is_weights, part.glob("*.safetensors"))))
        for part in parts
    )


def _download(source: str, revision: str, hub: Path) -> None:
    """Fetch what `_folder` reads and no more: not the half-precision twins, pickles or single-file checkpoints."""
    from huggingface_hub import snapshot_download

    def fetch(patterns: list[str]) -> Path:
        return Path(
            snapshot_download(
                source,
                revision=revision,
                cache_dir=hub,
                allow_patterns=patterns,
                ignore_patterns=["*.fp16.*", "*.bf16.*", "*.fp16-*", "*.bf16-*"],
            )
        )

    try:
        folder = fetch(["model_index.json", "README.md"])
        parts = [f"{part}/" for part in _components(folder)] if (folder / "model_index.json").exists() else [""]
        fetch([f"{part}*{ending}" for part in parts for ending in (".safetensors", *sorted(_TEXTS))])
    except ModelError:
        raise
    except Exception as error:  # a network client's own tree of errors: each means that the model is not here
        raise ModelError(
            f"{source} could not be fetched: {one_line(str(error), 160)}.",
            where=f"{source} at {revision}",
            todo="Check the line and the revision, or copy the model's folder here and name it by its path.",
        ) from error


# What is read from a model, and what is refused


def _file(path: Path, ref: ModelRef) -> list[Path]:
    wanted = ".onnx" if ref.kind == "onnx" else ".safetensors"
    if path.suffix.lower() in _PICKLE:
        raise ModelError("The model is a pickle file.", where=str(path), todo=_CONVERT)
    if path.suffix.lower() != wanted:
        raise ModelError(
            f"This kind of model file is not read: {one_line(path.name)}.",
            where=str(path),
            todo=f"It takes a {wanted} file.",
        )
    return [path]


def _folder(folder: Path, ref: ModelRef) -> list[Path]:
    """Every file that loading reads, in the order of their names."""
    if ref.kind == "onnx":
        raise ModelError(
            "This is a folder; the model is one .onnx file.", where=str(folder), todo="Name the file in it."
        )
    parts = [folder]
    if (folder / "model_index.json").is_file():
        # A single-file checkpoint may lie beside a pipeline's components: it is not what is loaded.
        parts = [folder / part for part in _components(folder)]
    _refuse_code([folder, *parts])
    files = [file for part in parts if part.is_dir() for file in _part(part)]
    if folder not in parts:
        files.append(folder / "model_index.json")
    if not any(map(_is_weights, files)):
        found = "only GGUF" if any(folder.rglob("*.gguf")) else "no"
        todo = "Name a folder in diffusers' format, with safetensors."
        raise ModelError(f"The model has {found} weights.", where=str(folder), todo=todo)
    return sorted(files)


def _part(part: Path) -> Iterator[Path]:
    files = [file for file in part.iterdir() if file.is_file()]
    weights = [file for file in files if _is_weights(file)]
    pickles = sorted(file.name for file in files if file.suffix.lower() in _PICKLE)
    if not weights and pickles:
        raise ModelError(
            f"The model has only pickle weights: {one_line(', '.join(pickles))}.", where=str(part), todo=_CONVERT
        )
    if not weights and any(file.suffix == ".safetensors" for file in files):
        todo = "Save it without `variant`: save_pretrained(folder) writes the plain names."
        raise ModelError("The model has only weights of a variant (fp16).", where=str(part), todo=todo)
    yield from weights
    yield from (file for file in files if file.suffix in _TEXTS and ".index." not in file.name)


def _is_weights(file: Path) -> bool:
    """A safetensors file of the plain name: `model.fp16.safetensors` is another precision's, which is not loaded."""
    return file.suffix == ".safetensors" and "." not in file.stem


def _components(folder: Path) -> list[str]:
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


def _card_licence(folder: Path) -> str:
    """`license:` (or `license_name:`, where that says `other`) from the front matter of the model card."""
    try:
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    front = re.match(r"---\s*\n(.*?)\n---", card, re.DOTALL)
    pairs = dict(re.findall(r"^(license(?:_name)?):[ \t]*(\S.*?)[ \t]*$", front[1], re.MULTILINE)) if front else {}
    licence = str(pairs.get("license", "")).strip("\"'")
    return str(pairs.get("license_name", licence)).strip("\"'") if licence == "other" else licence
