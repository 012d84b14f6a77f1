"""Following jobs to their end. A job that did not complete is an error that names the job and its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import Cancelled, RenderError
from core.files import one_line
from tui.commands import output

if TYPE_CHECKING:
    from core.farm.jobs import Job
    from core.show import Show


def wait_for(show: Show, jobs: Sequence[Job], label: str) -> tuple[Job, ...]:
    """Follow `jobs` until they have ended. Returns them as they ended.

    Raises:
        RenderError: one failed. Cancelled: one was stopped.
    """
    ended = output.follow(show.follow([job.id for job in jobs]), label).jobs
    for job in ended:
        what = f"{job.shot} {job.version or job.kind}"
        if job.state == "failed":
            todo = f"Put that right, then: rushes retry {job.id}. Finished frames are kept."
            raise RenderError(f"{what} failed: {one_line(job.reason)}", where=f"job {job.id}", todo=todo)
        if job.state != "complete":
            raise Cancelled(f"{what} was stopped.", where=f"job {job.id}", todo=f"To go on: rushes retry {job.id}")
    return ended
