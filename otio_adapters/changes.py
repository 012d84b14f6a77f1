"""What is different between two timelines, clip by clip, as any OTIO program can be told.

Clips are matched by our clip id where both timelines carry it once, else by their media (or name) and the frames that
they share. `rushes conform` sees more: handles, splits, copies, what must be rendered.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import opentimelineio as otio

from otio_adapters import versions
from otio_adapters.times import exact_rate, item_length, own_range, own_speed, seconds
from otio_adapters.told import file_of

_OWN = re.compile(r"(?P<shot>.+)_gen_(?P<version>v\d{3,6})[._].*")


@dataclass(frozen=True, slots=True)
class Item:
    """A clip, or a compound, of a video track. Times in exact seconds."""

    name: str
    track: str
    """`V1` …; of what lies in a compound `V1/name`."""
    record: Fraction
    """From the timeline's first picture."""
    length: Fraction
    source: Fraction
    """Its first source time."""
    speed: Fraction
    rate: Fraction
    """Source frames a second."""
    id: str
    media: str
    """The name of the file that it shows; of a version of ours that of its shot. Empty: not known."""
    version: str
    """The version of ours that plays, if one does."""
    enabled: bool

    @property
    def end(self) -> Fraction:
        return self.source + self.length * abs(self.speed)

    @property
    def key(self) -> str:
        """What clips are looked for by."""
        return self.media or self.name


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one clip."""

    was: Item | None
    now: Item | None
    what: tuple[str, ...]
    """`added`, `removed`, or several of `moved`, `trimmed`, `slipped`, `retimed`, `media replaced`, `version changed`,
    `enabled`, `disabled`. Empty: as it was, if elsewhere on the record side because others changed."""
    head: int = 0
    """Source frames gained at the earlier end; negative: lost."""
    tail: int = 0


def changes(old: otio.schema.Timeline, new: otio.schema.Timeline) -> list[Change]:
    """One for each clip of either timeline: those of the new in its order, then those that are gone."""
    before, after = list(items(old)), list(items(new))
    pairs = _matched(before, after)
    moved = _moved(before, after, pairs)
    found = [
        _change(before[pairs[place]], item, place in moved) if place in pairs else Change(None, item, ("added",))
        for place, item in enumerate(after)
    ]
    kept = set(pairs.values())
    return found + [Change(item, None, ("removed",)) for place, item in enumerate(before) if place not in kept]


def items(timeline: otio.schema.Timeline) -> Iterator[Item]:
    """The clips and compounds of the video tracks, track by track, and what lies in compounds behind each."""
    number = 0
    for track in timeline.tracks:
        if not isinstance(track, otio.schema.Track) or track.kind == otio.schema.TrackKind.Video:
            number += 1
            yield from _along(track, Fraction(0), f"V{number}")


def _along(parent: Any, at: Fraction, track: str) -> Iterator[Item]:
    for child in parent:
        if isinstance(child, otio.schema.Transition):
            continue
        length = item_length(child)
        if isinstance(child, otio.core.Item) and not isinstance(child, otio.schema.Gap):
            yield _item(child, at, length, track)
            if isinstance(child, otio.core.Composition):
                yield from _along(child, at, f"{track}/{child.name}")
        at += length if isinstance(parent, otio.schema.Track) else 0


def _item(item: Any, record: Fraction, length: Fraction, track: str) -> Item:
    reference = item.media_reference if isinstance(item, otio.schema.Clip) else None
    own = own_range(item)
    start = seconds(own.start_time) if own is not None else None
    playing = _OWN.fullmatch(PurePosixPath(file_of(reference)).name)
    version = versions.get_text(reference, "version") if reference is not None else ""
    theirs = versions.editor_reference(item) if reference is not None else None
    file = PurePosixPath(file_of(theirs)).name
    ours = _OWN.fullmatch(file)
    return Item(
        item.name, track, record, length, start or Fraction(0), own_speed(item)[0],
        (exact_rate(own.start_time.rate) if own is not None else None) or Fraction(1),
        versions.get_text(item, "clip_id"), (ours["shot"] if ours else file).lower(),
        version or (playing["version"] if playing else ""), item.enabled,
    )  # fmt: skip


# Which is which


def _matched(before: list[Item], after: list[Item]) -> dict[int, int]:
    """Place in `after` → place in `before`."""
    ids = [_once(item.id for item in side) for side in (before, after)]
    pairs = {ids[1][name]: ids[0][name] for name in ids[1].keys() & ids[0].keys()}
    taken = set(pairs.values())
    old = [place for place in range(len(before)) if place not in taken]
    new = [place for place in range(len(after)) if place not in pairs]
    for _, place, was in sorted(_shared(before, after, old, new)):
        if place not in pairs and was not in taken:
            pairs[place] = was
            taken.add(was)
    return pairs


def _once(names: Iterable[str]) -> dict[str, int]:
    """The places of names that are there once."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    return {name: found[0] for name, found in places.items() if name and len(found) == 1}


def _shared(
    before: list[Item], after: list[Item], old: list[int], new: list[int]
) -> Iterator[tuple[tuple[Fraction, Fraction], int, int]]:
    """(what sorts the best first, place in `after`, place in `before`) of clips of one source that share frames."""
    sources: dict[str, list[tuple[Fraction, int]]] = defaultdict(list)
    longest: dict[str, Fraction] = defaultdict(Fraction)
    for place in sorted(old, key=lambda place: before[place].source):
        one = before[place]
        sources[one.key].append((one.source, place))
        longest[one.key] = max(longest[one.key], one.end - one.source)
    for place in new:
        item = after[place]
        near = sources.get(item.key, [])
        first = bisect.bisect_left(near, (item.source - longest[item.key], -1))
        for _, was in near[first : bisect.bisect_right(near, (item.end, len(before)))]:
            one = before[was]
            shared = min(one.end, item.end) - max(one.source, item.source)
            if shared > 0 or (one.source, one.end) == (item.source, item.end):
                yield (-shared, abs(item.record - one.record)), place, was


def _moved(before: list[Item], after: list[Item], pairs: dict[int, int]) -> set[int]:
    """Places in `after` of clips on another track, or before or behind others than they were: as few as can be."""
    tracks: dict[str, list[int]] = defaultdict(list)
    moved = set()
    for place in sorted(pairs):
        if before[pairs[place]].track == after[place].track:
            tracks[after[place].track].append(place)
        else:
            moved.add(place)
    for places in tracks.values():
        kept = _longest_rise([pairs[place] for place in places])
        moved |= {place for number, place in enumerate(places) if number not in kept}
    return moved


def _longest_rise(values: list[int]) -> set[int]:
    """The places of a longest increasing subsequence (patience sorting)."""
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for place, value in enumerate(values):
        pile = bisect.bisect_left(tops, value)
        previous.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1], ends[pile : pile + 1] = [value], [place]
    at, found = ends[-1] if ends else -1, set()
    while at >= 0:
        found.add(at)
        at = previous[at]
    return found


def _change(was: Item, now: Item, moved: bool) -> Change:
    what = ["moved"] if moved else []
    replaced = was.media != now.media and "" not in (was.media, now.media) and bool(was.version) == bool(now.version)
    head = tail = 0
    if replaced:
        what.append("media replaced")
    else:
        head, tail = round((was.source - now.source) * now.rate), round((now.end - was.end) * now.rate)
        if was.length != now.length and (head or tail):
            what.append("trimmed")
        elif head:
            what.append("slipped")
    if was.speed != now.speed:
        what.append("retimed")
    if was.version != now.version:
        what.append("version changed")
    if was.enabled != now.enabled:
        what.append("enabled" if now.enabled else "disabled")
    return Change(was, now, tuple(what), head, tail)
