"""`docs/make_screen.py` draws the README's picture of the screens, the same each time."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tests import shows

SCRIPT = Path(__file__).parents[2] / "docs" / "make_screen.py"


def test_the_screens_of_a_show_as_svg(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_screen", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    show = shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")
    svg = script.draw(show.layout.root, show.env)
    assert shows.SHOT in svg and "approve" in svg and "▀" in svg and "Reading" not in svg
    assert script.draw(show.layout.root, show.env) == svg
