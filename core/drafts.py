"""Drafts: what an artist is typing. Machine-local, saved as typed whether it holds or not, and never thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.cut.shots import Shot
from core.errors import RecipeError, ShowError
from core.files import check_name, safe_name, sha256_bytes, write_atomic
from core.layout import Layout, version_name, version_number
from core.overview import find_shot, read_recipe
from core.recipe.changes import Change, changes
from core.recipe.model import Recipe
from core.recipe.text import parse, recipe_text, set_values, starter
from core.recipe.toml import drop
from core.recipe.vary import with_look


@dataclass(frozen=True, slots=True)
class Draft:
    """A recipe being written. `recipe` is None while `problem` says what does not hold yet."""

    shot: str
    path: Path
    text: str
    recipe: Recipe | None
    problem: RecipeError | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A former text of a draft, kept when another replaced it at `until`. Numbers rise; none is used twice."""

    number: int
    until: datetime
    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Kept:
    """One of a shot's drafts by name, and its former texts, the newest first."""

    name: str
    earlier: tuple[Earlier, ...]


def kept(layout: Layout, shot: str) -> tuple[Kept, ...]:
    """A shot's drafts that somebody has typed in, by name. An earlier text comes back by writing it again."""
    names: list[str] = []
    former: dict[str, list[Earlier]] = {}
    for path in layout.draft(shot).parent.glob("*.toml"):
        name, _, number = path.stem.partition(".")
        if not number:
            names.append(name)
        elif number.isdigit():
            until = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            former.setdefault(name, []).append(Earlier(int(number), until, path))
    return tuple(Kept(name, tuple(sorted(former.get(name, ()), key=lambda old: -old.number))) for name in sorted(names))


def since_parent(layout: Layout, draft: Draft) -> tuple[Change, ...]:
    """What a draft that holds changes in the version it goes on from; nothing where it names none.

    Raises:
        ShowError: there is no such version. RecipeError: it cannot be read.
    """
    recipe = draft.recipe
    if recipe is None or not recipe.parent:
        return ()
    shot = find_shot(layout, draft.shot)
    if recipe.range is None and shot is not None:  # a draft that names none is over the whole shot
        recipe = recipe.model_copy(update={"range": (shot.range.first, shot.range.last)})
    return changes(read_recipe(layout, draft.shot, recipe.parent)[1], recipe)


def read_draft(layout: Layout, shot: Shot, name: str = "draft") -> Draft:
    """The shot's draft as typed; a starter text where nobody has typed yet (written when it is first changed)."""
    path = layout.draft(shot.id, check_name(name, "draft name"))
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else starter(shot.id, shot.range)
    return _judged(shot, path, text)


def write_draft(layout: Layout, shot: Shot, text: str, name: str = "draft", instead_of: str | None = None) -> Draft:
    """Save what was typed, valid or not. A former text that differs is kept beside it (`draft.1.toml` …).

    `instead_of`: what the same hand saved a moment ago. That need not be kept; what anybody else saved since, is.
    """
    path = layout.draft(shot.id, check_name(name, "draft name"))
    before = path.read_bytes() if path.exists() else None
    if before not in (None, text.encode(), None if instead_of is None else instead_of.encode()):
        _keep(path)
    write_atomic(path, text)
    return _judged(shot, path, text)


def _judged(shot: Shot, path: Path, text: str) -> Draft:
    try:
        return Draft(shot.id, path, text, parse(text, str(path)), None)
    except RecipeError as problem:
        return Draft(shot.id, path, text, None, problem)


def _keep(path: Path) -> None:
    taken = {
        int(old.suffixes[0][1:]) for old in path.parent.glob(f"{path.stem}.*.toml") if old.suffixes[0][1:].isdigit()
    }
    write_atomic(path.with_name(f"{path.stem}.{max(taken, default=0) + 1}.toml"), path.read_bytes())


def edited(
    layout: Layout, shot: Shot, *, sets: Sequence[str] = (), from_version: str = "", look: str = "", name: str = "draft"
) -> Draft:
    """Change the draft: start again from a version, put a look under it, set single values. In that order.

    Raises:
        RecipeError: a value that is not allowed; the draft on disk is then as it was.
    """
    draft = read_draft(layout, shot, name)
    text = draft.text
    if from_version:
        text = from_recipe(layout, shot.id, version_name(version_number(from_version)))
    if look:
        fresh = not (draft.path.exists() or from_version)  # the starter's own steps would win over the look's
        text = _under_look(layout, starter(shot.id, shot.range, steps=False) if fresh else text, look)
    if sets:
        text = set_values(text, sets, str(draft.path))
    return draft if text == draft.text and draft.path.exists() else write_draft(layout, shot, text, name)


def went_out(layout: Layout, shot: Shot, version: str, name: str = "draft") -> Draft:
    """The draft became a version: what is typed next goes on from it, and was not picked from a wedge."""
    draft = read_draft(layout, shot, name)
    text = draft.text
    for key in (("picked_from",), ("picked_from", "wedge"), ("picked_from", "index")):  # a table, or dotted keys
        text = drop(text, key)
    return write_draft(layout, shot, set_values(text, [f"parent={version}"], str(draft.path)), name)


def from_recipe(layout: Layout, shot: str, version: str) -> str:
    """A draft text that goes on from a frozen version: its values, with that version as the parent."""
    _, recipe = read_recipe(layout, shot, version)
    return thawed(recipe, version)


def thawed(frozen: Recipe, parent: str) -> str:
    """A frozen recipe as a draft again: what freezing measured (digests, revisions) is taken out, `parent` set."""
    measured: dict[str, object] = {
        "plate_sha256": "",
        "seen_as": None,
        "rev": {},
        "model": {},
        "picked_from": None,
        "summary": "",
        "parent": parent,
    }
    materials = tuple(material.model_copy(update={"sha256": ""}) for material in frozen.input)
    return recipe_text(frozen.model_copy(update={**measured, "input": materials}))


def _under_look(layout: Layout, text: str, look: str) -> str:
    path = layout.look(safe_name(look))
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in layout.looks.glob("*.toml"))) or "none yet"
        raise ShowError(
            f"There is no look called {safe_name(look)!r}.", where=str(layout.looks), todo=f"Looks here: {known}."
        )
    fragment = path.read_text(encoding="utf-8")
    return with_look(text, fragment, name=path.stem, sha256=sha256_bytes(fragment.encode()))
