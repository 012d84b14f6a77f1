"""`rushes demo`, whole, as a new person runs it: an empty home, nobody known to git, checks that do not trust us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import opentimelineio as otio
import pytest

from sample_project import folder as sample

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


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


def test_the_demo_and_what_it_left(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `generate`")
    home = tmp_path / "home"
    home.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "RUSHES_LOCKS": str(tmp_path / "locks")}
    show = tmp_path / "show"
    done = subprocess.run(
        [sys.executable, "-m", "tui.commands.main", "demo", str(show)], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 made" in done.stdout and "0 failed" in done.stdout  # nothing was painted again; everything verified

    media = tmp_path / "show.media"
    manifests = sorted(show.glob("shots/*/v*.sha256"))
    assert len(manifests) >= 5
    for manifest in manifests:
        subprocess.run(["sha256sum", "--check", "--quiet", "--strict", str(manifest)], cwd=media, check=True)
    subprocess.run(["git", "fsck", "--strict"], cwd=show, env=env, check=True, capture_output=True)
    log = subprocess.run(["git", "log", "--format=%s"], cwd=show, env=env, capture_output=True, text=True, check=True)
    for told in ("first turnover", "picked 2 of 4", "first look", "rendered", "retake", "approved", "circled as final"):
        assert told in log.stdout, told

    (master,) = (media / "publish").glob("*.otio")
    assert stripped(master) == stripped(sample() / "cut.otio")
    playing = [
        clip for clip in otio.adapters.read_from_file(str(master)).find_clips()
        if clip.active_media_reference_key.startswith("gen_")
    ]  # fmt: skip
    assert len(playing) >= 2
    for clip in playing:
        reference, used = clip.media_reference, clip.source_range
        first = round((used.start_time - reference.available_range.start_time).to_frames())
        for image in range(first, first + round(used.duration.to_frames())):
            assert Path(reference.target_url_for_image_number(image).removeprefix("file://")).is_file()
