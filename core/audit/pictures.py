"""Two versions side by side with numbers, and one frame of every shot on a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ShowError
from core.files import one_line
from core.media.measure import Difference, compare
from core.media.sheet import Cell, comparison, contact_sheet
from core.progress import Tick
from core.recipe.changes import Change
from core.viewing.pictures import Viewer
from core.viewing.view import Source

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


def compare_versions(
    viewer: Viewer, a: Source, b: Source, common: Iterable[int], changes: tuple[Change, ...], out: Path, tick: Tick
) -> Comparison:
    """Compare every frame that both versions have, in the values of their files. Raises ShowError: there is none."""
    rows = []
    both = [frame for frame in common if viewer.has(a, frame) and viewer.has(b, frame)]
    for done, frame in enumerate(both):
        tick(str(frame), done, len(both))
        pair = [viewer.read(side, frame)[0] for side in (a, b)]
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
    comparison(viewer.seen(a, most), viewer.seen(b, most), out, captions=captions)
    return Comparison(a.shot, a.version, b.version, tuple(rows), changes, out)


def sheet(cells: Iterable[tuple[NDArray[np.uint8], str]], out: Path, columns: int = 4) -> Path:
    """One picture of many, labelled, in the order given."""
    return contact_sheet([Cell(picture, label) for picture, label in cells], out, columns)


def label_of(values: Iterable[str]) -> str:
    """What a wedge's picture was made with, in short: `comp.mix=0.5` as `mix=0.5`."""
    pairs = (value.partition("=") for value in values)
    return one_line(" ".join(f"{key.rpartition('.')[2]}={value}" for key, _, value in pairs), 80)
