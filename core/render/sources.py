"""The pictures a render starts from: the plate, decoded ahead in a thread of its own, and a recipe's inputs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MediaError, RenderError
from core.files import one_line
from core.frames import ANCHOR, FrameRange
from core.ops.base import Format
from core.recipe.model import Material
from core.render.plan import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.cut.shots import Plate
    from core.media.colour import Colour
    from core.media.info import Alpha
    from core.media.read import Reader
    from core.render.tally import Tally

    Picture = NDArray[np.float32]


def to_working(raw: Picture, colour: Colour, space: str, working: str, alpha: Alpha) -> Picture:
    """A picture as its file holds it → (H, W, 3 or 4) float32 in the working space, alpha premultiplied.

    Grey becomes RGB; a fourth channel that the media declare no alpha is dropped.
    """
    import numpy as np

    picture = np.repeat(raw, 3, axis=-1) if raw.shape[-1] == 1 else raw
    if picture.shape[-1] == 4 and alpha == "none":
        picture = np.ascontiguousarray(picture[..., :3])
    return colour.to_working(picture, space, alpha, working)


def plate_digest(source: str, plate: Plate, working: str, colour: Colour) -> str:
    """The digest of a plate's frame: of its `source` (`Reader.digest`) and how it is read."""
    return digest([source, plate.colour, plate.alpha, plate.layer, working, colour.digest])


class Plates:
    """The plate's frames in the working space. Frames asked for with `want` and `send` are decoded in a thread."""

    def __init__(self, plate: Plate, path: Path, colour: Colour, working: str, tally: Tally) -> None:
        """Raises MediaError where the plate cannot be read or is not the size that shot.toml says."""
        from core.media.read import Reader

        colour.require(plate.colour, str(path))
        self.plate, self.path, self.colour, self.working, self.tally = plate, path, colour, working, tally
        self.reader = Reader(path, layer=plate.layer)
        info = self.reader.info
        if (info.width, info.height) != (plate.width, plate.height):
            raise MediaError(
                f"The plate is {info.width} x {info.height}; shot.toml says {plate.width} x {plate.height}.",
                where=one_line(str(path)), todo="Relink the plate, or bring the right media back.",
            )  # fmt: skip
        self.format = Format(plate.width, plate.height, 3 if plate.alpha == "none" else 4, plate.pixel_aspect)
        self._asked: list[tuple[int, Future[Picture]]] = []
        self._queue: queue.SimpleQueue[list[tuple[int, Future[Picture]]] | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._decoder = Reader(path, layer=plate.layer)
        self._still: Picture | None = None
        self._thread = threading.Thread(target=self._decode, name="decode", daemon=True)
        self._thread.start()

    def digest(self, frame: int) -> str:
        """Over the source of the frame and how it is read."""
        return plate_digest(self.reader.digest(self._index(frame)), self.plate, self.working, self.colour)

    def want(self, frame: int) -> Future[Picture]:
        """The frame to come, once `send` was called."""
        value: Future[Picture] = Future()
        self._asked.append((frame, value))
        return value

    def send(self) -> None:
        """Decode what was asked for, in ascending order."""
        self._queue.put(sorted(self._asked, key=lambda pair: pair[0]))
        self._asked = []

    def close(self) -> None:
        self._stop.set()
        self._queue.put(None)
        self._thread.join()
        self._decoder.close()
        self.reader.close()

    def _index(self, frame: int) -> int:
        if frame not in self.plate.frames:
            raise MediaError(
                f"The plate has no frame {frame}; it has {self.plate.frames}.", where=one_line(str(self.path)),
                todo="Change the recipe's range, or bring longer media.",
            )  # fmt: skip
        return self.plate.index(frame)

    def _decode(self) -> None:
        while (asked := self._queue.get()) is not None:
            for frame, value in asked:
                if self._stop.is_set():
                    return
                try:
                    with self.tally.stage("decode"):
                        value.set_result(self._read(frame))
                except BaseException as error:
                    value.set_exception(error)

    def _read(self, frame: int) -> Picture:
        if self._still is not None:
            return self._still
        raw = self._decoder.read(self._index(frame))
        picture = to_working(raw, self.colour, self.plate.colour, self.working, self.plate.alpha)
        if self.plate.kind == "still":
            self._still = picture
        return picture


class Materials:
    """A recipe's inputs by name: pictures in the working space, mattes and controls as the numbers they are.

    An image is the same at every frame. A sequence is numbered in shot frames; a movie's first frame lies on the
    plate's first. A matte is one channel: the alpha where there is one, else the first channel.
    """

    def __init__(
        self, inputs: tuple[Material, ...], paths: Mapping[str, Path], plate: Plate, colour: Colour, working: str,
        tally: Tally,
    ) -> None:  # fmt: skip
        """Raises MediaError for an input that is missing, cannot be read or has an unknown colour space."""
        from core.media.read import Reader

        self.colour, self.working, self.tally = colour, working, tally
        self._inputs = {material.name: material for material in inputs}
        self._readers: dict[str, Reader] = {}
        self._stills: dict[str, Picture] = {}
        self._offset = ANCHOR if plate.kind == "still" else plate.frames.first
        self._lock = threading.Lock()
        for name, material in self._inputs.items():
            if name not in paths:
                raise RenderError(f"The input `{name}` has no file here.", todo="Bring it back, or change the recipe.")
            if material.kind == "lut":
                continue
            self._readers[name] = Reader(paths[name], layer="" if material.kind == "version" else material.layer)
            self._space(name)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._inputs)

    def formats(self) -> dict[str, Format]:
        found = {}
        for name, reader in self._readers.items():
            info = reader.info
            channels = 1 if self._inputs[name].kind == "matte" else 3 if info.alpha == "none" else 4
            found[name] = Format(info.width, info.height, channels, info.pixel_aspect)
        return found

    def available(self, frames: FrameRange) -> FrameRange:
        """The part of `frames` that every sequence and movie among the inputs has."""
        for reader in self._readers.values():
            if reader.info.kind == "sequence":
                frames = frames.intersect(reader.info.frames)
            elif reader.info.kind == "movie":
                frames = frames.intersect(FrameRange(self._offset, self._offset + len(reader.info.frames) - 1))
        return frames

    def digest(self, name: str, frame: int) -> str:
        reader, material = self._reader(name), self._inputs[name]
        with self._lock:
            source = reader.digest(self._index(reader, frame))
        return digest([source, material.kind, material.layer, self._space(name), self.working, self.colour.digest])

    def read(self, name: str, frame: int) -> Picture:
        with self._lock, self.tally.stage("decode"):
            reader = self._reader(name)
            if reader.info.kind != "still":
                return self._picture(name, reader, frame)
            if name not in self._stills:
                self._stills[name] = self._picture(name, reader, frame)
            return self._stills[name]

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    def _picture(self, name: str, reader: Reader, frame: int) -> Picture:
        import numpy as np

        raw = reader.read(self._index(reader, frame))
        if self._inputs[name].kind == "matte":
            channel = 3 if reader.info.alpha != "none" else 0
            return np.ascontiguousarray(raw[..., channel : channel + 1])
        if self._inputs[name].kind == "control":
            return np.repeat(raw, 3, axis=-1) if raw.shape[-1] == 1 else np.ascontiguousarray(raw[..., :3])
        return to_working(raw, self.colour, self._space(name), self.working, reader.info.alpha)

    def _space(self, name: str) -> str:
        """The colour space an input is in: as the recipe says; a version's frames know their own."""
        material, reader = self._inputs[name], self._readers[name]
        if material.kind in ("matte", "control"):
            return ""
        space = reader.info.colour if material.kind == "version" else material.colour
        self.colour.require(space, f"input `{name}`")
        return space

    def _index(self, reader: Reader, frame: int) -> int:
        kind = reader.info.kind
        return 0 if kind == "still" else frame if kind == "sequence" else frame - self._offset

    def _reader(self, name: str) -> Reader:
        if name not in self._readers:
            raise RenderError(f"The input `{name}` is a LUT, not a picture.", todo="No step can read it as one.")
        return self._readers[name]
