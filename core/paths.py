"""One shared folder under many names: `[paths.<site>]` of rushes.toml, and file names that have two spellings.

    [paths.farm]                  # a site is called as RUSHES_SITE says, else as the machine (`gpu*` is every gpu01 …)
    plates = "/mnt/plates"
    [paths.edit]
    plates = "P:/plates"          # also \\\\server\\share, /Volumes/plates

A path that any site wrote is read at every other: what lies below `plates` there lies below `plates` here.
"""

from __future__ import annotations

import fnmatch
import re
import socket
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from core.errors import ShowError
from core.files import one_line

_DRIVE = re.compile(r"/?([A-Za-z]:)(?:[\\/]+|$)")
_UNC = re.compile(r"(?://|\\\\)(?=[^\\/])")
_PATTERN = re.compile(r"%0\d+d|%d")


@dataclass(frozen=True, slots=True)
class Places:
    """Where named folders lie at each site."""

    sites: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Site → name → folder, absolute as that site writes it."""
    here: str = ""
    """This machine's site; empty where it is none of them: paths are then taken as they are."""

    def local(self, path: str) -> str:
        """A path that some site wrote, as this machine has it; as it is where no site's folder holds it."""
        return self.at(self.here, path)

    def at(self, site: str, path: str) -> str:
        """The path as `site` writes it. The longest folder that holds it decides; among equals, `site`'s own."""
        wanted, folders = _parts(path), self.sites.get(site, {})
        held = [
            (len(root), owner == site, folders[name], len(root))
            for owner, named in self.sites.items()
            for name, folder in named.items()
            if name in folders and _holds(root := _parts(folder), wanted)
        ]
        if not held:
            return path
        _, own, folder, depth = max(held)
        return path if own else "/".join((_slashed(folder).rstrip("/"), *wanted[depth:]))


NOWHERE = Places()
"""No site is known: every path is as it is written."""


def places_of(sites: Mapping[str, Mapping[str, str]], env: Mapping[str, str], host: str = "") -> Places:
    """The places as seen from this machine: its site is RUSHES_SITE, else the first that is named as the machine is.

    `host`: its name; asked of the system where it is not given. Raises ShowError: RUSHES_SITE is no site of the show.
    """
    named = env.get("RUSHES_SITE", "")
    if named and sites and named not in sites:
        what = f"RUSHES_SITE is {one_line(named)!r}, which this show does not know."
        raise ShowError(what, where="rushes.toml", todo=f"Sites in [paths]: {', '.join(map(one_line, sites))}.")
    if named:
        return Places(sites, named)
    own = (host or socket.gethostname()).partition(".")[0].lower()
    return Places(sites, next((site for site in sites if fnmatch.fnmatchcase(own, site.lower())), ""))


def is_absolute(path: str) -> bool:
    """Whether any system takes the path as absolute: POSIX, with a drive letter, or UNC."""
    return path.startswith("/") or bool(_DRIVE.match(path) or _UNC.match(path))


def file_url(folder: str) -> str:
    """The `file:` URL of an absolute path of any system."""
    text = _slashed(folder)
    if _UNC.match(text):
        return "file:" + quote(text)
    return f"file://{'' if text.startswith('/') else '/'}{quote(text, safe='/:')}"


def spelled(path: Path) -> Path:
    """The path as the disk spells it. An é is one character or two (NFC, NFD), and Linux keeps them apart.

    What is there exactly as asked is taken; else a name that is the same to the eye; else the path as it came.
    A printf pattern (`é.%04d.exr`) is spelled as the files that fit it.
    """
    if str(path).isascii() or path.exists():
        return path
    found = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        found /= part if part.isascii() else _twin(found, part)
    return found


def _twin(folder: Path, name: str) -> str:
    """The name as it is in the folder, in whichever normal form; as it came where there is none."""
    try:
        there = sorted(other.name for other in folder.iterdir())
    except OSError:  # not there, or nobody may look: the name stays as it came
        return name
    pattern = _PATTERN.search(name)
    forms = [name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]
    if pattern:
        return next((form for form in forms if any(map(_fits(form), there))), name)
    wanted = _composed(name)
    return next((other for other in (name, *there) if other in there and _composed(other) == wanted), name)


def _fits(pattern: str) -> Callable[[str], bool]:
    head, tail = map(re.escape, _PATTERN.split(pattern, maxsplit=1))
    wanted = re.compile(rf"{head}-?\d+{tail}")
    return lambda name: wanted.fullmatch(name) is not None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _parts(path: str) -> tuple[str, ...]:
    text = _slashed(path)
    drive = _DRIVE.match(text)
    if drive:
        return (drive[1], *_names(text[drive.end() :]))
    if _UNC.match(text):
        return ("//", *_names(text))
    return ("/" if text.startswith("/") else "", *_names(text))


def _names(text: str) -> list[str]:
    return [name for name in text.split("/") if name not in ("", ".")]


def _slashed(path: str) -> str:
    """A Windows path with forward slashes, without the one that a URL puts before its drive; others as they are."""
    if _DRIVE.match(path):
        return path.replace("\\", "/").lstrip("/")
    return path.replace("\\", "/") if _UNC.match(path) else path


def _holds(root: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a path lies in a folder: in any normal form, and ignoring case where the system does."""
    ignore = root[0] == "//" or root[0].endswith(":")

    def same(name: str) -> str:
        return _composed(name).lower() if ignore else _composed(name)

    return len(root) <= len(path) and ".." not in path and [*map(same, root)] == [*map(same, path[: len(root)])]
