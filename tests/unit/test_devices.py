"""Which devices a worker may take, and how it is kept alive: asked of the machine, without torch."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.errors import BadInput, RenderError
from core.farm import spawn
from core.farm.devices import Device, devices, gpus, machine_lock, processor, serving_lock

A, B = "GPU-aaaaaaaa-1111", "GPU-bbbbbbbb-2222"


def driver(folder: Path, says: str, code: int = 0) -> dict[str, str]:
    """An environment whose `nvidia-smi` answers so."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
    tool.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = driver(tmp_path, f"{A}, NVIDIA H200, 570.1, 143771\n{B}, NVIDIA \x1b[31mL4, 570.1, [N/A]")
    monkeypatch.setenv("PATH", found["PATH"])
    return found


def test_gpus_are_told_apart_by_uuid(env: dict[str, str]) -> None:
    first, second = gpus(env)
    assert first == Device(A, "NVIDIA H200", "570.1", 143771 * 2**20) and first.is_gpu
    assert second.memory == 0 and "\x1b" not in second.name
    assert devices(env) == (first, second) and devices(env, "gpu-bb") == (second,)
    assert devices(env, "cpu") == (processor(),)
    with pytest.raises(BadInput, match="no GPU") as error:
        devices(env, "GPU-cc")
    assert A in error.value.todo


@pytest.mark.parametrize(
    ("visible", "left"), [("", ()), ("-1", ()), ("1", (B,)), ("0,1", (A, B)), (A, (A,)), ("GPU-bb", (B,))]
)
def test_what_the_user_hides_is_not_taken(env: dict[str, str], visible: str, left: tuple[str, ...]) -> None:
    assert tuple(gpu.id for gpu in gpus({**env, "CUDA_VISIBLE_DEVICES": visible})) == left


def test_a_driver_that_does_not_answer_is_no_reason_to_render_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = driver(tmp_path, "couldn't communicate with the NVIDIA driver", code=9)
    monkeypatch.setenv("PATH", env["PATH"])
    with pytest.raises(RenderError, match="communicate") as error:
        devices(env)
    assert "CUDA_VISIBLE_DEVICES" in error.value.todo
    assert not devices({**env, "CUDA_VISIBLE_DEVICES": ""})[0].is_gpu


def test_a_machine_without_a_driver_has_its_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert devices({"PATH": str(tmp_path)}) == (processor(),)


def test_every_user_of_the_machine_can_take_its_lock(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        lock = machine_lock({"RUSHES_LOCKS": str(tmp_path / "locks")}, Device(A, "x"))
        assert lock.acquire()
    finally:
        os.umask(old)
    assert stat.S_IMODE(lock.path.stat().st_mode) == 0o666
    assert stat.S_IMODE(lock.path.parent.stat().st_mode) == 0o1777
    assert lock.held() and not machine_lock({"RUSHES_LOCKS": str(tmp_path / "locks")}, Device(A, "x")).acquire()
    lock.release()
    assert not lock.held()


def test_a_worker_runs_in_systemd_only_where_that_outlives_logout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").touch()
    tool = tmp_path / "systemd-run"
    tool.touch(mode=0o755)
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": str(tmp_path), "USER": "ana"}
    assert not spawn.lingers(env, tmp_path) and spawn.outlives(env) == "session"
    (tmp_path / "ana").touch()
    assert spawn.lingers(env, tmp_path)
    monkeypatch.setattr(spawn, "lingers", lambda _: True)
    assert spawn.outlives(env) == "systemd"
    assert spawn.outlives({**env, "XDG_RUNTIME_DIR": "/nowhere"}) == "session"
    assert spawn.outlives({**env, "PATH": "/nowhere"}) == "session"


def test_the_command_line_of_a_worker_names_its_device(tmp_path: Path) -> None:
    plain = spawn.command(tmp_path, Device(A, "x"), "session")
    assert plain[-4:] == ["--state", str(tmp_path), "--device", A] and plain[2:4] == ["-m", "core.farm.worker"]
    scoped = spawn.command(tmp_path, processor(), "systemd")
    assert scoped[:3] == ["systemd-run", "--user", "--scope"] and scoped[-1] == "cpu" and plain[:4] == scoped[-8:-4]


def test_a_device_that_is_served_gets_no_second_worker(tmp_path: Path, env: dict[str, str]) -> None:
    locks = [serving_lock(tmp_path, gpu) for gpu in gpus(env)]
    assert all(lock.acquire() for lock in locks)
    assert spawn.start(tmp_path, env) == ()
    for lock in locks:
        lock.release()
