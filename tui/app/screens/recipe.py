"""The recipe: the draft's text with live problems and completions, its common values as a form, its keys over the
shot's length, what differs from the parent, and a test frame. Saved as it is typed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Static, TextArea

from tui.app.actions import bindings
from tui.app.asking import Ask, Choose
from tui.app.lines import Lines
from tui.app.look import text_of
from tui.app.room import Room
from tui.app.screens import drafting
from tui.app.screens.drafting import Seen
from tui.app.screens.generating import ask_generate
from tui.app.widgets.editor import Editor
from tui.app.widgets.viewer import Viewer
from tui.present import recipe as present
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.drafts import Draft
    from core.farm.ledger import Job
    from core.recipe.changes import Change
    from core.recipe.complete import Known
    from core.recipe.form import Field

PAUSE = 0.12
"""Seconds without a key after which the text is judged."""
SAVE = 0.5
"""Seconds without a key after which it is saved."""


class Form(Lines[tuple[str, Line]]):
    """The common values, one a line: (key, line)."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form", "list")
    HELP: ClassVar[str] = "A draft's common values. Enter types one; ◆ a curve decides: a key here; dim: the default."

    def move_to(self, index: int) -> None:
        """To the value there; over the name of a step, on in the same direction."""
        by = 1 if index >= self.cursor else -1
        index = max(0, min(len(self.rows) - 1, index))
        while 0 <= index < len(self.rows) and not self.rows[index][0]:
            index += by
        if 0 <= index < len(self.rows):
            super().move_to(index)


class RecipeRoom(Room):
    """The draft of the shot where the person is."""

    PLACE: ClassVar[str] = "recipe"
    STANDS_AT_ONCE: ClassVar[bool] = False  # what is typed belongs into the draft, so the draft comes first
    HELP: ClassVar[str] = "The draft of a shot. It is saved as you type; former texts are kept: ctrl+b brings one back."

    def __init__(self, name: str = "recipe") -> None:
        super().__init__(name)
        self.editor = Editor(id="editor")
        self.form = Form(lambda row, width: row[1], lambda row: row[0] or str(row[1]), id="form", classes="frame")
        self.keys = Static("", id="keys")
        self.changes = Static("", id="changes")
        self.since = VerticalScroll(self.changes, id="since", classes="frame", can_focus=False)
        self.viewer = Viewer(id="test")
        self.shot: Shot | None = None
        self.seen: Seen | None = None
        self.known: Known | None = None
        self._ahead: dict[str, str] = {}
        """Values set a moment ago, until the text that has them is looked at: the next press goes on from them."""
        self._saved = ""
        self._mine: str | None = None
        """What this visit wrote last: only that may be replaced without being kept."""
        self._typed = False
        self._pauses: dict[str, Timer] = {}
        self._job = ""

    def parts(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="writing"):
                yield self.editor
                yield self.keys
            with Vertical(id="beside"):
                yield self.form
                yield self.viewer
                yield self.since

    # reading

    def entered(self) -> None:
        self.form.border_title, self.since.border_title = "Values", "Since its parent"
        self.set_focus(self.editor.area)
        self.reread()

    def reread(self) -> None:
        """What is on disk: another text where something else wrote it."""
        shot = self.screens.place.shot
        self.ask("draft", lambda desk: (desk.show.shot(shot), desk.show.draft(shot)), self._draft_came, self._no_draft)
        self.ask("known", lambda desk: desk.show.known(shot), self._known_came)

    def _draft_came(self, found: tuple[Shot, Draft]) -> None:
        self.shot, draft = found
        self._saved = draft.text
        self.headline.update(f"Recipe  {self.shot.id} · the draft · {self.shot.range} · frame {self.frame}")
        self.editor.put(draft.text)
        self.stands = True
        self.editor.border_title = f"{self.shot.id} · draft"
        self._show_plate()
        self._judge()

    def _no_draft(self, reason: str) -> None:
        self.stands = True
        self.say(reason, stays=True)

    def _known_came(self, known: Known) -> None:
        self.known = known

    @property
    def frame(self) -> int:
        return self.shot.range.nearest(self.screens.place.frame) if self.shot else self.screens.place.frame

    # typing

    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._typed = self.editor.area.typing
        self._later("judge", PAUSE, self._judge)
        self._later("save", SAVE, self.keep)

    def _later(self, name: str, seconds: float, deed: object) -> None:
        if name in self._pauses:
            self._pauses[name].stop()
        self._pauses[name] = self.set_timer(seconds, deed)  # type: ignore[arg-type]

    def _judge(self) -> None:
        text, offset, shot, known = self.editor.area.text, self.editor.area.offset_of_cursor, self.shot, self.known
        if shot is not None:
            # Judged again without a key, such as when the draft was read anew: what is offered stays.
            same = bool(self.editor.offers) and self.seen is not None and self.seen.text == text
            typing = self._typed or same
            self.ask("judge", lambda _: drafting.looked_at(text, offset if typing else None, shot, known), self._judged)

    def _judged(self, seen: Seen) -> None:
        self.seen, self._typed = seen, False
        self._ahead.clear()
        self.editor.tell(seen.text, seen.problems, seen.offers if self.editor.area.has_focus else ())
        self._show_values()
        shot = self.shot
        if not seen.problems and shot is not None:
            self.ask("since", lambda desk: drafting.since(desk.show, shot, seen.text), self._since_came)

    def _since_came(self, changes: tuple[Change, ...]) -> None:
        nothing: Line = (("nothing yet, or it has no parent", "dim"),)
        self.changes.update(text_of(present.change_lines(changes) or [nothing]))

    def _show_values(self) -> None:
        """The form and the keys, as they are at this frame."""
        seen, shot = self.seen, self.shot
        if seen is None or shot is None:
            return
        chosen = self.form.row[0] if self.form.row else ""
        self.form.show(present.form_lines(self.fields, max(20, self.form.size.width - 3)), at=chosen)
        width = max(20, self.keys.size.width - 1)
        lines = present.strip_lines(seen.curves, shot.range, width, self.frame)
        self.keys.update(text_of(lines))
        self.keys.styles.height = min(6, len(lines))

    # keeping

    def keep(self) -> None:
        """Save what is typed, valid or not."""
        shot, text, mine = self.shot, self.editor.area.text, self._mine
        if shot is None or text == self._saved:
            return
        self._saved = self._mine = text
        self.act(lambda show: show.draft(shot.id, text=text, instead_of=mine), lambda draft: None, self._not_kept)

    def _not_kept(self, reason: str) -> None:
        self._saved = ""  # the next pause tries again
        self.say(f"Not saved: {reason}", stays=True)

    def action_back(self) -> None:
        if not self.editor.quiet():
            self.keep()
            self.dismiss()

    # what hands do

    def action_complete(self) -> None:
        self._typed = True
        self._judge()

    def action_offer(self, by: int) -> None:
        self.editor.choose(by)

    def action_test(self) -> None:
        """Render the frame where the person is from the draft: local, no number, no commit."""
        shot, frame = self.shot, self.frame
        if shot is None:
            return
        self.keep()
        self.say(f"A test of frame {frame}: its models are looked for …", stays=True)
        self.act(lambda show: show.preview(shot.id, (frame,)), self._queued, long=True)

    def _queued(self, job: Job) -> None:
        self._job = job.id
        self._later("test", 0.3, self._watch)

    def _watch(self) -> None:
        job = self._job
        self.ask("test", lambda desk: drafting.test_and_others(desk, job), self._tested)

    def _tested(self, found: tuple[Job, list[Job]]) -> None:
        job, others = found
        if job.state in ("queued", "rendering"):
            self.say(present.test_line(job, others), stays=True)
            self._later("test", 0.3, self._watch)
        elif job.state == "complete" and self.shot is not None:
            from core.viewing.view import Source

            self.say("")
            self.viewer.border_title = f"test of {job.frames[0]}"
            self._show_test(True)
            self.viewer.look(self.shot, Source(self.shot.id, job=job.id), job.frames[0])
        else:
            self.say(f"The test {job.state}: {job.reason}")

    def _show_test(self, tested: bool) -> None:
        """On a small terminal there is room for the values or for the picture."""
        narrow = self.has_class("narrow")
        self.viewer.display, self.form.display = tested or not narrow, not (tested and narrow)
        if tested and narrow:
            self.set_focus(self.editor.area)
            self.say("ctrl+o shows the values again.")

    def _show_plate(self) -> None:
        from core.viewing.view import Source

        if self.shot is not None:
            self.viewer.border_title = "plate"
            self.viewer.look(self.shot, Source(self.shot.id), self.frame)

    def action_step(self, by: int) -> None:
        if self.shot is not None:
            self._ahead.clear()
            self.screens.go(frame=self.shot.range.nearest(self.frame + by))
            self.headline.update(f"Recipe  {self.shot.id} · the draft · {self.shot.range} · frame {self.frame}")
            self._show_values()
            self.viewer.go(self.frame)

    def action_generate(self) -> None:
        if self.shot is not None:
            self.keep()
            ask_generate(self, (self.shot.id,), self.reread)

    def action_pane(self) -> None:
        """From the text to the form, and back."""
        self._show_test(False)
        self.set_focus(self.form if self.editor.area.has_focus else self.editor.area)

    # the form

    @property
    def fields(self) -> tuple[Field, ...]:
        """The common values at this frame."""
        seen, shot = self.seen, self.shot
        if seen is None or shot is None:
            return ()
        there = present.at_frame(seen.fields, seen.curves, self.frame, shot.range)
        return tuple(replace(field, value=self._ahead.get(field.key, field.value)) for field in there)

    @property
    def field(self) -> Field | None:
        row = self.form.row
        return next((field for field in self.fields if row and field.key == row[0]), None)

    def action_adjust(self, by: int) -> None:
        """A number a step up or down, the next choice, a new seed."""
        field = self.field
        if field is None:
            return
        if field.kind == "seed":
            from core.recipe.form import new_seed

            self._assign(field, new_seed(secrets.randbelow), self.say)
            return
        wanted = present.adjusted(field, by)
        if wanted is None:
            self.say(f"{field.label} is typed: enter.")
        else:
            self._assign(field, wanted, self.say)

    @on(Lines.Opened, "#form")
    def _opened(self) -> None:
        field = self.field
        if field is not None:
            self._type(field, field.value or field.default)

    def _type(self, field: Field, typed: str, why: str = "") -> None:
        def answered(text: str | None) -> None:
            if text is not None:
                self._assign(field, text, lambda reason: self._type(field, text, reason))

        question = f"{field.key}  {field.help}"
        self.app.push_screen(Ask(question, typed=typed, why=why, offers=field.choices), answered)

    def _assign(self, field: Field, value: str, refused: Callable[[str], None]) -> None:
        """Another value; where a curve decides, a key at this frame: the plain value would change no picture."""
        from core.errors import RecipeError
        from core.recipe.keys import with_key
        from core.recipe.text import assigned

        text = self.editor.area.text
        try:
            if field.keyed:
                self.editor.put(with_key(text, field.key, self.frame, value))
            else:
                self.editor.put(assigned(text, [f"{field.key}={value}"], "draft"))
        except RecipeError as error:
            refused(str(error))
            return
        self._ahead[field.key] = value
        self._show_values()

    def action_key(self) -> None:
        """A key at the frame where the person is, with the value as it is there; where one is, it goes."""
        from core.errors import RecipeError
        from core.recipe.keys import with_key, without_key

        field, seen = self.field, self.seen
        if field is None or seen is None:
            return
        text, frame = self.editor.area.text, self.frame
        here = present.key_at(seen.curves, field.key, frame)
        try:
            changed = (
                without_key(text, field.key, frame)
                if here
                else with_key(text, field.key, frame, field.value or field.default)
            )
        except RecipeError as error:
            self.say(str(error))
            return
        self.editor.put(changed)

    def action_look(self) -> None:
        """Put a look under the draft: what the draft says wins."""
        shot = self.shot
        if shot is not None:
            self.ask(
                "looks",
                lambda desk: sorted(path.stem for path in desk.show.layout.looks.glob("*.toml")),
                self._choose_look,
            )

    def _choose_look(self, looks: list[str]) -> None:
        shot = self.shot
        if not looks or shot is None:
            self.say("The show has no looks yet: looks/<name>.toml, recipe fragments that shots share.")
            return

        def chosen(look: str | None) -> None:
            if look is not None:
                self.keep()
                self.act(lambda show: (shot, show.draft(shot.id, look=look)), self._draft_came)

        letters = "123456789abcdefghijklmnopqrstuvwxyz"
        choices = [(letter, look, look) for letter, look in zip(letters, looks, strict=False)]
        self.app.push_screen(Choose(f"Which look under {shot.id}?", choices), chosen)

    def action_earlier(self) -> None:
        """Bring back a former text of this draft."""
        shot = self.shot
        if shot is not None:
            self.keep()
            self.ask("earlier", lambda desk: drafting.earlier(desk, shot.id), self._choose_earlier)

    def _choose_earlier(self, found: list[tuple[str, str]]) -> None:
        """`found`: (what it is called, the text)."""
        if not found:
            self.say("This is the first text of this draft.")
            return

        def chosen(index: str | None) -> None:
            if index is not None:
                self._mine = None  # what is here now is kept when the other one is saved
                self.editor.put(found[int(index)][1])

        choices = [(str(n + 1), str(n), name) for n, (name, _) in enumerate(found[:9])]
        self.app.push_screen(Choose("Bring which text back? What is here now is kept too.", choices), chosen)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 100, "narrow")
        self._show_test(False)
        if self.seen is not None:
            self._judged(self.seen)
