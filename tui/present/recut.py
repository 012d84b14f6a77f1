"""A new cut on the screens: changes in the order of the work they make, one in full, what is to be made. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.cut.recut.change import FLAGS as WORDS
from core.cut.recut.change import NEW
from core.files import one_line
from core.frames import format_frames
from tui.present.conform import missing, plays
from tui.present.inspector import pair
from tui.present.spans import Line, Style, padded

if TYPE_CHECKING:
    from core.carry import Applied
    from core.conform import Conform, Wanted
    from core.cut.recut.change import Change

_WORK: Mapping[str, int] = {
    "ambiguous": 1, "source_replaced": 1, "plate_content_changed": 1, "extended_beyond": 1, "rate_changed": 1,
    "source_timecode_missing": 2, "version_drift": 2, "retimed": 2, "retime_curve_changed": 2,
    "new": 3, "reinstated": 3, "duplicated": 3, "split": 3, "merged": 3,
    "removed": 4,
    "slipped": 5, "extended_within_handles": 5, "reframed": 5, "effects_changed": 5, "transition_changed": 5,
    "enabled": 5, "disabled": 5,
    "returned": 6, "trimmed_head": 6, "trimmed_tail": 6, "moved": 6,
    "shifted": 7, "relinked_only": 8, "unchanged": 9,
}  # fmt: skip
FLAGS: Mapping[str, tuple[int, str]] = {flag: (_WORK[flag], said) for flag, said in WORDS.items()}
"""Each flag: how much work it makes (1 most), and what it says in words."""
_STYLES: Mapping[int, Style] = {0: "bad", 1: "warn", 2: "warn", 3: "accent", 4: "", 8: "dim", 9: "dim"}


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be made for a cut: frames that a version lacks, or a shot that is new."""

    shot: str
    wanted: Wanted | None = None
    """None: a new shot."""


def rank(change: Change) -> int:
    """How much work a change makes: 0 a question, which nothing can go on without, to 9."""
    if change.key:
        return 0
    least = min((FLAGS.get(flag, (5, ""))[0] for flag in change.flags), default=9)
    return min(least, 1) if change.missing_head or change.missing_tail else least


def shown(changes: Sequence[Change], typed: str = "") -> list[Change]:
    """The changes that pass every word, what makes work first, else in the order of the cut."""
    words = typed.casefold().split()
    kept = [change for change in changes if all(word in _text(change) for word in words)]
    return sorted(kept, key=rank)


def _text(change: Change) -> str:
    also = ("missing" if missing(change) else "", "question" if change.key else "")
    return " ".join((change.shot, change.clip, change.was, change.track, *change.flags, *also)).casefold()


def row_key(change: Change) -> str:
    """What tells one change from another, within one look at a cut."""
    return f"{change.id}|{change.was_id}|{change.track}|{change.record}"


def change_line(change: Change, width: int, answer: str = "") -> Line:
    """`! sq010_sh0020  V1  extended beyond, moved  +4 +12  missing 12 tail`."""
    level = rank(change)
    style = _STYLES.get(level, "")
    sign = "?" if change.key and not answer else "!" if level <= 2 else "·" if level < 9 else " "
    name = change.shot or (f"→ {answer}" if answer else "") or one_line(change.clip or change.was, 40) or "unnamed"
    flags = ", ".join(flag.replace("_", " ") for flag in change.flags)
    moved = " ".join(f"{value:+d}" if value else "·" for value in (change.head, change.tail))
    lacks = missing(change)
    return (
        (f" {sign} ", style),
        (padded(name, max(12, min(26, width - 60))), "" if level < 9 else "dim"),
        (f" {padded(one_line(change.track, 6), 4)}", "dim"),
        (f" {padded(moved if moved != '· ·' else '', 9)}", "accent"),
        (f" {flags}", style),
        (f"  missing {lacks}" if lacks else "", "bad"),
    )


def change_lines(change: Change, width: int, answer: str = "") -> list[Line]:
    """One change in full."""
    lines = list(pair("clip", one_line(change.clip, 500) or "not in the new cut", width))
    if change.was and change.was != change.clip:
        lines += pair("was", one_line(change.was, 500), width)
    if change.key:
        named = f"{', '.join(change.candidates)} or new"
        asked = f"{said_of(answer)}; a answers again" if answer else f"{named}: a answers"
        lines += pair("which?", asked, width, "" if answer else "bad")
    lines += pair("shot", change.shot or "none yet", width)
    lines += pair("lies", f"on {one_line(change.track, 60)}, from frame {change.record}, {change.duration} long", width)
    for flag in change.flags:
        lines += pair("", f"{flag.replace('_', ' ')}: {FLAGS.get(flag, (0, flag))[1]}", width)
    ends = [f"{value:+d} at the {end}" for value, end in ((change.head, "head"), (change.tail, "tail")) if value]
    lines += pair("frames", ", ".join(ends), width, "accent") if ends else ()
    lines += pair("missing", missing(change), width, "bad") if missing(change) else ()
    lines += (
        pair("plays", plays(change), width, "warn" if "version_drift" in change.flags else "") if change.version else ()
    )
    lines += pair("why", one_line(change.why, 2000), width, "dim") if change.why else ()
    return lines


def said_of(answer: str) -> str:
    """An answer in words."""
    return "a new shot" if answer == NEW else answer


def headline(found: Conform | None, kept: int, typed: str, questions: int, *, done: bool = False, cut: str = "") -> str:
    """`New cut  trailer · cut_v002.otio · 12 clips · 3 make work · 1 to answer · filter moved: 2`.

    `done`: it was brought in. `cut`: which one it is, where that has to be said.
    """
    if found is None:
        return "New cut"
    work = sum(rank(change) <= 3 for change in found.changes)
    held = f" ({one_line(found.timeline, 40)})" if found.timeline else ""
    named = f"{one_line(cut, 40)} · " if cut else ""
    parts = [f"New cut  {named}{one_line(found.file.name, 60)}{held}", f"{len(found.changes)} clips"]
    parts += ["the show is on it now"] if done else [f"{work} make work"]
    parts += [f"{questions} to answer"] if questions else []
    parts += [f"{one_line(typed, 40)}: {kept}"] if typed else []
    return " · ".join(parts)


def nothing_changes(found: Conform) -> bool:
    """Whether the show is on this cut already."""
    return all({"unchanged", "relinked_only", "returned"}.issuperset(change.flags) for change in found.changes)


def todos(found: Conform | None, applied: Applied | None) -> list[Todo]:
    """What is to be made: shots that are too short for the cut, then shots that it brought."""
    wanted = applied.wanted if applied else found.wanted if found else ()
    return [*(Todo(one.shot, one) for one in wanted), *(Todo(shot) for shot in (applied.new if applied else ()))]


def todo_line(todo: Todo, width: int) -> Line:
    """`sq010_sh0020  v001 lacks 1029-1031, of which the plate lacks 2`."""
    head: Line = ((f" {padded(todo.shot, max(12, min(26, width - 40)))} ", ""),)
    if todo.wanted is None:
        return (*head, ("new: e writes its recipe", "accent"))
    wanted = todo.wanted
    lacks = f"; the plate has {len(wanted.absent)} of them not" if wanted.absent else ""
    if wanted.absent == wanted.frames:
        lacks = "; nor has the plate: ask for a longer one"
    return (*head, (f"{wanted.version:<5}", "bold"), (f" lacks {format_frames(wanted.frames)}", "warn"), (lacks, "bad"))


def applied_lines(applied: Applied, width: int) -> Iterator[Line]:
    """What accepting did."""
    yield (("The show is on the new cut." if applied.written else "The show was on this cut already.", "good"),)
    for label, shots in (("new", applied.new), ("left out", applied.omitted)):
        if shots:
            yield from pair(label, ", ".join(shots), width)
    for warning in applied.warnings:
        yield from pair("look at", one_line(warning, 1000), width, "warn")


def found_lines(found: Conform, width: int) -> Iterator[Line]:
    """What is to be known of the cut as a whole."""
    if nothing_changes(found):
        yield (("The show is on this cut already.", "good"),)
    if found.stale:
        yield from pair(
            "stale", f"made from other pictures than the plate has now: {', '.join(found.stale)}", width, "warn"
        )
    for warning in found.warnings:
        yield from pair("look at", one_line(warning, 1000), width, "warn")
