"""The real program in a real terminal: tmux is the terminal, its server belongs to this test alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.show import Show
from tests import shows

pytestmark = [pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"), pytest.mark.timeout(90)]


class Terminal:
    """A pane of 120 × 35 in which one command runs."""

    def __init__(self, folder: Path, show: Show) -> None:
        self.socket = folder / "tmux"
        self.ended = folder / "ended"
        self.env = {**os.environ, **show.env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.env.pop("TMUX", None)
        self.env.pop("NO_COLOR", None)
        program = f"{sys.executable} -m tui.commands.main open {show.layout.root}; echo $? > {self.ended}"
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", "120", "-y", "35", "-e", "COLORTERM=truecolor", program)

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True).stdout

    def screen(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options)

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, self.screen()
            time.sleep(0.05)


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")


@pytest.fixture
def terminal(tmp_path: Path, show: Show) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, show)
    yield opened
    opened.tmux("kill-server")


def test_a_show_opens_steps_and_quits(terminal: Terminal) -> None:
    terminal.until(lambda: "sq010_sh0010" in terminal.screen() and "▀" in terminal.screen())
    assert "\x1b[48;2;" in terminal.screen("-e")
    assert "generate" in terminal.screen()
    terminal.tmux("send-keys", "?")
    terminal.until(lambda: "the worker renders on" in terminal.screen())
    terminal.tmux("send-keys", "j")
    terminal.until(lambda: "has no picture" in terminal.screen())
    terminal.tmux("send-keys", "q")
    terminal.until(lambda: terminal.ended.exists() and bool(terminal.ended.read_text()))
    assert terminal.ended.read_text() == "0\n"


def test_a_dropped_line_ends_the_screens(terminal: Terminal, show: Show) -> None:
    """SIGHUP, as sshd sends it when the connection is gone: nothing stays behind."""
    terminal.until(lambda: "sq010_sh0010" in terminal.screen())
    (shell,) = terminal.tmux("list-panes", "-F", "#{pane_pid}").split()
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], capture_output=True, text=True).stdout.split()
    assert found
    terminal.tmux("kill-session")
    terminal.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in found))
