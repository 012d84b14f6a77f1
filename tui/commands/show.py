"""`new`, `open`, `cuts`, `shots`, `versions`, `show`, `path`, `log`, `change`, `diff`: what there is, how it came."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import BadInput, RushesError, ShowError
from core.files import one_line
from tui.commands import output
from tui.commands.here import AnyShots, Json, Shot, Timeline, Version, here, one_shot
from tui.commands.screens import Graphics, open_screens
from tui.commands.words import print_changes
from tui.present import rows as present

app = typer.Typer()


@app.command(epilog="Example: rushes new turnover/cut.otio my_show")
def new(
    cut: Annotated[
        Path,
        typer.Argument(
            metavar="CUT", help="The editor's timeline: .otio .otioz .otiod .edl .xml .fcpxml .fcpxmld .aaf"
        ),
    ],
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A new folder; else the cut's name.")] = None,
    name: Annotated[str, typer.Option("--name", help="The show's title; else the cut's.")] = "",
    rate: Annotated[
        str, typer.Option("--rate", metavar="FPS", help="Of an .edl, which does not say: 25, 23.976 …; else guessed.")
    ] = "",
    timeline: Timeline = "",
) -> None:
    """Make a show from a cut: a git repository with one folder a shot."""
    from core.files import safe_name
    from core.show import Show

    target = folder or Path(safe_name(cut.stem, "show"))
    with output.Ticker("new show:") as tick:
        show, warnings = Show.create(cut, target, os.environ, name, tick, rate, timeline)
    try:
        show.start_proxies()
    except RushesError as error:  # the show is made; playback does without
        warnings = (*warnings, f"no proxies are made: {error.what}")
    for warning in warnings:
        output.note(f"note: {warning}")
    rows = show.shots()
    missing = [row.shot.id for row in rows if row.shot.plate is None]
    if missing:
        output.note(f"note: {len(missing)} without a plate: {', '.join(missing[:8])}{' …' if len(missing) > 8 else ''}")
    output.line(f"Made {target} with {len(rows)} shots. Next: cd {target} && rushes shots")


@app.command("open", epilog="Example: rushes open ~/shows/my_show")
def open_(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A show's folder.")], graphics: Graphics = "auto"
) -> None:
    """Open the screens on the show in DIR."""
    open_screens(folder, graphics)


@app.command(epilog="Example: rushes cuts --json")
def cuts(as_json: Json = False) -> None:
    """List the cuts of the show: how long each is, what it shows, when it came, what went out of it last."""
    rows = here().cuts()
    if as_json:
        output.document("cuts", [present.cut_facts(row) for row in rows])
        return
    empty = "No cuts. Bring one in: rushes conform CUT --as NAME --apply"
    output.table(present.CUT_TITLES, [present.cut_cells(row) for row in rows], empty=empty)


@app.command(epilog="Example: rushes shots status:rtk --json")
def shots(
    patterns: AnyShots = None,
    cut: Annotated[
        str, typer.Option("--cut", metavar="NAME", help="Those that this cut shows, in its order: see rushes cuts.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the shots: status, versions, circled version, notes."""
    from core.rows import in_cut

    show = here()
    rows = show.shots()
    if cut:
        show.layout.check_cut(cut)
        rows = in_cut(rows, cut)
    if patterns:
        wanted = set(show.select(patterns))
        rows = [row for row in rows if row.shot.id in wanted]
    if as_json:
        output.document("shots", [present.shot_facts(row) for row in rows])
        return
    empty = "No shots. The cut has no clips with pictures, or none was brought in."
    output.table(present.SHOT_TITLES, [present.shot_cells(row) for row in rows], empty=empty)
    for line in show.elsewhere(rows):
        output.note(f"note: {line}")


@app.command(epilog="Example: rushes versions sq010_sh0020")
def versions(shot: Shot, as_json: Json = False) -> None:
    """List a shot's versions."""
    show = here()
    rows = show.versions(one_shot(show, shot))
    if as_json:
        output.document("versions", [present.version_facts(row) for row in rows])
        return
    empty = f"No versions yet. Next: rushes recipe {shot}, then rushes generate {shot}"
    output.table(present.VERSION_TITLES, [present.version_cells(row) for row in rows], empty=empty)
    for line in show.elsewhere(rows):
        output.note(f"note: {line}")


@app.command("show", epilog="Example: rushes show sq010_sh0020 v003")
def show_(shot: Shot, version: Version, as_json: Json = False) -> None:
    """Everything about one version: recipe, render record, notes, where its frames lie."""
    show = here()
    found = show.version(one_shot(show, shot), version)
    if as_json:
        output.document("version", _version_facts(found))
        return
    row = found.row
    output.facts(
        [
            ("version", f"{row.shot} {row.version}"),
            ("summary", row.summary),
            ("state", f"{row.state} {row.done}/{row.total} {row.reason}".rstrip()),
            ("status", f"{row.status} ({present.STATUS_WORDS.get(row.status, '')})"),
            ("circled", row.circled),
            ("parent", row.parent),
            ("by", f"{row.by} {row.at}".strip()),
            ("range", found.range),
            ("frames", found.frames_path),
        ]
    )
    for note in present.note_lines(found.review, row.version):
        output.line(f"  {note}")
    if found.record:
        output.line()
        output.facts(present.record_pairs(found.record))
    output.line()
    output.block(found.recipe_text)


def _version_facts(found: Any) -> dict[str, Any]:
    return {
        **present.version_facts(found.row),
        "range": found.range,
        "frames_path": found.frames_path,
        "recipe": found.recipe_text,
        "record": found.record,
        "notes": [present.note_facts(note) for note in found.review.of(found.row.version).notes],
        "questions": found.review.questions,
    }


@app.command(epilog="Example: rushes path sq010_sh0020 v003 --layer paint")
def path(
    shot: Shot,
    version: Version,
    layer: Annotated[str, typer.Option("--layer", metavar="NAME", help="A layer instead of the master.")] = "",
    as_json: Json = False,
) -> None:
    """Where a version's frames lie, as compositors name them, and their range."""
    show = here()
    found = show.version(one_shot(show, shot), version)
    if layer and layer not in found.layers:
        what = f"{found.row.shot} {found.row.version} has no layer {one_line(layer)!r}."
        raise ShowError(what, todo=f"Its layers: {', '.join(found.layers) or 'none'}.")
    where = found.layers[layer] if layer else found.frames_path
    if as_json:
        output.document("path", {"path": where, "range": found.range})
        return
    output.line(f"{where} {found.range}")


@app.command(epilog="Example: rushes log sq010_sh0020 --by ana --event review --since 2026-01-05")
def log(
    shot: Annotated[str | None, typer.Argument(metavar="[SHOT]", help="Only this shot.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="The newest so many.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="A part of a name or address.")] = "",
    event: Annotated[str, typer.Option("--event", metavar="ACT", help="review, recipe, render, publish …")] = "",
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="From this day or time on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Up to this day or time.")] = "",
    as_json: Json = False,
) -> None:
    """The show's diary from git: who did what, when. Newest first."""
    from core.history.events import EVENTS, matching, moment

    if event and event not in EVENTS:
        raise BadInput(f"Not an act: {one_line(event)!r}.", todo=f"Acts: {', '.join(EVENTS)}.")
    first, last = (moment(since) if since else None), (moment(until, end=True) if until else None)
    show = here()
    filtered = bool(by or event or since or until)
    entries = show.log(one_shot(show, shot) if shot else None, None if filtered else limit)
    entries = matching(entries, by, event, first, last)[:limit]
    if as_json:
        output.document("log", [present.entry_facts(entry) for entry in entries])
        return
    cells = [
        (entry.commit[:9], present.short_time(str(entry.at)), entry.author.name, entry.event, entry.subject)
        for entry in entries
    ]
    output.table(("commit", "when", "who", "act", "what"), cells, empty="Nothing is in the history yet.")


@app.command(epilog="Example: rushes change 4f1c2ab")
def change(
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="Its id, as `rushes log --json` or git has it.")],
    as_json: Json = False,
) -> None:
    """What one commit of the history changed, file by file."""
    found = here().commit_changes(commit)
    if as_json:
        output.document("change", {**present.entry_facts(found.entry), "files": found.files})
        return
    entry = found.entry
    output.facts([("commit", entry.commit), ("by", f"{entry.author.name} {entry.at}"), ("what", entry.subject)])
    if entry.body:
        output.block(entry.body)
    for file in found.files:
        output.line()
        output.line(f"{file.path} {file.status}", "bold")
        output.block(file.text + ("…" if file.cut else ""))


@app.command(epilog="Example: rushes diff sq010_sh0020 v002 v003")
def diff(shot: Shot, a: Version, b: Version, as_json: Json = False) -> None:
    """What two versions' recipes differ in; prompts word by word."""
    show = here()
    found = show.changes(one_shot(show, shot), a, b)
    if as_json:
        output.document("changes", found)
        return
    print_changes(found)
