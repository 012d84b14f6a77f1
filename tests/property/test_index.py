"""The index never answers differently from the files: whatever changed, whatever happened to the index itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import index, overview
from core.cut.shot import read_shot, shot_text
from core.errors import ShowError
from core.farm.jobs import Standing
from core.history.review import ReviewEvent, append
from core.index import Indexed, read_index, refreshed, state_of
from core.layout import Layout, Settings
from core.rows import ShotRow
from core.show import Show
from tests import big_show
from tests.big_show import shot_id

SETTINGS = Settings("La noche", "la_noche", Fraction(24000, 1001))
LATER = 10_000_000_000
"""Ten seconds on: what changed just now counts as settled."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Show:
    return big_show.make(tmp_path_factory.mktemp("small") / "show", 3, 2)


@pytest.fixture
def layout(small: Show, tmp_path: Path) -> Layout:
    return copy(small, tmp_path)


def copy(small: Show, folder: Path) -> Layout:
    shutil.copytree(small.layout.shots, folder / "show" / "shots")
    return Layout(folder / "show", folder / "media", folder / "state")


def plainly(layout: Layout, standings: list[Standing]) -> list[ShotRow] | str:
    """The list without an index, or why there is none."""
    try:
        return [overview.shot_row(layout, shot, standings) for shot in overview.read_shots(layout).values()]
    except ShowError as error:
        return str(error)


def indexed(layout: Layout, standings: list[Standing], later: int = LATER) -> list[ShotRow] | str:
    """The list by way of what is kept on disk."""
    try:
        return list(refreshed(layout, SETTINGS, standings, read_index(layout.state), time.time_ns() + later).rows)
    except ShowError as error:
        return str(error)


def tick(folder: Path) -> None:
    """Wait until the file system's clock has moved on, so that a change is one that it can tell."""
    probe, deadline = folder / "probe", time.monotonic() + 10
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        assert time.monotonic() < deadline
        probe.touch()


FILES = ["shot.toml", "v001.toml", "v002.toml", "v002.json", "v003.toml", "review/ben.jsonl"]
SAID = st.sampled_from(
    [
        ReviewEvent("note", "Ana", "t", "v002", text="softer"),
        ReviewEvent("status", "Ana", "t", "v002", status="hld"),
        ReviewEvent("circle", "Ana", "t", "v001", temp=True),
    ]
)
EDITS = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 2), SAID),
    st.tuples(st.just("damage"), st.integers(0, 2), st.sampled_from(FILES)),
    st.tuples(st.just("swap"), st.integers(0, 2), st.sampled_from(FILES)),
    st.tuples(st.just("remove"), st.integers(0, 2), st.sampled_from(FILES)),
    st.tuples(st.just("move in the cut"), st.integers(0, 2), st.integers(0, 300)),
    st.tuples(st.just("next version"), st.integers(0, 2), st.none()),
    st.tuples(st.just("another folder"), st.integers(0, 2), st.sampled_from(["copy", "zz"])),
    st.tuples(st.just("gone"), st.integers(0, 2), st.none()),
    st.tuples(st.just("job"), st.integers(0, 2), st.sampled_from(["queued", "rendering", "failed"])),
)


def edit(layout: Layout, standings: list[Standing], what: str, number: int, how: object) -> None:
    """One thing that people, git or a disk do to a show. Nothing where it cannot be done."""
    shot = shot_id(number)
    folder = layout.shot(shot).parent
    if what == "job":
        standings[:] = [job for job in standings if job.shot != shot]
        standings.append(Standing(shot, "v002", how, 7, "Ana", "2026", ""))  # type: ignore[arg-type]
    elif not folder.exists():
        return
    elif what == "say":
        append(folder / "review" / "ben.jsonl", how)  # type: ignore[arg-type]
    elif what == "gone":
        shutil.rmtree(folder)
    elif what == "another folder":
        shutil.copytree(folder, layout.shots / str(how), dirs_exist_ok=True)
    elif what == "next version" and (folder / "v002.toml").exists():
        shutil.copy2(folder / "v002.toml", folder / "v003.toml")
    elif what == "move in the cut" and (folder / "shot.toml").exists():
        text = (folder / "shot.toml").read_text()
        (folder / "shot.toml").write_text(text.replace("record = ", f"record = {how}"))
    elif what in ("damage", "swap", "remove") and (folder / str(how)).exists():
        spoil(folder / str(how), what)


def spoil(path: Path, what: str) -> None:
    """Take a file away, or put other bytes of the same number and the same time into it."""
    if what == "remove":
        path.unlink()
        return
    before, data = path.stat(), bytearray(path.read_bytes())
    if what == "swap":
        data = data.replace(b"less boil", b"more boil").replace(b'"count": 64', b'"count": 63')
    else:
        data[len(data) // 2 :] = b"[" * (len(data) - len(data) // 2)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=1, max_size=6))
def test_after_any_change_the_list_is_what_the_files_say(
    small: Show, tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, object]]
) -> None:
    layout = copy(small, tmp_path_factory.mktemp("edited"))
    standings: list[Standing] = []
    assert indexed(layout, standings) == plainly(layout, standings)
    for change in edits:
        tick(layout.root)
        edit(layout, standings, *change)
        assert indexed(layout, standings) == plainly(layout, standings), change


def test_a_change_in_the_instant_after_a_look_is_seen(layout: Layout) -> None:
    """Within one tick of the file system's clock, at the same size, times tell nothing."""
    path = layout.recipe(shot_id(0), "v002")
    text = path.read_text()
    for last in (1063, 1064) * 40:
        path.write_text(text.replace("1064]", f"{last}]"))
        found = indexed(layout, [], later=0)
        assert isinstance(found, list) and found[0].progress == (0, last - 1000)
    kept = read_index(layout.state)
    assert kept is not None and shot_id(0) not in kept.signatures


def test_only_what_changed_is_read_again(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    first = refreshed(layout, SETTINGS, [], None, time.time_ns() + LATER)
    read: list[str] = []
    monkeypatch.setattr(index, "read_shot", lambda path: read.append(path.parent.name) or read_shot(path))
    assert refreshed(layout, SETTINGS, [], first, time.time_ns() + LATER) is first and read == []
    append(layout.review(shot_id(1), "ana"), ReviewEvent("note", "Ana", "t", "v001", text="x"))
    refreshed(layout, SETTINGS, [], first, time.time_ns() + LATER)
    assert read == [shot_id(1)]


def test_the_first_look_gives_back_what_was_kept(layout: Layout) -> None:
    path = layout.shot(shot_id(2))
    path.write_text(path.read_text() + '\n[[use]]\ncut = "main"\nclip_id = "é\\u001b"\ntrack = "V2"\nname = "n"\n'
                    "first = 1\nlast = 2\nrecord = 3\nduration = 2\n")  # fmt: skip
    bare = read_shot(layout.shot(shot_id(0)))
    layout.shot(shot_id(0)).write_text(shot_text(type(bare)(bare.id, None, (), missing="offline", cdl=(1.1,) * 10)))
    made = refreshed(layout, SETTINGS, [], None)
    assert read_index(layout.state) == made
    assert (made.title, made.rate, made.rows) == ("La noche", Fraction(24000, 1001), tuple(plainly(layout, [])))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_index_is_ignored(small: Show, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    layout = Layout(small.layout.root, small.layout.media, tmp_path_factory.mktemp("state"))
    kept = refreshed(layout, SETTINGS, [], None)
    path = index._path(layout.state)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, 9999)) % len(whole)  # its length is not the same each time: young files are marked
    junk = data.draw(st.binary(max_size=20))
    path.write_bytes(whole[:at] + junk + (whole[at + len(junk) :] if data.draw(st.booleans()) else b""))
    assert read_index(layout.state) == (kept if path.read_bytes() == whole else None)
    assert indexed(layout, []) == plainly(layout, [])


def test_an_index_of_another_rushes_is_ignored(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed(layout, SETTINGS, [], None)
    monkeypatch.setattr(index, "_SHAPE", [index._REV + 1, *index._SHAPE[1:]])
    assert read_index(layout.state) is None


def test_an_index_that_cannot_be_kept_costs_time_and_no_truth(layout: Layout) -> None:
    layout.state.mkdir()
    index._path(layout.state).mkdir()
    (index._path(layout.state) / "in the way").touch()
    assert isinstance(made := refreshed(layout, SETTINGS, [], None), Indexed)
    assert list(made.rows) == plainly(layout, [])


def test_a_show_finds_its_index_without_being_opened(small: Show) -> None:
    state = state_of(small.layout.root, small.env)
    assert state == small.layout.state and (small.shots(), read_index(state)) != ([], None)
    seen = read_index(state)
    assert seen is not None and list(seen.rows) == small.shots() and seen.title == small.settings.name


def test_the_reader_loads_nothing_heavy(small: Show) -> None:
    """A first paint waits for this import."""
    code = "import sys, core.index; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pydantic", "git", "ulid", "sqlite3", "numpy", "opentimelineio", "core.recipe.model", "core.overview"}
    assert not heavy & set(done.stdout.split())
