"""An edit list does not say its rate: it is guessed from what it holds, with the reason, or said by a person."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from core.cut.incoming.edl_rate import guess_rate
from core.cut.incoming.read import read_cut
from core.errors import BadInput
from core.show import Show

EVENT = "001  A001 V     C        01:00:04:05 01:00:05:{frame} 01:00:00:00 01:00:01:{length}\n"


def _list(frame: int, head: str = "TITLE: x\n") -> str:
    return head + EVENT.format(frame=f"{frame:02d}", length=f"{frame - 5:02d}")


@pytest.mark.parametrize(("frame", "rate"), [(12, 24), (23, 24), (24, 25), (29, 30), (47, 48), (49, 50), (59, 60)])
def test_the_slowest_usual_rate_that_fits_is_taken(frame: int, rate: int) -> None:
    found, why = guess_rate(_list(frame).encode())
    assert (found, why) == (rate, f"frame {frame} is the highest in its timecodes")


def test_drop_frame_is_said_by_the_list() -> None:
    ntsc = Fraction(30000, 1001)
    assert guess_rate(_list(12, "TITLE: x\nFCM: DROP FRAME\n").encode())[0] == ntsc
    assert guess_rate(_list(12).replace(":12 ", ";12 ").encode())[0] == ntsc
    assert guess_rate(_list(12, "TITLE: x\nFCM: NON-DROP FRAME\n").encode())[0] == 24
    assert guess_rate(_list(52, "FCM: DROP FRAME\n").encode())[0] == 2 * ntsc
    assert guess_rate(b"\xff nonsense 12:00")[0] == 24


def test_a_list_opens_at_its_rate_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    path.write_text(_list(24))
    cut = read_cut(path)
    assert cut.rate == 25
    assert cut.warnings[0].startswith("read at 25 frames a second: frame 24 is the highest")
    stated = read_cut(path, edl_rate=Fraction(30))
    assert stated.rate == 30 and not any("read at" in warning for warning in stated.warnings)


def test_a_stated_rate_makes_the_show(tmp_path: Path) -> None:
    env = {**os.environ, "RUSHES_STATE": str(tmp_path / "state")}
    (tmp_path / "a.edl").write_text(_list(12))
    show, warnings = Show.create(tmp_path / "a.edl", tmp_path / "show", env, rate="25")
    assert show.settings.rate == 25 and not any("read at" in warning for warning in warnings)
    with pytest.raises(BadInput, match="Not a frame rate"):
        Show.create(tmp_path / "a.edl", tmp_path / "other", env, rate="fast")
    (tmp_path / "b.otio").touch()
    with pytest.raises(BadInput, match="Only an EDL"):
        Show.create(tmp_path / "b.otio", tmp_path / "other", env, rate="25")


def test_a_list_of_ours_says_its_rate() -> None:
    data = b"001 A V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n* RUSHES RATE: 30000/1001\n"
    assert guess_rate(data) == (Fraction(30000, 1001), "the list says so")
