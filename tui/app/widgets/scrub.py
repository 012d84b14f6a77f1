"""The lines under a picture: a bar to scrub on, and what is seen and how it plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.look import style_of
from tui.present.scrub import Marks, frame_at_cell, scrub_line, told
from tui.video.pace import Transport

LOW = 14
"""Lines of a viewer below which the second line is left to the picture."""


class Scrub(Widget):
    """One line to scrub on, and where there is room one in words."""

    DEFAULT_CSS = "Scrub { height: 2; }"

    @dataclass
    class Pressed(Message):
        """A frame was clicked."""

        frame: int

    def __init__(self, code: Callable[[int], str]) -> None:
        """`code`: the timecode of a frame."""
        super().__init__()
        self.code = code
        self.state: Transport | None = None
        self.frame = 0
        self.marks = Marks()
        self.parts: list[str] = []

    def tell(self, state: Transport, frame: int, marks: Marks, parts: list[str]) -> None:
        """Show this. `parts`: the words, the most important first."""
        self.state, self.frame, self.marks, self.parts = state, frame, marks, parts
        self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self.capture_mouse()
        self._press(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self._press(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self.release_mouse()

    def _press(self, column: int) -> None:
        if self.state is not None:
            frame = frame_at_cell(self.state, self.frame, self.code(self.frame), self.size.width, column)
            if frame is not None:
                self.post_message(self.Pressed(frame))

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self.state is None:
            return Strip.blank(width, base)
        one = self.size.height == 1
        if y == 0 and not (one and self.parts and self.parts[0].startswith("▶")):
            line = scrub_line(self.state, self.frame, self.code(self.frame), self.marks, width)
        else:
            line = told(self.parts, width)
        return Strip([Segment(text, base + style_of(name)) for text, name in line]).crop_extend(0, width, base)
