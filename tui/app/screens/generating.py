"""Generating from a screen: ask what is new, then freeze, commit and queue. What was typed comes back if it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.app.asking import Ask

if TYPE_CHECKING:
    from core.show import Show
    from tui.app.room import Room


def ask_generate(room: Room, shots: tuple[str, ...], done: Callable[[], None], typed: str = "", why: str = "") -> None:
    """Ask for a summary, then generate these shots from their drafts; `done` after it was said what was queued."""

    def told(words: str) -> None:
        room.say(words)
        done()

    def answered(text: str | None) -> None:
        if text is not None:
            refused = lambda reason: ask_generate(room, shots, done, text, reason)  # noqa: E731
            room.act(lambda show: _generated(show, shots, text), told, refused, long=True)

    if not shots:
        room.say("There is no shot here to generate.")
        return
    named = shots[0] if len(shots) == 1 else f"{len(shots)} shots"
    drafts = "its draft" if len(shots) == 1 else "their drafts"
    question = f"Generate {named} from {drafts}: what is new? (may be empty)"
    room.app.push_screen(Ask(question, typed=typed, why=why), answered)


def _generated(show: Show, shots: tuple[str, ...], summary: str) -> str:
    """Freeze, commit and queue; what is to be said of it, warnings too."""
    told: list[str] = []
    jobs = show.generate(shots, summary, tell=told.append)
    told.insert(0, ", ".join(f"{job.shot} {job.version}: {job.total} frames queued" for job in jobs) + ".")
    if show.history.waiting:
        told.append(f"To be committed later: {show.history.waiting}")
    return "\n".join(told)
