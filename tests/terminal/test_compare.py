"""Compare: what makes sense to compare, what is said of it, the pictures of two in one, and every key."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from core.frames import FrameRange
from core.media.measure import Difference
from core.recipe.changes import Change
from core.rows import VersionRow
from core.show import Show
from core.viewing.view import Source
from tests import shows
from tests.screens import cut, drive, room, said, standing, text, until
from tui.app.app import Screens
from tui.app.asking import Ask, Choose
from tui.app.desk import Desk
from tui.app.screens.compare import CompareRoom
from tui.app.widgets.pairs import GAP, Pair, PairFeed, measured, sides_of
from tui.present import compare as present
from tui.present.spans import plain

SHOT = shows.SHOT
FIRST, LAST = 1006, 1017
SHORT, SMALL = "v003", "v004"
pytestmark = pytest.mark.timeout(120)


def version(name: str, parent: str = "", circled: str = "", state: str = "complete") -> VersionRow:
    return VersionRow(SHOT, name, state, "rev", circled, parent, "", "", "", 1, 2, 0)


def differs(mean: float, **changes: float) -> Difference:
    return Difference(**({"mean": mean, "max": 0.5, "changed": 0.382, "ssim": 0.87312} | changes))


# What is said


def test_a_version_is_compared_with_its_parent_else_the_circled_one_else_the_one_before_else_the_plate() -> None:
    rows = [version("v001"), version("v002", circled="final"), version("v003", "v001"), version("v004", "v009")]
    assert present.sensible(rows, "v003") == "v001"
    assert present.sensible(rows, "v004") == "v002"
    assert present.sensible([version("v001"), version("v002")], "v002") == "v001"
    assert present.sensible(rows[:1], "v001") == present.sensible([], "") == ""
    assert present.sensible(rows, "") == "v002"


@given(st.sampled_from([-1, 1]), st.floats(0, 70))
def test_amounts_are_stepped_through_and_end_where_they_end(by: int, now: float) -> None:
    for amounts in present.AMOUNTS.values():
        seen = now
        for _ in range(30):
            after = present.stepped(amounts, seen, by)
            assert after == seen or (after in amounts and (after > seen) == (by > 0))
            seen = after
        end = amounts[-1] if by > 0 else amounts[0]
        assert seen == end or (seen - end) * by > 0 or abs(seen - end) < 1e-6


@given(st.lists(st.integers(1, 500), unique=True).map(sorted))
def test_frames_are_measured_once_each_and_spread_out_first(frames: list[int]) -> None:
    order = list(present.spread(frames))
    assert sorted(order) == frames
    assert not frames or order[0] == frames[0]
    half = order[: max(1, len(order) // 2)]
    if len(frames) > 8:
        places = sorted(frames.index(frame) for frame in half)
        assert max(b - a for a, b in pairwise(places)) <= 4


@given(st.integers(1, 300), st.data(), st.integers(20, 200))
def test_the_line_of_means_fits_and_shows_what_is_measured(count: int, data: Any, width: int) -> None:
    frames = FrameRange(1001, 1000 + count)
    known = data.draw(st.dictionaries(st.sampled_from(list(frames)), st.floats(0, 2), max_size=20))
    line = plain(present.sparkline(known, frames, data.draw(st.integers(900, 1400)), width, count))
    bars = line.split()[1]
    assert len(line) <= max(width, len(line) - len(bars) + 1)
    assert (bars.strip("·") == "") == (not known)
    assert line.endswith(f"{len(known)}/{count}")
    if known and max(known.values()) > 0:
        assert "▇" in bars


def test_numbers_of_a_frame_in_words() -> None:
    assert plain(present.number_line(differs(0.0214), "file values")) == (
        "changed 38.2% · mean 0.0214 · max 0.5 · SSIM 0.8731  (file values)"
    )
    same = differs(0.0, max=0.0, changed=0.0, ssim=1.0)
    assert plain(present.number_line(same, "as seen")).startswith("identical")
    assert "measuring" in plain(present.number_line(None, ""))
    assert plain(present.number_line("sizes differ", "")) == "sizes differ"


def test_the_heading_says_both_versions_how_they_are_looked_at_and_the_frame() -> None:
    rows = [version("v002", circled="final"), version("v003", state="rendering")]
    a, b = present.named(rows, "v002"), present.named(rows, "v003")
    said = present.headline("sh0020", a, b, "difference", 4, 1034)
    assert said == "sh0020   A v002 ◉ rev   B v003 rev 1/2   difference ×4   1034"
    assert "wipe 65%" in present.headline("sh0020", a, b, "wipe", 0.65, 1034)
    assert "A plate" in present.headline("sh0020", present.named(rows, ""), b, "side", 0, 1)
    assert present.lacking({1, 2, 3}, ()) == "A has no 1-3"
    assert present.lacking((), range(1, 200, 2)).endswith("…") and present.lacking((), ()) == ""


def test_prompts_are_told_apart_word_by_word_and_wrapped_below_the_text() -> None:
    words = (("-", "daylight"), ("+", "candlelight, warm shadows"), (" ", "on the table by the window"))
    changes = [Change("paint.prompt", "a", "b", words), Change("paint.denoise", "0.55", "0.45")]
    wide, narrow = (present.recipe_changes(changes, "v001", "v002", width) for width in (200, 40))
    assert "-daylight-" in plain(wide[0]) and "+candlelight, warm shadows+" in plain(wide[0])
    assert plain(wide[1]).endswith("0.55 → 0.45")
    assert len(narrow) > 2 and all(len(plain(line).rstrip()) <= 40 for line in narrow)
    assert " ".join("".join(map(plain, narrow)).split()) == " ".join("".join(map(plain, wide)).split())
    assert "plate has no recipe" in plain(present.recipe_changes((), "", "v001", 40)[0])
    assert "same" in plain(present.recipe_changes((), "v001", "v002", 40)[0])


# The pictures of two in one


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """v001 and v002 that differ, v003 over fewer frames, v004 of another size, and a shot without a plate."""
    folder = tmp_path_factory.mktemp("compare")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    small = '[[step]]\nop = "reformat"\nname = "small"\ninput = "comp"\nsize = [16, 18]\n'
    for draft in (
        shows.BLEND,
        shows.BLEND.replace("0.5", "0.1"),
        shows.BLEND.replace("schema = 1", "schema = 1\nrange = [1008, 1012]"),
        shows.BLEND + small,
    ):
        show.draft(SHOT, text=draft)
        shows.finish(show, show.generate([SHOT])[0])
    return show


@pytest.fixture
def desk(rendered: Show) -> Desk:
    return Desk(rendered.layout.root, rendered.env)


def pair(desk: Desk, a: str, b: str) -> Pair:
    return Pair(desk, desk.show.shot(SHOT), Source(SHOT, a), Source(SHOT, b))


def test_two_pictures_in_one_are_made_of_both(desk: Desk) -> None:
    both = pair(desk, "v001", "v002")
    a, b = (PairFeed(both, mode, 0).get(1010, 32, 18) for mode in ("a", "b"))
    assert a.shape == (18, 32, 3) and not np.array_equal(a, b)
    wiped = PairFeed(both, "wipe", 0.25).get(1010, 32, 18)
    assert np.array_equal(wiped[:, :8], a[:, :8]) and np.array_equal(wiped[:, 8:], b[:, 8:])
    mixed = PairFeed(both, "overlay", 0.5).get(1010, 32, 18)
    assert np.abs(mixed.astype(int) - (a.astype(int) + b) / 2).max() <= 1
    whole = [desk.show.viewer.seen(source, 1010).astype(int) for source in both.sources]
    apart = PairFeed(both, "difference", 2).get(1010, 32, 18)
    assert np.array_equal(apart, np.minimum(2 * np.abs(whole[0] - whole[1]), 255)), "a proxy's faults are no difference"
    beside = PairFeed(both, "side", 0).get(1010, 64 + GAP, 18)
    assert np.array_equal(beside[:, :32], a) and np.array_equal(beside[:, 32 + GAP :], b)


def test_a_frame_that_one_lacks_stands_alone_beside_a_grey_one_and_is_refused_elsewhere(desk: Desk) -> None:
    from core.errors import MediaError

    both = pair(desk, "v001", SHORT)
    beside = PairFeed(both, "side", 0).get(1006, 64 + GAP, 18)
    assert len(np.unique(beside[:, 32 + GAP :])) == 1 and len(np.unique(beside[:, :32])) > 1
    for mode in ("b", "wipe", "difference", "overlay"):
        with pytest.raises(MediaError, match="1006"):
            PairFeed(both, mode, 0.5).get(1006, 32, 18)
    with pytest.raises(MediaError):
        PairFeed(pair(desk, SHORT, SHORT), "side", 0).get(1006, 64, 18)
    with pytest.raises(MediaError, match="size"):
        PairFeed(pair(desk, "v001", SMALL), "wipe", 0.5).get(1010, 32, 18)


def test_numbers_are_those_of_the_command(desk: Desk, tmp_path: Path) -> None:
    sides = sides_of(desk, SHOT, "v002", None)
    told = desk.show.compare(SHOT, sides.a, sides.b, tmp_path / "out.png")
    assert {row.frame: row.difference for row in told.rows} == {
        frame: measured(desk, sides, frame)[0] for frame in sides.common
    }
    assert measured(desk, sides, 1010)[1] == "file values"
    assert sides_of(desk, SHOT, "", None).b == SMALL


# By keys


async def opened(app: Screens, pilot: Pilot[None], version: str = "v002") -> CompareRoom:
    await standing(app, pilot)
    app.go(shot=SHOT, version=version, picture="", frame=1010)
    await pilot.press("d")
    await until(pilot, lambda: isinstance(app.screen, CompareRoom) and app.screen.sides is not None)
    found = room(app, CompareRoom)
    await until(pilot, lambda: found.player.shown is not None)
    return found


def test_every_way_to_look_at_two(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        assert (found.sides.a, found.sides.b, found.mode) == ("v001", "v002", "side")  # type: ignore[union-attr]
        for key, mode, how in (
            ("t", "b", "B alone"), ("t", "a", "A alone"), ("w", "wipe", "wipe 50%"),
            ("f", "difference", "×4"), ("o", "overlay", "50% B"), ("s", "side", "A left, B right"),
        ):  # fmt: skip
            await pilot.press(key)
            await until(pilot, lambda mode=mode, how=how: found.mode == mode and how in text(app))  # type: ignore[misc]
            assert not found.player.words
        await pilot.press("plus")
        assert "something to change" in said(app)
        await pilot.press("f", "plus", "equals_sign", "minus")
        assert found.amounts["difference"] == 8
        await pilot.press(*["minus"] * 9)
        assert found.amounts["difference"] == 1
        await pilot.press("l", "h", "h")
        assert found.mode == "wipe" and found.amounts["wipe"] == pytest.approx(0.45)
        await pilot.press("shift+left", "shift+left", "shift+right")
        assert found.amounts["wipe"] == pytest.approx(0.4)

    drive(rendered, hands)


def test_frames_are_stepped_played_and_all_of_them_measured(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await until(pilot, lambda: len(found.found) == LAST - FIRST + 1)
        assert "12/12" in text(app) and "SSIM" in text(app) and "file values" in text(app)
        await pilot.press("right", "right", "left")
        await until(pilot, lambda: found.player.shown == 1011 and app.place.frame == 1011)
        await pilot.press("shift+right")
        await until(pilot, lambda: found.player.shown == LAST)
        await pilot.press("shift+left", "M")
        most = max(found.found, key=lambda frame: found.found[frame].mean)  # type: ignore[union-attr]
        await until(pilot, lambda: found.player.shown == most)
        await pilot.press("space")
        assert found.player.playing
        await pilot.press("space")
        assert not found.player.playing
        await pilot.press("m")
        assert "m goes on" in said(app)
        await pilot.press("m", "z")
        assert found.has_class("zoomed")

    drive(rendered, hands)


def test_other_versions_become_a_and_b_and_what_differs_in_the_recipes_follows(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)

        def sides() -> tuple[str, str]:
            assert found.sides is not None
            return found.sides.a, found.sides.b

        assert "comp.mix" in text(app)
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: sides() == ("", "v002") and "plate has no recipe" in text(app))
        await until(pilot, lambda: bool(found.found))
        await pilot.press("left_curly_bracket")
        assert "A is the oldest" in said(app)
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: sides() == ("v001", "v002"))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: sides() == ("v001", "v001") and app.place.version == "v001")
        await until(pilot, lambda: "identical" in text(app))
        await pilot.press("M")
        for wanted in ("v002", SHORT):
            await pilot.press("right_square_bracket")
            await until(pilot, lambda wanted=wanted: sides() == ("v001", wanted))  # type: ignore[misc]
        assert "B has no 1006-1007,1013-1017" in said(app)
        await pilot.press("shift+left")
        await until(pilot, lambda: "B has no picture of 1006" in text(app))
        await pilot.press("w")
        await until(pilot, lambda: "1006" in found.player.words)

    drive(rendered, hands)


def test_pictures_of_two_sizes_are_words_and_stand_side_by_side(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot, SMALL)
        await pilot.press(*["left_curly_bracket"] * 1)
        await until(pilot, lambda: any("size" in str(one) for one in found.found.values()))
        assert not found.player.words
        await pilot.press("f")
        await until(pilot, lambda: "differ in size" in found.player.words)
        await pilot.press("s")
        await until(pilot, lambda: not found.player.words)

    drive(rendered, hands)


def test_the_wipes_line_follows_the_mouse(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: found.player.where is not None and found.player.where.width > 20)
        where = found.player.where
        assert where is not None
        await pilot.mouse_down(found.player.picture, offset=(where.left + 1, 3))
        assert found.amounts["wipe"] < 0.1
        await pilot.hover(found.player.picture, offset=(where.left + where.width - 1, 3))
        await pilot.mouse_up(found.player.picture, offset=(where.left + where.width - 1, 3))
        assert found.amounts["wipe"] > 0.9
        await pilot.hover(found.player.picture, offset=(where.left + 1, 3))
        assert found.amounts["wipe"] > 0.9

    drive(rendered, hands)


def test_b_is_judged(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        for key in ("x", "c", "C"):
            await pilot.press(key)
            assert isinstance(app.screen, Ask) and "v002" in text(app)
            await pilot.press("escape")
        await pilot.press("T")
        assert isinstance(app.screen, Choose)
        await pilot.press("escape", "n", *"edges", "enter")
        await until(pilot, lambda: "noted" in said(app))
        await pilot.press("a", "enter")
        await until(pilot, lambda: "v002 apr" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is cut(app) and app.place.version == "v002")

    drive(rendered, hands)
    (note,) = rendered.version(SHOT, "v002").review.of("v002").notes
    assert note.event.frames == (1010, 1010)


def test_a_shot_without_versions_says_so(rendered: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        await standing(app, pilot)
        app.go(shot="sq010_sh0020", version="")
        app.action_room("compare")
        await until(pilot, lambda: "no version to compare" in said(app))
        await pilot.press("t", "w", "plus", "left", "space", "M", "m", "right_square_bracket", "a", "n")
        assert isinstance(app.screen, CompareRoom)

    drive(rendered, hands)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6)])
def test_every_size_shows_a_picture_or_says_why_not(rendered: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        found = await opened(app, pilot)
        assert found.mode == ("side" if size[0] >= 100 else "b")
        await pilot.press("f")
        await pilot.pause()
        assert found.player.region.width > 0

    drive(rendered, hands, size)
