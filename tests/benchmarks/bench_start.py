"""How long a person waits for the first list: 1,000 shots with 10 versions each, beside a bare Python and Textual."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from core.index import read_index
from core.show import Show
from tests import big_show

SHOTS, VERSIONS = 1000, 10


def run() -> list[tuple[str, float, str]]:
    """Rows of (what, number, unit). The least of several; the cold list is measured once, on files that are cached."""
    with tempfile.TemporaryDirectory() as name:
        show = big_show.make(Path(name) / "show", SHOTS, VERSIONS, jobs=True)
        root, env = show.layout.root, show.env
        cold = _least(show.shots, 1)
        time.sleep(2.1)  # what changed just now is not relied on
        Show.open(root, env).shots()
        return [
            *_processes(root, env),
            ("Show.shots(), no index yet", cold, f"ms, {SHOTS} shots x {VERSIONS} versions"),
            ("Show.shots(), nothing changed", _least(lambda: Show.open(root, env).shots(), 5), "ms"),
            ("Show.shots(), once more in the same process", _least(show.shots, 5), "ms"),
            ("read the index", _least(lambda: read_index(show.layout.state), 5), "ms"),
        ]


def _processes(root: Path, env: Mapping[str, str]) -> list[tuple[str, float, str]]:
    """Wall time of whole processes, from nothing to their end."""
    rushes = ["-m", "tui.commands.main"]
    seen = "import os, sys; from pathlib import Path; from core.index import *; r = Path(sys.argv[1])"
    lines = {
        "python -c pass": ["-c", "pass"],
        "python -c 'import textual.app'": ["-c", "import textual.app"],
        "rushes --version": [*rushes, "--version"],
        "python: find the show's index and read it": ["-c", f"{seen}; read_index(state_of(r, os.environ))", str(root)],
        "rushes shots": [*rushes, "shots"],
    }
    return [(what, _least(lambda words=words: _wait(words, root, env), 5), "ms") for what, words in lines.items()]  # type: ignore[misc]


def _wait(words: list[str], root: Path, env: Mapping[str, str]) -> None:
    path = os.pathsep.join((str(Path(__file__).parents[2]), env.get("PYTHONPATH", "")))
    command = [sys.executable, *words]
    subprocess.run(
        command,
        cwd=root,
        env={**env, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def _least(call: Callable[[], object], times: int) -> float:
    """The least wall time of some calls, in milliseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent) * 1000
