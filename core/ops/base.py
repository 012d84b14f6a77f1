"""What an operation is: a frozen table of parameters, class facts, a few methods. No torch, no numpy at run time."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.frames import SeedPolicy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.float32]
    """(B, H, W, C) float32, scene-linear in the show's working space; mattes have C = 1, alpha is premultiplied."""


class Phase(StrEnum):
    """The four phases of Anantrasirichai & Bull (2022) that a report groups by."""

    CONTENT_CREATION = "content_creation"
    INFORMATION_ANALYSIS = "information_analysis"
    CONTENT_ENHANCEMENT_POST = "content_enhancement_post"
    INFORMATION_EXTRACTION = "information_extraction"


class Iptc(StrEnum):
    """IPTC digital source types that operations give (http://cv.iptc.org/newscodes/digitalsourcetype/)."""

    TRAINED_ALGORITHMIC_MEDIA = "trainedAlgorithmicMedia"
    COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA = "compositeWithTrainedAlgorithmicMedia"
    COMPOSITE_SYNTHETIC = "compositeSynthetic"
    ALGORITHMICALLY_ENHANCED = "algorithmicallyEnhanced"
    HUMAN_EDITS = "humanEdits"


@dataclass(frozen=True, slots=True)
class Independent:
    """Each frame is made from its own inputs alone."""


@dataclass(frozen=True, slots=True)
class Windowed:
    """Frames are made in windows of `length` that overlap by `overlap`; windows count from 1001."""

    length: int
    overlap: int


@dataclass(frozen=True, slots=True)
class Chained:
    """Each frame needs the operation's output for the frame before."""


@dataclass(frozen=True, slots=True)
class Format:
    """The shape of a stream of pictures."""

    width: int
    height: int
    channels: int
    """1 matte, 3 colour, 4 colour with premultiplied alpha."""
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as a recipe names it. `sha256` is filled at freeze: over the weights' files."""

    id: str
    """A name in the show's register, a hub id (and a file or folder in it), a folder or file, or a shipped model."""
    revision: str = ""
    kind: Literal["diffusers", "onnx", "lora", "control", "reference", "encoder", "vae"] = "diffusers"
    """What its files are: a whole pipeline, a network, or a part that goes into a pipeline."""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """Marks a field that names another step, an input or the plate."""


Input = Annotated[str, Edge(), StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$")]
Key = tuple[int, Any] | tuple[int, Any, Literal["linear", "hold", "smooth"]]
"""One key of a curve: shot frame, value, and how the value runs to the next key."""


def param(default: Any, *, help: str, unit: str = "", keyable: bool = False, **limits: Any) -> Any:
    """A parameter: pydantic's limits (`ge`, `le`, `gt`, `lt`, `min_length` …) plus what help, forms and curves need."""
    return Field(default, description=help, json_schema_extra={"unit": unit, "keyable": keyable}, **limits)


@dataclass(frozen=True, slots=True)
class Block:
    """Frames that are made in one call. Slot i renders `frames[i]` with the parameters `steps[i]`.

    A batch is always full: slots without a wanted frame repeat a neighbour's (their result is dropped).
    """

    frames: tuple[int, ...]
    steps: tuple[Any, ...]
    """The operation with its curves evaluated at each slot's frame."""


class Kit(Protocol):
    """What the render loop hands to an operation."""

    def tick(self) -> None:
        """Say that work goes on; raises Cancelled where somebody asked to stop."""

    def model(self, ref: ModelRef, role: str = "", parts: Sequence[ModelRef] = ()) -> Any:
        """The loaded model, resident. `role`: which pipeline of a family (`image2image`, `inpaint`, `text2image`);
        `parts`: what goes into it (a VAE, LoRAs, ControlNets, IP-Adapters with their encoders), and only now."""

    def stats(self, step: str) -> Mapping[str, Any]:
        """What the operation's `measure` returned for this shot."""

    def note(self, step: str, frame: int, **facts: Any) -> None:
        """Facts to show and record with a frame (effective sampling steps, say)."""

    @property
    def device(self) -> str: ...

    @property
    def dtype(self) -> str: ...

    def view(self, pictures: Pictures, name: str) -> Pictures:
        """Working space → a model's view (`srgb`, `acescct`), clipped to [0, 1]."""

    def unview(self, pictures: Pictures, name: str) -> Pictures:
        """A model's view → working space."""

    def call(self, compute: Callable[[], Any]) -> Any:
        """Run a model call: `compute()`, timed as such for the record."""


class Op(BaseModel):
    """An operation: its table in a recipe is this class. Subclasses set the class facts and add parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, allow_inf_nan=False)

    rev: ClassVar[int] = 1
    phase: ClassVar[Phase]
    source_type: ClassVar[Iptc]
    frames: ClassVar[Independent | Windowed | Chained] = Independent()
    keep: ClassVar[bool] = False

    op: str = param(..., help="which operation")
    name: Input = param("", help="the step's name, unique in the recipe", validate_default=False)
    curves: dict[str, tuple[Key, ...]] = param({}, help="per parameter: keys over shot frames")

    def edges(self) -> tuple[str, ...]:
        """The names that this step reads, in order, without repeats."""
        return tuple(dict.fromkeys(name for _, name in edges_in(self)))

    def kept(self) -> str:
        """The source whose pixels come out bit-identical where this step's matte is 0; empty: every pixel changes."""
        return ""

    def models(self) -> tuple[ModelRef, ...]:
        return ()

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """The output's format from its sources' formats (keyed by name; `plate` among them)."""
        raise NotImplementedError

    def measure(self, pictures: Callable[[str], Any], kit: Kit) -> Mapping[str, Any]:
        """An optional pass over the plate range, kept in the record. `pictures(name)` iterates (frame, (H, W, C))."""
        return {}

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        """The block's pictures; `pictures` has one (B, H, W, C) array per edge name."""
        raise NotImplementedError


class Cadence(Op):
    """An operation that is seeded and costly: animated on twos or threes, in batches, seeded per frame."""

    keep: ClassVar[bool] = True

    seed: str = param("0", help="which noise is drawn: the same number, the same picture", pattern=r"^\d{1,20}$")
    seed_per_frame: SeedPolicy = param("fixed", help="how the noise changes from frame to frame")
    on: int = param(1, ge=1, le=48, unit="frames", help="animate on ones, twos …; the last frame is always a key")
    fill: Literal["hold", "blend"] = param("hold", help="frames between keys: hold the key, or blend to the next")
    batch: int = param(1, ge=1, le=64, unit="frames", help="frames in one model call; part of the picture's last bits")


def is_edge(info: Any) -> bool:
    """Whether a pydantic field names another picture (`Input`, or `Input | None`)."""
    parts = [info.annotation, *(get_args(info.annotation) or ())]
    return any(isinstance(meta, Edge) for meta in info.metadata) or any(
        isinstance(meta, Edge) for part in parts for meta in getattr(part, "__metadata__", ())
    )


def edges_in(table: BaseModel) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(path, name) of every picture that a table and the tables in it read; edges that are None are left out."""
    for key, info in type(table).model_fields.items():
        value = getattr(table, key)
        if key != "name" and isinstance(value, str) and is_edge(info):
            yield (key,), value
        elif isinstance(value, tuple):
            for index, part in enumerate(value):
                if isinstance(part, BaseModel):
                    yield from (((key, index, *path), name) for path, name in edges_in(part))


_registry: dict[str, type[Op]] = {}


def operations() -> Mapping[str, type[Op]]:
    """Every installed operation by name: the modules of `core.ops`, then the entry-point group `rushes.ops`."""
    if not _registry:
        import core.ops

        for module in pkgutil.iter_modules(core.ops.__path__):
            importlib.import_module(f"core.ops.{module.name}")
        for entry in importlib.metadata.entry_points(group="rushes.ops"):
            entry.load()
        for kind in _below(Op):
            if named := get_args(kind.model_fields["op"].annotation):
                _registry[named[0]] = kind
    return _registry


def _below(kind: type[Op]) -> list[type[Op]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *_below(sub))]
