"""What a cut needs of its media, against a calculation that knows nothing of ours: it steps through the output.

A cut is drawn as plain values and built as a timeline from them. The calculation walks the values alone: every output
frame is cut into cells so small that no edge of any item falls into one; the middle of a cell is led down through the
items that are there (trims, retimes, what dissolves add), in fractions, to a point of a clip's media. A cell of a clip
covers as much of its media as it lasts, times the speeds on the way.

Rounding: the in point floors and the out point ceils, so a media frame is needed as soon as any part of it is seen;
where a picture is held it is the one frame that is seen when the hold begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.cut.ranges import Need, media_frames, needs
from core.frames import FrameRange
from tests.timelines import movie, schema, span, time, timeline

RATE = 25
FINE = 32
"""Cells a frame: every speed above a clip is 2, 1/2, 1, -1 or 0, and there are at most five of them."""
CELL = Fraction(1, FINE)


@dataclass
class Item:
    """A clip, gap, track or stack: lengths and starts in frames."""

    kind: str
    name: str = ""
    start: int = 0
    length: int | None = None
    """None: as long as what is in it."""
    speed: Fraction = Fraction(1)
    children: list[Item] = field(default_factory=list)
    joins: dict[int, tuple[int, int]] = field(default_factory=dict)
    """In a track: the child that a dissolve leads into → how far it reaches before and behind the cut."""

    @property
    def lasts(self) -> int:
        if self.length is not None:
            return self.length
        lengths = [child.lasts for child in self.children]
        return sum(lengths) if self.kind == "track" else max(lengths, default=0)


# The calculation

Stretch = tuple[Fraction, Fraction]


def by_brute_force(top: Item) -> dict[str, tuple[FrameRange, Stretch | None]]:
    """The media frames that each clip needs, and where it stands in the cut (frames; None: in dissolves alone).

    Clips that are never seen are left out.
    """
    found: dict[str, Stretch] = {}
    places: dict[str, Stretch] = {}
    for cell in range(top.lasts * FINE):
        for name, first, last, stands in down(top, (cell + Fraction(1, 2)) * CELL, CELL, True):
            found[name] = _with(found.get(name), (first, last))
            if stands:
                places[name] = _with(places.get(name), (cell * CELL, (cell + 1) * CELL))
    return {
        name: (FrameRange(math.floor(first), max(math.floor(first), math.ceil(last) - 1)), places.get(name))
        for name, (first, last) in found.items()
    }


def _with(known: Stretch | None, more: Stretch) -> Stretch:
    return more if known is None else (min(known[0], more[0]), max(known[1], more[1]))


def down(item: Item, at: Fraction, width: Fraction, stands: bool) -> Iterator[tuple[str, Fraction, Fraction, bool]]:
    """What is seen of clips when `item` is at `at` of its own time: name, stretch of media, whether it stands there.

    `stands`: it is no dissolve alone that shows it. `width`: how long that lasts in its own time. Where a picture is
    held it is nothing much, but it is after `at`, so that a clip that runs backwards there shows the frame before a
    point and not the one behind it.
    """
    length, speed = item.lasts, item.speed
    moment = at if speed else Fraction(0)
    source = item.start + (moment * speed if speed >= 0 else (length - moment) * -speed)
    wide = width * abs(speed) if speed else Fraction(1, 10**9)
    if not speed:
        source += wide / 2
    if item.kind == "clip":
        yield item.name, source - wide / 2, source + wide / 2, stands
    elif item.kind == "stack":
        for child in item.children:
            if 0 <= source < child.lasts:
                yield from down(child, source, wide, stands)
    elif item.kind == "track":
        edge = 0
        for number, child in enumerate(item.children):
            head = item.joins[number][0] if number in item.joins else 0
            tail = item.joins[number + 1][1] if number + 1 in item.joins else 0
            if edge - head <= source < edge + child.lasts + tail and child.kind != "gap":
                yield from down(child, source - edge, wide, stands and edge <= source < edge + child.lasts)
            edge += child.lasts


# Cuts, drawn and built

SPEEDS = [Fraction(1)] * 4 + [Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(0)]
CLIP_SPEEDS = [*SPEEDS, Fraction(3), Fraction(-2), Fraction(1, 3), Fraction(-5, 4), Fraction(7, 10)]


@st.composite
def tops(draw: st.DrawFn) -> Item:
    names = iter(range(1000))
    tracks = [draw(tracks_of(names, 2)) for _ in range(draw(st.integers(1, 2)))]
    return Item("stack", children=tracks)


@st.composite
def tracks_of(draw: st.DrawFn, names: Iterator[int], depth: int) -> Any:
    track = Item("track", speed=draw(st.sampled_from(SPEEDS)) if depth < 2 else Fraction(1))
    for number in range(draw(st.integers(1, 4))):
        choice = draw(st.integers(0, 9))
        if choice == 0:
            track.children.append(Item("gap", length=draw(st.integers(1, 6))))
        elif choice <= 3 and depth:
            track.children.append(draw(stacks(names, depth)))
        else:
            track.children.append(draw(clips(names)))
        # OpenTimelineIO wants something on both sides; a dissolve into or out of a gap is a fade.
        if number and choice % 3 == 2 and track.children[-2].kind != "gap":
            track.joins[number] = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any))
    if depth < 2 and draw(st.booleans()):
        track.start, track.length = draw(st.integers(0, 6)), draw(st.integers(1, 12))
    return track


@st.composite
def stacks(draw: st.DrawFn, names: Iterator[int], depth: int) -> Any:
    inside = [draw(tracks_of(names, depth - 1)) for _ in range(draw(st.integers(1, 2)))]
    stack = Item("stack", speed=draw(st.sampled_from(SPEEDS)), children=inside)
    if draw(st.booleans()):
        stack.start, stack.length = draw(st.integers(0, 6)), draw(st.integers(1, 12))
    return stack


@st.composite
def clips(draw: st.DrawFn, names: Iterator[int]) -> Any:
    start, length = draw(st.integers(100, 120)), draw(st.integers(1, 9))
    return Item("clip", f"c{next(names)}", start, length, draw(st.sampled_from(CLIP_SPEEDS)))


def built(item: Item) -> Any:
    """The same as an OpenTimelineIO object."""
    used = span(item.start, item.length, RATE) if item.length is not None else None
    if item.kind == "clip":
        made = schema.Clip(item.name, movie(length=1000), used)
    elif item.kind == "gap":
        made = schema.Gap(source_range=used)
    else:
        made = (
            schema.Stack(source_range=used) if item.kind == "stack" else schema.Track(source_range=used, kind="Video")
        )
        for number, child in enumerate(item.children):
            if number in item.joins:
                before, behind = item.joins[number]
                made.append(schema.Transition("x", "SMPTE_Dissolve", time(before, RATE), time(behind, RATE)))
            made.append(built(child))
    if item.speed == 0:
        made.effects.append(schema.FreezeFrame())
    elif item.speed != 1:
        made.effects.append(schema.LinearTimeWarp("t", time_scalar=float(item.speed)))
    return made


@settings(max_examples=150)
@given(top=tops())
def test_what_is_needed_is_what_every_output_frame_shows(top: Item) -> None:
    made = timeline()
    for track in top.children:
        made.tracks.append(built(track))
    found, warnings = needs(made)
    assert not warnings
    ours = {need.clip.name: (media_frames(need, Fraction(0), Fraction(RATE)), _place(need)) for need in found}
    assert ours == by_brute_force(top)


def _place(need: Need) -> Stretch | None:
    end = need.record + need.duration
    return (need.record * RATE, end * RATE) if need.duration else None
