"""Differences between recipes in words: `-old- +new+`, coloured on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.files import one_line
from tui.commands import output

if TYPE_CHECKING:
    from core.recipe.changes import Change


MARKS: Mapping[str, tuple[str, output.Style]] = {" ": ("", ""), "-": ("-", "red"), "+": ("+", "green")}


def print_changes(found: Sequence[Change]) -> None:
    """One change a line: the key, then the values, or the words of a prompt."""
    if not found:
        output.line("The recipes are the same.")
        return
    width = max(len(change.key) for change in found)
    for change in found:
        output.words((one_line(change.key).ljust(width + 2), "dim"), *change_parts(change))


def change_parts(change: Change) -> list[tuple[str, output.Style]]:
    """The parts of one change with their styles: words kept, `-taken out-`, `+put in+`."""
    if not change.words:
        return [(one_line(str(change.a)), "red"), (" → ", ""), (one_line(str(change.b)), "green")]
    parts: list[tuple[str, output.Style]] = []
    for kind, text in change.words:
        shown = one_line(text)
        mark, style = MARKS[kind]
        parts.append((f"{mark}{shown}{mark} ", style))
    return parts
