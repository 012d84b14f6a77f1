"""The viewer: the pictures of one shot, still or playing, looked at as a colourist does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from textual.binding import BindingType

from core.files import one_line
from core.frames import timecode
from core.viewing.view import Channel, Source, View, described
from tui.app.actions import bindings
from tui.app.widgets.feeds import ShotFeed, pictures_of
from tui.app.widgets.pointing import Pointing
from tui.app.widgets.reel import Feed
from tui.present.framing import Framing
from tui.present.scrub import probe_text
from tui.video.pace import Act

if TYPE_CHECKING:
    from core.cut.shot import Plate, Shot
    from core.layout import Settings
    from core.viewing.pictures import Probe
    from tui.app.desk import Desk

T = TypeVar("T")
_ACTS: dict[str, Act] = {"l": "forward", "k": "stop", "j": "reverse"}
_GAMMAS = (0.2, 5.0)
_STOPS = 16.0


class Viewer(Pointing, can_focus=True):
    """A shot's plate or a version of it; or any feed (`look_at`), without what needs a shot."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("viewer")
    HELP: ClassVar[str] = "The viewer. ▔ notes, ◆ keys, [ ] in and out, ━ what is at hand. The wheel scrubs."

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.shot: Shot | None = None
        self.source: Source | None = None
        self.view = View()
        """How it is looked at; its matte only where `matted`."""
        self.matted = False
        self.pictures: tuple[str, ...] = ("",)
        """What can be looked at of the version, in the order in which it is made; empty: the master."""
        self._probe: Probe | None = None
        self._settings: Settings | None = None
        self._matte = ""
        self._known: tuple[str, str] | None = None
        self._waits: int | None = None

    # what is shown

    def look(self, shot: Shot, source: Source, frame: int) -> None:
        """Show one of a shot's pictures from a shot frame on. What stood there stays until the new picture is there."""
        if source != self.source:
            self.box = self._corner = None  # the cross stays: the same place of another version is what one compares
        self.shot, self.source = shot, source
        if source == Source(shot.id) and shot.plate is None:
            self.show_words(f"{shot.id} has no picture: {one_line(shot.missing) or 'no plate'}.")
            return
        self._look(frame)
        self._ask_pictures()

    @property
    def version(self) -> str:
        """Of what is shown; empty: the plate, or what was rendered without a number."""
        return self.source.version if self.source is not None else ""

    @property
    def picture_name(self) -> str:
        """Which picture of the version it is; empty: the master."""
        return self.source.picture if self.source is not None else ""

    def show_feed(self, feed: Feed, frame: int, rate: Fraction, code: Callable[[int], str]) -> None:
        """Show pictures that are of no one shot, as `look_at` does."""
        self.shot = self.source = self._probe = None
        self.no_points()
        self.look_at(feed, frame, rate, code)

    def _look(self, frame: int) -> None:
        """Show the shot as it is now looked at."""
        shot, source = self.shot, self.source
        if shot is None or source is None:
            return
        rated = shot.plate or self._settings
        if rated is None:
            self._waits = frame  # until the show's rate is known
            return
        view = replace(self.view, matte=self._matte if self.matted else "")
        self.look_at(ShotFeed(self.screens.desk, shot, source, view), frame, rated.rate, _codes(shot.plate))

    def _ask_pictures(self) -> None:
        """Which pictures the version has, and which of them is its matte: asked once a version."""
        shot, version = self.shot, self.version
        assert shot is not None
        if self._known != (shot.id, version):
            self._known, self.pictures, self._matte = (shot.id, version), ("",), ""
            self._ask("pictures", lambda desk: pictures_of(desk, shot.id, version), self._pictures_came)

    def _pictures_came(self, found: tuple[tuple[str, ...], str, Settings]) -> None:
        self.pictures, self._matte, self._settings = found
        if self._waits is not None:
            frame, self._waits = self._waits, None
            self._look(frame)
        if self.matted and self._matte:
            self._look(self.frame)
        self._tell_scrub()

    def _ask(self, what: str, question: Callable[[Desk], T], answer: Callable[[T], None]) -> None:
        self.room.ask(f"{what} {self.id}", question, answer, self.room.say)

    # transport

    def action_shuttle(self, key: str) -> None:
        self.press(_ACTS[key])

    def action_mark_in(self) -> None:
        self.press("in")

    def action_mark_out(self) -> None:
        self.press("out")

    def action_unmark(self) -> None:
        self.press("clear")

    def action_loop(self) -> None:
        self.press("loop")

    def action_go(self, to: Literal["first", "last"]) -> None:
        self.press(to)

    # colour

    def action_expose(self, stops: float) -> None:
        self._see(exposure=max(-_STOPS, min(_STOPS, self.view.exposure + stops)))

    def action_gamma(self, by: float) -> None:
        self._see(gamma=round(max(_GAMMAS[0], min(_GAMMAS[1], self.view.gamma + by)), 2))

    def action_channel(self, channel: Channel) -> None:
        self._see(channel="rgb" if self.view.channel == channel else channel)

    def action_matte(self) -> None:
        self.matted = not self.matted
        self._overlay()

    def _overlay(self) -> None:
        """The matte over the picture, or away. Says where there is none."""
        if self.source is None:
            return
        if self.matted and not self._matte:
            name = self.version or "The plate"
            self.room.say(f"{name} has no matte at hand: a matte is kept where `output.layers` names it.")
        self._look(self.frame)

    def action_reset(self) -> None:
        self.framing, self.matted = Framing(), False
        self._see(exposure=0.0, gamma=1.0, channel="rgb")

    def _see(self, **changes: object) -> None:
        if self.source is None:
            self.room.say("Exposure, gamma, channels and matte are for one shot.")
            return
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._look(self.frame)

    # the probe's values

    def action_probe(self) -> None:
        if self.shot is None or self.shot.plate is None:
            self.room.say("There is nothing to measure here: the probe is for one shot with its plate.")
        else:
            super().action_probe()

    def pointed(self) -> None:
        """Ask for the values under the cross, of the frame that stands."""
        if self.cross is None:
            self._probe = None
        source, cross, frame = self.source, self.cross, self.frame
        if source is None or cross is None or self.shot is None or self.shot.plate is None or self.playing:
            return
        x, y = pixel_of(cross, self.shot.plate)
        assert isinstance(self.feed, ShotFeed)
        view = self.feed.view
        self._ask("probe", lambda desk: desk.show.viewer.probe(source, frame, x, y, view), self._probe_came)

    def _probe_came(self, probe: Probe) -> None:
        self._probe = probe if self.cross is not None else None
        self._tell_scrub()

    def settled(self, frame: int) -> None:
        super().settled(frame)
        self.pointed()

    def parts(self) -> list[str]:
        way, *rest = super().parts()
        how = ""
        if self.shot is not None and self._settings is not None and isinstance(self.feed, ShotFeed):
            how = described(self.feed.view, self.shot, self._settings)
        if self.playing:
            return [way, *rest, self.framing.name, how]
        probed = probe_text(self._probe, self.scrub.size.width) if self._probe is not None else ""
        return [probed, way, how, self.framing.name, *rest]


def pixel_of(place: tuple[float, float], plate: Plate) -> tuple[int, int]:
    """The pixel of the file at a place in the picture."""
    return min(plate.width - 1, int(place[0] * plate.width)), min(plate.height - 1, int(place[1] * plate.height))


def _codes(plate: Plate | None) -> Callable[[int], str]:
    """From a shot frame to its source timecode; empty where the media carry none."""
    if plate is None or plate.timecode is None or plate.kind == "still":
        return lambda frame: ""
    start = plate.timecode - plate.media.first
    return lambda frame: timecode(start + plate.index(frame), plate.rate, drop=plate.drop)
