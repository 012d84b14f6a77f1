"""`doctor`, `demo`: what this machine can do, and the whole loop on the sample show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tui.commands import output
from tui.commands.here import Json

app = typer.Typer()


@app.command(epilog="Example: rushes doctor --json")
def doctor(as_json: Json = False) -> None:
    """What was found on this machine: git, GPU, models, disk, and what happens to a worker on logout."""
    from core.doctor import examine

    found = examine(Path.cwd(), os.environ)
    if as_json:
        output.document("findings", found)
        return
    output.table(("what", "state", "found", "next"), [(f.what, f.state, f.found, f.todo) for f in found], empty="")


@app.command(epilog="Example: rushes demo my_demo")
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make the show.")] = Path("rushes_demo"),
) -> None:
    """The whole loop on the sample show: cut, recipe, wedge, versions, review, publish. And where to look."""
    from tui.commands.demo import run

    run(folder, os.environ)
