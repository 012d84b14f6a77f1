"""The adapter `rushes_edl`: CMX 3600 lists with the record start, full reels, retimes, and shots and versions.

otioconvert -i master.otio -o master.rushes_edl
otioconvert -i master.otio -o v2.edl -O rushes_edl -A track=2
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

try:
    from otio_adapters import versions
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters import versions

from otio_adapters.edl import Edl, edl_text, one_line, read_edl, strict_losses
from otio_adapters.edl_timeline import timeline_of
from otio_adapters.events import Track, cut_losses
from otio_adapters.normalise import normalise
from otio_adapters.times import exact_rate, record_rate, seconds
from otio_adapters.told import Told, remarks_of, told

_DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
_RATE = re.compile(r"^\* RUSHES RATE: (\S+)$", re.MULTILINE)
_SIGNS = re.compile(r"^\* RUSHES (?:RATE|SHA256): .*\n?", re.MULTILINE)


def write_to_string(
    input_otio: Any, rate: float | str | None = None, track: int | None = None, drop: bool | None = None
) -> str:
    """One video track as a list. What it has no line for is logged as warnings of `rushes_edl`, clip by clip.

    Args:
        rate: frames a second, `25` or `24000/1001`; without it that of the timeline's start, else of its first clip.
        track: the number of the video track, 1 is the lowest; without it the only one with clips.
        drop: drop-frame timecode; without it as the list that the timeline was read from.

    Raises:
        ValueError: an argument that is none, no clip that a list could hold, or several tracks and none asked for.
    """
    timeline = _timeline(input_otio).clone()
    normalise(timeline, lambda: str(uuid.uuid4()))  # OpenTimelineIO's own readers hide the start of a list
    number, chosen = _track(timeline, track)
    exact = _rate(rate) if rate is not None else record_rate(timeline, chosen)
    if exact is None:
        raise ValueError("rushes_edl: no clip says how long it is, a list has to")
    drops = _drop(timeline, drop, exact)
    start = seconds(timeline.global_start_time) or Fraction(0)
    writer = Track(f"V{number}", exact, start, drops, lambda clip: _told(clip, exact))
    events = tuple(writer.events(chosen))
    if not events:
        raise ValueError(f"rushes_edl: video track {number} has no clip that a list could hold")
    several = f" V{number}" if len(list(_video_tracks(timeline))) > 1 else ""
    edl = Edl((one_line(timeline.name, 50) or "untitled") + several, exact, drops, events)
    strict = ((writer.name, what) for what in strict_losses(edl))
    for whose, what in (*cut_losses(timeline), *writer.losses, *strict):
        logging.getLogger("rushes_edl").warning("%s: %s", whose, what)
    return edl_text(edl) + f"* RUSHES RATE: {exact}\n"


def read_from_string(input_str: str, rate: float | str | None = None) -> otio.schema.Timeline:
    """A list as a timeline at its exact rate: one of ours by our own reader, others by OTIO's, put in order.

    Args:
        rate: frames a second. Lists written by this adapter say it themselves, others do not.

    Raises:
        ValueError: nobody says the rate, or the list cannot be read.
    """
    said = _RATE.search(input_str)
    if rate is None and said is None:
        raise ValueError("rushes_edl: a list does not say its rate; give it: -a rate=25, or rate=24000/1001")
    exact = _rate(said[1] if rate is None and said else rate)
    try:
        return timeline_of(read_edl(_SIGNS.sub("", input_str), exact))
    except ValueError as error:
        return _foreign(input_str, exact, error)


def _foreign(text: str, rate: Fraction, why: ValueError) -> otio.schema.Timeline:
    """Somebody else's list, by OTIO's adapter. Its ids come from its text: the same list gives the same timeline."""
    try:
        reader = otio.adapters.from_name("cmx_3600")
    except otio.exceptions.NotSupportedError as error:
        raise ValueError(f"rushes_edl: {why}; other lists need otio-cmx3600-adapter, which is not installed") from error
    timeline = reader.module().read_from_string(text, rate=float(rate))
    seed, numbers = hashlib.sha256(text.encode()).hexdigest(), itertools.count(1)
    normalise(timeline, lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{next(numbers)}")))
    return timeline


def _told(clip: Any, rate: Fraction) -> Told:
    found = told(clip, clip.media_reference, rate)
    return replace(found, remarks=tuple(remarks_of(clip)), markers=True)


def _timeline(given: Any) -> Any:
    if isinstance(given, otio.schema.SerializableCollection):
        found = given.find_children(descended_from_type=otio.schema.Timeline)
        if len(found) == 1:
            return found[0]
    if not isinstance(given, otio.schema.Timeline):
        raise ValueError(f"rushes_edl writes one timeline, not a {type(given).__name__}")
    return given


def _track(timeline: Any, wanted: int | None) -> tuple[int, Any]:
    """The video track to write, with its number."""
    tracks = dict(enumerate(_video_tracks(timeline), 1))
    if wanted is not None:
        if wanted not in tracks:
            raise ValueError(f"rushes_edl: there is no video track {wanted!r}; the timeline has 1 to {len(tracks)}")
        return wanted, tracks[wanted]
    filled = {number: track for number, track in tracks.items() if track.find_clips()}
    if len(filled) > 1:
        known = ", ".join(map(str, filled))
        raise ValueError(f"rushes_edl: a list holds one video track; ask for one of {known}: -A track=1")
    if not filled:
        raise ValueError("rushes_edl: the timeline has no clip that a list could hold")
    return next(iter(filled.items()))


def _video_tracks(timeline: Any) -> Iterator[Any]:
    for track in timeline.tracks:
        if isinstance(track, otio.schema.Track) and track.kind == otio.schema.TrackKind.Video:
            yield track


def _drop(timeline: Any, wanted: Any, rate: Fraction) -> bool:
    """Raises ValueError."""
    found = versions.get(timeline).get("drop", False) if wanted is None else wanted
    if not isinstance(found, bool):
        raise ValueError(f"rushes_edl: drop is True or False, not {found!r}")
    if found and rate not in _DROP_RATES:
        raise ValueError(f"rushes_edl: there is drop-frame timecode at 29.97 and 59.94 only, not at {rate}")
    return found


def _rate(value: Any) -> Fraction:
    """Raises ValueError."""
    said = re.fullmatch(r"\d{1,6}(?:\.\d{1,20}|/[1-9]\d{0,5})?", str(value))
    exact = exact_rate(float(Fraction(said[0]))) if said else None
    if exact is None or not 1 <= exact <= 120:
        raise ValueError(f"rushes_edl: not a frame rate: {value!r}; write it like 25 or 24000/1001")
    return exact
