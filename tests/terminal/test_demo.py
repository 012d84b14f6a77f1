"""`rushes demo`, whole, as a new person runs it: an empty home, nobody known to git, checks that do not trust us."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from sample_project import folder as sample
from sample_project.scenes import PICK, RETAKE, SCENES, WEDGE, WEDGE_SEEDS


def stripped(path: Path) -> object:
    """A timeline without what we add to it: references called gen_*, and the metadata key `rushes`."""
    timeline = otio.adapters.read_from_file(str(path))
    clips = list(timeline.find_clips())
    for clip in clips:
        references = clip.media_references()
        kept = {key: media for key, media in references.items() if not key.startswith("gen_")}
        active = clip.active_media_reference_key
        clip.set_media_references(kept, active if active in kept else "DEFAULT_MEDIA")
        for item in (clip, *kept.values()):
            item.metadata.pop("rushes", None)
    timeline.metadata.pop("rushes", None)
    data: object = json.loads(timeline.to_json_string())
    return data


def frames_of(clip: Any) -> list[Path]:
    """The files that a clip plays, by its source range and its speed: plain OTIO."""
    reference, used = clip.media_reference, clip.source_range
    speed = next((abs(effect.time_scalar) for effect in clip.effects), 1)
    first = round((used.start_time - reference.available_range.start_time).to_frames())
    images = range(first, first + math.ceil(used.duration.to_frames() * speed))
    return [Path(reference.target_url_for_image_number(image).removeprefix("file://")) for image in images]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_demo_and_what_it_left(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `generate`")
    home = tmp_path / "home"
    home.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "RUSHES_LOCKS": str(tmp_path / "locks")}
    show = tmp_path / "show"
    done = subprocess.run(
        [sys.executable, "-m", "tui.commands.main", "demo", str(show)],
        env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "paint 0 made" in done.stdout and "0 failed" in done.stdout  # nothing was painted again; all verified
    assert "Open the screens" not in done.stdout  # nobody is there to answer

    media = tmp_path / "show.media"
    manifests = sorted(show.glob("shots/*/v*.sha256"))
    assert len(manifests) == len(SCENES) + 2  # the comp change and the retake
    for manifest in manifests:
        subprocess.run(["sha256sum", "--check", "--quiet", "--strict", str(manifest)], cwd=media, check=True)
    subprocess.run(["git", "fsck", "--strict"], cwd=show, env=env, check=True, capture_output=True)
    assert not subprocess.run(["git", "status", "--porcelain"], cwd=show, env=env, capture_output=True).stdout
    log = subprocess.run(["git", "log", "--format=%s"], cwd=show, env=env, capture_output=True, text=True, check=True)
    picked = f"picked {PICK} of {WEDGE_SEEDS}"
    told = ("first turnover", "register", picked, WEDGE.summary, "rendered", "retake", "approved", "circled as final")
    assert [words for words in told if words not in log.stdout] == []

    (master,) = (media / "publish").glob("*_master_*.otio")
    assert stripped(master) == stripped(sample() / "cut.otio")
    read = otio.adapters.read_from_file(str(master))
    playing = [clip for clip in read.find_clips() if clip.active_media_reference_key.startswith("gen_")]
    assert {clip.metadata["rushes"]["shot"] for clip in playing} == {scene.shot for scene in SCENES}
    assert all(path.is_file() for clip in playing for path in frames_of(clip))

    (delivery,) = (media / "publish").glob("*_delivery_*.otio")
    delivered = otio.adapters.read_from_file(str(delivery))
    assert all(len(clip.media_references()) == 1 for clip in delivered.find_clips())
    lists = sorted((media / "publish").glob("*_edl_*.edl"))
    events = [clip for path in lists for clip in otio.adapters.read_from_file(str(path), rate=25).find_clips()]
    shown = [clip for track in read.video_tracks() for clip in track.find_clips() if clip.enabled]
    assert len([clip for clip in events if isinstance(clip.media_reference, otio.schema.MissingReference)]) == len(
        shown
    )
    reels = {clip.metadata["cmx_3600"]["reel"] for clip in events}
    assert f"{RETAKE.shot}_gen_v002" in reels
    for name in ("*_delivery_001.otio", "*_edl_001*.edl", "*_edl_001_losses.txt", "*_master_001.json"):
        assert list((show / "publish").glob(name)), name

    page = (media / "page.html").read_text(encoding="utf-8")
    assert len(page) < 3_000_000 and "checks hold" in page and not re.search(r"https?://|<script", page)
    assert (media / "sheet.png").read_bytes().startswith(b"\x89PNG")


ASK = (
    "import os, pathlib; from tui.commands import demo, screens;"
    "screens.open_screens = lambda folder: print('opened', folder);"
    "demo._offer_screens(pathlib.Path('a_show'), os.environ); print('gone on')"
)


@pytest.mark.parametrize(
    ("typed", "env", "asked", "opened"),
    [("\n", {}, True, True), ("n\n", {}, True, False), ("\x04", {}, True, False), ("", {"CI": "true"}, False, False)],
)
def test_at_a_terminal_the_screens_are_offered(typed: str, env: dict[str, str], asked: bool, opened: bool) -> None:
    ours, theirs = os.openpty()
    clean = {name: value for name, value in os.environ.items() if name != "CI"} | env
    with subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=theirs, stdout=theirs, stderr=theirs, env=clean
    ) as child:  # fmt: skip
        os.close(theirs)
        os.write(ours, typed.encode())
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # Linux says EIO where a terminal has ended
            pass
        os.close(ours)
    assert child.returncode == 0
    assert (b"[Y/n]" in said, b"opened a_show" in said, b"gone on" in said) == (asked, opened, True)


def test_in_a_pipe_nobody_is_asked() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, input="y\n", check=True)
    assert done.stdout == "gone on\n"


def test_every_scene_is_a_shot_of_the_sample_cut_and_its_recipe_holds() -> None:
    from core.recipe.text import parse
    from sample_project.scenes import SIESTA, draft

    named = {clip.name for clip in otio.adapters.read_from_file(str(sample() / "cut.otio")).find_clips()}
    for scene in SCENES:
        assert scene.shot in named
        assert parse(draft(scene, SIESTA), scene.shot).final == "comp"
