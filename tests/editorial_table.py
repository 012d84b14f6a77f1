"""`docs/editorial.md`: what each form of a hand-over keeps of a rich timeline, measured by reading every one back; and
which timelines of other people open.

With `RUSHES_WRITE_FORMATS=1` the tests `tests/formats/test_editorial.py` and `test_sample_timelines.py` write the page;
without it they fail where it says something else than was found.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from core.cut.incoming.fcp7_speed import read_speeds
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Handover, Published
from tests.outgoing import Show
from tests.timelines import clip, movie, schema, span, time, timeline

PAGE = Path(__file__).parent.parent / "docs" / "editorial.md"
HEAD = """# Editorial: what each form keeps, and what opens

## What each form keeps

Written by `tests/formats/test_editorial.py`: it publishes one rich timeline in every form of `rushes publish --for`,
reads each back with OpenTimelineIO and its adapters (FCPXML with our own, `rushes_fcpxml`; the table with Python's
`csv`), and looks for every thing in it.
*Kept*: it reads back as it was. *Named*: it does not, and the loss report beside the file says so, clip by clip. The
test fails where something is neither. A table is no timeline: what it does not tell is a dash.

No editing system was at hand: this is what the files say, not what a program makes of them.

"""

OPENS = """
## What opens

Written by `tests/formats/test_sample_timelines.py`: every sample timeline in the source distributions of OpenTimelineIO
and its adapters is read as `rushes new` reads it, its shots are made, and it goes out as a master from which nothing
is lost. *Ask*: such a file holds several timelines, and opens with `--timeline NAME`. An `.ale` is a log, no timeline:
it is read as `rushes ale` reads it. `.otioz` and `.otiod` are `.otio` with its media.

| samples of | forms | files | open | ask | do not open, and what is said |
| --- | --- | --- | --- | --- | --- |
"""


def opens_row(source: str, said: Mapping[Path, str]) -> str:
    """A line of the table. `said`: file → nothing where it opens, `asks`, or why it does not open."""
    name, _, version = source.partition("==")
    forms = ", ".join(sorted({f"`{path.suffix.lower()}`" for path in said}))
    counts = [sum(one == what for one in said.values()) for what in ("", "asks")]
    refused = [f"`{path.name}`: {why}" for path, why in said.items() if why not in ("", "asks")]
    cells = (f"{name} {version}", forms, str(len(said)), *map(str, counts), "; ".join(refused) or "–")
    return f"| {' | '.join(cells)} |"


def rich() -> Any:
    """A cut with one of everything, each on a clip of its own."""
    fast, held = clip("fast", movie("b.mov"), 100, 10), clip("held", movie("c.mov"), 5, 9)
    graded = clip("graded", movie("d.mov"), 0, 9)
    fast.effects.append(schema.LinearTimeWarp("speed", time_scalar=2.0))
    held.effects.append(schema.FreezeFrame())
    graded.effects.append(schema.Effect("grade", "Grade"))
    graded.markers.append(schema.Marker("look", span(3, 2), "GREEN"))
    graded.metadata["AAF"] = {"SourceID": "x"}
    two, off = clip("two", movie("e.mov"), 10, 9), clip("off", movie("f.mov"), 0, 12)
    two.set_media_references({"PROXY": movie("proxy.mov"), "HERO": movie("e.mov")}, "HERO")
    off.enabled = False
    frames = schema.ImageSequenceReference("file:///p/", "p.", ".exr", 1001, rate=25, frame_zero_padding=4)
    frames.available_range = span(0, 300)
    inside = schema.Track("inner", kind="Video")
    inside.append(clip("inside", movie("g.mov"), 0, 8))
    nested = schema.Stack("nested")
    nested.append(inside)
    dissolve = schema.Transition("dissolve", "SMPTE_Dissolve", time(4), time(4))
    made = timeline(
        [
            clip("sh0010", movie(start=900000), 900100, 20), fast, held, graded, dissolve, two,
            clip("frames", frames, 20, 9),
            clip("bars", schema.GeneratorReference("bars", "SMPTEBars", span(0, 50)), 0, 9),
            clip("offline", schema.MissingReference(), 0, 9), nested,
        ],
        [schema.Gap(source_range=span(0, 40)), clip("upper", movie("h.mov"), 0, 12), off],
    )  # fmt: skip
    sound = schema.Track("A1", kind="Audio")
    sound.append(clip("sound", movie("s.wav"), 0, 60))
    made.tracks.append(sound)
    made.global_start_time = time(90000)
    made.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0"}
    return made


@dataclass(frozen=True)
class Found:
    """What a file says when it is read back."""

    timelines: tuple[Any, ...]
    text: str
    rows: Mapping[str, Mapping[str, str]]

    def clip(self, name: str) -> Any:
        """The clip of that name; None where there is none."""
        named = [one for made in self.timelines for one in list(made.find_clips()) if one.name == name]
        return named[0] if named else None

    def start(self, name: str) -> float | None:
        """Where a clip begins, in seconds of the record side."""
        for made in self.timelines:
            zero = made.global_start_time.to_seconds() if made.global_start_time else 0.0
            for track in made.tracks:
                shift = track.source_range.start_time.to_seconds() if track.source_range else 0.0
                for place, one in enumerate(track):
                    if one.name == name:
                        return zero + float(track.range_of_child_at_index(place).start_time.to_seconds()) - shift
        return None


def _effect(found: Found, name: str, kind: Any, scalar: float) -> bool:
    one = found.clip(name)
    speeds = [effect.time_scalar for effect in one.effects if isinstance(effect, kind)] if one else []
    return speeds == [scalar]


def _on(found: Found, name: str) -> bool:
    one = found.clip(name)
    told = dict(one.metadata.get("fcp_xml", {})).get("enabled") if one else ""
    return one is not None and one.enabled and told != "FALSE"


def _media(found: Found, name: str) -> str:
    one = found.clip(name)
    media = one.media_reference if one else None
    return str(getattr(media, "target_url", "") or getattr(media, "name_prefix", ""))


def _dissolves(found: Found) -> bool:
    tracks = [track for made in found.timelines for track in made.tracks]
    return any(isinstance(one, schema.Transition) for track in tracks for one in track)


def _graded(found: Found, says: Callable[[Any], bool]) -> bool:
    one = found.clip("graded")
    return one is not None and says(one)


def _generated(found: Found) -> bool:
    one = found.clip("bars")
    return one is not None and isinstance(one.media_reference, schema.GeneratorReference)


def _alternates(found: Found) -> bool:
    one = found.clip("two")
    return one is not None and "PROXY" in one.media_references()


def _shows(found: Found) -> bool:
    one = found.clip("sh0010")
    return one is not None and one.source_range == span(900100, 20)


Check = Callable[[Found], bool]
CHECKS: Mapping[str, tuple[Check, tuple[str, ...]]] = {
    "where a clip stands": (lambda f: f.start("held") == 3601.2, ()),
    "which of its source it shows": (_shows, ()),
    "the version that plays": (lambda f: "sh0010_gen_v002" in f.text, ()),
    "a retime": (lambda f: _effect(f, "fast", schema.LinearTimeWarp, 2.0), ("speed",)),
    "a freeze": (lambda f: _effect(f, "held", schema.FreezeFrame, 0.0), ("freeze",)),
    "a clip that is off": (lambda f: f.clip("off") is not None and not _on(f, "off"), ("switched off",)),
    "a dissolve": (_dissolves, ("transition",)),
    "a second video track": (lambda f: f.clip("upper") is not None, ()),
    "audio": (lambda f: f.clip("sound") is not None, ("audio",)),
    "an effect": (lambda f: _graded(f, lambda one: "Grade" in [e.effect_name for e in one.effects]), ("effects",)),
    "the editor's marker": (lambda f: _graded(f, lambda one: "look" in [m.name for m in one.markers]), ("marker",)),
    "other programs' metadata": (lambda f: _graded(f, lambda one: "AAF" in one.metadata), ("metadata",)),
    "further references": (_alternates, ("further media references",)),
    "an image sequence": (lambda f: "p." in _media(f, "frames") or "SOURCE FILE: p.exr" in f.text, ()),
    "a generator": (_generated, ("generated",)),
    "a compound": (lambda f: f.clip("inside") is not None or "<name>inside</name>" in f.text, ("compound",)),
    "notes, with --notes": (lambda f: "too bright" in f.text, ()),
}
"""What is looked for: whether a file says it, and words of the loss that names it."""


def published(folder: Path, purpose: str) -> tuple[Published, Found]:
    """The rich timeline in one form, and what it says when it is read back."""
    show = Show(rich(), folder)
    note = Remarked("n1", "too bright", "look", "Ada", (1012, 1014))
    entry = show.entry("sh0010", "v001", "v002", active="v002", movie=True, notes=[note])
    profile = PROFILES[purpose]
    handover = Handover(show.cut, [entry], Fraction(25), show.received, form=profile.form, purpose=purpose)
    made = profile.write(handover, folder / f"out{profile.suffix}")
    files = [path for path in (made.path, *made.also) if path.suffix in (".otio", ".xml", ".fcpxml", ".edl")]
    how: dict[str, Any] = {".edl": {"rate": 25}, ".fcpxml": {"adapter_name": "rushes_fcpxml"}}.get(profile.suffix, {})
    timelines = tuple(otio.adapters.read_from_file(str(path), **how) for path in files)
    for timeline_read, path in zip(timelines, files, strict=True):
        if path.suffix == ".xml":
            read_speeds(timeline_read)  # the adapter leaves filters as they are
    rows: dict[str, Mapping[str, str]] = {}
    if profile.suffix == ".csv":
        with made.path.open(encoding="utf-8-sig", newline="") as file:
            rows = {row["clip"]: row for row in csv.DictReader(file)}
    return made, Found(
        timelines, "".join(path.read_text(encoding="utf-8-sig") for path in (made.path, *made.also)), rows
    )


TOLD: Mapping[str, Check] = {
    "where a clip stands": lambda f: f.rows["held"]["record in"] == "01:00:01:05",
    "the version that plays": lambda f: f.rows["sh0010"]["plays"] == "v002",
    "a retime": lambda f: f.rows["fast"]["retime"] == "2x",
    "a freeze": lambda f: f.rows["held"]["retime"] == "freeze",
    "a clip that is off": lambda f: f.rows["off"]["on"] == "no",
    "a second video track": lambda f: "upper" in f.rows,
    "a compound": lambda f: "inside" in f.rows,
    "notes, with --notes": lambda f: "too bright" in f.rows["sh0010"]["notes"],
}
"""What a table tells."""


def cells(folder: Path, purpose: str) -> dict[str, str]:
    """For each thing whether the form keeps it. Raises AssertionError where it is lost and not named."""
    made, found = published(folder, purpose)
    if found.rows:
        return {what: "kept" if what in TOLD and TOLD[what](found) else "–" for what in CHECKS}
    told = {}
    for what, (check, words) in CHECKS.items():
        if check(found):
            told[what] = "kept"
            continue
        named = [loss for loss in made.losses if any(word in loss.what for word in words)]
        assert named, f"{purpose} loses {what} and does not say so: {made.losses}"
        told[what] = "named"
    return told


_PICTURES = {
    ("sequence", False): "its frames",
    ("listed", True): "its review movie, else `name.[1001-1072].exr`",
    ("first", True): "its review movie, else `name.1001.exr`",
}
_NOTES = {
    "otio": "a marker",
    "resolve": "a marker, its text also where Resolve reads it",
    "fcp7": "a marker with comment and colour",
    "fcp": "a to-do with its text",
    "loc": "a `LOC` line",
    "column": "a column",
}


def page_text(table: Mapping[str, Mapping[str, str]]) -> str:
    """The page down to `OPENS`. `table`: form → thing → cell."""
    lines = [f"| | {' | '.join(f'`{name}`' for name in table)} |", f"| --- |{' --- |' * len(table)}"]
    lines += [f"| {what} | {' | '.join(table[name][what] for name in table)} |" for what in CHECKS]
    forms = [PROFILES[name].form for name in table]
    lines.append(f"| a version is | {' | '.join(_PICTURES[form.frames, form.movies] for form in forms)} |")
    lines.append(f"| a note is | {' | '.join(_NOTES[form.markers] for form in forms)} |")
    return HEAD + "\n".join(lines) + "\n"
