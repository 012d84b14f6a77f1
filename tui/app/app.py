"""The application: which screen is open, where the person is, and how it ends.

The first paint needs Textual and the index alone. Rendering happens in the worker process, never here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from tui.app import look
from tui.app.desk import Desk
from tui.app.onebyone import OneByOne
from tui.app.state import Place
from tui.video.line import TextualLine, retype

if TYPE_CHECKING:
    from tui.app.helping import Deed
    from tui.video.terminal import Terminal

GRACE = 2.0
"""Seconds that a screen without a line gets to close what it holds."""
SETTLE = 0.5
"""Seconds without a change after which a person's place is written."""


class Screens(App[None]):
    """The screens on the show in `root`. `terminal`: what was found of it; None: half-blocks."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "rushes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, root: Path, env: Mapping[str, str], terminal: Terminal | None = None) -> None:
        super().__init__()
        self.desk = Desk(root, env)
        self.terminal = terminal
        self.line = TextualLine(self, monotonic)
        """The way to the terminal for pictures."""
        self.place = Place()
        """Where the person is. Screens read it when they open and change it through `go`."""
        self._settling: Timer | None = None
        self.remark = ""
        self.keys = OneByOne(self, super().on_event, self._stands)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._heed()
            await self.keys.take(event)
        else:
            await super().on_event(event)

    def _heed(self) -> None:
        from tui.app.room import Room

        if isinstance(self.screen, Room):
            self.screen.heed()

    def _stands(self) -> bool:
        """Whether the screen in front is ready for keys."""
        from tui.app.room import Room

        return not isinstance(self.screen, Room) or self.screen.stands

    def get_default_screen(self) -> Screen[Any]:
        from tui.app.screens.cut import CutRoom

        return CutRoom()

    def on_mount(self) -> None:
        self.register_theme(look.GREY)
        self.theme = look.GREY.name
        self._take_keymap()
        if self.terminal is not None:
            retype(self, self.terminal.typed)
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.leave)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.hang_up)

    def on_terminal_supports_synchronized_output(self) -> None:
        """The terminal has answered: one frame more has arrived."""
        self.line.answered()

    def _take_keymap(self) -> None:
        from core.errors import BadInput
        from tui.app.keymap import keymap_path, read_keymap

        try:
            self.set_keymap(read_keymap(keymap_path(self.desk.env)))
        except BadInput as error:  # the screens open with the keys that they have, and say why
            self.remark = str(error)

    # where the person is

    def go(self, **changes: Any) -> None:
        """Change where the person is; written a moment later."""
        self.place = replace(self.place, **changes)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE, self.keep_place)

    def keep_place(self) -> None:
        """Write down where the person is. What fails here costs nothing that anybody typed."""
        from tui.app.state import write_place

        path = self.desk.place_path
        if path is not None:
            try:
                write_place(path, self.place)
            except Exception as error:
                self.log.error(repr(error))

    def action_room(self, name: str) -> None:
        """Open a screen over this one; one that is open already comes to the front."""
        from tui.app.rooms import make_room

        while any(screen.name == name for screen in self.screen_stack):
            if self.screen.name == name:
                return
            self.pop_screen()
        self.push_screen(make_room(name))

    def action_theme(self) -> None:
        names = look.THEMES
        wanted = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.theme = wanted
        self.go(theme=wanted)

    def action_palette(self) -> None:
        from tui.app.helping import Palette, deeds

        every = deeds(self.screen)

        async def chosen(deed: Deed | None) -> None:
            if deed is not None:
                await self.run_action(deed.call, deed.node)

        self.push_screen(Palette(every), chosen)

    def action_help(self) -> None:
        from tui.app.helping import Help
        from tui.app.room import Room

        if isinstance(self.screen, Room):
            self.push_screen(Help(self.screen))

    def action_help_quit(self) -> None:
        """Hands that know shells press ctrl+c."""
        from tui.app.room import Room

        if isinstance(self.screen, Room):
            self.screen.say("ctrl+q leaves rushes, esc goes back; what is typed is kept, and the worker goes on.")

    # the end

    async def action_quit(self) -> None:
        self.leave()

    def leave(self) -> None:
        """Leave; what was typed is saved, and what was asked for before is still done."""
        from tui.app.room import Room

        for screen in self.screen_stack:
            if isinstance(screen, Room):
                screen.keep()
        self.keep_place()
        self.desk.close()
        self.exit()

    def hang_up(self) -> None:
        """Leave because the line is gone. What the toolkit still wants to write there may never be taken: go anyway."""
        last = threading.Timer(GRACE, self._gone)
        last.daemon = True
        last.start()
        self.leave()

    def _gone(self) -> None:
        self.desk.acts.shutdown(wait=True)
        os._exit(0)
