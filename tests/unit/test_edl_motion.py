"""A clip that runs backwards at full speed in a list is read as that, and only that one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from core.cut.incoming.read import read_cut

LIST = """TITLE: x
FCM: {fcm}

001  A001     V     C        01:00:00{m}00 01:00:02{m}00 01:00:00{m}00 01:00:02{m}00
* FROM CLIP NAME: forwards
002  A001     V     C        01:00:10{m}00 01:00:12{m}00 01:00:02{m}00 01:00:04{m}00
M2   A001       -{full}                01:00:10{m}00
* FROM CLIP NAME: backwards
003  A002     V     C        01:00:10{m}00 01:00:12{m}00 01:00:04{m}00 01:00:06{m}00
* FROM CLIP NAME: another reel
004  A001     V     C        01:00:20{m}00 01:00:21{m}00 01:00:06{m}00 01:00:08{m}00
M2   A001       -{half}                01:00:20{m}00
* FROM CLIP NAME: backwards and slow
"""


@pytest.mark.parametrize(
    ("rate", "full", "half", "drop"),
    [
        (Fraction(25), "025.0", "012.5", False),
        (Fraction(24000, 1001), "024.0", "012.0", False),
        (Fraction(24), "024.0", "012.0", False),
        (Fraction(30000, 1001), "030.0", "015.0", True),
    ],
)
def test_backwards_at_full_speed_is_read(tmp_path: Path, rate: Fraction, full: str, half: str, drop: bool) -> None:
    path = tmp_path / "cut.edl"
    path.write_text(
        LIST.format(full=full, half=half, m=";" if drop else ":", fcm="DROP FRAME" if drop else "NON-DROP FRAME")
    )
    (track,) = read_cut(path, edl_rate=rate).timeline.video_tracks()
    speeds = {
        clip.name: [round(effect.time_scalar, 2) for effect in clip.effects]
        for clip in track
        if isinstance(clip, otio.schema.Clip)
    }
    assert speeds["backwards"] == [-1.0]
    assert speeds["forwards"] == speeds["another reel"] == []
    assert speeds["backwards and slow"] == [pytest.approx(-0.5, abs=0.01)]
