"""Hand a cut over: which versions go into the timeline, what was written, and the commit that says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.absent import absent_frames, not_here
from core.cut.incoming.read import record_rate
from core.cut.outgoing.bundle_out import bundled, write_bundle
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.profiles import PROFILES, Profile, profile_of
from core.cut.outgoing.publish import Entry, Handover, Published, VersionMedia
from core.errors import BadInput, CutError, RushesError, ShowError
from core.farm.movie import review_path
from core.files import one_line, safe_name, sha256_bytes, sha256_file, write_atomic, write_once
from core.history.events import Act
from core.history.git import History
from core.layout import MAIN, Layout, Settings, version_number
from core.outgoing import NEWEST, refusal
from core.overview import read_recipe
from core.recipe.text import recipe_sha
from core.reviewing import notes as notes_of
from core.room import file_fits
from core.rows import ShotRow, VersionRow, in_cut

__all__ = ["PROFILES", "publish"]


_HEAD = "read back and compared with the cut"


def publish(
    layout: Layout,
    settings: Settings,
    history: History,
    rows: Sequence[ShotRow],
    versions: Callable[[str], list[VersionRow]],
    purpose: str,
    out: Path | None,
    *,
    cut: str = MAIN,
    every_version: bool = False,
    site: str = "",
    notes: bool = False,
    bundle: bool = False,
) -> Published:
    """Write a cut of the show in the form of a profile, read it back, and commit a manifest of what was handed over.

    `site`: whose paths its references have (`[paths.<site>]` of rushes.toml); empty: this machine's. `notes`: open
    notes on the versions that play go along, in the way the form has for them. `bundle`: one file that holds the media
    too, beside the timeline.

    Raises:
        BadInput: an unknown purpose, cut or site, or a form without bundles. ShowError: nothing to hand over. CutError:
            the cut cannot take it. DiskFull: the bundle would not fit.
    """
    profile = profile_of(purpose)
    layout.check_cut(cut)
    rows = in_cut(rows, cut)
    if bundle and not profile.bundle:
        able = ", ".join(name for name, one in PROFILES.items() if one.bundle)
        raise BadInput(f"A {purpose} cannot bring its media along.", todo=f"Forms that can: {able}.")
    every = profile.every or (every_version and profile.alternates)
    away = _folders(layout, site)
    entries = [
        replace(entry, versions=[replace(media, at=away(media.folder)) for media in entry.versions])
        for row in rows
        if row.shot.plate
        for entry in _entries(layout, row, cut, versions(row.shot.id), every)
    ]
    if notes:
        entries = [replace(entry, notes=_notes(layout, entry)) for entry in entries]
    if not any(entry.versions if profile.alternates else entry.active for entry in entries):
        raise _nothing(profile, [line for row in rows for line in absent_frames(layout, versions(row.shot.id))])
    name = _next_name(layout, settings, cut, purpose)
    handover = Handover(
        layout.cut(cut), entries, record_rate(layout.cut(cut)) if profile.counts else settings.rate,
        next(reversed(layout.turnovers(cut).values()), None), form=profile.form, purpose=purpose,
    )  # fmt: skip
    target = out or layout.published / f"{name}{profile.suffix}"
    fresh = not target.exists()
    if profile.in_git:
        _refuse_report(_report_of(target))
    published = profile.write(handover, target)
    if bundle:
        published = _with_bundle(layout, handover, published, fresh)
    published = replace(published, warnings=tuple(dict.fromkeys((*published.warnings, *_doubts(entries, versions)))))
    committed: list[Path] = []
    if profile.in_git:
        committed, published = _into_git(layout, profile, name, handover, published, _report_of(target))
    manifest = layout.publish(f"{name}.json")
    write_once(
        manifest, json.dumps(_manifest(layout, published, entries, cut, purpose), indent=2, ensure_ascii=False) + "\n"
    )
    _commit(layout, history, name, cut, published, entries, [manifest, *committed])
    return published


def _folders(layout: Layout, site: str) -> Callable[[Path], str]:
    """How a folder is written for a site. Raises BadInput: it is none, or has no folder that holds the media root."""
    places, media = layout.places, layout.media.absolute().as_posix()
    if not site:
        return lambda folder: folder.absolute().as_posix()
    if site not in places.sites:
        known = ", ".join(map(one_line, places.sites)) or "none; see [paths] in rushes.toml"
        raise BadInput(f"There is no site {one_line(site)!r}.", todo=f"Sites of this show: {known}.")
    if site != places.here and places.at(site, media) == media:
        what = f"Nobody said what the media root is called at {one_line(site)}."
        todo = "Give a folder that holds it one name, in [paths.…] of this site and of that one."
        raise BadInput(what, where=media, todo=todo)
    return lambda folder: places.at(site, folder.absolute().as_posix())


def _doubts(entries: Sequence[Entry], versions: Callable[[str], list[VersionRow]]) -> Iterator[str]:
    """What people decided that does not go together: a version plays that somebody wants again."""
    for shot, playing in {entry.shot.id: entry.active for entry in entries if entry.active}.items():
        if any(row.version == playing and row.status == "rtk" for row in versions(shot)):
            yield f"{shot} {playing} plays, and a retake of it was asked for"


def _nothing(profile: Profile, absent: Sequence[str]) -> ShowError:
    if absent:
        return ShowError("What is complete is not on this machine.", todo=f"{absent[0]}.")
    if profile.alternates:
        return ShowError(
            "There is no complete version to hand over.", todo="Generate one: rushes generate SHOT --wait."
        )
    return ShowError("There is no circled version to hand over.", todo="Circle one: rushes circle SHOT vNNN.")


def _with_bundle(layout: Layout, handover: Handover, published: Published, fresh: bool) -> Published:
    """The timeline and its media as one `.otioz` beside it. `fresh`: nothing stood under the timeline's name before."""
    out = published.path.with_suffix(".otioz")
    made = bundled(handover, published.path, dict(_folders_of_media(layout, handover.entries)))
    try:
        file_fits(out.parent, made.size, out.name)
        write_bundle(made, out)
    except RushesError:
        if fresh:  # without its media it was not asked for, and no manifest would know it
            published.path.unlink(missing_ok=True)
        raise
    also = {**published.also, out: sha256_file(out)}
    return replace(published, also=also, losses=(*published.losses, *made.losses))


def _folders_of_media(layout: Layout, entries: Sequence[Entry]) -> Iterator[tuple[str, Path]]:
    """Clip id → the folder of what it plays: the version's, else the plate's."""
    for entry in entries:
        if entry.plays is not None:
            yield entry.clip_id, entry.plays.folder
        elif entry.shot.plate is not None:
            yield entry.clip_id, layout.find(entry.shot.plate.path).parent


def _into_git(
    layout: Layout, profile: Profile, name: str, handover: Handover, published: Published, lies: Path
) -> tuple[list[Path], Published]:
    """The same text once more under `publish/`, and the loss report there and, as `lies`, beside what went out."""
    kept = profile.write(replace(handover, beside=layout.media), layout.publish(f"{name}{profile.suffix}"))
    report = _loss_report(published)
    write_atomic(lies, report)
    write_once(layout.publish(f"{name}_losses.txt"), report)
    also = {**published.also, lies: sha256_bytes(report.encode())}
    return [kept.path, *kept.also, layout.publish(f"{name}_losses.txt")], replace(published, also=also)


def _report_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}_losses.txt")


def _refuse_report(path: Path) -> None:
    """Raises CutError where the place of the loss report holds a file that is not one."""
    if path.exists() and _HEAD not in path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]:
        todo = "Nothing was overwritten. Publish under another name."
        raise CutError("This file is not one that rushes wrote.", where=str(path), todo=todo)


def _loss_report(published: Published) -> str:
    """What was handed over cannot say of the cut, clip by clip, as text."""
    lines = [f"{published.path.name}: {_HEAD}, item by item."]
    lines += [f"{published.clips} clips play a version of ours.", ""]
    lines += [f"warning: {warning}" for warning in published.warnings]
    if not published.losses:
        return "\n".join([*lines, "Nothing of the cut was lost."]) + "\n"
    lines.append("Not carried:")
    width = max(len(loss.clip) for loss in published.losses)
    lines += [f"  {loss.clip.ljust(width)}  {loss.what}" for loss in published.losses]
    return "\n".join(lines) + "\n"


def _commit(
    layout: Layout, history: History, name: str, cut: str, published: Published, entries: Sequence[Entry],
    paths: list[Path],
) -> None:  # fmt: skip
    playing = [entry for entry in entries if entry.active]
    clips = sum(1 for entry in entries if entry.versions)
    history.commit(
        Act(
            event="publish",
            subject=f"{name}: {len(playing)} of {clips} clips play a circled version",
            paths=tuple(path.relative_to(layout.root).as_posix() for path in paths),
            body="\n".join(dict.fromkeys(f"{entry.shot.id} {entry.active}" for entry in playing)),
            trailers=(("Rushes-Cut", cut), ("Rushes-Published", f"sha256:{published.sha256}")),
        )
    )


def _entries(layout: Layout, row: ShotRow, cut: str, versions: list[VersionRow], every: bool) -> Iterator[Entry]:
    """A shot's clips in the cut with the versions they get: the circled one, which plays, and the newest."""
    complete = [version.version for version in versions if version.state == "complete"]
    complete = [version for version in complete if not not_here(layout, row.shot.id, version)]
    circled = row.circled if row.circled in complete else ""
    if row.circled and not circled:
        what = refusal(row, not_here(layout, row.shot.id, row.circled))
        raise ShowError(what, todo="Bring its frames back (rushes verify says which), or circle another version.")
    chosen = complete if every else sorted({*complete[-NEWEST:], *([circled] if circled else [])}, key=version_number)
    media = [_media(layout, row.shot.id, version, versions) for version in chosen]
    made = {version: read_recipe(layout, row.shot.id, version)[1].frames for version in complete}
    for use in row.shot.uses:
        if use.cut == cut:
            yield Entry(use.clip_id, row.shot, media, circled, made=made)


def _media(layout: Layout, shot: str, version: str, rows: list[VersionRow]) -> VersionMedia:
    text, recipe = read_recipe(layout, shot, version)
    seeds = sorted({str(step.seed) for step in recipe.step if hasattr(step, "seed")})
    row = next(row for row in rows if row.version == version)
    first = layout.frame(shot, version, 0, suffix=f".{recipe.output.master.format}")
    prefix, _, suffix = first.name.rpartition("0000")
    facts = {"recipe": recipe_sha(text), "status": row.status, "seeds": seeds, "shot": shot}
    if row.circled:
        facts["circled"] = row.circled
    review = recipe.output.review
    movie = review_path(layout, shot, version, review.codec) if review else None
    name = movie.name if movie and movie.is_file() else ""
    burnt = review is not None and review.burnin
    return VersionMedia(
        version, first.parent, prefix, suffix, recipe.frames, facts=facts, movie=name, burnt=burnt
    )  # fmt: skip


def _notes(layout: Layout, entry: Entry) -> tuple[Remarked, ...]:
    """The open notes on the version that plays and on the shot as a whole."""
    if not entry.active:
        return ()
    found = notes_of(layout, [entry.shot.id], only_open=True)
    said = [one.note.event for one in found if one.version in ("", entry.active)]
    return tuple(Remarked(event.id, event.text, event.category, event.by, event.frames) for event in said)


def _next_name(layout: Layout, settings: Settings, cut: str, purpose: str) -> str:
    stem = f"{safe_name(settings.name)}_{cut}_{purpose}"
    taken = [path.stem.rpartition("_")[2] for path in layout.publish("").glob(f"{stem}_*.json")]
    return f"{stem}_{max((int(number) for number in taken if number.isdigit()), default=0) + 1:03d}"


def _manifest(layout: Layout, published: Published, entries: Sequence[Entry], cut: str, purpose: str) -> dict[str, Any]:
    """What was handed over, enough to write it again; paths relative to the media root where they lie in it."""
    files = {published.path: published.sha256, **published.also}
    return {
        "schema": 1,
        "purpose": purpose,
        "files": [{"path": _told(path, layout), "sha256": sha} for path, sha in files.items()],
        "cut": {"path": layout.cut(cut).relative_to(layout.root).as_posix(), "sha256": sha256_file(layout.cut(cut))},
        "clips": [
            {
                "clip_id": entry.clip_id,
                "shot": entry.shot.id,
                "plays": entry.active,
                "versions": {media.version: dict(media.facts or {}) for media in entry.versions},
            }
            for entry in entries
            if entry.versions
        ],
        "losses": [{"clip": loss.clip, "what": loss.what} for loss in published.losses],
        "warnings": list(published.warnings),
    }


def _told(path: Path, layout: Layout) -> str:
    return path.relative_to(layout.media).as_posix() if path.is_relative_to(layout.media) else path.name
