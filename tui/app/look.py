"""How the screen looks, its keys, and the words on it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingType
from textual.theme import Theme

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

KEYS: list[BindingType] = [
    Binding("v", "source", "version"),
    Binding("left", "step(-1)", "frame −", show=False),
    Binding("right", "step(1)", "frame +", show=False),
    Binding("a", "ask('approve')", "approve"),
    Binding("x", "ask('retake')", "retake"),
    Binding("c", "ask('circle')", "circle"),
    Binding("g", "ask('generate')", "generate"),
    Binding("r", "reload", "refresh"),
    Binding("question_mark", "help", "help"),
    Binding("escape", "leave", "back", show=False),
    Binding("q", "quit", "quit"),
]

HELP = """↑ ↓  j k      choose a shot          v      plate, newest version, older ones
← →           a frame back, forward   r      read everything again
a approve     x retake     c circle     g      generate the draft as a new version
enter confirms, escape leaves as it was; a remark may be empty
?             this help              q      leave; the worker renders on"""

ASKS: Mapping[str, str] = {
    "approve": "Approve {shot} {version}? A remark, or just enter",
    "retake": "Retake of {shot} {version}: what is wrong?",
    "circle": "Circle {shot} {version} for editorial? enter",
    "generate": "Generate {shot} from its draft: what is new? (may be empty)",
}

CSS = """
#top { height: 1; background: $panel; }
#shots { width: 38; scrollbar-size-vertical: 1; }
#shots > .shot-list--cursor { text-style: reverse; }
#side { width: 1fr; }
#picture { height: 1fr; }
#under { height: 1; background: $surface; }
#said { height: auto; max-height: 6; background: $panel; }
#ask { height: 1; border: none; padding: 0; display: none; }
#ask.asking { display: block; }
"""
