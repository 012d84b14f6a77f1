"""A grid of pictures of which only those that can be seen are read, the nearest to the cursor first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.actions import bindings
from tui.app.look import style_of
from tui.present.spans import folded
from tui.present.thumbs import BESIDE, Grid, Thumb, fitted, grid, moved, one

if TYPE_CHECKING:
    from core.viewing.view import Source
    from tui.app.desk import Desk

    Shown = tuple[Source, int, int, int]

HELD = 512
"""Pictures that are kept as cells: more than the largest terminal shows at once."""


class Thumbs(ScrollView, can_focus=True):
    """Thumbnails with a cursor and marks. Lives in a Room, whose threads read the pictures."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("grid")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"thumbs--cursor", "thumbs--here"}

    @dataclass
    class Moved(Message):
        """Another thumbnail is under the cursor."""

        thumb: Thumb

    @dataclass
    class Opened(Moved):
        """Enter, or a second click, on a thumbnail."""

    def __init__(self, *, id: str, empty: str = "") -> None:
        """`empty`: what is said where there are no thumbnails."""
        super().__init__(id=id)
        self.empty = empty
        self.thumbs: Sequence[Thumb] = ()
        self.cursor = 0
        self.marked: set[str] = set()
        self.large = False
        self._across, self._columns, self._aspect = 0, 0, 16 / 9
        self._grid = Grid(1, 1, 1)
        self._held: OrderedDict[Shown, list[Strip] | str] = OrderedDict()
        self._loading = False

    @property
    def thumb(self) -> Thumb | None:
        return self.thumbs[self.cursor] if self.thumbs else None

    @property
    def chosen(self) -> list[Thumb]:
        """The marked ones, else the one under the cursor."""
        marked = [thumb for thumb in self.thumbs if thumb.key in self.marked]
        return marked or ([self.thumb] if self.thumb is not None else [])

    def show(self, thumbs: Sequence[Thumb], *, at: str = "", across: int = 0, aspect: float = 0) -> None:
        """Show these. The cursor goes to the key `at`, else stays on its thumbnail.

        `across`: columns, where there is room for them (0: as many as let all be seen). `aspect`: the pictures' shape.
        """
        before = at or (self.thumb.key if self.thumb else "")
        keys = [thumb.key for thumb in thumbs]
        self.thumbs, self._across, self._aspect = thumbs, across, aspect or self._aspect
        self.marked &= set(keys)
        self.cursor = keys.index(before) if before in keys else max(0, min(self.cursor, len(keys) - 1))
        self._lay_out()
        if thumbs:
            self.post_message(self.Moved(thumbs[self.cursor]))

    def forget(self) -> None:
        """Read every picture again, also those that could not be read."""
        self._held.clear()
        self._lay_out()

    def mark(self) -> None:
        """Mark what is under the cursor or take its mark away, and go on to the next."""
        if self.thumb is not None:
            self.marked ^= {self.thumb.key}
            self.refresh()
            self.action_move(1, 0)

    def mark_all(self) -> None:
        """Mark every one; where every one is marked, none."""
        every = {thumb.key for thumb in self.thumbs}
        self.marked = set() if self.marked == every else every
        self.refresh()

    # what hands do

    def move_to(self, index: int) -> None:
        if not self.thumbs or not 0 <= index < len(self.thumbs) or index == self.cursor:
            return
        self.cursor = index
        self._into_view()
        self.refresh()
        self.post_message(self.Moved(self.thumbs[index]))
        self._load()

    def action_move(self, across: int, down: int) -> None:
        if self.thumbs:
            self.move_to(moved(self.cursor, len(self.thumbs), self._grid.columns, across, down))

    def action_page(self, halves: int) -> None:
        self.action_move(0, halves * max(1, self.size.height // (2 * self._grid.height)))

    def action_open(self) -> None:
        if self.thumb is not None:
            self.post_message(self.Opened(self.thumb))

    def action_larger(self, by: int) -> None:
        """Fewer columns, or more."""
        self.large = False
        self._columns = max(1, self._grid.columns - by)
        self._lay_out()

    def action_large(self) -> None:
        """The one under the cursor alone, or all again."""
        self.large = not self.large
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        column = event.x // (self._grid.wide + BESIDE)
        index = (event.y + self.scroll_offset.y) // self._grid.height * self._grid.columns + column
        if index == self.cursor and event.chain == 2:
            self.action_open()
        elif column < self._grid.columns:
            self.move_to(index)

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    # where they lie

    def _lay_out(self) -> None:
        width, height = self.scrollable_content_region.size
        if self.large:
            self._grid = one(width, height, self._aspect)
        elif self._columns:
            self._grid = grid(self._columns, width, self._aspect)
        else:
            self._grid = fitted(len(self.thumbs), width, height, self._aspect, self._across)
        self.virtual_size = Size(width, self._grid.lines(len(self.thumbs)))
        self._into_view()
        self.refresh()
        self._load()

    def _into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        first = self.cursor // self._grid.columns * self._grid.height
        last = first + self._grid.height - 1
        if first < top or last >= top + height:
            self.scroll_to(y=first if first < top or self.large else last - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._load()

    # reading

    def _load(self) -> None:
        """Read the nearest picture that can be seen and is not there yet; the next one when it has come."""
        from tui.app.room import Room

        wanted = None if self._loading or not self.is_attached else self._next()
        if wanted is None:
            return
        assert isinstance(self.screen, Room)
        self._loading = True
        terminal = self.screen.screens.terminal
        colours = terminal.palette != "shades" if terminal is not None else not self.app.no_color
        self.screen.ask(
            f"thumbs {self.id}",
            lambda desk: pictured(desk, *wanted, colours=colours),
            lambda strips: self._came(wanted, strips),
            lambda reason: self._came(wanted, reason),
        )

    def _next(self) -> Shown | None:
        top, size = self.scroll_offset.y, self._grid
        first = top // size.height * size.columns
        last = ((top + self.size.height - 1) // size.height + 1) * size.columns
        seen = range(first, min(last, len(self.thumbs)))
        near = sorted(seen, key=lambda index: abs(index - self.cursor))
        places = (self._place(self.thumbs[index]) for index in near)
        return next((place for place in places if place is not None and place not in self._held), None)

    def _place(self, thumb: Thumb) -> Shown | None:
        return (thumb.source, thumb.frame, self._grid.wide, self._grid.rows) if thumb.source else None

    def _came(self, wanted: Shown, found: list[Strip] | str) -> None:
        self._loading = False
        self._held[wanted] = found
        if len(self._held) > HELD:
            self._held.popitem(last=False)
        self.refresh()
        self._load()

    # drawing

    def render_line(self, y: int) -> Strip:
        row, line = divmod(y + self.scroll_offset.y, self._grid.height)
        first, base = row * self._grid.columns, self.rich_style
        cells = range(first, min(first + self._grid.columns, len(self.thumbs)))
        parts = [segment for index in cells for segment in self._cell(index, line, base)]
        if not self.thumbs and y == 0 and self.empty:
            parts = [Segment(f" {self.empty}", base + style_of("dim"))]
        return Strip(parts).crop_extend(0, self.size.width, base)

    def _cell(self, index: int, line: int, base: Style) -> list[Segment]:
        """One line of one thumbnail, exactly as wide as it is."""
        thumb, here = self.thumbs[index], index == self.cursor
        wide = self._grid.wide
        edge = Segment("▌" if here else " ", base + style_of("accent" if self.has_focus else "dim"))
        if line < self._grid.rows:
            return [edge, *self._picture(thumb, line, base).crop_extend(0, wide + 1, base)]
        if here:
            base = self.get_component_rich_style("thumbs--cursor" if self.has_focus else "thumbs--here")
        sign = "●" if thumb.key in self.marked else "▸" if here else " "
        label = [Segment(text, base + style_of(name)) for text, name in ((sign, ""), *thumb.label)]
        return [*Strip(label).crop_extend(0, wide + 1, base), Segment(" ", self.rich_style)]

    def _picture(self, thumb: Thumb, line: int, base: Style) -> Strip:
        place = self._place(thumb)
        found = self._held.get(place, "…") if place else thumb.words
        wide, rows = self._grid.wide, self._grid.rows
        if isinstance(found, str):
            texts = folded(found, max(4, wide))[:rows]
            found = [Strip([Segment(text, base + style_of("dim"))]) for text in texts]
        line -= (rows - len(found)) // 2
        if not 0 <= line < len(found):
            return Strip.blank(wide, base)
        left = (wide - found[line].cell_length) // 2
        return Strip([Segment(" " * max(0, left), base), *found[line]])


def pictured(desk: Desk, source: Source, frame: int, columns: int, rows: int, *, colours: bool) -> list[Strip]:
    """A picture's lines of cells, fitted into columns × rows. Raises MediaError, ShowError."""
    from tui.app.halfblocks import strips

    viewer = desk.show.viewer
    plate = viewer.shot(source.shot).plate
    seen = viewer.seen(source, viewer.frames_of(source).nearest(frame))
    return strips(seen, columns, rows, float(plate.pixel_aspect) if plate else 1.0, colours=colours)
