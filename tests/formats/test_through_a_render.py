"""Odd plates through a whole show: turnover, recipe, worker, frames. Where nothing is mixed in, the plate comes out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.media.colour import Colour
from core.media.read import Reader
from core.media.write import read_frame
from core.render.sources import to_working
from core.show import Show
from tests import shows
from tests.marked import movie, remuxed
from tests.timelines import clip, save, timeline
from tests.timelines import movie as reference

NOTHING_MIXED_IN = shows.BLEND.replace("screen", "over").replace("mix = 0.5", "mix = 0.0")


@pytest.mark.slow
def test_odd_plates_are_rendered_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = {"g": "12", "bf": "3", "preset": "ultrafast"}
    lying = movie(tmp_path / "lying.mp4", "libx264", "yuv420p", 24, options=long)
    remuxed(lying, tmp_path / "phone.mov", matrix=(0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30))
    movie(
        tmp_path / "variable.mp4", "libx264", "yuv420p", 24, rate=Fraction(30), base=Fraction(1, 90000), options=long,
        times=lambda n: n * 3000 + (6000 if n > 8 else 0), muxing={"video_track_timescale": "90000"},
    )  # fmt: skip
    movie(tmp_path / "hdr.mov", "libx264", "yuv420p10le", 24, colour=(18, 9, 9), options=long)
    names = {"sh0010": "phone.mov", "sh0020": "variable.mp4", "sh0030": "hdr.mov"}
    cut = save(
        timeline([clip(shot, reference(name, 0, 24), 8, 4) for shot, name in names.items()]), tmp_path / "c.otio"
    )
    show = shows.make(cut, tmp_path / "show")
    monkeypatch.setattr(Show, "start_worker", lambda self: None)
    for shot in names:
        show.draft(shot, text=NOTHING_MIXED_IN)
    show.generate(list(names))
    assert shows.render(show) == 0
    colour, working = Colour(show.settings.colour_config), show.settings.working_space
    for shot in names:
        version, plate = show.version(shot, "v001"), show.shot(shot).plate
        assert version.row.state == "complete" and plate is not None
        with Reader(show.layout.find(plate.path)) as reader:
            for frame in version.range:
                meant = to_working(reader.read(plate.index(frame)), colour, plate.colour, working, plate.alpha)
                made = read_frame(Path(version.frames_path % frame))
                assert np.array_equal(made, meant.astype(np.float16).astype(np.float32)), (shot, frame)
