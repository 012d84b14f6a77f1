"""Render frames: decode, steps and encode overlap; what is in memory depends on batches, not on the shot's length.

One thread decodes the plate, the calling thread runs the steps that call models, and a small pool makes everything that
follows (fills, comps, colour) and writes the files. Results do not depend on which thread made them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError, RenderError
from core.layout import DEFAULT_COLOUR_CONFIG
from core.ops.base import Chained, Op, Windowed
from core.recipe.model import PLATE, Recipe
from core.render.finish import Finished, finish_frame, flicker_since, stamp_of
from core.render.former import Former, says, take_over
from core.render.graph import Graph, Scene
from core.render.kit import RenderKit
from core.render.plan import chunks, digest, measure_digest, measured, promise_ended
from core.render.reuse import StepStore
from core.render.sources import Materials, Plates
from core.render.tally import Tally

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.media.write import Written
    from core.render.models import Models

__all__ = ["FrameDone", "Tally", "Work", "render"]


@dataclass(frozen=True)
class Work:
    """What to render, and where everything lies."""

    recipe: Recipe
    """Frozen: with `range`, and models resolved to hashes."""
    shot: Shot
    plate: Path
    """Where it lies on this machine; a sequence as a printf pattern."""
    frames: tuple[int, ...]
    """The shot frames to write, sorted, inside the recipe's range."""
    path: Callable[[int, str], Path]
    """(frame, layer) → file; layer "" is the master."""
    steps: Path
    """The folder of kept step outputs."""
    materials: Mapping[str, Path] = field(default_factory=dict)
    """Input name → file, movie or printf pattern on this machine."""
    colour_config: str = DEFAULT_COLOUR_CONFIG
    working: str = "ACEScg"
    writers: int = 0
    """Threads that comp and write; 0: half the cores, 2 to 8."""
    origin: str = ""
    """For whom: `sq010_sh0020_v003` or a preview. Kept outputs remember who made them."""
    former: Mapping[int, Former] = field(default_factory=dict)
    """Frames that a version of the same steps has already: what is made of the same is not made again."""


@dataclass(frozen=True)
class FrameDone:
    """A file that is whole on disk."""

    frame: int
    layer: str
    """"" for the master."""
    written: Written
    facts: Mapping[str, Any]
    """Of the master: `digest` (of all that made the frame), `changed` (share of pixels against the plate), `nonfinite`,
    and what operations noted, by step."""


def render(work: Work, models: Models, tally: Tally, tick: Callable[[], None]) -> Iterator[FrameDone]:
    """Render `work.frames` in order; each result is durable when it comes. Closing the generator stops cleanly.

    Args:
        tick: called often from this thread; what it raises (Cancelled) stops the render.

    Raises:
        RenderError: an operation gave another format than planned, or NaN and Inf that the plate did not have.
        MediaError: a plate or input frame is missing. RecipeError: the steps do not fit together.
        DiskFull, Broken: nothing half-written stays, frames that were done stay.
    """
    _check(work)
    writers = work.writers or min(8, max(2, (os.cpu_count() or 2) // 2))
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(writers, thread_name_prefix="finish")
        graph = _opened(work, models, tally, tick, pool, stack)
        targets = {"": work.recipe.final, **{layer: layer for layer in work.recipe.output.layers}}
        _measure(graph, targets.values())
        taken: set[int] = set()
        for done in _taken_over(graph, work, targets):
            taken.add(done.frame)
            yield done
        frames = tuple(frame for frame in work.frames if frame not in taken)
        waiting: deque[Future[Finished]] = deque()
        last: Finished | None = None
        for frame in _prepared(graph, frames, work.recipe.batch(), targets.values()):
            for name in targets.values():
                graph.make((name, frame))
            digests = {layer: graph.digest((name, frame)) for layer, name in targets.items()}
            waiting.append(pool.submit(finish_frame, graph, work, frame, targets, digests))
            while len(waiting) > 2 * writers or (waiting and waiting[0].done()):
                before, last = last, graph.wait(waiting.popleft())
                yield from _done(last, before, tally)
        while waiting:
            before, last = last, graph.wait(waiting.popleft())
            yield from _done(last, before, tally)
        graph.settle_saves(wait=True)


def _check(work: Work) -> None:
    recipe = work.recipe
    if recipe.range is None:
        raise RenderError("The recipe has no range.", todo="Freeze the recipe, then render it.")
    outside = [frame for frame in work.frames if frame not in recipe.frames]
    if outside:
        raise RenderError(
            f"Frame {outside[0]} is outside the recipe's range {recipe.frames}.", todo="Choose frames inside the range."
        )
    for step in recipe.step:
        if isinstance(step.frames, (Chained, Windowed)):
            raise RenderError(
                f"The operation `{step.op}` is {type(step.frames).__name__.lower()}, which cannot be rendered yet.",
                where=f"step `{step.name}`",
                todo="Use an operation that makes each frame from its own inputs.",
            )


def _opened(
    work: Work, models: Models, tally: Tally, tick: Callable[[], None], pool: ThreadPoolExecutor, stack: ExitStack
) -> Graph:
    """Open everything a render reads. `stack` closes it: first the threads are told to stop, then the files close."""
    from core.media.colour import Colour

    recipe, plate = work.recipe, work.shot.plate
    if plate is None:
        raise MediaError(f"{work.shot.id} has no plate: {work.shot.missing}.", todo="Bring the media back, then retry.")
    colour = Colour(work.colour_config)
    colour.require(recipe.output.master.colour, "output.master.colour")
    kit = RenderKit(recipe, models, colour, work.working, tally, tick)
    materials = Materials(recipe.input, work.materials, plate, colour, work.working, tally)
    stack.callback(materials.close)
    plates = Plates(plate, work.plate, colour, work.working, tally)
    stack.callback(plates.close)
    stack.callback(pool.shutdown, wait=True, cancel_futures=True)
    stack.callback(kit.stop.set)
    kept = any(step.keep for step in recipe.step)
    scene = Scene(
        recipe=recipe,
        formats=recipe.formats(plates.format, materials.formats()),
        available=materials.available(plate.frames),
        environment=digest([models.digest(), colour.digest, work.working]) if kept else "",
        origin=work.origin,
    )
    tally.promise_ended = promise_ended(recipe)
    return Graph(scene, plates, materials, StepStore(work.steps), kit, pool)


def _taken_over(graph: Graph, work: Work, targets: Mapping[str, str]) -> Iterator[FrameDone]:
    """The frames that an earlier version has, made of the very same; each counts as re-used at every step."""
    for frame in work.frames:
        graph.kit.tick()
        former = work.former.get(frame)
        if former is None or former.facts["digest"] != graph.digest((targets[""], frame)):
            continue
        alike = says(former, stamp_of(graph.plates.plate, frame))
        files = take_over(former, partial(work.path, frame)) if alike else None
        if files is not None:
            for step in graph.needed(targets.values()):
                graph.kit.tally.count_reused(step.name, former.origin)
            for layer, written in files.items():
                yield FrameDone(frame, layer, written, {} if layer else former.facts)


def _prepared(graph: Graph, frames: Sequence[int], batch: int, names: Iterable[str]) -> Iterator[int]:
    """The frames in order. Sources are sent for a portion ahead: decoding overlaps, what two portions read is kept."""
    wanted = (*names, PLATE)
    parts = chunks(frames, batch)
    for index, part in enumerate(parts):
        for ahead in parts[:2] if index == 0 else parts[index + 1 : index + 2]:
            graph.prepare((name, frame) for frame in ahead for name in wanted)
        for frame in part:
            graph.kit.tick()
            graph.settle_saves()
            yield frame


def _measure(graph: Graph, names: Iterable[str]) -> None:
    """Let every needed step that measures see the plate once. The result is kept: a resumed render measures nothing."""
    frames, kit = measured(graph.scene.available), graph.kit
    for step in graph.needed(names):
        if type(step).measure is Op.measure:
            continue
        key = measure_digest(step, {edge: [graph.digest((edge, frame)) for frame in frames] for edge in step.edges()})
        stats = graph.store.load_stats(key)
        if stats is None:
            with kit.tally.stage("comp"):
                stats = step.measure(lambda name: graph.look(name, frames), kit)
            try:
                graph.store.save_stats(key, stats)
            except ValueError as error:
                raise RenderError(
                    f"The step `{step.name}` measured something that is not a number.",
                    where=f"frames {frames[0]}-{frames[-1]}",
                    todo="Look at the plate there for NaN and Inf.",
                ) from error
            stats = graph.store.load_stats(key) or stats  # as JSON has it, so that the first render and the next agree
        kit.measured[step.name] = kit.tally.stats[step.name] = stats


def _done(finished: Finished, before: Finished | None, tally: Tally) -> Iterator[FrameDone]:
    tally.count_frame(finished.facts, flicker_since(before, finished))
    for layer, written in finished.written.items():
        yield FrameDone(finished.frame, layer, written, finished.facts if layer == "" else {})
