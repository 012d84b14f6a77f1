"""The footer: what can be done now with the focused part, as many keys as fit; the way back and `?` always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.app.look import style_of

if TYPE_CHECKING:
    from textual.binding import Binding

BACK, HELP = "any.back", "any.help"


class Foot(Widget):
    """One line of keys. Reads the bindings that are active, so that it always tells the truth."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    @property
    def always(self) -> tuple[str, ...]:
        """What stands last and is never left out. From the cut no way leads back: it ends there."""
        return (HELP,) if self.screen is self.app.screen_stack[0] else (BACK, HELP)

    def keys(self) -> list[tuple[str, str, bool]]:
        """(key, words, whether it can be done now) of the actions that belong in the footer."""
        seen: dict[str, tuple[str, str, bool]] = {}
        why_not = getattr(self.screen, "why_not", lambda action: "")
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and (binding.id or binding.action) not in seen and not why_not(binding.action):
                seen[binding.id or binding.action] = (self._shown(binding), binding.description, enabled)
        last = {name: seen.pop(name) for name in (BACK, HELP) if name in seen}
        return [*seen.values(), *(last[name] for name in self.always if name in last)]

    def _shown(self, binding: Binding) -> str:
        return self.app.get_key_display(binding)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        parts = [(f" {key} ", f"{words} ", enabled) for key, words, enabled in self.keys()]
        most, last = parts[: -len(self.always)], parts[-len(self.always) :]
        room = width - sum(cell_len(key + words) for key, words, _ in last)
        kept = []
        for part in most:
            room -= cell_len(part[0] + part[1])
            if room < 0:
                break
            kept.append(part)
        strong = style + style_of("accent")
        segments = []
        for key, words, enabled in [*kept, *last]:
            segments += [Segment(key, strong if enabled else style), Segment(words, style)]
        return Strip(segments).crop_extend(0, width, style)
