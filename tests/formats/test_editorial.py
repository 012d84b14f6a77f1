"""What a hand-over loses is named, thing by thing; and the page that says so is what was found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.cut.outgoing.profiles import PROFILES
from core.files import write_atomic
from tests.editorial_table import OPENS, PAGE, cells, page_text

_WRITE = bool(os.environ.get("RUSHES_WRITE_FORMATS"))  # at import: the tests clear such variables for what they try


@pytest.mark.parametrize("purpose", list(PROFILES))
def test_nothing_is_lost_without_being_named(tmp_path: Path, purpose: str) -> None:
    assert set(cells(tmp_path, purpose).values()) <= {"kept", "named", "–"}


def test_the_page_says_what_was_found(tmp_path: Path) -> None:
    table = {}
    for purpose in PROFILES:
        (tmp_path / purpose).mkdir()
        table[purpose] = cells(tmp_path / purpose, purpose)
    kept, head, rows = PAGE.read_text(encoding="utf-8").partition(OPENS)
    if _WRITE:
        write_atomic(PAGE, page_text(table) + OPENS + rows)
        return
    assert head and kept == page_text(table), "RUSHES_WRITE_FORMATS=1 and this test writes it"
