"""Open notes as markers of a clip, in the clip's own source time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.cut.outgoing.form import Form
from core.cut.outgoing.reference import VersionMedia
from core.files import one_line, safe_text

COLOURS = {
    "look": "GREEN", "flicker": "RED", "matte": "CYAN", "edge": "BLUE", "colour": "ORANGE", "continuity": "PURPLE",
    "editorial": "YELLOW", "technical": "MAGENTA",
}  # fmt: skip
"""A note's category → one of the colours that OTIO and hosts share; others are white."""
_RGB = {
    "GREEN": (0, 255, 0), "RED": (255, 0, 0), "CYAN": (0, 255, 255), "BLUE": (0, 0, 255), "ORANGE": (255, 128, 0),
    "PURPLE": (128, 0, 255), "YELLOW": (255, 255, 0), "MAGENTA": (255, 0, 255), "WHITE": (255, 255, 255),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remarked:
    """An open note on a version."""

    id: str
    text: str
    category: str = ""
    by: str = ""
    frames: tuple[int, int] | None = None
    """The shot frames that it is about; None: the whole shot, told at the clip's first frame."""

    @property
    def colour(self) -> str:
        return COLOURS.get(self.category, "WHITE")

    def line(self, limit: int = 500) -> str:
        """The text on one line."""
        return one_line(self.text, limit)


def mark(clip: Any, reference: Any, media: VersionMedia, notes: Sequence[Remarked], form: Form) -> None:
    """Put a marker on `clip` for each note, in the place of those that an earlier publish left.

    Args:
        reference: the version's reference as made for the clip; its source time is what markers count in.
    """
    import opentimelineio as otio

    from otio_adapters import versions

    versions.strip_markers(clip)
    start, first = reference.available_range.start_time, getattr(reference, "start_frame", media.frames.first)
    for note in notes:
        shown = otio.opentime.TimeRange(clip.trimmed_range().start_time, otio.opentime.RationalTime(1, start.rate))
        if note.frames is not None:
            at = otio.opentime.RationalTime(start.value + note.frames[0] - first, start.rate)
            long = otio.opentime.RationalTime(note.frames[1] - note.frames[0] + 1, start.rate)
            shown = otio.opentime.TimeRange(at, long)
        made = otio.schema.Marker(f"{media.version} {one_line(note.category, 40) or 'note'}", shown, note.colour)
        made.comment = safe_text(note.text, keep_newlines=True)
        facts = {"note": note.id, "version": media.version, "category": note.category, "by": note.by}
        versions.put(made, facts)
        if form.markers == "resolve":
            made.metadata["Resolve_OTIO"] = {"Note": made.comment, "Keywords": []}
        clip.markers.append(made)


def rgb(colour: str) -> tuple[int, int, int]:
    """A marker colour's red, green and blue, 0 to 255; white for others."""
    return _RGB.get(colour, _RGB["WHITE"])
