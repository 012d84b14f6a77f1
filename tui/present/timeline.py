"""The cut as lines of cells: tracks to scale, coloured by status, with the playhead. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tui.present.spans import STATUS_STYLES, Line, Style, merged

if TYPE_CHECKING:
    from core.cut.outline import Item, Outline, Track
    from core.rows import ShotRow

LABEL = 4
"""Cells for a track's name."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What a strip shows of a clip beside its place: whose it is and how that stands."""

    shot: str
    status: str
    newer: bool
    """A version newer than the circled one waits."""


def clips_of(rows: Sequence[ShotRow], cut: str) -> dict[str, Clip]:
    """By clip id what the show knows of it."""
    return {
        use.clip_id: Clip(row.shot.id, row.status, bool(row.circled) and row.latest != row.circled)
        for row in rows
        for use in row.shot.uses
        if use.cut == cut
    }


def from_rows(rows: Sequence[ShotRow], cut: str, rate: Fraction) -> Outline:
    """The cut as far as the shot list knows it: clips without gaps, transitions and audio. For the first paint."""
    from core.cut.outline import Item, Outline, Track

    tracks: dict[str, list[Item]] = {}
    for row in rows:
        for use in row.shot.uses:
            if use.cut == cut:
                item = Item("clip", use.record, use.duration, use.name, use.clip_id, use.enabled, bool(use.retime))
                tracks.setdefault(use.track, []).append(item)
    made = tuple(
        Track(name, "video", tuple(sorted(items, key=lambda item: item.start))) for name, items in tracks.items()
    )
    return Outline(rate, 0, max((i.start + i.duration for track in made for i in track.items), default=0), made)


def strip(
    outline: Outline, clips: Mapping[str, Clip], width: int, height: int, *, here: str = "", playhead: int | None = None
) -> list[Line]:
    """The strip as at most `height` lines of `width` cells: the upper video track first, the playhead's line last.

    `here`: the shot that is shown. Where there are more tracks than lines, its track stays, then
    the lowest video tracks.
    """
    room = max(1, width - LABEL)
    marker = [_ruler(outline, room, playhead)] if height > 1 else []
    video = [track for track in outline.tracks if track.kind == "video"]
    audio = [track for track in outline.tracks if track.kind == "audio"]
    left = height - len(marker)
    # Where not all fit, the track of the shot that is shown comes first, then the lowest.
    first = sorted(video, key=lambda track: not any(_is(item, clips, here) for item in track.items))[:left]
    shown = [*(track for track in reversed(video) if track in first), *audio[: max(0, left - len(video))]]
    head = None if marker else playhead
    return [*(_track_line(track, outline, clips, room, here, head) for track in shown), *marker]


def at_cell(outline: Outline, width: int, column: int) -> int:
    """The frame of the cut under a column of the strip."""
    room = max(1, width - LABEL)
    return max(0, min(outline.length - 1, (column - LABEL) * outline.length // room))


def _is(item: Item, clips: Mapping[str, Clip], shot: str) -> bool:
    clip = clips.get(item.clip_id)
    return clip is not None and clip.shot == shot


def _cell(frame: int, outline: Outline, room: int) -> int:
    return frame * room // max(1, outline.length)


def _track_line(
    track: Track, outline: Outline, clips: Mapping[str, Clip], room: int, here: str, playhead: int | None
) -> Line:
    cells: list[tuple[str, Style]] = [("·" if track.kind == "video" else " ", "dim")] * room
    for item in track.items:
        first, last = _cell(item.start, outline, room), _cell(item.start + item.duration, outline, room)
        if item.kind == "clip" and track.kind == "audio":
            cells[first:last] = [("≋", "dim")] * (last - first)
        elif item.kind == "clip":
            last = max(last, first + 1)
            cells[first:last] = _clip_cells(item, clips.get(item.clip_id), last - first, here)
    for item in track.items:
        if item.kind == "transition" and track.kind == "video":
            middle = min(room - 1, _cell(item.start + item.duration // 2, outline, room))
            cells[middle] = ("⋈", "accent")
    if playhead is not None:
        column = min(room - 1, _cell(playhead, outline, room))
        cells[column] = (cells[column][0], "reverse")
    return ((f"{track.name[: LABEL - 1]:<{LABEL}}", "dim"), *merged(cells[:room]))


def _clip_cells(item: Item, clip: Clip | None, width: int, here: str) -> list[tuple[str, Style]]:
    """`┌ sh0010 ⟳↑ ───`: its name, a mark for a retime, one for a newer version. Of a long name its end tells more."""
    style: Style = "dim" if not item.enabled or clip is None else STATUS_STYLES.get(clip.status, "")
    name = clip.shot if clip else item.name
    marks = ("⟳" if item.retimed else "") + ("↑" if clip and clip.newer else "")
    fill = "─" if item.enabled else "╌"
    inside = width - 1
    ends = (f" {name}{' ' + marks if marks else ''} ", f"{name}{marks}", f"{name.rpartition('_')[2]}{marks}")
    label = next((end for end in ends if len(end) <= inside), f"{marks}{name}"[: max(0, inside)])
    text = ("┌" if item.enabled else "╎") + label[:inside] + fill * (inside - len(label[:inside]))
    return [(sign, "reverse" if clip and clip.shot == here and sign not in "┌─" else style) for sign in text]


def _ruler(outline: Outline, room: int, playhead: int | None) -> Line:
    from core.frames import timecode

    if playhead is None:
        return (("", ""),)
    column = min(room - 1, _cell(playhead, outline, room))
    text = timecode(outline.start + playhead, outline.rate)
    left = column + 2 + len(text) <= room
    before = f"{'':{LABEL + column}}▲ {text}" if left else f"{text:>{LABEL + column - 1}} ▲"
    return ((before, "dim"),)
