"""The line that asks: for a remark, a filter, a path. What was typed comes back when the act that it was for fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static


class Ask(ModalScreen[str | None]):
    """A question and a line to answer it, at the bottom. Ends with what was typed, or None for escape.

    `typed`: stands in the line at first. `why`: said above it (an earlier refusal). `offers`: completed with →.
    `changed`: gets the text at each key.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave it")]
    DEFAULT_CSS = """
    Ask { align: center bottom; background: transparent; }
    Ask > Static { width: 1fr; height: auto; max-height: 10; background: $panel; padding: 0 1; }
    Ask > Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $surface; }
    """

    def __init__(
        self,
        question: str,
        *,
        typed: str = "",
        why: str = "",
        offers: Sequence[str] = (),
        changed: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._question, self._typed, self._why = question, typed, why
        self._offers, self._changed = offers, changed

    def compose(self) -> ComposeResult:
        said = f"{self._why}\n{self._question}" if self._why else self._question
        yield Static(said, markup=False)
        suggester = SuggestFromList(self._offers, case_sensitive=False) if self._offers else None
        yield Input(self._typed, compact=True, select_on_focus=False, suggester=suggester)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._changed is not None:
            self._changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)


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
        lines = [f"  {key}  {words}" for key, (_, words) in self._choices.items()]
        yield Static("\n".join([self._question, *lines, "  esc  leave it"]), markup=False)

    def on_key(self, event: object) -> None:
        from textual.events import Key

        assert isinstance(event, Key)
        if event.key == "escape":
            self.dismiss(None)
        elif event.character in self._choices:
            self.dismiss(self._choices[event.character][0])
        event.stop()
