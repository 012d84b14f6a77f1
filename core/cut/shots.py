"""Which shots a cut has: uses of one source become a shot, shots get ids, and the anchor to frame 1001 is laid."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from core.cut.names import named
from core.cut.ranges import Counted, Need, counted, counts_of, media_frames, needs, source_zero
from core.cut.shot import Plate, Shot, Use, read_shot, sequence_digest, shot_text
from core.files import one_line, safe_name
from core.frames import ANCHOR, FrameRange
from core.layout import Settings
from otio_adapters.times import seconds

if TYPE_CHECKING:
    from core.cut.digests import Digests
    from core.cut.incoming.read import Cut
    from core.media.read import MediaInfo

__all__ = ["Plate", "Shot", "Use", "make_shots", "read_shot", "sequence_digest", "shot_text"]

_SHOT = re.compile(r"(?:[A-Za-z0-9]+_)*(?:sh|shot)_?\d{2,6}[A-Za-z]?", re.IGNORECASE)
_TAIL = re.compile(r"(_(gen|plate|comp))?(_v\d+)?(\.\w{2,4})?$", re.IGNORECASE)

_LONGEST = 48
"""Characters of a shot id: it is in a frame's path three times, and that stays under 200."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One clip: what it needs in media indexes, and what it should be called."""

    need: Need
    clip_id: str
    wanted: str
    """The shot id that the clip names; empty for none."""
    source: str
    """The same for clips of the same media."""
    plate: Plate | None
    missing: str
    frames: FrameRange


@dataclass(slots=True)
class _Group:
    """The clips of one shot."""

    wanted: str
    last: int
    rows: list[_Row] = field(default_factory=list)


def make_shots(
    cut: Cut,
    settings: Settings,
    *,
    probe: Callable[..., MediaInfo],
    root: Path,
    existing: Mapping[str, Shot],
    source: Path | None = None,
    into: str = "main",
    local: Callable[[str], str] = str,
    only: Collection[str] = (),
    found: Mapping[str, Path] = MappingProxyType({}),
    apart: Collection[str] = (),
    digests: Digests | None = None,
) -> tuple[tuple[Shot, ...], tuple[str, ...]]:
    """The shots that a cut uses, in cut order, and what a person should know of them.

    Clips of the video tracks that use one source no further than `share_gap` frames apart are one shot, unless they
    name different shots. The first frame a new shot needs is 1001 + its head handle; a shot in `existing` keeps its id,
    anchor, handles and whatever people set.

    Args:
        probe: `core.media.read.probe`.
        root: the show; plates inside it are named relative to it.
        existing: the show's shots by id.
        source: where the cut was read: relative media are looked for beside it, then in `root`.
        into: the cut's name in the show.
        local: from a path as the editor's machine has it to the same on this one (`Places.local`).
        only: look at the clips of these ids alone; empty: at all.
        found: clip id → where a person found its media, whatever the cut says.
        apart: shots that no clip is one of by its name: they go on with another source.
        digests: what is known of the media, and learns what is read.

    Returns:
        Shots (one whose media are missing has `plate` None and says why) and warnings.
    """
    from core.cut.plates import Plates
    from otio_adapters import versions

    every, warnings = needs(cut.timeline)
    beside = [source if source.is_dir() else source.parent] if source is not None else []
    bases = [folder.absolute() for folder in (*beside, root)]
    plates = Plates(bases, root.absolute(), probe, cut.rate, local, digests)
    rows = [
        _row(need, plates, found, settings.shot_ids)
        for need in every
        if not only or versions.get(need.clip).get("clip_id") in only
    ]
    groups = _group(rows, settings.share_gap)
    homes = _homes(groups, existing, into, apart)
    ids = _ids(groups, homes, existing, warnings)
    shots = [
        _shot(shot_id, group, homes[number], settings, cut.rate, into, warnings)
        for number, (shot_id, group) in enumerate(zip(ids, groups, strict=True))
    ]
    return tuple(shots), (*plates.warnings, *warnings)


def _row(need: Need, plates: Any, found: Mapping[str, Path], rule: str) -> _Row:
    from otio_adapters import versions

    facts = versions.get(need.clip)
    reference = versions.editor_reference(need.clip)
    clip_id = str(facts.get("clip_id", ""))
    located, plate, missing = plates.find(reference, found.get(clip_id))
    if not need.known:
        plate, missing = None, "the clip has no range: neither its own nor its media's"
    rate = plate.rate if plate else reference_rate(reference) or plates.rate
    media = counted(plate) if plate else Counted(0, rate)
    zero = source_zero(reference, media, need.start, counts_of(need.clip))
    return _Row(
        need=need,
        clip_id=clip_id,
        wanted=_wanted(need.clip, facts, rule),
        source=located or f"clip {clip_id}",
        plate=plate,
        missing=missing,
        frames=media_frames(need, zero, rate),
    )


def reference_rate(reference: Any) -> Fraction | None:
    """The rate that a reference's available range counts in."""
    import opentimelineio as otio

    available = getattr(reference, "available_range", None)
    one = None if available is None else seconds(otio.opentime.RationalTime(1, available.duration.rate))
    return None if one is None else 1 / one


def _wanted(clip: Any, facts: Mapping[str, Any], rule: str) -> str:
    """The shot id that a clip names: in our metadata, or where the show's rule says; empty for none."""
    known = facts.get("shot")
    if isinstance(known, str) and known == safe_name(known):
        return known
    if rule:
        said = named(clip, rule)
        return safe_name(said)[:_LONGEST] if said else ""
    name = safe_name(_TAIL.sub("", clip.name))
    return name if len(name) <= _LONGEST and _SHOT.fullmatch(name) else ""


def _group(rows: Sequence[_Row], share_gap: int) -> list[_Group]:
    """Rows of one source that are near enough, in cut order of their first row."""
    groups: list[_Group] = []
    latest: dict[tuple[str, str], _Group] = {}
    for row in sorted(rows, key=lambda row: (row.source, row.frames.first)):
        any_name = (row.source, "")
        group = latest.get((row.source, row.wanted)) if row.wanted else latest.get(any_name)
        if group is None and any_name in latest and not latest[any_name].wanted:
            group = latest[any_name]
        if group is None or row.frames.first - group.last - 1 > share_gap:
            group = _Group(row.wanted, row.frames.last)
            groups.append(group)
        group.rows.append(row)
        group.wanted = group.wanted or row.wanted
        group.last = max(group.last, row.frames.last)
        latest[any_name] = latest[(row.source, group.wanted)] = group
    for group in groups:
        group.rows.sort(key=lambda row: (row.need.record, row.need.number))
    return sorted(groups, key=lambda group: (group.rows[0].need.record, group.rows[0].need.number))


def _homes(
    groups: Sequence[_Group], existing: Mapping[str, Shot], into: str, apart: Collection[str]
) -> list[Shot | None]:
    """The shot that each group was before: by clip id, else by name and plate."""
    by_clip = {use.clip_id: shot for shot in existing.values() for use in shot.uses if use.cut == into}
    by_id = {shot.id.lower(): shot for shot in existing.values() if shot.id not in apart}
    taken: set[str] = set()
    homes: list[Shot | None] = []
    for group in groups:
        candidates = [by_clip[row.clip_id] for row in group.rows if row.clip_id in by_clip]
        named = by_id.get(group.wanted.lower())
        if named is not None and (named.plate is None or _same_media(named.plate, group)):
            candidates.append(named)
        home = next((shot for shot in candidates if shot.id not in taken), None)
        taken |= {home.id} if home else set()
        homes.append(home)
    return homes


def _same_media(plate: Plate, group: _Group) -> bool:
    """True where the group shows this plate, or nothing that can be found now."""
    found = {row.plate.path for row in group.rows if row.plate is not None}
    return not found or plate.path in found


def _ids(
    groups: Sequence[_Group], homes: Sequence[Shot | None], existing: Mapping[str, Shot], warnings: list[str]
) -> list[str]:
    """One id a group, unique ignoring case: what it had, what it names, else `sh0010`, `sh0020` … in cut order."""
    taken = {shot_id.lower() for shot_id in existing} | {group.wanted.lower() for group in groups if group.wanted}
    named: set[str] = {home.id.lower() for home in homes if home}
    counter = 0
    ids: list[str] = []
    for group, home in zip(groups, homes, strict=True):
        if home is not None:
            ids.append(home.id)
            continue
        shot_id = group.wanted
        if shot_id and (shot_id.lower() in named or shot_id.lower() in map(str.lower, existing)):
            shot_id = _free(shot_id, taken)
            warnings.append(f"{group.wanted}: the name is taken by other media, this one is called {shot_id}")
        while not shot_id:
            counter += 10
            shot_id = f"sh{counter:04d}" if f"sh{counter:04d}" not in taken else ""
        taken.add(shot_id.lower())
        named.add(shot_id.lower())
        ids.append(shot_id)
    return ids


def _free(shot_id: str, taken: Iterable[str]) -> str:
    number = 2
    while f"{shot_id}_{number}".lower() in taken:
        number += 1
    return f"{shot_id}_{number}"


def _shot(
    shot_id: str, group: _Group, home: Shot | None, settings: Settings, rate: Fraction, into: str, warnings: list[str]
) -> Shot:
    first_row = group.rows[0]
    handles = home.handles if home else settings.handles
    enabled = [row for row in group.rows if row.need.enabled] or group.rows
    offset = ANCHOR + handles[0] - min(row.frames.first for row in enabled)
    plate = first_row.plate and replace(first_row.plate, offset=offset)
    if home is not None and home.plate is not None:
        # The anchor never moves; and media that cannot be found now, or are the same, are described as they were.
        offset = home.plate.offset
        same = plate is None or plate.path == home.plate.path
        plate = home.plate if same or plate is None else replace(plate, offset=offset)
    uses = tuple(_use(row, offset, rate, into) for row in group.rows)
    for row, use in zip(group.rows, uses, strict=True):
        if plate is not None and (use.first < plate.frames.first or use.last > plate.frames.last):
            has = f"{plate.media.first}-{plate.media.last}"
            warnings.append(f"{shot_id}: the cut needs media frames {row.frames}, the media have {has}")
    if home is not None:
        return replace(
            home, plate=plate, missing=first_row.missing, uses=(*(use for use in home.uses if use.cut != into), *uses)
        )
    return Shot(shot_id, plate, uses, handles, first_row.missing, cdl=_cdl(first_row.need.clip))


def _use(row: _Row, offset: int, rate: Fraction, into: str) -> Use:
    need = row.need
    start, end = round(need.record * rate), round((need.record + need.duration) * rate)
    return Use(
        cut=into,
        clip_id=row.clip_id,
        track=need.track,
        name=one_line(need.clip.name, 120),
        first=row.frames.first + offset,
        last=row.frames.last + offset,
        record=start,
        duration=end - start,
        enabled=need.enabled,
        retime=need.retime,
    )


def _cdl(clip: Any) -> tuple[float, ...]:
    """The ASC CDL that EDL readers leave in `metadata["cdl"]`; empty where there is none or it is not whole."""
    found = clip.metadata.get("cdl")
    try:
        sop = found["asc_sop"]
        numbers = [*sop["slope"], *sop["offset"], *sop["power"], found.get("asc_sat", 1.0)]
        values = tuple(float(number) for number in numbers)
    except (KeyError, TypeError, ValueError):
        return ()
    return values if len(values) == 10 else ()
