"""What every command needs: the show it runs in, and the options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from core.files import one_line
from tui.commands import output

if TYPE_CHECKING:
    from core.show import Show

Shot = Annotated[str, typer.Argument(metavar="SHOT", help="A shot's id.")]
Shots = Annotated[list[str], typer.Argument(metavar="SHOT…", help="Ids, globs or filters: 'sq010_*', status:rtk.")]
AnyShots = Annotated[
    list[str] | None, typer.Argument(metavar="[SHOT]…", help="Ids, globs or filters: 'sq010_*', status:rtk.")
]
Version = Annotated[str, typer.Argument(metavar="vNNN", help="A version of it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document with stable keys.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it here.")]
Timeline = Annotated[
    str, typer.Option("--timeline", metavar="NAME", help="Which timeline of a file that holds several.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it until it has ended.")]


def here() -> Show:
    """The show that the current folder lies in. Raises ShowError."""
    from core.show import Show

    show = Show.open(Path.cwd(), os.environ)
    if show.remark:
        output.note(f"note: {show.remark}")
    return show


def one_shot(show: Show, pattern: str) -> str:
    """The one shot that `pattern` names. Raises BadInput where it names several."""
    found = show.select([pattern])
    if len(found) > 1:
        raise BadInput(
            f"{one_line(pattern)!r} names {len(found)} shots; this takes one.",
            todo=f"Name one of: {', '.join(found[:8])}{' …' if len(found) > 8 else ''}.",
        )
    return found[0]


def tell_waiting(show: Show) -> None:
    """Say on stderr why what was just done is not committed yet. It is kept; a later command commits it."""
    if show.history.waiting:
        output.note(f"note: kept, and committed later: {show.history.waiting}")
