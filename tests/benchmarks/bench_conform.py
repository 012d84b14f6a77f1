"""Comparing a cut of 10,000 clips with its re-cut, beside OpenTimelineIO reading the two files alone.

Run alone: `python -m tests.benchmarks.bench_conform`.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio

from core.cut.incoming.read import read_cut
from core.cut.recut.align import Holding
from core.cut.recut.conform import conform
from core.cut.recut.facts import Facts, facts
from core.cut.shots import make_shots
from tests.timelines import media_info, movie, save, schema, settings, span, timeline

CLIPS = 10_000


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, value, unit): seconds, and how many times reading alone."""
    rows: list[tuple[str, float, str]] = []
    for name, sources in (("2,000 sources", 2000), ("one source", 1)):
        with tempfile.TemporaryDirectory() as folder:
            rows += _measure(Path(folder), name, sources)
    return rows


def _measure(folder: Path, name: str, sources: int) -> list[tuple[str, float, str]]:
    old, new = (
        save(cut_of(sources, recut=False), folder / "old.otio"),
        save(cut_of(sources, recut=True), folder / "new.otio"),
    )
    alone = timed(lambda: [otio.adapters.read_from_file(str(path)) for path in (old, new)])
    start = time.process_time()
    kept = read_cut(old)
    before, after = facts(kept, ".otio")[0], facts(read_cut(new), ".otio")[0]
    reading = time.process_time() - start
    shots, _ = make_shots(kept, settings(), probe=media_info, root=folder, existing={})
    holdings = {shot.id: Holding(shot) for shot in shots}
    homes = {use.clip_id: shot.id for shot in shots for use in shot.uses}
    comparing = timed(lambda: conform(before, after, holdings, homes))
    half = timed(lambda: conform(_half(before), _half(after), holdings, homes))
    return [
        (f"otio reads two cuts of {CLIPS} clips, {name}", alone, "s"),
        ("  read, put in order, facts", reading / alone, "x otio alone"),
        ("  conform in all", (reading + comparing) / alone, "x otio alone"),
        ("  twice the clips, comparing", comparing / half, "x the time"),
    ]


def _half(cut: Facts) -> Facts:
    return Facts(cut.rate, cut.clips[: CLIPS // 2], cut.form)


def cut_of(sources: int, *, recut: bool) -> Any:
    """Clips of 20 to 80 frames; in the re-cut one of ten is trimmed, slipped, taken out, doubled or carried up."""
    dice, edits, items = random.Random(1), random.Random(2), []
    for number in range(CLIPS):
        start, length = dice.randrange(0, 100_000), dice.randrange(20, 80)
        change = edits.choice(("head", "tail", "slip", "out", "twice")) if recut and edits.random() < 0.1 else ""
        start += 5 if change in ("head", "slip") else 0
        length -= 5 if change in ("head", "tail") else 0
        media = movie(f"{number % sources:04d}.mov", 0, 110_000)
        items += [schema.Clip(f"c{number}", media, span(start, length))] * (change != "out")
        if change == "twice":
            items.append(schema.Clip(f"c{number}", media.clone(), span(start, length)))
    return timeline(items)


def timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    for what, value, unit in run():
        print(f"{what:58} {value:10.3g}  {unit}")
