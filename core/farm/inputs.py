"""What a job reads, where it lies on this machine, and whether it is still what was frozen."""

from __future__ import annotations

from pathlib import Path

from core.cut.shots import Plate, Shot
from core.errors import MediaError, RenderError
from core.files import canonical_json, one_line, sha256_bytes, sha256_file, write_atomic
from core.frames import FrameRange
from core.layout import Layout, Settings
from core.recipe.changes import SEEN_AS
from core.recipe.model import ColourFacts, Material, Recipe
from core.recipe.text import parse


def plate_digest(shot: Shot, layout: Layout, frames: FrameRange) -> str:
    """One digest over the plate's frames, as a recipe keeps it in `plate_sha256`. Raises MediaError."""
    from core.media.read import Reader

    assert shot.plate is not None
    with Reader(layout.find(shot.plate.path), layer=shot.plate.layer) as reader:
        digests = [reader.digest(shot.plate.index(frame)) for frame in frames]
    return sha256_bytes(canonical_json(digests).encode())


def check_plate(recipe: Recipe, shot: Shot, layout: Layout) -> Path:
    """Where the plate lies. Raises MediaError where it is missing or changed since the recipe was frozen."""
    if shot.plate is None:
        what = f"{shot.id} has no plate: {one_line(shot.missing)}."
        raise MediaError(what, todo="Bring the media back, then retry the job.")
    path = layout.find(shot.plate.path)
    if recipe.plate_sha256 and plate_digest(shot, layout, recipe.frames) != recipe.plate_sha256:
        raise MediaError(
            f"The plate of {shot.id} is not what it was when the recipe was frozen.",
            where=one_line(str(path)),
            todo="Bring the old media back and retry the job, or generate a new version from the new media.",
        )
    return path


def colour_facts(plate: Plate, settings: Settings) -> ColourFacts:
    """How the plate is seen now, as a recipe keeps it in `seen_as`. Raises MediaError: the config is unreadable."""
    from core.media.colour import Colour

    return ColourFacts(
        plate=plate.colour,
        alpha=plate.alpha,
        layer=plate.layer,
        working=settings.working_space,
        config=Colour(settings.colour_config).digest,
    )


def check_frozen(recipe: Recipe, shot: Shot, settings: Settings) -> None:
    """Raises RenderError where colour or an operation is not what was frozen: the pictures would come out otherwise."""
    differs = []
    if recipe.seen_as and shot.plate:
        now = colour_facts(shot.plate, settings)
        for key, what in SEEN_AS.items():
            old, new = getattr(recipe.seen_as, key), getattr(now, key)
            if old != new:
                place = "shot.toml" if key in ("plate", "alpha", "layer") else "rushes.toml"
                if key == "config":
                    old, new, place = f"sha256:{old[:12]}", f"sha256:{new[:12]}", settings.colour_config
                differs.append(f"{what} in {one_line(place)}: {one_line(old) or '-'} → {one_line(new) or '-'}")
    for op, rev in sorted({step.op: type(step).rev for step in recipe.step}.items()):
        if recipe.rev.get(op, rev) != rev:
            differs.append(f"operation {op}: rev {recipe.rev[op]} → {rev}")
    if differs:
        raise RenderError(
            f"What {shot.id} is made with has changed since the recipe was frozen; the picture would be another.",
            where=", ".join(differs),
            todo="Put it back and retry the job, or generate a new version.",
        )


def material_paths(recipe: Recipe, layout: Layout) -> dict[str, Path]:
    """Per input its file, or its frames as a printf pattern. Raises MediaError for one that is missing or changed."""
    return {material.name: _material_path(material, layout) for material in recipe.input}


def keep_material(material: Material, layout: Layout) -> str:
    """Hash an input and keep its bytes under the media root, so that a version can be made again. Returns the digest.

    Raises MediaError where it is missing.
    """
    if material.version:
        shot, _, version = material.version.partition("/")
        manifest = layout.manifest(shot, version)
        if not manifest.is_file():
            what = f"The input {material.name!r} is {material.version}, which is not complete here."
            raise MediaError(what, todo=f"See `rushes versions {shot}`.")
        return sha256_file(manifest)
    files = _files(layout.find(material.path))
    if not files:
        raise MediaError(
            f"The input {material.name!r} is missing.",
            where=one_line(str(layout.find(material.path))),
            todo="Put the file there, or change its `path`.",
        )
    digest = _digest(files)
    for file in files:
        kept = layout.input(digest) / file.name
        if not kept.exists():
            write_atomic(kept, file.read_bytes())  # its folder is its digest; disks of media may know no hard links
    return digest


def _files(path: Path) -> list[Path]:
    """The file, or every file of a pattern by number. Empty where it is missing."""
    from core.media.sequence import find_sequence, is_pattern

    if not is_pattern(path):
        return [path] if path.is_file() else []
    found = find_sequence(path)
    return [found.file(number) for number in found.numbers]


def _digest(files: list[Path]) -> str:
    """Of one file its sha256; of a sequence one digest over names and hashes."""
    if len(files) == 1:
        return sha256_file(files[0])
    return sha256_bytes(canonical_json([[file.name, sha256_file(file)] for file in files]).encode())


def _material_path(material: Material, layout: Layout) -> Path:
    if material.version:
        return _version_frames(material, layout)
    if not material.sha256:
        return layout.find(material.path)
    kept = layout.input(material.sha256) / Path(material.path).name
    files = _files(kept)
    if not files or _digest(files) != material.sha256:
        raise MediaError(
            f"The input {material.name!r} is missing, or not what was frozen.",
            where=one_line(str(kept)),
            todo=f"Copy what has the digest {material.sha256} there, then retry the job.",
        )
    return kept


def _version_frames(material: Material, layout: Layout) -> Path:
    shot, _, version = material.version.partition("/")
    manifest, text = layout.manifest(shot, version), layout.recipe(shot, version)
    if not manifest.is_file() or (material.sha256 and sha256_file(manifest) != material.sha256):
        raise MediaError(
            f"The input {material.name!r} reads {material.version}, which is not complete or not what was frozen.",
            where=one_line(str(manifest)),
            todo=f"Finish {material.version} first, then retry the job.",
        )
    master = parse(text.read_text(encoding="utf-8"), str(text)).output.master
    frame = layout.frame(shot, version, 0, material.layer, f".{master.format}")
    return frame.with_name(frame.name.replace(".0000.", ".%04d."))
