"""Acts that are not committed yet: one file each, on disk before git is asked. Machine-local, ordered by their ids."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import HistoryError
from core.files import one_line, write_atomic
from core.history.events import Act, Person

_SCHEMA = 1


def put(folder: Path, act: Act) -> None:
    """Keep an act until `drop`. Raises DiskFull, Broken as `write_atomic`."""
    data = {
        "schema": _SCHEMA,
        "id": act.id,
        "event": act.event,
        "subject": act.subject,
        "paths": act.paths,
        "trailers": act.trailers,
        "body": act.body,
        "needs": act.needs,
        "by": None if act.by is None else {"name": act.by.name, "email": act.by.email},
    }
    write_atomic(_path(folder, act.id), json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def drop(folder: Path, act_id: str) -> None:
    """Forget an act that is in a commit."""
    _path(folder, act_id).unlink(missing_ok=True)


def has(folder: Path, act_id: str) -> bool:
    return _path(folder, act_id).exists()


def pending(folder: Path) -> list[Act]:
    """The acts that wait, oldest first. Raises HistoryError that names a file it cannot read: nothing is skipped."""
    found = (_read(path) for path in sorted(folder.glob("[0-9]*.json")))
    return [act for act in found if act is not None]


def _read(path: Path) -> Act | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != _SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        return Act(
            event=data["event"],
            subject=data["subject"],
            paths=tuple(data["paths"]),
            trailers=tuple((str(key), str(value)) for key, value in data["trailers"]),
            body=data["body"],
            by=None if data["by"] is None else Person(data["by"]["name"], data["by"]["email"]),
            id=data["id"],
            needs=tuple(data.get("needs", ())),
        )
    except FileNotFoundError:  # committed by another process since the folder was listed
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HistoryError(
            f"An act that waits for its commit cannot be read: {one_line(str(error))}.",
            where=str(path),
            todo="Move the file away and run the command again; the files it speaks of are still in the show.",
        ) from error


def _path(folder: Path, act_id: str) -> Path:
    return folder / f"{act_id}.json"
