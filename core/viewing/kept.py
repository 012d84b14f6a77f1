"""Step outputs that a version's render kept, found again by what they were made from. Nothing is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cut.shot import Shot
from core.errors import MediaError
from core.files import one_line
from core.layout import Layout, Settings
from core.ops.base import Format, Op
from core.recipe.model import Material, Recipe
from core.render.graph import blended
from core.render.models import pixel_class
from core.render.plan import digest, measure_digest, measured, share_between
from core.render.reuse import StepStore
from core.render.sources import Materials, plate_digest
from core.render.tally import Tally
from core.render.trace import Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.colour import Colour


class KeptSteps:
    """The kept pictures of one version's steps, in the show's working space. Holds plate and inputs open; close it."""

    def __init__(
        self, layout: Layout, settings: Settings, colour: Colour, shot: Shot, recipe: Recipe,
        environment: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """
        Args:
            recipe: a version's, frozen.
            environment: what it was rendered in, as its record says.

        Raises:
            MediaError: the plate or an input is not on this machine.
        """
        from core.media.read import Reader

        plate, working = shot.plate, settings.working_space
        if plate is None:
            raise MediaError(f"{shot.id} has no plate: {one_line(shot.missing)}.")
        self._store = StepStore(layout.steps)
        known = "" if plate.kind == "sequence" else plate.sha256
        with ExitStack() as stack:
            reader = Reader(layout.find(plate.path), layer=plate.layer, sha256=known)
            stack.callback(reader.close)
            paths = {material.name: _path(material, layout, recipe) for material in recipe.input}
            materials = Materials(recipe.input, paths, plate, colour, working, Tally())
            stack.callback(materials.close)
            self._open = stack.pop_all()
        size = Format(plate.width, plate.height, 3 if plate.alpha == "none" else 4, plate.pixel_aspect)
        self._trace = Trace(
            recipe,
            recipe.formats(size, materials.formats()),
            materials.available(plate.frames),
            digest([pixel_class(environment), colour.digest, working]),
            plate=lambda frame: plate_digest(reader.digest(plate.index(frame)), plate, working, colour),
            material=materials.digest,
            stats=self._stats,
        )

    def close(self) -> None:
        self._open.close()

    def read(self, step: str, frame: int) -> NDArray[np.float32]:
        """The step's picture, (H, W, C) float32: as it was kept, or blended from two keys as the render did.

        Raises:
            MediaError: it was not kept for this frame, or was freed since, or what it was made from has changed.
        """
        keys = self._trace.keys(step, frame)
        found = [self._store.load(self._trace.digest((step, key))) for key in keys]
        pictures = [kept.array for kept in found if kept is not None]
        if len(pictures) < len(found):
            raise _gone(step, frame)
        return pictures[0] if len(pictures) == 1 else blended(pictures[0], pictures[1], share_between(frame, *keys[:2]))

    def _stats(self, name: str) -> Mapping[str, Any]:
        """What the step measured when it was rendered."""
        step, trace = self._trace.steps[name], self._trace
        if type(step).measure is Op.measure:
            return {}
        frames = measured(trace.available)
        edges = {edge: [trace.digest((edge, frame)) for frame in frames] for edge in step.edges()}
        stats = self._store.load_stats(measure_digest(step, edges))
        if stats is None:
            raise _gone(name, frames[0])
        return stats


def _gone(step: str, frame: int) -> MediaError:
    return MediaError(
        f"The picture of `{step}` at frame {frame} is not kept.",
        todo="Kept pictures are freed in time, and hold only while plate and colour stay. To have it with every "
        "version, write it as a layer: `output.layers` in the recipe.",
    )


def _path(material: Material, layout: Layout, recipe: Recipe) -> Path:
    """Where an input's bytes were kept when the recipe was frozen; a version's layer lies with its frames."""
    if not material.version:
        return layout.input(material.sha256) / Path(material.path).name
    shot, _, version = material.version.partition("/")
    folder = layout.frames(shot, version, material.layer)
    first = next(iter(sorted(folder.glob(f"*.{recipe.frames.first:04d}.*"))), None)
    if first is None:
        what = f"The input {material.name!r} reads {one_line(material.version)}, whose frames are not on this machine."
        raise MediaError(what, where=one_line(str(folder)), todo="Copy them here.")
    return first.with_name(first.name.replace(f".{recipe.frames.first:04d}.", ".%04d."))
