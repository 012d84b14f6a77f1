"""What the cut screen says and where it goes: headline, machine line, versions in order, frames of the cut. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from core.files import one_line
from core.frames import format_rate
from core.layout import MAIN
from core.rows import in_cut
from tui.present.rows import bar

if TYPE_CHECKING:
    from core.cut.outline import Outline
    from core.cut.shot import Use
    from core.farm.jobs import Job
    from core.rows import ShotRow, VersionRow


def headline(name: str, rate: Fraction, rows: Sequence[ShotRow], cut: str = "") -> str:
    """`rushes  siesta · 25 fps · 12 shots · 3 await review · 1 in work · 2 newer than circled`.

    `cut`: the one that is looked at, of several: `rushes  siesta · trailer · 25 fps · 4 of 12 shots · …`.
    """
    waiting = sum(row.status == "rev" for row in rows)
    busy = sum(row.progress is not None for row in rows)
    newer = sum(bool(row.circled) and row.latest != row.circled for row in rows)
    doubts = sum(bool(row.questions) for row in rows)
    shown = f"{len(in_cut(rows, cut))} of {len(rows)}" if cut else str(len(rows))
    parts = [f"rushes  {name}", *([one_line(cut, 40)] if cut else []), f"{format_rate(rate)} fps", f"{shown} shots"]
    parts += [f"{waiting} await review"] if waiting else []
    parts += [f"{busy} in work"] if busy else []
    parts += [f"{newer} newer than circled"] if newer else []
    parts += [f"{doubts} with a question"] if doubts else []
    return " · ".join(parts)


def machine(jobs: Sequence[Job]) -> str:
    """One line on what the machine does: the job that renders, then how many wait; empty where it rests."""
    busy = [job for job in jobs if job.state == "rendering"]
    waiting = [job for job in jobs if job.state == "queued"]
    failed = [job for job in jobs if job.state == "failed"]
    parts = [f"{job.shot} {job.version or job.kind}  {bar(job.done, job.total, 16)}" for job in busy[:2]]
    parts += [f"{len(waiting)} queued"] if waiting else []
    parts += [f"{len(failed)} failed: Q says why"] if failed else []
    return "  ·  ".join(parts)


def strip_height(outline: Outline, width: int, height: int) -> int:
    """Lines for the strip: one on a small terminal, else its tracks and a ruler, at most a fifth of the height."""
    if width < 100 or height < 30:
        return 1 if height < 30 else 2
    return max(2, min(len(outline.tracks) + 1, height // 6))


def first_version(row: ShotRow) -> str:
    """What is shown of a shot at first: the circled version, else the newest, else the plate (empty)."""
    return row.circled or row.latest


def middle(row: ShotRow, cut: str = "") -> int:
    """The middle of what a cut shows of the shot; of all that any cut shows where that one does not."""
    uses = [use for use in row.shot.uses if use.cut == cut and use.enabled]
    span = replace(row.shot, uses=tuple(uses)).cut_range if uses else row.shot.cut_range
    return (span.first + span.last) // 2


def order(versions: Sequence[str], row: ShotRow) -> list[str]:
    """What `[` and `]` go through: the plate, then the versions, oldest first."""
    return [*([""] if row.shot.plate is not None else []), *versions]


def neighbour(every: Sequence[str], current: str, by: int) -> str:
    """The one `by` further on, not beyond the ends."""
    if current not in every:
        return every[-1] if every else current
    return every[max(0, min(len(every) - 1, every.index(current) + by))]


def jump(versions: Sequence[VersionRow], to: str) -> str | None:
    """The version that `latest`, `approved` (the newest), `circled` or `plate` names; None: there is none."""
    if to == "plate":
        return ""
    fits = [row for row in versions if to == "latest" or _is(row, to)]
    return fits[-1].version if fits else None


def _is(row: VersionRow, what: str) -> bool:
    return bool(row.circled) if what == "circled" else row.status in ("apr", "fin")


def viewer_title(row: ShotRow, version: str, picture: str) -> str:
    """`sh0020 v003 · paint ◉`."""
    shown = f"{version} · {picture}" if picture else version
    return f"{row.shot.id} {shown or 'plate'}{' ◉' if version and version == row.circled else ''}"


def cut_choices(rows: Sequence[ShotRow], cuts: Sequence[str], here: str) -> list[tuple[str, str]]:
    """(cut, words) for each: `trailer · 4 shots`; the one that is looked at says so."""
    counts = {cut: len(in_cut(rows, cut)) for cut in cuts}
    return [(cut, f"{one_line(cut, 40)} · {counts[cut]} shots{' · shown now' if cut == here else ''}") for cut in cuts]


def cuts_of(rows: Sequence[ShotRow]) -> tuple[str, ...]:
    """The cuts that show a shot, `main` first."""
    names = {use.cut for row in rows for use in row.shot.uses}
    return tuple(sorted(names, key=lambda name: (name != MAIN, name)))


def record_frame(row: ShotRow, frame: int, cut: str) -> int | None:
    """Where in the cut a shot frame plays, by the shot's first use; None where it has none (a handle)."""
    use = _use(row, cut)
    if use is None or not use.first <= frame <= use.last:
        return None
    span = max(1, use.last - use.first + 1)
    return use.record + min(use.duration - 1, (frame - use.first) * use.duration // span)


def at_record(rows: Sequence[ShotRow], frame: int, cut: str) -> tuple[ShotRow, int] | None:
    """The shot that plays at a frame of the cut, the upper track first, and its frame there."""
    found: list[tuple[str, ShotRow, Use]] = [
        (use.track, row, use)
        for row in rows
        for use in row.shot.uses
        if use.cut == cut and use.enabled and use.record <= frame < use.record + use.duration
    ]
    if not found:
        return None
    _, row, use = max(found, key=lambda hit: hit[0])
    span = max(1, use.last - use.first + 1)
    return row, use.first + (frame - use.record) * span // max(1, use.duration)


def _use(row: ShotRow, cut: str) -> Use | None:
    here = [use for use in row.shot.uses if use.cut == cut]
    uses = [use for use in here if use.enabled] or here
    return min(uses, key=lambda use: use.record, default=None)
