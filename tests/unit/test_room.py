"""Before a version gets a number: does the disk hold it, and can its files be named?"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import room, show
from core.errors import BadInput, DiskFull, MediaError
from core.media.write import write_frame
from core.recipe.model import Master, Recipe, Review
from core.recipe.text import parse
from tests import shows
from tests.shows import BLEND, SHOT


def recipe(text: str = BLEND) -> Recipe:
    return parse(text, "test")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> show.Show:
    folder = tmp_path_factory.mktemp("room")
    opened = shows.make(shows.cut(folder / "turnover", size=(320, 180)), folder / "show")
    opened.draft(SHOT, text=BLEND)
    return opened


@given(seed=st.integers(0, 99), noise=st.floats(0, 1), kind=st.sampled_from(["half", "float", "uint16"]))
def test_frames_never_take_more_than_was_said(
    tmp_path_factory: pytest.TempPathFactory, made: show.Show, seed: int, noise: float, kind: str
) -> None:
    """The assumed compression holds for pictures from flat to nothing but noise."""
    master = Master(type=kind, format="tiff" if kind == "uint16" else "exr")  # type: ignore[arg-type]
    asked = recipe().model_copy(update={"output": recipe().output.model_copy(update={"master": master})})
    picture = (np.random.default_rng(seed).random((180, 320, 3), np.float32) * noise + 0.1).astype(np.float32)
    path = tmp_path_factory.mktemp("frame") / f"f.{master.format}"
    write_frame(path, picture, master)
    said = room.room_for(asked, made.shot(SHOT), 1).frames
    assert path.stat().st_size <= said * 1.02 + 4096  # headers are small change of a real frame


def test_layers_movie_and_step_outputs_are_counted(made: show.Show) -> None:
    shot, values = made.shot(SHOT), 320 * 180
    plain = room.room_for(recipe(), shot, 10)
    assert (plain.frames, plain.review, plain.steps) == (round(10 * values * 3 * 2 * 0.9), 0, 0)
    more = room.room_for(recipe(BLEND + '[output]\nlayers = ["comp"]\n[output.review]\n'), shot, 10)
    assert more.frames == 2 * plain.frames and more.review == round(10 * values * 0.55)
    model = BLEND + '[[step]]\nop = "stylize"\nname = "paint"\nmodel = "m"\nsize = [64, 32]\non = 2\n'
    kept = room.room_for(recipe(model), shot, 10)
    assert kept.steps == (10 // 2 + 2) * values * 3 * 4  # float32, on twos, a key at each end
    assert "step outputs" in str(kept) and "review" not in str(kept)


def test_a_recipe_with_a_matte_of_its_own_is_planned_as_such(made: show.Show) -> None:
    roto = '[[input]]\nname = "roto"\nkind = "matte"\npath = "roto.%04d.exr"\n'
    masked = recipe(BLEND + 'mask = "roto"\n' + roto)
    assert room.room_for(masked, made.shot(SHOT), 10) == room.room_for(recipe(), made.shot(SHOT), 10)


def test_every_codec_of_a_review_movie_has_its_size() -> None:
    assert set(room._REVIEW) == set(get_args(Review.model_fields["codec"].annotation))


def free(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=int(size)))


def test_what_does_not_fit_is_refused_with_numbers_before_a_number_is_claimed(
    made: show.Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 1000)
    with pytest.raises(DiskFull, match=r"needs about 0\.00 GB and 0\.00 GB are free: frames"):
        made.generate([SHOT])
    assert made.history.claims() == {} and made.versions(SHOT) == [] and made.jobs() == []
    with pytest.raises(DiskFull):
        made.preview(SHOT, (1009,))


def test_a_disk_that_may_become_full_is_told_and_the_queue_is_counted(
    made: show.Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show.spawn, "start", lambda *_: ())
    needed = room.room_for(recipe(), made.shot(SHOT), len(made.shot(SHOT).range)).frames
    free(monkeypatch, needed * 1.5)
    told: list[str] = []
    made.generate([SHOT], tell=told.append)
    assert len(told) == 1 and "nearly full" in told[0] and str(made.layout.media) in told[0]
    with pytest.raises(DiskFull, match="jobs in the queue"):  # both would not fit, though nothing is written yet
        made.generate([SHOT], summary="again")
    free(monkeypatch, 1e12)
    made.generate([SHOT], summary="again", tell=told.append)
    assert len(told) == 1


def test_rendered_versions_tell_what_the_next_one_takes(tmp_path: Path) -> None:
    opened = shows.make(shows.cut(tmp_path / "turnover", size=(320, 180)), tmp_path / "show")
    opened.draft(SHOT, text=BLEND)
    shot = opened.shot(SHOT)
    assert room.measured_share(opened.layout, shot, recipe()) is None
    (job,) = opened.generate([SHOT])
    shows.finish(opened, job)
    share = room.measured_share(opened.layout, shot, opened.version(SHOT, "v001").recipe)
    files = list(opened.layout.frames(SHOT, "v001").glob("*.exr"))
    real = sum(path.stat().st_size for path in files)
    assert share is not None
    said = room.room_for(opened.version(SHOT, "v001").recipe, shot, len(files), share).frames
    assert real <= said <= 1.25 * real
    other = recipe(BLEND + '[output.master]\ntype = "float"\n')
    assert room.measured_share(opened.layout, shot, other) is None  # another kind of file says nothing


def test_a_master_of_another_size_than_the_plate_tells_its_own_share(made: show.Show, tmp_path: Path) -> None:
    """A quarter of the pixels in a quarter of the bytes is the same share: noise, nine tenths and more."""
    text = BLEND + '[[step]]\nop = "reformat"\nname = "small"\ninput = "plate"\nsize = [160, 90]\n'
    opened = shows.make(shows.cut(tmp_path / "turnover", size=(320, 180)), tmp_path / "show")
    opened.draft(SHOT, text=text)
    (job,) = opened.generate([SHOT])
    shows.finish(opened, job)
    version = opened.version(SHOT, "v001").recipe
    share = room.measured_share(opened.layout, opened.shot(SHOT), version)
    files = list(opened.layout.frames(SHOT, "v001").glob("*.exr"))
    said = room.room_for(version, opened.shot(SHOT), len(files), share).frames
    assert sum(path.stat().st_size for path in files) <= said


def test_names_that_would_not_travel_are_refused(made: show.Show) -> None:
    long = "a" + "b" * 40
    text = BLEND.replace('name = "comp"', f'name = "{long}"') + f'[output]\nlayers = ["{long}"]\n'
    room.names_fit(made.layout, SHOT, recipe(text), "v001")  # 153 characters
    with pytest.raises(BadInput, match=r"paths of \d+ characters.*under 200") as caught:
        room.names_fit(made.layout, "x" * 48, recipe(text), "v001")
    assert long in caught.value.todo and "x" * 48 in caught.value.where
    room.names_fit(made.layout, "x" * 48, recipe(BLEND + "[output.review]\n"), "v001")
    with pytest.raises(BadInput) as caught:
        room.names_fit(made.layout, "x" * 80, recipe(), "v001")
    assert "clip" in caught.value.todo


def test_a_path_that_this_disk_cannot_take_is_refused(made: show.Show, tmp_path: Path) -> None:
    deep = tmp_path
    while len(str(deep)) < 4030:
        deep /= "d" * 60
    with pytest.raises(MediaError, match=r"no path of \d+ characters, at most 4096"):
        room.names_fit(show.Layout(tmp_path, deep, tmp_path), SHOT, recipe(), "v001")


def test_the_real_disk_is_asked(made: show.Show) -> None:
    told: list[str] = []
    room.enough_room(made.layout, made.shot(SHOT), recipe(), 1, [], told.append)
    assert bool(told) == (shutil.disk_usage(made.layout.media).free < 2_000_000_000)
