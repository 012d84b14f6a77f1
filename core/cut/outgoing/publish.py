"""The timeline that goes back: versions beside the editor's references, read back and compared before it is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.cut.incoming.collection import forget_choice
from core.cut.incoming.read import PLAIN, read_timeline, timeline_text
from core.cut.outgoing.compare import Loss, compare_timelines, differences, editors_text
from core.cut.outgoing.form import OTIO, Form
from core.cut.outgoing.notes import Remarked, mark
from core.cut.outgoing.reference import Made, VersionMedia, fits_whole, reference
from core.cut.shot import Shot
from core.errors import CutError
from core.files import explained, one_line, settle, sha256_bytes, temp_beside

__all__ = ["Entry", "Handover", "Loss", "Published", "VersionMedia", "compare_timelines", "write_master"]

_SEAL = re.compile(
    r'"[a-z0-9]+_sha256": "([0-9a-f]*)"|^(?:\* |<!-- )RUSHES SHA256: ([0-9a-f]*)(?: -->)?$', re.MULTILINE
)
"""Where a file of ours says its own digest, counted with that place empty: in a timeline, in an EDL."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a clip gets. Several clips may show one shot: an entry each."""

    clip_id: str
    shot: Shot
    versions: Sequence[VersionMedia]
    active: str = ""
    """The version that plays (the circled one); empty: what the editor has active stays."""
    notes: Sequence[Remarked] = ()
    """Open notes on the version that plays, to go out with it."""
    made: Made = field(default_factory=dict)
    """The shot frames of its complete versions: the editor may play one of them already."""
    theirs: str = ""
    """Which of them, where the name of the editor's file does not say it."""

    @property
    def plays(self) -> VersionMedia | None:
        """The version that plays. Raises CutError where it is not among the versions."""
        if not self.active:
            return None
        for media in self.versions:
            if media.version == self.active:
                return media
        raise CutError(f"{self.shot.id} {one_line(self.active)} is to play but is not among the versions to publish.")


@dataclass(frozen=True, slots=True)
class Handover:
    """What goes out, whichever form it takes."""

    cut: Path
    """The show's cut, whose clips carry ids."""
    entries: Sequence[Entry]
    rate: Fraction = Fraction(25)
    """Frames a second of the record side, for forms that count in timecode."""
    received: Path | None = None
    """The file as the editor sent it. Where it is OTIO it is what versions are put into, so that nothing the show put
    in order (rates, inferred ranges) leaves the house."""
    beside: Path | None = None
    """URLs of versions relative to this folder; None: whole ones."""
    form: Form = OTIO
    purpose: str = "delivery"
    """For whom it is: the name of the seal in the file."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was written."""

    path: Path
    clips: int
    """Clips that got a version."""
    sha256: str
    losses: tuple[Loss, ...]
    """What the file says otherwise than the cut did, versions apart. Empty for a master."""
    warnings: tuple[str, ...]
    also: Mapping[Path, str] = field(default_factory=dict)
    """Further files that belong to it, with their sha256: the other tracks of an EDL, the loss report."""


def write_master(handover: Handover, out: Path) -> Published:
    """Write the cut with versions in it; the same cut and entries give the same bytes.

    Every entry's clip gets references `gen_v003` whose available range counts in the editor's own source time, so its
    source range goes on meaning the same pictures. Nothing else changes.

    Raises:
        CutError: an unknown clip, a clip that cannot take a version, or `out` is somebody else's file; nothing written.
        DiskFull, Broken: nothing written.
    """
    refuse_foreign(out, handover, ".otio")
    timeline, clips, entries = opened(handover)
    before = _before(timeline)
    warnings: list[str] = []
    entries = [entry for entry in entries if entry.versions]
    for entry in entries:
        _add(clips[entry.clip_id], entry, warnings, handover.form)
    text = sealed(timeline, "master")

    def losses(after: Any) -> list[Loss]:
        return differences(before, editors_text(after))

    found = write_checked(out, text, losses)
    return Published(out, len(entries), sha256_bytes(text.encode()), found, tuple(warnings))


def opened(handover: Handover) -> tuple[Any, dict[str, Any], list[Entry]]:
    """The timeline to write into, its clips by the ids that the show's cut gives them, and what they get.

    Raises:
        CutError: the two files do not hold the same clips, or an entry's clip is in neither.
    """
    from otio_adapters import versions

    cut, received = read_timeline(handover.cut), handover.received
    which = versions.get_text(cut, "timeline")
    original = received is not None and received.suffix.lower() in PLAIN
    timeline = read_timeline(received, name=which) if original and received is not None else cut
    forget_choice(timeline)  # what goes out is a file of its own
    clips = clips_by_id(cut, timeline, handover.cut)
    for entry in handover.entries:
        if entry.clip_id not in clips:
            what = f"The cut has no clip {one_line(entry.clip_id)!r} ({entry.shot.id})."
            raise CutError(what, where=str(handover.cut))
    return timeline, clips, _with_theirs(cut, handover.entries)


def _with_theirs(cut: Any, entries: Sequence[Entry]) -> list[Entry]:
    """What clips get, with what the show's cut remembers of the editor's files."""
    from otio_adapters import versions

    kept = list(cut.find_clips())
    told = {
        versions.get_text(clip, "clip_id"): text for clip in kept if (text := versions.get_text(clip, versions.PLAYS))
    }
    return [replace(entry, theirs=told.get(entry.clip_id, "").partition(" ")[2]) for entry in entries]


def clips_by_id(cut: Any, timeline: Any, cut_file: Path) -> dict[str, Any]:
    """The clips of `timeline` by the ids that the same clips of `cut` carry: both are walked in the same order."""
    from otio_adapters import versions

    ours, theirs = list(cut.find_clips()), list(timeline.find_clips())
    if [clip.name for clip in ours] != [clip.name for clip in theirs]:
        raise CutError(
            "The show's cut and the file as received do not hold the same clips.",
            where=str(cut_file),
            todo="Bring the cut in again.",
        )
    return {versions.get_text(own, "clip_id"): clip for own, clip in zip(ours, theirs, strict=True)}


def _before(timeline: Any) -> str:
    """The editor's part of the timeline, before anything is put into it."""
    from otio_adapters import versions

    text = timeline_text(timeline)
    return text if f'"{versions.SCHEMA}"' not in text else editors_text(timeline.clone())


def _add(clip: Any, entry: Entry, warnings: list[str], form: Form) -> None:
    from otio_adapters import versions

    plate = entry.shot.plate
    if plate is None:
        raise CutError(f"{entry.shot.id} has no plate: its versions have no place in the editor's source time.")
    references = {
        media.version: reference(clip, media, plate, made=entry.made, theirs=entry.theirs) for media in entry.versions
    }
    active = entry.active
    if entry.plays is not None:
        warnings += too_short(entry, entry.plays)
    if active and clip.source_range is None and not fits_whole(clip, references[active]):
        warnings.append(f"{entry.shot.id} {active} is there but does not play: the clip would change its length")
        active = ""
    try:
        versions.add_versions(clip, references, active, {"clip_id": entry.clip_id, "shot": entry.shot.id})
        if entry.plays is not None:
            mark(clip, references[entry.active], entry.plays, entry.notes, form)
    except ValueError as error:
        raise CutError(f"{entry.shot.id} cannot be published: {one_line(str(error))}.") from error


def too_short(entry: Entry, media: VersionMedia) -> list[str]:
    """A warning where the version that plays has fewer frames than the clip shows."""
    needed = [use for use in entry.shot.uses if use.clip_id == entry.clip_id]
    if any(use.first < media.frames.first or use.last > media.frames.last for use in needed):
        return [f"{entry.shot.id} {media.version} has frames {media.frames}: fewer than the cut shows"]
    return []


# Writing


def sealed(timeline: Any, purpose: str, core: str = "") -> str:
    """The timeline's text with its own digest in it, so that a later publish knows a file that nobody else changed.

    `core`: see `timeline_text`.
    """
    from otio_adapters import versions

    key = f"{purpose}_sha256"
    versions.put(timeline, {**versions.get(timeline), key: ""})
    text = timeline_text(timeline, core)
    return text.replace(f'"{key}": ""', f'"{key}": "{sha256_bytes(text.encode())}"', 1)


def _is_our_file(path: Path) -> bool:
    try:
        return is_ours(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False


def is_ours(text: str) -> bool:
    """Whether this is the text of a file that rushes wrote and nobody changed since."""
    for seal in _SEAL.finditer(text):
        place = seal.span(seal.lastindex or 0)
        if sha256_bytes((text[: place[0]] + text[place[1] :]).encode()) == text[slice(*place)]:
            return True
    return False


def refuse_foreign(out: Path, handover: Handover, suffix: str) -> None:
    """Raises CutError where `out` has another ending, is what was received, or is not a file that rushes wrote."""
    if out.suffix.lower() != suffix:
        what = f"{out.name} does not end with {suffix}, which this hand-over writes."
        raise CutError(what, where=str(out), todo=f"Name it so: --out NAME{suffix}.")
    inputs: Iterable[Path] = (handover.cut, *([handover.received] if handover.received else []))
    if any(out.resolve() == path.resolve() for path in inputs) or (out.exists() and not _is_our_file(out)):
        raise CutError(
            "This file is not one that rushes wrote, or somebody changed it since.",
            where=str(out),
            todo="Nothing was overwritten. Publish under another name.",
        )


def write_checked(out: Path, text: str, losses: Callable[[Any], list[Loss]], core: str = "") -> tuple[Loss, ...]:
    """Write to a temporary file, read it back with plain OTIO, compare, then give it its name.

    `losses`: from the timeline as read back, what it does not say any more; it may take the timeline apart.
    `core`: the schemas that `text` is in.
    """
    import opentimelineio as otio

    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(out)
        try:
            temp.write_text(text, encoding="utf-8")
            after = otio.core.deserialize_json_from_file(str(temp))
            wrong = differences(text, timeline_text(after, core))
            if wrong:
                raise CutError(
                    f"The timeline does not read back as it was meant: {wrong[0].what} ({wrong[0].clip}).",
                    where=str(out),
                    todo="Nothing was written. Report this with the cut.",
                )
            found = losses(after)
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)
    return tuple(found)
