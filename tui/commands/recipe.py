"""`recipe`, `try`, `wedge`: writing a draft and trying it out. Nothing here claims a version."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput, Broken
from core.files import write_atomic
from tui.commands import output
from tui.commands.here import Json, Shot, here, one_shot, tell_waiting
from tui.commands.waiting import wait_for

if TYPE_CHECKING:
    from core.drafts import Draft

app = typer.Typer()


@app.command(
    epilog='Example: rushes recipe sq010_sh0020 --set paint.denoise=0.4 --set "paint.prompt=oil by candlelight"'
)
def recipe(
    shot: Shot,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="step.key=value; as often as needed.")
    ] = None,
    from_version: Annotated[str, typer.Option("--from", metavar="vNNN", help="Start again from a version.")] = "",
    look: Annotated[str, typer.Option("--look", metavar="NAME", help="Put a look of the show under it.")] = "",
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $VISUAL or $EDITOR.")] = False,
    as_json: Json = False,
) -> None:
    """Print or change a shot's draft. What was typed is kept, even where it does not hold yet."""
    show = here()
    name = one_shot(show, shot)
    draft = show.draft(name, sets or (), from_version, look)
    if edit:
        draft = show.draft(name, text=_typed(draft))
    if as_json:
        output.document("draft", _draft_facts(draft))
    else:
        output.block(draft.text)
    if draft.problem is not None:
        raise draft.problem


def _draft_facts(draft: Draft) -> dict[str, object]:
    problem = str(draft.problem) if draft.problem is not None else ""
    return {"shot": draft.shot, "path": draft.path, "text": draft.text, "valid": not problem, "problem": problem}


def _typed(draft: Draft) -> str:
    """What the person's editor saved.

    A copy is edited, so the draft always holds a whole text; a copy that an editor left behind is gone on with.
    """
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not editor:
        raise BadInput("Neither VISUAL nor EDITOR is set.", todo=f"Set one, or use --set. The draft is {draft.path}.")
    copy = draft.path.with_name(f"{draft.path.stem}.edit.toml")
    if not copy.exists():
        write_atomic(copy, draft.text)
    try:
        status = subprocess.run([*editor, str(copy)]).returncode
    except OSError as error:
        if copy.read_text(encoding="utf-8", errors="replace") == draft.text:
            copy.unlink()
        raise BadInput(f"The editor does not start: {error.strerror}.", where=editor[0], todo="Set EDITOR.") from error
    if status:
        raise Broken(
            f"The editor ended with status {status}.",
            where=str(copy),
            todo="What it saved is in that file; the same command goes on with it.",
        )
    text = _text_of(copy)
    copy.unlink()
    return text


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        todo = "Save it as UTF-8, then copy it over the draft."
        raise BadInput("What was typed is not UTF-8.", where=str(path), todo=todo) from error


@app.command("try", epilog="Example: rushes try sq010_sh0020 --frames 1034,1040-1050")
def try_(
    shot: Shot,
    frames: Annotated[str, typer.Option("--frames", metavar="F,A-B", help="Which shot frames.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it until it has ended.")] = True,
) -> None:
    """Render test frames from the draft: local, no number, no commit. A later version re-uses them."""
    from core.frames import parse_frames

    show = here()
    job = show.preview(one_shot(show, shot), parse_frames(frames))
    if not wait:
        output.line(f"Queued as {job.id}. See: rushes queue")
        return
    wait_for(show, [job], f"{job.shot} test frames")
    for row in show.ledger.frames(job.id):
        output.line(str(show.layout.media / row.path))


@app.command(epilog="Example: rushes wedge sq010_sh0020 --frame 1034 --vary paint.seed=16")
def wedge(
    shot: Shot,
    frame: Annotated[int | None, typer.Option("--frame", metavar="F", help="The shot frame to render.")] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=…", help="paint.seed=16, paint.denoise=0.2:0.6:5, paint.on=1,2."),
    ] = None,
    pick: Annotated[int | None, typer.Option("--pick", metavar="N", help="Make picture N the draft.")] = None,
    job: Annotated[str, typer.Option("--wedge", metavar="JOB", help="Pick from this wedge; else the newest.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it until it has ended.")] = True,
) -> None:
    """Render one frame over many seeds or values as a contact sheet; pick one of them for the draft."""
    show = here()
    name = one_shot(show, shot)
    if pick is not None:
        if frame is not None or vary:
            raise BadInput("--pick chooses from a wedge that is there.", todo="Leave out --frame and --vary.")
        draft = show.pick(name, pick, job)
        output.line(f"Picture {pick} is the draft now: {draft.path}")
        tell_waiting(show)
        return
    if frame is None or not vary:
        raise BadInput(
            "A wedge needs a frame and what to vary.", todo="Add --frame 1034 --vary paint.seed=16, or --pick N."
        )
    made = show.wedge(name, frame, vary)
    if not wait:
        output.line(f"Queued as {made.id}. See: rushes queue")
        return
    wait_for(show, [made], f"{name} wedge of {made.total}")
    output.line(str(show.wedge_sheet(made.id)))
    output.line(f"Next: rushes wedge {name} --pick N --wedge {made.id}")
