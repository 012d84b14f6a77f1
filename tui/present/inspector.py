"""What the inspector says of a shot and the version that is shown: recipe, versions, notes, provenance. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.files import one_line
from core.frames import timecode
from tui.present.rows import record_pairs, short_time
from tui.present.spans import STATUS_STYLES, Line, Style, cells, cut, folded, padded

if TYPE_CHECKING:
    from core.cut.shot import Shot
    from core.history.review import Note, Review
    from core.ops.base import Op
    from core.recipe.model import Recipe
    from core.rows import VersionRow
    from core.version import Version

_SHOWN = ("prompt", "negative", "seed", "denoise", "guidance", "sampling_steps", "model", "mix", "amount", "mode")
"""What is looked for first; other values follow where they are not what they would be anyway."""
_LABEL = 10
_WORDS = 24
"""Cells of a note's text that come before who wrote it."""


def pair(label: str, text: str, width: int, style: Style = "") -> Iterator[Line]:
    """`prompt    oil painting by` and what follows on lines of its own, below the text."""
    room = max(8, width - _LABEL)
    first, *more = folded(text, room)
    yield ((padded(label, _LABEL), "dim"), (first, style))
    for part in more:
        yield ((" " * _LABEL, ""), (part, style))


def recipe_lines(recipe: Recipe, width: int) -> list[Line]:
    """A recipe's steps and the values that an artist looks for; curves as first and last key."""
    lines = list(pair("range", "{}–{}".format(*recipe.range or ("", "")), width))
    if recipe.look:
        lines += pair("look", recipe.look.name, width)
    if recipe.picked_from:
        lines += pair("picked", f"{recipe.picked_from.wedge}, picture {recipe.picked_from.index}", width)
    for step in recipe.step:
        reads = ", ".join(step.edges())
        does = f"  {step.op} of {reads}" if reads else f"  {step.op}"
        lines.append(((step.name, "bold"), (does, "dim")))
        for key, value in _values(step):
            keys = step.curves.get(key)
            shown = f"{keys[0][1]} → {keys[-1][1]} @{keys[-1][0]} ◆{len(keys)}" if keys else value
            lines += pair(f" {_short(key)}", one_line(str(shown), 2000), width)
    lines += pair(
        "master", f"{recipe.output.master.format} {recipe.output.master.type} {recipe.output.master.colour}", width
    )
    if recipe.output.layers:
        lines += pair("layers", ", ".join(recipe.output.layers), width)
    return lines


def _values(step: Op) -> Iterator[tuple[str, object]]:
    """(key, value) of what an artist looks for in a step."""
    fields = type(step).model_fields
    for key in (*_SHOWN, *(name for name in fields if name not in (*_SHOWN, "op", "name", "curves"))):
        value = getattr(step, key, None)
        plain = isinstance(value, (str, int, float)) and value != "" and value not in step.edges()
        if plain and (key in _SHOWN or value != fields[key].default or key in step.curves):
            yield key, value


def _short(key: str) -> str:
    return {"sampling_steps": "steps", "negative": "not"}.get(key, key)


def version_line(row: VersionRow, width: int) -> Line:
    """`v003 ← v002  apr ◉  candlelight, less boil`."""
    came = f"←{row.parent}" if row.parent else ""
    circle = {"final": "◉", "temp": "◎"}.get(row.circled, " ")
    far = "" if row.state == "complete" else f"{row.state} {row.done}/{row.total} "
    head: Line = (
        (f" {row.version} ", "bold" if row.circled else ""),
        (f"{came:<6}", "dim"),
        (f"{row.status:<3}", STATUS_STYLES.get(row.status, "")),
        (f" {circle} ", "good"),
        (f"{row.notes}✎ " if row.notes else "", "warn"),
        (far, "busy"),
    )
    return (*head, (one_line(row.reason or row.summary, 200), "bad" if row.reason else "dim"))


def note_line(note: Note, width: int) -> Line:
    """`✓ v002 1034–1040 matte ▭ the hand boils  Ana 11-25 10:12 ✓ Ben`: who and when where there is room."""
    event = note.event
    done = f" ✓ {_name(note.resolved_by)}" if note.resolved else ""
    head: Line = (
        (" ✓ " if note.resolved else " ✎ ", "good" if note.resolved else "warn"),
        (f"{event.version:<5}", "dim"),
        (f"{note_frames(note):<10}", "accent"),
        (f"{event.category} " if event.category else "", "busy"),
        ("▭ " if event.box else "", "accent"),
    )
    tail: Line = ((f"  {_name(event.by)} {short_time(event.at)}", "dim"), (done, "good"))
    text, room = one_line(event.text, 300), width - cells(head)
    if room - cells(tail) >= min(_WORDS, cells(((text, ""),))):
        text = cut(text, room - cells(tail))
    else:
        text, tail = cut(text, room), ()
    return (*head, (text, "dim" if note.resolved else ""), *tail)


def note_frames(note: Note) -> str:
    """`1034–1040`, `1034`, or empty where a note is on a whole version."""
    if note.event.frames is None:
        return ""
    first, last = note.event.frames
    return str(first) if first == last else f"{first}–{last}"


def _name(who: str) -> str:
    """`Ana Artist` of `Ana Artist <ana@example.com>`."""
    return one_line(who.partition(" <")[0], 40)


def notes_of(review: Review, versions: Sequence[str]) -> list[Note]:
    """Every note of a shot, newest version first; what is open before what is resolved."""
    every = [note for version in reversed(["", *versions]) for note in review.of(version).notes]
    return sorted(every, key=lambda note: note.resolved)


def plate_lines(shot: Shot, width: int) -> list[Line]:
    """What a shot's plate is, and what the camera log says of its take."""
    plate = shot.plate
    lines: list[Line] = [(("the plate: nothing was generated", "dim"),)]
    lines += pair("missing", one_line(shot.missing), width, "bad") if shot.missing else ()
    if plate is not None:
        counted = f", {plate.media.first}–{plate.media.last}" if plate.kind == "sequence" else ""
        lines += pair("file", one_line(plate.path, 2000), width)
        lines += pair("size", f"{plate.width}×{plate.height}, {len(plate.media)} frames{counted}", width)
        rate = f"{float(plate.rate):g} frames a second"
        start = timecode(plate.timecode, plate.rate, drop=plate.drop) if plate.timecode is not None else ""
        lines += pair("rate", f"{rate}, from {start} on" if start else rate, width)
        lines += pair("reel", one_line(plate.reel), width) if plate.reel else ()
        lines += pair("colour", one_line(plate.colour), width)
    for name, text in shot.source:
        lines += pair(one_line(name, _LABEL - 1), one_line(text, 2000), width)
    return lines


def provenance_lines(version: Version, width: int) -> list[Line]:
    """Who made a version, from what, with which models, on what, and how far it may be trusted."""
    row = version.row
    lines = list(pair("made by", row.by.partition(" <")[0] or "unknown", width))
    lines += pair("at", short_time(row.at), width)
    lines += pair("from", row.parent or "no earlier version", width)
    for said, text in record_pairs(version.record) if version.record and "count" in version.record else ():
        lines += pair(said, one_line(text, 2000), width) if text else ()
    if version.record is None:
        lines += pair("record", f"none yet: {row.state}, {row.done} of {row.total} frames", width, "busy")
    lines += pair("frames", version.frames_path, width, "dim")
    return lines
