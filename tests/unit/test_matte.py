"""Protects `matte`: real u2netp finds the figure, exact 0 and 1 at the levels, and honest refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from core.errors import ModelError, RecipeError
from core.ops.base import Format, ModelRef
from core.ops.matte import Matte
from core.render.models import Models
from tests.model_kit import make_kit, make_models, plate, run


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return make_models(tmp_path_factory.mktemp("models"))


def test_it_finds_the_figure_and_is_exact_outside(models: Models) -> None:
    found = run(Matte(name="figure"), (1001, 1002), make_kit(models))
    assert found.shape == (2, 48, 72, 1) and found.dtype == np.float32
    y, x = np.mgrid[0:48, 0:72]
    for slot, frame in enumerate((1001, 1002)):
        distance = np.hypot(x - 30 - 3 * (frame - 1001), y - 24)
        assert found[slot, ..., 0][distance < 8].mean() > 0.9
        assert (found[slot, ..., 0][distance > 22] == 0.0).mean() > 0.95, "exactly 0, so that merge selects the plate"
        assert (found[slot] == 1.0).any()


def test_each_frame_is_its_own_and_repeats(models: Models) -> None:
    kit = make_kit(models)
    both, alone = run(Matte(name="figure"), (1001, 1002), kit), run(Matte(name="figure"), (1002,), kit)
    assert np.array_equal(both[1], alone[0])


def test_invert_is_the_ground(models: Models) -> None:
    figure, ground = (run(Matte(name="f", invert=turned), (1001,), make_kit(models)) for turned in (False, True))
    assert np.array_equal(ground, 1.0 - figure)


@pytest.mark.parametrize("levels", [(0.5, 0.5), (0.9, 0.1), (-0.1, 0.5), (0.1, 1.5)])
def test_levels_must_rise_inside_0_and_1(levels: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="the first below the second"):
        Matte(name="figure", levels=levels)


def test_a_flat_picture_and_bad_pixels_give_a_finite_matte(models: Models) -> None:
    bad = plate(1001)[None]
    bad[0, 2, 2], bad[0, 3, 3] = np.nan, np.inf
    for source in (np.zeros((1, 48, 72, 3), np.float32), bad):
        found = run(Matte(name="figure"), (1001,), make_kit(models), plate=source)
        assert np.isfinite(found).all() and found.min() >= 0.0 and found.max() <= 1.0


def test_the_plan_is_one_channel_and_refuses_a_matte() -> None:
    step = Matte(name="figure")
    assert step.plan({"plate": Format(72, 48, 4)}) == Format(72, 48, 1)
    with pytest.raises(RecipeError, match="in a matte"):
        step.plan({"plate": Format(72, 48, 1)})


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="cannot be read") as error:
        make_models(tmp_path).load(ModelRef("broken.onnx", kind="onnx"))
    assert error.value.todo
