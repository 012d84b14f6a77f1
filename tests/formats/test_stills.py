"""Image sequences and stills: values bit for bit as OpenImageIO and the standards have them, windows, layers, alpha."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.errors import MediaError
from core.frames import FrameRange
from core.layout import DEFAULT_COLOUR_CONFIG
from core.media.colour import Colour
from core.media.info import LINEAR_709, SRGB, VIDEO
from core.media.read import Reader, probe
from tests.formats_table import row
from tests.marked import painted, shown

SIZE = (128, 72)

TEN = {"oiio__BitsPerSample": 10}
AP1 = {
    "compression": "piz",
    "chromaticities": ("float[8]", (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)),
}


def scene(channels: int = 3, seed: int = 0) -> NDArray[np.float32]:
    """Light with values far above 1 and below 0."""
    return np.random.default_rng(seed).normal(0.5, 2, (SIZE[1], SIZE[0], channels)).astype(np.float32)


def spec_of(pixels: NDArray[Any], names: list[str] = [], **attributes: Any) -> Any:  # noqa: B006
    height, width, channels = pixels.shape
    kind = {"f2": "half", "f4": "float", "u1": "uint8", "u2": "uint16"}[pixels.dtype.str[1:]]
    spec = oiio.ImageSpec(width, height, channels, kind)
    spec.channelnames = names or ["R", "G", "B", "A"][:channels]
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), *(value if isinstance(value, tuple) else (value,)))
    return spec


def write(path: Path, pixels: NDArray[Any], spec: Any = None) -> Path:
    out = oiio.ImageOutput.create(str(path))
    done = out.open(str(path), spec or spec_of(pixels)) and out.write_image(pixels) and out.close()
    assert done, out.geterror()
    return path


def sequence(folder: Path, suffix: str, kind: Any, **attributes: Any) -> Path:
    """Files 1001-1012, each showing its number less 1000."""
    for number in range(1001, 1013):
        picture = painted(number - 1000, SIZE)
        scale = 1 if np.dtype(kind).kind == "f" else np.iinfo(kind).max
        pixels = (picture * scale).round(3).astype(kind) if scale == 1 else (picture * scale).round().astype(kind)
        write(folder / f"plate.{number}{suffix}", pixels, spec_of(pixels, **attributes))
    return folder / f"plate.%04d{suffix}"


@pytest.mark.parametrize(
    ("what", "suffix", "kind", "colour", "attributes"),
    [
        ("EXR half, sequence", ".exr", np.float16, LINEAR_709, {}),
        ("EXR float, sequence", ".exr", np.float32, LINEAR_709, {}),
        ("EXR half DWAA, sequence", ".exr", np.float16, LINEAR_709, {"compression": "dwaa:45"}),
        ("EXR half PIZ, ACEScg by its chromaticities, sequence", ".exr", np.float16, "ACEScg", AP1),
        ("DPX 10 bit Rec.709, sequence", ".dpx", np.uint16, VIDEO, {**TEN, "dpx__Transfer": "ITU-R 709-4"}),
        ("DPX 16 bit linear, sequence", ".dpx", np.uint16, LINEAR_709, {"dpx__Transfer": "Linear"}),
        ("TIFF 8 bit, sequence", ".tif", np.uint8, SRGB, {}),
        ("TIFF 16 bit LZW, sequence", ".tif", np.uint16, SRGB, {"compression": "lzw"}),
        ("TIFF float, sequence", ".tif", np.float32, LINEAR_709, {}),
        ("PNG 8 bit, sequence", ".png", np.uint8, SRGB, {}),
        ("PNG 16 bit, sequence", ".png", np.uint16, SRGB, {}),
        ("JPEG, sequence", ".jpg", np.uint8, SRGB, {"compression": "jpeg:98"}),
        ("Targa, sequence", ".tga", np.uint8, SRGB, {}),
        ("Radiance HDR, sequence", ".hdr", np.float32, LINEAR_709, {}),
    ],
)  # fmt: skip
def test_a_sequence_opens_by_its_numbers(
    tmp_path: Path, what: str, suffix: str, kind: Any, colour: str, attributes: dict[str, Any]
) -> None:
    """The number in the picture is the number of the file; values as OpenImageIO itself reads them, in float."""
    pattern = sequence(tmp_path, suffix, kind, **attributes)
    with Reader(pattern) as reader:
        info = reader.info
        for number in (1012, 1001, 1007):
            picture = reader.read(number)
            assert shown(picture) == number - 1000
            other = oiio.ImageBuf(str(tmp_path / f"plate.{number}{suffix}")).get_pixels("float")
            assert np.abs(picture - other).max() <= (2**-15 if info.bits < 16 else 2**-23)
    assert (info.kind, info.frames, info.colour, info.note) == ("sequence", FrameRange(1001, 1012), colour, "")
    row(
        "plates", what, f"{SIZE[0]} x {SIZE[1]}, 12 files, values against OpenImageIO's own",
        f"opens: frame 1001 is file 1001; {info.bits} bit; {info.colour}",
    )  # fmt: skip


# DPX and its header


@pytest.mark.parametrize(
    ("what", "byte", "bits", "space", "certain"),
    [
        ("DPX 10 bit log, printing density (film scan)", 1, 10, "ADX10", False),
        ("DPX 16 bit log, printing density (film scan)", 1, 16, "ADX16", False),
        ("DPX tagged linear", 2, 10, LINEAR_709, True),
        ("DPX tagged logarithmic", 3, 10, "ADX10", False),
        ("DPX tagged unspecified video", 4, 10, VIDEO, False),
        ("DPX tagged SMPTE 274M", 5, 10, VIDEO, True),
        ("DPX tagged ITU-R 601", 7, 8, VIDEO, True),
        ("DPX ADX", 13, 10, "ADX10", True),
        ("DPX tagged nothing", 255, 10, VIDEO, False),
    ],
)
def test_a_dpx_is_what_its_header_says(
    tmp_path: Path, what: str, byte: int, bits: int, space: str, certain: bool
) -> None:
    """SMPTE ST 268: byte 801 is the first element's transfer. What it leaves open is said, never taken for sRGB."""
    path = write(tmp_path / "a.dpx", *_dpx(bits))
    data = bytearray(path.read_bytes())
    data[801] = byte
    path.write_bytes(data)
    info = probe(path)
    assert (info.colour, info.bits, info.note == "") == (space, bits, certain)
    assert certain or "set the plate's colour" in info.note
    assert Colour(DEFAULT_COLOUR_CONFIG).has(space)
    row(
        "plates", what, f"{bits} bit, transfer {byte} of ST 268 in byte 801",
        f"opens: {info.colour}" + (f"; warns: {info.note}" if info.note else ""),
    )  # fmt: skip


def _dpx(bits: int) -> tuple[NDArray[Any], Any]:
    pixels = (painted(3, SIZE) * (255 if bits == 8 else 65535)).round().astype(np.uint8 if bits == 8 else np.uint16)
    return pixels, spec_of(pixels, oiio__BitsPerSample=bits)


def test_a_film_scan_is_light_again(tmp_path: Path) -> None:
    """ADX10 by SMPTE ST 2065-3: code 445 is the 18% grey card, to the accuracy of the transform (a hundredth)."""
    grey = Colour(DEFAULT_COLOUR_CONFIG).convert(np.full((1, 1, 3), 445 / 1023, np.float32), "ADX10", "ACES2065-1")
    assert float(grey[0, 0, 1]) == pytest.approx(0.18, abs=0.01)


# EXR: windows, layers, parts


@pytest.mark.parametrize(
    ("what", "window"),
    [
        ("EXR data window smaller than display", (20, 10, 168, 100)),
        ("EXR data window larger than display (overscan)", (-10, -6, 108, 60)),
        ("EXR data window partly outside", (-30, 20, 128, 72)),
    ],
)
def test_windows(tmp_path: Path, what: str, window: tuple[int, int, int, int]) -> None:
    """The picture is the display window: black around what is not there, overscan cut off. As OpenImageIO's own cut."""
    pixels = scene(4)
    spec = spec_of(pixels)
    spec.x, spec.y, spec.full_width, spec.full_height = window
    path = write(tmp_path / "a.exr", pixels, spec)
    wanted = oiio.ROI(0, window[2], 0, window[3], 0, 1, 0, 4)
    other = oiio.ImageBufAlgo.crop(oiio.ImageBuf(str(path)), wanted).get_pixels("float")
    with Reader(path) as reader:
        assert np.array_equal(reader.read(0), other)
        assert (reader.info.width, reader.info.height) == window[2:]
    x, y, width, height = window
    row(
        "plates", what, f"data 128 x 72 at {x}, {y}; display {width} x {height}; against OpenImageIO's crop",
        f"opens: at {width} x {height}, bit for bit; what is not there is black and transparent",
    )  # fmt: skip


def test_layers_of_one_part(tmp_path: Path) -> None:
    """Half beauty beside a full float depth; each by its name, and the plain one without."""
    names = ["R", "G", "B", "A", "diffuse.R", "diffuse.G", "diffuse.B", "depth.Z"]
    pixels = scene(8)
    path = write(tmp_path / "a.exr", pixels, spec_of(pixels, names))
    info = probe(path)
    assert info.layers == ("depth", "diffuse") and info.note == ""
    for layer, part in (("", slice(0, 4)), ("diffuse", slice(4, 7)), ("depth", slice(7, 8))):
        with Reader(path, layer) as reader:
            assert np.array_equal(reader.read(0), pixels[..., part])
    with pytest.raises(MediaError, match="no layer 'smoke'") as caught:
        probe(path, layer="smoke")
    row(
        "plates", "EXR with layers (AOVs)", "RGBA, diffuse.RGB and depth.Z in one part, bit for bit",
        f"opens: the plain RGBA, or the plate's layer; an unknown one is refused: {caught.value.todo}",
    )  # fmt: skip


def test_layers_without_a_plain_picture(tmp_path: Path) -> None:
    """Renderers that name every layer: the one that is the whole picture is taken, and said."""
    names = [f"ViewLayer.{layer}.{c}" for layer in ("Normal", "Combined") for c in "RGB"]
    pixels = scene(6)
    path = write(tmp_path / "a.exr", pixels, spec_of(pixels, names))
    info = probe(path)
    with Reader(path) as reader:
        assert np.array_equal(reader.read(0), pixels[..., 3:])
    row("plates", "EXR from Blender (every layer named)", "Normal and Combined", f"opens: warns: {info.note}")
    names = [f"{layer}.{c}" for layer in ("left", "right") for c in "RGB"]
    path = write(tmp_path / "b.exr", pixels, spec_of(pixels, names))
    info = probe(path)
    with Reader(path) as reader, Reader(path, "right") as right:
        assert np.array_equal(reader.read(0), pixels[..., :3]) and np.array_equal(right.read(0), pixels[..., 3:])
    row("plates", "EXR stereo, both eyes named", "left.RGB and right.RGB", f"opens: warns: {info.note}")


def test_parts_with_windows_of_their_own(tmp_path: Path) -> None:
    """Multi-part as Nuke writes it: each part has its data window, all share the display window."""
    specs, pictures = [], [scene(4), scene(3, 1)[:30, :40]]
    for name, pixels, at in (("rgba", pictures[0], (0, 0)), ("key", np.ascontiguousarray(pictures[1]), (50, 20))):
        spec = spec_of(pixels)
        spec.x, spec.y = at
        spec.full_width, spec.full_height = SIZE
        spec.attribute("oiio:subimagename", name)
        specs.append(spec)
    out = oiio.ImageOutput.create("a.exr")
    path = tmp_path / "a.exr"
    assert out.open(str(path), specs) and out.write_image(pictures[0])
    assert out.open(str(path), specs[1], "AppendSubimage") and out.write_image(np.ascontiguousarray(pictures[1]))
    assert out.close()
    with Reader(path) as plain, Reader(path, "key") as key:
        assert np.array_equal(plain.read(0), pictures[0])
        found = key.read(0)
    assert found.shape == (*SIZE[::-1], 3)
    assert np.array_equal(found[20:50, 50:90], pictures[1]) and not found[:20].any() and not found[:, :50].any()
    row(
        "plates",
        "EXR multi-part, windows of their own",
        "rgba and a small `key`",
        "opens: each part by its name, in the display window",
    )


def test_what_an_exr_may_hold_that_is_no_plate(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(4, 4, 5, "float")
    spec.channelnames, spec.deep = list("RGBAZ"), True
    deep = oiio.DeepData()
    deep.init(16, 5, (oiio.TypeFloat,) * 5, tuple("RGBAZ"))
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(tmp_path / "deep.exr"), spec) and out.write_deep_image(deep) and out.close()
    pixels = scene(3)
    write(tmp_path / "luma.exr", pixels, spec_of(pixels, ["Y", "RY", "BY"]))
    for what, name in (("EXR deep", "deep.exr"), ("EXR luminance and chroma (Y RY BY)", "luma.exr")):
        with pytest.raises(MediaError) as caught:
            probe(tmp_path / name)
        row("plates", what, "by its header", f"refused: {caught.value.what} {caught.value.todo}")


def test_pixel_aspect_timecode_and_rate_of_an_exr(tmp_path: Path) -> None:
    """As cameras and scanners write them: ST 12-1 time address, FramesPerSecond, anamorphic 2."""
    pixels = scene().astype(np.float16)
    packed = 1 << 24 | 2 << 16 | 3 << 8 | 4  # binary-coded decimals
    spec = spec_of(
        pixels, PixelAspectRatio=2.0, smpte__TimeCode=(oiio.TypeTimeCode, (packed, 0)),
        FramesPerSecond=(oiio.TypeRational, (24000, 1001)), reelName="A012",
    )  # fmt: skip
    info = probe(write(tmp_path / "a.exr", pixels, spec))
    assert (info.pixel_aspect, info.rate) == (Fraction(2), Fraction(24000, 1001))
    assert (info.timecode, info.reel) == (((60 + 2) * 60 + 3) * 24 + 4, "A012")
    row(
        "plates",
        "EXR with timecode, rate, reel, pixel aspect",
        "01:02:03:04 at 23.976, A012, 2:1",
        "opens: all four as the header says",
    )


# Alpha


@pytest.mark.parametrize(
    ("what", "suffix", "kind", "straight", "tolerance"),
    [
        ("PNG 8 bit with alpha", ".png", np.uint8, True, 1e-6),
        ("PNG 16 bit with alpha", ".png", np.uint16, True, 1e-6),
        ("TIFF 16 bit with straight alpha", ".tif", np.uint16, True, 1e-6),
        ("TIFF 16 bit with premultiplied alpha", ".tif", np.uint16, False, 1e-6),
        ("EXR with alpha", ".exr", np.float32, False, 1e-6),
    ],
)
def test_alpha_is_premultiplied_in_light(
    tmp_path: Path, what: str, suffix: str, kind: Any, straight: bool, tolerance: float
) -> None:
    """Straight alpha is multiplied after the curve (IEC 61966-2-1), not before: code 0.5 at half alpha is 0.107."""
    code = np.full((8, 8, 4), 0.5, np.float32)
    pixels = code if kind is np.float32 else (code * np.iinfo(kind).max).round().astype(kind)
    path = write(
        tmp_path / f"a{suffix}", pixels, spec_of(pixels, **({"oiio__UnassociatedAlpha": 1} if straight else {}))
    )
    with Reader(path) as reader:
        info, stored = reader.info, reader.read(0)
    assert info.alpha == ("straight" if straight else "premultiplied")
    value = float(stored[0, 0, 0])
    light = ((value + 0.055) / 1.055) ** 2.4
    premultiplied = value / float(stored[0, 0, 3])
    meant = {
        "straight": light * float(stored[0, 0, 3]),
        "premultiplied": ((premultiplied + 0.055) / 1.055) ** 2.4 * float(stored[0, 0, 3]),
    }[info.alpha]
    meant = value if suffix == ".exr" else meant
    got = Colour(DEFAULT_COLOUR_CONFIG).to_working(stored, info.colour, info.alpha, LINEAR_709)
    assert np.abs(got[..., :3] - meant).max() < tolerance * 5 and np.array_equal(got[..., 3], stored[..., 3])
    row(
        "plates",
        what,
        "code 0.5 at alpha 0.5, against IEC 61966-2-1",
        f"opens: {info.alpha} in the file, premultiplied in linear light",
    )


# Turned, tagged, refused


def test_every_exif_orientation(tmp_path: Path) -> None:
    """The eight of EXIF, as Pillow turns them; width and height change places with the last four."""
    from PIL import ImageOps

    pixels = (painted(9, SIZE) * 255).round().astype(np.uint8)
    for orientation in range(1, 9):
        path = write(tmp_path / f"{orientation}.tif", pixels, spec_of(pixels, Orientation=orientation))
        with Image.open(path) as image:
            other = np.asarray(ImageOps.exif_transpose(image), np.float32) / np.float32(255)
        with Reader(path) as reader:
            assert np.array_equal(reader.read(0), other)
            assert (reader.info.width, reader.info.height) == other.shape[1::-1]
    row(
        "plates",
        "Stills turned by their metadata (EXIF)",
        "TIFF, all eight orientations, against Pillow",
        "opens: upright, every pixel moved, none changed",
    )


def test_profiles_and_coded_tags(tmp_path: Path) -> None:
    """An ICC profile that is not sRGB is said, Display P3 is known, PNG's cICP counts as a movie's tags do."""
    image = Image.fromarray((painted(1, SIZE) * 255).astype(np.uint8))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(tmp_path / "srgb.png", icc_profile=profile)
    assert (probe(tmp_path / "srgb.png").colour, probe(tmp_path / "srgb.png").note) == (SRGB, "")
    image.save(tmp_path / "other.png", icc_profile=_named(profile, "Adobe RGB"))
    info = probe(tmp_path / "other.png")
    row("plates", "Stills with an ICC profile", "PNG, Adobe RGB", f"opens: {info.colour}; warns: {info.note}")
    image.save(tmp_path / "p3.png", icc_profile=_named(profile, "Display P3"))
    info = probe(tmp_path / "p3.png")
    assert info.note == ""
    row("plates", "Stills in Display P3", "PNG with its profile", f"opens: {info.colour}")
    pixels = (painted(1, SIZE) * 65535).astype(np.uint16)
    spec = spec_of(pixels, CICP=(oiio.TypeDesc("int[4]"), (9, 16, 0, 1)))
    info = probe(write(tmp_path / "pq.png", pixels, spec))
    assert info.note == ""
    row("plates", "PNG tagged HDR (cICP)", "BT.2020 primaries, PQ", f"opens: {info.colour}")


def _named(profile: bytes, name: str) -> bytes:
    """An ICC profile with another description: the tag's text (`mluc`, UTF-16) is replaced in place."""
    old = "sRGB built-in".encode("utf-16-be")
    new = name.ljust(len(old) // 2).encode("utf-16-be")[: len(old)]
    assert old in profile
    return profile.replace(old, new)


def test_stills_that_are_refused(tmp_path: Path) -> None:
    Image.fromarray((painted(1, SIZE) * 255).astype(np.uint8)).convert("CMYK").save(tmp_path / "print.tif")
    write(tmp_path / "cut.exr", scene())
    (tmp_path / "cut.exr").write_bytes((tmp_path / "cut.exr").read_bytes()[:3000])
    for what, name in (("CMYK for print", "print.tif"), ("A picture that was half copied", "cut.exr")):
        with pytest.raises(MediaError) as caught, Reader(tmp_path / name) as reader:
            reader.read(0)
        said = caught.value.what.replace(str(tmp_path), "…")
        row("plates", what, name.rpartition(".")[2].upper(), f"refused: {said} {caught.value.todo}")


def test_gaps_and_sizes_of_a_sequence(tmp_path: Path) -> None:
    """A missing file is named when its frame is asked for, and at the turnover; another size is refused."""
    pattern = sequence(tmp_path, ".png", np.uint8)
    (tmp_path / "plate.1005.png").unlink()
    write(tmp_path / "plate.1006.png", np.zeros((8, 8, 3), np.uint8))
    with Reader(pattern) as reader:
        assert reader.info.gaps == "1005"
        said = []
        for number in (1005, 1006):
            with pytest.raises(MediaError) as caught:
                reader.read(number)
            said.append(caught.value.what)
    row(
        "plates",
        "A sequence with a hole and a frame of another size",
        "PNG",
        f"opens: the other frames; refused: {' '.join(said)}",
    )
