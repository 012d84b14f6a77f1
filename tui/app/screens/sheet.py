"""The sheet: one frame of every shot in cut order, to judge a look across the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from tui.app.screens.judging import Judgement, Judging
from tui.app.widgets.thumbs import Thumbs
from tui.present import sheet as present

if TYPE_CHECKING:
    from core.audit.story import Sheet
    from core.rows import ShotRow
    from tui.app.desk import Desk

    Shown = list[tuple[ShotRow, str]]


class SheetRoom(Judging):
    """Thumbnails of all shots; enter goes to one in the cut."""

    PLACE: ClassVar[str] = "sheet"
    TITLE_TEXT: ClassVar[str] = "Sheet"
    HELP: ClassVar[str] = "One frame of every shot, in cut order. ◉ circled, ● marked."

    def __init__(self, name: str = "sheet") -> None:
        super().__init__(name)
        self.mode = "circled"
        self.thumbs = Thumbs(id="thumbs", empty="no shots yet")
        self.about = Static("", classes="about", markup=False)
        self._shown: dict[str, tuple[ShotRow, str]] = {}

    def parts(self) -> ComposeResult:
        yield self.thumbs
        yield self.about

    # reading

    def entered(self) -> None:
        self.set_focus(self.thumbs)
        self.thumbs.forget()
        self.keep_up()
        self.reread()

    def action_reload(self) -> None:
        self.thumbs.forget()
        self.reread()

    def reread(self) -> None:
        mode = self.mode
        self.ask("sheet", lambda desk: shown(desk, mode), self._came)

    def _came(self, found: Shown) -> None:
        at = "" if self._shown else self.screens.place.shot
        self._shown = {row.shot.id: (row, version) for row, version in found}
        thumbs = [present.thumb(row, version) for row, version in found]
        self.thumbs.show(thumbs, at=at, aspect=present.shape([row for row, _ in found]))
        self._tell()

    def _tell(self) -> None:
        self.headline.update(present.headline(len(self._shown), self.mode, len(self.thumbs.marked)))
        thumb = self.thumbs.thumb
        self.about.update(present.about(*self._shown[thumb.key]) if thumb else "")

    @on(Thumbs.Moved)
    def _moved(self) -> None:
        self._tell()

    # what hands do

    @on(Thumbs.Opened)
    def _opened(self, event: Thumbs.Opened) -> None:
        """To the shot in the cut, as it is shown here."""
        row, version = self._shown[event.thumb.key]
        self.screens.go(shot=row.shot.id, version=version, picture="", frame=row.shot.poster)
        self.dismiss()

    def action_shown(self) -> None:
        self.mode = present.next_mode(self.mode)
        self.reread()

    def action_mark(self) -> None:
        self.thumbs.mark()
        self._tell()

    def action_mark_all(self) -> None:
        self.thumbs.mark_all()
        self._tell()

    def judged(self) -> tuple[tuple[str, str], ...]:
        """What is shown of the marked shots, else of the one under the cursor."""
        return tuple((thumb.key, self._shown[thumb.key][1]) for thumb in self.thumbs.chosen)

    def action_note(self) -> None:
        chosen = [self._shown[thumb.key] for thumb in self.thumbs.chosen]
        frame = chosen[0][0].shot.poster if len(chosen) == 1 else None
        self.judge(Judgement("note", self.judged(), (frame, frame) if frame is not None else None))

    def action_export(self) -> None:
        plates = self.mode == "plates"
        self.say("Writing the sheet …", stays=True)
        self.ask("export", lambda desk: desk.show.sheet(plates=plates), self._exported)

    def _exported(self, sheet: Sheet) -> None:
        self.say(f"{len(sheet.cells)} shots on {sheet.path}")


def shown(desk: Desk, mode: str) -> Shown:
    """Every shot and the version that is shown of it (empty: the plate), in cut order."""
    show = desk.show
    found = []
    for row in show.shots():
        versions = show.versions(row.shot.id) if present.needs_versions(row, mode) else ()
        found.append((row, present.version_of(row, mode, versions)))
    return found
