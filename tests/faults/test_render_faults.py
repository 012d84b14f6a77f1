"""A render that is killed at its worst moments goes on as if nothing had been: the same files, none half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import sha256_file
from core.frames import FrameRange
from core.media.write import read_frame
from core.ops.merge import Merge
from tests.render_kit import Disc, Paint, hashes, make_plate, make_recipe, make_work, run

MEDIA = FrameRange(1001, 1010)
ROOT = Path(__file__).parents[2]
STEPS = (
    Paint(name="paint", seed="3", seed_per_frame="hashed", on=2, batch=2),
    Disc(name="figure"),
    Merge(name="comp", a="paint", mask="figure"),
)
CHILD = """
import sys
from pathlib import Path
from tests.faults.test_render_faults import work
from tests.render_kit import run
run(work(Path(sys.argv[1])))
"""


def work(tmp: Path, frames: tuple[int, ...] | None = None, first: int = 1001):  # type: ignore[no-untyped-def]
    return make_work(tmp, make_recipe(*STEPS, frames=(first, 1010)), MEDIA, frames)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What a render that nobody disturbs gives."""
    tmp = tmp_path_factory.mktemp("whole")
    make_plate(tmp / "plate", MEDIA)
    return hashes(run(work(tmp)))


@pytest.mark.parametrize("where", ["temp:1", "temp:3", "temp:9", "rename:1", "rename:3", "rename:8", "rename:14"])
def test_killed_there_and_taken_up_again(tmp_path: Path, whole: dict[int, str], where: str) -> None:
    make_plate(tmp_path / "plate", MEDIA)
    environment = {**os.environ, "RUSHES_FAILPOINT": where, "PYTHONPATH": str(ROOT)}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], env=environment, cwd=ROOT, capture_output=True, timeout=60
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()

    files = [path for path in tmp_path.glob("out/master/*.exr") if not path.name.startswith(".")]
    for path in files:  # what has its name is whole
        read_frame(path)
        assert sha256_file(path) == whole[int(path.stem)]
    assert len(files) < len(whole)
    missing = tuple(frame for frame in MEDIA if not (tmp_path / "out" / "master" / f"{frame:04d}.exr").exists())
    again = hashes(run(work(tmp_path, missing)))
    assert {frame: sha256_file(tmp_path / "out" / "master" / f"{frame:04d}.exr") for frame in MEDIA} == whole
    assert set(again) == set(missing)


def test_a_damaged_kept_output_is_made_again(tmp_path: Path, whole: dict[int, str]) -> None:
    """Bits that rot in the store never reach a frame."""
    make_plate(tmp_path / "plate", MEDIA)
    run(work(tmp_path, (1001,)))
    for kept in (tmp_path / "steps").rglob("*.npy"):
        raw = bytearray(kept.read_bytes())
        raw[200] ^= 0x10
        kept.write_bytes(bytes(raw))
    Paint.calls.clear()
    assert hashes(run(work(tmp_path))) == whole
    assert Paint.calls[0][0] == 1001
