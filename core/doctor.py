"""What was found on this machine, and what to do about it. Imports no model library; changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from core import machine
from core.errors import RushesError
from core.files import is_network_path, one_line, sha256_file
from core.layout import Layout, read_settings, state_root
from core.machine import Finding, State
from core.recipe.hub import cache
from core.register import models

__all__ = ["Finding", "examine"]

MATTE_MODEL = Path(__file__).parent / "ops" / "weights" / "u2netp.onnx"
MATTE_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
_LOW, _TIGHT = 2_000_000_000, 20_000_000_000
"""Free bytes below which a disk fails or warns."""


def examine(env: Mapping[str, str], layout: Layout | None = None) -> tuple[Finding, ...]:
    """Look at the machine and, with a layout, at the show: every finding, also the good ones."""
    folder = layout.root if layout else Path("/")
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("python", machine.python),
        ("clock", lambda: machine.clock(datetime.now(UTC))),
        ("git", lambda: machine.git(env, folder)),
        ("device", lambda: machine.device(env)),
        ("models", machine.libraries),
        ("matte model", _matte_model),
        ("hub cache", lambda: _hub(env)),
        ("state", lambda: _state(env, layout)),
        ("workers", lambda: machine.workers(env)),
        ("terminal", lambda: machine.terminal(env)),
    ]
    if layout is not None:
        here = layout
        looks += [
            ("show", lambda: _show(here)),
            ("media", lambda: _media(here)),
            ("models", lambda: _models(here, env)),
            ("colour", lambda: _colour(here)),
            ("history", lambda: _history(here, env)),
        ]
    return tuple(finding for area, look in looks for finding in _told(area, look))


def _told(area: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except RushesError as error:
        yield failed(area, error)


def failed(area: str, error: RushesError) -> Finding:
    """An error as a finding."""
    where = f" ({error.where})" if error.where else ""
    return Finding(area, "fail", one_line(error.what + where, 400), error.todo)


# the machine's disks


def _matte_model() -> Iterator[Finding]:
    todo = "Install rushes again."
    if not MATTE_MODEL.is_file():
        yield Finding("matte model", "fail", f"u2netp is not there: {MATTE_MODEL}", todo)
    elif sha256_file(MATTE_MODEL) != MATTE_SHA256:
        yield Finding("matte model", "fail", f"{MATTE_MODEL} is not the file that ships with rushes", todo)
    else:
        yield Finding("matte model", "ok", "u2netp is there and whole")


def _hub(env: Mapping[str, str]) -> Iterator[Finding]:
    """Models of the hub are fetched here once; a large one fills a small home."""
    yield from _room("hub cache", cache(env), "Set HF_HOME to a folder that you may write.", low="warn")


def _state(env: Mapping[str, str], layout: Layout | None) -> Iterator[Finding]:
    folder = layout.state if layout else state_root(env)
    network = is_network_path(folder)
    if network:
        todo = "Set RUSHES_STATE to a folder on a local disk."
        yield Finding("state", "fail", f"{folder} is on a network file system ({network}): its locks do not hold", todo)
    else:
        yield from _room("state", folder, "Set RUSHES_STATE to a folder that you may write.")


def _room(area: str, folder: Path, todo: str, low: State = "fail") -> Iterator[Finding]:
    """Whether a folder (or where it will be made) can be written, and how much fits."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(area, low, f"{there} cannot be written", todo)
        return
    free = shutil.disk_usage(there).free
    state: State = low if free < _LOW else "warn" if free < _TIGHT else "ok"
    what = f"{folder}: {free / 1e9:.1f} GB free" + ("" if there == folder else " (not made yet)")
    yield Finding(area, state, what, "" if state == "ok" else "Free some space before you queue long shots.")


# the show


def _show(layout: Layout) -> Iterator[Finding]:
    """Where its texts lie, and which site this is."""
    network, sites = is_network_path(layout.root), layout.places
    if network:
        what = f"{layout.root} is on a network file system ({network}): two people must not work in it at once"
        yield Finding("show", "warn", what, "Give everybody a clone of their own on a local disk: git clone.")
    elif not os.access(layout.root, os.W_OK):
        yield Finding("show", "warn", f"{layout.root} may only be read", "To work on it: git clone it.")
    if sites.sites and not sites.here:
        known = one_line(", ".join(sites.sites))
        todo = f"Set RUSHES_SITE to one of: {known}; or call a site in [paths] as this machine is called."
        yield Finding("show", "warn", "this machine is no site of [paths]: paths are taken as they are written", todo)
    elif sites.sites:
        yield Finding("show", "ok", f"this machine is the site {one_line(sites.here)}")


def _media(layout: Layout) -> Iterator[Finding]:
    if not layout.media.exists():
        todo = "Mount it, or correct `media` in rushes.toml; a new one is made with the first render."
        yield Finding("media", "warn", f"the media root is not there: {layout.media}", todo)
    elif network := is_network_path(layout.media):
        yield Finding("media", "ok", f"the media root is on a network file system ({network}), which is fine")
    yield from _room("media", layout.media, "Correct its permissions, or point `media` in rushes.toml elsewhere.")


def _models(layout: Layout, env: Mapping[str, str]) -> Iterator[Finding]:
    """The models that the register and the drafts name: here, or not. Nothing is fetched or hashed."""
    settings = read_settings(layout.settings)
    wanted = [row for row in models(layout, settings, env) if row.drafts or row.name in settings.models]
    for row in wanted:
        if row.state != "here":
            yield Finding("models", "warn", one_line(f"{row.name} is {row.state}: {row.problem}", 400), row.todo)
    if wanted:
        here = sum(row.state == "here" for row in wanted)
        what = f"{here} of {len(wanted)} that the register and the drafts name are here"
        yield Finding("models", "ok", what, "" if here == len(wanted) else "All of them: rushes models.")


def _colour(layout: Layout) -> Iterator[Finding]:
    from core.media.colour import Colour

    settings = read_settings(layout.settings)
    Colour(settings.colour_config).require(settings.working_space, str(layout.settings))
    yield Finding("colour", "ok", f"{settings.colour_config}, working in {settings.working_space}")


def _history(layout: Layout, env: Mapping[str, str]) -> Iterator[Finding]:
    from core.history.git import History

    history = History(layout, env)
    why, waiting = history.state(), history.pending()
    if waiting:
        what = f"{len(waiting)} acts wait for their commit, the first: {waiting[0].subject}"
        todo = f"First finish what is under way: {why}." if why else "The next command that writes commits them."
        yield Finding("history", "warn", one_line(what), todo)
    elif why:
        yield Finding("history", "warn", why, "Acts wait in the journal until it is over.")
    else:
        yield Finding("history", "ok", "nothing waits for its commit")
