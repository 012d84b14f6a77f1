"""How far a long act is, told while it runs to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable

Tick = Callable[[str, int, int], None]
"""What is being read or made now, how many are done, and of how many (0: nobody knows)."""


def silent(what: str, done: int, total: int) -> None:
    """For who does not want to know."""
