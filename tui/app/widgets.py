"""The shot list and the picture: two widgets that draw lines and know nothing of where these come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.present.rows import screen_line

if TYPE_CHECKING:
    from core.overview import ShotRow


class ShotList(ScrollView, can_focus=True):
    """The shots, one a line. Only the lines that can be seen are drawn, so a long show opens as fast as a short one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end,G", "move(1000000)", "Last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"shot-list--cursor"}

    @dataclass
    class Selected(Message):
        """Another shot is under the cursor."""

        row: ShotRow

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: list[ShotRow] = []
        self.cursor = 0

    @property
    def row(self) -> ShotRow | None:
        return self.rows[self.cursor] if self.rows else None

    def show_rows(self, rows: list[ShotRow]) -> None:
        """Show these; the cursor stays on its shot where that is still there."""
        before = self.row
        self.rows = rows
        ids = [row.shot.id for row in rows]
        self.cursor = ids.index(before.shot.id) if before is not None and before.shot.id in ids else 0
        self.virtual_size = Size(self.size.width, len(rows))
        self.refresh()
        if rows:
            self.post_message(self.Selected(rows[self.cursor]))

    def action_move(self, by: int) -> None:
        wanted = max(0, min(len(self.rows) - 1, self.cursor + by))
        if not self.rows or wanted == self.cursor:
            return
        self.cursor = wanted
        if not self.scroll_offset.y <= wanted < self.scroll_offset.y + self.size.height:
            top = wanted if by < 0 else wanted - self.size.height + 1
            self.scroll_to(y=max(0, top), animate=False)
        self.refresh()
        self.post_message(self.Selected(self.rows[wanted]))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        self.action_move(event.y + self.scroll_offset.y - self.cursor)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.size.width
        if index >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        here = index == self.cursor
        style = self.get_component_rich_style("shot-list--cursor") if here else self.rich_style
        text = ("▸" if here else " ") + screen_line(self.rows[index], max(0, width - 1))
        return Strip([Segment(text, style)]).crop_extend(0, width, style)


class Picture(Widget):
    """A picture as half-blocks in the middle of its place, or a few words on why there is none."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._strips: list[Strip] = []
        self.words = ""

    def show_strips(self, strips: list[Strip]) -> None:
        self._strips, self.words = strips, ""
        self.refresh()

    def show_words(self, words: str) -> None:
        """Say this instead of a picture."""
        self._strips, self.words = [], words
        self.refresh()

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
