"""What is done with a shot's picture, in words and orders. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cut.shot import Shot
    from core.frames import FrameRange
    from core.history.review import Review
    from core.recipe.model import Recipe
    from core.viewing.cutplay import Playing


def layers(version: str, names: Sequence[str], *, plate: bool) -> list[tuple[str, str]]:
    """What the layer keys go through, as (version, picture): the plate, then the version's pictures in their order."""
    return [*([("", "")] if plate else []), *((version, name) for name in names)]


def place_in_cut(shot: Shot, cut: str) -> tuple[int, int] | None:
    """The first and last frame of the cut that a shot's first use fills; None: it is not in the cut."""
    uses = [use for use in shot.uses if use.enabled and use.cut == cut]
    use = min(uses, key=lambda use: use.record, default=None)
    return (use.record, use.record + use.duration - 1) if use is not None else None


def cut_title(playing: Playing | None) -> str:
    """`the cut · sh0040 v002 · 1034`, or that there is a gap."""
    if playing is None:
        return "the cut · a gap"
    return f"the cut · {playing.source.shot} {playing.source.name} · {playing.frame}"


def path_and_range(path: str, frames: FrameRange) -> str:
    """`…/sh0010_v003.%04d.exr 1001-1072`, as Nuke takes it pasted; a movie alone."""
    return f"{path} {frames}" if "%" in path else path


def note_ranges(review: Review, version: str) -> tuple[tuple[int, int], ...]:
    """The frames that a version's open notes speak of."""
    notes = review.of(version).notes
    return tuple(note.event.frames for note in notes if note.event.frames is not None and not note.resolved)


def key_frames(recipe: Recipe | None) -> tuple[int, ...]:
    """The frames on which any value of a recipe has a key."""
    steps = recipe.step if recipe is not None else ()
    return tuple(sorted({int(key[0]) for step in steps for keys in step.curves.values() for key in keys}))
