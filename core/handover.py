"""Hand a cut over: which versions go into the timeline, what was written, and the commit that says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.cut.publish import Entry, Published, VersionMedia, write_master
from core.errors import BadInput, ShowError
from core.files import safe_name, sha256_file, write_once
from core.history.events import Act
from core.history.git import History
from core.layout import Layout, Settings
from core.overview import ShotRow, VersionRow, read_recipe
from core.recipe.text import recipe_sha
from core.turnover import MAIN

PURPOSES = ("master",)
NEWEST = 2
"""Versions that a master holds beside the circled one."""


def publish(
    layout: Layout,
    settings: Settings,
    history: History,
    rows: Sequence[ShotRow],
    versions: Callable[[str], list[VersionRow]],
    purpose: str,
    out: Path | None,
    *,
    every_version: bool = False,
) -> Published:
    """Write the master timeline, read it back, and commit a manifest that rebuilds it.

    Raises:
        BadInput: an unknown purpose. ShowError: nothing to hand over. CutError: the cut cannot take it.
    """
    if purpose not in PURPOSES:
        raise BadInput(f"Cannot publish for {purpose!r}.", todo=f"Allowed: {', '.join(PURPOSES)}.")
    entries = [
        entry for row in rows if row.shot.plate for entry in _entries(layout, row, versions(row.shot.id), every_version)
    ]
    if not entries:
        raise ShowError("There is no complete version to hand over.", todo="Generate one: rushes generate SHOT --wait.")
    name = _next_name(layout, settings)
    received = next(layout.cut(MAIN).parent.glob("received.*"), None)
    published = write_master(layout.cut(MAIN), out or layout.published / f"{name}.otio", entries, received=received)
    manifest = layout.publish(f"{name}.json")
    write_once(
        manifest, json.dumps(_manifest(layout, published, entries, purpose), indent=2, ensure_ascii=False) + "\n"
    )
    playing = [entry for entry in entries if entry.active]
    history.commit(
        Act(
            event="publish",
            subject=f"{name}: {len(playing)} of {len(entries)} clips play a circled version",
            paths=(manifest.relative_to(layout.root).as_posix(),),
            body="\n".join(dict.fromkeys(f"{entry.shot.id} {entry.active}" for entry in playing)),
            trailers=(("Rushes-Published", f"sha256:{published.sha256}"),),
        )
    )
    return published


def _entries(layout: Layout, row: ShotRow, versions: list[VersionRow], every: bool) -> Iterator[Entry]:
    """A shot's clips in the cut with the versions they get: the circled one, which plays, and the newest."""
    complete = [version.version for version in versions if version.state == "complete"]
    complete = [version for version in complete if not _lost(layout, row.shot.id, version)]
    circled = row.circled if row.circled in complete else ""
    if row.circled and not circled:
        lost = _lost(layout, row.shot.id, row.circled)
        what = f"{row.shot.id} {row.circled} is circled, but {lost or 'it is not complete'}."
        raise ShowError(what, todo="Bring its frames back (rushes verify says which), or circle another version.")
    chosen = complete if every else sorted({*complete[-NEWEST:], *([circled] if circled else [])})
    media = [_media(layout, row.shot.id, version, versions) for version in chosen]
    for use in row.shot.uses:
        if use.cut == MAIN and media:
            yield Entry(use.clip_id, row.shot, media, circled)


def _lost(layout: Layout, shot: str, version: str) -> str:
    """What of a version's frames is not on this machine, in words; empty where all are there."""
    _, recipe = read_recipe(layout, shot, version)
    suffix = f".{recipe.output.master.format}"
    gone = [frame for frame in recipe.frames if not layout.frame(shot, version, frame, suffix=suffix).is_file()]
    return f"{len(gone)} of its frames are not here, the first is {gone[0]}" if gone else ""


def _media(layout: Layout, shot: str, version: str, rows: list[VersionRow]) -> VersionMedia:
    text, recipe = read_recipe(layout, shot, version)
    seeds = sorted({str(step.seed) for step in recipe.step if hasattr(step, "seed")})
    status = next(row.status for row in rows if row.version == version)
    first = layout.frame(shot, version, 0, suffix=f".{recipe.output.master.format}")
    prefix, _, suffix = first.name.rpartition("0000")
    facts = {"recipe": recipe_sha(text), "status": status, "seeds": seeds, "shot": shot}
    return VersionMedia(version, first.parent, prefix, suffix, recipe.frames, facts=facts)


def _next_name(layout: Layout, settings: Settings) -> str:
    stem = f"{safe_name(settings.name)}_{MAIN}_master"
    taken = [path.stem.rpartition("_")[2] for path in layout.publish("").glob(f"{stem}_*.json")]
    return f"{stem}_{max((int(number) for number in taken if number.isdigit()), default=0) + 1:03d}"


def _manifest(layout: Layout, published: Published, entries: Sequence[Entry], purpose: str) -> dict[str, Any]:
    """What was handed over, enough to write it again; its path relative to the media root where it lies in it."""
    inside = published.path.is_relative_to(layout.media)
    return {
        "schema": 1,
        "purpose": purpose,
        "file": published.path.relative_to(layout.media).as_posix() if inside else published.path.name,
        "sha256": published.sha256,
        "cut": {"path": layout.cut(MAIN).relative_to(layout.root).as_posix(), "sha256": sha256_file(layout.cut(MAIN))},
        "clips": [
            {
                "clip_id": entry.clip_id,
                "shot": entry.shot.id,
                "plays": entry.active,
                "versions": {media.version: dict(media.facts or {}) for media in entry.versions},
            }
            for entry in entries
        ],
        "losses": [str(loss) for loss in published.losses],
        "warnings": list(published.warnings),
    }
