"""Start processes that outlive the terminal they were started from: workers, and makers of proxies."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from core.errors import Broken
from core.farm.devices import Device, devices, log_path, serving_lock
from core.files import FileLock, explained, one_line
from core.layout import Layout

_LOG_LIMIT = 4_000_000
_children: list[subprocess.Popen[bytes]] = []


def start(state: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Start a worker on every device that has none of this user's; returns at once with their logs.

    A worker that is running already takes the work; one that has none left goes by itself.

    Raises:
        RenderError: the GPU's driver does not answer. Broken, DiskFull: no process or log can be made.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    idle = [device for device in devices(env) if not serving_lock(state, device).held()]
    return tuple(_start(state, device, env) for device in idle)


def alive(state: Path) -> bool:
    """Whether a worker of this user's serves some device."""
    return any(FileLock(path).held() for path in (state / "workers").glob("*.lock"))


def make_proxies(layout: Layout, env: Mapping[str, str], names: Sequence[str] = ()) -> None:
    """Start making proxies in the background, at low priority: of `names` (SHOT, SHOT/vNNN), else of every plate.

    Raises Broken, DiskFull: no process or log can be made.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    words = [
        sys.executable,
        "-P",
        "-m",
        "core.viewing.proxies",
        "--root",
        str(layout.root),
        "--state",
        str(layout.state),
    ]
    _detach(kept([*words, *names], "proxies", outlives(env)), layout.logs / "proxies.log", layout.state, env)


def _start(state: Path, device: Device, env: Mapping[str, str]) -> Path:
    log = log_path(state, device)
    _detach(command(state, device, outlives(env)), log, state, env)
    return log


def _detach(words: list[str], log: Path, folder: Path, env: Mapping[str, str]) -> None:
    with explained(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as out:
            try:
                child = subprocess.Popen(
                    words, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    start_new_session=True,
                )  # fmt: skip
            except FileNotFoundError as error:
                todo = "Install rushes again, then: rushes worker."
                raise Broken(f"No process can be started: {one_line(str(error))}.", todo=todo) from error
    _children.append(child)


def command(state: Path, device: Device, how: Literal["systemd", "session"]) -> list[str]:
    """The command line of a worker."""
    wanted = device.id if device.is_gpu else "cpu"
    worker = [sys.executable, "-P", "-m", "core.farm.worker", "--state", str(state), "--device", wanted]
    return kept(worker, "worker", how)


def kept(words: list[str], what: str, how: Literal["systemd", "session"]) -> list[str]:
    """A command line; under systemd in a scope of its own, which a logout spares."""
    if how == "session":
        return words
    return ["systemd-run", "--user", "--scope", "--quiet", "--collect", f"--description=rushes {what}", "--", *words]


def outlives(env: Mapping[str, str]) -> Literal["systemd", "session"]:
    """How a worker is kept alive: in the user's systemd where that stays after logout, else in its own session."""
    runtime = env.get("XDG_RUNTIME_DIR", "")
    manager = bool(runtime) and (Path(runtime) / "systemd" / "private").exists()
    ready = manager and lingers(env) and shutil.which("systemd-run", path=env.get("PATH", os.defpath)) is not None
    return "systemd" if ready else "session"


def lingers(env: Mapping[str, str], folder: Path = Path("/var/lib/systemd/linger")) -> bool:
    """Whether logind keeps this user's manager after logout (`loginctl enable-linger`): it marks users in `folder`."""
    try:
        return (folder / (env.get("USER") or getpass.getuser())).exists()
    except (OSError, KeyError):
        return False
