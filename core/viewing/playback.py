"""Frames for playing: of one source, at the size of a screen, from its proxy where there is one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from core.viewing.pictures import AS_SHOWN, Viewer
from core.viewing.proxies import proxy_of, range_of
from core.viewing.view import Source, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.proxy import Proxy

    Seen = NDArray[np.uint8]

LIMIT = 256 << 20
"""Bytes of scaled frames that a feed keeps."""


class FrameFeed:
    """One source's frames at one size and view. Any thread may ask: one fetches ahead while another shows.

    From the proxy where the view is what show and shot say, and the proxy is made and no smaller than what is asked
    for; else from the full pictures.
    """

    def __init__(
        self, viewer: Viewer, source: Source, size: tuple[int, int], view: View = AS_SHOWN, limit: int = LIMIT
    ) -> None:
        """`size`: the place for the picture in square pixels, width and height: of half-blocks columns and twice the
        rows. Raises MediaError, ShowError: there is no such source.
        """
        self.viewer, self.source, self.size, self.view = viewer, source, size, view
        self.frames = viewer.frames_of(source)
        plate = viewer.shot(source.shot).plate
        self._aspect = float(plate.pixel_aspect) if plate else 1.0
        self._still = plate is not None and plate.kind == "still" and source == Source(source.shot)
        self._proxy: Proxy | None = None
        self._looked = False
        self._limit, self._bytes = limit, 0
        self._held: OrderedDict[int, Seen] = OrderedDict()
        self._keeping, self._making = threading.Lock(), threading.Lock()

    def get(self, frame: int) -> Seen:
        """The frame as (h, w, 3) uint8 display values, whole in `size`; read-only. Raises as `Viewer.seen` does."""
        frame = self.frames.first if self._still else frame
        found = self._kept(frame)
        if found is None:
            with self._making:
                found = self._kept(frame)  # another thread may have made it meanwhile
                if found is None:
                    found = self._made(frame)
                    self._keep(frame, found)
        return found

    def has(self, frame: int) -> bool:
        """Whether `get` would answer at once."""
        with self._keeping:
            return (self.frames.first if self._still else frame) in self._held

    def close(self) -> None:
        """Let go of the proxy and of all frames; the next `get` begins anew, and finds a proxy made since."""
        with self._making, self._keeping:
            if self._proxy is not None:
                self._proxy.close()
            self._proxy, self._looked = None, False
            self._held.clear()
            self._bytes = 0

    def _made(self, frame: int) -> Seen:
        from core.media.proxy import Proxy, scaled

        if not self._looked:
            path = proxy_of(self.viewer, self.source) if self.view == AS_SHOWN else None
            self._proxy, self._looked = Proxy(path) if path is not None else None, True
        if self._proxy is not None:
            size, proxied = fitted(*self._proxy.size, self.size), range_of(self.viewer, self.source)
            if size[1] <= self._proxy.size[1] and frame in proxied:
                return self._proxy.read(frame - proxied.first, size)
        seen = self.viewer.seen(self.source, frame, self.view)
        return scaled(seen, fitted(seen.shape[1] * self._aspect, seen.shape[0], self.size))

    def _kept(self, frame: int) -> Seen | None:
        with self._keeping:
            if frame in self._held:
                self._held.move_to_end(frame)
            return self._held.get(frame)

    def _keep(self, frame: int, picture: Seen) -> None:
        picture.setflags(write=False)
        with self._keeping:
            self._held[frame] = picture
            self._bytes += picture.nbytes
            while self._bytes > self._limit and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1].nbytes


def fitted(width: float, height: float, size: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) of a picture's shape that lies in `size`, a pixel at least."""
    scale = min(size[0] / width, size[1] / height)
    return max(1, min(size[0], round(width * scale))), max(1, min(size[1], round(height * scale)))
