"""All that commands write to stdout, and progress on stderr.

Text from files and people passes `safe_text` here, so a clip name cannot move a cursor. JSON escapes everything that
is not ASCII and so loses nothing. Colour only on a terminal, and never with NO_COLOR.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from core.files import one_line, safe_text
from core.frames import FrameRange

if TYPE_CHECKING:
    from rich.text import Text

    from core.farm.follow import Progress

Style = Literal["", "dim", "bold", "red", "green", "yellow"]


def line(text: str = "", style: Style = "") -> None:
    """One line of our own words with data in them."""
    words((text, style))


def words(*parts: tuple[str, Style]) -> None:
    """One line made of parts, each with its own style on a terminal."""
    if sys.stdout.isatty():
        from rich.text import Text

        _console_print(Text.assemble(*((safe_text(text), style) for text, style in parts)))
    else:
        sys.stdout.write("".join(safe_text(text) for text, _ in parts).rstrip() + "\n")


def block(text: str) -> None:
    """Text of several lines as it is (a recipe), without its control characters."""
    sys.stdout.write(safe_text(text, keep_newlines=True).rstrip("\n") + "\n")


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Name and value, one pair a line; empty values are left out."""
    shown = [(name, one_line(str(value), 2000)) for name, value in pairs if value not in ("", None, ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        words((name.ljust(width + 2), "dim"), (value, ""))


def table(titles: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Rows under titles; numbers to the right. On a terminal folded to its width, else a line a row."""
    if not rows:
        line(empty)
        return
    cells = [[one_line("–" if cell in ("", None) else str(cell), 300) for cell in row] for row in rows]
    right = [all(isinstance(row[n], int) or row[n] in ("", None) for row in rows) for n in range(len(titles))]
    if sys.stdout.isatty():
        _rich_table(titles, cells, right)
        return
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
    for row in (list(titles), *cells):
        parts = []
        for cell, width, to_right in zip(row, widths, right, strict=True):
            gap = " " * (width - cell_len(cell))
            parts.append(gap + cell if to_right else cell + gap)
        sys.stdout.write("  ".join(parts).rstrip() + "\n")


def _rich_table(titles: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for title, to_right in zip(titles, right, strict=True):
        first = title == titles[0]  # a name or an id, to be copied into the next command
        shown.add_column(Text(title), justify="right" if to_right else "left", overflow="fold", no_wrap=first)
    for row in cells:
        shown.add_row(*map(Text, row))
    _console_print(shown)


def _console_print(what: Text | Any) -> None:
    from rich.console import Console

    Console(markup=False, highlight=False, emoji=False, soft_wrap=False).print(what)


def document(kind: str, value: Any, **beside: Any) -> None:
    """One JSON document, `{"schema": 1, kind: value}`, and what stands beside. Keys as given; nothing is cut."""
    whole = {"schema": 1, kind: plain(value), **plain(beside)}
    sys.stdout.write(json.dumps(whole, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses and models by field, ranges as [first, last], paths and rates as text."""
    if isinstance(value, FrameRange):
        return [value.first, value.last]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float) and value - value != 0:
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"no JSON form for {type(value).__name__}")


def note(text: str) -> None:
    """A remark beside the output, on stderr."""
    sys.stderr.write(safe_text(text) + "\n")


def clock(seconds: float | None) -> str:
    """Seconds as `m:ss` or `h:mm:ss`; `-:--` where nobody knows."""
    if seconds is None or seconds != seconds or seconds < 0:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def follow(steps: Iterable[Progress], label: str) -> Progress:
    """Show progress with time left on stderr until `steps` ends. Returns the last step."""
    shown = _bar(steps, label) if sys.stderr.isatty() else _lines(steps, label)
    *_, last = shown
    return last


def _bar(steps: Iterable[Progress], label: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    left = TextColumn("{task.fields[left]} left  {task.fields[state]}", markup=False)
    with Bars(*columns, left, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(one_line(label), left="-:--", state="")
        for step in steps:
            state, left_now = progress_state(step), clock(step.seconds_left)
            bars.update(task, completed=step.done, total=step.total, left=left_now, state=state)
            yield step


def _lines(steps: Iterable[Progress], label: str, every: float = 10.0) -> Iterator[Progress]:
    """A line when the state changes, at the end, and at most one in `every` seconds between."""
    told, at = "", 0.0
    for step in steps:
        state = progress_state(step)
        if state != told or time.monotonic() - at >= every:
            left = f", {clock(step.seconds_left)} left" if step.seconds_left is not None and not step.finished else ""
            note(f"{one_line(label)}: {state} {step.done}/{step.total}{left}")
            told, at = state, time.monotonic()
        yield step


def progress_state(step: Progress) -> str:
    """The states of the jobs together, `1 complete, 2 queued` where they differ; or who has the machine before them."""
    if step.waits_for:
        return f"waiting its turn, the machine renders for another user ({one_line(step.waits_for)})"
    count = Counter(job.state for job in step.jobs)
    if len(count) == 1:
        return next(iter(count))
    return ", ".join(f"{number} {state}" for state, number in sorted(count.items()))


class Ticker:
    """A passing line on stderr that says what is being read, how many are left and the time that may take.

    Silent for the first second, and where stderr is no terminal.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.shown = False
        self._began = time.monotonic()
        self._next = self._began + 1.0

    def __call__(self, what: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() >= self._next:
            spent = time.monotonic() - self._began
            left = f" · {done}/{total}, {clock(spent / done * (total - done))} left" if done and total else ""
            sys.stderr.write(f"\r\x1b[2K{one_line(f'{self.label} {what}{left}', 70)}")
            sys.stderr.flush()
            self.shown, self._next = True, time.monotonic() + 0.2

    def __enter__(self) -> Ticker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[2K")
