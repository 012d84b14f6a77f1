"""A delivery as FCPXML for Final Cut Pro: written by our adapter with exact times, read back and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.cut.outgoing.compare import Loss
from core.cut.outgoing.delivery import delivered
from core.cut.outgoing.publish import Entry, Handover, Published, refuse_foreign
from core.cut.outgoing.readback import items_of, lost
from core.cut.outgoing.xml import sealed, whole_losses, written
from core.errors import CutError
from core.files import one_line, safe_text, sha256_bytes
from otio_adapters.times import item_length

_OURS = ("rushes", "fcpxml")
"""Metadata that are not looked for in what was read back: ours, and the adapter's own."""
_NOISE = Fraction(1, 1000)
"""Of a frame: what floats add."""
_SIZE = (1920, 1080)
"""The sequence's picture where no plate says one: the format wants a size, and Final Cut fits what is another."""


def write_fcp(handover: Handover, out: Path) -> Published:
    """Write the cut as FCPXML with one asset a clip: the version that plays, else what the editor had.

    Raises:
        CutError: the cut holds what such a file cannot show truthfully (it is named), or `out` is somebody else's file;
            nothing written. DiskFull, Broken: nothing written.
    """
    refuse_foreign(out, handover, ".fcpxml")
    made = delivered(handover)
    _refuse_endless(made.timeline, handover.cut)
    losses = [*made.losses, *_laid_out(made.timeline)]
    meant = items_of(made.timeline, _OURS)
    losses += _prepared(made.timeline, {entry.clip_id: entry for entry in handover.entries})
    text = sealed(_written(made.timeline, handover))
    losses += written(text, out, lambda temp: list(lost(meant, items_of(_found(temp), _OURS))))
    warnings = (*made.warnings, *_off_frames(made.timeline, handover.rate))
    return Published(out, made.count, sha256_bytes(text.encode()), tuple(dict.fromkeys(losses)), warnings)


def _refuse_endless(timeline: Any, cut: Path) -> None:
    import opentimelineio as otio

    for clip in list(timeline.find_clips()):
        try:
            clip.trimmed_range()
        except (ValueError, otio.exceptions.OTIOError) as error:
            what = f"{one_line(clip.name) or 'An unnamed clip'} does not say how long it is."
            raise CutError(what, where=str(cut), todo="Nothing was written. Publish --for delivery.") from error


def _written(timeline: Any, handover: Handover) -> str:
    from otio_adapters import fcpxml_adapter as fcpxml

    plates = [entry.shot.plate for entry in handover.entries if entry.shot.plate is not None]
    sizes = Counter((plate.width, plate.height) for plate in plates).most_common(1)
    try:
        return fcpxml.write_to_string(timeline, float(handover.rate), sizes[0][0] if sizes else _SIZE)
    except ValueError as error:
        what = f"The cut cannot be written as FCPXML: {one_line(str(error))}."
        raise CutError(
            what, where=str(handover.cut), todo="Nothing was written. Publish --for edl, or --for resolve."
        ) from error


def _found(path: Path) -> Any:
    from otio_adapters import fcpxml_adapter as fcpxml

    try:
        return fcpxml.read_from_string(path.read_text(encoding="utf-8"))
    except ValueError as error:
        what = f"The FCPXML does not read back: {one_line(str(error))}."
        raise CutError(what, todo="Nothing was written. Report this with the cut.") from error


def _off_frames(timeline: Any, rate: Fraction) -> Iterator[str]:
    """Final Cut lays pictures on the frames of its sequence, and puts a gap where one would begin between two."""
    for track in timeline.tracks:
        lengths = [item_length(item) * rate for item in track]
        if track.kind != "Audio" and any(abs(length - round(length)) > _NOISE for length in lengths):
            name = one_line(track.name, 40)
            yield f"{name or 'a video track'}: clips begin between two frames, which Final Cut moves onto one"


# What Final Cut's storylines have no place for


def _laid_out(timeline: Any) -> Iterator[Loss]:
    """Bring the tracks, in place, into such as can be lanes; yields what that costs."""
    yield from whole_losses(timeline, _OURS)
    for number, track in reversed(list(enumerate(list(timeline.tracks)))):
        yield from _lane(timeline.tracks, number, track)


def _lane(stack: Any, number: int, track: Any) -> Iterator[Loss]:
    import opentimelineio as otio

    kinds = (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio)
    label = one_line(track.name, 60) or f"track {number + 1}"
    if not isinstance(track, otio.schema.Track):
        alone = otio.schema.Track(track.name, kind=kinds[0])
        alone.append(track.clone())
        stack[number] = alone
        return
    if track.kind not in kinds or all(isinstance(item, otio.schema.Gap) for item in track):
        empty = track.kind in kinds
        yield Loss(label, "the track: there is nothing in it" if empty else f"a track of {one_line(track.kind, 40)}")
        del stack[number]
        return
    if not track.enabled:
        yield Loss(label, "that the track is switched off as a whole: each of its clips is")
        for item in track:
            if isinstance(item, otio.core.Item):
                item.enabled = False
        track.enabled = True
    if track.markers or track.effects:
        yield Loss(label, "markers or effects of the track")


def _prepared(timeline: Any, entries: Mapping[str, Entry]) -> Iterator[Loss]:
    """Bring the items, in place, into what the format can say; yields what reading back does not tell of that."""
    import opentimelineio as otio

    from otio_adapters.fcpxml.retime import ramp_of

    timeline.name = safe_text(timeline.name)
    for item in list(timeline.find_children()):
        item.name = safe_text(item.name)
        if isinstance(item, otio.core.Item) and not ramp_of(item):
            for effect in [one for one in item.effects if _is_ramp(one)]:
                item.effects.remove(effect)
        if isinstance(item, otio.schema.Clip):
            yield from _prepared_media(item, entries)
        for marker in getattr(item, "markers", ()):
            _prepared_marker(marker)


def _is_ramp(effect: Any) -> bool:
    """A speed that changes. Where it is not Final Cut's own, the clip plays at its own speed: reading back names it."""
    import opentimelineio as otio

    linear = isinstance(effect, otio.schema.LinearTimeWarp) and abs(effect.time_scalar) <= 10_000
    return isinstance(effect, otio.schema.TimeEffect) and not linear


def _prepared_media(clip: Any, entries: Mapping[str, Entry]) -> Iterator[Loss]:
    import opentimelineio as otio

    from otio_adapters import versions
    from otio_adapters.fcpxml.assets import generator_of, is_still

    media, name = clip.media_reference, one_line(clip.name, 60) or "(unnamed)"
    if isinstance(media, otio.schema.GeneratorReference) and generator_of(clip) is None:
        yield Loss(name, f"its generated picture ({one_line(media.generator_kind, 40)}): the clip is offline")
        clip.media_reference = otio.schema.MissingReference(media.generator_kind, media.available_range)
    elif isinstance(media, otio.schema.ExternalReference) and media.available_range is None and not is_still(media):
        yield Loss(name, "how long its media are, which the cut does not say: told as long as what it shows")
    entry = entries.get(versions.get_text(clip, "clip_id"))
    plate = entry.shot.plate if entry else None
    if plate is not None and plate.reel and isinstance(media, otio.schema.ExternalReference):
        media.metadata["fcpxml"] = {"reel": one_line(plate.reel)}


def _prepared_marker(marker: Any) -> None:
    """A note of ours is something to do."""
    from otio_adapters import versions

    marker.name = safe_text(marker.name)
    marker.comment = safe_text(marker.comment, keep_newlines=True)
    if versions.get(marker):
        marker.metadata["fcpxml"] = {"completed": "0"}
