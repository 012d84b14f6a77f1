"""What a new cut changes in the show: both cuts read, what the show has of each shot, and what is to be generated."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.cut.digests import Digests
from core.cut.incoming.read import Cut, read_cut
from core.cut.ranges import retime_words
from core.cut.recut.align import Holding
from core.cut.recut.change import Change
from core.cut.recut.conform import Conformed, conform
from core.cut.recut.content import Files, Renewed, marked, renewed_plates
from core.cut.recut.facts import LIST, Clip, Facts, facts, facts_of
from core.cut.shots import Shot, Use
from core.errors import BadInput
from core.files import check_name, one_line
from core.frames import FrameRange
from core.layout import MAIN, Layout, Settings
from core.overview import read_recipe, read_record, version_names
from core.own_media import with_own
from core.progress import Tick, silent
from core.rows import ShotRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shot's chosen version lacks for the cut."""

    shot: str
    version: str
    """The circled version, else the newest complete one; empty while there is none."""
    frames: tuple[int, ...]
    """The shot frames that the cut needs and it does not have."""
    absent: tuple[int, ...]
    """Those of them that the plate does not have either."""
    range: FrameRange
    """What a new version would be made for, handles included."""


@dataclass(frozen=True, slots=True)
class Conform:
    """What a new cut changes in a cut of the show. Nothing was written."""

    file: Path
    name: str
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    stale: tuple[str, ...]
    """Versions whose plate the new cut replaces, or has other pictures now, as `shot v003`."""
    wanted: tuple[Wanted, ...]
    """What is to be generated once this is applied, of the shots that the show knows."""
    timeline: str = ""
    """Which of the timelines that the file holds; empty where it holds one alone."""
    rate: Fraction | None = None
    """Frames a second of an EDL, as somebody said."""

    @property
    def questions(self) -> tuple[Change, ...]:
        """Clips that could not be told apart: they need an answer before this is applied."""
        return tuple(change for change in self.changes if change.key)


@dataclass(frozen=True, slots=True)
class Case:
    """Both cuts read and compared."""

    name: str
    """The cut of the show that it is about."""
    cut: Cut
    clips: Sequence[Any]
    """The `opentimelineio` clips of the new cut, as `new.clips` has them."""
    old: Facts
    new: Facts
    holdings: Mapping[str, Holding]
    found: Conformed
    warnings: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    renewed: Mapping[str, Renewed] = field(default_factory=dict)
    """The plates, by shot, that have other pictures than the show recorded."""


def compare(
    layout: Layout, settings: Settings, rows: Sequence[ShotRow], file: Path, name: str = MAIN, timeline: str = "",
    rate: Fraction | None = None, tick: Tick = silent,
) -> Conform:  # fmt: skip
    """What the cut in `file` changes in the show's cut `name`; a name that the show has not is an empty cut.

    `timeline`: which one of a file that holds several. `rate`: frames a second of an EDL, which does not say; None: as
    the cut that the show has, or as the show.

    Raises CutError where `file` cannot be read (Several: it holds several timelines), BadInput for an impossible name.
    """
    if rate is not None and file.suffix.lower() != ".edl":
        raise BadInput("Only an EDL needs to be told its rate.", where=str(file), todo="Leave --rate out.")
    asked = Conform(file, name, (), (), (), (), timeline, rate)
    return _told(case_of(layout, settings, rows, asked, {}, tick), layout, rows, asked)


# Reading and comparing


def case_of(
    layout: Layout, settings: Settings, rows: Sequence[ShotRow], asked: Conform, answers: Mapping[str, str], tick: Tick
) -> Case:
    """Read the new cut and the one that the show keeps, and compare them with what was answered, now and before.

    `asked`: which file it is, and how it is read.
    """
    file, name = asked.file, asked.name
    _check_cut_name(layout, name)
    known = layout.cut(name)
    received = next(reversed(layout.turnovers(name).values()), known)
    old = facts_of(known, received.suffix) if known.exists() else Facts(settings.rate, (), ".otio")
    cut = read_cut(file, edl_rate=asked.rate or old.rate, name=asked.timeline)
    new, clips, warnings = facts(cut, file.suffix)
    if not known.exists() and len(layout.cuts()):
        warnings += _first_words(asked, new.rate, settings.rate)
    if old.clips and not old.says_effects(new):
        warnings.append(f"{old.form} and {new.form} do not tell effects alike: they were not compared")
    above = sum(clip.number > 1 for clip in old.clips)
    if above and new.form == LIST:
        warnings.append(f"a list holds one video track: {above} clips of the tracks above the first count as removed")
    if old.rate != new.rate and old.clips:
        warnings.append(f"the new cut runs at {float(new.rate):g} frames a second, the old one at {float(old.rate):g}")
    digests = Digests(layout.digests)
    files = Files(clips, new, (file if file.is_dir() else file.parent, layout.root), layout.places.local)
    new = with_own(new, old, files.of, layout, rows, digests)
    holdings = holdings_of(layout, rows, (*old.clips, *new.clips))
    homes = {use.clip_id: row.shot.id for row in rows for use in row.shot.uses if use.cut == name}
    answers = {**read_answers(layout.answers(name)), **answers}
    found = conform(old, new, holdings, homes, settings.share_gap, answers)
    renewed, said = renewed_plates(found, new, holdings, files, layout.find, digests, tick)
    digests.save()
    elsewhere = shown_elsewhere((row.shot for row in rows), name)
    kept = {shot for shot in renewed.keys() & elsewhere if not _in_place(layout, holdings[shot], renewed[shot])}
    renewed = {shot: one for shot, one in renewed.items() if shot not in kept}
    said += [f"{shot}: this cut has other pictures under its plate's name; it keeps the plate" for shot in sorted(kept)]
    told = (*cut.warnings, *warnings, *said)
    return Case(name, cut, clips, old, new, holdings, marked(found, renewed), told, answers, renewed)


def _in_place(layout: Layout, holding: Holding, now: Renewed) -> bool:
    """Whether the file that the show knows has changed itself; else it is another one, which other cuts do not show."""
    return holding.shot.plate is not None and now.path == layout.find(holding.shot.plate.path).absolute()


def _check_cut_name(layout: Layout, name: str) -> None:
    """Raises BadInput: a name that a folder cannot have everywhere, or one that differs in its capitals alone."""
    check_name(name, "name of a cut")
    alike = next((cut for cut in layout.cuts() if cut.lower() == name.lower() and cut != name), "")
    if alike:
        what = f"The show has a cut {alike!r}: {name!r} is the same name on many disks."
        raise BadInput(what, todo=f"Bring it in as {alike}, or under another name.")


def _first_words(asked: Conform, rate: Fraction, main: Fraction) -> Iterator[str]:
    """What to know of the rate of a cut that comes into a show for the first time."""
    if asked.file.suffix.lower() == ".edl" and asked.rate is None:
        yield f"read at {float(rate):g} frames a second, the show's rate: a list does not say, --rate does"
    if rate != main:
        rates = f"{float(rate):g} frames a second, the show at {float(main):g}"
        yield f"{asked.name} runs at {rates}: places in it count at its own rate"


def holdings_of(layout: Layout, rows: Sequence[ShotRow], clips: Iterable[Clip]) -> dict[str, Holding]:
    """What the show has, by shot id: of versions those that go out and those that the clips of both cuts play."""
    played: dict[str, set[str]] = {}
    for clip in clips:
        if clip.own:
            played.setdefault(clip.own[0].lower(), set()).add(clip.own[1])
    return {row.shot.id: _holding(layout, row, played.get(row.shot.id.lower(), set())) for row in rows}


def _holding(layout: Layout, row: ShotRow, played: Collection[str]) -> Holding:
    """The shot with the frames of the version that goes out, and of those that the cuts play."""
    shot = row.shot.id
    if not row.versions:
        return Holding(row.shot)
    best = row.circled or _newest(layout, shot)
    names = {name for name in (*played, best) if name and _complete(layout, shot, name)}
    versions = {name: read_recipe(layout, shot, name)[1].frames for name in names}
    return Holding(row.shot, versions, best if best in versions else "", row.circled)


def _newest(layout: Layout, shot: str) -> str:
    return next((name for name in reversed(version_names(layout, shot)) if _complete(layout, shot, name)), "")


def _complete(layout: Layout, shot: str, version: str) -> bool:
    record = read_record(layout, shot, version)
    return record is not None and record.get("state") == "complete"


def _told(case: Case, layout: Layout, rows: Sequence[ShotRow], asked: Conform) -> Conform:
    name = case.name
    replaced = {link.shot for link in case.found.links if link.replaced and link.shot}
    replaced -= shown_elsewhere((row.shot for row in rows), name)
    others = sorted(replaced.union(case.renewed))
    stale = tuple(f"{shot} {version}" for shot in others for version in version_names(layout, shot))
    uses: dict[str, list[Use]] = {}
    for n, link in enumerate(case.found.links):
        if link.shot and link.frames:
            uses.setdefault(link.shot, []).append(use_of(case.new.clips[n], "", link.frames, case.new.rate, name))
    after = [replace(case.holdings[shot].shot, uses=tuple(found)) for shot, found in uses.items()]
    lacking = tuple(wanted(case.holdings, after))
    return replace(asked, changes=case.found.changes, warnings=case.warnings, stale=stale, wanted=lacking)


def shown_elsewhere(shots: Iterable[Shot], cut: str) -> set[str]:
    """The shots that another cut shows too: what this one plays instead of their source is no new source of theirs."""
    return {shot.id for shot in shots if any(use.cut != cut for use in shot.uses)}


def wanted(holdings: Mapping[str, Holding], shots: Iterable[Shot]) -> Iterator[Wanted]:
    """Shots whose version does not reach as far as the cut does now; those without a version have nothing to miss."""
    for shot in shots:
        holding = holdings.get(shot.id)
        if holding is None or not holding.best or not shot.uses:
            continue
        lacking = tuple(frame for frame in shot.cut_range if frame not in holding.versions[holding.best])
        if lacking:
            plate = shot.plate
            absent = tuple(frame for frame in lacking if plate is None or frame not in plate.frames)
            yield Wanted(shot.id, holding.best, lacking, absent, shot.range)


def read_answers(path: Path) -> dict[str, str]:
    """What people said before: question → shot id or `new`. Raises BadInput for a file that was damaged."""
    if not path.exists():
        return {}
    try:
        return {str(key): str(value) for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    except ValueError as error:
        what = f"The answers of an earlier conform cannot be read: {one_line(str(error))}."
        raise BadInput(what, where=str(path), todo="Git has them as they were: git checkout HEAD -- FILE.") from error


def use_of(clip: Clip, clip_id: str, frames: FrameRange, rate: Fraction, cut: str) -> Use:
    start, end = round(clip.record * rate), round(clip.end * rate)
    return Use(
        cut, clip_id, clip.track, clip.name, frames.first, frames.last, start, end - start, clip.enabled,
        retime_words(clip.speed),
    )  # fmt: skip


def line_of(change: Change) -> str:
    """One change in words: `sq010_sh0020: trimmed_tail (tail -12)`."""
    what = change.shot or one_line(change.clip or change.was, 60) or "unnamed"
    numbers = [f"{key} {value:+d}" for key, value in (("head", change.head), ("tail", change.tail)) if value]
    missing = [f"{n} at the {end}" for n, end in ((change.missing_head, "head"), (change.missing_tail, "tail")) if n]
    if missing:
        numbers.append(f"missing {' and '.join(missing)}")
    if "version_drift" in change.flags:
        numbers.append(f"plays {change.version}, {change.circled} is circled")
    told = f" ({', '.join(numbers)})" if numbers else ""
    return f"{what}: {', '.join(change.flags)}{told}"
