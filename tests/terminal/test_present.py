"""What the screens and listings say, without a terminal: pure functions over rows."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.shots import Plate, Shot
from core.errors import MediaError
from core.frames import FrameRange
from core.rows import ShotRow
from tui.present import rows as present
from tui.present.shots import shot_line
from tui.present.spans import plain

PLATE = Plate("a.mov", "movie", FrameRange(0, 40), 1001, Fraction(25), 64, 36)


def row(**changes: Any) -> ShotRow:
    """A line of the shot list."""
    values: dict[str, Any] = {
        "shot": Shot("sq010_sh0010", changes.pop("plate", PLATE), (), (8, 8), missing=changes.pop("missing", "")),
        "status": "rev",
        "versions": 3,
        "latest": "v003",
        "circled": "",
        "circled_as": "",
        "cut_frames": 24,
        "open_notes": 0,
        "progress": None,
    }
    return ShotRow(**(values | changes))


def test_presenters_need_no_textual() -> None:
    code = "import sys, tui.present.rows; sys.exit(bool({'textual', 'rich', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_bar_is_full_only_when_all_is_done(done: int, total: int) -> None:
    bar = present.bar(min(done, total), total)
    assert ("░" not in bar) == (done >= total > 0)
    assert bar.endswith(f" {min(done, total)}/{total}")
    share = present.share(min(done, total), total)
    assert len(share) == 9
    assert share.endswith("100%") == (done >= total > 0)


@given(st.integers(20, 200), st.integers(0, 10**6), st.integers(10**6, 10**7))
def test_a_line_of_the_list_is_no_wider_than_its_place(width: int, done: int, total: int) -> None:
    every = (row(progress=(done, total)), row(open_notes=3), row(latest="", circled=""), row(failed=True))
    for each in every:
        assert len(plain(shot_line(each, max(width, 26)))) <= max(width, 26)


def test_a_line_says_status_version_circle_and_progress() -> None:
    line = plain(shot_line(row(circled="v003", progress=(12, 24)), 60))
    for word in ("sq010_sh0010", "rev", "v003", "◉", "▓▓░░  50%"):
        assert word in line
    assert "2✎" in plain(shot_line(row(open_notes=2), 60))
    assert "failed" in plain(shot_line(row(progress=(0, 24), failed=True), 60))


def test_two_circles_against_each_other_are_a_question() -> None:
    assert present.circle_mark("v003", "final") == "v003"
    assert present.circle_mark("v003", "temp") == "v003 temp"
    assert present.circle_mark("v003", "?") == "v003 ?"


def test_a_shot_without_a_plate_says_why() -> None:
    assert present.shot_cells(row(plate=None, missing="offline"))[-1] == "offline"
    assert present.shot_facts(row(plate=None, missing="offline"))["plate"] is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MediaError("Cut off.", where="a\x1b.mov", todo="Copy it again."), "Cut off.\n  where: a·.mov\n  next:  Copy"),
        (KeyError("\x1b[2J"), "Something broke: KeyError"),
    ],
)
def test_errors_on_a_screen_are_words(error: Exception, said: str) -> None:
    text = present.error_text(error)
    assert text.startswith(said)
    assert "\x1b" not in text
