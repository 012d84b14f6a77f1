"""From a model's name to its files: found, judged safe, hashed. Nothing is loaded here, and pickle never is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.files import canonical_json, one_line, sha256_bytes, sha256_file, write_atomic
from core.ops.base import ModelRef
from core.recipe import hub
from core.recipe.checkpoint import (
    CONFIGS,
    ONE_FILE,
    card_licence,
    checkpoint_of,
    config_files,
    file_of,
    folder_files,
    onnx_of,
    tensor_shapes,
    told,
)

Register = Mapping[str, Mapping[str, str]]
"""`[models.<name>]` of a show: name → source, revision, sha256, licence, training_data, config."""

_SHIPPED_FOLDER = Path(__file__).parents[1] / "ops" / "weights"
SHIPPED = {
    "u2netp": ("Apache-2.0", "DUTS-TR: 10,553 photographs with hand-made mattes (Wang et al. 2017), says its paper")
}
"""Models that come with rushes: their licence, and what they were trained on."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model on this machine."""

    path: Path
    """A folder that diffusers can load, or one file."""
    sha256: str
    """One file: its own. Several: over the sorted (name, sha256) of every file that is loaded. Empty: not hashed."""
    revision: str
    """The hub's commit, or what the register says; empty for a local file that names none."""
    licence: str
    """From the register, else from the model card; empty where neither says."""
    source: str
    """The hub id, path or shipped name that it came from."""
    size: int
    """Bytes of all files."""
    files: tuple[str, ...]
    config: Path | None = None
    """Only for a single-file checkpoint: the folder that describes its components and holds the tokenizers."""
    training_data: str = ""
    """What the register says that it was trained on."""
    pin: str = ""
    """What the register's `sha256` is held against: a single file's own digest (as hubs print it), else `sha256`."""


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
    register: Register,
    root: Path,
    env: Mapping[str, str],
    cache: HashCache,
    fetch: bool = True,
) -> Weights:
    """Find a model's files: by the show's register, the models that ship, a path from the show's `root`, a hub id.

    A hub id must be pinned to a commit; it is downloaded unless it is in the cache, HF_HUB_OFFLINE is set in `env` or
    `fetch` is False.

    Raises:
        ModelError: not found, not pinned, another format, pickle only, with code of its own, or not what was pinned.
    """
    found, files = _located(ref, register, root, env, fetch=fetch)
    return _hashed(ref, found, files, register, cache)


def locate(ref: ModelRef, *, register: Register, root: Path, env: Mapping[str, str]) -> Weights:
    """As `resolve`, but what is on this machine only, and not hashed. Raises ModelError as `resolve`."""
    return _located(ref, register, root, env, fetch=False)[0]


def _located(
    ref: ModelRef, register: Register, root: Path, env: Mapping[str, str], *, fetch: bool
) -> tuple[Weights, Mapping[str, Path]]:
    """The model without its digests, and its files by the name they are hashed under."""
    entry = register.get(ref.id, {})
    source = entry.get("source", "") or ref.id
    revision = ref.revision or entry.get("revision", "")
    path, home = _found(source, revision, root, env, fetch=fetch)
    config = None
    if ref.kind in ONE_FILE:
        paths = [file_of(path, ref.kind)]
    elif ref.kind == "onnx":
        paths = [onnx_of(path)]
    elif path.is_file() and ref.kind == "vae":
        paths = [file_of(path, "vae")]
    elif path.is_file():
        if ref.kind != "diffusers":
            what = "A ControlNet" if ref.kind == "control" else "An image encoder"
            todo = "Convert the file once with diffusers' from_single_file and save_pretrained."
            raise ModelError(f"{what} is a folder with its config.json, not one file.", where=str(path), todo=todo)
        paths = [checkpoint_of(path)]
        config = _config(ref, entry, path, register, root, env, fetch=fetch)
    else:
        paths = folder_files(path)
    if len(paths) == 1 and path.is_dir() and ref.kind in ONE_FILE:
        path = paths[0]
    base = path.parent if path.is_file() else path
    files = {file.relative_to(base).as_posix(): file for file in paths}
    if config is not None:
        files |= {f"config/{file.relative_to(config).as_posix()}": file for file in config_files(config)}
    licence, data = SHIPPED.get(source, ("", ""))
    weights = Weights(
        path, "", revision, one_line(entry.get("licence", "") or licence or card_licence(home)), source,
        sum(file.stat().st_size for file in files.values()), tuple(files), config,
        one_line(entry.get("training_data", "") or data, 1000),
    )  # fmt: skip
    return weights, files


def _hashed(ref: ModelRef, found: Weights, files: Mapping[str, Path], register: Register, cache: HashCache) -> Weights:
    digests = {name: cache.sha256(file) for name, file in files.items()}
    pairs = sorted([name, digest] for name, digest in digests.items())
    own = digests[found.path.name] if found.path.is_file() else ""
    digest = own if len(files) == 1 and own else sha256_bytes(canonical_json(pairs).encode())
    pin = own or digest
    for wanted, have, by in (
        (ref.sha256, digest, "the recipe"),
        (register.get(ref.id, {}).get("sha256", ""), pin, "the show's register"),
    ):
        if wanted and wanted != have:
            raise ModelError(
                f"The model is not the one that {by} names: sha256 {have[:12]}…, wanted {wanted[:12]}….",
                where=f"{one_line(ref.id)} at {found.path}",
                todo="Put the right files there, or freeze a new version with this model.",
            )
    return replace(found, sha256=digest, pin=pin)


def _found(
    source: str, revision: str, root: Path, env: Mapping[str, str], *, fetch: bool, config: bool = False
) -> tuple[Path, Path]:
    """Where a source lies, and the folder whose README is its model card."""
    if source in SHIPPED:
        return _SHIPPED_FOLDER / f"{source}.onnx", _SHIPPED_FOLDER
    if (local := root / source).exists():
        return local, local.parent if local.is_file() else local
    named = hub.split(source)
    if named is None:
        todo = "Name a folder or file (from the show's root), a model in rushes.toml, or a hub id with its revision."
        raise hub.NotHere(f"There is no model {one_line(source)!r}.", where=str(local), todo=todo)
    if not hub.is_commit(revision):
        raise hub.NotHere(
            f"{one_line(source)!r} is no folder or file here, and as a hub id it is not pinned to a commit.",
            where=f"{one_line(source)}, revision {one_line(revision) or 'not given'}",
            todo='Write revision = "…" with all 40 characters of a commit: "History" of the model\'s files on the hub.',
        )
    folder = hub.snapshot(*named, revision, env, config=config, fetch=fetch)
    return (folder / named[1] if named[1] else folder), folder


def _config(
    ref: ModelRef,
    entry: Mapping[str, str],
    file: Path,
    register: Register,
    root: Path,
    env: Mapping[str, str],
    *,
    fetch: bool,
) -> Path:
    """The folder that describes a single-file checkpoint: from the register, never guessed."""
    wanted = entry.get("config", "")
    if not wanted:
        family = told(tensor_shapes(file))
        name = ref.id if entry else file.stem
        source = "" if entry else f'source = "{one_line(ref.id)}", '
        raise ModelError(
            "A single file holds weights alone: nothing says how its parts are built, nor its tokenizer.",
            where=str(file),
            todo=f'Write in rushes.toml, under [models."{one_line(name)}"]: {source}config = '
            f'"{CONFIGS[family]}@COMMIT" ({family}), or a folder with the JSON files of that; '
            f'and model = "{one_line(name)}" in the recipe.',
        )
    named = register.get(wanted, {})
    source, _, commit = (named.get("source", "") or wanted).partition("@")
    return _found(source, commit or named.get("revision", ""), root, env, fetch=fetch, config=True)[0]
