"""What a render counts while it runs: the sums that the record is made of."""

from __future__ import annotations

import resource
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

STAGES = ("decode", "model", "comp", "encode")


@dataclass
class Tally:
    """Mutable sums over one attempt; safe to fill from several threads.

    `seconds`: decode, comp and encode are CPU seconds of the thread that did the work (stages overlap, so their wall
    times would count waiting twice); model is wall seconds spent in model calls, which no other stage includes.
    """

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    made: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Per step whose outputs are kept: pictures computed."""
    reused: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """Per step: pictures taken from the store, by who made them."""
    models: dict[str, dict[str, str]] = field(default_factory=dict)
    """Models that were called, by id: revision and sha256."""
    stats: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Per step: what it measured before the first frame."""
    frames: int = 0
    changed: float = 0.0
    """Sum over frames of the share of pixels that differ from the plate."""
    nonfinite: int = 0
    """Pixels of the master with NaN or Inf, the plate's own included."""
    clipped: int = 0
    """Values that the master's type could not hold."""
    flicker: float = 0.0
    """Sum over neighbouring frames; see `core.media.measure.flicker`."""
    flicker_pairs: int = 0
    damaged: int = 0
    """Kept outputs that failed their hash and were made again."""
    peak_pictures: int = 0
    """The most pictures held at once."""
    promise_ended: str = ""
    """The step at which the plate stopped being bit-identical outside a matte; empty: the promise held."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block towards a stage. A stage within a stage is taken out of the outer one."""
        outer, self._local.within = getattr(self._local, "within", 0.0), 0.0
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - cpu
            own = time.perf_counter() - wall if name == "model" else spent - self._local.within
            self._local.within = outer + spent
            with self._lock:
                self.seconds[name] += own

    def count_made(self, step: str, pictures: int) -> None:
        with self._lock:
            self.made[step] += pictures

    def count_reused(self, step: str, origin: str) -> None:
        with self._lock:
            self.reused[step][origin] += 1

    def count_frame(self, facts: Mapping[str, Any], flicker: float | None) -> None:
        """A frame is finished. `flicker`: against the frame before, None where there is nothing to measure it on."""
        with self._lock:
            self.frames += 1
            self.changed += facts["changed"]
            self.nonfinite += facts["nonfinite"]
            self.clipped += facts["clipped"]
            if flicker is not None:
                self.flicker += flicker
                self.flicker_pairs += 1

    def summary(self) -> dict[str, Any]:
        """Plain values for the ledger and the record; `peak_memory` is the process's largest resident size in bytes."""
        with self._lock:
            return {
                "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
                "made": dict(self.made),
                "reused": {step: dict(origins) for step, origins in self.reused.items()},
                "models": {name: dict(facts) for name, facts in self.models.items()},
                "stats": {step: dict(values) for step, values in self.stats.items()},
                "frames": self.frames,
                "changed": self.changed / self.frames if self.frames else None,
                "flicker": self.flicker / self.flicker_pairs if self.flicker_pairs else None,
                "nonfinite": self.nonfinite,
                "clipped": self.clipped,
                "damaged": self.damaged,
                "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "promise_ended": self.promise_ended,
            }
