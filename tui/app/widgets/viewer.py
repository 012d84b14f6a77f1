"""The viewer: the pictures of one shot, still or playing, looked at as a colourist does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar, cast

from textual import events
from textual.binding import BindingType

from core.files import one_line
from core.frames import timecode
from core.viewing.view import Channel, Source, View, described
from tui.app.actions import bindings
from tui.app.widgets.feeds import ShotFeed, pictures_of
from tui.app.widgets.player import Player
from tui.app.widgets.reel import Feed
from tui.present.framing import Box, Framing, Placed
from tui.present.scrub import probe_text
from tui.video.pace import Act

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.cut.shot import Plate, Shot
    from core.layout import Settings
    from core.viewing.pictures import Probe
    from tui.app.desk import Desk
    from tui.app.room import Room

T = TypeVar("T")
_ACTS: dict[str, Act] = {"l": "forward", "k": "stop", "j": "reverse"}
_GAMMAS = (0.2, 5.0)
_STOPS = 16.0
_STEP = 0.125
"""Share of the window that a picture moves by."""


class Viewer(Player, can_focus=True):
    """A shot's plate or a version of it; or any feed (`look_at`), without what needs a shot."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("viewer")
    HELP: ClassVar[str] = "The viewer. ▔ notes, ◆ keys, [ ] in and out, ━ what is at hand. The wheel scrubs."

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.shot: Shot | None = None
        self.source: Source | None = None
        self.view = View()
        """How it is looked at; its matte only where `matted`."""
        self.matted = False
        self.pictures: tuple[str, ...] = ("",)
        """What can be looked at of the version, in the order in which it is made; empty: the master."""
        self.cross: tuple[float, float] | None = None
        """Where the probe is, in shares of the picture; None: it is off."""
        self.box: Box | None = None
        """A part of the picture, in shares of it: left, top, right, bottom."""
        self._corner: tuple[float, float] | None = None
        self._probe: Probe | None = None
        self._settings: Settings | None = None
        self._matte = ""
        self._known: tuple[str, str] | None = None
        self._waits: int | None = None
        self._grip: tuple[int, int] | None = None

    # what is shown

    def look(self, shot: Shot, source: Source, frame: int) -> None:
        """Show one of a shot's pictures from a shot frame on. What stood there stays until the new picture is there."""
        if source != self.source:
            self.box = self._corner = None
        self.shot, self.source = shot, source
        if source == Source(shot.id) and shot.plate is None:
            self.show_words(f"{shot.id} has no picture: {one_line(shot.missing) or 'no plate'}.")
            return
        self._look(frame)
        self._ask_pictures()

    @property
    def version(self) -> str:
        """Of what is shown; empty: the plate, or what was rendered without a number."""
        return self.source.version if self.source is not None else ""

    @property
    def picture_name(self) -> str:
        """Which picture of the version it is; empty: the master."""
        return self.source.picture if self.source is not None else ""

    def show_feed(self, feed: Feed, frame: int, rate: Fraction, code: Callable[[int], str]) -> None:
        """Show pictures that are of no one shot, as `look_at` does."""
        self.shot = self.source = self.box = self._corner = self.cross = self._probe = None
        self.look_at(feed, frame, rate, code)

    def _look(self, frame: int) -> None:
        """Show the shot as it is now looked at."""
        shot, source = self.shot, self.source
        if shot is None or source is None:
            return
        rate = (
            shot.plate.rate if shot.plate is not None else self._settings.rate if self._settings is not None else None
        )
        if rate is None:
            self._waits = frame  # until the show's rate is known
            return
        view = replace(self.view, matte=self._matte if self.matted else "")
        self.look_at(ShotFeed(self.screens.desk, shot, source, view), frame, rate, _codes(shot.plate))

    def _ask_pictures(self) -> None:
        """Which pictures the version has, and which of them is its matte: asked once a version."""
        shot, version = self.shot, self.version
        assert shot is not None
        if self._known != (shot.id, version):
            self._known, self.pictures, self._matte = (shot.id, version), ("",), ""
            self._ask("pictures", lambda desk: pictures_of(desk, shot.id, version), self._pictures_came)

    def _pictures_came(self, found: tuple[tuple[str, ...], str, Settings]) -> None:
        self.pictures, self._matte, self._settings = found
        if self._waits is not None:
            frame, self._waits = self._waits, None
            self._look(frame)
        if self.matted:
            self._overlay()
        self._tell_scrub()

    def _ask(self, what: str, question: Callable[[Desk], T], answer: Callable[[T], None]) -> None:
        self._room.ask(f"{what} {self.id}", question, answer, self._room.say)

    @property
    def _room(self) -> Room:
        return cast("Room", self.screen)

    # transport

    def action_shuttle(self, key: str) -> None:
        self.press(_ACTS[key])

    def action_mark_in(self) -> None:
        self.press("in")

    def action_mark_out(self) -> None:
        self.press("out")

    def action_unmark(self) -> None:
        self.press("clear")

    def action_loop(self) -> None:
        self.press("loop")

    def action_go(self, to: Literal["first", "last"]) -> None:
        self.press(to)

    # colour

    def action_expose(self, stops: float) -> None:
        self._see(exposure=max(-_STOPS, min(_STOPS, self.view.exposure + stops)))

    def action_gamma(self, by: float) -> None:
        self._see(gamma=round(max(_GAMMAS[0], min(_GAMMAS[1], self.view.gamma + by)), 2))

    def action_channel(self, channel: Channel) -> None:
        self._see(channel="rgb" if self.view.channel == channel else channel)

    def action_matte(self) -> None:
        self.matted = not self.matted
        self._overlay()

    def _overlay(self) -> None:
        """The matte over the picture, or away. Says where there is none."""
        if self.source is None:
            return
        if self.matted and not self._matte:
            name = self.version or "The plate"
            self._room.say(f"{name} has no matte at hand: a matte is kept where `output.layers` names it.")
        self._look(self.frame)

    def action_reset(self) -> None:
        self.framing, self.matted = Framing(), False
        self._see(exposure=0.0, gamma=1.0, channel="rgb")

    def _see(self, **changes: object) -> None:
        if self.source is None:
            self._room.say("Exposure, gamma, channels and matte are for one shot.")
            return
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._look(self.frame)

    # size and place

    def action_one_to_one(self) -> None:
        self._frame_by(Framing("1:1", self.framing.x, self.framing.y) if self.framing.zoom != "1:1" else Framing())

    def action_magnify(self, by: float) -> None:
        if self.feed is not None:
            self._frame_by(self.framing.magnified(by, self.feed.size, self.picture.room))

    def _frame_by(self, framing: Framing) -> None:
        if self.feed is None or not all(self.feed.size):
            self._room.say("The size of this picture is not known: its plate is missing.")
            return
        if self.cross is not None:
            framing = framing.moved(*self.cross)
        changed, self.framing = framing.zoom != self.framing.zoom, framing
        if changed:
            self._load()
        else:
            self.redraw()

    def action_pan(self, x: int, y: int) -> None:
        """Move the picture by an eighth of the window; the probe by a pixel as it is drawn."""
        if self.where is None or self.feed is None:
            return
        if self.cross is not None:
            self._point(self.cross[0] + x / self.where.width, self.cross[1] + y / self.where.height)
            return
        room = self.where.room
        self._move(x * _STEP * room[0], y * _STEP * room[1])

    def _move(self, columns: float, rows: float) -> None:
        """Bring what lies so many canvas pixels further on into the middle."""
        assert self.where is not None
        middle = self.where.place(self.where.room[0] / 2 - 0.5, self.where.room[1] / 2 - 0.5)
        self.framing = self.framing.moved(middle[0] + columns / self.where.width, middle[1] + rows / self.where.height)
        self.redraw()

    # probe and box

    def action_probe(self) -> None:
        if self.cross is not None:
            self.cross = self._probe = self._corner = None
            self.redraw()
        elif self.where is not None and self.shot is not None and self.shot.plate is not None:
            self._point(*self.where.place(self.where.room[0] / 2, self.where.room[1] / 2))

    def action_corner(self) -> None:
        """One corner of a box, then the other."""
        if self.cross is None:
            return
        if self._corner is None:
            self._corner, self.box = self.cross, None
        else:
            self.box, self._corner = _box(self._corner, self.cross), None
        self.redraw()

    def action_clear(self) -> None:
        """Take the box away; where there is none, the probe."""
        if self.box is None and self._corner is None:
            self.cross = self._probe = None
        self.box = self._corner = None
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "corner":
            return self.cross is not None
        if action == "clear":
            return self.cross is not None or self.box is not None
        return True

    def _point(self, u: float, v: float) -> None:
        """The probe here; a window that shows a part follows."""
        self.cross = min(1.0, max(0.0, u)), min(1.0, max(0.0, v))
        if self.where is not None:
            x, y = self.where.spot(*self.cross)
            if not (0 <= x < self.where.room[0] and 0 <= y < self.where.room[1]):
                self.framing = self.framing.moved(*self.cross)
        self.redraw()
        self._ask_probe()

    def _ask_probe(self) -> None:
        source, cross, frame = self.source, self.cross, self.frame
        if source is None or cross is None or self.shot is None or self.shot.plate is None or self.playing:
            return
        x, y = pixel_of(cross, self.shot.plate)
        assert isinstance(self.feed, ShotFeed)
        view = self.feed.view
        self._ask("probe", lambda desk: desk.show.viewer.probe(source, frame, x, y, view), self._probe_came)

    def _probe_came(self, probe: Probe) -> None:
        self._probe = probe if self.cross is not None else None
        self._tell_scrub()

    def settled(self, frame: int) -> None:
        super().settled(frame)
        self._ask_probe()

    def draw_over(self, canvas: NDArray[np.uint8], where: Placed) -> None:
        from tui.app.widgets.canvas import draw_box, draw_cross

        box = _box(self._corner, self.cross) if self._corner and self.cross else self.box
        if box is not None:
            draw_box(canvas, where, box)
        if self.cross is not None:
            draw_cross(canvas, *where.spot(*self.cross))

    def parts(self) -> list[str]:
        way, *rest = super().parts()
        how = ""
        if self.shot is not None and self._settings is not None and isinstance(self.feed, ShotFeed):
            how = described(self.feed.view, self.shot, self._settings)
        if self.playing:
            return [way, *rest, self.framing.name, how]
        probed = probe_text(self._probe, self.scrub.size.width) if self._probe is not None else ""
        return [probed, way, how, self.framing.name, *rest]

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        where = self._mouse(event)
        if where is not None and event.button == 1:
            event.stop()
            self.capture_mouse()
            self._grip = where
            if self.cross is not None and self.where is not None:
                self._corner, self.box = self.where.place(*where), None
                self._point(*self._corner)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        where = self._mouse(event)
        if self._grip is None or where is None or self.where is None:
            return
        event.stop()
        if self.cross is not None:
            self._point(*self.where.place(*where))
        elif where != self._grip:
            self._move(self._grip[0] - where[0], self._grip[1] - where[1])
            self._grip = where

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._grip is None:
            return
        event.stop()
        self.release_mouse()
        self._grip = None
        if self.cross is not None and self._corner is not None:
            self.box = None if self._corner == self.cross else _box(self._corner, self.cross)
            self._corner = None
            self.redraw()

    def _mouse(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """The canvas pixel under the mouse; None: beside the canvas."""
        region = self.picture.region
        if self._grip is None and not region.contains(event.screen_x, event.screen_y):
            return None
        return event.screen_x - region.x, 2 * (event.screen_y - region.y)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.step(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.step(-1)


def pixel_of(place: tuple[float, float], plate: Plate) -> tuple[int, int]:
    """The pixel of the file at a place in the picture."""
    return min(plate.width - 1, int(place[0] * plate.width)), min(plate.height - 1, int(place[1] * plate.height))


def _box(a: tuple[float, float], b: tuple[float, float]) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def _codes(plate: Plate | None) -> Callable[[int], str]:
    """From a shot frame to its source timecode; empty where the media carry none."""
    if plate is None or plate.timecode is None or plate.kind == "still":
        return lambda frame: ""
    start = plate.timecode - plate.media.first
    return lambda frame: timecode(start + plate.index(frame), plate.rate, drop=plate.drop)
