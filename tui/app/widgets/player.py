"""A picture that plays: the clock decides which frame stands on the screen, a thread reads ahead, the line may brake.

Two paths over one truth (see `picture`). While it plays, or settles, cells go straight to the terminal; whenever
something lies over the picture the toolkit draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer

from tui.app.widgets.pacing import Pacing
from tui.app.widgets.picture import Picture
from tui.app.widgets.reel import Feed, Reel
from tui.app.widgets.scrub import LOW, Scrub
from tui.app.widgets.sharp import Sharp, Sharpened
from tui.present.framing import Framing, Placed
from tui.present.scrub import Marks, rate_parts, way
from tui.video.pace import Act, Budget, Transport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.app.app import Screens
    from tui.app.room import Room
    from tui.video.line import Line

    Pixels = NDArray[np.uint8]

TELL = 0.2
"""Seconds between two reports of where a playing picture stands, and between two looks of its status."""
AGAIN = 0.008
"""Seconds until a frame that is not read yet, or does not go out yet, is tried again."""


class Player(Vertical):
    """A feed's frames and the bar under them. `frame` is what was asked for; `shown` what stands on the screen."""

    DEFAULT_CSS = """
    Player { layout: vertical; }
    """

    @dataclass
    class Shown(Message):
        """A frame is on the screen: each that settles; while playing, now and then."""

        player: Player
        frame: int

        @property
        def control(self) -> Player:
            return self.player

    @dataclass
    class Moved(Message):
        """It plays or stands otherwise than before."""

        player: Player

    @dataclass
    class Read(Message):
        """The standing frame is read, or cannot be."""

        frame: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="frame")
        self.picture = Picture()
        self.scrub = Scrub(self.code)
        self.feed: Feed | None = None
        self.state: Transport | None = None
        self.framing = Framing()
        self.where: Placed | None = None
        """Where the picture lies on the canvas; None: there is none."""
        self.shown: int | None = None
        self.notes: Sequence[tuple[int, int]] = ()
        self.keys: Sequence[int] = ()
        self._code: Callable[[int], str] = lambda frame: ""
        self._reel = Reel(f"pictures {id}", self._read)
        self._pacing = Pacing()
        self._told = 0.0
        self._seen: Pixels | None = None
        self._sharp = Sharp(self, 1 + sum(id.encode()) % 255)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.picture
        yield self.scrub

    @property
    def screens(self) -> Screens:
        return cast("Screens", self.app)

    @property
    def room(self) -> Room:
        """The screen that it stands on."""
        return cast("Room", self.screen)

    @property
    def line(self) -> Line:
        return self.screens.line

    # what is shown

    @property
    def words(self) -> str:
        """What is said in the picture's place; empty: there is a picture."""
        return self.picture.words

    @property
    def frame(self) -> int:
        """The frame that is asked for now."""
        return self.state.frame_at(monotonic()) if self.state is not None else 0

    @property
    def playing(self) -> bool:
        return self.state is not None and self.state.playing

    @property
    def span(self) -> tuple[int, int] | None:
        """In and out, where both or one were set."""
        if self.state is None or (self.state.mark_in is None and self.state.mark_out is None):
            return None
        return self.state.range

    def code(self, frame: int) -> str:
        """The timecode of a frame; empty where there is none."""
        return self._code(frame)

    def look_at(self, feed: Feed, frame: int, rate: Fraction, code: Callable[[int], str] = lambda frame: "") -> None:
        """Show a feed's pictures from `frame` on. What stood there stays until the first of them is read.

        In and out, loop and playing go on where the frames are the same ones.
        """
        first, last = feed.frames.first, feed.frames.last
        before, now = self.state, monotonic()
        if before is not None and (before.first, before.last, before.rate) == (first, last, rate):
            near = abs(frame - before.frame_at(now)) <= 2 * abs(before.speed)  # the clock has gone on since it was read
            state = before if before.playing and near else before.go(frame, now)
        else:
            state = Transport(first, last, rate, feed.frames.nearest(frame), since=now)
        self.feed, self._code, self.state, self.shown = feed, code, state, None
        self._pacing = Pacing(rate)
        self._load()
        self.post_message(self.Moved(self))

    def show_words(self, words: str) -> None:
        """Say this instead of a picture."""
        self.feed, self.state, self.where, self.shown, self._seen = None, None, None, None, None
        self._sharp.drop()
        self._reel.rest()
        self.picture.say(words)
        self.scrub.state = None
        self.scrub.refresh()

    def annotate(self, notes: Sequence[tuple[int, int]] | None = None, keys: Sequence[int] | None = None) -> None:
        """Mark ranges of frames with notes, and frames with keys, on the bar; None leaves them as they are."""
        self.notes = self.notes if notes is None else notes
        self.keys = self.keys if keys is None else keys
        self._tell_scrub()

    def _load(self) -> None:
        """Read the feed anew: another feed, another size of it."""
        if self.feed is not None and self.state is not None and all(self.picture.room):
            self._reel.load(self.feed, self.framing.asked(self.feed.size, self.picture.room), self.state)
            self._run()

    # how it plays

    def press(self, act: Act) -> None:
        """One act of the transport."""
        if self.state is not None:
            self.take(self.state.press(act, monotonic()))

    def go(self, frame: int) -> None:
        """Stand at a frame, the nearest one that there is."""
        if self.state is not None:
            self.take(self.state.go(frame, monotonic()))

    def step(self, by: int) -> None:
        """Stand so many frames further on."""
        self.go(self.frame + by)

    def take(self, state: Transport) -> None:
        """Play, or stand, like this."""
        self.state = state
        self._reel.follow(state)
        self._run()
        self._tell_scrub()
        self.post_message(self.Moved(self))

    def repeat(self, first: int, last: int) -> None:
        """Play these frames again and again, from the first on."""
        if self.state is not None:
            state = self.state.go(first, monotonic())
            bounds = replace(state, mark_in=max(first, state.first), mark_out=min(last, state.last), mode="loop")
            self.take(bounds.press("toggle", monotonic()))

    def follow(self, other: Player) -> None:
        """Play, or stand, as another player does: by the same clock, so in step with it."""
        if self.state is not None and other.state is not None:
            first, last = self.state.first, self.state.last
            self.state = replace(other.state, first=first, last=last)
            self._reel.follow(self.state)
            self._run()

    def _run(self) -> None:
        """The state has changed: begin to play, or let the picture settle."""
        self._sharp.drop()
        self._pacing.begin()
        # On a line that gives way the words go out before the picture.
        self._soon(AGAIN * 2 if self._pacing.gives_way else 0)

    def redraw(self) -> None:
        """Something on the picture has changed, not the picture."""
        self._sharp.drop()
        if not self.playing:
            self._soon(0)

    def _read(self, frame: int) -> None:
        """In the reading thread: the standing frame is there."""
        if self.is_attached:
            self.post_message(self.Read(frame))

    def _soon(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(seconds, self._tick) if seconds > 0 else None
        if seconds <= 0:
            self._tick()

    def _tick(self) -> None:
        if self.state is None or self.feed is None or not self.is_attached:
            return
        now = monotonic()
        settled = self.state.settled(now)
        if settled is not self.state:
            self.take(settled)
        elif self.state.playing:
            self._play(self.state, now)
        else:
            self._settle(self.state.frame)

    def _play(self, state: Transport, now: float) -> None:
        """Draw the frame that is due, if it is read and the line carries it; come again for the next."""
        slot = state.slot(now)
        wait = state.since + (slot + 1) / float(state.rate) - now
        if self._pacing.due(slot, self.line.in_flight()):
            frame = state.frame_at(now)
            seen = self._reel.at(frame)
            if seen is None:
                wait = min(wait, AGAIN)
            else:
                self._draw_playing(frame, seen, slot, now)
        if now - self._told > TELL:
            self._told = now
            self._tell_scrub()
            if self.shown is not None:
                self.post_message(self.Shown(self, self.shown))
        self._soon(max(wait, 0.001))

    def _draw_playing(self, frame: int, seen: Pixels, slot: int, now: float) -> None:
        budget = self._budget()
        canvas = self._canvas(seen, self._pacing.share(self.picture.room[0]))
        encoded = self.picture.draw(canvas, budget)
        if encoded is not None:
            self.line.write(encoded.data)
        self._pacing.drew(slot, now, encoded, budget)
        self.shown = frame

    def _budget(self) -> Budget:
        return self._pacing.budget(self.playing, (self.app.size.width, self.app.size.height), self.picture.palette)

    def _settle(self, frame: int) -> None:
        """Bring the standing picture to what it is exactly, in as many goes as the line needs."""
        seen, error = self._reel.at(frame), self._reel.why_not(frame)
        if seen is None:
            if error is not None:
                self._failed(frame, error)
            return  # until it is read
        if self.line.in_flight():
            self._soon(AGAIN)
            return
        fresh, self.shown = self.shown != frame, frame
        encoded = self.picture.draw(self._canvas(seen), self._budget())
        if encoded is not None and encoded.data:
            self.line.write(encoded.data)
        if encoded is not None and encoded.left:
            self._soon(1 / 24)
        else:
            self._sharp.want()
        if fresh:
            self.settled(frame)
        self._tell_scrub()

    def settled(self, frame: int) -> None:
        """A frame has come to stand."""
        self.post_message(self.Shown(self, frame))

    def _failed(self, frame: int, error: Exception) -> None:
        from tui.present.rows import error_text

        self.shown, self.where = frame, None
        self.picture.say(error_text(error))
        self._tell_scrub()

    def _canvas(self, seen: Pixels, share: float = 1.0) -> Pixels:
        from tui.app.widgets.canvas import composed

        self._seen = seen
        canvas, self.where = composed(seen, self.framing, self.picture.room, share)
        self.draw_over(canvas, self.where)
        return canvas

    def draw_over(self, canvas: Pixels, where: Placed) -> None:
        """Marks on the picture."""

    # what is said of it

    def _tell_scrub(self) -> None:
        if self.state is not None:
            marks = Marks(self.notes, self.keys, self._reel.held)
            self.scrub.tell(self.state, self.frame, marks, self.parts())

    def parts(self) -> list[str]:
        """What the second line says, the most important first."""
        assert self.state is not None
        rate = rate_parts(self._pacing.rate(monotonic())) if self.playing else []
        return [way(self.state), *rate, self.kind]

    @property
    def kind(self) -> str:
        """How the picture is drawn."""
        if self._sharp.standing:
            return self._sharp.name
        return {"truecolor": "half-block", "256": "half-block, 256 colours", "shades": "shades"}[self.picture.palette]

    # what the toolkit tells

    def on_player_read(self, event: Read) -> None:
        event.stop()
        if self.state is not None and not self.state.playing and event.frame == self.state.frame:
            self._tick()

    def on_scrub_pressed(self, event: Scrub.Pressed) -> None:
        event.stop()
        self.go(event.frame)

    def on_sharpened(self, event: Sharpened) -> None:
        event.stop()
        self._sharp.came(event)
        self._tell_scrub()

    def on_resize(self, event: events.Resize) -> None:
        self.scrub.styles.height = 1 if event.size.height < LOW else 2

    def on_picture_resized(self, event: Picture.Resized) -> None:
        """The last picture stands in the new size until it is read again."""
        event.stop()
        self._sharp.drop()
        if self._seen is not None and all(self.picture.room):
            from tui.app.widgets.canvas import resized

            self.picture.put(self._canvas(resized(self._seen, self.framing, self.picture.room)))
        self._load()

    def behind(self) -> None:
        """Another screen is in front: what is asked there is about the frame that stands."""
        if self.playing:
            self.press("stop")
        self._sharp.drop()

    def in_front(self) -> None:
        """The screen is in front again."""
        self.redraw()

    def on_unmount(self) -> None:
        self._sharp.drop()
        self._reel.close()
