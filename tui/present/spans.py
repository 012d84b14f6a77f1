"""Styled text without a toolkit: a line is spans of text, each with a style's name; the look gives names colours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from rich.cells import cell_len, chop_cells, set_cell_size  # how wide a terminal shows a text, and nothing else

Style = Literal["", "dim", "bold", "good", "warn", "bad", "accent", "reverse", "busy"]
Span = tuple[str, Style]
Line = tuple[Span, ...]

STATUS_STYLES: dict[str, Style] = {
    "–": "dim",
    "ip": "busy",
    "rev": "accent",
    "rtk": "bad",
    "apr": "good",
    "fin": "good",
    "hld": "warn",
    "omt": "dim",
}
"""A status is its letters; the style only helps the eye find them."""


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def cells(line: Line) -> int:
    """How many cells of a terminal a line takes."""
    return sum(cell_len(text) for text, _ in line)


def cut(text: str, width: int) -> str:
    """At most `width` cells: a longer text ends with `…`."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1)}…" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Exactly `width` cells: cut with `…`, or filled."""
    shown = cut(text, width)
    return shown + " " * (width - cell_len(shown))


def folded(text: str, width: int) -> list[str]:
    """A paragraph in lines of at most `width` cells, broken between words and behind a path's slashes.

    A word that is longer than a line is cut up.
    """
    lines, used = [""], 0
    for part in re.findall(r"[^\s/]+/?\s*|/\s*", text):
        for piece in chop_cells(part, width) if cell_len(part.rstrip()) > width else [part]:
            if used and used + cell_len(piece.rstrip()) > width:
                lines.append("")
                used = 0
            lines[-1] += piece
            used += cell_len(piece)
    return [line.rstrip() for line in lines]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same text with neighbours of one style as one span."""
    made: list[Span] = []
    for text, style in spans:
        if made and made[-1][1] == style:
            made[-1] = (made[-1][0] + text, style)
        else:
            made.append((text, style))
    return made
