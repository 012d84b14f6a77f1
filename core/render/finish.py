"""From a finished picture to a file: check it, measure it against the plate, convert and write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import RenderError
from core.frames import timecode
from core.recipe.model import PLATE
from core.render.graph import Graph, all_finite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.cut.shot import Plate
    from core.media.write import Written
    from core.render.run import Work

    Picture = NDArray[np.float32]

_THUMB = 8
"""Flicker is measured on pictures this many times smaller: it is a matter of brightness, not of grain."""


@dataclass(frozen=True)
class Finished:
    """One frame on disk, and what was measured on the way."""

    frame: int
    written: Mapping[str, Written]
    """By layer; "" is the master."""
    facts: Mapping[str, Any]
    thumbs: tuple[Picture, Picture]
    """The master and the plate, small, for flicker against the next frame."""


def finish_frame(
    graph: Graph, work: Work, frame: int, targets: Mapping[str, str], digests: Mapping[str, str]
) -> Finished:
    """Make, check and write one frame and its layers; layers first, so that a master that exists is complete."""
    tally = graph.kit.tally
    plate = graph.pull((PLATE, frame))
    final = graph.pull((targets[""], frame))
    with tally.stage("comp"):
        nonfinite = _check_finite(graph, work, frame, final, plate)
        facts: dict[str, Any] = {
            "digest": digests[""],
            "changed": _changed(final, plate),
            "nonfinite": nonfinite,
            **_notes(graph, frame),
        }
        thumbs = _thumb(final), _thumb(plate)
    written = {}
    for layer, name in sorted(targets.items(), reverse=True):
        picture = graph.pull((name, frame))
        graph.kit.tick()
        with tally.stage("encode"):
            written[layer] = _write(graph, work, frame, layer, picture, digests[layer])
    for name in (*targets.values(), PLATE):
        graph.release((name, frame))
    facts["clipped"] = written[""].clipped
    return Finished(frame, written, facts, thumbs)


def flicker_since(before: Finished | None, now: Finished) -> float | None:
    """The flicker from one frame to the next one; None where frames are left out or the plate moves everywhere."""
    from core.media.measure import flicker

    if before is None or before.frame != now.frame - 1 or now.thumbs[0].shape != now.thumbs[1].shape:
        return None
    return flicker(before.thumbs[0], now.thumbs[0], before.thumbs[1], now.thumbs[1])


def _write(graph: Graph, work: Work, frame: int, layer: str, picture: Picture, digest: str) -> Written:
    from core.media.write import write_frame

    master, plate, colour = work.recipe.output.master, graph.plates.plate, graph.kit.colour
    if picture.shape[-1] > 1:
        picture = colour.convert(picture, work.working, master.colour)
    facts = {"shot": work.shot.id, "digest": digest}
    return write_frame(work.path(frame, layer), picture, master, facts=facts, timecode=stamp_of(plate, frame))


def stamp_of(plate: Plate, frame: int) -> str:
    """The timecode that a shot frame's file carries; empty where the plate has none."""
    if plate.timecode is None:
        return ""
    return timecode(plate.timecode + plate.index(frame) - plate.media.first, plate.rate, drop=plate.drop)


def _check_finite(graph: Graph, work: Work, frame: int, final: Picture, plate: Picture) -> int:
    """How many pixels hold NaN or Inf. Raises RenderError where the plate is finite there."""
    import numpy as np

    if all_finite(final):
        return 0
    bad = ~np.isfinite(final).all(-1)
    new = bad & np.isfinite(plate).all(-1) if plate.shape[:2] == final.shape[:2] else bad
    count = int(new.sum())
    if count and not work.recipe.output.master.allow_nonfinite:
        raise RenderError(
            f"Frame {frame} has NaN or Inf in {count} pixels where the plate has none; the step "
            f"`{_culprit(graph, work, frame, plate)}` gave them.",
            where=f"{work.shot.id} frame {frame}",
            todo="Change that step, or set output.master.allow_nonfinite.",
        )
    return int(bad.sum())


def _culprit(graph: Graph, work: Work, frame: int, plate: Picture) -> str:
    """The first step whose output holds more NaN and Inf than the plate does."""
    import numpy as np

    own = int((~np.isfinite(plate).all(-1)).sum())
    for step in work.recipe.step:
        if any(graph.nonfinite.get((step.name, key), 0) > own for key in graph.keys(step.name, frame)):
            return step.name
    return work.recipe.final


def _changed(final: Picture, plate: Picture) -> float:
    """The share of pixels whose bits are not the plate's; a picture of another size is all changed."""
    import numpy as np

    if final.shape[:2] != plate.shape[:2] or final.shape[2] < 3:
        return 1.0
    ours, theirs = (np.ascontiguousarray(picture[..., :3]).view(np.uint32) for picture in (final, plate))
    other = ours != theirs
    return float((other[..., 0] | other[..., 1] | other[..., 2]).mean())


def _notes(graph: Graph, frame: int) -> dict[str, Any]:
    notes = {}
    for name in graph.steps:
        if found := graph.kit.notes.get((name, graph.keys(name, frame)[0])):
            notes[name] = dict(found)
    return notes


def _thumb(picture: Picture) -> Picture:
    import numpy as np

    height, width = picture.shape[0] // _THUMB, picture.shape[1] // _THUMB
    if not height or not width:
        return picture[..., :3]
    rows = np.zeros((height, picture.shape[1], picture.shape[2]), np.float32)
    small = np.zeros((height, width, picture.shape[2]), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for offset in range(_THUMB):
            rows += picture[offset : height * _THUMB : _THUMB]
        for offset in range(_THUMB):
            small += rows[:, offset : width * _THUMB : _THUMB]
    return np.asarray(small[..., :3] / _THUMB**2, np.float32)
