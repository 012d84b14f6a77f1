"""`generate`, `queue`, `cancel`, `retry`, `move`, `worker`: making versions, and the machine that renders them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from core.files import one_line
from core.layout import state_root
from tui.commands import output
from tui.commands.here import Json, Shots, Wait, here, tell_waiting
from tui.commands.waiting import wait_for
from tui.present import queue as one_job
from tui.present import rows as present

if TYPE_CHECKING:
    from core.farm.detail import JobDetail

app = typer.Typer()

JobId = Annotated[
    str, typer.Argument(metavar="JOB", help="As `rushes queue` shows it; a beginning that is unique will do.")
]


@app.command(epilog="Example: rushes generate 'sq010_*' --summary 'candlelight, less boil' --wait")
def generate(
    shots: Shots,
    summary: Annotated[str, typer.Option("--summary", metavar="TEXT", help="What is new, for the history.")] = "",
    wait: Wait = False,
    missing: Annotated[
        bool,
        typer.Option(
            "--missing",
            help="Only what existing versions lack: frames not rendered yet, and those that the cut needs now.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Freeze the drafts as new versions, commit and queue them. A worker renders on when the terminal is gone."""
    show = here()
    jobs = show.generate(
        show.select(shots), summary, missing=missing, tell=lambda warning: output.note(f"note: {warning}")
    )
    tell_waiting(show)
    if not as_json:
        for job in jobs:
            output.line(f"{job.shot} {job.version}: {job.total} frames {job.state} as {job.id}")
        if not jobs:
            output.line("Nothing is missing.")
    if wait and jobs:
        jobs = list(
            wait_for(show, jobs, f"{len(jobs)} versions" if len(jobs) > 1 else f"{jobs[0].shot} {jobs[0].version}")
        )
    if as_json:
        output.document("jobs", [present.job_facts(job) for job in jobs])


@app.command(epilog="Example: rushes queue --job 01JZ8Q")
def queue(
    wanted: Annotated[str, typer.Option("--job", metavar="JOB", help="One job in full: frames, speed, log.")] = "",
    as_json: Json = False,
) -> None:
    """List the jobs: waiting, rendering, ended."""
    show = here()
    if wanted:
        _tell_job(show.job_detail(wanted), as_json)
        return
    jobs = show.jobs()
    if as_json:
        output.document("jobs", [present.job_facts(job) for job in jobs])
    else:
        output.table(present.JOB_TITLES, [present.job_cells(job) for job in jobs], empty="The queue is empty.")
        for job in jobs:
            if job.reason:
                output.line(f"{job.shot} {job.version or job.kind} ({job.id}): {job.reason}")
    if waiting := show.unserved():
        told = "1 job waits" if waiting == 1 else f"{waiting} jobs wait"
        output.note(f"note: {told}, and no worker is running. Start one here: rushes worker --once")


def _tell_job(detail: JobDetail, as_json: bool) -> None:
    if as_json:
        output.document("job", one_job.detail_facts(detail))
        return
    output.facts(one_job.job_pairs(detail))
    output.line()
    output.table(one_job.ATTEMPT_TITLES, one_job.attempt_cells(detail), empty="Nobody has begun it yet.")
    for line in detail.log:
        output.line(line, "dim")


@app.command(epilog="Example: rushes cancel 01JZ8Q")
def cancel(job: JobId) -> None:
    """Stop a job. Its finished frames stay, and `retry` goes on from them."""
    show = here()
    ended = show.steer(job, "cancel")
    said = "stops after the block in flight" if ended.state == "rendering" else f"is {ended.state}"
    output.line(f"{ended.shot} {ended.version or ended.kind} {said}. To go on: rushes retry {ended.id}")


@app.command(epilog="Example: rushes retry 01JZ8Q --wait")
def retry(job: JobId, wait: Wait = False) -> None:
    """Go on with a job that failed, was cancelled or lost its worker; only missing frames are rendered."""
    show = here()
    again = show.steer(job, "retry")
    output.line(f"{again.shot} {again.version or again.kind}: {again.done} of {again.total} frames are there; queued.")
    if wait:
        wait_for(show, [again], f"{again.shot} {again.version or again.kind}")


@app.command(epilog="Example: rushes move 01JZ8Q first")
def move(
    job: JobId,
    place: Annotated[str, typer.Argument(metavar="first|sooner|later", help="The front, or past its neighbour.")],
) -> None:
    """Move a job in the queue. What is being rendered goes on."""
    if place not in ("first", "sooner", "later"):
        raise BadInput(f"Not a place: {one_line(place)!r}.", todo="Use first, sooner or later.")
    show = here()
    moved = show.steer(job, place)  # type: ignore[arg-type]
    waiting = [one.id for one in show.jobs() if one.state == "queued"]
    if moved.id in waiting:  # else a worker has taken it meanwhile
        at = waiting.index(moved.id) + 1
        output.line(f"{moved.shot} {moved.version or moved.kind} is number {at} of {len(waiting)} that wait.")


@app.command(epilog="Example: rushes worker --once")
def worker(
    once: Annotated[bool, typer.Option("--once", help="Leave when the queue is empty.")] = False,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, or a GPU's UUID.")] = "auto",
) -> None:
    """Render queued jobs in this terminal, for every show of yours on this machine."""
    from core.farm.worker import run

    raise typer.Exit(run(state_root(os.environ), os.environ, once=once, device=device, say=output.note))
