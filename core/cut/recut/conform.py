"""What a new cut changes: old × new → one change for each clip of either, with flags that are independent. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from core.cut.ranges import frames_of
from core.cut.recut import flags
from core.cut.recut.align import Holding
from core.cut.recut.change import NEW, Change
from core.cut.recut.facts import Clip, Facts, as_lists_tell, stem
from core.cut.recut.kin import Kin, kin
from core.cut.recut.match import Matcher
from core.files import one_line
from core.frames import FrameRange

__all__ = ["NEW", "Change", "Conformed", "Link", "conform"]


@dataclass(frozen=True, slots=True)
class Link:
    """Where a clip of the new cut belongs."""

    shot: str = ""
    was: int | None = None
    """The clip of the old cut that it is, by position."""
    frames: FrameRange | None = None
    """The shot frames that it needs; None where nobody can say before its media are looked at."""
    replaced: bool = False
    """It plays another source than its shot's plate."""


@dataclass(frozen=True, slots=True)
class Conformed:
    changes: tuple[Change, ...]
    """In the order of the cut; what was taken out stands where it was."""
    links: tuple[Link, ...]
    """One for each clip of the new cut, in its order."""


def conform(
    old: Facts,
    new: Facts,
    holdings: Mapping[str, Holding],
    homes: Mapping[str, str],
    share_gap: int = 48,
    answers: Mapping[str, str] | None = None,
) -> Conformed:
    """Match two cuts and say what has changed.

    Args:
        holdings: what the show has, by shot id.
        homes: the shot of every clip id of the old cut.
        share_gap: frames that uses of one source may be apart and still be one shot.
        answers: what people said of clips that could not be told apart: `Change.key` → shot id, or `NEW`.
    """
    old, new = as_lists_tell(old, new)
    homed = [holdings.get(homes.get(clip.id, "")) for clip in old.clips]
    olds = [_with_reel(clip, home) for clip, home in zip(old.clips, homed, strict=True)]
    matcher = Matcher(olds, new.clips, homed)
    matcher.pair()
    told = _told(matcher, answers or {})
    if told:
        matcher = Matcher(olds, new.clips, homed)
        matcher.pair(told)
    for n in [n for n in matcher.found.unsure if (answers or {}).get(key(new.clips[n])) == NEW]:
        del matcher.found.unsure[n]
    names_tell = _named_apart(old.clips) and _named_apart(new.clips)
    return _Comparison(old, new, matcher, kin(matcher), holdings, share_gap, names_tell).result()


def _named_apart(clips: Sequence[Clip]) -> bool:
    tracks = {(clip.track, clip.number) for clip in clips}
    return len({name for name, _ in tracks}) == len(tracks)


def key(clip: Clip) -> str:
    """What a question about a clip is remembered by: its name, its source and which of its frames."""
    shown = frames_of(clip.seen, Fraction(0), clip.media.rate or Fraction(25))
    return f"{clip.name}|{clip.media.stem or clip.media.reel}|{shown.first}-{shown.last}"


def _with_reel(clip: Clip, home: Holding | None) -> Clip:
    """The clip with the reel that its plate is known to have."""
    plate = home.shot.plate if home else None
    if plate is None or clip.media.reel or not plate.reel:
        return clip
    return replace(clip, media=replace(clip.media, reel=plate.reel))


def _told(matcher: Matcher, answers: Mapping[str, str]) -> dict[int, int]:
    """The pairs that people decided: of several clips of a shot the nearest in the cut."""
    found: dict[int, int] = {}
    for n, olds in matcher.found.unsure.items():
        said = answers.get(key(matcher.new[n]), "").lower()
        fitting = [o for o in olds if (home := matcher.homes[o]) and home.shot.id.lower() == said]
        fitting = [o for o in fitting if o not in found.values()]
        if fitting:
            found[n] = min(fitting, key=lambda o: abs(matcher.old[o].record - matcher.new[n].record))
    return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    old: Facts
    new: Facts
    matcher: Matcher
    kin: Kin
    holdings: Mapping[str, Holding]
    share_gap: int
    names_tell: bool
    """Every track of either cut has a name of its own."""

    def result(self) -> Conformed:
        links = self._links()
        back = set(self.matcher.found.was.values())
        asked = {o for olds in self.matcher.found.unsure.values() for o in olds}
        rows = [
            *((clip.record, clip.number, self._change(n, links[n])) for n, clip in enumerate(self.new.clips)),
            *(
                (clip.record, clip.number, self._gone(o, o in asked))
                for o, clip in enumerate(self.old.clips)
                if o not in back
            ),
        ]
        return Conformed(tuple(row[2] for row in sorted(rows, key=lambda row: row[:2])), tuple(links))

    # where clips belong

    def _links(self) -> list[Link]:
        by_name = {shot.lower(): holding for shot, holding in self.holdings.items()}
        by_plate: dict[str, list[Holding]] = defaultdict(list)
        for holding in self.holdings.values():
            by_plate[_plate_stem(holding)].append(holding)
        return [self._link(n, by_name, by_plate) for n in range(len(self.new.clips))]

    def _link(self, n: int, by_name: Mapping[str, Holding], by_plate: Mapping[str, Sequence[Holding]]) -> Link:
        clip = self.new.clips[n]
        if n in self.matcher.found.unsure:
            return Link()
        was = self.matcher.found.was.get(n)
        o = self.kin.of.get(n) if was is None else was
        if o is None:
            named = by_name.get((clip.own[0] if clip.own else clip.shot or clip.name).lower())
            if named is not None and named.shot.plate is None and not named.shot.uses:
                return Link(named.shot.id)
            return self._adopted(clip, [named] if named else by_plate.get(clip.media.stem, ()))
        home = self.matcher.homes[o]
        if home is None:
            return Link(was=was)
        if was is not None and self.matcher.same(o, n) is False:
            return Link(home.shot.id, was, replaced=True)
        return Link(home.shot.id, was, flags.needed_frames(self.matcher.old[o], clip, home))

    def _adopted(self, clip: Clip, near: Sequence[Holding]) -> Link:
        """A clip of a shot that the old cut did not show, or showed elsewhere; several that fit are none."""
        found = []
        for home in near:
            anchor = home.anchor(clip) if clip.own or _plate_stem(home) == clip.media.stem else None
            if anchor is not None and home.shot.plate is not None:
                needed = anchor.frames(clip.needed)
                around = home.range.grow(self.share_gap, self.share_gap) if home.shot.uses else home.has
                if clip.own or not home.shot.uses or len(needed.intersect(around)):
                    found.append(Link(home.shot.id, None, needed))
        return found[0] if len(found) == 1 else Link()

    # what is said of them

    def _change(self, n: int, link: Link) -> Change:
        clip, pairs = self.new.clips[n], self.matcher.found
        o = pairs.was.get(n, self.kin.of.get(n))
        old = None if o is None else self.matcher.old[o]
        holding = self.holdings.get(link.shot)
        said = Change(
            clip.name, old.name if old else "", link.shot, clip.track, (), why=pairs.why.get(n, ""),
            record=round(clip.record * self.new.rate), duration=round(clip.duration * self.new.rate), id=clip.id,
            was_id=old.id if old else "", version=clip.own[1] if clip.own else "",
            circled=holding.circled if clip.own and holding else "", number=n,
        )  # fmt: skip
        if n in pairs.unsure:
            return self._question(n, said)
        before = None
        if old is not None and o is not None and not link.replaced:
            home = self.matcher.homes[o]
            said = flags.measured(said, old, clip, home)
            anchor = home.anchor(old) if home else None
            before = anchor.frames(old.needed) if anchor else None
        if holding is not None and link.frames is not None:
            said = flags.with_missing(said, link.frames, holding)
        grew_alone = n not in self.kin.grown and old is not None and old.speed == clip.speed
        found = [
            *(self._of_pair(pairs.was[n], n, said, link) if n in pairs.was else self._of_left(n, link)),
            *flags.reach(said, before, link.frames, alone=grew_alone),
            *flags.ours(clip, holding),
        ]
        if "version_drift" in found:
            said = flags.with_drift(said)
        if not found and old is not None and old.media.key and clip.media.key not in ("", old.media.key):
            found = ["relinked_only"]
        return replace(said, flags=tuple(found) or ("unchanged",))

    def _of_pair(self, o: int, n: int, said: Change, link: Link) -> Iterator[str]:
        old, new = self.matcher.old[o], self.new.clips[n]
        part, merged, displaced = n in self.kin.parts, n in self.kin.grown, n in self.kin.displaced
        if part:
            yield "split"
        if merged:
            yield "merged"
        if displaced or self._other_track(old, new):
            yield "moved"
        if not (part or merged or displaced) and flags.shifted(old, new):
            yield "shifted"
        if link.replaced:
            yield "source_replaced"
        elif not (part or merged) and old.speed == new.speed:
            yield from flags.edges(said)
        yield from flags.settings(
            old, new, says_off=self.old.says_off(self.new), says_effects=self.old.says_effects(self.new)
        )

    def _of_left(self, n: int, link: Link) -> Iterator[str]:
        """For a clip that is none of the old ones."""
        if n in self.kin.copies:
            yield "duplicated"
        elif n in self.kin.parts:
            yield "split"
        else:
            yield "reinstated" if link.shot and not self.holdings[link.shot].shot.uses else "new"

    def _other_track(self, old: Clip, new: Clip) -> bool:
        return old.number != new.number and (old.track != new.track or not self.names_tell)

    def _question(self, n: int, said: Change) -> Change:
        olds = self.matcher.found.unsure[n]
        shots = dict.fromkeys(home.shot.id for o in olds if (home := self.matcher.homes[o]))
        names = ", ".join(dict.fromkeys(one_line(self.matcher.old[o].name, 40) for o in olds))
        why = f"it may be one of {len(olds)} clips of several shots ({names}): what speaks for each is the same"
        return replace(
            said, flags=("ambiguous",), candidates=tuple(shots), key=key(self.new.clips[n]), was="", was_id="", why=why
        )

    def _gone(self, o: int, asked: bool) -> Change:
        clip, home = self.old.clips[o], self.matcher.homes[o]
        flag, why = "removed", ""
        if asked:
            flag, why = "ambiguous", "a clip of the new cut may be this one"
        elif o in self.kin.merged:
            flag, why = "merged", f"a part of {one_line(self.new.clips[self.kin.merged[o]].name, 40)} now"
        return Change(
            "", clip.name, home.shot.id if home else "", clip.track, (flag,), why=why,
            record=round(clip.record * self.old.rate), duration=round(clip.duration * self.old.rate), was_id=clip.id,
        )  # fmt: skip


def _plate_stem(holding: Holding) -> str:
    return stem(holding.shot.plate.path) if holding.shot.plate else ""
