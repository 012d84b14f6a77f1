"""Random edits whose answer is known: a conform gives exactly these flags and these frames, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import cut_text, read_cut
from core.cut.recut.align import Holding
from core.cut.recut.change import Change
from core.cut.recut.conform import conform
from core.cut.recut.facts import facts
from core.cut.recut.kin import longest_rising
from core.cut.recut.match import Matcher, assign
from core.cut.shots import make_shots
from tests.timelines import counted, cuts, media_info, movie, save, schema, settings, span, timeline

CLIPS = 7
LENGTH = 40


@dataclass
class Expected:
    """What a clip's change has to say."""

    flags: set[str] = field(default_factory=set)
    head: int = 0
    tail: int = 0
    slip: int = 0


def first_cut() -> Any:
    """Seven clips of six sources on one track, a gap between some; the last shares its source with the first."""
    items: list[Any] = []
    for number in range(CLIPS):
        source = movie(f"p{number % (CLIPS - 1)}.mov", 90000, 1000)
        start = 90100 + (400 if number == CLIPS - 1 else 0)
        items.append(schema.Clip(f"sh{number:02d}0", source, span(start, LENGTH)))
        if number % 3 == 2:
            items.append(schema.Gap(source_range=span(0, 10)))
    return timeline(items)


def clip_of(made: Any, name: str) -> Any:
    for clip in list(made.find_clips()):
        if clip.name == name:
            return clip
    raise LookupError(name)


def trim(clip: Any, head: int, tail: int) -> None:
    """Take frames off the ends; negative: add."""
    old = clip.source_range
    clip.source_range = span(old.start_time.value + head, old.duration.value - head - tail)


# Each edit: (new cut, clip, amount) → what is to be said of the clip itself.


def trim_head(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, n, 0)
    return Expected({"trimmed_head"}, head=-n)


def trim_tail(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, 0, n)
    return Expected({"trimmed_tail"}, tail=-n)


def extend_head(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, -n, 0)
    return Expected({"extended_within_handles" if n <= 8 else "extended_beyond"}, head=n)


def extend_tail(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, 0, -n)
    return Expected({"extended_within_handles" if n <= 8 else "extended_beyond"}, tail=n)


def slip(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, n, -n)
    return Expected({"slipped", *(["extended_beyond"] if n > 8 else [])}, head=-n, tail=n, slip=n)


def disable(made: Any, clip: Any, n: int) -> Expected:
    clip.enabled = False
    return Expected({"disabled"})


def retime(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.LinearTimeWarp("slower", time_scalar=0.5))
    return Expected({"retimed"}, tail=-LENGTH // 2)


def blur(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.Effect("blur", "Blur"))
    return Expected({"effects_changed"})


def replace(made: Any, clip: Any, n: int) -> Expected:
    clip.media_reference = movie("another.mov", 0, 500)
    clip.source_range = span(n, clip.source_range.duration.value)
    return Expected({"source_replaced"})


def relink(made: Any, clip: Any, n: int) -> Expected:
    clip.media_reference.target_url = f"/mnt/online/{clip.media_reference.target_url}"
    return Expected({"relinked_only"})


def gap(made: Any, clip: Any, n: int) -> Expected:
    track = clip.parent()
    track.insert(index(track, clip), schema.Gap(source_range=span(0, n)))
    return Expected()


def up(made: Any, clip: Any, n: int) -> Expected:
    """To a track above; a gap stays in its place."""
    track = clip.parent()
    at, start = index(track, clip), track.range_of_child(clip).start_time
    track[at] = schema.Gap(source_range=span(0, clip.source_range.duration.value))
    above = schema.Track("V2", kind=schema.TrackKind.Video)
    if start.value:
        above.append(schema.Gap(source_range=span(0, start.value)))
    above.append(clip)
    made.tracks.append(above)
    return Expected({"moved"})


EDITS = [
    trim_head, trim_tail, extend_head, extend_tail, slip, disable, retime, blur, replace, relink, gap, up,
]  # fmt: skip


def index(track: Any, clip: Any) -> int:
    return next(number for number, item in enumerate(track) if item is clip)


class Desk:
    """A show's cut and what the show has of it."""

    def __init__(self, folder: Path, made: Any) -> None:
        self.folder = folder
        for number in range(CLIPS - 1):
            (folder / f"p{number}.mov").write_bytes(b"x")
        received = save(made, folder / "received.otio")
        self.cut = read_cut(received, counted())
        (folder / "cut.otio").write_text(cut_text(self.cut))
        shots, _ = make_shots(self.cut, settings(), probe=media_info, root=folder, source=received, existing={})
        self.holdings = {shot.id: Holding(shot) for shot in shots}
        self.homes = {use.clip_id: shot.id for shot in shots for use in shot.uses}

    def conform(self, made: Any) -> tuple[Change, ...]:
        new = read_cut(save(made, self.folder / "new.otio"))
        before, after = facts(self.cut, ".otio")[0], facts(new, ".otio")[0]
        return conform(before, after, self.holdings, self.homes).changes


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), first_cut())


@st.composite
def edited(draw: st.DrawFn) -> tuple[Any, dict[str, Expected]]:
    """A new cut, and what is to be said of each clip of either."""
    made = first_cut()
    names = [clip.name for clip in list(made.find_clips())]
    expected = {name: Expected() for name in names}
    chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    if draw(st.booleans()):  # most editors send it without our ids
        for number, clip in enumerate(list(made.find_clips()), 1):
            clip.metadata["rushes"] = {"schema": "rushes/1", "clip_id": f"id-{number}"}
    done = []
    for name in chosen:
        edit = draw(st.sampled_from([edit for edit in EDITS if edit is not up or up not in done]))
        done.append(edit)
        expected[name] = edit(made, clip_of(made, name), draw(st.integers(1, 20)))
    gone = draw(st.sampled_from([*names, ""]))
    if gone and gone not in chosen:
        clip = clip_of(made, gone)
        del clip.parent()[index(clip.parent(), clip)]
        expected[gone] = Expected({"removed"})
    before = places(first_cut())
    for name, (start, end) in places(made).items():
        was = before[name]
        moved = start != was[0] and not (end - start != was[1] - was[0] and end == was[1])
        if moved:
            expected[name].flags.add("shifted")
            expected[name].flags.discard("relinked_only")  # it is not the only thing any more
    for expectation in expected.values():
        expectation.flags = expectation.flags or {"unchanged"}
    return made, expected


def places(made: Any) -> dict[str, tuple[int, int]]:
    """Where each clip stands, by OTIO's own reckoning."""
    found = {}
    for track in made.tracks:
        for item, place in track.range_of_all_children().items():
            if isinstance(item, otio.schema.Clip):
                start = place.start_time.rescaled_to(25).value
                found[item.name] = (round(start), round(start + place.duration.rescaled_to(25).value))
    return found


@given(case=edited())
def test_every_clip_gets_exactly_the_flags_of_what_was_done_to_it(
    desk: Desk, case: tuple[Any, dict[str, Expected]]
) -> None:
    made, expected = case
    changes = desk.conform(made)
    assert len(changes) == CLIPS
    for change in changes:
        name = change.clip or change.was
        wanted = expected[name]
        assert set(change.flags) == wanted.flags, (change, wanted)
        assert len(change.flags) == len(set(change.flags))
        assert (change.head, change.tail, change.slip) == (wanted.head, wanted.tail, wanted.slip), change
        assert change.shot == desk.homes[change.was_id]
        lacking = (max(0, change.head - 8), max(0, change.tail - 8))
        assert (change.missing_head, change.missing_tail) == (lacking if "removed" not in wanted.flags else (0, 0))


@given(
    name=st.sampled_from([f"sh{number:02d}0" for number in range(CLIPS)]),
    at=st.sampled_from(["before", "behind", "end"]), keep_id=st.booleans(),
)  # fmt: skip
def test_a_copy_is_a_duplicate_and_the_clip_itself_stays_what_it_was(
    desk: Desk, name: str, at: str, keep_id: bool
) -> None:
    made = otio.adapters.read_from_file(str(desk.folder / "cut.otio"))
    clip = clip_of(made, name)
    copy = clip.clone()
    if not keep_id:
        copy.metadata.pop("rushes")
    track = clip.parent()
    place = {"before": index(track, clip), "behind": index(track, clip) + 1, "end": len(track)}[at]
    track.insert(place, copy)
    changes = desk.conform(made)
    assert len(changes) == CLIPS + 1
    both = [change for change in changes if change.clip == name]
    (duplicate,) = [change for change in both if "duplicated" in change.flags]
    (itself,) = [change for change in both if change is not duplicate]
    assert set(duplicate.flags) == {"duplicated"} and set(itself.flags) <= {"unchanged", "shifted"}
    assert duplicate.shot == itself.shot == desk.homes[itself.was_id]
    assert (itself.head, itself.tail, duplicate.head, duplicate.tail) == (0, 0, 0, 0)


@given(name=st.sampled_from([f"sh{number:02d}0" for number in range(CLIPS)]), first=st.integers(3, LENGTH - 3))
def test_a_clip_cut_in_two_is_split_and_put_together_again_is_merged(
    tmp_path_factory: pytest.TempPathFactory, desk: Desk, name: str, first: int
) -> None:
    made = first_cut()
    clip = clip_of(made, name)
    other = clip.clone()
    trim(clip, 0, LENGTH - first)
    trim(other, first, 0)
    clip.parent().insert(index(clip.parent(), clip) + 1, other)
    changes = desk.conform(made)
    parts = [change for change in changes if change.clip == name]
    assert [set(change.flags) for change in parts] == [{"split"}, {"split"}]
    assert {change.shot for change in parts} == {parts[0].shot} and parts[0].shot
    assert sorted((change.head, change.tail) for change in parts) == [(-first, 0), (0, first - LENGTH)]

    back = Desk(tmp_path_factory.mktemp("back"), made).conform(first_cut())
    flags = sorted(change.flags for change in back if name in (change.clip, change.was))
    assert [flag[0] for flag in flags] == ["merged", "merged"]
    assert all(change.flags == ("unchanged",) for change in back if name not in (change.clip, change.was))


def test_one_clip_that_changes_its_place_is_moved_and_the_others_shift(desk: Desk) -> None:
    made = first_cut()
    clip = clip_of(made, "sh000")
    track = clip.parent()
    del track[index(track, clip)]
    track.append(clip)
    said = {change.clip: change.flags for change in desk.conform(made)}
    assert said.pop("sh000") == ("moved",)
    assert set(said.values()) == {("shifted",)}


def test_a_dissolve_needs_frames_beyond_the_cut(desk: Desk) -> None:
    made = first_cut()
    clip = clip_of(made, "sh000")
    long = schema.Transition(
        "x", "SMPTE_Dissolve", otio.opentime.RationalTime(4, 25), otio.opentime.RationalTime(12, 25)
    )
    clip.parent().insert(1, long)
    said = {change.clip: change for change in desk.conform(made)}
    assert set(said["sh000"].flags) == {"transition_changed", "extended_beyond"}  # 12 at the tail, 8 of them handles
    assert (said["sh000"].missing_head, said["sh000"].missing_tail, said["sh000"].tail) == (0, 4, 0)
    assert set(said["sh010"].flags) == {"transition_changed"}  # 4 at the head lie within the handles


def test_what_cannot_be_told_apart_is_asked_and_an_answer_is_taken(tmp_path: Path) -> None:
    def bare(start: int, length: int) -> Any:
        return schema.Clip("untitled", schema.MissingReference(), span(start, length))

    desk = Desk(tmp_path, timeline([bare(0, 30), schema.Gap(source_range=span(0, 5)), bare(100, 30)]))
    new = timeline([schema.Gap(source_range=span(0, 500)), bare(900, 44)])
    changes = desk.conform(new)
    (question,) = [change for change in changes if change.key]
    assert question.flags == ("ambiguous",) and set(question.candidates) == {"sh0010", "sh0020"} and not question.shot
    assert [change.flags for change in changes if not change.key] == [("ambiguous",)] * 2, "neither is called removed"

    before, after = facts(desk.cut, ".otio")[0], facts(read_cut(save(new, tmp_path / "new.otio")), ".otio")[0]
    told = conform(before, after, desk.holdings, desk.homes, answers={question.key: "sh0020"}).changes
    assert [(change.shot, change.clip) for change in told if change.clip] == [("sh0020", "untitled")]
    neither = conform(before, after, desk.holdings, desk.homes, answers={question.key: "new"}).changes
    assert [change.flags for change in neither if change.clip] == [("new",)]
    assert [change.flags for change in neither if not change.clip] == [("removed",), ("removed",)]


@given(st.lists(st.integers(0, 30), unique=True, max_size=12))
def test_the_longest_rising_row_is_rising_and_none_is_longer(values: list[int]) -> None:
    found = longest_rising([(value,) for value in values])
    picked = [values[at] for at in sorted(found)]
    assert picked == sorted(picked)
    longest = [0] * len(values)  # by the definition: the longest row that ends at each place
    for at, value in enumerate(values):
        longest[at] = 1 + max((longest[before] for before in range(at) if values[before] < value), default=0)
    assert len(picked) == max(longest, default=0)


@given(st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.floats(0.1, 1), min_size=1))
def test_the_assignment_is_the_best_of_all(scores: dict[tuple[int, int], float]) -> None:
    def best(olds: list[int], taken: frozenset[int]) -> float:
        if not olds:
            return 0.0
        o, *rest = olds
        choices = [best(rest, taken)]
        choices += [
            value + best(rest, taken | {n}) for (other, n), value in scores.items() if other == o and n not in taken
        ]
        return max(choices)

    found = assign(scores)
    assert len(set(found.values())) == len(found)
    assert sum(scores[o, n] for n, o in found.items()) == pytest.approx(best([0, 1, 2, 3], frozenset()))


# Whatever an editor sends


def told(folder: Path, old: Any, new: Any) -> tuple[int, tuple[Change, ...]]:
    """How many clips both cuts show on video tracks, and what is said of them; as in a show, plates missing or not."""
    (folder / "a.mov").write_bytes(b"x")
    received = save(old, folder / "received.otio")
    cut = read_cut(received)
    shots, _ = make_shots(cut, settings(), probe=media_info, root=folder, source=received, existing={})
    homes = {use.clip_id: shot.id for shot in shots for use in shot.uses}
    before = facts(cut, ".otio")[0]
    after = facts(read_cut(save(new, folder / "new.otio")), ".otio")[0]
    said = conform(before, after, {shot.id: Holding(shot) for shot in shots}, homes).changes
    return len(before.clips) + len(after.clips), said


@given(made=cuts())
def test_a_cut_against_itself_has_nothing_but_unchanged_clips(
    tmp_path_factory: pytest.TempPathFactory, made: Any
) -> None:
    count, said = told(tmp_path_factory.mktemp("same"), made, made.clone())
    assert [change.flags for change in said] == [("unchanged",)] * (count // 2)


@given(old=cuts(), new=cuts())
def test_every_clip_of_either_cut_is_spoken_of_once(
    tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any
) -> None:
    count, said = told(tmp_path_factory.mktemp("any"), old, new)
    gone = {"removed", "merged", "ambiguous"}
    assert all(change.flags for change in said)
    assert all(set(change.flags) & gone for change in said if not change.clip and not change.id)
    paired = sum(1 for change in said if change.id and change.was_id and not set(change.flags) & {"duplicated"})
    alone = len(said) - paired
    assert paired * 2 + alone >= count >= len(said)


def test_ten_thousand_uses_of_one_source_do_not_grow_with_the_square(tmp_path: Path) -> None:
    """Counted in steps, not in seconds: looked-at pairs of clips for a clip stay the same however long the cut is."""
    looked = []
    for count in (200, 800):
        items = [schema.Clip("x", movie("p0.mov", 0, 100_000), span(7 * n, 20)) for n in range(count)]
        new = [schema.Clip("x", movie("p0.mov", 0, 100_000), span(7 * n + 3, 20)) for n in range(count)]
        before = facts(read_cut(save(timeline(items), tmp_path / "a.otio")), ".otio")[0]
        after = facts(read_cut(save(timeline(new), tmp_path / "b.otio")), ".otio")[0]
        matcher = Matcher(before.clips, after.clips, [None] * count)
        seen = 0

        def counting(o: int, n: int, real: Any = matcher.overlap) -> float:
            nonlocal seen
            seen += 1
            return float(real(o, n))

        matcher.overlap = counting  # type: ignore[method-assign]
        matcher.pair()
        looked.append(seen / count)
    assert looked[1] <= looked[0] * 1.2
