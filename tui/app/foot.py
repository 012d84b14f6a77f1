"""The footer: what can be done now with the part that has the focus, as many keys as fit, `?` always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.app.look import style_of

if TYPE_CHECKING:
    from textual.binding import Binding

LAST = "any.help"


class Foot(Widget):
    """One line of keys. Reads the bindings that are active, so that it always tells the truth."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def keys(self) -> list[tuple[str, str, bool]]:
        """(key, words, whether it can be done now) of the actions that belong in the footer, help last."""
        seen: dict[str, tuple[str, str, bool]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and (binding.id or binding.action) not in seen:
                seen[binding.id or binding.action] = (self._shown(binding), binding.description, enabled)
        last = seen.pop(LAST, None)
        return [*seen.values(), *([last] if last else [])]

    def _shown(self, binding: Binding) -> str:
        return self.app.get_key_display(binding)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        parts = [(f" {key} ", f"{words} ", enabled) for key, words, enabled in self.keys()]
        *most, last = parts or [("", "", True)]
        room = width - cell_len(last[0] + last[1])
        kept = []
        for part in most:
            room -= cell_len(part[0] + part[1])
            if room < 0:
                break
            kept.append(part)
        strong = style + style_of("accent")
        segments = []
        for key, words, enabled in [*kept, last]:
            segments += [Segment(key, strong if enabled else style), Segment(words, style)]
        return Strip(segments).crop_extend(0, width, style)
