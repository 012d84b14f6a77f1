"""A version whose frames are all there: its record and manifest, written once, and their commit.

Every step may be the last one before a `kill -9`: done again, it finds what is there and goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import Broken, HistoryError
from core.failpoints import failpoint
from core.farm.jobs import Attempt, FrameRow, Job
from core.files import sha256_file, write_once
from core.history.events import RECIPE, SHOT, VERSION, Act, Person
from core.history.git import History
from core.history.record import (
    Record,
    Reuse,
    UsedModel,
    frame_list_digest,
    manifest_text,
    read_record,
    record_text,
)
from core.layout import Layout
from core.ops.base import Iptc, Op
from core.recipe.model import Recipe
from core.recipe.text import recipe_sha

_MEASURED = ("digest", "changed", "nonfinite", "clipped")
"""Facts of a frame that the record holds for the whole version only."""


@dataclass(frozen=True, slots=True)
class Made:
    """A version's render as the ledger tells it."""

    job: Job
    recipe: Recipe
    rows: Sequence[FrameRow]
    attempts: Sequence[Attempt]
    review: Path | None = None
    """The review movie."""


def complete_version(layout: Layout, history: History, made: Made) -> str:
    """Write and commit what came out. Returns why the commit still waits, or an empty string.

    Raises:
        Broken: record or manifest exist and speak of other frames. DiskFull.
    """
    job = made.job
    record, manifest = layout.record(job.shot, job.version), layout.manifest(job.shot, job.version)
    rows = manifest_text((row.sha256, row.path) for row in made.rows)
    write_once(manifest, rows)
    if record.exists():  # by an attempt that died before it could say so
        _same_frames(record, rows)
    else:
        write_once(record, record_text(make_record(layout, made, rows)))
    failpoint("record")
    return _commit(layout, history, made, (record, manifest))


def _same_frames(path: Path, rows: str) -> None:
    found = read_record(path.read_bytes(), str(path))
    if (found.state, found.frame_list) != ("complete", frame_list_digest(rows)):
        todo = "Run `rushes verify`; then bring the old frames back, or generate a new version."
        raise Broken("This version's record speaks of other frames than were rendered.", where=str(path), todo=todo)


def _commit(layout: Layout, history: History, made: Made, files: tuple[Path, ...]) -> str:
    """Commit once, however often it is tried: the act's id is the job's."""
    job, paths = made.job, tuple(path.relative_to(layout.root).as_posix() for path in files)
    act = Act(
        id=job.id,
        event="render",
        subject=f"{job.shot} {job.version}: rendered {job.total} frames",
        paths=paths,
        trailers=((SHOT, job.shot), (VERSION, job.version), (RECIPE, recipe_sha(job.recipes[0]))),
        by=Person.parse(job.asked_by),
        needs=(layout.recipe(job.shot, job.version).relative_to(layout.root).as_posix(),),
    )
    try:
        if all(history.committed(path) == (layout.root / path).read_bytes() for path in paths):
            history.flush(may_sign=False)  # what a killed attempt committed leaves the journal
        else:
            history.commit(act, may_sign=False)
    except HistoryError as error:  # the act is kept: the next command of a person says it and tries again
        return error.what
    return history.waiting


def make_record(layout: Layout, made: Made, manifest: str) -> Record:
    """The render record from the ledger's rows; reads the header of one frame for the size."""
    from core.media.read import probe

    job, recipe = made.job, made.recipe
    masters = [row for row in made.rows if not row.layer]
    head = probe(layout.media / masters[0].path)
    return Record(
        shot=job.shot,
        version=job.version,
        state="complete",
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        asked_by=job.asked_by,
        recipe=recipe_sha(job.recipes[0]),
        range=(recipe.frames.first, recipe.frames.last),
        count=len(masters),
        size=(head.width, head.height),
        type=recipe.output.master.type,
        colour=recipe.output.master.colour,
        media=_pattern(masters[0]),
        layers={row.layer: _pattern(row) for row in made.rows if row.layer and row.frame == masters[0].frame},
        review=_movie(layout, made.review),
        frame_list=frame_list_digest(manifest),
        pixels={row.frame: row.pixels for row in masters},
        facts={row.frame: noted for row in masters if (noted := _noted(row.facts))},
        models=tuple(
            UsedModel(name, *(facts.get(key, "") for key in ("revision", "sha256", "licence", "training_data")))
            for name, facts in sorted(recipe.model.items())
        ),
        environment={**job.environment, "batch": recipe.batch()},
        attempts=job.attempt,
        phases=tuple(sorted({str(step.phase) for step in contributing(recipe)})),
        iptc=source_type(contributing(recipe)),
        **totals([attempt.tally for attempt in made.attempts], masters),
    )


def _movie(layout: Layout, path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    return {"path": path.relative_to(layout.media).as_posix(), "sha256": sha256_file(path)}


def totals(tallies: Iterable[Mapping[str, Any]], masters: Sequence[FrameRow]) -> dict[str, Any]:
    """What all attempts together took and measured: sums, the largest peak, and means over the finished frames."""
    told = [tally for tally in tallies if tally]
    seconds: dict[str, float] = defaultdict(float)
    made: dict[str, int] = defaultdict(int)
    reused: dict[str, int] = defaultdict(int)
    sources: dict[str, set[str]] = defaultdict(set)
    for tally in told:
        for stage, spent in tally["seconds"].items():
            seconds[stage] = round(seconds[stage] + spent, 3)
        for step, count in tally["made"].items():
            made[step] += count
        for step, origins in tally["reused"].items():
            reused[step] += sum(origins.values())
            sources[step] |= set(origins)
    measured: dict[str, Any] = {step: stats for tally in told for step, stats in tally["stats"].items()}
    shimmer = [(tally["flicker"], tally["frames"]) for tally in told if tally["flicker"] is not None]
    if shimmer:
        measured["flicker"] = sum(value * frames for value, frames in shimmer) / sum(frames for _, frames in shimmer)
    measured["changed"] = sum(row.facts["changed"] for row in masters) / len(masters)
    measured |= {name: sum(row.facts[name] for row in masters) for name in ("nonfinite", "clipped")}
    return {
        "seconds": dict(seconds),
        "peak_memory": {"host": max((tally["peak_memory"] for tally in told), default=0)},
        "measured": measured,
        "reuse": {
            step: Reuse(made[step], reused[step], tuple(sorted(sources[step]))) for step in sorted({*made, *reused})
        },
        "promise_end": next((tally["promise_ended"] for tally in told if tally["promise_ended"]), ""),
    }


def contributing(recipe: Recipe) -> tuple[Op, ...]:
    """The steps that the master or a layer is made from, in order."""
    wanted, found = {recipe.final, *recipe.output.layers}, []
    for step in reversed(recipe.step):
        if step.name in wanted:
            wanted.update(step.edges())
            found.append(step)
    return tuple(reversed(found))


def source_type(steps: Sequence[Op]) -> str:
    """The IPTC digital source type of what the steps make together: the strongest; where one merges, a composite."""
    types = {step.source_type for step in steps}
    if Iptc.TRAINED_ALGORITHMIC_MEDIA in types and Iptc.COMPOSITE_SYNTHETIC in types:
        return str(Iptc.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
    return next((str(kind) for kind in Iptc if kind in types), "")


def _noted(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in _MEASURED}


def _pattern(row: FrameRow) -> str:
    head, _, tail = row.path.rpartition(f".{row.frame:04d}.")
    return f"{head}.%04d.{tail}"
