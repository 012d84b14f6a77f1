"""What is different between any two cuts or publishes, as a list for people and as a list of what changed alone."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from core.conform import holdings_of, line_of
from core.cut.incoming.read import Cut, read_cut
from core.cut.outgoing.listing import refuse_other
from core.cut.recut.change import Change
from core.cut.recut.conform import conform
from core.cut.recut.facts import Clip, Facts, facts, stem
from core.errors import BadInput
from core.files import one_line, safe_name, write_atomic
from core.layout import Layout, Settings
from core.rows import ShotRow
from otio_adapters.edl import Edit, Edl, Event, Motion, edl_text
from otio_adapters.times import seconds

ASIDE = frozenset({"unchanged", "shifted", "relinked_only"})
"""Flags of a clip that shows what it showed: nobody has to look at it again."""
COLUMNS = ("clip", "was", "shot", "track", "record", "frames", "what", "head", "tail", "slip", "missing head",
           "missing tail", "why")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Two cuts compared. Nothing was written."""

    a: str
    b: str
    changes: tuple[Change, ...]
    """One for each clip of either, in the order of the cut."""
    warnings: tuple[str, ...]
    new: Facts
    start: int
    """The record frame of the newer cut's first picture."""

    @property
    def different(self) -> tuple[Change, ...]:
        """Those that show something else than they did, are new, or are gone."""
        return tuple(change for change in self.changes if not ASIDE.issuperset(change.flags))


def change_list(layout: Layout, settings: Settings, rows: Sequence[ShotRow], a: str, b: str) -> ChangeList:
    """Compare two cuts: files, cuts of the show by name (`main`), or publishes by name (`siesta_main_delivery_001`).

    Raises:
        BadInput: a name that is none of these. CutError: a file that cannot be read as a cut.
    """
    one, two = (_read(place_of(layout, name), settings) for name in (a, b))
    (old, _, said), (new, _, warned) = one[1], two[1]
    ids = {use.clip_id: row.shot.id for row in rows for use in row.shot.uses}
    home = _homes(rows)
    homes = {clip.id: shot for clip in old.clips if (shot := ids.get(clip.id) or home(clip))}
    found = conform(old, new, holdings_of(layout, rows, (*old.clips, *new.clips)), homes, settings.share_gap)
    start = round((seconds(two[0].timeline.global_start_time) or Fraction(0)) * new.rate)
    warnings = (*one[0].warnings, *said, *two[0].warnings, *warned)
    if not old.says_effects(new):
        warnings = (*warnings, f"{old.form} and {new.form} do not tell effects alike: they were not compared")
    return ChangeList(a, b, found.changes, tuple(dict.fromkeys(warnings)), new, start)


def place_of(layout: Layout, name: str) -> Path:
    """The file that is meant. Raises BadInput."""
    if Path(name).exists():
        return Path(name)
    if safe_name(name) == name:
        if layout.cut(name).exists():
            return layout.cut(name)
        manifest = layout.publish(f"{name}.json")
        if manifest.is_file():
            told = str(json.loads(manifest.read_text(encoding="utf-8"))["files"][0]["path"])
            places = (layout.media / told, *(layout.publish(f"{name}{end}") for end in (".otio", ".xml", ".edl")))
            there = [path for path in places if path.is_file()]
            if there:
                return there[0]
    known = sorted(path.stem for path in layout.publish("").glob("*.json"))
    cuts = ", ".join(layout.cuts()) or "none"
    todo = f"Name a file, a cut of the show ({cuts}), or a publish: {', '.join(known[-6:]) or 'none yet'}."
    raise BadInput(f"There is no cut {one_line(name)!r}.", todo=todo)


def _read(path: Path, settings: Settings) -> tuple[Cut, tuple[Facts, list[Any], list[str]]]:
    """A cut, its clips with ids of their own where they have none: the same file gives the same ids."""
    numbers = iter(range(1_000_000_000))

    def mint() -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path.name}/{next(numbers)}"))

    cut = read_cut(path, mint, edl_rate=settings.rate)
    return cut, facts(cut, path.suffix)


def _homes(rows: Sequence[ShotRow]) -> Callable[[Clip], str]:
    """The shot that a clip shows: by what it plays, our metadata, its name, or the only plate of that file."""
    names = {row.shot.id.lower(): row.shot.id for row in rows}
    plates: dict[str, list[str]] = {}
    for row in rows:
        if row.shot.plate is not None:
            plates.setdefault(stem(row.shot.plate.path), []).append(row.shot.id)

    def home(clip: Clip) -> str:
        for name in (clip.own[0] if clip.own else "", clip.shot, clip.name):
            if name.lower() in names:
                return names[name.lower()]
        found = plates.get(clip.media.stem, [])
        return found[0] if len(found) == 1 else ""

    return home


# Written


def texts(found: ChangeList, form: Literal["text", "csv", "edl"]) -> dict[str, str]:
    """The list as text, by what its file's name gets behind it; one list a track where it is an EDL of several.

    Raises BadInput: an EDL would have no event.
    """
    if form == "csv":
        return {"": csv_text(found)}
    if form == "text":
        return {"": "".join(f"{line_of(change)}\n" for change in found.changes)}
    lists = {name: edl_text(edl) for name, edl in changed_edls(found, "changes").items()}
    if not lists:
        raise BadInput("No clip of the newer cut shows anything else than it did: the EDL would be empty.")
    return lists if len(lists) > 1 else {"": next(iter(lists.values()))}


def write(told: Mapping[str, str], out: Path) -> list[Path]:
    """Write each text to its file, over none that is there with other content. Raises CutError, DiskFull, Broken."""
    paths = {out.with_name(f"{out.stem}_{name}{out.suffix}") if name else out: text for name, text in told.items()}
    for path, text in paths.items():
        refuse_other(path, text.encode())
    for path, text in paths.items():
        write_atomic(path, text)
    return list(paths)


def csv_text(found: ChangeList) -> str:
    """One line for each clip of either cut."""
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    out.writerow(COLUMNS)
    for change in found.changes:
        row = (
            change.clip, change.was, change.shot, change.track, change.record, change.duration, " ".join(change.flags),
            change.head, change.tail, change.slip, change.missing_head, change.missing_tail, change.why,
        )  # fmt: skip
        out.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: object) -> object:
    """Text on one line that no spreadsheet takes for a formula; numbers as they are."""
    if isinstance(value, int):
        return value
    line = one_line(str(value), 2000)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def changed_edls(found: ChangeList, title: str) -> dict[str, Edl]:
    """A list for each track, with the clips of the newer cut that show something else now; by the track's name."""
    clips = {(clip.track, clip.name, round(clip.record * found.new.rate)): clip for clip in found.new.clips}
    events: dict[str, list[Event]] = {}
    for change in found.different:
        clip = clips.get((change.track, change.clip, change.record))
        if clip is not None and clip.enabled:
            events.setdefault(f"V{clip.number}", []).append(_event(change, clip, found))
    return {
        name: Edl(f"{one_line(title, 40)} {name}", found.new.rate, False, tuple(told))
        for name, told in sorted(events.items())
    }


def _event(change: Change, clip: Clip, found: ChangeList) -> Event:
    rate = found.new.rate
    day = round(rate) * 86400
    source = clip.media.rate or rate
    first = round(clip.seen[0] * source) * round(rate) // round(source)
    run = max(1, round(change.duration * abs(clip.speed)))
    begin = found.start + change.record
    reel = safe_name(clip.media.reel or (f"{clip.own[0]}_gen_{clip.own[1]}" if clip.own else clip.media.stem), "AX")
    edit = Edit(reel, (first % day, (first + run) % day), (begin % day, (begin + change.duration) % day))
    motion = None if clip.speed == 1 else Motion(reel, Fraction(round(clip.speed * rate * 10), 10), first % day)
    return Event((edit,), motion, tuple(_comments(change, clip)))


def _comments(change: Change, clip: Clip) -> Iterator[str]:
    yield f"FROM CLIP NAME: {one_line(clip.name, 120)}"
    if change.shot:
        yield f"SHOT: {change.shot}"
    ends: Mapping[str, int] = {"HEAD": change.head, "TAIL": change.tail, "SLIP": change.slip}
    told = " ".join(f"{name} {value:+d}" for name, value in ends.items() if value)
    yield f"CHANGE: {' '.join(change.flags)}{f' ({told})' if told else ''}"
