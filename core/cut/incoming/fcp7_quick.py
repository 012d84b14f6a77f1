"""OpenTimelineIO's adapter for FCP7 XML, without the three things that it does for each clip by going through them all.

It looks for a free id among all ids, asks a track where a clip stands from the first one on, and reads a clip's rate by
looking through the whole track. 10,000 clips take it a minute and more so, and some seconds otherwise; what it writes
and reads is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

_ITEMS = ("clipitem", "generatoritem", "transitionitem")


def quicken() -> None:
    """Put the quick ways into the adapter, where it is installed. Once for all; it does the same as before."""
    import opentimelineio as otio

    if "fcp_xml" not in otio.adapters.available_adapter_names():
        return
    adapter = otio.adapters.from_name("fcp_xml").module()
    if adapter._backreference_for_item is not _reference:
        adapter._backreference_for_item = _reference
        adapter._build_top_level_track = _track_builder(adapter._build_top_level_track)
        adapter._Context.context_pushing_element = _pusher(adapter._Context.context_pushing_element)


@dataclass(slots=True)
class _Ids:
    """The numbers that elements of one tag have."""

    by_item: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    free: int = 1

    def new(self, wanted: int | None) -> int:
        """The wanted number where nobody has it, else the lowest that nobody has."""
        while self.free in self.taken:
            self.free += 1
        number = self.free if wanted is None or wanted in self.taken else wanted
        self.taken.add(number)
        return number


def _reference(item: Any, tag: str, known: dict[str, Any]) -> tuple[str, bool]:
    """The id of an item's element, and whether it is a new one. Items that say the same have the same."""
    import opentimelineio as otio

    one_file = isinstance(item, otio.schema.ExternalReference)
    key = hash(str(item.target_url) if one_file else otio.core.serialize_json_to_string(item))
    ids = known.get(tag) or known.setdefault(tag, _Ids())
    new = key not in ids.by_item
    if new:
        ids.by_item[key] = ids.new(_wanted(item, tag))
    return f"{tag}-{ids.by_item[key]}", new


def _wanted(item: Any, tag: str) -> int | None:
    """The number of the id that the item was read with."""
    told = item.metadata.get("fcp_xml", {})
    found = re.match(rf"{tag}-(\d+)$", told["@id"]) if "@id" in told else None
    return int(found[1]) if found else None


class _Track:
    """A track that knows where each of its items stands."""

    def __init__(self, track: Any) -> None:
        self._track, self._items, self._ranges = track, list(track), track.range_of_all_children()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._track, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> Any:
        return self._items[number]

    def range_of_child_at_index(self, number: int) -> Any:
        return self._ranges[self._items[number]]


def _track_builder(build: Callable[..., Any]) -> Callable[..., Any]:
    return lambda track, *others: build(_Track(track), *others)


def _pusher(push: Callable[..., Any]) -> Callable[..., Any]:
    """What an item inherits of its track is looked for in what is left of the track without items."""

    def pushed(context: Any, element: Element) -> Any:
        if element.tag == "track":
            head = Element("track", element.attrib)
            head.extend([child for child in element if child.tag not in _ITEMS])
            element = head
        return push(context, element)

    return pushed
