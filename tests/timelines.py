"""Timelines for the tests of the cut: small builders, and random cuts with whatever an editor may leave in one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from hypothesis import strategies as st

from core.frames import FrameRange
from core.layout import Settings
from core.media.info import MediaInfo

schema = otio.schema


def time(frame: float, rate: float = 25) -> Any:
    return otio.opentime.RationalTime(frame, rate)


def span(start: float, length: float, rate: float = 25) -> Any:
    return otio.opentime.TimeRange(time(start, rate), time(length, rate))


def movie(url: str = "plate.mov", start: float = 0, length: float = 1000, rate: float = 25) -> Any:
    return schema.ExternalReference(url, span(start, length, rate))


def clip(name: str, media: Any, start: float, length: float, rate: float = 25) -> Any:
    return schema.Clip(name, media, span(start, length, rate))


def timeline(*tracks: list[Any]) -> Any:
    made = schema.Timeline("cut")
    for number, items in enumerate(tracks, 1):
        track = schema.Track(f"V{number}", kind=schema.TrackKind.Video)
        track.extend(items)
        made.tracks.append(track)
    return made


def save(made: Any, path: Path) -> Path:
    path.write_text(otio.core.serialize_json_to_string(made, indent=4) + "\n", encoding="utf-8")
    return path


def counted() -> Callable[[], str]:
    """Clip ids that are the same every time: `id-1`, `id-2` …"""
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def settings(**changes: Any) -> Settings:
    return Settings(**{"name": "test", "id": "test", "rate": Fraction(25), **changes})


def media_info(path: Path, rate: Fraction | None = None) -> MediaInfo:
    """What a probe says of an imagined plate: a movie of 1000 frames, or a sequence 1001-1100."""
    sequence = "%0" in path.name
    return MediaInfo(
        kind="sequence" if sequence else "movie",
        frames=FrameRange(1001, 1100) if sequence else FrameRange(0, 999),
        rate=rate if sequence else Fraction(25),
        width=64, height=36, pixel_aspect=Fraction(1), channels=3, colour="ACEScg", alpha="none",
        bits=10, timecode=None, drop=False, reel="", layers=(), note="",
    )  # fmt: skip


# Random cuts

_names = st.sampled_from(["sq010_sh0010", "sh0020", "A001_C003", "", "bad\x1b[31m/name\n", "grüße"])
_metadata = st.sampled_from([{}, {"Resolve_OTIO": {"a": 1, "b": [1, 2.5, "x"]}}, {"AAF": {"deep": {"er": None}}}])


@st.composite
def cuts(draw: st.DrawFn) -> Any:
    """A timeline with nesting, transitions, retimes, gaps, markers, disabled clips, audio and foreign metadata."""
    made = schema.Timeline(draw(_names), global_start_time=draw(st.sampled_from([None, time(90000)])))
    made.metadata.update(draw(_metadata))
    for number in range(draw(st.integers(1, 3))):
        kind = schema.TrackKind.Audio if number == 2 else schema.TrackKind.Video
        made.tracks.append(draw(tracks(kind, depth=1)))
    if not made.find_clips():
        made.tracks[0].append(draw(clips()))
    return made


@st.composite
def tracks(draw: st.DrawFn, kind: str, depth: int) -> Any:
    track = schema.Track(draw(_names), kind=kind)
    for _ in range(draw(st.integers(0, 4))):
        choice = draw(st.integers(0, 9))
        if choice == 0:
            track.append(schema.Gap(source_range=span(0, draw(st.integers(1, 50)))))
        elif choice == 1 and depth:
            nested = schema.Stack(draw(_names), metadata=draw(_metadata))
            nested.append(draw(tracks(kind, depth - 1)))
            track.append(nested)
        else:
            if choice == 2 and len(track) and not isinstance(track[-1], schema.Transition):
                track.append(schema.Transition("x", "SMPTE_Dissolve", time(4), time(5), draw(_metadata)))
            track.append(draw(clips()))
    return track


@st.composite
def clips(draw: st.DrawFn) -> Any:
    start = draw(st.sampled_from([0, 86400, 900000]))
    media = draw(
        st.sampled_from(
            [
                movie(draw(st.sampled_from(["a.mov", "file:///b%20c.mov"])), start, 500),
                schema.ImageSequenceReference("seq/", "p.", ".exr", 1001, rate=25, available_range=span(start, 300)),
                schema.GeneratorReference("bars", "SMPTEBars", span(0, 500)),
                schema.MissingReference(),
            ]
        )
    )
    used = span(start + draw(st.integers(0, 100)), draw(st.integers(1, 60)))
    made = schema.Clip(draw(_names), media.clone(), used, draw(_metadata))
    made.enabled = draw(st.integers(0, 5)) > 0
    if draw(st.integers(0, 3)) == 0:
        made.effects.append(schema.LinearTimeWarp("speed", time_scalar=draw(st.sampled_from([2.0, 0.5, -1.0]))))
    if draw(st.integers(0, 3)) == 0:
        made.effects.append(schema.FreezeFrame() if draw(st.booleans()) else schema.Effect("blur", "Blur"))
        made.markers.append(schema.Marker("m", span(start, 1), "RED", draw(_metadata)))
    if draw(st.integers(0, 3)) == 0:
        made.set_media_references({"PROXY": movie("proxy.mov", start), "HERO": media.clone()}, "HERO")
    return made
