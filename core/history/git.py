"""The show's history: commit our own paths and nothing else, claim numbers, read the log."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import HistoryError
from core.failpoints import failpoint
from core.files import FileLock, one_line, write_atomic
from core.history import claims, journal
from core.history.events import ACT, Act, Entry, Person, message, parse_message
from core.history.repo import Git, Result, clone_id, git_dirs
from core.layout import GIT_ATTRIBUTES, Layout

_LOCKED = re.compile(r"Unable to create '[^']*\.lock': File exists|cannot lock ref 'HEAD'")
_COMMITTED = re.compile(rb"^\[.*? ([0-9a-f]{40,64})\] ", re.MULTILINE)
_BUSY = {
    "MERGE_HEAD": "a merge is under way",
    "rebase-merge": "a rebase is under way",
    "rebase-apply": "a rebase is under way",
    "CHERRY_PICK_HEAD": "a cherry-pick is under way",
    "REVERT_HEAD": "a revert is under way",
    "sequencer": "a cherry-pick or revert is under way",
    "BISECT_LOG": "a bisect is under way",
}
_POLL = 0.02
_MANY = 100
"""Paths."""


class History:
    """The history of one show. `waiting` says why acts wait in the journal; empty when the last call left none."""

    def __init__(self, layout: Layout, env: Mapping[str, str], *, patience: float = 10.0) -> None:
        """`patience`: seconds to wait for somebody else's index.lock; six times that for another rushes."""
        self.layout = layout
        self.git = Git(layout.root, env)
        self.patience = patience
        self.waiting = ""
        self._me: Person | None = None

    def create(self) -> None:
        """Make the repository (branch main) where there is none, and its .gitattributes. Commits nothing."""
        self.layout.root.mkdir(parents=True, exist_ok=True)
        if not (self.layout.root / ".git").exists():
            self.git.ask("init", "--quiet", "--initial-branch=main")
        path = self.layout.root / ".gitattributes"
        text = path.read_text() if path.exists() else ""
        missing = [line for line in GIT_ATTRIBUTES.splitlines() if line not in text.splitlines()]
        if missing:
            closed = text if not text or text.endswith("\n") else text + "\n"
            write_atomic(path, closed + "\n".join(missing) + "\n")

    @property
    def clone_id(self) -> str:
        return clone_id(self.layout.root)

    def whoami(self) -> Person:
        """Who git says this user is: GIT_AUTHOR_*, else user.name and user.email. Raises HistoryError: not set."""
        if self._me is None:
            git_dirs(self.layout.root)
            line = self.git.ask("var", "GIT_AUTHOR_IDENT").decode(errors="replace")
            self._me = Person.parse(line)
        return self._me

    def introduce(self, person: Person) -> None:
        """Tell git who works in this repository (its own config, nobody else's)."""
        self.git.ask("config", "user.name", person.name)
        self.git.ask("config", "user.email", person.email)
        self._me = None

    def state(self) -> str:
        """Why nothing can be committed now (a merge, a rebase, a detached HEAD …), or an empty string."""
        own, _ = git_dirs(self.layout.root)
        for name, words in _BUSY.items():
            if (own / name).exists():
                return words
        head = (own / "HEAD").read_text(errors="replace")
        return "" if head.startswith("ref:") else "HEAD is detached: no branch is checked out"

    # Committing

    def commit(self, act: Act, *, may_sign: bool = True) -> str | None:
        """Put an act into history: its paths as they are on disk now, and nothing else that is staged or changed.

        The act is in the journal before git is asked, and acts that waited go first. Returns the commit, or None where
        the act waits (`waiting` says why). `may_sign=False`: wait rather than use this user's signing key.

        Raises:
            HistoryError: a hook, signing or git itself refused, or git does not know who this is. The act is kept.
            ShowError: not a git repository.
        """
        git_dirs(self.layout.root)
        journal.put(self.layout.journal, act)
        made = self._settle(may_sign, fresh=act.id)
        if act.id not in made and not journal.has(self.layout.journal, act.id):
            made = self._recorded([act.id])  # another process of this clone took it along
        return made.get(act.id)

    def flush(self, *, may_sign: bool = True) -> tuple[str, ...]:
        """Commit what waits in the journal. Returns the new commits, oldest first. Raises as `commit`."""
        return tuple(dict.fromkeys(self._settle(may_sign).values()))

    def pending(self) -> list[Act]:
        """The acts that wait for their commit, oldest first."""
        return journal.pending(self.layout.journal)

    def _settle(self, may_sign: bool, fresh: str = "") -> dict[str, str]:
        """Commit all pending acts; the commit of each. `fresh`: an act that cannot have been committed before."""
        made: dict[str, str] = {}
        self.waiting = ""
        if not self.pending():
            return made
        try:
            with self._alone():
                acts = self.pending()
                if obstacle := self.state() or self._no_key(may_sign):
                    raise _Waits(obstacle)
                done = self._recorded([act.id for act in acts if act.id != fresh])
                for act_id in done:  # killed between the commit and this line
                    journal.drop(self.layout.journal, act_id)
                for group in together([act for act in acts if act.id not in done]):
                    if lacking := self._lacking(group):
                        self.waiting = lacking
                        continue
                    files = self._files(group)
                    commit = self._commit(group, sorted(files))
                    failpoint("commit")
                    for act in group:
                        made[act.id] = commit
                        journal.drop(self.layout.journal, act.id)
                    self._check(commit, files)
        except _Waits as reason:
            self.waiting = str(reason)
        return made

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time: measured, ten without this lost 44 of 50 commits."""
        lock = FileLock(git_dirs(self.layout.root)[1] / "rushes" / "lock")
        deadline = time.monotonic() + 6 * self.patience
        while not lock.acquire():
            if time.monotonic() > deadline:
                raise _Waits(f"another rushes is committing ({one_line(lock.holder())})")
            time.sleep(_POLL)
        try:
            yield
        finally:
            lock.release()

    def _no_key(self, may_sign: bool) -> str:
        signed = not may_sign and self.git.run("config", "--type=bool", "commit.gpgsign").out.strip() == b"true"
        return "commits are signed here, and only the person who asked holds the key" if signed else ""

    def _lacking(self, acts: Sequence[Act]) -> str:
        """Why these acts belong to another branch than the one that is checked out; empty where they do not."""
        needs = [path for act in acts for path in act.needs]
        missing = [path for path in needs if path not in self._blobs("HEAD", needs)]
        if not missing:
            return ""
        head = (git_dirs(self.layout.root)[0] / "HEAD").read_text(errors="replace")
        branch = one_line(head.removeprefix("ref: refs/heads/"))
        return f"{acts[0].subject}: {missing[0]} is not on the branch {branch}; check out the one that has it"

    def _files(self, acts: Sequence[Act]) -> dict[str, bytes]:
        """The bytes of the acts' files as they are before git sees them. Raises HistoryError: one is gone."""
        files: dict[str, bytes] = {}
        for act in acts:
            for path in act.paths:
                try:
                    files[path] = (self.layout.root / path).read_bytes()
                except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                    raise HistoryError(
                        f"A file of an act that waits for its commit is gone: {act.subject}.",
                        where=str(self.layout.root / path),
                        todo=f"Bring it back, or give the act up: remove {act.id}.json in {self.layout.journal}.",
                    ) from None
        return files

    def _commit(self, acts: Sequence[Act], paths: Sequence[str]) -> str:
        """One commit of the acts' paths. Raises _Waits, HistoryError."""
        acts = [act if act.by else replace(act, by=self.whoami()) for act in acts]
        with tempfile.TemporaryDirectory(prefix="rushes-") as folder:
            text, listing = Path(folder, "message"), Path(folder, "paths")
            text.write_bytes(message(acts).encode())
            listing.write_bytes("\0".join(paths).encode())
            where = (f"--pathspec-from-file={listing}", "--pathspec-file-nul")
            how = ("commit", "--only", "--cleanup=verbatim", f"--author={acts[0].by}", f"--file={text}", *where)
            self._patiently(acts, "--literal-pathspecs", "add", "--force", *where)
            result = self._patiently(acts, "--literal-pathspecs", *how, may_fail=True)
            if result.code and self._blobs("HEAD", paths) == self._blobs(":0", paths):
                # Somebody else's commit already holds these bytes: the act is told by a commit without changes.
                result = self._patiently(acts, "--literal-pathspecs", *how, "--allow-empty", may_fail=True)
        found = _COMMITTED.search(result.out)
        if result.code or found is None:
            raise self._refused(acts, result)
        return found[1].decode()

    def _patiently(self, acts: Sequence[Act], *args: str, may_fail: bool = False) -> Result:
        """Run a command that takes the index; wait for a lock that somebody else holds, and never remove it."""
        deadline = time.monotonic() + self.patience
        while True:
            result = self.git.run(*args)
            if not result.code or not _LOCKED.search(result.err):
                break
            if time.monotonic() > deadline:
                raise _Waits(
                    "another program holds git's index.lock; if no git is running, it was left by one that died "
                    f"and can be removed: {git_dirs(self.layout.root)[0] / 'index.lock'}"
                )
            time.sleep(_POLL)
        if result.code and not may_fail:
            raise self._refused(acts, result)
        return result

    def _refused(self, acts: Sequence[Act], result: Result) -> HistoryError:
        return self.git.refusal(
            f"git refused the commit “{acts[0].subject}”, perhaps through a hook (pre-commit, commit-msg). It said:",
            result,
            "What you did is kept. Put right what git names; the next rushes command commits it.",
        )

    def _blobs(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """The blob id of each path in a revision (`:0` is the index); a path that is not there is left out."""
        if len(paths) > _MANY and not revision.startswith(":"):
            return self._listed(revision, paths)
        asked = "".join(f"{revision}:{path}\n" for path in paths)
        lines = self.git.ask("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode()).decode()
        rows = zip(paths, lines.splitlines(), strict=True)
        return {path: line.split()[0] for path, line in rows if line.endswith(" blob")}

    def _listed(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """The same from one listing: for each path alone git reads the whole folder above it."""
        tops = {path.partition("/")[0] for path in paths}
        lines = os.fsdecode(self.git.run("ls-tree", "-r", "-z", "--full-tree", revision, "--", *sorted(tops)).out)
        rows = (line.partition("\t") for line in lines.split("\0") if line)
        held = {path: said.split()[2] for said, _, path in rows if said.split()[1] == "blob"}
        return {path: held[path] for path in paths if path in held}

    def _check(self, commit: str, files: Mapping[str, bytes]) -> None:
        """Compare what was committed with what the files were before: hooks and filters can change bytes on the way."""
        blobs = self._blobs(commit, list(files))
        for path, data in files.items():
            if blobs.get(path) != blob_id(data, len(commit)) and not self._grew(commit, path, data):
                raise HistoryError(
                    f"Commit {commit[:12]} holds other bytes than were written: a git hook or filter changed them.",
                    where=str(self.layout.root / path),
                    todo="Exempt shots/, cut/ and publish/ in that hook (or in .gitattributes), bring the file back "
                    f"as it was and commit it again: git add -f {path} && git commit {path}.",
                )

    def _grew(self, commit: str, path: str, before: bytes) -> bool:
        """Whether a review file only got further lines meanwhile: another process may append at any time."""
        if not path.endswith(".jsonl"):
            return False
        held = self.git.ask("cat-file", "blob", f"{commit}:{path}")
        return held.startswith(before) and (self.layout.root / path).read_bytes().startswith(held)

    # Claims

    def claim(self, shot: str, taken: Iterable[int] = ()) -> int:
        """The next free version number of a shot, ours from now on. See `core.history.claims.claim`."""
        return claims.claim(self.git, git_dirs(self.layout.root)[1], shot, taken, self.clone_id)

    def claims(self) -> dict[str, set[int]]:
        """Per shot the numbers that are claimed, as far as this clone knows."""
        return claims.claimed(self.git)

    def claimed_by(self, shot: str, version: str) -> str:
        """The id of the clone that claimed a version; empty where this clone does not know."""
        return claims.owner(self.git, shot, int(version[1:]))

    # Reading

    def log(self, shot: str | None = None, limit: int | None = None, skip: int = 0) -> list[Entry]:
        """The history, newest first, in one git call; with `shot` the commits that touch its folder.

        `limit` and `skip` page through it.

        Raises HistoryError, ShowError.
        """
        git_dirs(self.layout.root)
        options = ["log", "-z", "--no-color", "--format=%H%x00%an%x00%ae%x00%aI%x00%B"]
        if limit is not None:
            options.append(f"--max-count={limit}")
        if skip:
            options.append(f"--skip={skip}")
        if shot is not None:
            options += ["--full-history", "--", f"shots/{shot}"]  # also what a merge did not take over
        result = self.git.run("--literal-pathspecs", *options)
        if "does not have any commits yet" in result.err:
            return []
        if result.code:
            raise self.git.refusal("The history cannot be read.", result)
        fields = result.out.decode(errors="replace").split("\0")[:-1]
        return [Entry(*row) for row in zip(*[iter(fields)] * 5, strict=True)]

    def _recorded(self, act_ids: Sequence[str]) -> dict[str, str]:
        """Which of these acts are in a commit of any local branch already, and in which."""
        if not act_ids or self.git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
            return {}
        search = [f"--grep={ACT}: {act_id}" for act_id in act_ids]
        out = self.git.ask("log", "-z", "--fixed-strings", *search, "--format=%H%x00%B", "--branches", "HEAD").decode(
            errors="replace"
        )
        fields = out.split("\0")[:-1]
        told = {
            value: commit
            for commit, body in zip(fields[::2], fields[1::2], strict=True)
            for key, value in parse_message(body).trailers
            if key == ACT
        }
        return {act_id: told[act_id] for act_id in act_ids if act_id in told}

    def committed(self, path: str) -> bytes | None:
        """The bytes of a file (path relative to the show) in HEAD, or None where HEAD has no such file."""
        git_dirs(self.layout.root)
        blob = self._blobs("HEAD", [path]).get(path)
        return self.git.ask("cat-file", "blob", blob) if blob else None

    def tree(self, folder: str) -> dict[str, str]:
        """The files below a folder in HEAD (paths relative to the show) and their blobs; none where nothing is yet."""
        git_dirs(self.layout.root)
        if self.git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
            return {}
        out = self.git.ask("--no-replace-objects", "ls-tree", "-r", "-z", "--full-tree", "HEAD", "--", folder)
        rows = (row.partition("\t") for row in out.decode(errors="replace").split("\0") if row)
        return {path: facts.split()[2] for facts, _, path in rows}

    def remote(self) -> str:
        """A remote that claims may be fetched from, `origin` where there is one; or an empty string."""
        names = self.git.run("remote").out.decode(errors="replace").split()
        return "origin" if "origin" in names else next(iter(names), "")


class _Waits(Exception):
    """Nothing can be committed now, and nothing is wrong: the acts wait."""


def together(acts: Sequence[Act]) -> list[tuple[Act, ...]]:
    """Acts that share a file, directly or through others, in one group: a file has only its present state to commit."""
    groups: list[tuple[Act, ...]] = []
    for act in acts:
        joined = [group for group in groups if any(set(act.paths) & set(other.paths) for other in group)]
        merged = (*(other for group in joined for other in group), act)
        groups = [*(group for group in groups if group not in joined), merged]
    by_id = (tuple(sorted(group, key=lambda act: act.id)) for group in groups)
    return sorted(by_id, key=lambda group: group[0].id)


def blob_id(data: bytes, length: int) -> str:
    """The name git gives these bytes, in a repository whose names have `length` digits (40: SHA-1, 64: SHA-256)."""
    digest = hashlib.sha256() if length == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()
