"""What is looked at: the file's own values, the way to the eye checked by hand, kept steps found without rendering."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.shot import Shot, read_shot, shot_text
from core.errors import BadInput, MediaError, ShowError
from core.files import write_atomic
from core.layout import DEFAULT_COLOUR_CONFIG, Settings, read_settings
from core.media.colour import Colour, Viewing
from core.media.write import read_frame, write_frame
from core.recipe.model import Master
from core.render.reuse import StepStore
from core.viewing.pictures import Viewer
from core.viewing.view import Source, View, described
from tests.farm import Scene, make_scene

CDL = (1.2, 1.0, 0.9, 0.01, 0.0, -0.02, 1.1, 1.0, 0.9, 0.7)
MATTED = """
schema = 1
shot = "sh010"
range = [1001, 1012]
[[step]]
op = "brush"
name = "paint"
input = "plate"
on = 2
[[step]]
op = "brush"
name = "blended"
input = "plate"
on = 4
fill = "blend"
[[step]]
op = "merge"
name = "comp"
a = "paint"
b = "blended"
mix = 0.5
[output]
layers = ["paint"]
"""


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour(DEFAULT_COLOUR_CONFIG)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = make_scene(tmp_path_factory.mktemp("viewing"))
    scene.queue(text=MATTED)
    done = scene.worker()
    assert done.returncode == 0 and scene.layout.record("sh010", "v001").exists(), done.stderr + scene.log()
    return scene


def viewer(scene: Scene) -> Viewer:
    return Viewer(scene.layout, read_settings(scene.layout.settings))


def test_names_lead_where_they_say() -> None:
    master = Source("a", "v003")
    assert [s.name for s in (Source("a"), master, Source("a", "v003", "paint"), Source("a", job="J", item=2))] == [
        "plate", "v003", "v003/paint", "3",
    ]  # fmt: skip
    assert master.beside("matte") == Source("a", "v003", "matte")
    assert master.beside("v001/matte") == Source("a", "v001", "matte")
    assert Source("a", job="J", item=2).beside("matte") == Source("a", picture="matte", job="J", item=2)
    assert master.beside("plate") == Source("a")


# The way to the eye


def by_hand(picture: np.ndarray, cdl: tuple[float, ...]) -> np.ndarray:
    """ASC CDL 1.2, as its text has it."""
    slope, offset, power = (np.array(cdl[n : n + 3]) for n in (0, 3, 6))
    out = np.clip(picture * slope + offset, 0, 1) ** power
    luma = (out @ np.array([0.2126, 0.7152, 0.0722]))[..., None]
    return np.clip(luma + cdl[9] * (out - luma), 0, 1)


numbers = st.floats(0.5, 1.5)


@given(
    st.tuples(
        numbers, numbers, numbers, *[st.floats(-0.1, 0.1)] * 3, numbers, numbers, numbers, st.floats(0, 2)
    ),
    st.integers(0, 1000),
)  # fmt: skip
def test_a_cdl_is_the_formula_in_its_space(colour: Colour, cdl: tuple[float, ...], seed: int) -> None:
    picture = np.random.default_rng(seed).random((3, 5, 3), np.float32) * 4
    graded = by_hand(colour.convert(picture, "ACEScg", "ACEScct"), cdl).astype(np.float32)
    wanted = colour.view(graded, "ACEScct")
    assert np.allclose(colour.seen(picture, "ACEScg", "ACEScg", Viewing(cdl=cdl)), wanted, atol=2e-3)


@given(st.floats(-4, 4), st.integers(0, 1000))
def test_exposure_is_a_gain_in_light(colour: Colour, stops: float, seed: int) -> None:
    picture = np.random.default_rng(seed).random((3, 5, 3), np.float32)
    shown = colour.seen(picture, "ACEScg", "ACEScg", Viewing(exposure=stops))
    assert np.allclose(shown, colour.view(picture * np.float32(2**stops), "ACEScg"), atol=1e-3)
    video = colour.convert(picture, "ACEScg", "sRGB - Texture")
    assert np.allclose(colour.seen(video, "sRGB - Texture", "ACEScg", Viewing(exposure=stops)), shown, atol=1e-3)


def test_nothing_set_is_the_view_that_always_was(colour: Colour) -> None:
    picture = np.random.default_rng(1).random((9, 7, 3), np.float32) * 3 - 0.5
    picture[0, 0] = (np.nan, np.inf, -np.inf)
    assert np.array_equal(colour.seen(picture, "ACEScg", "ACEScg", Viewing()), colour.view(picture, "ACEScg"))


def test_a_named_view_tone_maps_and_a_wrong_one_says_which_there_are(colour: Colour) -> None:
    grey = np.full((1, 1, 3), 4.0, np.float32)
    mapped = colour.seen(grey, "ACEScg", "ACEScg", Viewing(view="ACES 1.0 - SDR Video"))
    assert mapped.max() < 1 <= colour.view(grey, "ACEScg").max()
    assert np.array_equal(colour.seen(grey, "ACEScg", "ACEScg", Viewing(display="sRGB - Display")), mapped)
    with pytest.raises(MediaError, match="no view 'filmic'") as error:
        colour.seen(grey, "ACEScg", "ACEScg", Viewing(view="filmic"))
    assert "ACES 1.0 - SDR Video" in error.value.todo


def lut(path: Path, invert: bool = True) -> Path:
    rows = [(1 - r, g, b) if invert else (r, g, b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    path.write_text("LUT_3D_SIZE 2\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\n")
    return path


def test_a_lut_takes_what_the_display_gets(colour: Colour, tmp_path: Path) -> None:
    picture = np.random.default_rng(2).random((4, 4, 3), np.float32)
    plain = colour.view(picture, "ACEScg")
    seen = colour.seen(picture, "ACEScg", "ACEScg", Viewing(lut=str(lut(tmp_path / "red.cube"))))
    assert np.allclose(seen, np.stack([1 - plain[..., 0], plain[..., 1], plain[..., 2]], -1), atol=1e-4)


def test_the_status_line_says_all_of_it() -> None:
    shot, show = Shot("sh010", None, ()), Settings("x", "x", Fraction(25))
    assert described(View(), shot, show) == "sRGB view"
    graded = replace(shot, cdl=CDL, lut="luts\\evil\x1b[2J/show.cube")
    named = replace(show, view="ACES 1.0 - SDR Video")
    told = described(View(1.0, 1.2, "luma", "figure"), graded, named)
    assert told == "ACES 1.0 - SDR Video · CDL · LUT show.cube · +1.0 stop · gamma 1.2 · luma · matte figure"
    assert "-1.25 stops" in described(View(-1.25), shot, show)


# Pictures of a show


def test_everything_of_a_version_can_be_named_and_read(rendered: Scene) -> None:
    look, layout = viewer(rendered), rendered.layout
    names = [source.name for source in look.sources("sh010")]
    assert names == ["plate", "v001", "v001/paint", "v001/blended"]
    assert {str(look.frames_of(source)) for source in look.sources("sh010")} == {"1001-1012"}
    for picture, layer in (("", ""), ("paint", "paint")):
        found, space = look.read(Source("sh010", "v001", picture), 1003)
        assert np.array_equal(found, read_frame(layout.frame("sh010", "v001", 1003, layer))) and space == "ACEScg"
    plate, _ = look.read(Source("sh010"), 1003)
    assert np.array_equal(plate, read_frame(layout.root / "plates" / "sh010.0003.exr"))


@pytest.mark.parametrize("frame", [1001, 1002, 1003, 1004, 1006, 1012])
def test_kept_steps_are_the_ones_that_the_master_was_made_of(rendered: Scene, frame: int) -> None:
    """paint, a layer too, is half of the master; so the kept picture, held or blended, is what is left."""
    look = viewer(rendered)
    master, _ = look.read(Source("sh010", "v001"), frame)
    paint, _ = look.read(Source("sh010", "v001", "paint"), frame)
    blended, space = look.read(Source("sh010", "v001", "blended"), frame)
    assert space == "ACEScg" and blended.dtype == np.float32
    assert np.allclose((paint + blended) / 2, master, atol=2e-3)  # files are half floats


def test_a_step_that_is_not_kept_any_more_says_so(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    scene.queue(text=MATTED)
    scene.worker()
    StepStore(scene.layout.steps).prune(0)
    with pytest.raises(MediaError, match=r"`blended` at frame 1001 is not kept"):
        viewer(scene).read(Source("sh010", "v001", "blended"), 1001)
    with pytest.raises(ShowError, match="no picture 'comb'") as error:
        viewer(scene).read(Source("sh010", "v001", "comb"), 1001)
    assert "v001/paint" in error.value.todo


def test_frames_and_shots_that_are_not_there_are_named(rendered: Scene) -> None:
    look = viewer(rendered)
    with pytest.raises(MediaError, match="Frame 1099 of sh010 v001 is not on this machine"):
        look.seen(Source("sh010", "v001"), 1099)
    with pytest.raises(ShowError, match="no shot 'nobody'"):
        look.seen(Source("nobody"), 1001)
    with pytest.raises(ShowError, match="v009"):
        look.seen(Source("sh010", "v009"), 1001)
    with pytest.raises(ShowError, match="holds no picture 'paint'"):
        look.seen(Source("sh010"), 1001, View(matte="paint"))


def test_a_job_shows_what_it_has_made_so_far(rendered: Scene) -> None:
    look, folder = viewer(rendered), rendered.layout.preview("sh010", "01JOB")
    picture = np.random.default_rng(4).random((4, 6, 3), np.float32)
    with pytest.raises(MediaError, match="Nothing"):
        look.frames_of(Source("sh010", job="01JOB", item=3))
    for frame in (1005, 1007):
        write_frame(folder / f"sh010_003.{frame}.exr", picture, Master(type="float", colour="ACES2065-1"))
    source = Source("sh010", job="01JOB", item=3)
    assert str(look.frames_of(source)) == "1005-1007" and look.has(source, 1005) and not look.has(source, 1006)
    found, space = look.read(source, 1005)
    assert np.array_equal(found, picture) and space == "ACES2065-1"


# Pixel by pixel


@given(st.integers(0, 47), st.integers(0, 31), st.sampled_from(["plate", "v001", "v001/paint", "v001/blended"]))
def test_a_probe_says_what_the_file_holds_and_what_is_seen(rendered: Scene, x: int, y: int, name: str) -> None:
    look = viewer_of(rendered)
    source = next(source for source in look.sources("sh010") if source.name == name)
    view = View(exposure=0.5, gamma=1.1)
    picture, _ = look.read(source, 1005)
    found = look.probe(source, 1005, x, y, view)
    assert found.file == tuple(map(float, picture[y, x]))
    assert found.working == pytest.approx(found.file)  # the show works in the space of its files
    assert found.seen == tuple(map(int, look.seen(source, 1005, view)[y, x]))


_viewers: dict[Path, Viewer] = {}


def viewer_of(scene: Scene) -> Viewer:
    return _viewers.setdefault(scene.layout.root, viewer(scene))


def test_a_probe_shows_nan_and_inf_as_they_are(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    picture = np.full((32, 48, 3), 0.5, np.float32)
    picture[2, 3] = (np.nan, np.inf, -0.25)
    write_frame(scene.layout.root / "plates" / "sh010.0005.exr", picture, Master(type="float"))
    found = viewer(scene).probe(Source("sh010"), 1005, 3, 2)
    assert np.isnan(found.file[0]) and found.file[1:] == (np.inf, -0.25) and np.isnan(found.working[0])
    with pytest.raises(BadInput, match="no pixel 48, 0"):
        viewer(scene).probe(Source("sh010"), 1005, 48, 0)


def test_channels_luma_and_matte_are_what_they_say(rendered: Scene) -> None:
    look, source = viewer(rendered), Source("sh010", "v001")
    seen = look.seen(source, 1002).astype(int)
    for n, channel in enumerate("rgb"):
        alone = look.seen(source, 1002, View(channel=channel)).astype(int)  # type: ignore[arg-type]
        assert all(np.abs(alone[..., m] - seen[..., n]).max() <= 1 for m in range(3))
    luma = look.seen(source, 1002, View(channel="luma")).astype(int)
    assert np.abs(luma[..., 0] - seen @ np.array([0.2126, 0.7152, 0.0722])).max() <= 1.5
    assert (look.seen(source, 1002, View(channel="a")) == 255).all()
    tinted = look.seen(source, 1002, View(matte="paint")).astype(int)
    matte = look.read(Source("sh010", "v001", "paint"), 1002)[0][..., 0]
    assert np.abs(tinted[..., 0] - (seen[..., 0] * (1 - matte / 2) + 255 * matte / 2)).max() <= 2
    probe = look.probe(source, 1002, 4, 5, View(matte="paint"))
    assert probe.matte == pytest.approx(matte[5, 4])
    assert look.probe(source, 1002, 4, 5).matte is None


def test_the_shots_cdl_and_lut_are_looked_through_and_a_change_is_seen_at_once(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    look, path = viewer(scene), scene.layout.shot("sh010")
    plain = look.seen(Source("sh010"), 1001)
    write_atomic(path, shot_text(replace(read_shot(path), cdl=CDL)))
    picture, _ = look.read(Source("sh010"), 1001)
    graded = by_hand(look.colour.convert(picture, "ACEScg", "ACEScct"), CDL).astype(np.float32)
    wanted = look.colour.view(graded, "ACEScct") * 255
    seen = look.seen(Source("sh010"), 1001)
    assert np.abs(seen - wanted).max() < 1.2 and (seen != plain).any()
    lut(scene.layout.root / "red.cube")
    write_atomic(path, shot_text(replace(read_shot(path), cdl=(), lut="red.cube")))
    assert np.abs(look.seen(Source("sh010"), 1001)[..., 0].astype(int) - (255 - plain[..., 0].astype(int))).max() <= 1
    (scene.layout.root / "red.cube").unlink()
    with pytest.raises(MediaError, match="LUT that sh010 is looked at through is missing"):
        look.seen(Source("sh010"), 1001)
