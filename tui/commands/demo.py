"""`rushes demo`: the whole loop on the sample show, by the same calls that commands and screens make."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, Broken
from core.files import one_line
from tui.commands import output
from tui.commands.waiting import wait_for
from tui.commands.words import print_changes

if TYPE_CHECKING:
    from core.overview import ShotRow
    from core.show import Show

GUEST = ("Demo Artist", "demo@example.com")
MARK = "rushes-demo"
"""A file in the show's .git: this show was made by the demo, and the demo may make it again."""

PROMPTS = ("oil painting by candlelight", "gouache, evening light", "woodcut print in blue ink")

DRAFT = """schema = 1
shot = "{shot}"

[[step]]
op = "matte"
name = "figure"
model = "u2netp"

[[step]]
op = "stylize"
name = "paint"
model = "{model}"
prompt = "{prompt}"
seed = "1"
denoise = 0.5
guidance = 2.0
sampling_steps = 4
size = [320, 184]
batch = 4

[[step]]
op = "regrain"
name = "paint_grain"
input = "paint"

[[step]]
op = "merge"
name = "comp"
a = "paint_grain"
b = "plate"
mask = "figure"
mix = 0.9

[output]
layers = ["paint"]
review = {{ codec = "h264", burnin = true }}
"""


def run(folder: Path, env: Mapping[str, str]) -> None:
    """Make the sample show in `folder` and go the whole way, saying what happens.

    Raises:
        BadInput: the model libraries are missing, or the folder holds something that is not a former demo.
    """
    started = time.monotonic()
    missing = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        todo = "Install them: pip install 'rushes[generate]'. Then run the demo again."
        raise BadInput(
            f"The demo renders with a diffusion model, and {', '.join(missing)} is not installed.", todo=todo
        )
    _clear(folder, env)
    show = _new_show(folder, env)
    first, *others = [row for row in show.shots() if row.shot.plate is not None][:3]
    _try_out(show, first)
    _first_versions(show, [first, *others])
    _change_the_comp(show, first)
    if others:
        _retake(show, others[0])
    _judge(show, first, others)
    _hand_over(show, first)
    _where_to_look(show, folder, time.monotonic() - started)


def _clear(folder: Path, env: Mapping[str, str]) -> None:
    """Remove a former demo. Raises BadInput where the folder holds anything else."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / ".git" / MARK).exists():
        raise BadInput("This folder is not empty, and not a former demo.", where=str(folder), todo="Name a new folder.")
    from core.show import Show

    layout = Show.open(folder, env).layout
    _say(f"Removing the demo that was made here before: {folder}")
    for old in (layout.root, layout.media, layout.state, _models(folder)):
        shutil.rmtree(old, ignore_errors=True)


def _models(folder: Path) -> Path:
    """Where the demo's checkpoint lies: beside the show, as models do."""
    return folder.with_name(folder.name + ".models")


def _new_show(folder: Path, env: Mapping[str, str]) -> Show:
    from core.history.events import Person
    from core.show import Show
    from sample_project import folder as sample

    cut = sample() / "cut.otio"
    _say(f"A cut comes in from editorial: {cut.name}")
    unknown = not _git_knows_you(env)
    guest = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in zip(("NAME", "EMAIL"), GUEST, strict=True)
    }
    show, warnings = Show.create(cut, folder, {**env, **guest} if unknown else env)
    if unknown:
        _tell(f"git does not know who you are; in this show you are {GUEST[0]}")
        show.history.introduce(Person(*GUEST))
    (folder / ".git" / MARK).touch()
    for warning in warnings:
        _tell(warning)
    for row in show.shots():
        plate = row.shot.plate
        _tell(f"{row.shot.id}: {row.cut_frames} frames in the cut, {plate.path if plate else row.shot.missing}")
    _say("Building a tiny diffusion checkpoint (155 000 parameters: it paints badly, but all of it is real)")
    _build_checkpoint(_models(folder) / "tiny")
    return show


def _git_knows_you(env: Mapping[str, str]) -> bool:
    asked = subprocess.run(["git", "config", "--get", "user.email"], capture_output=True, env=dict(env), check=False)
    return asked.returncode == 0 or "GIT_AUTHOR_EMAIL" in env


def _build_checkpoint(folder: Path) -> None:
    """In a process of its own: torch is never loaded where commands run."""
    build = "import pathlib, sys; from sample_project.tiny import build; build(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, str(folder)], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Broken(f"The checkpoint could not be built: {one_line(reason)}", where=str(folder))


def _try_out(show: Show, row: ShotRow) -> None:
    shot, frame = row.shot.id, (row.shot.cut_range.first + row.shot.cut_range.last) // 2
    _say(f"A draft for {shot}, and one test frame of it: local, no number, no commit")
    _draft(show, shot, PROMPTS[0])
    job = show.preview(shot, (frame,))
    wait_for(show, [job], f"{shot} test frame")
    for found in show.ledger.frames(job.id):
        if not found.layer:
            _tell(str(show.layout.media / found.path))
    _say(f"A wedge: frame {frame} with four seeds. You would look and choose; the demo takes picture 2")
    wedge = show.wedge(shot, frame, ["paint.seed=4"])
    wait_for(show, [wedge], f"{shot} wedge")
    _tell(str(show.wedge_sheet(wedge.id)))
    show.pick(shot, 2, wedge.id)


def _draft(show: Show, shot: str, prompt: str) -> None:
    model = os.path.relpath(_models(show.layout.root) / "tiny", show.layout.root)
    draft = show.draft(shot, text=DRAFT.format(shot=shot, model=Path(model).as_posix(), prompt=prompt))
    if draft.problem is not None:
        raise draft.problem


def _first_versions(show: Show, rows: list[ShotRow]) -> None:
    _say("Freezing the drafts as version 1: numbers claimed, recipes committed, a worker renders")
    for row, prompt in list(zip(rows, PROMPTS, strict=False))[1:]:
        _draft(show, row.shot.id, prompt)
    started = time.monotonic()
    jobs = show.generate([row.shot.id for row in rows], "first look")
    ended = wait_for(show, jobs, "first versions")
    _tell(f"{sum(job.done for job in ended)} frames in {output.clock(time.monotonic() - started)}")


def _change_the_comp(show: Show, row: ShotRow) -> None:
    shot = row.shot.id
    _say(f"Only the mix of {shot} changes, so the painting is re-used and no model is called")
    show.draft(shot, ["comp.mix=0.6"])
    started = time.monotonic()
    wait_for(show, show.generate([shot], "less paint in the mix"), f"{shot} v002")
    record = show.version(shot, "v002").record
    assert record is not None, "a complete version has its record"
    for step, use in record["reuse"].items():
        _tell(f"{step}: {use['reused']} frames re-used, {use['made']} made")
    _tell(f"in {output.clock(time.monotonic() - started)}")


def _retake(show: Show, row: ShotRow) -> None:
    shot, first = row.shot.id, row.shot.cut_range.first
    _say(f"A note and a retake on {shot} v001, and a second version that answers it")
    show.review(shot, "v001", "note", "the paint swims here", (first, first + 3))
    show.review(shot, "v001", "retake", "calmer, please")
    show.draft(shot, ["paint.denoise=0.35", f"paint.prompt={PROMPTS[1]}, calm and still"])
    wait_for(show, show.generate([shot], "calmer paint"), f"{shot} v002")
    print_changes(show.changes(shot, "v001", "v002"))


def _judge(show: Show, first: ShotRow, others: list[ShotRow]) -> None:
    _say("Review: approved, and circled for editorial (two separate acts)")
    show.review(first.shot.id, "v002", "approve", "this is the one")
    show.review(first.shot.id, "v002", "circle")
    for row in others[:1]:
        show.review(row.shot.id, "v002", "circle", temp=True)
    for line in show.shots():
        _tell(f"{line.shot.id}: {line.status}, newest {line.latest or '–'}, circled {line.circled or '–'}")


def _hand_over(show: Show, row: ShotRow) -> None:
    shot = row.shot.id
    found = show.compare(shot, "v001", "v002")
    _say(f"{shot} v001 against v002: mean difference {found.mean:.4f}, {found.changed:.0%} of the picture changed")
    _tell(str(found.picture))
    _say("One frame of every shot on a sheet, and the timeline back to editorial")
    _tell(str(show.sheet()))
    published = show.publish("master")
    _tell(f"{published.path}: {published.clips} clips with our versions, read back and compared with the cut")
    verdict = show.verify()
    wrong = [check for check in verdict.checks if check.state in ("changed", "missing")]
    _say(f"Verified: {len(verdict.checks)} checks, {len(wrong)} failed")
    if wrong:
        raise Broken(f"The demo's own show does not verify: {wrong[0].what} {wrong[0].detail}", where=wrong[0].shot)


def _where_to_look(show: Show, folder: Path, seconds: float) -> None:
    _say(f"Done in {output.clock(seconds)}. Where to look:")
    output.facts(
        [
            ("  the show", folder),
            ("  its diary", f"git -C {folder} log"),
            ("  the pictures", show.layout.media),
            ("  go on by hand", f"cd {folder} && rushes shots"),
            ("  in the screens", f"rushes open {folder}"),
        ]
    )


def _say(text: str) -> None:
    output.line()
    output.line(text, "bold")


def _tell(text: str) -> None:
    output.line(f"  {text}")
