"""Dailies: what awaits review, in cut order, one after the other, with the picture and the notes beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from core.files import one_line, safe_text
from core.viewing.view import Source
from tui.app.desk import Desk
from tui.app.lines import Lines
from tui.app.look import text_of
from tui.app.screens.judging import Judgement, Judging
from tui.app.widgets.notes import NoteLines
from tui.app.widgets.viewer import Viewer
from tui.present import dailies as present
from tui.present.cut import middle, neighbour
from tui.present.inspector import notes_of
from tui.present.showing import note_ranges
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.history.review import Note, Review
    from core.recipe.changes import Change
    from core.rows import ShotRow, VersionRow, Waiting

NARROW, WIDE = 100, 180


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the version that is looked at."""

    shot: str
    versions: tuple[VersionRow, ...]
    review: Review
    changes: tuple[Change, ...]
    """Of its recipe, against its parent's."""


class DailiesRoom(Judging):
    """A playlist. What gets a status stays where it is, to be circled too, until this screen is opened again."""

    PLACE: ClassVar[str] = "dailies"
    TITLE_TEXT: ClassVar[str] = "Dailies"
    HELP: ClassVar[str] = "What awaits review, in cut order. What is judged stays until it is read again: . goes on."

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.list: Lines[Waiting] = Lines(self._line, lambda row: row.shot, id="waiting", empty="nothing")
        self.notes = NoteLines(id="notes")
        self.note = Static("", id="note", markup=False)
        self.about = Static("", id="about", markup=False)
        self.viewer = Viewer(id="viewer")
        self.rows: Mapping[str, ShotRow] = {}
        self.seen: Seen | None = None
        self.version = ""
        """What is looked at; empty: the plate."""
        self.awaited = ("", "")
        """(shot, version) under the cursor."""
        self.came: dict[tuple[str, str], Waiting] = {}
        """What awaited review at some moment since this screen was opened, or since it was read again by hand."""

    def parts(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.list
                with Vertical(id="said-of-it", classes="frame") as frame:
                    frame.border_title = "Notes"
                    yield self.notes
                    yield self.note
            with Vertical(id="right"):
                yield self.viewer
                yield self.about

    def _line(self, waiting: Waiting, width: int) -> Line:
        row = self.rows.get(waiting.shot)
        return present.waiting_line(waiting, width, row.status if row is not None else "rev")

    # reading

    def entered(self) -> None:
        self.set_focus(self.list)
        self.viewer.show_words("Looking what awaits review …")
        self.keep_up()
        self.reread()

    def action_reload(self) -> None:
        self.came = {}
        self.reread()

    def reread(self) -> None:
        self.ask("dailies", _read, self._came, self.viewer.show_words)

    def _came(self, found: tuple[str, Mapping[str, ShotRow], tuple[Waiting, ...]]) -> None:
        name, self.rows, waiting = found
        here = {(row.shot, row.version) for row in waiting}
        self.came |= {(row.shot, row.version): row for row in waiting}
        judged = [row for key, row in self.came.items() if key not in here and row.shot in self.rows]
        self.headline.update(present.headline(one_line(name, 40), waiting, len(judged)))
        order = {shot: place for place, shot in enumerate(self.rows)}
        self.list.show(sorted([*waiting, *judged], key=lambda row: order[row.shot]))
        if not self.list.rows:
            self._nothing(len(judged))

    def _nothing(self, reviewed: int) -> None:
        self.seen, self.version, self.awaited = None, "", ("", "")
        self.viewer.show_words(present.nothing_left(reviewed))
        self.viewer.border_title = ""
        self.notes.tell("", ())
        self.note.update("")
        self.about.update("")

    @on(Lines.Moved, "#waiting")
    def _chosen(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        waiting: Waiting = event.row
        row = self.rows[waiting.shot]
        before, self.awaited = self.awaited, (waiting.shot, waiting.version)
        if before != self.awaited:
            same = before[0] == waiting.shot and self.viewer.state is not None
            self._look(waiting.version, self.viewer.frame if same else middle(row))
        else:  # read again; an older version that is looked at stays
            self._inspect()

    def _look(self, version: str, frame: int) -> None:
        """Show this version, or the plate, of the shot under the cursor."""
        waiting = self.list.row
        if waiting is None:
            return
        shot = self.rows[waiting.shot].shot
        self.version = version
        if self.seen is not None and self.seen.shot != shot.id:
            self.seen = None
        self.screens.go(shot=shot.id, version=version, picture="", frame=frame)
        self.viewer.look(shot, Source(shot.id, version), frame)
        self.viewer.border_title = f"{shot.id} {version or 'plate'}"
        self._inspect()

    def _inspect(self) -> None:
        waiting, version = self.list.row, self.version
        if waiting is not None:
            self.ask("seen", lambda desk: _seen(desk, waiting.shot, version), self._seen_came, self.refuse)

    def _seen_came(self, seen: Seen) -> None:
        self.seen = seen
        row = next((row for row in seen.versions if row.version == self.version), None)
        self.about.update(text_of(present.about_lines(row, seen.changes)))
        notes = notes_of(seen.review, [row.version for row in seen.versions])
        self.notes.tell(seen.shot, notes)
        self.viewer.annotate(notes=note_ranges(seen.review, self.version))
        if not self.notes.rows:
            self.note.update("")
        self.grant(seen)

    # notes

    @on(Lines.Moved, "#notes")
    def _note_moved(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        note: Note = event.row
        self.note.update(safe_text(note.event.text[:2000], keep_newlines=True))

    @on(Lines.Opened, "#notes")
    def _note_opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        said = event.row.event
        self._look(said.version, said.frames[0] if said.frames else self.viewer.frame)

    @on(Viewer.Shown)
    def _frame_shown(self, event: Viewer.Shown) -> None:
        self.screens.go(frame=event.frame)

    # what hands do

    def judged(self) -> tuple[tuple[str, str], ...]:
        """What is shown; where rows are marked, those."""
        if self.list.marked:
            return tuple((row.shot, row.version) for row in self.list.chosen)
        row = self.list.row
        return ((row.shot, self.version),) if row is not None else ()

    def judge(self, judgement: Judgement, why: str = "") -> None:
        if judgement.about:
            super().judge(judgement, why)
        else:
            self.say("Nothing awaits review.")

    def action_note(self) -> None:
        row = self.list.row
        frames = self.viewer.span or (self.viewer.frame, self.viewer.frame)
        about = ((row.shot, self.version),) if row is not None else ()
        self.judge(Judgement("note", about, frames, self.viewer.box))

    def action_go(self, by: int) -> None:
        self.list.action_move(by)

    def action_mark(self) -> None:
        self.list.mark()

    def action_mark_all(self) -> None:
        self.list.mark_all()

    def action_play(self) -> None:
        self.viewer.press("toggle")

    def action_step(self, by: int) -> None:
        self.viewer.step(by)

    def action_version(self, by: int) -> None:
        def step(seen: Seen) -> None:
            order = ["", *(row.version for row in seen.versions)]
            self._look(neighbour(order, self.version, by), self.viewer.frame)

        if self.seen is not None:
            step(self.seen)
        elif self.list.row is not None:
            self.wish(step)
            self._inspect()

    def action_compare(self) -> None:
        self.screens.action_room("compare")

    def action_pane(self, by: int) -> None:
        panes: list[Widget] = [self.list, self.viewer, self.notes]
        here = panes.index(self.focused) if self.focused in panes else 0
        self.set_focus(panes[(here + by) % len(panes)])

    @on(Lines.Opened, "#waiting")
    def _opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        self.screens.action_room("cut")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")
        self.set_class(event.size.width >= WIDE, "wide")


def _read(desk: Desk) -> tuple[str, Mapping[str, ShotRow], tuple[Waiting, ...]]:
    """The show's name, its shots by id, and what awaits review."""
    rows = {row.shot.id: row for row in desk.show.shots()}
    return desk.show.settings.name, rows, tuple(row for row in desk.show.dailies() if row.shot in rows)


def _seen(desk: Desk, shot: str, version: str) -> Seen:
    from core.overview import read_review

    rows = tuple(desk.show.versions(shot))
    parent = next((row.parent for row in rows if row.version == version), "")
    changes = desk.show.changes(shot, parent, version) if parent else ()
    return Seen(shot, rows, read_review(desk.show.layout, shot), changes)
