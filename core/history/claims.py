"""Version numbers: claimed once, by creating a git reference, and never used again.

`refs/rushes/claims/<shot>/vNNN` points at a small blob that says which clone claimed it. No two claims share a blob, on
purpose: two clones that pushed the same object to the same name would both hear "up to date" and think they had won.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable
from pathlib import Path

from core.errors import HistoryError
from core.files import FileLock, check_name, one_line
from core.history.events import new_id
from core.history.repo import Git, Result
from core.layout import version_name

_REFS = "refs/rushes/claims"
_VERSION_FILE = re.compile(rb"100(?:644|755) v(\d{3,6})\.(?:toml|json|sha256)\0")
_TRIES = 40
_REMOTE_SECONDS = 60.0


def claim(git: Git, common: Path, shot: str, taken: Iterable[int], clone: str) -> int:
    """Claim the next free version number of a shot: 1 + the highest over claims, all branches' tips, and `taken`.

    Where the branch has a remote (`branch.<name>.remote`, else `origin`) the claim counts once it is pushed there with
    a lease that it must not exist; whoever loses the race takes the next number. Claims of the remote are fetched
    first, so that nothing is claimed at all while it is out of reach. If the line breaks within the push nobody knows
    who has the number: the local claim stays and the number is never used.

    `common`: the git common directory. `taken`: numbers in use elsewhere (media folders, the ledger).

    Raises:
        HistoryError: the remote is out of reach or refuses; no version was made.
        BadInput: `shot` is no shot id.
    """
    check_name(shot, "shot id")
    with FileLock(common / "rushes" / "claims.lock"):
        remote = _remote(git)
        floor = max((*taken, *_on_branches(git, shot)), default=0)
        said, lost, again = Result(0, b"", ""), 0, 0
        for attempt in range(_TRIES):
            if remote:
                _fetch(git, remote, shot)
            number = 1 + max({floor} | claimed(git).get(shot, set()))
            again = again + 1 if number == lost else 0  # refused just now, and yet nobody else has it
            if again == 3:
                break
            blob = _create(git, shot, number, clone)
            if blob and not remote:
                return number
            if blob:
                said = _push(git, remote, shot, number, blob)
                if not said.code:
                    return number
            lost = number
            time.sleep(random.uniform(0, min(0.02 * 2**attempt, 1.0)))
        raise git.refusal(
            f"The claim of {shot} {version_name(lost)} was refused.",
            said,
            f"Ask whoever runs the remote `{remote}` to allow {_REFS}/*. Drafts and previews work meanwhile.",
        )


def claimed(git: Git) -> dict[str, set[int]]:
    """Per shot the claimed numbers that this clone knows of."""
    found: dict[str, set[int]] = {}
    for name in git.ask("for-each-ref", "--format=%(refname)", _REFS).decode(errors="replace").splitlines():
        match = re.fullmatch(rf"{_REFS}/([^/]+)/v(\d{{3,6}})", name)
        if match:
            found.setdefault(match[1], set()).add(int(match[2]))
    return found


def owner(git: Git, shot: str, number: int) -> str:
    """The clone that claimed a number, or an empty string where this clone does not know the claim."""
    found = git.run("cat-file", "blob", _ref(shot, number))
    said = re.search(r"^clone (\S+)$", found.out.decode(errors="replace"), re.MULTILINE)
    return said[1] if said and not found.code else ""


def _ref(shot: str, number: int) -> str:
    return f"{_REFS}/{shot}/{version_name(number)}"


def _remote(git: Git) -> str:
    """The remote that claims are shared through, or an empty string."""
    rows = git.run("config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$").out.decode(
        errors="replace"
    )
    config = dict(row.partition("\n")[::2] for row in rows.split("\0") if row)
    branch = git.run("symbolic-ref", "--quiet", "--short", "HEAD").out.decode(errors="replace").strip()
    remote = config.get(f"branch.{branch}.remote", "origin")
    return remote if f"remote.{remote}.url" in config else ""


def _on_branches(git: Git, shot: str) -> set[int]:
    """The version numbers in the shot's folder at the tip of every local and remote-tracking branch."""
    tips = git.ask("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes").decode().split()
    asked = "".join(f"{tip}:shots/{shot}\n" for tip in dict.fromkeys([*tips, "HEAD"]))
    return {int(number) for number in _VERSION_FILE.findall(git.ask("cat-file", "--batch", stdin=asked.encode()))}


def _create(git: Git, shot: str, number: int, clone: str) -> str:
    """Create the local claim, atomically. Returns its blob, or an empty string where it exists already."""
    text = f"rushes claim\nshot {shot}\nversion {version_name(number)}\nclone {clone}\nid {new_id()}\n"
    blob = git.ask("hash-object", "-w", "--stdin", stdin=text.encode()).decode().strip()
    result = git.run("update-ref", _ref(shot, number), blob, "0" * len(blob))
    if result.code and "already exists" not in result.err:
        raise git.refusal(f"{shot} {version_name(number)} cannot be claimed.", result)
    return "" if result.code else blob


def _fetch(git: Git, remote: str, shot: str) -> None:
    # Without --no-prune a `fetch.prune` in the configuration would delete claims that the remote does not have.
    how = ("--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--refmap=", "--no-recurse-submodules")
    refs = f"+{_REFS}/{shot}/*:{_REFS}/{shot}/*"
    result = git.run("fetch", *how, remote, refs, limit=_REMOTE_SECONDS)
    if result.code:
        raise _out_of_reach(git, remote, shot, result)


def _push(git: Git, remote: str, shot: str, number: int, blob: str) -> Result:
    """Share a claim. Code 0: it is ours. Otherwise what the remote said, and the local claim is gone again."""
    ref = _ref(shot, number)
    how = ("--porcelain", f"--force-with-lease={ref}:", "--recurse-submodules=no", "--no-follow-tags")
    result = git.run("push", *how, remote, f"{blob}:{ref}", limit=_REMOTE_SECONDS)
    flags = [line[:1] for line in result.out.decode(errors="replace").splitlines() if f":{ref}\t" in line]
    if flags == ["*"]:
        return result
    if flags == ["!"]:  # the remote said no, so the push definitely did not happen
        git.ask("update-ref", "-d", ref, blob)
        return result
    raise _out_of_reach(git, remote, shot, result)


def _out_of_reach(git: Git, remote: str, shot: str, result: Result) -> HistoryError:
    return git.refusal(
        f"The remote `{one_line(remote)}` is out of reach, so no version of {shot} can be claimed.",
        result,
        "Work on with previews; generate again when the remote is reachable, and all their frames are re-used.",
    )
