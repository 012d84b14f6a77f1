"""What the compare screen says of two versions: which they are, how a frame differs, and how all of them do. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from core.frames import FrameRange, format_frames
from tui.present.recipe import change_lines
from tui.present.spans import Line, Span, merged

if TYPE_CHECKING:
    from core.media.measure import Difference
    from core.recipe.changes import Change
    from core.rows import VersionRow

Mode = Literal["a", "b", "side", "wipe", "difference", "overlay"]
MODES: Mapping[Mode, str] = {
    "a": "A alone",
    "b": "B alone",
    "side": "A left, B right",
    "wipe": "wipe",
    "difference": "difference",
    "overlay": "overlay",
}
AMOUNTS: Mapping[Mode, tuple[float, ...]] = {
    "wipe": tuple(step / 20 for step in range(21)),
    "difference": (1, 2, 4, 8, 16, 32, 64),
    "overlay": tuple(step / 10 for step in range(11)),
}
"""What `+` and `-` go through."""
START: Mapping[Mode, float] = {"wipe": 0.5, "difference": 4, "overlay": 0.5}
_BARS = "▁▂▃▄▅▆▇"
"""Never a full block: the frame that is shown stands reversed."""


def sensible(rows: Sequence[VersionRow], b: str) -> str:
    """What `b` is compared with at first: its parent, else the circled one, else the one before, else the plate."""
    names = [row.version for row in rows]
    mine = next((row for row in rows if row.version == b), None)
    if mine is not None and mine.parent in names:
        return mine.parent
    circled = [row.version for row in rows if row.circled and row.version != b]
    before = names[: names.index(b)] if b in names else []
    return circled[-1] if circled else before[-1] if before else ""


def stepped(amounts: Sequence[float], now: float, by: int) -> float:
    """The amount `by` steps further on, not beyond the ends; from between two steps the next one in that direction."""
    beyond = [amount for amount in amounts if (amount > now + 1e-9 if by > 0 else amount < now - 1e-9)]
    return now if not beyond else beyond[0] if by > 0 else beyond[-1]


def named(rows: Sequence[VersionRow], version: str) -> str:
    """`v002 ◉ apr`, or `plate`."""
    row = next((row for row in rows if row.version == version), None)
    if row is None:
        return version or "plate"
    circle = {"final": " ◉", "temp": " ◎"}.get(row.circled, "")
    return f"{version}{circle} {row.status}" + ("" if row.state == "complete" else f" {row.done}/{row.total}")


def headline(shot: str, a: str, b: str, mode: Mode, amount: float, frame: int) -> str:
    """`sh0020   A v002 ◉ apr   B v003 rev   difference ×4   1034`."""
    how = {"wipe": f" {amount:.0%}", "overlay": f" {amount:.0%} B", "difference": f" ×{amount:g}"}.get(mode, "")
    return f"{shot}   A {a}   B {b}   {MODES[mode]}{how}   {frame}"


def lacking(a: Collection[int], b: Collection[int]) -> str:
    """Which frames A and B have no picture of, in words; empty: none."""
    said = [f"{side} has no {_few(frames)}" for side, frames in (("A", a), ("B", b)) if frames]
    return " · ".join(said)


def _few(frames: Collection[int]) -> str:
    text = format_frames(frames)
    return text if len(text) <= 40 else f"{text[:40].rpartition(',')[0]} …"


def number_line(found: Difference | str | None, space: str) -> Line:
    """`changed 38.2 % of the frame · mean 0.021 · max 0.61 · SSIM 0.8731 (file values)`; words where there are none."""
    if found is None:
        return (("measuring …", "dim"),)
    if isinstance(found, str):
        return ((found, "warn"),)
    same = found.max == 0 and found.changed == 0
    said = [f"changed {found.changed:.1%}", f"mean {found.mean:.4g}", f"max {found.max:.4g}", f"SSIM {found.ssim:.4f}"]
    return ((" · ".join(["identical", *said] if same else said), "good" if same else ""), (f"  ({space})", "dim"))


def sparkline(means: Mapping[int, float], frames: FrameRange, here: int, width: int, wanted: int) -> Line:
    """`1001 ▁▂▃▅·· 1072  38/72`: the mean difference per frame, the largest the highest bar; `·`: not measured yet.

    `means`: of the frames that are measured. `wanted`: how many there are to measure. A cell that stands for several
    frames shows the largest.
    """
    first, last, tail = f" {frames.first} ", f" {frames.last} ", f" {len(means)}/{wanted}"
    room = max(1, min(len(frames), width - len(first + last + tail)))
    top = max(means.values(), default=0.0)
    cells: list[float | None] = [None] * room
    for frame, mean in means.items():
        at = (frame - frames.first) * room // len(frames)
        cells[at] = max(mean, cells[at] or 0.0)
    spans: list[Span] = [(_bar(value, top), "dim" if value is None else "") for value in cells]
    playhead = (frames.nearest(here) - frames.first) * room // len(frames)
    spans[playhead] = (spans[playhead][0], "reverse")
    return ((first, "dim"), *merged(spans), (last, "dim"), (tail, "dim" if len(means) == wanted else "busy"))


def _bar(value: float | None, top: float) -> str:
    if value is None:
        return "·"
    return _BARS[0] if top == 0 else _BARS[min(len(_BARS) - 1, int(value / top * len(_BARS)))]


def spread(frames: Sequence[int]) -> Iterator[int]:
    """Every frame once, far apart first: the line shows its shape long before it is whole."""
    stride = 1 << max(0, len(frames) - 1).bit_length()
    seen: set[int] = set()
    while stride:
        for index in range(0, len(frames), stride):
            if index not in seen:
                seen.add(index)
                yield frames[index]
        stride //= 2


def recipe_changes(changes: Sequence[Change], a: str, b: str, width: int) -> list[Line]:
    """What differs in the recipes, wrapped to the width: `-taken out- +put in+`."""
    if not (a and b):
        return [(("The plate has no recipe." if a or b else "Both are the plate.", "dim"),)]
    if not changes:
        return [(("The recipes are the same.", "dim"),)]
    return [part for line in change_lines(changes) for part in wrapped(line, width)]


def wrapped(line: Line, width: int) -> list[Line]:
    """A line whose first span is a key, broken between words; what follows stands below the text."""
    (key, style), *rest = line
    lines: list[list[Span]] = [[(key, style)]]
    used = len(key)
    for text, kind in rest:
        for word in re.findall(r"\s*\S+\s*|\s+", text):
            if used + len(word.rstrip()) > width and used > len(key):
                lines.append([(" " * len(key), "")])
                used, word = len(key), word.lstrip()
            lines[-1].append((word, kind))
            used += len(word)
    return [tuple(merged(parts)) for parts in lines]
