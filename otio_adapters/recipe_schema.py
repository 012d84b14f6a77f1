"""The optional schema `RushesRecipe`: what we say of a version, as an object of its own for programs that like one.

Nothing of ours needs it: in timelines we write plain metadata. A program without this schema keeps it as it came.

recipe = otio.schemadef.rushes_recipe.RushesRecipe.of(reference)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import opentimelineio as otio

try:
    from otio_adapters import versions
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters import versions

_field = otio.core.serializable_field


@otio.core.register_type
class RushesRecipe(otio.core.SerializableObject):  # type: ignore[misc]
    """A version of a shot and the recipe that made it.

    Schema 1 is the plain metadata with its mark, `"schema": "rushes/1"`; in schema 2 the label alone says it. For a
    program that knows schema 1: `write_to_file(…, target_schema_versions={"RushesRecipe": 1})`. The plugin manifest has
    no family of versions for it: OpenTimelineIO 0.18's `otiopluginfo` fails where any plugin has one.
    """

    _serializable_label = "RushesRecipe.2"

    shot = _field("shot", str, "The shot's id.")
    version = _field("version", str, "`v003`.")
    recipe = _field("recipe", str, "The recipe's digest, `sha256:…`: the text is in the show's git.")
    status = _field("status", str, "Where its review stands: `apr` is approved.")
    circled = _field("circled", str, "`final` or `temp` where it was chosen for the cut.")
    seeds = _field("seeds", None, "As text: numbers of 64 bits do not survive OTIO.")

    @classmethod
    def of(cls, reference: otio.schema.MediaReference) -> RushesRecipe | None:
        """What the metadata of a media reference say; None where they are not ours."""
        facts = versions.get(reference)
        if not facts:
            return None
        made = cls()
        for name in _NAMES & facts.keys():
            setattr(made, name, facts[name])
        return made

    def facts(self) -> dict[str, Any]:
        """The plain values, as `versions.put` takes them."""
        values = {name: getattr(self, name) for name in _NAMES}
        return {name: versions.plain(value) for name, value in values.items() if value is not None}


_NAMES = {"shot", "version", "recipe", "status", "circled", "seeds"}


def _without_mark(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "schema"}


def _with_mark(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "schema": versions.SCHEMA}


otio.core.upgrade_function_for(RushesRecipe, 2)(_without_mark)
otio.core.downgrade_function_from(RushesRecipe, 2)(_with_mark)
