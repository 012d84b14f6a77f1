"""A show with one tiny shot, its queue, and workers to let loose on it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.cut.shots import Plate, Shot, Use, sequence_digest, shot_text
from core.farm.jobs import Job, NewJob
from core.farm.ledger import Ledger
from core.files import write_atomic
from core.frames import FrameRange
from core.history.events import Act
from core.history.git import History
from core.history.record import read_record
from core.layout import Layout, media_root, read_settings
from core.media.write import write_frame
from core.recipe.model import Master
from core.recipe.text import parse, recipe_sha, recipe_text

FRAMES = tuple(range(1001, 1013))
RECIPE = """
schema = 1
shot = "sh010"
summary = "half the picture, squeezed"
range = [1001, 1012]
[[step]]
op = "reformat"
name = "small"
input = "plate"
size = [24, 16]
fit = "stretch"
[[step]]
op = "reformat"
name = "soft"
input = "small"
[[step]]
op = "merge"
name = "comp"
a = "soft"
b = "plate"
mix = 0.5
[output]
layers = ["soft"]
"""


@dataclass(frozen=True)
class Scene:
    """A show with one shot over twelve tiny frames, and a state folder of its own."""

    layout: Layout
    state: Path
    history: History

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.layout.ledger, root=self.layout.root)

    def queue(self, version: str = "v001", text: str = RECIPE) -> Job:
        text = recipe_text(parse(text, "test"))
        path = self.layout.recipe("sh010", version)
        write_atomic(path, text)
        self.history.commit(Act("recipe", f"sh010 {version}", (path.relative_to(self.layout.root).as_posix(),)))
        new = NewJob("version", "sh010", (text,), FRAMES, "Bo Boss <bo@example.com>", version=version)
        with self.ledger as ledger:
            return ledger.add(new)

    def worker(self, failpoint: str = "", *more: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "RUSHES_LOCKS": str(self.state / "locks"), "RUSHES_FAILPOINT": failpoint}
        command = [sys.executable, "-m", "core.farm.worker", "--state", str(self.state), "--device", "cpu", "--once"]
        return subprocess.run([*command, *more], env=env, capture_output=True, text=True, timeout=120, check=False)

    def job(self, job: Job) -> Job:
        with self.ledger as ledger:
            return ledger.job(job.id)

    def log(self) -> str:
        return "\n".join(path.read_text() for path in (self.state / "logs").glob("*.log"))

    def renders(self) -> list[str]:
        return [entry.get("Rushes-Version") for entry in self.history.log() if entry.event == "render"]

    def sums(self, version: str = "v001") -> subprocess.CompletedProcess[str]:
        command = ["sha256sum", "--check", "--strict", str(self.layout.manifest("sh010", version))]
        return subprocess.run(command, cwd=self.layout.media, capture_output=True, text=True, check=False)


def make_scene(tmp_path: Path) -> Scene:
    root, state = tmp_path / "show", tmp_path / "state"
    root.mkdir()
    write_atomic(root / "rushes.toml", 'schema = 1\nname = "Test"\nid = "test"\nrate = "24"\n[render]\nthreads = 1\n')
    layout = Layout(root, media_root(root, read_settings(root / "rushes.toml")), state / "test" / "clone")
    noise = np.random.default_rng(1).random((len(FRAMES), 32, 48, 3), dtype=np.float32)
    files = []
    for number, picture in enumerate(noise, 1):
        written = write_frame(root / "plates" / f"sh010.{number:04d}.exr", picture, Master(colour="ACEScg"))
        files.append((number, written.sha256))
    plate = Plate(
        path="plates/sh010.%04d.exr", kind="sequence", media=FrameRange(1, len(FRAMES)), offset=1000, rate=Fraction(24),
        width=48, height=32, colour="ACEScg", sha256=sequence_digest(files),
    )  # fmt: skip
    use = Use(cut="main", clip_id="c1", track="V1", name="sh010", first=1001, last=1012, record=0, duration=12)
    write_atomic(layout.shot("sh010"), shot_text(Shot("sh010", plate, (use,))))
    history = History(layout, os.environ)
    history.create()
    history.commit(Act("turnover", "Test: first turnover", ("rushes.toml", "shots/sh010/shot.toml", ".gitattributes")))
    return Scene(layout, state, history)


def pixels(scene: Scene, job: Job) -> dict[str, str]:
    with scene.ledger as ledger:
        return {f"{row.layer}.{row.frame}": row.pixels for row in ledger.frames(job.id)}


def is_whole(scene: Scene, job: Job) -> None:
    """What must hold of a complete version, whatever happened on the way."""
    done = scene.job(job)
    assert done.state == "complete", (done.state, done.reason, scene.log())
    sums = scene.sums()
    assert sums.returncode == 0 and sums.stdout.count(": OK") == 2 * len(FRAMES), sums.stdout + sums.stderr
    assert scene.renders() == ["v001"] and scene.history.pending() == []
    record = read_record(scene.layout.record("sh010", "v001").read_bytes(), "v001.json")
    with scene.ledger as ledger:
        rows = ledger.frames(job.id)
    assert len(rows) == 2 * len(FRAMES)
    assert record.pixels == {row.frame: row.pixels for row in rows if not row.layer}
    assert (record.count, record.size, record.state) == (len(FRAMES), (48, 32), "complete")
    assert record.recipe == recipe_sha(job.recipes[0])
    for path in (scene.layout.record("sh010", "v001"), scene.layout.manifest("sh010", "v001")):
        assert scene.history.committed(path.relative_to(scene.layout.root).as_posix()) == path.read_bytes()
    proxies = scene.layout.proxies  # made by a process of its own, sooner or later
    found = {path for path in scene.layout.media.rglob("*") if path.is_file() and path.parent != proxies}
    assert found == {scene.layout.media / row.path for row in rows}  # nothing half-written, nothing beside
    assert not list((scene.layout.shots / "sh010").glob(".*"))
