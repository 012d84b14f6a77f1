"""The demo's show: made from the sample cut with the sample model in its register, and removed again."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput
from core.files import write_atomic
from tui.commands import output

if TYPE_CHECKING:
    from core.show import Show
    from sample_project.scenes import Model

GUEST = ("Demo Artist", "demo@example.com")
MARK = "rushes-demo"
"""A file in the show's .git: this show was made by the demo, and the demo may make it again."""
PATIENCE = 60
"""Seconds that a render gets to stop: it looks between sampling steps."""


def clear(folder: Path, env: Mapping[str, str]) -> None:
    """Remove a former demo. Raises BadInput where the folder holds anything else."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / ".git" / MARK).exists():
        raise BadInput("This folder is not empty, and not a former demo.", where=str(folder), todo="Name a new folder.")
    from core.show import Show

    show = Show.open(folder, env)
    output.line(f"  removing the demo that was made here before: {folder}")
    _stop(show)
    layout = show.layout
    # What a show is known by goes last: who breaks this off can begin again.
    rest = [path for path in layout.root.iterdir() if path.name != ".git" and path != layout.settings]
    for old in (layout.media, *rest, layout.state, layout.root):
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _stop(show: Show) -> None:
    """Cancel what is still to be rendered, and wait until no worker writes into this show."""
    for job in show.jobs():
        if job.state in ("queued", "rendering"):
            show.steer(job.id, "cancel")
    until = time.monotonic() + PATIENCE
    while any(job.state == "rendering" for job in show.jobs()) and time.monotonic() < until:
        time.sleep(0.1)


def new_show(cut: Path, folder: Path, env: Mapping[str, str]) -> tuple[Show, tuple[str, ...]]:
    """The show, and what to know of it. Where git knows nobody, a guest works in it."""
    from core.history.events import Person
    from core.show import Show

    unknown = not _git_knows_you(env)
    guest = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in zip(("NAME", "EMAIL"), GUEST, strict=True)
    }
    show, warnings = Show.create(cut, folder, {**env, **guest} if unknown else env)
    if unknown:
        show.history.introduce(Person(*GUEST))
        warnings = (f"git does not know who you are; in this show you are {GUEST[0]}", *warnings)
    (show.layout.root / ".git" / MARK).touch()
    return show, warnings


def _git_knows_you(env: Mapping[str, str]) -> bool:
    asked = subprocess.run(["git", "config", "--get", "user.email"], capture_output=True, env=dict(env), check=False)
    return asked.returncode == 0 or "GIT_AUTHOR_EMAIL" in env


def register(show: Show, model: Model) -> Show:
    """Write the model into the show's register, commit that, and open the show again."""
    from core.history.events import Act
    from core.recipe.toml import toml_value

    facts = {"source": str(model.source), "licence": model.licence, "training_data": model.training_data}
    lines = "\n".join(f"{key} = {toml_value(value)}" for key, value in facts.items())
    settings = show.layout.settings
    write_atomic(settings, f"{settings.read_text(encoding='utf-8')}\n[models.{model.name}]\n{lines}\n")
    act = Act(event="relink", subject=f"{model.name}: a model in the show's register", paths=(settings.name,))
    show.history.commit(act)
    return type(show).open(show.layout.root, show.env)
