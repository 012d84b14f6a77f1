"""Keys one by one: the next goes out when the one before has done all that it does.

The toolkit hands every key at once to the part that has the focus. A slow line brings keys in bunches: `n`, a note's
words and enter then all arrive at the list, and only `n` is for it. So each waits for the one before it, and for a
screen that it opened to stand.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

PATIENCE = 5.0
"""Seconds after which the next key goes out though nobody told what became of the one before."""
AGAIN = 0.01
"""Seconds until a screen that does not stand yet is looked at again."""


class OneByOne:
    """The keys that wait. `send`: the toolkit's own way with a key; `ready`: whether the screen in front stands."""

    def __init__(self, app: App[Any], send: Callable[[events.Key], Awaitable[None]], ready: Callable[[], bool]) -> None:
        self._app, self._send, self._ready = app, send, ready
        self._waiting: deque[tuple[events.Key, float]] = deque()
        """Each with when it came."""
        self._under_way: events.Key | None = None
        self._since = 0.0

    async def take(self, key: events.Key) -> None:
        """Send a key on, now or when its turn comes."""
        self._waiting.append((key, get_running_loop().time()))
        if self._under_way is None:
            await self._next()

    async def _next(self) -> None:
        if self._under_way is not None or not self._waiting:
            return
        key, came = self._waiting[0]
        now = get_running_loop().time()
        if not self._ready() and now - came < PATIENCE:  # keys that came before the first screen stands
            self._app.set_timer(AGAIN, self._next)
            return
        self._waiting.popleft()
        self._under_way, self._since = key, now
        self._app.set_timer(PATIENCE, lambda: self._done(key))
        target: DOMNode = self._app.focused or self._app.screen
        await self._send(key)
        self._follow(key, [target, *target.ancestors] if key.is_forwarded else [])

    def _follow(self, key: events.Key, nodes: list[DOMNode]) -> None:
        """Stand in line behind the key at each part that it goes through, until one keeps it or none is left."""
        if key is not self._under_way:
            return
        if key._stop_propagation or not nodes or not nodes[0].call_later(self._follow, key, nodes[1:]):
            self._done(key)

    def _done(self, key: events.Key) -> None:
        if key is not self._under_way:
            return
        if not self._ready() and get_running_loop().time() - self._since < PATIENCE:
            self._app.set_timer(AGAIN, lambda: self._done(key))
            return
        self._under_way = None
        if self._waiting:
            self._app.call_later(self._next)
