"""[OpenImageIO] One picture into one file: EXR, PNG or TIFF, the same bytes for the same picture."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.media.attributes import MARK
from core.media.info import SRGB

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_picture(
    path: Path, pixels: NDArray[Any], *, compression: str = "", straight: bool = False,
    attributes: Mapping[str, Any] = {}, chromaticities: Sequence[float] | None = None, timecode: str = "",
) -> str:  # fmt: skip
    """Write (H, W, 1, 3 or 4) half, float32 or uint16 pixels as they are. The same arguments give the same bytes.

    Args:
        straight: the fourth channel is straight alpha (PNG), not premultiplied.
        attributes: our own, written as `rushes:<name>` in EXR and PNG and as one JSON text in TIFF.
        timecode: `HH:MM:SS:FF`, `;` for drop-frame; EXR only.

    Returns:
        The reason where it failed (the file may be there in part), else an empty text.
    """
    import OpenImageIO as oiio  # noqa: N813

    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(
        width, height, channels, {"float16": "half", "float32": "float"}.get(pixels.dtype.name, "uint16")
    )
    spec.channelnames = {1: ["Y"], 3: ["R", "G", "B"], 4: ["R", "G", "B", "A"]}[channels]
    spec.attribute("DateTime", "")  # else the clock gets into the file
    if compression:
        spec.attribute("compression", compression)
    if straight:
        spec.attribute("oiio:UnassociatedAlpha", 1)
    if path.suffix.lower() == ".png":  # else it is tagged sRGB whatever it holds
        spec.attribute("oiio:ColorSpace", "srgb_rec709_scene" if attributes.get("colour") == SRGB else "unknown")
    if chromaticities:
        spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), tuple(chromaticities))
    if timecode:
        spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (_packed(timecode), 0))
    marked = {MARK + key: str(value) for key, value in sorted(attributes.items())}
    if path.suffix.lower() in (".tif", ".tiff"):
        spec.attribute("ImageDescription", json.dumps(marked))
    else:
        for key, value in marked.items():
            spec.attribute(key, value)
    out = oiio.ImageOutput.create(str(path))
    if out is None:
        return str(oiio.geterror())
    done = out.open(str(path), spec) and out.write_image(pixels)
    reason = "" if done else out.geterror() or "unknown"
    return reason if out.close() or reason else str(out.geterror() or "it could not be closed")


def _packed(timecode: str) -> int:
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;.]", timecode))
    word = 0
    for value, shift in ((hours, 24), (minutes, 16), (seconds, 8), (frames, 0)):
        word |= (value // 10 << 4 | value % 10) << shift
    return word | (0x40 if ";" in timecode else 0)
