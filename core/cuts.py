"""The cuts of a show: how long each is, what it shows, when it came and what went out of it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.cut.incoming.read import read_cut
from core.cut.outline import outline_of
from core.files import one_line
from core.history.git import History
from core.layout import MAIN, Layout
from core.rows import ShotRow, in_cut

_BRINGS = ("turnover", "conform")


@dataclass(frozen=True, slots=True)
class CutRow:
    """One cut of the show."""

    name: str
    title: str
    """As the editor calls it."""
    rate: Fraction
    clips: int
    """On its video tracks."""
    shots: int
    start: int
    """The frame since midnight of its first frame; 0 where it does not say."""
    length: int
    """Frames at its own rate."""
    turnovers: int
    """How many files of it the editor has sent."""
    came: str
    """When the newest of them was brought in, ISO 8601; empty while that is not committed."""
    published: str
    """The name of what went out of it last; empty: nothing yet."""
    published_at: str


def cut_rows(layout: Layout, rows: Sequence[ShotRow], history: History) -> list[CutRow]:
    """Every cut, `main` first. Reads each timeline and the history. Raises CutError, HistoryError."""
    came, out = _told(history)
    return [_row(layout, rows, name, came.get(name, ""), out.get(name, ("", ""))) for name in layout.cuts()]


def _row(layout: Layout, rows: Sequence[ShotRow], name: str, came: str, out: tuple[str, str]) -> CutRow:
    cut = read_cut(layout.cut(name))
    found = outline_of(cut)
    clips = sum(item.kind == "clip" for track in found.tracks if track.kind == "video" for item in track.items)
    shown, sent = len(in_cut(rows, name)), len(layout.turnovers(name))
    return CutRow(name, cut.name, found.rate, clips, shown, found.start, found.length, sent, came, *out)


def _told(history: History) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """By cut when it came last, and what went out of it last and when. Publishes before there were names are main's."""
    came: dict[str, str] = {}
    out: dict[str, tuple[str, str]] = {}
    for entry in history.log():
        acts = entry.acts if any(f": {event}\n" in entry.raw for event in (*_BRINGS, "publish")) else ()
        for act in acts:
            cut = act.get("Rushes-Cut") or MAIN
            if act.event in _BRINGS:
                came.setdefault(cut, entry.at)
            elif act.event == "publish":
                out.setdefault(cut, (one_line(act.subject.partition(":")[0]), entry.at))
    return came, out
