"""An FCPXML document read as timelines: storylines become tracks, and what hangs on them in lanes is laid on others.

What cannot be true is an error that names the item; what was not understood is told in `metadata["fcpxml"]["unread"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from opentimelineio import schema

from otio_adapters.fcpxml.clip import Document
from otio_adapters.fcpxml.parts import ITEMS
from otio_adapters.fcpxml.time import DROP_RATES, parsed, rational


def document(text: str) -> Any:
    """See `otio_adapters.fcpxml.read_from_string`."""
    root = _root(text)
    resources = {str(one.get("id")): one for one in root.iterfind("resources/*")}
    projects = list(root.iter("project"))
    timelines = [_timeline(project, resources) for project in projects]
    if len(timelines) == 1:
        return timelines[0]
    if not timelines:
        return schema.SerializableCollection("clips", _loose_clips(root, resources))
    return schema.SerializableCollection("projects", timelines)


def _root(text: str) -> ET.Element:
    root = parsed(text)
    if root.tag != "fcpxml":
        raise ValueError(f"this is <{root.tag[:40]}>, not FCPXML")
    return root


def _timeline(project: ET.Element, resources: Mapping[str, ET.Element]) -> schema.Timeline:
    sequence, name = project.find("sequence"), project.get("name") or ""
    if sequence is None:
        raise ValueError(f"the project {name[:60]} holds no sequence")
    found = Document(resources)
    rate = found.rate_of(sequence)
    if rate is None:
        raise ValueError(f"the project {name[:60]} does not say its frame rate")
    made = schema.Timeline(name)
    made.tracks, start = found.story(sequence, rate).stack("tracks", earlier=False)
    made.global_start_time = rational(start, [rate])
    drop = sequence.get("tcFormat") or ("DF" if rate in DROP_RATES else "NDF")
    made.metadata["fcpxml"] = {"tcFormat": drop, **({"unread": found.told()} if found.unread else {})}
    return made


def _loose_clips(root: ET.Element, resources: Mapping[str, ET.Element]) -> list[Any]:
    """The clips of a document that has no project, each as an item of its own."""
    found = Document(resources)
    loose = [one for parent in (root, *root.iter("event")) for one in parent if one.tag in ITEMS]
    return [found.item(one, found.rate_of(one) or Fraction(24)).item for one in loose]
