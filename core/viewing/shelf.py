"""What can be looked at of a show, and its pictures as their files hold them."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.cut.shot import Plate, Shot, read_shot
from core.errors import MediaError, ShowError
from core.files import one_line
from core.frames import FrameRange
from core.layout import Layout, Settings, version_number
from core.viewing.view import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.colour import Colour
    from core.media.read import Reader
    from core.recipe.model import Recipe
    from core.viewing.kept import KeptSteps

    Picture = NDArray[np.float32]

HELD = 384 << 20
"""Bytes of decoded pictures that are kept."""
_OPEN = 3
"""Plates, and versions with kept steps, that are kept open."""
_VERSION = re.compile(r"v\d{3,6}")


class Shelf:
    """The pictures of one show. May be called from any thread: one lock, one picture at a time.

    Threads that are to work at once each need one of their own. What was decoded last is kept (`HELD`), and plates stay
    open, so that stepping does not begin anew.
    """

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self.layout = layout
        self.settings = settings
        self._lock = threading.RLock()
        self._held: OrderedDict[tuple[Source, int], tuple[Picture, str]] = OrderedDict()
        self._shots: dict[str, tuple[int, Shot]] = {}
        self._recipes: dict[tuple[str, str], Recipe] = {}
        self._plates: OrderedDict[tuple[str, str], Reader] = OrderedDict()
        self._kept: OrderedDict[tuple[str, str], KeptSteps] = OrderedDict()

    @cached_property
    def colour(self) -> Colour:
        """The show's colour config. Raises MediaError."""
        from core.media.colour import Colour

        return Colour(self.settings.colour_config)

    def close(self) -> None:
        """Let go of pictures and open media; the next call opens them again."""
        with self._lock:
            for plate in self._plates.values():
                plate.close()
            for steps in self._kept.values():
                steps.close()
            self._plates.clear()
            self._kept.clear()
            self._held.clear()

    # what there is

    def shot(self, shot: str) -> Shot:
        """The shot as its text says now. Raises ShowError."""
        path = self.layout.shot(shot)
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            raise ShowError(f"There is no shot {one_line(shot)!r}.", where=str(path)) from None
        with self._lock:
            if self._shots.get(shot, (0, None))[0] != changed:
                self._shots[shot] = (changed, read_shot(path))
                self._forget(Source(shot))
            return self._shots[shot][1]

    def plate(self, shot: str) -> Plate:
        """The shot's plate. Raises MediaError where it has none."""
        found = self.shot(shot)
        if found.plate is None:
            raise MediaError(
                f"{found.id} has no plate: {one_line(found.missing)}.",
                todo="Bring the media back where the cut names them.",
            )
        return found.plate

    def recipe(self, shot: str, version: str) -> Recipe:
        """A version's recipe, read once. Raises ShowError where there is none, RecipeError."""
        from core.recipe.text import parse

        with self._lock:
            if (shot, version) not in self._recipes:
                path = self.layout.recipe(shot, version)
                try:
                    text = path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    what = f"The recipe of {shot} {version} cannot be read: {one_line(str(error))}."
                    raise ShowError(what, where=str(path), todo="Run `rushes verify`.") from error
                self._recipes[shot, version] = parse(text, str(path))
            return self._recipes[shot, version]

    def sources(self, shot: str) -> tuple[Source, ...]:
        """What can be looked at of a shot: the plate, then for each version its master, layers and kept steps.

        Whether a step's picture is still kept for a frame is known when it is read. Raises ShowError, RecipeError.
        """
        plates = [Source(shot)] if self.shot(shot).plate is not None else []
        names = (path.stem for path in self.layout.shot(shot).parent.glob("v*.toml"))
        versions = sorted(filter(_VERSION.fullmatch, names), key=version_number)
        return (*plates, *(source for version in versions for source in self._of_version(shot, version)))

    def _of_version(self, shot: str, version: str) -> Iterator[Source]:
        recipe = self.recipe(shot, version)
        yield Source(shot, version)
        kept = [step.name for step in recipe.step if step.keep and step.name != recipe.final]
        for name in dict.fromkeys((*recipe.output.layers, *kept)):
            yield Source(shot, version, name)

    def frames_of(self, source: Source) -> FrameRange:
        """The shot frames of a source: of a still the shot's range, of a job what is rendered so far.

        Raises MediaError, ShowError: there is no such source.
        """
        if source.job:
            numbers = [int(path.name.split(".")[-2]) for path in self._of_job(source, "*")]
            if not numbers:
                raise MediaError(f"Nothing of {source.shot} {source.name} is rendered yet.")
            return FrameRange(min(numbers), max(numbers))
        if source.version:
            return self.recipe(source.shot, source.version).frames
        plate = self.plate(source.shot)
        return self.shot(source.shot).range if plate.kind == "still" else plate.frames

    def has(self, source: Source, frame: int) -> bool:
        """Whether a version's or job's frame is on this machine, as far as its file tells."""
        return self.file(source, frame).exists()

    def file(self, source: Source, frame: int) -> Path:
        """Where a frame of a version's master or layer, or of a job's, lies or would lie."""
        if source.job:
            found = sorted(self._of_job(source, f"{frame:04d}"))
            return (
                found[0] if found else self.layout.preview(source.shot, source.job) / f"{_stem(source)}.{frame:04d}.exr"
            )
        suffix = f".{self.recipe(source.shot, source.version).output.master.format}"
        return self.layout.frame(source.shot, source.version, frame, source.picture, suffix)

    def _of_job(self, source: Source, frame: str) -> Iterator[Path]:
        found = self.layout.preview(source.shot, source.job).glob(f"{_stem(source)}.{frame}.*")
        return (path for path in found if path.name.split(".")[-2].isdigit())

    # the pictures

    def read(self, source: Source, frame: int) -> tuple[Picture, str]:
        """The picture as (H, W, C) float32, read-only, and the colour space it is in; empty for data (a matte).

        Raises:
            MediaError: it is not on this machine or not kept, or cannot be decoded. ShowError: no such source.
        """
        self.shot(source.shot)  # a shot whose text changed forgets its plate's pictures
        with self._lock:
            if (source, frame) not in self._held:
                picture, space = self._decoded(source, frame)
                picture.setflags(write=False)
                space = "" if picture.shape[-1] == 1 and (source.version or source.job) else space
                self._held[source, frame] = picture, space
                while sum(held.nbytes for held, _ in self._held.values()) > HELD and len(self._held) > 1:
                    self._held.popitem(last=False)
            self._held.move_to_end((source, frame))
            return self._held[source, frame]

    def _decoded(self, source: Source, frame: int) -> tuple[Picture, str]:
        from core.media.image import read_picture

        if not (source.version or source.job):
            plate = self.plate(source.shot)
            if source.picture:
                what = f"The plate of {source.shot} holds no picture {one_line(source.picture)!r}."
                raise ShowError(what, todo=f"Name the version too, as in v003/{one_line(source.picture)}.")
            return self._reader(plate).read(plate.index(frame)), plate.colour
        if source.version and not self._is_written(source):
            return self._steps(source).read(source.picture, frame), self.settings.working_space
        path = self.file(source, frame)
        if not path.exists():
            raise MediaError(
                f"Frame {frame} of {source.shot} {source.name} is not on this machine.",
                where=str(path),
                todo=f"Copy it here, or see how far it is: rushes versions {source.shot}, rushes queue.",
            )
        header, picture = read_picture(path)
        return picture, self.recipe(
            source.shot, source.version
        ).output.master.colour if source.version else header.colour

    def _is_written(self, source: Source) -> bool:
        """Whether a version's picture has files of its own; else it is a step. Raises ShowError for no such picture."""
        recipe = self.recipe(source.shot, source.version)
        if not source.picture or source.picture in recipe.output.layers:
            return True
        steps = {step.name: step for step in recipe.step}
        if source.picture not in steps or not steps[source.picture].keep:
            names = ", ".join(found.name for found in self._of_version(source.shot, source.version))
            raise ShowError(
                f"{source.version} of {source.shot} has no picture {one_line(source.picture)!r} that is kept.",
                todo=f"There are: {names}.",
            )
        return False

    def _reader(self, plate: Plate) -> Reader:
        from core.media.read import Reader

        key = (plate.path, plate.layer)
        if key not in self._plates:
            self._plates[key] = Reader(self.layout.find(plate.path), layer=plate.layer)
            if len(self._plates) > _OPEN:
                self._plates.popitem(last=False)[1].close()
        self._plates.move_to_end(key)
        return self._plates[key]

    def _steps(self, source: Source) -> KeptSteps:
        from core.history.record import read_record
        from core.viewing.kept import KeptSteps

        key = (source.shot, source.version)
        if key not in self._kept:
            path = self.layout.record(*key)
            if not path.exists():
                raise MediaError(
                    f"The steps of {source.version} can be looked at when it is complete.", where=str(path),
                    todo=f"See how far it is: rushes versions {source.shot}.",
                )  # fmt: skip
            environment = read_record(path.read_bytes(), str(path)).environment
            shot, recipe = self.shot(source.shot), self.recipe(*key)
            self._kept[key] = KeptSteps(self.layout, self.settings, self.colour, shot, recipe, environment)
            if len(self._kept) > _OPEN:
                self._kept.popitem(last=False)[1].close()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _forget(self, plate: Source) -> None:
        for key in [key for key in self._held if key[0] == plate]:
            del self._held[key]


def _stem(source: Source) -> str:
    return f"{source.shot}_{source.item:03d}" + (f"_{source.picture}" if source.picture else "")
