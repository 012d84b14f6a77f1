"""What is compared, and two pictures of a shot in one: side by side, wiped, subtracted, mixed. Asked in threads."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from core.viewing.view import Source, View
from tui.app.widgets.feeds import Frames, square_size
from tui.present.compare import sensible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.cut.shot import Shot
    from core.media.measure import Difference
    from core.recipe.changes import Change
    from core.rows import VersionRow
    from tui.app.desk import Desk
    from tui.present.compare import Mode

    Seen = NDArray[np.uint8]

GAP = 2
"""Columns between two pictures side by side."""
GROUND = 18
"""The grey between them, and in place of a picture that is not there."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared: read in a thread, whole."""

    shot: Shot
    rate: Fraction
    rows: tuple[VersionRow, ...]
    a: str
    """Empty: the plate."""
    b: str
    changes: tuple[Change, ...]
    lacks: tuple[frozenset[int], frozenset[int]]
    """Frames of the shot that A and B have no picture of."""

    @property
    def common(self) -> list[int]:
        return [frame for frame in self.shot.range if not any(frame in lacks for lacks in self.lacks)]

    @property
    def order(self) -> list[str]:
        """What the keys go through: the plate, then the versions, oldest first."""
        return [*([""] if self.shot.plate else []), *(row.version for row in self.rows)]


class Pair:
    """A and B of a shot. One a screen: what was read of them serves every way of looking at both."""

    def __init__(self, desk: Desk, shot: Shot, a: Source, b: Source) -> None:
        self.desk, self.shot, self.sources = desk, shot, (a, b)
        self.a, self.b = (Frames(desk, source, View()) for source in self.sources)

    def both(self, frame: int, size: tuple[int, int]) -> tuple[Seen, Seen]:
        return self.a.get(frame, size), self.b.get(frame, size)

    def whole(self, frame: int) -> tuple[Seen, Seen]:
        """Both as they are seen, pixel by pixel: a proxy's own faults are no difference."""
        viewer = self.desk.show.viewer
        return viewer.seen(self.sources[0], frame), viewer.seen(self.sources[1], frame)


class PairFeed:
    """A pair looked at in one way. `amount`: place of the wipe's line, gain of the difference, share of B."""

    def __init__(self, pair: Pair, mode: Mode, amount: float) -> None:
        self.pair, self.mode, self.amount = pair, mode, amount
        width, height = square_size(pair.shot.plate)
        self.name, self.frames = f"{mode} of {pair.shot.id}", pair.shot.range
        self.size = (2 * width, height) if mode == "side" else (width, height)

    def get(self, frame: int, columns: int, pixel_rows: int) -> Seen:
        """See `Feed`. Raises MediaError: a picture is not there; where both are laid over each other, sizes differ."""
        from core.viewing import compare

        size = (columns, pixel_rows)
        if self.mode == "a":
            return self.pair.a.get(frame, size)
        if self.mode == "b":
            return self.pair.b.get(frame, size)
        if self.mode == "side":
            return self._side(frame, (max(1, (columns - GAP) // 2), pixel_rows))
        if self.mode == "difference":
            return self._difference(frame, size)
        mix = compare.wipe if self.mode == "wipe" else compare.overlay
        return mix(*self.pair.both(frame, size), self.amount)

    def _side(self, frame: int, size: tuple[int, int]) -> Seen:
        """Both, each whole in its half; where one is missing the other stands alone. Raises MediaError: both are."""
        import numpy as np

        from core.errors import MediaError

        found: list[Seen | None] = []
        why: list[MediaError] = []
        for frames in (self.pair.a, self.pair.b):
            try:
                found.append(frames.get(frame, size))
            except MediaError as error:
                found.append(None)
                why.append(error)
        there = [seen for seen in found if seen is not None]
        if not there:
            raise why[0]
        height, half = max(seen.shape[0] for seen in there), max(seen.shape[1] for seen in there)
        canvas = np.full((height, 2 * half + GAP, 3), GROUND, np.uint8)
        for seen, left in zip(found, (0, half + GAP), strict=True):
            if seen is not None:
                top, inset = (height - seen.shape[0]) // 2, left + (half - seen.shape[1]) // 2
                canvas[top : top + seen.shape[0], inset : inset + seen.shape[1]] = seen
        return canvas

    def _difference(self, frame: int, size: tuple[int, int]) -> Seen:
        from core.media.proxy import scaled
        from core.viewing.compare import difference
        from core.viewing.playback import fitted

        apart = difference(*self.pair.whole(frame), self.amount)
        plate = self.pair.shot.plate
        aspect = float(plate.pixel_aspect) if plate else 1.0
        return scaled(apart, fitted(apart.shape[1] * aspect, apart.shape[0], size))


def sides_of(desk: Desk, shot: str, b: str, a: str | None) -> Sides:
    """What is compared. `a` None: what makes sense beside `b`, which where it is empty is then the newest version.

    Raises ShowError, RecipeError.
    """
    from core.errors import ShowError

    show = desk.show
    found, rows = show.shot(shot), tuple(show.versions(shot))
    if not rows:
        raise ShowError(f"{found.id} has no version to compare yet.", todo="e writes its recipe, R generates it.")
    two = b or (rows[-1].version if a is None else "")
    one = sensible(rows, two) if a is None else a
    told = show.changes(found.id, one, two) if one and two else ()
    rate = found.plate.rate if found.plate else show.settings.rate
    lacks = (_lacks(desk, found, one), _lacks(desk, found, two))
    return Sides(found, rate, rows, one, two, told, lacks)


def _lacks(desk: Desk, shot: Shot, version: str) -> frozenset[int]:
    if not version:
        return frozenset(frame for frame in shot.range if shot.plate is None or frame not in shot.plate.frames)
    viewer, source = desk.show.viewer, Source(shot.id, version)
    there = viewer.frames_of(source)
    return frozenset(frame for frame in shot.range if frame not in there or not viewer.has(source, frame))


def measured(desk: Desk, sides: Sides, frame: int) -> tuple[Difference, str]:
    """How A and B differ at a frame, and in which values: those of the files; where these are not of one colour space,
    those that are seen. Raises MediaError.
    """
    from core.viewing.compare import numbers

    viewer, shot = desk.show.viewer, sides.shot.id
    (one, space), (two, other) = (viewer.read(Source(shot, version), frame) for version in (sides.a, sides.b))
    if space == other:
        return numbers(one, two), "file values"
    return numbers(viewer.shown(one, space, shot), viewer.shown(two, other, shot)), "as seen"
