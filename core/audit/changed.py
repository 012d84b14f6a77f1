"""A change list as one HTML file without scripts and without anything from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from core.audit.markup import Html, el
from core.audit.story import Scene, still
from core.cut.recut.change import FLAGS, Change
from core.errors import CutError, MediaError
from core.files import write_atomic
from core.media.embed import jpeg_uri
from core.progress import Tick
from core.viewing.pictures import Viewer

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MADE = "rushes change list"
_HEAD = 400
"""Characters in which a page says who made it."""
_STYLE = (
    "table { width: 100%; border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: 6px "
)
_STYLE += "14px 6px 0; border-bottom: 1px solid var(--rule) } td:first-child { width: 180px }"


def write_changed(
    viewer: Viewer, title: str, changes: Sequence[Change], clips: int, scenes: Sequence[Scene], out: Path, tick: Tick
) -> Path:
    """Write the list with a picture of each shot, of what plays or of the plate, as far as they are on this machine.

    Args:
        changes: what is to be told, of `clips` in all.

    Raises:
        CutError: `out` is there and no page of ours. DiskFull, Broken: nothing was written.
    """
    if out.exists() and _MADE not in out.read_text(encoding="utf-8", errors="replace")[:_HEAD]:
        todo = "Nothing was overwritten. Write it under another name."
        raise CutError("This file is not one that rushes wrote.", where=str(out), todo=todo)
    uris: dict[str, str] = {}
    for done, scene in enumerate(scenes):
        tick(scene.shot.id, done, len(scenes))
        with contextlib.suppress(MediaError):  # a picture that is not here is left out
            if scene.plays or scene.shot.plate:
                uris[scene.shot.id] = jpeg_uri(still(viewer, scene, scene.plays), 320, 78)
    write_atomic(out, changed_page(title, changes, uris, clips - len(changes)))
    return out


def changed_page(title: str, changes: Iterable[Change], uris: Mapping[str, str], rest: int) -> str:
    """The list as text; the same list gives the same text.

    Args:
        uris: shot → its picture as a `data:` URI.
        rest: clips that are as they were.
    """
    style = Html(files("core.audit").joinpath("page.css").read_text(encoding="utf-8") + _STYLE)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="generator", content=_MADE),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        el("title", title),
        el("style", style),
    )
    titles = el("tr", *(el("th", name) for name in ("", "clip", "what", "frames", "why")))
    table = el("table", titles, *(_row(change, uris) for change in changes))
    same = el("p", f"{rest} clip{'s show what they' if rest != 1 else ' shows what it'} showed.", cls="faint")
    body = el("body", el("header", el("h1", title)), table, same)
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _row(change: Change, uris: Mapping[str, str]) -> Html:
    uri = uris.get(change.shot, "")
    ends = (("head", change.head), ("tail", change.tail), ("slip", change.slip))
    numbers = [f"{name} {value:+d}" for name, value in ends if value]
    lacks = [f"{count} missing at the {end}" for end, count in
             (("head", change.missing_head), ("tail", change.missing_tail)) if count]  # fmt: skip
    return el(
        "tr",
        el("td", el("img", src=uri, alt=change.shot) if uri else None),
        el("td", el("b", change.clip or change.was), el("br"), change.shot if change.shot != change.clip else None),
        el("td", "; ".join(FLAGS.get(flag, flag) for flag in change.flags)),
        el("td", ", ".join([*numbers, *lacks])),
        el("td", change.why, cls="soft"),
    )
