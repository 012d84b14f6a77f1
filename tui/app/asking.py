"""The line that asks: for a remark, a filter, a path. What was typed comes back when the act that it was for fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.suggester import Suggester, SuggestFromList
from textual.widgets import Input, Static

from core.files import one_line, safe_text
from tui.app.look import Visible

HOW = "enter takes it, escape leaves it"
KEYS = "123456789abcdefghijklm"
"""What one of several is chosen by; `n` is for none of them."""
MOST = 15
"""Choices that a small terminal has lines for."""


class Ask(ModalScreen[str | None]):
    """A question and a line to answer it, at the bottom. Ends with what was typed, or None for escape.

    `typed`: stands in the line at first. `why`: said above it (an earlier refusal). `offers`: completed with →.
    `changed`: gets the text at each key.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        # Before the line's own enter, which would answer a moment later: the next key is for what comes then.
        Binding("enter", "answer", "done", priority=True),
    ]
    DEFAULT_CSS = """
    Ask { align: center bottom; background: transparent; }
    Ask > Static { width: 1fr; height: auto; max-height: 10; background: $panel; padding: 0 1; }
    Ask > Input { width: 1fr; height: 1; border: none; background: $surface; }
    Ask > Input.-textual-compact { padding: 0 1; }
    """

    def __init__(
        self,
        question: str,
        *,
        typed: str = "",
        why: str = "",
        offers: Sequence[str] | Suggester = (),
        changed: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._question, self._typed, self._why = question, typed, why
        self._offers, self._changed = offers, changed

    def compose(self) -> ComposeResult:
        said = f"{self._why}\n{self._question}" if self._why else self._question
        yield Static(safe_text(said, keep_newlines=True), markup=False)
        offers = self._offers
        if not isinstance(offers, Suggester):
            offers = SuggestFromList(offers, case_sensitive=False)
        yield Input(self._typed, HOW, compact=True, select_on_focus=False, suggester=offers, highlighter=Visible())

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._changed is not None:
            self._changed(event.value)

    def action_answer(self) -> None:
        self.dismiss(self.query_one(Input).value)

    def on_key(self, event: events.Key) -> None:
        """What was sent here before the line had the focus; what the line was sent, it keeps."""
        if event.is_printable and event.character:
            self.query_one(Input).insert_text_at_cursor(event.character)

    def action_leave(self) -> None:
        self.dismiss(None)


class Paths(Suggester):
    """Completes the path of a file that ends in one of `suffixes`, a folder at a time. Looks in a thread."""

    def __init__(self, suffixes: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._suffixes = tuple(suffixes)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(self._completed, value)

    def _completed(self, typed: str) -> str | None:
        """The first folder or file, by name, that goes on from what was typed."""
        head, slash, stem = typed.rpartition("/")
        try:
            found = sorted(Path(f"{head}{slash}" or ".").expanduser().iterdir(), key=lambda path: path.name)
            for path in found:
                folder = path.is_dir()
                wanted = folder or path.suffix.lower() in self._suffixes
                wanted &= safe_text(path.name) == path.name  # what cannot be shown is not offered
                if wanted and path.name.startswith(stem) and (stem or not path.name.startswith(".")):
                    return f"{head}{slash}{path.name}{'/' if folder else ''}"
        except OSError:  # no such folder, or not to be read: nothing to offer
            return None
        return None


class Choose(ModalScreen[str | None]):
    """A few possibilities, each on a key. Ends with the chosen one's value, or None for escape."""

    DEFAULT_CSS = """
    Choose { align: center bottom; background: transparent; }
    Choose > Static { width: 1fr; height: auto; max-height: 20; background: $panel; padding: 0 1; }
    """

    def __init__(self, question: str, choices: Sequence[tuple[str, str, str]]) -> None:
        """`choices`: (key, value, words)."""
        super().__init__()
        self._question = question
        self._choices = {key: (value, words) for key, value, words in choices}

    def compose(self) -> ComposeResult:
        lines = [f"  {key}  {one_line(words)}" for key, (_, words) in self._choices.items()]
        yield Static("\n".join([one_line(self._question), *lines, "  esc  leave it"]), markup=False)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            self.dismiss(None)
        elif event.character in self._choices:
            self.dismiss(self._choices[event.character][0])
        event.stop()


def ask_which(
    app: App[Any], question: str, named: Sequence[tuple[str, str]], done: Callable[[str | None], None]
) -> None:
    """Ask which of some is meant: each on a key; where they are too many, by its name, which → completes.

    `named`: (value, words). `done` gets the value, or what was typed.
    """
    if len(named) <= MOST:
        choices = [(key, value, words) for key, (value, words) in zip(KEYS, named, strict=False)]
        app.push_screen(Choose(question, choices), done)
    else:
        app.push_screen(Ask(f"{question} → completes it", offers=[value for value, _ in named]), done)
