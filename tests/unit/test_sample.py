"""The sample show is what its credits and its cut say: checked with plain OpenTimelineIO, PyAV and OpenImageIO."""

from __future__ import annotations

import av
import numpy as np
import OpenImageIO
import opentimelineio as otio
import pytest

from core.cut.incoming.read import read_cut
from core.cut.shots import Shot, make_shots
from core.frames import FrameRange
from core.media.read import probe
from sample_project import folder
from tests.timelines import settings

SAMPLE = folder()
schema = otio.schema


@pytest.fixture(scope="module")
def timeline() -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(SAMPLE / "cut.otio"))


@pytest.fixture(scope="module")
def shots() -> dict[str, Shot]:
    cut = read_cut(SAMPLE / "cut.otio")
    found, warnings = make_shots(cut, settings(), probe=probe, root=SAMPLE, existing={}, source=SAMPLE / "cut.otio")
    assert all("bigbuckbunny.mp4: no colour tag" in text for text in warnings)
    return {shot.id: shot for shot in found}


def test_it_holds_what_real_cuts_hold(timeline: otio.schema.Timeline) -> None:
    tracks = [(track.kind, track.name) for track in timeline.tracks]
    assert tracks == [("Video", "V1"), ("Video", "V2"), ("Audio", "A1")]
    clips = [clip for track in timeline.video_tracks() for clip in track.find_clips()]
    assert len(clips) >= 7 and 10 <= timeline.duration().to_seconds() <= 20
    assert timeline.global_start_time == otio.opentime.from_timecode("01:00:00:00", 25)
    assert timeline.find_children(schema.Transition) and timeline.find_children(schema.Gap)
    assert sorted(effect.time_scalar for clip in clips for effect in clip.effects) == [-1.0, 0.5]
    assert [clip.name for clip in clips if not clip.enabled] == ["B003_C002_0615HM"]
    assert any(isinstance(clip.media_reference, schema.ImageSequenceReference) for clip in clips)
    assert len([clip for clip in clips if clip.markers]) >= 4 and timeline.tracks[0].markers
    assert {"Resolve_OTIO", "cmx_3600", "fcp_xml"} <= {key for clip in clips for key in clip.metadata}


def test_references_say_what_the_media_are(timeline: otio.schema.Timeline) -> None:
    """The first timecode and the length, as the files state them to other readers."""
    for clip in timeline.find_clips():
        media = clip.media_reference
        start, length = media.available_range.start_time.to_frames(), media.available_range.duration.to_frames()
        if isinstance(media, schema.ImageSequenceReference):
            files = sorted((SAMPLE / media.target_url_base).glob("*.exr"))
            assert [int(file.name.split(".")[1]) for file in files] == list(range(start, start + length))
            continue
        with av.open(str(SAMPLE / media.target_url)) as container:
            if not container.streams.video:
                assert round(container.duration / av.time_base * 25) == length
                continue
            told = [part.metadata.get("timecode") for part in (container, *container.streams)]
            written = next((code for code in told if code), "00:00:00:00")
            assert otio.opentime.from_timecode(written, 25).to_frames() == start
            assert sum(1 for _ in container.decode(video=0)) == length


def test_the_shot_list_an_artist_sees(shots: dict[str, Shot]) -> None:
    assert list(shots) == [
        "day_sh010", "day_sh020", "dream_sh030", "dream_sh040", "dream_sh050", "dream_sh060", "dream_sh070",
    ]  # fmt: skip
    assert all(shot.plate is not None for shot in shots.values())
    assert [(use.name, use.retime) for use in shots["day_sh010"].uses] == [
        ("day_sh010", ""), ("A001_C004_0612GX", "reverse"),
    ]  # fmt: skip
    assert [(use.name, use.enabled) for use in shots["dream_sh040"].uses] == [
        ("dream_sh040", True), ("B003_C002_0615HM", False),
    ]  # fmt: skip
    assert [use.retime for use in shots["dream_sh070"].uses] == ["0.5x"]


def test_handles(shots: dict[str, Shot]) -> None:
    """Eight frames at either end, also behind the dissolve; the moon came short."""
    spare = {}
    for name, shot in shots.items():
        assert shot.plate is not None
        used = FrameRange(min(use.first for use in shot.uses), max(use.last for use in shot.uses))
        spare[name] = (used.first - shot.plate.frames.first, shot.plate.frames.last - used.last)
    assert spare.pop("dream_sh060") == (4, 4)
    assert all(min(ends) >= 8 for ends in spare.values()), spare


def test_plates_of_every_kind(shots: dict[str, Shot]) -> None:
    found = {}
    for name, shot in shots.items():
        assert shot.plate is not None
        found[name] = (shot.plate.kind, shot.plate.alpha, shot.plate.colour, (shot.plate.width, shot.plate.height))
    video = ("movie", "none", "Gamma 2.4 Rec.709 - Texture")
    linear = ("sequence", "premultiplied", "Linear Rec.709 (sRGB)")
    assert found.pop("dream_sh060") == (*linear, (640, 360))
    assert found.pop("dream_sh070") == (*video, (1280, 720))
    assert set(found.values()) == {(*video, (640, 360))}


def test_the_moon_is_premultiplied_light() -> None:
    picture = OpenImageIO.ImageBuf(str(SAMPLE / "media" / "moon" / "moon.0090024.exr")).get_pixels(OpenImageIO.FLOAT)
    light, alpha = picture[..., :3], picture[..., 3]
    assert alpha.max() == pytest.approx(1.0, abs=1e-3) and (alpha == 0).mean() > 0.5
    assert np.abs(light[alpha == 0]).max() < 1e-3


def test_small_enough_and_every_file_has_its_credit() -> None:
    files = [path for path in (SAMPLE / "media").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 14e6
    told = (SAMPLE / "CREDITS.md").read_text(encoding="utf-8")
    for path in files:
        shown = path.parent.name + "/*" + path.suffix if path.parent.name != "media" else path.name
        assert f"media/{shown}" in told, path
