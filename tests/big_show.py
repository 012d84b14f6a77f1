"""A show of many shots and versions, written quickly: valid text files as the tool itself would write them.

No pictures: lists, the index, history and queue are what it is for.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from core.cut.shot import Plate, Shot, Use, shot_text
from core.farm.jobs import NewJob
from core.files import sha256_bytes
from core.frames import FrameRange
from core.history.record import Record, UsedModel, manifest_text, record_text
from core.history.review import ReviewEvent, append
from core.layout import version_name
from core.recipe.text import parse, recipe_text
from core.show import Show

ANA, BEN = "Ana Artist <ana@example.com>", "Ben Boss <ben@example.com>"
_BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
_RECIPE = """schema = 1
shot = "SHOT"
parent = "v999"
summary = "less boil on the left"
range = [1001, 1064]
[[step]]
op = "matte"
name = "figure"
model = "u2netp"
levels = [0.02, 0.98]
[[step]]
op = "stylize"
name = "paint"
input = "plate"
model = "models/sd-turbo"
prompt = "oil painting by candlelight, warm shadows, a hand that trembles"
seed = "8723645120"
denoise = 0.45
on = 2
[step.curves]
denoise = [[1001, 0.35], [1040, 0.55, "smooth"]]
[[step]]
op = "merge"
name = "comp"
a = "paint"
b = "plate"
mask = "figure"
[output]
layers = ["paint", "figure"]
"""


def shot_id(number: int) -> str:
    """`sq010_sh0010`, ten shots a sequence."""
    return f"sq{number // 10 + 1:02d}0_sh{(number % 10 + 1) * 10:04d}"


def make(folder: Path, shots: int, versions: int, *, history: bool = False, jobs: bool = False) -> Show:
    """A show in `folder`, its state beside it. `history`: one commit of it all; `jobs`: each shot's newest is queued.

    Every shot has `versions` versions: all complete, but the newest of every fifth shot. Where there are several, the
    one before the newest is approved and circled and has a note; every seventh newest has a retake on it.
    """
    state = folder.with_name(f"{folder.name}.state")
    env = {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")}
    env |= {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _PERSON.items()}
    folder.mkdir(parents=True)
    (folder / "rushes.toml").write_text(f'schema = 1\nname = "{folder.name}"\nid = "big_show"\nrate = "25"\n')
    _git(folder, env, "init", "--quiet", "--initial-branch=main")
    show = Show.open(folder, env)
    text = recipe_text(parse(_RECIPE, "big show"))
    for number in range(shots):
        _shot(show, number, versions, text)
    if history:
        _git(folder, env, "add", "--all")
        _git(folder, env, "commit", "--quiet", "--message", "Everything at once")
    for number in range(shots if jobs and versions else 0):
        shot, newest = shot_id(number), version_name(versions)
        show.ledger.add(NewJob("version", shot, (text,), tuple(range(1001, 1065)), ANA, version=newest))
    return show


_PERSON = {"NAME": "Ana Artist", "EMAIL": "ana@example.com"}


def _git(folder: Path, env: dict[str, str], *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, env=env, check=True, capture_output=True)


def _shot(show: Show, number: int, versions: int, text: str) -> None:
    shot = shot_id(number)
    plate = Plate(f"plates/{shot}.%04d.exr", "sequence", FrameRange(900, 1100), 101, Fraction(25), 1920, 1080)
    use = Use("main", f"clip-{number}", "V1", shot, 1009, 1056, number * 48, 48)
    path = show.layout.shot(shot)
    path.parent.mkdir(parents=True)
    path.write_text(shot_text(Shot(shot, plate, (use,))))
    for version in range(1, versions + 1):
        name, parent = version_name(version), version_name(version - 1) if version > 1 else ""
        recipe = text.replace('"SHOT"', f'"{shot}"').replace('"v999"', f'"{parent}"')
        show.layout.recipe(shot, name).write_text(recipe)
        if version < versions or number % 5:
            _complete(show, shot, name, recipe)
    _judged(show, number, shot, versions)


def _complete(show: Show, shot: str, version: str, recipe: str) -> None:
    stem = f"{shot}_gen_{version}"
    pixels = {frame: sha256_bytes(f"{stem}{frame}".encode()) for frame in range(1001, 1065)}
    rows = [(digest, f"{shot}/{stem}/{stem}.{frame}.exr") for frame, digest in pixels.items()]
    at = _BEGAN + timedelta(hours=int(version[1:]))
    record = Record(
        shot, version, "complete", at.isoformat(), ANA, f"sha256:{sha256_bytes(recipe.encode())}", (1001, 1064), 64,
        (1920, 1080), "half", "ACEScg", f"{shot}/{stem}/{stem}.%04d.exr", pixels=pixels,
        models=(UsedModel("u2netp", "", "0" * 64, "Apache-2.0"),), seconds={"decode": 1.0, "model": 30.0},
    )  # fmt: skip
    show.layout.record(shot, version).write_text(record_text(record))
    show.layout.manifest(shot, version).write_text(manifest_text(rows))


def _judged(show: Show, number: int, shot: str, versions: int) -> None:
    review, at = show.layout.review(shot, "ffffffffff_ben_example_com"), _BEGAN.isoformat()
    before, newest = version_name(max(1, versions - 1)), version_name(max(1, versions))
    if versions > 1:
        note = ReviewEvent("note", BEN, at, before, (1010, 1020), "the flame boils")
        good = ReviewEvent("status", BEN, at, before, status="apr", after=(note.id,))
        for event in (note, good, ReviewEvent("circle", BEN, at, before, after=(good.id,))):
            append(review, event)
    if versions and number % 7 == 0 and number % 5:
        append(review, ReviewEvent("status", BEN, at, newest, text="too much paint", status="rtk"))
