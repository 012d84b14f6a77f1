"""What is decided of versions: approve, retake, circle, other statuses, notes. Shared by the screens that show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.app.asking import Ask, Choose
from tui.app.room import Room

if TYPE_CHECKING:
    from core.show import Show

ASKS = {
    "approve": "Approve {what}? A remark, or just enter",
    "retake": "Retake of {what}: what is wrong?",
    "circle": "Circle {what} for editorial? A remark, or just enter",
    "temp": "Circle {what} as temp? A remark, or just enter",
    "hold": "Hold {what}: why?",
    "omit": "Omit {what}: why?",
    "final": "{what} is final? A remark, or just enter",
    "pending": "{what} awaits review again? A remark, or just enter",
    "note": "Note on {what}",
}
STATUSES = (
    ("p", "pending", "pending review"),
    ("h", "hold", "on hold"),
    ("f", "final", "final"),
    ("o", "omit", "omitted"),
)
CATEGORIES = ("look:", "flicker:", "matte:", "edge:", "colour:", "continuity:", "editorial:", "technical:")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody is about to say of some versions."""

    kind: str
    about: tuple[tuple[str, str], ...]
    """(shot, version)."""
    frames: tuple[int, int] | None = None
    box: tuple[float, float, float, float] | None = None
    text: str = ""

    @property
    def what(self) -> str:
        shot, version = self.about[0]
        named = f"{shot} {version or 'plate'}" if len(self.about) == 1 else f"{len(self.about)} versions"
        if self.frames is None:
            return named
        first, last = self.frames
        return f"{named} {first}" if first == last else f"{named} {first}–{last}"


class Judging(Room):
    """A room that shows versions: `judged()` says which of them an act is about."""

    def judged(self) -> tuple[tuple[str, str], ...]:
        """(shot, version) of what is shown, or of what is marked."""
        return ()

    def judge(self, judgement: Judgement, why: str = "") -> None:
        """Ask for the words, then do it as one act. `why`: what an earlier attempt was refused for."""

        def answered(text: str | None) -> None:
            if text is not None:
                self._do(replace(judgement, text=text))

        if not judgement.about or not all(version for _, version in judgement.about):
            self.say("The plate cannot be judged: ] shows a version.")
            return
        offers = CATEGORIES if judgement.kind == "note" else ()
        words = ASKS[judgement.kind].format(what=judgement.what)
        self.app.push_screen(Ask(words, typed=judgement.text, why=why, offers=offers), answered)

    def _do(self, judgement: Judgement) -> None:
        def done(waiting: str) -> None:
            told = f"{judgement.what}: {judgement.kind} is noted. u takes it back."
            self.say(f"{told} To be committed later: {waiting}" if waiting else told)
            self.reread()

        # What was typed is not lost: it stands in the line again.
        self.act(lambda show: _said(show, judgement), done, lambda reason: self.judge(judgement, reason))

    def reread(self) -> None:
        """Something was written: show it."""
        self.entered()

    def action_judge(self, kind: str) -> None:
        self.judge(Judgement(kind, self.judged()))

    def action_status(self) -> None:
        about = self.judged()

        def chosen(kind: str | None) -> None:
            if kind is not None:
                self.judge(Judgement(kind, about))

        self.app.push_screen(Choose(f"Status of {Judgement('', about or (('', ''),)).what}", STATUSES), chosen)


def _said(show: Show, judgement: Judgement) -> str:
    """Do it. Returns why it is committed later; empty: it is committed."""
    category, colon, rest = judgement.text.partition(":")
    typed = rest.strip() if colon and f"{category}:" in CATEGORIES else judgement.text
    for shot, version in judgement.about:
        show.review(shot, version, judgement.kind, typed, judgement.frames)  # type: ignore[arg-type]
    return show.history.waiting
