"""The media linker `rushes_linker`: which of a clip's versions plays. Nothing is looked for on disk.

otio.adapters.read_from_file("cut.otio", media_linker_name="rushes_linker",
                             media_linker_argument_map={"pick": "latest"})
"""

from __future__ import annotations

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


def link_media_reference(in_clip: otio.schema.Clip, media_linker_argument_map: Mapping[str, Any] | None) -> Any:
    """Make a version of the clip active, without touching the editor's references.

    `pick` is `approved` (the newest approved version; the default), `latest`, or a version such as `v003`.

    Returns:
        The active media reference, or None where the clip has no such version (it stays as it is).
    """
    pick = str((media_linker_argument_map or {}).get("pick", "approved"))
    fitting = [
        version
        for version, reference in versions.versions(in_clip)
        if pick in ("latest", version) or (pick == "approved" and versions.get(reference).get("status") == "apr")
    ]
    if not fitting:
        return None
    theirs = versions.editor_key(in_clip)
    in_clip.active_media_reference_key = versions.reference_key(fitting[-1])
    versions.put(in_clip, {**versions.get(in_clip), "editor_key": theirs})
    return in_clip.media_reference
