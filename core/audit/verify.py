"""Is everything still what it was? Hashes, history and claims, checked without trusting the tool that wrote them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.cut.shots import Shot, sequence_digest
from core.errors import RushesError
from core.files import one_line, sha256_bytes, sha256_file
from core.history.events import RECIPE, SHOT, VERSION
from core.history.git import History, blob_id
from core.history.record import Record, read_manifest, read_record
from core.layout import Layout, version_name, version_number
from core.progress import Tick, silent

State = Literal["ok", "changed", "missing", "pending"]

_ONCE = re.compile(r"shots/([^/]+)/(?:(v\d{3,6})\.(?:toml|json|sha256)|wedges/w\d+\.toml)")
_GROWING = re.compile(r"shots/([^/]+)/review/[^/]+\.jsonl")
_KEPT = ("shot.toml", "v*.toml", "v*.json", "v*.sha256", "review/*.jsonl", "wedges/w*.toml")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. `pending` is not a fault: a version that is still being made, an act that waits."""

    shot: str
    version: str
    what: str
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.state in ("ok", "pending") for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Told:
    """What git says, read once."""

    tree: Mapping[str, str]
    """The files below shots/ in HEAD → their blobs."""
    claims: Mapping[str, set[int]]
    remote: str
    recipes: Mapping[tuple[str, str], Mapping[str, str]]
    """Shot, version → the digests its acts carry → the commit that says so."""


def verify(layout: Layout, history: History, shots: Sequence[Shot], tick: Tick = silent) -> Verdict:
    """Check plates, recipes, records and every frame of the shots' versions, then the history itself.

    Shots that HEAD has and the worktree lacks are always told. `tick` hears what is being read. Reads every frame
    once; writes and commits nothing. What cannot be read is a check that failed, not an error.
    """
    checks: list[Check] = []
    told = _told(history, checks)
    known = {shot.id: shot for shot in shots}
    lost = {path.split("/")[1] for path in told.tree if re.fullmatch(r"shots/[^/]+/shot\.toml", path)}
    lost = {shot for shot in lost - set(known) if not layout.shot(shot).exists()}
    work = [(shot, version) for shot in (*known, *sorted(lost)) for version in ("", *_versions(layout, told, shot))]
    for done, (shot, version) in enumerate(work):
        tick(f"{shot} {version or 'plate'}", done, len(work))
        if version:
            checks += _version(layout, told, shot, version)
            continue
        if shot in known:
            checks.append(_plate(layout, known[shot]))
        checks += _beside(layout, told, shot)
    checks += _history(history)
    return Verdict(tuple(checks))


def _told(history: History, checks: list[Check]) -> _Told:
    """What git says; where it says nothing, that is a failed check."""
    tree: dict[str, str] = {}
    claims: dict[str, set[int]] = {}
    recipes: dict[tuple[str, str], dict[str, str]] = {}
    remote = ""
    try:
        tree, claims, remote = history.tree("shots"), history.claims(), history.remote()
        for entry in history.log():
            for act in entry.acts if RECIPE in entry.raw else ():
                if digest := act.get(RECIPE):
                    recipes.setdefault((act.get(SHOT), act.get(VERSION)), {}).setdefault(digest, entry.commit[:10])
    except RushesError as error:
        checks.append(Check("", "", "git", "changed", one_line(error.what)))
    return _Told(tree, claims, remote, recipes)


def _here(layout: Layout, shot: str) -> set[str]:
    """The shot's files in the worktree that git should hold, relative to the show."""
    folder = layout.shot(shot).parent
    return {path.relative_to(layout.root).as_posix() for kind in _KEPT for path in folder.glob(kind)}


def _versions(layout: Layout, told: _Told, shot: str) -> list[str]:
    """Every version that anything speaks of: HEAD, a claim, a file here. Oldest first."""
    paths = {*told.tree, *_here(layout, shot)}
    found = {match[2] for path in paths if (match := _ONCE.fullmatch(path)) and match[2] and match[1] == shot}
    found |= {version_name(number) for number in told.claims.get(shot, ())}
    return sorted(found, key=version_number)


def _plate(layout: Layout, shot: Shot) -> Check:
    plate = shot.plate
    if plate is None:
        return Check(shot.id, "", "plate", "pending", shot.missing)  # it came in without
    try:
        path = layout.find(plate.path)
        files = {
            index: path.with_name(path.name % index) if plate.kind == "sequence" else path for index in plate.media
        }
        lost = next((file for file in files.values() if not file.exists()), None)
        if lost is not None:
            return Check(shot.id, "", "plate", "missing", one_line(str(lost)))
        if plate.kind == "sequence":
            now = sequence_digest((index, sha256_file(file)) for index, file in files.items())
        else:
            now = sha256_file(path)
    except (OSError, ValueError, TypeError, RushesError) as error:
        return Check(shot.id, "", "plate", "changed", one_line(f"cannot be read: {error}"))
    same = now == plate.sha256
    return Check(shot.id, "", "plate", "ok" if same else "changed", "" if same else "not what was turned over")


def _beside(layout: Layout, told: _Told, shot: str) -> Iterator[Check]:
    """The shot's files that belong to no version: shot.toml, reviews, wedges."""
    start = f"shots/{shot}/"
    paths = {path for path in (*told.tree, *_here(layout, shot)) if path.startswith(start)}
    for path in sorted(paths):
        match = _ONCE.fullmatch(path)
        if (match and not match[2]) or _GROWING.fullmatch(path) or path == f"{start}shot.toml":
            yield _file(layout, told, shot, "", path.removeprefix(start))[0]


def _file(layout: Layout, told: _Told, shot: str, version: str, name: str) -> tuple[Check, bytes | None]:
    """Compare a file with HEAD: the check, and its bytes where they can be read."""
    path = f"shots/{shot}/{name}"
    blob = told.tree.get(path)
    try:
        raw = (layout.root / path).read_bytes()
    except FileNotFoundError:
        return Check(shot, version, name, "missing", "HEAD has it" if blob else ""), None
    except OSError as error:
        return Check(shot, version, name, "changed", one_line(f"cannot be read: {error}")), None
    if blob is None:
        return Check(shot, version, name, "pending", "not committed yet"), raw
    if blob_id(raw, len(blob)) == blob:
        return Check(shot, version, name, "ok"), raw
    if name == "shot.toml":  # people may edit it
        return Check(shot, version, name, "pending", "differs from the commit"), raw
    if name.endswith(".jsonl") and _starts_with(raw, blob):
        return Check(shot, version, name, "pending", "new lines are not committed yet"), raw
    return Check(shot, version, name, "changed", "differs from the commit"), raw


def _starts_with(raw: bytes, blob: str) -> bool:
    """Whether a review file only grew: some number of its first lines is what was committed."""
    ends = [match.end() for match in re.finditer(rb"\n", raw)]
    return any(blob_id(raw[:end], len(blob)) == blob for end in reversed([0, *ends]))


def _version(layout: Layout, told: _Told, shot: str, version: str) -> Iterator[Check]:
    names = {kind: f"{version}.{kind}" for kind in ("toml", "json", "sha256")}
    here = _here(layout, shot)
    there = {kind for kind, name in names.items() if (path := f"shots/{shot}/{name}") in told.tree or path in here}
    if not there:
        yield Check(shot, version, "claim", "pending", "claimed, nothing committed")
        return
    check, recipe = _file(layout, told, shot, version, names["toml"])
    yield check
    if recipe is not None:
        yield from _recipe(told, shot, version, recipe)
    if version_number(version) not in told.claims.get(shot, ()):
        yield _unclaimed(told, shot, version)
    if there == {"toml"}:
        yield Check(shot, version, "frames", "pending", "not complete yet")
        return
    record: Record | None = None
    if "json" in there:
        check, raw = _file(layout, told, shot, version, names["json"])
        yield check
        if raw is not None:
            try:
                record = read_record(raw, names["json"])
            except (RushesError, RecursionError) as error:
                yield Check(shot, version, "record", "changed", one_line(str(error) or "cannot be read"))
    if record is not None:
        yield from _record(layout, shot, version, record, recipe)
    if "json" not in there and f"shots/{shot}/{names['sha256']}" not in told.tree:
        yield Check(shot, version, "frames", "pending", "not complete yet")  # between its manifest and its record
    elif "sha256" in there or record is None or record.state == "complete":
        yield from _frames(layout, told, shot, version, record)


def _unclaimed(told: _Told, shot: str, version: str) -> Check:
    if not told.remote:
        return Check(shot, version, "claim", "missing", "its number was never claimed")
    fetch = f"git fetch {one_line(told.remote)} 'refs/rushes/claims/*:refs/rushes/claims/*'"
    return Check(shot, version, "claim", "pending", f"claims are not in this clone: {fetch}")


def _recipe(told: _Told, shot: str, version: str, raw: bytes) -> Iterator[Check]:
    try:
        tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        yield Check(shot, version, "recipe", "changed", one_line(f"cannot be read: {error}"))
    now = f"sha256:{sha256_bytes(raw)}"
    for digest, commit in told.recipes.get((shot, version), {}).items():
        if digest != now:
            yield Check(shot, version, "recipe", "changed", f"commit {commit} told another recipe ({RECIPE})")


def _record(layout: Layout, shot: str, version: str, record: Record, recipe: bytes | None) -> Iterator[Check]:
    """What the record says of itself, its recipe and its movie."""
    if (record.shot, record.version) != (shot, version):
        said = one_line(f"{record.shot} {record.version}")
        yield Check(shot, version, "record", "changed", f"it is the record of {said}")
    if recipe is not None and record.recipe != f"sha256:{sha256_bytes(recipe)}":
        yield Check(shot, version, "recipe", "changed", "the record was made from another recipe")
    if not record.review:
        return
    try:
        name, digest = record.review["path"], record.review["sha256"]
        now = sha256_file(layout.media / name)
    except FileNotFoundError:
        yield Check(shot, version, "review movie", "missing", one_line(str(record.review["path"])))
    except (OSError, KeyError, TypeError, ValueError) as error:
        yield Check(shot, version, "review movie", "changed", one_line(f"cannot be read: {error}"))
    else:
        same = now == digest
        yield Check(shot, version, "review movie", "ok" if same else "changed", "" if same else one_line(name))


def _frames(layout: Layout, told: _Told, shot: str, version: str, record: Record | None) -> Iterator[Check]:
    """The manifest against HEAD and the record, then every file it lists."""
    check, raw = _file(layout, told, shot, version, f"{version}.sha256")
    yield check
    if raw is None:
        return
    try:
        rows = read_manifest(raw.decode(), check.what)
    except (RushesError, ValueError) as error:
        yield Check(shot, version, "frames", "changed", one_line(f"the manifest cannot be read: {error}"))
        return
    wrong = list(_listing(shot, version, record, raw, [name for _, name in rows]))
    found: dict[State, list[str]] = {"missing": [], "changed": []}
    for sha, name in rows:
        if (state := _frame(layout.media, sha, name)) != "ok":
            found[state].append(name)
    for state, names in found.items():
        if names:
            wrong.append(Check(shot, version, "frames", state, f"{len(names)} of {len(rows)}: {one_line(names[0])}"))
    yield from wrong or [Check(shot, version, "frames", "ok", f"{len(rows)} files")]


def _frame(media: Path, sha: str, name: str) -> State:
    if name.startswith("/") or ".." in name.split("/"):
        return "changed"  # not below the media root: never ours
    try:
        return "ok" if sha256_file(media / name) == sha else "changed"
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "missing"
    except (OSError, ValueError):
        return "changed"


def _listing(shot: str, version: str, record: Record | None, raw: bytes, names: Sequence[str]) -> Iterator[Check]:
    """Whether the manifest is the one the record was made with, and lists what the record says there is."""
    if record is None:
        return
    if record.frame_list != sha256_bytes(raw):
        yield Check(shot, version, "frames", "changed", "the record was made with another list of frames")
    masters = sum(1 for name in names if name.count("/") == 2)
    if masters != record.count:
        said = one_line(str(record.count))
        yield Check(shot, version, "frames", "changed", f"the record counts {said} frames, the manifest {masters}")
    try:
        wanted = {_at(pattern, frame) for pattern in (record.media, *record.layers.values()) for frame in record.pixels}
    except (AttributeError, TypeError, ValueError) as error:
        yield Check(shot, version, "record", "changed", one_line(f"its frames cannot be told: {error}"))
        return
    if other := sorted(wanted ^ set(names)):
        detail = f"{len(other)} only in the record or only in the manifest: {one_line(other[0])}"
        yield Check(shot, version, "frames", "changed", detail)


def _at(pattern: str, frame: int) -> str:
    head, _, tail = pattern.rpartition(".%04d.")
    return f"{head}.{frame:04d}.{tail}"


def _history(history: History) -> Iterator[Check]:
    """Git's own check, and the rules git does not know: what is written once was, and reviews only grew."""
    result = history.git.run("fsck", "--strict", "--no-dangling", "--no-progress")
    yield Check("", "", "git fsck", "changed" if result.code else "ok", one_line(result.err) if result.code else "")
    try:
        yield from rewritten(history)
    except RushesError as error:
        yield Check("", "", "git log", "changed", one_line(error.what))
    try:
        waiting = history.pending()
        for act in waiting:
            yield Check("", "", "journal", "pending", f"waits to be committed: {one_line(act.subject)}")
        if not waiting and history.git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
            yield Check("", "", "git log", "missing", "the branch that is checked out has no commits")
    except RushesError as error:
        yield Check("", "", "journal", "changed", one_line(f"{error.what} {error.where}"))


def rewritten(history: History) -> Iterator[Check]:
    """Commits that changed what is written once, or took lines out of a review. One `git log`, newest first.

    Every merge is compared with each of its parents: what came from the other side is an addition there, so only what
    the merge itself took out or wrote anew counts.
    """
    if history.git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
        return
    walk = ("-m", "--full-history", "--no-follow")
    how = ("--format=%x01%h", "--no-renames", "--no-ext-diff", "--no-textconv", "--numstat", "--raw", "--abbrev=8")
    out = history.git.ask("--no-replace-objects", "log", "-z", *walk, *how, "--", "shots")
    told: set[Check] = set()
    for commit in out.decode(errors="replace").split("\x01")[1:]:
        name, _, rest = commit.partition("\0")
        name = name.strip()
        status = {path: change for change, path in re.findall(r":\d+ \d+ \w+ \w+ ([A-Z])\d*\0([^\0]+)", rest)}
        removed = {path: int(lines) for lines, path in re.findall(r"(?:^|\0|\n)\d+\t(\d+)\t([^\0]+)", rest)}
        for path, change in status.items():
            check = None
            if (match := _ONCE.fullmatch(path)) and change != "A":
                detail = f"written once, yet changed in commit {name}"
                check = Check(match[1], match[2] or "", path, "changed", detail)
            elif (match := _GROWING.fullmatch(path)) and (change == "D" or removed.get(path)):
                check = Check(match[1], "", path, "changed", f"review lines were taken out in commit {name}")
            if check is not None and check not in told:
                told.add(check)
                yield check
