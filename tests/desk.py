"""The command `rushes` in a folder and an environment of its own, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.show import Show
from tests.shows import SHOT


class Desk:
    """A folder, an environment, and the command `rushes` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        state = folder / "state"
        self.env = {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")}

    def run(self, *words: str | Path, code: int, said: str = "", where: str = "") -> str:
        """Run a command and check its exit code and words; never a traceback. Returns what it said."""
        at = self.folder / "show" if (self.folder / "show").exists() else self.folder
        done = subprocess.run(
            [sys.executable, "-m", "tui.commands.main", *map(str, words)],
            cwd=at,
            env=self.env,
            capture_output=True,
            text=True,
        )
        told = done.stdout + done.stderr
        assert done.returncode == code, told
        assert "Traceback" not in told and "\x1b" not in told
        assert said.lower() in told.lower() and where in told, told
        if code:
            assert "next:" in done.stderr, told
        return told

    def new(self, cut: Path) -> None:
        self.run("new", cut, self.folder / "show", code=0)

    def draft(self, text: str) -> None:
        """Type a draft, valid or not, as an editor would save it."""
        Show.open(self.folder / "show", self.env).draft(SHOT, text=text)

    def log(self) -> list[str]:
        out = subprocess.run(
            ["git", "log", "--format=%s"], cwd=self.folder / "show", capture_output=True, text=True, check=True
        )
        return out.stdout.splitlines()
