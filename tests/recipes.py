"""Operations with every kind of parameter, and random recipes of them. They render nothing: recipes never do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

import core.ops.base
from core.ops.base import Cadence, Format, Input, Iptc, ModelRef, Op, Phase, param
from core.recipe.model import ColourFacts, LookRef, Master, Material, Output, Picked, Recipe, Review


class Extra(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    weight: float = param(1.0, ge=0, le=2, help="how much of it")


class Brush(Cadence):
    """A model operation as `stylize` is one."""

    op: Literal["test_brush"] = "test_brush"
    phase = Phase.CONTENT_CREATION
    source_type = Iptc.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
    rev = 3

    input: Input = "plate"
    matte: Input | None = None
    model: str = param("u2netp", help="which model", min_length=1)
    revision: str = ""
    prompt: str = param("", help="what to paint", keyable=True)
    denoise: float = param(0.5, ge=0, le=1, help="share of the noise schedule", keyable=True)
    steps: int = param(4, ge=1, le=200, help="sampling steps", keyable=True)
    bias: float = param(0.0, help="any number", keyable=True)
    levels: tuple[float, float] = param((0.0, 1.0), help="black and white", keyable=True)
    size: tuple[int, int] | None = None
    extra: tuple[Extra, ...] = ()

    def models(self) -> tuple[ModelRef, ...]:
        return (ModelRef(self.model, self.revision, "onnx"),)

    def plan(self, sources: Mapping[str, Format]) -> Format:
        return sources[self.input]


class Mix(Op):
    """A classical operation as `merge` is one."""

    op: Literal["test_mix"] = "test_mix"
    phase = Phase.CONTENT_ENHANCEMENT_POST
    source_type = Iptc.COMPOSITE_SYNTHETIC

    a: Input
    b: Input = "plate"
    mask: Input | None = None
    mode: Literal["over", "add"] = "over"
    mix: float = param(1.0, ge=0, le=1, help="how much of a", keyable=True)
    clip: bool = param(True, help="keep below 1")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        return sources[self.b]


@contextmanager
def known_test_operations() -> Iterator[None]:
    """Let recipes name the operations above."""
    known = core.ops.base._registry
    kept = dict(core.ops.base.operations())
    known.update(test_brush=Brush, test_mix=Mix)
    yield
    known.clear()
    known.update(kept)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True).map(lambda name: f"n{name}")
words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)
prompts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), include_characters="\n\t"), max_size=40)
unit = st.floats(0, 1)
numbers = st.floats(-1e150, 1e150)
CURVED: dict[str, st.SearchStrategy[Any]] = {
    "prompt": prompts,
    "denoise": unit,
    "steps": st.integers(1, 200),
    "bias": numbers,
    "levels": st.tuples(numbers, numbers),
}


@st.composite
def curve(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[tuple[Any, ...], ...]:
    """One to five keys in order, with and without a mode."""
    frames = sorted(draw(st.sets(st.integers(900, 1200), min_size=1, max_size=5)))
    modes = st.sampled_from([(), ("linear",), ("hold",), ("smooth",)])
    return tuple((frame, draw(values), *draw(modes)) for frame in frames)


@st.composite
def brushes(draw: st.DrawFn, name: str = "paint", edges: tuple[str, ...] = ("plate",)) -> Brush:
    curves = {key: draw(curve(values)) for key, values in CURVED.items() if draw(st.booleans())}
    return Brush(
        name=name,
        input=draw(st.sampled_from(edges)),
        matte=draw(st.none() | st.sampled_from(edges)),
        seed=str(draw(st.integers(0, 10**19))),
        on=draw(st.integers(1, 48)),
        prompt=draw(prompts),
        denoise=draw(unit),
        steps=draw(st.integers(1, 200)),
        bias=draw(numbers),
        levels=draw(st.tuples(numbers, numbers)),
        size=draw(st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999))),
        extra=tuple(draw(st.lists(st.builds(Extra, model=words, weight=st.floats(0, 2)), max_size=2))),
        curves=curves,
    )


@st.composite
def mixes(draw: st.DrawFn, name: str, edges: tuple[str, ...]) -> Mix:
    edge = st.sampled_from(edges)
    return Mix(
        name=name,
        a=draw(edge),
        b=draw(edge),
        mask=draw(st.none() | edge),
        mode=draw(st.sampled_from(["over", "add"])),
        mix=draw(unit),
        clip=draw(st.booleans()),
        curves={"mix": draw(curve(unit))} if draw(st.booleans()) else {},
    )


@st.composite
def recipes(draw: st.DrawFn, least_steps: int = 0) -> Recipe:
    """Any recipe of the test operations that holds, frozen facts included."""
    named = draw(st.lists(names, unique=True, min_size=least_steps, max_size=5))
    cut = draw(st.integers(0, max(0, len(named) - least_steps)))
    inputs = tuple(
        Material(name=name, kind="image", path=draw(words.map(lambda text: text + "x")), rights=draw(words))
        for name in named[:cut]
    )
    edges: tuple[str, ...] = ("plate", *named[:cut])
    steps: list[Op] = []
    for name in named[cut:]:
        steps.append(draw(brushes(name, edges) | mixes(name, edges)))
        edges = (*edges, name)
    first = draw(st.integers(-10, 2000))
    return Recipe(
        schema=1,
        shot=draw(st.sampled_from(["", "sq010_sh0020"])),
        parent=draw(st.sampled_from(["", "v001"])),
        summary=draw(words),
        picked_from=draw(st.none() | st.just(Picked(wedge="w001", index=3))),
        look=draw(st.none() | st.just(LookRef(name="dream", sha256="ab"))),
        range=draw(st.none() | st.just((first, first + draw(st.integers(0, 300))))),
        plate_sha256=draw(st.sampled_from(["", "cd"])),
        seen_as=draw(st.none() | st.just(ColourFacts(plate="ACEScg", working="ACEScg", config="ab"))),
        input=inputs,
        step=tuple(steps),
        output=Output(
            master=draw(st.sampled_from([Master(), Master(type="float"), Master(format="png", type="uint16")])),
            layers=tuple(step.name for step in steps if draw(st.booleans())),
            review=draw(st.none() | st.just(Review(burnin=False))),
        ),
        rev=draw(st.sampled_from([{}, {"test_brush": 3}])),
        model=draw(st.dictionaries(words, st.just({"sha256": "ef", "licence": "MIT"}), max_size=2)),
    )
