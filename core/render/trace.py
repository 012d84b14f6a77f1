"""What a recipe's pictures are made of: the digest of every one, without making any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from core.errors import RenderError
from core.frames import FrameRange
from core.ops.base import Format
from core.recipe.model import PLATE, Recipe
from core.recipe.vary import at
from core.render.kit import resolved
from core.render.plan import filled_digest, keys, share_between, step_digest

Node = tuple[str, int]
"""A picture: the name of the plate, an input or a step, and a shot frame."""


class Trace:
    """The pictures of one recipe by node, and what each is made from."""

    def __init__(
        self,
        recipe: Recipe,
        formats: Mapping[str, Format],
        available: FrameRange,
        environment: str,
        *,
        plate: Callable[[int], str],
        material: Callable[[str, int], str],
        stats: Callable[[str], Mapping[str, Any]],
    ) -> None:
        """
        Args:
            available: the frames that the plate and every sequence input have.
            environment: what decides the pixels of kept steps beside their parameters.
            plate, material: the digests of the plate's and an input's frames.
            stats: what a step measured.
        """
        self.recipe, self.formats, self.available, self.environment = recipe, formats, available, environment
        self.steps = {step.name: step for step in recipe.step}
        self._plate, self._material, self._stats = plate, material, stats
        self.digest = lru_cache(maxsize=8192)(self._digest)

    def keys(self, name: str, frame: int) -> tuple[int, ...]:
        """The frames that a step has to make for its picture at `frame`."""
        return keys(self.steps[name], frame, self.available, self.recipe.frames.last)

    def sources(self, node: Node) -> list[Node]:
        """The pictures that a picture is made from."""
        name, frame = node
        if name not in self.steps:
            return []
        made_at = self.keys(name, frame)
        if made_at != (frame,):
            return [(name, key) for key in made_at]
        return [(edge, frame) for edge in self.steps[name].edges()]

    def _digest(self, node: Node) -> str:
        name, frame = node
        if name == PLATE:
            return self._plate(frame)
        if name not in self.steps:
            return self._material(name, frame)
        made_at = self.keys(name, frame)
        if made_at != (frame,):
            first, last = made_at[0], made_at[-1]
            return filled_digest(
                self.digest((name, first)), self.digest((name, last)), share_between(frame, first, last)
            )
        step, recipe = at(self.steps[name], frame), self.recipe
        models = [resolved(ref, recipe).sha256 for ref in step.models()]
        if "" in models:
            raise RenderError(
                f"The step `{name}` names a model whose weights were not hashed.",
                todo="Freeze the recipe, then render it.",
            )
        return step_digest(
            step, frame, {edge: self.digest((edge, frame)) for edge in step.edges()},
            models=models, environment=self.environment if step.keep else "", tier=recipe.tier,
            stats={"measured": dict(self._stats(name)), "format": _plain(self.formats[name])},
        )  # fmt: skip


def _plain(planned: Format) -> list[Any]:
    return [planned.width, planned.height, planned.channels, str(planned.pixel_aspect)]
