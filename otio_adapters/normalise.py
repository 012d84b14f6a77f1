"""A timeline put in order after reading: true rates, its start, the ranges a reader may expect, ids on its clips.

What cannot be known is left as it is. What was inferred is named in `metadata["rushes"]["inferred"]` of its clip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.times import true_rate

_LONGEST = 1_000_000
"""Seconds: more than eleven days are no clip, but numbers that would be counted out frame by frame."""
_LATEST = 10_000_000_000
"""Seconds: some recorders count from 1970."""


_RATES = re.compile(rb'"rate"[\s:]*+([^,\s}]++)')
_LARGE = re.compile(rb'"value"[\s:]*+(?!\d{1,7}(?:\.\d*)?[,\s}])')
_IDS = re.compile(rb'"rushes"[\s:]*+\{\s*+"clip_id"[\s:]*+"([^"\\]++)"')
_HIDDEN = re.compile(rb"\\u00[2-7]")
"""An escape that a name of letters does not need."""
_SLOWEST = 10
"""Frames a second, at which a value of seven digits is not too long."""


def normalise(timeline: otio.schema.Timeline, mint: Callable[[], str], text: bytes = b"") -> list[str]:
    """Put a timeline in order, in place. Done twice it changes nothing more.

    Args:
        mint: gives a new clip id (a UUID, say). A clip keeps an id that it came with unless another clip has it: then
            it gets one of its own, and that of the other as `copy_of`.
        text: the JSON that it was read from, where there is one. Most say by their numbers alone that every time in
            them is in order, ten times sooner than a look at every object.

    Returns:
        What an editor should know, one line each.

    Raises:
        ValueError: a range that no clip has.
    """
    warnings = [*([] if _times_in_order(text) else _true_rates(timeline)), *_recover_start(timeline)]
    # Bound to a name: the clips of a temporary list die while it is walked.
    clips = timeline.find_clips()
    inferred = _infer_ranges(clips)
    if inferred:
        warnings.append(f"ranges were inferred on {len(inferred)} clips that came without")
    copies = 0 if not inferred and _ids_in_order(text, len(clips)) else _mint_ids(clips, inferred, mint)
    if copies:
        warnings.append(f"{copies} clips are copies of others and got ids of their own")
    return warnings


def _ids_in_order(text: bytes, clips: int) -> bool:
    """Whether JSON says that each of so many clips has an id of its own. False: it may be so."""
    ids = _IDS.findall(text)
    return len(ids) == clips == len(set(ids))


def _mint_ids(clips: Sequence[otio.schema.Clip], inferred: dict[int, list[str]], mint: Callable[[], str]) -> int:
    seen: set[str] = set()
    copies = 0
    for number, clip in enumerate(clips):
        clip_id = versions.get_text(clip, "clip_id")
        copy = clip_id in seen
        if not clip_id and number not in inferred:
            clip_id = mint()
            versions.put(clip, {"clip_id": clip_id})
        elif not clip_id or copy or number in inferred:
            facts = {**versions.get(clip), **({"copy_of": clip_id} if copy else {})} if clip_id else {}
            clip_id = mint() if copy or not clip_id else clip_id
            marks = sorted({*facts.get("inferred", ()), *inferred.get(number, ())})
            versions.put(clip, {**facts, "clip_id": clip_id, **({"inferred": marks} if marks else {})})
        seen.add(clip_id)
        copies += copy
    return copies


def _infer_ranges(clips: Sequence[otio.schema.Clip]) -> dict[int, list[str]]:
    """Fill null ranges from what the cut itself says: the media's where another clip has it, then the clip's own."""
    media = [clip.media_reference for clip in clips]
    sources = [clip.source_range for clip in clips]
    ranges = [None if reference is None else reference.available_range for reference in media]
    marks: dict[int, list[str]] = {}
    lacking = [number for number, found in enumerate(ranges) if found is None and _is_file(media[number])]
    known = {
        reference.target_url: found
        for reference, found in zip(media if lacking else (), ranges, strict=False)
        if found is not None and _is_file(reference)
    }
    for number in lacking:
        if media[number].target_url in known:
            ranges[number] = media[number].available_range = known[media[number].target_url]
            marks[number] = ["available_range"]
    for number, source in enumerate(sources):
        if source is None and ranges[number] is not None:
            clips[number].source_range = ranges[number]
            marks.setdefault(number, []).append("source_range")
    return marks


def _is_file(reference: Any) -> bool:
    return isinstance(reference, otio.schema.ExternalReference) and bool(reference.target_url)


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


def _times_in_order(text: bytes) -> bool:
    """Whether JSON says by its numbers alone that all rates are true, and no range too long. False: it may be so."""
    if not text or (b"\\" in text and _HIDDEN.search(text)):
        return False
    try:
        rates = {float(rate) for rate in set(_RATES.findall(text))}
    except ValueError:
        return False
    return all(rate >= _SLOWEST and true_rate(rate) == rate for rate in rates) and not _LARGE.search(text)


def _true_rates(timeline: otio.schema.Timeline) -> list[str]:
    """Snap every rate, in one walk."""
    changed = _snap_time(timeline, "global_start_time")
    waiting: list[Any] = [timeline.tracks]
    while waiting:
        item = waiting.pop()
        if isinstance(item, otio.schema.Transition):
            changed += _snap_time(item, "in_offset") + _snap_time(item, "out_offset")
        elif isinstance(item, otio.core.Item):
            changed += _snap_range(item, "source_range") + _snap_markers(item)
            if isinstance(item, otio.schema.Clip):
                changed += sum(map(_snap_media, item.media_references().values()))
            elif isinstance(item, otio.core.Composition):
                waiting.extend(reversed(list(item)))
    return ["frame rates were written as decimals (23.976 …): read as 24000/1001 …"] if changed else []


def _snap_media(reference: Any) -> int:
    changed = _snap_range(reference, "available_range")
    if isinstance(reference, otio.schema.ImageSequenceReference) and true_rate(reference.rate) != reference.rate:
        reference.rate = true_rate(reference.rate)
        changed += 1
    return changed


def _snap_markers(item: Any) -> int:
    # Counted first: walking a list that is empty costs OTIO an exception.
    markers = item.markers
    return sum(_snap_range(marker, "marked_range") for marker in markers) if len(markers) else 0


def _snap_range(owner: Any, name: str) -> int:
    """Give the range `owner.name` its true rates. Frame numbers stay. 1 where that changed it."""
    found = getattr(owner, name)
    if found is None:
        return 0
    start, duration = found.start_time, found.duration
    if not (abs(start.value) <= _LATEST * start.rate and 0 <= duration.value <= _LONGEST * duration.rate):
        raise ValueError(f"{owner.name or 'an item without a name'} has a range of {_words(found)}")
    if _is_true(start.rate) and _is_true(duration.rate):
        return 0
    found = otio.opentime.TimeRange(_true_time(start), _true_time(duration))
    setattr(owner, name, found)
    return 1


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
