"""Opening the screens. Textual is imported only here, after it is known that there is a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.errors import BadInput
from core.layout import find_root


def open_screens(folder: str) -> None:
    """Open the screens on the show in `folder`. Raises ShowError, and BadInput where there is no terminal."""
    root = find_root(Path(folder))
    # stderr as well: Textual draws there.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise BadInput("The screens need a terminal.", todo="Use the commands here: rushes shots, rushes --help.")
    from tui.app.app import Screens

    Screens(root, os.environ).run()
