"""Publish: what would go out in which form, then what was written and what the form could not carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.app.asking import Choose
from tui.app.desk import Desk
from tui.app.lines import Lines
from tui.app.room import Room
from tui.present import publish as present
from tui.present.publish import Form
from tui.present.spans import Line

if TYPE_CHECKING:
    from core.cut.outgoing.publish import Published
    from core.outgoing import Going
    from core.show import Show


@dataclass(frozen=True, slots=True)
class Forms:
    """What can be chosen."""

    name: str
    forms: tuple[Form, ...]
    sites: tuple[str, ...]
    cuts: tuple[str, ...] = ()


class PublishRoom(Room):
    """Forms above; below what goes out, or what was written."""

    PLACE: ClassVar[str] = "publish"
    TITLE_TEXT: ClassVar[str] = "Publish"
    HELP: ClassVar[str] = "Choose a form, look what goes out, write it. Every file has a number of its own."

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.list: Lines[Form] = Lines(present.form_line, lambda form: form.name, id="form-lines", empty="reading …")
        self.lines: Lines[Line] = Lines(lambda line, width: line, str, id="told-lines", empty="reading …")
        self.forms = Vertical(self.list, id="forms", classes="frame")
        self.told = Vertical(self.lines, id="told", classes="frame")
        self.known = Forms("", (), ())
        self.site, self.every, self.notes, self.bundle = "", False, False, False
        self.going: Sequence[Going] = ()
        self.published: Published | None = None

    def parts(self) -> ComposeResult:
        self.forms.border_title = "In which form"
        yield self.forms
        yield self.told

    # reading

    def entered(self) -> None:
        self.set_focus(self.list)
        self.keep_up()
        self.ask("forms", _forms, self._forms_came)

    def _forms_came(self, known: Forms) -> None:
        self.known = known
        self.list.show(known.forms)

    def action_reload(self) -> None:
        self.published = None
        self.reread()

    def reread(self) -> None:
        """What would go out, anew; what was just written stays on the screen."""
        form = self.list.row
        cut, every = self.screens.place.cut, self.every
        told = present.headline(
            self.known.name, form, self.site, every, notes=self.notes, bundle=self.bundle,
            cut=cut if len(self.known.cuts) > 1 else "",
        )  # fmt: skip
        self.headline.update(told)
        if form is not None and self.published is None:
            self.told.border_title = "What goes out · looking …"
            self.ask(
                "going", lambda desk: desk.show.outgoing(form.name, cut=cut, every_version=every), self._going_came
            )

    @on(Lines.Moved, "#form-lines")
    def _chosen(self) -> None:
        self.published = None
        self.reread()

    def _going_came(self, going: Sequence[Going]) -> None:
        self.going = going
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(20, self.lines.size.width - 2)
        if self.published is not None:
            self.told.border_title = "Written"
            self.lines.show(list(present.written_lines(self.published, width)))
        elif self.going:
            self.told.border_title = "What goes out"
            self.lines.show(present.going_lines(self.going, width))

    # what hands do

    def why_not(self, action: str) -> str:
        if action == "write":
            return next((one.refused for one in self.going if one.refused), "")
        return "nothing was written yet" if action == "copy_path" and self.published is None else ""

    def action_write(self) -> None:
        form, reason = self.list.row, self.why_not("write")
        if form is None or reason:
            self.say(reason)
            return

        def answered(yes: str | None) -> None:
            if yes:
                self._write(form)

        choices = (("y", "yes", "write it under the next number, and commit what was handed over"),)
        named = self.screens.place.cut if len(self.known.cuts) > 1 else "the cut"
        self.app.push_screen(Choose(f"Publish {named} as {form.name}?", choices), answered)

    def _write(self, form: Form) -> None:
        how = {
            "cut": self.screens.place.cut, "every_version": self.every, "site": self.site, "notes": self.notes,
            "bundle": self.bundle and form.bundle,
        }  # fmt: skip
        self.say(f"Writing the {form.name} …", stays=True)
        self.act(lambda show: _published(show, form.name, how), self._written)

    def _written(self, found: tuple[Published, str]) -> None:
        self.published, waiting = found
        self.say(f"To be committed later: {waiting}" if waiting else "y copies where it lies.")
        self._lay_out()
        self.lines.move_to(0)

    def action_every(self) -> None:
        form = self.list.row
        if form is not None and not form.holds_more:
            self.say(f"A {form.name} holds what plays, and nothing else.")
            return
        self.every, self.published = not self.every, None
        self.reread()

    def action_notes(self) -> None:
        self.notes, self.published = not self.notes, None
        self.reread()

    def action_bundle(self) -> None:
        form = self.list.row
        if form is not None and not form.bundle:
            self.say(f"A {form.name} cannot bring its media along.")
            return
        self.bundle, self.published = not self.bundle, None
        self.reread()

    def action_site(self) -> None:
        if not self.known.sites:
            self.say("This show names no sites: see [paths] in rushes.toml.")
            return
        order = ["", *self.known.sites]
        self.site = order[(order.index(self.site) + 1) % len(order)]
        self.published = None
        self.say(f"Paths as at {self.site}." if self.site else "Paths as on this machine.")
        self.reread()

    def action_copy_path(self) -> None:
        if self.published is None:
            self.say("Nothing was written yet: w writes.")
        else:
            self.copy(str(self.published.path))

    def action_pane(self) -> None:
        self.set_focus(self.list if self.lines.has_focus else self.lines)

    def action_back(self) -> None:
        if self.published is None:
            super().action_back()
        else:
            self.action_reload()
            self.say("")

    @on(Lines.Opened, "#form-lines")
    def _opened(self) -> None:
        self.action_write()

    def on_resize(self) -> None:
        self.call_after_refresh(self._lay_out)


def _forms(desk: Desk) -> Forms:
    from core.handover import PROFILES

    show = desk.show
    forms = (Form(name, one.suffix, one.about, one.alternates, one.bundle) for name, one in PROFILES.items())
    return Forms(show.settings.name, tuple(forms), tuple(sorted(show.layout.places.sites)), show.layout.cuts())


def _published(show: Show, purpose: str, how: Mapping[str, Any]) -> tuple[Published, str]:
    """Write it; why it is committed later, empty where it is committed."""
    return show.publish(purpose, **how), show.history.waiting
