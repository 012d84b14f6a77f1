"""A hub's files at one commit, in huggingface_hub's cache: found there, or fetched, never more than is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import ModelError
from core.files import one_line
from core.recipe.checkpoint import TEXTS, components, is_weights

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ON = ("1", "ON", "YES", "TRUE")


class NotHere(ModelError):
    """A model that is not on this machine, or of which nothing says where it is."""


def split(source: str) -> tuple[str, str] | None:
    """`owner/name` and what is meant in it: `owner/name/models/adapter.safetensors`. None where it is no hub id."""
    owner, _, rest = source.partition("/")
    name, _, part = rest.partition("/")
    inside = not part or all(piece not in ("", ".", "..") for piece in part.split("/"))
    return (f"{owner}/{name}", part) if inside and _HUB_ID.fullmatch(f"{owner}/{name}") else None


def is_commit(revision: str) -> bool:
    return _COMMIT.fullmatch(revision) is not None


def snapshot(
    source: str, part: str, revision: str, env: Mapping[str, str], *, config: bool = False, fetch: bool = True
) -> Path:
    """The hub's folder for one commit of `source`, with `part` of it (empty: the pipeline) there.

    Args:
        config: only descriptions and tokenizers, no weights.
        fetch: False asks the cache alone.

    Raises:
        ModelError: it is not wholly here and may not be fetched, or could not be.
    """
    hub = cache(env)
    folder = hub / f"models--{source.replace('/', '--')}" / "snapshots" / revision
    if _is_there(folder, part, config):
        return folder
    offline = any(env.get(key, "").upper() in _ON for key in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    if offline or not fetch:
        why = ", and the hub is switched off (HF_HUB_OFFLINE)" if offline else ""
        todo = "Unset HF_HUB_OFFLINE once" if offline else "It is fetched when a recipe that names it is frozen"
        raise NotHere(
            f"{source} is not, or not wholly, on this machine{why}.",
            where=str(folder),
            todo=f"{todo}, or copy the model's folder here and name it by its path.",
        )
    _download(source, part, revision, hub, config)
    return folder


def cache(env: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps models. Raises ModelError: there is no home directory."""
    if found := env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE"):
        return Path(found)
    if home := env.get("HF_HOME"):
        return Path(home) / "hub"
    base = env.get("XDG_CACHE_HOME") or (f"{env['HOME']}/.cache" if env.get("HOME") else "")
    if not base:
        raise ModelError("There is no home directory to keep models in.", todo="Set HF_HOME to a folder with space.")
    return Path(base) / "huggingface" / "hub"


def _is_there(folder: Path, part: str, config: bool) -> bool:
    """Whether what would be read is there: one file, one component, or every component that a pipeline names."""
    if part:
        return (folder / part).is_file() or any(map(is_weights, (folder / part).glob("*.safetensors")))
    if not (folder / "model_index.json").is_file():
        return any(map(is_weights, folder.glob("*.safetensors")))
    parts = [folder / name for name in components(folder)]
    return all(
        part.is_dir()
        and (config or not (part / "config.json").exists() or any(map(is_weights, part.glob("*.safetensors"))))
        for part in parts
    )


def _download(source: str, part: str, revision: str, hub: Path, config: bool) -> None:
    """Fetch what is read and no more: not the half-precision twins, pickles or single-file checkpoints."""
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

    endings = [*sorted(TEXTS), *([] if config else [".safetensors"])]
    try:
        if part:
            fetch(["README.md", part, *(f"{part}/*{ending}" for ending in endings)])
            return
        folder = fetch(["model_index.json", "README.md"])
        parts = [f"{name}/" for name in components(folder)] if (folder / "model_index.json").exists() else [""]
        fetch([f"{name}*{ending}" for name in parts for ending in endings])
    except ModelError:
        raise
    except Exception as error:  # a network client's own tree of errors: each means that the model is not here
        raise ModelError(
            f"{source} could not be fetched: {one_line(str(error), 160)}.",
            where=f"{source} at {revision}",
            todo="Check the line and the revision, or copy the model's folder here and name it by its path.",
        ) from error
