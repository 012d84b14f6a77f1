"""Compare: two versions of a shot, A and B, over or beside each other, with numbers and what the recipes differ in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Static

from core.viewing.view import Source
from tui.app.lines import Lines
from tui.app.look import text_of
from tui.app.screens.judging import Judgement, Judging
from tui.app.widgets.pairs import Pair, PairFeed, Sides, measured, sides_of
from tui.app.widgets.player import Player
from tui.present import compare as present
from tui.present.compare import AMOUNTS, START, Mode
from tui.present.cut import neighbour
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.media.measure import Difference

NARROW, WIDE = 100, 180
"""Below the first B alone is shown at first; from the second on what differs stands beside one picture."""
TEN = 10


class CompareRoom(Judging):
    """A and B in one picture; numbers of every frame come in while one looks."""

    PLACE: ClassVar[str] = "compare"
    TITLE_TEXT: ClassVar[str] = "Compare"
    HELP: ClassVar[str] = "A against B. Numbers are of the shown frame; the line shows every frame's mean difference."

    def __init__(self, name: str = "compare") -> None:
        super().__init__(name)
        self.player = Player(id="pair")
        self.numbers = Static("", id="numbers", markup=False)
        self.line = Static("", id="line", markup=False)
        self.changes: Lines[Line] = Lines(lambda line, width: line, str, id="changes")
        self.sides: Sides | None = None
        self.pair: Pair | None = None
        self.mode: Mode = "side"
        self.amounts = dict(START)
        self.found: dict[int, Difference | str] = {}
        self.space = ""
        self._left: Iterator[int] = iter(())
        self._measuring, self._paused, self._dragging = False, False, False

    def parts(self) -> ComposeResult:
        with Container(id="body"):
            yield self.player
            with Vertical(id="facts"):
                yield self.numbers
                yield self.line
                yield self.changes

    # reading

    def entered(self) -> None:
        if self.size.width < NARROW:
            self.mode = "b"
        self.set_focus(self.changes)
        self.player.show_words("Reading the versions …")
        place = self.screens.place
        self._read(place.version, None)

    def reread(self) -> None:
        if self.sides is not None:
            self._read(self.sides.b, self.sides.a)

    def _read(self, b: str, a: str | None) -> None:
        shot = self.screens.place.shot
        self.ask("sides", lambda desk: sides_of(desk, shot, b, a), self._came, self._none)

    def _none(self, reason: str) -> None:
        if self.sides is None:
            self.player.show_words(reason)
        self.say(reason, stays=True)

    def _came(self, sides: Sides) -> None:
        before, self.sides = self.sides, sides
        if sides.b:
            self.screens.go(version=sides.b, picture="")
        if before is None or (before.a, before.b, before.lacks) != (sides.a, sides.b, sides.lacks):
            sources = (Source(sides.shot.id, version) for version in (sides.a, sides.b))
            self.pair = Pair(self.screens.desk, sides.shot, *sources)
            self.found, self._left, self._measuring = {}, present.spread(sides.common), False
            self.say(present.lacking(*sides.lacks), stays=True)
        self._look()
        self._tell()
        self._lay_out()
        self._measure()

    def _look(self) -> None:
        """Show the pair as the mode has it. What stood there stays until the new picture is there: no black between."""
        if self.pair is not None and self.sides is not None:
            feed = PairFeed(self.pair, self.mode, self.amounts.get(self.mode, 0))
            frame = self.player.frame or self.screens.place.frame or self.sides.shot.poster
            self.player.look_at(feed, frame, self.sides.rate)

    def _tell(self) -> None:
        sides, frame = self.sides, self.player.frame
        if sides is None:
            return
        a, b = (present.named(sides.rows, version) for version in (sides.a, sides.b))
        self.headline.update(present.headline(sides.shot.id, a, b, self.mode, self.amounts.get(self.mode, 0), frame))
        measured = self.found.get(frame)
        if frame in sides.lacks[0] | sides.lacks[1]:
            measured = " and ".join(side for side, lacks in zip("AB", sides.lacks, strict=True) if frame in lacks)
            measured = f"{measured} has no picture of {frame}"
        self.numbers.update(text_of([present.number_line(measured, self.space)]))
        means = {frame: found.mean for frame, found in self.found.items() if not isinstance(found, str)}
        width = max(20, self.line.size.width)
        self.line.update(text_of([present.sparkline(means, sides.shot.range, frame, width, len(sides.common))]))

    def _lay_out(self) -> None:
        sides = self.sides
        if sides is not None:
            width = max(20, self.changes.size.width - 2)
            self.changes.show(present.recipe_changes(sides.changes, sides.a, sides.b, width))

    # measuring: a frame at a time, the shown one first

    def _measure(self) -> None:
        """Measure the next frame, unless one is being measured, it was stopped, or the picture plays."""
        sides = self.sides
        if sides is None or self._measuring or self.player.playing:
            return
        frame = self._next(sides)
        if frame is None:
            return
        self._measuring = True
        self.ask(
            "numbers",
            lambda desk: measured(desk, sides, frame),
            lambda found: self._measured(frame, *found),
            lambda reason: self._measured(frame, reason.partition("\n")[0], self.space),
        )

    def _next(self, sides: Sides) -> int | None:
        here = self.player.frame
        if here not in self.found and not any(here in lacks for lacks in sides.lacks):
            return here
        if self._paused:
            return None
        return next((frame for frame in self._left if frame not in self.found), None)

    def _measured(self, frame: int, found: Difference | str, space: str) -> None:
        self.found[frame], self.space, self._measuring = found, space, False
        self._tell()
        self._measure()

    # what the player tells

    @on(Player.Shown)
    @on(Player.Moved)
    def _moved(self) -> None:
        if self.sides is not None:
            self.screens.go(frame=self.player.frame)
            self._tell()
            self._measure()

    # what hands do

    def action_mode(self, mode: Mode) -> None:
        self.mode = mode
        self._turn()
        self._look()
        self._tell()

    def action_flip(self) -> None:
        """A in place of B, B in place of A."""
        self.action_mode("a" if self.mode == "b" else "b")

    def action_amount(self, by: int) -> None:
        """Another gain, share of B or place of the line."""
        if self.mode not in AMOUNTS:
            self.say("w, f and o have something to change by + and -.")
            return
        self.amounts[self.mode] = present.stepped(AMOUNTS[self.mode], self.amounts[self.mode], by)
        self.action_mode(self.mode)

    def action_slide(self, by: int) -> None:
        """Move the wipe's line, and wipe if it was something else."""
        self.mode = "wipe"
        self.action_amount(by)

    def action_far(self, by: int) -> None:
        if self.mode == "wipe":
            self.action_slide(by)
        else:
            self.action_step(by * TEN)

    def action_step(self, by: int) -> None:
        self.player.step(by)

    def action_play(self) -> None:
        self.player.press("toggle")

    def action_most(self) -> None:
        """To the frame that differs most, of those that are measured."""
        means = {frame: found.mean for frame, found in self.found.items() if not isinstance(found, str)}
        if means:
            self.player.go(max(means, key=lambda frame: means[frame]))
        else:
            self.say("Nothing is measured yet.")

    def action_measure(self) -> None:
        self._paused = not self._paused
        self.say("Measuring stands; m goes on." if self._paused else "")
        self._measure()

    def action_side(self, side: str, by: int) -> None:
        """An older or newer version as A or B."""
        sides = self.sides
        if sides is None:
            return
        now = sides.a if side == "a" else sides.b
        wanted = neighbour(sides.order, now, by)
        if wanted == now:
            self.say(f"{side.upper()} is the {'oldest' if by < 0 else 'newest'} there is.")
        elif side == "a":
            self._read(sides.b, wanted)
        else:
            self._read(wanted, sides.a)

    def action_zoom(self) -> None:
        self.toggle_class("zoomed")

    def judged(self) -> tuple[tuple[str, str], ...]:
        return ((self.sides.shot.id, self.sides.b),) if self.sides is not None else ()

    def action_note(self) -> None:
        frame = self.player.frame
        self.judge(Judgement("note", self.judged(), (frame, frame)))

    # the wipe's line under the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        picture = self.player.picture
        self._dragging = self.mode == "wipe" and picture.region.contains(event.screen_x, event.screen_y)
        self._drag(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._drag(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._dragging = False

    def _drag(self, event: events.MouseEvent) -> None:
        where = self.player.where
        if self._dragging and where is not None:
            self.amounts["wipe"], _ = where.place(event.screen_x - self.player.picture.region.x, 0)
            self.action_mode("wipe")

    def _turn(self) -> None:
        """On a wide terminal what differs stands beside one picture, but below two."""
        self.set_class(self.size.width >= WIDE and self.mode != "side", "wide")

    def on_resize(self, event: events.Resize) -> None:
        self._turn()
        self.call_after_refresh(self._lay_out)
        self.call_after_refresh(self._tell)
