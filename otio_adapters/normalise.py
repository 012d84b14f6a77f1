"""A timeline put in order after reading: true rates, its start, the ranges a reader may expect, ids on its clips.

What cannot be known is left as it is. What was inferred is named in `metadata["rushes"]["inferred"]` of its clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.times import true_rate

_LONGEST = 1_000_000
"""Seconds: more than eleven days are no clip, but numbers that would be counted out frame by frame."""
_LATEST = 10_000_000_000
"""Seconds: some recorders count from 1970."""


@dataclass(slots=True)
class _Found:
    """A clip with what was read of it once: every look into OpenTimelineIO's objects costs."""

    clip: otio.schema.Clip
    source: Any
    reference: Any
    available: Any


def normalise(timeline: otio.schema.Timeline, mint: Callable[[], str]) -> list[str]:
    """Put a timeline in order, in place. Done twice it changes nothing more.

    Args:
        mint: gives a new clip id (a UUID, say). A clip keeps an id that it came with unless another clip has it: then
            it gets one of its own, and that of the other as `copy_of`.

    Returns:
        What an editor should know, one line each.
    """
    clips: list[_Found] = []
    warnings = [*_true_rates(timeline, clips), *_recover_start(timeline)]
    inferred = _infer_ranges(clips)
    if inferred:
        warnings.append(f"ranges were inferred on {len(inferred)} clips that came without")
    copies = _mint_ids((found.clip for found in clips), inferred, mint)
    if copies:
        warnings.append(f"{copies} clips are copies of others and got ids of their own")
    return warnings


def _mint_ids(clips: Iterable[otio.schema.Clip], inferred: dict[int, list[str]], mint: Callable[[], str]) -> int:
    seen: set[str] = set()
    copies = 0
    for number, clip in enumerate(clips):
        clip_id = versions.get_text(clip, "clip_id")
        copy = clip_id in seen
        if not clip_id and number not in inferred:
            clip_id = mint()
            versions.put_id(clip, clip_id)
        elif not clip_id or copy or number in inferred:
            facts = {**versions.get(clip), **({"copy_of": clip_id} if copy else {})} if clip_id else {}
            clip_id = mint() if copy or not clip_id else clip_id
            marks = sorted({*facts.get("inferred", ()), *inferred.get(number, ())})
            versions.put(clip, {**facts, "clip_id": clip_id, **({"inferred": marks} if marks else {})})
        seen.add(clip_id)
        copies += copy
    return copies


def _infer_ranges(clips: list[_Found]) -> dict[int, list[str]]:
    """Fill null ranges from what the cut itself says: the media's where another clip has it, then the clip's own."""
    by_url: dict[str, Any] = {}
    marks: dict[int, list[str]] = {}
    lacking = [(number, found) for number, found in enumerate(clips) if _is_file(found) and found.available is None]
    if lacking:
        by_url = {found.reference.target_url: found.available for found in clips if _is_file(found) and found.available}
    for number, found in lacking:
        if found.reference.target_url in by_url:
            found.available = found.reference.available_range = by_url[found.reference.target_url]
            marks[number] = ["available_range"]
    for number, found in enumerate(clips):
        if found.source is None and found.available is not None:
            found.clip.source_range = found.available
            marks.setdefault(number, []).append("source_range")
    return marks


def _is_file(found: _Found) -> bool:
    return isinstance(found.reference, otio.schema.ExternalReference) and bool(found.reference.target_url)


def _recover_start(timeline: otio.schema.Timeline) -> list[str]:
    """Undo the EDL reader's habit of hiding the record start as a negative start of every track's source range."""
    tracks = list(timeline.tracks)
    ranges = [track.source_range for track in tracks]
    if timeline.global_start_time is not None or not ranges or any(found is None for found in ranges):
        return []
    starts = {(found.start_time.value, found.start_time.rate) for found in ranges}
    value, rate = next(iter(starts))
    if len(starts) != 1 or value >= 0:
        return []
    timeline.global_start_time = otio.opentime.RationalTime(-value, rate)
    for track in tracks:
        track.source_range = None
    return ["the cut's start timecode was recovered from its tracks"]


# Rates


def _true_rates(timeline: otio.schema.Timeline, clips: list[_Found]) -> list[str]:
    """Snap every rate, in one walk; `clips` takes the clips on the way, in the order of the cut."""
    changed = _snap_time(timeline, "global_start_time")
    waiting: list[Any] = [timeline.tracks]
    while waiting:
        item = waiting.pop()
        if isinstance(item, otio.schema.Clip):
            changed += _snap_clip(item, clips)
        elif isinstance(item, otio.schema.Transition):
            changed += _snap_time(item, "in_offset") + _snap_time(item, "out_offset")
        elif isinstance(item, otio.core.Item):
            changed += _snap_range(item, "source_range")[1] + _snap_markers(item)
            if isinstance(item, otio.core.Composition):
                waiting.extend(reversed(list(item)))
    return ["frame rates were written as decimals (23.976 …): read as 24000/1001 …"] if changed else []


def _snap_clip(clip: otio.schema.Clip, clips: list[_Found]) -> int:
    source, changed = _snap_range(clip, "source_range")
    changed += _snap_markers(clip)
    active = clip.active_media_reference_key
    found = _Found(clip, source, None, None)
    for key, reference in clip.media_references().items():
        available, snapped = _snap_range(reference, "available_range")
        changed += snapped
        if key == active:
            found.reference, found.available = reference, available
        if isinstance(reference, otio.schema.ImageSequenceReference) and true_rate(reference.rate) != reference.rate:
            reference.rate = true_rate(reference.rate)
            changed += 1
    clips.append(found)
    return changed


def _snap_markers(item: Any) -> int:
    # Counted first: walking a list that is empty costs OTIO an exception.
    markers = item.markers
    return sum(_snap_range(marker, "marked_range")[1] for marker in markers) if len(markers) else 0


def _snap_range(owner: Any, name: str) -> tuple[Any, int]:
    """Give the range `owner.name` its true rates. Frame numbers stay. The range, and 1 where that changed it."""
    found = getattr(owner, name)
    if found is None:
        return None, 0
    start, duration = found.start_time, found.duration
    if not (abs(start.value) <= _LATEST * start.rate and 0 <= duration.value <= _LONGEST * duration.rate):
        raise ValueError(f"{owner.name or 'an item without a name'} has a range of {_words(found)}")
    if _is_true(start.rate) and _is_true(duration.rate):
        return found, 0
    found = otio.opentime.TimeRange(_true_time(start), _true_time(duration))
    setattr(owner, name, found)
    return found, 1


def _words(found: Any) -> str:
    start, duration = found.start_time, found.duration
    length, first = (f"{time.value:g} at {time.rate:g} a second" for time in (duration, start))
    return f"{length}, from {first}: no clip has that"


def _is_true(rate: float) -> bool:
    return true_rate(rate) == rate or rate != rate


def _snap_time(owner: Any, name: str) -> int:
    found = getattr(owner, name)
    if found is None or _is_true(found.rate):
        return 0
    setattr(owner, name, _true_time(found))
    return 1


def _true_time(time: Any) -> Any:
    return otio.opentime.RationalTime(time.value, true_rate(time.rate))
