"""A model is found where it is said to be, hashed once, and refused where loading it could run code."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.errors import ModelError
from core.ops.base import ModelRef
from core.recipe import hub, weights
from core.recipe.weights import HashCache, Weights, resolve

COMMIT = "b261bac6fd2cf515557d5d0707481eafa0485ec2"
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "safety_checker": [None, None],
}
Find = Callable[..., Weights]


def pipeline(folder: Path, weights_name: str = "diffusion_pytorch_model.safetensors") -> Path:
    """A pipeline's folder as diffusers saves it, its weights a few bytes."""
    (folder / "unet").mkdir(parents=True)
    (folder / "scheduler").mkdir()
    (folder / "model_index.json").write_text(json.dumps(INDEX))
    (folder / "unet" / "config.json").write_text("{}")
    (folder / "unet" / weights_name).write_bytes(b"weights")
    (folder / "scheduler" / "scheduler_config.json").write_text('{"beta": 1}')
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\nlicense: none\n")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "show"


@pytest.fixture
def find(root: Path, tmp_path: Path) -> Find:
    def found(
        ref: ModelRef | str,
        *,
        register: Mapping[str, Mapping[str, str]] | None = None,
        cache: HashCache | None = None,
        **env: str,
    ) -> Weights:
        ref = ModelRef(ref) if isinstance(ref, str) else ref
        env = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", **env}
        cache = cache or HashCache(tmp_path / "state" / "hashes.json")
        return resolve(ref, register=register or {}, root=root, env=env, cache=cache)

    return found


def tensors(file: Path, *names: str) -> Path:
    """A safetensors file with these names, a number each, written by the format's description."""
    table = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * n, 4 * n + 4]} for n, name in enumerate(names)}
    head = json.dumps({"__metadata__": {"format": "pt"}, **table}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(head).to_bytes(8, "little") + head + bytes(4 * len(names)))
    return file


def folder_digest(folder: Path, names: list[str]) -> str:
    pairs = [[name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name in sorted(names)]
    return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()


# Finding


def test_the_shipped_matte_model_needs_nothing(find: Find) -> None:
    found = find(ModelRef("u2netp", kind="onnx"))
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert (found.licence, found.source, found.files) == ("Apache-2.0", "u2netp", ("u2netp.onnx",))
    assert found.size == found.path.stat().st_size > 4_000_000


def test_a_folder_is_named_from_the_shows_root_or_absolutely(find: Find, root: Path) -> None:
    folder = pipeline(root / "models" / "house")
    found = find("models/house")
    names = [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ]
    assert found.path == folder and list(found.files) == names
    assert found.sha256 == folder_digest(folder, names) == find(str(folder)).sha256
    assert (found.licence, found.revision) == ("apache-2.0", "")


def test_the_digest_sees_every_file_that_is_loaded_and_no_other(find: Find, root: Path) -> None:
    """A half-precision twin, a checkpoint beside the components, a readme: another machine's cache may lack them."""
    folder = pipeline(root / "m")
    before = find("m").sha256
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"half")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle beside safetensors is not read")
    (folder / "whole.safetensors").write_bytes(b"single file")
    (folder / "notes.txt").write_text("x")
    assert find("m").sha256 == before
    (folder / "scheduler" / "scheduler_config.json").write_text('{"beta": 2}')
    assert find("m").sha256 != before


def test_one_file_is_its_own_digest(find: Find, root: Path) -> None:
    root.mkdir()
    lora = tensors(root / "gouache.safetensors", "unet.mid.attn.to_q.lora_A.weight")
    found = find(ModelRef("gouache.safetensors", kind="lora"))
    assert found.sha256 == found.pin == hashlib.sha256(lora.read_bytes()).hexdigest()
    assert find(ModelRef(".", kind="lora")).path == lora, "a folder that holds it alone will do"


def test_the_shows_register_comes_first(find: Find, root: Path) -> None:
    folder = pipeline(root / "models" / "house")
    register = {"u2netp": {"source": "models/house", "revision": "r7", "licence": "ours"}}
    found = find("u2netp", register=register)
    assert (found.path, found.revision, found.licence, found.source) == (folder, "r7", "ours", "models/house")


def test_a_pinned_hub_model_is_read_from_huggingfaces_cache(find: Find, tmp_path: Path) -> None:
    from huggingface_hub import try_to_load_from_cache

    hub = tmp_path / "hf" / "hub"
    folder = pipeline(hub / "models--stabilityai--sd-turbo" / "snapshots" / COMMIT)
    found = find(ModelRef("stabilityai/sd-turbo", COMMIT))
    assert (found.path, found.revision) == (folder, COMMIT)
    truth = try_to_load_from_cache("stabilityai/sd-turbo", "model_index.json", cache_dir=hub, revision=COMMIT)
    assert truth == str(folder / "model_index.json")
    assert find(ModelRef("stabilityai/sd-turbo", COMMIT), HF_HUB_CACHE=str(hub), HF_HOME="/nowhere") == found


@pytest.mark.parametrize("revision", ["", "main", "v1.0", COMMIT[:12], COMMIT.upper()])
def test_a_hub_id_must_be_pinned(find: Find, revision: str) -> None:
    with pytest.raises(ModelError, match="not pinned") as caught:
        find(ModelRef("stabilityai/sd-turbo", revision))
    assert "revision" in caught.value.todo


def test_offline_is_respected_also_for_half_a_model(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("went to the network")

    monkeypatch.setattr(hub, "_download", never)
    ref = ModelRef("stabilityai/sd-turbo", COMMIT)
    with pytest.raises(ModelError, match="switched off"):
        find(ref)
    folder = pipeline(tmp_path / "hf" / "hub" / "models--stabilityai--sd-turbo" / "snapshots" / COMMIT)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelError, match="not wholly"):
        find(ref)


def test_a_download_asks_for_the_commit_and_for_no_pickle(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fnmatch

    import huggingface_hub

    asked: list[dict[str, Any]] = []
    there = ["model_index.json", "README.md", "sd.safetensors", "unet/diffusion_pytorch_model.safetensors",
             "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin", "unet/run.py",
             "unet/config.json", "scheduler/scheduler_config.json", "vae_1_0/config.json"]  # fmt: skip
    source = pipeline(tmp_path / "remote")
    fetched: set[str] = set()

    def snapshot(repo: str, **how: Any) -> str:
        asked.append({"repo": repo, **how})
        folder = Path(how["cache_dir"]) / f"models--{repo.replace('/', '--')}" / "snapshots" / str(how["revision"])
        for name in there:
            wanted = any(fnmatch.fnmatch(name, pattern) for pattern in how["allow_patterns"])
            if wanted and not any(fnmatch.fnmatch(name, pattern) for pattern in how["ignore_patterns"]):
                fetched.add(name)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes((source / name).read_bytes())
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    find(ModelRef("stabilityai/sd-turbo", COMMIT), HF_HUB_OFFLINE="0")
    assert {call["revision"] for call in asked} == {COMMIT}
    assert fetched == {"model_index.json", "README.md", "unet/diffusion_pytorch_model.safetensors",
                       "unet/config.json", "scheduler/scheduler_config.json"}  # fmt: skip


def test_a_download_of_a_file_or_of_a_config_asks_for_no_more(
    find: Find, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[str] = []

    def snapshot(repo: str, **how: Any) -> str:
        asked.extend(how["allow_patterns"])
        folder = Path(how["cache_dir"]) / f"models--{repo.replace('/', '--')}" / "snapshots" / str(how["revision"])
        if repo == "own/adapters":
            tensors(folder / "models" / "sd15.safetensors", "ip_adapter.1.to_k_ip.weight")
        elif not folder.exists():
            pipeline(folder)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    find(ModelRef("own/adapters/models/sd15.safetensors", COMMIT, "reference"), HF_HUB_OFFLINE="0")
    assert "models/sd15.safetensors" in asked and not any("bin" in pattern for pattern in asked)
    asked.clear()
    tensors(root / "film.safetensors", SDXL)
    find("film", register={"film": {"source": "film.safetensors", "config": f"own/sdxl@{COMMIT}"}}, HF_HUB_OFFLINE="0")
    assert asked and not any(pattern.endswith(".safetensors") for pattern in asked)


def test_a_download_that_fails_is_told_in_our_words(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def broken(*_: object, **__: object) -> str:
        raise ConnectionError("no route\x1b[2J")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", broken)
    with pytest.raises(ModelError, match="could not be fetched: no route·") as caught:
        find(ModelRef("stabilityai/sd-turbo", COMMIT), HF_HUB_OFFLINE="0")
    assert caught.value.todo


# Refusing


def test_what_is_not_there_is_told_with_what_can_be_named(find: Find, root: Path) -> None:
    with pytest.raises(ModelError, match="no model 'houze\\.safetensors'") as caught:
        find("houze.safetensors")
    assert str(root) in caught.value.where and "rushes.toml" in caught.value.todo


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.ckpt", "model.pt"])
def test_pickle_alone_is_refused_in_any_component(find: Find, root: Path, name: str) -> None:
    folder = pipeline(root / "m")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / name)
    with pytest.raises(ModelError, match=f"only pickle weights: {name}") as caught:
        find("m")
    assert caught.value.where.endswith("unet") and "safe_serialization" in caught.value.todo


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("a.ckpt", "diffusers", "pickle"),
        ("a.pt", "onnx", "pickle"),
        ("a.gguf", "diffusers", r"not read: a.gguf is quantised weights \(GGUF\)"),
        ("a.onnx", "diffusers", "not read: a.onnx is an ONNX network"),
        ("a.engine", "diffusers", "TensorRT engine"),
        ("a.mlmodel", "diffusers", "Core ML"),
        ("a.bin", "lora", "pickle"),
        ("a.zip", "diffusers", "not read: a.zip"),
        ("a.safetensors", "encoder", "image encoder is a folder"),
        ("a.safetensors", "lora", "damaged or no safetensors"),
        ("a.safetensors", "onnx", "not read: a.safetensors"),
    ],
)
def test_other_kinds_of_files_are_refused(find: Find, root: Path, name: str, kind: Any, what: str) -> None:
    root.mkdir()
    (root / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=what) as caught:
        find(ModelRef(name, kind=kind))
    assert caught.value.todo and name in caught.value.where


@pytest.mark.parametrize(
    ("tensor", "kind", "what", "todo"),
    [
        ("lora_unet_mid.lora_down.weight", "diffusers", "holds a LoRA, not a whole model", "[[step.lora]]"),
        ("ip_adapter.1.to_k_ip.weight", "diffusers", "holds a IP-Adapter", "[[step.reference]]"),
        ("decoder.up.0.block.0.conv1.weight", "diffusers", "holds a VAE", "`vae`"),
        ("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "diffusers", "looks like Flux", "the folder"),
        ("conditioner.embedders.1.model.ln_final.weight", "lora", "no LoRA: it looks like SDXL", ""),
        ("unet.mid.attn.to_q.lora_A.weight", "reference", "no IP-Adapter: it looks like LoRA", "[[step.lora]]"),
        ("something.else", "lora", r"is no LoRA\.", ""),
        ("lora_unet_mid.hada_w1_a", "lora", "no LoRA: it looks like LoHa or LoKr", ""),
    ],
)
def test_a_file_of_another_kind_is_told_by_its_tensors(
    find: Find, root: Path, tensor: str, kind: Any, what: str, todo: str
) -> None:
    tensors(root / "a.safetensors", tensor)
    with pytest.raises(ModelError, match=what) as caught:
        find(ModelRef("a.safetensors", kind=kind))
    assert todo in caught.value.todo


# One file


SDXL = "conditioner.embedders.1.model.ln_final.weight"


def test_a_single_file_takes_its_config_from_the_register_alone(find: Find, root: Path) -> None:
    file = tensors(root / "models" / "film.safetensors", SDXL)
    with pytest.raises(ModelError, match="weights alone") as caught:
        find("models/film.safetensors")
    wanted = 'models."film"]: source = "models/film.safetensors", config = "stabilityai/stable-diffusion-xl-base-1.0@'
    assert wanted in caught.value.todo and '"film" in the recipe' in caught.value.todo

    config = pipeline(root / "models" / "config")
    (config / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    entry = {"source": "models/film.safetensors", "config": "models/config"}
    found = find("film", register={"film": entry})
    assert (found.path, found.config, found.pin) == (file, config, hashlib.sha256(file.read_bytes()).hexdigest())
    assert found.sha256 != found.pin and "config/unet/config.json" in found.files
    assert find("film", register={"film": entry | {"sha256": found.pin}}) == found, "as the file's page prints it"
    by_name = {"film": entry | {"config": "described"}, "described": {"source": "models/config"}}
    assert find("film", register=by_name) == found
    (config / "scheduler" / "scheduler_config.json").write_text('{"beta": 2}')
    assert find("film", register={"film": entry}).sha256 != found.sha256, "it decides pixels too"
    (config / "unet" / "code.py").write_text("")
    with pytest.raises(ModelError, match="code of its own"):
        find("film", register={"film": entry})


def test_a_config_from_the_hub_needs_no_weights_there_but_a_commit(find: Find, root: Path, tmp_path: Path) -> None:
    tensors(root / "film.safetensors", SDXL)
    hub_folder = tmp_path / "hf" / "hub" / "models--own--sdxl" / "snapshots" / COMMIT
    config = pipeline(hub_folder)
    (config / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    entry = {"source": "film.safetensors", "config": f"own/sdxl@{COMMIT}"}
    assert find("film", register={"film": entry}).config == config
    with pytest.raises(ModelError, match="not pinned"):
        find("film", register={"film": entry | {"config": "own/sdxl"}})


def test_a_file_in_a_hub_repository_is_named_by_its_path(find: Find, tmp_path: Path) -> None:
    folder = tmp_path / "hf" / "hub" / "models--h94--IP-Adapter" / "snapshots" / COMMIT
    file = tensors(folder / "models" / "sd15.safetensors", "ip_adapter.1.to_k_ip.weight")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    found = find(ModelRef("h94/IP-Adapter/models/sd15.safetensors", COMMIT, "reference"))
    assert (found.path, found.licence) == (file, "apache-2.0")
    with pytest.raises(ModelError, match="switched off"):
        find(ModelRef("h94/IP-Adapter/models/other.safetensors", COMMIT, "reference"))
    with pytest.raises(ModelError, match="no model"):
        find(ModelRef("h94/IP-Adapter/../../x.safetensors", COMMIT, "reference"))


def test_looking_neither_fetches_nor_hashes(find: Find, root: Path, tmp_path: Path) -> None:
    pipeline(root / "m")
    here = weights.locate(ModelRef("m"), register={}, root=root, env={})
    assert here.sha256 == "" and here.size == find("m").size
    with pytest.raises(ModelError, match="not, or not wholly, on this machine") as caught:
        weights.locate(ModelRef("a/b", COMMIT), register={}, root=root, env={"HF_HOME": str(tmp_path / "hf")})
    assert "fetched when a recipe" in caught.value.todo


def test_folders_without_usable_weights_are_refused(find: Find, root: Path) -> None:
    (root / "empty").mkdir(parents=True)
    (root / "gguf").mkdir()
    (root / "gguf" / "model.gguf").write_bytes(b"x")
    pipeline(root / "half", "diffusion_pytorch_model.fp16.safetensors")
    for name, what in (("empty", "no weights"), ("gguf", "only GGUF weights"), ("half", "of a variant")):
        with pytest.raises(ModelError, match=what):
            find(name)
    with pytest.raises(ModelError, match=r"one \.onnx file"):
        find(ModelRef("half", kind="onnx"))


@pytest.mark.parametrize("name", ["../../elsewhere.safetensors", "unet.bin", "part.fp16.safetensors"])
def test_an_index_cannot_lead_to_weights_that_are_not_hashed(find: Find, root: Path, name: str) -> None:
    """Loaders open what a sharded model's index names, whatever it is."""
    folder = pipeline(root / "m") / "unet"
    index = folder / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "diffusion_pytorch_model.safetensors"}}))
    assert find("m").sha256
    index.write_text(json.dumps({"weight_map": {"a": "diffusion_pytorch_model.safetensors", "b": name}}))
    (folder / "unet.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="index names weights") as caught:
        find("m")
    assert caught.value.todo


def test_code_of_its_own_is_refused(find: Find, root: Path) -> None:
    def write(folder: Path, name: str, text: str) -> None:
        (folder / name).write_text(text)

    for number, (name, text, what) in enumerate(
        [
            ("pipeline.py", "print('run')", "pipeline.py lies in it"),
            ("unet/my_unet.py", "", "my_unet.py lies in it"),
            ("unet/config.json", '{"auto_map": {"AutoModel": "my.Model"}}', "`auto_map` names code"),
            ("model_index.json", json.dumps({**INDEX, "_class_name": ["my_pipeline", "Mine"]}), "a class of its own"),
        ]
    ):
        write(pipeline(root / f"m{number}"), name, text)
        with pytest.raises(ModelError, match=what):
            find(f"m{number}")


def test_strange_descriptions_are_refused(find: Find, root: Path) -> None:
    for number, (text, what) in enumerate(
        [("{", "cannot be read"), ("[]", "not a table"), ('{"../../x": ["diffusers", "Y"]}', "strange name")]
    ):
        (pipeline(root / f"m{number}") / "model_index.json").write_text(text)
        with pytest.raises(ModelError, match=what):
            find(f"m{number}")


def test_a_model_that_is_not_what_was_pinned_is_refused(find: Find, root: Path) -> None:
    pipeline(root / "m")
    right = find("m").sha256
    assert find(ModelRef("m", sha256=right), register={"m": {"sha256": right}}).sha256 == right
    with pytest.raises(ModelError, match="the recipe names"):
        find(ModelRef("m", sha256="0" * 64))
    with pytest.raises(ModelError, match="register names"):
        find("m", register={"m": {"sha256": "0" * 64}})


# Licence and cache


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---", "mit"),
        ("---\ntags: [a]\nlicense: 'other'\nlicense_name: stability-ai\n---\n", "stability-ai"),
        ('---\nlicense: "cc0-1.0"\n---', "cc0-1.0"),
        ("# no front matter\nlicense: mit\n", ""),
        ("---\nlicense:\ntags: x\n---", ""),
    ],
)
def test_the_licence_is_read_from_the_model_card(find: Find, root: Path, card: str, licence: str) -> None:
    (pipeline(root / "m") / "README.md").write_text(card)
    assert find("m").licence == licence


def test_a_file_is_hashed_once_and_again_when_it_changes(
    find: Find, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, read = pipeline(root / "m"), []
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    real = weights.sha256_file
    monkeypatch.setattr(weights, "sha256_file", lambda path: read.append(path.name) or real(path))
    first = find("m")
    assert len(read) == 4 and find("m", cache=HashCache(tmp_path / "state" / "hashes.json")) == first
    assert len(read) == 4
    stat = file.stat()
    file.write_bytes(b"WEIGHTS")  # as long as before
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert find("m").sha256 != first.sha256 and read[4:] == [file.name]


@pytest.mark.parametrize("rubbish", ["", "{", "[1]", '{"x": 3}', "\x00"])
def test_a_damaged_cache_is_only_slower(find: Find, root: Path, tmp_path: Path, rubbish: str) -> None:
    pipeline(root / "m")
    right = find("m").sha256
    (tmp_path / "state" / "hashes.json").write_text(rubbish)
    assert find("m").sha256 == right
