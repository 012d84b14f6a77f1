"""A retime goes out as FCP7 XML and comes back as it was: any speed, backwards, held, between dissolves."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import read_cut
from core.cut.ranges import needs
from tests.outgoing import Show
from tests.timelines import clip, movie, schema, time, timeline
from tests.unit.test_fcp7 import publish

pytest.importorskip("otio_fcp_adapter")

speeds = st.one_of(
    st.sampled_from([0.0, 0.5, 2.0, -1.0, -2.0, 1 / 3, 24000 / 25025]),
    st.fractions(-8, 8, max_denominator=1000).filter(lambda speed: speed != 1).map(float),
)


@given(
    speed=speeds,
    start=st.fractions(0, 200, max_denominator=8).map(float),
    length=st.integers(1, 40),
    rate=st.sampled_from([24.0, 25.0, 24000 / 1001, 30000 / 1001, 50.0]),
    joined=st.booleans(),
)
def test_a_retime_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, speed: float, start: float, length: int, rate: float, joined: bool
) -> None:
    used = clip("it", movie("other.mov", 90000, 600, rate), 90000 + start, length, rate)
    used.effects.append(schema.LinearTimeWarp("speed", time_scalar=speed) if speed else schema.FreezeFrame())
    dissolve = schema.Transition("d", "SMPTE_Dissolve", time(4, rate), time(4, rate))
    items = [clip("before", movie("a.mov", 0, 600, rate), 50, 20, rate), *[dissolve] * joined, used]
    show = Show(timeline(items), tmp_path_factory.mktemp("cut"))
    published = publish(show)
    assert not [loss for loss in published.losses if "speed" in loss.what]
    meant, found = needs(read_cut(show.cut).timeline)[0], needs(read_cut(published.path).timeline)[0]
    for one, other in zip(meant, found, strict=True):
        assert (one.record, one.duration, one.clip.name) == (other.record, other.duration, other.clip.name)
        assert abs(one.speed - other.speed) < Fraction(1, 10**6) and (one.speed == 0) == (other.speed == 0)
        # Within what floats and ticks add: far less than a thousandth of a frame.
        assert abs(one.start - other.start) < Fraction(1, 10**5) and abs(one.end - other.end) < Fraction(1, 10**5)
