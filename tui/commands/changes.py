"""`changes`: what is different between two cuts or publishes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tui.commands import output
from tui.commands.here import Json, Out, here
from tui.present import conform as present

if TYPE_CHECKING:
    from core.changes import ChangeList

app = typer.Typer()


@app.command(epilog="Example: rushes changes cut_v001.otio main --format html --out monday.html")
def changes(
    a: Annotated[str, typer.Argument(metavar="A", help="The older: a file, a cut of the show (main), or a publish.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The newer.")],
    form: Annotated[
        Literal["text", "csv", "html", "json", "edl"],
        typer.Option("--format", help="html has pictures; edl holds what changed alone."),
    ] = "text",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Say clip by clip what is different between two cuts. Nothing of the show changes."""
    show = here()
    found = show.cut_changes(a, b)
    if as_json or form == "json":
        output.document("changes", [present.facts(change) for change in found.changes])
        return
    for warning in found.warnings:
        output.note(f"note: {warning}")
    if form == "html":
        output.line(str(show.changes_page(found, out)))
    elif form == "text" and out is None:
        output.table(present.TITLES, [present.cells(one) for one in found.changes], empty="Neither cut has a clip.")
        output.line(f"{present.counts(found.changes)}.")
        for line in present.legend(found.changes):
            output.line(line)
    else:
        _tell(found, form, out)


def _tell(found: ChangeList, form: Literal["text", "csv", "edl"], out: Path | None) -> None:
    """Into files where one was named, else onto the screen."""
    from core.changes import texts, write

    told = texts(found, form)
    if out is None:
        for text in told.values():
            output.block(text)
        return
    for path in write(told, out):
        output.line(str(path))
