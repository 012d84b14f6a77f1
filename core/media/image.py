"""[OpenImageIO] One picture in one file: EXR, DPX, TIFF, PNG, JPEG and what else OpenImageIO reads."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError
from core.files import one_line
from core.frames import rate_of
from core.media.info import SRGB, VIDEO, Alpha, scene_space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

SUFFIXES = frozenset((
    ".exr", ".sxr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".jxl", ".bmp", ".tga",
    ".hdr", ".webp", ".psd", ".sgi", ".rgb", ".iff", ".rla", ".pic",
))  # fmt: skip
"""Endings that are a picture; anything else is taken for a movie."""
MARK = "rushes:"
"""Before the names of our own attributes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says about the picture that was asked for."""

    width: int
    height: int
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
        layer: a named layer (`paint` → channels paint.R …); empty: the RGB(A) or grey without one, or the only layer.

    Raises:
        MediaError: missing, not a picture, no such layer, turned by its metadata.
    """
    with _opened(path) as image:
        return _header(image, path, layer)


def read_picture(path: Path, layer: str = "") -> tuple[Header, Picture]:
    """Read header and pixels: (H, W, C) float32 in the file's own space.

    Integers are code/max (10-bit DPX by 1023), floats as they are, with Inf, NaN and denormals. The data window is
    pasted into the display window; what lies outside of that is cut off.

    Raises:
        MediaError: as `read_header`, or pixels that cannot be decoded (truncated).
    """
    with _opened(path) as image:
        header = _header(image, path, layer)
        stored = _stored(image, path, header)
    return header, _in_display(as_float(stored, header.bits), header)


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
    if (x, y, width, height) == (0, 0, header.width, header.height):
        return picture
    out = np.zeros((header.height, header.width, picture.shape[2]), np.float32)
    left, right = max(x, 0), min(x + width, header.width)
    top, bottom = max(y, 0), min(y + height, header.height)
    if left < right and top < bottom:
        out[top:bottom, left:right] = picture[top - y : bottom - y, left - x : right - x]
    return out


# Headers


def _header(image: Any, path: Path, layer: str) -> Header:
    specs = _parts(image)
    layers = tuple(sorted({name for spec in specs for name, _ in map(_split, _names(spec)) if name}))
    found = next(((n, picked) for n, spec in enumerate(specs) if (picked := _pick(_names(spec), layer))), None)
    if found is None and not layer and len(layers) == 1:
        found = next(((n, picked) for n, spec in enumerate(specs) if (picked := _pick(_names(spec), layers[0]))), None)
    if found is None:
        raise MediaError(
            f"There is no layer {one_line(layer)!r} here." if layer else "This picture has no plain colour channels.",
            where=one_line(str(path)),
            todo=f"Set the plate's layer to one of: {one_line(', '.join(layers) or 'none')}.",
        )
    part, channels = found
    spec = specs[part]
    if spec.get_int_attribute("Orientation", 1) != 1:
        raise MediaError(
            "This picture is turned by its metadata, which is not handled yet.", where=one_line(str(path)),
            todo="Write it upright (for example with oiiotool --reorient).",
        )  # fmt: skip
    dtype, bits = _type(spec)
    colour, note = _colour(path, spec, dtype)
    window = (spec.full_width or spec.width, spec.full_height or spec.height)
    return Header(
        *window, (spec.x - spec.full_x, spec.y - spec.full_y), (spec.width, spec.height), part, channels, dtype, bits,
        alpha=_alpha(path, spec, channels), colour=colour, layers=layers, note=note,
        pixel_aspect=Fraction(spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0).limit_denominator(1000),
        rate=_rate(spec), timecode=_timecode(spec), reel=_reel(spec),
    )  # fmt: skip


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


def _type(spec: Any) -> tuple[str, int]:
    kinds = {str(kind) for kind in spec.channelformats} or {str(spec.format)}
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


def _colour(path: Path, spec: Any, dtype: str) -> tuple[str, str]:
    ours = spec.get_string_attribute(MARK + "colour") or _facts(spec).get("colour", "")
    if dtype in ("half", "float"):
        found = spec.getattribute("chromaticities")
        return scene_space(
            str(ours),
            spec.get_string_attribute("colorInteropID"),
            found,
            bool(spec.get_int_attribute("acesImageContainerFlag")),
        ), ""
    if ours:
        return str(ours), ""
    if path.suffix.lower() in (".dpx", ".cin"):
        transfer = spec.get_string_attribute("dpx:Transfer") or "film"
        known = transfer in ("Rec709", "Rec601", "CCIR XA/11")
        return (
            VIDEO,
            "" if known else f"{path.suffix[1:].lower()} tagged {transfer}, read as {VIDEO}: set the plate's colour",
        )
    return SRGB, ""


def _facts(spec: Any) -> Mapping[str, Any]:
    """What `write_picture` noted in a TIFF, which has no attributes of ours."""
    try:
        found = json.loads(spec.get_string_attribute("ImageDescription"))
        return {key.removeprefix(MARK): value for key, value in found.items() if key.startswith(MARK)}
    except (ValueError, AttributeError):
        return {}


def _rate(spec: Any) -> Fraction | None:
    found = spec.getattribute("FramesPerSecond")
    if isinstance(found, (tuple, list)) and len(found) == 2 and found[0] > 0 and found[1] > 0:
        return rate_of(Fraction(int(found[0]), int(found[1])))
    return rate_of(found) if isinstance(found, float) and 0 < found <= 1000 else None


def _timecode(spec: Any) -> str:
    """SMPTE ST 12-1 time address, packed as binary-coded decimals."""
    found = spec.getattribute("smpte:TimeCode")
    if isinstance(found, str):
        return found if re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d\d", found) else ""
    if not isinstance(found, (tuple, list)):
        return ""
    word = int(found[0]) & 0xFFFFFFFF
    digits = [
        (word >> shift & 0xF) + 10 * (word >> shift + 4 & mask) for shift, mask in ((24, 3), (16, 7), (8, 7), (0, 3))
    ]
    hours, minutes, seconds, frames = digits
    if hours > 23 or minutes > 59 or seconds > 59:
        return ""
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if word & 0x40 else ':'}{frames:02}"


def _reel(spec: Any) -> str:
    names = {"reelname", "reel", "tapename", "dpx:inputdevice"}
    found = (str(a.value) for a in spec.extra_attribs if a.name.rpartition("/")[2].lower() in names)
    return one_line(next(found, ""))
