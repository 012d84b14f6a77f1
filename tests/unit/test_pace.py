"""Pacing: the wall clock decides the frame, J K L do what hands expect, and the ladder follows the line both ways."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.video.pace import EXACTNESS, LOOPS, RHYTHM, TARGET, Act, Budget, Meter, Pace, Rung, Speed, Transport

RATES = (Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60))
rates = st.sampled_from(RATES)


def at(transport: Transport, slots: int) -> float:
    """The clock in the middle of a slot."""
    return transport.since + float((slots + Fraction(1, 2)) / transport.rate)


@given(rates, st.integers(1, 40), st.floats(0, 1e6), st.sampled_from(LOOPS))
def test_every_frame_comes_in_its_turn_however_long_it_plays(rate: Fraction, count: int, now: float, mode: str) -> None:
    """Against the frames written out one after the other."""
    order = list(range(1001, 1001 + count))
    there_and_back = order + order[-2:0:-1]
    turns = {"loop": order * 3, "once": order + [order[-1]] * 2 * count, "ping-pong": there_and_back * 3}[mode]
    transport = Transport(1001, 1000 + count, rate, 1001, mode=mode).press("forward", now)  # type: ignore[arg-type]
    assert [transport.frame_at(at(transport, slot)) for slot in range(2 * count)] == turns[: 2 * count]


def test_a_late_look_finds_the_frame_of_now() -> None:
    playing = Transport(1001, 1100, Fraction(24), 1001).press("forward", 10.0)
    assert [playing.frame_at(10 + seconds) for seconds in (0, 0.5, 1, 3)] == [1001, 1013, 1025, 1073]


@pytest.mark.parametrize(("again", "way"), [("forward", 1), ("reverse", -1)])
def test_the_same_key_again_doubles_and_the_other_one_turns(again: Act, way: int) -> None:
    transport, speeds = Transport(1, 100, Fraction(25), 50), []
    for _ in range(5):
        transport = transport.press(again, 0.0)
        speeds.append(transport.speed * way)
    assert speeds == [1, 2, 4, 8, 8]
    other: Act = "reverse" if again == "forward" else "forward"
    assert transport.press(other, 0.0).speed == -way
    assert transport.press("stop", 0.0).speed == 0


@given(st.lists(st.tuples(st.sampled_from(get_args(Act)), st.floats(0, 2)), max_size=30), rates)
def test_no_row_of_keys_leaves_the_frames_that_there_are(keys: list[tuple[Act, float]], rate: Fraction) -> None:
    transport, now = Transport(1001, 1024, rate, 1001), 0.0
    for act, seconds in keys:
        now += seconds
        before = transport.frame_at(now)
        transport = transport.press(act, now)
        low, high = transport.range
        assert 1001 <= low <= high <= 1024 and 1001 <= transport.frame_at(now) <= 1024
        if act in ("stop", "loop", "clear") or (act in ("in", "out", "toggle") and not transport.playing):
            assert transport.frame_at(now) == before
        if transport.playing and before == transport.frame_at(now + 5):
            assert transport.settled(now + 5).range == transport.range
        if transport.playing:
            assert low <= transport.frame_at(now + seconds) <= high


def test_in_and_out_bound_what_plays_but_not_what_is_stepped_to() -> None:
    transport = Transport(1, 100, Fraction(24), 20).press("in", 0.0).go(30, 0.0).press("out", 0.0)
    assert transport.range == (20, 30)
    assert transport.press("next", 0.0).frame == 31
    assert transport.go(90, 0.0).press("forward", 0.0).frame == 20
    assert transport.go(90, 0.0).press("in", 0.0).range == (90, 100)  # an in point behind the out point takes it away
    assert transport.press("clear", 0.0).range == (1, 100)
    assert transport.press("last", 0.0).frame == 30 and transport.go(999, 0.0).frame == 100


def test_playing_once_stands_at_the_end_and_begins_anew() -> None:
    once = Transport(1, 10, Fraction(24), 1, mode="once").press("forward", 0.0)
    assert once.settled(0.1) is once
    stands = once.settled(5.0)
    assert (stands.frame, stands.speed) == (10, 0)
    assert stands.press("toggle", 6.0).frame == 1


def test_keys_while_it_comes_back_go_on_coming_back() -> None:
    bouncing = Transport(1, 10, Fraction(10), 1, mode="ping-pong").press("forward", 0.0)
    assert bouncing.frame_at(1.25) == 7
    assert bouncing.press("in", 1.25).speed == -1


def test_what_was_shown_and_what_was_not_in_the_last_second() -> None:
    meter = Meter()
    for n in range(48):
        meter = meter.drew(n / 12, 1)  # every second frame of 24
    assert meter.read(47 / 12) == Speed(12, 12)
    assert meter.read(100.0) == Speed(0, 0)


LOWEST = len(EXACTNESS) - 1


def played(pace: Pace, slots: int, size: int, left: int = 0) -> Pace:
    for slot in range(slots):
        if slot % pace.every == 0:
            pace = pace.after(size, 500, left, 40_000)
    return pace


def test_too_many_bytes_cost_exactness_and_never_pictures() -> None:
    pace, seen = Pace(), [0]
    for _ in range(200):
        pace = pace.after(40_000, 500, 4000, 40_000)
        seen.append(pace.exactness.at)
    assert seen == sorted(seen) and set(seen) == set(range(LOWEST))
    assert pace.every == 1 and pace.columns(120) == 120
    budget = pace.budget(True, (200, 60))
    assert (budget.threshold, budget.bits) == EXACTNESS[-2]
    assert budget.max_bytes == TARGET  # what is always too much gets no more than the target


def test_a_line_that_does_not_answer_costs_exactness_then_pictures_then_columns() -> None:
    pace, seen = Pace(), []
    for _ in range(200):
        pace = pace.braked()
        seen.append((pace.exactness.at, pace.rhythm.at))
    steps = [step for step, _ in groupby(seen)]
    assert steps == [(n, 0) for n in range(LOWEST + 1)] + [(LOWEST, n) for n in range(1, len(RHYTHM))]
    rhythms = [Pace(rhythm=Rung(n)) for n in range(len(RHYTHM))]
    assert [pace.every for pace in rhythms] == [1, 2, 3, 3, 3]
    assert [pace.columns(120) for pace in rhythms] == [120, 120, 120, 96, 80]
    assert [replace(pace, rate=Fraction(50)).every for pace in rhythms] == [2, 4, 6, 6, 6]


def test_what_fits_stays_at_the_top_and_a_calm_line_climbs_back() -> None:
    assert played(Pace(), 1000, 31_000).exactness.at == 0
    assert played(Pace(exactness=Rung(2)), 1000, 20_000).exactness.at == 2
    low = played(Pace(exactness=Rung(LOWEST), rhythm=Rung(4)), 1000, 9_000)
    assert (low.exactness.at, low.rhythm.at) == (0, 0)
    busy = played(Pace(exactness=Rung(LOWEST), rhythm=Rung(4)), 1000, 31_000, 500)
    assert (busy.exactness.at, busy.rhythm.at) == (LOWEST, 0)  # pictures come back though the picture stays hard


def test_a_rung_that_does_not_hold_is_tried_less_and_less() -> None:
    """A picture that is calm on rung 1 and too much on rung 0."""
    pace, changes, last = Pace(), [], 0
    for slot in range(24 * 120):
        pace = pace.after(40_000 if pace.exactness.at == 0 else 10_000, 500, 0, 48_000)
        if pace.exactness.at != last:
            changes.append(slot)
            last = pace.exactness.at
    gaps = [b - a for a, b in pairwise(changes[1::2])]
    assert gaps == sorted(gaps) and len(gaps) <= 7, changes


def test_frames_in_flight_brake() -> None:
    pace = Pace()
    assert [pace.due(5, 4, flying) for flying in (0, 2, 3)] == ["draw", "draw", "braked"]
    assert pace.due(5, 5, 0) == "wait" and pace.due(0, -1, 0) == "draw"
    assert Pace(rhythm=Rung(1)).due(5, 4, 0) == "wait"


def test_a_hard_cut_costs_no_rung() -> None:
    pace = played(played(Pace(), 100, 12_000), 4, 30_000, 1500)
    assert pace.exactness.at == 0 and played(pace, 100, 12_000).exactness.at == 0


def test_budgets_stay_below_half_of_what_tmux_lets_pile_up() -> None:
    small, large = Pace().budget(True, (80, 24)), Pace().budget(True, (200, 60))
    assert (small.max_bytes, large.max_bytes) == (7680, 48_000)
    assert (small.threshold, small.bits) == (6, 6)
    assert Pace().budget(False, (200, 60), "256") == Budget(48_000, 0, 8, "256")


@pytest.mark.parametrize("wrong", [{"max_bytes": 63}, {"threshold": -1}, {"bits": 0}, {"bits": 9}])
def test_a_budget_in_which_nothing_can_be_drawn_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="drawn"):
        Budget(**wrong)  # type: ignore[arg-type]
