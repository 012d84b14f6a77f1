"""What this machine can render on, and the locks that keep two workers off one device."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, RenderError
from core.files import FileLock, machine_id, one_line

_QUERY = ("nvidia-smi", "--query-gpu=uuid,name,driver_version,memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, or the machine's processor, which counts as one device."""

    id: str
    """A GPU's UUID, or `cpu-<machine id>`."""
    name: str
    driver: str = ""
    memory: int = 0
    """Bytes; 0 for the processor."""

    @property
    def is_gpu(self) -> bool:
        return not self.id.startswith("cpu-")


def gpus(env: Mapping[str, str]) -> tuple[Device, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves (all where it is unset), asked of the driver without torch.

    Raises RenderError where there is a driver's tool that does not answer: rendering on the processor is then for a
    person to choose.
    """
    visible = env.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return ()
    try:
        answer = subprocess.run(_QUERY, capture_output=True, text=True, timeout=30, check=False, env=dict(env))
    except FileNotFoundError:
        return ()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _silent(str(error)) from error
    if answer.returncode != 0:
        raise _silent(answer.stdout or answer.stderr)
    found = tuple(_gpu(line) for line in answer.stdout.splitlines() if line.count(",") >= 3)
    wanted = [part.strip() for part in (visible or "").split(",") if part.strip()]
    if not wanted:
        return found
    return tuple(gpu for n, gpu in enumerate(found) if str(n) in wanted or any(gpu.id.startswith(w) for w in wanted))


def _gpu(line: str) -> Device:
    uuid, name, driver, memory = (one_line(part) for part in line.split(",", 3))
    return Device(uuid, name, driver, int(memory) * 2**20 if memory.isdigit() else 0)


def _silent(said: str) -> RenderError:
    return RenderError(
        f"The GPU's driver does not answer: {one_line(said, 160)}",
        where="nvidia-smi",
        todo="Put the driver right, or render on the processor (slow): set CUDA_VISIBLE_DEVICES to nothing.",
    )


def processor() -> Device:
    """The machine's processor as a device."""
    return Device(f"cpu-{machine_id()}", f"{os.cpu_count()} cores")


def devices(env: Mapping[str, str], wanted: str = "auto") -> tuple[Device, ...]:
    """The devices that a worker may take, in order: every GPU, or the processor where there is none.

    `wanted`: `auto`, `cpu`, or the start of a GPU's UUID. Raises BadInput for a GPU that is not there, RenderError.
    """
    if wanted == "cpu":
        return (processor(),)
    found = gpus(env)
    if wanted == "auto":
        return found or (processor(),)
    named = tuple(gpu for gpu in found if gpu.id.lower().startswith(wanted.lower()))
    if not named:
        known = ", ".join(gpu.id for gpu in found) or "none"
        raise BadInput(f"There is no GPU {one_line(wanted)!r}.", todo=f"GPUs here: {known}. Or use `cpu` or `auto`.")
    return named


def serving_lock(state: Path, device: Device) -> FileLock:
    """Held by the worker that serves this user's shows on a device: a second one is not needed."""
    return FileLock(state / "workers" / f"{device.id}.lock")


def machine_lock(env: Mapping[str, str], device: Device) -> FileLock:
    """Held by whoever renders on a device, of all users of the machine. In RUSHES_LOCKS, /run/lock or /tmp."""
    return FileLock(_shared(env) / f"rushes-{device.id}.lock", everyone=True)


def turn_lock(env: Mapping[str, str], device: Device) -> FileLock:
    """Held by the one who gets the device next: who renders looks at it between jobs, and makes way."""
    return FileLock(_shared(env) / f"rushes-{device.id}.turn.lock", everyone=True)


def taken_by(state: Path, env: Mapping[str, str]) -> str:
    """Who renders on every device here while this user's worker waits its turn; empty where one is free or ours."""
    holders = []
    for device in devices(env):
        lock = machine_lock(env, device)
        if not lock.held() or lock.holder() == serving_lock(state, device).holder():
            return ""
        holders.append(one_line(lock.holder()))
    return ", ".join(holders)


def _shared(env: Mapping[str, str]) -> Path:
    """A folder on this machine that every user may make files in."""
    shared = Path("/run/lock")
    if env.get("RUSHES_LOCKS"):
        folder = Path(env["RUSHES_LOCKS"])
    elif shared.is_dir() and stat.S_IMODE(shared.stat().st_mode) == 0o1777:  # the same answer for every user
        folder = shared
    else:
        folder = Path("/tmp/rushes-workers")
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # made by somebody else meanwhile
            folder.chmod(0o1777)
    return folder


def log_path(state: Path, device: Device) -> Path:
    """Where the workers of a device write what they do, and what libraries say."""
    return state / "logs" / f"worker-{device.id}.log"
