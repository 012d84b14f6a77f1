"""reformat: a picture at another size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from core.errors import RecipeError
from core.media.resample import Filter, Fit, placement, resize
from core.ops.base import Block, Format, Input, Iptc, Kit, Op, Phase, param

if TYPE_CHECKING:
    from core.ops.base import Pictures


class Reformat(Op):
    """Brings a picture to the size of another, or to a size of its own; channels stay.

    Filters are those of `core.media.resample`, which average over the whole area when they make smaller. Mattes stay
    within 0 and 1. `pad` leaves 0 around the picture.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["reformat"] = "reformat"
    input: Input = param(..., help="the picture to change")
    like: Input = param("plate", help="the picture whose size it gets")
    size: tuple[int, int] | None = param(None, unit="px", help="width and height, instead of `like`")
    fit: Fit = param("crop", help="crop fills the size, pad keeps everything, stretch changes the aspect")
    filter: Filter = param("lanczos3", help="lanczos3 is sharpest, cubic rings less, triangle is soft")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError: no size, or pixels of another aspect (only `stretch` says what to do with these)."""
        source, target = sources[self.input], sources[self.like]
        if self.size is not None:
            if min(self.size) < 1:
                raise RecipeError(f"The step `{self.name}` has no size: {self.size}.", todo="Give a width and height.")
            return replace(source, width=self.size[0], height=self.size[1])
        if source.pixel_aspect != target.pixel_aspect and self.fit != "stretch":
            raise RecipeError(
                f"`{self.input}` has pixels of aspect {source.pixel_aspect}, `{self.like}` of {target.pixel_aspect}.",
                where=f"step `{self.name}`",
                todo='Say fit = "stretch" where both frame the same picture.',
            )
        return replace(target, channels=source.channels)

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        source = pictures[self.input]
        size = self.size or (pictures[self.like].shape[2], pictures[self.like].shape[1])
        where = placement((source.shape[2], source.shape[1]), size, self.fit)
        (left, top, right, bottom), (x0, y0, x1, y1) = where.inside, where.place
        inner = resize(source[:, top:bottom, left:right], (y1 - y0, x1 - x0), self.filter)
        if source.shape[3] == 1:
            inner = np.clip(inner, 0.0, 1.0)
        if where.place == (0, 0, *size):
            return np.ascontiguousarray(inner)
        result = np.zeros((source.shape[0], size[1], size[0], source.shape[3]), np.float32)
        result[:, y0:y1, x0:x1] = inner
        return result
