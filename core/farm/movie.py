"""The review movie of a version: what is looked at and passed around; the frames stay the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.cut.shots import Shot
from core.frames import timecode
from core.layout import Layout, Settings
from core.recipe.model import Recipe
from core.recipe.text import recipe_sha

_SUFFIX = {"h264": ".mp4"}


def review_path(layout: Layout, shot: str, version: str, codec: str) -> Path:
    return layout.frames(shot, version) / f"{shot}_gen_{version}_review{_SUFFIX.get(codec, '.mov')}"


def write_review(
    layout: Layout, settings: Settings, shot: Shot, version: str, recipe: Recipe, text: str, tick: Callable[[], None]
) -> Path:
    """Write the version's frames as a movie in gamma 2.4 Rec.709, with the plate's timecode and reel. Done once.

    Where the codec takes only even numbers, the last column or row of an odd picture is there twice.

    `text`: the recipe's text, whose hash is burnt in where the recipe says so. Raises DiskFull, Broken, BadInput.
    """
    import numpy as np

    from core.media.colour import Colour
    from core.media.info import VIDEO
    from core.media.movie_out import MovieWriter, fitting
    from core.media.sheet import burn_in
    from core.media.write import read_frame

    review, plate = recipe.output.review, shot.plate
    assert review is not None and plate is not None
    out = review_path(layout, shot.id, version, review.codec)
    if out.exists():
        return out
    colour, master = Colour(settings.colour_config), recipe.output.master
    start = plate.index(recipe.frames.first) - plate.media.first + (plate.timecode or 0)
    first = read_frame(layout.frame(shot.id, version, recipe.frames.first, suffix=f".{master.format}"))
    size = fitting((first.shape[1], first.shape[0]), review.codec)
    more = ((0, size[1] - first.shape[0]), (0, size[0] - first.shape[1]), (0, 0))
    label = f"{shot.id} {version}   AI GENERATED   recipe {recipe_sha(text).removeprefix('sha256:')[:12]}"
    with MovieWriter(
        out, size, plate.rate, review.codec, timecode=timecode(start, plate.rate, drop=plate.drop), reel=plate.reel,
        colour=VIDEO, pixel_aspect=plate.pixel_aspect,
    ) as movie:  # fmt: skip
        for frame in recipe.frames:
            tick()
            picture = read_frame(layout.frame(shot.id, version, frame, suffix=f".{master.format}"))[..., :3]
            seen = np.clip(np.nan_to_num(colour.convert(picture, master.colour, VIDEO)), 0.0, 1.0).astype(np.float32)
            whole = np.pad(seen, more, mode="edge")
            movie.add(burn_in(whole, [f"{label}   {frame}"]) if review.burnin else whole)
    return out
