"""A frame's place in its batch, its parameters and its digest never depend on which other frames are rendered."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.frames import ANCHOR, FrameRange
from core.render.plan import block_id, blocks, chunks, keys, measured, place, step_digest
from tests.render_kit import Paint

LAST = 1400
PLATE = FrameRange(900, 1500)

steps = st.builds(
    Paint,
    name=st.just("paint"),
    on=st.integers(1, 6),
    batch=st.integers(1, 5),
    fill=st.sampled_from(["hold", "blend"]),
    seed_per_frame=st.sampled_from(["fixed", "iterate", "hashed", "ladder", "alternate"]),
    curves=st.sampled_from([{}, {"gain": ((990, 0.1), (1030, 0.9, "smooth"), (1100, 0.2))}]),
)
ranges = st.tuples(st.integers(950, 1100), st.integers(0, 60)).map(lambda r: FrameRange(r[0], r[0] + r[1]))


def made(step: Paint, frames: list[int] | FrameRange, last: int = LAST) -> dict[int, tuple[int, object, str]]:
    """Key → slot, the operation's parameters in that slot, and the digest."""
    found = {}
    for block in blocks(step, frames, PLATE, last):
        for frame in frames:
            for key in keys(step, frame, PLATE, last):
                if key in block.frames and block_id(step, key, last) == block_id(step, block.frames[0], last):
                    slot = place(step, key)
                    assert block.frames[slot] == key
                    found[key] = (slot, block.steps[slot], step_digest(block.steps[slot], key, {"plate": f"p{key}"}))
    return found


@given(steps, ranges, ranges)
def test_slot_and_batch_do_not_depend_on_the_range(step: Paint, a: FrameRange, b: FrameRange) -> None:
    one, two = made(step, a), made(step, b)
    for key in one.keys() & two.keys():
        assert one[key] == two[key]
        assert block_id(step, key, LAST) == block_id(step, key, LAST + 1)


@given(steps, ranges, st.sets(st.integers(0, 60)))
def test_any_split_makes_the_same_keys_in_the_same_slots(step: Paint, whole: FrameRange, cuts: set[int]) -> None:
    frames = list(whole)
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(frames)), len(frames)]
    parts = [frames[a:b] for a, b in pairwise(edges)]
    united = {key: facts for part in parts for key, facts in made(step, part).items()}
    assert united == made(step, whole)


@given(steps, ranges, st.integers(1, 12))
def test_a_longer_head_leaves_all_other_frames(step: Paint, whole: FrameRange, more: int) -> None:
    before, after = made(step, whole, whole.last), made(step, whole.grow(more, 0), whole.last)
    assert {key: after[key] for key in before} == before


@given(steps, ranges)
def test_batches_are_full_and_hold_every_wanted_key_once(step: Paint, frames: FrameRange) -> None:
    last = frames.last  # the last frame is a key, off the grid too: then it is alone in its batch
    found = blocks(step, frames, PLATE, last)
    wanted = {key for frame in frames for key in keys(step, frame, PLATE, last)}
    assert all(len(block.frames) == step.batch for block in found)
    assert {frame for block in found for frame in block.frames} == wanted
    assert all(not step_at.curves for block in found for step_at in block.steps)
    assert sum(len(set(block.frames)) for block in found) == len(wanted)
    assert last in wanted
    if (last - ANCHOR) % step.on:
        assert any(set(block.frames) == {last} for block in found)


@given(st.integers(1, 24), ranges, ranges)
def test_portions_are_cut_at_the_same_frames_everywhere(length: int, a: FrameRange, b: FrameRange) -> None:
    for part in (*chunks(tuple(a), length), *chunks(tuple(b), length)):
        assert len({(frame - ANCHOR) // length for frame in part}) == 1
    assert [frame for part in chunks(tuple(a), length) for frame in part] == list(a)


@given(st.integers(1001, 1040), st.integers(0, 30), st.integers(0, 12))
def test_measured_frames_do_not_move_when_a_head_is_added(first: int, length: int, head: int) -> None:
    plate = FrameRange(ANCHOR, first + length)
    assert measured(plate) == measured(plate.grow(head, 0))
    assert set(measured(plate)) <= set(plate)
