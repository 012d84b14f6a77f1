"""Standing pictures by the terminal's own protocol, over the half-blocks; taken away before anything changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui.app.widgets.still import clear, has_stills, pixels_of, still

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.app.widgets.player import Player
    from tui.present.framing import Placed
    from tui.video.graphics import Box
    from tui.video.terminal import Terminal

REST = 0.25
"""Seconds that a picture stands before it is sent sharp: who steps on does not wait for it."""


@dataclass
class Sharpened(Message):
    """The bytes of a still are there."""

    turn: int
    data: bytes


class Sharp:
    """The still of one player, where the terminal can show one; else nothing."""

    def __init__(self, player: Player, number: int) -> None:
        self._player, self._number = player, number
        self._turn = 0
        self._timer: Timer | None = None
        self.standing = False

    @property
    def _terminal(self) -> Terminal | None:
        return self._player.screens.terminal

    @property
    def name(self) -> str:
        """`kitty`, `iterm2`, `sixel`; empty while no still stands."""
        return self._terminal.graphics if self.standing and self._terminal is not None else ""

    def want(self) -> None:
        """The picture has come to stand: soon show it sharp."""
        if has_stills(self._terminal) and not self.standing:
            self._stop()
            self._timer = self._player.set_timer(REST, self._read)

    def drop(self) -> None:
        """Something will change: take the still away, and forget one that is being made."""
        self._stop()
        self._turn += 1
        if self.standing and self._terminal is not None:
            self.standing = False
            self._player.line.write(clear(self._terminal, self._number))
            self._player.picture.forget()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _read(self) -> None:
        """Read the picture at its own size and make the bytes, in a thread."""
        player, terminal, turn = self._player, self._terminal, self._turn
        feed, where, at = player.feed, player.where, player.picture.open_at()
        if terminal is None or feed is None or where is None or at is None or player.playing or not all(feed.size):
            return
        frame, (box, shares) = player.frame, visible(where, at)

        def run() -> None:
            from core.media.proxy import scaled

            whole = feed.get(frame, *feed.size)
            height, width = whole.shape[:2]
            left, top, right, bottom = shares
            part = whole[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
            if part.size:
                data = still(terminal, scaled(part, pixels_of(terminal, box)), self._number, box)
                player.post_message(Sharpened(turn, data))

        player.run_worker(run, name="still", group="still", thread=True, exclusive=True, exit_on_error=False)

    def came(self, event: Sharpened) -> None:
        """Show what was made, if nothing has changed since."""
        if event.turn == self._turn and self._player.picture.open_at() is not None and self._terminal is not None:
            self._player.line.write(event.data)
            self.standing = True
            if self._terminal.graphics != "kitty" or self._terminal.tmux is not None:
                self._player.picture.forget()  # its cells are drawn over


def visible(where: Placed, at: tuple[int, int]) -> tuple[Box, tuple[float, float, float, float]]:
    """The cells that hold the picture, where the canvas begins at `at`, and which part of it they show."""
    from tui.video.graphics import Box

    left, top = max(0, where.left), max(0, where.top)
    right, bottom = min(where.room[0], where.left + where.width), min(where.room[1], where.top + where.height)
    bottom = top + (bottom - top) // 2 * 2
    shares = (
        (left - where.left) / where.width, (top - where.top) / where.height,
        (right - where.left) / where.width, (bottom - where.top) / where.height,
    )  # fmt: skip
    return Box(at[0] + left, at[1] + top // 2, right - left, (bottom - top) // 2), shares
