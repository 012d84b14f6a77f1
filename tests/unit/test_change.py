"""A commit taken apart, whatever bytes it holds; and a history filtered by person, event and date."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ShowError
from core.history.change import commit_change
from core.history.events import Act, Entry, Person, matching, message
from core.history.git import History
from core.history.repo import Git
from core.layout import Layout

EVIL = "evil \x1b[2J\u202e\nname"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "Ana")
    git(tmp_path, "config", "user.email", "ana@x.y")
    return tmp_path


def git(folder: Path, *args: str, **more: str) -> str:
    done = subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, env={**os.environ, **more})
    return done.stdout.decode(errors="replace").strip()


def commit(repo: Path, text: str = "what was done", **more: str) -> str:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", text, **more)
    return git(repo, "rev-parse", "HEAD")


def the(repo: Path) -> Git:
    return Git(repo, dict(os.environ))


def test_a_commit_says_who_why_and_what(repo: Path) -> None:
    (repo / "kept").write_text("a\nb\nc\n")
    (repo / "gone").write_text("x\n")
    first = commit(repo)
    (repo / "kept").write_text("a\nB\nc\n")
    (repo / "gone").unlink()
    (repo / "new").write_text("diff --git a/kept b/kept\n@@ -1 +1 @@\n")
    second = commit(repo, "sh010: softer\n\nbecause of the edge")
    change = commit_change(the(repo), second[:9])
    assert (change.entry.commit, change.entry.subject, change.entry.body) == (
        second,
        "sh010: softer",
        "because of the edge",
    )
    assert change.entry.author == Person("Ana", "ana@x.y")
    assert [(file.path, file.status) for file in change.files] == [
        ("gone", "removed"),
        ("kept", "changed"),
        ("new", "added"),
    ]
    assert change.files[1].text.splitlines()[1:] == [" a", "-b", "+B", " c"]
    assert change.files[2].text.splitlines()[1:] == ["+diff --git a/kept b/kept", "+@@ -1 +1 @@"]
    assert [file.status for file in commit_change(the(repo), first).files] == ["added", "added"]


def test_hostile_names_and_contents_are_safe_to_show_and_bounded(repo: Path) -> None:
    (repo / EVIL).write_bytes(b"\xff\xfe\x1b[2J\n" * 3)
    (repo / "-rf").write_text("x" * 100_000)
    (repo / "*").write_text("star\n")
    (repo / "pixels").write_bytes(bytes(range(256)))
    (repo / "large").write_text("line\n" * 300_000)
    (repo / "link").symlink_to("pixels")
    change = commit_change(the(repo), commit(repo, f"{EVIL}\n\n{EVIL}", GIT_AUTHOR_NAME="A\x1b[2J"))
    by_path = {file.path: file for file in change.files}
    shown = (
        "".join(f"{file.path}{file.text}" for file in change.files) + change.entry.subject + str(change.entry.author)
    )
    assert shown.replace("\n", "").isprintable()
    assert len(by_path) == 6 and by_path["*"].text.endswith("+star\n")
    assert by_path["-rf"].cut and len(by_path["-rf"].text) == 20_000
    assert by_path["pixels"].text == by_path["large"].text == ""
    (repo / "link").unlink()
    (repo / "link").write_text("a file now\n")
    (repo / "zz").write_text("after it\n")
    kinds = commit_change(the(repo), commit(repo)).files
    assert [(file.path, file.status) for file in kinds] == [("link", "changed in kind"), ("zz", "added")]
    assert "+a file now" in kinds[0].text and "+after it" in kinds[1].text


def test_a_commit_of_many_files_names_them_all(repo: Path) -> None:
    for number in range(60):
        (repo / f"f{number:02d}").write_text("x\n")
    files = commit_change(the(repo), commit(repo)).files
    assert len(files) == 60 and files[49].text and not files[50].text


def test_a_merge_is_told_against_its_first_parent_and_an_empty_commit_changes_nothing(repo: Path) -> None:
    assert commit_change(the(repo), commit(repo)).files == ()
    git(repo, "checkout", "-q", "-b", "other")
    (repo / "theirs").write_text("x\n")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    (repo / "ours").write_text("x\n")
    commit(repo)
    git(repo, "merge", "-q", "--no-edit", "other")
    assert [file.path for file in commit_change(the(repo), git(repo, "rev-parse", "HEAD")).files] == ["theirs"]


@pytest.mark.parametrize("name", ["", "HEAD", "--help", "abc", "deadbeef", "main", "0" * 40, "x\x1b"])
def test_what_is_no_commit_is_said(repo: Path, name: str) -> None:
    commit(repo)
    with pytest.raises(ShowError, match="no commit"):
        commit_change(the(repo), name)


def test_a_history_is_read_page_by_page(repo: Path) -> None:
    for number in range(5):
        commit(repo, f"act {number}")
    history = History(Layout(repo, repo, repo / "state"), dict(os.environ))
    pages = [entry.subject for skip in (0, 2, 4) for entry in history.log(limit=2, skip=skip)]
    assert pages == [f"act {number}" for number in (4, 3, 2, 1, 0)]


NAMES = ("Ana Artist <ana@x.y>", "Ben Boss <ben@x.y>")
EVENTS = ("review", "recipe", "undo")
DAYS = [datetime(2026, 1, day, 12, tzinfo=UTC) for day in range(1, 5)]
FACTS = st.tuples(
    st.sampled_from(NAMES), st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(NAMES)), max_size=3)
)


@given(
    facts=st.lists(st.tuples(FACTS, st.sampled_from(DAYS)), max_size=8),
    who=st.sampled_from(["", "ANA", "ben@", "nobody"]),
    event=st.sampled_from(["", *EVENTS]),
    since=st.sampled_from([None, *DAYS]),
    until=st.sampled_from([None, *DAYS]),
)
def test_filters_keep_exactly_what_passes_all_of_them(
    facts: list[tuple[tuple[str, list[tuple[str, str]]], datetime]],
    who: str,
    event: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    entries, expected = [], []
    for n, ((author, acts), at) in enumerate(facts):
        told = [Act(name, "x", ("a",), by=Person.parse(by)) for name, by in acts]
        raw = message(told) if told else "by hand\n"
        person = told[0].by if told else Person.parse(author)
        assert person is not None
        entry = Entry(str(n), person.name, person.email, at.isoformat(), raw)
        entries.append(entry)
        people = [by for _, by in acts] or [author]
        keeps = not who or any(who.lower() in by.lower() for by in people)
        keeps = keeps and (not event or event in [name for name, _ in acts])
        if keeps and (since is None or at >= since) and (until is None or at <= until):
            expected.append(entry)
    assert matching(entries, who, event, since, until) == expected


def test_a_commit_with_a_date_that_nobody_can_read_is_in_no_span() -> None:
    entry = Entry("c", "Ana", "", "", "x")
    assert matching([entry]) == [entry] and matching([entry], since=DAYS[0]) == []
