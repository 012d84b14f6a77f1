"""Versions in a timeline: the one metadata key `rushes`, and media references named `gen_v003` beside the editor's.

Everything under the key is plain (text, booleans, whole numbers, lists and dictionaries of them), so it survives
programs that have never heard of rushes. Ids in it are evidence, not identity: editors copy clips.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import opentimelineio as otio

KEY = "rushes"
SCHEMA = "rushes/1"
PLAYS = "plays"
"""Which version of ours a clip plays whose file does not say it: `sq010_sh0010 v003`."""
_GENERATED = re.compile(r"gen_v\d{3,6}")
_OWN_FILE = re.compile(r"_gen_v\d{3,6}[._]?$")
_INT64 = 2**63
_Dictionary, _List, _Any = otio._otio.AnyDictionary, otio._otio.AnyVector, otio._otio.PyAny


def reference_key(version: str) -> str:
    """`v003` → `gen_v003`: a name that the editor's own tools do not use."""
    return f"gen_{version}"


def get(item: Any) -> dict[str, Any]:
    """What rushes wrote on a clip, media reference or timeline, as plain data; empty for nothing."""
    found = _found(item)
    # Copied at once: a dictionary taken from a temporary dies with it.
    return {} if found is None else {str(key): plain(found[key]) for key in _all(found)}


def get_text(item: Any, key: str) -> str:
    """One text of what rushes wrote, without copying the rest (for loops over a cut); empty where there is none."""
    found = _found(item)
    value = found[key] if found is not None and key in _all(found) else None
    return value if isinstance(value, str) else ""


def _found(item: Any) -> Mapping[str, Any] | None:
    metadata = item.metadata
    # Its keys are gone through: one that is not there costs OTIO an exception. Most items have no metadata at all.
    found = metadata[KEY] if len(metadata) and KEY in _all(metadata) else None
    ours = isinstance(found, _Dictionary) and "schema" in found and found["schema"] == SCHEMA
    return found if ours else None


def put(item: Any, values: Mapping[str, Any]) -> None:
    """Replace what rushes wrote on `item`; empty `values` remove the key.

    Raises:
        ValueError: a value is not plain, or an integer that OTIO would clamp (seeds go in as text).
    """
    if values:
        item.metadata[KEY] = _owned({"schema": SCHEMA, **plain(values)})
    elif _found(item) is not None:
        del item.metadata[KEY]


def _owned(value: Any) -> Any:
    """A plain value in OTIO's own kinds of value: of others it asks for long what they are."""
    if isinstance(value, dict):
        made = _Dictionary()
        for key, one in value.items():
            made[key] = _owned(one)
        return _Any(made)
    if isinstance(value, list):
        listed = _List()
        for one in value:
            listed.append(_owned(one))
        return _Any(listed)
    return _Any(value)


def plain(value: Any) -> Any:
    """A copy in plain Python types. Raises ValueError for what does not come back from a file as it went in."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in _all(value)}
    if hasattr(value, "__iter__") and not isinstance(value, (bytes, bytearray)):
        return [plain(item) for item in _all(value)]
    raise ValueError(f"not a plain value for metadata: {value!r}")


def _all(value: Any) -> Any:
    """What is in a dictionary or list; of OTIO's own so many, because their end costs it an exception."""
    return itertools.islice(value, len(value)) if isinstance(value, (_Dictionary, _List)) else value


def is_generated_key(key: str) -> bool:
    """True for a name that `reference_key` gives."""
    return _GENERATED.fullmatch(key) is not None


def is_ours(key: str, reference: Any) -> bool:
    """True for a reference that rushes added: its name and its metadata both say so."""
    return is_generated_key(key) and _found(reference) is not None


def is_own_sequence(reference: Any) -> bool:
    """True for the frames of a version of ours, under whatever key: they are numbered as shot frames."""
    prefix = reference.name_prefix if isinstance(reference, otio.schema.ImageSequenceReference) else ""
    return _OWN_FILE.search(prefix) is not None


def editor_key(clip: otio.schema.Clip) -> str:
    """The key of the reference that the editor had active."""
    references = clip.media_references()
    active = clip.active_media_reference_key
    if active not in references or not is_ours(active, references[active]):
        return str(active)
    remembered = get_text(clip, "editor_key")
    if remembered in references and not is_ours(remembered, references[remembered]):
        return remembered
    theirs = [key for key, reference in references.items() if not is_ours(key, reference)]
    default = str(otio.schema.Clip.DEFAULT_MEDIA_KEY)
    return default if default in theirs or not theirs else str(theirs[0])


def editor_reference(clip: otio.schema.Clip) -> Any:
    """The media reference that the editor had active, or None."""
    references = clip.media_references()
    active = clip.active_media_reference_key
    return references.get(editor_key(clip) if is_generated_key(active) else active)


def add_versions(clip: otio.schema.Clip, references: Mapping[str, Any], active: str, facts: Mapping[str, Any]) -> None:
    """Put versions beside the editor's references.

    Args:
        references: `v003` → media reference, each already `put` with its own facts.
        active: the version that plays; empty: the editor's choice stays.
        facts: what to say of the clip (`clip_id`, `shot`).

    Raises:
        ValueError: a reference of that name is there and is not ours, or `active` is not among the versions.
    """
    present, theirs = clip.media_references(), editor_key(clip)
    for version, reference in references.items():
        key = reference_key(version)
        if key in present and not is_ours(key, present[key]):
            raise ValueError(f"the clip already holds a reference named {key} that rushes did not write")
        present[key] = reference
    wanted = reference_key(active) if active else clip.active_media_reference_key
    clip.set_media_references(present, wanted)
    put(clip, {**facts, "editor_key": theirs})


def strip(timeline: otio.schema.Timeline) -> None:
    """Take out everything that rushes put into a timeline, in place: what is left is the editor's."""
    put(timeline, {})
    for clip in list(timeline.find_clips()):
        references = clip.media_references()
        strip_markers(clip)
        theirs = {key: reference for key, reference in references.items() if not is_ours(key, reference)}
        if len(theirs) != len(references) and theirs:
            clip.set_media_references(theirs, editor_key(clip))
        put(clip, {})


def strip_markers(item: otio.schema.Item) -> None:
    """Take out the notes that rushes put on an item as markers."""
    markers = item.markers
    for place in reversed(range(len(markers))):
        if _found(markers[place]) is not None:
            del markers[place]


def versions(clip: otio.schema.Clip) -> Iterator[tuple[str, Any]]:
    """(`v003`, reference) for every version in the clip, oldest first."""
    ours = [(key, reference) for key, reference in clip.media_references().items() if is_ours(key, reference)]
    for key, reference in sorted(ours, key=lambda pair: int(pair[0].removeprefix("gen_v"))):
        yield key.removeprefix("gen_"), reference
