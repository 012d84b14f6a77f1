"""Reframing and other effects are told apart in the words of each program, and nothing is told that nobody changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import read_cut
from core.cut.recut.conform import conform
from core.cut.recut.facts import facts
from tests.timelines import clip, movie, save, schema, timeline

BUILT_IN = (
    ("Transform", 2), ("Cropping", 3), ("Dynamic Zoom", 59), ("Composite", 1), ("Lens Correction", 43),
    ("Retime and Scaling", 22), ("Video Faders", 36),
)  # fmt: skip
"""What Resolve writes of a clip as soon as one of them is used (OpenTimelineIO's own sample effects.otio)."""


def resolve(**parameters: dict[str, float]) -> list[Any]:
    """Resolve's effects of a clip: by name, the parameters that are not as they come."""
    return [
        schema.Effect("", "Resolve Effect", {"Resolve_OTIO": {
            "Effect Name": name, "Enabled": name != "Dynamic Zoom" or "Dynamic Zoom" in parameters, "Name": name,
            "Parameters": [
                {"Parameter ID": key, "Parameter Value": value, "Variant Type": "Double", "Key Frames": {}}
                for key, value in parameters.get(name, {}).items()
            ],
            "Type": kind,
        }})
        for name, kind in BUILT_IN
    ]  # fmt: skip


def premiere(name: str, value: float) -> list[Any]:
    facts_of_it = {"MatchName": name, "IsIntrinsic": True, "Parameters": [{"Name": "Scale", "Value": value}]}
    return [schema.Effect(name, name, {"PremierePro_OTIO": facts_of_it})]


def final_cut(tag: str, text: str) -> list[Any]:
    return [schema.Effect(tag, tag, {"fcpxml": {"xml": text, "effect": {}}})]


def avid(plugin: str, value: int) -> list[Any]:
    told = {"ComponentAttributeList": {"_EFFECT_PLUGIN_NAME": plugin, "_IGNORE_TRACKING": value}}
    return [schema.Effect("SBlend_v2", "", {"AAF": told})]


def between(folder: Path, old: list[Any], new: list[Any], *boxes: Any) -> tuple[str, ...]:
    """The flags of a clip whose effects are `new` now; its old cut was kept by a show, so read twice."""
    told = []
    for number, effects in enumerate((old, new)):
        media = movie("a.mov", 0, 500)
        media.available_image_bounds = boxes[number] if boxes else None
        made = clip("sh010", media, 10, 40)
        made.effects.extend(one.clone() for one in effects)
        path = save(timeline([made]), folder / f"{number}.otio")
        for _ in range(2 - number):
            save(read_cut(path).timeline, path)
        told.append(facts(read_cut(path), ".otio")[0])
    (change,) = conform(told[0], told[1], {}, {}).changes
    return change.flags


ZOOM = resolve(Transform={"transformationZoomX": 1.19, "transformationPan": 12.5})
SAID: list[tuple[str, list[Any], list[Any], tuple[str, ...]]] = [
    ("resolve: the whole list, nothing of it used", [], resolve(), ("unchanged",)),
    ("resolve: a zoom", [], ZOOM, ("reframed",)),
    ("resolve: the same zoom", ZOOM, ZOOM, ("unchanged",)),
    ("resolve: another zoom", ZOOM, resolve(Transform={"transformationZoomX": 1.2}), ("reframed",)),
    ("resolve: a crop", [], resolve(Cropping={"cropLeft": 0.12}), ("reframed",)),
    ("resolve: a dynamic zoom", [], resolve(**{"Dynamic Zoom": {"dynamicZoomScale": 0.8}}), ("reframed",)),
    ("resolve: opacity", [], resolve(Composite={"opacity": 50.0}), ("effects_changed",)),
    (
        "resolve: both", [], resolve(Composite={"opacity": 50.0}, Cropping={"cropLeft": 0.1}),
        ("reframed", "effects_changed"),
    ),
    ("premiere: motion", premiere("AE.ADBE Motion", 100), premiere("AE.ADBE Motion", 120), ("reframed",)),
    ("premiere: its old name", premiere("ADBE Motion", 100), premiere("ADBE Motion", 120), ("reframed",)),
    ("premiere: opacity", premiere("AE.ADBE Opacity", 100), premiere("AE.ADBE Opacity", 50), ("effects_changed",)),
    ("final cut: a crop", [], final_cut("adjust-crop", '<adjust-crop mode="trim"/>'), ("reframed",)),
    (
        "final cut: a filter under the next number", final_cut("Blur", '<filter-video ref="r4" name="Blur"/>'),
        final_cut("Blur", '<filter-video ref="r7" name="Blur"/>'), ("unchanged",),
    ),
    ("avid: 3D warp", avid("3DWarp", 0), avid("3DWarp", 1), ("reframed",)),
    ("avid: another plug-in", avid("Blur", 0), avid("Blur", 1), ("effects_changed",)),
    ("anybody's", [], [schema.Effect("x", "Blur")], ("effects_changed",)),
    ("one that is off", [], [schema.Effect("x", "Blur", {}, enabled=False)], ("unchanged",)),
    ("a ramp", [], [schema.TimeEffect("x", "Ramp")], ("retime_curve_changed",)),
    (
        "a float that does not come back as it went",
        [schema.Effect("x", "Blur", {"a": [1.9833333333333334, 1 / 119]})],
        [schema.Effect("x", "Blur", {"a": [1.9833333333333336, 1 / 119]})],
        ("unchanged",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "flags"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_a_change_is_told_by_what_it_is(tmp_path: Path, old: list[Any], new: list[Any], flags: tuple[str, ...]) -> None:
    assert between(tmp_path, old, new) == flags
    assert between(tmp_path, new, old) == flags, "and the same when it is taken back"


def test_a_picture_that_lies_elsewhere_is_reframed(tmp_path: Path) -> None:
    def box(right: float) -> Any:
        return otio.schema.Box2d(otio.schema.V2d(0.0, 0.0), otio.schema.V2d(right, 9.0))

    assert between(tmp_path, [], [], box(16.0), box(12.0)) == ("reframed",)
    assert between(tmp_path, [], [], box(16.0), box(16.0)) == ("unchanged",)
    assert between(tmp_path, [], [], box(16.0), None) == ("unchanged",), "a cut that does not say it"


XML = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="4"><sequence id="s"><name>s</name>
<duration>40</duration><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>
<timecode><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><string>01:00:00:00</string><frame>90000</frame>
<displayformat>NDF</displayformat></timecode><media><video><track><clipitem id="clipitem-1"><name>sh010</name>
<enabled>{on}</enabled><duration>500</duration><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>
<start>0</start><end>40</end><in>10</in><out>50</out><file id="file-1"><name>a.mov</name>
<pathurl>file:///media/a.mov</pathurl><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><duration>500</duration>
<timecode><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><string>00:00:00:00</string><frame>0</frame>
<displayformat>NDF</displayformat></timecode><media><video/></media></file>{filters}</clipitem></track></video></media>
</sequence></xmeml>"""
MOTION = """<filter><effect><name>Basic Motion</name><effectid>basic</effectid><effectcategory>motion</effectcategory>
<effecttype>motion</effecttype><mediatype>video</mediatype><parameter authoringApp="PremierePro">
<parameterid>scale</parameterid><name>Scale</name><valuemin>0</valuemin><valuemax>1000</valuemax><value>{scale}</value>
</parameter></effect></filter>"""
BLUR = """<filter><effect><name>Gaussian Blur</name><effectid>Gaussian Blur</effectid>
<effectcategory>Blur</effectcategory>
<effecttype>filter</effecttype><mediatype>video</mediatype></effect></filter>"""


@pytest.mark.parametrize(
    ("on", "filters", "flags"),
    [
        ("TRUE", MOTION.format(scale="93.8"), ("unchanged",)),
        ("TRUE", MOTION.format(scale="110"), ("reframed",)),
        ("TRUE", "", ("reframed",)),
        ("TRUE", MOTION.format(scale="93.8") + BLUR, ("effects_changed",)),
        ("FALSE", MOTION.format(scale="93.8"), ("disabled",)),
    ],
)
def test_two_exports_of_premiere_are_compared(tmp_path: Path, on: str, filters: str, flags: tuple[str, ...]) -> None:
    """In FCP7 XML, read by its adapter, as `empty_name_tags.xml` of that adapter's tests has its filters."""
    pytest.importorskip("otio_fcp_adapter")
    told = []
    for number, text in enumerate((XML.format(on="TRUE", filters=MOTION.format(scale="93.8")),
                                   XML.format(on=on, filters=filters))):  # fmt: skip
        path = tmp_path / f"{number}.xml"
        path.write_text(text)
        told.append(facts(read_cut(path), ".xml")[0])
    (change,) = conform(told[0], told[1], {}, {}).changes
    assert change.flags == flags


def test_forms_with_other_words_are_not_compared(tmp_path: Path) -> None:
    path = save(timeline([clip("sh010", movie(), 10, 40)]), tmp_path / "a.otio")
    forms = {form: facts(read_cut(path), form)[0] for form in (".otio", ".otioz", ".xml", ".edl", ".aaf", ".fcpxml")}
    alike = {(a, b) for a, one in forms.items() for b, other in forms.items() if one.says_effects(other)}
    assert alike == {
        (".otio", ".otio"), (".otio", ".otioz"), (".otioz", ".otio"), (".otioz", ".otioz"), (".xml", ".xml"),
        (".aaf", ".aaf"), (".fcpxml", ".fcpxml"),
    }  # fmt: skip
    assert not forms[".otio"].says_off(forms[".aaf"]) and forms[".xml"].says_off(forms[".otio"])
