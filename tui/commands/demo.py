"""`rushes demo`: the whole loop on the sample show, by the same calls that commands and screens make."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, Broken
from tui.commands import demo_show, output
from tui.commands.waiting import wait_for
from tui.commands.words import print_changes

if TYPE_CHECKING:
    from core.farm.jobs import Job
    from core.show import Show
    from sample_project.scenes import Model, Scene

PLAN = (
    "a show from an editor's cut",
    "a recipe, a test frame, and a wedge of seeds to choose from",
    "versions of {count} shots, rendered by a worker of their own",
    "a comp-only change that calls no model, a note, a retake that answers it",
    "circled takes, a contact sheet, and the timeline back: master, delivery, EDL",
    "everything verified, and all of it on one page",
)
OVERHEAD = 135
"""Seconds that everything but the model takes on two idle cores, measured."""
ON = {2: ", on twos", 3: ", on threes"}


@dataclass(slots=True)
class Tour:
    """The demo under way."""

    show: Show
    model: Model
    scenes: Sequence[Scene]
    made: list[tuple[str, str]] = field(default_factory=list)
    """What to look at afterwards: name and place."""
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        output.line()
        output.words((f"{output.clock(time.monotonic() - self.began)}  ", "dim"), (text, "bold"))

    def wait(self, jobs: Sequence[Job], label: str) -> float:
        """Follow jobs to their end. Returns the seconds they took."""
        started = time.monotonic()
        wait_for(self.show, jobs, label)
        return time.monotonic() - started

    def painting(self, seconds: float) -> float:
        """How long the versions to come take the model, at so many seconds a frame: every scene, the retake twice."""
        from sample_project.scenes import RETAKE

        keys = ((scene.pace, -(-len(self.show.shot(scene.shot).range) // scene.on)) for scene in (*self.scenes, RETAKE))
        return sum(pace * count * seconds for pace, count in keys)


def run(folder: Path, env: Mapping[str, str]) -> None:
    """Make the sample show in `folder` and go the whole way, saying what happens; then offer the screens.

    Raises:
        BadInput: the model libraries are missing, or the folder holds something that is not a former demo.
    """
    missing = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        todo = "Install them: pip install 'rushes[generate]'. Then run the demo again."
        raise BadInput(
            f"The demo renders with a diffusion model, and {', '.join(missing)} is not installed.", todo=todo
        )
    from sample_project.scenes import SCENES

    _tell_plan(len(SCENES))
    demo_show.clear(folder, env)
    tour = _arrive(folder, env, SCENES)
    _try_out(tour)
    _first_versions(tour)
    _change_the_comp(tour)
    _retake(tour)
    _judge(tour)
    _hand_over(tour)
    _where_to_look(tour)
    _offer_screens(tour.show.layout.root, env)


def _tell_plan(count: int) -> None:
    output.line("The whole loop on a sample show. What will happen:", "bold")
    for number, step in enumerate(PLAN, 1):
        output.line(f"  {number}. {step.format(count=count)}")


def _arrive(folder: Path, env: Mapping[str, str], scenes: Sequence[Scene]) -> Tour:
    from sample_project import folder as sample
    from sample_project.scenes import SIESTA

    began = time.monotonic()
    cut = sample() / "cut.otio"
    show, warnings = demo_show.new_show(cut, folder, env)
    tour = Tour(demo_show.register(show, SIESTA), SIESTA, scenes, began=began)
    tour.say(f"A cut comes in from editorial: {cut.name}. Its shots, and where their pictures are:")
    for row in show.shots():
        plate = row.shot.plate
        place = plate.path if plate else row.shot.missing
        output.line(f"  {row.shot.id.ljust(12)}  {row.cut_frames:4} frames  {place}")
    for warning in warnings:
        output.line(f"  note: {warning}")
    output.line(f"  model `{SIESTA.name}`, {SIESTA.licence}, now in the show's register")
    minutes = (tour.painting(SIESTA.seconds) + OVERHEAD) / 60
    output.line(f"  about {minutes:.0f} minutes on two idle cores from here")
    return tour


def _draft(tour: Tour, scene: Scene) -> None:
    from sample_project.scenes import draft

    written = tour.show.draft(scene.shot, text=draft(scene, tour.model))
    if written.problem is not None:
        raise written.problem


def _try_out(tour: Tour) -> None:
    from sample_project.scenes import PICK, WEDGE, WEDGE_SEEDS

    show, shot = tour.show, WEDGE.shot
    found = show.shot(shot).cut_range
    frame = found.first + 3 * len(found) // 4
    tour.say(f"A draft for {shot}, “{WEDGE.look}”, and one test frame of it: local, no number, no commit")
    _draft(tour, WEDGE)
    job = show.preview(shot, (frame,))
    tour.wait([job], f"{shot} test frame")
    for row in show.ledger.frames(job.id):
        output.line(f"  {show.layout.media / row.path}")
    tour.say(
        f"A wedge: frame {frame} with {WEDGE_SEEDS} seeds. You would look and choose; the demo takes picture {PICK}"
    )
    wedge = show.wedge(shot, frame, [f"paint.seed={WEDGE_SEEDS}"])
    tour.wait([wedge], f"{shot} wedge")
    each = sum(attempt.tally["seconds"]["model"] for attempt in show.ledger.attempts(wedge.id)) / WEDGE_SEEDS
    sheet = show.wedge_sheet(wedge.id)
    show.pick(shot, PICK, wedge.id)
    tour.made.append(("the wedge", str(sheet)))
    output.line(f"  {sheet}")
    left = output.clock(tour.painting(each / WEDGE.pace) + OVERHEAD)
    output.line(f"  {each:.1f} s a frame here, so about {left} to go")


def _first_versions(tour: Tour) -> None:
    from sample_project.scenes import WEDGE

    tour.say("Freezing the drafts as version 1: numbers claimed, recipes committed, a worker renders")
    jobs: list[Job] = []
    for scene in tour.scenes:
        if scene is not WEDGE:
            _draft(tour, scene)
        jobs += tour.show.generate([scene.shot], scene.summary)
        output.line(f"  {scene.shot.ljust(12)}  v001: “{scene.look}” on {scene.where}{ON.get(scene.on, '')}")
    seconds = tour.wait(jobs, "first versions")
    output.line(f"  {sum(job.total for job in jobs)} frames in {output.clock(seconds)}")


def _change_the_comp(tour: Tour) -> None:
    from sample_project.scenes import LESS, WEDGE

    show, shot = tour.show, WEDGE.shot
    tour.say(f"Only the mix of {shot} changes: what was painted is re-used, and no model is called")
    show.draft(shot, [f"comp.mix={LESS}"])
    seconds = tour.wait(show.generate([shot], "less of the dream in the mix"), f"{shot} v002")
    record = show.version(shot, "v002").record
    assert record is not None, "a complete version has its record"
    uses = (f"{step} {use['made']} made, {use['reused']} re-used" for step, use in record["reuse"].items())
    output.line(f"  {'; '.join(uses)}; in {output.clock(seconds)}")


def _retake(tour: Tour) -> None:
    from sample_project.scenes import RETAKE, RETAKE_LOOK, RETAKE_NOTE

    show, shot = tour.show, RETAKE.shot
    first = show.shot(shot).cut_range.first
    tour.say(f"A note and a retake on {shot} v001, and a second version that answers it")
    show.review(shot, "v001", "note", RETAKE_NOTE, (first, first + 11))
    show.review(shot, "v001", "retake", RETAKE_NOTE)
    show.draft(shot, [f"paint.prompt={RETAKE_LOOK}"])
    tour.wait(show.generate([shot], f"{RETAKE_LOOK} instead of {RETAKE.look}"), f"{shot} v002")
    print_changes(show.changes(shot, "v001", "v002"))


def _judge(tour: Tour) -> None:
    from sample_project.scenes import RETAKE, WEDGE

    show = tour.show
    tour.say("Review: approved, and circled for editorial (two separate acts)")
    for scene in (WEDGE, RETAKE):
        show.review(scene.shot, "v002", "approve")
        show.review(scene.shot, "v002", "circle")
    for scene in tour.scenes:
        if scene not in (WEDGE, RETAKE):
            show.review(scene.shot, "v001", "circle", temp=True)
    for row in show.shots():
        if row.versions:
            circled = f"{row.circled} circled as {row.circled_as}" if row.circled else "nothing circled"
            output.line(f"  {row.shot.id.ljust(12)}  {row.versions} versions, {circled}")
    found = show.compare(RETAKE.shot, "v001", "v002")
    tour.made.append(("the retake, A and B", str(found.picture)))


def _hand_over(tour: Tour) -> None:
    show = tour.show
    tour.say("The timeline back to editorial, read back after every write and compared with what was sent")
    for purpose in ("master", "delivery", "edl"):
        published = show.publish(purpose)
        told = f"{len(published.losses)} things it cannot carry, named in its report" if published.losses else "no loss"
        output.line(f"  {purpose.ljust(9)} {published.path.name}: {published.clips} clips with our versions, {told}")
        tour.made.append((f"the {purpose}", str(published.path)))
    verdict = show.verify()
    wrong = [check for check in verdict.checks if check.state in ("changed", "missing")]
    tour.say(f"Verified: {len(verdict.checks)} checks of hashes, records and history, {len(wrong)} failed")
    if wrong:
        raise Broken(f"The demo's own show does not verify: {wrong[0].what} {wrong[0].detail}", where=wrong[0].shot)
    sheet, page = show.sheet(plates=True), show.page(verdict=verdict)
    tour.made += [("the contact sheet", str(sheet.path)), ("the page", str(page))]


def _where_to_look(tour: Tour) -> None:
    folder = tour.show.layout.root
    tour.say("Done. What was made, and where:")
    output.facts(
        [
            *((f"  {name}", place) for name, place in reversed(tour.made)),
            ("  the pictures", tour.show.layout.media),
            ("  its diary", f"git -C {folder} log"),
            ("  go on by hand", f"cd {folder} && rushes shots"),
            ("  in the screens", f"rushes open {folder}"),
        ]
    )


def _offer_screens(folder: Path, env: Mapping[str, str]) -> None:
    """Only to a person at a terminal: never in a pipe, never where a machine builds."""
    if env.get("CI") or not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return
    output.line()
    sys.stdout.write("Open the screens now? [Y/n] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip(" ").lower() in ("\n", "y\n", "yes\n"):  # nothing at all: the terminal has gone
        from tui.commands.screens import open_screens

        open_screens(str(folder))
