"""doctor says what is wrong and what to do about it, and loads no model library to find out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import doctor, machine
from core.cut.shots import Shot, shot_text
from core.doctor import Finding, examine
from core.files import write_atomic
from core.history import journal
from core.history.events import Act
from core.history.git import History
from core.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path / "show", tmp_path / "show.media", tmp_path / "state")
    write_atomic(found.settings, 'schema = 1\nname = "T"\nid = "t"\nrate = "24"\n')
    found.media.mkdir()
    History(found, os.environ).create()
    return found


def of(findings: tuple[Finding, ...], area: str) -> list[Finding]:
    return [finding for finding in findings if finding.area == area]


def test_a_healthy_show_has_no_failure(layout: Layout) -> None:
    found = examine({**os.environ, "CUDA_VISIBLE_DEVICES": "", "TERM": "xterm", "COLORTERM": "truecolor"}, layout)
    assert not [finding for finding in found if finding.state == "fail"], found
    areas = {finding.area for finding in found}
    assert areas >= {"python", "git", "device", "models", "matte model", "state", "workers", "terminal", "media"}
    assert {"colour", "history"} <= areas
    assert "Ana Artist" in of(found, "git")[1].what and "ACEScg" in of(found, "colour")[0].what
    assert all(finding.todo for finding in found if finding.state != "ok")


def test_each_thing_that_is_wrong_is_named_with_what_to_do(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(layout.settings, layout.settings.read_text() + '[colour]\nconfig = "/nowhere.ocio"\n')
    act = Act("review", "a note", ("rushes.toml",))
    journal.put(layout.journal, act)
    (layout.root / ".git" / "HEAD").write_text("0" * 40)
    monkeypatch.setattr(doctor, "is_network_path", lambda path: "nfs4" if path == layout.state else "")
    monkeypatch.setattr(doctor, "MATTE_SHA256", "0" * 64)
    env = {key: value for key, value in os.environ.items() if key != "HOME"} | {"HOME": "/nowhere", "TERM": "dumb"}
    found = examine({**env, "TMUX": "/tmp/x", "CUDA_VISIBLE_DEVICES": ""}, layout)
    said = {finding.what: finding for finding in found if finding.state != "ok"}
    for words, todo in {
        "git does not know who you are": "git config --global user.name",
        "network file system (nfs4)": "RUSHES_STATE",
        "is not the file that ships": "Install",
        "acts wait for their commit, the first: a note": "detached",
        "no GPU": "GPU",
        "tmux, dumb": "screens",
    }.items():
        match = [finding for what, finding in said.items() if words in what]
        assert len(match) == 1 and todo in match[0].todo, (words, said)
    assert [finding.state for finding in of(found, "colour")] == ["fail"]


def test_it_says_what_a_logout_does(tmp_path: Path) -> None:
    assert machine.kills_at_logout((tmp_path,)) is False
    (tmp_path / "logind.conf").write_text("[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n")
    assert machine.kills_at_logout((tmp_path,)) is True
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf.d" / "ours.conf").write_text("[Login]\nKillUserProcesses = no\n")
    assert machine.kills_at_logout((tmp_path,)) is False


def test_a_missing_git_and_a_small_disk_are_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1_000_000_000}))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = examine({"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert [finding.what for finding in of(found, "git")] == ["git is not installed"]
    assert of(found, "state")[0].state == "fail" and "1.0 GB" in of(found, "state")[0].what


def test_it_loads_no_model_library(tmp_path: Path) -> None:
    program = (
        "import os, sys; from core.doctor import examine; examine(os.environ); "
        "heavy = {'torch', 'diffusers', 'transformers', 'onnxruntime', 'av', 'OpenImageIO'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def fake(folder: Path, name: str, script: str) -> None:
    """A program of that name that says what the test wants."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("cuda", "driver", "state", "words"),
    [
        ("", "570.86.10", "warn", "built for the processor alone"),
        ("12.8", "570.86.10", "ok", "built for CUDA 12.8"),
        ("12.8", "525.60.13", "ok", "runs"),
        ("13.0", "570.86.10", "fail", "needs driver 580 or newer; this is 570.86.10"),
    ],
)
def test_a_gpu_is_worth_what_torch_is_built_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuda: str, driver: str, state: str, words: str
) -> None:
    fake(tmp_path, "nvidia-smi", f"echo 'GPU-1, NVIDIA H200, {driver}, 143771'")
    monkeypatch.setattr(machine, "torch_cuda", lambda: cuda)
    monkeypatch.setattr(machine, "_version", lambda name: f"2.13.0{'' if cuda else '+cpu'}")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    gpu, build = machine.device({"PATH": os.environ["PATH"]})
    assert (gpu.state, gpu.what) == ("ok", f"NVIDIA H200, 140 GB, driver {driver} (GPU-1)")
    assert build.state == state and words in build.what and bool(build.todo) == (state != "ok")
    if not cuda:
        assert "pip install" in build.todo and "torch==2.13.0" in build.todo


def test_the_build_of_torch_is_read_from_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As wheels write it: `cuda: Optional[str] = '12.8'`, or None."""
    for text, wanted in {
        "__version__ = '2.9.0'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n": "12.8",
        "cuda = '11.8'\n": "11.8",
        "cuda: Optional[str] = None\nhip: Optional[str] = '6.4'\n": "",
    }.items():
        (tmp_path / "torch").mkdir(exist_ok=True)
        (tmp_path / "torch" / "__init__.py").write_text("raise ImportError")
        (tmp_path / "torch" / "version.py").write_text(text)
        code = (
            f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom core import machine; print(machine.torch_cuda())"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        assert told == wanted


def test_hidden_gpus_are_told_from_none() -> None:
    (hidden,) = machine.device({**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    assert "CUDA_VISIBLE_DEVICES" in hidden.what and "Unset" in hidden.todo


def signed(layout: Layout, **config: str) -> Finding:
    for key, value in {"commit.gpgsign": "true", **{k.replace("__", "."): v for k, v in config.items()}}.items():
        subprocess.run(["git", "config", key, value], cwd=layout.root, check=True)
    env = {key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"}
    return list(machine.git(env, layout.root))[-1]


def test_signing_is_looked_at_without_signing(layout: Layout, tmp_path: Path) -> None:
    """Programs that stand for gpg and ssh-keygen fail the test if they are asked to sign."""
    programs = tmp_path / "bin"
    fake(programs, "gpg", 'case "$*" in *list-secret-keys*GOOD) echo sec;; *) exit 2;; esac')
    fake(programs, "ssh-keygen", f"touch {tmp_path}/asked; exit 1")
    found = signed(layout, gpg__program=str(programs / "gpg"), user__signingkey="GOOD")
    assert found.state == "ok" and "Workers hold no key" in found.todo
    found = signed(layout, user__signingkey="LOST")
    assert found.state == "fail" and "no secret key LOST" in found.what and "gpgsign false" in found.todo
    found = signed(layout, gpg__program="/nowhere/gpg")
    assert found.state == "fail" and "/nowhere/gpg is not installed" in found.what
    ssh = {"gpg__format": "ssh", "gpg__ssh__program": str(programs / "ssh-keygen")}
    key = tmp_path / "id_ed25519.pub"
    assert "is not there" in signed(layout, **ssh, user__signingkey=str(key)).what
    key.write_text("ssh-ed25519 AAAA")
    assert signed(layout, **ssh, user__signingkey=str(key)).state == "ok"
    assert "ssh-agent" in signed(layout, **ssh, user__signingkey="ssh-ed25519 AAAA").what
    assert not (tmp_path / "asked").exists()


def test_what_the_environment_says_of_a_terminal() -> None:
    def told(**env: str) -> str:
        found = list(machine.terminal(env))
        assert all(finding.todo for finding in found if finding.state != "ok")
        return "\n".join(f"{finding.state} {finding.what} {finding.todo}" for finding in found)

    good = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_GB.UTF-8"}
    assert "warn" not in told(**good) and "16 million" in told(**good)
    assert "not UTF-8" in told(**good | {"LC_ALL": "C"}) and "LANG=C.UTF-8" in told(**good | {"LANG": ""})
    assert "SendEnv COLORTERM" in told(TERM="xterm") and "RGB" in told(TERM="xterm", TMUX="/tmp/x")
    assert "no pictures" in told(TERM="dumb") and "no pictures" in told()


def test_models_that_the_register_and_the_drafts_name(layout: Layout) -> None:
    write_atomic(
        layout.settings,
        layout.settings.read_text() + '[models.here]\nsource = "u2netp"\n[models.gone]\nsource = "m/gone"\n',
    )
    draft = 'schema = 1\n[[step]]\nop = "matte"\nname = "a"\nmodel = "u2netp"\n'
    for shot, text in {
        "sh1": draft.replace("u2netp", "here"),
        "sh2": draft.replace("u2netp", "owner/other.onnx"),
        "sh3": "not [ toml",
    }.items():
        write_atomic(layout.shot(shot), shot_text(Shot(shot, None, ())))
        write_atomic(layout.draft(shot), text)
    found = [finding for finding in examine(os.environ, layout) if finding.area == "models"]
    missing = [finding.what.partition(" ")[0] for finding in found if finding.state == "warn"]
    assert sorted(missing) == ["gone", "owner/other.onnx"], found
    assert found[-1].what == "1 of 3 that the register and the drafts name are here"


def test_network_disks_are_known_through_links_and_odd_names(tmp_path: Path) -> None:
    from core.files import is_network_path

    place = tmp_path / "on the net"
    place.mkdir()
    (tmp_path / "link").symlink_to(place)
    table = tmp_path / "mounts"
    table.write_text(f"tmpfs / ext4 rw 0 0\nnas:/x {str(place).replace(' ', chr(92) + '040')} nfs4 rw 0 0\n")
    assert is_network_path(tmp_path / "link" / "not yet" / "here", table) == "nfs4"
    assert is_network_path(tmp_path, table) == ""
    assert is_network_path(Path(f"{place}er"), table) == ""


def test_a_show_on_the_network_or_read_only_is_told(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "is_network_path", lambda path: "nfs4" if path in (layout.root, layout.media) else "")
    found = examine(os.environ, layout)
    assert of(found, "show")[0].state == "warn" and "clone" in of(found, "show")[0].todo
    assert of(found, "media")[0].state == "ok" and "nfs4" in of(found, "media")[0].what
