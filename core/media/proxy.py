"""[av, PIL] Small all-intra movies for looking at: written from a view, read frame by frame at the size of a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError
from core.files import one_line
from core.media import yuv
from core.media.info import SRGB
from core.media.listing import explained_reading, opened_movie, picture_stream
from core.media.movie_out import MovieWriter
from core.media.read import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]
    Seen = NDArray[np.uint8]


def write_proxy(
    source: Reader, indexes: Iterable[int], out: Path, *, view: Callable[[Picture], Picture], rate: Fraction,
    height: int = 270, tick: Callable[[int], None] = lambda index: None,
) -> Path:  # fmt: skip
    """Write a small all-intra movie for looking at, in sRGB, with square pixels and no more than `height` lines.

    Args:
        indexes: media indexes, ascending; each becomes the next frame.
        view: from the source's own picture to (H, W, 3) sRGB in 0…1 (`Colour.view` with the plate's space).
        tick: called before each frame; may raise to stop.

    Raises:
        MediaError: a frame cannot be read. DiskFull, Broken: it cannot be written. Nothing is left behind.
    """
    info = source.info
    lines = max(2, min(height, info.height) // 2 * 2)
    width = max(2, round(lines * info.width * info.pixel_aspect / info.height / 2) * 2)
    with MovieWriter(out, (width, lines), rate, "proxy", colour=SRGB) as movie:
        for index, picture in source.stream(indexes):
            tick(index)
            movie.add(_shrunk(view(picture), (width, lines)))
    return out


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    import numpy as np
    from PIL import Image

    if picture.shape[1::-1] == size:
        return picture
    planes = [
        Image.fromarray(np.ascontiguousarray(picture[..., n])).resize(size, Image.Resampling.BOX) for n in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)


class Proxy:
    """A proxy, open. A context manager; not thread-safe. Any frame is a seek away, the next one is decoded on.

    Raises MediaError on construction: missing, damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with ExitStack() as stack:
            self._container = stack.enter_context(opened_movie(path))
            self._stream = picture_stream(self._container, path)
            self._stack = stack.pop_all()
        self._stream.thread_type = "NONE"  # threads would decode ahead what a jump throws away
        self._step = 1 / (self._stream.average_rate * self._stream.time_base)
        self._frames: Iterator[Any] = iter(())
        self._next = -1
        self.size: tuple[int, int] = (self._stream.width, self._stream.height)
        """Width, height; pixels are square."""
        self.count: int = self._stream.frames

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def read(self, number: int, size: tuple[int, int]) -> Seen:
        """Frame `number` (from 0) at `size` (width, height), averaged over the area: (height, width, 3) uint8 sRGB.

        swscale only makes the planes smaller; the colours are `yuv`'s, so that white is 255. Raises MediaError.
        """
        import numpy as np

        with explained_reading(self.path):
            if number != self._next:
                self._container.seek(round(number * self._step), stream=self._stream)
                self._frames = self._container.decode(self._stream)
            frame = next(self._frames, None)
            self._next = number + 1
            if frame is None or frame.pts != round(number * self._step):
                self._next = -1
                raise MediaError(
                    f"The proxy has no frame {number}.", where=one_line(str(self.path)),
                    todo="Remove the file, then make it again: rushes proxies.",
                )  # fmt: skip
            small = frame.reformat(*size, "yuv444p", interpolation="AREA")
        planes = [np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width] for plane in small.planes]
        return to_bytes(yuv.decode(planes, yuv.Coding(8)))


def to_bytes(picture: Picture) -> Seen:
    """Display values 0…1 as 8 bits, rounded; what lies beyond is clipped."""
    import numpy as np

    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def scaled(picture: Seen, size: tuple[int, int]) -> Seen:
    """An (H, W, 3) uint8 picture at `size` (width, height), averaged over the area."""
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
