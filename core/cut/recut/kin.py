"""Clips that share a source with others: parts of one, copies, what was put together; and which lost their order."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.cut.recut.align import common, length, moved, shift, touch
from core.cut.recut.facts import Clip, Span
from core.cut.recut.match import Matcher

_NEAR = 12
"""So many clips to either side, in order of their source times, are looked at."""


@dataclass(slots=True)
class Kin:
    """What single pairs do not say, by position in the two cuts."""

    of: dict[int, int] = field(default_factory=dict)
    """New, without a partner → the old clip whose source range it overlaps most."""
    copies: set[int] = field(default_factory=set)
    """New ones that repeat pictures which another clip of the new cut has from the same old clip."""
    parts: set[int] = field(default_factory=set)
    """New ones that are a part of an old clip each, with partners and without."""
    merged: dict[int, int] = field(default_factory=dict)
    """Old, without a partner → the new clip that grew over it."""
    grown: set[int] = field(default_factory=set)
    """Those new clips."""
    displaced: set[int] = field(default_factory=set)
    """New ones that stand before or behind others of their track otherwise than before."""


class _Nearby:
    """Clips by source, in order of their source times."""

    def __init__(self, clips: Sequence[Clip], chosen: Iterator[int]) -> None:
        self._by: dict[str, list[int]] = defaultdict(list)
        for number in chosen:
            for source in _sources(clips[number]):
                self._by[source].append(number)
        for found in self._by.values():
            found.sort(key=lambda number: clips[number].seen)
        self._starts = {source: [clips[number].seen[0] for number in found] for source, found in self._by.items()}

    def of(self, clip: Clip) -> Iterator[int]:
        """Those that may share pictures with `clip`; of one source a bounded number."""
        for source in _sources(clip):
            at = bisect_left(self._starts.get(source, []), clip.seen[0])
            yield from self._by.get(source, [])[max(0, at - _NEAR) : at + _NEAR]


def _sources(clip: Clip) -> Iterator[str]:
    media = clip.media
    names = (media.key, media.stem, media.reel.lower(), f"id {clip.id}" if clip.id else "")
    yield from dict.fromkeys(name for name in names if name)


def kin(matcher: Matcher) -> Kin:
    """What there is beside the pairs that the matcher found."""
    found = Kin()
    pairs = matcher.found
    back = {o: n for n, o in pairs.was.items()}
    olds = _Nearby(matcher.old, iter(range(len(matcher.old))))
    for n, clip in enumerate(matcher.new):
        if n not in pairs.was and n not in pairs.unsure:
            _place(found, matcher, back, n, olds.of(clip))
    news = _Nearby(matcher.new, iter(pairs.was))
    for o, clip in enumerate(matcher.old):
        if o not in back:
            grown = next((n for n in news.of(clip) if _grew_over(matcher, n, o)), None)
            if grown is not None:
                found.merged[o] = grown
                found.grown.add(grown)
    found.displaced = _displaced(matcher)
    return found


def in_old_time(matcher: Matcher, n: int, o: int) -> Span:
    """What a new clip shows, in the source time of an old clip of the same source."""
    return moved(matcher.new[n].seen, shift(matcher.old[o], matcher.new[n], matcher.homes[o]))


def _place(found: Kin, matcher: Matcher, back: dict[int, int], n: int, near: Iterator[int]) -> None:
    best, o = max(((matcher.overlap(o, n), o) for o in near), default=(0.0, -1))
    if not best:
        return
    found.of[n] = o
    mine, partner = in_old_time(matcher, n, o), back.get(o)
    if partner is None or touch(in_old_time(matcher, partner, o), mine):
        found.copies.add(n)
    elif 2 * common(mine, matcher.old[o].seen) >= length(mine):
        found.parts |= {n, partner}


def _grew_over(matcher: Matcher, n: int, o: int) -> bool:
    """Whether a new clip shows half of a lost one or more, and the clip that it was did not yet."""
    lost, before = matcher.old[o].seen, matcher.old[matcher.found.was[n]].seen
    if not length(lost) or not matcher.same(o, n) or not matcher.same(matcher.found.was[n], n):
        return False
    return 2 * common(lost, in_old_time(matcher, n, o)) >= length(lost) > 2 * common(lost, before)


def _displaced(matcher: Matcher) -> set[int]:
    """All but a longest row of clips that kept their order on their track (a longest increasing subsequence)."""
    tracks: dict[int, list[int]] = defaultdict(list)
    for n in sorted(matcher.found.was, key=lambda n: matcher.new[n].record):
        if matcher.new[n].number == matcher.old[matcher.found.was[n]].number:
            tracks[matcher.new[n].number].append(n)
    found: set[int] = set()
    for ordered in tracks.values():
        kept = longest_rising([(matcher.old[o].record, o) for o in (matcher.found.was[n] for n in ordered)])
        found |= {n for at, n in enumerate(ordered) if at not in kept}
    return found


def longest_rising(values: Sequence[tuple[object, ...]]) -> set[int]:
    """The positions of a longest strictly rising subsequence (patience sorting, Fredman 1975)."""
    tops: list[tuple[object, ...]] = []
    at: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(at[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            at.append(position)
        else:
            tops[pile], at[pile] = value, position
    found: set[int] = set()
    position = at[-1] if at else -1
    while position >= 0:
        found.add(position)
        position = before[position]
    return found
