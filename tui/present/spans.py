"""Styled text without a toolkit: a line is spans of text, each with a style's name; the look gives names colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

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


def padded(text: str, width: int) -> str:
    """Exactly `width` characters: cut with `…`, or filled. For ids and numbers, whose characters are one cell each."""
    return text.ljust(width) if len(text) <= width else f"{text[: max(0, width - 1)]}…"[:width]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same text with neighbours of one style as one span."""
    made: list[Span] = []
    for text, style in spans:
        if made and made[-1][1] == style:
            made[-1] = (made[-1][0] + text, style)
        else:
            made.append((text, style))
    return made
