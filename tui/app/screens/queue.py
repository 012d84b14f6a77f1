"""The queue: jobs as workers will take them, and everything about the one under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from core.files import one_line
from tui.app.asking import Choose
from tui.app.desk import Desk
from tui.app.lines import Lines
from tui.app.look import title_of
from tui.app.room import Room
from tui.present import jobs as present
from tui.present.jobs import QueueRow
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.farm.detail import JobDetail
    from core.farm.jobs import Job
    from core.show import Show


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at the queue found."""

    rows: tuple[QueueRow, ...]
    unserved: int


class QueueRoom(Room):
    """Jobs above, one job below. It looks again whenever a worker wrote."""

    PLACE: ClassVar[str] = "queue"
    TITLE_TEXT: ClassVar[str] = "Queue"
    HELP: ClassVar[str] = "Workers go on when the screens close. █ done, ▒ to do, · missing, ✕ stopped here."

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.list: Lines[QueueRow] = Lines(
            present.queue_line, lambda row: row.job.id, id="jobs", empty="no jobs yet: R on the cut generates"
        )
        self.job: Lines[Line] = Lines(lambda line, width: line, str, id="job-lines", empty="")
        self.pane = Vertical(self.job, id="job", classes="frame")
        self.alone = Static("", id="unserved", markup=False)
        self.detail: JobDetail | None = None
        self.logs = False
        """The log is shown instead of the job."""
        self._log: tuple[str, ...] = ()

    def parts(self) -> ComposeResult:
        yield self.list
        yield self.alone
        yield self.pane

    # reading

    def entered(self) -> None:
        self.set_focus(self.list)
        self.keep_up()
        self.reread()

    def action_reload(self) -> None:
        self.reread()

    def reread(self) -> None:
        self.ask("queue", _look, self._came)

    def _came(self, looked: Looked) -> None:
        self.headline.update(present.headline(looked.rows))
        said = present.unserved(looked.unserved)
        self.alone.update(said)
        self.alone.display = bool(said)
        self.list.show(looked.rows)
        self.pane.display = bool(looked.rows)

    @on(Lines.Moved, "#jobs")
    def _chosen(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        self._tell(event.row.job)

    def _tell(self, job: Job) -> None:
        if self.logs:
            self.ask("log", lambda desk: desk.show.job_log(job.id), self._log_came)
        else:
            self.ask("job", lambda desk: desk.show.job_detail(job.id), self._job_came)
        self.pane.border_title = title_of(f"{'Log of ' if self.logs else ''}{job.shot} {present.what(job)}")

    def _job_came(self, detail: JobDetail) -> None:
        self.detail = detail
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(40, self.job.size.width - 2)
        if self.logs:
            self.job.show(present.log_lines(self._log, width))
        elif self.detail is not None:
            self.job.show(present.detail_lines(self.detail, width))

    def _log_came(self, log: tuple[str, ...]) -> None:
        self._log = log
        self._lay_out()

    # what hands do

    def action_steer(self, act: str) -> None:
        row, marked = self.list.row, self.list.chosen
        if row is None:
            self.say("There is no job here.")
        elif act == "retry":
            self._steer(act, tuple(one.job.id for one in marked))
        else:
            self._steer(act, (row.job.id,))

    def action_cancel(self) -> None:
        chosen = self.list.chosen
        ids = tuple(row.job.id for row in chosen)

        def answered(yes: str | None) -> None:
            if yes:
                self._steer("cancel", ids)

        if not chosen:
            self.say("There is no job here.")
            return
        named = f"{chosen[0].job.shot} {present.what(chosen[0].job)}" if len(ids) == 1 else f"{len(ids)} jobs"
        done = sum(row.job.done for row in chosen)
        stays = f"yes; {done} finished frames stay, r goes on with it" if done else "yes; r queues it again"
        self.app.push_screen(Choose(f"Cancel {one_line(named, 60)}?", (("y", "yes", stays),)), answered)

    def _steer(self, act: str, ids: tuple[str, ...]) -> None:
        def done(told: str) -> None:
            self.say(told)
            self.list.marked.clear()
            self.reread()

        self.act(lambda show: _steered(show, act, ids), done)

    def action_worker(self) -> None:
        def done(told: str) -> None:
            self.say(told)
            self.reread()

        self.say("Starting a worker …", stays=True)
        self.act(_started, done)

    def action_log(self) -> None:
        self.logs = not self.logs
        if self.list.row is not None:
            self._tell(self.list.row.job)

    def action_pane(self) -> None:
        self.set_focus(self.list if self.job.has_focus else self.job)

    def action_mark(self) -> None:
        self.list.mark()

    def action_mark_all(self) -> None:
        self.list.mark_all()

    @on(Lines.Opened, "#jobs")
    def _opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        """To the shot, and the version, in the cut."""
        job: Job = event.row.job
        self.screens.go(shot=job.shot, version=job.version, picture="", frame=job.frames[0])
        self.screens.action_room("cut")

    def on_resize(self) -> None:
        self.call_after_refresh(self._lay_out)


def _look(desk: Desk) -> Looked:
    """The jobs, and how fast those that render go."""
    jobs = desk.show.jobs()
    details = {job.id: desk.show.job_detail(job.id) for job in jobs if job.state == "rendering"}
    return Looked(tuple(present.rows_of(jobs, details)), desk.show.unserved())


def _steered(show: Show, act: str, ids: tuple[str, ...]) -> str:
    """Do it to each; what came of it."""
    jobs = [show.steer(job, act) for job in ids]  # type: ignore[arg-type]
    named = f"{jobs[0].shot} {present.what(jobs[0])}" if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f"{one_line(named, 60)}: {_DONE[act]}."


_DONE = {
    "cancel": "cancelled; what is being rendered stops at its next frame",
    "retry": "queued again",
    "sooner": "one place sooner",
    "later": "one place later",
    "first": "first in the queue",
}


def _started(show: Show) -> str:
    show.start_worker()
    return "A worker was asked for; one that is alive already takes the work."
