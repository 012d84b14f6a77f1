"""What people bring on a bad day, through the real command: one clear message, the right exit code, nothing lost."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest

from core.show import Show
from core.submit import submit_version
from sample_project import folder as sample
from tests import shows
from tests.desk import Desk
from tests.shows import BLEND, SHOT

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def show(desk: Desk) -> Desk:
    desk.new(shows.cut(desk.folder / "turnover"))
    desk.draft(BLEND)
    return desk


def clip(
    reference: otio.core.MediaReference | None, source: tuple[int, int] | None = (0, 10), name: str = SHOT
) -> otio.schema.Timeline:
    def at(value: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(value, 25)

    timeline = otio.schema.Timeline("reel")
    track = otio.schema.Track("V1", kind="Video")
    timeline.tracks.append(track)
    span = otio.opentime.TimeRange(at(source[0]), at(source[1])) if source else None
    track.append(otio.schema.Clip(name, reference, span))
    return timeline


def written(timeline: otio.schema.Timeline, path: Path) -> Path:
    otio.adapters.write_to_file(timeline, str(path))
    return path


def test_a_missing_plate(desk: Desk) -> None:
    gone = desk.folder / "gone.mov"
    desk.new(written(clip(otio.schema.ExternalReference(gone.as_uri())), desk.folder / "cut.otio"))
    assert "gone.mov" in desk.run("shots", code=0) + desk.run("show", SHOT, "v001", code=2)
    desk.draft(BLEND)
    desk.run("generate", SHOT, code=2, said="plate")
    assert desk.log() == ["reel: first turnover, 1 shots"]


def test_a_plate_that_goes_away_later(show: Desk) -> None:
    shutil.rmtree(show.folder / "turnover" / "plates")
    show.run("generate", SHOT, code=2, where="plates")
    show.run("verify", code=1)


def test_a_truncated_movie(desk: Desk) -> None:
    movie = desk.folder / "cut short.mp4"
    whole = (sample() / "media" / "bigbuckbunny.mp4").read_bytes()
    movie.write_bytes(whole[: len(whole) // 2])
    desk.new(written(clip(otio.schema.ExternalReference(movie.as_uri())), desk.folder / "cut.otio"))
    desk.draft(BLEND)
    desk.run("generate", SHOT, code=2, said="plate")


def test_an_unknown_schema(desk: Desk) -> None:
    path = desk.folder / "cut.otio"
    data = json.loads(clip(None).to_json_string())
    data["tracks"]["children"][0]["children"][0]["OTIO_SCHEMA"] = "Clip.99"
    path.write_text(json.dumps(data))
    desk.run("new", path, desk.folder / "show", code=2, said="Clip.99", where="cut.otio")
    assert not (desk.folder / "show").exists()


@pytest.mark.parametrize("text", ["", "{", "not a timeline", '{"OTIO_SCHEMA": "Gap.1"}', "\x00\x01"])
def test_what_is_no_timeline(desk: Desk, text: str) -> None:
    (desk.folder / "cut.otio").write_text(text)
    desk.run("new", desk.folder / "cut.otio", desk.folder / "show", code=2, where="cut.otio")


def test_a_clip_without_media_and_one_with_null_ranges(desk: Desk) -> None:
    movie = otio.schema.ExternalReference((sample() / "media" / "bigbuckbunny.mp4").as_uri())
    movie.available_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(132, 25)
    )
    timeline = clip(None)
    timeline.tracks[0].append(otio.schema.Clip("sq010_sh0020", movie))
    desk.new(written(timeline, desk.folder / "cut.otio"))
    told = desk.run("shots", code=0)
    assert "the clip has no media" in told and "1280" in told


def test_a_clip_that_nothing_gives_a_length(desk: Desk) -> None:
    cut = written(clip(None, None), desk.folder / "cut.otio")
    desk.run("new", cut, desk.folder / "show", code=2, said="how long", where="cut.otio")


def test_an_unreadable_recipe(show: Desk) -> None:
    path = show.folder / "show" / "shots" / SHOT / "v001.toml"
    path.write_bytes(b"\xff\xfe\x00 not toml")
    assert "unreadable" in show.run("versions", SHOT, code=0)
    show.run("shots", code=0)
    show.run("show", SHOT, "v001", code=2, where="v001.toml")
    show.run("verify", code=1, where="v001.toml")
    show.draft("schema = 1\n[[step]\n")
    show.run("generate", SHOT, code=2, where="draft.toml:2")


def test_a_model_folder_with_only_pickle_weights(show: Desk) -> None:
    model = show.folder / "model"
    (model / "unet").mkdir(parents=True)
    (model / "model_index.json").write_text(
        '{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}'
    )
    (model / "unet" / "config.json").write_text("{}")
    (model / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04pickle")
    show.draft(f'schema = 1\n[[step]]\nop = "stylize"\nname = "paint"\nmodel = "{model}"\nprompt = "x"\n')
    show.run("generate", SHOT, code=2, said="safetensors", where="model")
    assert len(show.log()) == 1


def test_a_show_that_is_not_a_git_repository(show: Desk) -> None:
    shutil.rmtree(show.folder / "show" / ".git")
    for words in (["shots"], ["generate", SHOT], ["log"]):
        show.run(*words, code=2, said="git")


def test_a_failing_hook_keeps_what_was_done(show: Desk) -> None:
    show.run("generate", SHOT, "--wait", code=0)
    hook = show.folder / "show" / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'the house says no'\nexit 1\n")
    hook.chmod(0o755)
    show.run("note", SHOT, "v001", "hold the highlight", code=3, said="the house says no")
    assert "hold the highlight" in show.run("show", SHOT, "v001", code=0)
    hook.unlink()
    show.run("approve", SHOT, "v001", code=0)
    assert "hold the highlight" in show.log()[0] and "approved" in show.run("log", SHOT, "--json", code=0)


def test_a_merge_under_way_and_a_dirty_index(show: Desk) -> None:
    show.run("generate", SHOT, "--wait", code=0)
    root = show.folder / "show"
    (root / "mine.txt").write_text("staged by hand")
    subprocess.run(["git", "add", "mine.txt"], cwd=root, check=True)
    (root / ".git" / "MERGE_HEAD").write_text("0" * 40)
    show.run("note", SHOT, "v001", "during the merge", code=0, said="merge")
    (root / ".git" / "MERGE_HEAD").unlink()
    show.run("approve", SHOT, "v001", code=0)
    assert any("during the merge" in subject for subject in show.log())
    staged = subprocess.run(
        ["git", "diff", "--cached", "--name-only"], cwd=root, capture_output=True, text=True, check=True
    )
    assert staged.stdout.split() == ["mine.txt"]


def test_a_media_root_that_cannot_be_written(show: Desk) -> None:
    (show.folder / "a file").touch()
    settings = show.folder / "show" / "rushes.toml"
    settings.write_text(settings.read_text() + f'media = "{show.folder / "a file"}"\n')
    show.run("generate", SHOT, "--wait", code=3, where="a file")
    shutil.rmtree(show.folder / "show.media", ignore_errors=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    where = tmp_path / "small"
    where.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)], capture_output=True, check=False
    ).returncode:
        pytest.skip("may not mount a small file system here")
    yield where
    subprocess.run(["umount", "--lazy", str(where)], check=True)


def test_a_disk_that_fills_up_while_rendering(show: Desk, small_disk: Path) -> None:
    settings = show.folder / "show" / "rushes.toml"
    settings.write_text(settings.read_text() + f'media = "{small_disk}"\n')
    opened = Show.open(show.folder / "show", show.env)
    submit_version(opened.desk, opened.shot(SHOT), opened.draft(SHOT))  # no worker is started yet
    filler = small_disk / "filler"
    with contextlib.suppress(OSError):
        filler.write_bytes(b"x" * 3_000_000)
    show.run("worker", "--once", code=0)
    assert "disk is full" in show.run("queue", code=0)
    filler.unlink()
    job = json.loads(show.run("queue", "--json", code=0))["jobs"][0]["id"]
    opened.ledger.retry(job)
    show.run("worker", "--once", code=0)
    assert "complete" in show.run("versions", SHOT, code=0)
    show.run("verify", code=0)


def test_a_disk_without_room_is_seen_before_queueing(show: Desk, small_disk: Path) -> None:
    settings = show.folder / "show" / "rushes.toml"
    settings.write_text(settings.read_text() + f'media = "{small_disk}"\n')
    (small_disk / "filler").write_bytes(b"x" * 2_080_000)
    show.run("generate", SHOT, code=3, said="free")
    assert len(show.log()) == 1


def test_a_state_directory_on_a_network_file_system(show: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import files
    from core.errors import ShowError

    monkeypatch.setattr(files, "_NETWORK_FILESYSTEMS", ("",))  # every file system counts as one
    with pytest.raises(ShowError, match="network"):
        _ = Show.open(show.folder / "show", show.env).ledger


def test_no_home_at_all(show: Desk) -> None:
    show.env = {key: value for key, value in show.env.items() if key not in ("HOME", "RUSHES_STATE")}
    show.run("shots", code=2, said="home")


def test_ctrl_c_leaves_the_work_going_on(show: Desk) -> None:
    command = [sys.executable, "-m", "tui.commands.main", "generate", SHOT, "--wait"]
    slow = {**show.env, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=show.folder / "show", env=slow, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()  # it follows the job by now
    process.send_signal(signal.SIGINT)
    told = first + process.communicate(timeout=60)[0]
    assert process.returncode in (0, 130) and "Traceback" not in told
    deadline = time.monotonic() + 60
    while '"complete"' not in show.run("versions", SHOT, "--json", code=0):
        assert time.monotonic() < deadline
        time.sleep(0.1)
