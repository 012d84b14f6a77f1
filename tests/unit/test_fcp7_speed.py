"""Retimes of FCP7 XML: the frames that Premiere, Final Cut and Hiero mean are the frames that a shot needs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.cut.incoming.fcp7_speed import TICKS
from core.cut.incoming.read import Cut, read_cut
from core.cut.outgoing.publish import Published
from core.cut.ranges import Counted, Need, media_frames, needs, source_zero
from core.cut.recut.effects import effects_of
from core.frames import FrameRange
from otio_adapters import versions
from tests.outgoing import Show
from tests.timelines import clip, movie, schema, span, timeline
from tests.unit.test_fcp7 import publish

pytest.importorskip("otio_fcp_adapter")
RATE = Fraction(25)


def parameter(name: str, value: object, inside: str = "") -> str:
    return (
        f'<parameter authoringApp="PremierePro"><parameterid>{name}</parameterid><name>{name}</name>'
        f"<value>{value}</value>{inside}</parameter>"
    )


def remap(speed: object, *keys: tuple[object, object, str], reverse: str = "FALSE", variable: int = 0) -> str:
    """A filter in the shape that Premiere writes. `keys`: when, value, and the flags of the key."""
    told = "".join(
        f"<keyframe><when>{when}</when><value>{value}</value>"
        + "".join(f"<{flag}>TRUE</{flag}>" for flag in flags.split())
        + "</keyframe>"
        for when, value, flags in keys
    )
    inner = parameter("variablespeed", variable) + parameter("speed", speed) + parameter("reverse", reverse)
    graph = parameter("graphdict", 0, told + "<interpolation><name>FCPCurve</name></interpolation>") if keys else ""
    return (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid><effectcategory>motion</effectcategory>"
        f"<effecttype>motion</effecttype><mediatype>video</mediatype>{inner}{graph}</effect></filter>"
    )


def xmeml(folder: Path, filters: str, first: float, length: int, media: int, ticks: int | None = None) -> Path:
    """A sequence of one clip whose media start at 01:00:00:00, in the shape that Premiere writes."""
    rate = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
    code = f"<timecode>{rate}<string>01:00:00:00</string><frame>90000</frame></timecode>"
    exact = f"<pproTicksIn>{ticks}</pproTicksIn>" if ticks is not None else ""
    path = folder / "cut.xml"
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="4"><sequence id="sequence-1">'
        f"<duration>{length}</duration>{rate}<name>cut</name><media><video><track>"
        f'<clipitem id="clipitem-1"><name>it</name><enabled>TRUE</enabled><duration>{media}</duration>{rate}'
        f"<start>0</start><end>{length}</end><in>{first}</in><out>{first + length}</out>{exact}"
        f'<file id="file-1"><name>a.mov</name><pathurl>file://localhost/a.mov</pathurl>{rate}'
        f"<duration>{media}</duration>{code}<media><video/></media></file>{filters}</clipitem>"
        "</track></video></media></sequence></xmeml>"
    )
    return path


def read(path: Path) -> tuple[Cut, Need, FrameRange]:
    """The cut, what its clip needs, and that in frames of the media, the first of which is 0."""
    cut = read_cut(path)
    need = needs(cut.timeline)[0][0]
    zero = source_zero(need.clip.media_reference, Counted(0, RATE), need.start)
    return cut, need, media_frames(need, zero, RATE)


@pytest.mark.parametrize(
    ("filters", "first", "length", "media", "wanted", "retime"),
    [
        # `in` counts the clip's own frames: 50 at double speed is frame 100 of the media.
        (remap(200), 50, 20, 300, FrameRange(100, 139), "2x"),
        (remap(50), 101, 20, 300, FrameRange(50, 60), "0.5x"),
        (remap(950, (369, 3505, "speedvirtualkf speedkfin"), (1681, 15969, "speedvirtualkf speedkfout")),
         369, 1312, 15970, FrameRange(3505, 15969), "9.5x"),
        # The numbers of the adapter's own sample of Premiere: backwards, counted from the last frame.
        (remap(100, (0, 37127, "speedvirtualkf speedkfstart"), (15299, 21828, "speedvirtualkf speedkfin"),
               (15305, 21822, "speedvirtualkf speedkfout"), (37127, 1, "speedvirtualkf speedkfend"), reverse="TRUE"),
         15299, 6, 37127, FrameRange(21822, 21827), "reverse"),
        (remap(-200), 10, 5, 100, FrameRange(70, 79), "reverse 2x"),
        # Its sample of Hiero: one frame stretched over 400; `in` counts from timecode 0 there.
        (remap(0.25), 326400, 239, 1000, FrameRange(816, 816), "0.0025x"),
        # A held picture: the curve says which, else `in` does.
        (remap(0, (40, 77, "speedvirtualkf speedkfin"), (60, 77, "speedvirtualkf speedkfout")), 40, 20, 300,
         FrameRange(77, 77), "freeze"),
        (remap(0), 40, 20, 300, FrameRange(40, 40), "freeze"),
        # Final Cut's media need not begin with own frame 0: `anchorOffset` says where they do.
        (remap(200).replace("</effect>", parameter("graphdict", 0, "<keyframe><when>0</when><value>30</value>"
               "<anchorOffset>30</anchorOffset></keyframe>") + "</effect>"), 10, 5, 300, FrameRange(50, 59), "2x"),
    ],
)  # fmt: skip
def test_a_constant_speed_needs_the_frames_that_its_program_shows(
    tmp_path: Path, filters: str, first: int, length: int, media: int, wanted: FrameRange, retime: str
) -> None:
    cut, need, frames = read(xmeml(tmp_path, filters, first, length, media))
    assert (frames, need.retime, need.duration) == (wanted, retime, length / RATE)
    assert [type(effect) for effect in need.clip.effects] in ([schema.LinearTimeWarp], [schema.FreezeFrame])
    assert not cut.warnings


@pytest.mark.parametrize(
    ("filters", "first", "wanted"),
    [
        ("", 589, FrameRange(34727 + 589, 34727 + 603)),
        (remap(200), 100, FrameRange(34727 + 200, 34727 + 229)),
        # Known from a conform: of 47849 frames, backwards from `in` 589, the first picture is 35427.
        (remap(100, reverse="TRUE"), 589, FrameRange(35427 - 14, 35427)),
    ],
)
def test_a_subclip_counts_from_the_part_that_it_is_of(
    tmp_path: Path, filters: str, first: int, wanted: FrameRange
) -> None:
    part = "<subclipinfo><startoffset>34727</startoffset><endoffset>11832</endoffset></subclipinfo>"
    cut, _, frames = read(xmeml(tmp_path, part + filters, first, 15, 47849))
    assert frames == wanted
    published = publish(Show(cut.timeline, tmp_path))
    assert "subclipinfo" not in published.path.read_text() and read(published.path)[2] == wanted


def test_a_speed_ramp_is_named_and_its_frames_are_counted_along_its_curve(tmp_path: Path) -> None:
    """The numbers of a file that Premiere wrote (the adapter's `empty_name_tags.xml`): all 155 frames in 143."""
    keys = [
        (0, 0, "speedvirtualkf speedkfin"), (1, 1, ""), (51, 51, ""), (114, 126, ""),
        (142, 154, "speedvirtualkf speedkfout"),
    ]  # fmt: skip
    _, need, frames = read(xmeml(tmp_path, remap(108.451, *keys, variable=1), 0, 143, 155))
    assert frames == FrameRange(0, 154)
    (effect,) = need.clip.effects
    assert type(effect) is schema.TimeEffect and (effect.name, effect.effect_name) == ("Time Remap", "Time Remap")
    assert effect.metadata["fcp_xml"]["parameter"][1]["value"] == "108.451", "passed through as it came"
    assert "speed ramp is counted at its mean" in needs(read_cut(tmp_path / "cut.xml").timeline)[1][0]


def test_a_ramp_that_turns_back_and_keys_that_are_none(tmp_path: Path) -> None:
    """To frame 200 and back to 100 within what is shown; a key that Premiere put in itself lies beyond all media."""
    keys = [
        (100, 100, ""), (150, 200, ""), (200, 100, ""),
        (190, -1815255671, "speedvirtualkf speedkfout"), (195, 999999, "speedvirtualkf speedkfend"),
    ]  # fmt: skip
    assert read(xmeml(tmp_path, remap(100, *keys, variable=1), 120, 60, 500))[2] == FrameRange(140, 199)


def test_premieres_ticks_say_where_between_two_own_frames_a_clip_starts(tmp_path: Path) -> None:
    """Frame 101 of the media is own frame 50.5 at double speed, which `in` cannot say."""
    _, need, frames = read(xmeml(tmp_path, remap(200), 50, 20, 300, TICKS * 101 // 50))
    assert (frames, need.clip.source_range.start_time.value) == (FrameRange(101, 140), 90101)
    other = read(xmeml(tmp_path, remap(200), 50, 20, 300, TICKS * 7))[2]
    assert other == FrameRange(100, 139), "ticks of another place are not believed"


@pytest.mark.parametrize(
    "filters",
    [
        remap("nan"), remap("1e9999"), remap("fast"), remap(9e9), remap("1e-999999999", variable=1),
        remap(100, (0, 0, ""), variable=1), remap(100).replace("<parameterid>speed<", "<parameterid>x<"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_a_ramp_that_says_no_more(tmp_path: Path, filters: str) -> None:
    _, need, frames = read(xmeml(tmp_path, filters, 40, 20, 300))
    (effect,) = need.clip.effects
    assert type(effect) is schema.TimeEffect and frames == FrameRange(40, 59)


def test_a_ramp_that_is_trimmed_is_the_same_curve(tmp_path: Path) -> None:
    keys = [(0, 0, ""), (40, 20, ""), (60, 80, ""), (100, 100, "")]
    path = xmeml(tmp_path, remap(100, *keys, variable=1), 30, 40, 101)
    whole = read_cut(path).timeline.find_clips()[0]
    trimmed = read_cut(xmeml(tmp_path, remap(100, *keys, variable=1), 35, 20, 101)).timeline.find_clips()[0]
    other = read_cut(xmeml(tmp_path, remap(100, *keys[1:], variable=1), 30, 40, 101)).timeline.find_clips()[0]
    assert effects_of(whole) == effects_of(trimmed) != effects_of(other)


def test_a_ramp_goes_out_again_where_the_media_are_the_editors(tmp_path: Path) -> None:
    keys = [(0, 0, ""), (40, 20, ""), (60, 80, ""), (100, 100, "")]
    cut = read_cut(xmeml(tmp_path, remap(100, *keys, variable=1), 30, 40, 101))
    published = publish(Show(cut.timeline, tmp_path))
    again, _, frames = read(published.path)
    assert frames == FrameRange(15, 84) and not _lost_speed(published)
    (before,), (after,) = (one.timeline.find_clips()[0].effects for one in (cut, again))
    assert versions.plain(after.metadata) == versions.plain(before.metadata), "passed through as it came"


def test_a_ramp_of_a_version_is_named_as_lost_and_a_stale_filter_is_not_written(tmp_path: Path) -> None:
    """Its media begin elsewhere than the editor's, and the curve counts from their first frame."""
    keys = [(0, 0, ""), (40, 20, ""), (60, 80, ""), (100, 100, "")]
    made = read_cut(xmeml(tmp_path, remap(100, *keys, variable=1), 30, 40, 101)).timeline
    made.find_clips()[0].media_reference.target_url = "plate.mov"
    show = Show(made, tmp_path)
    (shot,) = show.shots
    published = publish(show, show.entry(shot, "v001", active="v001"))
    assert _lost_speed(published) and "timeremap" not in published.path.read_text()


def test_a_constant_retime_follows_the_version_that_plays(tmp_path: Path) -> None:
    """The filter that came with the clip counts from the editor's media: a new one counts from the version's."""
    made = read_cut(xmeml(tmp_path, remap(200), 50, 20, 300)).timeline
    made.find_clips()[0].media_reference.target_url = "plate.mov"
    show = Show(made, tmp_path)
    (shot,) = show.shots
    published = publish(show, show.entry(shot, "v001", active="v001"))
    assert not _lost_speed(published)
    text = published.path.read_text()
    assert text.count("<effectid>timeremap</effectid>") == 1
    found = read_cut(published.path).timeline.find_clips()[0]
    assert found.source_range.start_time.value == 90100 and found.effects[0].time_scalar == 2
    assert found.media_reference.available_range.start_time.value == 90092, "eight frames of handle"
    assert "<in>4</in>" in text, "frame 8 of the version is own frame 4"


def test_two_retimes_of_one_clip_are_named(tmp_path: Path) -> None:
    twice: Any = clip("a", movie("a.mov"), 40, 20)
    twice.effects.extend([schema.LinearTimeWarp("a", time_scalar=2.0), schema.LinearTimeWarp("b", time_scalar=3.0)])
    assert _lost_speed(publish(Show(timeline([twice]), tmp_path)))


@pytest.mark.parametrize(("speed", "kept"), [(2.0, True), (0.5, True), (0.0, True), (-1.0, False)])
def test_a_compound_is_retimed_too_and_one_that_runs_backwards_is_named(
    tmp_path: Path, speed: float, kept: bool
) -> None:
    """How long it is inside is not read back, and backwards counts from its end."""
    inner = schema.Track("inner", kind="Video", children=[clip("a", movie("a.mov"), 100, 60)])
    nest = schema.Stack("nest", children=[inner], source_range=span(7, 20))
    nest.effects.append(schema.LinearTimeWarp("s", time_scalar=speed) if speed else schema.FreezeFrame())
    published = publish(Show(timeline([clip("x", movie("a.mov"), 0, 10), nest]), tmp_path))
    assert bool(_lost_speed(published)) != kept
    found = list(read_cut(published.path).timeline.tracks[0])[1]
    assert found.source_range == span(7, 20)


def _lost_speed(published: Published) -> list[str]:
    return [loss.what for loss in published.losses if loss.what.startswith("speed")]
