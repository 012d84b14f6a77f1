"""An Avid Log Exchange file: what a camera department or a lab says of its takes, a line each.

Read here and not through otio-ale-adapter 1.1, which reads an offset of `-1.5e-05` as -1.5, leaves out a CDL of whole
numbers, and refuses a whole file for one line that is wrong.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from core.cut.incoming.bundle import check_file
from core.errors import BadInput, CutError
from core.files import kept_text, one_line
from core.frames import parse_timecode, rate_of

DAY = 86400
_LARGEST = 64 << 20
_BETWEEN = re.compile(r"[\s()\[\],]+")
"""What stands between the numbers of a CDL."""
_PLACED = ("Name", "Start", "End", "Duration", "ASC_SOP", "ASC_SAT", "CDL")
"""Columns that are read as something else than text."""


@dataclass(frozen=True, slots=True)
class Take:
    """One line of a log."""

    line: int
    name: str
    span: tuple[Fraction, Fraction] | None
    """Start and end in seconds of the clock that its timecode shows, the end past 24 hours where midnight is between
    them; None where the line has no timecode."""
    cdl: tuple[float, ...]
    """ASC CDL: slope, offset and power (RGB each), saturation; empty for none."""
    facts: tuple[tuple[str, str], ...]
    """Every other column that is not blank, in the file's order."""

    def get(self, column: str) -> str:
        """What a column says; empty where it says nothing."""
        return next((value for name, value in self.facts if name == column), "")


@dataclass(frozen=True, slots=True)
class Log:
    """What a log says, and its lines that cannot be used, in words."""

    takes: tuple[Take, ...]
    warnings: tuple[str, ...]


def read_ale(path: Path) -> Log:
    """Read a log. A line that makes no sense is named and left out.

    Raises:
        CutError: no such file, no UTF-8 text, or no log: without frame rate, columns or lines.
    """
    text = _text(path)
    heading, columns, lines = _sections(text)
    head = {key.strip(): value.strip() for row in heading for key, value in zip(row[::2], row[1::2], strict=False)}
    if head.get("FIELD_DELIM", "TABS").upper() != "TABS":
        raise _wrong(path, f"Its columns are divided by {one_line(head['FIELD_DELIM'], 20)}, not by tabs")
    if "Name" not in columns:
        raise _wrong(path, "It has no column `Name`" if columns else "It has no columns")
    if len(set(columns)) < len(columns):
        raise _wrong(path, "It has two columns of one name")
    rate = _rate(head.get("FPS", ""), path)
    takes, warnings = [], []
    for number, cells in lines:
        try:
            told = _told(cells, columns)
            takes.append(_take(number, told, rate))
        except BadInput as error:
            warnings.append(f"line {number} is left out: {error.what}")
            continue
        try:
            takes[-1] = replace(takes[-1], cdl=_cdl(told))
        except BadInput as error:
            warnings.append(f"line {number} goes without its CDL: {error.what}")
    if not takes:
        raise _wrong(path, one_line(warnings[0]) if warnings else "It has no lines of data")
    return Log(tuple(takes), tuple(warnings))


def clock(text: str, rate: Fraction) -> Fraction:
    """Seconds of the clock that a timecode shows: what stays the same where rates are spelled otherwise. BadInput."""
    parse_timecode(text, rate)
    hours, minutes, whole, frames = (int(part) for part in re.split("[:;.]", text.strip()))
    return Fraction(hours * 3600 + minutes * 60 + whole) + Fraction(frames, round(rate))


def _text(path: Path) -> str:
    if not path.exists():
        raise CutError("There is no such log.", where=str(path), todo="Check the path.")
    check_file(path)
    if path.stat().st_size > _LARGEST:
        raise _wrong(path, f"It is larger than {_LARGEST >> 20} MiB")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CutError(
            "The log is no UTF-8 text.",
            where=f"{path}: byte {error.start}",
            todo="Export it again, or save it as UTF-8.",
        ) from error


def _wrong(path: Path, why: str) -> CutError:
    return CutError(f"This is no log that can be read. {why}.", where=str(path), todo="Export the ALE again.")


def _sections(text: str) -> tuple[list[list[str]], list[str], list[tuple[int, list[str]]]]:
    """The cells of the heading's lines, the columns, and the numbered lines of data."""
    found: dict[str, list[tuple[int, list[str]]]] = {"Heading": [], "Column": [], "Data": []}
    section = ""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if section != "Data" and line.strip() in found:
            section = line.strip()
        elif line.strip() and section:
            found[section].append((number, line.split("\t")))
    columns = [name.strip() for name in found["Column"][0][1]] if found["Column"] else []
    while columns and not columns[-1]:
        columns.pop()
    return [cells for _, cells in found["Heading"]], columns, found["Data"]


def _rate(text: str, path: Path) -> Fraction:
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", text):
        raise _wrong(path, f"Its heading says no frame rate (FPS{f': {one_line(text, 20)}' if text else ''})")
    try:
        return rate_of(text)
    except BadInput as error:
        raise _wrong(path, f"Its frame rate is {text}") from error


def _told(cells: list[str], columns: list[str]) -> dict[str, str]:
    """What a line says, by column, blank ones left out. Raises BadInput."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise BadInput(f"it has {len(cells)} cells for {len(columns)} columns")
    return {name: kept_text(cell).strip() for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}


def _take(number: int, told: dict[str, str], rate: Fraction) -> Take:
    """A line without its CDL. Raises BadInput."""
    facts = tuple((name, value) for name, value in told.items() if name not in _PLACED)
    span = _span(told.get("Start", ""), told.get("End", ""), told.get("Duration", ""), rate)
    return Take(number, told.get("Name", ""), span, (), facts)


def _span(start: str, end: str, length: str, rate: Fraction) -> tuple[Fraction, Fraction] | None:
    if not start:
        return None
    first = clock(start, rate)
    last = clock(end, rate) if end else first + clock(length, rate) if length else first + 1 / rate
    return first, last if last > first else last + DAY


def _cdl(told: dict[str, str]) -> tuple[float, ...]:
    """Ten numbers: of ASC_SOP and ASC_SAT, else of CDL. Raises BadInput where they are others."""
    name = "ASC_SOP" if "ASC_SOP" in told else "CDL"
    if name not in told:
        return ()
    parts = [part for key in (name, "ASC_SAT") if key in told for part in _BETWEEN.split(told[key]) if part]
    try:
        numbers = [float(part) for part in parts][:10]
    except ValueError:
        numbers = []
    whole = (*numbers, 1.0) if len(numbers) == 9 else tuple(numbers)
    if len(whole) != 10 or not all(map(math.isfinite, whole)):
        raise BadInput(f"its {name} is not three times three numbers: {one_line(told[name], 60)}")
    return whole
