"""The pictures of a recipe's graph, made when they are read and dropped after their last reader."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.errors import RenderError
from core.frames import FrameRange
from core.ops.base import Block, Cadence, Format, Op
from core.recipe.model import PLATE, Recipe
from core.render.kit import RenderKit
from core.render.plan import BlockId, block_id, full_block, place, share_between
from core.render.reuse import StepStore
from core.render.sources import Materials, Plates
from core.render.trace import Node, Trace

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """What is fixed for one render."""

    recipe: Recipe
    formats: Mapping[str, Format]
    available: FrameRange
    """The frames that the plate and every sequence input have."""
    environment: str
    origin: str
    """For whom outputs are made: a version or a preview."""


class Graph:
    """Pictures by node, counted: `demand` says that a node will be read once, `release` that it was.

    Steps that call models run in the thread that calls `make`, whole batches at a time. Everything else is made by
    whichever thread reads it first. So what is in memory depends on batches, never on the length of the shot.
    """

    def __init__(
        self, scene: Scene, plates: Plates, materials: Materials, store: StepStore, kit: RenderKit, saver: Executor
    ) -> None:
        self.scene = scene
        self.steps = {step.name: step for step in scene.recipe.step}
        self.last = scene.recipe.frames.last
        self.plates, self.materials, self.store, self.kit, self.saver = plates, materials, store, kit, saver
        self._saves: deque[Future[None]] = deque()
        self.nonfinite: dict[Node, int] = {}
        trace = Trace(
            scene.recipe, scene.formats, scene.available, scene.environment,
            plate=plates.digest, material=materials.digest, stats=kit.stats,
        )  # fmt: skip
        self.keys, self.digest, self._sources = trace.keys, trace.digest, trace.sources
        self._uses: dict[Node, int] = {}
        self._values: dict[Node, Future[Picture]] = {}
        self._pending: dict[tuple[str, BlockId], set[int]] = defaultdict(set)
        self._lock = threading.RLock()

    # What a picture is made of

    def needed(self, names: Iterable[str]) -> list[Op]:
        """The steps that `names` rest on, in the recipe's order."""
        found, todo = set(names), list(names)
        while todo:
            step = self.steps.get(todo.pop())
            new = [edge for edge in (step.edges() if step else ()) if edge not in found]
            found.update(new)
            todo += new
        return [step for step in self.scene.recipe.step if step.name in found]

    def _is_batched(self, node: Node) -> bool:
        step = self.steps.get(node[0])
        return step is not None and (step.keep or isinstance(step, Cadence)) and self.keys(*node) == (node[1],)

    # Before: what will be read

    def prepare(self, nodes: Iterable[Node]) -> None:
        """Say which nodes will be read once each: takes kept outputs from the store and sends for the plate frames.

        Only from the rendering thread, and before any reader of these nodes starts.
        """
        for node in nodes:
            self._demand(node)
        self.plates.send()

    def _demand(self, node: Node) -> None:
        with self._lock:
            self._uses[node] = self._uses.get(node, 0) + 1
            if self._uses[node] > 1:
                return
        if node[0] == PLATE:
            self._put(node, self.plates.want(node[1]))
        elif not self._is_batched(node):
            for source in self._sources(node):
                self._demand(source)
        elif not self._take_kept(node):
            step = self.steps[node[0]]
            self._pending[step.name, block_id(step, node[1], self.last)].add(node[1])
            for source in self._sources(node):
                self._demand(source)

    def _take_kept(self, node: Node) -> bool:
        if not self.steps[node[0]].keep:
            return False
        digest = self.digest(node)
        damaged = self.store.damaged
        kept = self.store.load(digest)
        self.kit.tally.damaged += self.store.damaged - damaged
        if kept is None:
            return False
        self._check_shape(node[0], kept.array[None], 1)
        self._put(node, _done(kept.array))
        self.kit.tally.count_reused(node[0], kept.origin)
        self.kit.note(*node, **(self.store.load_stats(digest) or {}))
        return True

    # Making

    def make(self, node: Node) -> None:
        """Run the batches that `node` needs. Only from the rendering thread."""
        with self._lock:
            if node in self._values:
                return
        if not self._is_batched(node):
            for source in self._sources(node):
                self.make(source)
            return
        step = self.steps[node[0]]
        wanted = sorted(self._pending.pop((step.name, block_id(step, node[1], self.last))))
        for key in wanted:
            for edge in step.edges():
                self.make((edge, key))
        self._make_batch(step, wanted)

    def _make_batch(self, step: Op, wanted: list[int]) -> None:
        with self.kit.tally.stage("comp"):
            result = self._render(step, full_block(step, wanted))
            for key in wanted:
                node, picture = (step.name, key), result[place(step, key)].copy()
                if step.keep:
                    self._saves.append(self.saver.submit(self._save, node, self.digest(node), picture))
                self._put(node, _done(picture))
        self.kit.tally.count_made(step.name, len(wanted))
        for key in wanted:
            for edge in step.edges():
                self.release((edge, key))

    def settle_saves(self, *, wait: bool = False) -> None:
        """Hear of outputs that could not be kept (DiskFull). `wait`: until all are on disk."""
        while self._saves and (wait or self._saves[0].done()):
            self.wait(self._saves.popleft())

    def look(self, name: str, frames: Iterable[int]) -> Iterator[tuple[int, Picture]]:
        """Pictures one after the other, for an operation that measures. From the rendering thread."""
        for frame in frames:
            self.prepare([(name, frame)])
            self.make((name, frame))
            try:
                yield frame, self.pull((name, frame))
            finally:
                self.release((name, frame))

    def _save(self, node: Node, digest: str, picture: Picture) -> None:
        with self.kit.tally.stage("encode"):
            self.store.save(digest, picture, self.scene.origin)
            if facts := self.kit.notes.get(node):
                self.store.save_stats(digest, facts)

    def _render(self, step: Op, block: Block) -> Picture:
        import numpy as np

        self.kit.tick()
        sources = {edge: [self.pull((edge, frame)) for frame in block.frames] for edge in step.edges()}
        pictures = {edge: part[0][None] if len(part) == 1 else np.stack(part) for edge, part in sources.items()}
        result = step.render(block, pictures, self.kit)
        self._check_shape(step.name, result, len(block.frames))
        for index, frame in enumerate(block.frames):
            if not all_finite(result[index]):
                self.nonfinite[step.name, frame] = int((~np.isfinite(result[index]).all(-1)).sum())
        return result

    def _check_shape(self, name: str, result: Picture, count: int) -> None:
        planned = self.scene.formats[name]
        shape = (count, planned.height, planned.width, planned.channels)
        if result.shape != shape or result.dtype != "float32":
            raise RenderError(
                f"The step `{name}` gave {result.dtype} {result.shape} where float32 {shape} was planned.",
                todo="This is a fault of the operation. Report it with the recipe.",
            )

    # Reading

    def pull(self, node: Node) -> Picture:
        """The picture (H, W, C) float32, read-only by agreement. A demanded node; model steps must have been made."""
        with self._lock:
            value = self._values.get(node)
            mine = value is None
            if value is None:
                value = self._put(node, Future())
        if mine:
            try:
                with self.kit.tally.stage("comp"):
                    value.set_result(self._make_light(node))
            except BaseException as error:
                value.set_exception(error)
                raise
        return self.wait(value)

    def _make_light(self, node: Node) -> Picture:
        name, frame = node
        if name in self.materials.names:
            return self.materials.read(name, frame)
        if self._is_batched(node):
            raise RenderError(f"The step `{name}` was not made at frame {frame}.", todo="Report this with the recipe.")
        made_at, sources = self.keys(name, frame), self._sources(node)
        picture: Picture
        if made_at == (frame,):
            picture = self._render(self.steps[name], full_block(self.steps[name], made_at))[0]
        else:
            parts = [self.pull(source) for source in sources]
            picture = parts[0] if len(parts) == 1 else blended(parts[0], parts[1], share_between(frame, *made_at[:2]))
        for source in sources:
            self.release(source)
        return picture

    def wait(self, value: Future[T]) -> T:
        """The result of work in another thread. Goes on ticking, so that a cancel is heard."""
        while True:
            try:
                return value.result(timeout=0.25)
            except NotYet:
                if value.done():
                    raise
                self.kit.tick()

    def release(self, node: Node) -> None:
        """One reader is done. The last one frees the picture."""
        with self._lock:
            self._uses[node] -= 1
            if not self._uses[node]:
                del self._uses[node]
                self._values.pop(node, None)

    def _put(self, node: Node, value: Future[Picture]) -> Future[Picture]:
        with self._lock:
            self._values[node] = value
            self.kit.tally.peak_pictures = max(self.kit.tally.peak_pictures, len(self._values))
        return value


def all_finite(picture: Picture) -> bool:
    """Whether there is surely no NaN or Inf: a finite sum has only finite parts. False also where the sum overflows."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(picture.sum()))


def _done(picture: Picture) -> Future[Picture]:
    value: Future[Picture] = Future()
    value.set_result(picture)
    return value


def blended(before: Picture, after: Picture, share: float) -> Picture:
    """The picture that lies `share` of the way from one to the other."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(before * np.float32(1.0 - share) + after * np.float32(share), np.float32)
