"""What a host takes: the form in which a cut and its pictures are written for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Form:
    """How a timeline is written for one kind of program."""

    movies: bool = False
    """Pictures as the version's review movie, where it has one; else its frames."""
    frames: Literal["sequence", "listed", "first"] = "sequence"
    """Frames as an image sequence reference; as one file `name.[1001-1072].exr`; or by the first file's name."""
    markers: Literal["", "otio", "resolve", "fcp7", "fcp", "loc", "column"] = ""
    """How notes are told: OTIO markers, the same with the key that Resolve reads, to-dos of Final Cut, `LOC` lines, a
    column; "": not."""
    core: str = ""
    """The release of OpenTimelineIO whose schemas are written, such as 0.14.0; empty: the one here."""


OTIO = Form(markers="otio")
