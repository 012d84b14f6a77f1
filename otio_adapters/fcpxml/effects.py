"""Filters, adjustments, titles and generators, kept as Final Cut wrote them, so that they go back as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio

from otio_adapters.fcpxml.time import parsed

PICTURE = (
    "adjust-crop", "adjust-corners", "adjust-conform", "adjust-transform", "adjust-blend", "adjust-stabilization",
    "adjust-rollingShutter", "adjust-360-transform", "adjust-reorient", "adjust-orientation", "adjust-cinematic",
    "filter-video",
)  # fmt: skip
"""What changes a picture, in the order that the format wants."""
SOUND = ("adjust-volume", "adjust-panner", "filter-audio")
Ids = Callable[[str, str, str], str]
_LONGEST = 100_000
"""Characters: larger filters hold pictures or plug-ins' own data."""
_GENERATED = ("param", "text", "text-style-def")
"""What titles and generators are made of, in the order that the format wants."""


def read_effects(
    element: ET.Element, tags: Sequence[str], resources: Mapping[str, ET.Element]
) -> Iterator[otio.schema.Effect]:
    """The filters and adjustments of an element that are on and have one of these tags."""
    for one in element:
        if one.tag in tags and one.get("enabled") != "0":
            name, told = one.get("name") or one.tag, _kept(one, resources)
            yield otio.schema.Effect(name, name, metadata={"fcpxml": told} if told else {})


def read_filters(element: ET.Element, resources: Mapping[str, ET.Element]) -> list[dict[str, Any]]:
    """What a transition is made of, as plain data."""
    return [told for one in element if one.tag in ("filter-video", "filter-audio") and (told := _kept(one, resources))]


def _kept(element: ET.Element, resources: Mapping[str, ET.Element]) -> dict[str, Any]:
    found, text = resources.get(element.get("ref") or ""), ET.tostring(element, encoding="unicode").strip()
    effect = {key: found.get(key, "") for key in ("name", "uid", "src")} if found is not None else {}
    return {"xml": text, "effect": effect} if len(text) <= _LONGEST else {}


def written_effects(item: Any, tags: Sequence[str], id_of: Ids) -> Iterator[ET.Element]:
    """The elements of an item's effects that were read here, those with one of these tags, in the order of `tags`.

    Args:
        id_of: gives a resource's id by its name, uid and source.
    """
    made = [found for one in item.effects if (found := _element(one.metadata.get("fcpxml"), id_of)) is not None]
    for tag in tags:
        yield from (one for one in made if one.tag == tag)


def written_filters(transition: Any, id_of: Ids) -> Iterator[ET.Element]:
    """The elements that a transition was made of when it was read."""
    told = transition.metadata.get("fcpxml")
    kept = told.get("filters", ()) if hasattr(told, "keys") else ()
    made = [found for one in kept if (found := _element(one, id_of)) is not None]
    for tag in ("filter-video", "filter-audio"):
        yield from [one for one in made if one.tag == tag][:1]


def read_generated(element: ET.Element, effect: ET.Element) -> dict[str, Any]:
    """A title or generator without its place, as plain data; empty where it is too long to be kept."""
    bare = ET.Element(element.tag, {"ref": element.get("ref") or ""})
    bare.extend(one for one in element if one.tag in _GENERATED)
    return _kept(bare, {element.get("ref") or "": effect})


def written_generated(told: Any, id_of: Ids, new_id: Callable[[], str]) -> ET.Element | None:
    """The element of a title or generator that was read here, its styles under new ids; None for anything else."""
    made = _element(told, id_of)
    if made is None or made.tag not in ("title", "video"):
        return None
    ids = {one.get("id"): new_id() for one in made.iterfind("text-style-def")}
    for one in made.iter():
        for key in ("id", "ref"):
            if one is not made and one.get(key) in ids:
                one.set(key, ids[one.get(key)])
    return made


def _element(told: Any, id_of: Ids) -> ET.Element | None:
    text = told.get("xml") if hasattr(told, "keys") else None
    try:
        element = parsed(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if element is None:
        return None
    for one in element.iter():
        one.attrib.pop("tracking", None)  # what it follows is kept nowhere
    if element.get("ref") is not None:
        known = told.get("effect")
        uid = known.get("uid") if hasattr(known, "keys") else None
        if not isinstance(uid, str) or not uid:
            return None
        element.set("ref", id_of(str(known.get("name") or ""), uid, str(known.get("src") or "")))
    return element
