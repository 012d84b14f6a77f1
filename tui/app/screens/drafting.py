"""What the recipe screen asks of the core, in threads: what a text is, what a draft was before, how far a test is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cut.shots import Shot
    from core.farm.ledger import Job
    from core.recipe.changes import Change
    from core.recipe.complete import Completion, Known
    from core.recipe.form import Field
    from core.recipe.judge import Mark
    from core.recipe.keys import Curve
    from core.show import Show
    from tui.app.desk import Desk


@dataclass(frozen=True, slots=True)
class Seen:
    """What a text is, looked at in a thread."""

    text: str
    problems: tuple[Mark, ...]
    offers: tuple[Completion, ...]
    fields: tuple[Field, ...]
    curves: tuple[Curve, ...]


def looked_at(text: str, offset: int | None, shot: Shot, known: Known | None) -> Seen:
    """`offset`: where something was just typed; None: nothing is offered."""
    from core.recipe.complete import Known as Names
    from core.recipe.complete import complete
    from core.recipe.form import fields
    from core.recipe.judge import judge
    from core.recipe.keys import curves_of

    said = judge(text)
    offers = complete(text, offset, known or Names()) if offset is not None else ()
    curves = curves_of(said.recipe, shot.range) if said.recipe is not None else ()
    return Seen(text, said.problems, offers[:50], fields(text), curves)


def test_and_others(desk: Desk, job: str) -> tuple[Job, list[Job]]:
    """The test's job, and what is rendered now."""
    return desk.show.ledger.job(job), desk.show.ledger.jobs(("rendering",))


def since(show: Show, shot: Shot, text: str) -> tuple[Change, ...]:
    """What the text changes in the version that it goes on from."""
    from core.drafts import Draft
    from core.recipe.judge import judge

    return show.since_parent(Draft(shot.id, show.layout.draft(shot.id), text, judge(text).recipe, None))


def earlier(desk: Desk, shot: str) -> list[tuple[str, str]]:
    """A draft's former texts, the newest first: (what it is called, the text)."""
    return [
        (f"until {old.until:%d %b %H:%M}, {len(old.text.splitlines())} lines", old.text)
        for draft in desk.show.drafts(shot)
        for old in draft.earlier
    ]
