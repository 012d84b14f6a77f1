"""What a file that was read back says of a cut, item by item, where its form is not OTIO's and cannot say all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.cut.outgoing.compare import Loss
from core.errors import CutError
from core.files import one_line
from otio_adapters.times import item_length, seconds

Place = tuple[str, int, Fraction, str]
"""Kind and number of a track, a start in seconds, what stands there."""

_NEAR = Fraction(1, 1000)
"""Seconds: what decimal rates add to a time is no difference."""
_PICTURE = ("length", "source time", "media", "clips inside")
"""Where one of these differs, a clip shows other pictures than it should."""


@dataclass(frozen=True, slots=True)
class Item:
    """A clip, transition or compound, and what is said of it: plain values by the word for them."""

    label: str
    place: Place
    says: Mapping[str, Any]


def items_of(timeline: Any, quiet: tuple[str, ...] = ()) -> dict[Place, Item]:
    """Everything in the tracks but gaps, by place. `quiet`: metadata that is not told of."""
    found: dict[Place, Item] = {}
    numbers: dict[str, int] = {}
    for track in timeline.tracks:
        kind = str(getattr(track, "kind", "") or "compound").lower()
        numbers[kind] = numbers.get(kind, 0) + 1
        for item in _of_track(track, kind, numbers[kind], quiet):
            found[item.place] = item
    return found


def _of_track(track: Any, kind: str, number: int, quiet: tuple[str, ...]) -> Iterator[Item]:
    import opentimelineio as otio

    at = Fraction(0)
    name = f"{'A' if kind == 'audio' else 'V'}{number}"
    on = bool(getattr(track, "enabled", True)) and _fcp(track).get("enabled") != "FALSE"
    says = {"track's name": str(track.name), "enabled": on, "metadata": _namespaces(track, quiet)}
    yield Item(f"{name} {one_line(track.name, 40)}".strip(), (kind, number, Fraction(-1), "track"), says)
    for item in [track] if isinstance(track, otio.schema.Clip) else list(track):
        label = f"{name} {one_line(item.name, 60) or '(unnamed)'}"
        if isinstance(item, otio.schema.Transition):
            yield Item(label, (kind, number, at, "transition"), _transition(item, quiet))
            continue
        if not isinstance(item, otio.schema.Gap):
            what = "clip" if isinstance(item, otio.schema.Clip) else "compound"
            yield Item(label, (kind, number, at, what), _item(item, quiet))
        at += item_length(item)


def _transition(item: Any, quiet: tuple[str, ...]) -> dict[str, Any]:
    return {
        "length": (seconds(item.in_offset), seconds(item.out_offset)),
        "kind of transition": str(item.transition_type),
        "metadata": _namespaces(item, quiet),
    }


def _item(item: Any, quiet: tuple[str, ...]) -> dict[str, Any]:
    import opentimelineio as otio

    speeds = [one for one in item.effects if isinstance(one, otio.schema.TimeEffect)]
    media = getattr(item, "media_reference", None)
    url = str(getattr(media, "target_url", "") or "")
    whole = isinstance(item, otio.core.Composition)
    inside = tuple(one_line(clip.name) for clip in item.find_clips()) if whole else ()
    return {
        "name": str(item.name),
        "length": item_length(item),
        "source time": _start(item),
        "media": url,
        "clips inside": inside,
        "speed": tuple(_speed(one) for one in speeds if _speed(one) != "1x"),
        "effects": tuple(sorted(one_line(e.effect_name or e.name, 40) for e in item.effects if e not in speeds)),
        "markers": tuple(map(_marker, item.markers)),
        "enabled": bool(item.enabled) and _fcp(item).get("enabled") != "FALSE",
        "metadata": _namespaces(item, quiet),
    }


def _start(item: Any) -> Fraction | None:
    shown = item.trimmed_range() if hasattr(item, "trimmed_range") else None
    return seconds(shown.start_time) if shown is not None else None


def _speed(effect: Any) -> str:
    import opentimelineio as otio

    if isinstance(effect, otio.schema.FreezeFrame):
        return "freeze"
    return f"{effect.time_scalar:g}x" if isinstance(effect, otio.schema.LinearTimeWarp) else "ramp"


def _marker(marker: Any) -> tuple[str, str]:
    comment = str(marker.comment or _fcp(marker).get("comment", "") or "")
    return one_line(marker.name, 60), one_line(comment, 500)


def _fcp(item: Any) -> Mapping[str, Any]:
    found = item.metadata.get("fcp_xml")
    return dict(found) if hasattr(found, "keys") else {}


def _namespaces(item: Any, quiet: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(one_line(key, 40) for key in item.metadata if key not in quiet))


def lost(meant: Mapping[Place, Item], found: Mapping[Place, Item]) -> list[Loss]:
    """What `found` does not say of what was meant, item by item.

    Raises:
        CutError: an item stands elsewhere, or would show other pictures: such a file is wrong, not incomplete.
    """
    places = {_rounded(place): item for place, item in found.items()}
    losses: list[Loss] = []
    for place, item in meant.items():
        other = places.pop(_rounded(place), None)
        if other is None and place[3] == "track":
            losses.append(Loss(item.label, "the track: there is nothing in it that the file could hold"))
        elif other is None:
            raise CutError(f"{item.label} does not read back where it stands in the cut.")
        else:
            losses += _lost_of(item, other)
    if extra := [item.label for item in places.values() if item.place[3] != "track"]:
        raise CutError(f"The file reads back with {one_line(extra[0])}, which is not in the cut.")
    return losses


def _lost_of(item: Item, other: Item) -> Iterator[Loss]:
    for key, value in item.says.items():
        got = other.says[key]
        if _same(value, got):
            continue
        if key in _PICTURE and (key != "media" or value):
            raise CutError(f"{item.label} does not read back as it was meant: its {key} would be another.")
        yield Loss(item.label, _told(key, value, got))


def _told(key: str, value: Any, got: Any) -> str:
    if key == "enabled":
        return "that it is switched off" if not value else "that it is switched on"
    if isinstance(value, tuple):
        gone = [one[0] if isinstance(one, tuple) else str(one) for one in value if one not in got]
        return f"{key}{' of' if key == 'metadata' else ''} {', '.join(gone) or 'changed'}"
    return f"{key}: {one_line(str(value), 60)} reads back as {one_line(str(got), 60) or 'nothing'}"


def _same(value: Any, got: Any) -> bool:
    if isinstance(value, Fraction) and isinstance(got, Fraction):
        return abs(value - got) < _NEAR
    if isinstance(value, tuple) and isinstance(got, tuple):
        return len(value) == len(got) and all(map(_same, value, got))
    return bool(value == got)


def _rounded(place: Place) -> tuple[str, int, int, str]:
    kind, number, at, what = place
    return kind, number, round(at / _NEAR / 4), what
