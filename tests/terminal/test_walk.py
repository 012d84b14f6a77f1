"""From opening the sample show to a published timeline by keys alone, in a real terminal, checked with plain tools."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest

from core.show import Show
from sample_project import folder as sample
from tests.lines import HAS_TMUX, Tmux

SHOT = "dream_sh060"
LOOK = """schema = 1
[[step]]
op = "brush"
name = "paint"
input = "plate"
[[step]]
op = "merge"
name = "comp"
a = "paint"
b = "plate"
mix = 0.8
[output]
layers = ["paint"]
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    state = tmp_path / "state"
    env = {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")}
    made, _ = Show.create(sample() / "cut.otio", tmp_path / "show", env)
    made.layout.looks.mkdir(exist_ok=True)
    made.layout.look("strokes").write_text(LOOK)
    return made


@pytest.fixture
def pane(tmp_path: Path, show: Show) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, show)
    yield opened
    opened.close()


def test_from_the_cut_to_a_published_timeline_by_keys_alone(pane: Tmux, show: Show) -> None:
    choose_the_shot(pane)
    write_the_recipe(pane)
    make_versions(pane)
    judge(pane)
    publish(pane)
    pane.keys("q")  # takes the filter away first
    pane.until("7 shots ─")
    pane.keys("q")
    assert pane.left() == "0"
    check(show)


def choose_the_shot(pane: Tmux) -> None:
    pane.until("day_sh010", "First time here?", "▀")
    pane.keys("/")
    pane.until("Show which?")
    pane.type("sh060")
    pane.keys("Enter")
    pane.until(f"{SHOT} plate", "1 of 7")
    pane.keys("Right", "Right")


def write_the_recipe(pane: Tmux) -> None:
    pane.keys("e")
    pane.until("Recipe", SHOT, "stylize")
    pane.keys("C-l")
    pane.until("Which look", "strokes")
    pane.keys("1")
    pane.until("brush", "it holds")
    pane.keys("C-t")
    pane.until("test of", seconds=120)


def make_versions(pane: Tmux) -> None:
    """Two: the second one only mixes otherwise, set in the form."""
    pane.keys("C-g")
    pane.until("what is new?")
    pane.type("oil strokes")
    pane.keys("Enter")
    pane.until("frames queued")
    pane.keys("C-o", "G", "Enter")
    pane.until("Values")
    pane.keys("Escape")
    pane.until("test of")
    for _ in range(6):
        if "mix" in _cursor_line(pane):
            break
        pane.keys("Up")
    pane.keys("Left")
    pane.until("0.7")
    pane.keys("C-g")
    pane.until("what is new?")
    pane.type("less of it")
    pane.keys("Enter")
    pane.until("v002: ")
    pane.keys("q")
    pane.until("Shots", "v002")
    pane.keys("Q")
    pane.until("Queue", "complete", seconds=180)
    pane.keys("q")
    pane.until("1 await review", "v002", seconds=180)


def _cursor_line(pane: Tmux) -> str:
    return next((line for line in pane.screen().splitlines() if "▸" in line), "")


def judge(pane: Tmux) -> None:
    pane.keys("}")
    pane.until(f"{SHOT} v002")
    pane.keys("d")
    pane.until("A v001", "B v002")
    pane.until("SSIM", seconds=60)
    pane.keys("f", "q")
    pane.until("Shots")
    pane.keys("n")
    pane.until("Note on")
    pane.type("edge: the sleeve swims")
    pane.keys("Enter")
    pane.until("1030: noted")
    pane.keys("a")
    pane.until("Approve")
    pane.keys("Enter")
    pane.until("apr")
    pane.keys("c")
    pane.until("Circle")
    pane.keys("Enter")
    pane.until("◉")


def publish(pane: Tmux) -> None:
    pane.keys("P")
    pane.until("Publish", "master", SHOT)
    pane.keys("w")
    pane.until("Publish the cut as master?")
    pane.keys("y")
    pane.until("_001.otio", seconds=60)
    pane.keys("H")
    pane.until("History", "publish")
    pane.keys("q")
    pane.until("In which form")
    while "Shots" not in pane.screen():
        pane.keys("q")
        pane.settle()


def check(show: Show) -> None:
    """With plain OpenTimelineIO, sha256sum and git: what plays, that frames are what they were, what history says."""
    (timeline,) = (show.layout.media / "publish").glob("*.otio")
    clips = otio.adapters.read_from_file(str(timeline)).find_clips()
    playing = [clip.active_media_reference_key for clip in clips if clip.active_media_reference_key.startswith("gen_")]
    assert playing == ["gen_v002"]
    for version in ("v001", "v002"):
        manifest = show.layout.manifest(SHOT, version)
        subprocess.run(["sha256sum", "--quiet", "-c", str(manifest)], cwd=show.layout.media, check=True)
    events = [entry.event for entry in show.log()]
    assert events[0] == "publish"
    assert sorted(events) == sorted(["turnover", *["recipe"] * 2, *["render"] * 2, *["review"] * 3, "publish"])
    fsck = subprocess.run(["git", "fsck", "--strict"], cwd=show.layout.root, capture_output=True, text=True)
    assert fsck.returncode == 0, fsck.stderr
