"""A show goes onto a new cut: shots keep ids, anchors, handles and what was made for them. Files, then a commit."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.conform import Case, Conform, Wanted, case_of, line_of, shown_elsewhere, use_of, wanted
from core.cut.digests import Digests
from core.cut.incoming.bundle import as_received, unpack
from core.cut.incoming.read import PLAIN, cut_text
from core.cut.recut.align import zero
from core.cut.recut.change import NEW
from core.cut.recut.content import described
from core.cut.recut.facts import Clip, is_renamed
from core.cut.shots import Shot, Use, make_shots, shot_text
from core.errors import BadInput
from core.files import one_line, safe_text, sha256_bytes, write_all, write_atomic, write_once
from core.history.events import Act
from core.history.git import History
from core.layout import Layout, Settings
from core.media.read import probe
from core.progress import Tick, silent
from core.recipe.toml import toml_value
from core.rows import ShotRow

_TOLD = 100
"""Changes that a commit's body lists."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written."""

    written: bool
    """False: the show was on this cut already."""
    commit: str
    """Empty where nothing was written, or where the commit waits."""
    new: tuple[str, ...]
    """Shots that the cut brought."""
    omitted: tuple[str, ...]
    """Shots that no cut shows any more; their versions are kept."""
    wanted: tuple[Wanted, ...]
    warnings: tuple[str, ...]


def apply(
    layout: Layout, settings: Settings, history: History, rows: Sequence[ShotRow], asked: Conform,
    answers: Mapping[str, str], tick: Tick = silent,
) -> Applied:  # fmt: skip
    """Bring the show onto the new cut, and commit that.

    Shots keep ids, anchors, handles and all that was made for them; a shot that the cut shows no more loses its use.
    What the editor sent is kept beside what came before.

    Args:
        answers: `Change.key` → a shot id, or `new`, for every question; they are remembered in the show.

    Raises:
        BadInput: a question without an answer, or an answer to none. CutError. HistoryError: written, not committed.
    """
    case = case_of(layout, settings, rows, asked, answers, tick)
    _answered(case, answers)
    shots = {row.shot.id: row.shot for row in rows}
    elsewhere = shown_elsewhere(shots.values(), asked.name)
    ids = _give_ids(case, elsewhere)
    after, warnings = _shots_after(layout, settings, case, ids, shots, elsewhere, asked.file, tick)
    paths = _write(layout, case, after, asked.file)
    new = tuple(shot for shot in after if shot not in shots)
    omitted = tuple(shot for shot, now in after.items() if not now.uses and shots[shot].uses)
    commit = history.commit(_act(layout, asked, case, new, omitted, paths)) if paths else None
    lacking = tuple(wanted(case.holdings, {**shots, **after}.values()))
    return Applied(bool(paths), commit or "", new, omitted, lacking, (*case.warnings, *warnings))


def _answered(case: Case, answers: Mapping[str, str]) -> None:
    """Raises BadInput where a question is left, or an answer names no shot that was asked for."""
    known = {NEW, *(shot.lower() for shot in case.holdings)}
    for question, said in answers.items():
        if said.lower() not in known:
            what = f"{one_line(said)!r} is no shot of this show."
            raise BadInput(what, where=one_line(question), todo="Answer with a shot's id, or with `new`.")
    left = [change for change in case.found.changes if change.key]
    if left:
        first = left[0]
        shots = ", ".join((*first.candidates, NEW))
        what = f"{len(left)} clips could be one shot or another; the first is {one_line(first.clip) or 'unnamed'}."
        raise BadInput(what, where=one_line(first.key), todo=f"Say which: --answer 'CLIP=SHOT', one of {shots}.")


def _give_ids(case: Case, elsewhere: Collection[str]) -> list[str]:
    """Clip ids for the new cut: what is the same clip keeps the id that the show knows it by. One for each clip.

    `elsewhere`: shots that other cuts show. A clip that plays another source now is none of those: they go on with
    theirs, so it becomes a shot of its own.
    """
    from otio_adapters import versions

    links = case.found.links
    whole = {link.shot for link in links if link.frames and not link.replaced}.union(elsewhere)
    kept = {
        n: case.old.clips[link.was].id
        for n, link in enumerate(links)
        if link.was is not None and not (link.replaced and link.shot in whole)
    }
    taken = set(kept.values())
    known = [versions.get_text(clip, "clip_id") for clip in case.clips]
    ids = [kept.get(n) or (own if own not in taken else str(uuid.uuid4())) for n, own in enumerate(known)]
    for n, clip in enumerate(case.clips):
        marks = versions.get(clip).get("inferred", [])
        if case.new.form not in PLAIN and _give_range(clip, case, n):
            marks = sorted({*marks, "available_range"})
        told = {"clip_id": ids[n], **({"inferred": marks} if marks else {}), **_plays(case.new.clips[n])}
        versions.put(clip, told)
    return ids


def _plays(clip: Clip) -> dict[str, str]:
    """Which version of ours a clip plays, where its file does not say it: kept for when the file is gone."""
    from otio_adapters import versions

    return {versions.PLAYS: " ".join(clip.own)} if clip.own and is_renamed(clip) else {}


def _give_range(clip: Any, case: Case, n: int) -> bool:
    """Say what the old cut knew of the media and a list does not say: without it nobody could place our versions."""
    import opentimelineio as otio

    from otio_adapters import versions

    link, reference = case.found.links[n], versions.editor_reference(clip)
    old = case.old.clips[link.was] if link.was is not None else None
    if old is None or old.media.available is None or old.media.rate is None or reference is None:
        return False
    if reference.available_range is not None or link.replaced:
        return False
    span, rate = old.media.available, float(old.media.rate)
    home = case.holdings.get(link.shot)
    if old.own and home and (plate := home.shot.plate):
        # The old cut played a version of ours, which begins later than the plate that source times count from.
        begin = zero(old, home) + plate.media.first / plate.rate
        span = (begin, begin + len(plate.media) / plate.rate)
    first, last = (otio.opentime.RationalTime(float(at * old.media.rate), rate) for at in span)
    reference.available_range = otio.opentime.TimeRange(first, last - first)
    return True


def _shots_after(
    layout: Layout, settings: Settings, case: Case, ids: Sequence[str], shots: Mapping[str, Shot],
    elsewhere: Collection[str], file: Path, tick: Tick,
) -> tuple[dict[str, Shot], tuple[str, ...]]:  # fmt: skip
    """The shots that differ from before, and what to know of them."""
    name = case.name
    uses: dict[str, list[Use]] = {}
    for clip, link, clip_id in zip(case.new.clips, case.found.links, ids, strict=True):
        if link.shot and link.frames:
            uses.setdefault(link.shot, []).append(use_of(clip, clip_id, link.frames, case.new.rate, name))
    unknown = {ids[n] for n, link in enumerate(case.found.links) if not (link.shot and link.frames)}
    source = file
    if file.suffix.lower() == ".otioz":
        source = unpack(file, layout.unpacked(name), tick)
    write_atomic(layout.source(name), str((source if source.is_dir() else source.parent).absolute()))
    made: tuple[Shot, ...] = ()
    warnings: tuple[str, ...] = ()
    digests = Digests(layout.digests)
    if unknown:
        made, warnings = make_shots(
            case.cut, settings, probe=probe, root=layout.root, existing=shots, source=source, into=name,
            local=layout.places.local, only=unknown,
            apart={link.shot for link in case.found.links if link.replaced and link.shot in elsewhere},
            digests=digests,
        )  # fmt: skip
    after = {shot.id: shot for shot in made}
    for shot in {**shots, **after}.values():
        own = [use for use in shot.uses if use.cut == name and use.clip_id in unknown]
        own += uses.get(shot.id, [])
        others = tuple(use for use in shot.uses if use.cut != name)
        after[shot.id] = replace(shot, uses=(*others, *sorted(own, key=lambda use: (use.record, use.track))))
    for shot_id, renewed in case.renewed.items():
        plate, said = described(renewed, layout.root, layout.find, probe, digests)
        after[shot_id] = replace(after[shot_id], plate=plate)
        warnings += said
    digests.save()
    return {shot: now for shot, now in after.items() if shots.get(shot) != now}, warnings


def _write(layout: Layout, case: Case, after: Mapping[str, Shot], file: Path) -> list[str]:
    """Write what differs. Returns the paths, relative to the show."""
    name, (suffix, data) = case.name, as_received(file)
    paths = []
    sent = layout.turnovers(name)
    newest = next(reversed(sent), 0)
    if not sent or sent[newest].read_bytes() != data or sent[newest].suffix != suffix:
        paths.append(layout.received(name, suffix, newest + 1))
        write_once(paths[-1], data)
    texts = {layout.shot(shot.id): shot_text(shot) for shot in after.values()}
    texts[layout.cut(name)] = cut_text(case.cut)
    if case.answers:
        lines = (f"{toml_value(key)} = {toml_value(said)}\n" for key, said in sorted(case.answers.items()))
        texts[layout.answers(name)] = "".join(lines)
    differ = {path: text for path, text in texts.items() if not path.exists() or path.read_bytes() != text.encode()}
    write_all(differ)
    return [path.relative_to(layout.root).as_posix() for path in (*paths, *differ)]


def _act(
    layout: Layout, asked: Conform, case: Case, new: Sequence[str], omitted: Sequence[str], paths: Sequence[str]
) -> Act:
    changed = [change for change in case.found.changes if change.flags not in (("unchanged",), ("shifted",))]
    lines = [safe_text(line_of(change)) for change in changed[:_TOLD]]
    if len(changed) > _TOLD:
        lines.append(f"and {len(changed) - _TOLD} more")
    renewed = list(case.renewed.items())[:_TOLD]
    lines += [f"{shot}: plate {now.plate.sha256[:12]} → {now.sha256[:12]}" for shot, now in renewed]
    counts = {"changed": len(changed), "new shots": len(new), "omitted": len(omitted)}
    said = ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "nothing but places changed"
    received = sha256_bytes(as_received(asked.file)[1])
    return Act(
        event="conform", subject=f"{asked.name}: conformed to {one_line(asked.file.name, 60)}: {said}",
        paths=tuple(paths), body="\n".join(lines),
        trailers=(("Rushes-Cut", asked.name), ("Rushes-Received", f"sha256:{received}")),
    )  # fmt: skip
