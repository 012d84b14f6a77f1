"""The two lines under a picture: a bar to scrub on, and what is seen and how. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.present.spans import Line, Span, Style

if TYPE_CHECKING:
    from core.viewing.pictures import Probe
    from tui.video.pace import Loop, Transport

_LOOPS: dict[Loop, str] = {"loop": "↻", "once": "→", "ping-pong": "↔"}
_STANDING: dict[Loop, str] = {"loop": "", "once": "→ once", "ping-pong": "↔ back and forth"}
_SHORTEST = 12
"""Cells that a bar needs to be one."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What lies on a bar beside the playhead, all in frames."""

    notes: Sequence[tuple[int, int]] = ()
    keys: Collection[int] = ()
    held: Collection[int] = ()
    """The frames that are at hand and play at once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How a picture plays: frames a second as shown and as wanted, frames dropped, bytes a frame."""

    shown: int
    wanted: str
    dropped: int
    size: float


def scrub_line(state: Transport, frame: int, code: str, marks: Marks, width: int) -> Line:
    """` 1034 10:02:14:09 ├──◆━━▼━━▔▔──┤ 1001–1072 `: in and out as `[` `]`, what is at hand as `━`."""
    left, cells, right = _parts(state, frame, code, width)
    if not cells:
        return ((left.rstrip() + " ", "bold"),)
    bar = _bar(state, frame, marks, cells)
    return ((left, "bold"), ("├", "dim"), *bar, ("┤", "dim"), (right, "dim"))


def frame_at_cell(state: Transport, frame: int, code: str, width: int, column: int) -> int | None:
    """The frame under a column of `scrub_line`; None beside the bar."""
    left, cells, _ = _parts(state, frame, code, width)
    at = column - len(left) - 1
    if not cells or not -1 <= at <= cells:
        return None
    count = state.last - state.first + 1
    return state.first + min(count - 1, max(0, at) * count // cells)


def _parts(state: Transport, frame: int, code: str, width: int) -> tuple[str, int, str]:
    """What stands left of the bar, how many cells the bar has (0: no room), and what stands right of it."""
    wide = max(len(str(state.first)), len(str(state.last)))
    for left, right in (
        (f" {frame:>{wide}} {code} ", f" {state.first}–{state.last} "),
        (f" {frame:>{wide}} {code} ", " "),
        (f" {frame:>{wide}} ", " "),
    ):
        cells = width - len(left) - len(right) - 2
        if cells >= _SHORTEST:
            return left, cells, right
    return f" {frame} {code}"[:width], 0, ""


def _bar(state: Transport, frame: int, marks: Marks, cells: int) -> list[Span]:
    count = state.last - state.first + 1

    def cell(of: int) -> int:
        return max(0, min(cells - 1, (of - state.first) * cells // count))

    low, high = (cell(end) for end in state.range)
    held = {cell(of) for of in marks.held}
    bar: list[tuple[str, Style]] = [
        ("━" if at in held else "─", "" if low <= at <= high else "dim") for at in range(cells)
    ]
    for first, last in marks.notes:
        bar[cell(first) : cell(last) + 1] = [("▔", "warn")] * (cell(last) + 1 - cell(first))
    for key in marks.keys:
        if state.first <= key <= state.last:
            bar[cell(key)] = ("◆", "busy")
    for sign, mark in (("[", state.mark_in), ("]", state.mark_out)):
        if mark is not None:
            bar[cell(mark)] = (sign, "accent")
    bar[cell(frame)] = ("▼", "accent")
    return _merged(bar)


def _merged(cells: list[tuple[str, Style]]) -> list[Span]:
    spans: list[Span] = []
    for sign, style in cells:
        if spans and spans[-1][1] == style:
            spans[-1] = (spans[-1][0] + sign, style)
        else:
            spans.append((sign, style))
    return spans


def way(state: Transport) -> str:
    """`▶`, `▶▶ 4×`, `◀`, or nothing where it stands; then how it goes on at the end."""
    if not state.playing:
        return _STANDING[state.mode]
    arrow = "▶" if state.speed > 0 else "◀"
    fast = "" if abs(state.speed) == 1 else f"{arrow} {abs(state.speed)}×"
    return f"{arrow}{fast} {_LOOPS[state.mode]}"


def told(parts: Sequence[str], width: int) -> Line:
    """`a · b · c`, as many as fit, in their order."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text} · {part}" if text else f" {part}"
        if len(longer) > width:
            break
        text = longer
    return ((text, "dim"),)


def rate_parts(rate: Rate) -> list[str]:
    """`24.0/25 fps`, `3 dropped`, `18 kB/frame`."""
    dropped = f"{rate.dropped} dropped" if rate.dropped else ""
    return [f"{rate.shown:.1f}/{rate.wanted} fps", dropped, f"{rate.size / 1000:.0f} kB/frame"]


def probe_text(probe: Probe, width: int) -> str:
    """`812,344  linear .18 .12 .09  file .18 .12 .09 (ACEScg)  118 98 85  matte .5`; where it is narrow, less of it."""
    linear = f"linear {_values(probe.working)}" if probe.space else ""
    file = f"file {_values(probe.file)}"
    seen = " ".join(map(str, probe.seen))
    matte = "" if probe.matte is None else f"matte {_short(probe.matte)}"
    tries = (
        (linear, f"{file} ({probe.space})" if probe.space else file, f"seen {seen}", matte),
        (linear, file, seen, matte),
        (linear or file, seen, matte),
    )
    for parts in tries:
        text = "  ".join(filter(None, (f"{probe.x},{probe.y}", *parts)))
        if len(text) < width:
            break
    return text


def _values(values: Sequence[float]) -> str:
    return " ".join(map(_short, values))


def _short(value: float) -> str:
    """Three digits that count, without the zero before the point: that much room there is."""
    return f"{value:.3g}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3g}"
