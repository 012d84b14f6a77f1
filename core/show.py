"""The façade: what a person can do with a show. Commands and screens call this and nothing below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core import absent, drafts, overview, reviewing, submit, wedges
from core.cut.shots import Shot
from core.drafts import Draft, Kept
from core.errors import ShowError
from core.farm import devices, follow, spawn
from core.farm.detail import JobDetail, job_detail, job_log
from core.farm.jobs import Place
from core.farm.ledger import Job, Ledger
from core.files import one_line
from core.frames import rate_of
from core.history.change import CommitChange, commit_change
from core.history.events import Entry
from core.history.git import History
from core.history.repo import copied_from
from core.history.review import Box, ReviewEvent
from core.index import Indexed, read_index, refreshed, state_of
from core.layout import (
    MAIN,
    SETTINGS,
    Layout,
    Settings,
    find_root,
    layout_of,
    read_settings,
    version_name,
    version_number,
)
from core.progress import Tick, silent
from core.recipe.changes import Change, changes
from core.reviewing import Kind, Remark, ShotNote, Undone
from core.rows import ShotRow, VersionRow, Waiting, dailies
from core.version import Version, read_version

if TYPE_CHECKING:
    from core.audit.pictures import Comparison
    from core.audit.story import Scene, Sheet
    from core.audit.verify import Verdict
    from core.camera_log import Logged
    from core.carry import Applied
    from core.changes import ChangeList
    from core.conform import Conform, Wanted
    from core.cut.outgoing.publish import Published
    from core.cuts import CutRow
    from core.outgoing import Going
    from core.recipe.complete import Known
    from core.register import ModelRow
    from core.relink import Hit, Relinked
    from core.viewing.cutplay import CutPlay
    from core.viewing.pictures import Viewer
    from core.viewing.proxies import Made


class Show:
    """One show, opened. Light: heavy libraries are loaded by the methods that need them."""

    def __init__(self, layout: Layout, settings: Settings, env: Mapping[str, str], remark: str = "") -> None:
        """`remark`: what opening it found out that a person should know."""
        self.layout = layout
        self.settings = settings
        self.env = env
        self.history = History(layout, env)
        self.remark = remark
        self._indexed: Indexed | None = None

    # open and make

    @classmethod
    def open(cls, start: Path, env: Mapping[str, str]) -> Show:
        """The show that `start` lies in. Raises ShowError."""
        root = find_root(start)
        settings = read_settings(root / SETTINGS)
        first = copied_from(root)
        state = state_of(root, env)
        copied = f"this is a copy of the show in {one_line(first)}; its queue and drafts are its own from now on"
        return cls(layout_of(root, settings, state, env), settings, env, copied if first else "")

    @classmethod
    def create(
        cls, cut: Path, folder: Path, env: Mapping[str, str], name: str = "", tick: Tick = silent, rate: str = "",
        timeline: str = "",
    ) -> tuple[Show, tuple[str, ...]]:  # fmt: skip
        """A new show from an editor's cut, and what to know of the cut. Raises CutError, ShowError, BadInput.

        `rate`: frames a second of an EDL, which does not say; empty: guessed. `timeline`: which one of a file that
        holds several.
        """
        from core.turnover import new_show

        layout, warnings = new_show(cut, folder, env, name, tick, rate, timeline)
        return cls(layout, read_settings(layout.settings), env), warnings

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.layout.ledger, root=self.layout.root)

    @property
    def desk(self) -> submit.Desk:
        return submit.Desk(self.layout, self.settings, self.history, self.ledger, self.env)

    @cached_property
    def viewer(self) -> Viewer:
        from core.viewing.pictures import Viewer

        return Viewer(self.layout, self.settings)

    # look

    def shot(self, shot: str) -> Shot:
        """Raises ShowError where there is no such shot."""
        found = overview.find_shot(self.layout, shot)
        return found or self._all_shots()[self.select([shot])[0]]

    def shots(self) -> list[ShotRow]:
        """The shot list, in cut order."""
        former = self._indexed or read_index(self.layout.state)
        self._indexed = refreshed(self.layout, self.settings, self.ledger.standings(), former)
        return list(self._indexed.rows)

    def cut_play(self, cut: str = MAIN) -> CutPlay:
        """What every frame of the cut shows. Reads the whole timeline: in a thread. Raises CutError, ShowError."""
        from core.cut.incoming.read import read_cut
        from core.cut.segments import segments
        from core.viewing.cutplay import CutPlay, on_show

        rows = self.shots()
        found = segments(read_cut(self.layout.cut(cut)), {row.shot.id: row.shot for row in rows}, cut)
        return CutPlay(found, on_show(rows))

    def cuts(self) -> list[CutRow]:
        """The cuts that there are, `main` first. Reads each timeline and the history. Raises CutError, HistoryError."""
        from core.cuts import cut_rows

        return cut_rows(self.layout, self.shots(), self.history)

    def select(self, patterns: Sequence[str]) -> list[str]:
        """Shot ids by globs and filters, in cut order. Raises ShowError where nothing matches."""
        return overview.select(self.shots(), patterns)

    def versions(self, shot: str) -> list[VersionRow]:
        """A shot's versions, oldest first."""
        found = self.shot(shot).id
        return overview.version_rows(self.layout, found, self.ledger.standings(found))

    def version(self, shot: str, version: str) -> Version:
        """Raises ShowError where there is no such version."""
        found = self.shot(shot).id
        return read_version(self.layout, self.ledger.standings(found), found, version_name(version_number(version)))

    def elsewhere(self, rows: Sequence[ShotRow] | Sequence[VersionRow]) -> list[str]:
        """What of these shots (their plates) or versions (their frames) is not on this machine, in words."""
        shots = [row.shot for row in rows if isinstance(row, ShotRow)]
        versions = [row for row in rows if isinstance(row, VersionRow)]
        return [*absent.absent_plates(self.layout, shots), *absent.absent_frames(self.layout, versions)]

    def changes(self, shot: str, a: str, b: str) -> tuple[Change, ...]:
        """What differs between two recipes, word by word in prompts."""
        return changes(self.version(shot, a).recipe, self.version(shot, b).recipe)

    def log(self, shot: str | None = None, limit: int | None = None, skip: int = 0) -> list[Entry]:
        """The show's history, or one shot's, newest first, without the newest `skip`. See `events.matching`."""
        return self.history.log(self.shot(shot).id if shot else None, limit, skip)

    def commit_changes(self, commit: str) -> CommitChange:
        """What one commit of the history changed, file by file. Raises ShowError: no such commit."""
        return commit_change(self.history.git, commit)

    # write and render

    def draft(
        self,
        shot: str,
        sets: Sequence[str] = (),
        from_version: str = "",
        look: str = "",
        text: str | None = None,
        name: str = "draft",
        instead_of: str | None = None,
    ) -> Draft:
        """The shot's draft of this name, changed as asked. `text` replaces it as typed, whether it holds or not.

        `instead_of`: what the same hand saved a moment ago; see `write_draft`.

        Raises:
            RecipeError: a value that is not allowed; the draft stays as it was.
        """
        found = self.shot(shot)
        if text is not None:
            return drafts.write_draft(self.layout, found, text, name, instead_of)
        if not (sets or from_version or look):
            return drafts.read_draft(self.layout, found, name)
        return drafts.edited(self.layout, found, sets=sets, from_version=from_version, look=look, name=name)

    def drafts(self, shot: str) -> tuple[Kept, ...]:
        """The shot's drafts by name, with the earlier texts of each."""
        return drafts.kept(self.layout, self.shot(shot).id)

    def since_parent(self, draft: Draft) -> tuple[Change, ...]:
        """What a draft that holds changes in the version it goes on from. Raises ShowError, RecipeError."""
        return drafts.since_parent(self.layout, draft)

    def known(self, shot: str) -> Known:
        """The names that completion offers for a recipe of the shot. Reads every recipe: once, in a thread."""
        from core.register import known

        return known(self.layout, self.settings, self.env, self.shot(shot).id)

    def generate(
        self, shots: Sequence[str], summary: str = "", *, missing: bool = False, tell: submit.Tell = submit.silent
    ) -> list[Job]:
        """Freeze each shot's draft as its next version, commit it, queue it, and start a worker.

        `missing`: instead queue what existing versions lack: frames that were never rendered, and those that the cut
        needs now, as a new version by the same recipe that takes over the finished frames. `tell`: gets warnings.

        Raises RecipeError, ModelError, DiskFull, HistoryError.
        """
        chosen = [self._with_plate(shot) for shot in shots]
        short = {wanted.shot: wanted for wanted in self._wanted(shots)} if missing else {}
        jobs: list[Job] = []
        try:
            for shot in chosen:
                if missing:
                    rows = self.versions(shot.id)
                    jobs += submit.submit_missing(self.desk, shot, rows)
                    for line in absent.absent_frames(self.layout, rows):
                        tell(line)
                    if shot.id in short:
                        longer = submit.submit_longer(self.desk, shot, short[shot.id], rows, summary, tell)
                        jobs += [longer] if longer is not None else []
                    continue
                job, version = submit.submit_version(
                    self.desk, shot, drafts.read_draft(self.layout, shot), summary=summary, tell=tell
                )
                drafts.went_out(self.layout, shot, version)
                jobs.append(job)
        finally:  # what was queued before one of them failed is worked on
            if jobs:
                self.start_worker()
        return jobs

    def preview(self, shot: str, frames: tuple[int, ...]) -> Job:
        """Render test frames of the draft: local, no number, no commit."""
        found = self._with_plate(shot)
        job = submit.submit_frames(self.desk, found, drafts.read_draft(self.layout, found), frames)
        self.start_worker()
        return job

    def wedge(self, shot: str, frame: int, vary: Sequence[str]) -> Job:
        """Render one frame over many values."""
        found = self._with_plate(shot)
        job = wedges.submit_wedge(self.desk, found, drafts.read_draft(self.layout, found), frame, vary)
        self.start_worker()
        return job

    def wedge_sheet(self, job: str) -> Path:
        """The contact sheet of a wedge, as far as it is rendered."""
        return wedges.wedge_sheet(self.viewer, self.ledger, self.ledger.job(job))

    def pick(self, shot: str, number: int, job: str = "") -> Draft:
        """Make picture `number` (from 1) of the shot's newest (or the named) wedge the draft. Raises ShowError."""
        found = self.shot(shot)
        made = [job for job in self.ledger.jobs() if job.shot == found.id and job.kind == "wedge"]
        if not job and not made:
            raise ShowError(
                f"{found.id} has no wedge yet.",
                todo=f"Make one: rushes wedge {found.id} --frame F --vary paint.seed=16",
            )
        chosen = self.ledger.job(job) if job else max(made, key=lambda wedge: (wedge.created, wedge.id))
        return wedges.pick(self.desk, self.viewer, found, chosen, number)

    def models(self, *, check: bool = False) -> list[ModelRow]:
        """Every model that the show names: what is here, what is missing. `check` compares the sha256 of files."""
        from core.register import models

        return models(self.layout, self.settings, self.env, check=check)

    def pin_model(self, name: str) -> str:
        """Write a model's sha256 into the show's register, and return it. Raises ShowError, ModelError."""
        from core.register import pin

        return pin(self.layout, self.settings, self.env, name)

    # the queue

    def jobs(self) -> list[Job]:
        """Every job of this clone, as the worker will take them, the finished ones last."""
        return self.ledger.jobs()

    def unserved(self) -> int:
        """How many jobs wait while no worker of yours is alive: they go on when one is started."""
        waiting = [job for job in self.jobs() if job.state == "queued" or self.ledger.left_behind(job)]
        return 0 if not waiting or spawn.alive(self.layout.state.parent.parent) else len(waiting)

    def steer(self, job: str, act: Literal["cancel", "retry"] | Place) -> Job:
        """Stop a job (finished frames stay), queue it again, or move it. Raises ShowError where that cannot be."""
        if act == "cancel":
            return self.ledger.cancel(job)
        if act != "retry":
            return self.ledger.move(job, act)
        done = self.ledger.retry(job)
        self.start_worker()
        return done

    def job_detail(self, job: str) -> JobDetail:
        """Everything about one job: its frames, speed, attempts and log. Raises ShowError."""
        return job_detail(self.ledger, self.layout.state.parent.parent, self.env, job)

    def job_log(self, job: str) -> tuple[str, ...]:
        """What workers wrote about a job. Raises ShowError."""
        return job_log(self.layout.state.parent.parent, self.ledger.job(job).id)

    def follow(self, jobs: Sequence[str]) -> Iterator[follow.Progress]:
        """Watch jobs until they are done."""
        taken_by = partial(devices.taken_by, self.layout.state.parent.parent, self.env)
        return follow.follow(self.ledger, jobs, self.start_worker, taken_by)

    def start_worker(self) -> None:
        """Start a worker that outlives this process; one that is already alive takes the work."""
        spawn.start(self.layout.state.parent.parent, self.env)

    # judge

    def review(
        self, shot: str, version: str, kind: Kind, text: str = "", frames: tuple[int, int] | None = None, *,
        temp: bool = False, box: Box | None = None, category: str = "",
    ) -> ReviewEvent:  # fmt: skip
        """Say one thing of a version: see `Remark`. Raises ShowError, BadInput."""
        return self.review_all([Remark(shot, version, kind, text, frames, temp, box, category)])[0]

    def review_all(self, remarks: Sequence[Remark]) -> tuple[ReviewEvent, ...]:
        """Say several things as one act: all or none, one commit, one undo. Raises ShowError, BadInput."""
        named = [replace(remark, shot=self.shot(remark.shot).id) for remark in remarks]
        return reviewing.say(self.layout, self.history, self.ledger.standings, named)

    def undo(self, shot: str = "", *, redo: bool = False) -> Undone:
        """Take back your last act on a shot, or anywhere; once more goes further back. Raises ShowError."""
        return reviewing.take_back(self.layout, self.history, self.shot(shot).id if shot else "", redo=redo)

    def notes(self, shots: Sequence[str] = (), *, only_open: bool = False) -> list[ShotNote]:
        """The notes, in cut order. Raises ShowError where `shots` match nothing."""
        return reviewing.notes(self.layout, self.select(shots), only_open=only_open)

    def dailies(self) -> tuple[Waiting, ...]:
        """What awaits a review now, in cut order."""
        return dailies(self.shots(), datetime.now(UTC))

    def compare(self, shot: str, a: str, b: str, out: Path | None = None, tick: Tick = silent) -> Comparison:
        """Numbers for every common frame, what differs in the recipes, and a picture. Raises ShowError."""
        from core.audit.pictures import compare_versions

        one, two = self.version(shot, a), self.version(shot, b)
        target = out or self.layout.media / "compare" / f"{one.row.shot}_{one.row.version}_{two.row.version}.png"
        common = one.range.intersect(two.range)
        told = changes(one.recipe, two.recipe)
        return compare_versions(self.viewer, one.source, two.source, common, told, target, tick)

    def sheet(self, out: Path | None = None, tick: Tick = silent, *, plates: bool = False) -> Sheet:
        """One frame of every shot in cut order: its circled version, else the newest complete one, else the plate."""
        from core.audit.story import draw_sheet

        target = out or self.layout.media / "sheet.png"
        name, rate = self.settings.name, self.settings.rate
        return draw_sheet(self.viewer, name, rate, self._scenes(), target, plates=plates, tick=tick)

    def page(
        self,
        out: Path | None = None,
        shots: Sequence[str] = (),
        tick: Tick = silent,
        *,
        verdict: Verdict | None = None,
    ) -> Path:
        """The show, or some of its shots, on one HTML page. `verdict`: one that was made just now, else it is made.

        Raises ShowError, BadInput.
        """
        from core.audit import page, story
        from core.audit.gather import write_page

        history = self.log()
        scenes = self._scenes(shots, history)
        told = page.Story(
            name=self.settings.name,
            facts=story.in_short(scenes, self.settings.rate),
            scenes=scenes,
            training={name: entry.get("training_data", "") for name, entry in self.settings.models.items()},
            handed=story.handed_over(self.layout),
            checks=(verdict or self.verify(shots, tick)).checks,
            commit=history[0].commit,
            at=history[0].at,
        )
        return write_page(self.viewer, told, out or self.layout.media / "page.html", tick)

    # hand over

    def outgoing(self, purpose: str = "master", *, cut: str = MAIN, every_version: bool = False) -> tuple[Going, ...]:
        """What `publish` would hand over now, shot by shot; nothing is written. Raises BadInput."""
        from core.outgoing import outgoing

        return outgoing(self.layout, self.shots(), purpose, cut=cut, every_version=every_version)

    def publish(
        self, purpose: str = "master", out: Path | None = None, *, cut: str = MAIN, every_version: bool = False,
        site: str = "", notes: bool = False, bundle: bool = False,
    ) -> Published:  # fmt: skip
        """Write a cut for editorial, read it back, commit what went out. Raises CutError, ShowError, BadInput."""
        from core.handover import publish

        return publish(
            self.layout,
            self.settings,
            self.history,
            self.shots(),
            self.versions,
            purpose,
            out,
            cut=cut,
            every_version=every_version,
            site=site,
            notes=notes,
            bundle=bundle,
        )

    def find_media(self, shots: Sequence[str] = (), folders: Sequence[Path] = (), tick: Tick = silent) -> list[Hit]:
        """Look for the media that shots lack, of these shots or all; nothing is written. See `core.relink.search`.

        `folders`: with all that is in them; none: the one that the show lies in. Raises ShowError, BadInput.
        """
        from core.relink import search

        every = self._all_shots()
        chosen = [every[shot] for shot in self.select(shots)] if shots else every.values()
        return search(self.layout, chosen, folders or [self.layout.root.parent], tick)

    def relink(self, hits: Sequence[Hit], tick: Tick = silent) -> Relinked:
        """Give shots the media that `find_media` found, hashed, in one commit. Raises HistoryError."""
        from core.relink import relink

        done = relink(self.layout, self.settings, self.history, self._all_shots(), hits, tick)
        if done.shots:
            self.start_proxies(done.shots)
        return done

    def read_log(self, path: Path) -> tuple[list[Logged], tuple[str, ...]]:
        """What an Avid Log Exchange file says of the shots, in cut order, and its lines that cannot be used.

        Nothing is written. See `core.camera_log.match_log`. Raises CutError.
        """
        from core.camera_log import match_log
        from core.cut.incoming.ale import read_ale

        log = read_ale(path)
        return match_log(log, (row.shot for row in self.shots())), log.warnings

    def record_log(self, found: Sequence[Logged]) -> tuple[str, ...]:
        """Write what `read_log` found into the shots, in one commit; the shots that changed. Raises HistoryError."""
        from core.camera_log import record_log

        return record_log(self.layout, self.history, found)

    def conform(self, cut: Path, name: str = MAIN, timeline: str = "", rate: str = "", tick: Tick = silent) -> Conform:
        """What a new cut changes, clip by clip; nothing is written. Raises CutError (Several), BadInput.

        `timeline`: which one of a file that holds several. `rate`: frames a second of an EDL, which does not say;
        empty: as the cut that the show has, or as the show.
        """
        from core.conform import compare

        said = rate_of(rate) if rate else None
        return compare(self.layout, self.settings, self.shots(), cut, name, timeline, said, tick)

    def cut_changes(self, a: str, b: str) -> ChangeList:
        """What is different between two cuts: files, cuts of the show or publishes. Raises BadInput, CutError."""
        from core.changes import change_list

        return change_list(self.layout, self.settings, self.shots(), a, b)

    def changes_page(self, found: ChangeList, out: Path | None = None, tick: Tick = silent) -> Path:
        """A change list as one HTML file, with a picture of each shot. Raises DiskFull, Broken."""
        from core.audit.changed import write_changed

        title = f"{self.settings.name}: {found.a} → {found.b}"
        scenes = self._scenes(sorted({change.shot for change in found.different if change.shot}) or ())
        target = out or self.layout.media / "changes.html"
        return write_changed(self.viewer, title, found.different, len(found.changes), scenes, target, tick)

    def apply_conform(self, conform: Conform, answers: Mapping[str, str] | None = None, tick: Tick = silent) -> Applied:
        """Bring the show onto that cut; shots keep their anchors, versions and notes. One commit.

        `answers`: for every question its `key` → a shot id, or `new`.

        Raises CutError, HistoryError; BadInput: a question without an answer.
        """
        from core.carry import apply

        return apply(self.layout, self.settings, self.history, self.shots(), conform, answers or {}, tick)

    def extend(self, wanted: Wanted) -> Draft:
        """The draft of a shot whose version is too short for the cut: that version's recipe over the new range."""
        span = f"range={wanted.range.first}-{wanted.range.last}"
        return self.draft(wanted.shot, [span], from_version=wanted.version)

    def verify(self, shots: Sequence[str] = (), tick: Tick = silent) -> Verdict:
        """Check hashes, records and history. Raises ShowError for an unknown shot."""
        from core.audit.verify import verify

        every = self._all_shots()
        chosen = self.select(shots) if shots else list(every)
        return verify(self.layout, self.history, [every[shot] for shot in chosen], tick)

    # small things

    def make_proxies(self, shots: Sequence[str] = (), tick: Tick = silent) -> list[Made]:
        """Make the small movies that playback uses: of plates and complete versions, of these shots or all.

        Raises ShowError: no such shot. DiskFull, Broken: nothing more can be written.
        """
        from core.viewing.proxies import make_all

        chosen = self.select(shots) if shots else list(self._all_shots())
        every = (source for shot in chosen for source in self.viewer.sources(shot) if not source.picture)
        return make_all(self.viewer, every, tick)

    def start_proxies(self, shots: Sequence[str] = ()) -> None:
        """Start making the proxies of plates, of these shots or all, in the background. Raises Broken, DiskFull."""
        spawn.make_proxies(self.layout, self.env, shots)

    def _with_plate(self, shot: str) -> Shot:
        """The shot; where the cut's media were missing, they are looked for again."""
        from core.turnover import relink

        found = self.shot(shot)
        if not found.missing:
            return found
        now = relink(self.layout, self.settings, self.history, found)
        if now.plate is not None and not now.missing:
            self.start_proxies([now.id])
        return now

    def _wanted(self, shots: Sequence[str]) -> list[Wanted]:
        """The shots among these whose version does not reach as far as the cut does."""
        from core.conform import holdings_of, wanted

        rows = [row for row in self.shots() if row.shot.id in set(shots)]
        return list(wanted(holdings_of(self.layout, rows, ()), (row.shot for row in rows)))

    def _all_shots(self) -> dict[str, Shot]:
        return overview.read_shots(self.layout)

    def _scenes(self, shots: Sequence[str] = (), history: Sequence[Entry] = ()) -> list[Scene]:
        from core.audit.story import tell

        standings = self.ledger.standings()
        wanted = set(self.select(shots)) if shots else None
        rows = [row for row in self.shots() if wanted is None or row.shot.id in wanted]
        pairs = [(row, overview.version_rows(self.layout, row.shot.id, standings)) for row in rows]
        return tell(self.layout, pairs, history)
