"""A cut comes in: a show is made from it. Files first, then one commit; what fails leaves nothing behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cut.read import cut_text, read_cut
from core.cut.shots import Shot, make_shots, shot_text
from core.errors import ShowError
from core.files import one_line, safe_name, write_atomic, write_once
from core.frames import format_rate
from core.history.events import Act
from core.history.git import History
from core.history.repo import clone_id
from core.layout import SETTINGS, Layout, Settings, media_root, read_settings, state_root
from core.media.read import MediaInfo, probe
from core.progress import Tick, silent

MAIN = "main"


def new_show(
    cut_file: Path, folder: Path, env: Mapping[str, str], name: str = "", tick: Tick = silent
) -> tuple[Layout, tuple[str, ...]]:
    """Make a show from an editor's cut.

    Returns its layout and what an artist should know of the cut (missing plates, things inferred).

    Raises:
        CutError: the cut cannot be read. ShowError: the folder is in use.
    """
    cut = read_cut(cut_file)
    made = not folder.exists()
    if not made and any(folder.iterdir()):
        raise ShowError("This folder is not empty.", where=str(folder), todo="Name a new folder: rushes new CUT DIR.")
    layout: Layout | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        layout = _lay_out(folder.absolute(), name or cut.name or cut_file.stem, format_rate(cut.rate), env)
        settings = read_settings(layout.settings)

        def looked_at(path: Path, **how: Any) -> MediaInfo:
            tick(f"reading {path.name}", 0, 0)
            return probe(path, **how)

        shots, warnings = make_shots(cut, settings, probe=looked_at, root=layout.root, source=cut_file, existing={})
        paths = _write_turnover(layout, cut_file, cut_text(cut), shots)
        History(layout, env).commit(Act(event="turnover", subject=_subject(settings, shots), paths=tuple(paths)))
    except BaseException:
        for path in [folder] if made else list(folder.iterdir()):  # it was empty before
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if layout is not None:
            shutil.rmtree(layout.state.parent, ignore_errors=True)
        raise
    layout.media.mkdir(parents=True, exist_ok=True)
    return layout, (*cut.warnings, *warnings)


def _lay_out(root: Path, name: str, rate: str, env: Mapping[str, str]) -> Layout:
    show_id = f"{safe_name(name, 'show').lower()[:40]}-{os.urandom(3).hex()}"
    title = one_line(name, 80).replace("\\", "").replace('"', "'")
    write_atomic(
        root / SETTINGS,
        f'schema = 1\nname = "{title}"\nid = "{show_id}"\nrate = "{rate}"\nhandles = [8, 8]\n'
        '# media = "/mnt/fast/my_show.media"    # where pictures lie; unset: beside this folder\n',
    )
    media, state = media_root(root, read_settings(root / SETTINGS)), state_root(env) / show_id
    History(Layout(root, media, state), env).create()
    return Layout(root, media, state / clone_id(root))


def _write_turnover(layout: Layout, cut_file: Path, text: str, shots: tuple[Shot, ...]) -> list[str]:
    received = layout.received(MAIN, cut_file.suffix.lower())
    write_once(received, cut_file.read_bytes())
    write_atomic(layout.cut(MAIN), text)
    for shot in shots:
        write_atomic(layout.shot(shot.id), shot_text(shot))
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
