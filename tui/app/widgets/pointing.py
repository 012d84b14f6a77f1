"""A player that can be looked at closely: zoom and pan, a cross to point with, a box, by keys and mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from tui.app.widgets.player import Player
from tui.present.framing import Box, Framing, Placed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEP = 0.125
"""Share of the window that a picture moves by."""


class Pointing(Player):
    """Places are shares of the picture. `pointed` is called where the cross moves or goes."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.cross: tuple[float, float] | None = None
        """Where the probe is; None: it is off."""
        self.box: Box | None = None
        """A part of the picture: left, top, right, bottom."""
        self._corner: tuple[float, float] | None = None
        self._grip: tuple[int, int] | None = None

    def pointed(self) -> None:
        """The cross is elsewhere."""

    def no_points(self) -> None:
        """No cross and no box: another picture."""
        self.cross = self.box = self._corner = None

    # size and place

    def action_one_to_one(self) -> None:
        self._frame_by(Framing("1:1", self.framing.x, self.framing.y) if self.framing.zoom != "1:1" else Framing())

    def action_magnify(self, by: float) -> None:
        if self.feed is not None and all(self.picture.room):
            self._frame_by(self.framing.magnified(by, self.feed.size, self.picture.room))

    def _frame_by(self, framing: Framing) -> None:
        if self.feed is None or not all(self.feed.size):
            self.room.say("The size of this picture is not known: its plate is missing.")
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
            self.cross = self._corner = None
            self.redraw()
            self.pointed()
        elif self.where is not None:
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
            self.cross = None
            self.pointed()
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
        self.pointed()

    def draw_over(self, canvas: NDArray[np.uint8], where: Placed) -> None:
        from tui.app.widgets.canvas import draw_box, draw_cross

        box = _box(self._corner, self.cross) if self._corner and self.cross else self.box
        if box is not None:
            draw_box(canvas, where, box)
        if self.cross is not None:
            draw_cross(canvas, *where.spot(*self.cross))

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


def _box(a: tuple[float, float], b: tuple[float, float]) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])
