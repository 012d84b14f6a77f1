"""Rich cuts and random edits whose answer is known: nesting, transitions, retimes, gaps, odd rates, foreign metadata.

Where a clip stands is reckoned by OpenTimelineIO; every other answer follows from what was done to the clip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import read_cut
from core.cut.recut.align import Holding
from core.cut.recut.change import Change
from core.cut.recut.conform import conform
from core.cut.recut.facts import facts
from core.cut.shots import make_shots
from core.frames import FrameRange
from core.media.info import MediaInfo
from tests.timelines import counted, media_info, movie, save, schema, settings, span

HANDLES = 8
RATES = (Fraction(25), Fraction(24000, 1001), Fraction(30), Fraction(60000, 1001), Fraction(12))
FOREIGN: tuple[dict[str, Any], ...] = (
    {}, {"Resolve_OTIO": {"Link Group ID": 7}}, {"ayon.source.width": 1920}, {"fcp_xml": {"@id": "clipitem-3"}},
)  # fmt: skip


@dataclass
class Expected:
    """What a change has to say of a clip."""

    flags: set[str] = field(default_factory=set)
    head: int = 0
    tail: int = 0
    slip: int = 0


def probe(path: Path, rate: Fraction | None = None) -> MediaInfo:
    """A movie at the rate that its name says: `p1_2.mov` runs at RATES[2]."""
    return replace(media_info(path), rate=RATES[int(path.stem.split("_")[1])], frames=FrameRange(0, 8999))


# Cuts


@st.composite
def rich(draw: st.DrawFn) -> Any:
    """Some 4 to 12 clips, each with a name and a range of its source of its own."""
    names = iter(f"sq{number:03d}_sh0010" for number in range(10, 400, 10))
    made = schema.Timeline(
        "rich", global_start_time=draw(st.sampled_from([None, otio.opentime.RationalTime(90000, 25)]))
    )
    made.metadata.update(draw(st.sampled_from(FOREIGN)))
    for number in range(1, draw(st.integers(2, 3))):
        track = schema.Track(f"V{number}", kind=schema.TrackKind.Video)
        made.tracks.append(track)
        for _ in range(draw(st.integers(2, 5))):
            fill(draw, track, names)
    made.tracks.append(schema.Track("A1", kind=schema.TrackKind.Audio))
    made.tracks[-1].append(schema.Clip("sound", movie("sound.wav", 0, 5000), span(0, 400)))
    return made


def fill(draw: st.DrawFn, track: Any, names: Any) -> None:
    """One more thing at the end of a track: a clip, a gap, a nest, or a transition to another clip."""
    what = draw(st.sampled_from(["clip", "clip", "clip", "gap", "nest", "transition"]))
    if what == "gap":
        track.append(schema.Gap(source_range=span(0, draw(st.integers(1, 40)))))
    if what == "nest":
        inner = schema.Track("inner", kind=schema.TrackKind.Video)
        for _ in range(draw(st.integers(2, 3))):
            inner.append(item(draw, next(names)))
        nest = schema.Stack("nest", children=[inner], metadata=draw(st.sampled_from(FOREIGN)))
        if draw(st.booleans()):
            length = inner.duration().rescaled_to(25).value
            nest.source_range = span(5, length - 10)
        elif draw(st.booleans()):
            nest.effects.append(schema.LinearTimeWarp("faster", 2.0))
        track.append(nest)
        return
    if what == "transition" and len(track) and isinstance(track[-1], schema.Clip):
        track.append(schema.Transition("x", "SMPTE_Dissolve", span(0, 3).duration, span(0, 4).duration))
    track.append(item(draw, next(names)))


def item(draw: st.DrawFn, name: str) -> Any:
    """A clip of 40 frames of its media's; sources are shared, but no range of theirs."""
    number = int(name[2:5]) // 10
    rate = draw(st.integers(0, len(RATES) - 1))
    media = movie(f"p{number % 4}_{rate}.mov", 90000, 9000, float(RATES[rate]))
    made = schema.Clip(name, media, span(90100 + 150 * number, 40, float(RATES[rate])), draw(st.sampled_from(FOREIGN)))
    made.enabled = draw(st.integers(0, 5)) > 0
    if draw(st.integers(0, 4)) == 0:
        made.effects.append(schema.LinearTimeWarp("speed", draw(st.sampled_from([2.0, 0.5, -1.0]))))
    if draw(st.integers(0, 4)) == 0:
        made.effects.append(schema.Effect("grade", "Grade", {"vendor": {"amount": draw(st.floats(0, 1))}}))
    if draw(st.integers(0, 4)) == 0:
        made.markers.append(schema.Marker("m", span(90110, 1), "RED"))
    return made


def clips(made: Any) -> dict[str, Any]:
    """The clips of the picture tracks by their names."""
    return {clip.name: clip for clip in list(made.find_clips()) if clip.name != "sound"}


def places(made: Any) -> dict[str, tuple[int, int]]:
    """Where each clip begins and ends, in microseconds, by OTIO's own reckoning."""
    found = {}
    for name, clip in clips(made).items():
        place = clip.transformed_time_range(clip.trimmed_range(), made.tracks)
        start, end = place.start_time, place.end_time_exclusive()
        found[name] = (round(start.to_seconds() * 1e6), round(end.to_seconds() * 1e6))
    return found


def index(clip: Any) -> int:
    return next(number for number, one in enumerate(clip.parent()) if one is clip)


def speed(clip: Any) -> float:
    return next((one.time_scalar for one in clip.effects if isinstance(one, schema.LinearTimeWarp)), 1.0)


def joined(clip: Any) -> bool:
    """Whether it is part of a transition."""
    track, at = clip.parent(), index(clip)
    return any(isinstance(one, schema.Transition) for one in list(track)[max(0, at - 1) : at + 2])


def nested(made: Any, clip: Any) -> bool:
    return all(clip.parent() is not track for track in made.tracks)


# Edits: (cut, clip, amount) → what is to be said of the clip


def trim(clip: Any, head: int, tail: int) -> None:
    used = clip.source_range
    rate = used.start_time.rate
    clip.source_range = span(used.start_time.value + head, used.duration.value - head - tail, rate)


def trim_head(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, n, 0)
    return Expected({"trimmed_head"}, head=-n)


def trim_tail(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, 0, n)
    return Expected({"trimmed_tail"}, tail=-n)


def extend_head(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, -n, 0)
    return Expected({"extended_within_handles" if n <= HANDLES else "extended_beyond"}, head=n)


def extend_tail(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, 0, -n)
    return Expected({"extended_within_handles" if n <= HANDLES else "extended_beyond"}, tail=n)


def slip(made: Any, clip: Any, n: int) -> Expected:
    trim(clip, n, -n)
    return Expected({"slipped", *(["extended_beyond"] if n > HANDLES else [])}, head=-n, tail=n, slip=n)


def slow_down(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.LinearTimeWarp("slower", 0.5))
    return Expected({"retimed"}, tail=-20)


def speed_up(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.LinearTimeWarp("faster", 2.0))
    return Expected({"retimed", "extended_beyond"}, tail=40)


def switch(made: Any, clip: Any, n: int) -> Expected:
    clip.enabled = not clip.enabled
    return Expected({"enabled" if clip.enabled else "disabled"})


def ramp(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.TimeEffect("ramp", "SpeedRamp", {"vendor": {"keys": [1, n]}}))
    return Expected({"retime_curve_changed"})


def grade(made: Any, clip: Any, n: int) -> Expected:
    clip.effects.append(schema.Effect("grade", "Grade", {"vendor": {"amount": n / 10}}))
    return Expected({"effects_changed"})


def reframe(made: Any, clip: Any, n: int) -> Expected:
    told = {"Parameter ID": "transformationZoomX", "Parameter Value": 1 + n / 100}
    facts_of_it = {"Effect Name": "Transform", "Enabled": True, "Parameters": [told], "Type": 2}
    clip.effects.append(schema.Effect("", "Resolve Effect", {"Resolve_OTIO": facts_of_it}))
    return Expected({"reframed"})


def swap_source(made: Any, clip: Any, n: int) -> Expected:
    clip.media_reference = movie(f"other{clip.name[2:5]}.mov", 0, 5000, clip.source_range.duration.rate)
    clip.source_range = span(n, clip.source_range.duration.value, clip.source_range.duration.rate)
    return Expected({"source_replaced"})


def relink(made: Any, clip: Any, n: int) -> Expected:
    clip.media_reference.target_url = f"/mnt/online/{clip.media_reference.target_url}"
    return Expected({"relinked_only"})


def tell(made: Any, clip: Any, n: int) -> Expected:
    """What other programs write of a clip, and markers, change nothing of what it shows."""
    clip.metadata["somebody"] = {"number": n}
    clip.markers.append(schema.Marker("new", clip.source_range))
    return Expected()


def gap_before(made: Any, clip: Any, n: int) -> Expected:
    clip.parent().insert(index(clip), schema.Gap(source_range=span(0, n)))
    return Expected()


def up(made: Any, clip: Any, n: int) -> Expected:
    """To a track of its own above; a gap stays in its place."""
    track, at = clip.parent(), index(clip)
    start, length = track.range_of_child(clip).start_time, clip.source_range.duration
    track[at] = schema.Gap(source_range=otio.opentime.TimeRange(otio.opentime.RationalTime(0, length.rate), length))
    above = schema.Track(f"V{len(made.tracks) + 5}", kind=schema.TrackKind.Video)
    if start.value:
        above.append(schema.Gap(source_range=otio.opentime.TimeRange(otio.opentime.RationalTime(0, start.rate), start)))
    above.append(clip)
    made.tracks.insert(len(made.tracks) - 1, above)
    return Expected({"moved"})


def take_out(made: Any, clip: Any, n: int) -> Expected:
    del clip.parent()[index(clip)]
    return Expected({"removed"})


def windowed(clip: Any) -> bool:
    """Whether a nest shows a part of its inside, or shows it faster: what is seen of a clip is not all of it then."""
    above = clip.parent().parent()
    return above.source_range is not None or bool(above.effects)


def straight(made: Any, clip: Any) -> bool:
    return speed(clip) == 1.0 and not windowed(clip)


def apart(made: Any, clip: Any) -> bool:
    return not joined(clip) and not nested(made, clip)


def anywhere(made: Any, clip: Any) -> bool:
    return True


Edit = Callable[[Any, Any, int], Expected]
EDITS: dict[Edit, Callable[[Any, Any], bool]] = {
    trim_head: straight, trim_tail: straight, extend_head: straight, extend_tail: straight, slip: straight,
    slow_down: straight, speed_up: lambda made, clip: straight(made, clip) and not joined(clip),
    switch: anywhere, ramp: anywhere, grade: anywhere, reframe: anywhere, swap_source: anywhere, relink: anywhere,
    tell: anywhere, gap_before: apart, up: apart, take_out: lambda made, clip: not joined(clip) and not windowed(clip),
}  # fmt: skip
"""Each edit, and on which clips its answer is the plain one."""


@st.composite
def edited(draw: st.DrawFn) -> tuple[Any, Any, dict[str, Expected]]:
    """A cut, its re-cut, and what is to be said of each clip of either."""
    before = draw(rich())
    made = before.clone()
    expected = {name: Expected() for name in clips(made)}
    if draw(st.booleans()):  # some editors send it with our ids
        for number, clip in enumerate(list(made.find_clips()), 1):
            clip.metadata["rushes"] = {"schema": "rushes/1", "clip_id": f"id-{number}"}
    chosen = draw(st.lists(st.sampled_from(sorted(expected)), max_size=4, unique=True))
    ups = 0
    for name in chosen:
        clip = clips(made)[name]
        fitting = [edit for edit, fits in EDITS.items() if fits(made, clip) and (edit is not up or not ups)]
        edit = draw(st.sampled_from(fitting))
        ups += edit is up
        expected[name] = edit(made, clip, draw(st.integers(1, 20)))
    added = schema.Clip("sq900_sh0010", movie("p9_0.mov", 90000, 9000), span(90200, 30))
    if draw(st.booleans()):
        made.tracks[0].append(added)
        expected[added.name] = Expected({"new"})
    were = places(before)
    for name, (start, end) in places(made).items():
        was = were.get(name, (start, end))
        if start != was[0] and not (abs(end - start - was[1] + was[0]) > 2 and end == was[1]):
            expected[name].flags.add("shifted")
            expected[name].flags.discard("relinked_only")  # it is not the only thing any more
    for expectation in expected.values():
        expectation.flags = expectation.flags or {"unchanged"}
    return before, made, expected


def conformed(folder: Path, before: Any, made: Any) -> tuple[tuple[Change, ...], dict[str, str]]:
    """What is said of the re-cut in a show of the cut; and the shot of each clip of the cut."""
    for source in range(10):
        for rate in range(len(RATES)):
            (folder / f"p{source}_{rate}.mov").write_bytes(b"x")
    received = save(before, folder / "received.otio")
    cut = read_cut(received, counted())
    shots, _ = make_shots(cut, settings(), probe=probe, root=folder, source=received, existing={})
    homes = {use.clip_id: shot.id for shot in shots for use in shot.uses}
    new = read_cut(save(made, folder / "new.otio"))
    old, after = facts(cut, ".otio")[0], facts(new, ".otio")[0]
    said = conform(old, after, {shot.id: Holding(shot) for shot in shots}, homes).changes
    return said, {use.name: shot.id for shot in shots for use in shot.uses}


@given(case=edited())
def test_every_clip_of_a_rich_cut_gets_exactly_the_flags_of_what_was_done_to_it(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[Any, Any, dict[str, Expected]]
) -> None:
    before, made, expected = case
    said, homes = conformed(tmp_path_factory.mktemp("rich"), before, made)
    assert sorted(change.clip or change.was for change in said) == sorted(expected)
    for change in said:
        name = change.clip or change.was
        wanted = expected[name]
        assert set(change.flags) == wanted.flags and len(change.flags) == len(wanted.flags), (name, change.flags)
        if wanted.flags & {"removed", "new", "source_replaced"}:
            continue
        assert (change.head, change.tail, change.slip) == (wanted.head, wanted.tail, wanted.slip), change
        lacking = (max(0, wanted.head - HANDLES), max(0, wanted.tail - HANDLES))
        assert (change.missing_head, change.missing_tail) == lacking, change
        assert change.shot == homes[name]


@given(before=rich(), data=st.data())
def test_a_transition_that_comes_or_goes_is_told_of_both_of_its_clips(
    tmp_path_factory: pytest.TempPathFactory, before: Any, data: st.DataObject
) -> None:
    made = before.clone()
    pairs = [
        (track, at)
        for track in made.tracks
        for at, (one, other) in enumerate(zip(track, list(track)[1:], strict=False))
        if isinstance(one, schema.Clip) and isinstance(other, (schema.Clip, schema.Transition))
    ]
    if not pairs:
        return
    track, at = data.draw(st.sampled_from(pairs))
    if isinstance(track[at + 1], schema.Transition):
        names = {track[at].name, track[at + 2].name}
        del track[at + 1]
    else:
        names = {track[at].name, track[at + 1].name}
        track.insert(at + 1, schema.Transition("y", "SMPTE_Dissolve", span(0, 1).duration, span(0, 1).duration))
    said, _ = conformed(tmp_path_factory.mktemp("joins"), before, made)
    assert {change.clip for change in said if change.flags == ("transition_changed",)} == names, [
        (change.clip, *change.flags) for change in said if change.flags != ("unchanged",)
    ]
    assert {change.clip for change in said if change.flags == ("unchanged",)} == clips(before).keys() - names


@given(before=rich(), data=st.data())
def test_a_copy_is_a_duplicate_whatever_it_is_a_copy_of(
    tmp_path_factory: pytest.TempPathFactory, before: Any, data: st.DataObject
) -> None:
    made = before.clone()
    whole = sorted(name for name, clip in clips(made).items() if not windowed(clip))
    if not whole:
        return
    name = data.draw(st.sampled_from(whole))
    made.tracks[0].append(clips(made)[name].clone())
    said, homes = conformed(tmp_path_factory.mktemp("copy"), before, made)
    alike = [change for change in said if change.clip == name]
    assert sorted(change.flags for change in alike) == [("duplicated",), ("unchanged",)]
    assert {change.shot for change in alike} == {homes[name]}
    assert all(change.flags == ("unchanged",) for change in said if change.clip != name)
