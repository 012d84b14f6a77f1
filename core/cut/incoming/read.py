"""Reading a timeline, whoever wrote it, and its one text."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.cut.incoming.bundle import as_received, check_file, is_deeper
from core.cut.incoming.collection import chosen, forget_choice
from core.cut.incoming.edl_midnight import past_midnight
from core.cut.incoming.edl_motion import read_reverses, readable
from core.cut.incoming.edl_rate import guess_rate
from core.cut.incoming.fcp7_quick import quicken
from core.cut.incoming.fcp7_speed import read_speeds
from core.errors import BadInput, CutError
from core.files import one_line
from core.frames import format_rate, rate_of

PLAIN = (".otio", ".otioz", ".otiod")
"""Formats that opentimelineio reads itself; others need an adapter."""
FINAL_CUT = (".fcpxml", ".fcpxmld")
"""What Final Cut Pro exports, a file or a folder: read by our own adapter."""
ADAPTED = (".edl", ".xml", *FINAL_CUT, ".aaf")
"""Formats that were tried: with the adapters of the extra `nle`, and Final Cut's with our own."""
DEEPEST = 200
"""Levels of JSON: a real cut has some thirty, and OpenTimelineIO falls over its own stack at some ten thousand."""

_VALUES = ("RationalTime", "TimeRange", "TimeTransform", "Color", "V2d", "Box2d", "SerializableObjectRef")
"""What a file holds beside objects: `type_version_map` does not name them."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut in order: true rates, ranges inferred where they were null, a clip id on every clip."""

    timeline: Any
    """An `opentimelineio.schema.Timeline`."""
    name: str
    rate: Fraction
    """Frames a second of the record side."""
    warnings: tuple[str, ...]


def read_cut(
    path: Path,
    mint: Callable[[], str] = lambda: str(uuid.uuid4()),
    edl_rate: Fraction | None = None,
    name: str = "",
) -> Cut:
    """Read a cut and put it in order (`otio_adapters.normalise`).

    Args:
        mint: makes ids for clips that have none.
        edl_rate: frames a second of an EDL, which does not say; None: guessed, and a warning says why.
        name: which timeline of a file that holds several.

    Raises:
        CutError: missing, unreadable, truncated, of a newer schema, of a kind no adapter is installed for, or without
            clips. Several: it holds several timelines, and `name` is none of them.
    """
    from otio_adapters.normalise import normalise

    guessed = ""
    if edl_rate is None and path.suffix.lower() == ".edl" and path.exists():
        edl_rate, why = guess_rate(as_received(path)[1])
        guessed = f"read at {format_rate(edl_rate)} frames a second: {why} (a list does not say; --rate does)"
    timeline, text = _read(path, edl_rate, name)
    if not name:
        forget_choice(timeline)
    # Bound to a name: the clips of a temporary list die while it is walked.
    clips = timeline.find_clips()
    if not clips:
        raise CutError("The cut has no clips.", where=str(path), todo="Export the sequence again.")
    try:
        warnings = normalise(timeline, mint, text)
    except (ValueError, TypeError) as error:
        raise CutError(f"The cut cannot be put in order: {one_line(str(error))}.", where=str(path)) from error
    rate = _rate(timeline, clips, path)
    unread = _unread(timeline) if path.suffix.lower() in FINAL_CUT else ()
    said = (*[guessed] * bool(guessed), *unread, *warnings)
    return Cut(timeline, one_line(timeline.name, 80), rate, said)


def _unread(timeline: Any) -> Iterator[str]:
    """What our own reader of FCPXML did not understand, in lines."""
    told = timeline.metadata.get("fcpxml")
    for line in told.get("unread", ()) if hasattr(told, "keys") else ():
        yield one_line(str(line), 200)


def record_rate(path: Path) -> Fraction:
    """Frames a second of a cut that the show keeps. Raises CutError."""
    timeline = read_timeline(path)
    return _rate(timeline, timeline.find_clips(), path)


def cut_text(cut: Cut) -> str:
    """The cut as OTIO JSON: the same cut gives the same bytes."""
    return timeline_text(cut.timeline)


def timeline_text(timeline: Any, core: str = "") -> str:
    """A timeline as OTIO JSON, without the hooks that other packages may have installed.

    `core`: the release of OpenTimelineIO whose schemas are written (0.14.0: clips with one reference); empty: this one.

    Raises CutError: there is not enough memory.
    """
    from opentimelineio import core as otio_core
    from opentimelineio import versioning

    older = versioning.fetch_map("OTIO_CORE", core) if core else {}
    try:
        text: str = otio_core.serialize_json_to_string(timeline, older, indent=4)
        return text + "\n"
    except MemoryError as error:
        raise _too_large() from error


def read_timeline(path: Path, edl_rate: Fraction | None = None, name: str = "") -> Any:
    """The one timeline in a file, or the one of that name, as its writer left it. Raises CutError (see `read_cut`).

    One of several says in our metadata which it is (`timeline`), so that it is found in that file again.
    """
    return _read(path, edl_rate, name)[0]


def _read(path: Path, edl_rate: Fraction | None, name: str) -> tuple[Any, bytes]:
    """The timeline and the JSON that it was read from; of other formats empty."""
    import opentimelineio as otio

    if not path.exists():
        raise CutError("There is no such cut.", where=str(path), todo="Check the path.")
    text = as_received(path)[1] if path.suffix.lower() in PLAIN else b""
    found = _read_plain(path, text) if path.suffix.lower() in PLAIN else _read_adapted(path, edl_rate)
    if isinstance(found, otio.schema.SerializableCollection) or name:
        found = chosen(found, name, path)
    if not isinstance(found, otio.schema.Timeline):
        raise CutError(
            f"This holds {_kind(found)}, not a timeline.", where=str(path), todo="Export the sequence as a timeline."
        )
    if found.tracks is None:  # OpenTimelineIO itself ends the program when it looks for clips there
        raise CutError("The cut has no tracks.", where=str(path), todo="Export the sequence again.")
    return found, text


def _read_plain(path: Path, data: bytes) -> Any:
    """Straight from the core library: no media linker, no hooks, so what was sent is what is read."""
    import opentimelineio as otio

    if is_deeper(data, DEEPEST):
        raise CutError(
            f"The cut is nested more than {DEEPEST} levels deep.", where=str(path),
            todo="It is damaged, or made to do harm. Export the sequence again.",
        )  # fmt: skip
    try:
        found = otio.core.deserialize_json_from_string(data.decode("utf-8-sig"))
        if b"SerializableObjectRef" in data:  # it may hold itself: written out that is an error, read in it is none
            timeline_text(found)
        return found
    except MemoryError as error:
        raise _too_large(str(path)) from error
    except (ValueError, KeyError, OSError, otio.exceptions.OTIOError) as error:
        odd = _odd_schemas(data)
        if odd:
            raise CutError(
                f"OpenTimelineIO {otio.__version__} cannot read objects of this file: {odd}.",
                where=str(path),
                todo="Export it for an older OpenTimelineIO (there: OTIO_DEFAULT_TARGET_VERSION_FAMILY_LABEL="
                "OTIO_CORE:0.17.0), update opentimelineio here, or install the plug-in that knows them.",
            ) from error
        raise CutError(
            f"The cut cannot be read: {one_line(str(error))}.",
            where=str(path),
            todo="It may be truncated or not an .otio file. Export it again.",
        ) from error


def _too_large(where: str = "") -> CutError:
    what = "There is not enough memory on this machine for all that this cut holds."
    return CutError(what, where=where, todo="Export the sequence without what is not needed: markers, say.")


def _odd_schemas(data: bytes) -> str:
    """The schemas of a file that this library is too old for or has never heard of; empty where it is not JSON."""
    import opentimelineio as otio

    try:
        waiting = [json.loads(data)]
    except ValueError:
        return ""
    known = {**dict.fromkeys(_VALUES, 1), **otio.core.type_version_map()}
    odd: set[str] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            label = str(value.get("OTIO_SCHEMA", ""))
            name, _, version = label.partition(".")
            if label and name not in known:
                odd.add(f"{one_line(label, 40)} (unknown)")
            elif version.isdigit() and int(version) > known[name]:
                odd.add(f"{one_line(label, 40)} (newer than {name}.{known[name]})")
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return ", ".join(sorted(odd))


def _read_adapted(path: Path, edl_rate: Fraction | None) -> Any:
    """Through the adapter that is installed for the suffix."""
    import opentimelineio as otio

    suffix = path.suffix.lower()
    if suffix in FINAL_CUT:
        return _read_fcpxml(path)
    if suffix.removeprefix(".") not in otio.adapters.suffixes_with_defined_adapters(read=True):
        if suffix in ADAPTED:
            what = f"No adapter for {suffix} files is installed."
            todo = "pip install 'rushes[nle]' (.edl .xml .aaf), or export the cut as .otio."
        else:
            what = f"This is {'a folder' if path.is_dir() else 'a file of another kind'}, not a cut."
            todo = f"Name a timeline: {' '.join((*PLAIN, *ADAPTED))}."
        raise CutError(what, where=str(path), todo=todo)
    check_file(path)
    how = {"rate": float(edl_rate)} if edl_rate is not None and suffix == ".edl" else {}
    if suffix == ".xml":
        quicken()
    unlinked = otio.media_linker.MediaLinkingPolicy.DoNotLinkMedia
    data = as_received(path)[1] if suffix == ".edl" else b""
    listed = readable(past_midnight(data))
    try:
        if listed != data:
            text, adapter = listed.decode().replace("\r\n", "\n"), otio.adapters.from_filepath(str(path)).name
            found = otio.adapters.read_from_string(text, adapter, unlinked, **how)
        else:
            found = otio.adapters.read_from_file(str(path), media_linker_name=unlinked, **how)
        if suffix == ".xml":
            read_speeds(found)
        if suffix == ".edl" and edl_rate is not None:
            read_reverses(found, data.decode(errors="replace"), edl_rate)
        return found
    except Exception as error:  # adapters raise whatever their parsers raise
        raise CutError(
            f"The cut cannot be read: {one_line(f'{type(error).__name__}: {error}')}.",
            where=str(path),
            todo="Export it again, or export it as .otio.",
        ) from error


def _read_fcpxml(path: Path) -> Any:
    """Through our own adapter: it needs no other package, and counts true times at every rate."""
    from otio_adapters import fcpxml_adapter as fcpxml

    data = as_received(path)[1]
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return fcpxml.read_from_string(data.decode("utf-16" if wide else "utf-8-sig"))
    except ValueError as error:
        raise CutError(
            f"The cut cannot be read: {one_line(str(error))}.", where=str(path), todo="Export it from Final Cut again."
        ) from error


def _kind(found: Any) -> str:
    if getattr(found, "is_unknown_schema", False):
        return f"an unknown kind of object ({one_line(str(found.original_schema_name), 40)})"
    return f"a {type(found).__name__}"


def _rate(timeline: Any, clips: Any, path: Path) -> Fraction:
    """The record rate: of the global start, else of most clips."""
    rates: Counter[float] = Counter()
    if timeline.global_start_time is not None:
        rates[timeline.global_start_time.rate] = 1
    else:
        rates.update(clip.source_range.duration.rate for clip in clips if clip.source_range is not None)
    for rate, _ in rates.most_common():
        try:
            return rate_of(rate)
        except (BadInput, ValueError):
            continue
    raise CutError(
        "The cut does not say how long its clips are.",
        where=str(path),
        todo="Export it with source ranges or with the media's ranges.",
    )
