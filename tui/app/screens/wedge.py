"""The wedge: one frame of the draft over many seeds or values; the picture that is picked becomes the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tui.app.asking import Ask
from tui.app.lines import Lines
from tui.app.room import Room
from tui.app.screens.generating import ask_generate
from tui.app.widgets.thumbs import Thumbs
from tui.present import wedge as present
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.cut.shot import Shot
    from core.drafts import Draft
    from core.farm.jobs import Job
    from core.frames import FrameRange
    from core.recipe.form import Field
    from tui.app.desk import Desk

NARROW = 100
"""Below it either the values or the pictures are shown."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What can be varied and what was: read in a thread, whole."""

    shot: Shot
    fields: tuple[Field, ...]
    problem: str
    """Why the draft does not hold yet; empty: it does."""
    jobs: tuple[Job, ...]
    """The shot's wedges, newest first."""
    picked: Mapping[str, int]
    """By job which picture was picked, from 1."""
    open: Job | None
    done: frozenset[int]
    """Items of the open one that are rendered."""
    frames: FrameRange
    """The frames that the draft makes."""


class WedgeRoom(Room):
    """Values to vary and wedges made so far, beside the contact sheet of one of them."""

    PLACE: ClassVar[str] = "wedge"
    TITLE_TEXT: ClassVar[str] = "Wedge"
    HELP: ClassVar[str] = "Choose a value, w varies it over one frame. p makes the picture under the cursor the draft."

    def __init__(self, name: str = "wedge") -> None:
        super().__init__(name)
        self.fields: Lines[Field] = Lines(
            present.field_line, lambda field: field.key, id="fields", empty="nothing to vary: e writes the recipe"
        )
        self.wedges: Lines[Job] = Lines(self._wedge_line, lambda job: job.id, id="wedges", empty="no wedge yet")
        self.thumbs = Thumbs(id="thumbs", empty="w varies the value under the cursor")
        self.about = Static("", classes="about", markup=False)
        self.bench: Bench | None = None
        self._job = ""

    def parts(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="left"):
                with Vertical(classes="frame", id="values") as values:
                    values.border_title = "What can be varied"
                    yield self.fields
                with Vertical(classes="frame", id="made") as made:
                    made.border_title = "Wedges of this shot"
                    yield self.wedges
            yield self.thumbs
        yield self.about

    def _wedge_line(self, job: Job, width: int) -> Line:
        picked = self.bench.picked.get(job.id, 0) if self.bench else 0
        return present.wedge_line(job, picked, width)

    @property
    def job(self) -> Job | None:
        """The wedge whose pictures are shown."""
        return self.bench.open if self.bench else None

    @property
    def frame(self) -> int:
        """The frame that the next wedge is made of: where the person is, as far as the draft goes."""
        frame, bench = self.screens.place.frame, self.bench
        return bench.frames.nearest(frame or bench.shot.poster) if bench else frame

    # reading

    def entered(self) -> None:
        self.set_focus(self.fields)
        self.keep_up()
        self.reread()

    def reread(self) -> None:
        shot, job = self.screens.place.shot, self._job
        self.ask("bench", lambda desk: bench_of(desk, shot, job), self._came, self._none)

    def _none(self, reason: str) -> None:
        self.thumbs.empty = "" if self.bench else reason
        self.say(reason, stays=True)

    def _came(self, bench: Bench) -> None:
        first, before = self.bench is None, self.job
        self.bench, job = bench, bench.open
        self.fields.show(present.variable(bench.fields))
        self.wedges.show(bench.jobs, at=job.id if job else "")
        if bench.problem:
            self.say(f"{bench.problem}\ne writes the recipe.", stays=True)
        if job is not None:
            self._show(bench, job, new=before is None or before.id != job.id)
            if first:
                self._turn(self.thumbs)
        self._tell()

    def _show(self, bench: Bench, job: Job, *, new: bool) -> None:
        plate, picked = bench.shot.plate, bench.picked.get(job.id, 0)
        aspect = float(plate.width * plate.pixel_aspect / plate.height) if plate else 16 / 9
        at = str(max(0, picked - 1)) if new else ""
        self.thumbs.show(
            present.thumbs(job, bench.done, picked), at=at, across=present.across(job.labels), aspect=aspect
        )

    def _tell(self) -> None:
        bench = self.bench
        if bench is None:
            return
        job, thumb = bench.open, self.thumbs.thumb
        self.headline.update(present.headline(bench.shot.id, self.frame, job))
        field = self.fields.row
        if self.focused is self.fields and field is not None:
            self.about.update(present.about_field(field))
        elif job is not None and thumb is not None:
            self.about.update(present.about(job, int(thumb.key), bench.picked.get(job.id, 0)))

    @on(Thumbs.Moved)
    @on(Lines.Moved, "#fields")
    @on(events.DescendantFocus)
    def _moved(self) -> None:
        self._tell()

    @on(Lines.Moved, "#wedges")
    def _wedge_chosen(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        self._open(event.row.id)

    @on(Lines.Opened, "#wedges")
    def _wedge_opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        self._open(event.row.id)
        self._turn(self.thumbs)

    def _open(self, job: str) -> None:
        if self.job is None or self.job.id != job:
            self._job = job
            self.reread()

    # what hands do

    def action_vary(self) -> None:
        """Ask for values of the marked ones, at most two, else of the one under the cursor."""
        chosen = [field for field in self.fields.chosen if not field.keyed]
        if self.bench is not None and self.bench.problem:
            self.say(f"{self.bench.problem}\ne writes the recipe.")
        elif not chosen:
            self.say("It has a curve, which would win over a wedge's values: e takes the curve out.")
        else:
            self._ask_values(" ".join(present.spec(field) for field in chosen[:2]))

    def _ask_values(self, typed: str, why: str = "") -> None:
        shot, frame = self.screens.place.shot, self.frame

        def answered(text: str | None) -> None:
            if text is not None:
                refused = lambda reason: self._ask_values(text, reason)  # noqa: E731
                self.act(lambda show: show.wedge(shot, frame, present.axes(text)), self._started, refused, long=True)

        question = f"Vary what at frame {frame}? Two values make a table. {present.HOW}"
        self.app.push_screen(Ask(question, typed=typed, why=why), answered)

    def _started(self, job: Job) -> None:
        self.say(f"{job.total} pictures are queued.")
        self.fields.marked.clear()
        self._job = job.id
        self._turn(self.thumbs)
        self.reread()

    @on(Lines.Opened, "#fields")
    def _field_opened(self) -> None:
        self.action_vary()

    @on(Thumbs.Opened)
    def _thumb_opened(self) -> None:
        self.action_pick()

    def action_pick(self) -> None:
        job, thumb, shot = self.job, self.thumbs.thumb, self.screens.place.shot
        if job is None or thumb is None:
            self.say("There is no wedge yet: w makes one.")
            return
        if thumb.source is None:
            self.say(f"Picture {int(thumb.key) + 1} is not rendered: {thumb.words}.")
            return
        item = int(thumb.key)
        made = ", ".join(present.values_of(job.labels[item]))
        told = f"Picture {item + 1} is the draft now: {made}. e shows the recipe, R generates it."
        self.act(lambda show: show.pick(shot, item + 1, job.id), lambda draft: self._picked(told, draft))

    def _picked(self, told: str, draft: Draft) -> None:
        self.say(told)
        self.reread()

    def why_not(self, action: str) -> str:
        open_job = self.job is not None and self.job.state in ("queued", "rendering")
        return "this wedge does not render" if action == "cancel" and not open_job else ""

    def action_cancel(self) -> None:
        job, reason = self.job, self.why_not("cancel")
        if job is None or reason:
            self.say(f"{reason[0].upper()}{reason[1:]}.")
            return
        self.act(lambda show: show.steer(job.id, "cancel"), self._cancelled)

    def _cancelled(self, job: Job) -> None:
        self.say(f"The wedge stops: {job.done} of {job.total} pictures stay.")
        self.reread()

    def action_other(self, by: int) -> None:
        """An older wedge, or a newer one."""
        self.wedges.action_move(by)

    def action_mark(self) -> None:
        self.fields.mark()

    def action_recipe(self) -> None:
        self.screens.action_room("recipe")

    def action_generate(self) -> None:
        """The draft, which is what was picked, as the next version."""
        ask_generate(self, (self.screens.place.shot,), self.reread)

    def action_pane(self, by: int) -> None:
        panes: list[Widget] = [self.fields, self.wedges, self.thumbs]
        here = panes.index(self.focused) if self.focused in panes else 0
        self._turn(panes[(here + by) % len(panes)])

    def _turn(self, pane: Widget) -> None:
        """Focus a part; on a narrow terminal only its side is shown."""
        self.set_class(pane is self.thumbs, "picturing")
        self.set_focus(pane)

    def on_screen_resume(self) -> None:
        if self.bench is not None:  # the recipe may have been changed on the way
            self.reread()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")


def bench_of(desk: Desk, shot: str, job: str) -> Bench:
    """What the screen shows of a shot; `job`: the wedge that is open, else the newest. Raises ShowError."""
    from core.audit.story import tell
    from core.recipe.form import fields
    from core.wedges import rendered

    show = desk.show
    found, draft = show.shot(shot), show.draft(shot)
    made = [one for one in show.jobs() if one.kind == "wedge" and one.shot == found.id]
    made.sort(key=lambda one: (one.created, one.id), reverse=True)
    opened = next((one for one in made if one.id == job), made[0] if made else None)
    done = frozenset(rendered(show.ledger, opened)) if opened else frozenset()
    row = next(row for row in show.shots() if row.shot.id == found.id)
    (scene,) = tell(show.layout, [(row, ())])
    picked = {choice.sources[0].job: choice.picked for choice in scene.choices}
    problem = str(draft.problem) if draft.problem is not None else ""
    frames = draft.recipe.frames if draft.recipe and draft.recipe.range else found.range
    return Bench(found, fields(draft.text), problem, tuple(made), picked, opened, done, frames)
