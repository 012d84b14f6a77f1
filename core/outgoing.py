"""What would go out of a cut now, shot by shot. For looking, so of each shot only what plays and is newest is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.absent import not_here
from core.cut.outgoing.profiles import Profile, profile_of
from core.layout import MAIN, Layout, version_number
from core.overview import read_review, version_names
from core.rows import NOT_STARTED, ShotRow, in_cut

NEWEST = 2
"""Versions that a master holds beside the circled one."""


@dataclass(frozen=True, slots=True)
class Going:
    """What would go out of one shot, and what somebody should know before."""

    shot: str
    clips: int
    """How often the cut shows it."""
    plays: str
    """The version that plays; empty: what the editor has active stays."""
    versions: tuple[str, ...]
    """Those that the file holds."""
    status: str = ""
    """Of the version that plays."""
    temp: bool = False
    """It is circled as temp."""
    newer: str = ""
    """A complete version that is newer than the one that plays."""
    questions: tuple[str, ...] = ()
    """What people decided without knowing of each other."""
    refused: str = ""
    """Why nothing can be handed over while this is so."""


def outgoing(
    layout: Layout, rows: Sequence[ShotRow], purpose: str, *, cut: str = MAIN, every_version: bool = False
) -> tuple[Going, ...]:
    """What `publish` would hand over now, in cut order. Writes nothing. Raises BadInput: an unknown purpose."""
    profile = profile_of(purpose)
    every = profile.every or (every_version and profile.alternates)
    return tuple(_going(layout, row, cut, profile, every) for row in in_cut(rows, cut))


def refusal(row: ShotRow, why: str) -> str:
    """Why nothing goes out while a circled version cannot."""
    return f"{row.shot.id} {row.circled} is circled, but {why}."


def _going(layout: Layout, row: ShotRow, cut: str, profile: Profile, every: bool) -> Going:
    shot, plays = row.shot.id, row.circled
    clips = sum(use.cut == cut for use in row.shot.uses)
    if row.shot.plate is None or not row.versions:
        return Going(shot, clips, "", (), questions=row.questions)
    why = not_here(layout, shot, plays) if plays else ""
    if why:
        return Going(shot, clips, plays, (), questions=row.questions, refused=refusal(row, why))
    newest = list(_newest(layout, shot, 1 if not profile.alternates else None if every else NEWEST))
    held = sorted({*newest, plays} - {""}, key=version_number) if profile.alternates else [plays] * bool(plays)
    status = read_review(layout, shot).of(plays).status if plays else ""
    return Going(
        shot, clips, plays, tuple(held), status="rev" if status == NOT_STARTED else status,
        temp=bool(plays) and row.circled_as == "temp",
        newer=newest[0] if plays and newest[0] != plays else "",
        questions=row.questions,
    )  # fmt: skip


def _newest(layout: Layout, shot: str, count: int | None) -> Iterator[str]:
    """The newest so many versions that can go out (None: all), the newest first."""
    for version in reversed(version_names(layout, shot)):
        if count == 0:
            return
        if not not_here(layout, shot, version):
            yield version
            count = None if count is None else count - 1
