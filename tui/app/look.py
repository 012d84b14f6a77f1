"""How the screens look: themes, and what the presenters' styles are on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.theme import Theme

from core.files import safe_text
from tui.present.spans import Line

GREY = Theme(
    name="rushes-grey",
    primary="#b0b0b0",
    secondary="#909090",
    accent="#d0d0d0",
    foreground="#c8c8c8",
    background="#1e1e1e",
    surface="#262626",
    panel="#303030",
    warning="#c8b060",
    error="#c87060",
    success="#80b080",
    dark=True,
)
"""Neutral, so that nothing beside a picture colours the eye."""

THEMES = (GREY.name, "textual-light", "ansi-dark", "ansi-light")
"""What `f2` goes through: neutral grey, light, and the terminal's own colours."""

STYLES: Mapping[str, str] = {
    "": "",
    "dim": "grey54",
    "bold": "bold",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "accent": "bright_white bold",
    "busy": "cyan",
    "reverse": "reverse",
    "tab": "bold underline",
    "wrong": "red underline",
}
"""The sixteen colours of the terminal, which are what the person chose; grey where something stands back."""


@lru_cache(maxsize=64)
def style_of(name: str) -> Style:
    """The terminal's style of a presenter's style."""
    return Style.parse(STYLES[name]) if STYLES[name] else Style.null()


def title_of(text: str) -> Text:
    """A title for a frame, which would take a string for markup."""
    return Text(safe_text(text))


def visible(text: str) -> str:
    """What is being typed, as many characters as before: `·` for each that is no text or has no width."""
    if safe_text(text) == text:
        return text
    return "".join(sign if sign == "\t" or safe_text(sign) == sign else "·" for sign in text)


class Visible(Highlighter):
    """Shows what was pasted into a line as `visible` does; what is typed stays as it is."""

    def highlight(self, text: Text) -> None:
        text.plain = visible(text.plain)


def text_of(lines: Iterable[Line]) -> Text:
    """A presenter's lines for a widget that wraps them."""
    return Text("\n").join(Text.assemble(*((text, style_of(name)) for text, name in line)) for line in lines)
