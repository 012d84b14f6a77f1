"""Writing frames: whole or not at all, and read back before they get their name. Movies are `movie_out`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MediaError, RenderError
from core.files import explained, refused, settle, sha256_file, temp_beside
from core.media.image import as_float, read_picture, read_stored
from core.media.image_out import write_picture
from core.media.info import chromaticities
from core.media.measure import pixel_digest
from core.media.movie_out import MovieWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.recipe.model import Master

    Picture = NDArray[np.float32]

__all__ = ["MovieWriter", "Written", "read_frame", "write_frame"]

HALF_MAX = 65504.0


@dataclass(frozen=True, slots=True)
class Written:
    """A frame that is on disk under its name."""

    path: Path
    sha256: str
    """Of the file."""
    pixels: str
    """`measure.pixel_digest` of what a reader decodes from it."""
    clipped: int
    """Values the file's type could not hold: finite ones from ±65520 on in half, anything outside 0…1 in uint16."""


def write_frame(
    path: Path, picture: Picture, master: Master, *, facts: Mapping[str, str | int | float] = {}, timecode: str = ""
) -> Written:
    """Write one frame, read it back, and give it its name. The same arguments give the same bytes.

    Args:
        picture: (H, W, 1, 3 or 4) float32 in `master.colour`, premultiplied. EXR and TIFF keep it so; PNG gets straight
            alpha. Half rounds to nearest; finite values that would become Inf are ±65504 and counted, NaN and Inf stay.
            For uint16, values are clipped to 0…1 (NaN to 0) and counted.
        facts: written as attributes `rushes:<name>`; the colour space always is.
        timecode: `HH:MM:SS:FF` (`;` for drop-frame) for an EXR's header.

    Raises:
        DiskFull, Broken: it could not be written; nothing is left behind and an older file stays.
        RenderError: what was read back is not what was written.
    """
    stored, clipped = _stored(picture, master)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(path)
        try:
            reason = write_picture(
                temp, stored, compression=_compression(master), straight=_is_straight(picture, master),
                attributes={**facts, "colour": master.colour}, timecode=timecode,
                chromaticities=chromaticities(master.colour) if master.format == "exr" else None,
            )  # fmt: skip
            if reason:
                raise refused(path, reason)
            digest = _verified(temp, path, stored)
            sha256 = sha256_file(temp)
            settle(temp, path)
        finally:
            temp.unlink(missing_ok=True)
    return Written(path, sha256, digest, clipped)


def read_frame(path: Path, layer: str = "") -> Picture:
    """One picture file as (H, W, C) float32 in its own space. Raises MediaError."""
    return read_picture(path, layer)[1]


def _is_straight(picture: Picture, master: Master) -> bool:
    return picture.shape[2] == 4 and master.format == "png"


def _compression(master: Master) -> str:
    """Deflate at its fastest level: an eighth less time than the usual one for a hundredth more bytes (measured)."""
    if master.format == "exr":
        return f"{master.compression}:1" if master.compression in ("zip", "zips") else master.compression
    return "zip" if master.format == "tiff" else ""


def _stored(picture: Picture, master: Master) -> tuple[NDArray[Any], int]:
    """The picture in the file's type, and how many values that type could not hold."""
    import numpy as np

    if master.type == "float":
        return np.ascontiguousarray(picture, np.float32), 0
    if master.type == "half":
        with np.errstate(over="ignore", invalid="ignore"):
            half = picture.astype(np.float16)
        beyond = ((half.view(np.uint16) & 0x7FFF) == 0x7C00) & np.isfinite(picture)  # six times as fast as isinf
        half[beyond] = np.copysign(np.float16(HALF_MAX), half[beyond])
        return half, int(np.count_nonzero(beyond))
    if _is_straight(picture, master):
        alpha = picture[..., 3:]
        with np.errstate(invalid="ignore", over="ignore"):  # clipped below
            picture = np.concatenate([picture[..., :3] / np.where(alpha == 0, np.float32(1), alpha), alpha], axis=-1)
    held = np.clip(np.nan_to_num(picture, nan=0.0), 0, 1)
    return np.rint(held * np.float32(65535)).astype(np.uint16), int(np.count_nonzero(held != picture))


def _verified(temp: Path, path: Path, stored: NDArray[Any]) -> str:
    """Read the temporary file back; its pixel digest. Every format written here is lossless, so it must be the same."""
    try:
        back = read_stored(temp)
    except MediaError as error:
        raise refused(path, f"reading it back failed ({error.what})") from error
    if back.dtype != stored.dtype or back.shape != stored.shape or back.tobytes() != stored.tobytes():
        raise RenderError(
            "What was read back from a frame is not what was written.", where=str(path),
            todo="The disk or its network is failing: check it, then generate the missing frames.",
        )  # fmt: skip
    return pixel_digest(as_float(back, back.dtype.itemsize * 8))
