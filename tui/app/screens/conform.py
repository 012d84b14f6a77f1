"""A new cut: what it changes shot by shot, what is to be answered, accepting it, and what has to be made then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from core.cut.recut.change import NEW
from core.files import safe_name
from core.layout import MAIN
from tui.app.asking import KEYS, Ask, Choose, Paths, ask_which
from tui.app.lines import Lines
from tui.app.room import Room
from tui.present import recut as present
from tui.present.recut import Todo
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.carry import Applied
    from core.conform import Conform
    from core.cut.recut.change import Change
    from core.progress import Tick
    from core.show import Show

SUFFIXES = (".otio", ".otioz", ".otiod", ".edl", ".xml", ".fcpxml", ".fcpxmld", ".aaf")
NEW_CUT = "a new one"


class ConformRoom(Room):
    """Changes above, what makes work first; below the one under the cursor. `t` shows what is to be made instead."""

    PLACE: ClassVar[str] = "conform"
    TITLE_TEXT: ClassVar[str] = "New cut"
    HELP: ClassVar[str] = "What a new cut changes. Nothing is written before A. ? to answer, ! makes work, · changed."

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.list: Lines[Change] = Lines(self._change_line, present.row_key, id="changes", empty="o opens a new cut")
        self.wanted: Lines[Todo] = Lines(
            present.todo_line, lambda todo: todo.shot, id="wanted", empty="nothing to make"
        )
        self.one: Lines[Line] = Lines(lambda line, width: line, str, id="one-lines")
        self.pane = Vertical(self.one, id="one", classes="frame")
        self.found: Conform | None = None
        self.applied: Applied | None = None
        self.answers: dict[str, str] = {}
        self.filter = ""
        self.cut = ""
        """Which cut of the show it is, or becomes."""
        self.cuts: tuple[str, ...] = ()

    def parts(self) -> ComposeResult:
        yield self.list
        yield self.wanted
        yield self.pane

    # reading

    def entered(self) -> None:
        self.cut = self.screens.place.cut
        self._turn(makes=False)
        if self.found is None:
            self.action_open_cut()

    def action_reload(self) -> None:
        self._read(self.screens.place.turnover, self.found.timeline if self.found is not None else "")

    def action_open_cut(self, why: str = "") -> None:
        def answered(typed: str | None) -> None:
            if typed:
                self._read(typed)

        typed = self.screens.place.turnover
        words = "The new cut from the editor: its path (→ completes it)"
        self.app.push_screen(Ask(words, typed=typed, why=why, offers=Paths(SUFFIXES)), answered)

    def _read(self, typed: str, timeline: str = "") -> None:
        if not typed:
            self.action_open_cut()
            return
        self.screens.go(turnover=typed)
        self.say("Reading the cut …", stays=True)
        path, cut, tick = Path(typed).expanduser(), self.cut, self._tick()
        self.ask(
            "conform",
            lambda desk: _compared(desk.show, path, cut, timeline, tick),
            self._found_came,
            self.action_open_cut,
        )

    def _found_came(self, came: tuple[Conform | tuple[str, ...], tuple[str, ...]]) -> None:
        found, self.cuts = came
        if isinstance(found, tuple):
            self._which_timeline(found)
            return
        self.found, self.applied, self.answers = found, None, {}
        self.say("")
        self._turn(makes=False)
        self._show()

    def _which_timeline(self, names: tuple[str, ...]) -> None:
        """The file holds several: one is chosen, then read."""

        def chosen(name: str | None) -> None:
            if name is None:
                self.say("")
            else:
                self._read(self.screens.place.turnover, name)

        ask_which(self.app, "Which timeline of this file?", [(name, name) for name in names], chosen)

    def action_cut(self) -> None:
        """Which cut of the show the file is: one that there is, or a new one."""

        def chosen(name: str | None) -> None:
            if name == NEW_CUT or (name and safe_name(name) != name):
                words = "What is the new cut called? letters, digits, _ and -: trailer, ep02"
                self.app.push_screen(Ask(words, typed="" if name == NEW_CUT else name), chosen)
            elif name:
                self.cut = name
                self.action_reload()

        named = [(name, name) for name in self.cuts or (self.cut,)]
        ask_which(self.app, "Which cut of the show is it?", [*named, (NEW_CUT, NEW_CUT)], chosen)

    def _show(self) -> None:
        if self.found is None:
            return
        kept = present.shown(self.found.changes, self.filter)
        self.list.empty = "no change passes the filter" if self.filter else "neither cut has a clip"
        self.list.show(kept)
        self.wanted.show(present.todos(self.found, self.applied))
        self.headline.update(
            present.headline(
                self.found,
                len(kept),
                self.filter,
                len(self._open()),
                done=bool(self.applied),
                cut=self.cut if {*self.cuts, self.cut} != {MAIN} else "",
            )
        )
        self._tell()

    def _open(self) -> list[Change]:
        """The questions that were not answered yet."""
        return [change for change in self.found.questions if change.key not in self.answers] if self.found else []

    def _change_line(self, change: Change, width: int) -> Line:
        return present.change_line(change, width, self.answers.get(change.key, ""))

    @on(Lines.Moved, "#changes")
    def _tell(self) -> None:
        """The change under the cursor, or what accepting did."""
        width, lines = max(20, self.one.size.width - 2), list[Line]()
        if self.applied is not None:
            lines += present.applied_lines(self.applied, width)
        elif self.found is not None:
            lines += present.found_lines(self.found, width)
        if self.list.display and self.list.row is not None:
            lines += present.change_lines(self.list.row, width, self.answers.get(self.list.row.key, ""))
        self.one.show(lines)

    def _turn(self, *, makes: bool) -> None:
        """Show the changes, or what is to be made."""
        self.list.display, self.wanted.display = not makes, makes
        self.set_focus(self.wanted if makes else self.list)

    # what hands do

    def why_not(self, action: str) -> str:
        if action in ("accept", "answer", "filter", "todo") and self.found is None:
            return "no cut was opened yet"
        if action == "accept" and self.applied is not None:
            return "the show is on this cut"
        if action == "accept" and self._open():
            return f"{len(self._open())} to answer first"
        if action in ("draft", "generate") and not self._stands():
            return "the cut has to be accepted first"
        return ""

    def _stands(self) -> bool:
        """Whether the show is on the cut that is shown."""
        return self.applied is not None or (self.found is not None and present.nothing_changes(self.found))

    def _may(self, action: str) -> bool:
        """Whether it can be done; says why not."""
        reason = self.why_not(action)
        if reason:
            self.say(f"{reason[0].upper()}{reason[1:]}.")
        return not reason

    def action_answer(self) -> None:
        change = self.list.row
        if not self._may("answer") or change is None:
            return
        if not change.key:
            self.say("Nothing is asked about this clip.")
            return

        def chosen(shot: str | None) -> None:
            if shot is not None:
                self.answers[change.key] = shot
                self._show()

        named = zip(KEYS, change.candidates, strict=False)
        choices = [*((key, shot, shot) for key, shot in named), ("n", NEW, "none of these: a new shot")]
        self.app.push_screen(Choose("Which shot is it?", choices), chosen)

    def action_accept(self) -> None:
        if not self._may("accept") or self.found is None:
            return
        found, answers = self.found, dict(self.answers)

        def answered(yes: str | None) -> None:
            if yes:
                self.say("Bringing the show onto the cut …", stays=True)
                self.act(lambda show: show.apply_conform(found, answers, self._tick()), self._applied)

        count = sum(present.rank(change) < 8 for change in found.changes)
        choices = (("y", "yes", f"{count} clips change; shots keep their versions, notes and frame numbers"),)
        self.app.push_screen(Choose("Bring the show onto this cut?", choices), answered)

    def _tick(self) -> Tick:
        """Says what is read while a cut is looked at or brought in."""

        def tick(what: str, done: int, total: int) -> None:
            self.app.call_from_thread(self.say, f"{what} {done}{f' of {total}' if total else ''}")

        return tick

    def _applied(self, applied: Applied) -> None:
        self.applied = applied
        self.screens.go(cut=self.cut)
        self.say(
            "What is to be made is listed. e writes a draft, R generates." if applied.wanted or applied.new else ""
        )
        self._turn(makes=True)
        self._show()

    def action_filter(self) -> None:
        before = self.filter

        def look(typed: str) -> None:
            self.filter = typed
            self._show()

        def done(typed: str | None) -> None:
            look(before if typed is None else typed)

        if self._may("filter"):
            words = "Which? a shot, a track, a flag such as moved, missing, question — empty shows all"
            self.app.push_screen(Ask(words, typed=before, changed=look), done)

    def action_todo(self) -> None:
        if self._may("todo"):
            self._turn(makes=self.list.display)
            self._tell()

    def _chosen(self) -> Sequence[Todo]:
        """What is to be made and is under the cursor, or marked; shows the list first."""
        if not self.wanted.display:
            self.action_todo()
        return self.wanted.chosen

    def action_draft(self) -> None:
        """The recipe of the version that is too short, over the new range; then the recipe's screen."""
        if not self._may("draft"):
            return
        if not self._chosen():
            self.say("Nothing is to be made.")
            return
        todo = self._chosen()[0]

        def written(_: object = None) -> None:
            self.screens.go(shot=todo.shot, version="", picture="", frame=0)
            self.screens.action_room("recipe")

        wanted = todo.wanted
        if wanted is None:
            written()
        else:
            self.act(lambda show: show.extend(wanted), written)

    def action_generate(self) -> None:
        if not self._may("generate"):
            return
        short = tuple(todo for todo in self._chosen() if todo.wanted is not None)
        if not short:
            self.say("A new shot starts with a recipe: e writes it." if self.wanted.rows else "Nothing is to be made.")
            return

        def answered(text: str | None) -> None:
            if text is not None:
                self.act(lambda show: _extended(show, short, text), self.say, long=True)

        named = short[0].shot if len(short) == 1 else f"{len(short)} shots"
        words = f"Generate {named} over the new range: what is new?"
        self.app.push_screen(Ask(words, typed="longer for the new cut"), answered)

    def action_mark(self) -> None:
        self.wanted.mark()

    def action_mark_all(self) -> None:
        self.wanted.mark_all()

    def action_pane(self) -> None:
        shown = self.wanted if self.wanted.display else self.list
        self.set_focus(shown if self.one.has_focus else self.one)

    @on(Lines.Opened, "#changes")
    def _opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        """A question is answered; else to the shot in the cut."""
        change: Change = event.row
        if change.key:
            self.action_answer()
        else:
            self._to_shot(change.shot)

    @on(Lines.Opened, "#wanted")
    def _todo_opened(self, event: Lines.Opened) -> None:  # type: ignore[type-arg]
        self._to_shot(event.row.shot)

    def _to_shot(self, shot: str) -> None:
        if not shot:
            self.say("This clip has no shot yet: it gets one when the cut is accepted.")
            return
        self.screens.go(shot=shot, version="", picture="", frame=0)
        self.screens.action_room("cut")

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell)


def _compared(
    show: Show, path: Path, cut: str, timeline: str, tick: Tick
) -> tuple[Conform | tuple[str, ...], tuple[str, ...]]:
    """What the file changes in a cut of the show, or the timelines that it holds; and the cuts that there are."""
    from core.cut.incoming.collection import Several

    try:
        return show.conform(path, cut, timeline, tick=tick), show.layout.cuts()
    except Several as error:
        return error.names, show.layout.cuts()


def _extended(show: Show, todos: Sequence[Todo], summary: str) -> str:
    """New versions over the new range, queued; what is to be said of it."""
    told: list[str] = []
    jobs = show.generate([todo.shot for todo in todos], summary, missing=True, tell=told.append)
    queued = ", ".join(f"{job.shot} {job.version}: {job.total} frames queued" for job in jobs)
    return "\n".join([f"{queued or 'Nothing is queued'}.", *told])
