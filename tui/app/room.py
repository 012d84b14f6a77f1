"""What every screen is: a place in the show with a headline, a line that says what happened, a footer, and threads.

The rule: whatever reads or writes runs in a named thread and comes back as a message; handlers own the state. A later
question of the same name replaces an earlier one: its answer is dropped. Acts (what changes the show) run one after
the other in the order in which they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from core.files import safe_text
from tui.app.actions import bindings
from tui.app.foot import Foot
from tui.app.widgets.player import Player

if TYPE_CHECKING:
    from core.reviewing import Undone
    from core.show import Show
    from tui.app.app import Screens
    from tui.app.desk import Desk

T = TypeVar("T")

PULSE = 1.0
"""Seconds between two looks whether somebody else wrote."""
READ = 15.0
"""Characters that a person reads in a second."""


@dataclass
class Answered(Message):
    """What a thread found (`value`) or why not (`error`), for the handler that asked."""

    name: str
    turn: int
    handler: Callable[[Any], None]
    value: Any


class Room(Screen[None]):
    """A screen on the show. Subclasses set `PLACE` (for their keys), give `parts()`, and act in `entered()`."""

    PLACE: ClassVar[str] = ""
    TITLE_TEXT: ClassVar[str] = ""
    STANDS_AT_ONCE: ClassVar[bool] = True
    """False: keys wait until the screen says itself that it `stands`."""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.BINDINGS = bindings(cls.PLACE, "any")
        super().__init_subclass__(**kwargs)

    def __init__(self, name: str = "") -> None:
        super().__init__(name=name or None)
        # Kept, not queried: an answer may arrive while the screen closes and nothing is mounted any more.
        self.headline = Static(self.TITLE_TEXT, classes="headline", markup=False)
        self.said = Static("", classes="said", markup=False)
        self.foot = Foot()
        self.stands = False
        """Whether it was entered: keys that came before wait for it."""
        self._wish: Callable[[Any], None] | None = None
        self._turns: dict[str, int] = {}
        self._read_at = inf

    @property
    def screens(self) -> Screens:
        return cast("Screens", self.app)

    def compose(self) -> ComposeResult:
        yield self.headline
        yield from self.parts()
        yield self.said
        yield self.foot

    def parts(self) -> ComposeResult:
        """The widgets between the headline and the line that says what happened."""
        yield from ()

    def say(self, text: str, *, stays: bool = False) -> None:
        """One line, or a few, above the footer; empty takes it away.

        So does the first key after there was time to read it, but for what `stays`: it is so, or goes on, until
        something else is said.
        """
        self.said.update(safe_text(text, keep_newlines=True))
        self.said.display = bool(text)
        self._read_at = inf if stays else monotonic() + len(text) / READ

    def heed(self) -> None:
        """A key was pressed: what was said before and could be read goes."""
        if self.said.display and monotonic() > self._read_at:
            self.say("")

    def on_mount(self) -> None:
        self.say("")
        self.call_after_refresh(self._enter)

    def _enter(self) -> None:
        self.entered()
        self.stands = self.STANDS_AT_ONCE

    def on_screen_suspend(self) -> None:
        for player in self.query(Player):
            player.behind()

    def on_screen_resume(self) -> None:
        for player in self.query(Player):
            player.in_front()

    def entered(self) -> None:
        """After the first paint: ask for what is to be shown."""

    def keep(self) -> None:
        """Save what is typed and not saved yet: called when the screens end, however they end."""

    def why_not(self, action: str) -> str:
        """Why an action (its call's name) cannot be done now, in words; empty: it can."""
        return ""

    # threads

    def ask(
        self,
        name: str,
        question: Callable[[Desk], T],
        answer: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Run `question` in a thread called `name`; `answer` gets what it returns, here.

        `failed` gets an error in words; without it the error is said on the screen's line.
        """
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        refused = failed or self.say

        def run() -> None:
            self._post(name, turn, lambda: question(self.screens.desk), answer, refused)

        self.run_worker(run, name=name, group=name, thread=True, exclusive=True, exit_on_error=False)

    def act(
        self,
        deed: Callable[[Show], T],
        done: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
        *,
        long: bool = False,
    ) -> None:
        """Change the show: after every act asked for before, on any screen. Never dropped.

        `long`: what needs models, which are looked for and perhaps fetched: acts that come after it do not wait.
        """
        refused = failed or self.say
        desk = self.screens.desk
        desk.submit(lambda: self._post("", 0, lambda: deed(desk.show), done, refused), long=long)

    def _post(
        self,
        name: str,
        turn: int,
        question: Callable[[], T],
        answer: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        from tui.present.rows import error_text

        if name and turn != self._turns[name]:
            return  # a key that is held down asks often: what nobody waits for any more is not read
        try:
            said: Answered = Answered(name, turn, answer, question())
        except Exception as error:
            self.log.error(repr(error))
            said = Answered(name, turn, failed, error_text(error))
        if self.is_attached:
            self.post_message(said)

    def on_answered(self, event: Answered) -> None:
        event.stop()
        if not event.name or event.turn == self._turns[event.name]:
            event.handler(event.value)
            self.foot.refresh()

    def keep_up(self) -> None:
        """From now on `reread` whenever a worker, a command or another window wrote. Call it before the first read."""
        before: list[tuple[int, int]] = []

        def came(pulse: tuple[int, int]) -> None:
            if before and before[-1] != pulse:
                self.reread()
            before[:] = [pulse]

        def look() -> None:
            self.ask("keep up", lambda desk: desk.pulse(), came)

        look()
        self.set_interval(PULSE, look)

    def copy(self, text: str) -> None:
        """Send `text` to the person's clipboard, and say by which way it went."""
        from tui.app.clipboard import copy

        def osc52(words: str) -> None:
            self.app.call_from_thread(self.app.copy_to_clipboard, words)

        self.ask("copy", lambda desk: copy(text, desk.env, osc52), lambda way: self.say(f"{text}: {way}"))

    # keys that need what is being read

    def wish(self, act: Callable[[Any], None]) -> None:
        """Do this with what is being read, as soon as `grant` brings it. The next key waits for it."""
        self._wish, self.stands = act, False

    def grant(self, value: Any) -> None:
        """What was being read is here."""
        wish, self._wish, self.stands = self._wish, None, True
        if wish is not None:
            wish(value)

    def refuse(self, reason: str) -> None:
        """What was being read cannot be: say why. Nothing waits for it any more."""
        self._wish, self.stands = None, True
        self.say(reason)

    # what hands do everywhere

    def action_back(self) -> None:
        self.dismiss()

    def action_reload(self) -> None:
        self.entered()

    def action_undo(self, redo: bool = False) -> None:
        """Take back this person's last review act, wherever it was made, or bring it back; say which it was."""

        def done(undone: Undone) -> None:
            self.say(f"{undone.words}. {'u takes it back.' if redo else 'U brings it back.'}")
            self.reread()

        self.act(lambda show: show.undo(redo=redo), done)

    def reread(self) -> None:
        """Something was written: show it."""
        self.entered()

    def focused_help(self) -> Widget:
        """The part that `?` explains."""
        return self.focused or self
