"""Real terminals for tests: tmux with a server of its own, and a pseudo-terminal whose line is slow."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.show import Show

HAS_TMUX = shutil.which("tmux") is not None
PROGRAM = (sys.executable, "-m", "tui.commands.main")


def wait_for(true: Callable[[], bool], told: Callable[[], object], seconds: float = 30) -> None:
    """Poll until something holds; fail with what `told` says when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


class Tmux:
    """A pane in which the screens run on a show."""

    def __init__(self, folder: Path, show: Show, size: tuple[int, int] = (120, 35)) -> None:
        self.socket = folder / "tmux"
        self.ended = folder / "ended"
        self.env = {**os.environ, **show.env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("TMUX", "NO_COLOR", "COLUMNS", "LINES"):
            self.env.pop(name, None)
        program = f"{' '.join(PROGRAM)} open {show.layout.root}; echo $? > {self.ended}"
        width, height = map(str, size)
        new = ("new-session", "-d", "-x", width, "-y", height, "-e", "COLORTERM=truecolor", program)
        self.ask("-f", os.devnull, *new)

    def ask(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True).stdout

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names; a text of several letters is typed."""
        for key in keys:
            self.ask("send-keys", key)

    def type(self, text: str) -> None:
        self.ask("send-keys", "-l", text)

    def screen(self, *options: str) -> str:
        return self.ask("capture-pane", "-p", *options)

    def until(self, *words: str, seconds: float = 30) -> None:
        """Wait until all of these stand on the screen."""
        wait_for(lambda: all(word in self.screen() for word in words), lambda: (words, self.screen()), seconds)

    def settle(self) -> None:
        """Wait until the screen stays as it is."""
        before = ""
        while (now := self.screen()) != before:
            before = now
            time.sleep(0.2)

    def left(self) -> str:
        """What the program ended with, once it has."""
        wait_for(lambda: self.ended.exists() and bool(self.ended.read_text()), self.screen)
        return self.ended.read_text().strip()

    def close(self) -> None:
        self.ask("kill-server")


class SlowLine:
    """A pseudo-terminal from which a reader takes at most `rate` bytes a second, as a bad connection does.

    `delay`: seconds that each way takes.
    """

    def __init__(self, show: Show, rate: int, size: tuple[int, int] = (120, 35), delay: float = 0.0) -> None:
        self.rate, self.delay = rate, delay
        self.read = bytearray()
        self.env = {**os.environ, **show.env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("TMUX", "NO_COLOR", "COLUMNS", "LINES"):
            self.env.pop(name, None)
        self.pid, self.line = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM[0], [*PROGRAM, "open", str(show.layout.root)], self.env)
        fcntl.ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._over = False
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        """A little of the rate at a time; what was taken has arrived after the delay."""
        due, coming = time.monotonic(), deque[tuple[float, bytes]]()
        with contextlib.suppress(OSError, ValueError):  # the program ended
            while not self._over:
                now = time.monotonic()
                while coming and coming[0][0] <= now:
                    self.read += coming.popleft()[1]
                if now < due or not select.select([self.line], [], [], 0.002)[0]:
                    time.sleep(0.001)
                    continue
                taken = os.read(self.line, max(1, self.rate // 200))
                if b"\x1b[c" in taken:
                    os.write(self.line, b"\x1b[?62;22c")  # who it is: every terminal says so
                coming.append((now + self.delay, taken))
                due = max(due, now - 0.02) + len(taken) / self.rate

    def send(self, keys: str) -> None:
        time.sleep(self.delay)
        os.write(self.line, keys.encode())

    def seen(self, text: str, since: int = 0) -> bool:
        return text.encode() in self.read[since:]

    def until(self, text: str, since: int = 0, seconds: float = 60) -> None:
        wait_for(lambda: self.seen(text, since), lambda: (text, bytes(self.read[-3000:])), seconds)

    def latency(self, keys: str, text: str) -> float:
        """Seconds from pressing keys until `text` arrives, at a grain of 2 ms."""
        since, start = len(self.read), time.monotonic()
        self.send(keys)
        while not self.seen(text, since):
            assert time.monotonic() - start < 30, (text, bytes(self.read[since:][-2000:]))
            time.sleep(0.002)
        return time.monotonic() - start

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._over = True
        with contextlib.suppress(OSError):
            os.close(self.line)
