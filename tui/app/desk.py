"""What the screens ask of a show. Each function runs in a thread after the first paint and returns a message."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui.app.halfblocks import strips
from tui.app.messages import Changed, Done, PictureLoaded, ShotsLoaded, VersionsLoaded
from tui.present.rows import PLATE

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.show import Remark, Show


class Desk:
    """The show in `root`, opened by the first thread that needs it. All raise what the façade raises."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root, self.env = root, env
        self._opening = threading.Lock()
        self._opened: Show | None = None
        self._seen = -1

    @property
    def show(self) -> Show:
        with self._opening:
            if self._opened is None:
                from core.show import Show

                self._opened = Show.open(self.root, self.env)
            return self._opened

    def shots(self) -> ShotsLoaded:
        self._seen = self.show.ledger.data_version()
        return ShotsLoaded(self.show.settings.name, self.show.shots())

    def changed(self) -> Changed | None:
        """Whether a worker, a command or another window has written since the list was read."""
        return Changed() if self.show.ledger.data_version() != self._seen else None

    def versions(self, shot: str) -> VersionsLoaded:
        return VersionsLoaded(shot, [row.version for row in self.show.versions(shot)])

    def picture(self, shot: Shot, source: str, frame: int, columns: int, rows: int) -> PictureLoaded:
        """The plate or a version at `frame` (or the nearest that it has), fitted into a box of cells."""
        if source == PLATE:
            near = shot.plate.frames.nearest(frame) if shot.plate else frame
            picture = self.show.viewer.plate(shot, near)
        else:
            found = self.show.version(shot.id, source)
            near = found.range.nearest(frame)
            picture = self.show.viewer.version(found.frames, near)
        aspect = float(shot.plate.pixel_aspect) if shot.plate else 1.0
        return PictureLoaded(shot.id, source, near, strips(picture, columns, rows, aspect))

    def act(self, kind: str, shot: str, version: str, text: str) -> Done:
        """Generate the draft, or review a version. Returns what was done, in words."""
        if kind == "generate":
            job = self.show.generate([shot], text)[0]
            done = f"{shot} {job.version}: {job.total} frames queued."
        else:
            self.show.review(shot, version, cast("Remark", kind), text)
            done = f"{shot} {version}: {kind} is noted."
        waiting = self.show.history.waiting
        return Done(f"{done} To be committed later: {waiting}" if waiting else done)
