"""What was found on this machine, and what to do about it. Imports no model library; changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import RushesError
from core.farm.devices import gpus, processor
from core.farm.spawn import outlives
from core.files import is_network_path, one_line, sha256_file
from core.layout import Layout, read_settings, state_root

State = Literal["ok", "warn", "fail"]

MATTE_MODEL = Path(__file__).parent / "ops" / "weights" / "u2netp.onnx"
MATTE_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
_MODEL_LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "onnxruntime")
_LOW, _TIGHT = 2_000_000_000, 20_000_000_000
"""Free bytes below which a disk fails or warns."""
_GIT = (2, 38)
_SYSTEMD = (Path("/usr/lib/systemd"), Path("/run/systemd"), Path("/etc/systemd"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    state: State
    what: str
    todo: str = ""


def examine(env: Mapping[str, str], layout: Layout | None = None) -> tuple[Finding, ...]:
    """Look at the machine and, with a layout, at the show: every finding, also the good ones."""
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("python", _python),
        ("git", lambda: _git(env, layout)),
        ("device", lambda: _device(env)),
        ("models", _libraries),
        ("matte model", _matte_model),
        ("state", lambda: _state(env, layout)),
        ("workers", lambda: _workers(env)),
        ("terminal", lambda: _terminal(env)),
    ]
    if layout is not None:
        here = layout
        looks += [
            ("media", lambda: _media(here)),
            ("colour", lambda: _colour(here)),
            ("history", lambda: _history(here, env)),
        ]
    return tuple(finding for area, look in looks for finding in _told(area, look))


def _told(area: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except RushesError as error:
        where = f" ({error.where})" if error.where else ""
        yield Finding(area, "fail", one_line(error.what + where, 400), error.todo)


# the machine


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 14):
        yield Finding("python", "ok", version)
    else:
        yield Finding("python", "warn", f"{version} is not tested", "Use Python 3.11 to 3.13.")


def _git(env: Mapping[str, str], layout: Layout | None) -> Iterator[Finding]:
    folder = layout.root if layout else Path("/")
    found = _ask(env, folder, "git", "--version")
    if found is None:
        yield Finding("git", "fail", "git is not installed", "Install git.")
        return
    number = re.search(r"(\d+)\.(\d+)", found)
    old = number is None or (int(number[1]), int(number[2])) < _GIT
    needed = ".".join(map(str, _GIT))
    yield Finding("git", "fail" if old else "ok", found, f"Install git {needed} or newer." if old else "")
    name, mail = (env.get(f"GIT_AUTHOR_{k.upper()}") or _config(env, folder, f"user.{k}") for k in ("name", "email"))
    if name and mail:
        yield Finding("git", "ok", f"commits are by {name} <{mail}>")
    else:
        todo = 'git config --global user.name "Your Name" && git config --global user.email you@example.com'
        yield Finding("git", "fail", "git does not know who you are", todo)
    if _config(env, folder, "commit.gpgsign", "--type=bool") == "true":
        how = _config(env, folder, "gpg.format") or "openpgp"
        todo = "Workers hold no key: what they render is committed by your next command."
        yield Finding("git", "ok", f"commits are signed ({how})", todo)


def _config(env: Mapping[str, str], folder: Path, key: str, *options: str) -> str:
    return _ask(env, folder, "git", "config", *options, "--get", key) or ""


def _ask(env: Mapping[str, str], folder: Path, *command: str) -> str | None:
    """What a command says on one line, or None where it is missing or fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=dict(env), capture_output=True, text=True, timeout=15, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return one_line(done.stdout) if done.returncode == 0 else None


def _device(env: Mapping[str, str]) -> Iterator[Finding]:
    found = gpus(env)
    for gpu in found:
        yield Finding("device", "ok", f"{gpu.name}, {gpu.memory / 2**30:.0f} GB, driver {gpu.driver} ({gpu.id})")
    if not found:
        what = f"no GPU: models run on the processor ({processor().name}), with the same result in kind, slowly"
        yield Finding("device", "warn", what, "Use a machine with an NVIDIA GPU, or keep to small sizes and few steps.")


def _libraries() -> Iterator[Finding]:
    versions = {name: _version(name) for name in _MODEL_LIBRARIES}
    have = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    missing = ", ".join(name for name, version in versions.items() if not version)
    if missing:
        yield Finding("models", "warn", f"not installed: {missing}", "pip install 'rushes[generate]'")
    if have:
        yield Finding("models", "ok", have)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _matte_model() -> Iterator[Finding]:
    todo = "Install rushes again."
    if not MATTE_MODEL.is_file():
        yield Finding("matte model", "fail", f"u2netp is not there: {MATTE_MODEL}", todo)
    elif sha256_file(MATTE_MODEL) != MATTE_SHA256:
        yield Finding("matte model", "fail", f"{MATTE_MODEL} is not the file that ships with rushes", todo)
    else:
        yield Finding("matte model", "ok", "u2netp is there and whole")


def _state(env: Mapping[str, str], layout: Layout | None) -> Iterator[Finding]:
    folder = layout.state if layout else state_root(env)
    network = is_network_path(folder)
    if network:
        todo = "Set RUSHES_STATE to a folder on a local disk."
        yield Finding("state", "fail", f"{folder} is on a network file system ({network})", todo)
    else:
        yield from _room("state", folder, "Set RUSHES_STATE to a folder that you may write.")


def _room(area: str, folder: Path, todo: str) -> Iterator[Finding]:
    """Whether a folder (or where it will be made) can be written, and how much fits."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(area, "fail", f"{there} cannot be written", todo)
        return
    free = shutil.disk_usage(there).free
    state: State = "fail" if free < _LOW else "warn" if free < _TIGHT else "ok"
    what = f"{folder}: {free / 1e9:.1f} GB free" + ("" if there == folder else " (not made yet)")
    yield Finding(area, state, what, "" if state == "ok" else "Free some space before you queue long shots.")


def _workers(env: Mapping[str, str]) -> Iterator[Finding]:
    if outlives(env) == "systemd":
        yield Finding("workers", "ok", "workers run in your systemd user manager, which stays after logout")
    elif _kills_at_logout():
        todo = "loginctl enable-linger (once), or ask for KillUserProcesses=no"
        yield Finding("workers", "warn", "this machine ends your processes at logout: a render stops and resumes", todo)
    else:
        yield Finding("workers", "ok", "workers run in a session of their own and stay after logout")


def _kills_at_logout(systemd: tuple[Path, ...] = _SYSTEMD) -> bool:
    """logind's KillUserProcesses, the last word over its files. Not set is no, as most distributions build it."""
    kills = False
    for folder in systemd:
        for path in (folder / "logind.conf", *sorted((folder / "logind.conf.d").glob("*.conf"))):
            try:
                text = path.read_text(errors="replace")
            except OSError:
                continue
            for value in re.findall(r"^\s*KillUserProcesses\s*=\s*(\S+)", text, re.MULTILINE):
                kills = value.lower() in ("yes", "true", "1", "on")
    return kills


def _terminal(env: Mapping[str, str]) -> Iterator[Finding]:
    term, inside = env.get("TERM", ""), "tmux, " if env.get("TMUX") else ""
    name = one_line(f"{inside}{term or 'no TERM'}")
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        yield Finding("terminal", "ok", f"{name}: 16 million colours")
    elif not term or term == "dumb":
        yield Finding(
            "terminal", "warn", f"{name}: no colours, no pictures", "Commands work; the screens need a terminal."
        )
    else:
        todo = "If pictures show bands: export COLORTERM=truecolor"
        if inside:
            todo += ", and in tmux: set -as terminal-features ',*:RGB'"
        yield Finding("terminal", "warn", f"{name}: says nothing of 16 million colours", todo + ".")


# the show


def _media(layout: Layout) -> Iterator[Finding]:
    if not layout.media.exists():
        todo = "Mount it, or correct `media` in rushes.toml; a new one is made with the first render."
        yield Finding("media", "warn", f"the media root is not there: {layout.media}", todo)
    yield from _room("media", layout.media, "Correct its permissions, or point `media` in rushes.toml elsewhere.")


def _colour(layout: Layout) -> Iterator[Finding]:
    from core.media.colour import Colour

    settings = read_settings(layout.settings)
    Colour(settings.colour_config).require(settings.working_space, str(layout.settings))
    yield Finding("colour", "ok", f"{settings.colour_config}, working in {settings.working_space}")


def _history(layout: Layout, env: Mapping[str, str]) -> Iterator[Finding]:
    from core.history.git import History

    history = History(layout, env)
    why, waiting = history.state(), history.pending()
    if waiting:
        what = f"{len(waiting)} acts wait for their commit, the first: {waiting[0].subject}"
        todo = f"First finish what is under way: {why}." if why else "The next command that writes commits them."
        yield Finding("history", "warn", one_line(what), todo)
    elif why:
        yield Finding("history", "warn", why, "Acts wait in the journal until it is over.")
    else:
        yield Finding("history", "ok", "nothing waits for its commit")
