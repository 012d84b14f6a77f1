"""Make `cut.otio`, the sample's edit: the same bytes every time.

python -m sample_project.make_cut
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

from sample_project import folder

RATE = 25.0
HOUR = 3600 * 25
schema = otio.schema


def main(out: Path) -> None:
    out.write_text(otio.core.serialize_json_to_string(cut(), indent=4) + "\n", encoding="utf-8")


def cut() -> otio.schema.Timeline:
    """Five clips on two video tracks, a dissolve, a gap, a marker, and what other programs left in the metadata."""
    timeline = schema.Timeline("morning_v004", global_start_time=time(HOUR))
    timeline.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0", "Timeline Start": "01:00:00:00"}
    rabbit = clip("sq010_sh0010", bunny(), 12, 40)
    rabbit.markers.append(
        schema.Marker("look", span(20, 6), schema.MarkerColor.CYAN, {"Resolve_OTIO": {"Note": "ears up on the cut"}})
    )
    launch = clip("sq010_sh0020", rocket(), 10 * HOUR + 10, 24)
    launch.metadata["cmx_3600"] = {"reel": "A001R1", "comments": ["PUSH IN, HOLD THE SKY"]}
    cup = clip("sq010_sh0030", coffee(), HOUR + 4, 20)
    awake = clip("sq010_sh0040", bunny(), 84, 40)
    awake.effects.append(schema.LinearTimeWarp("slower", time_scalar=0.5))

    first = schema.Track("V1", kind=schema.TrackKind.Video)
    dissolve = schema.Transition("dissolve", schema.TransitionTypes.SMPTE_Dissolve, time(6), time(6))
    first.extend([rabbit, dissolve, launch, schema.Gap(source_range=span(0, 10)), cup, awake])
    second = schema.Track("V2", kind=schema.TrackKind.Video)
    alternate = clip("sq010_sh0020", rocket(), 10 * HOUR + 16, 20)
    alternate.enabled = False
    second.extend([schema.Gap(source_range=span(0, 42)), alternate])
    sound = schema.Track("A1", kind=schema.TrackKind.Audio)
    guide = schema.MissingReference("guide_mix", span(0, 134))
    sound.append(schema.Clip("guide mix", guide, span(0, 134)))
    timeline.tracks.extend([first, second, sound])
    return timeline


def bunny() -> Any:
    return schema.ExternalReference("media/bigbuckbunny.mp4", span(0, 132))


def rocket() -> Any:
    return schema.ExternalReference("media/rocket.mov", span(10 * HOUR, 44))


def coffee() -> Any:
    return schema.ImageSequenceReference(
        "media/coffee/", "coffee.", ".exr", HOUR, rate=RATE, frame_zero_padding=7, available_range=span(HOUR, 28)
    )


def clip(name: str, media: Any, start: int, length: int) -> Any:
    return schema.Clip(name, media, span(start, length))


def span(start: int, length: int) -> Any:
    return otio.opentime.TimeRange(time(start), time(length))


def time(frame: int) -> Any:
    return otio.opentime.RationalTime(frame, RATE)


if __name__ == "__main__":
    main(folder() / "cut.otio")
