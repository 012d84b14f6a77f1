"""Where a person was: kept when it changes, found again next time. Machine-local, one file a clone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.files import write_atomic

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Place:
    """The shot, what is shown of it, and how the list is looked at."""

    cut: str = "main"
    """The cut that is looked at, of a show that has several."""
    shot: str = ""
    version: str = ""
    """Empty: the plate."""
    picture: str = ""
    """A layer or step of the version; empty: the master."""
    frame: int = 0
    filter: str = ""
    sort: str = "cut"
    tab: str = "recipe"
    theme: str = ""
    turnover: str = ""
    """The new cut that was looked at last, as it was typed."""


def read_place(path: Path) -> Place:
    """What was kept; the beginning where nothing was, or nothing that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name: type(field.default) for field in fields(Place)}
        return Place(**{key: data[key] for key, kind in known.items() if type(data.get(key)) is kind})
    except (OSError, ValueError, AttributeError, TypeError):
        return Place()


def write_place(path: Path, place: Place) -> None:
    write_atomic(path, json.dumps({"schema": SCHEMA, **asdict(place)}, ensure_ascii=False) + "\n")
