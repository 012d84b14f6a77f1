"""The history: who did what and when, of the show or of one shot, and what each commit changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.app.asking import Ask
from tui.app.lines import Lines
from tui.app.look import title_of
from tui.app.room import Room
from tui.present import history as present
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.history.change import CommitChange
    from core.history.events import Entry

FIRST = 200
"""Commits that are read for the first look; then all."""
NARROW = 150
FILTER = "Which? by:NAME event:review shot or any words since:2026-11-01 until:2026-11-30 — empty shows all"


class HistoryRoom(Room):
    """Commits, newest first, and the one under the cursor in full."""

    PLACE: ClassVar[str] = "history"
    TITLE_TEXT: ClassVar[str] = "History"
    HELP: ClassVar[str] = "Commits, newest first, as git has them. Enter goes to the shot and version of one."

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.list: Lines[Entry] = Lines(present.entry_line, lambda entry: entry.commit, id="entries", empty="reading …")
        self.change: Lines[Line] = Lines(lambda line, width: line, str, id="change-lines")
        self.pane = Vertical(self.change, id="change", classes="frame")
        self.entries: Sequence[Entry] = ()
        self.shot, self.filter = "", ""
        self._shown: CommitChange | None = None

    def parts(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield self.list
            yield self.pane

    # reading

    def entered(self) -> None:
        self.set_focus(self.list)
        self.keep_up()
        self._read(FIRST)

    def action_reload(self) -> None:
        self.reread()

    def reread(self) -> None:
        self._read(None)

    def _read(self, limit: int | None) -> None:
        shot = self.shot

        def came(found: list[Entry]) -> None:
            self.entries = found
            self._sift()
            if limit is not None and len(found) == limit:
                self._read(None)

        self.ask("log", lambda desk: desk.show.log(shot or None, limit), came)

    def _sift(self) -> None:
        entries, typed = self.entries, self.filter
        self.ask("filter", lambda desk: present.kept(entries, typed), self._sifted)

    def _sifted(self, kept: list[Entry]) -> None:
        self.say("")
        self.headline.update(present.headline(self.shot, self.filter, len(kept), len(self.entries)))
        self.list.empty = present.not_there(self.entries, self.filter)
        self.list.show(kept)
        if not kept:
            self._shown = None
            self.change.show(())

    @on(Lines.Moved, "#entries")
    def _chosen(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        commit = event.row.commit
        self.ask("change", lambda desk: desk.show.commit_changes(commit), self._change_came)

    def _change_came(self, change: CommitChange) -> None:
        self._shown = change
        files = f"{len(change.files)} files" if len(change.files) != 1 else change.files[0].path
        self.pane.border_title = title_of(files)
        self._lay_out()
        self.change.move_to(0)

    def _lay_out(self) -> None:
        if self._shown is not None:
            self.change.show(present.change_lines(self._shown, max(20, self.change.size.width - 2)))

    # what hands do

    def action_filter(self) -> None:
        before = self.filter

        def changed(typed: str) -> None:
            self.filter = typed
            self._sift()

        def done(typed: str | None) -> None:
            changed(before if typed is None else typed)

        self.app.push_screen(Ask(FILTER, typed=before, changed=changed, offers=_offers()), done)

    def action_whose(self) -> None:
        """The show's, or that of the shot where the person is."""
        place = self.screens.place.shot
        if not self.shot and not place:
            self.say("No shot was chosen on the cut.")
            return
        self.shot = "" if self.shot else place
        self._read(FIRST)

    def action_copy_commit(self) -> None:
        if self.list.row is not None:
            self.copy(self.list.row.commit)

    def action_pane(self) -> None:
        self.set_focus(self.list if self.change.has_focus else self.change)

    @on(Lines.Opened, "#entries")
    def _opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        """To the shot and version that a commit is about."""
        shot, version = present.place_of(event.row)
        if not shot:
            self.say("This commit is about no shot.")
            return
        self.screens.go(shot=shot, version=version, picture="", frame=0)
        self.screens.action_room("cut")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")
        self.call_after_refresh(self._lay_out)


def _offers() -> list[str]:
    from core.history.events import EVENTS

    return [f"event:{event}" for event in EVENTS]
