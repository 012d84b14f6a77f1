"""The table of formats holds nothing that no test tries any more, and looks as it is written."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.formats_table import TABLE, read_rows, table_text


def literals() -> set[str]:
    """Every string that stands in the tests' sources."""
    found: set[str] = set()
    for source in Path(__file__).parent.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_row_has_its_test() -> None:
    rows = read_rows()
    assert {what for group in rows.values() for what in group} <= literals()


def test_the_table_is_as_it_is_written() -> None:
    assert TABLE.read_text(encoding="utf-8") == table_text(read_rows())
