"""A shot's notes as a list, with the keys of notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui.app.actions import bindings
from tui.app.lines import Lines
from tui.present.inspector import note_line

if TYPE_CHECKING:
    from core.history.review import Note


class NoteLines(Lines["Note"]):
    """Notes, one a line. Enter goes to a note's frame (`Opened`), a key resolves it (`Turned`)."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("notes", "list")
    HELP: ClassVar[str] = "Notes: ✎ open, ✓ resolved, ▭ on a part of the picture. Enter goes to the frame."

    @dataclass
    class Turned(Message):
        """A note is to be resolved; one that is, to be open again."""

        shot: str
        note: Note

    def __init__(self, *, id: str) -> None:
        super().__init__(note_line, lambda note: note.event.id, id=id, empty="no notes yet: n writes one")
        self.shot = ""

    def tell(self, shot: str, notes: Sequence[Note]) -> None:
        """Show the notes of a shot."""
        self.shot = shot
        self.show(notes)

    def action_resolve(self) -> None:
        if self.row is not None:
            self.post_message(self.Turned(self.shot, self.row))
