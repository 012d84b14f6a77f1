"""A recipe: everything that makes a version, as frozen values. Knows of operations only what `core.ops.base` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from core.frames import FrameRange
from core.ops.base import Cadence, Format, Op, operations, param

SCHEMA = 1
PLATE = "plate"


class Table(BaseModel):
    """A TOML table: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LookRef(Table):
    """The look a recipe started from, as it was."""

    name: str
    sha256: str = ""


class Picked(Table):
    """The wedge and index a value was picked from: human choice is evidence."""

    wedge: str
    index: int = Field(ge=0)


class Material(Table):
    """Anything a recipe reads beside the plate (`[[input]]`)."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$")
    kind: Literal["image", "sequence", "matte", "control", "lut", "version"]
    path: str = ""
    version: str = Field("", pattern=r"^$|^[A-Za-z0-9_-]+/v\d{3,6}$")
    layer: str = ""
    colour: str = "sRGB - Texture"
    rights: str = ""
    sha256: str = ""
    """Over the frozen files; empty in a draft."""

    @model_validator(mode="after")
    def _one_source(self) -> Material:
        if bool(self.path) == bool(self.version):
            raise ValueError("give `path` or `version`, one of them")
        return self


class Master(Table):
    """How the version's frames are written."""

    format: Literal["exr", "png", "tiff"] = "exr"
    type: Literal["half", "float", "uint16"] = "half"
    compression: Literal["none", "rle", "zips", "zip", "piz"] = "zips"
    colour: str = "ACEScg"
    allow_nonfinite: bool = False
    """False: a NaN or Inf that the plate did not have fails the frame."""

    @model_validator(mode="after")
    def _type_fits(self) -> Master:
        if (self.format == "exr") == (self.type == "uint16"):
            raise ValueError(
                f"{self.format} holds {'half or float' if self.format == 'exr' else 'uint16'}, not {self.type}"
            )
        return self


class Review(Table):
    """The movie made for looking at."""

    codec: Literal["prores_422hq", "prores_4444", "h264"] = "prores_422hq"
    burnin: bool = True


class Output(Table):
    master: Master = Master()
    layers: tuple[str, ...] = ()
    """Steps whose pictures are written beside the master."""
    review: Review | None = None


class Recipe(Table):
    """A whole recipe. A draft may lack `shot`, `range` and digests; a frozen one has them all.

    Raises pydantic.ValidationError; `core.recipe.text` turns that into file, line, key and what is allowed.
    """

    schema_: int = Field(SCHEMA, alias="schema", ge=1, le=SCHEMA)
    shot: str = ""
    parent: str = Field("", pattern=r"^$|^v\d{3,6}$")
    summary: str = ""
    picked_from: Picked | None = None
    look: LookRef | None = None
    range: tuple[int, int] | None = None
    tier: Literal["exact", "fast"] = "exact"
    plate_sha256: str = ""
    """Digest of the plate's frames that the recipe reads; empty in a draft."""
    input: tuple[Material, ...] = ()
    step: tuple[SerializeAsAny[Op], ...] = ()
    output: Output = Output()
    rev: Mapping[str, int] = {}
    """Per operation its revision at freeze; empty in a draft."""
    model: Mapping[str, Mapping[str, str]] = {}
    """Per model as named in a step: revision, sha256, licence as resolved at freeze; empty in a draft."""

    @field_validator("step", mode="before")
    @classmethod
    def _known_operations(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return tuple(step if isinstance(step, Op) else _step(step, index) for index, step in enumerate(value))

    @model_validator(mode="after")
    def _graph_holds(self) -> Recipe:
        known = {PLATE, *(material.name for material in self.input)}
        if len(known) != 1 + len(self.input):
            raise ValueError("two inputs share a name, or one is called `plate`")
        for step in self.step:
            for edge in step.edges():
                if edge not in known:
                    raise ValueError(
                        f"step `{step.name}` reads `{edge}`, which is not above it; allowed: {', '.join(sorted(known))}"
                    )
            if step.name in known:
                raise ValueError(f"the name `{step.name}` is used twice")
            known.add(step.name)
        for layer in self.output.layers:
            if layer not in {step.name for step in self.step}:
                raise ValueError(f"output.layers names `{layer}`, which is no step")
        if self.range is not None and self.range[1] < self.range[0]:
            raise ValueError("range ends before it starts")
        return self

    @property
    def frames(self) -> FrameRange:
        """The frames it renders. Only for a recipe whose `range` is set."""
        assert self.range is not None
        return FrameRange(*self.range)

    @property
    def final(self) -> str:
        """The name of the picture that becomes the master: the last step, or the plate."""
        return self.step[-1].name if self.step else PLATE

    def formats(self, plate: Format, materials: Mapping[str, Format]) -> dict[str, Format]:
        """The format of every picture by name, planned without rendering."""
        known = {PLATE: plate, **materials}
        for step in self.step:
            known[step.name] = step.plan(known)
        return known

    def batch(self) -> int:
        """The largest model batch, in frames of the shot (1 where no model is called)."""
        return max((step.batch * step.on for step in self.step if isinstance(step, Cadence)), default=1)


def _step(table: Any, index: int) -> Op:
    if not isinstance(table, Mapping):
        raise ValueError("a step is a table: [[step]]")
    kinds = operations()
    name = table.get("op")
    if name not in kinds:
        raise ValueError(f"step {index + 1}: unknown op {name!r}; allowed: {', '.join(sorted(kinds))}")
    return kinds[str(name)].model_validate({"name": str(name), **table})


__all__ = ["PLATE", "SCHEMA", "LookRef", "Master", "Material", "Op", "Output", "Picked", "Recipe", "Review", "param"]
