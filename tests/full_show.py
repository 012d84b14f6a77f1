"""A small show that has something for every screen to say: made once, looked at by many tests."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import opentimelineio as otio

from core.reviewing import Remark
from core.show import Show
from tests import shows
from tests.timelines import save, span

ONE, TWO, THREE, LOST = "sq010_sh0010", "sq010_sh0020", "sq020_sh0010", "sh0010"
"""Two with versions, one whose version failed; and of two clips without picture and name the first."""
PAINT = """schema = 1
summary = "a dry brush over the whole frame"
[[step]]
op = "brush"
name = "paint"
input = "plate"
radius = 3
[[step]]
op = "merge"
name = "comp"
a = "paint"
b = "plate"
mix = 0.5
[output]
layers = ["paint"]
"""
LENGTH = 30
"""Frames of each plate; the cut uses twelve from the eighth on."""


def timeline(folder: Path) -> otio.schema.Timeline:
    """Five clips on one track, the second and third dissolved, and sound under them."""
    made = otio.schema.Timeline("siesta")
    picture, sound = (otio.schema.Track(name, kind=kind) for name, kind in (("V1", "Video"), ("A1", "Audio")))
    made.tracks.extend([picture, sound])
    for number, shot in enumerate((ONE, TWO, THREE)):
        media = otio.schema.ImageSequenceReference(
            (folder / f"plates_{number}").as_uri() + "/", "plate.", ".exr", 1, 1, 25, 4,
            available_range=span(90000, LENGTH),
        )  # fmt: skip
        picture.append(otio.schema.Clip(shot, media, span(90008, 12)))
    half = otio.opentime.RationalTime(3, 25)
    picture.insert(2, otio.schema.Transition("dissolve", "SMPTE_Dissolve", half, half))
    for start in (0, 100):
        picture.append(otio.schema.Clip("untitled", otio.schema.MissingReference(), span(start, 20)))
    sound.append(otio.schema.Clip("scratch", otio.schema.MissingReference(), span(0, 76)))
    return made


def next_cut(folder: Path) -> Path:
    """The editor's next cut: the second shot is longer than what was made, the third is gone, one is new, and of a clip
    without a name nobody can say which of two it is."""
    made = timeline(folder)
    picture = made.tracks[0]
    del picture[2:]
    picture[1].source_range = span(90008, 20)
    picture.append(otio.schema.Gap(source_range=span(0, 100)))
    picture.append(otio.schema.Clip("untitled", otio.schema.MissingReference(), span(900, 44)))
    picture.append(otio.schema.Clip("sq030_sh0010", otio.schema.MissingReference(), span(0, 30)))
    return save(made, folder / "cut_v2.otio")


def make(folder: Path) -> Show:
    """The show in `folder`/show. Its queue has a job that waits and one that failed; nothing works on it.

    Whoever opens it says that no worker starts (`Show.start_worker`), or it would not stay so.
    """
    for number in range(3):
        shows.plates(folder / f"plates_{number}", LENGTH, (64, 36))
    show = shows.make(save(timeline(folder), folder / "cut_v1.otio"), folder / "show")
    next_cut(folder)
    _look(show)
    show.draft(ONE, text=PAINT)
    show.generate([ONE], "a dry brush over the whole frame")
    finer = PAINT.replace("mix = 0.5", "mix = 0.35").replace("radius = 3", "radius = 2")
    show.draft(ONE, text=finer.replace("schema = 1", 'schema = 1\nparent = "v001"'))
    show.generate([ONE], "half as strong, finer strokes")
    show.draft(TWO, text=PAINT.replace("mix = 0.5", "mix = 0.8"))
    show.generate([TWO], "the same brush, drier")
    show.wedge(ONE, 1014, ["comp.mix=0.2,0.4,0.6,0.8"])
    assert shows.render(show) == 0 and {job.state for job in show.jobs()} == {"complete"}
    _said(show)
    show.draft(THREE, text=PAINT)
    (failed,) = show.generate([THREE], "first try")
    claimed = show.ledger.claim("farm-1")
    assert claimed is not None and claimed.id == failed.id
    show.ledger.finish(failed.id, claimed.attempt, "failed", "Frame 1004 has 12 pixels that are no numbers.")
    show.generate([TWO], "a little wetter")
    _same_everywhere(show)
    return show


def _look(show: Show) -> None:
    show.layout.looks.mkdir()
    (show.layout.looks / "dusk.toml").write_text(PAINT.replace("a dry brush over the whole frame", "blue hour"))
    (show.layout.looks / "16mm_past.toml").write_text(PAINT.replace("a dry brush over the whole frame", "old film"))


def _said(show: Show) -> None:
    show.review_all([Remark(ONE, "v001", "note", "the hand boils", (1009, 1011), category="flicker")])
    show.review_all([Remark(ONE, "v001", "approve"), Remark(ONE, "v001", "circle")])
    (note,) = show.notes([ONE])
    show.review_all([Remark(ONE, "v001", "resolve", note=note.note.event.id)])
    box = (0.2, 0.1, 0.6, 0.7)
    show.review_all(
        [Remark(ONE, "v002", "note", "the bar shimmers along its upper edge", (1012, 1016), box=box, category="edge")]
    )
    dry = Remark(TWO, "v001", "retake", "too dry, the grain is gone")
    show.review_all([dry, Remark(TWO, "v001", "circle", temp=True)])


def _same_everywhere(show: Show) -> None:
    """Which machine it was and how long it took is another thing each time."""
    with sqlite3.connect(show.layout.ledger) as db:
        db.execute("UPDATE attempts SET host = 'farm', pid = 4711, worker = 'farm-1'")
        db.execute("UPDATE frames SET seconds = 0.04")
        tally = {"seconds": {"decode": 0.5, "steps": 2.0, "encode": 0.5}, "peak_memory": 400_000_000}
        db.execute("UPDATE attempts SET tally = ? WHERE outcome = 'complete'", (json.dumps(tally),))
    db.close()
    for log in show.layout.state.parent.parent.glob("logs/*.log"):
        log.write_text(re.sub(r"(\+00:00) \d+ ", r"\1 4711 ", log.read_text()))
