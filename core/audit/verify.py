"""Is everything still what it was? Hashes, history and claims, checked without trusting the tool that wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.cut.shots import Shot, plate_path, sequence_digest
from core.files import one_line, sha256_bytes, sha256_file
from core.history.git import History
from core.history.record import read_manifest
from core.layout import Layout, version_number
from core.overview import read_record, version_names
from core.progress import Tick, silent

State = Literal["ok", "changed", "missing", "pending"]


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


def verify(layout: Layout, history: History, shots: Sequence[Shot], tick: Tick = silent) -> Verdict:
    """Check plates, recipes, records and every frame of the shots' versions, then the history itself.

    `tick` is told what is being read. Reads every frame once; writes nothing.
    """
    checks: list[Check] = []
    claims = history.claims()
    work = [(shot, version) for shot in shots for version in ("", *version_names(layout, shot.id))]
    for done, (shot, version) in enumerate(work):
        tick(f"{shot.id} {version or 'plate'}", done, len(work))
        if version:
            checks += _version(layout, history, shot, version, claims.get(shot.id, set()))
        else:
            checks.append(_plate(layout, shot))
    checks += _history(layout, history)
    return Verdict(tuple(checks))


def _plate(layout: Layout, shot: Shot) -> Check:
    plate = shot.plate
    if plate is None:
        return Check(shot.id, "", "plate", "pending", shot.missing)  # it came in without
    path = plate_path(plate, layout.root)
    files = {index: path.with_name(path.name % index) if plate.kind == "sequence" else path for index in plate.media}
    lost = next((file for file in files.values() if not file.exists()), None)
    if lost is not None:
        return Check(shot.id, "", "plate", "missing", one_line(str(lost)))
    if plate.kind == "sequence":
        now = sequence_digest((index, sha256_file(file)) for index, file in files.items())
    else:
        now = sha256_file(path)
    same = now == plate.sha256
    return Check(shot.id, "", "plate", "ok" if same else "changed", "" if same else "not what was turned over")


def _version(layout: Layout, history: History, shot: Shot, version: str, claims: set[int]) -> Iterator[Check]:
    path = layout.recipe(shot.id, version)
    raw = path.read_bytes()
    yield _committed(history, layout, shot.id, version, path.name, raw)
    if version_number(version) not in claims:
        yield Check(shot.id, version, "claim", "missing", "its number was never claimed")
    record = read_record(layout, shot.id, version)
    if record is None:
        yield Check(shot.id, version, "frames", "pending", "not complete yet")
        return
    if record["recipe"] != f"sha256:{sha256_bytes(raw)}":
        yield Check(shot.id, version, "recipe", "changed", "the record was made from another recipe")
    yield _committed(
        history,
        layout,
        shot.id,
        version,
        layout.record(shot.id, version).name,
        layout.record(shot.id, version).read_bytes(),
    )
    yield from _frames(layout, history, shot, version, int(record["count"]))


def _committed(history: History, layout: Layout, shot: str, version: str, name: str, raw: bytes) -> Check:
    stored = history.committed(f"shots/{shot}/{name}")
    if stored is None:
        return Check(shot, version, name, "pending", "not committed yet")
    return Check(
        shot, version, name, "ok" if stored == raw else "changed", "" if stored == raw else "differs from the commit"
    )


def _frames(layout: Layout, history: History, shot: Shot, version: str, count: int) -> Iterator[Check]:
    manifest = layout.manifest(shot.id, version)
    if not manifest.exists():
        yield Check(shot.id, version, manifest.name, "missing")
        return
    yield _committed(history, layout, shot.id, version, manifest.name, manifest.read_bytes())
    rows = read_manifest(manifest.read_text(encoding="utf-8"), str(manifest))
    lost = [name for _, name in rows if not (layout.media / name).is_file()]
    wrong = [name for sha, name in rows if name not in lost and sha256_file(layout.media / name) != sha]
    for state, names in (("missing", lost), ("changed", wrong)):
        if names:
            yield Check(shot.id, version, "frames", state, f"{len(names)} of {len(rows)}: {one_line(names[0])}")  # type: ignore[arg-type]
    masters = sum(1 for _, name in rows if name.count("/") == 2)
    if masters != count:
        yield Check(shot.id, version, "frames", "changed", f"the record counts {count} frames, the manifest {masters}")
    elif not lost and not wrong:
        yield Check(shot.id, version, "frames", "ok", f"{len(rows)} files")


def _history(layout: Layout, history: History) -> Iterator[Check]:
    """Git's own check, and the rules git does not know: what is written once was, and reviews only grew."""
    result = history.git.run("fsck", "--strict", "--no-dangling", "--no-progress")
    yield Check("", "", "git fsck", "changed" if result.code else "ok", one_line(result.err) if result.code else "")
    yield from rewritten(history)
    for act in history.pending():
        yield Check("", "", "journal", "pending", f"waits to be committed: {one_line(act.subject)}")


_ONCE = re.compile(r"shots/([^/]+)/(?:(v\d{3,6})\.(?:toml|json|sha256)|wedges/w\d+\.toml)")
_GROWING = re.compile(r"shots/([^/]+)/review/[^/]+\.jsonl")


def rewritten(history: History) -> Iterator[Check]:
    """Commits that changed what is written once, or took lines out of a review. One `git log`, newest first."""
    out = history.git.ask(
        "log", "-z", "--format=%x01%h", "--no-renames", "--numstat", "--raw", "--abbrev=8", "--", "shots"
    )
    for commit in out.decode(errors="replace").split("\x01")[1:]:
        name, _, rest = commit.partition("\0")
        status = {path: change for change, path in re.findall(r":\d+ \d+ \w+ \w+ ([A-Z])\d*\0([^\0]+)", rest)}
        removed = {path: int(lines) for lines, path in re.findall(r"(?:^|\0|\n)\d+\t(\d+)\t([^\0]+)", rest)}
        for path, change in status.items():
            if (match := _ONCE.fullmatch(path)) and change != "A":
                yield Check(
                    match[1], match[2] or "", path, "changed", f"written once, yet changed in commit {name.strip()}"
                )
            if (match := _GROWING.fullmatch(path)) and (change == "D" or removed.get(path)):
                yield Check(match[1], "", path, "changed", f"review lines were taken out in commit {name.strip()}")
