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

from core.errors import HistoryError, ShowError
from core.files import FileLock, safe_text, write_atomic

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
        "git does not know who you are, so nothing can be signed with your name. What you did is kept.",
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

    Raises ShowError where `root` is no repository, Broken where it cannot be written.
    """
    folder = git_dirs(root)[1] / "rushes"
    path = folder / "clone-id"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    with FileLock(folder / "lock"):
        if not path.exists():
            write_atomic(path, secrets.token_hex(5) + "\n")
    return path.read_text().strip()
