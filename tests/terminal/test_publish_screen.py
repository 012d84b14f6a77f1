"""The publish screen: what would go out is seen before it does, then where it lies and what was lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.cut.outgoing.compare import Loss
from core.cut.outgoing.publish import Published
from core.errors import CutError
from core.outgoing import Going
from core.show import Show
from tests import big_show, shows
from tests.screens import cut, drive, room, said, text, until
from tui.app.app import Screens
from tui.app.asking import Choose
from tui.app.screens.cut import CutRoom
from tui.app.screens.publish import PublishRoom
from tui.present import publish as present
from tui.present.spans import plain

pytestmark = pytest.mark.timeout(120)
SHOT = shows.SHOT
EVIL = "\x1b[31mred \u202e" + "漢字" * 5000


# as plain functions


def test_what_goes_out_says_its_doubts() -> None:
    fine = Going("s1", 2, "v002", ("v001", "v002"), "apr")
    unsure = Going("s2", 1, "v001", ("v001",), "rtk", temp=True, newer="v003", questions=("two circles",))
    none = Going("s3", 0, "", ())
    assert present.doubts(fine) == [] == present.doubts(none)
    told = plain(present.going_line(unsure, 120))
    for word in ("!", "v001 temp", "rtk", "1 clip ", "retake", "v003 is newer", "two circles"):
        assert word in told
    assert "v001" in plain(present.going_line(fine, 120)) and "2 clips" in plain(present.going_line(fine, 120))
    assert "editor's picture stays" in plain(present.going_line(none, 120))
    assert plain(present.summary([fine, unsure, none])) == "2 of 3 shots play a version of ours · 1 to look at first"
    refused = Going("s4", 1, "v001", (), refused="s4 v001 is circled, but frames are missing")
    assert "frames are missing" in plain(present.summary([fine, refused]))


def test_what_was_written_is_told_clip_by_clip_and_hostile_names_stay_text() -> None:
    losses = (Loss("clip a", "its fade"), Loss(EVIL, EVIL))
    published = Published(
        Path("/media/publish") / EVIL[:60], 2, "0" * 64, losses, (EVIL,), {Path("/m/x_losses.txt"): "1"}
    )
    lines = list(present.written_lines(published, 80))
    told = "\n".join(map(plain, lines))
    for word in ("x_losses.txt", "2 clips", "Not carried, 2 in all", "clip a", "its fade", "look at"):
        assert word in told
    assert all(part.isprintable() for line in lines for part, _ in line)
    whole = Published(Path("/m/a.otio"), 2, "0" * 64, (), ())
    assert "nothing of it was lost" in "\n".join(map(plain, present.written_lines(whole, 80)))


# by keys


@pytest.fixture(scope="module")
def turnover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(turnover: Path, tmp_path: Path) -> Show:
    """One rendered version, circled; the cut's other clip has no media."""
    made = shows.make(turnover, tmp_path / "show")
    with made.layout.settings.open("a") as settings:
        settings.write(f'\n[paths.farm]\nmedia = "/farm"\n[paths.here]\nmedia = "{made.layout.media}"\n')
    made = Show.open(made.layout.root, made.env)
    made.draft(SHOT, text=shows.BLEND)
    (job,) = made.generate([SHOT], "mix")
    shows.finish(made, job)
    made.review(SHOT, "v001", "circle")
    return made


async def opened(app: Screens, pilot: Pilot[None]) -> PublishRoom:
    await until(pilot, lambda: bool(cut(app).rows))
    await pilot.press("P")
    await until(pilot, lambda: isinstance(app.screen, PublishRoom))
    found = room(app, PublishRoom)
    await until(pilot, lambda: bool(found.going))
    return found


def test_a_delivery_is_looked_at_written_and_its_path_copied(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        publish = await opened(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: "Nothing was written yet" in said(app))
        await pilot.press("j")
        await until(pilot, lambda: "delivery" in str(publish.headline.render()))
        await until(pilot, lambda: f"{SHOT}" in text(app) and "v001" in text(app))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("y")
        await until(pilot, lambda: publish.published is not None)
        assert publish.published is not None and publish.published.path.is_file()
        await until(pilot, lambda: "Written" in text(app))
        await pilot.press("y")
        await until(pilot, lambda: str(publish.published.path) in said(app))  # type: ignore[union-attr]
        await pilot.press("tab", "G", "tab", "escape")
        await until(pilot, lambda: publish.published is None and "What goes out" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CutRoom))

    drive(show, hands)
    assert show.log()[0].event == "publish" and (show.layout.publish("reel_1_main_delivery_001.json")).is_file()


def test_every_version_and_sites_are_chosen_and_errors_are_words(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        publish = await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: "every version" in str(publish.headline.render()))
        await pilot.press("s")
        await until(pilot, lambda: "paths as at farm" in str(publish.headline.render()))
        await pilot.press("s", "s")
        await until(pilot, lambda: "paths as at" not in str(publish.headline.render()))
        await pilot.press("j", "j", "e")
        await until(pilot, lambda: "holds what plays" in said(app))

        def fails(self: Show, *args: object, **more: object) -> Published:
            raise CutError("This file is not one that rushes wrote.", where="/x", todo="Publish under another name.")

        monkeypatch.setattr(Show, "publish", fails)
        await pilot.press("w", "y")
        await until(pilot, lambda: "not one that rushes wrote" in said(app))
        await pilot.press("ctrl+r", "question_mark", "escape")

    drive(show, hands)


def test_frames_that_are_gone_are_said_before_anything_is_written(tmp_path: Path) -> None:
    show = big_show.make(tmp_path / "show", 2, 2, history=True)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        publish = await opened(app, pilot)
        await until(pilot, lambda: "Nothing can be written yet" in text(app))
        await pilot.press("w")
        await until(pilot, lambda: "is circled, but" in said(app))
        await pilot.press("s")
        await until(pilot, lambda: "names no sites" in said(app))
        assert publish.published is None

    drive(show, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    show = big_show.make(tmp_path / "show", 2, 2, history=True)

    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        assert (await opened(app, pilot)).list.rows

    drive(show, hands, size)
