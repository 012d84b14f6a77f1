"""From a media reference to files on this machine: URLs, escapes, drive letters, image sequences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.files import one_line
from core.paths import spelled

_PATTERN = re.compile(r"%0\d+d|%d")


@dataclass(frozen=True, slots=True)
class Located:
    """Where a reference's media lie: `path` (a sequence as printf pattern), or why there is none."""

    path: Path | None
    key: str
    """The same for every reference to the same media; empty where there are none."""
    why: str = ""


def locate(reference: Any, bases: Sequence[Path], local: Callable[[str], str] = str) -> Located:
    """Find the media of an OTIO media reference. Relative URLs count from the first of `bases` that has them.

    `local`: from a path as the editor's machine has it to the same on this one (`Places.local`).
    """
    import opentimelineio as otio

    if isinstance(reference, otio.schema.ImageSequenceReference):
        if reference.frame_step not in (0, 1):
            return Located(None, "", f"an image sequence with a frame step of {reference.frame_step} is not supported")
        number = f"%0{reference.frame_zero_padding}d" if reference.frame_zero_padding > 1 else "%d"
        name = f"{reference.name_prefix}{number}{reference.name_suffix}"
        base = reference.target_url_base
        url = f"{base}{'' if not base or base.endswith(('/', chr(92))) else '/'}{name}"
        return _locate_url(url, bases, local)
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        return _locate_url(_as_pattern(reference.target_url), bases, local)
    if isinstance(reference, otio.schema.GeneratorReference):
        kind = one_line(reference.generator_kind, 40) or "generator"
        return Located(None, "", f"made by the editing program ({kind}): it has no media")
    return Located(None, "", "the clip has no media")


def exists(path: Path) -> bool:
    """True for a file, or for a printf pattern that at least one file fits."""
    pattern = _PATTERN.search(path.name)
    if pattern is None:
        return path.is_file()
    wanted = re.compile(re.escape(path.name[: pattern.start()]) + r"-?\d+" + re.escape(path.name[pattern.end() :]))
    return path.parent.is_dir() and any(wanted.fullmatch(found.name) for found in path.parent.iterdir())


def _locate_url(url: str, bases: Sequence[Path], local: Callable[[str], str]) -> Located:
    tried = []
    for text in dict.fromkeys(map(local, _spellings(url))):
        if "\0" in text:
            continue
        path = Path(text)
        for whole in map(spelled, [path] if path.is_absolute() else [base / path for base in bases]):
            if exists(whole):
                if _PATTERN.search(whole.name) and whole.name.count("%") > 1:
                    return Located(
                        None, url, f"a `%` in a sequence's name is not supported: {one_line(whole.name, 80)}"
                    )
                return Located(whole, str(whole))
            tried.append(whole)
    if not tried:
        return Located(None, url, f"its media are not a file: {one_line(url, 120)}")
    return Located(None, url, f"its media are not there: {one_line(str(tried[0]), 160)}")


def _spellings(url: str) -> Iterator[str]:
    """The paths that a URL may mean, likeliest first: file URLs are unescaped, plain paths come as they are first."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", url)
    if scheme and scheme[1].lower() != "file":
        return
    if scheme:
        rest = _unescape(url[len("file:") :])
        host = re.match(r"//([^/]*)(/.*)", rest)
        if host and host[1].lower() in ("", "localhost"):
            rest = host[2]
        # file:///C:/clips/a.mov on a machine without drive letters: kept, so the message shows what was asked for.
        yield rest
        yield rest.replace("\\", "/")
        return
    for text in (url, _unescape(url)):
        yield text
        yield text.replace("\\", "/")


def _unescape(url: str) -> str:
    """Percent escapes taken out, but not `%04d`: that is a frame number, and `%04` would be an escape."""
    parts = re.split(r"(%0\d+d|%d)", url)
    return "".join(part if number % 2 else unquote(part) for number, part in enumerate(parts))


def _as_pattern(url: str) -> str:
    """`name.####.exr` and `name.[1001-1092].exr` as `name.%04d.exr`."""
    name = re.split(r"[/\\]", url)[-1]
    folder = url[: len(url) - len(name)]
    span = re.search(r"\[(\d+)-\d+\]", name)
    if span:
        return folder + name[: span.start()] + f"%0{len(span[1])}d" + name[span.end() :]
    hashes = re.search(r"#+", name)
    if hashes and not re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", url):
        return folder + name[: hashes.start()] + f"%0{len(hashes[0])}d" + name[hashes.end() :]
    return url
