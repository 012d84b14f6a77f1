"""`ale`: what a camera log says of the plates, looked at and recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.files import one_line
from tui.commands import output
from tui.commands.here import Json, here, tell_waiting

if TYPE_CHECKING:
    from core.camera_log import Logged

app = typer.Typer()
_FIRST = ("Scene", "Slate", "Take", "Camera", "Lens", "Lens Number")
"""Columns that are shown before others."""
_SHOWN = 4


@app.command(epilog="Example: rushes ale turnover/day_12.ale --apply")
def ale(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An Avid Log Exchange file.")],
    apply: Annotated[bool, typer.Option("--apply", help="Record it in the shots, and commit that.")] = False,
    as_json: Json = False,
) -> None:
    """Match a camera log with the plates by name, reel and timecode: scene, take, lens, CDL. With --apply, record it.

    What is recorded lies in shot.toml under [source], in the log's own columns; a CDL goes where a shot has none.
    """
    show = here()
    found, warnings = show.read_log(file)
    done = show.record_log(found) if apply else None
    if done is not None:
        tell_waiting(show)
    if as_json:
        output.document("log", [_facts(one) for one in found])
        return
    output.table(
        ("shot", "take", "found by", "to record"), [_cells(one) for one in found], empty="No shot has a plate."
    )
    for line in warnings:
        output.note(f"note: {one_line(line, 300)}")
    for one in found:
        if len(one.takes) > 1:
            lines = ", ".join(str(take.line) for take in one.takes[:8])
            output.note(f"note: {one.shot.id} could be any of lines {lines} of the log: not recorded")
        for line in one.differs:
            output.note(f"note: {one.shot.id}: {one_line(line, 300)}")
    if done is not None:
        output.line(f"{len(done)} of {len(found)} shots have something new from the log.")
    elif any(one.now != one.shot for one in found):
        output.line("Nothing was written. Record it with --apply.")


def _cells(one: Logged) -> tuple[object, ...]:
    if one.take is None:
        return one.shot.id, f"{len(one.takes)} lines" if one.takes else "not in the log", one.by, ""
    new = dict(one.new)
    shown = [f"{name} {new.pop(name)}" for name in _FIRST if name in new]
    shown += ["CDL"] if one.now.cdl != one.shot.cdl else []
    rest = [*(f"{name} {text}" for name, text in new.items())]
    words = [one_line(part, 40) for part in (*shown, *rest)]
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return one.shot.id, one_line(one.take.name, 40), one.by, ", ".join(words[:_SHOWN]) + more


def _facts(one: Logged) -> dict[str, object]:
    take = one.take
    return {
        "shot": one.shot.id,
        "by": one.by,
        "lines": [take.line for take in one.takes],
        "take": take.name if take else None,
        "record": dict(one.new),
        "cdl": list(one.now.cdl) if one.now.cdl != one.shot.cdl else None,
        "differs": list(one.differs),
    }
