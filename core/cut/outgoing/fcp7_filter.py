"""The filter Time Remap of FCP7 XML for an item's time effect, put where OpenTimelineIO's adapter writes it from.

The adapter (otio-fcp-adapter 1.0) drops effects, but writes what it finds in an item's `fcp_xml` metadata. What a
filter says and how `in` counts is told in `core.cut.incoming.fcp7_speed`, which reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from core.cut.incoming.fcp7_speed import FASTEST, TICKS, WHOLE, Place, dicts, is_remap, place_of, start_at
from otio_adapters.times import fraction

_TICKS = ("pproTicksIn", "pproTicksOut")
_STALE = ("filter", "subclipinfo", *_TICKS)
"""What counts from the media that an item had when it was read, or as it counted then."""
_DECIMALS = 6
Key = tuple[Fraction, Fraction, str]
"""An own frame, the media frame that is shown then, and which end of the clip or its media that is."""


def tell_speed(item: Any) -> None:
    """Put an item's one time effect into what the adapter writes of it, in place: a filter, and a start in own frames.

    A constant speed, a held picture, and a curve that was read from such a file and still lies in the same media. Any
    other is left out, so it is not read back. No filter, ticks or subclip that came with the item are written again.
    """
    import opentimelineio as otio

    found = item.metadata.get("fcp_xml")
    told = dict(found) if isinstance(found, Mapping) else {}
    effects = [one for one in item.effects if isinstance(one, otio.schema.TimeEffect)]
    if not effects and told.keys().isdisjoint(_STALE):
        return
    filters = [one for one in dicts(told.get("filter")) if not is_remap(one.get("effect"))]
    place = place_of(item, None, WHOLE) if len(effects) == 1 else None
    made = _filter(item, effects[0], place) if place is not None else {}
    kept = {key: value for key, value in told.items() if key not in _STALE} | made
    filters += dicts(made.get("filter"))
    if filters:
        kept["filter"] = filters
    item.metadata["fcp_xml"] = kept


def _filter(item: Any, effect: Any, place: Place) -> dict[str, Any]:
    """What the item's metadata get for a time effect; nothing for one that such a file cannot say."""
    import opentimelineio as otio

    if not isinstance(effect, otio.schema.LinearTimeWarp):
        return _curve(item, effect, place)
    if not abs(effect.time_scalar) <= FASTEST:
        return {}
    speed = Fraction(effect.time_scalar).limit_denominator(1_000_000)
    if speed == 1 or (speed < 0 and not place.media):
        return {}
    own = _own(speed, place)
    element = _element(speed, _keys(speed, math.floor(own), place), place.media)
    return {"filter": {"effect": element}, **_moved(item, place, own)}


def _moved(item: Any, place: Place, own: Fraction) -> dict[str, str]:
    """Let the item start at that frame of its own, whole as `in` is; returns the ticks that say it exactly."""
    start_at(item, place, Fraction(math.floor(own)))
    ends = own - place.head, own + place.length
    return dict(zip(_TICKS, (str(round(end / place.rate * TICKS)) for end in ends), strict=True))


def _curve(item: Any, effect: Any, place: Place) -> dict[str, Any]:
    """A curve as it was read: it says media frames, so it holds as long as the media begin where they did."""
    from otio_adapters import versions

    told = effect.metadata.get("fcp_xml")
    own, zero = (fraction(versions.get_text(effect, key)) for key in ("own", "zero"))
    if not is_remap(told) or own is None or zero != place.zero:
        return {}
    return {"filter": {"effect": {"name": effect.name, **told}}, **_moved(item, place, own)}


def _own(speed: Fraction, place: Place) -> Fraction:
    """Where the item starts in frames of its own; of a held picture the frame itself."""
    if not speed:
        return place.first
    return place.first / speed if speed > 0 else (place.media - place.first) / -speed - place.length


def _keys(speed: Fraction, own: int, place: Place) -> list[Key]:
    """The curve's keys: both ends of the media, and of what is shown. What is shown where the media end is one key."""
    inner = [(own - place.head, "speedkfin"), (own + place.length, "speedkfout")]
    zero = place.first if not speed else Fraction(0) if speed > 0 else place.media
    if not speed or not place.media:
        return [(when, zero + when * speed, name) for when, name in inner]
    end = Fraction(math.floor(place.media / abs(speed)))
    whens = [(Fraction(0), "speedkfstart"), *inner, (end, "speedkfend")]
    return [
        (when, zero + when * speed, name)
        for when, name in whens
        if name in ("speedkfin", "speedkfout") or not inner[0][0] <= when <= inner[1][0]
    ]


def _element(speed: Fraction, keys: Sequence[Key], media: Fraction) -> dict[str, Any]:
    graph = {
        **_parameter("graphdict", "0", "0", _text(media)),
        "keyframe": [
            {"when": _text(when), "value": _text(value), "speedvirtualkf": "TRUE", name: "TRUE"}
            for when, value, name in keys
        ],
        "interpolation": {"name": "FCPCurve"},
    }
    return {
        "name": "Time Remap", "effectid": "timeremap", "effectcategory": "motion", "effecttype": "motion",
        "mediatype": "video",
        "parameter": [
            _parameter("variablespeed", "0", "0", "1"),
            _parameter("speed", _text(abs(speed) * 100), "-100000", "100000"),
            _parameter("reverse", "TRUE" if speed < 0 else "FALSE"),
            _parameter("frameblending", "FALSE"),
            graph,
        ],
    }  # fmt: skip


def _parameter(name: str, value: str, *limits: str) -> dict[str, Any]:
    edges: Mapping[str, str] = dict(zip(("valuemin", "valuemax"), limits, strict=False))
    return {"parameterid": name, "name": name, **edges, "value": value}


def _text(number: Fraction) -> str:
    return f"{round(float(number), _DECIMALS):.{_DECIMALS}f}".rstrip("0").rstrip(".")
