"""Two shows and two people on one machine: who asked first goes first, nobody waits for ever, one renders at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from core.farm import devices, worker
from core.farm.follow import follow
from core.farm.jobs import Job, NewJob
from core.layout import Layout
from core.recipe.text import parse, recipe_text
from tests.farm import FRAMES, RECIPE, Scene, make_scene
from tui.commands.output import progress_state


def beside(scene: Scene, name: str, state: Path) -> Scene:
    """A second show, as a clone in another folder, with its queue in a state folder."""
    root = scene.layout.root.parent / name
    shutil.copytree(scene.layout.root, root)
    layout = Layout(root, root.with_name(f"{name}.media"), state / "test2" / name)
    return Scene(layout, state, type(scene.history)(layout, os.environ))


def ask(scene: Scene, number: int) -> Job:
    text = recipe_text(parse(RECIPE.replace("0.5", f"0.{number}"), "test"))
    with scene.ledger as ledger:
        return ledger.add(NewJob("preview", "sh010", (text,), FRAMES[:2], "Bo <b@x.org>"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_two_shows_of_one_person_are_served_in_the_order_of_asking(scene: Scene) -> None:
    other = beside(scene, "other", scene.state)
    jobs = [ask(show, number) for number, show in enumerate([scene, other, other, scene, other], 1)]
    scene.worker()
    told = [line.split("(")[1].split(",")[0] for line in scene.log().splitlines() if "complete" in line]
    assert told == [job.id for job in jobs]


def test_two_people_take_turns_on_one_device(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With three jobs each, neither has to wait until the other's queue is empty, and they never render at once."""
    monkeypatch.setattr(worker, "TURN", 0.0)
    mine, theirs = scene, beside(scene, "theirs", tmp_path / "state of another")
    jobs = {id(show): [ask(show, number) for number in (1, 2, 3)] for show in (mine, theirs)}
    env = {**os.environ, "RUSHES_LOCKS": str(tmp_path / "locks")}
    order: list[str] = []
    busy, both, ready = threading.Lock(), [], threading.Barrier(2)
    turn, pause = devices.turn_lock(env, *devices.devices(env, "cpu")), threading.Event()
    done = worker.execute

    def watched(ledger: object, job: Job, bench: object) -> str:
        both.append(busy.acquire(blocking=False))
        order.append("mine" if Path(job.root).name == "show" else "theirs")
        if len(order) == 1:
            end = time.monotonic() + 60
            while not turn.held() and time.monotonic() < end:  # it ends when the other person is next in the line
                pause.wait(0.01)
        try:
            return done(ledger, job, bench)  # type: ignore[arg-type]
        finally:
            busy.release()

    monkeypatch.setattr(worker, "execute", watched)

    def work(show: Scene) -> None:
        ready.wait()
        worker.run(show.state, env, once=True, device="cpu")

    threads = [threading.Thread(target=work, args=(show,)) for show in (mine, theirs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert all(both) and sorted(order) == ["mine"] * 3 + ["theirs"] * 3
    assert order[:3] != [order[0]] * 3  # the second person is in before the first one's queue is empty
    assert all(show_done(show, jobs[id(show)]) for show in (mine, theirs))
    assert any("making way" in show.log() for show in (mine, theirs))


def show_done(scene: Scene, jobs: list[Job]) -> bool:
    return all(scene.job(job).state == "complete" for job in jobs)


def test_a_worker_alone_keeps_the_device(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits: models stay loaded from job to job, and nothing is said of turns."""
    monkeypatch.setattr(worker, "TURN", 0.0)
    jobs = [ask(scene, number) for number in (1, 2)]
    env = {**os.environ, "RUSHES_LOCKS": str(scene.state / "locks")}
    assert worker.run(scene.state, env, once=True, device="cpu") == 0
    assert show_done(scene, jobs) and "making way" not in scene.log()


# the branch that was asked on


def git(scene: Scene, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=scene.layout.root, check=True, capture_output=True, text=True).stdout


def test_a_record_waits_for_the_branch_that_has_its_recipe(scene: Scene) -> None:
    git(scene, "branch", "other")
    job = scene.queue()
    git(scene, "switch", "--quiet", "other")
    scene.worker()
    done = scene.job(job)
    assert done.state == "complete" and "is not on the branch other" in done.reason, scene.log()
    assert "v001" not in git(scene, "ls-tree", "-r", "--name-only", "other")
    assert [act.id for act in scene.history.pending()] == [job.id]
    scene.history.flush()
    assert len(scene.history.pending()) == 1 and "check out" in scene.history.waiting
    git(scene, "switch", "--quiet", "main")
    scene.history.flush()
    assert scene.history.pending() == [] and scene.renders() == ["v001"] and scene.sums().returncode == 0
    assert "v001.json" not in git(scene, "ls-tree", "-r", "--name-only", "other")


def test_an_act_of_this_branch_does_not_wait_for_one_of_another(scene: Scene) -> None:
    from core.history.events import Act

    git(scene, "branch", "other")
    scene.queue()
    git(scene, "switch", "--quiet", "other")
    scene.worker()
    (scene.layout.root / "note.txt").write_text("x")
    assert scene.history.commit(Act("review", "a note on other", ("note.txt",))) is not None
    assert [act.event for act in scene.history.pending()] == ["render"]
    git(scene, "merge", "--quiet", "main")  # the recipe comes along: so may its record
    scene.history.flush()
    assert scene.history.pending() == [] and scene.renders() == ["v001"]


def test_whoever_follows_a_job_is_told_that_another_user_has_the_device(scene: Scene, tmp_path: Path) -> None:
    """Queued for minutes without a word looks like a hang."""
    env = {**os.environ, "RUSHES_LOCKS": str(tmp_path / "locks")}
    (cpu,) = devices.devices(env)
    theirs, ours = devices.machine_lock(env, cpu), devices.serving_lock(scene.state, cpu)
    assert devices.taken_by(scene.state, env) == ""
    assert theirs.acquire() and devices.taken_by(scene.state, env) == theirs.holder() != ""
    job = ask(scene, 1)
    with scene.ledger as ledger:
        steps = follow(ledger, [job.id], lambda: None, lambda: devices.taken_by(scene.state, env), sleep=lambda _: None)
        assert [progress_state(next(steps)) for _ in range(2)] == [
            "queued",
            f"waiting its turn, the machine renders for another user ({theirs.holder()})",
        ]
    assert ours.acquire() and devices.taken_by(scene.state, env) == ""  # it is this user's own worker that renders
    theirs.release()
