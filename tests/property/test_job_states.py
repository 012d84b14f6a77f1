"""The state machine of a job decides every pair, and the ledger never leaves it, whatever is done in which order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import ShowError
from core.farm.jobs import LIVES, MOVES, OPEN, STATES, Attempt, after, poisoned
from core.farm.ledger import Ledger
from tests.unit.test_ledger import new_job, report

FINAL = {"complete", "abandoned"}


@given(st.sampled_from(STATES), st.sampled_from(MOVES))
def test_every_move_from_every_state_is_decided(state: Any, move: Any) -> None:
    try:
        then = after(state, move)
    except ShowError as error:
        assert error.todo
        return
    assert then in STATES and state not in FINAL
    assert (then == "rendering") == (move == "claim")
    assert move != "retry" or (state not in OPEN and then == "queued")


def test_every_state_is_reached_and_only_final_ones_are_left_by_nothing() -> None:
    reached, moved = {"queued"}, True
    while moved:
        found = {then for state in reached for move in MOVES if (then := _or_none(state, move))}
        moved, reached = not found <= reached, reached | found
    assert reached == set(STATES)
    assert {state for state in STATES if not any(_or_none(state, move) for move in MOVES)} == FINAL


def _or_none(state: Any, move: Any) -> str:
    try:
        return after(state, move)
    except ShowError:
        return ""


outcomes = st.tuples(st.sampled_from(["died", "released", "failed", "cancelled"]), st.integers(0, 2))


@given(st.lists(outcomes, max_size=9), st.integers(0, 9))
def test_only_deaths_in_a_row_without_a_frame_poison(past: list[tuple[Any, int]], since: int) -> None:
    attempts = [Attempt(n, "w", "h", 1, "", "", end, "", frames, {}) for n, (end, frames) in enumerate(past, 1)]
    row = 0
    for attempt in attempts[since:]:
        if attempt.outcome != "released":
            row = row + 1 if attempt.outcome == "died" and attempt.frames == 0 else 0
    assert poisoned(attempts, since) == (row >= LIVES)


class Queue(RuleBasedStateMachine):
    """Two workers that may die and a person, on one job, against what a model of it expects."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.path = Path(self.folder.name) / "ledger.db"
        self.person = Ledger(self.path)
        self.job = self.person.add(new_job(frames=(1001, 1002, 1003))).id
        self.worker: Ledger | None = None
        self.held = 0
        self.frames: set[int] = set()

    @property
    def state(self) -> str:
        return self.person.job(self.job).state

    @rule()
    def claim(self) -> None:
        fresh = Ledger(self.path)
        before = self.person.job(self.job)
        taken = fresh.claim("worker-" + str(before.attempt))
        if taken is None:
            fresh.close()
            return
        assert before.state in OPEN and taken.attempt == before.attempt + 1 and self.worker is None
        self.worker, self.held = fresh, taken.attempt

    @precondition(lambda self: self.worker)
    @rule(frame=st.integers(1001, 1003), stale=st.booleans())
    def frame(self, frame: int, stale: bool) -> None:
        assert self.worker is not None
        kept = report(self.worker, self.worker.job(self.job), frame, attempt=self.held - stale or 99)
        assert kept == (not stale)
        if kept:
            self.frames.add(frame)

    @precondition(lambda self: self.worker)
    @rule(state=st.sampled_from(["complete", "failed", "cancelled", "queued"]))
    def finish(self, state: Any) -> None:
        assert self.worker is not None and self.worker.finish(self.job, self.held, state, "so")
        assert self.state == state
        self.die()

    @precondition(lambda self: self.worker)
    @rule()
    def die(self) -> None:
        assert self.worker is not None
        self.worker.close()
        self.worker = None

    @rule(act=st.sampled_from(["cancel", "retry", "abandon"]))
    def steer(self, act: Any) -> None:
        before = self.person.job(self.job)
        left = act == "retry" and before.state == "rendering" and self.worker is None  # behind, by a dead worker
        try:
            now = getattr(self.person, act)(self.job)
        except ShowError:
            assert not left and not _or_none(before.state, act)
            return
        asked = act == "cancel" and before.state == "rendering" and self.worker is not None
        assert (
            now.state == ("rendering" if asked else "queued" if left else after(before.state, act))
            and now.cancel_requested == asked
        )

    @invariant()
    def no_frame_is_lost(self) -> None:
        assert {row.frame for row in self.person.frames(self.job)} == self.frames
        assert self.worker is None or self.state == "rendering"

    def teardown(self) -> None:
        if self.worker:
            self.worker.close()
        self.person.close()
        self.folder.cleanup()


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=12, stateful_step_count=15)
