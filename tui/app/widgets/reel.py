"""Pictures read ahead of the playhead by a thread of their own, and kept at the size of the screen."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import ceil
from typing import TYPE_CHECKING, Protocol

from tui.video.pace import Transport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.frames import FrameRange

    Seen = NDArray[np.uint8]

HELD = 96 << 20
"""Bytes of pictures that are kept: minutes at the size of a terminal."""
AHEAD = 2.0
"""Seconds of playing that are read before they are due."""
NEAR = 6
"""Frames to either side of a standing picture that are read, so that a step shows at once."""
LOOK = 0.02
"""Seconds between two looks at the clock while everything that is due soon is there."""

REST = 1.0
"""Seconds between two looks whether the program is still there."""


class Feed(Protocol):
    """What a viewer shows: pictures by frame. `get` is called in a thread; what it raises is said in words."""

    @property
    def name(self) -> str: ...

    @property
    def frames(self) -> FrameRange: ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels that are square: what 1:1 means."""
        ...

    def get(self, frame: int, columns: int, pixel_rows: int) -> Seen:
        """The whole picture in its shape, as large as `columns` × `pixel_rows` hold it: (h, w, 3) uint8 in sRGB."""
        ...


class Reel:
    """The pictures of one feed at one size. `came(frame)` is called in the thread when a standing picture is there."""

    def __init__(self, name: str, came: Callable[[int], None]) -> None:
        self._came = came
        self._changed = threading.Condition()
        self._feed: Feed | None = None
        self._size = (0, 0)
        self._turn = 0
        self._state: Transport | None = None
        self._held: OrderedDict[int, Seen] = OrderedDict()
        self._bytes = 0
        self._failed: dict[int, Exception] = {}
        self._cost = 0.0
        self._open = True
        self._thread = threading.Thread(target=self._run, name=name)

    def load(self, feed: Feed, size: tuple[int, int], state: Transport) -> None:
        """Read this from now on, at `size` (columns, pixel rows); what was read before is let go."""
        with self._changed:
            self._feed, self._size, self._state = feed, size, state
            self._turn += 1
            self._held.clear()
            self._failed.clear()
            self._bytes, self._cost = 0, 0.0
            self._changed.notify()
        if not self._thread.ident:
            self._thread.start()

    def rest(self) -> None:
        """Read nothing, and let go of what was read."""
        with self._changed:
            self._feed, self._turn, self._bytes = None, self._turn + 1, 0
            self._held.clear()

    def follow(self, state: Transport) -> None:
        """Read what this state will need. A standing frame that failed is tried again."""
        with self._changed:
            self._state = state
            if not state.playing:
                self._failed.pop(state.frame, None)
            self._changed.notify()

    def at(self, frame: int) -> Seen | None:
        """The picture of a frame; None: not read yet, or it failed."""
        return self._held.get(frame)

    def why_not(self, frame: int) -> Exception | None:
        """What stood against reading a frame; None: nothing, so far."""
        return self._failed.get(frame)

    @property
    def held(self) -> tuple[int, ...]:
        """The frames that are at hand."""
        with self._changed:
            return tuple(self._held)

    def close(self) -> None:
        """Read no more. Does not wait for the picture that is being read."""
        with self._changed:
            self._open, self._feed, self._turn = False, None, self._turn + 1
            self._changed.notify()

    # the thread

    def _run(self) -> None:
        # It is waited for when the program ends: what it decodes with does not bear being cut off.
        while self._open and threading.main_thread().is_alive():
            with self._changed:
                feed, size, turn, frame = self._feed, self._size, self._turn, self._next()
                if feed is None or frame is None:
                    playing = self._state is not None and self._state.playing
                    self._changed.wait(LOOK if playing else REST)
                    continue
            start = time.monotonic()
            try:
                read: Seen | Exception = feed.get(frame, *size)
            except Exception as error:
                read = error
            self._keep(turn, frame, read, time.monotonic() - start)

    def _next(self) -> int | None:
        """The frame to read now."""
        if self._feed is None or self._state is None:
            return None
        there = self._feed.frames
        for frame in wanted(self._state, time.monotonic(), self._cost):
            if frame in there and frame not in self._held and frame not in self._failed:
                return frame
        return None

    def _keep(self, turn: int, frame: int, read: Seen | Exception, seconds: float) -> None:
        with self._changed:
            if turn != self._turn:
                return
            self._cost += (seconds - self._cost) / 4
            if isinstance(read, Exception):
                self._failed[frame] = read
            else:
                self._held[frame] = read
                self._bytes += read.nbytes
                while self._bytes > HELD and len(self._held) > 1:
                    self._bytes -= self._held.popitem(last=False)[1].nbytes
            awaited = self._state is not None and not self._state.playing and self._state.frame == frame
        if awaited:
            self._came(frame)


def wanted(state: Transport, now: float, cost: float) -> Iterator[int]:
    """The frames that are needed, the most urgent first. `cost`: seconds that reading one takes.

    What plays: those that can be there when they are due, up to AHEAD. What stands: the frame and its neighbours.
    """
    if not state.playing:
        yield state.frame
        for away in range(1, NEAR + 1):
            yield from (state.frame + away, state.frame - away)
        return
    rate = float(state.rate)
    first = state.slot(now) + ceil(cost * rate)
    for slot in range(first, first + round(AHEAD * rate)):
        yield state.frame_at(state.since + (slot + 0.5) / rate)
