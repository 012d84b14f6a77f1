"""The screens by name. Each is imported when it is first opened: the first paint needs the cut alone."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from tui.app.room import Room

ROOMS: Mapping[str, str] = {
    "queue": "tui.app.screens.queue:QueueRoom",
    "history": "tui.app.screens.history:HistoryRoom",
    "dailies": "tui.app.screens.dailies:DailiesRoom",
    "sheet": "tui.app.screens.sheet:SheetRoom",
    "publish": "tui.app.screens.publish:PublishRoom",
    "conform": "tui.app.screens.conform:ConformRoom",
    "recipe": "tui.app.screens.recipe:RecipeRoom",
    "wedge": "tui.app.screens.wedge:WedgeRoom",
    "compare": "tui.app.screens.compare:CompareRoom",
}


def make_room(name: str) -> Room:
    module, _, kind = ROOMS[name].partition(":")
    room: Room = getattr(import_module(module), kind)(name)
    return room
