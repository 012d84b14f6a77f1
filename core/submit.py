"""From draft to work: freeze, claim a number, commit the recipe, queue the job. In this order: no number twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.absent import need_plate
from core.cut.shots import Shot
from core.drafts import Draft, from_recipe
from core.errors import BadInput, HistoryError, ShowError
from core.farm.inputs import colour_facts, keep_material, plate_digest
from core.farm.ledger import Job, Ledger, NewJob
from core.files import one_line, write_once
from core.frames import FrameRange, format_frames
from core.history.events import Act
from core.history.git import History
from core.layout import Layout, Settings, version_name
from core.ops.base import ModelRef
from core.overview import read_recipe, read_shots, version_names
from core.recipe.changes import Change, changes
from core.recipe.freeze import freeze
from core.recipe.model import Recipe
from core.recipe.text import parse, recipe_sha, recipe_text, set_values
from core.recipe.weights import HashCache, Weights, resolve
from core.room import enough_room, names_fit, queued_room
from core.rows import VersionRow

if TYPE_CHECKING:
    from core.conform import Wanted

Tell = Callable[[str], None]
SOON = 1
"""The priority of what somebody looks at the screen for: before versions that wait, not before the one under way."""


def silent(_: str) -> None:
    """For callers who have nobody to tell."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What freezing and queueing needs to know of the show and the machine."""

    layout: Layout
    settings: Settings
    history: History
    ledger: Ledger
    env: Mapping[str, str]

    def resolve(self, ref: ModelRef) -> Weights:
        """The model's files on this machine, hashed. Raises ModelError."""
        return resolve(
            ref,
            register=self.settings.models,
            root=self.layout.root,
            env=self.env,
            cache=HashCache(self.layout.state / "hashes.json"),
        )

    def frozen(self, shot: Shot, recipe: Recipe, *, frames: FrameRange | None = None, summary: str = "") -> Recipe:
        """The draft with everything written and hashed.

        Raises:
            RecipeError, ModelError, MediaError: what is missing, and where.
        """
        if shot.plate is None:
            raise ShowError(
                f"{shot.id} has no plate: {shot.missing}.",
                todo="Bring the media back where the cut names them, then run this again.",
            )
        need_plate(self.layout, shot)
        wanted = frames or (recipe.frames if recipe.range else shot.range)
        return freeze(
            recipe,
            shot=shot,
            range=wanted,
            resolve=self.resolve,
            summary=summary or recipe.summary,
            parent=recipe.parent,
            digest_plate=lambda part: plate_digest(shot, self.layout, part),
            digest_material=lambda material: keep_material(material, self.layout),
            seen_as=colour_facts(shot.plate, self.settings),
        )


def submit_version(desk: Desk, shot: Shot, draft: Draft, *, summary: str = "", tell: Tell = silent) -> tuple[Job, str]:
    """Freeze the draft as the shot's next version, commit it and queue its render. Returns the job and the version.

    `tell`: gets what does not stop it but should be known (a disk that may become full).

    Raises:
        RecipeError, ModelError, MediaError, DiskFull, BadInput: before a number is claimed. HistoryError: after it.
    """
    recipe = _holds(draft)
    frozen = _summed_up(desk.layout, shot.id, desk.frozen(shot, recipe, summary=summary), typed=bool(summary))
    if frozen.parent and not frozen.summary:
        what = f"The draft of {shot.id} is the recipe of {frozen.parent}: nothing has changed."
        raise BadInput(what, todo="Change the draft, or say why it is rendered again: --summary TEXT.")
    names_fit(desk.layout, shot.id, frozen, "v001")
    _enough_room(desk, shot, frozen, len(frozen.frames), tell)
    text = recipe_text(frozen)
    version = version_name(desk.history.claim(shot.id, taken=_taken(desk, shot.id)))
    path = desk.layout.recipe(shot.id, version)
    write_once(path, text)
    try:
        _commit_recipe(desk, shot.id, version, text, frozen)
    except HistoryError as error:
        todo = f"{error.todo} Then: rushes generate {shot.id} --missing."
        raise HistoryError(
            f"{shot.id} {version} is frozen, not yet queued. {error.what}", where=error.where, todo=todo
        ) from error
    return _queued(desk, shot.id, version, text, frozen), version


def _enough_room(desk: Desk, shot: Shot, recipe: Recipe, count: int, tell: Tell) -> None:
    queued = queued_room(desk.layout, read_shots(desk.layout), desk.ledger.jobs(("queued", "rendering")))
    enough_room(desk.layout, shot, recipe, count, queued, tell)


def _commit_recipe(desk: Desk, shot: str, version: str, text: str, frozen: Recipe) -> None:
    desk.history.commit(
        Act(
            event="recipe",
            subject=f"{shot} {version}: {one_line(frozen.summary, 120) or 'first version'}",
            paths=(desk.layout.recipe(shot, version).relative_to(desk.layout.root).as_posix(),),
            trailers=(
                ("Rushes-Shot", shot),
                ("Rushes-Version", version),
                *([("Rushes-Parent", frozen.parent)] if frozen.parent else []),
                ("Rushes-Recipe", recipe_sha(text)),
            ),
        )
    )


def submit_missing(desk: Desk, shot: Shot, rows: Iterable[VersionRow]) -> list[Job]:
    """Queue again what the shot's versions still lack; finished frames are not rendered again.

    Returns the jobs of all that is not complete, also of what is queued or rendered already.
    """
    jobs = []
    for row in rows:
        if row.state in ("failed", "cancelled", "queued", "rendering"):
            job = next(job for job in desk.ledger.jobs() if (job.shot, job.version) == (shot.id, row.version))
            again = row.state in ("failed", "cancelled") or desk.ledger.left_behind(job)
            jobs.append(desk.ledger.retry(job.id) if again else job)
        elif row.state == "claimed":
            owner = desk.history.claimed_by(shot.id, row.version)
            if owner not in ("", desk.history.clone_id):
                continue  # another clone's version: its ledger knows how far it is
            text, recipe = read_recipe(desk.layout, shot.id, row.version)
            path = desk.layout.recipe(shot.id, row.version).relative_to(desk.layout.root).as_posix()
            if desk.history.committed(path) is None and not desk.history.pending():
                _commit_recipe(desk, shot.id, row.version, text, recipe)
            jobs.append(_queued(desk, shot.id, row.version, text, recipe))
    return jobs


def submit_longer(
    desk: Desk, shot: Shot, wanted: Wanted, rows: Iterable[VersionRow], summary: str = "", tell: Tell = silent
) -> Job | None:
    """A new version over the frames that the cut needs now, by the recipe of the one that is too short.

    Its render takes over the finished frames. None, and `tell` says why: the plate has none of what is lacking, or a
    version has it already. What is being typed for the shot stays as it is.

    Raises what `submit_version` raises.
    """
    frames = wanted.range
    lacking = [frame for frame in wanted.frames if frame not in wanted.absent]
    if not lacking:
        tell(f"{shot.id}: the plate has none of {format_frames(wanted.frames)}, which the cut needs now.")
        return None
    for row in rows:
        if row.parent == wanted.version and row.state != "abandoned":
            had = read_recipe(desk.layout, shot.id, row.version)[1].frames
            if all(frame in had for frame in lacking):
                tell(
                    f"{shot.id} {row.version} has what {wanted.version} lacks for the cut: circle it once it is right."
                )
                return None
    where = desk.layout.recipe(shot.id, wanted.version)
    text = set_values(
        from_recipe(desk.layout, shot.id, wanted.version), [f"range={frames.first}-{frames.last}"], str(where)
    )
    draft = Draft(shot.id, where, text, parse(text, str(where)), None)
    said = summary or f"{format_frames(lacking)} more, for the cut"
    return submit_version(desk, shot, draft, summary=said, tell=tell)[0]


def _queued(desk: Desk, shot: str, version: str, text: str, recipe: Recipe) -> Job:
    by = str(desk.history.whoami())
    return desk.ledger.add(
        NewJob(kind="version", shot=shot, version=version, recipes=(text,), frames=tuple(recipe.frames), asked_by=by)
    )


def submit_frames(desk: Desk, shot: Shot, draft: Draft, frames: tuple[int, ...]) -> Job:
    """Queue test frames of the draft: local, no number, no commit. A version of the same recipe re-uses them."""
    recipe = _holds(draft)
    frozen = desk.frozen(shot, recipe)
    outside = [frame for frame in frames if frame not in frozen.frames]
    if outside:
        raise ShowError(f"The draft of {shot.id} has no frame {outside[0]}.", todo=f"Its range is {frozen.frames}.")
    _enough_room(desk, shot, frozen, len(frames), silent)
    return desk.ledger.add(
        NewJob(
            kind="preview",
            shot=shot.id,
            version="",
            recipes=(recipe_text(frozen),),
            frames=frames,
            asked_by=str(desk.history.whoami()),
            priority=SOON,
        )
    )


def _holds(draft: Draft) -> Recipe:
    if draft.recipe is None:
        assert draft.problem is not None
        raise draft.problem
    return draft.recipe


def _taken(desk: Desk, shot: str) -> list[int]:
    """Numbers in use that git may not know: files here, media folders, the ledger."""
    names = set(version_names(desk.layout, shot)) | {
        job.version for job in desk.ledger.jobs() if job.shot == shot and job.version
    }
    folders = (desk.layout.media / shot).glob(f"{shot}_gen_v*")
    names |= {folder.name.rpartition("_")[2] for folder in folders}
    return [int(name[1:]) for name in names if name[1:].isdigit()]


def _summed_up(layout: Layout, shot: str, frozen: Recipe, *, typed: bool) -> Recipe:
    """Where nobody typed a summary for this version: what changed since its parent, in words."""
    if typed or frozen.parent not in version_names(layout, shot):
        return frozen
    _, before = read_recipe(layout, shot, frozen.parent)
    if frozen.summary not in ("", before.summary):
        return frozen
    said = [_in_short(change) for change in changes(before, frozen) if change.key not in ("summary", "parent")]
    return frozen.model_copy(update={"summary": one_line(", ".join(said), 100)})


def _in_short(change: Change) -> str:
    short = change.key.rpartition(".")[2]
    return f"{short} changed" if change.words else f"{short} {change.a} → {change.b}"
