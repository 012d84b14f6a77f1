"""Version numbers: never given twice, whatever branch, clone or folder they were used in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from core.errors import BadInput, HistoryError
from core.history.git import History
from core.layout import Layout

SHOT_ID = "sq010_sh0020"


def git(where: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=where, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def show(root: Path) -> History:
    made = History(Layout(root, root.parent / "media", root.parent / f"{root.name}.state"), dict(os.environ))
    made.create()
    return made


def commit_version(root: Path, name: str) -> None:
    path = root / "shots" / SHOT_ID / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name)
    git(root, "add", "shots")
    git(root, "commit", "-qm", name)


@pytest.fixture
def shared(tmp_path: Path) -> tuple[History, History, Path]:
    """Two clones of one bare remote."""
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    one = show(tmp_path / "one")
    commit_version(one.layout.root, "shot.toml")
    git(one.layout.root, "remote", "add", "origin", str(bare))
    git(one.layout.root, "push", "-q", "-u", "origin", "main")
    git(tmp_path, "clone", "-q", str(bare), "two")
    return one, show(tmp_path / "two"), bare


def test_the_next_number_is_above_claims_branches_and_what_is_taken(tmp_path: Path) -> None:
    history = show(tmp_path / "show")
    root = history.layout.root
    assert history.claim(SHOT_ID) == 1
    assert history.claim(SHOT_ID) == 2
    commit_version(root, "v004.toml")
    assert history.claim(SHOT_ID) == 5
    git(root, "checkout", "-q", "-b", "side")
    commit_version(root, "v009.json")
    git(root, "checkout", "-q", "main")
    assert history.claim(SHOT_ID) == 10
    git(root, "checkout", "-q", "side")
    commit_version(root, "v020.toml")
    git(root, "checkout", "-q", "main")
    git(root, "update-ref", "refs/remotes/far/main", "side")
    git(root, "branch", "-D", "side")
    assert history.claim(SHOT_ID) == 21
    assert history.claim(SHOT_ID, taken=[3, 40]) == 41
    assert history.claim("other") == 1
    assert history.claims() == {SHOT_ID: {1, 2, 5, 10, 21, 41}, "other": {1}}


def test_only_a_shot_id_can_be_claimed(tmp_path: Path) -> None:
    history = show(tmp_path / "show")
    with pytest.raises(BadInput):
        history.claim("../heads/main")
    assert history.claims() == {}


def test_a_clone_sees_the_claims_of_another_before_it_claims(shared: tuple[History, History, Path]) -> None:
    one, two, bare = shared
    assert one.claim(SHOT_ID) == 1
    assert two.claim(SHOT_ID) == 2
    assert one.claim(SHOT_ID) == 3
    assert one.claims()[SHOT_ID] == {1, 2, 3}
    assert git(bare, "for-each-ref", "--format=%(refname:lstrip=4)", "refs/rushes").split() == ["v001", "v002", "v003"]
    text = git(bare, "cat-file", "-p", f"refs/rushes/claims/{SHOT_ID}/v002")
    assert f"clone {two.clone_id}\n" in text and "version v002\n" in text


def test_a_claim_that_the_remote_never_saw_is_not_pruned(shared: tuple[History, History, Path]) -> None:
    one, _, _ = shared
    git(one.layout.root, "config", "fetch.prune", "true")
    git(one.layout.root, "update-ref", f"refs/rushes/claims/{SHOT_ID}/v007", "HEAD")
    assert one.claim(SHOT_ID) == 8


def test_losing_the_race_takes_the_next_number(
    shared: tuple[History, History, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other clone claims between our fetch and our push: the lease must notice."""
    from core.history import claims

    one, two, _ = shared
    push, others = claims._push, iter([one, one])
    monkeypatch.setattr(claims, "_push", lambda *args: (claims_of_other(), push(*args))[1])

    def claims_of_other() -> None:
        monkeypatch.setattr(claims, "_push", push)
        assert next(others).claim(SHOT_ID) == 1

    assert two.claim(SHOT_ID) == 2
    assert two.claims()[SHOT_ID] == {1, 2}


def test_without_the_remote_nothing_is_claimed(shared: tuple[History, History, Path]) -> None:
    one, _, bare = shared
    bare.rename(bare.with_name("away.git"))
    with pytest.raises(HistoryError, match="out of reach") as caught:
        one.claim(SHOT_ID)
    assert "preview" in caught.value.todo and one.claims() == {}
    bare.with_name("away.git").rename(bare)
    assert one.claim(SHOT_ID) == 1


def test_a_remote_that_refuses_is_quoted_and_leaves_no_claim(shared: tuple[History, History, Path]) -> None:
    one, _, bare = shared
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'no claims here' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(HistoryError, match="no claims here"):
        one.claim(SHOT_ID)
    assert one.claims() == {}


def test_a_line_that_breaks_within_the_push_burns_the_number(
    shared: tuple[History, History, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know whether it arrived, so it may never be used again."""
    one, _, _ = shared
    monkeypatch.setenv("PATH", f"{one.layout.root}/bin:{os.environ['PATH']}")
    program = one.layout.root / "bin/git-receive-pack"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    git(one.layout.root, "config", "remote.origin.receivepack", str(program))
    with pytest.raises(HistoryError, match="out of reach"):
        one.claim(SHOT_ID)
    assert one.claims() == {SHOT_ID: {1}}
    git(one.layout.root, "config", "--unset", "remote.origin.receivepack")
    assert one.claim(SHOT_ID) == 2
