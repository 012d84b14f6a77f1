"""Files that hold several timelines: a bin, an event, a project. One of them is chosen by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import CutError
from core.files import one_line

_TOLD = 12
"""Names that an error lists."""


class Several(CutError):
    """A file with several timelines, of which none was chosen; `names` are what they are chosen by."""

    def __init__(self, names: tuple[str, ...], path: Path, wanted: str = "") -> None:
        listed = ", ".join(names[:_TOLD]) + (" …" if len(names) > _TOLD else "")
        what = f"The file holds {len(names)} timelines: {listed}."
        todo = "Bring one of them in with --timeline NAME, or export one sequence alone."
        if wanted:
            what, todo = f"The file holds no timeline {one_line(wanted, 40)!r}.", f"It holds: {listed}."
        super().__init__(what, where=str(path), todo=todo)
        self.names = names


def chosen(found: Any, name: str, path: Path) -> Any:
    """The timeline of this name (see `named`); the only one where no name is given.

    Raises CutError: there is none. Several: `name` is none of them, or is needed.
    """
    from otio_adapters import versions

    timelines = named(found)
    if not timelines:
        raise CutError(
            "The file holds clips but no timeline.", where=str(path),
            todo="Export the sequence itself: an ALE or a bin lists media, and says of no order.",
        )  # fmt: skip
    if not name and len(timelines) == 1:
        return next(iter(timelines.values()))
    if name not in timelines:
        raise Several(tuple(timelines), path, name)
    timeline = timelines[name]
    if len(timelines) > 1:
        versions.put(timeline, {**versions.get(timeline), "timeline": name})
    return timeline


def forget_choice(timeline: Any) -> None:
    """Take out of a timeline that it was chosen: it stands in a file of its own now."""
    from otio_adapters import versions

    if versions.get_text(timeline, "timeline"):
        told = versions.get(timeline)
        versions.put(timeline, {key: told[key] for key in told.keys() - {"schema", "timeline"}})


def named(found: Any) -> dict[str, Any]:
    """The timelines in what an adapter read, by their names on one line.

    One without a name is `timeline 3` by its place; of those with one name the second is `name (2)`.
    """
    timelines: dict[str, Any] = {}
    for place, timeline in enumerate(_timelines(found), 1):
        own = one_line(timeline.name, 80) or f"timeline {place}"
        name, number = own, 1
        while name in timelines:
            number += 1
            name = f"{own} ({number})"
        timelines[name] = timeline
    return timelines


def _timelines(found: Any) -> Iterator[Any]:
    """In the order of the file; a library holds events, and these hold projects."""
    import opentimelineio as otio

    if isinstance(found, otio.schema.Timeline):
        yield found
    elif isinstance(found, otio.schema.SerializableCollection):
        for child in found:
            yield from _timelines(child)
