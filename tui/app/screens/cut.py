"""The cut: the timeline strip, the shot list, the viewer and the inspector. Where an artist is all day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from core.files import one_line
from core.rows import cut_first, in_cut
from core.viewing.view import Source
from tui.app.asking import Ask, ask_which
from tui.app.desk import Desk
from tui.app.lines import Lines
from tui.app.look import title_of
from tui.app.screens.generating import ask_generate
from tui.app.screens.judging import Judgement
from tui.app.screens.reading import Read, detail_of, everything, outline_read
from tui.app.screens.showing import Showing
from tui.app.state import Place
from tui.app.widgets.inspector import Detail, Inspector
from tui.app.widgets.shots import ShotList
from tui.app.widgets.strip import TimelineStrip
from tui.app.widgets.viewer import Viewer
from tui.present import cut as present
from tui.present import showing, timeline

if TYPE_CHECKING:
    from core.cut.outline import Outline
    from core.index import Indexed
    from core.rows import ShotRow

NARROW, WIDE = 100, 180
"""Below the first one part at a time is shown; from the second on the inspector stands beside the viewer."""
HINT = "First time here? ↑↓ choose a shot, space plays, ] newer version, : finds any action, ? what can be done here."
PULSE = 1.0
"""Seconds between two looks whether somebody else wrote."""


class CutRoom(Showing):
    """The screen that is always there, under all others."""

    PLACE: ClassVar[str] = "cut"
    STANDS_AT_ONCE: ClassVar[bool] = False  # every key is about a shot, so where the person was comes first

    def __init__(self) -> None:
        super().__init__("cut")
        self.strip = TimelineStrip(id="strip")
        self.list = ShotList(id="shots")
        self.inspector = Inspector(id="inspector")
        self.machine = Static("", id="machine", markup=False)
        self.rows: Sequence[ShotRow] = ()
        self._pulse: tuple[int, int] | None = None
        self._named = ("", Fraction(25))
        """The show's title and rate."""
        self._cuts: tuple[str, ...] = ()
        self._cut_written = 0
        self._left_at: Place | None = None
        """Where the person was when another screen came over this one."""
        self._timer: Timer | None = None

    def parts(self) -> ComposeResult:
        yield self.strip
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.list
                yield self.inspector
            yield self.plate
            yield self.viewer
        yield self.machine

    @property
    def row(self) -> ShotRow | None:
        return self.list.row

    def say(self, text: str, *, stays: bool = False) -> None:
        """In place of the line on the machine, so that the picture keeps its size."""
        super().say(text, stays=stays)
        self.machine.display = not text

    # reading

    def entered(self) -> None:
        self.viewer.show_words("Reading the show …")
        self.set_focus(self.list.lines)
        self.ask("first look", Desk.first_look, self._looked, self._no_show)

    def _looked(self, found: tuple[Indexed | None, Place]) -> None:
        """What was true when somebody last looked is shown at once; what is true now follows."""
        indexed, place = found
        self.say(self.screens.remark or (HINT if place == Place() else ""))
        if self.screens.place == Place():  # else somebody chose before this came back
            self.screens.place = place
        self.list.filter, self.list.sort = place.filter, place.sort
        self.inspector.open(place.tab)
        if place.theme in self.app.available_themes:
            self.app.theme = place.theme
        if indexed is not None:
            self._show_rows(indexed.title, indexed.rate, indexed.rows)
        self._read(self._no_show)

    def _read(self, failed: Callable[[str], None] | None = None) -> None:
        cut = self.screens.place.cut
        self.ask("shots", lambda desk: everything(desk, cut), self._shots_came, failed)

    def _no_show(self, reason: str) -> None:
        self.stands = True
        self.viewer.show_words(reason)

    def _shots_came(self, found: Read) -> None:
        self._pulse = found.pulse
        self.machine.update(present.machine(found.jobs))
        if found.cuts and self.screens.place.cut not in found.cuts:
            self.say(f"There is no cut {one_line(self.screens.place.cut, 40)} any more.")
            self._show_cut(found.cuts[0])
        self._cuts = found.cuts
        self._show_rows(found.settings.name, found.settings.rate, found.rows)
        if found.cut_written != self._cut_written:
            self._cut_written, cut = found.cut_written, self.screens.place.cut
            self.ask("outline", lambda desk: (cut, outline_read(desk, cut)), self._outline_found)
        if not found.rows:
            self.viewer.show_words("This show has no shots yet.\nBring a cut in: rushes new CUT DIR")
        if self._timer is None:
            # Not before: the first paint comes first, and a show that cannot be opened is not asked every second.
            self._timer = self.set_interval(PULSE, self._look_again)

    def _show_rows(self, name: str, rate: Fraction, rows: Sequence[ShotRow]) -> None:
        cut, shot = self.screens.place.cut, self.screens.place.shot
        self.rows = cut_first(rows, cut)
        self._cuts = self._cuts or present.cuts_of(rows)
        self._named = (name, rate)
        self._outline_came(self.outline or timeline.from_rows(rows, cut, rate))
        self.list.show(self.rows, at=shot)
        self.stands |= not self.list.lines.rows  # else as soon as one of them is chosen

    def _outline_found(self, found: tuple[str, Outline]) -> None:
        if found[0] == self.screens.place.cut:  # else another one was chosen since
            self._outline_came(found[1])

    def _outline_came(self, outline: Outline) -> None:
        self.outline = outline
        self.strip.styles.height = present.strip_height(outline, *self.size)
        self.strip.show(outline, timeline.clips_of(self.rows, self.screens.place.cut))
        self._tell_title()

    def _tell_title(self) -> None:
        (name, rate), outline = self._named, self.outline
        cut = self.screens.place.cut if len(self._cuts) > 1 else ""
        said = present.headline(one_line(name, 40), outline.rate if outline else rate, self.rows, cut)
        self.headline.update(said)

    def _look_again(self) -> None:
        self.ask("pulse", Desk.pulse, self._pulse_came)

    def _pulse_came(self, pulse: tuple[int, int]) -> None:
        if pulse != self._pulse:
            self._read()

    # choosing

    def on_screen_suspend(self) -> None:
        self._left_at = self.screens.place

    def on_screen_resume(self) -> None:
        """Back from another screen: what was chosen there is shown here, though a filter hid it."""
        place, left = self.screens.place, self._left_at
        if left is not None and place.cut != left.cut:
            self._show_cut(place.cut)
            self._read()
        if left is None or (place.shot, place.version, place.picture, place.frame) == (
            left.shot, left.version, left.picture, left.frame
        ):  # fmt: skip
            return
        if not self.list.go_to(place.shot):
            self.list.look_for("")
            self.screens.go(filter="")
            self.list.go_to(place.shot)
        if self.row is not None and self.row.shot.id == place.shot:
            self.look(self.row, place.version, place.picture, place.frame or self._middle(self.row))

    @on(Lines.Moved)
    def _chosen(self, event: Lines.Moved) -> None:  # type: ignore[type-arg]
        row: ShotRow = event.row
        place = self.screens.place
        self.stands = True
        if self.cut_feed is not None and row.shot.id == place.shot:
            return  # read again while the cut plays
        if row.shot.id != place.shot or self.viewer.shot is None:
            same = row.shot.id == place.shot
            version = place.version if same and place.frame else present.first_version(row)
            frame = place.frame if same and place.frame else self._middle(row)
            self.look(row, version, place.picture if same else "", frame)
        elif row.shot != self.viewer.shot:
            self.look(row, self.viewer.version, self.screens.place.picture, self.viewer.frame)
        else:
            self._inspect(row)

    def _middle(self, row: ShotRow) -> int:
        return present.middle(row, self.screens.place.cut)

    def look(self, row: ShotRow, version: str, picture: str, frame: int) -> None:
        """Show this of a shot, and everything that is known of it."""
        self.screens.go(shot=row.shot.id, version=version, picture=picture, frame=frame)
        self.viewer.look(row.shot, Source(row.shot.id, version, picture), frame)
        self.viewer.border_title = title_of(present.viewer_title(row, version, picture))
        self.lay_plate()
        self._point(frame)
        self._inspect(row)

    def _inspect(self, row: ShotRow) -> None:
        version = self.viewer.version
        self.ask("detail", lambda desk: detail_of(desk.show, row.shot.id, version), self._detail_came, self.refuse)

    def _detail_came(self, detail: Detail) -> None:
        self.inspector.tell(detail)
        if self.cut_feed is None:
            recipe = detail.version.recipe if detail.version is not None else detail.draft
            self.viewer.annotate(showing.note_ranges(detail.review, self.viewer.version), showing.key_frames(recipe))
        self.grant(detail)

    def _with_detail(self, row: ShotRow, act: Callable[[Detail], None]) -> None:
        """Do it with all that is known of a shot: now, or as soon as its versions are read again."""
        detail = self.inspector.detail
        known = {"", *(version.version for version in detail.versions)} if detail is not None else set()
        if detail is not None and detail.shot == row.shot.id and {row.latest, self.viewer.version} <= known:
            act(detail)
        else:
            self.wish(act)
            self._inspect(row)

    @on(Viewer.Shown)
    def _frame_shown(self, event: Viewer.Shown) -> None:
        if event.player is not self.viewer:
            return
        if self.cut_feed is not None:
            playing = self.cut_feed.play.at(event.frame)
            self.viewer.border_title = title_of(showing.cut_title(playing))
            self.strip.point(playing.source.shot if playing is not None else "", event.frame)
        else:
            self.screens.go(frame=event.frame)
            self._point(event.frame)

    def _point(self, frame: int) -> None:
        row = self.row
        if row is not None:
            self.strip.point(row.shot.id, present.record_frame(row, frame, self.screens.place.cut))

    @on(TimelineStrip.Pressed)
    def _strip_pressed(self, event: TimelineStrip.Pressed) -> None:
        found = present.at_record(self.rows, event.frame, self.screens.place.cut)
        if found is None:
            return
        row, frame = found
        if not self.list.go_to(row.shot.id):
            self.say(f"{row.shot.id} is hidden by the filter: / changes it.")
            return
        self.look(row, present.first_version(row), "", frame)

    # what hands do

    def action_version(self, by: int) -> None:
        row = self.row
        if row is None:
            return

        def step(detail: Detail) -> None:
            order = present.order([version.version for version in detail.versions], row)
            wanted = present.neighbour(order, self.viewer.version, by)
            if wanted == self.viewer.version:
                self.say(f"{row.shot.id} has nothing {'newer' if by > 0 else 'older'}.")
            self._show_version(wanted)

        self._with_detail(row, step)

    def action_jump(self, to: str) -> None:
        row = self.row
        if row is None:
            return

        def jump(detail: Detail) -> None:
            found = present.jump(detail.versions, to)
            if found is None:
                self.say(f"{row.shot.id} has no {'version' if to == 'latest' else f'{to} version'} yet.")
            else:
                self._show_version(found)

        self._with_detail(row, jump)

    def _show_version(self, version: str) -> None:
        row = self.row
        if row is not None and version != self.viewer.version:
            self.look(row, version, "", self.viewer.frame)

    @on(Inspector.VersionChosen)
    def _version_chosen(self, event: Inspector.VersionChosen) -> None:
        self._show_version(event.version)

    @on(Inspector.NoteChosen)
    def _note_chosen(self, event: Inspector.NoteChosen) -> None:
        row, said = self.row, event.note.event
        if row is not None:
            self.look(row, said.version, "", said.frames[0] if said.frames else self.viewer.frame)

    def judged(self) -> tuple[tuple[str, str], ...]:
        """What is shown; where shots are marked, their newest versions."""
        if self.list.lines.marked:
            return tuple((row.shot.id, row.latest) for row in self.list.lines.chosen if row.latest)
        row, playing = self.row, self.now_playing
        if playing is not None:
            return ((playing.source.shot, playing.source.version),)
        return ((row.shot.id, self.viewer.version),) if row is not None else ()

    def reread(self) -> None:
        self._read()

    def action_note(self) -> None:
        row, playing = self.row, self.now_playing
        if playing is not None:
            about = ((playing.source.shot, playing.source.version),)
            self.judge(Judgement("note", about, (playing.frame, playing.frame)))
        elif row is not None:
            frames = self.viewer.span or (self.viewer.frame, self.viewer.frame)
            self.judge(Judgement("note", ((row.shot.id, self.viewer.version),), frames, self.viewer.box))

    def action_generate(self) -> None:
        """Ask what is new, then freeze, commit and queue: the shot under the cursor, or all that are marked."""
        ask_generate(self, tuple(row.shot.id for row in self.list.lines.chosen), self._read)

    def action_filter(self) -> None:
        before = self.list.filter

        def done(typed: str | None) -> None:
            self.list.look_for(before if typed is None else typed)
            self.screens.go(filter=self.list.filter)

        words = "Show which? letters of an id, sq010_*, status:rtk, notes:open, newer:yes — empty shows all"
        self.app.push_screen(Ask(words, typed=before, changed=self.list.look_for), done)

    def action_sort(self) -> None:
        self.screens.go(sort=self.list.next_sort())

    def action_mark(self) -> None:
        self.list.lines.mark()

    def action_mark_all(self) -> None:
        self.list.lines.mark_all()

    def action_tab(self, tab: str) -> None:
        self.inspector.open(tab)
        self.screens.go(tab=tab)
        self.add_class("inspecting")
        if self.has_class("narrow"):  # one part at a time: the one asked for, and the keys are for it
            self.remove_class("viewing")
            self.call_after_refresh(self.set_focus, self.inspector.shown)

    def action_pane(self, by: int) -> None:
        if self.has_class("narrow"):  # one part at a time
            self.remove_class("inspecting")
            self.toggle_class("viewing")
            self.set_focus(self.viewer if self.has_class("viewing") else self.list.lines)
            return
        panes: list[Widget] = [self.list.lines, self.viewer, self.inspector.shown]
        panes = [
            pane for pane in panes if all(part.display for part in pane.ancestors_with_self if isinstance(part, Widget))
        ]
        here = panes.index(self.focused) if self.focused in panes else 0
        self.set_focus(panes[(here + by) % len(panes)])

    def action_zoom(self) -> None:
        self.toggle_class("zoomed")
        self.set_focus(self.viewer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which cut is no question where there is one."""
        return action != "cut" or len(self._cuts) > 1

    def action_cut(self) -> None:
        def chosen(name: str | None) -> None:
            if name is None or name == self.screens.place.cut:
                return
            if name not in self._cuts:
                self.say(f"There is no cut {one_line(name, 40)}.")
                return
            self._show_cut(name)
            self._read()

        ask_which(self.app, "Which cut?", present.cut_choices(self.rows, self._cuts, self.screens.place.cut), chosen)

    def _show_cut(self, name: str) -> None:
        """Look at another cut; where it does not show the shot that is looked at, its first one is."""
        row = self.row
        if row is not None and self.cut_feed is not None:
            self._leave_cut(row)
        shown = in_cut(self.rows, name)
        self.screens.go(cut=name)
        self.outline, self._cut_written = None, 0
        if shown and all(one.shot.id != self.screens.place.shot for one in shown):
            self.screens.go(shot=shown[0].shot.id, version="", picture="", frame=0)
        self._show_rows(*self._named, self.rows)

    def action_recipe(self) -> None:
        self.screens.action_room("recipe")

    def action_wedge(self) -> None:
        self.screens.action_room("wedge")

    def action_compare(self) -> None:
        self.screens.action_room("compare")

    def action_back(self) -> None:
        narrow = self.has_class("narrow")
        for name in ("zoomed", "inspecting", *(("viewing",) if narrow else ())):
            if self.has_class(name):
                self.remove_class(name)
                if narrow and not self.has_class("viewing"):
                    self.call_after_refresh(self.set_focus, self.list.lines)
                return
        if self.list.filter:
            self.list.look_for("")
            self.screens.go(filter="")
            return
        self.screens.leave()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        if width < NARROW and not self.has_class("narrow"):
            self.set_class(self.viewer.has_focus, "viewing")  # what takes the keys is what is shown
        self.set_class(width < NARROW, "narrow")
        self.set_class(width >= WIDE, "wide")
        self.lay_plate()
        if self.outline is not None:
            self.strip.styles.height = present.strip_height(self.outline, width, height)
