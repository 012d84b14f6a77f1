"""`docs/formats.md`: one row for each format that a test has tried, written by the tests themselves.

A test that has proved what a format does ends with what it found:

    from tests.formats_table import row

    row("plates", "ProRes 422 HQ, MOV", "128 x 64, 10 bit, 24 frames in any order", "opens: frame exact, BT.709")

Without more, `row` fails the test where the committed table says something else, so the table cannot drift from what
was measured. `RUSHES_WRITE_FORMATS=1 .venv/bin/python -m pytest tests/formats` writes the rows instead (any selection
of tests will do: other rows stay). `tests/formats/test_table.py` fails for a row whose `what` stands in no test any
more; delete its line then.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Literal

from core.files import FileLock, write_atomic

Group = Literal["plates", "timelines", "models"]

TABLE = Path(__file__).parent.parent / "docs" / "formats.md"
GROUPS: dict[str, tuple[str, str]] = {
    "plates": ("Plates", "Movies, image sequences and stills that a clip of the cut names."),
    "timelines": ("Timelines", "What `rushes new` opens."),
    "models": ("Models", "What a recipe's `model` may name."),
}
_ABOUT = (
    "Each row was written by the test that tried it, and each run of the tests holds it to that "
    "(`tests/formats_table.py` says how). Every file was made in the test by a library that is not ours and compared "
    "with what that library, a standard or a second decode says. *Refused* means: with the reason and what to do next, "
    "before anything is rendered. *Warns*: said at the turnover. A plate's colour or layer is set in `[plate]` of "
    "`shots/SHOT/shot.toml`: `colour` takes any name of the show's colour config."
)
_WRITE = bool(os.environ.get("RUSHES_WRITE_FORMATS"))  # at import: the tests clear such variables for what they try


def row(group: Group, what: str, how: str, result: str) -> None:
    """Hold the table to what a test found; call it last, once a format.

    Args:
        what: the format in an artist's words, unique in its group and written out in the test's source; rows are sorted
            by it.
        how: what was tried: size, bits, how many frames, against what it was compared.
        result: begins with `opens: ` (then what was proved) or `refused: ` (then the reason and the way out).

    Raises:
        AssertionError: the committed table says something else.
    """
    assert result.startswith(("opens: ", "refused: ")), result
    if _WRITE:
        lock = FileLock(Path(tempfile.gettempdir()) / "rushes_formats.lock")
        lock.acquire(wait=True)
        try:
            rows = read_rows()
            rows[group][what] = (how, result)
            write_atomic(TABLE, table_text(rows))
        finally:
            lock.release()
    found = read_rows()[group].get(what)
    wanted = tuple(_from_cell(_cell(text)) for text in (how, result))
    assert found == wanted, (
        f"docs/formats.md says of {what!r}: {found}; the test found {wanted}. "
        "If that is right: RUSHES_WRITE_FORMATS=1 and this test writes it."
    )


def read_rows() -> dict[str, dict[str, tuple[str, str]]]:
    """Group → what → (how, result), as the committed table holds them."""
    rows: dict[str, dict[str, tuple[str, str]]] = {group: {} for group in GROUPS}
    titles = {title: group for group, (title, _) in GROUPS.items()}
    group = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []:
        if line.startswith("## "):
            group = titles[line.removeprefix("## ")]
        elif line.startswith("| ") and group and not line.startswith(("| what ", "| --- ")):
            what, how, result = (_from_cell(cell) for cell in re.split(r" (?<!\\)\| ", line[2:-2]))
            rows[group][what] = (how, result)
    return rows


def table_text(rows: dict[str, dict[str, tuple[str, str]]]) -> str:
    """The whole page."""
    lines = ["# Formats", "", _ABOUT]
    for group, (title, about) in GROUPS.items():
        if rows[group]:
            lines += ["", f"## {title}", "", about, "", "| what | how tested | result |", "| --- | --- | --- |"]
            sorted_rows = sorted(rows[group].items(), key=lambda item: item[0].casefold())
            lines += [f"| {' | '.join(map(_cell, (what, *found)))} |" for what, found in sorted_rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _from_cell(cell: str) -> str:
    return cell.strip().replace("\\|", "|")
