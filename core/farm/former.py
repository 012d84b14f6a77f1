"""What the version that a job goes on from has of it already."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.farm.jobs import FrameRow, Job
from core.farm.ledger import Ledger
from core.recipe.model import Recipe
from core.recipe.text import parse

if TYPE_CHECKING:
    from core.render.former import Former

_TOLD: dict[str, Any] = {"range": None, "summary": "", "parent": "", "plate_sha256": "", "picked_from": None}
"""What two recipes of the same pictures may differ in: over which frames, and what is said of them."""


def same_but_range(one: Recipe, other: Recipe) -> bool:
    """Whether two frozen recipes make a frame that both have of the same steps, inputs and models."""
    return one.model_copy(update=_TOLD) == other.model_copy(update=_TOLD)


def former_frames(ledger: Ledger, media: Path, job: Job, recipe: Recipe) -> dict[int, Former]:
    """The finished frames of the parent version, where this machine rendered it by the same recipe over other frames.

    Whether a frame is made of the same pictures too is for the render to decide, by its digest.
    """
    if job.kind != "version" or not recipe.parent:
        return {}
    found = [old for old in ledger.jobs() if (old.shot, old.version) == (job.shot, recipe.parent)]
    parent = next((old for old in found if old.kind == "version" and old.state == "complete"), None)
    if parent is None or not same_but_range(parse(parent.recipes[0], recipe.parent), recipe):
        return {}
    frames: dict[int, dict[str, FrameRow]] = defaultdict(dict)
    for row in ledger.frames(parent.id):
        frames[row.frame][row.layer] = row
    wanted = {"", *recipe.output.layers}
    origin = f"{job.shot}_{recipe.parent}"
    return {frame: _former(rows, media, origin) for frame, rows in frames.items() if wanted <= set(rows)}


def _former(rows: dict[str, FrameRow], media: Path, origin: str) -> Former:
    from core.media.write import Written
    from core.render.former import Former

    files = {
        layer: Written(media / row.path, row.sha256, row.pixels, int(row.facts.get("clipped", 0)))
        for layer, row in rows.items()
    }
    return Former(files, rows[""].facts, origin)
