"""One job from claim to end: render what is missing, write each frame down, complete the version."""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.cut.shots import read_shot
from core.errors import Cancelled, RenderError, RushesError
from core.failpoints import failpoint
from core.farm import spawn
from core.farm.complete import Made, complete_version
from core.farm.former import former_frames
from core.farm.inputs import check_frozen, check_plate, material_paths
from core.farm.jobs import FrameRow, Job
from core.farm.ledger import Ledger
from core.farm.movie import write_review
from core.files import sha256_file, sweep
from core.history.git import History
from core.layout import SETTINGS, Layout, Settings, layout_of, read_settings
from core.ops.base import ModelRef
from core.recipe.model import Recipe
from core.recipe.text import parse
from core.recipe.weights import HashCache, Weights, resolve

if TYPE_CHECKING:
    from core.render.models import Models
    from core.render.run import FrameDone, Tally, Work

_POLL = 0.2
"""Seconds between two looks at the ledger while rendering: how long a cancel may go unseen."""


@dataclass(frozen=True)
class Bench:
    """What a worker brings to a job."""

    env: Mapping[str, str]
    models: Callable[[int], Models]
    """The resident models for a number of threads."""
    told: Callable[[], bool]
    """Whether the worker was told to go."""


def execute(ledger: Ledger, job: Job, bench: Bench) -> str:
    """Render a claimed job's missing frames and, for a version, write and commit its record.

    Returns a remark for a job that is complete (its commit waits), or an empty string. The caller ends the attempt.

    Raises:
        Cancelled: it was cancelled or superseded, or the worker was told to go. Finished frames stay.
        RushesError: why it cannot be rendered; OSError, MemoryError and others from libraries.
    """
    from core.render.reuse import StepStore

    root = Path(job.root)
    settings = read_settings(root / SETTINGS)
    layout = layout_of(root, settings, ledger.path.parent, bench.env)
    recipes = [parse(text, f"{job.shot} {job.version or job.id} item {n}") for n, text in enumerate(job.recipes)]
    run = _Run(ledger, job, bench, layout, settings)
    run.sweep()
    done = run.verified()
    missing = {item: run.missing(recipe, item, done) for item, recipe in enumerate(recipes)}
    if any(missing.values()):
        run.render({item: recipes[item] for item, frames in missing.items() if frames}, missing)
        StepStore(layout.steps).prune(round(settings.steps_gb * 1e9))
    rows = ledger.frames(job.id)
    if lost := [item for item, recipe in enumerate(recipes) if run.missing(recipe, item, rows)]:
        raise RenderError(f"Item {lost[0]} came out with frames missing.", todo=f"Retry it: rushes retry {job.id}")
    if job.kind != "version":
        return ""
    made = Made(ledger.job(job.id), recipes[0], rows, ledger.attempts(job.id), run.review(recipes[0]))
    remark = complete_version(layout, History(layout, bench.env), made)
    try:
        spawn.make_proxies(layout, bench.env, [f"{job.shot}/{job.version}"])
    except RushesError as error:  # the version is whole without one
        return remark or f"It has no proxy yet: {error.what}"
    return remark


@dataclass
class _Run:
    ledger: Ledger
    job: Job
    bench: Bench
    layout: Layout
    settings: Settings
    looked: float = 0.0

    def sweep(self) -> None:
        """Remove what earlier attempts left half-written: this job's files are written by its owner alone."""
        job, layout = self.job, self.layout
        folder = layout.frames(job.shot, job.version) if job.version else layout.preview(job.shot, job.id)
        for place in (folder, *(path for path in folder.glob("*") if path.is_dir())):
            sweep(place)
        if job.version:
            sweep(layout.record(job.shot, job.version).parent, job.version)

    def verified(self) -> list[FrameRow]:
        """The finished frames whose files are still what was written down; the others are taken back."""
        rows = self.ledger.frames(self.job.id)
        wrong = []
        for row in rows:
            self.tick()
            path = self.layout.media / row.path
            if not path.is_file() or sha256_file(path) != row.sha256:
                wrong.append(row)
        if wrong:
            self.ledger.forget(self.job.id, self.job.attempt, wrong)
        return [row for row in rows if row not in wrong]

    def missing(self, recipe: Recipe, item: int, rows: list[FrameRow]) -> tuple[int, ...]:
        """The frames of an item that lack the master or a layer."""
        have = {(row.frame, row.layer) for row in rows if row.item == item}
        wanted = ("", *recipe.output.layers)
        return tuple(frame for frame in self.job.frames if any((frame, layer) not in have for layer in wanted))

    def review(self, recipe: Recipe) -> Path | None:
        """The review movie where the recipe asks for one."""
        if recipe.output.review is None:
            return None
        shot = read_shot(self.layout.shot(self.job.shot))
        return write_review(self.layout, self.settings, shot, self.job.version, recipe, self.job.recipes[0], self.tick)

    def render(self, recipes: Mapping[int, Recipe], missing: Mapping[int, tuple[int, ...]]) -> None:
        shot = read_shot(self.layout.shot(self.job.shot))
        plate = check_plate(next(iter(recipes.values())), shot, self.layout)
        for recipe in recipes.values():
            check_frozen(recipe, shot, self.settings)
        models = self._models(any(step.models() for recipe in recipes.values() for step in recipe.step))
        from core.render.run import Tally, Work

        tally = Tally()
        for item, recipe in recipes.items():
            work = Work(
                recipe=recipe,
                shot=shot,
                plate=plate,
                frames=missing[item],
                path=self._paths(recipe, item),
                steps=self.layout.steps,
                materials=material_paths(recipe, self.layout),
                colour_config=self.settings.colour_config,
                working=self.settings.working_space,
                origin=f"{self.job.shot}_{self.job.version}" if self.job.version else f"{self.job.kind} {self.job.id}",
                former=former_frames(self.ledger, self.layout.media, self.job, recipe),
            )
            self._write_down(work, item, models, tally)

    def _write_down(self, work: Work, item: int, models: Models, tally: Tally) -> None:
        """Render, and put each frame into the ledger with its layers once all are on disk: wholly or not at all."""
        from core.render.run import render

        wanted = 1 + len(work.recipe.output.layers)
        whole: dict[int, dict[str, FrameDone]] = defaultdict(dict)
        results = cast("Generator[FrameDone]", render(work, models, tally, self.tick))
        with contextlib.closing(results):  # its threads end before the attempt does
            start = time.perf_counter()
            for result in results:
                whole[result.frame][result.layer] = result
                if len(whole[result.frame]) == wanted:
                    spent, start = time.perf_counter() - start, time.perf_counter()
                    self._frame(item, result.frame, whole.pop(result.frame), spent, tally.summary())

    def _frame(self, item: int, frame: int, made: Mapping[str, FrameDone], spent: float, tally: dict[str, Any]) -> None:
        files = {
            layer: replace(one.written, path=one.written.path.relative_to(self.layout.media))
            for layer, one in made.items()
        }
        job = self.job
        if not self.ledger.done(job.id, job.attempt, item, frame, files, made[""].facts, round(spent, 4), tally):
            raise Cancelled("Another worker took this job over.")
        failpoint("row")

    def _models(self, called: bool) -> Models:
        """The models in the environment that finished frames were made in. Raises RenderError where that is another."""
        fixed = self.job.environment if self.job.done else {}
        threads = int(fixed.get("threads", 0)) or self.settings.threads or max(1, (os.cpu_count() or 2) - 1)
        models = self.bench.models(threads)
        models.resolve = self._weights
        now = models.environment() | ({"class": models.digest()} if called else {})
        then = self.ledger.fix(self.job.id, self.job.attempt, now)
        if then.get("class") != now.get("class"):
            differs = [key for key in sorted({*then, *now} - {"class"}) if then.get(key) != now.get(key)]
            raise RenderError(
                "Frames of this job were rendered in another environment; mixing them would change the picture.",
                where=", ".join(f"{key}: {then.get(key)} → {now.get(key)}" for key in differs),
                todo="Retry it where it was begun, or generate a new version here.",
            )
        return models

    def _weights(self, ref: ModelRef) -> Weights:
        layout = self.layout
        cache = HashCache(layout.state / "hashes.json")
        return resolve(ref, register=self.settings.models, root=layout.root, env=self.bench.env, cache=cache)

    def _paths(self, recipe: Recipe, item: int) -> Callable[[int, str], Path]:
        job, suffix = self.job, f".{recipe.output.master.format}"

        def path(frame: int, layer: str) -> Path:
            if job.kind == "version":
                return self.layout.frame(job.shot, job.version, frame, layer, suffix)
            name = f"{job.shot}_{item:03d}" + (f"_{layer}" if layer else "")
            return self.layout.preview(job.shot, job.id) / f"{name}.{frame:04d}{suffix}"

        return path

    def tick(self) -> None:
        """Raises Cancelled where somebody wants this to stop. Cheap: the ledger is asked five times a second."""
        if self.bench.told():
            raise Cancelled("The worker was told to go.")
        if time.monotonic() - self.looked > _POLL:
            self.looked = time.monotonic()
            if not self.ledger.path.exists():  # an open file outlives its name: nobody would see what is made
                raise Cancelled("The show's queue was removed.")
            if self.ledger.stop_wanted(self.job.id, self.job.attempt):
                raise Cancelled("Cancelled.")
