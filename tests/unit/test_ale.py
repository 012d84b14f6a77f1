"""A camera log finds its plates by name, reel and timecode; what it says is recorded once, and nothing is guessed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera_log import Logged, match_log
from core.cut.incoming.ale import Log, Take, clock, read_ale
from core.cut.shot import Plate, Shot, Use, read_shot, shot_text
from core.errors import CutError
from core.frames import FrameRange, parse_timecode, timecode
from core.show import Show
from tests.marked import movie as film
from tests.timelines import clip, movie, save, timeline
from tui.commands.main import main

SOP = "(0.87 0.93 0.99)(-0.087 -1.5e-05 0)(1 1.02 1.01)"
CDL = (0.87, 0.93, 0.99, -0.087, -1.5e-05, 0.0, 1.0, 1.02, 1.01, 0.9)


def log(folder: Path, *rows: str, columns: str = "Name\tTape\tStart\tEnd\tScene\tTake", fps: str = "25") -> Path:
    path = folder / "day.ale"
    lines = ["Heading", "FIELD_DELIM\tTABS", f"FPS\t{fps}", "", "Column", columns, "", "Data", *rows]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def shot(start: str = "10:00:00:00", rate: Fraction = Fraction(25), uses: tuple[int, int] = (1009, 1020)) -> Shot:
    """A shot of a plate of 100 frames that starts at that timecode: its media index 0 is frame 1001."""
    at = parse_timecode(start, rate) if start else None
    media = FrameRange(0, 99)
    plate = Plate(
        "plates/A001_C002.mov", "movie", media, 1001, rate, 64, 36, timecode=at, drop=";" in start, reel="A001"
    )
    return Shot("sh0010", plate, (Use("main", "id-1", "V1", "sh0010", *uses, 0, 12),))


def found(path: Path, one: Shot) -> Logged:
    (logged,) = match_log(read_ale(path), [one])
    return logged


def test_a_line_is_text_timecode_and_cdl(tmp_path: Path) -> None:
    columns = "Name\tTape\tStart\tEnd\tScene\tASC_SOP\tASC_SAT\tempty\tComments"
    path = log(
        tmp_path, f"A001_C002\tA001\t10:00:00:00\t10:00:04:00\t19A\t{SOP}\t0.9\t\tfür \x1b[31mGlück", columns=columns
    )
    (take,) = read_ale(path).takes
    assert (take.name, take.line, take.cdl) == ("A001_C002", 9, CDL)
    assert take.span == (36000, 36004)
    assert take.facts == (("Tape", "A001"), ("Scene", "19A"), ("Comments", "für ·[31mGlück"))


@pytest.mark.parametrize(
    ("start", "end", "fps", "span"),
    [
        ("10:00:00:00", "10:00:00:12", "25", (Fraction(36000), Fraction(36000) + Fraction(12, 25))),
        # 23.976 counts 24 in a second of its clock; drop frame says so itself.
        ("10:00:00:00", "10:00:01:12", "23.976", (Fraction(36000), Fraction(36001) + Fraction(1, 2))),
        ("10:00:00:00", "10:00:01:12", "23.98", (Fraction(36000), Fraction(36001) + Fraction(1, 2))),
        ("01:00:00;02", "01:00:02;00", "29.97", (Fraction(3600) + Fraction(1, 15), Fraction(3602))),
        ("23:59:59:00", "00:00:01:00", "25", (Fraction(86399), Fraction(86401))),
    ],
)
def test_timecode_is_what_its_clock_shows(
    tmp_path: Path, start: str, end: str, fps: str, span: tuple[Fraction, Fraction]
) -> None:
    assert read_ale(log(tmp_path, f"a\tA\t{start}\t{end}", fps=fps)).takes[0].span == span


def test_start_and_duration_say_the_end_too(tmp_path: Path) -> None:
    path = log(tmp_path, "a\t10:00:00:00\t00:00:02:00", columns="Name\tStart\tDuration")
    assert read_ale(path).takes[0].span == (36000, 36002)


@pytest.mark.parametrize(
    ("row", "by"),
    [
        ("A001_C002\t\t10:00:00:00\t10:00:04:00", "name and timecode"),
        ("a001_c002.mov\t\t10:00:00:00\t10:00:04:00", "name and timecode"),
        ("x\ta001\t10:00:00:00\t10:00:04:00", "reel and timecode"),
        ("A001_C002\tA001\t\t", "name"),
        # Of the reel, but of another minute; of the plate, but before what the cut shows of it.
        ("x\tA001\t10:01:00:00\t10:01:04:00", ""),
        ("A001_C002\tA001\t10:00:00:00\t10:00:00:08", ""),
        ("x\tB007\t10:00:00:00\t10:00:04:00", ""),
    ],
)
def test_a_line_is_a_plates_take_by_name_or_reel_and_timecode(tmp_path: Path, row: str, by: str) -> None:
    logged = found(log(tmp_path, f"{row}\t19A\t2"), shot())
    assert (logged.by, logged.take is not None) == (by, bool(by))
    assert logged.new == ((("Scene", "19A"), ("Take", "2")) if by else ())


def test_a_plate_past_midnight_and_one_at_another_rate(tmp_path: Path) -> None:
    rows = "A001_C002\tA001\t23:59:59:00\t00:00:09:00\t1\t1", "A001_C002\tA001\t00:00:20:00\t00:00:29:00\t1\t2"
    path = log(tmp_path, *rows)
    assert found(path, shot("23:59:59:20")).new == (("Scene", "1"), ("Take", "1"))
    late = found(path, shot("00:00:02:00"))
    assert late.new == (("Scene", "1"), ("Take", "1")), "its clock has passed midnight already"
    other = log(tmp_path, "A001_C002\tA001\t10:00:00:00\t10:00:04:00\t19A\t2", fps="23.976")
    assert found(other, shot(rate=Fraction(24))).take is not None, "the same timecode: not 36 seconds apart"
    drop = log(tmp_path, "A001_C002\tA001\t10:00:00;00\t10:00:04;00\t19A\t2", fps="29.97")
    assert found(drop, shot("10:00:00;00", Fraction(30000, 1001))).take is not None


def test_without_timecode_the_name_alone_counts_and_a_tie_is_not_guessed(tmp_path: Path) -> None:
    path = log(tmp_path, "A001_C002\tA001\t10:00:00:00\t10:00:04:00\t19A\t2")
    assert found(path, shot("")).by == "name"
    two = log(tmp_path, *(f"A001_C002\tA001\t{at}:00:00:00\t{at}:00:04:00\t19A\t{at}" for at in (10, 11)))
    tied = found(two, shot(""))
    assert (tied.take, len(tied.takes), tied.now) == (None, 2, tied.shot)
    twice = log(tmp_path, *["A001_C002\tA001\t10:00:00:00\t10:00:04:00\t19A\t2"] * 2)
    assert found(twice, shot()).take is not None, "lines that say the same are one"


def test_of_several_takes_the_one_that_holds_most_of_what_the_cut_shows(tmp_path: Path) -> None:
    rows = "x\tA001\t10:00:00:00\t10:00:00:10\t19A\t1", "x\tA001\t10:00:00:10\t10:00:04:00\t19A\t2"
    assert found(log(tmp_path, *rows), shot(uses=(1009, 1020))).new[-1] == ("Take", "2")


def test_a_cdl_goes_where_none_is_and_a_difference_is_said(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        f"A001_C002\t10:00:00:00\t10:00:04:00\t7\t{SOP}\t0.9",
        columns="Name\tStart\tEnd\tScene\tASC_SOP\tASC_SAT",
    )
    bare, graded = shot(), replace(shot(), cdl=(1.0,) * 10, source=(("Scene", "6"), ("Lens", "32")))
    assert found(path, bare).now.cdl == CDL and found(path, bare).differs == ()
    logged = found(path, graded)
    assert logged.now.cdl == graded.cdl
    assert logged.differs == ("Scene is 6, the log says 7", "its CDL is another than the log's: the shot's stays")
    assert logged.now.source == (("Scene", "7"), ("Lens", "32"))
    again = found(path, logged.now)
    assert again.new == () and again.now == logged.now


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=20)), unique_by=lambda pair: pair[0]))
def test_a_shot_keeps_whatever_a_log_says(
    tmp_path_factory: pytest.TempPathFactory, facts: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("shot") / "shot.toml"
    one = replace(shot(), source=tuple(facts))
    path.write_text(shot_text(one), encoding="utf-8")
    assert read_shot(path) == one


@given(st.integers(0, 25 * 86400 - 1), st.sampled_from([Fraction(24), Fraction(25), Fraction(24000, 1001)]))
def test_the_clock_runs_evenly(frame: int, rate: Fraction) -> None:
    at = frame % (round(rate) * 86400)
    assert clock(timecode(at, rate), rate) * round(rate) == at


# What cannot be used


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "no columns"),
        (b"\x00\x01\x02", "no columns"),
        ("Heading\nFPS\t25\nColumn\nName\nData\nä".encode("latin-1"), "no UTF-8 text"),
        ("Heading".encode("utf-16"), "no UTF-8 text"),
        (b"Heading\nFIELD_DELIM\tCOMMAS\nColumn\nName\nData\na\n", "divided by COMMAS"),
        (b"Heading\nFPS\t25\nColumn\nTape\nData\na\n", "no column `Name`"),
        (b"Heading\nFPS\t25\nColumn\nName\tName\nData\na\tb\n", "two columns of one name"),
        (b"Heading\nFPS\t25\nColumn\nName\nData\n\n", "no lines of data"),
        (b"Heading\nColumn\nName\nData\na\n", "no frame rate"),
        (b"Heading\nFPS\t1e999999999\nColumn\nName\nData\na\n", "no frame rate"),
        (b"Heading\nFPS\t0\nColumn\nName\nData\na\n", "Its frame rate is 0"),
        (b"Heading\nFPS\t25\nColumn\nName\nData\n" + b"x\t" * 500_000 + b"y\n", "cells for 1 columns"),
    ],
)
def test_what_is_no_log_is_one_clear_error(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "day.ale"
    path.write_bytes(data)
    with pytest.raises(CutError, match=what) as error:
        read_ale(path)
    assert len(error.value.what) < 300 and "\n" not in error.value.what and error.value.todo
    with pytest.raises(CutError, match="no such log"):
        read_ale(tmp_path / "none.ale")


def test_a_line_that_makes_no_sense_is_named_and_the_others_count(tmp_path: Path) -> None:
    columns = "Name\tStart\tEnd\tASC_SOP"
    rows = (
        "a\t10:00:00:25\t10:00:02:00\t",
        "b\t10:00:00:00\t10:00:01:00\t(1 1 1)(nan 0 0)",
        "c\t\t\t(1 1 1)",
        "d\t\t\t\tx",
    )
    read = read_ale(log(tmp_path, *rows, columns=columns))
    assert [take.name for take in read.takes] == ["b", "c"] and not any(take.cdl for take in read.takes)
    assert [line.split(":")[0] for line in read.warnings] == [
        "line 9 is left out", "line 10 goes without its CDL", "line 11 goes without its CDL", "line 12 is left out",
    ]  # fmt: skip


# The command


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setattr(Show, "start_proxies", lambda show, shots=(): None)
    monkeypatch.setenv("RUSHES_STATE", str(tmp_path / "state"))
    tags = {"timecode": "10:00:00:00", "reel_name": "A001"}
    film(tmp_path / "A.mov", "prores_ks", "yuv422p10le", 40, options={"profile": "hq"}, tags=tags)
    cut = save(timeline([clip("sh0010", movie("A.mov", 900000, 40), 900010, 12)]), tmp_path / "cut.otio")
    made = Show.create(cut, tmp_path / "show", dict(os.environ))[0]
    monkeypatch.chdir(made.layout.root)
    return made


def test_the_command_shows_then_records_in_one_commit(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log(
        tmp_path, f"19A-2\tA001\t10:00:00:00\t10:00:01:15\t19A\t2\t{SOP}\t0.9\t32mm",
        columns="Name\tTape\tStart\tEnd\tScene\tTake\tASC_SOP\tASC_SAT\tLens",
    )  # fmt: skip
    before = len(show.log())
    assert main(["ale", str(path)]) == 0
    told = capsys.readouterr().out
    assert "sh0010" in told and "Scene 19A, Take 2, Lens 32mm, CDL" in told and "Record it with --apply" in told
    assert len(show.log()) == before and show.shot("sh0010").source == ()
    assert main(["ale", str(path), "--apply"]) == 0
    assert "1 of 1 shots" in capsys.readouterr().out
    entry = show.log()[0]
    assert (len(show.log()), entry.event) == (before + 1, "import")
    kept = show.shot("sh0010")
    assert (kept.source, kept.cdl) == ((("Scene", "19A"), ("Take", "2"), ("Lens", "32mm")), CDL)
    assert main(["ale", str(path), "--apply", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["log"]
    assert (row["shot"], row["by"], row["record"], row["cdl"]) == ("sh0010", "reel and timecode", {}, None)
    assert len(show.log()) == before + 1, "nothing new, no commit"
    assert main(["shots", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shots"][0]["source"]["Lens"] == "32mm"


def test_a_hostile_log_is_exit_code_2_and_writes_nothing(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "day.ale").write_bytes(b"\xff\xfe\x00")
    assert main(["ale", str(tmp_path / "day.ale"), "--apply"]) == 2
    assert "no UTF-8 text" in capsys.readouterr().err and show.shot("sh0010").source == ()


def test_the_adapter_reads_the_same_of_what_it_reads(tmp_path: Path) -> None:
    """Independent: OpenTimelineIO's own, on a file that it reads truly."""
    pytest.importorskip("otio_ale_adapter")
    sop = "(0.8714 0.9334 0.9947)(-0.087 -0.0922 -0.0808)(0.9988 1.0218 1.0101)"
    path = log(
        tmp_path, f"a\tA\t17:49:33:01\t17:49:35:10\tx\t{sop}\t0.9",
        columns="Name\tTape\tStart\tEnd\tScene\tASC_SOP\tASC_SAT", fps="24",
    )  # fmt: skip
    (theirs,), (ours,) = list(otio.adapters.read_from_file(str(path))), read_ale(path).takes
    cdl = theirs.metadata["cdl"]["asc_sop"]
    assert ours.cdl == (*cdl["slope"], *cdl["offset"], *cdl["power"], theirs.metadata["cdl"]["asc_sat"])
    used = theirs.source_range
    assert ours.span == (Fraction(used.start_time.value) / 24, Fraction(used.end_time_exclusive().value) / 24)


def test_a_take_says_nothing_of_columns_that_it_has_not() -> None:
    take = Take(1, "a", None, (), (("Scene", "1"),))
    assert (take.get("Scene"), take.get("Take")) == ("1", "")
    assert match_log(Log((take,), ()), [replace(shot(), plate=None)]) == []
