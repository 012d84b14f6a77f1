"""The playlist of what awaits review: its lines, what is new in a version, what stands over it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.files import one_line
from tui.present.spans import STATUS_STYLES, Line, Span, padded

if TYPE_CHECKING:
    from core.recipe.changes import Change
    from core.rows import VersionRow, Waiting

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def since(seconds: float | None) -> str:
    """`3 h`, `12 min`, `2 d`; empty where nobody knows."""
    if seconds is None or seconds < 0:
        return ""
    return next((f"{int(seconds // unit)} {name}" for unit, name in _UNITS if seconds >= unit), "now")


def waiting_line(waiting: Waiting, width: int, status: str = "rev") -> Line:
    """`sq010_sh0020 v003  3 h 2✎ Ana`: who made it where there is room; the status of what was judged just now."""
    notes = f"{waiting.open_notes}✎" if waiting.open_notes else ""
    who = one_line(waiting.by.partition(" <")[0], 40)
    ago: Span = (f"{since(waiting.seconds):>7} ", "dim")
    judged: Span = (f"{status:>7} ", STATUS_STYLES.get(status, ""))
    fixed: Line = ((f" {waiting.version:<5}", "bold"), ago if status == "rev" else judged, (f"{notes:<4}", "warn"))
    room = max(8, min(24, width - (28 if width >= 44 else 18)))
    return ((padded(waiting.shot, room), ""), *fixed, (who if width >= 44 else "", "dim"))


def headline(name: str, waiting: Sequence[Waiting], reviewed: int) -> str:
    """`Dailies  siesta · 3 await review · 5 reviewed now`."""
    left = f"{len(waiting)} await review" if waiting else "nothing awaits review"
    return " · ".join([f"Dailies  {name}", left, *([f"{reviewed} reviewed now"] if reviewed else [])])


def nothing_left(reviewed: int) -> str:
    """What stands where the picture was when the list is empty."""
    if reviewed:
        return f"All is reviewed: {reviewed} just now."
    return "Nothing awaits review.\nVersions come here when they are rendered."


def about_lines(row: VersionRow | None, changes: Sequence[Change]) -> list[Line]:
    """What is new in a version: its summary and parent, then what its recipe has otherwise."""
    if row is None:
        return [(("the plate", "dim"),)]
    came = f" ← {row.parent}" if row.parent else ""
    lines: list[Line] = [((f"{row.version}{came}  ", "dim"), (one_line(row.summary, 300), ""))]
    told = [change for change in changes if change.key != "summary"]
    if told:
        lines.append(tuple(span for change in told for span in (*change_spans(change), ("  ", ""))))
    return lines


def change_spans(change: Change) -> list[Span]:
    """`denoise 0.45 → 0.55`; of a prompt what was taken out and put in, `-daylight-` `+candlelight+`."""
    spans: list[Span] = [(f"{one_line(change.key, 60)} ", "dim")]
    if not change.words:
        return [*spans, (one_line(change.a, 60), "bad"), (" → ", "dim"), (one_line(change.b, 60), "good")]
    for kind, text in change.words:
        if kind != " ":
            spans.append((f"{kind}{one_line(text, 120)}{kind} ", "bad" if kind == "-" else "good"))
    return spans
