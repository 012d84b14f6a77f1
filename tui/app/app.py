"""The plain screen: the shot list, one picture, and what can be done with it.

The first paint needs Textual alone. Everything that reads (numpy, av, git, the core) runs in threads that post
messages; handlers own the state. Rendering happens in the worker process, never here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on, work
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Footer, Input, Static
from textual.worker import get_current_worker

from core.files import one_line
from tui.app import look, messages
from tui.app.desk import Desk
from tui.app.widgets import Picture, ShotList
from tui.present import rows as present

if TYPE_CHECKING:
    from core.overview import ShotRow


GRACE = 2.0
"""Seconds that a screen without a line gets to close what it holds."""


class Screens(App[None]):
    """The screens on the show in `root`."""

    ENABLE_COMMAND_PALETTE = False
    CSS = look.CSS
    BINDINGS = look.KEYS

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        super().__init__()
        self.desk = Desk(root, env)
        self.versions: list[str] = []
        self.source, self.frame = "", 0
        self._selected = ""
        self._timer: Timer | None = None
        self.question: tuple[str, str, str] | None = None

    def compose(self) -> ComposeResult:
        # Kept, not queried: what a thread found may arrive while the screens close and nothing is mounted any more.
        self.top, self.under = Static("rushes", id="top", markup=False), Static("", id="under", markup=False)
        self.list, self.picture = ShotList(id="shots"), Picture(id="picture")
        self.said, self.ask = Static("", id="said", markup=False), Input(id="ask", compact=True, select_on_focus=False)
        yield self.top
        with Horizontal():
            yield self.list
            with Vertical(id="side"):
                yield self.picture
                yield self.under
        yield self.said
        yield self.ask
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.register_theme(look.GREY)
        self.theme = look.GREY.name
        self.picture.show_words("Reading the show …")
        self.list.focus()
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.hang_up)
        self.call_after_refresh(self.load_shots)

    def hang_up(self) -> None:
        """Leave because the line is gone. What the toolkit still wants to write there may never be taken: go anyway."""
        self.exit()
        last = threading.Timer(GRACE, os._exit, (0,))
        last.daemon = True
        last.start()

    def say(self, text: str) -> None:
        self.said.update(text)

    # threads: they ask the desk and post what it says; they touch nothing here

    def _post(self, ask: Callable[[], Message | None], failed: Callable[[str], Message] = messages.Failed) -> None:
        try:
            said = ask()
        except Exception as error:
            said = failed(present.error_text(error))
        if said is not None and not get_current_worker().is_cancelled:
            self.post_message(said)

    @work(thread=True, exclusive=True, exit_on_error=False, group="shots")
    def load_shots(self) -> None:
        self._post(self.desk.shots)

    @work(thread=True, exclusive=True, exit_on_error=False, group="watch")
    def look_again(self) -> None:
        self._post(self.desk.changed)

    @work(thread=True, exclusive=True, exit_on_error=False, group="versions")
    def load_versions(self, shot: str) -> None:
        self._post(lambda: self.desk.versions(shot))

    @work(thread=True, exclusive=True, exit_on_error=False, group="picture")
    def load_picture(self, row: ShotRow, source: str, frame: int, columns: int, rows: int) -> None:
        self._post(
            # A key that is held down asks for many pictures: those that nobody waits for any more are not read.
            lambda: (
                None if get_current_worker().is_cancelled else self.desk.picture(row.shot, source, frame, columns, rows)
            ),
            lambda reason: messages.PictureFailed(row.shot.id, source, reason),
        )

    @work(thread=True, exit_on_error=False, group="acts")
    def act(self, kind: str, shot: str, version: str, text: str) -> None:
        self._post(
            lambda: self.desk.act(kind, shot, version, text),
            lambda reason: messages.NotDone(kind, shot, version, text, reason),
        )

    # what the threads found

    def on_shots_loaded(self, event: messages.ShotsLoaded) -> None:
        self.top.update(f"rushes  {one_line(event.title)} · {present.footing(event.rows)}")
        self.list.show_rows(event.rows)
        if self._timer is None:
            # Not before: the first paint comes first, and a show that cannot be opened is not asked every two seconds.
            self._timer = self.set_interval(2.0, self.look_again)
        if not event.rows:
            self.picture.show_words("This show has no shots yet.\nBring a cut in: rushes new CUT DIR")

    @on(ShotList.Selected)
    def select(self, event: ShotList.Selected) -> None:
        if event.row.shot.id != self._selected:
            self._selected = event.row.shot.id
            middle = (event.row.shot.cut_range.first + event.row.shot.cut_range.last) // 2
            self.versions, self.source, self.frame = [], "", middle
            self.say("")
        self.source = self.source or present.first_source(event.row)
        self.load_versions(event.row.shot.id)
        self.show_picture()

    def on_changed(self) -> None:
        self.load_shots()

    def on_versions_loaded(self, event: messages.VersionsLoaded) -> None:
        if self.list.row is not None and event.shot == self.list.row.shot.id:
            self.versions = event.versions

    def on_picture_loaded(self, event: messages.PictureLoaded) -> None:
        if self._is_wanted(event.shot, event.source):
            self.frame = event.frame
            self.picture.show_strips(event.strips)
            self._under()

    def on_picture_failed(self, event: messages.PictureFailed) -> None:
        if self._is_wanted(event.shot, event.source):
            self.picture.show_words(event.reason)

    def _is_wanted(self, shot: str, source: str) -> bool:
        row = self.list.row
        return row is not None and (row.shot.id, self.source) == (shot, source)

    def on_done(self, event: messages.Done) -> None:
        self.say(event.text)
        self.load_shots()

    def on_not_done(self, event: messages.NotDone) -> None:
        if event.text and self.question is None:
            # What was typed is not lost: it stands in the line again.
            self._ask(event.kind, event.shot, event.version, event.text)
        self.say(event.reason)

    def on_failed(self, event: messages.Failed) -> None:
        self.say(event.text)
        if not self.list.rows:
            self.picture.show_words(event.text)

    # what hands do

    def show_picture(self) -> None:
        row, size = self.list.row, self.picture.size
        if row is None or not size.width or not size.height:
            return
        if not self.source:
            self.picture.show_words(f"{row.shot.id} has no picture: {one_line(row.shot.missing) or 'no plate'}.")
            return
        self._under()
        self.load_picture(row, self.source, self.frame, size.width, size.height)

    def _under(self) -> None:
        row = self.list.row
        if row is not None:
            self.under.update(f" {row.shot.id} · {self.source} · {self.frame} · {row.shot.range}")

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.show_picture)

    def action_step(self, by: int) -> None:
        row = self.list.row
        if row is not None and self.source:
            span = row.shot.range
            self.frame = span.nearest(self.frame + by)
            self.show_picture()

    def action_source(self) -> None:
        row = self.list.row
        if row is not None:
            self.source = present.next_source(self.versions, row.shot.plate is not None, self.source)
            self.show_picture()

    def action_reload(self) -> None:
        self.load_shots()

    def action_help(self) -> None:
        self.say(look.HELP)

    def action_ask(self, kind: str) -> None:
        row = self.list.row
        version = self.source if self.source != present.PLATE else ""
        if row is None or (kind != "generate" and not version):
            self.say("Show a version first: v.")
            return
        self._ask(kind, row.shot.id, version)

    def _ask(self, kind: str, shot: str, version: str, typed: str = "") -> None:
        self.question = (kind, shot, version)
        self.say(look.ASKS[kind].format(shot=shot, version=version))
        ask = self.ask
        ask.value = typed
        ask.add_class("asking")
        ask.focus()

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        if self.question is not None:
            self.act(*self.question, event.value)
            self._close()

    def action_leave(self) -> None:
        self._close()
        self.say("")

    def _close(self) -> None:
        self.question = None
        self.ask.remove_class("asking")
        self.list.focus()
