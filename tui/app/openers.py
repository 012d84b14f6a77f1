"""Frames in a program made for looking at them, where there is one on this machine and a display to show it on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from fractions import Fraction

from core.errors import BadInput
from core.frames import FrameRange

PROGRAMS = ("rv", "mpv", "Nuke", "nuke")


def command(path: str, frames: FrameRange, rate: Fraction, which: Mapping[str, str]) -> list[str]:
    """The command line that shows `path` (a movie, or frames as `%04d`) in the first program of `which` (name → file).

    Raises BadInput: there is none.
    """
    sequence = "%" in path
    if "rv" in which:
        return [which["rv"], "-fps", f"{float(rate):g}", path]
    if "mpv" in which:
        # mpv counts a sequence by a pattern and a start of its own: a list of files is exact.
        files = [path % frame for frame in frames] if sequence else [path]
        head = [which["mpv"], "--no-terminal", f"--mf-fps={float(rate):g}", "--loop-file=inf"]
        return [*head, f"mf://{','.join(files)}"] if sequence else [*head, path]
    nuke = which.get("Nuke") or which.get("nuke")
    if nuke:
        return [nuke, "-v", path, f"{frames.first}-{frames.last}"]
    raise BadInput("Neither mpv nor RV nor Nuke is on this machine's PATH.", todo="`y` copies the path instead.")


def open_in(path: str, frames: FrameRange, rate: Fraction, env: Mapping[str, str]) -> str:
    """Start it, detached, and return its name. Raises BadInput: no program, or no display here."""
    which = {name: found for name in PROGRAMS if (found := shutil.which(name, path=env.get("PATH")))}
    words = command(path, frames, rate, which)
    if not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
        raise BadInput("There is no display here to open a window on.", todo="`y` copies the path; ssh -X brings one.")
    null = subprocess.DEVNULL
    subprocess.Popen(words, stdin=null, stdout=null, stderr=null, start_new_session=True, env=dict(env))
    return words[0].rpartition("/")[2]
