"""The inspector: what is known of the shot and the version that is shown, on four tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.lines import Lines
from tui.app.look import style_of
from tui.app.widgets.notes import NoteLines
from tui.present import inspector as present
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.cut.shot import Shot
    from core.history.review import Note, Review
    from core.recipe.model import Recipe
    from core.rows import VersionRow
    from core.version import Version

TABS = ("recipe", "versions", "notes", "provenance")


@dataclass(frozen=True, slots=True)
class Detail:
    """What the inspector shows: read in a thread, whole."""

    shot: str
    versions: tuple[VersionRow, ...]
    review: Review
    version: Version | None
    """The one that is shown; None: the plate."""
    draft: Recipe | None
    problem: str
    """Why the draft does not hold yet; empty: it does."""
    whole: Shot
    """The shot, with its plate."""


class Tabs(Widget):
    """The names of the tabs, the open one marked."""

    def __init__(self) -> None:
        super().__init__(classes="tabs")
        self.open, self.counts = TABS[0], dict.fromkeys(TABS, 0)

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        names = self._names(" ", "  ")
        if len("".join(names)) > width:
            names = [name.replace("provenance", "prov.") for name in self._names("·", "")]
        styles = [style_of("tab" if name == self.open else "dim") for name in TABS]
        parts = [Segment(f" {name}", base + style) for name, style in zip(names, styles, strict=True)]
        return Strip(parts).crop_extend(0, width, base)

    def _names(self, before_count: str, after: str) -> list[str]:
        """`2 versions 3` for each tab; the digit in front is its key."""
        counts = [f"{before_count}{self.counts[name]}" if self.counts[name] else "" for name in TABS]
        return [f"{n} {name}{count}{after}" for n, (name, count) in enumerate(zip(TABS, counts, strict=True), 1)]


class Inspector(Vertical):
    """Four lists, one at a time."""

    HELP: ClassVar[str] = "Enter: on a version, show it; on a note, go to its frame."

    @dataclass
    class VersionChosen(Message):
        """A version to show."""

        version: str

    @dataclass
    class NoteChosen(Message):
        """A note to go to."""

        note: Note

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="frame")
        self.tabs = Tabs()
        self.recipe: Lines[Line] = Lines(_as_is, str, id="tab-recipe", empty="no recipe")
        self.versions: Lines[VersionRow] = Lines(
            present.version_line, lambda row: row.version, id="tab-versions", empty="no versions yet: e writes a recipe"
        )
        self.notes = NoteLines(id="tab-notes")
        self.provenance: Lines[Line] = Lines(_as_is, str, id="tab-provenance")
        self.detail: Detail | None = None

    @property
    def lists(self) -> dict[str, Lines]:  # type: ignore[type-arg]
        return dict(zip(TABS, (self.recipe, self.versions, self.notes, self.provenance), strict=True))

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield from self.lists.values()

    def on_mount(self) -> None:
        self.open(self.tabs.open)

    def open(self, tab: str) -> None:
        """Show a tab."""
        self.tabs.open = tab
        for name, lines in self.lists.items():
            lines.display = name == tab
        self.tabs.refresh()

    @property
    def shown(self) -> Lines:  # type: ignore[type-arg]
        return self.lists[self.tabs.open]

    def tell(self, detail: Detail) -> None:
        """Show this."""
        self.detail = detail
        version = detail.version.row.version if detail.version else ""
        notes = present.notes_of(detail.review, [row.version for row in detail.versions])
        self.tabs.counts = {
            **self.tabs.counts, "versions": len(detail.versions), "notes": sum(not note.resolved for note in notes)
        }  # fmt: skip
        self.versions.show(detail.versions[::-1], at=version)
        self.notes.tell(detail.shot, notes)
        self._lay_out()
        self.tabs.refresh()

    def _lay_out(self) -> None:
        """What is wrapped to the width."""
        detail, width = self.detail, max(20, self.size.width - 2)
        if detail is None:
            return
        recipe = detail.version.recipe if detail.version else detail.draft
        head: Sequence[Line] = () if detail.version else ((("the draft: e writes it", "dim"),),)
        lines = [*head, *(present.recipe_lines(recipe, width) if recipe else ())]
        if detail.problem and not detail.version:
            lines += present.pair("problem", detail.problem, width, "bad")
        self.recipe.show(lines)
        made = detail.version
        self.provenance.show(
            present.provenance_lines(made, width) if made else present.plate_lines(detail.whole, width)
        )

    def on_resize(self) -> None:
        self._lay_out()

    def on_lines_opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        event.stop()
        if event.lines is self.versions:
            self.post_message(self.VersionChosen(event.row.version))
        elif event.lines is self.notes:
            self.post_message(self.NoteChosen(event.row))

    def on_lines_moved(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        event.stop()


def _as_is(line: Line, width: int) -> Line:
    return line
