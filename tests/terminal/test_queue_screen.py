"""The queue's screen: what it says of jobs, and that its keys do to the ledger what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.errors import Broken
from core.farm.detail import JobDetail, frames_of
from core.farm.jobs import Attempt, FrameRow, Job, NewJob
from core.show import Show
from tests import big_show
from tests.screens import cut, drive, room, said, text, until
from tui.app.app import Screens
from tui.app.asking import Choose
from tui.app.screens.cut import CutRoom
from tui.app.screens.queue import QueueRoom
from tui.present import jobs as present
from tui.present.jobs import QueueRow
from tui.present.spans import plain

pytestmark = pytest.mark.timeout(120)
EVIL = "\x1b[31mred \u202e" + "漢字" * 5000


def job(state: str = "rendering", frames: int = 30, done: int = 12, **more: object) -> Job:
    facts: dict[str, object] = {
        "id": "01M883WK6Q22HDH3FCAARJPTCJ", "kind": "version", "shot": "sq010_sh0010", "version": "v003",
        "recipes": ("x",), "labels": (), "frames": tuple(range(1001, 1001 + frames)), "state": state, "attempt": 1,
        "attempts": 1, "priority": 0, "asked_by": "Ana Artist <ana@example.com>", "created": "2026-11-25T10:00:00",
        "reason": "", "environment": {}, "done": done, "total": frames, "root": "",
    }  # fmt: skip
    return Job(**{**facts, **more})  # type: ignore[arg-type]


def detail(of: Job, done: int, **more: object) -> JobDetail:
    masters = [FrameRow(0, frame, "", "p", "s", "d", 1, 0.5, {}) for frame in of.frames[:done]]
    facts: dict[str, object] = {
        "rate": 2.0, "seconds_left": 9.0, "stages": {"model": 40.0}, "peak_memory": 3_000_000_000, "attempts": (),
        "left_behind": False, "waits_for": "", "log": (),
    }  # fmt: skip
    return JobDetail(of, frames_of(of, masters), **{**facts, **more})  # type: ignore[arg-type]


# as plain functions


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("state", ["rendering", "failed"])
def test_the_strip_has_a_cell_for_each_frame_and_numbers_that_are_true(width: int, state: str) -> None:
    of = job(state, frames=137)
    lines = present.strip_lines(detail(of, 50).frames, width, failed=state == "failed", wedge=False)
    cells = "".join("".join(part for part, _ in line[1:-1]) for line in lines)
    rest = "▒" * 87 if state == "rendering" else "✕" + "·" * 86
    assert cells == "█" * 50 + rest
    counted = 1001
    for line in lines:
        held = len("".join(part for part, _ in line[1:-1]))
        assert int(plain(line).split()[0]) == counted and int(plain(line).split()[-1]) == counted + held - 1
        assert len(plain(line)) <= width
        counted += held


def test_a_wedge_names_its_pictures_and_not_frames() -> None:
    of = job("queued", frames=1, kind="wedge", version="", recipes=("a",) * 16, labels=("x",) * 16)
    (line,) = present.strip_lines(frames_of(of, []), 80, failed=False, wedge=True)
    assert plain(line).split() == ["#1", "▒" * 16, "#16"]


def test_a_jobs_line_says_state_progress_speed_time_left_who_and_priority() -> None:
    line = plain(present.queue_line(QueueRow(job(priority=2), 0, 1.94, 754.0), 120))
    for word in ("▶", "sq010_sh0010", "v003", "rendering", "12/30", "1.9 f/s", "12:34 left", "+2", "Ana Artist"):
        assert word in line
    assert "waits, no 2" in plain(present.queue_line(QueueRow(job("queued"), 2), 120))
    assert "stopping" in plain(present.queue_line(QueueRow(job(cancel_requested=True)), 80))
    assert "left behind" in plain(present.queue_line(QueueRow(job(), left_behind=True), 80))
    assert "out of memory" in plain(present.queue_line(QueueRow(job("failed", reason="out of memory")), 120))


@pytest.mark.parametrize("seconds, shown", [(0, "0:00"), (24.4, "0:24"), (725, "12:05"), (3723, "1:02:03")])
def test_time_left_reads_as_a_clock(seconds: float, shown: str) -> None:
    assert present.duration(seconds) == shown


def test_a_job_in_full_says_memory_stages_attempts_and_the_log() -> None:
    tries = Attempt(2, "w", "farm", 7, "2026-11-25T10:00:00", "2026-11-25T10:02:00", "failed", "no memory", 12, {})
    of = job("failed", reason="no memory")
    told = "\n".join(map(plain, present.detail_lines(detail(of, 12, attempts=(tries,), log=("one line",)), 80)))
    for word in ("no memory", "3.0 GB", "model 40.0 s", "attempt 2", "farm, process 7", "12 frames", "one line"):
        assert word in told
    waiting = detail(job("queued"), 0, left_behind=True, waits_for="Ben")
    told = "\n".join(map(plain, present.detail_lines(waiting, 80)))
    assert "worker died" in told and "waits for" in told and "Ben" in told


def test_what_comes_from_outside_cannot_move_the_cursor() -> None:
    tries = Attempt(1, "w", EVIL, 7, "2026", "", "died", EVIL, 0, {})
    of = job("failed", reason=EVIL, asked_by=EVIL)
    lines = present.detail_lines(detail(of, 1, attempts=(tries,), log=(EVIL,), waits_for=EVIL), 80)
    lines.append(present.queue_line(QueueRow(of), 80))
    assert all(part.isprintable() for line in lines for part, _ in line)


# by keys


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Three jobs that wait, and no worker; starting one is counted."""
    made = big_show.make(tmp_path / "show", 3, 2, history=True, jobs=True)
    monkeypatch.setattr(Show, "start_worker", lambda self: started.append(1))
    started.clear()
    return made


started: list[int] = []


async def opened(app: Screens, pilot: Pilot[None]) -> QueueRoom:
    await until(pilot, lambda: bool(cut(app).rows))
    await pilot.press("Q")
    await until(pilot, lambda: isinstance(app.screen, QueueRoom))
    found = room(app, QueueRoom)
    await until(pilot, lambda: bool(found.list.rows) and bool(found.job.rows))
    return found


def order(show: Show) -> list[str]:
    return [job.shot for job in show.jobs() if job.state == "queued"]


def test_jobs_are_moved_cancelled_and_queued_again_by_keys(show: Show) -> None:
    first, second, third = order(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        queue = await opened(app, pilot)
        await pilot.press("J")
        await until(pilot, lambda: order(show) == [second, first, third] and "later" in said(app))
        await until(pilot, lambda: queue.list.row is not None and queue.list.row.turn == 2)
        await pilot.press("K")
        await until(pilot, lambda: order(show) == [first, second, third])
        await pilot.press("G")
        await until(pilot, lambda: queue.list.row is not None and queue.list.row.job.shot == third)
        await pilot.press("f")
        await until(pilot, lambda: order(show) == [third, first, second])
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("escape", "x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("y")
        await until(pilot, lambda: order(show) == [first, second])
        await until(pilot, lambda: any(row.job.state == "cancelled" for row in queue.list.rows))
        await pilot.press("J")
        await until(pilot, lambda: "cancelled" in said(app) and "no place" in said(app))
        await pilot.press("r")
        await until(pilot, lambda: len(order(show)) == 3)

    drive(show, hands)
    assert started == [1]


def test_several_are_cancelled_at_once_and_enter_goes_to_the_shot(show: Show) -> None:
    shots = order(show)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        queue = await opened(app, pilot)
        await pilot.press("v")
        assert len(queue.list.marked) == 1
        await pilot.press("V", "x", "y")
        await until(pilot, lambda: order(show) == [])
        await until(pilot, lambda: not queue.list.marked)
        await pilot.press("g")
        await until(pilot, lambda: queue.list.row is not None and queue.list.row.job.shot == shots[0])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))
        assert (app.place.shot, app.place.version) == (shots[0], "v002")

    drive(show, hands)


def test_no_worker_is_said_and_started_on_a_key_and_why_not_is_said(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        queue = await opened(app, pilot)
        assert "3 jobs wait and no worker is alive" in str(queue.alone.render())
        assert "goes on when you leave" in str(queue.headline.render())
        await pilot.press("w")
        await until(pilot, lambda: bool(started) and "asked for" in said(app))

        def fails(self: Show) -> None:
            raise Broken("No process can be started.", todo="Install rushes again.")

        monkeypatch.setattr(Show, "start_worker", fails)
        await pilot.press("w")
        await until(pilot, lambda: "No process can be started" in said(app))

    drive(show, hands)


def test_what_a_worker_writes_is_seen_and_the_whole_log_is_on_a_key(show: Show) -> None:
    newest = show.jobs()[0]
    logs = show.layout.state.parent.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    lines = [f"{n} of it ({newest.id}, attempt 1) \x1b[31mred" for n in range(50)]
    (logs / "worker-cpu.log").write_text("\n".join(lines) + "\n")

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        queue = await opened(app, pilot)
        await until(pilot, lambda: any("49 of it" in plain(line) for line in queue.job.rows))
        assert not any(plain(line).strip()[:7] == "0 of it" for line in queue.job.rows)
        await pilot.press("l")
        await until(pilot, lambda: len(queue.job.rows) == 50)
        assert "\x1b" not in text(app)
        await pilot.press("tab", "G", "tab", "l")
        await until(pilot, lambda: len(queue.job.rows) < 50)
        show.ledger.add(NewJob("preview", newest.shot, ("x",), (1001, 1005), "Ben <b>"))
        await until(pilot, lambda: len(queue.list.rows) == 4)
        await pilot.press("ctrl+r", "question_mark", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_an_empty_queue_and_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    show = big_show.make(tmp_path / "show", 1, 1, history=True)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, QueueRoom))
        await until(pilot, lambda: "nothing to do" in str(room(app, QueueRoom).headline.render()))
        await pilot.press("x", "K", "r", "l", "enter")
        await until(pilot, lambda: "no job here" in said(app))

    drive(show, hands, size)
