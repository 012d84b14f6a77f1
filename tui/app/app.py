"""The plain screen: the shot list, one picture, and what can be done with it.

The first paint needs Textual alone. Everything that reads (numpy, av, git, the core) runs in threads that post
messages; handlers own the state. Rendering happens in the worker process, never here.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static
from textual.worker import get_current_worker

from core.files import one_line
from tui.app import look, messages, present
from tui.app.widgets import Picture, ShotList

if TYPE_CHECKING:
    from core.overview import ShotRow
    from core.show import Remark, Show


class Screens(App[None]):
    """The screens on the show in `root`."""

    ENABLE_COMMAND_PALETTE = False
    CSS = look.CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "source", "version"),
        Binding("left", "step(-1)", "frame −", show=False),
        Binding("right", "step(1)", "frame +", show=False),
        Binding("a", "ask('approve')", "approve"),
        Binding("x", "ask('retake')", "retake"),
        Binding("c", "ask('circle')", "circle"),
        Binding("g", "ask('generate')", "generate"),
        Binding("r", "reload", "refresh"),
        Binding("question_mark", "help", "help"),
        Binding("escape", "leave", "back", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        super().__init__()
        self.root, self.env = root, env
        self._opening = threading.Lock()
        self._opened: Show | None = None
        self._seen = -1
        self.versions: list[str] = []
        self.source, self.frame = "", 0
        self.question: tuple[str, str, str] | None = None

    def compose(self) -> ComposeResult:
        yield Static("rushes", id="top", markup=False)
        with Horizontal():
            yield ShotList(id="shots")
            with Vertical(id="side"):
                yield Picture(id="picture")
                yield Static("", id="under", markup=False)
        yield Static("", id="said", markup=False)
        yield Input(id="ask", compact=True, select_on_focus=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.register_theme(look.GREY)
        self.theme = look.GREY.name
        self.picture.show_words("Reading the show …")
        self.list.focus()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self.set_interval(2.0, self.watch)
        self.call_after_refresh(self.load_shots)

    @property
    def list(self) -> ShotList:
        return self.query_one("#shots", ShotList)

    @property
    def picture(self) -> Picture:
        return self.query_one("#picture", Picture)

    def say(self, text: str) -> None:
        self.query_one("#said", Static).update(text)

    # threads: they read, act and post

    def _show(self) -> Show:
        with self._opening:
            if self._opened is None:
                from core.show import Show

                self._opened = Show.open(self.root, self.env)
            return self._opened

    @work(thread=True, exclusive=True, exit_on_error=False, group="shots")
    def load_shots(self) -> None:
        try:
            show = self._show()
            self._seen = show.ledger.data_version()
            self.post_message(messages.ShotsLoaded(show.settings.name, show.shots()))
        except Exception as error:
            self.post_message(messages.Failed(present.error_text(error)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="watch")
    def watch(self) -> None:
        """Read the list again when a worker or another window has written to the ledger."""
        if self._opened is not None and self._opened.ledger.data_version() != self._seen:
            self.call_from_thread(self.load_shots)

    @work(thread=True, exclusive=True, exit_on_error=False, group="versions")
    def load_versions(self, shot: str) -> None:
        try:
            names = [row.version for row in self._show().versions(shot)]
            self.post_message(messages.VersionsLoaded(shot, names))
        except Exception as error:
            self.post_message(messages.Failed(present.error_text(error)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="picture")
    def load_picture(self, row: ShotRow, source: str, frame: int, columns: int, rows: int) -> None:
        worker = get_current_worker()
        try:
            from tui.app.pictures import read

            if worker.is_cancelled:
                return
            loaded = read(self._show(), row.shot, source, frame, columns, rows)
            if not worker.is_cancelled:
                self.post_message(loaded)
        except Exception as error:
            if not worker.is_cancelled:
                self.post_message(messages.PictureFailed(row.shot.id, source, present.error_text(error)))

    @work(thread=True, exit_on_error=False, group="acts")
    def act(self, kind: str, shot: str, version: str, text: str) -> None:
        try:
            show = self._show()
            if kind == "generate":
                job = show.generate([shot], text)[0]
                said = f"{shot} {job.version}: {job.total} frames queued"
            else:
                remark: Remark = kind  # type: ignore[assignment]
                show.review(shot, version, remark, text)
                said = f"{shot} {version}: {kind} is noted"
            waits = show.history.waiting
            self.post_message(messages.Done(f"{said}. To be committed later: {waits}" if waits else f"{said}."))
        except Exception as error:
            self.post_message(messages.Failed(present.error_text(error)))

    # what the threads found

    def on_shots_loaded(self, event: messages.ShotsLoaded) -> None:
        self.query_one("#top", Static).update(f"rushes  {one_line(event.title)} · {present.footing(event.rows)}")
        self.list.show_rows(event.rows)
        if not event.rows:
            self.picture.show_words("This show has no shots yet.\nBring a cut in: rushes new CUT DIR")

    @on(ShotList.Selected)
    def select(self, event: ShotList.Selected) -> None:
        if event.row.shot.id != getattr(self, "_selected", ""):
            self._selected = event.row.shot.id
            middle = (event.row.shot.cut_range.first + event.row.shot.cut_range.last) // 2
            self.versions, self.source, self.frame = [], present.first_source(event.row), middle
            self.say("")
        self.load_versions(event.row.shot.id)
        self.show_picture()

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
            self.query_one("#under", Static).update(f" {row.shot.id} · {self.source} · {self.frame} · {row.shot.range}")

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.show_picture)

    def action_step(self, by: int) -> None:
        row = self.list.row
        if row is not None and self.source:
            span = row.shot.range
            self.frame = max(span.first, min(span.last, self.frame + by))
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
        self.question = (kind, row.shot.id, version)
        ask = self.query_one("#ask", Input)
        ask.value, ask.placeholder = "", look.ASKS[kind].format(shot=row.shot.id, version=version)
        ask.add_class("asking")
        ask.focus()

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        if self.question is not None:
            self.act(*self.question, event.value)
        self.action_leave()

    def action_leave(self) -> None:
        self.question = None
        self.query_one("#ask", Input).remove_class("asking")
        self.list.focus()
