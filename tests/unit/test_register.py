"""Protects `rushes models`: what a show names, what of it is here, and that looking loads and fetches nothing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ModelError, ShowError
from core.layout import read_settings
from core.register import ModelRow
from core.show import Show
from tests import shows
from tests.unit.test_weights import COMMIT, INDEX, SDXL, pipeline, tensors
from tui.commands.errors import Exit
from tui.commands.main import main

REGISTER = """
[models.house]                       # our own
source = "models/house"
licence = "CC0-1.0"
training_data = "our own photographs, 2019 to 2025"

[models.film]
source = "models/film.safetensors"
config = "models/house"
licence = "film licence"
"""
LOOK = f"""
[[step]]
op = "stylize"
name = "paint"
model = "stabilityai/sd-turbo"
revision = "{COMMIT}"
prompt = "x"
"""
DRAFT = """
[[step]]
op = "stylize"
name = "paint"
model = "house"
prompt = "x"
[[step.lora]]
model = "loras/gouache.safetensors"
weight = 0.6
"""


@pytest.fixture
def show(tmp_path: Path) -> Show:
    env = {**os.environ, "RUSHES_STATE": str(tmp_path / "state")}
    made, _ = Show.create(shows.cut(tmp_path), tmp_path / "show", env)
    settings = made.layout.settings
    settings.write_text(settings.read_text() + REGISTER)
    pipeline(made.layout.root / "models" / "house")
    tensors(made.layout.root / "models" / "film.safetensors", SDXL)
    made.layout.looks.mkdir(exist_ok=True)
    made.layout.look("dream").write_text(LOOK)
    made.draft(shows.SHOT, text=DRAFT)
    return Show.open(made.layout.root, {**env, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"})


def rows(show: Show, *, check: bool = False) -> dict[str, ModelRow]:
    return {row.name: row for row in show.models(check=check)}


def test_all_that_the_show_names_is_listed_with_who_names_it(show: Show) -> None:
    found = rows(show)
    assert set(found) == {"house", "film", "stabilityai/sd-turbo", "loras/gouache.safetensors", "u2netp"}
    house = found["house"]
    assert (house.state, house.licence, house.drafts) == ("here", "CC0-1.0", (shows.SHOT,))
    assert house.training_data == "our own photographs, 2019 to 2025"
    folder = show.layout.root / "models" / "house"
    loaded = [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
    assert house.size == sum(path.stat().st_size for path in loaded) and house.sha256 == ""
    assert found["film"].state == "here" and found["u2netp"].licence == "Apache-2.0"
    turbo, gouache = found["stabilityai/sd-turbo"], found["loras/gouache.safetensors"]
    assert (turbo.state, turbo.looks, turbo.revision) == ("missing", ("dream",), COMMIT) and turbo.todo
    assert (gouache.state, gouache.kind, gouache.drafts) == ("missing", "lora", (shows.SHOT,))


def test_looking_loads_no_model_library(show: Show) -> None:
    code = (
        "import os, sys; from pathlib import Path; from core.show import Show;"
        "assert Show.open(Path.cwd(), os.environ).models(check=True);"
        "heavy = {'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=show.layout.root, env=dict(show.env), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_format_that_is_never_loaded_is_refused_and_a_changed_file_is_told_on_check(show: Show) -> None:
    root = show.layout.root
    (root / "loras").mkdir()
    (root / "loras" / "gouache.safetensors").write_bytes(b"not one")
    assert rows(show)["loras/gouache.safetensors"].state == "refused"
    right = hashlib.sha256((root / "models" / "film.safetensors").read_bytes()).hexdigest()
    assert show.pin_model("film") == right
    text = show.layout.settings.read_text()
    assert f'sha256 = "{right}"' in text and "# our own" in text
    show = Show.open(root, show.env)
    assert rows(show, check=True)["film"].state == "here"
    tensors(root / "models" / "film.safetensors", SDXL, "one.more")
    assert rows(show)["film"].state == "here", "sizes and hashes are read on check alone"
    changed = rows(show, check=True)["film"]
    assert changed.state == "changed" and "sha256" in changed.problem
    with pytest.raises(ModelError, match="not the one that the show's register names"):
        show.pin_model("film")
    with pytest.raises(ShowError, match="no model 'house2'"):
        show.pin_model("house2")


def test_the_command_fails_where_a_draft_lacks_something(
    show: Show, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(show.layout.root)
    for name, value in show.env.items():
        monkeypatch.setenv(name, value)
    assert main(["models", "--json"]) == Exit.DIFFERENCE
    document = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["state"] for row in document["models"]}["house"] == "here"
    tensors(show.layout.root / "loras" / "gouache.safetensors", "unet.mid.to_q.lora_A.weight")
    assert main(["models"]) == Exit.DONE, "what only a look names may be missing"
    told = capsys.readouterr().out
    assert "our own photographs" in told and "look dream" in told and "is not, or not wholly, on this machine" in told
    assert main(["models", "--pin", "house"]) == Exit.DONE
    assert "stands in rushes.toml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[models.a]\nsource = "x"\nlicense = "y"\n', "Unknown key 'models.a.license'"),
        ("[models.a]\nsource = 3\n", "models.a.source` is not text"),
        ("models = 3\n", "not usable"),
    ],
)
def test_a_register_that_is_wrong_names_file_and_key(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "rushes.toml"
    path.write_text(f'schema = 1\nname = "a"\nid = "a"\nrate = "25"\n{text}' if text.startswith("[") else
                    f'schema = 1\n{text}name = "a"\nid = "a"\nrate = "25"\n')  # fmt: skip
    with pytest.raises(ShowError, match=what) as caught:
        read_settings(path)
    assert caught.value.where == str(path)


def test_what_the_register_says_is_frozen_with_the_recipe(show: Show) -> None:
    from core.ops.base import ModelRef
    from core.recipe.freeze import _models

    facts = _models([ModelRef("house")], show.desk.resolve)["house"]
    assert facts["licence"] == "CC0-1.0" and facts["training_data"] == "our own photographs, 2019 to 2025"
    assert INDEX and len(facts["sha256"]) == 64
