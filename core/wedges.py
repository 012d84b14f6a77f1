"""Wedges: one frame over many seeds or values. The picture that is picked becomes the draft and is committed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.audit.pictures import label_of, sheet
from core.cut.shots import Shot
from core.drafts import Draft, edited
from core.errors import ShowError
from core.farm.ledger import FrameRow, Job, Ledger, NewJob
from core.files import one_line, sha256_file, write_once
from core.history.events import Act
from core.layout import Layout
from core.recipe.text import parse, recipe_text
from core.recipe.toml import toml_text, toml_value
from core.recipe.vary import axes, wedge
from core.submit import SOON, Desk
from core.viewing.pictures import Viewer
from core.viewing.view import Source


def submit_wedge(desk: Desk, shot: Shot, draft: Draft, frame: int, vary: Sequence[str]) -> Job:
    """Queue one frame of the draft for every combination of the varied values.

    Raises:
        RecipeError: a value that does not hold. ShowError: the plate has no such frame.
    """
    if draft.problem is not None:
        raise draft.problem
    if shot.plate is not None and frame not in shot.plate.frames:
        raise ShowError(f"The plate of {shot.id} has no frame {frame}.", todo=f"It has {shot.plate.frames}.")
    variants = wedge(draft.text, axes(vary, draft.text), str(draft.path))
    frozen = tuple(recipe_text(desk.frozen(shot, parse(variant.text, str(draft.path)))) for variant in variants)
    labels = tuple("\n".join(f"{key}={value}" for key, value in variant.values.items()) for variant in variants)
    return desk.ledger.add(
        NewJob(
            kind="wedge",
            shot=shot.id,
            version="",
            recipes=frozen,
            frames=(frame,),
            labels=labels,
            asked_by=str(desk.history.whoami()),
            priority=SOON,
        )
    )


def rendered(ledger: Ledger, job: Job) -> dict[int, FrameRow]:
    """The master frames of a wedge or preview that are done, by item."""
    return {row.item: row for row in ledger.frames(job.id) if not row.layer}


def wedge_sheet(viewer: Viewer, ledger: Ledger, job: Job) -> Path:
    """The contact sheet of a wedge as far as it is rendered: a PNG beside its frames. Raises ShowError: nothing is."""
    rows = rendered(ledger, job)
    if not rows:
        raise ShowError("Nothing of this wedge is rendered yet.", todo="Wait for it: rushes queue.")
    cells = []
    for item, row in sorted(rows.items()):
        picture = viewer.seen(Source(job.shot, job=job.id, item=item), row.frame)
        cells.append((picture, label_of(job.labels[item].splitlines())))
    return sheet(cells, viewer.layout.preview(job.shot, job.id) / "sheet.png")


def pick(desk: Desk, viewer: Viewer, shot: Shot, job: Job, number: int) -> Draft:
    """Make a wedge's picture the draft, and commit the choice with what it was chosen from.

    `number`: counted from 1, as the contact sheet shows it. Raises ShowError: no such picture, or not rendered yet.
    """
    rows, item = rendered(desk.ledger, job), number - 1
    if item not in rows:
        ready = ", ".join(str(ready + 1) for ready in sorted(rows)) or "none"
        raise ShowError(f"The wedge has no picture {number} yet.", todo=f"Rendered: {ready}.")
    name = _next_name(desk.layout, shot.id)
    text = _wedge_text(name, shot.id, job, rows, item, wedge_sheet(viewer, desk.ledger, job), desk.layout)
    path = desk.layout.wedge(shot.id, name)
    write_once(path, text)
    values = job.labels[item].splitlines()
    draft = edited(desk.layout, shot, sets=[*values, f"picked_from.wedge={name}", f"picked_from.index={number}"])
    desk.history.commit(
        Act(
            event="wedge",
            subject=f"{shot.id} {name}: picked {number} of {len(job.recipes)} ({one_line(', '.join(values), 80)})",
            paths=(path.relative_to(desk.layout.root).as_posix(),),
            trailers=(("Rushes-Shot", shot.id),),
        )
    )
    return draft


def _next_name(layout: Layout, shot: str) -> str:
    taken = [int(path.stem[1:]) for path in layout.wedge(shot, "w").parent.glob("w*.toml") if path.stem[1:].isdigit()]
    return f"w{max(taken, default=0) + 1:03d}"


def _wedge_text(
    name: str, shot: str, job: Job, rows: dict[int, FrameRow], item: int, picture: Path, layout: Layout
) -> str:
    lines = ["schema = 1"]
    facts = {"wedge": name, "shot": shot, "frame": job.frames[0], "picked": item + 1, "asked_by": job.asked_by}
    lines += [f"{key} = {toml_value(value)}" for key, value in facts.items()]
    where = picture.relative_to(layout.media).as_posix()
    lines.append(f"sheet = {toml_value({'path': where, 'sha256': sha256_file(picture)})}")
    base = job.recipes[item]
    lines.append(f"base = '''\n{base}'''" if "'''" not in base else f"base = {toml_text(base)}")
    for number, label in enumerate(job.labels):
        pixels = rows[number].pixels if number in rows else ""
        lines += ["", "[[item]]", f"values = {toml_value(label.splitlines())}", f"pixels = {toml_value(pixels)}"]
    return "\n".join(lines) + "\n"
