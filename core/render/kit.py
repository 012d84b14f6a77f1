"""What the render loop hands to operations: models, views, stats, notes, and the tick that cancels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core.errors import Cancelled, RecipeError
from core.ops.base import ModelRef
from core.render.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.media.colour import Colour
    from core.recipe.model import Recipe
    from core.render.models import Models

    Pictures = NDArray[np.float32]

MODEL_VIEWS = {"srgb": "sRGB - Texture", "acescct": "ACEScct"}
"""How linear light can be shown to a model, as spaces of the colour config."""


@dataclass
class RenderKit:
    """The kit of one render (`core.ops.base.Kit`). Model calls are made from the thread that renders, one at a time."""

    recipe: Recipe
    models: Models
    colour: Colour
    working: str
    tally: Tally
    ticked: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)
    measured: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    _owner: int = field(default_factory=threading.get_ident)

    def tick(self) -> None:
        """Raises Cancelled. Only the rendering thread asks the worker; the others see that it has stopped."""
        if threading.get_ident() == self._owner:
            self.ticked()
        if self.stop.is_set():
            raise Cancelled("The render was stopped.")

    def model(self, ref: ModelRef, role: str = "", parts: Sequence[ModelRef] = ()) -> Any:
        pinned, *others = (resolved(each, self.recipe) for each in (ref, *parts))
        for each in (pinned, *others):
            self.tally.models[each.id] = {"revision": each.revision, "sha256": each.sha256}
        return self.models.load(pinned, role, others)

    def stats(self, step: str) -> Mapping[str, Any]:
        return self.measured.get(step, {})

    def note(self, step: str, frame: int, **facts: Any) -> None:
        self.notes.setdefault((step, frame), {}).update(facts)

    @property
    def device(self) -> str:
        return self.models.device

    @property
    def dtype(self) -> str:
        return self.models.dtype

    def view(self, pictures: Pictures, name: str) -> Pictures:
        import numpy as np

        seen = self.colour.convert(pictures, self.working, _view(name))
        return np.clip(np.nan_to_num(seen, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)

    def unview(self, pictures: Pictures, name: str) -> Pictures:
        return self.colour.convert(pictures, _view(name), self.working)

    def call(self, compute: Callable[[], Any]) -> Any:
        self.tick()
        with self.tally.stage("model"):
            return compute()


def resolved(ref: ModelRef, recipe: Recipe) -> ModelRef:
    """The model as the recipe froze it: its revision and the sha256 of its weights."""
    frozen = recipe.model.get(ref.id, {})
    return replace(
        ref, revision=frozen.get("revision", "") or ref.revision, sha256=frozen.get("sha256", "") or ref.sha256
    )


def _view(name: str) -> str:
    if name not in MODEL_VIEWS:
        raise RecipeError(f"There is no model view {name!r}.", todo=f"Allowed: {', '.join(MODEL_VIEWS)}.")
    return MODEL_VIEWS[name]
