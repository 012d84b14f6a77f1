"""One version in full: its row, recipe, record, review, and where its frames lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.farm.jobs import Standing
from core.frames import FrameRange
from core.history.review import Review
from core.layout import Layout
from core.overview import read_recipe, read_record, read_review, version_rows
from core.recipe.model import Recipe
from core.rows import VersionRow
from core.viewing.view import Source


@dataclass(frozen=True, slots=True)
class Version:
    """Everything about one version."""

    row: VersionRow
    recipe_text: str
    recipe: Recipe
    record: dict[str, Any] | None
    review: Review
    frames_path: str
    """The frames as compositors name them, with `%04d`."""
    layers: Mapping[str, str]
    """The same for each layer, by its name."""
    range: FrameRange

    @property
    def source(self) -> Source:
        """Its master, to look at."""
        return Source(self.row.shot, self.row.version)


def read_version(layout: Layout, standings: Iterable[Standing], shot: str, version: str) -> Version:
    """A version by its name, such as v003. `standings`: of the shot's jobs. Raises ShowError where there is none."""
    text, recipe = read_recipe(layout, shot, version)
    row = next(row for row in version_rows(layout, shot, standings) if row.version == version)
    suffix = f".{recipe.output.master.format}"

    def named(layer: str) -> str:
        path = layout.frame(shot, version, 0, layer, suffix)
        return str(path.with_name(path.name.replace(".0000.", ".%04d.")))

    return Version(
        row, text, recipe, read_record(layout, shot, version), read_review(layout, shot), named(""),
        {layer: named(layer) for layer in recipe.output.layers}, recipe.frames,
    )  # fmt: skip
