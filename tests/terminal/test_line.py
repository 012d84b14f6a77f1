"""The line to the terminal: counts what is on its way, never waits for ever, and Textual is as it is leant on."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from textual import messages
from textual.app import App
from textual.drivers import _writer_thread, linux_driver
from textual.events import Key

from tui.video.line import LOST, Line, TextualLine, retype
from tui.video.pace import IN_FLIGHT


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def line(sync: bool = True, queue: int = 0) -> tuple[TextualLine, list[str], Clock]:
    written: list[str] = []
    waiting: Queue[str] = Queue()
    for _ in range(queue):
        waiting.put("")
    driver = SimpleNamespace(write=written.append, _writer_thread=SimpleNamespace(_queue=waiting))
    app: Any = SimpleNamespace(_driver=driver, _sync_available=sync)
    clock = Clock()
    return TextualLine(app, clock), written, clock


def test_answers_come_off_what_is_on_its_way() -> None:
    there, written, _ = line()
    for _ in range(IN_FLIGHT):
        there.write("▀".encode())
    assert written[0] == "\x1b[?2026h▀\x1b[?2026l\x1b[?2026$p"
    assert there.in_flight() == IN_FLIGHT
    there.answered()
    assert there.in_flight() == IN_FLIGHT - 1
    there.clear()
    there.answered()  # one more than was asked: the answer to Textual's own question
    assert there.in_flight() == 0


def test_who_never_answered_is_never_asked() -> None:
    there, written, _ = line(sync=False)
    there.write(b"frame")
    assert written == ["frame"] and there.in_flight() == 0


def test_an_answer_that_is_lost_stops_nothing_for_ever() -> None:
    there, _, clock = line()
    there.write(b"frame")
    clock.now += LOST / 2
    assert there.in_flight() == 1
    clock.now += LOST
    assert there.in_flight() == 0


def test_a_queue_that_fills_is_a_brake_though_nobody_answers() -> None:
    there, _, _ = line(sync=False, queue=5)
    assert there.in_flight() >= IN_FLIGHT


def test_a_line_without_a_terminal_takes_everything() -> None:
    app: Any = SimpleNamespace(_driver=None, _sync_available=False)
    there: Line = TextualLine(app, Clock())
    there.write(b"frame")
    assert there.in_flight() == 0


def test_the_names_of_textual_that_are_leant_on_are_there() -> None:
    """A new Textual that names or does these things otherwise fails here and not on somebody's screen."""
    assert App()._sync_available is False and App()._driver is None
    assert "_sync_available = True" in inspect.getsource(App._on_terminal_supports_synchronized_output)
    assert issubclass(messages.TerminalSupportsSynchronizedOutput, messages.Message)
    assert "self._writer_thread = WriterThread" in inspect.getsource(linux_driver.LinuxDriver.start_application_mode)
    with Path("/dev/null").open("w") as nowhere:
        writer = _writer_thread.WriterThread(nowhere)
        writer.write("one")  # not started: it waits
        assert writer._queue.qsize() == 1
    assert _writer_thread.MAX_QUEUED_WRITES > 3 * IN_FLIGHT


@pytest.mark.parametrize(("typed", "keys"), [(b"", []), (b"jL\x1b[A", ["j", "L", "up"]), (b"\x1b", ["escape"])])
def test_keys_typed_too_early_are_typed_again(typed: bytes, keys: list[str]) -> None:
    class Listens(App[None]):
        heard: ClassVar[list[str]] = []

        def on_key(self, event: Key) -> None:
            self.heard.append(event.key)

    async def run() -> list[str]:
        app = Listens()
        async with app.run_test() as pilot:
            retype(app, typed)
            await pilot.pause()
            return app.heard

    Listens.heard = []
    assert asyncio.run(run()) == keys
