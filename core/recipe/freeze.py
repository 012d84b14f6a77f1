"""From draft to frozen recipe: all values written, models and inputs hashed, so that a version can be made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Protocol

from core.errors import RecipeError
from core.files import one_line
from core.frames import FrameRange
from core.ops.base import Format, ModelRef
from core.recipe.model import PLATE, ColourFacts, Material, Recipe
from core.recipe.weights import Weights


class _Plate(Protocol):
    @property
    def frames(self) -> FrameRange: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def pixel_aspect(self) -> Fraction: ...


class _Shot(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def plate(self) -> _Plate | None: ...
    @property
    def missing(self) -> str: ...


def freeze(
    draft: Recipe,
    *,
    shot: _Shot,
    range: FrameRange,
    resolve: Callable[[ModelRef], Weights],
    digest_plate: Callable[[FrameRange], str],
    digest_material: Callable[[Material], str],
    seen_as: ColourFacts,
    summary: str,
    parent: str,
) -> Recipe:
    """The complete recipe of a shot's `range`: revisions of its operations, models with revision, sha256, licence and
    training data, inputs and plate with their digests, how their colour is seen. The same draft and files give the
    same recipe.

    Raises:
        RecipeError: no steps, another shot's draft, frames that the plate does not have, sizes that do not fit.
        ModelError, MediaError: from `resolve` and the digests.
    """
    if draft.shot not in ("", shot.id):
        raise RecipeError(
            f"This is the draft of another shot, {draft.shot}.", where=shot.id, todo=f'Write shot = "{shot.id}".'
        )
    if not draft.step:
        raise RecipeError("The recipe has no steps.", where=shot.id, todo="Add a [[step]] with an `op`.")
    _planned(draft, _inside_plate(range, shot))
    refs = [ref for step in draft.step for ref in step.models()]
    return draft.model_copy(
        update={
            "shot": shot.id,
            "parent": parent,
            "summary": one_line(summary or draft.summary),
            "range": (range.first, range.last),
            "plate_sha256": digest_plate(range),
            "seen_as": seen_as,
            "input": tuple(
                material.model_copy(update={"sha256": digest_material(material)}) for material in draft.input
            ),
            "rev": {step.op: type(step).rev for step in sorted(draft.step, key=lambda step: step.op)},
            "model": _models(refs, resolve),
        }
    )


def _inside_plate(range: FrameRange, shot: _Shot) -> _Plate:
    if shot.plate is None:
        raise RecipeError(
            f"The plate is missing: {one_line(shot.missing)}.",
            where=shot.id,
            todo="Bring the media back, then freeze again.",
        )
    if not len(range):
        raise RecipeError("The range is empty.", where=f"{shot.id} {range}", todo="Write it as [first, last].")
    have = shot.plate.frames
    missing = (
        FrameRange(range.first, min(range.last, have.first - 1)),
        FrameRange(max(range.first, have.last + 1), range.last),
    )
    if any(map(len, missing)):
        both = have.intersect(range)
        todo = f"Limit it: --set range={both}." if len(both) else f"The plate has {have}."
        frames = ",".join(str(part) if len(part) > 1 else str(part.first) for part in missing if len(part))
        raise RecipeError(f"The plate has no frames {frames}.", where=f"{shot.id}, range {range}", todo=todo)
    return shot.plate


def _planned(draft: Recipe, plate: _Plate) -> None:
    """Plan the sizes of all steps that read no further input: what cannot fit is said before anything is queued."""
    known = {PLATE: Format(plate.width, plate.height, plate.channels, plate.pixel_aspect)}
    for step in draft.step:
        if set(step.edges()) <= known.keys():
            known[step.name] = step.plan(known)


def _models(refs: Iterable[ModelRef], resolve: Callable[[ModelRef], Weights]) -> dict[str, dict[str, str]]:
    """What each model was, by the name it has in the steps. One name can mean only one thing."""
    found: dict[str, ModelRef] = {}
    for ref in refs:
        other = found.setdefault(ref.id, ref)
        if other.revision != ref.revision:
            raise RecipeError(
                f"Two revisions of one model: {one_line(other.revision)} and {one_line(ref.revision)}.",
                where=one_line(ref.id),
                todo="Use one revision, or give them two names in the show's register.",
            )
    return {name: _facts(resolve(found[name])) for name in sorted(found)}


def _facts(weights: Weights) -> dict[str, str]:
    facts = {
        "revision": weights.revision,
        "sha256": weights.sha256,
        "licence": weights.licence,
        "source": weights.source,
    }
    if weights.training_data:
        facts["training_data"] = weights.training_data
    return dict(sorted(facts.items()))
