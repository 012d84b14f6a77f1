"""The forms in which a cut is handed over, as data: for whom, what it holds, how pictures and notes are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.cut.outgoing.avid import write_avid
from core.cut.outgoing.delivery import write_delivery
from core.cut.outgoing.edl_delivery import write_edl
from core.cut.outgoing.fcp import write_fcp
from core.cut.outgoing.fcp7 import write_fcp7
from core.cut.outgoing.form import OTIO, Form
from core.cut.outgoing.listing import write_csv
from core.cut.outgoing.publish import Handover, Published, write_master
from core.errors import BadInput
from core.files import one_line


@dataclass(frozen=True, slots=True)
class Profile:
    """A form in which a cut is handed over."""

    write: Callable[[Handover, Path], Published]
    suffix: str
    about: str
    """For whom it is, in a few words."""
    form: Form = OTIO
    alternates: bool = False
    """It holds versions that do not play as well. Else only clips with a circled version get one."""
    every: bool = False
    """It always holds every complete version."""
    bundle: bool = False
    """It can bring its media along, as one `.otioz`."""
    counts: bool = False
    """It counts in timecode, at the rate of the cut."""
    in_git: bool = True
    """Its text goes into `publish/` too, with URLs relative to the media root, and its loss report."""


PROFILES: Mapping[str, Profile] = {
    "master": Profile(
        write_master, ".otio", "the editor's references and our versions beside them", alternates=True, in_git=False
    ),
    "delivery": Profile(write_delivery, ".otio", "one reference a clip: what plays", bundle=True),
    "edl": Profile(write_edl, ".edl", "CMX 3600, one list a video track", Form(markers="loc"), counts=True),
    "resolve": Profile(
        write_delivery, ".otio", "one reference a clip: review movies", Form(True, "listed", "resolve"), bundle=True
    ),
    "resolve18": Profile(
        write_delivery,
        ".otio",
        "the same for readers before Clip.2",
        Form(True, "listed", "resolve", "0.14.0"),
        bundle=True,
    ),
    "premiere": Profile(write_fcp7, ".xml", "FCP7 XML: review movies", Form(True, "first", "fcp7")),
    "fcp": Profile(
        write_fcp, ".fcpxml", "FCPXML for Final Cut Pro: review movies", Form(True, "first", "fcp"), counts=True
    ),
    "avid": Profile(write_avid, ".edl", "an EDL a video track and an ALE", Form(markers="loc"), counts=True),
    "rv": Profile(
        write_master, ".otio", "every version as a media representation", alternates=True, every=True, in_git=False
    ),
    "csv": Profile(
        write_csv, ".csv", "one line a clip, for the production office", Form(markers="column"), counts=True
    ),
}


def profile_of(purpose: str) -> Profile:
    """The form of this name. Raises BadInput."""
    if purpose not in PROFILES:
        raise BadInput(f"Cannot publish for {one_line(purpose)!r}.", todo=f"Allowed: {', '.join(PROFILES)}.")
    return PROFILES[purpose]
