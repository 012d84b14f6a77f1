"""The render loop: the plate promise, re-use, streaming, and stopping at any point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, MediaError, RecipeError, RenderError, RushesError
from core.frames import FrameRange
from core.media.write import read_frame, write_frame
from core.ops.merge import Merge
from core.recipe.model import Master, Material, Output
from core.render.run import Tally, render
from tests.render_kit import (
    FLOAT,
    HEIGHT,
    WIDTH,
    Disc,
    NoModels,
    Paint,
    Tint,
    hashes,
    make_plate,
    make_recipe,
    make_shot,
    make_work,
    plate_picture,
    run,
)

MEDIA = FrameRange(997, 1024)
PAINT = Paint(name="paint", seed="7", seed_per_frame="hashed", on=2, batch=2, fill="blend")
COMP = Merge(name="comp", a="paint", mask="figure", mix=0.8)
STEPS = (PAINT, Disc(name="figure"), COMP)


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plates")
    make_plate(folder, MEDIA)
    return folder


@pytest.fixture
def tmp(tmp_path: Path, plates: Path) -> Iterator[Path]:
    (tmp_path / "plate").symlink_to(plates)
    Paint.calls.clear()
    Tint.measured.clear()
    yield tmp_path
    assert not list(tmp_path.rglob(".*.tmp*")), "a temporary file was left behind"


def bits(picture: Any) -> Any:
    return np.ascontiguousarray(picture, np.float32).view(np.uint32)


def picture_of(tmp: Path, frame: int, layer: str = "master", out: str = "out") -> Any:
    return read_frame(tmp / out / layer / f"{frame:04d}.exr")


def test_outside_the_matte_the_master_is_the_plate_bit_for_bit(tmp: Path) -> None:
    """The plate has Inf, NaN and negative pixels; the master is float32 in the working space."""
    tally = Tally()
    done = run(make_work(tmp, make_recipe(*STEPS), MEDIA), tally)
    assert [one.frame for one in done] == list(range(1001, 1009))
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[HEIGHT // 4 : -(HEIGHT // 4), WIDTH // 4 : -(WIDTH // 4)] = False
    for frame in range(1001, 1009):
        master, plate = bits(picture_of(tmp, frame)), bits(plate_picture(frame))
        assert (master[outside] == plate[outside]).all()
        assert (master[~outside] != plate[~outside]).any(-1).all()
    assert tally.promise_ended == ""
    assert tally.nonfinite == 2 * 8  # the plate's own, counted and let through
    assert tally.summary()["changed"] == pytest.approx(1 - outside.mean())


def test_a_comp_only_change_calls_no_model(tmp: Path) -> None:
    first = run(make_work(tmp, make_recipe(*STEPS), MEDIA, origin="sq010_v001"))
    assert len(Paint.calls) == 3
    Paint.calls.clear()
    tally = Tally()
    softer = make_recipe(PAINT, STEPS[1], COMP.model_copy(update={"mix": 0.3}))
    second = run(make_work(tmp, softer, MEDIA, out="v2"), tally)
    assert Paint.calls == []
    assert tally.summary()["reused"] == {"paint": {"sq010_v001": 5}}
    assert hashes(first) != hashes(second)
    assert second[0].facts["paint"] == {"gain": 0.5}  # what the model call noted comes back with its picture


def test_renaming_a_step_calls_no_model_and_writes_the_same_files(tmp: Path) -> None:
    first = run(make_work(tmp, make_recipe(*STEPS), MEDIA))
    Paint.calls.clear()
    renamed = make_recipe(
        PAINT.model_copy(update={"name": "candle"}), STEPS[1], COMP.model_copy(update={"a": "candle", "name": "final"})
    )
    assert hashes(run(make_work(tmp, renamed, MEDIA, out="v2"))) == hashes(first)
    assert Paint.calls == []


def test_any_part_of_a_render_gives_the_same_files(tmp: Path) -> None:
    """Test frames, a resumed render and a whole one agree, with nothing kept from one to the other."""
    whole = hashes(run(make_work(tmp, make_recipe(*STEPS), MEDIA)))
    for part in ([1004], [1002, 1003, 1007], [1008], [1001, 1006]):
        work = replace(make_work(tmp, make_recipe(*STEPS), MEDIA, part, out="part"), steps=tmp / f"steps{part[0]}")
        assert hashes(run(work)) == {frame: whole[frame] for frame in part}


def test_a_head_that_grows_leaves_all_other_files(tmp: Path) -> None:
    """Also with an operation that measures: what it measures hangs on the plate, not on the range."""
    steps = (*STEPS, Tint(name="tint", input="comp", amount=0.25))
    before = hashes(run(make_work(tmp, make_recipe(*steps), MEDIA)))
    longer = make_work(tmp, make_recipe(*steps, frames=(997, 1008)), MEDIA, out="v2")
    after = hashes(run(replace(longer, steps=tmp / "elsewhere")))
    assert len(after) == 12
    assert {frame: after[frame] for frame in before} == before


def test_threads_do_not_decide_pixels(tmp: Path) -> None:
    one = run(make_work(tmp, make_recipe(*STEPS), MEDIA, writers=1))
    many = run(replace(make_work(tmp, make_recipe(*STEPS), MEDIA, writers=6, out="v2"), steps=tmp / "s2"))
    assert hashes(one) == hashes(many)


@pytest.mark.parametrize("fill", ["hold", "blend"])
def test_frames_between_keys(tmp: Path, fill: str) -> None:
    paint = PAINT.model_copy(update={"fill": fill, "on": 4, "batch": 1})
    run(make_work(tmp, make_recipe(paint), MEDIA))
    keys = {frame: picture_of(tmp, frame) for frame in (1001, 1005, 1008)}
    share = np.float32(0.25 if fill == "blend" else 0.0)
    expected = keys[1001] * (1 - share) + keys[1005] * share if share else keys[1001]
    np.testing.assert_array_equal(picture_of(tmp, 1002), expected)
    assert Paint.calls == [(1001,), (1005,), (1008,)]


def test_measuring_happens_once_and_is_kept(tmp: Path) -> None:
    recipe, tally = make_recipe(Tint(name="tint")), Tally()
    whole = hashes(run(make_work(tmp, recipe, MEDIA, out="a"), tally))
    assert Tint.measured == [1001, 1005, 1009, 1013, 1017, 1021]
    resumed = Tally()
    part = hashes(run(make_work(tmp, recipe, MEDIA, [1006], out="b"), resumed))
    assert len(Tint.measured) == 6
    assert resumed.stats == tally.stats and part[1006] == whole[1006]


def test_memory_is_flat_in_the_length_of_the_shot(tmp: Path) -> None:
    """Two portions of a batch on twos, and the frames that wait for the one writer; four pictures a frame."""
    portion, in_flight, pictures = 4, 3, 4
    tally = Tally()
    run(make_work(tmp, make_recipe(*STEPS, frames=(1001, 1024)), MEDIA, writers=1), tally)
    assert tally.peak_pictures <= (2 * portion + in_flight) * pictures < 24 * pictures


def test_layers_are_written_beside_the_master(tmp: Path) -> None:
    recipe = make_recipe(*STEPS, output=Output(master=FLOAT, layers=("paint", "figure")))
    done = run(make_work(tmp, recipe, MEDIA, [1001]))
    assert [one.layer for one in done] == ["paint", "figure", ""]  # a master that exists has its layers
    assert picture_of(tmp, 1001, "figure").shape == (HEIGHT, WIDTH, 1)
    assert {one.written.sha256 for one in done} == set(map(sha_of, (tmp / "out").rglob("*.exr")))


def sha_of(path: Path) -> str:
    from core.files import sha256_file

    return sha256_file(path)


def test_nan_where_the_plate_has_none_fails_the_frame_and_names_the_step(tmp: Path) -> None:
    spoilt = PAINT.model_copy(update={"spoil": "nan"})
    grade = Merge(name="comp", a="paint", mode="plus")
    with pytest.raises(RenderError, match=r"Frame 1001 .* in 1 pixels .*`paint`"):
        run(make_work(tmp, make_recipe(spoilt, grade), MEDIA))  # of the three pixels, the plate has two
    allowed = Output(master=Master(type="float", allow_nonfinite=True))
    tally = Tally()
    assert len(run(make_work(tmp, make_recipe(spoilt, grade, output=allowed), MEDIA), tally)) == 8
    assert tally.nonfinite == 3 * 8


def test_nan_behind_a_matte_that_is_zero_does_no_harm(tmp: Path) -> None:
    run(make_work(tmp, make_recipe(PAINT.model_copy(update={"spoil": "nan"}), *STEPS[1:]), MEDIA))
    assert (bits(picture_of(tmp, 1001))[0] == bits(plate_picture(1001))[0]).all()


@pytest.mark.parametrize("wrong", ["shape", "dtype"])
def test_another_format_than_planned_stops_the_render(tmp: Path, wrong: str) -> None:
    with pytest.raises(RenderError, match=r"step `paint` gave .* was planned"):
        run(make_work(tmp, make_recipe(PAINT.model_copy(update={"spoil": wrong})), MEDIA))


def test_a_plate_frame_that_is_not_there_is_named(tmp: Path) -> None:
    with pytest.raises(MediaError, match="1025"):
        run(make_work(tmp, make_recipe(frames=(1020, 1025)), MEDIA))
    with pytest.raises(RenderError, match="outside the recipe's range"):
        run(make_work(tmp, make_recipe(), MEDIA, [1050]))


def test_a_frame_that_cannot_be_decoded_stops_with_what_came_before(tmp_path: Path) -> None:
    path = make_plate(tmp_path / "plate", range(1001, 1009))
    (tmp_path / "plate" / "plate.1006.exr").write_bytes(b"not a picture")
    done = []
    with pytest.raises(MediaError, match=r"1006|picture"):
        for one in render(
            make_work(tmp_path, make_recipe(), FrameRange(1001, 1008)), NoModels(), Tally(), lambda: None
        ):
            done.append(one)  # noqa: PERF402
    assert [one.frame for one in done] == list(range(1001, 1006))
    assert path.name == "plate.%04d.exr"


def test_a_plate_of_another_size_than_the_shot_says_is_refused(tmp: Path) -> None:
    shot = make_shot(tmp / "plate" / "plate.%04d.exr", MEDIA, size=(WIDTH * 2, HEIGHT))
    with pytest.raises(MediaError, match=r"shot.toml says 48 x 16"):
        run(make_work(tmp, make_recipe(), MEDIA, shot=shot))


def test_cancelling_stops_threads_and_keeps_finished_frames(tmp: Path) -> None:
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks > 6:
            raise Cancelled("stop")

    done = []
    with pytest.raises(Cancelled):
        for one in render(make_work(tmp, make_recipe(*STEPS, frames=(1001, 1024)), MEDIA), NoModels(), Tally(), tick):
            done.append(one)  # noqa: PERF402
    assert all(sha_of(one.written.path) == one.written.sha256 for one in done)


def test_closing_the_generator_keeps_what_was_given_out(tmp: Path) -> None:
    frames = render(make_work(tmp, make_recipe(*STEPS), MEDIA), NoModels(), Tally(), lambda: None)
    first = next(frames)
    frames.close()
    assert sha_of(first.written.path) == first.written.sha256
    Paint.calls.clear()
    whole = hashes(run(make_work(tmp, make_recipe(*STEPS), MEDIA, out="again")))
    assert whole[first.frame] == first.written.sha256


def test_a_folder_that_cannot_be_written_is_said_so(tmp: Path) -> None:
    (tmp / "out").write_text("a file where the folder should be")
    with pytest.raises((RushesError, OSError)):
        run(make_work(tmp, make_recipe(), MEDIA))


def test_inputs_are_read_as_what_they_are(tmp: Path) -> None:
    """A still, a matte sequence in shot frames, and an input of another size."""
    rng = np.random.default_rng(5)
    still, matte = rng.random((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH, 1), np.float32)
    matte[4:8, 4:8] = 1.0
    write_frame(tmp / "still.exr", still, FLOAT)
    for frame in MEDIA:
        write_frame(tmp / "matte" / f"m.{frame}.exr", np.roll(matte, frame - 1001, axis=1), FLOAT)
    inputs = (
        Material(name="altar", kind="image", path="still.exr", colour="ACEScg"),
        Material(name="roto", kind="matte", path="matte/m.%04d.exr"),
    )
    recipe = make_recipe(Merge(name="comp", a="altar", mask="roto"), input=inputs)
    paths = {"altar": tmp / "still.exr", "roto": tmp / "matte" / "m.%04d.exr"}
    run(make_work(tmp, recipe, MEDIA, materials=paths))
    for frame in (1001, 1004):
        where = np.roll(matte, frame - 1001, axis=1)[..., 0] == 1
        assert (bits(picture_of(tmp, frame))[where] == bits(still)[where]).all()
        assert (bits(picture_of(tmp, frame))[~where] == bits(plate_picture(frame))[~where]).all()

    write_frame(tmp / "small.exr", still[:8, :8], FLOAT)
    with pytest.raises(RecipeError, match=r"`altar` \(8 x 8\).*(?s:.*)reformat"):
        run(make_work(tmp, recipe, MEDIA, materials={**paths, "altar": tmp / "small.exr"}, out="v2"))


def test_a_sequence_bounds_the_keys_like_the_plate_does(tmp: Path) -> None:
    """A roto that starts at the range's first frame: the key on the grid before it is not asked for."""
    for frame in range(1002, 1009):
        write_frame(tmp / "ref" / f"r.{frame}.exr", plate_picture(frame), FLOAT)
    recipe = make_recipe(
        Paint(name="paint", input="ref", on=4, batch=1), frames=(1002, 1008),
        input=(Material(name="ref", kind="sequence", path="ref/r.%04d.exr", colour="ACEScg"),),
    )  # fmt: skip
    run(make_work(tmp, recipe, MEDIA, materials={"ref": tmp / "ref" / "r.%04d.exr"}))
    assert Paint.calls == [(1002,), (1005,), (1008,)]


def test_straight_alpha_is_premultiplied_after_linearisation(tmp_path: Path) -> None:
    half = np.full((HEIGHT, WIDTH, 4), 0.5, np.float32)
    write_frame(tmp_path / "plate" / "plate.1001.png", half * 1.0, Master(format="png", type="uint16"))
    shot = make_shot(tmp_path / "plate" / "plate.%04d.png", FrameRange(1001, 1001))
    assert shot.plate is not None
    shot = replace(shot, plate=replace(shot.plate, colour="sRGB - Texture", alpha="straight", channels=4))
    work = make_work(tmp_path, make_recipe(frames=(1001, 1001)), FrameRange(1001, 1001), shot=shot)
    run(replace(work, plate=tmp_path / "plate" / "plate.%04d.png"))
    master = picture_of(tmp_path, 1001)
    # The PNG holds straight 1.0 at alpha 0.5 (0.5 premultiplied): linear 1.0, times alpha.
    np.testing.assert_allclose(master, np.broadcast_to(np.float32(0.5), master.shape), atol=2e-4)


def test_timecode_and_facts_are_in_the_header(tmp: Path) -> None:
    import OpenImageIO as oiio  # noqa: N813

    shot = make_shot(tmp / "plate" / "plate.%04d.exr", MEDIA)
    assert shot.plate is not None
    shot = replace(shot, plate=replace(shot.plate, timecode=36096, rate=Fraction(24)))
    (done,) = run(make_work(tmp, make_recipe(), MEDIA, [1001], shot=shot))
    spec = oiio.ImageInput.open(str(done.written.path)).spec()
    assert spec.get_string_attribute("rushes:shot") == "sq010_sh0010"
    assert spec.get_string_attribute("rushes:digest") == done.facts["digest"]
    assert spec.get_string_attribute("smpte:TimeCode") == "00:25:04:04"
