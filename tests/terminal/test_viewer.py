"""The viewer: what keys and mouse do with a picture, that what stands on the terminal is the picture, never black."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.segment import Segment
from textual.pilot import Pilot

from core.frames import FrameRange
from core.show import Show
from core.viewing.pictures import AS_SHOWN
from core.viewing.playback import FrameFeed
from core.viewing.proxies import make_all
from core.viewing.view import Source, View
from tests import shows
from tests.cell_screen import CellScreen, window
from tests.lines import HAS_TMUX, Tmux
from tests.screens import cut, drive, said, until
from tui.app.app import Screens
from tui.app.widgets.canvas import GROUND, composed
from tui.app.widgets.player import Player
from tui.app.widgets.viewer import Viewer, pixel_of
from tui.present.scrub import probe_text
from tui.video.cells import Encoded
from tui.video.pace import Budget

SHOT, COUNT, SIZE = shows.SHOT, 40, (64, 36)
MATTED = """schema = 1
[[step]]
op = "matte"
name = "figure"
[[step]]
op = "merge"
name = "comp"
mode = "screen"
a = "plate"
b = "plate"
mask = "figure"
mix = 0.5
[output]
layers = ["figure"]
"""
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A shot of 40 frames with one version that keeps its matte; nothing here writes to it but places."""
    folder = tmp_path_factory.mktemp("viewer")
    made = shows.make(shows.cut(folder / "turnover", COUNT, SIZE, (4, 30)), folder / "show")
    made.draft(SHOT, text=MATTED)
    (job,) = made.generate([SHOT])
    shows.finish(made, job)
    make_all(made.viewer, made.viewer.sources(SHOT))  # else they come while a test looks, and look a little different
    return made


class Wire:
    """A line on which the bytes of pictures are read, as a terminal would."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.screen = CellScreen(size[0] + 80, size[1] + 40)  # larger terminals come later
        self.count = 0

    def write(self, data: bytes) -> None:
        if data:
            self.count += 1
            self.screen.feed(data)

    def in_flight(self) -> int:
        return 0

    def clear(self) -> None:
        """Nothing is waited for."""

    def answered(self) -> None:
        """Nothing was asked."""


def on_wire(app: Screens, wire: Wire, viewer: Viewer) -> NDArray[np.uint8]:
    """What a terminal shows where the viewer's picture is."""
    at, canvas = viewer.picture.region.offset, viewer.picture.canvas
    assert canvas is not None
    return window(wire.screen, (at.x, at.y), canvas)


def expected(show: Show, viewer: Viewer, view: View = AS_SHOWN) -> NDArray[np.uint8]:
    """The canvas that ought to stand, from the frame itself."""
    assert viewer.source is not None and viewer.feed is not None
    asked = viewer.framing.asked(viewer.feed.size, viewer.picture.room)
    seen = FrameFeed(show.viewer, viewer.source, asked, view).get(viewer.frame)
    return composed(seen, viewer.framing, viewer.picture.room)[0]


def watch(
    show: Show, hands: Callable[[Screens, Pilot[None], Viewer, Wire], object], size: tuple[int, int] = (120, 35)
) -> None:
    """Open the shot in the viewer, the focus on it, its colours the terminal's own; then do what `hands` does."""

    async def run(app: Screens, pilot: Pilot[None]) -> None:
        from tui.video.terminal import Terminal

        app.terminal, wire, viewer = Terminal(), Wire(size), cut(app).viewer
        app.line = wire  # type: ignore[assignment]
        await until(pilot, lambda: viewer.source is not None)
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is viewer)
        await until(pilot, lambda: viewer.shown == viewer.frame and viewer.picture.canvas is not None)
        await until(pilot, lambda: "figure" in viewer.pictures or not viewer.version)
        await hands(app, pilot, viewer, wire)  # type: ignore[misc]

    begin(show)
    drive(show, run, size)


def begin(show: Show) -> None:
    """Nobody was here before."""
    show.layout.place.unlink(missing_ok=True)


async def stands(app: Screens, pilot: Pilot[None], viewer: Viewer, frame: int) -> None:
    await until(pilot, lambda: not viewer.playing and viewer.frame == frame and viewer.shown == frame)


def status(viewer: Viewer) -> str:
    lines = [viewer.scrub.render_line(y) for y in range(viewer.scrub.size.height)]
    return "\n".join("".join(segment.text for segment in line) for line in lines)


# the picture


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 60)])
def test_what_is_sent_and_what_the_toolkit_draws_are_the_frame(show: Show, size: tuple[int, int]) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("right", "right")
        wanted = expected(show, viewer)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))
        drawn = app.screen._compositor.render_strips(app.size)
        region = viewer.picture.region
        for row in (0, region.height // 2, region.height - 1):
            halves = [pair for cell in drawn[region.y + row].crop(region.x, region.right) for pair in _halves(cell)]
            upper, lower = wanted[2 * row : 2 * row + 2].tolist()
            assert halves == [(tuple(a), tuple(b)) for a, b in zip(upper, lower, strict=True)]

    watch(show, hands, size)


def _halves(cell: Segment) -> list[tuple[object, object]]:
    assert cell.style is not None and cell.style.color is not None and cell.style.bgcolor is not None
    return [(cell.style.color.triplet, cell.style.bgcolor.triplet)] * len(cell.text)


def test_playing_and_stopping_leaves_the_exact_frame(show: Show) -> None:
    """The delta path over many frames leaves no cell behind, and nothing beside the picture is touched."""

    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("space")
        assert viewer.playing
        before = wire.count
        await until(pilot, lambda: wire.count > before + 20)
        assert "fps" in status(viewer) and "kB/frame" in status(viewer)
        await pilot.press("space")
        await stands(app, pilot, viewer, viewer.frame)
        wanted = expected(show, viewer)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))
        region = viewer.picture.region
        outside = wire.screen.written.copy()
        outside[region.y : region.bottom, region.x : region.right] = 0
        assert not outside.any()

    watch(show, hands)


def test_a_change_is_never_black_between(show: Show) -> None:
    """Another version, another view, another size: until the new picture is there, the one before stands."""

    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("right")
        await stands(app, pilot, viewer, viewer.frame)
        drawn: list[bool] = []
        say, draw = viewer.picture.say, viewer.picture.draw

        def said_instead(words: str) -> None:
            drawn.append(False)
            say(words)

        def drew(canvas: NDArray[np.uint8], budget: Budget) -> Encoded | None:
            drawn.append(bool((canvas != GROUND).any()))
            return draw(canvas, budget)

        viewer.picture.say, viewer.picture.draw = said_instead, drew  # type: ignore[method-assign]
        for key in ("left_square_bracket", "right_square_bracket", "equals_sign", "r", "plus", "0", "t", "t"):
            await pilot.press(key)
            assert viewer.picture.canvas is not None
        await pilot.resize_terminal(110, 30)
        await until(pilot, lambda: _size(viewer.picture.canvas) == viewer.picture.room)
        assert drawn and all(drawn)

    watch(show, hands)


def test_resized_while_it_plays_it_goes_on_and_ends_exact(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("space")
        for size in ((100, 30), (140, 40), (120, 35)):
            await pilot.resize_terminal(*size)
            before = viewer.shown
            await until(pilot, lambda before=before: viewer.shown != before)  # type: ignore[misc]
            assert viewer.playing
        wire.screen = CellScreen(200, 75)
        viewer.picture.forget()
        await pilot.press("space")
        wanted = expected(show, viewer)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))

    watch(show, hands)


def test_under_a_modal_it_stands_and_nothing_is_sent(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("space")
        await until(pilot, lambda: wire.count > 5)
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not cut(app) and not viewer.playing)
        sent = wire.count
        viewer.redraw()
        await pilot.pause(0.2)
        assert wire.count == sent
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is cut(app))
        wanted = expected(show, viewer)
        await pilot.press("plus", "0")
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))

    watch(show, hands)


def test_a_frame_that_cannot_be_read_says_why_and_the_next_one_shows(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        path = show.viewer.file(Source(SHOT, "v001"), 1012)
        whole = path.read_bytes()
        path.unlink()
        try:
            viewer.go(1012)
            await until(pilot, lambda: "1012" in viewer.words)
            await pilot.press("right")
            await until(pilot, lambda: not viewer.words and viewer.picture.canvas is not None)
        finally:
            path.write_bytes(whole)
        await pilot.press("left")
        await stands(app, pilot, viewer, 1012)
        assert not viewer.words

    watch(show, hands)


def _size(canvas: NDArray[np.uint8] | None) -> tuple[int, ...]:
    return () if canvas is None else canvas.shape[1::-1]


# transport


def test_shuttle_step_in_out_loop_and_the_ends(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        state = lambda: viewer.state  # noqa: E731
        await pilot.press("home")
        first, last = state().first, state().last  # type: ignore[union-attr]
        await stands(app, pilot, viewer, first)
        await pilot.press("end")
        await stands(app, pilot, viewer, last)
        await pilot.press("j")
        assert state().speed == -1  # type: ignore[union-attr]
        await pilot.press("j", "j")
        assert state().speed == -4 and "◀◀ 4×" in status(viewer)  # type: ignore[union-attr]
        await pilot.press("l", "l")
        assert state().speed == 2  # type: ignore[union-attr]
        await pilot.press("k")
        assert not viewer.playing
        viewer.go(first + 10)
        await pilot.press("i")
        viewer.go(first + 14)
        await pilot.press("o")
        assert viewer.span == (first + 10, first + 14)
        assert "[" in status(viewer)
        await pilot.press("space")
        seen = set()
        for _ in range(40):
            await pilot.pause(0.02)
            seen.add(viewer.frame)
        assert seen <= set(FrameRange(first + 10, first + 14)) and len(seen) > 2
        await pilot.press("p")
        await until(pilot, lambda: not viewer.playing and viewer.frame == first + 14)
        assert "once" in status(viewer)
        await pilot.press("p", "space")
        assert state().mode == "ping-pong"  # type: ignore[union-attr]
        await pilot.press("right")
        assert not viewer.playing
        await pilot.press("backslash")
        assert viewer.span is None

    watch(show, hands)


def test_notes_and_keys_lie_on_the_bar(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        assert viewer.state is not None
        first, last = viewer.state.first, viewer.state.last
        viewer.annotate(notes=((first + 4, first + 10),), keys=(first, last))
        bar = status(viewer)
        assert "▔▔▔" in bar and bar.count("◆") == 2
        viewer.annotate(notes=())
        assert "▔" not in status(viewer) and "◆" in status(viewer)

    watch(show, hands)


def test_where_it_plays_is_told_a_few_times_a_second(show: Show) -> None:
    """Every settled frame once; while playing at most some five a second, so that nothing else redraws at 25."""
    told: list[int] = []

    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        original = viewer.post_message

        def counted(message: object) -> bool:
            if isinstance(message, Player.Shown):
                told.append(message.frame)
            return original(message)  # type: ignore[arg-type]

        viewer.post_message = counted  # type: ignore[method-assign,assignment]
        await pilot.press("right")
        await stands(app, pilot, viewer, viewer.frame)
        await until(pilot, lambda: told == [viewer.frame])
        loop = asyncio.get_running_loop()
        await pilot.press("space")
        start, before = loop.time(), wire.count
        await until(pilot, lambda: wire.count > before + 25)
        assert len(told) - 1 <= 6 * (loop.time() - start) + 1
        assert app.place.frame in told

    watch(show, hands)


# colour


@pytest.mark.parametrize(
    ("keys", "view", "says"),
    [
        (("equals_sign", "equals_sign"), View(exposure=0.5), "+0.5 stop"),
        (("minus",), View(exposure=-0.25), "-0.25 stop"),
        (("greater_than_sign",), View(gamma=1.1), "gamma 1.1"),
        (("less_than_sign",), View(gamma=0.9), "gamma 0.9"),
        (("r",), View(channel="r"), "red"),
        (("g",), View(channel="g"), "green"),
        (("b",), View(channel="b"), "blue"),
        (("A",), View(channel="a"), "alpha"),
        (("Y",), View(channel="luma"), "luma"),
        (("m",), View(matte="figure"), "matte figure"),
    ],
)
def test_a_look_changes_the_picture_and_zero_brings_it_back(
    show: Show, keys: tuple[str, ...], view: View, says: str
) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press(*keys)
        wanted = expected(show, viewer, view)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))
        assert says in status(viewer)
        await pilot.press("0")
        plain = expected(show, viewer)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), plain))
        assert says not in status(viewer)

    watch(show, hands)


def test_the_plate_says_that_it_has_no_matte(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("left_curly_bracket", "m")
        await until(pilot, lambda: "no matte" in said(app))

    watch(show, hands)


# zoom, pan, probe, box


def test_one_to_one_is_the_pictures_own_pixels_and_pan_moves_over_them(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        assert viewer.source is not None
        await pilot.press("asterisk")
        whole = show.viewer.seen(viewer.source, viewer.frame)
        await until(pilot, lambda: viewer.where is not None and (viewer.where.width, viewer.where.height) == SIZE)
        where = viewer.where
        assert where is not None and viewer.picture.canvas is not None
        rows = slice(where.top, where.top + 4)
        assert np.array_equal(viewer.picture.canvas[rows, where.left : where.left + SIZE[0]], whole[:4])
        assert "1:1" in status(viewer)
        await pilot.press("0", "plus", "plus")
        await until(pilot, lambda: viewer.framing.name == "4×" and viewer.where is not None and viewer.where.left < 0)
        left, top = viewer.where.left, viewer.where.top  # type: ignore[union-attr]
        await pilot.press("L", "J")
        assert viewer.where is not None and viewer.where.left < left and viewer.where.top < top
        await pilot.press(*["H"] * 40, *["K"] * 40)
        assert (viewer.where.left, viewer.where.top) == (0, 0)
        await pilot.press("underscore", "underscore", "underscore")
        assert viewer.framing.name == ""

    watch(show, hands)


def test_the_probe_says_what_the_core_measures(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("m", "apostrophe", "L", "L", "J")
        assert viewer.cross is not None and viewer.shot is not None and viewer.shot.plate is not None
        x, y = pixel_of(viewer.cross, viewer.shot.plate)
        assert viewer.source is not None
        probe = show.viewer.probe(viewer.source, viewer.frame, x, y, View(matte="figure"))
        words = probe_text(probe, viewer.scrub.size.width)
        assert words.startswith(f"{x},{y}  linear ") and "file" in words and "matte" in words
        await until(pilot, lambda: words in status(viewer))
        assert viewer._probe == probe and probe.matte is not None
        await pilot.press("equals_sign")
        brighter = show.viewer.probe(viewer.source, viewer.frame, x, y, View(exposure=0.25, matte="figure"))
        await until(pilot, lambda: viewer._probe == brighter != probe)
        await pilot.press("escape")
        assert viewer.cross is None and app.screen is cut(app)

    watch(show, hands)


def test_a_box_is_set_by_keys_drawn_and_cleared(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        await pilot.press("apostrophe", "enter", *["L"] * 8, *["J"] * 6, "enter")
        box = viewer.box
        assert box is not None and box[0] < box[2] and box[1] < box[3] and viewer.where is not None
        await pilot.press(*["L"] * 9)
        canvas, plain = viewer.picture.canvas, expected(show, viewer)
        assert canvas is not None
        for corner in (box[:2], box[2:]):
            x, y = viewer.where.spot(*corner)
            assert not np.array_equal(canvas[y, x], plain[y, x])
        await pilot.press("escape")
        assert viewer.box is None and viewer.cross is not None
        await pilot.press("escape")
        wanted = expected(show, viewer)
        await until(pilot, lambda: np.array_equal(on_wire(app, wire, viewer), wanted))

    watch(show, hands)


def test_the_mouse_scrubs_points_and_boxes(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        before = viewer.frame
        await pilot._post_mouse_events([_wheel(1)], viewer.picture, (5, 5))
        await stands(app, pilot, viewer, before + 1)
        width = viewer.scrub.size.width
        await pilot.click(viewer.scrub, offset=(width // 2, 0))
        middle = viewer.frame
        await pilot.click(viewer.scrub, offset=(width - 14, 0))
        assert viewer.frame > middle
        await pilot.press("apostrophe")
        assert viewer.where is not None
        await pilot.mouse_down(viewer.picture, offset=(20, 8))
        await pilot.hover(viewer.picture, offset=(30, 12))
        await pilot.mouse_up(viewer.picture, offset=(30, 12))
        assert viewer.box is not None
        x, y = viewer.where.spot(*viewer.box[2:])
        assert (x, y) == (30, 24)
        await pilot.press("escape", "escape", "plus", "plus")
        await until(pilot, lambda: viewer.where is not None and viewer.where.left < 0)
        left = viewer.where.left
        await pilot.mouse_down(viewer.picture, offset=(30, 8))
        await pilot.hover(viewer.picture, offset=(20, 8))
        await pilot.mouse_up(viewer.picture, offset=(20, 8))
        assert viewer.where is not None and viewer.where.left == left - 10

    watch(show, hands)


def _wheel(by: int) -> type:
    from textual import events

    return events.MouseScrollDown if by > 0 else events.MouseScrollUp


# what the cut does with it


def test_layers_path_cut_and_the_plate_beside(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hands(app: Screens, pilot: Pilot[None], viewer: Viewer, wire: Wire) -> None:
        room = cut(app)
        names = []
        for _ in range(4):
            await pilot.press("t")
            assert viewer.source is not None
            names.append(viewer.source.name)
        assert names == ["plate", "v001/figure", "v001", "plate"]
        await pilot.press("T")
        assert viewer.source is not None and viewer.source.name == "v001"
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        for name in ("TMUX", "DISPLAY", "WAYLAND_DISPLAY"):
            app.desk.env = {key: value for key, value in app.desk.env.items() if key != name}
        await pilot.press("y")
        await until(pilot, lambda: bool(copied))
        frames = show.viewer.frames_of(viewer.source)
        path, _, numbers = copied[0].rpartition(" ")
        assert Path(path % frames.first).exists() and numbers == str(frames)
        await pilot.press("O")
        await until(pilot, lambda: "PATH" in said(app) or "display" in said(app) or "Opened" in said(app))
        assert room.has_class("beside") and room.plate.source == Source(SHOT)
        await pilot.press("space")
        await until(pilot, lambda: room.plate.playing)
        assert room.plate.state.since == viewer.state.since  # type: ignore[union-attr]
        await pilot.press("space", "B")
        assert not room.has_class("beside")
        await pilot.press("X")
        await until(pilot, lambda: room.cut_feed is not None and viewer.playing and viewer.shown is not None)
        await until(pilot, lambda: "the cut" in str(viewer.border_title) and SHOT in str(viewer.border_title))
        assert room.strip.here == SHOT
        assert room.judged() == ((SHOT, room.now_playing.source.version),)  # type: ignore[union-attr]
        await pilot.press("X")
        assert viewer.source == Source(SHOT, "v001") and room.cut_feed is None

    watch(show, hands, (200, 60))


def test_on_a_narrow_terminal_tab_changes_between_list_and_picture(show: Show) -> None:
    async def hands(app: Screens, pilot: Pilot[None]) -> None:
        room = cut(app)
        await until(pilot, lambda: room.viewer.source is not None)
        assert room.has_class("narrow") and not room.viewer.region
        await pilot.press("tab")
        await until(pilot, lambda: room.viewer.picture.canvas is not None and app.focused is room.viewer)
        assert not room.list.region
        await pilot.press("tab")
        await until(pilot, lambda: bool(room.list.region))

    begin(show)
    drive(show, hands, (80, 24))


# stills by the terminal's own protocol


@pytest.mark.parametrize(("graphics", "sign"), [("kitty", b"\x1b_G"), ("iterm2", b"\x1b]1337"), ("sixel", b"\x1bP0;1")])
def test_a_standing_picture_is_sent_sharp_and_taken_away_before_anything_else(
    show: Show, graphics: str, sign: bytes
) -> None:
    async def run(app: Screens, pilot: Pilot[None]) -> None:
        from tui.video.terminal import Terminal

        sent: list[bytes] = []
        wire = Wire((120, 35))
        wire.write = lambda data: sent.append(data) if data else None  # type: ignore[method-assign]
        app.terminal, app.line, viewer = Terminal(graphics=graphics, cell=(8, 16)), wire, cut(app).viewer  # type: ignore[assignment,arg-type]
        await until(pilot, lambda: viewer.source is not None)
        viewer.focus()
        await until(pilot, lambda: viewer.shown == viewer.frame and viewer.picture.canvas is not None)
        await pilot.press("right")
        await until(pilot, lambda: any(sign in data for data in sent) and graphics in status(viewer))
        sent.clear()
        await pilot.press("right")
        await until(pilot, lambda: any(sign not in data and b"\xe2\x96\x80" in data for data in sent))
        if graphics == "kitty":
            assert b"a=d" in sent[0]
        await until(pilot, lambda: any(sign in data and b"a=d" not in data for data in sent))
        sent.clear()
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not cut(app))
        assert [data for data in sent if b"a=d" in data] == sent and bool(sent) is (graphics == "kitty")

    begin(show)
    drive(show, run)


# a real terminal


@pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed")
def test_after_frames_that_played_the_pane_shows_the_frame(show: Show, tmp_path: Path) -> None:
    import re

    pane = Tmux(tmp_path, show)
    try:
        pane.until(SHOT, "▀")
        pane.keys("Tab", "Space")
        pane.until("▶", "kB/frame")
        pane.keys("Space")
        pane.until("half-block")
        source = Source(SHOT, "v001")

        def off() -> float:
            shown = re.search(r" (\d{4})  ├", pane.screen())
            rows = [_cells(line) for line in pane.screen("-e").splitlines()]
            canvas = [[cell for cell in row if cell] for row in rows]
            picture = [row for row in canvas if len(row) > 20]
            if shown is None or not picture:
                return 255.0
            pixels = np.array([half for row in picture for half in ([c[0] for c in row], [c[1] for c in row])], int)
            seen = FrameFeed(show.viewer, source, pixels.shape[1::-1]).get(int(shown[1]))  # type: ignore[arg-type]
            from tui.present.framing import Framing

            wanted = composed(seen, Framing(), pixels.shape[1::-1])[0]  # type: ignore[arg-type]
            return float(np.abs(pixels - wanted).max())

        from tests.lines import wait_for

        wait_for(lambda: "kB/frame" not in pane.screen() and off() == 0, lambda: str(off()))
    finally:
        pane.close()


def _cells(line: str) -> list[tuple[tuple[int, int, int], tuple[int, int, int]] | None]:
    """The half-blocks of a captured line: upper and lower colour."""
    import re

    found, pen = [], {"38": (0, 0, 0), "48": (0, 0, 0)}
    for codes, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b])", line):
        if text:
            found.append((pen["38"], pen["48"]) if text == "▀" else None)
        for kind, red, green, blue in re.findall(r"([34]8);2;(\d+);(\d+);(\d+)", codes):
            pen[kind] = (int(red), int(green), int(blue))
    return found  # type: ignore[return-value]
