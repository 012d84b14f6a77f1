"""doctor says what is wrong and what to do about it, and loads no model library to find out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import doctor
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
    assert doctor._kills_at_logout((tmp_path,)) is False
    (tmp_path / "logind.conf").write_text("[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n")
    assert doctor._kills_at_logout((tmp_path,)) is True
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf.d" / "ours.conf").write_text("[Login]\nKillUserProcesses = no\n")
    assert doctor._kills_at_logout((tmp_path,)) is False


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
