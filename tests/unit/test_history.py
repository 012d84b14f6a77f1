"""Commits: our own paths and nothing else, through the user's hooks and keys, and nothing that was typed is lost."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import HistoryError, ShowError
from core.history import journal
from core.history.events import PARENT, SHOT, VERSION, Act, Person
from core.history.git import History, together
from core.history.repo import clone_id
from core.layout import Layout

SHOT_ID = "sq010_sh0020"


def git(where: Path, *args: str, check: bool = True) -> str:
    done = subprocess.run(["git", *args], cwd=where, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def put(history: History, path: str, text: str) -> str:
    full = history.layout.root / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_text(text)
    return path


def recipe(history: History, number: int, text: str = "", **more: object) -> Act:
    name = f"v{number:03d}"
    path = put(history, f"shots/{SHOT_ID}/{name}.toml", text or f"seed = {number}\n")
    return Act("recipe", f"{SHOT_ID} {name}: candlelight", (path,), ((SHOT, SHOT_ID), (VERSION, name)), **more)


def hook(history: History, name: str, script: str) -> Path:
    path = history.layout.root / ".git/hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(Layout(tmp_path / "show", tmp_path / "media", tmp_path / "state"), dict(os.environ), patience=0.3)
    made.create()
    return made


def test_first_commit_takes_its_own_paths_and_leaves_the_users_staging(history: History) -> None:
    put(history, "mine.txt", "staged by hand")
    put(history, "other.txt", "untracked")
    git(history.layout.root, "add", "mine.txt")
    first = history.commit(recipe(history, 1))
    second = history.commit(recipe(history, 2))
    assert git(history.layout.root, "status", "--porcelain").splitlines() == [
        "A  mine.txt", "?? .gitattributes", "?? other.txt",
    ]  # fmt: skip
    assert git(history.layout.root, "log", "--format=%H").split() == [second, first]
    assert git(history.layout.root, "show", "--name-only", "--format=", str(second)).split() == [
        f"shots/{SHOT_ID}/v002.toml"
    ]
    assert history.pending() == [] and history.waiting == ""


def test_a_staged_change_to_the_same_file_does_not_hide_what_is_on_disk(history: History) -> None:
    history.commit(recipe(history, 1))
    act = recipe(history, 1, "staged")
    git(history.layout.root, "add", "shots")
    put(history, act.paths[0], "on disk")
    history.commit(act)
    assert history.committed(act.paths[0]) == b"on disk"


def test_ignored_files_and_odd_names_are_committed_byte_for_byte(history: History) -> None:
    put(history, ".gitignore", "*.toml\nshots/\n")
    act = Act("import", "odd", (put(history, "shots/a/*[x] é.toml", "a\r\nb\n"), put(history, ":(top)b.toml", "b\n")))
    git(history.layout.root, "config", "core.autocrlf", "input")
    assert history.commit(act)
    assert history.committed("shots/a/*[x] é.toml") == b"a\r\nb\n"
    assert history.committed("shots/a/missing.toml") is None


def test_author_is_who_asked_and_committer_is_who_runs(history: History) -> None:
    asked = Person("Zoë <root> O'Neil\n", "zoe@example.com")
    history.commit(recipe(history, 1, by=asked))
    history.commit(recipe(history, 2))
    said = git(history.layout.root, "log", "--format=%an %ae|%cn %ce").splitlines()
    me = "Ana Artist ana@example.com"
    assert said == [f"{me}|{me}", f"Zoë root O'Neil zoe@example.com|{me}"]
    assert [entry.author for entry in history.log()] == [Person("Ana Artist", "ana@example.com"), asked]


def _conflict(root: Path, how: Callable[[], object]) -> None:
    (root / "f").write_text("base")
    git(root, "add", "f")
    git(root, "commit", "-m", "base")
    git(root, "checkout", "-q", "-b", "side")
    (root / "f").write_text("side")
    git(root, "commit", "-qam", "side")
    git(root, "checkout", "-q", "main")
    (root / "f").write_text("main")
    git(root, "commit", "-qam", "main")
    how()


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (("merge", "side"), ("merge", "--abort"), "a merge"),
        (("rebase", "side"), ("rebase", "--abort"), "a rebase"),
        (("cherry-pick", "side"), ("cherry-pick", "--abort"), "a cherry-pick"),
        (("revert", "HEAD~1"), ("revert", "--abort"), "a revert"),
        (("bisect", "start"), ("bisect", "reset"), "a bisect"),
        (("checkout", "-q", "--detach"), ("checkout", "-q", "main"), "detached"),
    ],
)
def test_an_act_waits_while_git_is_busy(
    history: History, begin: tuple[str, ...], end: tuple[str, ...], words: str
) -> None:
    root = history.layout.root
    _conflict(root, lambda: git(root, *begin, check=False))
    before = git(root, "rev-parse", "HEAD")
    act = recipe(history, 1)
    assert history.commit(act) is None
    assert words in history.waiting and words in history.state()
    assert history.pending() == [act] and git(root, "rev-parse", "HEAD") == before
    git(root, *end)
    assert len(history.flush()) == 1
    assert history.waiting == "" and history.pending() == [] and history.log()[0].acts[0].id == act.id


def test_a_foreign_index_lock_is_waited_for_and_never_removed(history: History) -> None:
    lock = history.layout.root / ".git/index.lock"
    lock.touch()
    act = recipe(history, 1)
    assert history.commit(act) is None
    assert "index.lock" in history.waiting and lock.exists() and history.pending() == [act]
    history.patience = 30.0
    thread = threading.Timer(0.1, lock.unlink)
    thread.start()
    assert history.commit(recipe(history, 2)) is not None
    thread.join()
    assert [entry.get(VERSION) for entry in history.log()] == ["v002", "v001"]


def test_a_hook_that_refuses_is_quoted_and_the_act_is_kept(history: History) -> None:
    path = hook(history, "pre-commit", r"printf 'no \033[31mred\033[0m files\n' >&2; exit 1")
    act = recipe(history, 1)
    with pytest.raises(HistoryError) as caught:
        history.commit(act)
    assert "no ·[31mred·[0m files" in str(caught.value) and "\x1b" not in str(caught.value)
    assert history.pending() == [act]
    path.unlink()
    assert len(history.flush()) == 1 and history.pending() == []


@pytest.mark.parametrize("also_on_disk", [True, False])
def test_a_hook_that_changes_a_recipe_is_an_error_that_names_it(history: History, also_on_disk: bool) -> None:
    restore = "" if also_on_disk else 'printf "seed = 1\\n" > "$f"'
    hook(history, "pre-commit", f'f=shots/{SHOT_ID}/v001.toml; echo "# tidy" >> "$f"; git add "$f"; {restore}')
    with pytest.raises(HistoryError, match="hook") as caught:
        history.commit(recipe(history, 1))
    assert caught.value.where.endswith("v001.toml")


def test_a_filter_that_changes_bytes_is_an_error(history: History) -> None:
    put(history, ".gitattributes", "looks/** text eol=lf\n")
    with pytest.raises(HistoryError, match="filter"):
        history.commit(Act("recipe", "look", (put(history, "looks/dream.toml", "a\r\n"),)))


def test_a_review_file_may_grow_while_it_is_committed(history: History) -> None:
    path = put(history, f"shots/{SHOT_ID}/review/w.jsonl", "{}\n")
    hook(history, "pre-commit", f"echo '{{}}' >> {path}; git add {path}; echo '{{}}' >> {path}")
    assert history.commit(Act("review", "a note", (path,)))


def test_hooks_may_add_to_the_message(history: History) -> None:
    hook(history, "commit-msg", 'printf "\\nChange-Id: I123\\n" >> "$1"')
    history.commit(recipe(history, 1))
    assert history.log()[0].get("Change-Id") == "I123" and history.log()[0].get(VERSION) == "v001"


def test_no_identity_says_the_two_commands_and_keeps_the_act(history: History) -> None:
    (Path(os.environ["HOME"]) / ".gitconfig").write_text("")
    history = History(history.layout, os.environ | {"EMAIL": "guessed@example.com"})  # git would guess a name to it
    act = recipe(history, 1)
    for attempt in (
        lambda: history.commit(act),
        history.whoami,
        lambda: history.commit(recipe(history, 2, by=Person("X"))),
    ):
        with pytest.raises(HistoryError) as caught:
            attempt()
        assert "user.name" in caught.value.todo and "user.email" in caught.value.todo
    assert history.pending()[0] == act


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")  # a repository around the show is not the show's
    root = tmp_path / "show"
    root.mkdir()
    history = History(Layout(root, tmp_path / "media", tmp_path / "state"), dict(os.environ))
    (root / "a").touch()
    for attempt in (lambda: history.commit(Act("gc", "x", ("a",))), history.log, history.state, history.whoami):
        with pytest.raises(ShowError, match="not a git repository"):
            attempt()
    assert history.pending() == []
    (root / ".git").mkdir()
    (root / ".git/HEAD").write_text("damaged")
    with pytest.raises(HistoryError):
        history.log()


def _sign(history: History, script: str) -> None:
    program = history.layout.root.parent / "gpg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    for key, value in (("commit.gpgsign", "true"), ("gpg.program", str(program)), ("user.signingkey", "k")):
        git(history.layout.root, "config", key, value)


def test_signed_commits_are_left_to_the_person_with_the_key(history: History) -> None:
    _sign(
        history,
        "cat > /dev/null; printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\n"
        "echo '[GNUPG:] SIG_CREATED ' >&2",
    )
    git(history.layout.root, "config", "log.showSignature", "true")
    act = recipe(history, 1)
    assert history.commit(act, may_sign=False) is None
    assert "signed" in history.waiting and history.pending() == [act]
    assert len(history.flush()) == 1
    assert "BEGIN PGP" in git(history.layout.root, "cat-file", "commit", "HEAD")
    assert [entry.get(VERSION) for entry in history.log()] == ["v001"]


def test_a_key_that_fails_keeps_the_act(history: History) -> None:
    _sign(history, "echo 'no secret key' >&2; exit 2")
    with pytest.raises(HistoryError, match="gpg failed to sign"):
        history.commit(recipe(history, 1))
    assert len(history.pending()) == 1


def test_waiting_acts_go_first_in_order_and_share_a_commit_where_they_share_a_file(history: History) -> None:
    review = put(history, f"shots/{SHOT_ID}/review/w.jsonl", "{}\n{}\n")
    ben = Person("Ben", "ben@example.com")
    acts = [
        Act("review", "note one", (review,), ((SHOT, SHOT_ID), (VERSION, "v001")), body="said aloud"),
        recipe(history, 2),
        Act("review", "note two", (review,), ((SHOT, SHOT_ID), (VERSION, "v002")), by=ben),
    ]
    for act in acts:
        journal.put(history.layout.journal, act)
    newest = recipe(history, 3)
    commit = history.commit(newest)
    log = history.log()
    assert log[0].commit == commit
    assert [entry.subject for entry in log] == [newest.subject, acts[1].subject, "note one (and 1 more)"]
    assert [(told.subject, told.get(VERSION), told.by.name) for told in log[2].acts] == [
        ("note one", "v001", "Ana Artist"), ("note two", "v002", "Ben"),
    ]  # fmt: skip
    assert log[2].body == "said aloud" and [told.id for told in log[2].acts] == [acts[0].id, acts[2].id]


def test_nobody_gets_the_name_of_another_in_a_shared_commit(history: History) -> None:
    path = put(history, "shot.toml", "x")
    journal.put(history.layout.journal, Act("review", "asked for by Ben", (path,), by=Person("Ben", "ben@example.com")))
    history.commit(Act("review", "mine", (path,)))
    assert [told.by.name for told in history.log()[0].acts] == ["Ben", "Ana Artist"]


def test_groups_are_joined_through_a_file_between_them() -> None:
    a, b, c, d = (
        Act("gc", name, paths) for name, paths in zip("abcd", (("1",), ("2",), ("3",), ("1", "3")), strict=True)
    )
    assert together([a, b, c, d]) == [(a, c, d), (b,)]


def test_an_act_that_is_in_history_is_not_told_twice(history: History) -> None:
    act = recipe(history, 1)
    commit = history.commit(act)
    git(history.layout.root, "checkout", "-q", "-b", "other")
    journal.put(history.layout.journal, act)
    put(history, act.paths[0], "changed since")
    assert history.flush() == () and history.pending() == []
    assert [entry.commit for entry in history.log()] == [commit]


def test_bytes_that_somebody_else_committed_still_get_their_act(history: History) -> None:
    act = recipe(history, 1)
    git(history.layout.root, "add", *act.paths)
    git(history.layout.root, "commit", "-qm", "by hand")
    put(history, "mine.txt", "staged by hand")
    git(history.layout.root, "add", "mine.txt")
    assert history.commit(act)
    assert [entry.event for entry in history.log()] == ["recipe", ""]
    assert git(history.layout.root, "status", "--porcelain").splitlines()[0] == "A  mine.txt"


def test_a_file_that_is_gone_is_named(history: History) -> None:
    act = recipe(history, 1)
    (history.layout.root / act.paths[0]).unlink()
    with pytest.raises(HistoryError, match="gone") as caught:
        history.commit(act)
    assert act.paths[0] in caught.value.where and act.id in caught.value.todo


def test_a_damaged_journal_is_an_error_that_names_the_file(history: History) -> None:
    history.layout.journal.mkdir(parents=True)
    (history.layout.journal / "01ARZ3NDEKTSV4RRFFQ69G5FAV.json").write_text("{")
    with pytest.raises(HistoryError) as caught:
        history.commit(recipe(history, 1))
    assert "01ARZ3NDEKTSV4RRFFQ69G5FAV" in caught.value.where
    assert len(list(history.layout.journal.glob("*.json"))) == 2


def test_git_variables_of_a_hook_or_an_editor_do_not_leak(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Set For This Run")
    fresh = History(history.layout, dict(os.environ))
    assert fresh.commit(recipe(fresh, 1))
    assert fresh.log()[0].author.name == "Set For This Run"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_show_that_belongs_to_somebody_else_is_readable(history: History) -> None:
    history.commit(recipe(history, 1))
    for path in [history.layout.root, *history.layout.root.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert "dubious" in subprocess.run(["git", "log"], cwd=history.layout.root, capture_output=True, text=True).stderr
    assert len(history.log()) == 1


def test_the_log_tells_foreign_commits_and_filters_by_shot(history: History) -> None:
    assert history.log() == []
    act = recipe(history, 1, body="why: the editor asked\n\nRushes-Event: gc\nRushes-Shot: forged")
    history.commit(act)
    put(history, "elsewhere/f", "x")
    git(history.layout.root, "add", "elsewhere")
    git(history.layout.root, "commit", "-qm", "by \x1b[31mhand\nsecond line\n\nbody")
    mine = history.log(SHOT_ID)
    assert [entry.subject for entry in history.log()] == ["by ·[31mhand second line", act.subject]
    assert [entry.get(SHOT) for entry in mine] == [SHOT_ID] and mine[0].body == act.body
    assert [(entry.event, entry.acts) for entry in history.log(limit=1)] == [("", ())]
    assert mine[0].get(PARENT) == "" and mine[0].at[:2] == "20"


def test_attributes_are_added_to_what_is_there(tmp_path: Path) -> None:
    root = tmp_path / "show"
    root.mkdir()
    (root / ".gitattributes").write_text("*.exr filter=lfs")
    history = History(Layout(root, tmp_path, tmp_path / "state"), dict(os.environ))
    history.create()
    history.create()
    lines = (root / ".gitattributes").read_text().splitlines()
    assert lines[0] == "*.exr filter=lfs" and len(lines) == 4


def test_every_clone_has_an_id_of_its_own_and_work_trees_share_it(history: History, tmp_path: Path) -> None:
    history.commit(recipe(history, 1))
    root = history.layout.root
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    git(tmp_path, "clone", "-q", str(root), "copy")
    assert history.clone_id == clone_id(root) == clone_id(tmp_path / "tree") != clone_id(tmp_path / "copy")
    tree = History(Layout(tmp_path / "tree", tmp_path, tmp_path / "state2"), dict(os.environ))
    assert tree.commit(recipe(tree, 2)) and history.committed(f"shots/{SHOT_ID}/v002.toml") is None
