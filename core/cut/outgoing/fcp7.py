"""A delivery as Final Cut Pro 7 XML, which Premiere reads: through OpenTimelineIO's adapter, read back and compared.

The adapter (otio-fcp-adapter 1.0) needs every range written out and one range a file, and drops what is not in its own
metadata; so markers, their colours and comments, reels, retimes and what is switched off are told there, in the
elements that Apple's description of the format has for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from core.cut.incoming.fcp7_quick import quicken
from core.cut.incoming.fcp7_speed import read_speeds
from core.cut.outgoing.compare import Loss
from core.cut.outgoing.delivery import delivered
from core.cut.outgoing.fcp7_filter import tell_speed
from core.cut.outgoing.notes import rgb
from core.cut.outgoing.publish import Entry, Handover, Published, refuse_foreign
from core.cut.outgoing.readback import Item, Place, items_of, lost
from core.cut.outgoing.xml import sealed, whole_losses, written
from core.errors import CutError
from core.files import one_line, safe_text, sha256_bytes

_OURS = ("rushes", "fcp_xml")
"""Metadata that are not looked for in what was read back: ours, and the adapter's own."""


def write_fcp7(handover: Handover, out: Path) -> Published:
    """Write the cut as FCP7 XML with one file a clip: the version that plays, else what the editor had.

    Raises:
        CutError: the cut holds what such a file cannot show truthfully (it is named), no adapter is installed, or `out`
            is somebody else's file; nothing written. DiskFull, Broken: nothing written.
    """
    refuse_foreign(out, handover, ".xml")
    quicken()
    made = delivered(handover)
    losses = list(made.losses)
    meant = items_of(made.timeline, _OURS)
    losses += whole_losses(made.timeline, _OURS)
    losses += _prepared(made.timeline, {entry.clip_id: entry for entry in handover.entries})
    text = sealed(_written(made.timeline, handover))
    losses += written(text, out, lambda temp: list(lost(meant, _found(temp))))
    found = tuple(dict.fromkeys(losses))
    return Published(out, made.count, sha256_bytes(text.encode()), found, made.warnings)


def _written(timeline: Any, handover: Handover) -> str:
    import opentimelineio as otio

    try:
        return str(otio.adapters.write_to_string(timeline, "fcp_xml"))
    except otio.exceptions.NoKnownAdapterForExtensionError as error:
        raise _absent() from error
    except Exception as error:  # the adapter raises whatever it stumbles over
        if "fcp_xml" not in otio.adapters.available_adapter_names():
            raise _absent() from error
        raise CutError(
            f"The cut cannot be written as FCP7 XML: {one_line(f'{type(error).__name__}: {error}')}.",
            where=str(handover.cut),
            todo="Nothing was written. Publish --for edl, or --for resolve.",
        ) from error


def _absent() -> CutError:
    return CutError("No adapter for FCP7 XML is installed.", todo="pip install 'rushes[nle]'")


def _found(path: Path) -> dict[Place, Item]:
    """What the file says, read back by the adapter; of compounds, which it reads without their inside, by the XML."""
    import opentimelineio as otio

    text = path.read_text(encoding="utf-8")
    try:
        timeline = otio.adapters.read_from_string(text, "fcp_xml")
        read_speeds(timeline)
        found = items_of(timeline, _OURS)
    except Exception as error:  # what cannot be read back is not handed over, whatever the parser says
        what = f"The XML does not read back: {one_line(f'{type(error).__name__}: {error}')}."
        raise CutError(what, todo="Nothing was written. Report this with the cut.") from error
    compounds = [item for item in found.values() if item.place[3] == "compound"]
    for item, names in zip(compounds, _inside(text), strict=False):
        found[item.place] = replace(item, says={**item.says, "clips inside": names})
    return found


def _inside(text: str) -> Iterator[tuple[str, ...]]:
    """The clips' names in each nested sequence of the first one, in order. What is there twice is told once, by id."""
    root = ElementTree.fromstring(text)
    known = {(one.tag, one.get("id")): one for one in root.iter() if one.get("id") and len(one)}
    first = root.find(".//sequence")
    for item in first.findall("media/*/track/clipitem") if first is not None else ():
        nested = item.find("sequence")
        if nested is not None:
            whole = known.get(("sequence", nested.get("id")), nested)
            clips = [known.get(("clipitem", one.get("id")), one) for one in whole.iter("clipitem")]
            yield tuple(one_line(one.findtext("name") or "") for one in clips if one.find("sequence") is None)


# What the adapter needs


def _prepared(timeline: Any, entries: Mapping[str, Entry]) -> Iterator[Loss]:
    """Bring the timeline, in place, into what the adapter writes truthfully; yields what that costs."""
    import opentimelineio as otio

    timeline.name = safe_text(timeline.name)
    timeline.tracks.markers.clear()
    for item in list(timeline.find_children()):
        item.name = safe_text(item.name)
        if hasattr(item, "source_range"):
            yield from _prepared_item(item)
    clips = list(timeline.find_clips())
    for clip in clips:
        yield from _prepared_media(clip, entries)
    _one_range_a_file(clips)
    for clip in clips:
        _told_markers(clip)
    for item in list(timeline.find_children()):
        if isinstance(item, (otio.schema.Clip, otio.schema.Stack)):
            tell_speed(item)


def _prepared_item(item: Any) -> Iterator[Loss]:
    import opentimelineio as otio

    nested = not isinstance(item, otio.schema.Track) or item.parent().parent() is not None
    if item.source_range is None and nested:
        try:
            item.source_range = item.trimmed_range()
        except (ValueError, otio.exceptions.OTIOError) as error:
            raise CutError(f"{one_line(item.name) or 'An unnamed clip'} does not say how long it is.") from error
    if not item.enabled:
        _tell(item, enabled="FALSE")
    if not isinstance(item, otio.schema.Clip) and item.markers:
        yield Loss(one_line(item.name, 60) or "(unnamed)", "markers of a track or compound")
        item.markers.clear()


def _prepared_media(clip: Any, entries: Mapping[str, Entry]) -> Iterator[Loss]:
    import opentimelineio as otio

    from otio_adapters import versions

    media, name = clip.media_reference, one_line(clip.name, 60) or "(unnamed)"
    if isinstance(media, otio.schema.GeneratorReference) and "effecttype" not in dict(
        media.metadata.get("fcp_xml", {})
    ):
        yield Loss(name, f"its generated picture ({one_line(media.generator_kind, 40)}): the clip is offline")
        clip.media_reference = otio.schema.MissingReference()
    elif isinstance(media, otio.schema.ExternalReference) and media.available_range is None:
        yield Loss(name, "how long its media are, which the cut does not say: told as long as what it shows")
        media.available_range = clip.source_range
    elif media is None:
        clip.media_reference = otio.schema.MissingReference()
    entry = entries.get(versions.get_text(clip, "clip_id"))
    plate = entry.shot.plate if entry else None
    if plate is not None and plate.reel and isinstance(media, otio.schema.ExternalReference):
        _tell(media, timecode={"reel": {"name": one_line(plate.reel)}})


def _one_range_a_file(clips: list[Any]) -> None:
    """Clips of one file share what is said of it: the range that holds all of theirs."""
    import opentimelineio as otio

    whole: dict[str, Any] = {}
    media = [clip.media_reference for clip in clips if isinstance(clip.media_reference, otio.schema.ExternalReference)]
    for one in media:
        known = whole.get(one.target_url)
        whole[one.target_url] = one.available_range if known is None else known.extended_by(one.available_range)
    for one in media:
        one.available_range = whole[one.target_url]


def _told_markers(clip: Any) -> None:
    """Markers as the format has them: counted from the first frame of the file, colour and comment in elements."""
    import opentimelineio as otio

    available = getattr(clip.media_reference, "available_range", None)
    for marker in clip.markers:
        marker.name = safe_text(marker.name)
        red, green, blue = rgb(marker.color)
        colour = {"alpha": "0", "red": str(red), "green": str(green), "blue": str(blue)}
        _tell(marker, comment=re.sub(r"\s+", " ", safe_text(marker.comment, keep_newlines=True)), color=colour)
        if available is not None:
            start = marker.marked_range.start_time - available.start_time
            marker.marked_range = otio.opentime.TimeRange(start, marker.marked_range.duration)


def _tell(item: Any, **values: Any) -> None:
    found = item.metadata.get("fcp_xml")
    item.metadata["fcp_xml"] = {**(dict(found) if hasattr(found, "keys") else {}), **values}
