"""The history's screen: what git has, newest first, sifted by what is typed, each commit's change beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.errors import BadInput
from core.history.change import CommitChange, FileChange
from core.history.events import Act, Entry, message
from core.reviewing import Remark
from core.show import Show
from tests import big_show
from tests.screens import cut, drive, room, said, text, until
from tui.app.app import Screens
from tui.app.screens.cut import CutRoom
from tui.app.screens.history import FIRST, HistoryRoom
from tui.present import history as present
from tui.present.spans import plain

pytestmark = pytest.mark.timeout(120)
EVIL = "\x1b[31mred \u202e" + "漢字" * 5000


def entry(event: str, subject: str, at: str, name: str = "Ana Artist", shot: str = "s1") -> Entry:
    act = Act(event, subject, ("a.txt",), (("Rushes-Shot", shot), ("Rushes-Version", "v002")))
    return Entry("ab" * 20, name, f"{name.split()[0].lower()}@example.com", at, message([act]))


ENTRIES = [
    entry("review", "s1 v002: approved", "2026-11-03T10:00:00+00:00", "Ben Boss"),
    entry("recipe", "s1 v002: candlelight", "2026-11-02T10:00:00+00:00"),
    entry("review", "s2 v002: retake: Candlelight", "2026-11-01T10:00:00+00:00", shot="s2"),
    Entry("cd" * 20, "Ana Artist", "ana@example.com", "2026-10-01T10:00:00+00:00", "by hand"),
]


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("", [0, 1, 2, 3]),
        ("by:ana", [1, 2, 3]),
        ("by:BEN event:review", [0]),
        ("event:review", [0, 2]),
        ("since:2026-11-02", [0, 1]),
        ("until:2026-11-02 candlelight", [1, 2]),
        ("since:2026-11-01 until:2026-11-01", [2]),
        ("CANDLElight s2", [2]),
        ("nothing", []),
    ],
)
def test_a_filter_keeps_what_passes_every_word(typed: str, kept: list[int]) -> None:
    assert present.kept(ENTRIES, typed) == [ENTRIES[n] for n in kept]


def test_a_date_that_is_none_says_so() -> None:
    with pytest.raises(BadInput, match="Not a date"):
        present.kept(ENTRIES, "since:yesterdayish")


def test_an_entrys_line_and_where_it_leads() -> None:
    line = plain(present.entry_line(ENTRIES[0], 100))
    assert line.split()[:4] == ["11-03", "10:00", "review", "Ben"] and line.endswith("s1 v002: approved")
    assert present.place_of(ENTRIES[0]) == ("s1", "v002") and present.place_of(ENTRIES[3]) == ("", "")


@pytest.mark.parametrize("width", [20, 80, 200])
def test_a_change_shows_everything_and_nothing_in_it_moves_the_cursor(width: int) -> None:
    hostile = Entry("ef" * 20, EVIL, EVIL, EVIL, f"{EVIL}\n\n{EVIL}\n\nRushes-Event: review\nRushes-Shot: {EVIL}\n")
    files = (
        FileChange("a.toml", "changed", f"@@ -1 +1 @@\n-old\n+new\n {EVIL}", cut=True),
        FileChange("b.png", "added"),
    )
    lines = present.change_lines(CommitChange(hostile, files), width)
    assert all(part.isprintable() for line in lines for part, _ in line)
    assert [line[0][1] for line in lines if plain(line) in ("-old", "+new", "@@ -1 +1 @@")] == ["dim", "bad", "good"]
    told = "\n".join(map(plain, lines))
    assert "changed  a.toml" in told and "added  b.png" in told and "and more" in told


# by keys


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """Reviews by Ana of two shots, and a commit that somebody made by hand, its message hostile."""
    made = big_show.make(tmp_path / "show", 3, 2, history=True)
    shots = [row.shot.id for row in made.shots()]
    made.review_all([Remark(shots[1], "v002", "note", "candlelight flickers")])
    made.review_all([Remark(shots[2], "v002", "approve")])
    readme = made.layout.root / "README"
    readme.write_text("\x1b[2Jhello\n")
    git = ["git", "-C", str(made.layout.root), "-c", "user.name=Eve \u202e", "-c", "user.email=eve@x"]
    env = {key: value for key, value in made.env.items() if not key.startswith("GIT_AUTHOR")}
    subprocess.run([*git, "add", "README"], check=True, env=env)
    subprocess.run([*git, "commit", "--quiet", "-m", "by hand \x1b[31m\u202e"], check=True, env=env)
    return made


async def opened(app: Screens, pilot: Pilot[None]) -> HistoryRoom:
    await until(pilot, lambda: bool(cut(app).rows))
    await pilot.press("H")
    await until(pilot, lambda: isinstance(app.screen, HistoryRoom))
    found = room(app, HistoryRoom)
    await until(pilot, lambda: bool(found.list.rows) and bool(found.change.rows))
    return found


def test_it_is_sifted_while_typing_and_escape_gives_it_back(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        history = await opened(app, pilot)
        every = len(show.log())
        assert len(history.list.rows) == every == 4
        assert "\x1b" not in text(app) and "\u202e" not in text(app)
        await pilot.press("slash", *"event:review")
        await until(pilot, lambda: len(history.list.rows) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(history.list.rows) == every)
        await pilot.press("slash", *"by:eve", "enter")
        await until(pilot, lambda: len(history.list.rows) == 1)
        assert "by:eve · 1 of 4" in str(history.headline.render())
        await pilot.press("slash", "space", *"since:never", "enter")
        await until(pilot, lambda: "Not a date" in said(app))
        await pilot.press("slash", "ctrl+u", *"zzz", "enter")
        await until(pilot, lambda: not history.list.rows and "none of 4" in text(app))
        await pilot.press("y", "enter", "tab", "tab")

    drive(show, hands)


def test_a_commits_change_is_shown_and_enter_goes_to_its_version(show: Show) -> None:
    shot = show.shots()[1].shot.id

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        history = await opened(app, pilot)
        await until(pilot, lambda: any("README" in plain(line) for line in history.change.rows))
        await pilot.press("enter")
        await until(pilot, lambda: "about no shot" in said(app))
        await pilot.press("j", "j")
        await until(pilot, lambda: "flickers" in "".join(map(plain, history.change.rows)))
        await pilot.press("tab", "G", "ctrl+u", "tab", "y")
        commit = history.list.row.commit  # type: ignore[union-attr]
        await until(pilot, lambda: commit in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))
        await until(pilot, lambda: cut(app).row is not None and cut(app).row.shot.id == shot)  # type: ignore[union-attr]
        assert app.place.version == "v002"

    drive(show, hands)


def test_one_shots_history_alone_and_what_is_new_comes_by_itself(show: Show) -> None:
    first, second, *_ = (row.shot.id for row in show.shots())

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.place.shot == first)
        history = await opened(app, pilot)
        await pilot.press("t")
        await until(pilot, lambda: len(history.list.rows) == 1 and first in str(history.headline.render()))
        await pilot.press("t")
        await until(pilot, lambda: len(history.list.rows) == 4)
        show.review(second, "v002", "approve")
        await until(pilot, lambda: len(history.list.rows) == 5)
        await pilot.press("ctrl+r", "question_mark", "escape", "q")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))

    drive(show, hands)


def test_thousands_of_commits_open_at_once_and_all_are_there(tmp_path: Path) -> None:
    show = big_show.make(tmp_path / "show", 1, 1, history=True)
    count = 5 * FIRST
    feed = "".join(
        f"commit refs/heads/main\ncommitter Ana <a@b> {1_790_000_000 + n} +0000\ndata 9\nact {n:05d}\n"
        + ("from refs/heads/main^0\n" if n == 0 else "")
        for n in range(count)
    )
    subprocess.run(["git", "-C", str(show.layout.root), "fast-import", "--quiet"], input=feed.encode(), check=True)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        history = await opened(app, pilot)
        await until(pilot, lambda: len(history.list.rows) == count + 1)
        await pilot.press("G")
        await until(pilot, lambda: history.list.cursor == count)

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        history = await opened(app, pilot)
        assert history.has_class("narrow") == (size[0] < 150)

    drive(show, hands, size)
