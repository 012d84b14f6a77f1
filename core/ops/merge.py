"""merge: one picture over another, in linear light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from core.errors import RecipeError
from core.ops.base import Block, Format, Input, Iptc, Kit, Op, Phase, param
from core.ops.shared import Area, matte_source, mix_into, per_channel, same_size

if TYPE_CHECKING:
    from core.ops.base import Pictures
    from core.ops.shared import Picture

Mode = Literal["over", "plus", "multiply", "screen", "difference"]


class Merge(Op):
    """Puts `a` on `b`, premultiplied and in linear light; `b` gives the format.

    over, plus: Porter & Duff, *Compositing Digital Images* (1984). multiply, screen, difference: with alpha as in the
    W3C's *Compositing and Blending Level 1*; screen keeps the brighter picture where either is above 1.
    `matte` multiplies `a` and its alpha; `mask` mixes the result towards `b`. Where either is 0 the pixel *is* `b`'s.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.COMPOSITE_SYNTHETIC

    op: Literal["merge"] = "merge"
    mode: Mode = param("over", help="over, plus, multiply, screen or difference")
    a: Input = param(..., help="the picture in front")
    b: Input = param("plate", help="the picture behind: the result has its size and channels")
    mask: Input | None = param(None, help="where the merge happens: 0 keeps b, 1 is the whole merge")
    matte: Input | None = param(None, help="multiplies a and its alpha")
    mix: float = param(1.0, ge=0, le=1, keyable=True, help="how much of the merge: 0 keeps b")

    def kept(self) -> str:
        return self.b if self.mask or self.matte else ""

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError: sizes differ, a matte is no matte, or a picture is merged with a matte."""
        planned = same_size(self, sources, self.b, self.a, self.mask, self.matte)
        matte_source(self, sources, self.mask, self.matte)
        if (sources[self.a].channels == 1) != (planned.channels == 1):
            raise RecipeError(
                f"The step `{self.name}` merges a matte with a picture.",
                where=f"step `{self.name}`",
                todo="Give the matte as `mask` or `matte`, or merge two mattes.",
            )
        return planned

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        result = np.empty_like(pictures[self.b])
        for index, step in enumerate(block.steps):
            kit.tick()
            a, b = pictures[self.a][index], pictures[self.b][index]
            matte = pictures[self.matte][index] if self.matte else None
            mask = pictures[self.mask][index] if self.mask else np.float32(1.0)
            weight = np.broadcast_to(np.clip(mask, 0.0, 1.0) * np.float32(step.mix), (*b.shape[:2], 1))
            mix_into(result[index], b, _Merged(step.mode, a, b, matte), _touched(weight, a, matte))
        return result


def _touched(weight: Picture, a: Picture, matte: Picture | None) -> Picture:
    """The weight, made 0 also where `a` adds nothing: cut by its matte, or empty."""
    import numpy as np

    if matte is not None:
        weight = np.where(matte <= 0.0, np.float32(0.0), weight)
    if a.shape[-1] == 4:
        weight = np.where((a == 0.0).all(-1, keepdims=True), np.float32(0.0), weight)
    return weight


class _Merged:
    """The merge in some area, before `mask` and `mix`."""

    def __init__(self, mode: Mode, a: Picture, b: Picture, matte: Picture | None) -> None:
        self.mode, self.a, self.b, self.matte = mode, a, b, matte

    def __call__(self, area: Area) -> Picture:
        import numpy as np

        with np.errstate(invalid="ignore", over="ignore"):
            a, b = self.a[area], self.b[area]
            colours = 3 if b.shape[-1] == 4 else b.shape[-1]
            cover: Any = a[..., 3:] if a.shape[-1] == 4 else None
            front = a[..., :colours]
            if self.matte is not None:
                matte = np.clip(self.matte[area], 0.0, 1.0)
                front = front * per_channel(matte, colours)
                cover = matte if cover is None else cover * matte
            behind = b[..., 3:] if b.shape[-1] == 4 else None
            merged = _blend(
                self.mode, front, b[..., :colours],
                1.0 if cover is None else per_channel(cover, colours),
                1.0 if behind is None else per_channel(behind, colours),
            )  # fmt: skip
            if behind is None:
                return np.asarray(merged, np.float32)
            opacity = 1.0 if cover is None else cover
            return np.concatenate([merged, opacity + behind * (1.0 - opacity)], axis=-1)


def _blend(mode: Mode, a: Picture, b: Picture, cover: Picture | float, behind: Picture | float) -> Picture:
    """Premultiplied colours `a` on `b`; `cover` and `behind` are their alphas, 1.0 where they have none."""
    import numpy as np

    if mode == "over":
        if isinstance(cover, float):
            return a
        # An opaque pixel hides what is behind it, were it Inf: Inf · 0 would be NaN.
        return np.where(cover == 1.0, a, a + b * (1.0 - cover))
    if mode == "plus":
        return a + b
    if mode == "multiply":
        return a * b + a * (1.0 - behind) + b * (1.0 - cover)
    if mode == "screen":
        return np.where((a <= 1.0) & (b <= 1.0), a + b - a * b, np.maximum(a, b))
    return np.asarray(a + b - 2.0 * np.minimum(a * behind, b * cover), np.float32)
