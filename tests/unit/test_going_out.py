"""The look before publishing: it says what would go out, and reads of a show only what plays and is newest."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import absent
from core.layout import version_name
from core.outgoing import NEWEST, outgoing
from core.show import Show
from tests import big_show

pytestmark = pytest.mark.timeout(120)
SHOT = big_show.shot_id(1)
COUNT = 12
STATES = ("here", "gone", "torn", "abandoned", "none", "damaged")
"""What can be of a version: complete with its frames; without all or one of them; given up; no record; a bad one."""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    return big_show.make(tmp_path_factory.mktemp("big") / "show", 2, COUNT)


def lay(show: Show, version: str, state: str, record: str) -> None:
    """Bring a version into this state."""
    path, frames = show.layout.record(SHOT, version), show.layout.frames(SHOT, version)
    shutil.rmtree(frames, ignore_errors=True)
    path.write_text(json.dumps({**json.loads(record), "state": "abandoned"}) if state == "abandoned" else record)
    if state == "none":
        path.unlink()
    elif state == "damaged":
        path.write_text("{")
    elif state in ("here", "torn"):
        frames.mkdir(parents=True)
        for frame in range(1001, 1065 if state == "here" else 1064):
            (frames / f"{SHOT}_gen_{version}.{frame}.exr").touch()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(st.sampled_from(STATES), min_size=COUNT, max_size=COUNT),
    circled=st.integers(0, COUNT),
    every=st.booleans(),
)
def test_what_would_go_out_of_any_shot(show: Show, states: list[str], circled: int, every: bool) -> None:
    row = next(row for row in show.shots() if row.shot.id == SHOT)
    names = [version_name(number) for number in range(1, COUNT + 1)]
    texts = dict.fromkeys(names, json.dumps({"state": "complete", "range": [1001, 1064]}))
    for name, state in zip(names, states, strict=True):
        record = {**json.loads(texts[name]), "media": f"{SHOT}/{SHOT}_gen_{name}/{SHOT}_gen_{name}.%04d.exr"}
        lay(show, name, state, json.dumps(record))
    chosen = names[circled - 1] if circled else ""
    row = replace(row, circled=chosen, circled_as="final" if chosen else "")
    (master,) = outgoing(show.layout, [row], "master", every_version=every)
    (delivery,) = outgoing(show.layout, [row], "delivery")

    here = [name for name, state in zip(names, states, strict=True) if state == "here"]
    if chosen and chosen not in here:
        assert f"{SHOT} {chosen} is circled, but" in master.refused and delivery.refused == master.refused
        assert not master.versions and not delivery.versions
        return
    kept = here if every else [name for name in here if name in here[-NEWEST:] or name == chosen]
    assert master.refused == "" and master.versions == tuple(kept) and master.plays == chosen == delivery.plays
    assert delivery.versions == ((chosen,) if chosen else ())
    assert delivery.newer == master.newer == (here[-1] if chosen and here[-1] != chosen else "")


def test_a_shot_with_many_versions_costs_no_more_than_one_with_few(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    many = big_show.make(tmp_path / "many", 5, COUNT)
    for number in range(5):
        shot = big_show.shot_id(number)
        for version in range(1, COUNT + 1):
            folder = many.layout.frames(shot, version_name(version))
            folder.mkdir(parents=True)
            for frame in range(1001, 1065):
                (folder / f"{shot}_gen_{version_name(version)}.{frame}.exr").touch()
    rows, read = many.shots(), []
    known = absent.read_record
    monkeypatch.setattr(absent, "read_record", lambda *args: (read.append(args), known(*args))[1])
    monkeypatch.setattr("core.overview.parse", lambda *args: pytest.fail("a recipe was read"))
    going = outgoing(many.layout, rows, "master")
    assert len(going) == 5 and all(one.plays and len(one.versions) >= NEWEST for one in going)
    assert len(read) <= 5 * (NEWEST + 2), "the circled one, the newest two, and one that is not complete"
