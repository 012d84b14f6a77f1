"""Judging, steering and looking back by commands, in processes of their own; each listing also as JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.farm.detail import JobDetail, JobFrame
from core.farm.jobs import Job
from core.show import Show
from tests import big_show
from tests.big_show import shot_id
from tui.present.judged import age
from tui.present.queue import job_pairs, speed, strip

pytestmark = pytest.mark.timeout(120)
ONE, TWO = shot_id(1), shot_id(2)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """Three shots with two versions; nothing is left to render, and each has a job that waits."""
    return big_show.make(tmp_path_factory.mktemp("judging") / "show", 3, 2, history=True, jobs=True)


def run(show: Show, *words: str, code: int = 0) -> str:
    """What a command says (of an error all of it); nothing of it may move a terminal's cursor."""
    command = [sys.executable, "-m", "tui.commands.main", *words]
    env = {**show.env, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=show.layout.root, env=env, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said and "\x1b" not in said
    return done.stdout if code == 0 else said


def read(show: Show, *words: str) -> Any:
    (value,) = [v for k, v in json.loads(run(show, *words, "--json")).items() if k != "schema"]
    return value


def test_a_note_with_its_place_is_listed_resolved_and_opened_again(show: Show) -> None:
    said = run(show, "note", ONE, "v002", "the edge crawls \x1b[2J", "--frames", "1010-1020", "--box", "0.1,0,0.5,1",
               "--category", "edge")  # fmt: skip
    name = said[said.index("(") + 1 : said.index(")")]
    (note,) = [note for note in read(show, "notes", ONE) if note["version"] == "v002"]
    assert (note["frames"], note["box"], note["category"]) == ([1010, 1020], [0.1, 0, 0.5, 1], "edge")
    assert note["id"].endswith(name) and note["open"] and f"{name}  {ONE}  v002" in run(show, "notes")
    run(show, "resolve", ONE, name, "painted out")
    assert name not in run(show, "notes", "--open") and "resolved by Ana Artist" in run(show, "show", ONE, "v002")
    run(show, "reopen", ONE, name)
    assert name in run(show, "notes", "--open")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("note", ONE, "v002", "x", "--box", "left"), "part of a picture"),
        (("note", ONE, "v002", "x", "--box", "0,0,2,2"), "part of a picture"),
        (("status", ONE, "v002"), "Not a status"),
        (("status", ONE, "v002", "great"), "Use one of pending"),
        (("status", ONE, "final"), "said of a version"),
        (("resolve", ONE, "zzz"), "no note"),
        (("undo", TWO, "--redo"), "rushes log"),
        (("path", ONE, "v002", "--layer", "glow"), "paint, figure"),
        (("log", "--event", "lunch"), "Acts: turnover"),
        (("log", "--since", "monday"), "2026-01-05"),
        (("change", "HEAD"), "no commit"),
        (("move", "01", "away"), "first, sooner or later"),
    ],
)
def test_what_cannot_be_done_says_what_can(show: Show, words: tuple[str, ...], said: str) -> None:
    assert said in run(show, *words, code=2)


def test_statuses_of_versions_and_shots_are_set_and_taken_back(show: Show) -> None:
    assert ONE in run(show, "dailies") and read(show, "dailies")[0]["shot"] == ONE
    run(show, "status", ONE, "v002", "final", "seen on the big screen")
    run(show, "status", TWO, "omit", "cut out")
    statuses = {row["id"]: row["status"] for row in read(show, "shots")}
    assert (statuses[ONE], statuses[TWO]) == ("fin", "omt") and ONE not in run(show, "dailies")
    assert "taken back" in run(show, "undo", ONE)
    assert "brought back" in run(show, "undo", ONE, "--redo")
    run(show, "undo", ONE)
    run(show, "status", TWO, "pending")
    statuses = {row["id"]: row["status"] for row in read(show, "shots")}
    assert (statuses[ONE], statuses[TWO]) == ("rev", "rev")


def test_the_history_is_filtered_and_a_commit_of_it_opened(show: Show) -> None:
    run(show, "status", ONE, "v001", "approve", "for the log")
    found = read(show, "log", "--by", "ANA@", "--event", "review", "--limit", "1")
    assert [entry["subject"] for entry in found] == [f"{ONE} v001: approved: for the log"]
    assert read(show, "log", "--by", "nobody") == [] and read(show, "log", "--until", "1999-12-31") == []
    assert read(show, "log", "--since", "2000-01-01", "--limit", "1")
    shown = run(show, "change", found[0]["commit"][:9])
    assert f"shots/{ONE}/review/" in shown and '"for the log"' in shown
    assert read(show, "change", found[0]["commit"])["files"][0]["status"] in ("added", "changed")


def test_a_path_is_what_a_compositor_types(show: Show) -> None:
    where = show.layout.frames(ONE, "v002", "paint") / f"{ONE}_gen_v002_paint.%04d.exr"
    assert run(show, "path", ONE, "v002", "--layer", "paint").strip() == f"{where} 1001-1064"
    assert read(show, "path", ONE, "v002") == {"path": show.version(ONE, "v002").frames_path, "range": [1001, 1064]}


def test_the_queue_is_steered_and_a_job_told_in_full(show: Show) -> None:
    jobs = [job["id"] for job in read(show, "queue")]
    assert "number 1 of 3" in run(show, "move", jobs[2], "first")
    assert "number 2 of 3" in run(show, "move", jobs[2], "later")
    assert [job["id"] for job in read(show, "queue")] == [jobs[0], jobs[2], jobs[1]]
    told = read(show, "queue", "--job", jobs[0])
    assert told["state"] == "queued" and len(told["pictures"]) == 64 and told["frames_per_second"] is None
    assert "1001-1064" in run(show, "queue", "--job", jobs[0])


JOB = Job("J", "version", "s", "v001", ("x",), (), (), "rendering", 1, 1, 0, "Ana", "t", "", {}, 0, 0, "")


def test_a_strip_shows_the_worst_of_each_part_and_never_says_done_too_early() -> None:
    frames = [JobFrame(0, n, "done" if n < 63 else "missing") for n in range(64)]
    assert strip(frames, 8) == "▓▓▓▓▓▓▓×" and len(strip(frames, 200)) == 64 and strip([], 8) == ""


@pytest.mark.parametrize(
    ("rate", "left", "said"), [(None, None, ""), (1.92, None, "1.9 f/s"), (0.5, 75.0, "0.5 f/s, 1:15 left")]
)
def test_a_speed_is_told_once_it_is_known(rate: float | None, left: float | None, said: str) -> None:
    detail = JobDetail(JOB, (), rate, left, {}, 0, (), True, "", ())
    assert speed(detail) == said and ("state", "rendering, its worker died") in job_pairs(detail)


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (-5, "0 min"), (3599, "59 min"), (7200, "2 h"), (2 * 86400.0, "2 d")]
)
def test_ages_are_short(seconds: float | None, said: str) -> None:
    assert age(seconds) == said and re.fullmatch(r".{0,7}", said)
