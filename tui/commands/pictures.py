"""`compare`, `sheet`, `page`: versions as pictures and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tui.commands import output
from tui.commands.here import AnyShots, Json, Out, Shot, Version, here, one_shot
from tui.commands.words import print_changes

if TYPE_CHECKING:
    from core.audit.pictures import Comparison, FrameRow

app = typer.Typer()


@app.command(epilog="Example: rushes compare sq010_sh0020 v002 v003 --out ab.png")
def compare(
    shot: Shot,
    a: Version,
    b: Version,
    every: Annotated[bool, typer.Option("--frames", help="The numbers of every frame too.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Two versions in numbers and in a picture of the frame that differs most."""
    show = here()
    with output.Ticker("comparing frame") as tick:
        found = show.compare(one_shot(show, shot), a, b, out, tick)
    if as_json:
        output.document("comparison", _comparison_facts(found))
        return
    most = max(found.rows, key=lambda row: row.difference.mean)
    rows = [("all", found.mean, found.max, found.changed, found.ssim)]
    rows += map(_numbers, found.rows) if every else [_numbers(most)]
    shown = [
        (label, f"{mean:.5f}", f"{top:.4f}", f"{changed:.1%}", f"{ssim:.4f}")
        for label, mean, top, changed, ssim in rows
    ]
    output.table(("frame", "mean", "max", "changed", "ssim"), shown, empty="")
    output.line()
    print_changes(found.changes)
    output.line(str(found.picture))


def _numbers(row: FrameRow) -> tuple[str, float, float, float, float]:
    d = row.difference
    return str(row.frame), d.mean, d.max, d.changed, d.ssim


def _comparison_facts(found: Comparison) -> dict[str, object]:
    return {
        "shot": found.shot,
        "a": found.a,
        "b": found.b,
        "mean": found.mean,
        "max": found.max,
        "changed": found.changed,
        "ssim": found.ssim,
        "frames": [{"frame": row.frame, **output.plain(row.difference)} for row in found.rows],
        "changes": found.changes,
        "picture": found.picture,
    }


@app.command(epilog="Example: rushes sheet --plates --out monday.png")
def sheet(
    plates: Annotated[bool, typer.Option("--plates", help="The plate above each version.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """One frame of every shot as a contact sheet: circled, else newest version, else plate."""
    with output.Ticker("drawing") as tick:
        drawn = here().sheet(out, tick, plates=plates)
    if as_json:
        output.document("sheet", drawn)
        return
    output.line(str(drawn.path))


@app.command(epilog="Example: rushes page --out monday.html")
def page(shots: AnyShots = None, out: Out = None, as_json: Json = False) -> None:
    """The show on one HTML page to post: plates and versions, wedges, notes, numbers, where it all comes from."""
    with output.Ticker("reading") as tick:
        path = here().page(out, shots or (), tick)
    if as_json:
        output.document("page", {"path": path, "bytes": path.stat().st_size})
        return
    output.line(str(path))
