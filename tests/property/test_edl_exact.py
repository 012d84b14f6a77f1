"""An EDL is frame exact: OpenTimelineIO's own CMX 3600 reader, which knows nothing of us, finds each clip in place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.edl_delivery import write_edl
from core.cut.outgoing.publish import Entry, Handover, VersionMedia
from core.cut.shots import make_shots
from otio_adapters.edl import Edit, Edl, Event, Motion, edl_text, read_edl
from tests.edl_cuts import simple_cuts
from tests.timelines import counted, media_info, save, schema, settings

pytest.importorskip("otio_cmx3600_adapter", reason="needs the extra `nle`")


def expected(made: Any) -> list[tuple[str, int, int, int, float]]:
    """(name, record in, record length, source in, speed) of the enabled clips: plain arithmetic on OTIO's values."""
    start = int(made.global_start_time.value) if made.global_start_time else 0
    items, at, rows = list(made.tracks[0]), start, []
    for place, item in enumerate(items):
        if isinstance(item, schema.Transition):
            continue
        length = int(item.source_range.duration.value)
        if isinstance(item, schema.Clip) and item.enabled:
            speed = next((effect.time_scalar for effect in item.effects), 1.0)
            around = [items[n] if 0 <= n < len(items) else None for n in (place - 1, place + 1)]
            head, tail = (int(one.in_offset.value) if isinstance(one, schema.Transition) else 0 for one in around)
            first = item.source_range.start_time.value + (-head * speed if speed >= 0 else tail * -speed)
            rows.append((item.name, at - head, head + length - tail, round(first), speed))
        at += length
    return rows


def found(path: Path, rate: float) -> list[tuple[str, int, int, int, float]]:
    """The same of a list, by OTIO's adapter."""
    read = otio.adapters.read_from_file(str(path), rate=rate)
    (track,) = read.tracks
    start = -int(track.source_range.start_time.value) if track.source_range else 0
    rows = []
    for item in track.find_clips():
        place = item.range_in_parent()
        speed = next((effect.time_scalar for effect in item.effects), 1.0)
        rows.append(
            (item.name, start + int(place.start_time.value), int(place.duration.value),
             int(item.source_range.start_time.value), speed)
        )  # fmt: skip
    return rows


@given(made=simple_cuts(), circled=st.booleans())
def test_every_clip_lies_where_the_cut_has_it(
    tmp_path_factory: pytest.TempPathFactory, made: Any, circled: bool
) -> None:
    rows = expected(made)
    if not rows:
        return
    folder = tmp_path_factory.mktemp("cut")
    for number in range(6):
        (folder / f"plate{number}.mov").write_bytes(b"x")
    cut = read_cut(save(made, folder / "received.otio"), counted())
    (folder / "cut.otio").write_text(cut_text(cut))
    shots, _ = make_shots(cut, settings(), probe=media_info, root=folder, source=folder / "received.otio", existing={})
    entries = [
        Entry(
            use.clip_id, shot, [VersionMedia("v001", folder, f"{shot.id}_gen_v001.", ".exr", shot.range)],
            "v001" if circled else "",
        )
        for shot in shots for use in shot.uses
    ]  # fmt: skip
    written = write_edl(Handover(folder / "cut.otio", entries, cut.rate), folder / "out.edl")
    after = found(written.path, float(cut.rate))
    assert [row[:4] for row in after] == [row[:4] for row in rows]
    for (_, _, length, _, wanted), (*_, speed) in zip(rows, after, strict=True):
        # The adapter looks at a speed only where source and record differ in length.
        if round(length * abs(wanted)) != length and wanted:
            assert speed == pytest.approx(wanted, abs=0.05 / 23)
    off = [item for item in made.tracks[0] if isinstance(item, schema.Clip) and not item.enabled]
    assert len([loss for loss in written.losses if "switched off" in loss.what]) == len(off)


reels = st.from_regex(r"[!-~]{1,30}", fullmatch=True)
frames = st.integers(0, 25 * 86400 - 1)
spans = st.tuples(frames, frames)
comments = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)


@st.composite
def events(draw: st.DrawFn) -> Event:
    into = Edit(draw(reels), draw(spans), draw(spans))
    edits: tuple[Edit, ...] = (into,)
    if draw(st.booleans()):
        edits = (into, Edit(draw(reels), draw(spans), draw(spans), draw(st.integers(0, 999))))
    motion = Motion(draw(reels), Fraction(draw(st.integers(-9990, 9990)), 10), draw(frames))
    return Event(edits, motion if draw(st.booleans()) else None, tuple(draw(st.lists(comments, max_size=3))))


@given(listed=st.lists(events(), max_size=4), drop=st.booleans())
def test_a_list_reads_back_as_it_was_meant(listed: list[Event], drop: bool) -> None:
    rate = Fraction(30000, 1001) if drop else Fraction(25)
    meant = Edl("a title", rate, drop, tuple(listed))
    assert read_edl(edl_text(meant), rate) == meant
