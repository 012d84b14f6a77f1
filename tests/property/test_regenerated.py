"""Random shots are made anew and handed over: those clips play them, and nothing else of the cut is any different."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.delivery import write_delivery
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Entry, Handover, VersionMedia, write_master
from core.cut.shots import make_shots
from tests.timelines import counted, cuts, media_info, save, settings


def everything_else(made: Any, chosen: set[int]) -> str:
    """The timeline's text without what the chosen clips play: the rest is to be the same, digit for digit."""
    made = made.clone()
    made.metadata.pop("rushes", None)
    for number, clip in enumerate(list(made.find_clips())):
        if number in chosen:
            clip.metadata.pop("rushes", None)
            clip.set_media_references({"DEFAULT_MEDIA": otio.schema.MissingReference()}, "DEFAULT_MEDIA")
    return str(made.to_json_string())


def with_one_reference(made: Any) -> Any:
    """As a delivery has it: every clip with what the editor had active, under the usual name."""
    made = made.clone()
    for clip in list(made.find_clips()):
        clip.set_media_references({"DEFAULT_MEDIA": clip.media_reference.clone()}, "DEFAULT_MEDIA")
    return made


@given(made=cuts(), wanted=st.sets(st.integers(0, 20)), newest=st.lists(st.integers(1, 9), min_size=21, max_size=21))
@pytest.mark.parametrize("purpose", ["master", "delivery"])
def test_what_was_not_made_anew_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, purpose: str, made: Any, wanted: set[int], newest: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for name in ("a.mov", "b c.mov", "proxy.mov"):
        (folder / name).write_bytes(b"x")
    (folder / "seq").mkdir()
    (folder / "seq" / "p.1001.exr").write_bytes(b"x")
    received = save(made, folder / "received.otio")
    cut = read_cut(received, counted())
    (folder / "cut.otio").write_text(cut_text(cut))
    shots, _ = make_shots(cut, settings(), probe=media_info, root=folder, source=received, existing={})
    ids = [str(clip.metadata["rushes"]["clip_id"]) for clip in list(cut.timeline.find_clips())]
    entries = []
    uses = [(shot, use) for shot in shots if shot.plate is not None for use in shot.uses]
    for number, (shot, use) in enumerate(uses):
        if number in wanted:
            names = [f"v{version:03d}" for version in range(1, newest[number % len(newest)] + 1)]
            media = [VersionMedia(name, folder, f"{shot.id}_gen_{name}.", ".exr", shot.range) for name in names]
            entries.append(Entry(use.clip_id, shot, media, names[-1]))
    write = write_master if purpose == "master" else write_delivery
    handover = Handover(
        folder / "cut.otio", entries, Fraction(25), received, form=PROFILES[purpose].form, purpose=purpose
    )
    published = write(handover, folder / "out.otio")

    plays = {entry.clip_id: entry.active for entry in entries}
    before = otio.adapters.read_from_file(str(received))
    after = otio.adapters.read_from_file(str(published.path))
    if purpose == "delivery":
        before = with_one_reference(before)
    chosen = {number for number, clip_id in enumerate(ids) if clip_id in plays}
    assert everything_else(after, chosen) == everything_else(before, chosen)
    for number, clip in enumerate(list(after.find_clips())):
        if number in chosen:
            assert f"_gen_{plays[ids[number]]}" in clip.media_reference.name
            assert clip.trimmed_range() == list(before.find_clips())[number].trimmed_range()
