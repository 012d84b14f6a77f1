"""A delivery: the cut with one reference a clip, for programs that play what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.cut.incoming.read import timeline_text
from core.cut.outgoing.compare import Loss, differences
from core.cut.outgoing.notes import mark
from core.cut.outgoing.publish import (
    Entry,
    Handover,
    Published,
    opened,
    refuse_foreign,
    sealed,
    too_short,
    write_checked,
)
from core.cut.outgoing.reference import VersionMedia, counts_alike, fits_whole, flat, reference
from core.errors import CutError
from core.files import one_line, sha256_bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """A cut that plays what goes out."""

    timeline: Any
    before: Any
    """The same as it was, without media references and without anything of ours."""
    count: int
    """Clips that play a version."""
    losses: tuple[Loss, ...]
    """What had to be taken out of it."""
    warnings: tuple[str, ...]


def write_delivery(handover: Handover, out: Path) -> Published:
    """Write the cut with one media reference a clip: the version that plays, else what the editor had active.

    Nothing else of the timeline changes. Of ours it holds the clip id, the shot, the version and its recipe, no more.
    What went missing (the other references of a clip) is among the losses.

    Raises:
        CutError: an unknown clip, a clip that cannot take its version, or `out` is somebody else's file; nothing
            written. DiskFull, Broken: nothing written.
    """
    refuse_foreign(out, handover, ".otio")
    made = delivered(handover)
    before, core = timeline_text(made.before), handover.form.core
    text = sealed(made.timeline, handover.purpose, core)

    def losses(after: Any) -> list[Loss]:
        return [*made.losses, *differences(before, timeline_text(without_media(after)))]

    found = write_checked(out, text, losses, core)
    return Published(out, made.count, sha256_bytes(text.encode()), found, made.warnings)


def delivered(handover: Handover) -> Delivered:
    """The cut with one reference a clip, as the hand-over's form wants it. Raises CutError (see `write_delivery`)."""
    timeline, clips, entries = opened(handover)
    losses: list[Loss] = []
    whole = handover.form.movies or handover.form.frames != "sequence"
    for clip in clips.values():
        if whole and clip.source_range is None and clip.media_reference.available_range is not None:
            clip.source_range = clip.trimmed_range()
            losses.append(_loss(clip, "that it plays its media as long as they are: the length is written out"))
    before = without_media(timeline.clone())
    by_clip = {entry.clip_id: entry for entry in entries if entry.active}
    warnings: list[str] = []
    count = 0
    for clip_id, clip in clips.items():
        losses += _alternates(clip)
        entry = by_clip.get(clip_id)
        count += _give(clip, entry, handover, warnings) if entry else _keep(clip, handover)
    return Delivered(timeline, before, count, tuple(losses), tuple(dict.fromkeys(warnings)))


def _give(clip: Any, entry: Entry, handover: Handover, warnings: list[str]) -> bool:
    """Let the clip hold the version that plays alone. False where that would change the clip's length."""
    from otio_adapters import versions

    media, plate, form = entry.plays, entry.shot.plate, handover.form
    assert media is not None, "only clips with a version that plays are given one"
    if plate is None:
        raise CutError(f"{entry.shot.id} has no plate: its versions have no place in the editor's source time.")
    warnings += too_short(entry, media)
    if form.movies and not media.movie:
        warnings.append(f"{entry.shot.id} {media.version} has no review movie: its frames are handed over instead")
    if form.movies and media.movie and media.burnt:
        warnings.append(f"{entry.shot.id} {media.version}: its review movie has a label burnt in")
    made = reference(clip, _small(media), plate, form, entry.made, theirs=entry.theirs, beside=handover.beside)
    if form.movies and media.movie and not counts_alike(made, media, plate):
        told = f"{entry.shot.id} {media.version}: the plate has another timecode than the cut counts"
        warnings.append(f"{told}: its review movie lines up by its first frame, not by timecode")
    if clip.source_range is None and not fits_whole(clip, made):
        warnings.append(f"{entry.shot.id} {media.version} is not handed over: the clip would change its length")
        return _keep(clip, handover)
    _only(clip, made)
    versions.put(clip, {"clip_id": entry.clip_id, "shot": entry.shot.id})
    mark(clip, made, media, entry.notes, form)
    return True


def _small(media: VersionMedia) -> VersionMedia:
    """The version with the one fact that leads back to everything else."""
    return replace(media, facts={"recipe": (media.facts or {}).get("recipe", "")})


def _keep(clip: Any, handover: Handover) -> bool:
    """Let the clip hold what the editor had active alone."""
    from otio_adapters import versions

    theirs = versions.editor_reference(clip)
    if theirs is not None:
        _only(clip, flat(theirs, handover.form))
    return False


def _only(clip: Any, reference: Any) -> None:
    key = clip.DEFAULT_MEDIA_KEY
    clip.set_media_references({key: reference}, key)


def _alternates(clip: Any) -> Iterator[Loss]:
    """The editor's other references, which a delivery has no place for."""
    from otio_adapters import versions

    kept = versions.editor_key(clip)
    others = [key for key, media in clip.media_references().items() if key != kept and not versions.is_ours(key, media)]
    if others:
        names = ", ".join(one_line(key, 40) for key in sorted(others))
        yield _loss(clip, f"further media references stay here: {names}")


def _loss(clip: Any, what: str) -> Loss:
    return Loss(one_line(clip.name, 60) or "(unnamed)", what)


def without_media(timeline: Any) -> Any:
    """The timeline without media references and without our metadata and notes. Takes the timeline apart."""
    import opentimelineio as otio

    from otio_adapters import versions

    versions.put(timeline, {})
    for clip in list(timeline.find_clips()):
        versions.put(clip, {})
        versions.strip_markers(clip)
        _only(clip, otio.schema.MissingReference())
    return timeline
