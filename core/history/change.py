"""What one commit changed, file by file, safe to show whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import ShowError
from core.files import one_line, safe_text
from core.history.events import Entry
from core.history.repo import Git

_TEXTS = 50
"""Files whose differences are read; of the others only the names."""
_LONGEST = 20_000
"""Characters of one file's difference that are kept."""
_WORDS = {"A": "added", "M": "changed", "D": "removed", "T": "changed in kind"}


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a commit."""

    path: str
    """Relative to the show; one line."""
    status: str
    """added, changed, removed, changed in kind."""
    text: str = ""
    """The difference as git shows it, without its head; empty for what is no text or too large."""
    cut: bool = False
    """There is more than `text` has."""


@dataclass(frozen=True, slots=True)
class CommitChange:
    """A commit, and what it changed against its (first) parent."""

    entry: Entry
    """Who, when, why."""
    files: tuple[FileChange, ...]


def commit_change(git: Git, commit: str) -> CommitChange:
    """A commit by its id, or by a beginning of it that is unique. Raises ShowError: there is no such commit."""
    name = _name(git, commit)
    row = git.ask("show", "-s", "-z", "--no-color", "--format=%P%x00%H%x00%an%x00%ae%x00%aI%x00%B", name)
    parents, *facts = row.decode(errors="replace").split("\0")[:6]
    before = parents.split(" ")[0] or git.ask("hash-object", "-t", "tree", "--stdin").decode().strip()
    listed = git.ask("diff-tree", "-r", "-z", "--no-renames", "--name-status", before, name).split(b"\0")[:-1]
    rows = list(zip(listed[::2], listed[1::2], strict=True))
    files = [FileChange(one_line(path.decode(errors="replace")), _words(status)) for status, path in rows]
    return CommitChange(Entry(*facts), (*_with_text(git, before, name, rows, files), *files[_TEXTS:]))


def _name(git: Git, commit: str) -> str:
    found = ""
    if re.fullmatch(r"[0-9a-fA-F]{4,64}", commit):
        found = git.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").out.decode().strip()
    if not found:
        raise ShowError(f"There is no commit {one_line(commit, 70)!r}.", todo="See them: rushes log --json.")
    return found


def _words(status: bytes) -> str:
    return _WORDS.get(status.decode(errors="replace")[:1], "changed")


def _with_text(
    git: Git, before: str, name: str, rows: Sequence[tuple[bytes, bytes]], files: Sequence[FileChange]
) -> list[FileChange]:
    """The first files with their differences, from one call: each begins with a line that no content can begin with.

    A file that changes its kind (a link that becomes a file) is told as two differences.
    """
    if not rows:
        return []
    wanted = [path.decode(errors="surrogateescape") for _, path in rows[:_TEXTS]]
    how = ("diff-tree", "-r", "-p", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")
    out = git.ask("--literal-pathspecs", "-c", "core.bigFileThreshold=1m", *how, before, name, "--", *wanted)
    parts = re.split(r"^diff --git .*\n", out.decode(errors="replace"), flags=re.MULTILINE)[1:]
    texts = iter(parts)
    made = []
    for (status, _), file in zip(rows, files[:_TEXTS], strict=False):
        text = "".join(next(texts, "") for _ in range(2 if status.startswith(b"T") else 1))
        hunks = safe_text(text[text.find("@@") :] if "@@" in text else "", keep_newlines=True)
        made.append(replace(file, text=hunks[:_LONGEST], cut=len(hunks) > _LONGEST))
    return made
