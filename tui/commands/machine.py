"""`doctor`, `demo`: what this machine can do, and the whole loop on the sample show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.errors import Difference, ShowError
from core.layout import Layout, find_root
from tui.commands import output
from tui.commands.here import Json, here

app = typer.Typer()


@app.command(epilog="Example: rushes doctor --json")
def doctor(as_json: Json = False) -> None:
    """What was found on this machine: git, GPU, models, disk, and what happens to a worker on logout."""
    from core.doctor import examine

    found = examine(os.environ, _layout_here())
    if as_json:
        output.document("findings", found)
    else:
        cells = [(finding.area, finding.state, finding.what, finding.todo) for finding in found]
        output.table(("where", "state", "found", "next"), cells, empty="")
    failed = [finding for finding in found if finding.state == "fail"]
    if failed:
        raise Difference(f"{len(failed)} of {len(found)} checks failed.", todo=failed[0].todo)


def _layout_here() -> Layout | None:
    """The show here, if there is one: the machine can be looked at anywhere."""
    try:
        find_root(Path.cwd())
    except ShowError:
        return None
    return here().layout


@app.command(epilog="Example: rushes demo my_demo")
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make the show.")] = Path("rushes_demo"),
) -> None:
    """The whole loop on the sample show: cut, recipe, wedge, versions, review, publish. And where to look."""
    from tui.commands.demo import run

    run(folder, os.environ)
