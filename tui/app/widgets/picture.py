"""A canvas of half-blocks: one truth, drawn by the toolkit, or straight to the terminal where nothing lies over it.

The toolkit draws it as lines that become text only when they are written: by that the canvas knows what the terminal
shows of it. A line that something covers is cut up by the toolkit; what it shows is then unknown, and sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.video.pace import Budget, Palette

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.app.app import Screens
    from tui.video.cells import Cells, Encoded

    Canvas = NDArray[np.uint8]


class Picture(Widget):
    """A canvas as large as the widget, or a few words in its place."""

    DEFAULT_CSS = "Picture { height: 1fr; }"

    class Resized(Message):
        """It has another size: the canvas that is shown does not fit any more."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self._page: Page | None = None
        self._cells: Cells | None = None
        self._at = Offset()

    @property
    def room(self) -> tuple[int, int]:
        """Columns and pixel rows of a canvas."""
        return self.size.width, 2 * self.size.height

    @property
    def canvas(self) -> Canvas | None:
        """What is shown, (pixel rows, columns, 3) uint8; None: words."""
        return self._page.canvas if self._page is not None else None

    @property
    def palette(self) -> Palette:
        """Which colours this terminal has."""
        terminal = cast("Screens", self.app).terminal
        if terminal is not None:
            return terminal.palette
        if self.app.no_color:
            return "shades"
        return "truecolor" if self.app.console.color_system in ("truecolor", None) else "256"

    def say(self, words: str) -> None:
        """Show words in place of the picture."""
        self.words, self._page, self._cells = words, None, None
        self.refresh()

    def put(self, canvas: Canvas) -> None:
        """This is shown from now on, drawn by the toolkit when it next draws."""
        self.words, self._page = "", Page(self, canvas, self.palette)
        self.refresh()

    def draw(self, canvas: Canvas, budget: Budget) -> Encoded | None:
        """This is shown from now on. The bytes that bring the terminal towards it, to be written at once.

        None where it cannot be drawn past the toolkit: then the toolkit draws it.
        """
        from tui.video.cells import encode

        at = self.open_at()
        if at is None or self._page is None:  # words went before: the toolkit has to know that they are gone
            self.put(canvas)
            return None
        if at != self._at:
            self._at, self._cells = at, None
        self.words, self._page = "", Page(self, canvas, budget.palette)
        encoded = encode(canvas, self._cells, at, budget)
        self._cells = encoded.cells
        return encoded

    def forget(self) -> None:
        """What the terminal shows here is not known any more: the next picture is sent whole."""
        self._cells = None

    def open_at(self) -> Offset | None:
        """Where the canvas lies on the terminal; None: it is not on it whole, or something lies over it."""
        if not self.is_attached or self.app.screen is not self.screen or not self.size:
            return None
        visible = self.screen._compositor.visible_widgets  # front to back
        if self not in visible:
            return None
        region, clip = visible[self]
        if not clip.contains_region(region) or region.size != self.size:
            return None
        for widget, (other, _) in visible.items():
            if widget is self:
                return region.offset
            if other.overlaps(region):
                return None
        return None

    # what the toolkit asks for

    def on_resize(self) -> None:
        self._cells = None
        self.post_message(self.Resized())

    def render_lines(self, crop: Region) -> list[Strip]:
        page = self._page
        if page is None:
            return super().render_lines(crop)
        # A canvas of the size before a resize stands until the next one is there.
        here = range(min(crop.y, page.rows), min(crop.bottom, page.rows))
        lines: list[Strip] = [PictureLine(page, row) for row in here]
        lines += [Strip.blank(crop.right, self.rich_style)] * (crop.height - len(lines))
        return [line.crop_extend(crop.x, crop.right, self.rich_style) for line in lines]

    def render_line(self, y: int) -> Strip:
        from textwrap import wrap

        width, height = self.size
        lines = [part for line in self.words.splitlines() for part in (wrap(line, max(8, width - 2)) or [""])]
        at = y - (height - len(lines)) // 2
        text = lines[at] if 0 <= at < len(lines) else ""
        return Strip([Segment(text.center(width)[:width], self.rich_style)]).crop_extend(0, width, self.rich_style)

    def written(self, page: Page, row: int) -> None:
        """The toolkit has written a line of the canvas: the terminal shows it as it is."""
        import numpy as np

        from tui.video.cells import Cells

        if self._cells is None or self._cells.shown.shape != page.canvas.shape:
            self._cells = Cells(
                np.zeros_like(page.canvas), np.zeros((len(page.canvas) // 2, page.canvas.shape[1]), bool)
            )
        rows = slice(2 * row, 2 * row + 2)
        self._cells.shown[rows], self._cells.known[row] = page.ink[rows], True

    def covered(self, row: int) -> None:
        """The toolkit has cut a line of the canvas up: what the terminal shows of it is not known."""
        if self._cells is not None and row < len(self._cells.known):
            self._cells.known[row] = False


class Page:
    """A canvas as lines of text, made when the first of them is wanted."""

    def __init__(self, picture: Picture, canvas: Canvas, palette: Palette) -> None:
        self.picture, self.canvas, self.palette = picture, canvas, palette
        self._texts: list[str] = []
        self._ink: Canvas | None = None

    @property
    def rows(self) -> int:
        return len(self.canvas) // 2

    @property
    def texts(self) -> list[str]:
        """A line of cells each, colours and a reset included."""
        if not self._texts:
            from tui.video.cells import lines

            self._texts, cells = lines(self.canvas, Budget(palette=self.palette))
            self._ink = cells.shown
        return self._texts

    @property
    def ink(self) -> Canvas:
        """The canvas in the colours that the texts have."""
        assert self.texts and self._ink is not None
        return self._ink

    def segments(self, row: int) -> list[Segment]:
        """A line for whoever wants to cut it up."""
        if self.palette == "shades":
            return [Segment(self.texts[row].removesuffix("\x1b[0m"))]
        upper, lower = self.canvas[2 * row : 2 * row + 2].tolist()
        return [Segment("▀", _style(tuple(above), tuple(below))) for above, below in zip(upper, lower, strict=True)]


class PictureLine(Strip):
    """A line of a page. Written whole it is the page's text; its segments are made only where they are asked for."""

    __slots__ = ("_made", "_page", "_row")

    def __init__(self, page: Page, row: int) -> None:
        self._page, self._row = page, row
        self._made: list[Segment] | None = None
        super().__init__((), page.canvas.shape[1])

    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = self._page.segments(self._row)
            self._page.picture.covered(self._row)
        return self._made

    @_segments.setter
    def _segments(self, none: list[Segment]) -> None:
        """The toolkit's own lines begin with their segments; this one does not."""

    def render(self, console: Console) -> str:
        self._page.picture.written(self._page, self._row)
        return self._page.texts[self._row]


def _style(above: tuple[int, ...], below: tuple[int, ...]) -> Style:
    ink, ground = (Color.from_triplet(ColorTriplet(*half)) for half in (above, below))  # type: ignore[arg-type]
    return Style(color=ink, bgcolor=ground)
