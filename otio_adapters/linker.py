"""The media linker `rushes_linker`: which of a clip's versions plays. Nothing is looked for on disk.

otioconvert -i master.otio -o latest.otio -m rushes_linker -M pick=latest
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import opentimelineio as otio

try:
    from otio_adapters import versions
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters import versions

_POLICIES = ("circled", "approved", "latest")
_VERSION = re.compile(r"v\d{3,6}")


def link_media_reference(in_clip: otio.schema.Clip, media_linker_argument_map: Mapping[str, Any] | None) -> Any:
    """Make a version of the clip active, without touching the editor's references.

    `pick` is `circled` (what the show chose for the cut; the default), `approved` (the newest approved version),
    `latest`, or a version such as `v003`.

    Returns:
        The active media reference, or None where the clip has no such version (it stays as it is).

    Raises:
        ValueError: `pick` is none of these.
    """
    pick = str((media_linker_argument_map or {}).get("pick", "circled"))
    if pick not in _POLICIES and not _VERSION.fullmatch(pick):
        known = ", ".join(_POLICIES)
        raise ValueError(f"rushes_linker cannot pick {pick!r}: pick is {known}, or a version such as v003")
    fitting = [version for version, reference in versions.versions(in_clip) if _fits(pick, version, reference)]
    if not fitting:
        return None
    theirs = versions.editor_key(in_clip)
    in_clip.active_media_reference_key = versions.reference_key(fitting[-1])
    versions.put(in_clip, {**versions.get(in_clip), "editor_key": theirs})
    return in_clip.media_reference


def _fits(pick: str, version: str, reference: Any) -> bool:
    if pick == "approved":
        return versions.get_text(reference, "status") == "apr"
    if pick == "circled":
        return versions.get_text(reference, "circled") != ""
    return pick in ("latest", version)
