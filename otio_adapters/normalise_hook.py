"""The hook script `rushes_normalise`: a timeline put in order as it is read. Attached to no hook unless somebody does.

A manifest of one's own, named in OTIO_PLUGIN_MANIFEST_PATH, attaches it:
{"OTIO_SCHEMA": "PluginManifest.1", "hooks": {"post_adapter_read": ["rushes_normalise"]}}
"""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import opentimelineio as otio

try:
    from otio_adapters.normalise import normalise
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters.normalise import normalise


def hook_function(in_timeline: Any, argument_map: Mapping[str, Any] | None = None) -> Any:
    """The same object, its timelines put in order in place: done twice it changes nothing more.

    What somebody should know is logged as warnings of `rushes_normalise`. Clips get ids of their own, new ones for each
    time that a file without ids is read.
    """
    for timeline in _timelines(in_timeline):
        for warning in normalise(timeline, lambda: str(uuid.uuid4())):
            logging.getLogger("rushes_normalise").warning("%s: %s", timeline.name or "a timeline", warning)
    return in_timeline


def _timelines(given: Any) -> list[Any]:
    if isinstance(given, otio.schema.SerializableCollection):
        return list(given.find_children(descended_from_type=otio.schema.Timeline))
    return [given] if isinstance(given, otio.schema.Timeline) else []
