"""What is decided of versions: approve, retake, circle, other statuses, notes. Shared by the screens that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import on

from tui.app.asking import Ask, Choose
from tui.app.room import Room
from tui.app.widgets.notes import NoteLines

if TYPE_CHECKING:
    from core.reviewing import Kind, Remark
    from core.show import Show

ASKS: Mapping[str, str] = {
    "approve": "Approve {what}? A remark, or just enter",
    "retake": "Retake of {what}: what is wrong?",
    "circle": "Circle {what} for editorial? A remark, or just enter",
    "temp": "Circle {what} as temp? A remark, or just enter",
    "hold": "Hold {what}: why?",
    "omit": "Omit {what}: why?",
    "final": "{what} is final? A remark, or just enter",
    "pending": "{what} awaits review again? A remark, or just enter",
    "note": "Note on {what} (→ completes a category such as matte:)",
}
DONE: Mapping[str, str] = {
    "approve": "approved",
    "retake": "sent back",
    "circle": "circled",
    "temp": "circled as temp",
    "hold": "on hold",
    "omit": "omitted",
    "final": "final",
    "pending": "awaits review",
    "note": "noted",
    "resolve": "note resolved",
    "reopen": "note open again",
}
STATUSES = (
    ("p", "pending", "pending review"),
    ("h", "hold", "on hold"),
    ("f", "final", "final"),
    ("o", "omit", "omitted"),
)
OF_A_SHOT = ("hold", "omit", "pending", "resolve", "reopen")
"""What can be said of a shot without a version of it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody is about to say of some versions."""

    kind: str
    about: tuple[tuple[str, str], ...]
    """(shot, version)."""
    frames: tuple[int, int] | None = None
    box: tuple[float, float, float, float] | None = None
    text: str = ""
    note: str = ""
    """Of `resolve` and `reopen`: the note's id."""

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
        from core.reviewing import CATEGORIES

        def answered(text: str | None) -> None:
            if text is not None:
                self._do(replace(judgement, text=text))

        bare = judgement.kind not in OF_A_SHOT and not all(version for _, version in judgement.about)
        if not judgement.about or bare:
            self.say("The plate cannot be judged: ] shows a version.")
            return
        offers = [f"{name}: " for name in CATEGORIES] if judgement.kind in ("note", "retake") else ()
        words = ASKS[judgement.kind].format(what=judgement.what)
        self.app.push_screen(Ask(words, typed=judgement.text, why=why, offers=offers), answered)

    def _do(self, judgement: Judgement) -> None:
        def done(waiting: str) -> None:
            told = f"{judgement.what}: {DONE[judgement.kind]}. u takes it back."
            self.say(f"{told} To be committed later: {waiting}" if waiting else told)
            self.reread()

        def refused(reason: str) -> None:
            if judgement.note:
                self.say(reason)
            else:
                self.judge(judgement, reason)  # what was typed is not lost: it stands in the line again

        self.act(lambda show: _said(show, judgement), done, refused)

    def action_judge(self, kind: str) -> None:
        self.judge(Judgement(kind, self.judged()))

    def action_status(self) -> None:
        about = self.judged()

        def chosen(kind: str | None) -> None:
            if kind is not None:
                self.judge(Judgement(kind, about))

        self.app.push_screen(Choose(f"Status of {Judgement('', about or (('', ''),)).what}", STATUSES), chosen)

    @on(NoteLines.Turned)
    def _note_turned(self, event: NoteLines.Turned) -> None:
        """A note was resolved, or is to be open again: without a question, since `u` takes it back."""
        said, kind = event.note.event, "reopen" if event.note.resolved else "resolve"
        self._do(Judgement(kind, ((event.shot, said.version),), note=said.id))


def remarks_of(judgement: Judgement) -> list[Remark]:
    """The remarks that a judgement is, one a version. `matte: the edge boils` has the category `matte`."""
    from core.reviewing import CATEGORIES, Remark

    category, colon, rest = judgement.text.partition(":")
    known = bool(colon) and category.strip().lower() in CATEGORIES
    category, text = (category.strip().lower(), rest.strip()) if known else ("", judgement.text)
    kind: Kind = "circle" if judgement.kind == "temp" else judgement.kind  # type: ignore[assignment]
    more = {"temp": judgement.kind == "temp", "box": judgement.box, "category": category, "note": judgement.note}
    return [
        Remark(shot, version, kind, text, judgement.frames, **more)  # type: ignore[arg-type]
        for shot, version in judgement.about
    ]


def _said(show: Show, judgement: Judgement) -> str:
    """Do it as one act. Returns why it is committed later; empty: it is committed."""
    show.review_all(remarks_of(judgement))
    return show.history.waiting
