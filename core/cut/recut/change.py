"""What became of one clip between two cuts, as commands and screens show it. Light: no library is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FLAGS: Mapping[str, str] = MappingProxyType({
    "ambiguous": "could be one shot or another",
    "source_replaced": "another source: what was made is from the old one",
    "plate_content_changed": "other pictures under the plate's name: what was made is from the old ones",
    "extended_beyond": "longer than what was made",
    "rate_changed": "its media have another rate",
    "source_timecode_missing": "its timecode is gone: matched by other marks",
    "version_drift": "plays a version older than the circled one",
    "retimed": "another speed",
    "retime_curve_changed": "another speed curve",
    "new": "not in the cut before",
    "reinstated": "back in the cut",
    "duplicated": "once more in the cut",
    "split": "cut in two",
    "merged": "joined with its neighbour",
    "removed": "no longer in the cut; its versions stay",
    "slipped": "shows other frames of the same length",
    "extended_within_handles": "longer, within what was made",
    "reframed": "moved, scaled or cropped otherwise",
    "effects_changed": "other effects",
    "transition_changed": "another transition",
    "enabled": "switched on",
    "disabled": "switched off",
    "returned": "plays our own version",
    "trimmed_head": "shorter at the head",
    "trimmed_tail": "shorter at the tail",
    "moved": "elsewhere, or on another track",
    "shifted": "earlier or later, because of what lies before",
    "relinked_only": "the same pictures under another path",
    "unchanged": "as it was",
})  # fmt: skip
"""Every flag, and what it says to an editor. A clip has those that fit; `unchanged` and `relinked_only` stand alone."""
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
    circled: str = ""
    """The version of its shot that is circled, where it plays one of ours."""
    number: int = -1
    """Its position among the clips of the new cut; -1 where it is not in it."""
    key: str = ""
    """What an answer to a question about it is remembered by; empty where nothing is asked."""
    candidates: tuple[str, ...] = ()
    """The shots that it may be, where that is a question."""
