"""What can be done with a shot's picture: play it, step through its layers, see it in the cut, take it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from textual import on

from core.frames import FrameRange, timecode
from core.viewing.view import Source
from tui.app.desk import Desk
from tui.app.screens.judging import Judging
from tui.app.widgets.feeds import CutFeed, square_size
from tui.app.widgets.player import Player
from tui.app.widgets.viewer import Viewer
from tui.present import showing as present

if TYPE_CHECKING:
    from core.cut.outline import Outline
    from core.cut.shot import Shot
    from core.rows import ShotRow
    from core.show import Show
    from core.viewing.cutplay import CutPlay, Playing

T = TypeVar("T")
AROUND = 2
"""Seconds of the cut before and behind a shot that is played in it."""


@dataclass(frozen=True, slots=True)
class Where:
    """A shot's pictures as other programs name them: a movie's path, or frames as `%04d` and their numbers."""

    path: str
    frames: FrameRange
    rate: Fraction


class Showing(Judging):
    """A room with the viewer of one shot and, where there is room, the plate beside it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.viewer = Viewer(id="viewer")
        self.plate = Viewer(id="plate")
        self.wants_plate = True
        self.outline: Outline | None = None
        self._layers: tuple[str, str, tuple[str, ...]] = ("", "", ())
        """Shot and version through whose pictures the layer keys go, and these."""

    @property
    def row(self) -> ShotRow | None:
        """The shot that is chosen."""
        raise NotImplementedError

    def look(self, row: ShotRow, version: str, picture: str, frame: int) -> None:
        """Show this of a shot, and everything that is known of it."""
        raise NotImplementedError

    # play and step

    def action_play(self) -> None:
        self.viewer.press("toggle")

    def action_step(self, by: int) -> None:
        self.viewer.step(by)

    def action_layer(self, by: int) -> None:
        """The next picture of the version: the plate, then as they are made, the master last."""
        row, viewer = self.row, self.viewer
        if row is None or viewer.source is None:
            return
        if viewer.version:
            self._layers = (row.shot.id, viewer.version, viewer.pictures)
        shot, version, names = self._layers
        if shot != row.shot.id:
            self.say("This is the plate: ] shows a version, whose pictures t steps through.")
            return
        order = present.layers(version, names, plate=row.shot.plate is not None)
        here = (viewer.version, viewer.picture_name)
        version, picture = order[(order.index(here) + by) % len(order)] if here in order else order[-1]
        self.look(row, version, picture, viewer.frame)

    # the cut around the shot

    @property
    def cut_feed(self) -> CutFeed | None:
        """The cut, where it is played and not one shot."""
        return self.viewer.feed if isinstance(self.viewer.feed, CutFeed) else None

    @property
    def now_playing(self) -> Playing | None:
        """Where the cut is played: what its frame shows."""
        feed = self.cut_feed
        return feed.play.at(self.viewer.frame) if feed is not None else None

    def action_context(self) -> None:
        """Play the cut around the shot; once more: back to the shot, where the cut has come to."""
        row = self.row
        if row is None:
            return
        if self.cut_feed is not None:
            self._leave_cut(row)
        elif present.place_in_cut(row.shot, self.screens.place.cut) is None:
            self.say(f"{row.shot.id} is not in the cut.")
        else:
            cut = self.screens.place.cut
            self.ask("cut play", lambda desk: desk.show.cut_play(cut), lambda play: self._cut_came(row.shot, cut, play))

    def _cut_came(self, shot: Shot, cut: str, play: CutPlay) -> None:
        place = present.place_in_cut(shot, cut)
        if self.outline is None or place is None or self.row is None or self.row.shot != shot:
            return
        if cut != self.screens.place.cut:  # another one was chosen since
            return
        rate, start = self.outline.rate, self.outline.start
        feed = CutFeed(self.screens.desk, play, square_size(shot.plate))
        around = round(AROUND * rate)
        self.viewer.show_feed(feed, place[0], rate, lambda frame: timecode(start + frame, rate))
        self.viewer.annotate((), ())
        self.viewer.repeat(place[0] - around, place[1] + around)
        self.set_focus(self.viewer)
        self.lay_plate()

    def _leave_cut(self, row: ShotRow) -> None:
        playing = self.now_playing
        here = playing is not None and playing.source.shot == row.shot.id
        place = self.screens.place
        self.look(row, place.version, place.picture, playing.frame if here and playing else place.frame)

    # the plate beside

    def action_beside(self) -> None:
        if not self.has_class("wide"):
            self.say("The plate stands beside the version in a terminal of 180 columns or more; [ and ] change here.")
            return
        self.wants_plate = not self.wants_plate
        self.lay_plate()

    def lay_plate(self) -> None:
        """The plate beside a version, where there is room for both."""
        viewer, shot = self.viewer, self.viewer.shot
        has = shot is not None and shot.plate is not None and bool(viewer.version) and viewer.picture_name != "plate"
        self.set_class(has and self.wants_plate and self.has_class("wide"), "beside")
        if self.has_class("beside") and shot is not None:
            self.plate.look(shot, Source(shot.id), viewer.frame)
            self.plate.border_title = f"{shot.id} plate"
            self.plate.follow(viewer)

    @on(Player.Moved)
    def _viewer_moved(self, event: Player.Moved) -> None:
        if event.player is self.viewer and self.has_class("beside"):
            self.plate.follow(self.viewer)

    # elsewhere

    def action_copy_path(self) -> None:
        from tui.app.clipboard import copy

        def found(desk: Desk, source: Source) -> tuple[str, str, list[str]]:
            where = where_of(desk.show, source)
            text = present.path_and_range(where.path, where.frames)
            through: list[str] = []  # the terminal is written to by the app's own thread alone
            return text, copy(text, desk.env, through.append), through

        def told(answer: tuple[str, str, list[str]]) -> None:
            text, how, through = answer
            for part in through:
                self.app.copy_to_clipboard(part)
            self.say(f"{how[0].upper()}{how[1:]}: {text}")

        self._ask_of_source("path", found, told)

    def action_open_in(self) -> None:
        from tui.app.openers import open_in

        def opened(desk: Desk, source: Source) -> str:
            where = where_of(desk.show, source)
            return open_in(where.path, where.frames, where.rate, desk.env)

        self._ask_of_source("open in", opened, lambda name: self.say(f"Opened in {name}."))

    def _ask_of_source(self, name: str, question: Callable[[Desk, Source], T], answer: Callable[[T], None]) -> None:
        playing = self.now_playing
        source = playing.source if playing is not None else self.viewer.source
        if source is None:
            self.say("There is no picture here.")
            return
        self.ask(name, lambda desk: question(desk, source), answer)


def where_of(show: Show, source: Source) -> Where:
    """Where the pictures of a source lie. Raises ShowError, MediaError."""
    viewer = show.viewer
    plate, frames = viewer.plate(source.shot), viewer.frames_of(source)
    if source.version or source.job:
        first = viewer.file(source, frames.first)
        pattern = first.with_name(first.name.replace(f".{frames.first:04d}.", ".%04d."))
        return Where(str(pattern), frames, plate.rate)
    used = viewer.shot(source.shot).range
    numbers = FrameRange(plate.index(used.first), plate.index(used.last))
    return Where(str(viewer.layout.find(plate.path)), numbers, plate.rate)
