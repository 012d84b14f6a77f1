"""Every flag of a conform, out of the command's own JSON: one edit of a cut for each, and what is said of that clip."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.conform import line_of
from core.cut.recut.change import FLAGS
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT, finish
from tests.timelines import clip, movie, save, schema, span
from tui.commands.main import main

pytestmark = pytest.mark.timeout(120)
KEYS = {"clip", "was", "shot", "track", "flags", "head", "tail", "slip", "missing"}
Edit = Callable[[Any], object]


def first_cut(folder: Path) -> Path:
    """Ten clips on one track: one over a plate that is there, others over media that are not."""
    path = shows.cut(folder, 40, used=(10, 12))
    made: Any = otio.adapters.read_from_file(str(path))
    track = made.tracks[0]
    del track[1]
    for number in range(2, 8):
        track.append(clip(f"sq010_sh00{number}0", movie(f"{number}.mov", 90000, 1000), 90100, 40))
    track[3].enabled = False
    for start in (0, 100):
        track.append(schema.Clip("untitled", schema.MissingReference(), span(start, 30)))
    return save(made, path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Show, Path]:
    """A show whose first shot has two complete versions, and the delivery of the older one; the newer is circled."""
    folder = tmp_path_factory.mktemp("flags")
    show = shows.make(first_cut(folder / "turnover"), folder / "show")
    show.draft(SHOT, text=BLEND)
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "circle")
    older = show.publish("delivery", folder / "older.otio").path
    show.draft(SHOT, ["comp.mix=0.25"])
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v002", "circle")
    return show, older


@pytest.fixture
def show(made: tuple[Show, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    """The same show each time, with a shell in it: what a test committed is taken back."""
    here = made[0]
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setenv(name, here.env[name])
    monkeypatch.chdir(here.layout.root)
    start = git(here, "rev-parse", "HEAD").strip()
    yield here
    git(here, "reset", "-q", "--hard", start)


def git(show: Show, *args: str) -> str:
    told = subprocess.run(
        ["git", *args], cwd=show.layout.root, capture_output=True, text=True, check=True, env=dict(show.env)
    )
    return told.stdout


def sent(show: Show) -> Any:
    return otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))


def b(made: Any) -> Any:
    """The clip that most edits are done to."""
    return made.tracks[0][1]


def cut_to(head: int, tail: int) -> Edit:
    """Frames that are taken off the ends of `b`; negative: added."""

    def edit(made: Any) -> None:
        used = b(made).source_range
        b(made).source_range = span(used.start_time.value + head, used.duration.value - head - tail)

    return edit


def resolve(name: str, kind: int, **parameters: float) -> Any:
    """An effect as DaVinci Resolve writes it."""
    told = [
        {"Parameter ID": key, "Parameter Value": value, "Variant Type": "Double"} for key, value in parameters.items()
    ]
    facts = {"Effect Name": name, "Enabled": True, "Name": name, "Parameters": told, "Type": kind}
    return schema.Effect("", "Resolve Effect", {"Resolve_OTIO": facts})


def to_front(made: Any) -> None:
    item = made.tracks[0][6]
    del made.tracks[0][6]
    made.tracks[0].insert(0, item)


def split(made: Any) -> None:
    other = b(made).clone()
    cut_to(0, 25)(made)
    other.source_range = span(90115, 25)
    made.tracks[0].insert(2, other)


def at_24(made: Any) -> None:
    b(made).media_reference = movie("2.mov", 90000, 1000, 24)
    b(made).source_range = span(90100, 40, 24)


def without_timecode(made: Any) -> None:
    b(made).media_reference = schema.ExternalReference("2.mov")
    b(made).source_range = span(100, 40)


def one_of_two(made: Any) -> None:
    del made.tracks[0][-2:]
    made.tracks[0].append(schema.Gap(source_range=span(0, 500)))
    made.tracks[0].append(schema.Clip("untitled", schema.MissingReference(), span(900, 44)))


def replaced(made: Any) -> None:
    b(made).media_reference = movie("another.mov", 0, 500)
    b(made).source_range = span(7, 40)


def relinked(made: Any) -> None:
    b(made).media_reference.target_url = "/mnt/online/2.mov"


B, C, D, G, N = "sq010_sh0020", "sq010_sh0030", "sq010_sh0040", "sq010_sh0070", "sq020_sh0010"
NOTHING: dict[str, Any] = {}
CASES: dict[str, tuple[Edit, str, dict[str, Any]]] = {
    "unchanged": (lambda made: None, B, NOTHING),
    "shifted": (lambda made: made.tracks[0].insert(1, schema.Gap(source_range=span(0, 9))), B, NOTHING),
    "moved": (to_front, G, NOTHING),
    "trimmed_head": (cut_to(6, 0), B, {"head": -6}),
    "trimmed_tail": (cut_to(0, 5), B, {"tail": -5}),
    "slipped": (cut_to(3, -3), B, {"head": -3, "tail": 3, "slip": 3}),
    "extended_within_handles": (cut_to(-8, 0), B, {"head": 8}),
    "extended_beyond": (cut_to(-10, -20), B, {"head": 10, "tail": 20, "missing": {"head": 2, "tail": 12}}),
    "retimed": (lambda made: b(made).effects.append(schema.LinearTimeWarp("", 0.5)), B, {"tail": -20}),
    "retime_curve_changed": (lambda made: b(made).effects.append(schema.TimeEffect("ramp", "Ramp")), B, NOTHING),
    "source_replaced": (replaced, B, NOTHING),
    "relinked_only": (relinked, B, NOTHING),
    "new": (lambda made: made.tracks[0].append(clip(N, movie("n.mov", 0, 99), 9, 9)), N, NOTHING),
    "removed": (lambda made: made.tracks[0].pop(2), C, NOTHING),
    "split": (split, B, {"tail": -25}),
    "duplicated": (lambda made: made.tracks[0].append(b(made).clone()), B, NOTHING),
    "rate_changed": (at_24, B, NOTHING),
    "enabled": (lambda made: setattr(made.tracks[0][3], "enabled", True), D, NOTHING),
    "disabled": (lambda made: setattr(b(made), "enabled", False), B, NOTHING),
    "transition_changed": (
        lambda made: made.tracks[0].insert(2, schema.Transition("x", "SMPTE_Dissolve", *[span(0, 4).duration] * 2)),
        B, NOTHING,
    ),
    "reframed": (lambda made: b(made).effects.append(resolve("Transform", 2, transformationZoomX=1.2)), B, NOTHING),
    "effects_changed": (lambda made: b(made).effects.append(resolve("Composite", 1, opacity=50.0)), B, NOTHING),
    "source_timecode_missing": (without_timecode, B, NOTHING),
    "ambiguous": (one_of_two, "untitled", {"shot": ""}),
}  # fmt: skip
"""Flag → what is done to the cut, the clip that it is said of, and numbers that are not 0."""


def conformed(path: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["conform", str(path), "--json"]) == 0
    changes: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["changes"]
    assert all(change.keys() - {"plays", "circled"} == KEYS and change["flags"] for change in changes)
    return changes


def of(flag: str, name: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
    """The first change of a clip of that name that has the flag, which no other clip of another name has."""
    having = [change for change in changes if flag in change["flags"]]
    assert having, [(change["clip"] or change["was"], change["flags"]) for change in changes]
    if flag not in ("unchanged", "shifted", "transition_changed"):
        assert {change["clip"] or change["was"] for change in having} == {name}
    mine = [change for change in having if name == (change["clip"] or change["was"])]
    return next((change for change in mine if change["clip"]), mine[0])


@pytest.mark.parametrize("flag", CASES)
def test_the_edit_is_told_by_its_flag(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    edit, name, numbers = CASES[flag]
    made = sent(show)
    edit(made)
    said = of(flag, name, conformed(save(made, tmp_path / "new.otio"), capsys))
    nothing = {"head": 0, "tail": 0, "slip": 0, "missing": {"head": 0, "tail": 0}}
    assert {key: said[key] for key in {**nothing, **numbers}} == {**nothing, **numbers}
    if flag not in ("split", "merged", "moved"):
        assert said["flags"] == [flag]


def test_what_was_taken_out_is_reinstated(show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = sent(show)
    del made.tracks[0][2]
    assert main(["conform", str(save(made, tmp_path / "short.otio")), "--apply"]) == 0
    said = of("reinstated", C, conformed(show.layout.received("main", ".otio"), capsys))
    assert said["flags"] == ["reinstated"] and said["shot"] == C


def test_parts_that_are_one_again_are_merged(show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = sent(show)
    split(made)
    assert main(["conform", str(save(made, tmp_path / "split.otio")), "--apply"]) == 0
    changes = conformed(show.layout.received("main", ".otio"), capsys)
    assert [change["flags"] for change in changes if "merged" in change["flags"]] == [["merged"], ["merged"]]
    assert of("merged", B, changes)["head"] == 15, "it was the longer part, which lay behind"


def test_our_own_version_is_returned_and_an_older_one_has_drifted(
    show: Show, made: tuple[Show, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = show.publish("delivery", tmp_path / "now.otio").path
    said = of("returned", SHOT, conformed(now, capsys))
    assert (said["flags"], said["plays"], said["circled"]) == (["returned"], "v002", "v002")
    said = of("version_drift", SHOT, conformed(made[1], capsys))
    assert (said["flags"], said["plays"], said["circled"]) == (["returned", "version_drift"], "v001", "v002")
    assert main(["conform", str(made[1])]) == 0
    told = capsys.readouterr().out
    assert "version_drift: plays a version older than the circled one" in told
    assert "v001" in told and "v002 is" in " ".join(told.split())
    (drift,) = [change for change in show.cut_changes("main", str(made[1])).changes if change.shot == SHOT]
    assert line_of(drift) == f"{SHOT}: returned, version_drift (plays v001, v002 is circled)"


def test_a_plate_with_other_pictures_under_its_name_is_told(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    plate = show.shot(SHOT).plate
    assert plate is not None
    frame = show.layout.find(plate.path % 5)
    before = frame.read_bytes()
    try:
        frame.write_bytes(show.layout.find(plate.path % 6).read_bytes())
        said = of("plate_content_changed", SHOT, conformed(show.layout.received("main", ".otio"), capsys))
        assert main(["conform", str(show.layout.received("main", ".otio")), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["stale"] == [f"{SHOT} v001", f"{SHOT} v002"]
        assert main(["conform", str(show.layout.received("main", ".otio"))]) == 0
        told = capsys.readouterr()
        assert f"made from other pictures than the plate has now: {SHOT} v001, {SHOT} v002" in told.err
        assert f"plate_content_changed: {FLAGS['plate_content_changed']}" in told.out
    finally:
        frame.write_bytes(before)
    assert said["flags"] == ["plate_content_changed"]


def test_there_is_a_case_for_every_flag() -> None:
    beside = {"reinstated", "merged", "returned", "version_drift", "plate_content_changed"}
    assert CASES.keys() | beside == FLAGS.keys()
