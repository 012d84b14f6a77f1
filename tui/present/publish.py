"""Publishing on the screens: the forms, what would go out, and what was written and lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.files import one_line
from tui.present.inspector import pair
from tui.present.rows import circle_mark
from tui.present.spans import STATUS_STYLES, Line, Style, padded

if TYPE_CHECKING:
    from core.cut.outgoing.publish import Published
    from core.outgoing import Going


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a cut is handed over."""

    name: str
    suffix: str
    about: str
    holds_more: bool
    """It can hold versions that do not play."""
    bundle: bool = False
    """It can bring its media along."""


def form_line(form: Form, width: int) -> Line:
    """`delivery  .otio  one reference a clip: what plays`."""
    return ((f" {form.name:<10}", "bold"), (f"{form.suffix:<8}", "dim"), (form.about, ""))


def headline(
    name: str, form: Form | None, site: str, every: bool, *, notes: bool = False, bundle: bool = False, cut: str = ""
) -> str:
    """`Publish  siesta · trailer · master · every version · with notes · paths as at farm`; `cut`: of several."""
    parts = [f"Publish  {one_line(name, 40)}", one_line(cut, 40), form.name if form else ""]
    parts += ["every version"] if every and form and form.holds_more else []
    parts += ["with notes"] if notes else []
    parts += ["with its media"] if bundle and form and form.bundle else []
    parts += [f"paths as at {one_line(site, 40)}"] if site else []
    return " · ".join(filter(None, parts))


def doubts(going: Going) -> list[str]:
    """What somebody should look at before a shot goes out."""
    found = [going.refused] if going.refused else []
    found += ["a retake of it was asked for"] if going.status == "rtk" else []
    found += ["on hold"] if going.status == "hld" else ["omitted"] if going.status == "omt" else []
    found += ["circled as temp"] if going.temp else []
    found += [f"{going.newer} is newer"] if going.newer else []
    return [*found, *(one_line(question, 200) for question in going.questions)]


def summary(going: Sequence[Going]) -> Line:
    """`5 of 7 shots play a version of ours · 2 to look at first`; or why nothing can be written."""
    refused = [one for one in going if one.refused]
    if refused:
        return ((f"Nothing can be written yet: {one_line(refused[0].refused, 300)}", "bad"),)
    playing = sum(bool(one.plays) for one in going)
    unsure = sum(bool(doubts(one)) for one in going)
    head: Line = ((f"{playing} of {len(going)} shots play a version of ours", "bold"),)
    return (*head, (f" · {unsure} to look at first", "warn")) if unsure else head


def going_line(going: Going, width: int) -> Line:
    """`dream_sh040  v002 temp  apr  2 clips  v001 v002  v003 is newer`."""
    plays = circle_mark(going.plays, "temp" if going.temp else "") if going.plays else "–"
    clips = f"{going.clips} clip{'s' if going.clips != 1 else ''}" if going.clips else "not in the cut"
    others = " ".join(version for version in going.versions if version != going.plays)
    worry = "; ".join(doubts(going))
    style: Style = "bad" if going.refused else "warn"
    rest = worry or ("" if going.plays else "the editor's picture stays")
    return (
        (f" {'!' if worry else ' '} ", style),
        (padded(going.shot, max(10, min(24, width - 50))), "" if going.plays else "dim"),
        (f" {plays:<10}", "bold" if going.plays else "dim"),
        (f"{going.status:<4}", STATUS_STYLES.get(going.status, "")),
        (f"{clips:<8}", "dim"),
        (f" {others}" if others else "", "dim"),
        (f"  {rest}", style if worry else "dim"),
    )


def going_lines(going: Sequence[Going], width: int) -> list[Line]:
    """What would go out, what is doubtful first said in one line."""
    return [summary(going), ((" ", ""),), *(going_line(one, width) for one in going)]


def written_lines(published: Published, width: int) -> Iterator[Line]:
    """Where it lies, what it holds, what the form could not carry, clip by clip."""
    yield ((f"Written: {one_line(published.path.name)}", "good"),)
    yield from pair("lies in", one_line(str(published.path.parent), 2000), width)
    for path in published.also:
        yield from pair("with it", one_line(path.name, 500), width)
    yield from pair("holds", f"{published.clips} clips with a version of ours", width)
    yield from pair("sha256", published.sha256, width, "dim")
    for warning in published.warnings:
        yield from pair("look at", one_line(warning, 1000), width, "warn")
    if not published.losses:
        yield (("Read back and compared with the cut: nothing of it was lost.", "good"),)
        return
    yield ((f"Not carried, {len(published.losses)} in all:", "bold"),)
    wide = min(30, max(len(loss.clip) for loss in published.losses))
    for loss in published.losses:
        yield ((f"  {padded(one_line(loss.clip), wide)}  ", "dim"), (one_line(loss.what, 500), ""))
