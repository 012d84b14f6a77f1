"""Opening, taking in and publishing a cut of 10,000 clips, beside what OpenTimelineIO alone takes for the same file.

Run alone: `python -m tests.benchmarks.bench_cut`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Entry, Handover, VersionMedia
from core.cut.ranges import needs
from core.cut.recut.facts import facts
from core.cut.shots import Shot, make_shots
from otio_adapters import versions
from tests.benchmarks.bench_conform import CLIPS, cut_of, timed
from tests.timelines import media_info, movie, save, settings

SOURCES = 2000
ALONE = {".otio": "otio_json", ".edl": "cmx_3600", ".xml": "fcp_xml"}
"""OpenTimelineIO's adapter for the form of a profile."""


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, value, unit): seconds of OpenTimelineIO alone, and how many times that ours takes."""
    rows: list[tuple[str, float, str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sent = save(cut_of(SOURCES, recut=False), folder / "sent.otio")
        rows += _opened(sent, "as it comes")
        kept = folder / "kept.otio"
        kept.write_text(cut_text(read_cut(sent)))
        rows += _opened(kept, "as a show keeps it")
        rows += _opened(save(_with_versions(read_cut(kept).timeline, 5), folder / "five.otio"), "five versions a clip")
        rows += _published(folder, sent, kept)
    return rows


def _opened(path: Path, name: str) -> Iterator[tuple[str, float, str]]:
    """The least of five, each beside the others: other people's load falls on all of them."""
    parts: dict[str, Callable[[], object]] = {
        "alone": lambda: otio.adapters.read_from_file(str(path)),
        "read, put in order": lambda: read_cut(path),
        "the same, and what each clip needs": lambda: needs(read_cut(path).timeline),
        "the same, as facts to compare": lambda: facts(read_cut(path), ".otio"),
    }
    least = {part: min(times) for part, times in _rounds(parts, 5).items()}
    yield f"otio reads {CLIPS} clips, {name}", least["alone"], "s"
    for part in list(parts)[1:]:
        yield f"  {part}", least[part] / least["alone"], "x otio alone"


def _rounds(parts: dict[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {part: [] for part in parts}
    for _ in range(times):
        for part, call in parts.items():
            found[part].append(timed(call))
    return found


def _published(folder: Path, sent: Path, kept: Path) -> Iterator[tuple[str, float, str]]:
    for number in range(SOURCES):
        (folder / f"{number:04d}.mov").touch()
    cut = read_cut(kept)
    shots, _ = make_shots(cut, settings(), probe=media_info, root=folder / "show", source=sent, existing={})
    entries = [entry for shot in shots for entry in _entries(shot)]
    handover = Handover(kept, entries, received=sent)
    alone = {suffix: _alone(kept, folder / f"alone{suffix}", adapter) for suffix, adapter in ALONE.items()}
    for suffix, seconds in alone.items():
        yield f"otio reads the cut, writes {suffix} and reads it", seconds, "s"
    for name, profile in PROFILES.items():
        out = folder / f"{name}{profile.suffix}"
        form = replace(handover, form=profile.form, purpose=name)
        took = timed(lambda profile=profile, form=form, out=out: profile.write(form, out))  # type: ignore[misc]
        known = alone.get(profile.suffix)
        yield f"  publish --for {name}", took / known if known else took, f"x {profile.suffix}" if known else "s"


def _alone(kept: Path, out: Path, adapter: str) -> float:
    """What a script that only uses OpenTimelineIO does: read the cut, write it, and look whether it reads back."""

    def through() -> None:
        timeline = otio.adapters.read_from_file(str(kept))
        timeline.global_start_time = timeline.global_start_time or otio.opentime.RationalTime(0, 25)
        otio.adapters.write_to_file(timeline, str(out), adapter)
        otio.adapters.read_from_file(str(out), adapter, **({"rate": 25} if adapter == "cmx_3600" else {}))

    return timed(through)


def _entries(shot: Shot) -> Iterator[Entry]:
    stem = f"{shot.id}_gen_v001"
    told = {"status": "approved", "recipe": "sha256:00"}
    folder = Path("/media") / shot.id / "v001"
    media = VersionMedia("v001", folder, f"{stem}.", ".exr", shot.range, facts=told, movie=f"{stem}_review.mov")
    for use in shot.uses:
        yield Entry(use.clip_id, shot, [media], "v001")


def _with_versions(made: Any, count: int) -> Any:
    for item in made.find_clips():
        added = {f"v{n:03d}": movie(f"v{n:03d}.mov", 0, 100) for n in range(1, count + 1)}
        for version, reference in added.items():
            versions.put(reference, {"version": version, "status": "apr"})
        versions.add_versions(item, added, f"v{count:03d}", versions.get(item))
    return made


if __name__ == "__main__":
    for what, value, unit in run():
        print(f"{what:58} {value:10.3g}  {unit}")
