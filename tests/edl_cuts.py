"""Random cuts of one track, as edit decision lists hold them."""

from __future__ import annotations

from typing import Any

import opentimelineio as otio
from hypothesis import strategies as st

from tests.timelines import clip, movie, schema, time, timeline

RATES = (24, 25, 30, 24000 / 1001, 30000 / 1001)


@st.composite
def simple_cuts(draw: st.DrawFn, rates: tuple[float, ...] = RATES) -> Any:
    """A track of clips, gaps, dissolves and retimes at one rate, as most cuts are; some clips are switched off."""
    rate = draw(st.sampled_from(rates))
    items: list[Any] = []
    for number in range(draw(st.integers(1, 6))):
        start, length = draw(st.integers(100, 200_000)), draw(st.integers(20, 80))
        made = clip(f"sh{number:04d}", movie(f"plate{number}.mov", 0, 400_000, rate), start, length, rate)
        made.enabled = draw(st.integers(0, 5)) > 0
        if (speed := draw(st.sampled_from([1, 1, 1, 2.0, 0.5, -1.5, 0.0]))) != 1:
            warp = schema.FreezeFrame() if speed == 0 else schema.LinearTimeWarp("speed", time_scalar=speed)
            made.effects.append(warp)
        items.append(made)
        if draw(st.integers(0, 3)) == 0:
            items.append(schema.Gap(source_range=otio.opentime.TimeRange(time(0, rate), time(7, rate))))
    joined: list[Any] = []
    for item in items:
        # A list cannot fade from nothing for this reader: only between clips that are in it.
        fits = joined and all(isinstance(side, schema.Clip) and side.enabled for side in (joined[-1], item))
        if fits and draw(st.booleans()):
            sides = [time(draw(st.integers(0, 8)), rate) for _ in range(2)]
            joined.append(schema.Transition("x", "SMPTE_Dissolve", *sides))
        joined.append(item)
    made = timeline(joined)
    if draw(st.booleans()):
        made.global_start_time = time(draw(st.sampled_from([3600, 36000])) * round(rate), rate)
    return made
