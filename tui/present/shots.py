"""The shot list on the screens: its lines, and which rows are shown in which order. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui.present.rows import STATUS_WORDS, share
from tui.present.spans import STATUS_STYLES, Line, Span, padded

if TYPE_CHECKING:
    from core.rows import ShotRow

ORDER = {status: place for place, status in enumerate(("rtk", "rev", "ip", "–", "hld", "apr", "fin", "omt"))}
"""What needs somebody first."""

SORTS: Mapping[str, Callable[[ShotRow], Any]] = {
    "cut": lambda row: 0,
    "id": lambda row: row.shot.id,
    "status": lambda row: ORDER.get(row.status, len(ORDER)),
    "versions": lambda row: -row.versions,
    "notes": lambda row: -row.open_notes,
}
"""Stable: within the same key the order of the cut stays."""


def shot_line(row: ShotRow, width: int) -> Line:
    """`sq010_sh0020 rev v003 ◉v002  71 2✎`: what is wide stays out where there is no room."""
    notes: Span = (f"{row.open_notes}✎" if row.open_notes else "", "warn")
    tail: Span = ("✕ failed", "bad") if row.failed else (share(*row.progress), "busy") if row.progress else notes
    mark = "?" if row.questions else "◉" if row.circled else " "
    circled = "" if row.circled == row.latest else row.circled
    cut = f"{row.cut_frames:>5}"
    handles = "{}+{}".format(*row.shot.handles)
    fixed = [(f" {row.status:<3}", STATUS_STYLES.get(row.status, "")), (f" {row.latest or '–':<5}", "")]
    fixed.append((f"{mark}{circled:<5}" if width >= 46 else mark, "warn" if mark == "?" else "good"))
    if width >= 38:
        fixed.append((cut, "dim"))
    if width >= 58:
        fixed.append((f" {handles:>6}", "dim"))
    fixed.append((f" {tail[0]:<9.9}", tail[1]))
    room = max(4, width - sum(len(text) for text, _ in fixed))
    return ((padded(row.shot.id, room), "dim" if row.shot.missing or row.status == "omt" else ""), *fixed)


def titles(width: int) -> Line:
    """The words above the columns of `shot_line`."""
    fixed = " st " + " vers " + ("◉     " if width >= 46 else "◉") + ("  cut" if width >= 38 else "")
    fixed += ("    h+t" if width >= 58 else "") + " notes    "
    return ((f"{'shot':<{max(4, width - len(fixed))}}{fixed}", "dim"),)


def shown(rows: Sequence[ShotRow], typed: str, sort: str = "cut") -> list[ShotRow]:
    """The rows that pass every word of a filter, sorted.

    A word is a glob over the id (`sq010_*`), a rule (`status:rtk`, `notes:open`, `circled:no`, `newer:yes`,
    `busy:yes`, `cut:trailer`), or letters that stand in the id, in this order, with others between.
    """
    words = typed.lower().split()
    kept = [row for row in rows if all(_passes(row, word) for word in words)]
    return sorted(kept, key=SORTS.get(sort, SORTS["cut"]))


def _passes(row: ShotRow, word: str) -> bool:
    key, colon, value = word.partition(":")
    if colon:
        return _obeys(row, key, value)
    name = row.shot.id.lower()
    if any(sign in word for sign in "*?["):
        return fnmatch.fnmatchcase(name, word)
    letters = iter(name)
    return all(letter in letters for letter in word)


def _obeys(row: ShotRow, key: str, value: str) -> bool:
    newer = bool(row.circled) and row.latest != row.circled
    yes: Mapping[str, bool] = {"circled": bool(row.circled), "newer": newer, "busy": bool(row.progress)}
    if key == "status":
        return value in (row.status, STATUS_WORDS.get(row.status, "")) or (value == "none" and row.status == "–")
    if key == "notes":
        return (row.open_notes > 0) == (value not in ("no", "none"))
    if key == "versions":
        return str(row.versions) == value
    if key == "cut":
        return value in {use.cut.lower() for use in row.shot.uses}
    return key in yes and yes[key] == (value not in ("no", "none"))


def footing(rows: Sequence[ShotRow], kept: Sequence[ShotRow], typed: str, sort: str) -> str:
    """What stands over the list: `9 of 12 · status:rtk · by notes`."""
    parts = [f"{len(kept)} of {len(rows)}" if typed else f"{len(rows)} shots"]
    parts += [typed] if typed else []
    parts += [f"by {sort}"] if sort != "cut" else []
    return " · ".join(parts)
