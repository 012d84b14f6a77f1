"""What Final Cut demands of a document before it looks at it: rules of FCPXML 1.10, in our own words.

Apple's DTD is not shipped. These are the rules for the elements that we write: which children in which order, which
attributes, that references lead to resources of the right kind; and that times are such as Final Cut takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree as ET

_HUNG = ("audio", "video", "clip", "title", "mc-clip", "ref-clip", "sync-clip", "asset-clip", "audition", "spine")
_ADJUST = (
    "adjust-crop",
    "adjust-corners",
    "adjust-conform",
    "adjust-transform",
    "adjust-blend",
    "adjust-stabilization",
)
_SHOWN = [
    ("note",), ("conform-rate",), ("timeMap",), *((one,) for one in _ADJUST), ("adjust-volume",), ("adjust-panner",),
    _HUNG, ("marker", "chapter-marker"), ("filter-video",), ("filter-audio",), ("metadata",),
]  # fmt: skip
CHILDREN: dict[str, list[tuple[str, ...]]] = {
    "fcpxml": [("resources",), ("library",)],
    "library": [("event",)],
    "event": [("project",)],
    "project": [("sequence",)],
    "resources": [("format", "effect", "asset", "media")],
    "media": [("sequence",)],
    "asset": [("media-rep",), ("metadata",)],
    "metadata": [("md",)],
    "sequence": [("note",), ("spine",)],
    "spine": [("asset-clip", "ref-clip", "video", "title", "gap", "transition")],
    "asset-clip": _SHOWN,
    "ref-clip": _SHOWN,
    "video": [("param",), *_SHOWN],
    "title": [("param",), ("text",), ("text-style-def",), *_SHOWN],
    "gap": [("note",), _HUNG, ("marker", "chapter-marker")],
    "transition": [("filter-video",), ("filter-audio",), ("marker",)],
    "timeMap": [("timept",)],
}
"""Element → groups of children, in the order that they have to stand in."""
NEEDED = {
    "fcpxml": {"version"}, "format": {"id", "frameDuration"}, "effect": {"id", "uid"}, "asset": {"id"},
    "media-rep": {"src"}, "media": {"id"}, "sequence": {"format"}, "asset-clip": {"ref"}, "video": {"ref", "duration"},
    "ref-clip": {"ref", "duration"}, "title": {"ref", "duration"},
    "gap": {"duration"}, "transition": {"duration"}, "marker": {"start", "value"},
    "timept": {"time", "value"}, "filter-video": {"ref"}, "filter-audio": {"ref"}, "md": {"key"},
}  # fmt: skip
LEADS = {
    "asset-clip": ("asset",), "ref-clip": ("media",), "video": ("effect", "asset"), "title": ("effect",),
    "filter-video": ("effect",), "filter-audio": ("effect",),
}  # fmt: skip
_ONCE = ("note", "conform-rate", "timeMap", "metadata", "sequence", *_ADJUST)
_TIME = re.compile(r"-?\d+(/\d+)?s")
_TIMES = ("start", "duration", "offset", "tcStart", "frameDuration", "time")


def seconds(text: str) -> Fraction:
    assert _TIME.fullmatch(text), text
    time = Fraction(text.removesuffix("s"))
    assert abs(time.numerator) < 2**63 and time.denominator < 2**31, text
    return time


def broken(text: str, aligned: bool = True) -> list[str]:
    """The rules that a document breaks, in words; `aligned`: pictures have to lie on the frames of their sequence."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    root = ET.fromstring(text)
    known = {one.get("id"): one.tag for one in root.iterfind("resources/*")}
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    found = [f"the id {one} is there twice" for one in ids if ids.count(one) > 1]
    for element in root.iter():
        found += _of_element(element, known)
    frames = {one.get("id"): seconds(one.get("frameDuration", "")) for one in root.iterfind("resources/format")}
    for sequence in root.iter("sequence"):
        found += _of_sequence(sequence, frames[sequence.get("format")] if aligned else None)
    return found


def _of_element(element: ET.Element, known: dict[str | None, str]) -> Iterator[str]:
    tag = element.tag
    missing = NEEDED.get(tag, set()) - set(element.attrib)
    if missing:
        yield f"{tag} lacks {missing}"
    for name in _TIMES:
        if name in element.attrib:
            seconds(element.attrib[name])
    if tag in LEADS and known.get(element.get("ref")) not in LEADS[tag]:
        yield f"{tag} leads to {known.get(element.get('ref'))}"
    if element.get("format") and known.get(element.get("format")) != "format":
        yield f"{tag} has no format {element.get('format')}"
    if tag.startswith(("filter-", "adjust-", "text", "param")):
        return
    order = [number for child in element for number, group in enumerate(CHILDREN.get(tag, [])) if child.tag in group]
    if len(order) != len(element):
        yield f"{tag} holds {[child.tag for child in element]}"
    if order != sorted(order):
        yield f"{tag} holds {[child.tag for child in element]} in another order"
    if any(len(element.findall(one)) > 1 for one in _ONCE):
        yield f"{tag} holds something twice"


def _of_sequence(sequence: ET.Element, frame: Fraction | None) -> Iterator[str]:
    (spine,) = sequence.findall("spine")
    yield from _of_spine(spine, seconds(sequence.get("tcStart", "0s")), frame)
    for hung in spine.iter():
        if hung.get("lane") is not None:
            if hung.get("lane") == "0":
                yield "something hangs in lane 0"
            if hung.tag == "spine":
                yield from _of_spine(hung, Fraction(0), frame if int(hung.get("lane", "0")) > 0 else None)


def _of_spine(spine: ET.Element, at: Fraction, frame: Fraction | None) -> Iterator[str]:
    """A storyline has no holes, and a transition lies over an edit."""
    for child in spine:
        if child.get("lane") is not None:
            yield f"{child.tag} stands in a storyline with a lane"
        offset, length = seconds(child.get("offset", "")), seconds(child.get("duration", ""))
        if child.tag == "transition":
            if not offset <= at <= offset + length:
                yield f"a transition from {offset} on does not lie over {at}"
        elif offset != at:
            yield f"{child.get('name')} is at {offset}, not at {at}"
        else:
            at += length
        if frame is not None and ((offset / frame).denominator != 1 or (length / frame).denominator != 1):
            yield f"{child.get('name')} does not lie on frames"
