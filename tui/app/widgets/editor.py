"""The editor for a recipe's text: problems marked where they stand, words offered while one types."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from tui.app.look import style_of, text_of, visible
from tui.present import recipe as present

if TYPE_CHECKING:
    from core.recipe.complete import Completion
    from core.recipe.judge import Mark

_PARTS = (
    (re.compile(r"^\s*\[{1,2}.*?\]{1,2}"), "bold"),
    (re.compile(r"^\s*[\w.\"-]+(?=\s*=)"), "accent"),
    (re.compile(r"(?<![\"'\w])#[^\"]*$"), "dim"),
)
"""What a line is made of, as far as a glance needs it: heads of tables, keys, comments."""
OFFERED = 5
"""Lines for what can be typed."""


class RecipeText(TextArea):
    """TOML as typed. `problems` are underlined at their place."""

    HELP: ClassVar[str] = "The draft, saved as you type, whether it holds or not. What is wrong is underlined."

    def __init__(self, take: Callable[[], None]) -> None:
        """`take`: types the offered word. Called here, so that the change is told as one that was typed here."""
        super().__init__(show_line_numbers=True, soft_wrap=True, tab_behavior="focus", id="text")
        self._take = take
        self.problems: Sequence[Mark] = ()
        self.offering = False
        self.typing = False
        """Whether the last change came from a key: only then are words offered."""

    def mark(self, problems: Sequence[Mark]) -> None:
        """Underline these from now on."""
        if list(problems) != list(self.problems):
            self.problems = problems
            self._line_cache.clear()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        line.plain = visible(line.plain)
        for pattern, name in _PARTS:
            for found in pattern.finditer(line.plain):
                line.stylize(style_of(name), *found.span())
        for problem in self.problems:
            if problem.line == line_index + 1:
                line.stylize(style_of("wrong"), problem.column - 1, problem.column - 1 + max(1, problem.length))
        return line

    @property
    def offset_of_cursor(self) -> int:
        """Characters before the cursor."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.text.split("\n")[:row]) + column

    async def _on_key(self, event: events.Key) -> None:
        # While words are offered tab takes one; otherwise it goes to the next part, as everywhere.
        if self.offering and event.key == "tab":
            event.prevent_default()
            event.stop()
            self._take()
            return
        self.typing = True
        await super()._on_key(event)


class Editor(Vertical):
    """The text, and below it what can be typed at the cursor or what is wrong in its line."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="frame")
        self.area = RecipeText(self.take)
        self.below = Static("", id="below")
        self.offers: tuple[Completion, ...] = ()
        self.choice = 0
        self._told = ""

    def compose(self) -> ComposeResult:
        yield self.area
        yield self.below

    def tell(self, text: str, problems: Sequence[Mark], offers: tuple[Completion, ...]) -> None:
        """Show what is wrong in `text`, as it was when it was looked at, and what can be typed in it here."""
        self._told = text
        if [word.label for word in offers] != [word.label for word in self.offers]:
            self.choice = 0
        self.offers = offers
        self.area.offering = bool(offers)
        self.area.mark(problems)
        self._below()

    def _below(self) -> None:
        width = max(20, self.size.width - 4)
        self.border_subtitle = "tab takes it" if self.offers else ""
        if self.offers:
            lines = present.completion_lines(self.offers, self.choice, width, OFFERED)
        else:
            line = self.area.cursor_location[0] + 1
            lines = present.problem_lines(self.area.problems, line, width)[:OFFERED]
        self.below.update(text_of(lines))

    def choose(self, by: int) -> None:
        """Mark another of the offered words."""
        if self.offers:
            self.choice = (self.choice + by) % len(self.offers)
            self._below()

    def quiet(self) -> bool:
        """Offer nothing until more is typed. False where nothing was offered."""
        offered = bool(self.offers)
        self.offers, self.area.offering = (), False
        self._below()
        return offered

    def take(self) -> None:
        """Type the offered word under the mark in place of what it replaces; after a key its values are offered."""
        word = self.offers[self.choice]
        grown = len(self.area.text) - len(self._told)  # a quick hand typed on before the words came
        start, end = (_location(self.area.text, at) for at in (word.replaces[0], word.replaces[1] + grown))
        self.quiet()
        self.area.typing = word.insert.endswith("= ")
        self.area.replace(word.insert, start, end)
        self.area.move_cursor(_location(self.area.text, word.replaces[0] + len(word.insert)))

    def on_text_area_selection_changed(self) -> None:
        self._below()

    def put(self, text: str) -> None:
        """Another text, by a form or a look: the cursor stays in its line, and ctrl+z takes it back."""
        if text == self.area.text:
            return
        where = self.area.cursor_location
        self.area.typing = False
        self.area.replace(text, (0, 0), self.area.document.end)
        self.area.move_cursor((min(where[0], self.area.document.line_count - 1), where[1]))


def _location(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n"), len(before) - (before.rfind("\n") + 1)
