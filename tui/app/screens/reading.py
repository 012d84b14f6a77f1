"""What the cut screen asks of the show, in threads: all of it at once, the cut that is looked at, one shot in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.app.widgets.inspector import Detail

if TYPE_CHECKING:
    from core.cut.outline import Outline
    from core.farm.ledger import Job
    from core.layout import Settings
    from core.rows import ShotRow
    from core.show import Show
    from tui.app.desk import Desk


@dataclass(frozen=True, slots=True)
class Read:
    """The show as the screen needs it, read in one go."""

    pulse: tuple[int, int]
    settings: Settings
    rows: list[ShotRow]
    jobs: list[Job]
    cuts: tuple[str, ...]
    cut_written: int
    """When the cut that is looked at was written: a new one is drawn anew."""


def everything(desk: Desk, cut: str) -> Read:
    """The show now. Raises what the façade raises."""
    pulse = desk.pulse()  # before the rest: what is written while it is read is seen by the next look
    show = desk.show
    kept = show.layout.cut(cut)
    written = kept.stat().st_mtime_ns if kept.exists() else 0
    return Read(pulse, show.settings, show.shots(), show.jobs(), show.layout.cuts(), written)


def outline_read(desk: Desk, cut: str) -> Outline:
    """The cut's tracks. Raises CutError."""
    from core.cut.outline import outline

    return outline(desk.show.layout.cut(cut))


def detail_of(show: Show, shot: str, version: str) -> Detail:
    """What the inspector says, read from the show."""
    from core.overview import read_review

    draft = show.draft(shot)
    found = show.version(shot, version) if version else None
    rows = tuple(show.versions(shot))
    problem = str(draft.problem) if draft.problem is not None else ""
    return Detail(shot, rows, read_review(show.layout, shot), found, draft.recipe, problem, show.shot(shot))
