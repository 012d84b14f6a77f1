"""Killed at any moment, or ten at a time: one act is one commit, one number has one owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.history.events import Act
from core.history.git import History
from core.layout import Layout

ROOT = Path(__file__).parents[2]
WORK = """
import os, sys
from pathlib import Path
from core.history.events import Act
from core.history.git import History
from core.layout import Layout
root, state, name, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
history = History(Layout(root, root.parent / "media", state), dict(os.environ))
print("ready", flush=True)
sys.stdin.readline()
"""
COMMIT = (
    WORK
    + """
for n in range(count):
    path = f"shots/{name}/v{n + 1:03d}.toml"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(name)
    assert history.commit(Act("recipe", f"{name} {n}", (path,))), history.waiting
"""
)
CLAIM = WORK + "print(*(history.claim(name) for _ in range(count)))"


def start(script: str, *args: object, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        cwd=ROOT, env=os.environ | env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def together(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let all of them loose at the same moment; what they printed."""
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n", process.communicate()
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return [out for out, _ in said]


def git(where: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=where, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(Layout(tmp_path / "show", tmp_path / "media", tmp_path / "state"), dict(os.environ))
    made.create()
    return made


@pytest.mark.parametrize("failpoint", ["temp", "rename", "commit"])
def test_killed_around_the_commit_leaves_exactly_one_commit(history: History, failpoint: str) -> None:
    """Before the journal's rename the act was never promised; after it, it is committed once however it died."""
    root, state = history.layout.root, history.layout.state
    process = start(COMMIT, root, state, "a", 1, RUSHES_FAILPOINT=failpoint)
    process.communicate("go\n", timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert len(history.pending()) == (failpoint != "temp")
    assert len(history.log()) == (failpoint == "commit")
    history.flush()
    assert history.pending() == [] and len(history.log()) == (failpoint != "temp")
    (root / "later").touch()
    history.commit(Act("gc", "life goes on", ("later",)))
    assert [entry.subject for entry in history.log()] == ["life goes on", "a 0"][: 2 - (failpoint == "temp")]
    git(root, "fsck", "--strict")


@pytest.mark.parametrize("shared_state", [True, False])
def test_ten_processes_lose_no_commit(history: History, tmp_path: Path, shared_state: bool) -> None:
    """One user in ten terminals (one journal), and ten users on one box (a journal each)."""
    (history.layout.root / "mine").write_text("staged")
    git(history.layout.root, "add", "mine")
    states = [history.layout.state if shared_state else tmp_path / f"state{n}" for n in range(10)]
    together([start(COMMIT, history.layout.root, state, f"shot{n}", 5) for n, state in enumerate(states)])
    assert sorted(entry.subject for entry in history.log()) == sorted(
        f"shot{n} {k}" for n in range(10) for k in range(5)
    )
    assert all(len(entry.acts) == 1 for entry in history.log())
    assert git(history.layout.root, "status", "--porcelain", "--", "mine", "shots") == "A  mine\n"
    assert git(history.layout.root, "fsck", "--strict", "--no-dangling") == ""


def test_two_clones_that_claim_at_once_share_no_number(history: History, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "bare.git")
    (history.layout.root / "a").touch()
    history.commit(Act("gc", "first", ("a",)))
    git(history.layout.root, "remote", "add", "origin", str(tmp_path / "bare.git"))
    git(history.layout.root, "push", "-q", "-u", "origin", "main")
    git(tmp_path, "clone", "-q", "bare.git", "two")
    roots = [history.layout.root, tmp_path / "two", history.layout.root, tmp_path / "two"]
    said = together([start(CLAIM, root, tmp_path / "state", "sq010", 5) for root in roots])
    numbers = sorted(int(number) for out in said for number in out.split())
    assert numbers == list(range(1, 21))
    assert len(git(tmp_path / "bare.git", "for-each-ref", "refs/rushes/claims/sq010").splitlines()) == 20
    assert git(tmp_path / "bare.git", "fsck", "--strict", "--no-dangling") == ""
