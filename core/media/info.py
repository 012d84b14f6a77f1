"""What media say about themselves, and the one rule that turns their tags into a colour space of the config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.frames import FrameRange

SRGB = "sRGB - Texture"
VIDEO = "Gamma 2.4 Rec.709 - Texture"
LINEAR_709 = "Linear Rec.709 (sRGB)"

Alpha = Literal["none", "straight", "premultiplied"]


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What `probe` found in a movie, a sequence or a still."""

    kind: Literal["movie", "sequence", "still"]
    frames: FrameRange
    """Media indexes: a movie's from 0 in presentation order, a sequence's file numbers, a still's 0-0."""
    rate: Fraction | None
    width: int
    height: int
    """The display window; a data window is pasted into it."""
    pixel_aspect: Fraction
    channels: int
    """1 grey, 3 RGB, 4 RGB and alpha."""
    colour: str
    """The colour space its tags mean. `note` says so where they mean none that the config knows."""
    alpha: Alpha
    bits: int
    timecode: int | None
    """Frames since midnight of the first index; None where the media carry no timecode, or no rate to count it in."""
    drop: bool
    reel: str
    layers: tuple[str, ...]
    note: str


_MOVIE_TRANSFER = {1: VIDEO, 2: VIDEO, 6: VIDEO, 4: "Gamma 2.2 Rec.709 - Texture", 8: LINEAR_709, 13: SRGB}
_TRANSFER_NAMES = {
    5: "gamma 2.8",
    7: "SMPTE 240M",
    9: "log",
    14: "BT.2020",
    15: "BT.2020",
    16: "PQ",
    17: "SMPTE 428",
    18: "HLG",
}
_PRIMARIES_709 = (1, 2, 5, 6, 7)
"""BT.709, untagged, and the two SD sets, which differ from BT.709 by less than their monitors did."""
_PRIMARIES_NAMES = {4: "BT.470M", 8: "film", 9: "BT.2020", 10: "XYZ", 11: "DCI-P3", 12: "Display P3"}

_CHROMATICITIES: dict[str, Sequence[float]] = {
    "ACEScg": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
    "ACES2065-1": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, 0.32168, 0.33767),
    LINEAR_709: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "Linear Rec.2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "Linear P3-D65": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
"""CIE xy of red, green, blue and white: S-2014-004 (ACEScg), ST 2065-1, BT.709, BT.2020, EG 432-1."""

_INTEROP_IDS = {
    "lin_ap1_scene": "ACEScg",
    "lin_ap0_scene": "ACES2065-1",
    "lin_rec709_scene": LINEAR_709,
    "lin_rec2020_scene": "Linear Rec.2020",
    "lin_p3d65_scene": "Linear P3-D65",
    "srgb_rec709_scene": SRGB,
}
"""Texture asset ids of the Colour Interop Forum, as OpenEXR's `colorInteropID` holds them."""


def movie_space(transfer: int, primaries: int) -> tuple[str, str]:
    """The space of a movie's tags (ITU-T H.273 numbers) and a note where the config has none for them.

    BT.709 (also BT.601, and no tag) is what a grading monitor shows: gamma 2.4. sRGB and linear are taken at their
    word.
    """
    space = _MOVIE_TRANSFER.get(transfer)
    odd = [] if space else [_TRANSFER_NAMES.get(transfer, f"transfer {transfer}")]
    if primaries not in _PRIMARIES_709:
        odd.append(f"{_PRIMARIES_NAMES.get(primaries, str(primaries))} primaries")
    space = space or VIDEO
    return space, f"tagged {', '.join(odd)}, read as {space}: set the plate's colour" if odd else ""


def scene_space(name: str, interop: str, chromaticities: Sequence[float] | None, aces: bool) -> str:
    """The space of floating-point pictures, by the first that is there: the name rushes wrote, the interop id, the
    ACES container flag (ST 2065-4), chromaticities; else linear BT.709, which is what OpenEXR's specification says an
    untagged file holds.
    """
    if name:
        return name
    if interop in _INTEROP_IDS:
        return _INTEROP_IDS[interop]
    if aces:
        return "ACES2065-1"
    for space, known in _CHROMATICITIES.items():
        if chromaticities and max(abs(a - b) for a, b in zip(chromaticities, known, strict=True)) < 2e-3:
            return space
    return LINEAR_709


def chromaticities(space: str) -> Sequence[float] | None:
    """CIE xy of a linear space's primaries and white, for a file's header; None where the space has none to state."""
    return _CHROMATICITIES.get(space)
