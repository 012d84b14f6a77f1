"""Small operations and plates that the tests of the render engine share. No model, no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from core.cut.shots import Plate, Shot, Use
from core.frames import FrameRange, seed_for
from core.media.write import write_frame
from core.ops.base import Block, Cadence, Format, Input, Iptc, Kit, Op, Phase, operations, param
from core.recipe.model import Master, Output, Recipe
from core.render.run import FrameDone, Tally, Work, render

WIDTH, HEIGHT = 24, 16
FLOAT = Master(type="float")

operations()  # filled before the classes below exist: they are not installed operations, and other tests list those


class Paint(Cadence):
    """Stands for a model: its pixels depend on source, seed, prompt and place in the batch, and on nothing else."""

    phase: ClassVar[Phase] = Phase.CONTENT_CREATION
    source_type: ClassVar[Iptc] = Iptc.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
    calls: ClassVar[list[tuple[int, ...]]] = []
    """The frames of every batch so far."""

    op: Literal["test_paint"] = "test_paint"
    input: Input = param("plate", help="")
    gain: float = param(0.5, keyable=True, help="")
    spoil: str = param("", help="what to do wrong: shape, dtype, nan")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        return sources[self.input]

    def render(self, block: Block, pictures: Mapping[str, Any], kit: Kit) -> Any:
        type(self).calls.append(block.frames)
        source = pictures[self.input]
        result = np.empty_like(source)
        for slot, (frame, step) in enumerate(zip(block.frames, block.steps, strict=True)):
            kit.tick()
            rng = np.random.default_rng(seed_for(frame, int(step.seed), step.seed_per_frame))
            noise = rng.standard_normal(source.shape[1:], np.float32)
            result[slot] = source[slot] * np.float32(step.gain) + noise * np.float32(0.1) + np.float32(slot * 1e-3)
            kit.note(self.name, frame, gain=step.gain)
        if self.spoil == "shape":
            return result[:, :-1]
        if self.spoil == "nan":
            result[:, 0, :3, 0] = np.nan
        return result.astype(np.float64) if self.spoil == "dtype" else result


class Tint(Op):
    """A light operation that measures: adds the mean of one of the plate's values over the measured frames."""

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED
    measured: ClassVar[list[int]] = []

    op: Literal["test_tint"] = "test_tint"
    input: Input = param("plate", help="")
    amount: float = param(1.0, keyable=True, help="")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        return sources[self.input]

    def measure(self, pictures: Callable[[str], Any], kit: Kit) -> Mapping[str, Any]:
        values = []
        for frame, picture in pictures(self.input):
            type(self).measured.append(frame)
            values.append(float(picture[2, 2, 0]))
        return {"mean": sum(values) / len(values)}

    def render(self, block: Block, pictures: Mapping[str, Any], kit: Kit) -> Any:
        return pictures[self.input] + np.float32(kit.stats(self.name)["mean"] * block.steps[0].amount)


class Disc(Op):
    """A matte: 1 in the middle of the picture, a soft step around it, 0 outside."""

    phase: ClassVar[Phase] = Phase.INFORMATION_EXTRACTION
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["test_disc"] = "test_disc"
    input: Input = param("plate", help="")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        source = sources[self.input]
        return Format(source.width, source.height, 1, source.pixel_aspect)

    def render(self, block: Block, pictures: Mapping[str, Any], kit: Kit) -> Any:
        height, width = pictures[self.input].shape[1:3]
        matte = np.zeros((1, height, width, 1), np.float32)
        matte[:, height // 4 : -(height // 4), width // 4 : -(width // 4)] = 0.5
        matte[:, height // 3 : -(height // 3), width // 3 : -(width // 3)] = 1.0
        return matte


class NoModels:
    """What `render` needs of `core.render.models.Models` where no operation loads one."""

    device, dtype = "cpu", "float32"

    def __init__(self, environment: str = "test machine") -> None:
        self._environment = environment

    def digest(self) -> str:
        return self._environment

    def load(self, ref: Any, role: str, parts: Any = ()) -> Any:
        raise AssertionError("no test operation loads a model")


def plate_picture(frame: int) -> Any:
    rng = np.random.default_rng(frame)
    picture = rng.random((HEIGHT, WIDTH, 3), np.float32) + np.float32(0.1)
    picture[0, 0] = np.inf  # pixels as renderers and sensors really deliver them
    picture[0, 1] = np.nan
    picture[1, 0] = -0.25
    return picture


def make_plate(folder: Path, frames: Iterable[int], picture: Callable[[int], Any] = plate_picture) -> Path:
    """A float EXR sequence in ACEScg, numbered in shot frames."""
    for frame in frames:
        write_frame(folder / f"plate.{frame:04d}.exr", picture(frame), FLOAT)
    return folder / "plate.%04d.exr"


def make_shot(path: Path, media: FrameRange, size: tuple[int, int] = (WIDTH, HEIGHT), **facts: Any) -> Shot:
    plate = Plate(
        path=str(path), kind="sequence", media=media, offset=0, rate=Fraction(24), width=size[0], height=size[1],
        colour="ACEScg", **facts,
    )  # fmt: skip
    use = Use(cut="main", clip_id="c1", track="V1", name="c", first=media.first, last=media.last, record=0, duration=1)
    return Shot(id="sq010_sh0010", plate=plate, uses=(use,))


def make_recipe(*steps: Op, frames: tuple[int, int] = (1001, 1008), **facts: Any) -> Recipe:
    facts.setdefault("output", Output(master=FLOAT))
    return Recipe(schema=1, shot="sq010_sh0010", range=frames, step=steps, **facts)


def make_work(tmp: Path, recipe: Recipe, media: FrameRange, frames: Iterable[int] | None = None, **facts: Any) -> Work:
    """Render into `tmp/<out>`; the plate lies in `tmp/plate`."""
    out = facts.pop("out", "out")
    plate = tmp / "plate" / "plate.%04d.exr"
    return Work(
        recipe=recipe,
        shot=facts.pop("shot", None) or make_shot(plate, media),
        plate=plate,
        frames=tuple(recipe.frames if frames is None else frames),
        path=lambda frame, layer: tmp / out / (layer or "master") / f"{frame:04d}.exr",
        steps=tmp / "steps",
        **facts,
    )


def run(work: Work, tally: Tally | None = None, models: Any = None) -> list[FrameDone]:
    return list(render(work, models or NoModels(), tally or Tally(), lambda: None))


def hashes(done: Iterable[FrameDone], layer: str = "") -> dict[int, str]:
    return {one.frame: one.written.sha256 for one in done if one.layer == layer}


class NoKit:
    """What the operations without a model ask of a kit."""

    device, dtype = "cpu", "float32"

    def __init__(self, stats: Mapping[str, Any] | None = None) -> None:
        self._stats = stats or {}

    def tick(self) -> None: ...

    def stats(self, step: str) -> Mapping[str, Any]:
        return self._stats

    def note(self, step: str, frame: int, **facts: Any) -> None: ...

    def model(self, ref: Any, role: str = "", parts: Any = ()) -> Any:
        raise AssertionError("no model here")

    def view(self, pictures: Any, name: str) -> Any:
        return pictures

    unview = view

    def call(self, compute: Callable[[], Any]) -> Any:
        return compute()
