"""`publish`, `verify`: handing over, and checking that everything still is what it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Difference
from tui.commands import output
from tui.commands.here import AnyShots, Json, Out, here, tell_waiting

if TYPE_CHECKING:
    from core.audit.verify import Check
    from core.cut.outgoing.compare import Loss

app = typer.Typer()


PURPOSES = (
    "master (the editor's references, our versions beside them), delivery (one reference a clip: what plays), "
    "edl (CMX 3600, one list a video track), resolve (review movies, OTIO), resolve18 (the same for older readers), "
    "premiere (review movies, FCP7 XML), fcp (review movies, FCPXML), avid (EDL and ALE), "
    "rv (every version, to switch between), csv (one line a clip)"
)


@app.command(epilog="Example: rushes publish --for edl --out ~/turnover/cut_v003.edl")
def publish(
    purpose: Annotated[str, typer.Option("--for", metavar="NAME", help=f"What for: {PURPOSES}.")] = "master",
    cut: Annotated[str, typer.Option("--cut", metavar="NAME", help="Which cut of the show: see rushes cuts.")] = "main",
    out: Out = None,
    every: Annotated[bool, typer.Option("--all", help="In a master: every complete version of each shot.")] = False,
    site: Annotated[str, typer.Option("--site", metavar="NAME", help="Paths as [paths.NAME] in rushes.toml.")] = "",
    notes: Annotated[bool, typer.Option("--notes", help="Open notes on what plays go along, as markers.")] = False,
    bundle: Annotated[bool, typer.Option("--bundle", help="Its media too, as one .otioz beside it.")] = False,
    as_json: Json = False,
) -> None:
    """Write the timeline back for editorial, read it back, and compare it with what was received."""
    show = here()
    published = show.publish(purpose, out, cut=cut, every_version=every, site=site, notes=notes, bundle=bundle)
    tell_waiting(show)
    if as_json:
        output.document("published", published)
        return
    for warning in published.warnings:
        output.note(f"note: {warning}")
    for what, clips in _by_kind(published.losses).items():
        more = f" and {len(clips) - 3} more" if len(clips) > 3 else ""
        output.note(f"not carried: {what} ({', '.join(clips[:3])}{more})")
    for path in (published.path, *published.also):
        output.line(str(path))


def _by_kind(losses: Sequence[Loss]) -> dict[str, list[str]]:
    """What is lost → the clips that lose it; the report beside the file has them one by one."""
    found: dict[str, list[str]] = {}
    for loss in losses:
        found.setdefault(loss.what, []).append(loss.clip)
    return found


@app.command(epilog="Example: rushes verify sq010_sh0020")
def verify(patterns: AnyShots = None, as_json: Json = False) -> None:
    """Check plates, recipes, every frame's hash, and the history. Ends with 1 where something differs."""
    show = here()
    with output.Ticker("reading") as tick:
        verdict = show.verify(patterns or (), tick)
    wrong = [check for check in verdict.checks if check.state in ("changed", "missing")]
    if as_json:
        output.document("checks", verdict.checks)
    else:
        _print_checks(verdict.checks)
    if not verdict.ok:
        shots = sorted({check.shot for check in wrong if check.shot})
        where = ", ".join(shots[:8])
        todo = "Texts are in git. A lost picture: copy it back, or render it anew: rushes recipe SHOT --from vNNN."
        raise Difference(f"{len(wrong)} of {len(verdict.checks)} checks failed.", where=where, todo=todo)


def _print_checks(checks: Sequence[Check]) -> None:
    """What is not as it was, and what is still to come; then how many hold."""
    shown = [
        (check.shot, check.version, check.what, check.state, check.detail) for check in checks if check.state != "ok"
    ]
    if shown:
        output.table(("shot", "version", "what", "state", "detail"), shown, empty="")
    pending = sum(1 for check in checks if check.state == "pending")
    waits = f", {pending} pending" if pending else ""
    output.line(f"{len(checks) - len(shown)} of {len(checks)} checks hold{waits}.")
