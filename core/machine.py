"""What a machine can do for rushes, found without asking anybody: no prompt, no terminal query, no model library."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.farm.devices import Device, gpus, processor
from core.farm.spawn import outlives
from core.files import one_line

State = Literal["ok", "warn", "fail"]

_MODEL_LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors", "onnxruntime")
_GIT = (2, 38)
_DRIVERS = {11: 450, 12: 525, 13: 580}
"""The oldest driver for each major version of CUDA (CUDA Toolkit release notes: minor version compatibility)."""
_SYSTEMD = (Path("/usr/lib/systemd"), Path("/run/systemd"), Path("/etc/systemd"))
_CLOCK = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock before this was never set: this program is younger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    state: State
    what: str
    todo: str = ""


# python and the clock


def python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 14):
        yield Finding("python", "ok", version)
    else:
        yield Finding("python", "warn", f"{version} is not tested", "Use Python 3.11 to 3.13.")


def clock(now: datetime) -> Iterator[Finding]:
    """Times in records are for people; still, a clock that was never set makes them useless."""
    if now < _CLOCK:
        yield Finding("clock", "warn", f"it says {now:%Y-%m-%d}, which cannot be", "Set it: timedatectl set-ntp true.")
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


# git


def git(env: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """git itself, who commits, and whether that person's key is here where commits are signed."""
    found = ask(env, folder, "git", "--version")
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
        yield _signing(env, folder)


def _signing(env: Mapping[str, str], folder: Path) -> Finding:
    """Whether signing can work, by looking at the program and the key. Nothing is signed, so nobody is asked."""
    kind, key = _config(env, folder, "gpg.format") or "openpgp", _config(env, folder, "user.signingkey")
    usual = {"openpgp": "gpg", "x509": "gpgsm", "ssh": "ssh-keygen"}.get(kind, kind)
    program = _config(env, folder, f"gpg.{kind}.program") or (kind == "openpgp" and _config(env, folder, "gpg.program"))
    if shutil.which(program or usual, path=env.get("PATH", os.defpath)) is None:
        return _unsigned(kind, f"{program or usual} is not installed")
    if kind == "ssh":
        wrong = _ssh_key(env, folder, key)
    else:
        known = ask(env, folder, program or usual, "--batch", "--list-secret-keys", *([key] if key else []))
        wrong = "" if known else f"there is no secret key {key}".rstrip()
    if wrong:
        return _unsigned(kind, wrong)
    todo = "Workers hold no key: what they render is committed by your next command."
    return Finding("git", "ok", one_line(f"commits are signed ({kind}{f', {key}' if key else ''})"), todo)


def _ssh_key(env: Mapping[str, str], folder: Path, key: str) -> str:
    """Why an ssh key cannot sign; empty where it can, as far as one can tell without its pass phrase."""
    if not key:
        return "" if _config(env, folder, "gpg.ssh.defaultKeyCommand") else "user.signingkey names no key"
    if key.startswith(("key::", "ssh-", "ecdsa-", "sk-")):
        return "" if env.get("SSH_AUTH_SOCK") else "its key is with an ssh-agent, and none is running here"
    path = Path(env["HOME"], key[2:]) if key.startswith("~/") and env.get("HOME") else folder / key
    return "" if path.is_file() else f"the key {path} is not there"


def _unsigned(kind: str, why: str) -> Finding:
    todo = "Bring the key here (or forward the agent: ssh -A), or for this show: git config commit.gpgsign false."
    return Finding("git", "fail", one_line(f"commits are to be signed ({kind}), but {why}"), todo)


def _config(env: Mapping[str, str], folder: Path, key: str, *options: str) -> str:
    return ask(env, folder, "git", "config", *options, "--get", key) or ""


def ask(env: Mapping[str, str], folder: Path, *command: str) -> str | None:
    """What a command says on one line, or None where it is missing or fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=dict(env), capture_output=True, text=True, timeout=15, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return one_line(done.stdout) if done.returncode == 0 else None


# what models run on


def device(env: Mapping[str, str]) -> Iterator[Finding]:
    """GPUs with their driver, and whether torch is built for them. Raises RenderError: the driver does not answer."""
    found = gpus(env)
    for gpu in found:
        yield Finding("device", "ok", f"{gpu.name}, {gpu.memory / 2**30:.0f} GB, driver {gpu.driver} ({gpu.id})")
    if found:
        yield _build(found[0])
    elif env.get("CUDA_VISIBLE_DEVICES") is not None:
        what = f"no GPU: CUDA_VISIBLE_DEVICES is {one_line(env['CUDA_VISIBLE_DEVICES'])!r} and leaves none"
        yield Finding("device", "warn", what, "Unset it to use the GPU; on the processor keep to small sizes.")
    else:
        what = f"no GPU: models run on the processor ({processor().name}), with the same result in kind, slowly"
        yield Finding("device", "warn", what, "Use a machine with an NVIDIA GPU, or keep to small sizes and few steps.")


def _build(gpu: Device) -> Finding:
    """Whether the installed torch can use the GPU: built for CUDA, and for one that the driver knows."""
    version = _version("torch")
    if not version:
        return Finding("device", "warn", "there is a GPU, but no torch", "pip install 'rushes[generate]'")
    cuda = torch_cuda()
    plain = version.partition("+")[0]
    if not cuda:
        what = f"torch {version} is built for the processor alone: the GPU stays idle, and models run slowly"
        return Finding("device", "warn", what, f"pip install --force-reinstall 'torch=={plain}' (not from a cpu index)")
    needed = _DRIVERS.get(int(cuda.partition(".")[0]), 0)
    driver = gpu.driver.partition(".")[0]
    if driver.isdigit() and int(driver) < needed:
        what = f"torch {version} is built for CUDA {cuda}, which needs driver {needed} or newer; this is {gpu.driver}"
        return Finding("device", "fail", what, "Update the driver, or install a torch that is built for an older CUDA.")
    return Finding("device", "ok", f"torch {version} is built for CUDA {cuda}, which driver {gpu.driver} runs")


def torch_cuda() -> str:
    """The CUDA that torch was built for, from its files: importing it would take seconds. Empty: none."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.origin:
        return ""
    try:
        text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r"^cuda\b[^=\n]*=\s*['\"]([\d.]+)['\"]", text, re.MULTILINE)
    return found[1] if found else ""


def libraries() -> Iterator[Finding]:
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


# workers and the terminal


def workers(env: Mapping[str, str]) -> Iterator[Finding]:
    if outlives(env) == "systemd":
        yield Finding("workers", "ok", "workers run in your systemd user manager, which stays after logout")
    elif kills_at_logout():
        todo = "loginctl enable-linger (once), or ask for KillUserProcesses=no"
        yield Finding("workers", "warn", "this machine ends your processes at logout: a render stops and resumes", todo)
    else:
        yield Finding("workers", "ok", "workers run in a session of their own and stay after logout")


def kills_at_logout(systemd: tuple[Path, ...] = _SYSTEMD) -> bool:
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


def terminal(env: Mapping[str, str]) -> Iterator[Finding]:
    """Colours and characters, by what the environment says. What pictures it shows, the terminal is asked itself."""
    term = env.get("TERM", "")
    name = one_line(f"{'tmux, ' if env.get('TMUX') else ''}{term or 'no TERM'}")
    if not term or term == "dumb":
        todo = "Commands work; the screens need a terminal."
        yield Finding("terminal", "warn", f"{name}: no colours, no pictures", todo)
    elif env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        yield Finding("terminal", "ok", f"{name}: 16 million colours, COLORTERM says so")
    else:
        todo = "If pictures show bands: export COLORTERM=truecolor (ssh does not send it: SendEnv COLORTERM)"
        todo += ", and in tmux: set -as terminal-features ',*:RGB'" if env.get("TMUX") else ""
        yield Finding("terminal", "warn", f"{name}: COLORTERM says nothing of 16 million colours", f"{todo}.")
    yield from _characters(env)


def _characters(env: Mapping[str, str]) -> Iterator[Finding]:
    """The locale's character set; the first of three variables that is set decides, as POSIX has it."""
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    if re.search(r"utf-?8", locale, re.IGNORECASE):
        yield Finding("terminal", "ok", f"characters are UTF-8 ({one_line(locale)})")
    else:
        what = f"the locale is {one_line(locale) or 'not set'}, not UTF-8: blocks and accents may come out as ?"
        yield Finding("terminal", "warn", what, "export LANG=C.UTF-8 (and for ssh: SendEnv LANG).")
