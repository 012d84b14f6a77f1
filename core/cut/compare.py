"""Two timelines compared item by item, as the plain data that any reader sees."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.files import one_line

_PARTS = ("children", "tracks")


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that two timelines say differently."""

    clip: str
    """The item's name, or its place where it has none."""
    what: str


def compare_timelines(before: Any, after: Any, *, stripped: bool = True) -> list[Loss]:
    """What `after` says otherwise than `before`, item by item; empty where nothing was lost.

    Args:
        before, after: OTIO timelines, or their OTIO JSON text.
        stripped: leave our versions and our metadata key out of the comparison.
    """
    old, new = _data(before), _data(after)
    if stripped:
        old, new = strip(old), strip(new)
    # Equal almost always, and equality is fast; the walk is for saying what differs.
    return [] if old == new else list(_differences(old, new, "the timeline"))


def strip(value: Any) -> Any:
    """OTIO JSON data without what rushes wrote: `gen_v…` references, the active key back as it was, our metadata.

    The value given is not changed.
    """
    from otio_adapters.versions import KEY, is_generated_key

    if isinstance(value, list):
        return [strip(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: strip(item) for key, item in value.items() if key != "media_references"}
    facts = _facts(value)
    if facts:
        del kept["metadata"][KEY]
    references = value.get("media_references")
    if isinstance(references, dict):
        ours = {key for key, item in references.items() if is_generated_key(key) and _facts(item)}
        kept["media_references"] = {key: strip(item) for key, item in references.items() if key not in ours}
        if "editor_key" in facts:
            kept["active_media_reference_key"] = facts["editor_key"]
    return kept


def _facts(item: Any) -> dict[str, Any]:
    """What rushes wrote on an item."""
    from otio_adapters.versions import KEY, SCHEMA

    metadata = item.get("metadata") if isinstance(item, dict) else None
    found = metadata.get(KEY) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and found.get("schema") == SCHEMA else {}


def _data(timeline: Any) -> Any:
    if not isinstance(timeline, str):
        from core.cut.read import timeline_text

        timeline = timeline_text(timeline)
    return json.loads(timeline)


def _differences(old: Any, new: Any, name: str) -> Iterator[Loss]:
    name = one_line(str(old.get("name") or ""), 60) or name
    for key in sorted({*old, *new} - set(_PARTS)):
        if not _same(old.get(key), new.get(key)):
            yield Loss(name, f"{key} changed")
    for key in _PARTS:
        before, after = _list(old.get(key)), _list(new.get(key))
        if len(before) != len(after):
            yield Loss(name, f"{len(before)} items became {len(after)}")
        for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
            if isinstance(one, dict) and isinstance(other, dict):
                yield from _differences(one, other, f"{name}, item {number}")
            elif one != other:
                yield Loss(name, f"item {number} changed")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _same(old: Any, new: Any) -> bool:
    """Equal, but for the last bit of a float: OTIO's own JSON does not keep it."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=1e-14) or (math.isnan(old) and math.isnan(new))
    return type(old) is type(new) and bool(old == new)
