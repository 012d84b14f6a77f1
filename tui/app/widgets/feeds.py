"""What viewers show: the pictures of one shot, and the cut as it plays. Asked in threads."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from core.viewing.view import Source, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.cut.shot import Plate, Shot
    from core.layout import Settings
    from core.viewing.cutplay import CutPlay
    from core.viewing.playback import FrameFeed
    from tui.app.desk import Desk

    Seen = NDArray[np.uint8]

FEW = 4 << 20
"""Bytes that a feed of frames keeps itself: the viewer keeps them at its size."""
_OPEN = 6
"""Shots of a cut that are kept open."""


class ShotFeed:
    """One picture of a shot, looked at in one way."""

    def __init__(self, desk: Desk, shot: Shot, source: Source, view: View) -> None:
        self.shot, self.source, self.view = shot, source, view
        self.name, self.frames, self.size = source.name, shot.range, square_size(shot.plate)
        self._frames = Frames(desk, source, view)

    def get(self, frame: int, columns: int, pixel_rows: int) -> Seen:
        return self._frames.get(frame, (columns, pixel_rows))


class CutFeed:
    """The cut: every frame of it is what is on top there, black in a gap."""

    def __init__(self, desk: Desk, play: CutPlay, size: tuple[int, int]) -> None:
        """`size`: of the first picture, in square pixels; gaps have its shape."""
        self.play, self.size, self.frames, self.name = play, size, play.frames, "cut"
        self._desk = desk
        self._open: OrderedDict[Source, Frames] = OrderedDict()

    def get(self, frame: int, columns: int, pixel_rows: int) -> Seen:
        import numpy as np

        from core.viewing.playback import fitted

        playing = self.play.at(frame)
        if playing is None:
            width, height = fitted(*self.size, (columns, pixel_rows))
            return np.zeros((height, width, 3), np.uint8)
        frames = self._open.setdefault(playing.source, Frames(self._desk, playing.source, View()))
        self._open.move_to_end(playing.source)
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        return frames.get(playing.frame, (columns, pixel_rows))


class Frames:
    """The frames of a source at whatever size is asked for."""

    def __init__(self, desk: Desk, source: Source, view: View) -> None:
        self._desk, self._source, self._view = desk, source, view
        self._feed: FrameFeed | None = None

    def get(self, frame: int, size: tuple[int, int]) -> Seen:
        from core.media.proxy import scaled
        from core.viewing.playback import FrameFeed, fitted

        plate = self._desk.show.viewer.shot(self._source.shot).plate
        if plate is not None and size[1] >= plate.height:  # pixel by pixel: a proxy's own faults have no place here
            seen = self._desk.show.viewer.seen(self._source, frame, self._view)
            return scaled(seen, fitted(seen.shape[1] * float(plate.pixel_aspect), seen.shape[0], size))
        if self._feed is None or self._feed.size != size:
            self._feed = FrameFeed(self._desk.show.viewer, self._source, size, self._view, FEW)
        return self._feed.get(frame)


def square_size(plate: Plate | None) -> tuple[int, int]:
    """A plate's width and height in square pixels; (0, 0) where there is none."""
    return (round(plate.width * plate.pixel_aspect), plate.height) if plate else (0, 0)


def pictures_of(desk: Desk, shot: str, version: str) -> tuple[tuple[str, ...], str, Settings]:
    """A version's pictures in the order in which they are made, the master (empty) last; its matte; the settings.

    The matte is the last picture that a matte operation made; empty where none is kept. Raises ShowError, RecipeError.
    """
    viewer = desk.show.viewer
    kept = {source.picture for source in viewer.sources(shot) if source.version == version and source.picture}
    steps = viewer.recipe(shot, version).step if version else ()
    mattes = [step.name for step in steps if step.op == "matte" and step.name in kept]
    names = tuple(step.name for step in steps if step.name in kept)
    return (*names, ""), mattes[-1] if mattes else "", desk.show.settings
