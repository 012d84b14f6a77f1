"""What Final Cut writes, read as what it means: each kind of element, its own time, its sound, and what is named."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest

from otio_adapters import fcpxml_adapter as fcpxml
from otio_adapters.times import item_length, own_speed, seconds
from tests.fcpxml_rules import broken

schema = otio.schema
RESOURCES = """
<format id="r1" name="FFVideoFormat1080p25" frameDuration="100/2500s" width="1920" height="1080"/>
<format id="r24" frameDuration="100/2400s"/>
<effect id="e1" name="Cross Dissolve" uid="FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"/>
<effect id="e2" name="Basic Title" uid="titles/basic.moti"/>
<effect id="e3" name="Clouds" uid="generators/clouds.motn"/>
<effect id="e4" name="Swoosh" uid="FxPlug:swoosh"/>
<asset id="a1" name="A001" start="3600s" duration="40s" hasVideo="1" format="r1">
  <media-rep kind="proxy-media" src="file:///proxy.mov"/><media-rep src="file:///a001.mov"/>
  <metadata><md key="com.apple.proapps.studio.reel" value="A001R2"/></metadata>
</asset>
<asset id="a2" name="talk" start="0s" duration="100s" hasVideo="1" hasAudio="1" format="r1" src="file:///talk.mov"/>
<asset id="a3" name="music" start="0s" duration="100s" hasAudio="1" src="file:///music.wav"/>
<asset id="a4" name="film" start="0s" duration="100s" hasVideo="1" format="r24" src="file:///film.mov"/>
<media id="m1" name="inner"><sequence format="r1" tcStart="3600s"><spine>
  <asset-clip ref="a1" offset="3600s" name="in1" duration="4s"/>
  <gap offset="3604s" duration="1s" start="3600s"/>
  <asset-clip ref="a1" offset="3605s" name="in2" start="3610s" duration="4s"/>
</spine></sequence></media>
<media id="m2" name="cams"><multicam format="r1" tcStart="0s">
  <mc-angle name="wide" angleID="w"><asset-clip ref="a2" offset="0s" name="wide" duration="50s"/></mc-angle>
  <mc-angle name="close" angleID="c"><gap offset="0s" duration="5s"/>
    <asset-clip ref="a1" offset="5s" name="close" duration="40s"/></mc-angle>
</multicam></media>
"""


def document(spine: str, head: str = 'format="r1" tcStart="3600s" tcFormat="NDF"') -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.10"><resources>{RESOURCES}'
        f'</resources><library><event name="e"><project name="cut"><sequence {head}><spine>{spine}</spine></sequence>'
        "</project></event></library></fcpxml>"
    )


def read(spine: str, **how: str) -> Any:
    return fcpxml.read_from_string(document(spine, **how))


def unread(timeline: Any) -> list[str]:
    return list(dict(timeline.metadata["fcpxml"]).get("unread", []))


def laid(timeline: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Each track's items by name, start, length and source time, in seconds."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for track in timeline if isinstance(timeline, schema.Stack) else timeline.tracks:
        at = Fraction(0)
        for item in track:
            if not isinstance(item, (schema.Gap, schema.Transition)):
                source = seconds(item.source_range.start_time)
                found.setdefault(track.name, []).append((item.name, at, item_length(item), source))
            at += item_length(item)
    return found


def test_what_starts_without_a_time_starts_where_its_media_do() -> None:
    """Final Cut leaves out what is the default: the media's first picture, not zero."""
    made = read('<asset-clip ref="a1" offset="3600s" name="sh010" duration="2s"/><asset-clip ref="a1" duration="1s"/>')
    assert laid(made) == {"V1": [("sh010", 0, 2, 3600), ("A001", 2, 1, 3600)]}
    media = made.tracks[0][0].media_reference
    assert media.target_url == "file:///a001.mov", "the original, not the proxy"
    assert media.available_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(90000, 25), otio.opentime.RationalTime(1000, 25)
    )
    assert dict(media.metadata["fcpxml"]) == {"reel": "A001R2"}
    assert made.global_start_time == otio.opentime.RationalTime(90000, 25) and made.name == "cut"


def test_a_storyline_that_is_counted_from_zero_is_read_too() -> None:
    made = read('<asset-clip ref="a1" offset="0s" duration="2s"/><asset-clip ref="a1" offset="5s" duration="1s"/>')
    assert [(at, length) for _, at, length, _ in laid(made)["V1"]] == [(0, 2), (5, 1)]


def test_lanes_count_in_the_time_of_what_they_hang_on() -> None:
    made = read(
        '<asset-clip ref="a1" offset="3600s" start="3610s" duration="10s" name="base">'
        '<asset-clip ref="a1" lane="1" offset="3612s" start="3620s" duration="3s" name="up"/>'
        '<asset-clip ref="a3" lane="-1" offset="3615s" start="7s" duration="20s" name="music"/>'
        '<asset-clip ref="a1" lane="-2" offset="3610s" duration="1s" name="below"/>'
        '<spine lane="2" offset="3611s"><asset-clip ref="a1" offset="0s" duration="2s" name="one"/>'
        '<transition name="Cross Dissolve" offset="3/2s" duration="1s"><filter-video ref="e1"/></transition>'
        '<asset-clip ref="a1" offset="2s" start="3625s" duration="2s" name="two"/></spine></asset-clip>'
    )
    assert laid(made) == {
        "V1": [("below", 0, 1, 3600)],
        "V2": [("base", 0, 10, 3610)],
        "V3": [("up", 2, 3, 3620)],
        "V4": [("one", 1, 2, 3600), ("two", 3, 2, 3625)],
        "A1": [("music", 5, 20, 7)],
    }
    (dissolve,) = [one for one in made.tracks[3] if isinstance(one, schema.Transition)]
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (12.5, 12.5)
    assert dissolve.transition_type == "SMPTE_Dissolve"


def test_clips_of_one_lane_that_lie_over_each_other_get_a_track_each() -> None:
    made = read(
        '<gap offset="3600s" start="3600s" duration="20s">'
        '<asset-clip ref="a1" lane="1" offset="3602s" duration="5s" name="one"/>'
        '<asset-clip ref="a1" lane="1" offset="3604s" duration="5s" name="two"/></gap>'
    )
    assert laid(made) == {"V2": [("one", 2, 5, 3600)], "V3": [("two", 4, 5, 3600)]}


def test_the_sound_of_a_picture_is_beside_it() -> None:
    made = read(
        '<gap offset="3600s" start="0s" duration="5s"/>'
        '<asset-clip ref="a2" offset="3605s" start="10s" duration="5s" name="talk" audioStart="8s" audioDuration="9s"/>'
        '<asset-clip ref="a2" offset="3610s" start="20s" duration="5s" name="mute" srcEnable="video"/>'
        '<clip name="old" offset="3615s" start="3s" duration="2s"><video ref="a2" offset="0s" duration="100s">'
        '<audio ref="a2" lane="-1" offset="0s" duration="100s"/></video></clip>'
    )
    assert laid(made) == {
        "V1": [("talk", 5, 5, 10), ("mute", 10, 5, 20), ("old", 15, 2, 3)],
        "A1": [("talk", 3, 9, 8), ("old", 15, 2, 3)],
    }


def test_what_hangs_out_over_the_head_begins_the_cut() -> None:
    """A sound that is heard before the first picture: the cut begins with it, and all timecode stays what it was."""
    talk = '<asset-clip ref="a2" start="10s" duration="5s" name="talk" audioStart="8s" audioDuration="9s"/>'
    made = read(talk)
    assert made.global_start_time == otio.opentime.RationalTime(25 * 3598, 25)
    assert laid(made) == {"V1": [("talk", 2, 5, 10)], "A1": [("talk", 0, 9, 8)]}
    early = read(talk, head='format="r1"')
    assert laid(early) == {"V1": [("talk", 0, 5, 10)]}
    assert unread(early) == ["what begins before timecode zero is left out"]
    synced = read(
        '<sync-clip start="12s" duration="5s" name="sync" format="r1"><asset-clip ref="a1" offset="10s" name="pic" '
        'duration="40s"/><asset-clip ref="a3" lane="-1" offset="7s" name="rec" duration="30s"/></sync-clip>'
    )
    assert laid(synced) == {"V1": [("sync", 0, 5, 5)]}
    assert laid(synced.tracks[0][0]) == {"V1": [("pic", 3, 40, 3600)], "A1": [("rec", 0, 30, 0)]}


def test_the_older_form_of_clips() -> None:
    """A clip contains its media, placed in its own time; a clip of sound alone has them hanging on a gap."""
    made = read(
        '<clip name="pic" offset="3600s" start="3605s" duration="4s">'
        '<video ref="a1" offset="3600s" duration="40s"/></clip>'
        '<gap offset="3604s" start="0s" duration="10s"><clip name="snd" lane="-1" offset="1s" start="2s" duration="3s">'
        '<gap offset="0s" duration="100s"><audio lane="-1" ref="a3" offset="0s" duration="100s"/></gap></clip></gap>'
    )
    assert laid(made) == {"V1": [("pic", 0, 4, 3605)], "A1": [("snd", 5, 3, 2)]}


@pytest.mark.parametrize(
    ("points", "start", "shown", "effect", "scalar"),
    [
        ([("0s", "0s"), ("50s", "100s")], "10s", 20, schema.LinearTimeWarp, 2.0),
        ([("0s", "100s"), ("100s", "0s")], "10s", 86, schema.LinearTimeWarp, -1.0),
        ([("0s", "30s"), ("50s", "30s")], "10s", 30, schema.FreezeFrame, 0.0),
        ([("0s", "0s"), ("12s", "12s"), ("14s", "16s")], "10s", 10, schema.TimeEffect, None),
        ([("0s", "0s"), ("9s", "18s"), ("30s", "39s")], "10s", 19, None, None),
    ],
)
def test_time_maps(points: list[tuple[str, str]], start: str, shown: int, effect: Any, scalar: float | None) -> None:
    """Over the 4 seconds that the clip shows: what lies outside of them does not matter."""
    told = "".join(f'<timept time="{time}" value="{value}" interp="smooth2"/>' for time, value in points)
    made = read(f'<asset-clip ref="a4" start="{start}" duration="4s"><timeMap>{told}</timeMap></asset-clip>')
    (clip,) = list(made.find_clips())
    assert seconds(clip.source_range.start_time) == shown and item_length(clip) == 4
    assert [type(one) for one in clip.effects] == ([effect] if effect else [])
    if scalar is not None:
        assert clip.effects[0].time_scalar == scalar


def test_a_speed_ramp_goes_back_as_it_came_unless_the_clip_was_cut() -> None:
    points = [("0s", "0s", "linear"), ("12s", "12s", "smooth2"), ("14s", "17s", "linear"), ("40s", "43s", "smooth2")]
    told = "".join(f'<timept time="{time}" value="{value}" interp="{how}"/>' for time, value, how in points)
    made = read(f'<asset-clip ref="a4" start="10s" duration="5s"><timeMap>{told}</timeMap></asset-clip>')
    (clip,) = list(made.find_clips())
    assert seconds(clip.source_range.start_time) == 10
    assert own_speed(clip)[0] == Fraction(8, 5), "8 seconds of source in 5"
    text = fcpxml.write_to_string(made)
    ends = ("10s", "10s", "linear"), ("15s", "18s", "linear")
    assert re.findall(r'<timept time="(\S+)" value="(\S+)" interp="(\S+)"', text) == [ends[0], *points[1:3], ends[1]]
    again = fcpxml.read_from_string(text)
    (effect,), (before,) = again.tracks[0][0].effects, clip.effects
    assert effect.to_json_string() == before.to_json_string()
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, otio.opentime.RationalTime(50, 25))
    with pytest.raises(ValueError, match="film: its speed ramp"):
        fcpxml.write_to_string(made)


def test_media_that_final_cut_conforms_run_at_the_sequences_rate() -> None:
    """As Final Cut exports it: `start` counts in the media's time, `duration` in the sequence's; and it is said."""
    made = read(
        '<asset-clip ref="a4" start="96s" duration="96/25s" name="film"><conform-rate srcFrameRate="24"/>'
        '<marker start="97s" duration="1/24s" value="here"/>'
        '<asset-clip ref="a1" lane="1" offset="98s" duration="1s" name="up"/></asset-clip>'
        '<asset-clip ref="a4" duration="4s"><conform-rate scaleEnabled="0" srcFrameRate="24"/></asset-clip>'
    )
    film, plain = made.tracks[0]
    assert seconds(film.source_range.start_time) == 96 and film.effects[0].time_scalar == float(Fraction(25, 24))
    assert seconds(film.markers[0].marked_range.start_time) == 97
    assert laid(made)["V2"] == [("up", Fraction(48, 25), 1, 3600)]
    assert not list(plain.effects)
    assert unread(made) == ["media of another rate, conformed by Final Cut: read as a retime"]


def test_compounds_multicam_and_synchronised_clips_are_stacks() -> None:
    made = read(
        '<ref-clip ref="m1" offset="3600s" start="3602s" duration="5s" name="inner"/>'
        '<mc-clip ref="m2" offset="3605s" start="7s" duration="5s" name="cams">'
        '<mc-source angleID="c" srcEnable="video"/><mc-source angleID="w" srcEnable="audio"/></mc-clip>'
        '<sync-clip offset="3610s" start="3601s" duration="5s" name="sync" format="r1">'
        '<asset-clip ref="a1" offset="3600s" name="pic" duration="40s"/>'
        '<asset-clip ref="a3" lane="-1" offset="3602s" name="rec" duration="30s"/></sync-clip>'
    )
    assert laid(made) == {"V1": [("inner", 0, 5, 2), ("cams", 5, 5, 7), ("sync", 10, 5, 1)]}
    inner, cams, sync = made.tracks[0]
    assert laid(inner) == {"V1": [("in1", 0, 4, 3600), ("in2", 5, 4, 3610)]}
    assert laid(cams) == {"V1": [("close", 5, 40, 3600)], "A1": [("wide", 0, 50, 0)]}
    assert laid(sync) == {"V1": [("pic", 0, 40, 3600)], "A1": [("rec", 2, 30, 0)]}


def test_a_still_lasts_as_long_as_it_is_shown() -> None:
    still = '<asset id="s1" name="card" start="0s" duration="0s" hasVideo="1" format="r1" src="file:///card.png"/></resources>'
    text = document('<video ref="s1" offset="3600s" start="3600s" duration="5s" name="card"/>')
    made = fcpxml.read_from_string(text.replace("</resources>", still))
    assert laid(made) == {"V1": [("card", 0, 5, 3600)]}
    assert made.tracks[0][0].media_reference.available_range is None
    again = fcpxml.write_to_string(made)
    assert broken(again) == [] and 'duration="0s" hasVideo="1"' in again
    assert re.search(r'<video ref="r\d+" offset="3600s" name="card" start="3600s" duration="5s" />', again)
    assert fcpxml.read_from_string(again).to_json_string() == made.to_json_string()


def test_of_an_audition_the_pick_is_read_in_its_place() -> None:
    made = read(
        '<gap offset="3600s" start="0s" duration="9s"><audition lane="1" offset="2s">'
        '<asset-clip ref="a1" name="pick" duration="3s"/><asset-clip ref="a1" name="other" duration="5s"/>'
        "</audition></gap>"
    )
    assert laid(made) == {"V2": [("pick", 2, 3, 3600)]}


def test_titles_and_generators_keep_what_they_are() -> None:
    made = read(
        '<title ref="e2" offset="3600s" start="3600s" duration="2s" name="t"><param name="Size" value="12"/>'
        '<text><text-style ref="ts1">Later</text-style></text>'
        '<text-style-def id="ts1"><text-style font="Futura"/></text-style-def><note>no hurry</note></title>'
        '<video ref="e3" offset="3602s" duration="2s" name="sky"/>'
        '<transition name="Swoosh" offset="3603s" duration="2s"><filter-video ref="e4" name="Swoosh"/></transition>'
        '<asset-clip ref="a1" duration="2s"><adjust-transform scale="2 2"/><filter-video ref="e4" name="Swoosh"/>'
        "</asset-clip>"
    )
    title, sky, swoosh, clip = made.tracks[0]
    assert title.media_reference.generator_kind == "Basic Title"
    assert dict(title.media_reference.parameters) == {"text": "Later"}
    assert sky.media_reference.generator_kind == "Clouds"
    assert swoosh.transition_type == "Custom_Transition"
    assert [effect.effect_name for effect in clip.effects] == ["adjust-transform", "Swoosh"]
    again = fcpxml.read_from_string(fcpxml.write_to_string(made))
    assert [one.name for one in again.tracks[0]] == [one.name for one in made.tracks[0]]
    assert dict(again.tracks[0][0].media_reference.parameters) == {"text": "Later"}
    assert again.tracks[0][0].metadata["fcpxml"]["note"] == "no hurry"
    assert again.tracks[0][1].media_reference.generator_kind == "Clouds"
    assert broken(fcpxml.write_to_string(made)) == []
    assert again.tracks[0][2].transition_type == "Custom_Transition"
    assert [effect.effect_name for effect in again.tracks[0][3].effects] == ["adjust-transform", "Swoosh"]
    assert 'scale="2 2"' in fcpxml.write_to_string(again), "the framing goes back as it came"


def test_what_is_not_understood_is_named() -> None:
    made = read(
        '<asset-clip ref="a9" offset="3600s" name="lost" duration="2s"/>'
        '<ref-clip ref="m9" name="gone" offset="3602s" duration="2s"/>'
        '<asset-clip ref="a1" offset="3604s" duration="2s"><caption name="c" duration="1s"/>'
        '<audio-channel-source srcCh="1"/><audio-channel-source srcCh="2"/></asset-clip>'
    )
    assert unread(made) == [
        "captions are left out",
        "gone refers to a compound that is not in the document",
        "lost refers to media that are not in the document",
        "2 times: settings of single sound channels are left out",
    ]
    lost = made.tracks[0][0].media_reference
    assert isinstance(lost, schema.MissingReference) and lost.name == "lost"


def test_what_has_no_place_in_a_timeline_is_named() -> None:
    made = read(
        '<asset-clip ref="a1" offset="3600s" duration="2s"><adjust-transform enabled="0" scale="2 2"/>'
        '<keyword start="0s" duration="1s" value="night"/><rating start="0s" duration="1s" value="favorite"/>'
        '<metadata><md key="com.apple.proapps.studio.scene" value="12"/></metadata></asset-clip>'
    )
    assert unread(made) == [
        "filters and adjustments that are switched off are left out",
        "keywords are left out",
        "ratings are left out",
        "scene, take and other log entries are left out",
    ]


@pytest.mark.parametrize(
    ("spine", "says"),
    [
        ('<asset-clip ref="a1" offset="3600s" duration="5s"/>'
         '<asset-clip name="b" ref="a1" offset="3604s" duration="5s"/>',
         "b starts before what stands in front of it ends"),
        ('<asset-clip ref="a1" name="b" duration="-5s"/>', "b has a negative length"),
        ('<asset-clip ref="a1" name="b" duration="5"/>', "'5' is no time"),
        ('<asset-clip ref="a1" name="b" duration="5/0s"/>', "'5/0s' is no time"),
        ('<gap/>', "'nothing' is no time"),
        ('<asset-clip ref="a1" duration="5s"/><transition name="x" offset="3602s" duration="1s"/>', "x lies over no"),
        ('<gap duration="5s"><asset-clip ref="a1" lane="up" duration="1s"/></gap>', "'up' is no lane"),
        ('<mc-clip ref="m2" name="b" duration="5s"><mc-source angleID="z"/></mc-clip>', "b shows an angle"),
        ('<asset-clip ref="a1" name="b" duration="5s"><timeMap><timept time="0s" value="0s"/>'
         '<timept time="0s" value="1s"/></timeMap></asset-clip>', "b shows two things at once"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_an_error_that_names_it(spine: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(spine)


def test_several_projects_are_timelines_by_name_and_clips_alone_are_clips() -> None:
    text = document('<asset-clip ref="a1" duration="5s"/>')
    project = text[text.index("<project") : text.index("</event>")]
    two = fcpxml.read_from_string(text.replace(project, project + project.replace('name="cut"', 'name="trailer"')))
    assert [one.name for one in two] == ["cut", "trailer"]
    clips = fcpxml.read_from_string(text.replace(project, '<asset-clip ref="a1" name="bin" duration="5s"/>'))
    assert [type(one) for one in clips] == [schema.Clip] and clips[0].name == "bin"


def test_a_sequence_without_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say its frame rate"):
        read('<asset-clip ref="a1" duration="5s"/>', head='format="r9"')


def test_drop_frame_is_kept_and_else_what_the_rate_says() -> None:
    clip = schema.Clip("a", schema.ExternalReference("a.mov"))
    for rate, told, wanted in ((30000 / 1001, "", "DF"), (30000 / 1001, "NDF", "NDF"), (24000 / 1001, "", "NDF")):
        one = clip.clone()
        one.source_range = otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, rate), otio.opentime.RationalTime(10, rate)
        )
        track = schema.Track("V1", [one])
        made = schema.Timeline("cut", [track])
        if told:
            made.metadata["fcpxml"] = {"tcFormat": told}
        text = fcpxml.write_to_string(made)
        assert re.search(r'<sequence [^>]*tcFormat="(\w+)"', text)[1] == wanted  # type: ignore[index]
        again = fcpxml.read_from_string(text)
        assert again.metadata["fcpxml"]["tcFormat"] == wanted
