"""What the loading threads tell the screen. They post these and touch nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.strip import Strip

    from core.overview import ShotRow


@dataclass
class ShotsLoaded(Message):
    """The shot list, as it is now."""

    title: str
    rows: list[ShotRow]


class Changed(Message):
    """Somebody else wrote: the list is old."""


@dataclass
class VersionsLoaded(Message):
    """The versions of a shot that can be looked at, oldest first."""

    shot: str
    versions: list[str]


@dataclass
class PictureLoaded(Message):
    """A picture, ready to show, and the frame that it is."""

    shot: str
    source: str
    frame: int
    strips: list[Strip]


@dataclass
class PictureFailed(Message):
    """Why there is no picture."""

    shot: str
    source: str
    reason: str


@dataclass
class Done(Message):
    """An act that went through, in words."""

    text: str


@dataclass
class NotDone(Message):
    """An act that did not, with what was typed for it."""

    kind: str
    shot: str
    version: str
    text: str
    reason: str


@dataclass
class Failed(Message):
    """Why nothing could be read, in words."""

    text: str
