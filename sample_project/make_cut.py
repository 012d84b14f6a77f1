"""Make `cut.otio`, the sample's edit: the same bytes every time.

    python -m sample_project.make_cut

"Siesta", 16 seconds: coffee, a cat, and what one dreams. It holds what real cuts hold, so each has its clip here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

from sample_project import folder
from sample_project.sources import ASTRONAUT, CAT, COFFEE, GUIDE, MEADOW, MOON, RATE, ROCKET, STARS, Source

schema = otio.schema
Color = schema.MarkerColor


def main(out: Path) -> None:
    out.write_text(otio.core.serialize_json_to_string(cut(), indent=4) + "\n", encoding="utf-8")


def cut() -> otio.schema.Timeline:
    """Nine clips on two video tracks and a guide track; metadata as Resolve and EDL readers leave them."""
    timeline = schema.Timeline("siesta_v007", global_start_time=time(3600 * RATE))
    timeline.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0", "Timeline Start": "01:00:00:00"}
    timeline.tracks.extend([main_track(), upper_track(), guide_track()])
    return timeline


def main_track() -> otio.schema.Track:
    coffee = clip("day_sh010", COFFEE, 10, 56)
    coffee.metadata["cmx_3600"]["comments"] = ["HANDHELD, SLOW PUSH IN"]
    cat = clip("day_sh020", CAT, 10, 56)
    mark(cat, "asleep", 44, 12, Color.PURPLE, "her eyes close: the dream may start to leak in from here")
    rocket = clip("dream_sh030", ROCKET, 20, 56)
    mark(rocket, "lift-off", 14, 1, Color.RED, "first light under the engine")
    astronaut = clip("dream_sh040", ASTRONAUT, 10, 68)
    mark(astronaut, "look", 58, 12, Color.CYAN, "hero shot: keep her face, dream the rest")
    stars = clip("dream_sh050", STARS, 10, 60)
    meadow = clip("dream_sh070", MEADOW, 36, 56)
    meadow.effects.append(schema.LinearTimeWarp("half speed", time_scalar=0.5))
    awake = clip("A001_C004_0612GX", COFFEE, 30, 46)
    awake.effects.append(schema.LinearTimeWarp("reverse", time_scalar=-1.0))
    mark(awake, "awake", 38, 1, Color.GREEN, "same take as sh010, backwards: the steam goes home")

    track = schema.Track("V1", kind=schema.TrackKind.Video)
    dissolve = schema.Transition("falling asleep", schema.TransitionTypes.SMPTE_Dissolve, time(10), time(10))
    blink = schema.Gap(source_range=span(0, 8))
    track.extend([coffee, cat, dissolve, rocket, astronaut, stars, meadow, blink, awake])
    mark(track, "picture lock", 0, 1, Color.YELLOW, "locked but for the dream, editorial 12 June")
    return track


def upper_track() -> otio.schema.Track:
    other_take = clip("B003_C002_0615HM", ASTRONAUT, 24, 40)
    other_take.enabled = False
    moon = schema.ImageSequenceReference(
        "media/moon/", "moon.", ".exr", MOON.start, rate=RATE, frame_zero_padding=7,
        available_range=span(MOON.start, MOON.frames),
    )  # fmt: skip
    moon.name = "moon_element_v002"
    risen = schema.Clip("dream_sh060", moon, span(MOON.start + 4, 40))
    risen.metadata["fcp_xml"] = {"compositemode": "normal", "alphatype": "premultiplied"}
    track = schema.Track("V2", kind=schema.TrackKind.Video)
    track.extend([gap(182), other_take, gap(26), risen])
    return track


def guide_track() -> otio.schema.Track:
    guide = schema.ExternalReference(f"media/{GUIDE.file}", span(0, GUIDE.frames))
    track = schema.Track("A1", kind=schema.TrackKind.Audio)
    track.append(schema.Clip("guide_mix_v002", guide, span(0, GUIDE.frames)))
    return track


def clip(name: str, source: Source, start: int, length: int) -> Any:
    """A clip of `length` frames in the cut, from frame `start` of its source."""
    media = schema.ExternalReference(f"media/{source.file}", span(source.start, source.frames))
    made = schema.Clip(name, media, span(source.start + start, length))
    if source.reel:
        made.metadata["cmx_3600"] = {"reel": source.reel}
        made.metadata["Resolve_OTIO"] = {"Clip Color": "Orange" if name.startswith("day") else "Violet"}
    return made


def mark(item: Any, name: str, at: int, length: int, color: str, comment: str) -> None:
    """A marker `at` frames after the item's start."""
    start = item.source_range.start_time if item.source_range else time(0)
    item.markers.append(
        schema.Marker(name, otio.opentime.TimeRange(start + time(at), time(length)), color, comment=comment)
    )


def gap(length: int) -> Any:
    return schema.Gap(source_range=span(0, length))


def span(start: int, length: int) -> Any:
    return otio.opentime.TimeRange(time(start), time(length))


def time(frame: int) -> Any:
    return otio.opentime.RationalTime(frame, RATE)


if __name__ == "__main__":
    main(folder() / "cut.otio")
