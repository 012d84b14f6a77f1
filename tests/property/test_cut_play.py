"""What a frame of the cut shows, held against OpenTimelineIO's own answer, and retimes against arithmetic."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import Cut, read_cut
from core.cut.segments import Segment, segments
from core.cut.shots import Shot, make_shots
from core.viewing.cutplay import CutPlay, on_show, shot_frame
from core.viewing.view import Source
from tests.timelines import clip, media_info, movie, save, schema, settings, span, time, timeline


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut")
    for name in ("plate.mov", "other.mov"):
        (folder / name).write_bytes(name.encode())
    return folder


def played(made: Any, folder: Path) -> tuple[Cut, dict[str, Shot], CutPlay]:
    cut = read_cut(save(made, folder / "cut.otio"))
    shots, _ = make_shots(
        cut, settings(), probe=media_info, root=folder / "show", source=folder / "cut.otio", existing={}
    )
    by_id = {shot.id: shot for shot in shots}
    return cut, by_id, CutPlay(segments(cut, by_id), {})


@st.composite
def plain_cuts(draw: st.DrawFn) -> Any:
    """Tracks of clips and gaps, some disabled, some with timecode, some joined by a transition: no retimes."""
    tracks = []
    for _ in range(draw(st.integers(1, 3))):
        items: list[Any] = []
        for _ in range(draw(st.integers(1, 5))):
            length = draw(st.integers(1, 20))
            if draw(st.integers(0, 3)) == 0:
                items.append(schema.Gap(source_range=span(0, length)))
                continue
            start = draw(st.sampled_from([0, 90000]))
            url = draw(st.sampled_from(["plate.mov", "other.mov"]))
            made = clip(
                draw(st.sampled_from(["sh0010", "", "x"])), movie(url, start), start + draw(st.integers(10, 90)), length
            )
            made.enabled = draw(st.integers(0, 4)) > 0
            if items and isinstance(items[-1], schema.Clip) and draw(st.integers(0, 3)) == 0:
                items.append(schema.Transition("x", "SMPTE_Dissolve", time(2), time(1)))
            items.append(made)
        tracks.append(items)
    return timeline(*tracks)


@given(plain_cuts())
def test_every_frame_is_the_one_that_otio_says(place: Path, made: Any) -> None:
    if not made.find_clips():
        return
    cut, shots, play = played(made, place)
    stack = cut.timeline.tracks
    uses = {use.clip_id: shot for shot in shots.values() for use in shot.uses}
    for frame in range(max(int(track.duration().value) for track in stack) + 2):
        wanted = None
        for track in stack:
            at = time(frame)
            child = next(
                (
                    c
                    for c in track
                    if not isinstance(c, schema.Transition) and track.trimmed_range_of_child(c).contains(at)
                ),
                None,
            )
            if isinstance(child, schema.Clip) and child.enabled:
                source = track.transformed_time(at, child)
                media = source - child.media_reference.available_range.start_time
                shot = uses[child.metadata["rushes"]["clip_id"]]
                wanted = (shot.id, round(media.rescaled_to(25).value) + shot.plate.offset)
        shown = play.at(frame)
        assert (shown and (shown.source.shot, shown.frame)) == wanted


@pytest.mark.parametrize(
    ("scalar", "wanted"),
    [
        (2.0, [100, 102, 104, 106]), (0.5, [100, 100, 101, 101]), (-1.0, [103, 102, 101, 100]),
        (-2.0, [107, 105, 103, 101]), (-0.5, [101, 101, 100, 100]), (0.0, [100, 100, 100, 100]),
    ],
)  # fmt: skip
def test_retimes_show_each_picture_when_it_is_due(place: Path, scalar: float, wanted: list[int]) -> None:
    made = clip("sh0010", movie(), 100, 4)
    made.effects.append(schema.FreezeFrame() if not scalar else schema.LinearTimeWarp("speed", time_scalar=scalar))
    before = schema.Gap(source_range=span(0, 5))
    _, shots, play = played(timeline([before, made]), place)
    offset = shots["sh0010"].plate.offset  # type: ignore[union-attr]
    assert [play.at(5 + n).frame - offset for n in range(4)] == wanted  # type: ignore[union-attr]
    assert play.at(4) is None and play.at(9) is None and len(play.frames) == 9


def test_media_of_another_rate_run_by_time(place: Path) -> None:
    """A 25 fps plate in a 50 fps cut: each picture twice."""
    made = clip("sh0010", movie(), 200, 8, 50)
    _, shots, play = played(timeline([made]), place)
    offset = shots["sh0010"].plate.offset  # type: ignore[union-attr]
    assert [play.at(n).frame - offset for n in range(8)] == [100, 100, 101, 101, 102, 102, 103, 103]  # type: ignore[union-attr]


@given(st.fractions(-4, 4, max_denominator=24), st.integers(1, 60))
def test_a_segment_never_leaves_what_its_clip_needs(step: Fraction, length: int) -> None:
    start = Fraction(1009) if step >= 0 else Fraction(1009) - step * length
    last = 1009 + max(0, -(-(abs(step) * length) // 1) - 1)
    segment = Segment("a", "c", 10, 9 + length, 1, start, step, (1009, int(last)))
    shown = [shot_frame(segment, 10 + n) for n in range(length)]
    assert all(1009 <= frame <= last for frame in shown)
    assert shown == sorted(shown, reverse=step < 0)


def test_the_cut_shows_the_circled_version_else_the_newest_complete_one() -> None:
    from core.rows import ShotRow

    def row(shot: str, circled: str, latest: str, ready: str) -> ShotRow:
        return ShotRow(Shot(shot, None, ()), "ip", 3, latest, circled, "", 10, 0, None, ready=ready)

    rows = [
        row("a", "v001", "v003", "2026"),
        row("b", "", "v003", "2026"),
        row("c", "", "v003", ""),
        row("d", "", "", ""),
    ]
    assert on_show(rows) == {"a": Source("a", "v001"), "b": Source("b", "v003"), "c": Source("c"), "d": Source("d")}
