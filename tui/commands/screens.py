"""Opening the screens. Textual is imported only here, after it is known that there is a terminal."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from core.layout import find_root
from tui.commands import output

Graphics = Annotated[
    str,
    typer.Option(
        "--graphics",
        metavar="HOW",
        help="How stills are drawn: auto, half, kitty, iterm2, sixel, none; auto asks the terminal.",
    ),
]

PATIENCE = 1.0
"""Seconds after which it is said why the prompt does not come back yet."""


def open_screens(folder: str, graphics: str = "auto") -> None:
    """Open the screens on the show in `folder`, stills drawn as `graphics` says.

    Raises ShowError, and BadInput where there is no terminal or there are no such graphics.
    """
    root = find_root(Path(folder))
    # stderr as well: Textual draws there.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise BadInput("The screens need a terminal.", todo="Use the commands here: rushes shots, rushes --help.")
    from tui.video.terminal import look

    terminal = look(os.environ, graphics, meanwhile=lambda: import_module("tui.app.app"))
    from tui.app.app import Screens

    screens = Screens(root, os.environ, terminal)
    screens.run()
    if not screens.desk.done(PATIENCE):
        output.note("what you asked for before you left is being finished; a model that is fetched takes its time")
