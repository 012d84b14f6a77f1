"""Stills and sequences: pixels bit for bit, deterministic files, and a reason in words where something is wrong."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from numpy.typing import NDArray

from core.errors import Broken, DiskFull, MediaError, RenderError
from core.frames import FrameRange
from core.media import image_out, write
from core.media.info import LINEAR_709, SRGB
from core.media.measure import pixel_digest
from core.media.read import Reader, probe
from core.media.write import read_frame, write_frame
from core.recipe.model import Master

HALF = Master()
FLOAT = Master(type="float", compression="zip")


def noise(height: int = 24, width: int = 40, channels: int = 3, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.5, 1, (height, width, channels)).astype(np.float32)


def odd_values() -> NDArray[np.float32]:
    """Half values with NaN, both infinities, a denormal, negative zero and the largest."""
    picture = noise().astype(np.float16)
    picture[0, :6, 0] = [np.nan, np.inf, -np.inf, 6e-8, -0.0, 65504]
    return picture.astype(np.float32)


def raw(path: Path, pixels: NDArray[Any], names: list[str], window: tuple[int, ...] = (), **attributes: Any) -> Path:
    """A picture written without our code."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(
        width, height, channels, {"f2": "half", "f4": "float"}.get(pixels.dtype.str[1:], pixels.dtype.name)
    )
    spec.channelnames = names
    if window:
        spec.x, spec.y, spec.full_width, spec.full_height = window
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), *value) if isinstance(value, tuple) else spec.attribute(
            name.replace("__", ":"), value
        )
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec) and out.write_image(pixels) and out.close(), out.geterror()
    return path


# Round trips


@pytest.mark.parametrize("compression", ["none", "rle", "zips", "zip", "piz"])
@pytest.mark.parametrize("kind", ["half", "float"])
def test_exr_keeps_every_bit(tmp_path: Path, compression: Any, kind: Any) -> None:
    picture = odd_values()
    written = write_frame(tmp_path / "a.exr", picture, Master(type=kind, compression=compression))
    back = read_frame(tmp_path / "a.exr")
    assert np.array_equal(back.view(np.uint32), picture.view(np.uint32))
    assert (written.pixels, written.clipped) == (pixel_digest(back), 0)
    assert written.sha256 == hashlib.sha256((tmp_path / "a.exr").read_bytes()).hexdigest()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    "master", [HALF, FLOAT, Master(format="png", type="uint16"), Master(format="tiff", type="uint16")]
)
def test_every_format_gives_back_what_was_meant(tmp_path: Path, master: Master, channels: int) -> None:
    picture = np.clip(noise(channels=channels), 0, 1)
    if channels == 4:
        picture[..., :3] *= picture[..., 3:]
    path = tmp_path / f"a.{master.format}"
    write_frame(path, picture, master)
    with Reader(path) as reader:
        back, info = reader.read(0), reader.info
    if info.alpha == "straight":
        back[..., :3] *= back[..., 3:]
    assert info.channels == channels and back.dtype == np.float32
    assert np.abs(back - picture).max() <= (
        0 if master.type == "float" else 2**-12 if master.type == "half" else 1 / 65535
    )


def test_half_rounds_and_says_what_it_could_not_hold(tmp_path: Path) -> None:
    picture = noise()
    picture[0, 0] = 1e6, -1e6, np.inf
    written = write_frame(tmp_path / "a.exr", picture, HALF)
    back = read_frame(tmp_path / "a.exr")
    assert written.clipped == 2
    assert back[0, 0].tolist() == [65504, -65504, np.inf]
    assert np.array_equal(back[1:], picture[1:].astype(np.float16))


def test_integers_count_what_they_clip(tmp_path: Path) -> None:
    picture = np.full((4, 4, 3), 0.5, np.float32)
    picture[0, 0] = -0.1, 1.5, np.nan
    assert write_frame(tmp_path / "a.png", picture, Master(format="png", type="uint16")).clipped == 3
    assert read_frame(tmp_path / "a.png")[0, 0].tolist() == [0, 1, 0]


@pytest.mark.parametrize("master", [HALF, Master(format="png", type="uint16"), Master(format="tiff", type="uint16")])
def test_the_same_picture_is_the_same_file(tmp_path: Path, master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that are used again keep their hash: no clock, host or path gets into a file."""
    facts: Mapping[str, str | int] = {"shot": "sq010_sh0020", "digest": "abc", "frame_seed": 3}
    first = write_frame(tmp_path / f"a.{master.format}", noise(), master, facts=facts)
    stamps = [
        value for name, value in _attributes(first.path).items() if "date" in name.lower() or "time" in name.lower()
    ]
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    again = write_frame(tmp_path / "other" / f"b.{master.format}", noise(), master, facts=dict(reversed(facts.items())))
    assert first.sha256 == again.sha256
    assert not any(stamps)


def _attributes(path: Path) -> dict[str, Any]:
    image = oiio.ImageInput.open(str(path))
    found = {attribute.name: attribute.value for attribute in image.spec().extra_attribs}
    image.close()
    return found


def test_facts_colour_and_timecode_are_in_the_header(tmp_path: Path) -> None:
    write_frame(tmp_path / "a.exr", noise(), HALF, facts={"shot": "sh010", "seed": 7}, timecode="10:20:30:12")
    found = _attributes(tmp_path / "a.exr")
    assert (found["rushes:shot"], found["rushes:seed"], found["rushes:colour"]) == ("sh010", "7", "ACEScg")
    assert found["chromaticities"] == pytest.approx((0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767))
    info = probe(tmp_path / "a.exr", rate=Fraction(24))
    assert info.timecode == ((10 * 60 + 20) * 60 + 30) * 24 + 12
    drop = write_frame(tmp_path / "d.exr", noise(), HALF, timecode="00:01:00;02").path
    assert (probe(drop, rate=Fraction(30000, 1001)).timecode, probe(drop, rate=Fraction(30000, 1001)).drop) == (
        1800,
        True,
    )


@pytest.mark.parametrize("colour", ["ACEScg", "ARRI LogC4", SRGB])
@pytest.mark.parametrize("format", ["exr", "png", "tiff"])
def test_our_files_say_their_space(tmp_path: Path, colour: str, format: Any) -> None:
    master = Master(format=format, type="half" if format == "exr" else "uint16", colour=colour)
    assert probe(write_frame(tmp_path / f"a.{format}", noise(), master).path).colour == colour


# What can go wrong while writing


def test_a_bad_disk_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read back is compared with what was meant, before the file gets its name."""
    plain = image_out.write_picture

    def flipped(path: Path, pixels: NDArray[Any], **more: Any) -> str:
        other = pixels.copy()
        other[3, 3, 1] += 1
        return plain(path, other, **more)

    monkeypatch.setattr(write, "write_picture", flipped)
    with pytest.raises(RenderError, match="not what was written"):
        write_frame(tmp_path / "a.exr", noise(), HALF)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("free", [0, 1 << 40])
def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """A full disk is recognised by looking at it, since the library only says that it could not write."""
    before = write_frame(tmp_path / "a.exr", noise(), HALF)

    def torn(path: Path, pixels: NDArray[Any], **more: Any) -> str:
        path.write_bytes(b"half a picture")
        return "Failed OpenEXR write"

    monkeypatch.setattr(write, "write_picture", torn)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1 << 40, 0, free))  # type: ignore[attr-defined]
    with pytest.raises(Broken) as caught:
        write_frame(tmp_path / "a.exr", noise(seed=1), HALF)
    assert isinstance(caught.value, DiskFull) == (free == 0)
    assert [path.name for path in tmp_path.iterdir()] == ["a.exr"]
    assert hashlib.sha256((tmp_path / "a.exr").read_bytes()).hexdigest() == before.sha256


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **more: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Broken, match="Not allowed"):
        write_frame(tmp_path / "a.exr", noise(), HALF)


# Reading what others wrote


def test_layers_are_chosen_by_name(tmp_path: Path) -> None:
    pixels = noise(channels=7).astype(np.float16)
    path = raw(tmp_path / "a.exr", pixels, ["R", "G", "B", "paint.R", "paint.G", "paint.B", "figure.Y"])
    assert probe(path).layers == ("figure", "paint")
    as_float = pixels.astype(np.float32)
    assert np.array_equal(read_frame(path), as_float[..., :3])
    assert np.array_equal(read_frame(path, "paint"), as_float[..., 3:6])
    assert np.array_equal(read_frame(path, "figure"), as_float[..., 6:])
    with pytest.raises(MediaError, match="no layer 'smoke'") as caught:
        read_frame(path, "smoke")
    assert "figure, paint" in caught.value.todo


def test_the_only_layer_needs_no_name(tmp_path: Path) -> None:
    """Blender calls its plain picture ViewLayer.Combined.R …"""
    path = raw(tmp_path / "a.exr", noise(channels=4), [f"ViewLayer.Combined.{c}" for c in "RGBA"])
    assert read_frame(path).shape == (24, 40, 4)


def test_parts_of_an_exr_are_layers(tmp_path: Path) -> None:
    specs = []
    for name in ("rgba", "paint"):
        spec = oiio.ImageSpec(40, 24, 3, "float")
        spec.attribute("oiio:subimagename", name)
        specs.append(spec)
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(tmp_path / "a.exr"), specs) and out.write_image(noise(seed=1))
    assert (
        out.open(str(tmp_path / "a.exr"), specs[1], "AppendSubimage") and out.write_image(noise(seed=2)) and out.close()
    )
    assert np.array_equal(read_frame(tmp_path / "a.exr"), noise(seed=1))
    assert np.array_equal(read_frame(tmp_path / "a.exr", "paint"), noise(seed=2))


@pytest.mark.parametrize("window", [(4, 3, 60, 40), (-6, -2, 20, 12), (30, 30, 20, 12)])
def test_the_data_window_is_pasted_into_the_display_window(tmp_path: Path, window: tuple[int, int, int, int]) -> None:
    """Smaller, larger (overscan) and wholly outside."""
    x, y, width, height = window
    back = read_frame(raw(tmp_path / "a.exr", noise(), ["R", "G", "B"], window))
    expected = np.zeros((height, width, 3), np.float32)
    for row in range(24):
        for column in range(40):
            if 0 <= row + y < height and 0 <= column + x < width:
                expected[row + y, column + x] = noise()[row, column]
    assert np.array_equal(back, expected)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_dpx_codes_are_over_their_own_maximum(tmp_path: Path, bits: int) -> None:
    codes = np.arange(2**bits, dtype=np.uint32)[:: max(1, 2**bits // 1024)]
    codes = np.broadcast_to(codes[None, :, None], (2, len(codes), 3))
    wide = codes if bits in (8, 16) else codes << (16 - bits) | codes >> (2 * bits - 16)
    stored = np.ascontiguousarray(wide.astype(np.uint8 if bits == 8 else np.uint16))
    back = read_frame(raw(tmp_path / "a.dpx", stored, ["R", "G", "B"], oiio__BitsPerSample=bits))
    assert np.array_equal(back, codes.astype(np.float32) / np.float32(2**bits - 1))
    assert probe(tmp_path / "a.dpx").bits == bits


def test_straight_alpha_is_left_to_the_colour_conversion(tmp_path: Path) -> None:
    """Multiplying display code values by alpha, as libraries do unasked, darkens every edge."""
    pixels = np.full((4, 4, 4), 40000, np.uint16)
    pixels[..., 3] = 20000
    path = raw(tmp_path / "a.png", pixels, ["R", "G", "B", "A"], oiio__UnassociatedAlpha=1)
    assert probe(path).alpha == "straight"
    assert np.array_equal(np.rint(read_frame(path) * 65535).astype(np.uint16), pixels)


def test_spaces_from_tags(tmp_path: Path) -> None:
    """The documented rule, file by file."""
    floats = oiio.TypeDesc("float[8]")
    ap0 = (floats, (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767))
    ap1 = (floats, (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767))
    half, names = noise().astype(np.float16), ["R", "G", "B"]
    assert probe(raw(tmp_path / "plain.exr", half, names)).colour == LINEAR_709
    assert probe(raw(tmp_path / "ap0.exr", half, names, chromaticities=ap0)).colour == "ACES2065-1"
    assert probe(raw(tmp_path / "ap1.exr", half, names, chromaticities=ap1)).colour == "ACEScg"
    assert probe(raw(tmp_path / "id.exr", half, names, colorInteropID="lin_ap1_scene")).colour == "ACEScg"
    assert probe(raw(tmp_path / "a.jpg", np.zeros((8, 8, 3), np.uint8), names)).colour == SRGB
    assert probe(raw(tmp_path / "a.tif", noise(), names)).colour == LINEAR_709
    assert "set the plate's colour" in probe(raw(tmp_path / "a.dpx", np.zeros((8, 8, 3), np.uint16), names)).note


def test_pictures_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    write_frame(tmp_path / "cut.exr", noise(), HALF)
    (tmp_path / "cut.exr").write_bytes((tmp_path / "cut.exr").read_bytes()[:3000])
    (tmp_path / "text.png").write_text("not a picture")
    reasons = {"cut.exr": "cut short", "text.png": "cannot be read", "gone.exr": "missing"}
    for name, reason in reasons.items():
        with pytest.raises(MediaError, match=reason) as caught:
            read_frame(tmp_path / name)
        assert caught.value.where and caught.value.todo


# Sequences


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    for number in (998, 999, 1001, 1002, 10000):
        write_frame(tmp_path / f"plate.{number:04d}.exr", np.full((8, 8, 3), number, np.float32), FLOAT)
    (tmp_path / "plate.01003.exr").touch()
    (tmp_path / "plate.1002.exr.bak").touch()
    (tmp_path / "other.1003.exr").touch()
    return tmp_path


@pytest.mark.parametrize("pattern", ["plate.%04d.exr", "plate.####.exr", "plate.[0998-10000].exr"])
def test_a_sequence_is_its_files_and_its_gaps(sequence: Path, pattern: str) -> None:
    """Five digits count where four are the least, other names and paddings do not, and gaps are said."""
    with Reader(sequence / pattern) as reader:
        info = reader.info
        assert (info.kind, info.frames) == ("sequence", FrameRange(998, 10000))
        assert (info.gaps, info.note) == ("1000,1003-9999", "")
        assert [int(picture[0, 0, 0]) for _, picture in reader.stream([998, 1001, 10000])] == [998, 1001, 10000]
        assert reader.digest(1001) == hashlib.sha256((sequence / "plate.1001.exr").read_bytes()).hexdigest()
        with pytest.raises(MediaError, match="Frame 1000 of this sequence is missing") as caught:
            reader.read(1000)
        assert "plate.1000.exr" in caught.value.where


def test_a_range_in_the_pattern_limits_it(sequence: Path) -> None:
    assert probe(sequence / "plate.[1001-1002].exr").frames == FrameRange(1001, 1002)


def test_missing_sequences_are_refused(sequence: Path) -> None:
    for pattern in ("none.%04d.exr", "plate.%08d.exr", "nowhere/plate.%04d.exr"):
        with pytest.raises(MediaError):
            probe(sequence / pattern)


def test_a_frame_of_another_size_is_refused(sequence: Path) -> None:
    write_frame(sequence / "plate.1002.exr", np.zeros((8, 9, 3), np.float32), FLOAT)
    with Reader(sequence / "plate.%04d.exr") as reader, pytest.raises(MediaError, match="Frame 1002 is 9 x 8"):
        reader.read(1002)


def test_a_still_is_one_frame(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "a.exr", noise(), HALF).path
    with Reader(path) as reader:
        assert (reader.info.kind, reader.info.frames, reader.info.rate) == ("still", FrameRange(0, 0), None)
        assert reader.digest(0) == hashlib.sha256(path.read_bytes()).hexdigest()
        with pytest.raises(MediaError):
            reader.read(1)
