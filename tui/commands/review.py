"""`note`, `approve`, `retake`, `circle`, `status`, `resolve`, `reopen`, `undo`, `notes`, `dailies`: judging."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from core.errors import BadInput
from core.files import one_line
from tui.commands import output
from tui.commands.here import AnyShots, Json, Shot, Version, here, one_shot, tell_waiting
from tui.present import judged

app = typer.Typer()

Frames = Annotated[str, typer.Option("--frames", metavar="A-B", help="The frames it is about.")]
Text = Annotated[str, typer.Argument(metavar="[TEXT]", help="A remark with it.")]
NoteId = Annotated[
    str, typer.Argument(metavar="NOTE", help="As `rushes notes` shows it; a beginning or end that is unique will do.")
]
_CODES = {"rev": "pending", "rtk": "retake", "apr": "approve", "fin": "final", "hld": "hold", "omt": "omit"}
_STATUSES = ("pending", "retake", "approve", "final", "hold", "omit")


@app.command(epilog="Example: rushes note sq010_sh0020 v003 'the flame boils' --frames 1040-1052 --category flicker")
def note(
    shot: Shot,
    version: Version,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    frames: Frames = "",
    box: Annotated[
        str, typer.Option("--box", metavar="X,Y,X,Y", help="Where: left, top, right, bottom, from 0 to 1.")
    ] = "",
    category: Annotated[
        str,
        typer.Option(
            "--category",
            metavar="WORD",
            help="look, flicker, matte, edge, colour, continuity, editorial, technical, or your own word.",
        ),
    ] = "",
) -> None:
    """Leave a note on a version, or on some of its frames or a part of the picture."""
    _say(shot, version, "note", text, frames=frame_span(frames), box=_shares(box), category=category)


@app.command(epilog="Example: rushes approve sq010_sh0020 v003")
def approve(shot: Shot, version: Version, text: Text = "") -> None:
    """Approve a version. To send it to editorial, circle it as well."""
    _say(shot, version, "approve", text)


@app.command(epilog="Example: rushes retake sq010_sh0020 v002 'too much paint on the face'")
def retake(shot: Shot, version: Version, text: Text = "") -> None:
    """Ask for a retake."""
    _say(shot, version, "retake", text)


@app.command(epilog="Example: rushes circle sq010_sh0020 v003 --temp")
def circle(
    shot: Shot,
    version: Version,
    temp: Annotated[bool, typer.Option("--temp", help="For now: not the final choice.")] = False,
) -> None:
    """Choose the version that goes to editorial. Of two circles that collide, circle one again."""
    _say(shot, version, "circle", temp=temp)


@app.command(epilog="Example: rushes status sq010_sh0020 v003 final 'seen on the big screen'")
def status(
    shot: Shot,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[vNNN] STATUS [REASON]",
            help="pending, retake, approve, final, hold, omit. Without a version hold and omit are of the shot itself, "
            "whatever is made of it, until it is pending again.",
        ),
    ],
) -> None:
    """Set a status with its reason: of a version, or put a whole shot on hold or omit it."""
    version = words.pop(0) if re.fullmatch(r"[vV]\d+", words[0]) else ""
    kind = _CODES.get(words[0], words[0]) if words else ""
    if kind not in _STATUSES or len(words) > 2:
        raise BadInput(
            f"Not a status: {one_line(' '.join(words))!r}.",
            todo=f"Use one of {', '.join(_STATUSES)}, then the reason in quotes.",
        )
    _say(shot, version, kind, *words[1:])


def _say(shot: str, version: str, kind: str, text: str = "", **more: Any) -> None:
    show = here()
    event = show.review(one_shot(show, shot), version, kind, text, **more)  # type: ignore[arg-type]
    output.line(f"{f'{shot} {event.version}'.strip()} {judged.done(event)}.")
    tell_waiting(show)


@app.command(epilog="Example: rushes resolve sq010_sh0020 9G5FAV 'painted out'")
def resolve(shot: Shot, note: NoteId, text: Text = "") -> None:
    """Close a note: it was taken care of."""
    _about_note(shot, note, "resolve", text)


@app.command(epilog="Example: rushes reopen sq010_sh0020 9G5FAV 'still there at 1044'")
def reopen(shot: Shot, note: NoteId, text: Text = "") -> None:
    """Open a note again, whoever closed it."""
    _about_note(shot, note, "reopen", text)


def _about_note(shot: str, note: str, kind: str, text: str) -> None:
    from core.reviewing import Remark

    show = here()
    event = show.review_all([Remark(one_shot(show, shot), "", kind, text, note=note)])[0]  # type: ignore[arg-type]
    output.line(f"{shot} {event.version}: {judged.done(event)}.")
    tell_waiting(show)


@app.command(epilog="Example: rushes undo sq010_sh0020")
def undo(
    shot: Annotated[str | None, typer.Argument(metavar="[SHOT]", help="Only of this shot.")] = None,
    redo: Annotated[bool, typer.Option("--redo", help="Bring back what the last undo took.")] = False,
) -> None:
    """Take back what you last said here: a note, a status, a circle. Once more goes further back."""
    show = here()
    undone = show.undo(one_shot(show, shot) if shot else "", redo=redo)
    output.line(f"{undone.words}.")
    tell_waiting(show)


@app.command(epilog="Example: rushes notes 'sq010_*' --open --json")
def notes(
    shots: AnyShots = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not resolved.")] = False,
    as_json: Json = False,
) -> None:
    """List the notes: on what, about what, by whom, and who resolved them."""
    found = here().notes(shots or (), only_open=only_open)
    if as_json:
        output.document("notes", [judged.shot_note_facts(note) for note in found])
        return
    output.table(judged.NOTE_TITLES, [judged.shot_note_cells(note) for note in found], empty="No notes.")


@app.command(epilog="Example: rushes dailies --json")
def dailies(as_json: Json = False) -> None:
    """List what awaits a review today, in the order of the cut: the newest version of each shot."""
    found = here().dailies()
    if as_json:
        output.document("dailies", found)
        return
    output.table(judged.WAITING_TITLES, [judged.waiting_cells(one) for one in found], empty="Nothing awaits a review.")


def frame_span(text: str) -> tuple[int, int] | None:
    """`1040-1052` or `1040` as first and last; None for nothing. Raises BadInput for frames with gaps."""
    from core.frames import parse_frames

    if not text:
        return None
    frames = parse_frames(text)
    if len(frames) != frames[-1] - frames[0] + 1:
        raise BadInput("A note is about one run of frames.", todo="Write it like --frames 1040-1052.")
    return frames[0], frames[-1]


def _shares(text: str) -> tuple[float, ...] | None:
    """`0.25,0.1,0.5,0.4` as numbers; None for nothing. Raises BadInput for what is no number."""
    try:
        return tuple(float(share) for share in text.split(",")) if text else None
    except ValueError:
        todo = "Give left, top, right, bottom from 0 to 1: --box 0.25,0.1,0.5,0.4."
        raise BadInput(f"Not a part of a picture: {one_line(text)!r}.", todo=todo) from None
