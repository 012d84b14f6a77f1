"""`?` and the palette: both read the bindings that are active, so they tell what is true here and now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from tui.app.actions import PLACES, by_id
from tui.app.lines import Lines
from tui.app.look import Visible
from tui.present.spans import Line, padded

if TYPE_CHECKING:
    from tui.app.room import Room


@dataclass(frozen=True, slots=True)
class Deed:
    """One action as it stands now: where, on which keys, and why it cannot be done (empty: it can)."""

    id: str
    place: str
    keys: tuple[str, ...]
    title: str
    help: str
    call: str
    node: DOMNode
    why_not: str = ""


def deeds(screen: Screen[Any]) -> list[Deed]:
    """What can be done on a screen, the focused part's actions first."""
    actions = by_id()
    found: dict[str, Deed] = {}
    why = getattr(screen, "why_not", lambda name: "")
    for node, binding, _, _ in screen.active_bindings.values():
        action = actions.get(binding.id or "")
        if action is None:
            continue
        key = screen.app.get_key_display(binding)
        if action.id in found:
            found[action.id] = replace(found[action.id], keys=(*found[action.id].keys, key))
            continue
        reason = why(action.call)
        found[action.id] = Deed(
            action.id, action.place, (key,), action.title, action.help, binding.action, node, reason
        )
    return list(found.values())


class Palette(ModalScreen[Deed | None]):
    """Every action that there is here, found by its words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("enter", "take", "do it", priority=True),
        Binding("down,ctrl+n", "move(1)", "next", priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", priority=True),
    ]
    DEFAULT_CSS = """
    Palette { align: center top; background: $background 60%; }
    Palette > Input { width: 76; max-width: 100%; height: 1; border: none; margin-top: 2; }
    Palette > Input.-textual-compact { padding: 0 1; }
    Palette > Lines { width: 76; max-width: 100%; height: auto; max-height: 70%; background: $surface; }
    """

    def __init__(self, every: list[Deed]) -> None:
        super().__init__()
        self._every = every
        self.list: Lines[Deed] = Lines(self._line, lambda deed: deed.id, empty="nothing is called like that")
        self.list.can_focus = False

    def compose(self) -> ComposeResult:
        yield Input(placeholder="what do you want to do?", compact=True, highlighter=Visible())
        yield self.list

    def on_mount(self) -> None:
        self._show("")

    @staticmethod
    def _line(deed: Deed, width: int) -> Line:
        place = padded(PLACES[deed.place].lower().removeprefix("the "), 11)
        words = f"{deed.title} — {deed.help}" if deed.help else deed.title
        if deed.why_not:
            return ((f" {place} ", "dim"), (f"{deed.title}: {deed.why_not}", "dim"))
        return ((f" {place} ", "dim"), (padded(words, width - 25), ""), (f" {deed.keys[0]}", "dim"))

    def _show(self, typed: str) -> None:
        from textual.fuzzy import Matcher

        # Over the short words only: the matcher tries every way in which letters can lie, and a sentence has many.
        matcher = Matcher(typed)
        scores = {deed.id: matcher.match(deed.title) if typed else 1.0 for deed in self._every}
        kept = [deed for deed in self._every if scores[deed.id] > 0 or typed.lower() in deed.help]
        self.list.show(sorted(kept, key=lambda deed: -scores[deed.id]))
        self.list.move_to(0)
        self.list.styles.height = max(1, len(kept))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def action_take(self) -> None:
        self.dismiss(self.list.row)

    def on_lines_opened(self, event: Lines.Opened) -> None:
        self.dismiss(event.row)

    def action_move(self, by: int) -> None:
        self.list.action_move(by)

    def action_leave(self) -> None:
        self.dismiss(None)


class Help(ModalScreen[None]):
    """What can be done here, the focused part first. Any key leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "leave")]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help > Static { width: 96; max-width: 100%; height: auto; background: $panel; padding: 0 2; text-style: bold; }
    Help > Lines { width: 96; max-width: 100%; height: auto; max-height: 85%; background: $surface; }
    """

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._deeds = deeds(room)
        focused = room.focused_help()
        self._of = getattr(focused, "HELP", "") or getattr(room, "HELP", "")
        self.list: Lines[Deed | str] = Lines(self._line, lambda row: row if isinstance(row, str) else row.id)

    def compose(self) -> ComposeResult:
        yield Static(self._of or "What can be done here", markup=False)
        yield self.list

    def on_mount(self) -> None:
        rows: list[Deed | str] = []
        places = dict.fromkeys(deed.place for deed in self._deeds)
        for place in sorted(places, key=lambda place: place in ("list", "grid", "any")):  # what everybody knows last
            rows += [PLACES[place], *(deed for deed in self._deeds if deed.place == place)]
        self.list.show(rows)
        self.list.styles.height = len(rows)
        self.list.focus()

    @staticmethod
    def _line(row: Deed | str, width: int) -> Line:
        if isinstance(row, str):
            return ((row, "bold"),)
        words = f"{row.title} — {row.help}" if row.help else row.title
        return ((f"  {padded('  '.join(row.keys), 18)}", "accent"), (words, ""))
