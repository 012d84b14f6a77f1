"""`doctor`, `models`, `proxies`, `demo`: what this machine can do and has, and the whole loop on the sample show."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Difference, RushesError, ShowError
from core.layout import Layout, find_root
from tui.commands import output
from tui.commands.here import AnyShots, Json, here

if TYPE_CHECKING:
    from core.register import ModelRow

app = typer.Typer()


@app.command(epilog="Example: rushes doctor --json")
def doctor(as_json: Json = False) -> None:
    """What was found here: git, signing, GPU and torch, models, disks, terminal, and what a logout does to workers."""
    from core.doctor import examine, failed
    from tui.video.terminal import look

    terminal = look(os.environ).why if sys.stdout.isatty() else None
    try:
        found = examine(os.environ, _layout_here())
    except RushesError as error:  # a show that does not open: the machine may tell why
        found = (*examine(os.environ), failed("show", error))
    if as_json:
        output.document("findings", found, terminal=terminal)
    else:
        cells = [(finding.area, finding.state, finding.what, finding.todo) for finding in found]
        output.table(("where", "state", "found", "next"), cells, empty="")
        if terminal:
            output.line("\nThis terminal", "bold")
            for why in terminal:
                output.line(f"  {why}")
    wrong = [finding for finding in found if finding.state == "fail"]
    if wrong:
        raise Difference(f"{len(wrong)} of {len(found)} checks failed.", todo=wrong[0].todo)


@app.command(epilog="Example: rushes models --check")
def models(
    as_json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Read the files and compare their sha256.")] = False,
    pin: Annotated[str, typer.Option("--pin", metavar="NAME", help="Write its sha256 into rushes.toml.")] = "",
) -> None:
    """The models that the show names: here or missing, how large, under which licence, trained on what, used where."""
    show = here()
    if pin:
        sha256 = show.pin_model(pin)
        output.line(f"{pin}: sha256 {sha256} stands in rushes.toml now. Commit it: git commit rushes.toml")
        return
    rows = show.models(check=check)
    if as_json:
        output.document("models", rows)
    else:
        titles = ("model", "state", "size", "licence", "training data", "used by")
        cells = [(row.name, row.state, _size(row.size), row.licence, row.training_data, _used_by(row)) for row in rows]
        output.table(titles, cells, empty="")
        for row in rows:
            if row.problem:
                output.line(f"{row.name}: {row.problem} {row.todo}", "yellow")
    lacking = [row for row in rows if row.state != "here" and row.drafts]
    if lacking or any(row.state == "changed" for row in rows):
        first = (lacking or [row for row in rows if row.state == "changed"])[0]
        raise Difference(
            f"{len(lacking)} of the models that drafts name cannot be used."
            if lacking
            else f"{first.name} is not what was pinned.",
            todo=first.todo,
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB" if count else ""


def _used_by(row: ModelRow) -> str:
    used = [*row.drafts, *(f"look {look}" for look in row.looks), *row.versions]
    return ", ".join(used[:4]) + (f" and {len(used) - 4} more" if len(used) > 4 else "")


def _layout_here() -> Layout | None:
    """The show here, if there is one: the machine can be looked at anywhere."""
    try:
        find_root(Path.cwd())
    except ShowError:
        return None
    return here().layout


@app.command(epilog="Example: rushes proxies 'sq010_*'")
def proxies(patterns: AnyShots = None, as_json: Json = False) -> None:
    """Make the small movies that playback uses, of plates and complete versions; new ones are made by themselves."""
    show = here()
    with output.Ticker("proxies:") as tick:
        made = show.make_proxies(patterns or (), tick)
    if as_json:
        facts = [
            {
                "shot": one.source.shot,
                "source": one.source.name,
                "state": one.state,
                "path": one.path,
                "reason": one.reason,
            }
            for one in made
        ]
        output.document("proxies", facts)
    else:
        cells = [(one.source.shot, one.source.name, one.state, one.reason or one.path) for one in made]
        empty = "Nothing here takes a proxy: no plate that moves, no version that is complete."
        output.table(("shot", "source", "state", "where"), cells, empty=empty)
    if failed := [one for one in made if one.state == "failed"]:
        raise Difference(f"{len(failed)} of {len(made)} proxies could not be made.", todo=failed[0].reason)


@app.command(epilog="Example: rushes demo my_demo")
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make the show.")] = Path("rushes_demo"),
) -> None:
    """The whole loop on the sample show: cut, recipe, wedge, versions, review, publish. And where to look."""
    from tui.commands.demo import run

    run(folder, os.environ)
