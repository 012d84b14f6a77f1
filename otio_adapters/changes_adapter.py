"""The adapter `rushes_changes`: what is different in a timeline against an older one, as a list.

otioconvert -i new.otio -o changes.csv -O rushes_changes -A against=old.otio
otioconvert -i new.otio -o changes.json -O rushes_changes -A against=old.otio -A form=json
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

try:
    from otio_adapters import versions
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters import versions

from otio_adapters.changes import Change, Item, changes
from otio_adapters.edl import one_line
from otio_adapters.times import record_rate, seconds, timecode

COLUMNS = ("clip", "track", "record", "was", "what", "head", "tail", "detail")
Clock = Callable[[Item | None], str]
Row = tuple[str, str, str, str, str, int, int, str]
"""Its cells under `COLUMNS`."""


def write_to_string(input_otio: Any, against: str | None = None, form: str = "csv") -> str:
    """What is different, clip by clip; clips that are as they were have no line.

    Args:
        input_otio: the newer timeline; without `against` a collection of two, the older first.
        against: the file of the older timeline, in any form that OpenTimelineIO reads.
        form: `csv`, `json`, or `text` for reading.

    Raises:
        ValueError: a form that is none, or nothing to compare with.
    """
    if form not in _FORMS:
        raise ValueError(f"rushes_changes cannot write {form!r}: form is {', '.join(_FORMS)}")
    old, new = _two(input_otio, against)
    clocks = _clock(old), _clock(new)
    return _FORMS[form]([change for change in changes(old, new) if change.what], *clocks)


def _two(given: Any, against: str | None) -> tuple[Any, Any]:
    if against is not None:
        never = otio.media_linker.MediaLinkingPolicy.DoNotLinkMedia
        found = [otio.adapters.read_from_file(str(against), media_linker_name=never), given]
    else:
        found = list(given) if isinstance(given, otio.schema.SerializableCollection) else []
    if len(found) != 2 or not all(isinstance(one, otio.schema.Timeline) for one in found):
        raise ValueError("rushes_changes compares two timelines; name the older one: -A against=old.otio")
    return found[0], found[1]


def _clock(timeline: Any) -> Clock:
    """The record timecode of a clip of a timeline: drop-frame where it was read from a list that counts so."""
    start, rate = seconds(timeline.global_start_time) or Fraction(0), record_rate(timeline, timeline)
    drop = bool(versions.get(timeline).get("drop"))

    def clock(item: Item | None) -> str:
        return timecode(round((start + item.record) * rate), rate, drop=drop) if item is not None and rate else ""

    return clock


def _rows(found: Sequence[Change], old: Clock, new: Clock) -> list[Row]:
    rows = []
    for change in found:
        item = change.now or change.was
        assert item is not None, "a change is of a clip in one of the two"
        what = ", ".join(change.what)
        detail = "; ".join(f"{key} {one} to {other}" for key, (one, other) in _details(change).items())
        rows.append((item.name, item.track, new(change.now), old(change.was), what, change.head, change.tail, detail))
    return rows


def _details(change: Change) -> dict[str, tuple[str, str]]:
    """What was and what is, where the two differ."""
    if change.was is None or change.now is None:
        return {}
    told = (("version", "version changed"), ("media", "media replaced"), ("track", "moved"), ("speed", "retimed"))
    pairs = {name: (_said(change.was, name), _said(change.now, name)) for name, flag in told if flag in change.what}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _said(item: Item, name: str) -> str:
    value = getattr(item, name)
    return f"{float(value):.6g}x" if name == "speed" else one_line(value, 200) or "none"


def _csv(found: Sequence[Change], old: Clock, new: Clock) -> str:
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in _rows(found, old, new):
        out.writerow([value if isinstance(value, int) else _cell(value) for value in row])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula."""
    line = one_line(text, 2000)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def _json(found: Sequence[Change], old: Clock, new: Clock) -> str:
    rows = [
        {**dict(zip(COLUMNS, row, strict=True)), "what": list(change.what), "detail": _details(change)}
        for change, row in zip(found, _rows(found, old, new), strict=True)
    ]
    return json.dumps({"changes": rows}, indent=2, ensure_ascii=False) + "\n"


def _text(found: Sequence[Change], old: Clock, new: Clock) -> str:
    lines = []
    for name, track, record, before, what, head, tail, detail in _rows(found, old, new):
        frames = f" (head {head:+d}, tail {tail:+d})" if head or tail else ""
        words = f"{one_line(name, 60) or '(unnamed)'}  {one_line(track, 60)}  {record or before}  {what}{frames}"
        lines.append(f"{words}: {detail}" if detail else words)
    return "\n".join(lines or ["No clip shows anything else than it did."]) + "\n"


_FORMS = {"csv": _csv, "json": _json, "text": _text}
