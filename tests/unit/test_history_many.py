"""A commit of very many files is checked like one of few: what git holds is compared, each folder is read once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import HistoryError
from core.history import git
from core.history.events import Act
from core.history.git import History
from core.layout import Layout

NAMES = [*(f"shots/sh{n:04d}/shot.toml" for n in range(150)), "cut/main/cut.otio", "shots/grüße x.toml"]


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(Layout(tmp_path / "show", tmp_path / "media", tmp_path / "state"), dict(os.environ))
    made.create()
    for name in NAMES:
        path = made.layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return made


def test_one_listing_says_what_asking_for_each_path_says(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = history.commit(Act("turnover", "all", tuple(NAMES)))
    assert commit is not None
    asked = [*NAMES, "shots", "shots/none.toml", "README.md"]
    many = history._blobs(commit, asked)
    monkeypatch.setattr(git, "_MANY", 1000)
    assert many == history._blobs(commit, asked)
    assert set(many) == set(NAMES)
    assert history._blobs("no-such-revision", asked) == {}


def test_a_hook_that_changes_one_of_many_files_is_noticed(history: History) -> None:
    hook = history.layout.root / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\necho more >> {NAMES[70]}\ngit add {NAMES[70]}\n")
    hook.chmod(0o755)
    with pytest.raises(HistoryError, match="other bytes"):
        history.commit(Act("turnover", "all", tuple(NAMES)))
