"""A recipe: everything that makes a version, as frozen values. Knows of operations only what `core.ops.base` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from core.frames import FrameRange
from core.ops.base import Cadence, Format, Op, edges_in, is_edge, operations, param

SCHEMA = 1
PLATE = "plate"
GRAPH = "recipe_graph"
"""The kind of error that a whole recipe can have and a fragment of one (a look) cannot yet."""
MODES = ("linear", "hold", "smooth")
KEY_FORM = 'A key is [frame, value] or [frame, value, "linear"], where the third is linear, hold or smooth.'


class Table(BaseModel):
    """A TOML table: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LookRef(Table):
    """The look a recipe started from, as it was."""

    name: str = param(..., help="the look's name: looks/<name>.toml")
    sha256: str = param("", help="digest of the look's text")


class Picked(Table):
    """The wedge and index a value was picked from: human choice is evidence."""

    wedge: str = param(..., help="the wedge: shots/<shot>/wedges/<wedge>.toml")
    index: int = param(..., ge=1, help="which picture, counted from 1 as the contact sheet shows it")


class Material(Table):
    """Anything a recipe reads beside the plate (`[[input]]`)."""

    name: str = param(..., pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$", help="what steps call it")
    kind: Literal["image", "sequence", "matte", "control", "lut", "version"] = param(..., help="what it is")
    path: str = param("", help="the file, or a sequence's pattern with %04d, counted from the show's folder")
    version: str = param("", pattern=r"^$|^[A-Za-z0-9_-]+/v\d{3,6}$", help="a version of a shot, instead of `path`")
    layer: str = param("", pattern=r"^$|^[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}$", help="a layer of that version or file")
    colour: str = param("sRGB - Texture", help="its colour space, as the show's colour config names it")
    rights: str = param("", help="whose it is, and what allows its use")
    sha256: str = param("", help="over its files as frozen; empty in a draft")

    @model_validator(mode="after")
    def _one_source(self) -> Material:
        if bool(self.path) == bool(self.version):
            raise ValueError("an input has either a `path` or a `version`")
        return self


class Master(Table):
    """How the version's frames are written."""

    format: Literal["exr", "png", "tiff"] = param("exr", help="the files' format")
    type: Literal["half", "float", "uint16"] = param("half", help="of a sample: half or float in exr, else uint16")
    compression: Literal["none", "rle", "zips", "zip", "piz"] = param("zips", help="of exr; all are lossless")
    colour: str = param("ACEScg", help="the frames' colour space, as the show's colour config names it")
    allow_nonfinite: bool = param(False, help="false: a NaN or Inf that the plate did not have fails the frame")

    @model_validator(mode="after")
    def _type_fits(self) -> Master:
        if (self.format == "exr") == (self.type == "uint16"):
            holds = "half or float" if self.format == "exr" else "uint16"
            raise wrong(
                ("type",), f"a file of {self.format} does not hold {self.type}", f"{self.format} holds {holds}."
            )
        return self


class Review(Table):
    """The movie made for looking at."""

    codec: Literal["prores_422hq", "prores_4444", "h264"] = param("prores_422hq", help="of the movie")
    burnin: bool = param(True, help="shot, version and frame written into the picture")


class Output(Table):
    master: Master = param(Master(), help="how the frames are written")
    layers: tuple[str, ...] = param((), help="steps whose pictures are written beside the master")
    review: Review | None = param(None, help="a movie for looking at; without this table there is none")


class ColourFacts(Table):
    """How the show saw the plate at freeze: what decides a picture's numbers beside the plate's bytes."""

    plate: str = param("", help="the plate's colour space")
    alpha: str = param("", help="the plate's alpha: none, straight or premultiplied")
    layer: str = param("", help="the plate's layer")
    working: str = param("", help="the show's working space")
    config: str = param("", help="digest of the colour config's contents, not its name")


class Recipe(Table):
    """A whole recipe. A draft may lack `shot`, `range` and digests; a frozen one has them all.

    Raises pydantic.ValidationError; `core.recipe.text` turns that into file, line, key and what is allowed.
    """

    schema_: int = param(SCHEMA, alias="schema", ge=1, le=SCHEMA, help="of this text; older ones are brought forward")
    shot: str = param("", pattern=r"^[A-Za-z0-9_-]*$", help="the shot's id")
    parent: str = param("", pattern=r"^$|^v\d{3,6}$", help="the version that this one goes on from")
    summary: str = param("", help="what is new, on one line: the commit's subject and the version list show it")
    picked_from: Picked | None = param(None, help="the wedge that a value comes from; set by `rushes wedge --pick`")
    look: LookRef | None = param(None, help="the look that lies under it; set by `rushes recipe --look`")
    range: tuple[int, int] | None = param(None, help="first and last shot frame, handles included")
    tier: Literal["exact"] = param("exact", help="the same machine and versions give the same bits")
    plate_sha256: str = param("", help="digest of the plate's frames that the recipe reads; empty in a draft")
    seen_as: ColourFacts | None = param(None, help="the plate's colour and the show's at freeze; absent in a draft")
    input: tuple[Material, ...] = param((), help="what it reads beside the plate")
    step: tuple[Annotated[SerializeAsAny[Op], BeforeValidator(lambda table: read_step(table))], ...] = param(
        (), help="operations, in order: each reads the plate, an input or a step above"
    )
    output: Output = param(Output(), help="what is written")
    rev: Mapping[str, int] = param({}, help="per operation its revision at freeze; empty in a draft")
    model: Mapping[str, Mapping[str, str]] = param(
        {}, help="per model its revision, sha256, licence and source at freeze; empty in a draft"
    )

    @model_validator(mode="after")
    def _holds_together(self) -> Recipe:
        if found := list(self._loose_ends()):
            raise ValidationError.from_exception_data("recipe", found)
        return self

    def _loose_ends(self) -> Iterator[InitErrorDetails]:
        """Every name that leads nowhere or is taken, and a range that ends before it starts."""
        if self.range is not None and self.range[1] < self.range[0]:
            yield _detail(("range",), "`range` ends before it starts", "Write it as [first, last].", GRAPH)
        known = [PLATE]
        for index, material in enumerate(self.input):
            yield from _name_taken(("input", index, "name"), material.name, known)
            known.append(material.name)
        for index, step in enumerate(self.step):
            for path, edge in edges_in(step):
                if edge not in known:
                    what = f"`{path[-1]}` reads `{edge}`, which is not an input or a step above"
                    yield _detail(("step", index, *path), what, f"Allowed: {', '.join(dict.fromkeys(known))}.", GRAPH)
            yield from _name_taken(("step", index, "name"), step.name, known)
            known.append(step.name)
        steps = [step.name for step in self.step]
        for index, layer in enumerate(self.output.layers):
            if layer not in steps:
                todo = f"Allowed: {', '.join(steps) or 'none, there are no steps'}."
                yield _detail(("output", "layers", index), f"`{layer}` is not a step", todo, GRAPH)

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


def wrong(loc: tuple[str | int, ...], what: str, todo: str = "", kind: str = "recipe") -> ValidationError:
    """An error of ours at a key, so that it is reported like pydantic's own."""
    return ValidationError.from_exception_data("recipe", [_detail(loc, what, todo, kind)])


def _detail(loc: tuple[str | int, ...], what: str, todo: str, kind: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, "{what}", {"what": what, "todo": todo}), loc=loc, input=None)


def _name_taken(loc: tuple[str | int, ...], name: str, known: Sequence[str]) -> Iterator[InitErrorDetails]:
    if name in known:
        yield _detail(loc, f"the name `{name}` is used twice", "Give every input and step a name of its own.", GRAPH)
    if name in RESERVED:
        yield _detail(loc, f"the name `{name}` means something else in a recipe", "Choose another name.", "recipe")


def read_step(table: Any) -> Op:
    """A step from its table, of the operation that `op` names. Nothing is converted: "4" is not a number.

    Raises:
        ValidationError: with places relative to the step.
    """
    if isinstance(table, Op):
        return table
    if not isinstance(table, Mapping):
        raise wrong((), "a step is a table", "Write it under [[step]].")
    known, name = operations(), table.get("op")
    if not isinstance(name, str) or name not in known:
        what = "the step has no `op`" if name is None else f"there is no operation `{name}`"
        raise wrong(("op",), what, f"Allowed: {', '.join(sorted(known))}.")
    kind = known[name]
    curves = table.get("curves", {})
    checked = {**frozen_lists({"name": name, **table}), "curves": _curves(kind, curves)}
    return kind.model_validate(checked, strict=True)


def frozen_lists(value: Any) -> Any:
    """The same value with tuples for lists, as strict models want them."""
    if isinstance(value, Mapping):
        return {key: frozen_lists(part) for key, part in value.items()}
    return tuple(map(frozen_lists, value)) if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=256)
def edge_fields(kind: type[Op]) -> list[str]:
    """The fields of an operation that name other pictures."""
    return [name for name, info in kind.model_fields.items() if name != "name" and is_edge(info)]


@lru_cache(maxsize=256)
def keyable(kind: type[Op]) -> list[str]:
    """The parameters of an operation that can have a curve."""
    return [
        name
        for name, info in kind.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("keyable")
    ]


def _curves(kind: type[Op], curves: Any) -> dict[str, tuple[Any, ...]]:
    """The curves with every value read as its parameter's.

    Raises:
        ValidationError: a parameter that is unknown or takes no curve, keys out of order, values out of range.
    """
    if not isinstance(curves, Mapping):
        raise wrong(("curves",), "`curves` is a table of parameters", "Write it under [step.curves].")
    found = {}
    for name, keys in curves.items():
        if name not in keyable(kind):
            what = f"`{name}` cannot have a curve" if name in kind.model_fields else f"there is no parameter `{name}`"
            raise wrong(("curves", name), what, f"Allowed: {', '.join(keyable(kind)) or 'none'}.")
        if not isinstance(keys, (list, tuple)) or not keys:
            raise wrong(("curves", name), f"the curve `{name}` has no keys", KEY_FORM)
        found[name] = tuple(_key(kind, name, index, key) for index, key in enumerate(keys))
        frames = [key[0] for key in found[name]]
        for index, (before, after) in enumerate(pairwise(frames), 1):
            if after <= before:
                todo = "Put the keys in order, one a frame."
                raise wrong(("curves", name, index), f"frame {after} comes after frame {before}", todo)
    return found


def _key(kind: type[Op], name: str, index: int, key: Any) -> tuple[Any, ...]:
    place = ("curves", name, index)
    formed = isinstance(key, (list, tuple)) and len(key) in (2, 3) and type(key[0]) is int
    if not formed or (len(key) == 3 and key[2] not in MODES):
        raise wrong(place, "this is not a key of a curve", KEY_FORM)
    try:
        value = _field(kind, name).validate_python(frozen_lists(key[1]), strict=True)
    except ValidationError as error:
        kind_of = PydanticCustomError("curve_value", "{msg}", {"msg": error.errors()[0]["msg"]})
        detail = InitErrorDetails(type=kind_of, loc=(*place, 1), input=key[1])
        raise ValidationError.from_exception_data("recipe", [detail]) from error
    return (key[0], value, *key[2:])


@lru_cache(maxsize=512)
def _field(kind: type[Op], name: str) -> TypeAdapter[Any]:
    info = kind.model_fields[name]
    annotated: Any = Annotated[info.annotation, info]
    return TypeAdapter(annotated, config=ConfigDict(allow_inf_nan=False))


RESERVED = frozenset(info.alias or name for name, info in Recipe.model_fields.items())
"""Names that no step or input can have: `rushes recipe --set` would not know which is meant."""
