"""The shot list with its titles, filter and order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.app.actions import bindings
from tui.app.lines import Lines
from tui.app.look import title_of
from tui.present import shots as present
from tui.present.spans import plain

if TYPE_CHECKING:
    from core.rows import ShotRow


class ShotLines(Lines["ShotRow"]):
    """The rows themselves, with the keys of a shot list."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("shots", "list")
    HELP: ClassVar[str] = "The shots of the cut. ◉ circled, ✎ open notes, ? two people disagree, ● marked."


class ShotList(Vertical):
    """Shots by id under a line of titles; `filter` and `sort` decide which are shown."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="frame")
        self.rows: Sequence[ShotRow] = ()
        self.filter, self.sort = "", "cut"
        self.title = Static("", classes="titles", markup=False)
        self.lines = ShotLines(present.shot_line, lambda row: row.shot.id, empty="no shot passes the filter")

    def compose(self) -> ComposeResult:
        yield self.title
        yield self.lines

    @property
    def row(self) -> ShotRow | None:
        return self.lines.row

    def show(self, rows: Sequence[ShotRow], *, at: str = "") -> None:
        """Show these as filter and order have it; the cursor goes to the shot `at`."""
        self.rows = rows
        kept = present.shown(rows, self.filter, self.sort)
        self.border_title = title_of(f"Shots · {present.footing(rows, kept, self.filter, self.sort)}")
        self.lines.show(kept, at=at)

    def look_for(self, typed: str) -> None:
        self.filter = typed
        self.show(self.rows)

    def next_sort(self) -> str:
        """Sort by the next key, and say which."""
        keys = list(present.SORTS)
        self.sort = keys[(keys.index(self.sort) + 1) % len(keys)]
        self.show(self.rows)
        return self.sort

    def go_to(self, shot: str) -> bool:
        """Put the cursor on a shot. False where the filter hides it."""
        ids = [row.shot.id for row in self.lines.rows]
        if shot in ids:
            self.lines.move_to(ids.index(shot))
        return shot in ids

    def on_resize(self) -> None:
        self.title.update(plain(present.titles(max(0, self.lines.size.width - 1))))
