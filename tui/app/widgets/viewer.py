"""The viewer: one picture of a shot, still or playing, and a line that says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from core.viewing.view import Source
from tui.app.actions import bindings

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.frames import FrameRange
    from tui.app.desk import Desk


class Viewer(Widget, can_focus=True):
    """A picture in the middle of its place, or a few words on why there is none."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("viewer")

    @dataclass
    class Shown(Message):
        """A frame is on the screen."""

        frame: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="frame")
        self._strips: list[Strip] = []
        self.words = ""
        self.shot: Shot | None = None
        self.version, self.picture, self.frame = "", "", 0
        self.range: FrameRange | None = None
        self.span: tuple[int, int] | None = None
        """In and out, where both or one were set."""
        self.box: tuple[float, float, float, float] | None = None
        """A part of the picture, in shares of it: left, top, right, bottom."""

    def look(self, shot: Shot, version: str, picture: str, frame: int) -> None:
        """Show the plate (no version), a version's master (no picture), or one of its pictures, at a shot frame."""
        self.shot, self.version, self.picture = shot, version, picture
        self.range = shot.range
        self.go(frame)

    def go(self, frame: int) -> None:
        """Show a frame, the nearest one that there is."""
        if self.shot is None:
            return
        self.frame = self.shot.range.nearest(frame)
        self._load()

    def show_words(self, words: str) -> None:
        """Say this instead of a picture."""
        self._strips, self.words = [], words
        self.refresh()

    def _load(self) -> None:
        from tui.app.halfblocks import strips
        from tui.app.room import Room

        assert isinstance(self.screen, Room) and self.shot is not None
        shot, version, frame, (columns, rows) = self.shot, self.version, self.frame, self.size
        if not columns or not rows:
            return
        if not version and shot.plate is None:
            self.show_words(f"{shot.id} has no picture: {shot.missing or 'no plate'}.")
            return

        def picture(desk: Desk) -> list[Strip]:
            seen = desk.show.viewer.seen(Source(shot.id, version), frame)
            return strips(seen, columns, rows, float(shot.plate.pixel_aspect) if shot.plate else 1.0)

        self.screen.ask(f"picture {self.id}", picture, self._came, self.show_words)

    def _came(self, strips: list[Strip]) -> None:
        self._strips, self.words = strips, ""
        self.refresh()
        self.post_message(self.Shown(self.frame))

    def on_resize(self, event: events.Resize) -> None:
        self.go(self.frame)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        lines = self._strips or self._word_strips(width)
        line = y - (height - len(lines)) // 2
        if not 0 <= line < len(lines):
            return Strip.blank(width, self.rich_style)
        left = max(0, (width - lines[line].cell_length) // 2)
        padded = Strip([Segment(" " * left, self.rich_style), *lines[line]])
        return padded.crop_extend(0, width, self.rich_style)

    def _word_strips(self, width: int) -> list[Strip]:
        from textwrap import wrap

        lines = [part for line in self.words.splitlines() for part in (wrap(line, max(8, width - 2)) or [""])]
        return [Strip([Segment(line, self.rich_style)]) for line in lines]
