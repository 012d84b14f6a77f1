"""What has to be made for which frames, and under which digest: pure functions of the recipe and shot frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from core.files import canonical_json, sha256_bytes
from core.frames import ANCHOR, FrameRange, block_of, keys_around, seed_for, slot
from core.ops.base import Block, Cadence, Op, edges_in
from core.recipe.model import PLATE, Recipe, edge_fields
from core.recipe.vary import at

BlockId = tuple[int, bool]
"""The number of a batch, and whether it is the one that the last frame has for itself."""

_NOT_PIXELS = {"op", "name", "curves"}
_RESOLVED = {"seed", "seed_per_frame", "on", "fill", "batch"}
"""Parameters of a cadence that a key's digest holds in another form: the frame's seed and its place in the batch."""


# Keys and batches


def keys(step: Op, frame: int, available: FrameRange, last: int) -> tuple[int, ...]:
    """The frames that `step` has to make for its picture at `frame`: itself, or one key to hold, or two to blend.

    Args:
        available: the frames that the plate and every sequence input have.
        last: the last frame of the recipe's range, which is always a key.
    """
    if not isinstance(step, Cadence):
        return (frame,)
    before, after = keys_around(frame, step.on, available, last)
    return (before,) if frame == before or step.fill == "hold" else (before, after)


def place(step: Op, key: int) -> int:
    """The slot of a key in its batch. It depends on the frame alone, never on a range."""
    return slot(key, step.on, step.batch) if isinstance(step, Cadence) else 0


def block_id(step: Op, key: int, last: int) -> BlockId:
    """The batch that a key belongs to. A last frame off the grid would share its floor key's slot: it has its own."""
    if not isinstance(step, Cadence):
        return key, False
    return block_of(key, step.on, step.batch), key == last and (key - ANCHOR) % step.on != 0


def full_block(step: Op, wanted: Iterable[int]) -> Block:
    """A full batch with each wanted key in its slot; other slots repeat the key before (or the first) and are dropped.

    Repeated neighbours leave a slot's picture bit-equal, another position or batch size does not (measured).
    """
    size = step.batch if isinstance(step, Cadence) else 1
    slots: list[int | None] = [None] * size
    for key in wanted:
        slots[place(step, key)] = key
    frames = [next(key for key in slots if key is not None)]
    for held in slots:
        frames.append(frames[-1] if held is None else held)
    del frames[0]
    return Block(tuple(frames), tuple(at(step, frame) for frame in frames))


def blocks(step: Op, frames: Iterable[int], available: FrameRange, last: int) -> tuple[Block, ...]:
    """The batches that make `step` at `frames`, in order."""
    wanted = sorted(
        {key for frame in frames for key in keys(step, frame, available, last)},
        key=lambda key: (block_id(step, key, last), key),
    )
    return tuple(full_block(step, part) for _, part in groupby(wanted, key=lambda key: block_id(step, key, last)))


def chunks(frames: Sequence[int], length: int) -> tuple[tuple[int, ...], ...]:
    """Sorted frames in the portions that are rendered together, cut at multiples of `length` from 1001."""
    return tuple(tuple(part) for _, part in groupby(frames, key=lambda frame: (frame - ANCHOR) // length))


def measured(available: FrameRange, limit: int = 16, every: int = 4) -> tuple[int, ...]:
    """The frames that `Op.measure` looks at: every fourth from 1001 on, sixteen at most, as far as the plate has them.

    They depend on the plate and not on the recipe's range: a head that grows leaves every measured value, and with it
    the pixels of all other frames, as they were. A test frame needs no pass over the whole shot either.
    """
    inside = [frame for n in range(limit) if (frame := ANCHOR + n * every) in available]
    return tuple(inside) or tuple(range(available.first, min(available.first + limit, available.last + 1)))


# Digests


def step_digest(
    step: Op,
    frame: int,
    sources: Mapping[str, str],
    *,
    models: Sequence[str] = (),
    environment: str = "",
    tier: str = "exact",
    stats: Mapping[str, Any] | None = None,
    neighbours: Sequence[str] = (),
) -> str:
    """The digest of all that decides the picture of `step` (its curves evaluated) at `frame`.

    An operation's pixels follow from its parameters, its sources' pixels, the frame's seed and its place in the batch,
    not from names, curves or the frame's number: so renaming a step re-uses what was made, and a still needs one call.

    Args:
        sources: digest by edge name.
        models: sha256 of the weights, as the operation lists them.
        environment: the class of machine and versions that gives the same bits; empty for operations without models.
        stats: what `measure` returned.
        neighbours: chained operations: the digest of the frame before; windowed: those of the window, in order.
    """
    parameters = step.model_dump(mode="json", exclude=_NOT_PIXELS)
    read: dict[str, str | None] = {name: parameters.pop(name) for name in edge_fields(type(step))}
    for path, edge in edges_in(step):
        if path[0] not in read:  # in a table of its own: `control[0].input`
            table, index, key = path
            del parameters[str(table)][index][key]
        read[".".join(map(str, path))] = sources[edge]
    facts: dict[str, Any] = {
        "op": step.op,
        "rev": step.rev,
        "parameters": parameters,
        "sources": read,
        "models": list(models),
        "environment": environment,
        "tier": tier,
        "stats": stats or {},
        "neighbours": list(neighbours),
    }
    if isinstance(step, Cadence):
        for name in _RESOLVED:
            del facts["parameters"][name]
        facts["seed"] = seed_for(frame, int(step.seed), step.seed_per_frame)
        facts["slot"], facts["batch"] = place(step, frame), step.batch
    return digest(facts)


def measure_digest(step: Op, sources: Mapping[str, Sequence[str]]) -> str:
    """The digest of all that decides what `step.measure` returns: its parameters, and its sources where it may look."""
    edges = edge_fields(type(step))
    facts = step.model_dump(mode="json", exclude={"name", *edges})
    reads = {name: list(sources[edge]) for name in edges if (edge := getattr(step, name)) is not None}
    return digest({"measure": facts, "rev": step.rev, "sources": reads})


def filled_digest(before: str, after: str, share: float) -> str:
    """The digest of a frame between two keys: `share` of the way from one to the other. A held frame is its key."""
    return before if share == 0.0 else digest({"between": [before, after], "share": share})


def share_between(frame: int, before: int, after: int) -> float:
    """How far `frame` lies from the key before (0) to the key after (1)."""
    return (frame - before) / (after - before) if after > before else 0.0


def digest(facts: Any) -> str:
    return sha256_bytes(canonical_json(facts).encode())


# The plate promise


def promise_ended(recipe: Recipe) -> str:
    """The step at which the plate's pixels stop being bit-identical outside a matte; empty where the promise holds."""
    steps = {step.name: step for step in recipe.step}
    name = recipe.final
    while name in steps:
        source = steps[name].kept()
        if not source:
            return name
        name = source
    return "" if name == PLATE else name
