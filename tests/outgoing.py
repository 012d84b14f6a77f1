"""A received cut, the show's copy of it, its shots, and what may go out of them: for the tests of publishing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.publish import Entry, VersionMedia
from core.cut.shots import Shot, make_shots
from tests.timelines import counted, media_info, save, settings


class Show:
    """What a hand-over starts from, without pictures."""

    def __init__(self, made: Any, folder: Path, probe: Any = media_info) -> None:
        self.folder = folder
        for name in ("plate.mov", "other.mov", "a.mov", "proxy.mov"):
            (folder / name).write_bytes(b"x")
        self.received = save(made, folder / "received.otio")
        mint = counted()
        cut = read_cut(self.received, lambda: f"{folder.name}-{mint()}")
        self.cut = folder / "cut.otio"
        self.cut.write_text(cut_text(cut))
        shots, _ = make_shots(cut, settings(), probe=probe, root=folder / "show", source=self.received, existing={})
        self.shots = {shot.id: shot for shot in shots}

    def entry(
        self, shot_id: str, *names: str, active: str = "", movie: bool = False, notes: Sequence[Remarked] = ()
    ) -> Entry:
        shot = self.shots[shot_id]
        versions = [media(shot, name, movie=movie) for name in names]
        return Entry(shot.uses[0].clip_id, shot, versions, active, notes)


def media(shot: Shot, version: str, *, movie: bool = False) -> VersionMedia:
    name = f"{shot.id}_gen_{version}"
    facts = {"status": "approved", "recipe": "sha256:00"}
    folder = Path("/media root") / shot.id / name
    review = f"{name}_review.mov" if movie else ""
    return VersionMedia(version, folder, f"{name}.", ".exr", shot.range, facts=facts, movie=review)
