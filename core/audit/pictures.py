"""Two versions side by side with numbers, and one frame of every shot on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.cut.shots import Shot, plate_path
from core.errors import MediaError, ShowError
from core.layout import Layout, Settings
from core.media.colour import Colour
from core.media.measure import Difference, compare
from core.media.read import Reader
from core.media.sheet import Cell, comparison, contact_sheet
from core.media.write import read_frame
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


class Viewer:
    """Pictures as an eye sees them: (H, W, 3) uint8 in sRGB, from a version's frames or the plate."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self.layout = layout
        self.settings = settings
        self.colour = Colour(settings.colour_config)

    def version(self, shot: str, version: str, frame: int, space: str) -> NDArray[np.uint8]:
        return self._shown(read_frame(self.layout.frame(shot, version, frame)), space)

    def file(self, path: Path, space: str) -> NDArray[np.uint8]:
        return self._shown(read_frame(path), space)

    def plate(self, shot: Shot, frame: int) -> NDArray[np.uint8]:
        """Raises MediaError where the shot has no plate or the plate no such frame."""
        if shot.plate is None:
            raise MediaError(f"{shot.id} has no plate: {shot.missing}.")
        with Reader(plate_path(shot.plate, self.layout.root), layer=shot.plate.layer) as reader:
            return self._shown(reader.read(shot.plate.index(frame)), shot.plate.colour)

    def _shown(self, picture: NDArray[np.float32], space: str) -> NDArray[np.uint8]:
        import numpy as np

        seen = self.colour.view(picture[..., :3], space)
        if seen.shape[-1] == 1:
            seen = np.repeat(seen, 3, axis=-1)
        return (np.nan_to_num(np.clip(seen, 0, 1)) * 255 + 0.5).astype(np.uint8)


def compare_versions(
    viewer: Viewer, shot: str, a: str, b: str, frames: Sequence[int], spaces: tuple[str, str],
    changes: tuple[Change, ...], out: Path, tick: Callable[[int], None],
) -> Comparison:  # fmt: skip
    """Compare every frame that both versions have, in scene-linear values. Raises ShowError where there is none."""
    if not frames:
        raise ShowError(
            f"{a} and {b} have no frame in common.", todo="Render the frames that miss, or compare other versions."
        )
    rows = []
    for frame in frames:
        tick(frame)
        pair = [read_frame(viewer.layout.frame(shot, version, frame)) for version in (a, b)]
        if pair[0].shape[:2] != pair[1].shape[:2]:
            raise ShowError(f"{a} and {b} differ in size at frame {frame}.", todo="Compare versions of one size.")
        rows.append(FrameRow(frame, compare(pair[0], pair[1])))
    most = max(rows, key=lambda row: row.difference.mean).frame
    comparison(
        viewer.version(shot, a, most, spaces[0]), viewer.version(shot, b, most, spaces[1]), out,
        captions=(f"{shot} {a} · {most}", f"{shot} {b} · {most}"),
    )  # fmt: skip
    return Comparison(shot, a, b, tuple(rows), changes, out)


def sheet(cells: Iterable[tuple[NDArray[np.uint8], str]], out: Path, columns: int = 4) -> Path:
    """One picture of many, labelled, in the order given."""
    return contact_sheet([Cell(picture, label) for picture, label in cells], out, columns)
