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


def compare_timelines(before: Any, after: Any) -> list[Loss]:
    """What `after` says otherwise than `before`, our versions and metadata left out; empty where nothing was lost.

    Args:
        before, after: OTIO timelines; neither is changed.
    """
    return differences(editors_text(before.clone()), editors_text(after.clone()))


def editors_text(timeline: Any) -> str:
    """The OTIO JSON of what is the editor's in a timeline. Takes our things out of the timeline given."""
    from core.cut.incoming.read import timeline_text
    from otio_adapters import versions

    versions.strip(timeline)
    return timeline_text(timeline)


def differences(before: str, after: str) -> list[Loss]:
    """What two OTIO JSON texts say differently, item by item; the last bit of a float is no difference."""
    if before == after:
        return []
    return list(_differences(json.loads(before), json.loads(after), "the timeline"))


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
