"""The history on the screens: a filter as typed, a commit's line, what a commit changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.files import one_line, safe_text
from tui.present.rows import short_time
from tui.present.spans import Line, Style, folded, padded

if TYPE_CHECKING:
    from core.history.change import CommitChange, FileChange
    from core.history.events import Entry

_LONGEST = 2000
"""Characters of one line of a difference that are shown."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter taken apart."""

    by: str = ""
    event: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()
    """All of them stand in the message, whatever their case."""


def wanted(typed: str) -> Wanted:
    """`by:ana event:review since:2026-11-01 until:2026-11-30 candlelight`. Raises BadInput: a date that is none."""
    from core.history.events import moment

    rules: dict[str, str] = {}
    words = []
    for word in typed.split():
        key, colon, value = word.partition(":")
        if colon and key in ("by", "event", "since", "until"):
            rules[key] = value
        else:
            words.append(word.casefold())
    since, until = rules.get("since", ""), rules.get("until", "")
    return Wanted(
        by=rules.get("by", ""),
        event=rules.get("event", ""),
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
        words=tuple(words),
    )


def kept(entries: Iterable[Entry], typed: str) -> list[Entry]:
    """The entries that pass a filter, in their order. Raises BadInput."""
    from core.history.events import matching

    rule = wanted(typed)
    found = matching(entries, rule.by, rule.event, rule.since, rule.until)
    return [entry for entry in found if _says(entry, rule.words)]


def _says(entry: Entry, words: Sequence[str]) -> bool:
    """Whether all stand in what a person would read of a commit: ids and digests are no words."""
    raw = entry.raw.casefold()
    if not all(word in raw for word in words):  # taken apart only where it can pass
        return False
    named = [value for key, value in entry.trailers if key in ("Rushes-Shot", "Rushes-Version", "Rushes-Parent")]
    told = " ".join((entry.subject, entry.body, *named)).casefold()
    return all(word in told for word in words)


def entry_line(entry: Entry, width: int) -> Line:
    """`11-25 10:12 review  Ana Artist  dream_sh070 v002: approved`."""
    return (
        (f" {short_time(entry.at):<12}", "dim"),
        (padded(entry.event or "–", 9), "accent"),
        (f"{padded(entry.author.name, 16 if width >= 100 else 8)} ", "dim"),
        (entry.subject, "" if entry.event else "dim"),
    )


def headline(shot: str, typed: str, shown: int, every: int) -> str:
    """`History of sq010_sh0020 · by:ana · 12 of 320 commits`."""
    count = f"{shown} of {every} commits" if typed else f"{every} commits"
    return " · ".join([f"History of {shot or 'the show'}", *([one_line(typed, 60)] if typed else []), count])


def place_of(entry: Entry) -> tuple[str, str]:
    """The shot and version that a commit is about, by the first of its trailers; empty where it names none."""
    return entry.get("Rushes-Shot"), entry.get("Rushes-Version")


def change_lines(change: CommitChange, width: int) -> list[Line]:
    """Who, when, why; then every file with its difference."""
    entry = change.entry
    lines: list[Line] = [((part, "bold"),) for part in folded(entry.subject, width)]
    lines.append(((f"{entry.author}  {one_line(entry.at, 40)}", "dim"),))
    lines.append(((entry.commit, "dim"),))
    for paragraph in entry.body.splitlines():
        lines += [((part, ""),) for part in folded(paragraph, width)]
    lines += [((f"{padded(key, 18)} ", "dim"), (value, "")) for key, value in entry.trailers]
    for file in change.files:
        lines += [((" ", ""),), *_file_lines(file, width)]
    return lines


def _file_lines(file: FileChange, width: int) -> Iterator[Line]:
    yield ((f"{file.status}  ", "accent"), (file.path, "bold"))
    for line in file.text.splitlines():
        shown = safe_text(line)[:_LONGEST]
        # An event is one long line, and what was said stands far to the right in it.
        for part in [shown] if len(shown) <= width else folded(shown, width):
            yield ((part, _style(line)),)
    if file.cut:
        yield (("… and more: git show has it whole", "dim"),)


def _style(line: str) -> Style:
    if line.startswith("@@"):
        return "dim"
    return "good" if line.startswith("+") else "bad" if line.startswith("-") else ""


def not_there(entries: Sequence[Entry], typed: str) -> str:
    """What is said where a filter leaves nothing."""
    return f"none of {len(entries)} commits passes {one_line(typed, 60)}" if typed else "nothing is committed yet"
