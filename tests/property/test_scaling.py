"""Nothing that is done with a cut takes longer for a clip because there are more of them.

Times are compared with each other, never with a clock: four times the clips may take eight times as long at most, where
a call that goes through all clips for each of them takes sixteen.
"""

from __future__ import annotations

import functools
import time as clock
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import cut_text, read_cut
from core.cut.outgoing.notes import Remarked
from core.cut.outgoing.profiles import PROFILES
from core.cut.outgoing.publish import Entry, Handover, Published, VersionMedia
from core.cut.outline import outline
from core.cut.ranges import needs
from core.cut.recut.align import Holding
from core.cut.recut.conform import conform
from core.cut.recut.facts import facts
from core.cut.segments import segments
from core.cut.shots import Shot, make_shots
from tests.timelines import counted, media_info, movie, save, schema, settings, span, time, timeline

FEW, TIMES, MOST = 300, 4, 8
SOURCES = 20


def cut_of(clips: int) -> Any:
    """Clips with all that a list loses: markers, effects, retimes, transitions, compounds, foreign metadata."""
    items: list[Any] = []
    for number in range(clips):
        media = movie(f"{number % SOURCES:02d}.mov", 0, 110_000)
        item = schema.Clip(f"c{number}", media, span(number * 97 % 100_000, 20 + number % 40), {"AAF": {"n": number}})
        item.markers.append(schema.Marker("m", span(0, 1)))
        item.effects.append(schema.Effect("blur", "Blur"))
        if number % 3 == 0:
            item.effects.append(schema.LinearTimeWarp("speed", time_scalar=0.5))
        if number % 5 == 0 and items:
            items.append(schema.Transition("x", "SMPTE_Dissolve", time(4), time(4)))
        if number % 50 == 7:
            nest, track = schema.Stack(f"nest {number}"), schema.Track("V1")
            track.append(item)
            nest.append(track)
            item = nest
        items.append(item)
    made = timeline(items)
    made.global_start_time = time(90000)
    return made


class Desk:
    """A cut as received, as a show keeps it, and its shots with a version each."""

    def __init__(self, clips: int, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        for number in range(SOURCES):
            (folder / f"{number:02d}.mov").touch()
        self.received = save(cut_of(clips), folder / "received.otio")
        self.cut = read_cut(self.received, counted())
        (folder / "cut.otio").write_text(cut_text(self.cut))
        self.shots = {shot.id: shot for shot in self.make()}
        self.facts = facts(self.cut, ".otio")[0]
        entries = [entry for shot in self.shots.values() for entry in _entries(shot)]
        self.handover = Handover(folder / "cut.otio", entries, received=self.received)

    def make(self, existing: dict[str, Shot] | None = None) -> tuple[Shot, ...]:
        return make_shots(
            self.cut, settings(), probe=media_info, root=self.folder / "show", source=self.received,
            existing=existing or {},
        )[0]  # fmt: skip

    def conform(self) -> object:
        homes = {use.clip_id: shot.id for shot in self.shots.values() for use in shot.uses}
        return conform(self.facts, self.facts, {shot.id: Holding(shot) for shot in self.shots.values()}, homes)

    def publish(self, name: str) -> Published:
        profile = PROFILES[name]
        out = self.folder / f"{name}{profile.suffix}"
        return profile.write(replace(self.handover, form=profile.form, purpose=name), out)

    @functools.cache  # noqa: B019  (there are two desks)
    def sent(self, name: str) -> Path:
        """The cut as a file of another form."""
        return self.publish(name).path


def _entries(shot: Shot) -> Iterator[Entry]:
    stem = f"{shot.id}_gen_v001"
    facts_of_it = {"status": "approved", "recipe": "sha256:00"}
    media = VersionMedia(
        "v001", Path("/media") / shot.id / "v001", f"{stem}.", ".exr", shot.range, facts=facts_of_it,
        movie=f"{stem}_review.mov",
    )  # fmt: skip
    for use in shot.uses:
        yield Entry(use.clip_id, shot, [media], "v001", [Remarked("n1", "too soft", "look")])


ACTS: dict[str, Callable[[Desk], object]] = {
    "read": lambda desk: read_cut(desk.received),
    "read again": lambda desk: read_cut(desk.folder / "cut.otio"),
    "read edl": lambda desk: read_cut(desk.sent("edl")),
    "read premiere": lambda desk: read_cut(desk.sent("premiere")),
    "read fcp": lambda desk: read_cut(desk.sent("fcp")),
    "needs": lambda desk: needs(desk.cut.timeline),
    "facts": lambda desk: facts(desk.cut, ".otio"),
    "shots": lambda desk: desk.make(),
    "shots again": lambda desk: desk.make(desk.shots),
    "segments": lambda desk: segments(desk.cut, desk.shots),
    "outline": lambda desk: outline(desk.folder / "cut.otio"),
    "conform": lambda desk: desk.conform(),
    **{f"publish {name}": lambda desk, name=name: desk.publish(name) for name in PROFILES},  # type: ignore[misc]
}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("cuts")
    return Desk(FEW, folder / "few"), Desk(FEW * TIMES, folder / "many")


def _needed(act: str) -> None:
    if "premiere" in act and "fcp_xml" not in otio.adapters.available_adapter_names():
        pytest.skip("no adapter for FCP7 XML is installed")


@pytest.mark.parametrize("act", ACTS)
def test_four_times_the_clips_take_no_more_than_twice_four_times_as_long(act: str, desks: tuple[Desk, Desk]) -> None:
    _needed(act)
    few, many = desks
    ratios = []
    for _ in range(4):
        ratios.append(_timed(lambda: ACTS[act](many)) / _timed(lambda: ACTS[act](few)))
        if min(ratios) <= MOST:
            return
    pytest.fail(f"{act}: {min(ratios):.1f} times as long")


def _timed(call: Callable[[], object]) -> float:
    start = clock.process_time()
    call()
    return clock.process_time() - start


# Calls that go through a whole track or timeline

LINEAR = [
    (otio.core.Composition, "range_of_child_at_index"), (otio.core.Composition, "range_of_child"),
    (otio.core.Composition, "index"), (otio.core.Composition, "child_at_time"),
    (otio.schema.Track, "range_of_child_at_index"), (otio.schema.Timeline, "range_of_child"),
    (otio.core.Item, "transformed_time_range"), (otio.core.Item, "range_in_parent"),
    (otio.core.Item, "trimmed_range_in_parent"), (otio.schema.Timeline, "find_clips"),
    (otio.schema.Timeline, "find_children"), (otio.schema.Timeline, "clone"), (otio.schema.Timeline, "to_json_string"),
]  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_what_goes_through_all_clips_is_not_called_for_each(
    act: str, desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    _needed(act)
    for desk in desks:
        ACTS[act](desk)  # what it starts from is there then
    calls: list[Counter[str]] = []

    def counted(name: str, was: Callable[..., Any]) -> Callable[..., Any]:
        def call(item: Any, *args: Any, **kwargs: Any) -> Any:
            calls[-1][name] += 1
            return was(item, *args, **kwargs)

        return call

    for kind, name in LINEAR:
        monkeypatch.setattr(kind, name, counted(name, getattr(kind, name)))
    for desk in desks:
        calls.append(Counter())
        ACTS[act](desk)
    assert calls[0] == calls[1]
