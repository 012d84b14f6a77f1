"""What leaves the screens: a path to the clipboard from inside tmux, frames to a program that plays them."""

from __future__ import annotations

import os
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from core.errors import BadInput
from core.frames import FrameRange
from tests.lines import HAS_TMUX
from tui.app.clipboard import copy
from tui.app.openers import command, open_in

FRAMES = FrameRange(1001, 1003)
PATH = "/media/sh_gen_v001.%04d.exr"


@pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed")
def test_in_tmux_with_its_defaults_the_text_is_in_its_buffer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ["tmux", "-S", str(tmp_path / "tmux")]
    env = {**os.environ, "TERM": "xterm-256color"}
    env.pop("TMUX", None)
    subprocess.run([*server, "-f", os.devnull, "new-session", "-d", "cat"], env=env, check=True)
    try:
        monkeypatch.setenv("TMUX", f"{tmp_path / 'tmux'},1,0")
        said = copy(f"{PATH} 1001-1003", os.environ, lambda text: pytest.fail("OSC 52 vanishes in tmux"))
        held = subprocess.run([*server, "show-buffer"], env=env, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*server, "kill-server"], env=env)
    assert held == f"{PATH} 1001-1003" and "tmux" in said


def test_elsewhere_it_goes_through_the_terminal_and_claims_no_more() -> None:
    sent: list[str] = []
    assert "sent" in copy("a path", {}, sent.append)
    assert sent == ["a path"]


def test_frames_open_in_what_there_is_and_without_it_the_key_beside_is_named() -> None:
    assert command(PATH, FRAMES, Fraction(25), {"rv": "/bin/rv", "mpv": "/bin/mpv"})[0] == "/bin/rv"
    listed = command(PATH, FRAMES, Fraction(25), {"mpv": "/bin/mpv"})[-1]
    assert listed.count("sh_gen_v001.") == 3 and "1003.exr" in listed
    assert command("/a.mov", FRAMES, Fraction(24), {"mpv": "/bin/mpv"})[-1] == "/a.mov"
    assert "1001-1003" in command(PATH, FRAMES, Fraction(25), {"Nuke": "/bin/Nuke"})
    with pytest.raises(BadInput, match="PATH"):
        command(PATH, FRAMES, Fraction(25), {})


def test_without_a_display_nothing_is_started(tmp_path: Path) -> None:
    (tmp_path / "mpv").write_text("#!/bin/sh\ntouch started\n")
    (tmp_path / "mpv").chmod(0o755)
    with pytest.raises(BadInput, match="no display"):
        open_in(PATH, FRAMES, Fraction(25), {"PATH": str(tmp_path)})
