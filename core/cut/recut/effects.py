"""What an item's effects say, whoever wrote them: speed ramps, framing and the rest, each as a digest."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.files import canonical_json, sha256_bytes

_FRAMING = {
    "Resolve_OTIO": ("Effect Name", {"transform", "cropping", "dynamic zoom"}),
    "PremierePro_OTIO": ("MatchName", {f"{host}adbe {name}" for host in ("ae.", "")
                                       for name in ("motion", "geometry", "geometry2", "aecrop", "crop")}),
    "fcp_xml": ("effectid", {"basic", "crop", "deformation"}),
    "AAF": ("_EFFECT_PLUGIN_NAME", {"3dwarp"}),
}  # fmt: skip
"""By the namespace of their metadata: where it names an effect, and those that say which part of a picture is seen."""
_ADJUST = {"adjust-crop", "adjust-transform", "adjust-corners", "adjust-360-transform", "adjust-reorient"}
"""The same as Final Cut's XML calls them, which our reader keeps as their names."""
_CURVES = {"fcp_xml": ("effectid", {"timeremap"})}
_RESOURCE = re.compile(r' ref="[^"]*"')
_BUILT_IN = {
    "transform", "cropping", "dynamic zoom", "composite", "lens correction", "retime and scaling", "video faders",
}  # fmt: skip
"""What Resolve writes of every clip that has one of them: without a parameter it says nothing."""


class Effects(NamedTuple):
    """Digests; empty for none."""

    curve: str = ""
    """Time effects that are no plain retime."""
    framing: str = ""
    """Transform, crop, scale."""
    others: str = ""


def effects_of(item: Any) -> Effects:
    """What the effects of an item say, in their order. The same after a trip through a file."""
    import opentimelineio as otio

    told: dict[str, list[str]] = {"curve": [], "framing": [], "others": []}
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            continue
        kind, text = _told(effect.to_json_string(indent=-1))
        if text:
            told["curve" if isinstance(effect, otio.schema.TimeEffect) else kind].append(text)
    return Effects(**{kind: sha256_bytes("\n".join(texts).encode()) if texts else "" for kind, texts in told.items()})


@functools.lru_cache(maxsize=4096)
def _told(text: str) -> tuple[str, str]:
    """Which kind an effect is, and its text; empty where it changes nothing."""
    effect = json.loads(text)
    metadata = effect.get("metadata") or {}
    metadata.pop("rushes", None)  # what we worked out of a ramp says where the clip was cut, not how its curve runs
    framing = _named(metadata, _FRAMING) or effect.get("effect_name") in _ADJUST
    kind = "curve" if _named(metadata, _CURVES) else "framing" if framing else "others"
    return kind, "" if _idle(effect, metadata) else canonical_json(_steady(effect))


def _named(metadata: Mapping[str, Any], known: Mapping[str, tuple[str, set[str]]]) -> bool:
    return any(
        str(_at(metadata[space], key)).casefold() in names for space, (key, names) in known.items() if space in metadata
    )


def _at(facts: Any, key: str) -> Any:
    """A key of a tool's facts; Avid's names of plug-ins lie one level below."""
    if not isinstance(facts, Mapping):
        return ""
    inner = facts.get("ComponentAttributeList")
    return facts.get(key, inner.get(key, "") if isinstance(inner, Mapping) else "")


def _idle(effect: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    facts = metadata.get("Resolve_OTIO")
    if effect.get("enabled") is False or (isinstance(facts, Mapping) and facts.get("Enabled") is False):
        return True
    built_in = str(_at(facts, "Effect Name")).casefold() in _BUILT_IN
    return built_in and not (isinstance(facts, Mapping) and facts.get("Parameters"))


def _steady(value: Any) -> Any:
    """Without what no person changed: the last digits of a float, which OpenTimelineIO does not carry through a file;
    numbers of resources, which Final Cut gives anew in every file."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, dict):
        return {
            key: _RESOURCE.sub("", item) if key == "xml" and isinstance(item, str) else _steady(item)
            for key, item in value.items()
        }
    return [_steady(item) for item in value] if isinstance(value, list) else value
