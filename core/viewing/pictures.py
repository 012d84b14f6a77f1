"""The pictures of a show as an eye sees them, and pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.cut.shot import Shot
from core.errors import BadInput, MediaError
from core.files import one_line
from core.viewing.shelf import Shelf
from core.viewing.view import Source, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.colour import Viewing
    from core.media.info import Alpha

    Picture = NDArray[np.float32]
    Seen = NDArray[np.uint8]

AS_SHOWN = View()
"""Nothing but what show and shot say."""
_LUMA = (0.2126, 0.7152, 0.0722)
_TINT = (1.0, 0.1, 0.1)


@dataclass(frozen=True, slots=True)
class Probe:
    """One pixel. NaN and Inf are what they are."""

    x: int
    y: int
    space: str
    """Of the values as in the file; empty: they are data (a matte)."""
    file: tuple[float, ...]
    working: tuple[float, ...]
    """Scene-linear in the show's working space, alpha premultiplied; of data the values themselves."""
    seen: tuple[int, int, int]
    """As a screen gets them, 8 bits."""
    matte: float | None = None
    """Of the matte that the view overlays."""


class Viewer(Shelf):
    """Pictures of one show as an eye sees them."""

    def seen(self, source: Source, frame: int, view: View = AS_SHOWN) -> Seen:
        """The picture as an eye sees it: (H, W, 3) uint8 for the show's display. Raises as `read` does."""
        with self._lock:
            picture, space = self.read(source, frame)
            matte = self._matte(source, frame, view, picture.shape[:2])
            return self._shown(picture, space, source.shot, view, matte)

    def probe(self, source: Source, frame: int, x: int, y: int, view: View = AS_SHOWN) -> Probe:
        """One pixel, counted from the left upper corner. Raises BadInput where it lies outside; else as `read`."""
        with self._lock:
            picture, space = self.read(source, frame)
            height, width = picture.shape[:2]
            if not (0 <= x < width and 0 <= y < height):
                raise BadInput(f"There is no pixel {x}, {y}.", todo=f"The picture has {width} x {height}.")
            matte = self._matte(source, frame, view, (height, width))
            here = (slice(y, y + 1), slice(x, x + 1))
            pixel, over = picture[here], None if matte is None else matte[here]
            working = self._working(pixel, space, source)
            seen = self._shown(pixel, space, source.shot, view, over)[0, 0]
        red, green, blue = (int(value) for value in seen)
        over_it = None if over is None else float(over[0, 0, 0])
        return Probe(x, y, space, _plain(pixel), _plain(working), (red, green, blue), over_it)

    def viewing(self, shot: str, view: View = AS_SHOWN) -> Viewing:
        """How a shot is looked at: what the show, the shot and the view say together.

        Raises:
            MediaError: its LUT is missing, or its CDL is not ten numbers. ShowError: there is no such shot.
        """
        from core.media.colour import Viewing

        found, settings = self.shot(shot), self.settings
        lut = self.layout.find(found.lut) if found.lut else None
        if lut is not None and not lut.is_file():
            raise MediaError(
                f"The LUT that {shot} is looked at through is missing.", where=one_line(str(lut)),
                todo="Bring it back, or empty `lut` in its shot.toml.",
            )  # fmt: skip
        cdl, file = _whole_cdl(found), str(lut or "")
        return Viewing(view.exposure, cdl, settings.cdl_space, settings.display, settings.view, file)

    def shown(self, picture: Picture, space: str, shot: str, view: View = AS_SHOWN) -> Picture:
        """A picture in `space` as an eye sees this shot: (H, W, 3) float32 in [0, 1], no matte. Raises MediaError."""
        import numpy as np

        with self._lock:
            how = self.viewing(shot, view)
            if view.channel == "a":
                alpha = picture[..., 3:4] if picture.shape[-1] == 4 else np.ones((*picture.shape[:2], 1), np.float32)
                return self.colour.view(alpha, space)
            values = self.colour.seen(picture, space, self.settings.working_space, how)
        if view.channel != "rgb":
            weights = _LUMA if view.channel == "luma" else [name == view.channel for name in "rgb"]
            values = np.repeat((values @ np.array(weights, np.float32))[..., None], 3, axis=-1)
        return values if view.gamma == 1 else values ** np.float32(1 / view.gamma)

    def _shown(self, picture: Picture, space: str, shot: str, view: View, matte: Picture | None) -> Seen:
        import numpy as np

        values = self.shown(picture, space, shot, view)
        if matte is not None:
            share = np.clip(np.nan_to_num(matte[..., :1]), 0, 1) * np.float32(0.5)
            values = values * (1 - share) + share * np.array(_TINT, np.float32)
        values *= 255  # a picture of our own: in place it takes half the time
        values += 0.5
        return values.astype(np.uint8)

    def _matte(self, source: Source, frame: int, view: View, shape: tuple[int, ...]) -> Picture | None:
        if not view.matte:
            return None
        matte, _ = self.read(source.beside(view.matte), frame)
        if matte.shape[:2] != shape:
            raise MediaError(
                f"The matte {one_line(view.matte)} is {_size(matte.shape)}, the picture {_size(shape)}.",
                todo="Choose a matte of the picture's size.",
            )
        return matte

    def _working(self, picture: Picture, space: str, source: Source) -> Picture:
        if not space:
            return picture
        plain = not (source.version or source.job)
        alpha: Alpha = self.plate(source.shot).alpha if plain else "premultiplied"
        return self.colour.to_working(picture, space, alpha, self.settings.working_space)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"


def _plain(pixel: Picture) -> tuple[float, ...]:
    return tuple(float(value) for value in pixel[0, 0])


def _whole_cdl(shot: Shot) -> tuple[float, ...]:
    """The shot's CDL. Raises MediaError where it is not ten numbers."""
    if len(shot.cdl) not in (0, 10):
        raise MediaError(
            f"The CDL of {shot.id} has {len(shot.cdl)} numbers.", where="shot.toml: cdl",
            todo="It takes ten: slope, offset and power (red, green, blue each), saturation. Or none: [].",
        )  # fmt: skip
    return shot.cdl
