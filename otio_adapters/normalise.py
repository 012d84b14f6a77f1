"""A timeline put in order after reading: true rates, its start, the ranges a reader may expect, ids on its clips.

What cannot be known is left as it is. What was inferred is named in `metadata["rushes"]["inferred"]` of its clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import opentimelineio as otio

from otio_adapters import versions

_BASES = (24, 30, 48, 60, 120)
_true: dict[float, float] = {}


def true_rate(rate: float) -> float:
    """The exact NTSC rate behind 23.976, 23.98, 29.97, 47.952, 59.94 or 119.88; any other rate as it is.

    `RationalTime.nearest_smpte_timecode_rate` is not asked: it makes 24000/1001 of 12 and of 15.
    """
    if rate not in _true:
        close = [base * 1000 / 1001 for base in _BASES if abs(rate - base * 1000 / 1001) < 0.006]
        _true[rate] = close[0] if close else rate
    return _true[rate]


def normalise(timeline: otio.schema.Timeline, mint: Callable[[], str]) -> list[str]:
    """Put a timeline in order, in place. Done twice it changes nothing more.

    Args:
        mint: gives a new clip id (a UUID, say). A clip keeps an id that it came with unless another clip has it: then
            it gets one of its own, and that of the other as `copy_of`.

    Returns:
        What an editor should know, one line each.
    """
    clips = list(timeline.find_clips())
    warnings = [*_true_rates(timeline), *_recover_start(timeline)]
    inferred = _infer_ranges(clips)
    if inferred:
        warnings.append(f"ranges were inferred on {len(inferred)} clips that came without")
    copies = _mint_ids(clips, inferred, mint)
    if copies:
        warnings.append(f"{copies} clips are copies of others and got ids of their own")
    return warnings


def _mint_ids(clips: Iterable[otio.schema.Clip], inferred: dict[int, list[str]], mint: Callable[[], str]) -> int:
    seen: set[str] = set()
    copies = 0
    for number, clip in enumerate(clips):
        clip_id = versions.get_text(clip, "clip_id")
        copy = clip_id in seen
        if not clip_id or copy or number in inferred:
            facts = {**versions.get(clip), **({"copy_of": clip_id} if copy else {})} if clip_id else {}
            clip_id = mint() if copy or not clip_id else clip_id
            marks = sorted({*facts.get("inferred", ()), *inferred.get(number, ())})
            versions.put(clip, {**facts, "clip_id": clip_id, **({"inferred": marks} if marks else {})})
        seen.add(clip_id)
        copies += copy
    return copies


def _infer_ranges(clips: list[otio.schema.Clip]) -> dict[int, list[str]]:
    """Fill null ranges from what the cut itself says: the media's where another clip has it, then the clip's own."""
    by_url: dict[str, Any] = {}
    lacking: list[tuple[int, Any]] = []
    marks: dict[int, list[str]] = {}
    for number, clip in enumerate(clips):
        reference = clip.media_reference
        if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
            if reference.available_range is None:
                lacking.append((number, reference))
            else:
                by_url[reference.target_url] = reference.available_range
    for number, reference in lacking:
        if reference.target_url in by_url:
            reference.available_range = by_url[reference.target_url]
            marks[number] = ["available_range"]
    for number, clip in enumerate(clips):
        if clip.source_range is None and clip.media_reference is not None and clip.media_reference.available_range:
            clip.source_range = clip.media_reference.available_range
            marks.setdefault(number, []).append("source_range")
    return marks


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


def _true_rates(timeline: otio.schema.Timeline) -> list[str]:
    changed = _snap_time(timeline, "global_start_time")
    waiting: list[Any] = [timeline.tracks]
    while waiting:
        item = waiting.pop()
        if isinstance(item, otio.schema.Transition):
            changed += _snap_time(item, "in_offset") + _snap_time(item, "out_offset")
        elif isinstance(item, otio.core.Item):
            changed += _snap_item(item)
            if isinstance(item, otio.core.Composition):
                waiting.extend(item)
    return ["frame rates were written as decimals (23.976 …): read as 24000/1001 …"] if changed else []


def _snap_item(item: Any) -> int:
    changed = _snap_range(item, "source_range")
    if item.markers:
        changed += sum(_snap_range(marker, "marked_range") for marker in item.markers)
    if isinstance(item, otio.schema.Clip):
        for reference in item.media_references().values():
            changed += _snap_range(reference, "available_range")
            if isinstance(reference, otio.schema.ImageSequenceReference):
                changed += true_rate(reference.rate) != reference.rate
                reference.rate = true_rate(reference.rate)
    return changed


def _snap_range(owner: Any, name: str) -> int:
    """Give the range `owner.name` its true rates. Frame numbers stay. 1 where that changed it."""
    found = getattr(owner, name)
    if found is None:
        return 0
    start, duration = found.start_time, found.duration
    if true_rate(start.rate) == start.rate and true_rate(duration.rate) == duration.rate:
        return 0
    setattr(owner, name, otio.opentime.TimeRange(_true_time(start), _true_time(duration)))
    return 1


def _snap_time(owner: Any, name: str) -> int:
    found = getattr(owner, name)
    if found is None or true_rate(found.rate) == found.rate:
        return 0
    setattr(owner, name, _true_time(found))
    return 1


def _true_time(time: Any) -> Any:
    return otio.opentime.RationalTime(time.value, true_rate(time.rate))
