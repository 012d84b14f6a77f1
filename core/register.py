"""The models of a show: what its register, drafts, looks and versions name, what of it is on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from core.errors import ModelError, RushesError, ShowError
from core.files import one_line, write_atomic
from core.layout import Layout, Settings
from core.ops.base import ModelRef, Op
from core.overview import read_recipe, read_shots, version_names
from core.recipe.complete import Known
from core.recipe.hub import NotHere
from core.recipe.model import Recipe, read_step
from core.recipe.text import fragment, parse
from core.recipe.toml import put, toml_value
from core.recipe.weights import SHIPPED, HashCache, Weights, locate, resolve

State = Literal["here", "missing", "refused", "changed"]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as the show names it."""

    name: str
    kind: str
    state: State
    """here; missing; refused (a format or files that are never loaded); changed (not the sha256 that was pinned)."""
    source: str
    revision: str
    where: str
    size: int
    """Bytes on this disk; 0 where it is missing."""
    sha256: str
    """As pinned in the register; after a check what was found."""
    licence: str
    training_data: str
    drafts: tuple[str, ...] = ()
    """Shots whose drafts name it."""
    looks: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    """`shot v001`"""
    problem: str = ""
    todo: str = ""


@dataclass
class _Named:
    ref: ModelRef
    drafts: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)


def models(layout: Layout, settings: Settings, env: Mapping[str, str], *, check: bool = False) -> list[ModelRow]:
    """Every model that the show names, by name; the one that ships with rushes among them.

    Nothing is fetched and no model library loaded. `check` reads the files and compares their sha256.
    """
    named: dict[tuple[str, str], _Named] = {}
    for where, user, refs in _uses(layout):
        for ref in refs:
            found = named.setdefault((ref.id, ref.revision), _Named(ref))
            getattr(found, where).append(user)
    for name in (*settings.models, *SHIPPED):
        if not any(other == name for other, _ in named):
            named[name, ""] = _Named(ModelRef(name, kind="onnx" if name in SHIPPED else "diffusers"))
    return [_row(part, layout, settings, env, check) for _, part in sorted(named.items())]


def known(layout: Layout, settings: Settings, env: Mapping[str, str], shot: str) -> Known:
    """The names that a recipe of `shot` can say. Reads every recipe of the show, so once and not at each key."""
    from core.media.colour import Colour

    rows = models(layout, settings, env)
    versions = {other: version_names(layout, other)[::-1] for other in read_shots(layout)}
    return Known(
        models={row.name: f"{row.kind}, {row.state}" for row in rows},
        revisions={row.name: row.revision for row in rows if row.revision},
        looks={path.stem: "" for path in sorted(layout.looks.glob("*.toml"))},
        versions=dict.fromkeys(versions.get(shot, ()), ""),
        inputs={f"{other}/{version}": "" for other, names in versions.items() for version in names},
        colours=dict.fromkeys(Colour(settings.colour_config).names, ""),
    )


def _uses(layout: Layout) -> Iterator[tuple[str, str, list[ModelRef]]]:
    """Who names models: (drafts, looks or versions; which; the models)."""
    for path in sorted(layout.looks.glob("*.toml")):
        try:
            steps = [read_step(table) for table in fragment(path.read_text("utf-8"), path.name).get("step", ())]
        except (RushesError, ValueError, OSError):  # a look may hold only with its draft
            continue
        yield "looks", path.stem, _refs(steps)
    for shot in read_shots(layout):
        draft = layout.draft(shot)
        if draft.exists() and (recipe := _held(draft.read_text("utf-8", errors="replace"))) is not None:
            yield "drafts", shot, _refs(recipe.step)
        for version in version_names(layout, shot):
            try:
                recipe = read_recipe(layout, shot, version)[1]
            except RushesError:  # `rushes verify` says what is wrong with it
                continue
            yield "versions", f"{shot} {version}", _refs(recipe.step)


def _held(text: str) -> Recipe | None:
    try:
        return parse(text, "draft")
    except RushesError:  # what does not hold yet is said where it is typed
        return None


def _refs(steps: Iterable[Op]) -> list[ModelRef]:
    return list(dict.fromkeys(ref for step in steps for ref in step.models()))


def _row(named: _Named, layout: Layout, settings: Settings, env: Mapping[str, str], check: bool) -> ModelRow:
    entry = settings.models.get(named.ref.id, {})
    row = ModelRow(
        name=named.ref.id,
        kind=named.ref.kind,
        state="here",
        source=one_line(entry.get("source", "") or named.ref.id),
        revision=named.ref.revision or entry.get("revision", ""),
        where="",
        size=0,
        sha256=entry.get("sha256", ""),
        licence=one_line(entry.get("licence", "")),
        training_data=one_line(entry.get("training_data", ""), 1000),
        drafts=tuple(named.drafts),
        looks=tuple(named.looks),
        versions=tuple(named.versions),
    )
    try:
        found = _weights(named.ref, layout, settings, env, check=False)
        row = replace(
            row, where=str(found.path), size=found.size, licence=found.licence, training_data=found.training_data
        )
        if check:
            row = replace(row, sha256=_weights(named.ref, layout, settings, env, check=True).pin)
    except ModelError as error:
        state: State = "missing" if isinstance(error, NotHere) else "changed" if row.where else "refused"
        return replace(row, state=state, problem=one_line(error.what), todo=one_line(error.todo, 400))
    return row


def _weights(ref: ModelRef, layout: Layout, settings: Settings, env: Mapping[str, str], *, check: bool) -> Weights:
    if not check:
        return locate(ref, register=settings.models, root=layout.root, env=env)
    cache = HashCache(layout.state / "hashes.json")
    return resolve(ref, register=settings.models, root=layout.root, env=env, cache=cache, fetch=False)


def pin(layout: Layout, settings: Settings, env: Mapping[str, str], name: str) -> str:
    """Write the sha256 of a model's files into rushes.toml, and return it. Everything else there stays as typed.

    Raises:
        ShowError: the register has no such name. ModelError: the model is missing, or not what is pinned already.
    """
    if name not in settings.models:
        known = ", ".join(sorted(settings.models)) or "none yet"
        raise ShowError(
            f"The register has no model {one_line(name)!r}.",
            where=str(layout.settings),
            todo=f'Write it there first: [models.{one_line(name)}] and source = "…". It has: {known}.',
        )
    kind = next((row.kind for row in models(layout, settings, env) if row.name == name), "diffusers")
    found = _weights(ModelRef(name, kind=kind), layout, settings, env, check=True)  # type: ignore[arg-type]
    text = layout.settings.read_text(encoding="utf-8")
    write_atomic(layout.settings, put(text, ("models", name, "sha256"), toml_value(found.pin)))
    return found.pin
