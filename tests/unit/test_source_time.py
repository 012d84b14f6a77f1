"""Source timecode past midnight, absent, or counted at another rate than the media's finds the same pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.edl_midnight import past_midnight
from core.cut.incoming.read import read_cut
from core.cut.ranges import Counted, media_frames, needs, source_zero, zero_at
from core.cut.shots import make_shots
from core.frames import FrameRange, parse_timecode, timecode
from core.media.info import MediaInfo
from tests.timelines import clip, media_info, movie, schema, settings, time, timeline

FILM = Fraction(24000, 1001)
RATES = [Fraction(24), FILM, Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(50)]


def media(text: str, rate: Fraction, frames: int = 1000) -> Counted:
    return Counted(0, rate, parse_timecode(text, rate), ";" in text, frames)


def used(text: str, rate: Fraction) -> Fraction:
    """The source time of a timecode as OpenTimelineIO has it, in seconds."""
    at = otio.opentime.from_timecode(text, float(rate))
    return Fraction(at.value) / rate


def index(text: str, counts: Fraction, of: Counted) -> Fraction:
    at = used(text, counts)
    return (at - zero_at(None, of, at, counts)) * of.rate


@given(
    st.sampled_from(RATES), st.sampled_from(RATES), st.integers(0, 22), st.integers(0, 59), st.integers(0, 30),
    st.integers(0, 23),
)  # fmt: skip
def test_the_same_timecode_is_the_same_picture_at_whatever_rate_the_cut_counts(
    counts: Fraction, rate: Fraction, hour: int, minute: int, later: int, frame: int
) -> None:
    """A cut of 25 frames a second shows 10:00:00:00 at 36000 s, media of 23.976 at 36036 s: both mean one picture."""
    start = media(f"{hour:02}:{minute:02}:00:00", rate, 10_000)
    found = index(f"{hour:02}:{minute:02}:{later:02}:{frame:02}", counts, start)
    if hour or minute:
        assert found == (later * round(counts) + frame) / counts * rate


@pytest.mark.parametrize(
    ("text", "counts", "start", "rate", "wanted"),
    [
        # The media have no whole second at their start; and drop frame, which a cut may count or not.
        ("10:00:01:00", Fraction(25), "10:00:00:12", FILM, Fraction(1) * FILM - 12),
        ("01:00:00;02", Fraction(30000, 1001), "01:00:00;02", Fraction(30000, 1001), Fraction(0)),
        ("01:00:10:00", Fraction(25), "01:00:00;00", Fraction(30000, 1001), 10 * Fraction(30000, 1001)),
        ("01:00:10;00", Fraction(30000, 1001), "01:00:00;00", Fraction(60000, 1001), Fraction(600)),
    ],
)
def test_by_hand(text: str, counts: Fraction, start: str, rate: Fraction, wanted: Fraction) -> None:
    assert index(text, counts, media(start, rate)) == wanted


@pytest.mark.parametrize("counts", [Fraction(25), FILM, Fraction(30000, 1001)])
def test_media_that_run_past_midnight_hold_the_first_seconds_of_the_day(counts: Fraction) -> None:
    mark = ";" if counts.numerator == 30000 else ":"
    late = media(f"23:59:50{mark}00", counts, 3000)
    count = round(counts)
    assert index(f"23:59:55{mark}00", counts, late) == 5 * count
    assert index(f"00:00:05{mark}00", counts, late) == 15 * count
    # So they do where the cut says what there is.
    start = used(f"23:59:50{mark}00", counts)
    at = used(f"00:00:05{mark}00", counts)
    assert (at - zero_at(start, late, at, counts)) * counts == 15 * count


def test_times_that_count_from_zero_and_media_without_timecode() -> None:
    rate = Fraction(25)
    assert index("00:00:05:00", rate, media("10:00:00:00", rate)) == 125
    assert index("00:00:05:00", rate, Counted(0, rate, None, False, 1000)) == 125
    assert index("00:00:05:00", rate, media("23:00:00:00", rate)) == 125, "that does not reach midnight"
    assert index("00:00:05:00", FILM, Counted(0, rate, None, False, 1000)) == Fraction(120) / FILM * rate


def test_a_dissolve_may_reach_out_in_front_of_the_first_picture() -> None:
    """Its first frames are before the media's timecode: that does not make it count from zero."""
    rate = Fraction(25)
    assert index("09:59:59:20", rate, media("10:00:00:00", rate)) == -5


def plate(path: Path, rate: Fraction | None = None) -> MediaInfo:
    """A movie at 23.976 whose timecode begins ten seconds before midnight."""
    stamp = parse_timecode("23:59:50:00", FILM)
    return replace(media_info(path), rate=FILM, timecode=stamp, frames=FrameRange(0, 999))


@pytest.mark.parametrize(
    ("source", "seconds"),
    [
        ("23:59:52:00 23:59:53:00", (2, 3)),
        ("00:00:02:00 00:00:03:00", (12, 13)),
        ("23:59:59:12 00:00:00:12", (9 + Fraction(12, 25), 10 + Fraction(12, 25))),
    ],
)
def test_a_list_at_25_of_media_at_23976_past_midnight(
    tmp_path: Path, source: str, seconds: tuple[Fraction, Fraction]
) -> None:
    """An EDL has no ranges of its media: everything hangs on the timecode."""
    pytest.importorskip("otio_cmx3600_adapter")
    (tmp_path / "A.mov").touch()
    lines = [
        "TITLE: x",
        f"001  A V C {source} 23:59:59:12 00:00:00:12",
        "* FROM CLIP NAME: sh0010",
        "* FROM CLIP: A.mov",
    ]
    (tmp_path / "cut.edl").write_text("\n".join(lines) + "\n")
    cut = read_cut(tmp_path / "cut.edl", edl_rate=Fraction(25))
    made, warnings = make_shots(cut, settings(), probe=plate, root=tmp_path, source=tmp_path / "cut.edl", existing={})
    (use,) = made[0].uses
    found = made[0].plate
    assert found is not None and found.rate == FILM, warnings
    # From the first picture on: the in point floors, the out point ceils.
    wanted = math.floor(seconds[0] * FILM), math.ceil(seconds[1] * FILM) - 1
    assert (found.index(use.first), found.index(use.last)) == wanted
    assert (use.record, use.duration) == (0, 25)
    assert cut.timeline.global_start_time == time(2159987)


def test_every_clip_of_a_timeline_finds_its_media_whatever_the_times(tmp_path: Path) -> None:
    """With available ranges: media at one rate, the clip's range at another."""
    item: Any = clip("it", movie(start=864000, length=500, rate=float(FILM)), 0, 0)
    item.source_range = otio.opentime.TimeRange(time(36036.0 * 25 + 50, 25), time(10, 25))
    need = needs(timeline([item]))[0][0]
    zero = source_zero(item.media_reference, Counted(0, FILM, 864000, False, 500), need.start, Fraction(25))
    assert media_frames(need, zero, FILM) == FrameRange(47, 57)
    assert timecode(864000, FILM) == "10:00:00:00" and isinstance(item, schema.Clip)


def test_a_list_that_does_not_pass_midnight_stays_as_it_is_and_one_that_does_counts_on() -> None:
    plain = b"001  A V C 10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n* LOC: 00:00:00:00 RED x\n"
    assert past_midnight(plain) == plain
    late = b"001 A V C 09:00:00:00 09:00:01:00 23:59:59:00 00:00:00:00\r\n"
    late += b"002 B V C 23:59:59:12 00:00:00:12 00:00:00:00 00:00:01:00"
    assert past_midnight(late) == late.replace(b"59:00 00:00:00:00", b"59:00 24:00:00:00").replace(
        b"00:00:00:12 00:00:00:00 00:00:01:00", b"24:00:00:12 24:00:00:00 24:00:01:00"
    )
