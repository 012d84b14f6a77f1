"""Which clip of a new cut is which clip of the old one: an assignment over levels of evidence, the strongest first.

Clips are put into buckets by what they have in common, and only clips of one bucket are compared: nothing here grows
with the square of a cut.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from core.cut.recut.align import Holding, moved, same_media, shift, touch
from core.cut.recut.facts import Clip

_NEAR = 12
"""So many clips to either side, in order of their source times, are looked at as partners."""
_EXACT = 40
"""Clips of one knot of candidates up to which the best assignment is computed; beyond it the strongest pairs first."""
_TIE = 0.02
_WORDS = {
    "same": "the same source, name and range", "id": "clip id", "media": "source and range", "file": "file and range",
    "own": "our own media", "reel": "reel and timecode", "kept": "clip id", "name": "name", "place": "its place",
}  # fmt: skip


@dataclass(slots=True)
class Pairing:
    """What belongs together, by position in the two cuts."""

    was: dict[int, int] = field(default_factory=dict)
    """New → old."""
    why: dict[int, str] = field(default_factory=dict)
    """New → the evidence, in words."""
    unsure: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """New → old clips of several shots that it may be just as well."""


class Matcher:
    """The two cuts and what is known of both."""

    def __init__(self, old: Sequence[Clip], new: Sequence[Clip], homes: Sequence[Holding | None]) -> None:
        """`homes`: what the show has of the shot of each old clip."""
        self.old, self.new, self.homes = old, new, homes
        self.found = Pairing()
        self._taken: set[int] = set()
        self._keys = {clip.media.key for clip in old if clip.media.key}

    def pair(self, told: Mapping[int, int] | None = None) -> Pairing:
        """All pairs. `told`: new → old as a person said."""
        for n, o in (told or {}).items():
            self._join(o, n, "as you said")
        self._same()
        self._level("id", lambda clip: clip.id, self._overlap)
        self._level("media", lambda clip: clip.media.key, self._overlap)
        self._level("file", lambda clip: clip.media.stem, self._overlap)
        self._level("own", self._shot_of, self._overlap)
        self._level("reel", lambda clip: clip.media.reel.lower(), self._overlap)
        self._level("kept", lambda clip: clip.id, self._alike)
        self._level("name", lambda clip: clip.name.lower(), self._alike)
        self._places()
        return self.found

    def overlap(self, o: int, n: int) -> float:
        """How much of one source two clips share, 0 to 1."""
        old, new = self.old[o], self.new[n]
        if self.same(o, n) is False:
            return 0.0
        other = moved(new.seen, shift(old, new, self.homes[o]))
        if not touch(old.seen, other):
            return 0.0
        both = min(old.seen[1], other[1]) - max(old.seen[0], other[0])
        whole = max(old.seen[1], other[1]) - min(old.seen[0], other[0])
        return float(both / whole) if whole and both else 1.0 if old.seen == other else 0.01

    def same(self, o: int, n: int) -> bool | None:
        """`same_media`; and where the old cut knows both paths, two files of one name are two sources."""
        old, new = self.old[o], self.new[n]
        if new.own is not None and self.homes[o] is not None and self._shot_of(new) == self._shot_of(old, o):
            return True
        if new.media.key != old.media.key and new.media.key in self._keys and old.media.key:
            return False
        return same_media(old, new)

    # levels

    def _same(self) -> None:
        """Clips that play the same of the same source: by position, then in order where there are as many of them."""

        def what(clip: Clip) -> Hashable:
            return (clip.media.key or clip.media.stem or clip.media.reel, clip.name, clip.seen, clip.speed)

        def where(clip: Clip) -> Hashable:
            return (what(clip), clip.number, clip.record)

        for one in (where, what):
            for olds, news in self._buckets(one, one):
                if len(olds) == len(news) and (one is where or self._told_apart(olds)):
                    for o, n in zip(olds, news, strict=True):
                        if self.same(o, n) is not False and (self.old[o].media.stem or self.old[o].media.reel):
                            self._join(o, n, _WORDS["same"])

    def _told_apart(self, olds: Sequence[int]) -> bool:
        """Whether it does not matter which is which: they are of one shot."""
        return len({self._home(o) for o in olds}) == 1

    def _level(self, name: str, key: Callable[[Clip], str], score: Callable[[int, int], float]) -> None:
        """Pair what has `key` in common by the best sum of scores; a score of 0 is no partner."""
        for olds, news in self._buckets(key, key, own=name == "own"):
            scores = {
                (o, n): value + self._likeness(o, n)
                for o, n in self._candidates(olds, news)
                if (value := score(o, n)) > 0
            }
            for knot in _knots(scores):
                self._settle(knot, name)

    def _settle(self, scores: Mapping[tuple[int, int], float], name: str) -> None:
        best = assign(scores)
        by_old = {o: n for n, o in best.items()}
        for n, o in best.items():
            rivals = [
                other for (other, m), value in scores.items()
                if m == n and other != o and self._home(other) != self._home(o)
                and _as_good(scores, (o, n), (other, n), value, by_old.get(other))
            ]  # fmt: skip
            if rivals:
                self.found.unsure[n] = (o, *rivals)
                self._taken.update(self.found.unsure[n])
            else:
                self._join(o, n, _WORDS[name])

    def _candidates(self, olds: Sequence[int], news: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Every pair of a small bucket; of a large one those whose source times begin near each other."""
        if len(olds) <= _NEAR:
            yield from ((o, n) for n in news for o in olds)
            return
        first = self.homes[olds[0]]
        ordered = sorted(olds, key=lambda o: (self.old[o].seen, self.old[o].record))
        starts = [self.old[o].seen[0] for o in ordered]
        for n in news:
            by = shift(self.old[ordered[0]], self.new[n], first)
            at = bisect_left(starts, self.new[n].seen[0] + by)
            near = ordered[max(0, at - _NEAR) : at + _NEAR]
            yield from ((o, n) for o in near)

    def _overlap(self, o: int, n: int) -> float:
        return self.overlap(o, n)

    def _alike(self, o: int, n: int) -> float:
        """For clips without a common source that is known: a name or id in common is enough, likeness tells apart."""
        return 0.5 + self.overlap(o, n)

    def _likeness(self, o: int, n: int) -> float:
        """What speaks for two clips beside the evidence of the level, below 1."""
        old, new = self.old[o], self.new[n]
        score = 0.2 * (old.name == new.name) + 0.1 * (bool(old.id) and old.id == new.id)
        score += 0.05 * (old.seen == new.seen) + 0.05 * (old.duration == new.duration)
        score += 0.05 * (old.number == new.number) + 0.1 * (old.record == new.record)
        return score + 0.01 / (1 + abs(float(old.record - new.record)))

    def _places(self) -> None:
        """One clip for another between the same neighbours, as long and on the same track: its source was replaced."""
        free: dict[tuple[int, Fraction, Fraction], list[int]] = defaultdict(list)
        shifts = self._shifts()
        for o in self._free_olds():
            old = self.old[o]
            free[old.number, old.record + shifts(o), old.duration].append(o)
        for n in self._free_news():
            new = self.new[n]
            olds = free.get((new.number, new.record, new.duration), [])
            if len(olds) == 1 and olds[0] not in self._taken:
                self._join(olds[0], n, _WORDS["place"])

    def _shifts(self) -> Callable[[int], Fraction]:
        """By how much the clip before it on its track has moved."""
        back = {o: n for n, o in self.found.was.items()}
        at: dict[int, Fraction] = {}
        latest: dict[int, Fraction] = defaultdict(Fraction)
        for o, clip in enumerate(self.old):
            at[o] = latest[clip.number]
            if o in back:
                latest[clip.number] = self.new[back[o]].end - clip.end
        return lambda o: at[o]

    # what is left

    def _buckets(
        self, of_old: Callable[[Clip], Hashable], of_new: Callable[[Clip], Hashable], *, own: bool = False
    ) -> list[tuple[list[int], list[int]]]:
        olds: dict[Hashable, list[int]] = defaultdict(list)
        for o in self._free_olds():
            olds[self._shot_of(self.old[o], o) if own else of_old(self.old[o])].append(o)
        news: dict[Hashable, list[int]] = defaultdict(list)
        for n in self._free_news():
            news[of_new(self.new[n])].append(n)
        return [(olds[key], found) for key, found in news.items() if key and key in olds]

    def _free_olds(self) -> Iterator[int]:
        return (o for o in range(len(self.old)) if o not in self._taken)

    def _free_news(self) -> Iterator[int]:
        return (n for n in range(len(self.new)) if n not in self.found.was and n not in self.found.unsure)

    def _join(self, o: int, n: int, why: str) -> None:
        self.found.was[n] = o
        self.found.why[n] = why
        self._taken.add(o)

    def _home(self, o: int) -> object:
        home = self.homes[o]
        return o if home is None else home.shot.id

    def _shot_of(self, clip: Clip, o: int | None = None) -> str:
        if o is not None:
            home = self.homes[o]
            return home.shot.id.lower() if home else ""
        return clip.own[0].lower() if clip.own else ""


def _as_good(
    scores: Mapping[tuple[int, int], float], chosen: tuple[int, int], other: tuple[int, int], value: float,
    its: int | None,
) -> bool:  # fmt: skip
    """Whether the sum would be the same with `other` in place of `chosen`, its partner changed over to the old one."""
    if its is None:
        return value >= scores[chosen] - _TIE
    swapped = scores.get((chosen[0], its))
    return swapped is not None and value + swapped >= scores[chosen] + scores[other[0], its] - _TIE


def _knots(scores: Mapping[tuple[int, int], float]) -> Iterable[dict[tuple[int, int], float]]:
    """The pairs parted into groups that have no clip in common."""
    parent: dict[tuple[str, int], tuple[str, int]] = {}

    def root(node: tuple[str, int]) -> tuple[str, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    for o, n in scores:
        parent[root(("o", o))] = root(("n", n))
    knots: dict[tuple[str, int], dict[tuple[int, int], float]] = defaultdict(dict)
    for pair, value in scores.items():
        knots[root(("n", pair[1]))][pair] = value
    return knots.values()


def assign(scores: Mapping[tuple[int, int], float]) -> dict[int, int]:
    """New → old with the largest sum of scores, each at most once.

    The Hungarian method (Kuhn 1955, in the form with potentials), for knots of up to `_EXACT` clips a side; larger
    ones take the strongest pairs first.
    """
    olds, news = sorted({o for o, _ in scores}), sorted({n for _, n in scores})
    if len(olds) == 1 or len(news) == 1 or max(len(olds), len(news)) > _EXACT:
        return _strongest(scores)
    size = max(len(olds), len(news))
    top = max(scores.values())
    cost = [[top] * (size + 1) for _ in range(size + 1)]
    for (o, n), value in scores.items():
        cost[news.index(n) + 1][olds.index(o) + 1] = top - value
    rows = _hungarian(cost, size)
    pairs = ((news[row - 1], olds[column - 1]) for column, row in rows if row <= len(news) and column <= len(olds))
    return {n: o for n, o in pairs if (o, n) in scores}


def _strongest(scores: Mapping[tuple[int, int], float]) -> dict[int, int]:
    found: dict[int, int] = {}
    taken: set[int] = set()
    for o, n in sorted(scores, key=lambda pair: (-scores[pair], pair)):
        if n not in found and o not in taken:
            found[n] = o
            taken.add(o)
    return found


def _hungarian(cost: Sequence[Sequence[float]], size: int) -> list[tuple[int, int]]:
    """(column, row) pairs of the least total cost; `cost` counts from 1."""
    infinite = float("inf")
    of_row, of_column, row_at, way = [0.0] * (size + 1), [0.0] * (size + 1), [0] * (size + 1), [0] * (size + 1)
    for row in range(1, size + 1):
        row_at[0], column = row, 0
        least, used = [infinite] * (size + 1), [False] * (size + 1)
        while row_at[column]:
            used[column] = True
            here, step, nearest = row_at[column], infinite, 0
            for other in range(1, size + 1):
                if used[other]:
                    continue
                now = cost[here][other] - of_row[here] - of_column[other]
                if now < least[other]:
                    least[other], way[other] = now, column
                if least[other] < step:
                    step, nearest = least[other], other
            for other in range(size + 1):
                if used[other]:
                    of_row[row_at[other]] += step
                    of_column[other] -= step
                else:
                    least[other] -= step
            column = nearest
        while column:
            row_at[column] = row_at[way[column]]
            column = way[column]
    return [(column, row_at[column]) for column in range(1, size + 1)]
