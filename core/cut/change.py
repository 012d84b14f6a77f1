"""What became of one clip between two cuts, as commands and screens show it. Light: no library is loaded for it."""

from __future__ import annotations

from dataclasses import dataclass

NEW = "new"
"""The answer to a question that says: none of these shots."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one clip. Frames are shot frames: media frames at the media's rate, before any retime."""

    clip: str
    """Its name in the new cut; empty where it is not in it."""
    was: str
    """The name of the clip that it was in the old cut; empty for none."""
    shot: str
    """The shot that it shows; empty where none is known yet."""
    track: str
    flags: tuple[str, ...]
    head: int = 0
    """Frames gained at the end with the lower frame numbers (also where it runs backwards); negative: lost."""
    tail: int = 0
    slip: int = 0
    """Frames by which the same length shows later pictures; negative: earlier ones."""
    missing_head: int = 0
    """Frames it needs that the shot's circled (else newest complete) version lacks; while there is none, frames that
    lie outside the handles."""
    missing_tail: int = 0
    why: str = ""
    """How it was recognised, and what the plate lacks of what is missing, in words."""
    record: int = 0
    """The frame of its cut where it starts; the cut's first frame is 0."""
    duration: int = 0
    id: str = ""
    """Its clip id in the new cut; in the old one: `was_id`."""
    was_id: str = ""
    version: str = ""
    """The version of ours that it plays."""
    key: str = ""
    """What an answer to a question about it is remembered by; empty where nothing is asked."""
    candidates: tuple[str, ...] = ()
    """The shots that it may be, where that is a question."""
