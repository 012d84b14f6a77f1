"""What a show has come to, shot by shot in the order of the cut; and all of it on one sheet."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from core.audit.pictures import label_of
from core.cut.shots import Shot
from core.errors import ShowError
from core.files import one_line
from core.history.events import SHOT, VERSION, Entry
from core.history.review import STATUSES, Note, ReviewEvent
from core.layout import Layout
from core.media.story_sheet import Panel, story_sheet
from core.ops.base import Cadence
from core.overview import read_recipe, read_record, read_review
from core.progress import Tick
from core.recipe.changes import Change, changes
from core.recipe.model import Recipe
from core.recipe.text import recipe_sha
from core.rows import ShotRow, VersionRow
from core.viewing.pictures import Viewer
from core.viewing.view import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Take:
    """One version that can be read, with what was said and done about it."""

    row: VersionRow
    recipe: Recipe
    sha: str
    """`sha256:…` of the recipe's text."""
    record: Mapping[str, Any] | None
    notes: tuple[Note, ...]
    circle: ReviewEvent | None
    changed: tuple[Change, ...]
    """Against its parent."""
    commit: str
    """The commit that holds the recipe; empty while it waits."""

    @property
    def status(self) -> str:
        """`approved, circled as final`."""
        said = STATUSES.get(self.row.status, self.row.status)
        return f"{said}, circled as {self.row.circled}" if self.row.circled else said

    @property
    def source(self) -> Source:
        """Its master, to look at."""
        return Source(self.row.shot, self.row.version)


@dataclass(frozen=True, slots=True)
class Choice:
    """A wedge that was picked from."""

    name: str
    frame: int
    picked: int
    """Counted from 1."""
    values: tuple[str, ...]
    """Per picture what it was made with."""
    sources: tuple[Source, ...]
    """Per picture where it would lie: previews may be freed."""
    by: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot."""

    row: ShotRow
    takes: tuple[Take, ...]
    choices: tuple[Choice, ...]

    @property
    def shot(self) -> Shot:
        return self.row.shot

    @property
    def plays(self) -> Take | None:
        """The circled version, else the newest complete one."""
        done = [take for take in self.takes if take.row.state == "complete"]
        return next((take for take in done if take.row.version == self.row.circled), done[-1] if done else None)


def tell(
    layout: Layout, rows: Sequence[tuple[ShotRow, Sequence[VersionRow]]], history: Sequence[Entry] = ()
) -> list[Scene]:
    """Every shot with its readable versions, oldest first, and its wedges. Renders and decodes nothing."""
    commits = {(entry.get(SHOT), entry.get(VERSION)): entry.commit for entry in history if entry.event == "recipe"}
    scenes = []
    for row, versions in rows:
        takes = tuple(_takes(layout, versions, commits))
        scenes.append(Scene(row, takes, tuple(_choices(layout, row.shot.id))))
    return scenes


def _takes(layout: Layout, rows: Sequence[VersionRow], commits: Mapping[tuple[str, str], str]) -> Iterator[Take]:
    known: dict[str, Recipe] = {}
    for row in rows:
        if row.state == "unreadable":
            continue
        text, recipe = read_recipe(layout, row.shot, row.version)
        known[row.version] = recipe
        review = read_review(layout, row.shot)
        circle = review.circle if review.circle and review.circle.version == row.version else None
        parent = known.get(recipe.parent)
        yield Take(
            row, recipe, recipe_sha(text), read_record(layout, row.shot, row.version), review.of(row.version).notes,
            circle, changes(parent, recipe) if parent else (), commits.get((row.shot, row.version), ""),
        )  # fmt: skip


def _choices(layout: Layout, shot: str) -> Iterator[Choice]:
    """The wedges on record. Raises ShowError where one cannot be read."""
    for path in sorted(layout.wedge(shot, "w").parent.glob("w*.toml")):
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            job = PurePosixPath(data["sheet"]["path"]).parent.name
            values = tuple(label_of(item["values"]) for item in data["item"])
            frame, picked = int(data["frame"]), int(data["picked"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            what = f"The wedge cannot be read: {one_line(str(error))}."
            raise ShowError(what, where=str(path), todo="Run `rushes verify`.") from error
        sources = tuple(Source(shot, job=job, item=n) for n in range(len(values)))
        yield Choice(path.stem, frame, picked, values, sources, one_line(str(data.get("asked_by", ""))))


def look_of(recipe: Recipe) -> str:
    """How a version looks, in its own words: its prompts and what else was painted, else the operations it has."""
    painted = [one_line(getattr(step, "prompt", "")) or step.op for step in recipe.step if isinstance(step, Cadence)]
    return " · ".join(painted or [step.op for step in recipe.step])


def handed_over(layout: Layout) -> list[Mapping[str, Any]]:
    """The manifests of everything that was published, oldest first. Raises ShowError where one cannot be read."""
    found: list[Mapping[str, Any]] = []
    for path in sorted(layout.publish("").glob("*.json")):
        try:
            found.append({**json.loads(path.read_text(encoding="utf-8")), "name": path.stem})
        except (OSError, ValueError, TypeError) as error:
            what = f"The manifest cannot be read: {one_line(str(error))}."
            raise ShowError(what, where=str(path), todo="git has it as it was: git checkout HEAD -- FILE.") from error
    return found


def cut_frames(rows: Sequence[ShotRow]) -> int:
    """The length of the cut in frames, as far as shots fill it."""
    return max((use.record + use.duration for row in rows for use in row.shot.uses if use.enabled), default=0)


def in_short(scenes: Sequence[Scene], rate: Fraction) -> str:
    """Shots, versions that play and the length of the cut, in words."""
    made = sum(scene.plays is not None for scene in scenes)
    length = cut_frames([scene.row for scene in scenes]) / rate
    return f"{len(scenes)} shots · {made} regenerated · {float(length):.1f} s at {float(rate):g} fps"


# The sheet


@dataclass(frozen=True, slots=True)
class SheetCell:
    """What one picture of a sheet shows."""

    shot: str
    version: str
    """Empty: the plate."""
    frame: int
    status: str
    circled: str
    look: str


@dataclass(frozen=True, slots=True)
class Sheet:
    path: Path
    cells: tuple[SheetCell, ...]


def draw_sheet(
    viewer: Viewer, name: str, rate: Fraction, scenes: Sequence[Scene], out: Path, *, plates: bool, tick: Tick
) -> Sheet:
    """One frame of every shot that has a picture, in cut order: what plays; with `plates` the plate above it.

    Raises:
        ShowError: no shot has a picture. MediaError: a frame is not on this machine.
    """
    panels: list[Panel] = []
    cells: list[SheetCell] = []
    for done, scene in enumerate(scenes):
        tick(scene.shot.id, done, len(scenes))
        if scene.plays is not None or scene.shot.plate is not None:
            cells.append(_cell(scene))
            panels.append(_panel(viewer, scene, cells[-1], plates))
    if not cells:
        todo = "Bring the media back, then run it again."
        raise ShowError("There is nothing to show yet: no shot has a plate.", todo=todo)
    legend = "Above: the plate. Below: what the cut plays. Outlined: circled for editorial." if plates else ""
    return Sheet(story_sheet(panels, out, name, in_short(scenes, rate), legend), tuple(cells))


def _cell(scene: Scene) -> SheetCell:
    take = scene.plays
    if take is None:
        return SheetCell(scene.shot.id, "", scene.shot.poster, "plate", "", "")
    frame = take.recipe.frames.nearest(scene.shot.poster)
    return SheetCell(scene.shot.id, take.row.version, frame, take.row.status, take.row.circled, look_of(take.recipe))


def _panel(viewer: Viewer, scene: Scene, cell: SheetCell, plates: bool) -> Panel:
    take = scene.plays
    plate = viewer.seen(Source(cell.shot), cell.frame) if scene.shot.plate and (plates or take is None) else None
    if take is None:
        assert plate is not None, "a shot without a picture is not on the sheet"
        return Panel(plate, cell.shot, status="as shot", above=plate if plates else None)
    picture = viewer.seen(take.source, cell.frame)
    said = [STATUSES.get(cell.status, cell.status), cell.circled]
    status = " · ".join(word for word in said if word)
    return Panel(picture, cell.shot, cell.version, bool(cell.circled), status, cell.look, plate if plates else None)


def still(viewer: Viewer, scene: Scene, take: Take | None) -> NDArray[np.uint8]:
    """The shot's frame of a version, or of the plate, (H, W, 3) uint8 sRGB. Raises MediaError."""
    if take is None:
        return viewer.seen(Source(scene.shot.id), scene.shot.poster)
    return viewer.seen(take.source, take.recipe.frames.nearest(scene.shot.poster))
