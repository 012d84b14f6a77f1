"""The architecture page stays true: every module is on it, and it names none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def modules() -> dict[str, set[str]]:
    """Module files by folder."""
    found: dict[str, set[str]] = {}
    for top in ("core", "tui", "otio_adapters", "sample_project"):
        for path in (ROOT / top).rglob("*.py"):
            if path.name != "__init__.py":
                found.setdefault(path.parent.relative_to(ROOT).as_posix(), set()).add(path.name)
    return found


def listed() -> dict[str, set[str]]:
    """Module files by folder as the page's table lists them."""
    found: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (.+?) \|", PAGE, re.MULTILINE):
        words = re.findall(r"[\w/]+(?:\.py|/)", row)
        folder = ""
        for word in words:
            if word.endswith("/"):
                folder = word.rstrip("/")
                continue
            head, _, name = word.rpartition("/")
            folder = head or folder
            found.setdefault(folder, set()).add(name)
    return found


def test_every_module_has_its_line() -> None:
    assert listed() == modules()


def test_the_readme_names_every_command() -> None:
    from typer.main import get_command

    from tui.commands.root import build

    names = set(get_command(build()).commands)  # type: ignore[attr-defined]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(names) > 20 and {name for name in names if f"rushes {name}" not in readme} == set()
