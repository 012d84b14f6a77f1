"""A list of which only the lines that can be seen are drawn: a long one opens as fast as a short one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.actions import bindings
from tui.app.look import style_of
from tui.present.spans import Line

T = TypeVar("T")


class Lines(ScrollView, Generic[T], can_focus=True):
    """Rows, one a line, with a cursor and marks. `draw(row, width)` gives a row's line; `key(row)` tells rows apart."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("list")

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor", "lines--here"}

    @dataclass
    class Moved(Message):
        """Another row is under the cursor."""

        lines: Lines[Any]
        row: Any

        @property
        def control(self) -> Lines[Any]:
            return self.lines

    @dataclass
    class Opened(Moved):
        """Enter, or a second click, on a row."""

    def __init__(
        self,
        draw: Callable[[T, int], Line],
        key: Callable[[T], str],
        *,
        id: str | None = None,
        empty: str = "",
        classes: str | None = None,
    ) -> None:
        """`empty`: what is said where there are no rows."""
        super().__init__(id=id, classes=classes)
        self._draw, self._key, self.empty = draw, key, empty
        self.rows: Sequence[T] = ()
        self.cursor = 0
        self.marked: set[str] = set()

    @property
    def row(self) -> T | None:
        return self.rows[self.cursor] if self.rows else None

    @property
    def chosen(self) -> list[T]:
        """The marked rows, else the one under the cursor."""
        marked = [row for row in self.rows if self._key(row) in self.marked]
        return marked or ([self.row] if self.row is not None else [])

    def show(self, rows: Sequence[T], *, at: str = "") -> None:
        """Show these. The cursor goes to the row with the key `at`, else stays on its row, else near where it was."""
        before = at or (self._key(self.row) if self.row is not None else "")
        keys = [self._key(row) for row in rows]
        self.rows = rows
        self.marked &= set(keys)
        moved = before not in keys
        self.cursor = max(0, min(self.cursor, len(rows) - 1)) if moved else keys.index(before)
        self.virtual_size = Size(self.size.width, len(rows))
        self._into_view()
        self.refresh()
        if rows:
            self.post_message(self.Moved(self, rows[self.cursor]))

    def mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go on to the next."""
        if self.row is not None:
            self.marked ^= {self._key(self.row)}
            self.refresh()
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark every row; where every row is marked, none."""
        every = {self._key(row) for row in self.rows}
        self.marked = set() if self.marked == every else every
        self.refresh()

    def move_to(self, index: int) -> None:
        wanted = max(0, min(len(self.rows) - 1, index))
        if not self.rows or wanted == self.cursor:
            return
        self.cursor = wanted
        self._into_view()
        self.refresh()
        self.post_message(self.Moved(self, self.rows[wanted]))

    def _into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + height:
            self.scroll_to(y=max(0, self.cursor if self.cursor < top else self.cursor - height + 1), animate=False)

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows))
        self._into_view()

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, halves: int) -> None:
        self.action_move(halves * max(1, self.size.height // 2))

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index == self.cursor and event.chain == 2:
            self.action_open()
        elif index < len(self.rows):
            self.move_to(index)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if index >= len(self.rows):
            text = self.empty if index == 0 and not self.rows else ""
            return Strip([Segment(f" {text}" if text else "", self.rich_style + style_of("dim"))]).crop_extend(
                0, width, self.rich_style
            )
        row = self.rows[index]
        here = index == self.cursor
        base = self.rich_style
        if here:
            base = self.get_component_rich_style("lines--cursor" if self.has_focus else "lines--here")
        sign = "●" if self._key(row) in self.marked else "▸" if here else " "
        parts = [(sign, ""), *self._draw(row, max(0, width - 1))]
        strip = Strip([Segment(text, base + style_of(name)) for text, name in parts])
        if strip.cell_length > width:  # what is cut off says so
            strip = Strip([*strip.crop(0, width - 1), Segment("…", base)])
        return strip.crop_extend(0, width, base)
