"""The git command line in one folder, and where its directories are. The home of GitPython.

GitPython runs the command line (hooks, signing and configuration work as the user set them up) and walks no objects.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import Broken, HistoryError, ShowError
from core.files import FileLock, explained, machine_id, safe_text, write_atomic

_KEPT = frozenset(
    [
        *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE")),
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
    ]
)
"""Who commits, where that is configured, and how a remote is reached. Every other GIT_* (GIT_DIR, GIT_INDEX_FILE … as
they are set inside a hook or by an editor) would aim git at another repository or index, and is cleared."""

_NOBODY = re.compile(r"tell me who you are|no (email|name) was given|empty ident name|auto-detection is disabled")


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command said: exit code, bytes, and its complaints (not cleaned)."""

    code: int
    out: bytes
    err: str


class Git:
    """The git command line in one folder, with an environment that nothing leaks into."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root = root
        self._env = {key: value for key, value in env.items() if not key.startswith("GIT_") or key in _KEPT} | {
            "GIT_TERMINAL_PROMPT": "0",  # a question would freeze a screen or a worker
            "GIT_CEILING_DIRECTORIES": str(root.absolute().parent),  # never a repository that the show lies in
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "C",
        }
        self._options = [
            *("-c", "log.showSignature=false", "-c", "color.ui=false", "-c", "i18n.logOutputEncoding=UTF-8"),
            *("-c", "i18n.commitEncoding=UTF-8", "-c", "user.useConfigOnly=true", "-c", "core.abbrev=40"),
            *("-c", f"safe.directory={root.resolve()}"),
        ]

    def run(self, *args: str, stdin: bytes = b"", limit: float | None = None) -> Result:
        """Run `git ARGS`. With `limit` (seconds) it talks to a remote: no terminal, and killed when the time is over.

        Raises HistoryError where git is not installed.
        """
        try:
            import git
        except ImportError as error:
            raise HistoryError(
                "git is not installed, or not on the PATH.", todo="Install git 2.38 or newer."
            ) from error
        # GitPython starts from the process's own environment: what must not reach git is taken out with env(1).
        unset = [part for name in os.environ if name not in self._env for part in ("-u", name)]
        with tempfile.TemporaryFile() as feed:
            feed.write(stdin)
            feed.seek(0)
            code, out, err = git.Git(self.root).execute(
                [*(("env", *unset) if unset else ()), "git", *self._options, *args],
                istream=feed,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=self._env,
                kill_after_timeout=limit,
                start_new_session=limit is not None,
            )
        return Result(code, out if isinstance(out, bytes) else b"", str(err))

    def ask(self, *args: str, stdin: bytes = b"") -> bytes:
        """The output of a git command that must succeed. Raises HistoryError with what git said."""
        result = self.run(*args, stdin=stdin)
        if result.code:
            raise self.refusal(f"git {args[0]} failed.", result)
        return result.out

    def refusal(self, what: str, result: Result, todo: str = "") -> HistoryError:
        """The error for a command that failed: what git said, safe to show."""
        if _NOBODY.search(result.err):
            return no_identity(self.root)
        said = f"{result.err.strip()}\n{result.out.decode(errors='replace').strip()}".strip()
        said = safe_text(said, keep_newlines=True)[:4000]
        return HistoryError(f"{what}\n{said}" if said else what, where=str(self.root), todo=todo)


def no_identity(root: Path) -> HistoryError:
    return HistoryError(
        "git does not know who you are, so nothing can be signed with your name.",
        where=str(root),
        todo='git config --global user.name "Your Name" and git config --global user.email you@example.com',
    )


def git_dirs(root: Path) -> tuple[Path, Path]:
    """The git directory of the work tree at `root`, and the one that all its work trees share. Reads two small files.

    Raises ShowError where `root` is not the top of a git work tree.
    """
    dot = root / ".git"
    if dot.is_file():
        own = root / dot.read_text().removeprefix("gitdir:").strip()
    else:
        own = dot
    if not (own / "HEAD").exists():
        raise ShowError(
            "This show is not a git repository.",
            where=str(root),
            todo="Bring its .git folder back from a clone, or start a new history: git init, git add, git commit.",
        )
    shared = own / "commondir"
    return own, (own / shared.read_text().strip()).resolve() if shared.exists() else own


def clone_id(root: Path) -> str:
    """The id of this clone, ten hexadecimal digits: made once, in the git directory, which `git clone` does not copy.

    A copy of the whole folder (`cp -r`) does take it along; the copy gets an id of its own here, or it would share the
    queue, the drafts and the review files of what it was copied from. A folder that was moved keeps its id.

    Raises ShowError where `root` is no repository, Broken where an id is needed and cannot be written.
    """
    folder = git_dirs(root)[1] / "rushes"
    known, place = _marked(folder), _place(folder)
    if known and known[1] == place:
        return known[0]
    if known and not copied_from(root):
        if known[1][:1] in ((), place[:1]):  # moved here; on another machine's disk it is theirs to say
            with contextlib.suppress(Broken):  # a show that may only be read goes by the id it has
                _mark(folder, known[0], place)
        return known[0]
    with FileLock(folder / "lock"):
        again = _marked(folder)
        if again is None or again == known:
            _mark(folder, secrets.token_hex(5), _place(folder))
    found = _marked(folder)
    assert found is not None
    return found[0]


def copied_from(root: Path) -> str:
    """Where the show that this one is a copy of lies or lay; empty where it is no copy, or has an id of its own by now.

    The id's file says on which machine and under which path and inode its folder was when it was written. The same
    inode is the same folder, moved or seen from elsewhere. Another one is a copy where the first still stands, or is on
    another machine (whose queue is out of reach in any case).
    """
    folder = git_dirs(root)[1] / "rushes"
    known = _marked(folder)
    if known is None or not known[1]:
        return ""
    was, now = known[1], _place(folder)
    if was[2] == now[2] or was[:2] == now[:2]:
        return ""
    first = Path(was[1])
    stands = was[0] != now[0] or ((there := _marked(first)) is not None and there[0] == known[0])
    return str(first.parents[1]) if stands else ""


def _marked(folder: Path) -> tuple[str, tuple[str, ...]] | None:
    """The id in a folder, and where that folder was when it was written (machine, path, inode; older files: empty)."""
    try:
        lines = (folder / "clone-id").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (lines[0].strip(), tuple(lines[1:4])) if lines and lines[0].strip() else None


def _mark(folder: Path, name: str, place: tuple[str, ...]) -> None:
    text = "\n".join((name, *place)) + "\n"
    write_atomic(folder / "clone-id", text.encode("utf-8", errors="surrogateescape"))


def _place(folder: Path) -> tuple[str, ...]:
    """Which machine, path and inode a folder is."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return machine_id(), str(folder.resolve()), str(folder.stat().st_ino)
