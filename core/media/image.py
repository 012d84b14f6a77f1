"""[OpenImageIO] One picture in one file: EXR, DPX, TIFF, PNG, JPEG and what else OpenImageIO reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError
from core.files import one_line
from core.media.attributes import MARK, facts, rate, reel, timecode
from core.media.info import Alpha, film_space, movie_space, picture_space, scene_space
from core.media.upright import swaps, upright

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

SUFFIXES = frozenset((
    ".exr", ".sxr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".jxl", ".bmp", ".tga",
    ".hdr", ".webp", ".psd", ".sgi", ".rgb", ".iff", ".rla", ".pic",
))  # fmt: skip
"""Endings that are a picture; anything else is taken for a movie."""
_WHOLE = ("rgba", "beauty", "combined", "composite", "main", "default", "rgb")
"""What renderers call the layer of the whole picture, where it is not the plain one."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says about the picture that was asked for."""

    width: int
    height: int
    """Of the display window, upright."""
    orientation: int
    """How it is stored (`core.media.upright`); the windows are the stored ones."""
    origin: tuple[int, int]
    """Where the data window lies in the display window, and its size."""
    data: tuple[int, int]
    part: int
    channels: tuple[int, ...]
    """Channel numbers in the file for R, G, B, A or for grey."""
    dtype: str
    """uint8, uint16, uint32, half or float, as stored."""
    bits: int
    alpha: Alpha
    colour: str
    pixel_aspect: Fraction
    rate: Fraction | None
    timecode: str
    reel: str
    layers: tuple[str, ...]
    note: str


def read_header(path: Path, layer: str = "") -> Header:
    """Read what a file says, not its pixels.

    Args:
        layer: a named layer (`paint` → channels paint.R …); empty: the RGB(A) or grey without one, else the layer that
            renderers give the whole picture to (`beauty`, Blender's `Combined` …), else the first in colour or the only
            one; `note` says which.

    Raises:
        MediaError: missing, not a picture, no such layer, deep, CMYK.
    """
    with _opened(path) as image:
        return _header(image, path, layer)


def read_picture(path: Path, layer: str = "") -> tuple[Header, Picture]:
    """Read header and pixels: (H, W, C) float32 in the file's own space.

    Integers are code/max (10-bit DPX by 1023), floats as they are, with Inf, NaN and denormals. The data window is
    pasted into the display window; what lies outside of that is cut off. What the metadata turn is turned upright.

    Raises:
        MediaError: as `read_header`, or pixels that cannot be decoded (truncated).
    """
    with _opened(path) as image:
        header = _header(image, path, layer)
        stored = _stored(image, path, header)
    return header, upright(_in_display(as_float(stored, header.bits), header), header.orientation)


def read_stored(path: Path) -> NDArray[Any]:
    """Read the plain picture of a file in the type it is stored in. Raises MediaError."""
    with _opened(path) as image:
        return _stored(image, path, _header(image, path, ""))


def as_float(stored: NDArray[Any], bits: int) -> Picture:
    """Stored values as float32: half and float as they are, integers as code/max of `bits`."""
    import numpy as np

    if stored.dtype.kind == "f":
        return np.asarray(stored, np.float32)
    spare = stored.dtype.itemsize * 8 - bits  # OpenImageIO widens 10 and 12 bits by repeating the upper ones below
    codes = stored >> spare if spare else stored
    return np.asarray(codes.astype(np.float64 if bits > 24 else np.float32) / (2**bits - 1), np.float32)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import OpenImageIO as oiio  # noqa: N813

    if not path.is_file():
        raise MediaError(
            "This picture is missing.",
            where=one_line(str(path)),
            todo="Mount or copy the media there, or relink the plate.",
        )
    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)  # else straight alpha is multiplied in, in display code values
    image = oiio.ImageInput.open(str(path), wish)
    if image is None:
        raise _unreadable(path, oiio.geterror())
    try:
        yield image
    finally:
        image.close()


def _unreadable(path: Path, reason: str) -> MediaError:
    return MediaError(
        f"This picture cannot be read, it may be cut short: {one_line(reason) or 'no reason given'}.",
        where=one_line(str(path)),
        todo="Copy or render the file again.",
    )


def _stored(image: Any, path: Path, header: Header) -> NDArray[Any]:
    import numpy as np

    low, high = min(header.channels), max(header.channels) + 1
    pixels = image.read_image(header.part, 0, low, high, header.dtype)
    if pixels is None or image.has_error:
        raise _unreadable(path, image.geterror())
    wanted = [channel - low for channel in header.channels]
    array: NDArray[Any] = pixels.reshape(header.data[1], header.data[0], high - low)
    return array if wanted == list(range(high - low)) else np.ascontiguousarray(array[..., wanted])


def _in_display(picture: Picture, header: Header) -> Picture:
    import numpy as np

    (x, y), (width, height) = header.origin, header.data
    window = (header.height, header.width) if swaps(header.orientation) else (header.width, header.height)
    if (x, y, width, height) == (0, 0, *window):
        return picture
    out = np.zeros((window[1], window[0], picture.shape[2]), np.float32)
    left, right = max(x, 0), min(x + width, window[0])
    top, bottom = max(y, 0), min(y + height, window[1])
    if left < right and top < bottom:
        out[top:bottom, left:right] = picture[top - y : bottom - y, left - x : right - x]
    return out


# Headers


def _header(image: Any, path: Path, layer: str) -> Header:
    specs = _parts(image)
    layers = tuple(sorted({name for spec in specs for name, _ in map(_split, _names(spec)) if name}))
    wanted = [layer] if layer else ["", *_whole([name for spec in specs for name in _names(spec)])]
    found = next(
        ((n, picked, name) for name in wanted for n, spec in enumerate(specs) if (picked := _pick(_names(spec), name))),
        None,
    )
    if found is None:
        raise MediaError(
            f"There is no layer {one_line(layer)!r} here." if layer else "This picture has no plain colour channels.",
            where=one_line(str(path)),
            todo=f"Set the plate's layer to one of: {one_line(', '.join(layers))}." if layers else
            "Write it again with the channels R, G and B, or Y alone.",
        )  # fmt: skip
    part, channels, taken = found
    spec = specs[part]
    _refuse_odd(path, spec)
    dtype, bits = _type(spec, channels)
    colour, note = _colour(path, spec, dtype, bits)
    if taken != layer and len(layers) > 1:
        said = f"layer {one_line(taken)} of {one_line(', '.join(layers))}: set the plate's layer if it is another"
        note = "; ".join(filter(None, (note, said)))
    size = (spec.full_width or spec.width, spec.full_height or spec.height)
    aspect = Fraction(spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0).limit_denominator(1000)
    orientation = spec.get_int_attribute("Orientation", 1)
    orientation = orientation if 1 <= orientation <= 8 else 1
    if swaps(orientation):
        size, aspect = (size[1], size[0]), 1 / aspect
    return Header(
        *size, orientation, (spec.x - spec.full_x, spec.y - spec.full_y), (spec.width, spec.height), part, channels,
        dtype, bits, alpha=_alpha(path, spec, channels), colour=colour, layers=layers, note=note, pixel_aspect=aspect,
        rate=rate(spec), timecode=timecode(spec), reel=reel(spec),
    )  # fmt: skip


def _whole(names: Sequence[str]) -> list[str]:
    """Layers that may be the whole picture, likeliest first: by the names renderers use, else the first in colour."""
    layers = list(dict.fromkeys(layer for layer, _ in map(_split, names) if layer))
    named = [name for known in _WHOLE for name in layers if name.lower().rpartition(".")[2] == known]
    colour = [layer for layer, channel in map(_split, names) if layer and channel == "R"]
    return [*named, *colour, *(layers if len(layers) == 1 else [])]


def _refuse_odd(path: Path, spec: Any) -> None:
    odd, todo = "", ""
    if spec.deep:
        odd, todo = "holds deep samples", "Flatten it (in Nuke: DeepToImage)."
    elif "CMYK" in (spec.get_string_attribute("tiff:ColorSpace"), spec.get_string_attribute("jpeg:ColorSpace")):
        odd, todo = "is CMYK, for print", "Convert it to RGB with the profile that it was made for."
    if odd:
        raise MediaError(f"This picture {odd}, which is not handled.", where=one_line(str(path)), todo=todo)


def _parts(image: Any) -> list[Any]:
    return [image.spec(part, 0) for part in range(max(1, image.spec(0, 0).get_int_attribute("oiio:subimages", 1)))]


def _names(spec: Any) -> list[str]:
    """Channel names with their layer; the name of an EXR part is a layer where its channels name none.

    Nuke calls the part of the plain picture `rgba`; others call it `main` or `beauty`: those stay plain.
    """
    part = spec.get_string_attribute("oiio:subimagename")
    plain = part.lower() in ("", "rgb", "rgba", "main", "beauty", "default", "rgba_main")
    return [name if plain or "." in name else f"{part}.{name}" for name in spec.channelnames]


def _split(name: str) -> tuple[str, str]:
    layer, _, channel = name.rpartition(".")
    return layer, {"red": "R", "green": "G", "blue": "B", "alpha": "A"}.get(channel.lower(), channel.upper())


def _pick(names: Sequence[str], layer: str) -> tuple[int, ...]:
    """The channel numbers of a layer's picture: RGB(A), grey (repeated where it has an alpha), or a single channel."""
    own = {channel: n for n, name in enumerate(names) for at, channel in [_split(name)] if at == layer}
    if {"R", "G", "B"} <= own.keys():
        return tuple(own[channel] for channel in "RGBA" if channel in own)
    if "Y" in own and not {"RY", "BY"} & own.keys():
        return (own["Y"],) * 3 + (own["A"],) if "A" in own else (own["Y"],)
    return tuple(own.values()) if len(own) == 1 else ()


def _type(spec: Any, channels: Sequence[int]) -> tuple[str, int]:
    kinds = {str(spec.channelformats[n]) for n in channels} if spec.channelformats else {str(spec.format)}
    kind = kinds.pop() if len(kinds) == 1 else "float"
    if kind in ("half", "float"):
        return kind, 16 if kind == "half" else 32
    if kind not in ("uint8", "uint16", "uint32"):
        return "float", 32
    return kind, spec.get_int_attribute("oiio:BitsPerSample", 0) or int(kind[4:])


def _alpha(path: Path, spec: Any, channels: Sequence[int]) -> Alpha:
    if len(channels) < 4:
        return "none"
    straight = path.suffix.lower() == ".png" or spec.get_int_attribute("oiio:UnassociatedAlpha", 0)
    return "straight" if straight else "premultiplied"


def _colour(path: Path, spec: Any, dtype: str, bits: int) -> tuple[str, str]:
    ours = str(spec.get_string_attribute(MARK + "colour") or facts(spec).get("colour", ""))
    if dtype in ("half", "float"):
        found = spec.getattribute("chromaticities")
        aces = bool(spec.get_int_attribute("acesImageContainerFlag"))
        return scene_space(ours, spec.get_string_attribute("colorInteropID"), found, aces), ""
    if ours:
        return ours, ""
    if path.suffix.lower() in (".dpx", ".cin"):
        return film_space(spec.get_string_attribute("dpx:Transfer"), bits, path.suffix[1:].lower())
    coded = spec.getattribute("CICP")  # of a PNG: ITU-T H.273 numbers, as in a movie
    if isinstance(coded, tuple) and len(coded) == 4:
        return movie_space(coded[1], coded[0])
    return picture_space(one_line(spec.get_string_attribute("ICCProfile:profile_description"), 80))
