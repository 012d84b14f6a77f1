"""The Typer app: every command in its group, and what `rushes` alone does."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.commands import ale, changes, conform, machine, pictures, publish, recipe, relink, render, review, show
from tui.commands.screens import Graphics, open_screens


def build() -> typer.Typer:
    """The Typer app with every command. Imports no library but Typer."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.callback(invoke_without_command=True)(rushes)
    for group in (show, recipe, render, review, pictures, publish, conform, changes, relink, ale, machine):
        app.add_typer(group.app)
    return app


def rushes(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; anywhere on the line, or RUSHES_DEBUG=1.")
    ] = False,
    graphics: Graphics = "auto",
) -> None:
    """Shot review and versioning for generative post-production.

    Without a command it opens the screens on the show here. Listings take --json. SHOT takes globs and filters:
    'sq010_*', status:rtk. Exit codes: 0 done, 1 a difference or failed check, 2 wrong use or bad input, 3 something
    broke, 130 stopped by Ctrl-C.
    """
    if version:
        from tui.commands.main import tell_version

        tell_version()
    elif context.invoked_subcommand is None:
        open_screens(".", graphics)
