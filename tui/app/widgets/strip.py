"""The timeline strip: the cut to scale. A click goes to the clip and the frame that lie there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.look import style_of
from tui.present.timeline import Clip, at_cell, strip

if TYPE_CHECKING:
    from core.cut.outline import Outline


class TimelineStrip(Widget):
    """The cut's tracks in the lines that it is given. `head` is a frame of the cut."""

    @dataclass
    class Pressed(Message):
        """A frame of the cut was clicked."""

        frame: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.outline: Outline | None = None
        self.clips: Mapping[str, Clip] = {}
        self.here = ""
        self.head: int | None = None

    def show(self, outline: Outline, clips: Mapping[str, Clip]) -> None:
        self.outline, self.clips = outline, clips
        self.refresh()

    def point(self, here: str, head: int | None) -> None:
        """The shot that is shown, and where the playhead stands."""
        if (here, head) != (self.here, self.head):
            self.here, self.head = here, head
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        if self.outline is not None and self.outline.length:
            self.post_message(self.Pressed(at_cell(self.outline, self.size.width, event.x)))

    def render_lines(self, crop: object) -> list[Strip]:
        self._lines = self._drawn()
        return super().render_lines(crop)  # type: ignore[arg-type]

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        if self.outline is None:
            return []
        lines = strip(self.outline, self.clips, width, height, here=self.here, playhead=self.head)
        base = self.rich_style
        return [
            Strip([Segment(text, base + style_of(name)) for text, name in line]).crop_extend(0, width, base)
            for line in lines
        ]

    def render_line(self, y: int) -> Strip:
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)
