"""The way to the terminal beside Textual's own painting, and how much of it is still on its way.

    Line: write(data) · in_flight() -> int · clear()
    TextualLine(app, clock)         the one that the screens have; the app calls `answered()` on each
                                    `TerminalSupportsSynchronizedOutput` message
    retype(app, typed)              keys that were typed before the app listened

Everything of Textual that is private and needed for this is named here: `App._driver`, `App._sync_available`, the
driver's `_writer_thread` and its `_queue`, `XTermParser`. A test holds them to the version that is installed.

Method: behind each frame the terminal is asked whether it knows synchronised output (DECRQM 2026). Answers come in
order, so one that is missing is a frame that has not arrived. Terminals and multiplexers that do not answer, as tmux
before 3.7, did not answer Textual at the start either, and are never asked. Where nothing is asked, the writes that
wait in Textual's own queue tell that the line is full: its `put` would stop the event loop at thirty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.app import App

_BEGIN, _END, _ASK = "\x1b[?2026h", "\x1b[?2026l", "\x1b[?2026$p"
_FULL = 3
"""Frames that a waiting write stands for: the thread holds another before it, so the line is slower than frames."""
_AT_ONCE = 0.02
"""Seconds in which a write may wait only because another one, of a second picture, came just before."""
LOST = 2.0
"""Seconds after which an answer is not waited for any more."""


class Line(Protocol):
    """Where frames go."""

    def write(self, data: bytes) -> None:
        """Send one frame, shown at once where the terminal can do that."""

    def in_flight(self) -> int:
        """How many frames have not arrived yet, as far as can be known."""

    def clear(self) -> None:
        """Wait for no answer to what was sent so far: after a pause of the program or another size."""


class TextualLine:
    """The terminal of a running Textual app, through the thread that writes for it. For the event loop alone."""

    def __init__(self, app: App[Any], clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._asked: list[float] = []
        """When each question without an answer was sent."""
        self._wrote = 0.0

    def write(self, data: bytes) -> None:
        driver = self._app._driver
        if driver is None:
            return
        text = data.decode()
        if self._app._sync_available:
            text = f"{_BEGIN}{text}{_END}{_ASK}"
            self._asked.append(self._clock())
        self._wrote = self._clock()
        driver.write(text)

    def answered(self) -> None:
        """An answer came; the one to Textual's own question at the start finds nothing waiting."""
        if self._asked:
            del self._asked[0]

    def in_flight(self) -> int:
        if self._asked and self._clock() - self._asked[0] > LOST:
            self._asked.clear()
        stuck = self._clock() - self._wrote > _AT_ONCE
        return max(len(self._asked), self._queued() * (_FULL if stuck else 1))

    def clear(self) -> None:
        self._asked.clear()

    def _queued(self) -> int:
        """Writes that wait for the terminal, Textual's own among them; a driver without a thread writes at once."""
        writer = getattr(self._app._driver, "_writer_thread", None)
        return 0 if writer is None else int(writer._queue.qsize())


def retype(app: App[Any], typed: bytes) -> None:
    """Hand keys that were typed too early to a running app, as if they came now."""
    from textual._xterm_parser import XTermParser

    driver = app._driver
    if typed and driver is not None:
        parser = XTermParser()
        for message in (*parser.feed(typed.decode("utf-8", "replace")), *parser.feed("")):
            driver.process_message(message)
