"""`conform`: what a new cut from the editor changes, and bringing the show onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from core.files import one_line
from tui.commands import output
from tui.commands.here import Json, Timeline, here, tell_waiting
from tui.present import conform as present

if TYPE_CHECKING:
    from core.carry import Applied
    from core.conform import Conform

app = typer.Typer()


@app.command(epilog="Example: rushes conform turnover/cut_v002.otio --apply")
def conform(
    cut: Annotated[Path, typer.Argument(metavar="CUT", help="The editor's new timeline.")],
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Which cut of the show it is; or a new one.")
    ] = "main",
    timeline: Timeline = "",
    rate: Annotated[
        str, typer.Option("--rate", metavar="FPS", help="Of an .edl, which does not say; else as the cut there is.")
    ] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Bring the show onto it: versions stay with their shots.")
    ] = False,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="CLIP=SHOT", help="Which shot a clip is that could be several; or CLIP=new."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say clip by clip what a new cut changes; with --apply, carry the versions over.

    Ends with 0 once the cut could be read, whatever it changes.
    """
    show = here()
    with output.Ticker("conform:") as tick:
        found = show.conform(cut, name, timeline, rate, tick)
        applied = show.apply_conform(found, _answers(found, answer or ()), tick) if apply else None
    if applied is not None:
        tell_waiting(show)
    if as_json:
        output.document("changes", [present.facts(change) for change in found.changes], stale=found.stale)
        return
    for warning in applied.warnings if applied else found.warnings:
        output.note(f"note: {warning}")
    output.table(present.TITLES, [present.cells(change) for change in found.changes], empty="Neither cut has a clip.")
    output.line(f"{present.counts(found.changes)}.")
    for line in present.legend(found.changes):
        output.line(line)
    _tell(found, applied)


def _tell(found: Conform, applied: Applied | None) -> None:
    """What follows from it: what is stale, asked, written and still to be made."""
    if found.stale:
        output.note(f"note: made from other pictures than the plate has now: {', '.join(found.stale)}")
    for change in found.questions if applied is None else ():
        output.line(f"Which shot is it? --answer '{change.key}=SHOT' with one of: {', '.join(change.candidates)}, new")
    if applied is None:
        for wanted in found.wanted:
            output.line(next(present.to_make(wanted)).removesuffix(" Next:"))
        output.line("Nothing was written. Bring the show onto it with --apply.")
        return
    if applied.new:
        output.line(f"New: {', '.join(applied.new)}")
    if applied.omitted:
        output.line(f"No cut shows these any more, their versions stay: {', '.join(applied.omitted)}")
    for wanted in applied.wanted:
        for line in present.to_make(wanted):
            output.line(line)
    output.line("The show is on the new cut." if applied.written else "The show was on this cut already.")


def _answers(found: Conform, typed: Sequence[str]) -> Mapping[str, str]:
    """Answers as typed, by the question that each is to: named by its key, or by the clip where one alone is asked."""
    answers: dict[str, str] = {}
    for text in typed:
        clip, equals, shot = text.rpartition("=")
        asked = {change.key for change in found.questions if clip in (change.key, change.clip)}
        if not equals or len(asked) != 1:
            known = ", ".join(one_line(change.key) for change in found.questions) or "none"
            what = f"{one_line(text)!r} answers {len(asked) or 'no'} question{'s' if len(asked) != 1 else ''}."
            raise BadInput(what, todo=f"Write it as CLIP=SHOT. Questions: {known}.")
        answers[asked.pop()] = shot
    return answers
