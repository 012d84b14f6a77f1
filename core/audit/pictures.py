"""Two versions side by side with numbers, and one frame of every shot on a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.cut.shots import Shot
from core.errors import MediaError, ShowError
from core.files import one_line
from core.layout import Layout, Settings
from core.media.colour import Colour
from core.media.measure import Difference, compare
from core.media.read import Reader
from core.media.sheet import Cell, comparison, contact_sheet
from core.media.write import read_frame
from core.progress import Tick
from core.recipe.changes import Change

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FrameRow:
    frame: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two versions: per frame, over all, in the recipes, and the frame that differs most."""

    shot: str
    a: str
    b: str
    rows: tuple[FrameRow, ...]
    changes: tuple[Change, ...]
    picture: Path

    @property
    def mean(self) -> float:
        return sum(row.difference.mean for row in self.rows) / len(self.rows)

    @property
    def max(self) -> float:
        return max(row.difference.max for row in self.rows)

    @property
    def changed(self) -> float:
        return sum(row.difference.changed for row in self.rows) / len(self.rows)

    @property
    def ssim(self) -> float:
        return sum(row.difference.ssim for row in self.rows) / len(self.rows)


@dataclass(frozen=True, slots=True)
class Frames:
    """A version's master frames: where they lie (`%04d`) and the colour space they are in."""

    shot: str
    version: str
    pattern: str
    space: str

    def path(self, frame: int) -> Path:
        pattern = Path(self.pattern)
        return pattern.with_name(pattern.name % frame)

    def read(self, frame: int) -> NDArray[np.float32]:
        """(H, W, C) float32 in `space`. Raises MediaError where the frame is not there."""
        if not self.path(frame).exists():
            raise MediaError(
                f"Frame {frame} of {self.shot} {self.version} is not on this machine.",
                where=str(self.path(frame)),
                todo=f"Copy it here, or see how far the version is: rushes versions {self.shot}.",
            )
        return read_frame(self.path(frame))


class Viewer:
    """Pictures as an eye sees them: (H, W, 3) uint8 in sRGB, from a version's frames or the plate."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self.layout = layout
        self.settings = settings
        self.colour = Colour(settings.colour_config)

    def version(self, frames: Frames, frame: int) -> NDArray[np.uint8]:
        """Raises MediaError where the frame is not there."""
        return self._shown(frames.read(frame), frames.space)

    def file(self, path: Path, space: str) -> NDArray[np.uint8]:
        return self._shown(read_frame(path), space)

    def plate(self, shot: Shot, frame: int) -> NDArray[np.uint8]:
        """Raises MediaError where the shot has no plate or the plate no such frame."""
        if shot.plate is None:
            raise MediaError(f"{shot.id} has no plate: {shot.missing}.")
        with Reader(self.layout.find(shot.plate.path), layer=shot.plate.layer) as reader:
            return self._shown(reader.read(shot.plate.index(frame)), shot.plate.colour)

    def _shown(self, picture: NDArray[np.float32], space: str) -> NDArray[np.uint8]:
        import numpy as np

        seen = self.colour.view(picture[..., :3], space)
        if seen.shape[-1] == 1:
            seen = np.repeat(seen, 3, axis=-1)
        return (np.nan_to_num(np.clip(seen, 0, 1)) * 255 + 0.5).astype(np.uint8)


def compare_versions(
    viewer: Viewer, a: Frames, b: Frames, common: Iterable[int], changes: tuple[Change, ...], out: Path, tick: Tick
) -> Comparison:
    """Compare every frame that both versions have, in the values of their files. Raises ShowError: there is none."""
    rows = []
    both = [frame for frame in common if a.path(frame).exists() and b.path(frame).exists()]
    for done, frame in enumerate(both):
        tick(str(frame), done, len(both))
        pair = [side.read(frame) for side in (a, b)]
        if pair[0].shape != pair[1].shape:
            raise ShowError(
                f"{a.version} and {b.version} differ in size at {frame}.", todo="Compare versions of one size."
            )
        rows.append(FrameRow(frame, compare(pair[0], pair[1])))
    if not rows:
        what = f"{a.version} and {b.version} have no frame in common."
        raise ShowError(what, todo="Render the frames that miss, or compare other versions.")
    most = max(rows, key=lambda row: row.difference.mean).frame
    captions = (f"{a.shot} {a.version} · {most}", f"{b.shot} {b.version} · {most}")
    comparison(viewer.version(a, most), viewer.version(b, most), out, captions=captions)
    return Comparison(a.shot, a.version, b.version, tuple(rows), changes, out)


def sheet(cells: Iterable[tuple[NDArray[np.uint8], str]], out: Path, columns: int = 4) -> Path:
    """One picture of many, labelled, in the order given."""
    return contact_sheet([Cell(picture, label) for picture, label in cells], out, columns)


def label_of(values: Iterable[str]) -> str:
    """What a wedge's picture was made with, in short: `comp.mix=0.5` as `mix=0.5`."""
    pairs = (value.partition("=") for value in values)
    return one_line(" ".join(f"{key.rpartition('.')[2]}={value}" for key, _, value in pairs), 80)
