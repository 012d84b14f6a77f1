"""Frames, files and settings: what everything else rests on."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import files, frames
from core.errors import BadInput, Broken, ShowError
from core.frames import FrameRange
from core.layout import find_root, media_root, read_settings, state_root

RATES = [Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)]
ranges = st.tuples(st.integers(-50, 2000), st.integers(0, 300)).map(lambda pair: FrameRange(pair[0], pair[0] + pair[1]))


@given(st.sets(st.integers(0, 3000), min_size=1))
def test_frames_survive_their_text(wanted: set[int]) -> None:
    assert frames.parse_frames(frames.format_frames(wanted)) == tuple(sorted(wanted))


@pytest.mark.parametrize("text", ["", "a", "10-1", "1001-", "1x2", "5-9x0", "1;2", "1-99999999999"])
def test_what_is_not_frames_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        frames.parse_frames(text)


@given(ranges, ranges)
def test_range_maths_agrees_with_sets(a: FrameRange, b: FrameRange) -> None:
    assert set(a.intersect(b)) == set(a) & set(b)
    assert set(a) | set(b) <= set(a.union(b))


@given(st.integers(0, 86_399 * 24), st.sampled_from(RATES), st.booleans())
def test_timecode_agrees_with_opentimelineio(index: int, rate: Fraction, drop: bool) -> None:
    drop = drop and round(rate) in (30, 60) and rate.denominator != 1
    text = frames.timecode(index, rate, drop=drop)
    theirs = otio.opentime.RationalTime(index, float(rate))
    assert text == otio.opentime.to_timecode(theirs, float(rate), drop)
    assert frames.parse_timecode(text, rate) == index


@given(st.integers(900, 1200), st.integers(1, 6), st.integers(1, 8), ranges)
def test_a_frames_place_in_its_batch_knows_no_range(frame: int, on: int, batch: int, available: FrameRange) -> None:
    assert 0 <= frames.slot(frame, on, batch) < batch
    assert frames.slot(frame + on * batch, on, batch) == frames.slot(frame, on, batch)
    assert frames.block_of(frame + on * batch, on, batch) == frames.block_of(frame, on, batch) + 1
    if frame in available:
        before, after = frames.keys_around(frame, on, available, available.last)
        assert before <= frame <= after and before in available and after in available
        wider = available.grow(6, 0)
        if available.first <= frame - (frame - frames.ANCHOR) % on:
            assert frames.keys_around(frame, on, wider, wider.last)[0] == before


@given(
    st.integers(0, 2**64),
    st.integers(900, 2000),
    st.sampled_from(["fixed", "iterate", "hashed", "ladder", "alternate"]),
)
def test_a_seed_is_a_function_of_its_frame(seed: int, frame: int, policy: frames.SeedPolicy) -> None:
    value = frames.seed_for(frame, seed, policy)
    assert 0 <= value < 2**63 and value == frames.seed_for(frame, seed, policy)


def test_seed_policies_walk_as_named() -> None:
    walk = {
        p: [frames.seed_for(f, 10, p) for f in range(1001, 1006)] for p in ("fixed", "iterate", "ladder", "alternate")
    }
    assert walk == {
        "fixed": [10] * 5,
        "iterate": [10, 11, 12, 13, 14],
        "ladder": [10, 12, 11, 13, 12],
        "alternate": [10, 11, 10, 11, 10],
    }


@pytest.mark.parametrize(
    ("given_rate", "exact"),
    [
        (23.976, "24000/1001"),
        ("29.97", "30000/1001"),
        (25.0, "25"),
        ("24000/1001", "24000/1001"),
        (59.94, "60000/1001"),
    ],
)
def test_rates_are_exact(given_rate: float | str, exact: str) -> None:
    assert frames.format_rate(frames.rate_of(given_rate)) == exact


# Files


@given(st.text())
def test_safe_text_holds_nothing_that_moves_a_terminal(text: str) -> None:
    clean = files.safe_text(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066\u2028" for char in clean)
    assert "\n" not in files.one_line(text)


@given(st.text())
def test_safe_names_fit_every_file_system(text: str) -> None:
    name = files.safe_name(text)
    assert files.check_name(name, "name") == name and 0 < len(name) <= 81 and "/" not in name


def test_write_once_never_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "v001.toml"
    files.write_once(target, "one")
    files.write_once(target, "one")
    with pytest.raises(Broken):
        files.write_once(target, "two")
    assert target.read_text() == "one" and list(tmp_path.iterdir()) == [target]


def test_a_torn_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text('{"whole": 1}\n{"torn": ')
    files.append_line(log, '{"next": 1}')
    assert log.read_text().splitlines() == ['{"whole": 1}', '{"torn": ', '{"next": 1}']


def test_a_kill_before_the_rename_leaves_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "settings"
    target.write_text("old")
    program = (
        f"from pathlib import Path; from core.files import write_atomic; write_atomic(Path({str(target)!r}), 'new')"
    )
    died = subprocess.run([sys.executable, "-c", program], env={**os.environ, "RUSHES_FAILPOINT": "temp"}, check=False)
    assert died.returncode == -9 and target.read_text() == "old"


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = (
        "import os; from pathlib import Path; from core.files import FileLock; "
        f"FileLock(Path({str(lock)!r})).acquire(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    first, second = files.FileLock(lock), files.FileLock(lock)
    assert first.acquire() and not second.acquire()
    assert str(os.getpid()) in second.holder()
    first.release()
    assert second.acquire()
    second.release()


# Settings and paths


def test_settings_name_the_file_and_the_key(tmp_path: Path) -> None:
    path = tmp_path / "rushes.toml"
    path.write_text('schema = 1\nname = "x"\nid = "x"\nrate = "25"\nspeed = 3\n')
    with pytest.raises(ShowError, match="speed") as error:
        read_settings(path)
    assert str(path) in str(error.value) and "share_gap" in error.value.todo
    path.write_text('name = "x"\nid = "../x"\nrate = "25"\n')
    with pytest.raises(ShowError):
        read_settings(path)
    path.write_text('name = "La Mesía"\nid = "mesia"\nrate = "24000/1001"\nhandles = [12, 12]\nmedia = "../pix"\n')
    settings = read_settings(path)
    assert settings.rate == Fraction(24000, 1001) and settings.handles == (12, 12)
    assert media_root(tmp_path, settings) == tmp_path.parent / "pix"


def test_a_show_is_found_from_inside_it(tmp_path: Path) -> None:
    with pytest.raises(ShowError, match="no show"):
        find_root(tmp_path)
    (tmp_path / "rushes.toml").touch()
    (tmp_path / "shots").mkdir()
    assert find_root(tmp_path / "shots") == tmp_path


def test_no_home_is_said_and_a_state_folder_can_be_named() -> None:
    with pytest.raises(ShowError, match="home"):
        state_root({})
    assert state_root({"RUSHES_STATE": "/s", "HOME": "/h"}) == Path("/s")
    assert state_root({"HOME": "/h"}) == Path("/h/.local/state/rushes")


def test_what_somebody_typed_keeps_the_joiners_that_its_script_needs() -> None:
    """Persian writes with a zero-width non-joiner: a screen may leave it out, a file that is kept may not."""
    typed = "می\u200cخواهم"
    assert files.kept_text(typed) == typed
    assert files.safe_text(typed) == "میخواهم"
    assert files.kept_text("a\x1b[2J\u202eb") == "a·[2J·b"
