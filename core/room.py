"""Whether a version fits: bytes on the disk, characters in its names. Asked before a number is claimed for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.cut.shots import Shot
from core.errors import BadInput, DiskFull, MediaError
from core.farm.ledger import Job
from core.farm.movie import review_path
from core.files import temp_beside
from core.layout import Layout
from core.ops.base import Cadence, Format
from core.overview import read_recipe, version_names
from core.recipe.model import Master, Recipe
from core.recipe.text import parse

TRAVELS = 200
"""Characters below the media root that a path stays under: Windows takes 260 in all, and archives add theirs."""
_SPARE = 2_000_000_000
"""What is left free of a disk, in bytes: below it git, the queue and everything else on it run into trouble."""
_SAMPLES = {"half": 2, "float": 4, "uint16": 2}
_NOISE = 0.9
"""What compressed half floats take of their plain size where the picture is nothing but noise, measured. Grainy footage
takes 0.75 to 0.8, clean footage 0.6 to 0.7; full floats and 16 bit integers of noise do not shrink at all."""
_REVIEW = {"prores_422hq": 0.55, "prores_4444": 0.8, "h264": 0.25}
"""Bytes a pixel, measured at 1280 x 720 with up to 3 % grain."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that a render takes."""

    frames: int
    """Masters and layers."""
    review: int
    steps: int
    """Outputs of models kept for re-use, where nothing is there yet."""

    def __str__(self) -> str:
        parts = (("frames", self.frames), ("review movie", self.review), ("step outputs", self.steps))
        return ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in parts if size)


def room_for(recipe: Recipe, shot: Shot, count: int, share: float | None = None) -> Room:
    """What `count` frames of a frozen recipe take, at the most.

    `share`: what its master's files take of their plain size, where that is known; else as noise would.
    """
    formats = _formats(recipe, shot)
    master, written = recipe.output.master, [formats[name] for name in (recipe.final, *recipe.output.layers)]
    share = _worst(master) if share is None else share
    review = recipe.output.review
    kept = [
        _values(formats[step.name]) * 4 * min(count, count // (step.on if isinstance(step, Cadence) else 1) + 2)
        for step in recipe.step
        if step.keep
    ]
    return Room(
        frames=round(count * sum(map(_values, written)) * _SAMPLES[master.type] * share),
        review=round(count * written[0].width * written[0].height * _REVIEW[review.codec]) if review else 0,
        steps=sum(kept),
    )


def _formats(recipe: Recipe, shot: Shot) -> Mapping[str, Format]:
    assert shot.plate is not None
    plate = Format(shot.plate.width, shot.plate.height, 3 if shot.plate.alpha == "none" else 4, shot.plate.pixel_aspect)
    inputs = {one.name: replace(plate, channels=1) if one.kind == "matte" else plate for one in recipe.input}
    return recipe.formats(plate, inputs)


def _values(picture: Format) -> int:
    return picture.width * picture.height * picture.channels


def _worst(master: Master) -> float:
    return _NOISE if master.type == "half" and master.compression not in ("none", "rle") else 1.0


def measured_share(layout: Layout, shot: Shot, recipe: Recipe) -> float | None:
    """What the shot's newest rendered masters of the same kind take of their plain size; None where there are none."""
    for version in reversed(version_names(layout, shot.id)):
        try:
            _, made = read_recipe(layout, shot.id, version)
        except BadInput:  # one that cannot be read hides nothing: `verify` tells
            continue
        if made.output.master != recipe.output.master:
            continue
        frames, suffix = made.frames, f".{made.output.master.format}"
        paths = (layout.frame(shot.id, version, at, suffix=suffix) for at in {frames.first, frames.last})
        sizes = [path.stat().st_size for path in paths if path.is_file()]
        if sizes:
            plain = _values(_formats(made, shot)[made.final]) * _SAMPLES[made.output.master.type]
            return min(1.0, 1.1 * max(sizes) / plain)  # a tenth more: no two frames are alike
    return None


def enough_room(
    layout: Layout, shot: Shot, recipe: Recipe, count: int, queued: Iterable[Room], tell: Callable[[str], None]
) -> None:
    """Refuse what the disk cannot hold beside what is queued already; say where it may become tight.

    Frames and the review movie are certain; step outputs may be there already, so they only make for a warning.

    Raises:
        DiskFull: with what is needed and what is free, in GB.
    """
    folder = _there(layout.media)
    room, others = room_for(recipe, shot, count, measured_share(layout, shot, recipe)), list(queued)
    waits = sum(other.frames + other.review for other in others)
    free = shutil.disk_usage(folder).free
    said = f"{room}" + (f", and {waits / 1e9:.1f} GB for jobs in the queue" if waits else "")
    left = free - room.frames - room.review - waits
    if left < 0:
        raise DiskFull(
            f"{shot.id} needs about {(free - left) / 1e9:.2f} GB and {free / 1e9:.2f} GB are free: {said}.",
            where=str(folder),
            todo="Free some space, render fewer frames or layers, or move the media root (rushes.toml: media).",
        )
    if left - room.steps - sum(other.steps for other in others) < _SPARE:
        tell(f"{shot.id} may leave the disk nearly full: {free / 1e9:.2f} GB are free in {folder}; {said}")


def file_fits(folder: Path, size: int, what: str) -> None:
    """Refuse a file of `size` bytes that the disk of `folder` cannot hold beside what it needs. Raises DiskFull."""
    place = _there(folder)
    free = shutil.disk_usage(place).free
    if size + _SPARE > free:
        told = f"{what} takes {size / 1e9:.2f} GB and {free / 1e9:.2f} GB are free, of which some stay free."
        raise DiskFull(told, where=str(place), todo="Free some space, or write it to another disk: --out FILE.")


def queued_room(layout: Layout, shots: dict[str, Shot], jobs: Iterable[Job]) -> Iterator[Room]:
    """What the unfinished jobs of this clone still take."""
    for job in jobs:
        shot = shots.get(job.shot)
        if shot is None or shot.plate is None or job.state not in ("queued", "rendering") or not job.total:
            continue
        recipe = parse(job.recipes[0], job.id)
        yield room_for(recipe, shot, job.total - job.done, measured_share(layout, shot, recipe))


def names_fit(layout: Layout, shot: str, recipe: Recipe, version: str) -> None:
    """Refuse a version whose files could not be named, here or where they travel to. Raises BadInput, MediaError."""
    suffix = f".{recipe.output.master.format}"
    files = {layer: layout.frame(shot, version, 1001, layer, suffix) for layer in ("", *recipe.output.layers)}
    if recipe.output.review:
        files["review"] = review_path(layout, shot, version, recipe.output.review.codec)
    for layer, path in files.items():
        length = len(str(path.relative_to(layout.media)))
        if length >= TRAVELS:
            raise BadInput(
                f"Its files would have paths of {length} characters; rushes keeps them under {TRAVELS}.",
                where=str(path.relative_to(layout.media)),
                todo=f"Give the step `{layer}` a shorter name." if layer in recipe.output.layers
                else "Give the clip a shorter name, and bring the cut in again.",
            )  # fmt: skip
    _disk_takes(layout.media, max(files.values(), key=lambda path: len(str(path))))


def _disk_takes(media: Path, path: Path) -> None:
    """Ask the file system for its limits; a file has a longer name while it is being written."""
    folder, longest = _there(media), temp_beside(path)
    limits = ((os.fsencode(longest), "PC_PATH_MAX", "path"), (os.fsencode(longest.name), "PC_NAME_MAX", "name"))
    for name, limit, what in limits:
        most = os.pathconf(folder, limit)
        if 0 < most < len(name):
            raise MediaError(
                f"The disk takes no {what} of {len(name)} characters, at most {most}.",
                where=str(folder),
                todo="Move the media root to a shorter path or another disk (rushes.toml: media).",
            )


def _there(folder: Path) -> Path:
    """The folder, or the nearest above that exists: where it will be made."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
