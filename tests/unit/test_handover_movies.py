"""The review movies that go out carry the timecode that the files beside them say, read by another library."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest

from core.cut.outgoing.profiles import PROFILES
from core.show import Show
from tests import shows
from tests.shows import SHOT, finish
from tests.timelines import clip, movie, save, span, timeline

pytestmark = pytest.mark.timeout(120)
START = 10 * 3600 * 25
RECIPE = shows.BLEND + '[output]\nreview = { codec = "prores_422hq", burnin = false }\n'


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A show over a ProRes plate of 40 frames from 10:00:00:00 on, with a circled version that has a movie."""
    from core.media.movie_out import MovieWriter

    folder = tmp_path_factory.mktemp("movies")
    plate = folder / "A001_C001.mov"
    with MovieWriter(plate, (64, 36), Fraction(25), "prores_422hq", timecode="10:00:00:00", reel="A001") as out:
        for number in range(40):
            out.add(np.full((36, 64, 3), 0.2 + number / 100, np.float32))
    cut = save(timeline([clip(SHOT, movie(plate.as_uri(), START, 40), START + 12, 6)]), folder / "cut.otio")
    show = shows.make(cut, folder / "show")
    show.draft(SHOT, text=RECIPE)
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    return show


def first_of(path: Path) -> int:
    """The frame number that a movie's timecode gives its first picture, by FFmpeg."""
    with av.open(str(path)) as found:
        told = next(s.metadata["timecode"] for s in found.streams if "timecode" in s.metadata)
        assert found.streams.video[0].frames == 22
    hours, minutes, seconds, frames = map(int, told.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 25 + frames


@pytest.mark.parametrize("purpose", ["resolve", "resolve18", "premiere", "fcp"])
def test_the_timeline_says_of_the_movie_what_the_movie_says(show: Show, purpose: str) -> None:
    published = show.publish(purpose)
    how = {"adapter_name": "rushes_fcpxml"} if purpose == "fcp" else {}
    (one,) = list(otio.adapters.read_from_file(str(published.path), **how).find_clips())
    media = one.media_reference
    path = Path(media.target_url.removeprefix("file://"))
    assert path.is_file() and path.name == f"{SHOT}_gen_v001_review.mov"
    assert media.available_range == span(first_of(path), 22)
    assert one.source_range == span(START + 12, 6)
    assert published.warnings == ()


def test_the_log_says_of_the_movie_what_the_movie_says(show: Show) -> None:
    published = show.publish("avid")
    log = next(path for path in published.also if path.suffix == ".ale")
    (one,) = list(otio.adapters.read_from_file(str(log)).find_clips())
    path = show.layout.frames(SHOT, "v001") / one.media_reference.target_url
    assert one.source_range == span(first_of(path), 22)
    assert published.warnings == ()


def test_a_bundle_holds_the_movie(show: Show) -> None:
    published = show.publish("resolve", bundle=True)
    (one,) = list(otio.adapters.read_from_file(str(published.path.with_suffix(".otioz"))).find_clips())
    assert one.media_reference.target_url == f"media/{SHOT}_gen_v001_review.mov"


@pytest.mark.parametrize("purpose", ["premiere", "fcp", "resolve", "avid"])
def test_a_cut_that_comes_back_with_the_movie_plays_the_same_pictures_again(
    show: Show, purpose: str, tmp_path: Path
) -> None:
    """The cut goes out and comes in once after the other, so that the later ones start from a cut that plays ours."""
    published = show.publish(purpose, tmp_path / f"out{PROFILES[purpose].suffix}")
    conform = show.conform(published.path)
    (change,) = conform.changes
    assert set(change.flags) <= {"returned", "unchanged", "relinked_only"} and change.version == "v001"
    assert (change.head, change.tail, change.slip, conform.wanted) == (0, 0, 0, ())
    show.apply_conform(conform)
    (one,) = list(otio.adapters.read_from_file(str(show.publish("delivery").path)).find_clips())
    assert one.media_reference.available_range.start_time.value - one.source_range.start_time.value == -8
    assert one.media_reference.start_frame == 1001
    events = show.publish("edl").path.read_text()
    assert "10:00:00:12 10:00:00:18" in events, "the timecode of the plate, as at first"
