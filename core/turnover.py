"""A cut comes in: a show is made from it. Files first, then one commit; what fails leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cut.digests import Digests
from core.cut.incoming.bundle import as_received, unpack
from core.cut.incoming.read import cut_text, read_cut
from core.cut.shots import Shot, make_shots, shot_text
from core.errors import BadInput, ShowError
from core.files import explained, one_line, safe_name, write_all, write_atomic, write_once
from core.frames import format_rate, rate_of
from core.history.events import Act
from core.history.git import History
from core.history.repo import clone_id
from core.layout import MAIN, SETTINGS, Layout, Settings, layout_of, read_settings, state_root
from core.media.read import MediaInfo, probe
from core.progress import Tick, silent


def new_show(
    cut_file: Path, folder: Path, env: Mapping[str, str], name: str = "", tick: Tick = silent, rate: str = "",
    timeline: str = "",
) -> tuple[Layout, tuple[str, ...]]:  # fmt: skip
    """Make a show from an editor's cut, in a new folder, or in one that holds a prepared rushes.toml and nothing else.

    `rate`: frames a second of an EDL, which does not say; empty: guessed. `timeline`: which one of a file that holds
    several.

    Returns its layout and what an artist should know of the cut (missing plates, things inferred).

    Raises:
        CutError: the cut cannot be read. ShowError: the folder is in use. BadInput: no rate, or one for another kind.
    """
    if rate and cut_file.suffix.lower() != ".edl":
        raise BadInput("Only an EDL needs to be told its rate.", where=str(cut_file), todo="Leave --rate out.")
    cut = read_cut(cut_file, edl_rate=rate_of(rate) if rate else None, name=timeline)
    made = not folder.exists()
    if not made and {path.name for path in folder.iterdir()} - {SETTINGS}:
        raise ShowError("This folder is not empty.", where=str(folder), todo="Name a new folder: rushes new CUT DIR.")
    prepared = (folder / SETTINGS).read_bytes() if (folder / SETTINGS).exists() else b""
    layout: Layout | None = None
    unpacked: Path | None = None
    try:
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        layout = _lay_out(folder.resolve(), name or cut.name or cut_file.stem, format_rate(cut.rate), prepared, env)
        settings = read_settings(layout.settings)

        def looked_at(path: Path, **how: Any) -> MediaInfo:
            tick(f"reading {path.name}", 0, 0)
            return probe(path, **how)

        source = cut_file
        if cut_file.suffix.lower() == ".otioz":
            unpacked = None if layout.unpacked(MAIN).exists() else layout.unpacked(MAIN)
            source = unpack(cut_file, layout.unpacked(MAIN), tick)
        digests = Digests(layout.digests)
        shots, warnings = make_shots(
            cut, settings, probe=looked_at, root=layout.root, source=source, existing={}, local=layout.places.local,
            digests=digests,
        )  # fmt: skip
        write_atomic(layout.source(MAIN), str((source if source.is_dir() else source.parent).absolute()))
        paths = _write_turnover(layout, cut_file, cut_text(cut), shots)
        History(layout, env).commit(Act(event="turnover", subject=_subject(settings, shots), paths=tuple(paths)))
        digests.save()
    except BaseException:
        _undo(folder, made, prepared)
        if unpacked is not None:
            shutil.rmtree(unpacked, ignore_errors=True)
            with contextlib.suppress(OSError):  # what others have in there stays
                unpacked.parent.rmdir()
                unpacked.parent.parent.rmdir()
        if layout is not None:
            shutil.rmtree(layout.state, ignore_errors=True)
            with contextlib.suppress(OSError):  # a prepared id may be another show's too
                layout.state.parent.rmdir()
        raise
    layout.media.mkdir(parents=True, exist_ok=True)
    return layout, (*cut.warnings, *warnings)


def relink(layout: Layout, settings: Settings, history: History, shot: Shot) -> Shot:
    """Look again for the plate that a shot lacks. Where it is found, shot.toml is written and committed.

    Media are looked for where the cut names them; relative ones from where the cut was read on this machine, then from
    the show. Returns the shot as it is now, unchanged where its media are still missing.
    """
    if not shot.uses:
        return shot
    cut = shot.uses[0].cut
    came_from = layout.source(cut)
    source = Path(came_from.read_text(encoding="utf-8")) if came_from.exists() else None
    found_here, _ = make_shots(
        read_cut(layout.cut(cut)), settings, probe=probe, root=layout.root, source=source, existing={shot.id: shot},
        into=cut, only={use.clip_id for use in shot.uses if use.cut == cut}, local=layout.places.local,
    )  # fmt: skip
    found = next((one for one in found_here if one.id == shot.id), shot)
    if found.plate is None or found == shot:
        return shot
    path = layout.shot(shot.id)
    write_atomic(path, shot_text(found))
    relative = path.relative_to(layout.root).as_posix()
    trailers = (("Rushes-Shot", shot.id),)
    history.commit(Act(event="relink", subject=f"{shot.id}: its plate is there", paths=(relative,), trailers=trailers))
    return found


def _undo(folder: Path, made: bool, prepared: bytes) -> None:
    """Leave the folder as it was: not there, empty, or with the settings that were prepared."""
    for path in [folder] if made else [path for path in folder.iterdir() if path.name != SETTINGS]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if prepared:
        write_atomic(folder / SETTINGS, prepared)
    elif not made:
        (folder / SETTINGS).unlink(missing_ok=True)


def _lay_out(root: Path, name: str, rate: str, prepared: bytes, env: Mapping[str, str]) -> Layout:
    show_id = f"{safe_name(name, 'show').lower()[:40]}-{os.urandom(3).hex()}"
    title = one_line(name, 80).replace("\\", "").replace('"', "'")
    own = {"schema": "1", "name": f'"{title}"', "id": f'"{show_id}"', "rate": f'"{rate}"', "handles": "[8, 8]"}
    write_atomic(root / SETTINGS, _settings_text(own, prepared, root / SETTINGS))
    settings = read_settings(root / SETTINGS)
    layout = layout_of(root, settings, state_root(env) / settings.id, env)
    History(layout, env).create()
    return replace(layout, state=layout.state / clone_id(root))


def _settings_text(own: Mapping[str, str], prepared: bytes, path: Path) -> str:
    """What every show says of itself, then what was prepared, as it was typed. Raises ShowError."""
    try:
        text = prepared.decode("utf-8-sig")
        typed = tomllib.loads(text)
    except ValueError as error:
        what = f"The prepared settings cannot be read: {one_line(str(error))}."
        raise ShowError(what, where=str(path), todo="Correct the line, or take the file away.") from error
    hint = '# media = "/mnt/fast/my_show.media"    # where pictures lie; unset: beside this folder\n'
    head = "".join(f"{key} = {value}\n" for key, value in own.items() if key not in typed)
    return head + (text if prepared else hint)


def _write_turnover(layout: Layout, cut_file: Path, text: str, shots: tuple[Shot, ...]) -> list[str]:
    suffix, data = as_received(cut_file)
    received = layout.received(MAIN, suffix)
    write_once(received, data)
    write_all({layout.cut(MAIN): text, **{layout.shot(shot.id): shot_text(shot) for shot in shots}})
    paths = [
        layout.settings,
        layout.root / ".gitattributes",
        received,
        layout.cut(MAIN),
        *(layout.shot(shot.id) for shot in shots),
    ]
    return [path.relative_to(layout.root).as_posix() for path in paths]


def _subject(settings: Settings, shots: tuple[Shot, ...]) -> str:
    return f"{settings.name}: first turnover, {len(shots)} shots"
