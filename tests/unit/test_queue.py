"""The queue as a person steers it, and one job in full, against what the ledger and the log hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ShowError
from core.farm.detail import concerning, job_detail
from core.farm.jobs import Job, NewJob, Place, moved
from core.farm.ledger import Ledger
from tests import shows
from tests.shows import BLEND

PLACES: tuple[Place, ...] = ("first", "sooner", "later")


def job(number: int, priority: int, created: int) -> Job:
    return Job(
        f"{number:026d}", "preview", "sh010", "", ("x",), (), (1001,), "queued", 0, 0, priority, "Ana",
        f"2026-01-{created + 1:02d}", "", {}, 0, 1, "",
    )  # fmt: skip


@given(
    facts=st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 3)), min_size=1, max_size=8),
    place=st.sampled_from(PLACES),
    data=st.data(),
)
def test_a_moved_job_passes_whom_it_should_and_nobody_else_changes_places(
    facts: list[tuple[int, int]], place: Place, data: st.DataObject
) -> None:
    waiting = sorted((job(n, *fact) for n, fact in enumerate(facts)), key=lambda one: one.key)
    at = data.draw(st.integers(0, len(waiting) - 1))
    changed = moved(waiting, waiting[at].id, place)
    after = sorted(waiting, key=lambda one: (-changed.get(one.id, one.priority), one.created, one.id))
    wanted = [one for n, one in enumerate(waiting) if n != at]
    wanted.insert({"first": 0, "sooner": max(0, at - 1), "later": at + 1}[place], waiting[at])
    assert after == wanted


def test_the_ledger_moves_what_is_queued_and_nothing_else(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.db") as ledger:
        ids = [ledger.add(NewJob("preview", "sh010", (f"{n}",), (1001,), "Ana")).id for n in range(3)]
        ledger.move(ids[2], "sooner")
        assert [one.id for one in ledger.jobs()] == [ids[0], ids[2], ids[1]]
        ledger.move(ids[0], "later")
        assert [one.id for one in ledger.jobs()] == [ids[2], ids[0], ids[1]]
        ledger.move(ids[1][-30:], "first")
        claimed = ledger.claim("w")
        assert claimed is not None and claimed.id == ids[1]
        with pytest.raises(ShowError, match="rendering"):
            ledger.move(ids[1], "first")


def test_standings_say_what_jobs_say(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.db") as ledger:
        for version in ("v001", "v002"):
            ledger.add(NewJob("version", "sh010", ("x",), (1001, 1002), "Ana", version=version))
        ledger.add(NewJob("preview", "sh010", ("x",), (1001,), "Ana"))
        ledger.add(NewJob("version", "sh020", ("x",), (1001,), "Ben", version="v001"))
        ledger.cancel(ledger.jobs()[0].id)
        told = {(s.shot, s.version): (s.state, s.done, s.asked_by, s.created) for s in ledger.standings()}
        jobs = [one for one in ledger.jobs() if one.version]
        assert told == {(one.shot, one.version): (one.state, one.done, one.asked_by, one.created) for one in jobs}
        assert [s.shot for s in ledger.standings("sh020")] == ["sh020"]


@pytest.mark.timeout(120)
def test_a_job_is_told_in_full_while_it_waits_and_when_it_is_done(tmp_path: Path) -> None:
    show = shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")
    show.draft(shows.SHOT, text=BLEND)
    queued = show.preview(shows.SHOT, (1008, 1009))
    state = show.layout.state.parent.parent
    shows.finish(show, queued)
    detail = show.job_detail(queued.id)
    rows = [row for row in show.ledger.frames(queued.id) if not row.layer]
    assert [(one.frame, one.state, one.seconds) for one in detail.frames] == [
        (r.frame, "done", r.seconds) for r in rows
    ]
    assert detail.rate == pytest.approx(len(rows) / sum(row.seconds for row in rows)) and detail.seconds_left is None
    assert detail.peak_memory > 1 << 20 and set(detail.stages) == {"decode", "model", "comp", "encode"}
    assert [attempt.outcome for attempt in detail.attempts] == ["complete"]
    assert detail.log[0].endswith("0 of 2 frames are done") and "complete" in detail.log[-1]
    shutil.rmtree(state / "logs")
    assert show.job_detail(queued.id).log == ()


def test_what_is_not_there_is_queued_while_somebody_may_come_and_missing_after(tmp_path: Path) -> None:
    with Ledger(tmp_path / "s" / "c" / "ledger.db") as ledger:
        new = ledger.add(NewJob("wedge", "sh010", ("x", "y"), (1001, 1002), "Ana", labels=("1", "2")))
        env = {"RUSHES_LOCKS": str(tmp_path / "locks"), "CUDA_VISIBLE_DEVICES": ""}
        before = job_detail(ledger, tmp_path, env, new.id)
        assert [(one.item, one.frame, one.state) for one in before.frames] == [
            (item, frame, "queued") for item in (0, 1) for frame in (1001, 1002)
        ]
        assert (before.rate, before.attempts, before.peak_memory, before.waits_for) == (None, (), 0, "")
        ledger.cancel(new.id)
        assert {one.state for one in job_detail(ledger, tmp_path, env, new.id).frames} == {"missing"}


ONE, TWO = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"


def test_a_log_of_many_jobs_is_read_for_one_with_what_libraries_said_meanwhile() -> None:
    lines = [
        f"t 1 sh010 v001 ({ONE}, attempt 1): 0 of 2 frames are done",
        f"t 1 sh010 v001 ({ONE}, attempt 1): complete.",
        f"t 1 sh020 v001 ({TWO}, attempt 1): 0 of 2 frames are done",
        "Traceback (most recent call last):\x1b[2J",
        "",
        f"t 1 sh020 v001 ({TWO}, attempt 1): failed. Out of memory",
        f"t 1 sh010 v001 ({ONE}, attempt 2): 0 of 2 frames are done",
    ]
    told = concerning(lines, TWO)
    assert told == [lines[2], "Traceback (most recent call last):·[2J", lines[5]]
    assert concerning(lines, ONE) == [lines[0], lines[1], lines[6]]
