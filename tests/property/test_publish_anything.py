"""Whatever an editor sends: with the versions taken out again, the published master is the cut as it was received."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.publish import Entry, Handover, VersionMedia, write_master
from core.cut.shots import make_shots
from tests.timelines import counted, cuts, media_info, save, settings


def without_ours(path: Path) -> Any:
    """Read with plain OTIO; take away references `gen_v…` and the one metadata key, by OTIO's own means."""
    read = otio.adapters.read_from_file(str(path))
    read.metadata.pop("rushes", None)
    for item in list(read.find_clips()):
        ours = dict(item.metadata["rushes"]) if "rushes" in item.metadata else {}
        kept = {key: ref for key, ref in item.media_references().items() if not key.startswith("gen_v")}
        item.set_media_references(kept, ours.get("editor_key", item.active_media_reference_key))
        item.metadata.pop("rushes", None)
    return read


@given(made=cuts(), chosen=st.sets(st.integers(0, 20)), playing=st.booleans())
def test_taking_the_versions_out_gives_the_received_cut(
    tmp_path_factory: pytest.TempPathFactory, made: Any, chosen: set[int], playing: bool
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for name in ("a.mov", "proxy.mov"):
        (folder / name).write_bytes(b"x")
    (folder / "seq").mkdir()
    (folder / "seq" / "p.1001.exr").write_bytes(b"x")
    received = save(made, folder / "received.otio")
    cut = read_cut(received, counted())
    (folder / "cut.otio").write_text(cut_text(cut))
    shots, _ = make_shots(cut, settings(), probe=media_info, root=folder, source=received, existing={})
    uses = [(shot, use) for shot in shots if shot.plate is not None for use in shot.uses]
    entries = [
        Entry(
            use.clip_id, shot,
            [VersionMedia(name, folder, f"{shot.id}_gen_{name}.", ".exr", shot.cut_range) for name in ("v001", "v002")],
            "v002" if playing else "",
        )
        for number, (shot, use) in enumerate(uses) if number in chosen
    ]  # fmt: skip
    published = write_master(Handover(folder / "cut.otio", entries, received=received), folder / "master.otio")

    assert published.losses == ()
    plain = otio.adapters.read_from_file(str(received))
    assert without_ours(published.path).to_json_string() == plain.to_json_string()
    # Clips without a version are the same to the byte, and each regenerated clip plays what it should.
    ids = [str(item.metadata["rushes"]["clip_id"]) for item in list(cut.timeline.find_clips())]
    wanted = {entry.clip_id: entry for entry in entries}
    result = otio.adapters.read_from_file(str(published.path))
    before, after = list(plain.find_clips()), list(result.find_clips())
    for clip_id, old, new in zip(ids, before, after, strict=True):
        entry = wanted.get(clip_id)
        if entry is None:
            assert new.to_json_string() == old.to_json_string()
        else:
            assert new.active_media_reference_key == ("gen_v002" if playing else old.active_media_reference_key)
            assert new.trimmed_range() == old.trimmed_range()
