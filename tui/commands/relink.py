"""`relink`: media that a show lost, looked for and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.files import one_line
from tui.commands import output
from tui.commands.here import AnyShots, Json, here, tell_waiting

if TYPE_CHECKING:
    from core.relink import Hit

app = typer.Typer()


@app.command(epilog="Example: rushes relink --in /mnt/plates --apply")
def relink(
    patterns: AnyShots = None,
    folders: Annotated[
        list[Path] | None,
        typer.Option("--in", metavar="FOLDER", help="Look in here; may be given again. Else beside the show."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Take what was found, and commit that.")] = False,
    as_json: Json = False,
) -> None:
    """Look for missing plates: by name, else by reel and timecode. With --apply, take them.

    What is found is hashed first: where the show knew a plate, only the same bytes are taken.
    """
    show = here()
    with output.Ticker("relink:") as tick:
        hits = show.find_media(patterns or (), folders or (), tick)
        done = show.relink(hits, tick) if apply else None
    if done is not None:
        tell_waiting(show)
    if as_json:
        output.document("media", [_facts(hit) for hit in hits])
        return
    cells = [(hit.shot, one_line(str(path)), hit.by) for hit in hits for path in hit.paths or ("not found",)]
    output.table(("shot", "media", "found by"), cells, empty="Every shot has its plate.")
    for hit in hits:
        if len(hit.paths) > 1:
            output.note(f"note: {hit.shot} could be any of {len(hit.paths)}: name a folder that holds one of them")
    for line in done.refused if done is not None else ():
        output.note(f"note: not taken: {line}")
    if done is not None:
        output.line(f"{len(done.shots)} of {len(hits)} shots have their plate again.")
    elif any(hit.path for hit in hits):
        output.line("Nothing was written. Take them with --apply.")


def _facts(hit: Hit) -> dict[str, object]:
    return {"shot": hit.shot, "missing": hit.missing, "by": hit.by, "paths": [str(path) for path in hit.paths]}
