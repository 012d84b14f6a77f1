"""The real program in a real terminal: tmux is the terminal, its server belongs to this test alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.show import Show
from tests import shows
from tests.lines import HAS_TMUX, Tmux, wait_for

pytestmark = [pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed"), pytest.mark.timeout(90)]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")


@pytest.fixture
def pane(tmp_path: Path, show: Show) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, show)
    yield opened
    opened.close()


def test_a_show_opens_steps_and_quits(pane: Tmux) -> None:
    pane.until("sq010_sh0010", "▀", "generate")
    assert "\x1b[48;2;" in pane.screen("-e")
    pane.keys("?")
    pane.until("choose", "mark all")
    pane.keys("q", "j")  # not escape: with a letter right behind it, it would be alt and that letter
    pane.until("has no picture")
    pane.keys("q")
    assert pane.left() == "0"


def test_a_dropped_line_ends_the_screens(pane: Tmux) -> None:
    """SIGHUP, as sshd sends it when the connection is gone: nothing stays behind."""
    pane.until("sq010_sh0010")
    (shell,) = pane.ask("list-panes", "-F", "#{pane_pid}").split()
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], capture_output=True, text=True).stdout.split()
    assert found
    pane.ask("kill-session")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in found), lambda: found)


def test_what_was_typed_is_there_after_the_line_dropped(pane: Tmux, show: Show) -> None:
    """A recipe is saved as it is typed; the last letters are saved by the hang-up itself."""
    pane.until("sq010_sh0010", "▀")
    pane.keys("e")
    pane.until("Recipe", "paint")
    pane.type("# a thought at 2 a.m.")
    pane.until("2 a.m.")
    pane.ask("kill-session")
    wait_for(lambda: "2 a.m." in show.draft(shows.SHOT).text, lambda: show.draft(shows.SHOT).text)


def test_two_screens_on_one_show_see_each_other(pane: Tmux, show: Show, tmp_path: Path) -> None:
    show.draft(shows.SHOT, text=shows.BLEND)
    (job,) = show.generate([shows.SHOT])
    shows.finish(show, job)
    (tmp_path / "second").mkdir()
    other = Tmux(tmp_path / "second", show, (80, 24))
    try:
        pane.until("v001", "rev")
        other.until("v001", "rev")
        pane.keys("]")
        pane.until("sq010_sh0010 v001 ─")
        pane.keys("a", "Enter")
        other.until("apr")
        other.keys("x")
        other.until("Retake")
        other.type("softer")
        other.keys("Enter")
        pane.until("rtk")
    finally:
        other.close()
    assert [entry.event for entry in show.log()][:2] == ["review", "review"]


def test_keys_that_come_in_one_bunch_are_all_taken(pane: Tmux, show: Show) -> None:
    """As a slow line delivers them: the line that asks is not even drawn when its words arrive."""
    show.draft(shows.SHOT, text=shows.BLEND)
    (job,) = show.generate([shows.SHOT])
    shows.finish(show, job)
    pane.until("v001", "rev")
    pane.keys("]")
    pane.until("sq010_sh0010 v001 ─")
    pane.type("xmore haze\rnthe edge swims\r")
    pane.until("rtk", "1✎")
    assert [note.event.text for note in show.version(shows.SHOT, "v001").review.of("v001").notes] == ["the edge swims"]
