"""Which terminal this is, and which picture protocols its brand has. Pure.

Source: yazi's emulator brands and drivers, in its order: the terminal's own name, TERM, TERM_PROGRAM, other variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from core.files import one_line

Graphics = Literal["kitty", "iterm2", "sixel", "half", "none"]

PROTOCOLS: Mapping[str, tuple[Graphics, ...]] = {
    "kitty": ("kitty",),
    "Ghostty": ("kitty",),
    "Rio": ("kitty",),
    "Konsole": ("kitty",),
    "iTerm2": ("iterm2", "sixel"),
    "WezTerm": ("iterm2", "sixel"),
    "VSCode": ("iterm2", "sixel"),
    "Tabby": ("iterm2", "sixel"),
    "Hyper": ("iterm2", "sixel"),
    "Bobcat": ("iterm2", "sixel"),
    "Warp": ("iterm2", "kitty"),
    "mintty": ("iterm2",),
    "foot": ("sixel",),
    "BlackBox": ("sixel",),
    "Windows Terminal": ("sixel",),
    "VTerm": (),
    "Apple Terminal": (),
    "urxvt": (),
}
"""For each brand its picture protocols, the one that works best first."""
_BY_NAME = {
    "kitty": "kitty",
    "Konsole": "Konsole",
    "iTerm2": "iTerm2",
    "WezTerm": "WezTerm",
    "foot": "foot",
    "ghostty": "Ghostty",
    "Warp": "Warp",
    "Rio ": "Rio",
    "libvterm": "VTerm",
    "Bobcat": "Bobcat",
    "mintty": "mintty",
}
_BY_TERM = {
    "xterm-kitty": "kitty",
    "foot": "foot",
    "foot-extra": "foot",
    "xterm-ghostty": "Ghostty",
    "rio": "Rio",
    "rxvt-unicode-256color": "urxvt",
}
_BY_PROGRAM = {
    "iTerm.app": "iTerm2",
    "WezTerm": "WezTerm",
    "ghostty": "Ghostty",
    "WarpTerminal": "Warp",
    "rio": "Rio",
    "BlackBox": "BlackBox",
    "vscode": "VSCode",
    "Tabby": "Tabby",
    "Hyper": "Hyper",
    "mintty": "mintty",
    "Apple_Terminal": "Apple Terminal",
}
_BY_VARIABLE = {
    "KITTY_WINDOW_ID": "kitty",
    "KONSOLE_VERSION": "Konsole",
    "ITERM_SESSION_ID": "iTerm2",
    "WEZTERM_EXECUTABLE": "WezTerm",
    "GHOSTTY_RESOURCES_DIR": "Ghostty",
    "WT_SESSION": "Windows Terminal",
    "VSCODE_INJECTION": "VSCode",
    "TABBY_CONFIG_DIRECTORY": "Tabby",
}
PLAIN = ("urxvt", "Apple Terminal", "VTerm")
"""Brands whose colours are not known to be 16 million."""
PLACEHOLDERS = ("kitty", "Ghostty")
"""Brands that draw kitty's pictures behind characters, which is the way through tmux."""


def brand_of(name: str, env: Mapping[str, str]) -> tuple[str, str]:
    """The brand, empty where it is not known, and a line that says how it is known. `name`: what it calls itself."""
    term, program = env.get("TERM", ""), env.get("TERM_PROGRAM", "")
    for part, brand in _BY_NAME.items():
        if part in name:
            return brand, f"{brand}: it calls itself {one_line(name)}"
    if term in _BY_TERM:
        return _BY_TERM[term], f"{_BY_TERM[term]}: TERM={term}"
    if program in _BY_PROGRAM:
        return _BY_PROGRAM[program], f"{_BY_PROGRAM[program]}: TERM_PROGRAM={program}"
    for variable, brand in _BY_VARIABLE.items():
        if env.get(variable):
            return brand, f"{brand}: {variable} is set"
    return "", f"a terminal of no known name: TERM={one_line(term) or 'not set'}"
