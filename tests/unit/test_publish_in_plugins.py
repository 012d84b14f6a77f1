"""What rushes publishes, in the hands of somebody who has the plugins alone."""

from __future__ import annotations

from typing import Any

import opentimelineio as otio
import pytest

from core.show import Show
from otio_adapters import edl_adapter
from otio_adapters.edl import Edl, read_edl
from tests import shows
from tests.shows import BLEND, SHOT, finish

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def circled(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """A show with a circled version, and an approved one that is newer."""
    folder = tmp_path_factory.mktemp("plugins")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    for _ in range(2):
        show.draft(SHOT, text=BLEND)
        finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    show.review(SHOT, "v002", "approve")
    return show


def linked(path: Any, **arguments: str) -> list[str]:
    read = otio.adapters.read_from_file(
        str(path), media_linker_name="rushes_linker", media_linker_argument_map=arguments
    )
    return [clip.active_media_reference_key for clip in read.find_clips()]


def test_a_master_says_what_was_circled_and_what_is_approved(circled: Show) -> None:
    path = circled.publish("master").path
    came = [clip.active_media_reference_key for clip in otio.adapters.read_from_file(str(path)).find_clips()]
    assert "gen_v001" in came and linked(path, pick="circled") == linked(path) == came
    newer = ["gen_v002" if key == "gen_v001" else key for key in came]
    assert linked(path, pick="approved") == linked(path, pick="latest") == linked(path, pick="v002") == newer


def test_a_master_gives_the_events_that_the_show_lists(circled: Show) -> None:
    """One writer: a list made of the master has the lines of the list that rushes publishes."""
    published = circled.publish("edl")
    timeline = otio.adapters.read_from_file(str(circled.publish("master").path))
    ours = [read_edl(path.read_text(), circled.settings.rate) for path in (published.path, *published.also)
            if path.suffix == ".edl"]  # fmt: skip
    found = []
    for number in range(1, len(timeline.video_tracks()) + 1):
        if timeline.video_tracks()[number - 1].find_clips():
            text = edl_adapter.write_to_string(timeline, track=number, rate=str(circled.settings.rate))
            found.append(read_edl(text, circled.settings.rate))
    assert [told(edl) for edl in found] == [told(edl) for edl in ours]


def told(edl: Edl) -> list[tuple[Any, ...]]:
    """Places, retimes and words, without our seals and the markers that the show leaves out of lists."""
    apart = ("RUSHES", "LOC")
    return [
        (event.edits, event.motion, [line for line in event.comments if not line.startswith(apart)])
        for event in edl.events
    ]
