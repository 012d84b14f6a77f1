"""What a recipe's `model` may name on disk, and what is refused with the way out."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

import pytest

from core.errors import ModelError
from core.ops.base import ModelRef
from core.recipe.weights import HashCache, resolve
from tests.formats_table import row
from tests.unit.test_weights import COMMIT, pipeline

REFUSED = {
    "GGUF weights": (".gguf", "quantised weights (GGUF)", "the weights as they were published"),
    "Checkpoint, .ckpt": (".ckpt", "a pickle file", "save_pretrained"),
    "Pickled weights, .bin": (".bin", "a pickle file", "save_pretrained"),
    "Pickled weights, .pt and .pth": (".pt", "a pickle file", "save_pretrained"),
    "ONNX for diffusion": (".onnx", "an ONNX network", "read by `matte` alone"),
    "TensorRT engine": (".engine", "a TensorRT engine", "that it was built from"),
    "Core ML model": (".mlpackage", "a Core ML model", "that it was converted from"),
    "Flax weights, .msgpack": (".msgpack", "Flax weights", "in diffusers' format"),
    "DDUF archive": (".dduf", "a DDUF archive", "it holds the folder"),
}


def find(root: Path, name: str, revision: str = "") -> None:
    look = partial(resolve, register={}, root=root, env={"HF_HUB_OFFLINE": "1", "HOME": str(root)})
    look(ModelRef(name, revision), cache=HashCache(root / "hashes.json"))


@pytest.mark.parametrize("what", REFUSED)
def test_a_format_that_is_not_loaded_says_the_way_out(what: str, tmp_path: Path) -> None:
    ending, reason, way = REFUSED[what]
    (tmp_path / f"model{ending}").write_bytes(b"weights")
    with pytest.raises(ModelError) as caught:
        find(tmp_path, f"model{ending}")
    assert reason in caught.value.what and way in caught.value.todo and f"model{ending}" in caught.value.where
    pickle = "pickle" in reason
    out = "convert it once with diffusers' save_pretrained" if pickle else "take the folder or the single safetensors"
    row("models", what, f"a file model{ending}, before anything is loaded", f"refused: it is {reason}; {out}")


def test_a_core_ml_package_is_a_folder_and_a_torch_zip_is_a_pickle(tmp_path: Path) -> None:
    (tmp_path / "sd.mlpackage" / "Data").mkdir(parents=True)
    with pytest.raises(ModelError, match="Core ML"):
        find(tmp_path, "sd.mlpackage")
    with zipfile.ZipFile(tmp_path / "sd.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    with pytest.raises(ModelError, match="pickle"):
        find(tmp_path, "sd.pth")


def test_folders_and_hub_ids(tmp_path: Path) -> None:
    pipeline(tmp_path / "house")
    find(tmp_path, "house")
    hub = tmp_path / ".cache" / "huggingface" / "hub" / "models--own--house" / "snapshots" / COMMIT
    pipeline(hub)
    find(tmp_path, "own/house", COMMIT)
    with pytest.raises(ModelError, match="not pinned to a commit"):
        find(tmp_path, "own/house", "main")
    row("models", "Folder in diffusers' format", "model_index.json, safetensors and configs, hashed file by file",
        "opens: code of its own, pickles and weights of a variant alone are refused")  # fmt: skip
    row("models", "Hub id with its commit", "huggingface_hub's cache layout, and a download with what is asked for",
        "opens: pinned to 40 characters; a branch or tag is refused; HF_HUB_OFFLINE is respected")  # fmt: skip
