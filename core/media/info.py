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
    """What a person should know of it; empty where nothing had to be assumed."""
    gaps: str = ""
    """The numbers that a sequence lacks, as text."""


_CURVES = {
    1: "video", 2: "video", 6: "video", 14: "video", 15: "video", 4: "gamma 2.2", 8: "linear", 13: "sRGB", 16: "PQ",
    18: "HLG",
}  # fmt: skip
_OTHER_CURVES = {5: "gamma 2.8", 7: "SMPTE 240M", 9: "log", 10: "log", 11: "xvYCC", 17: "SMPTE 428"}
_GAMUTS = {**dict.fromkeys((1, 2, 5, 6, 7), "BT.709"), 9: "BT.2020", 12: "P3-D65"}
"""BT.601's two sets and SMPTE 240M's differ from BT.709 by less than their monitors did."""
_OTHER_GAMUTS = {4: "BT.470M", 8: "film", 10: "XYZ", 11: "DCI-P3"}
_MOVIE_SPACES = {
    ("video", "BT.709"): VIDEO,
    ("gamma 2.2", "BT.709"): "Gamma 2.2 Rec.709 - Texture",
    ("linear", "BT.709"): LINEAR_709,
    ("sRGB", "BT.709"): SRGB,
    ("video", "BT.2020"): "Rec.1886 Rec.2020 - Display",
    ("linear", "BT.2020"): "Linear Rec.2020",
    ("PQ", "BT.2020"): "Rec.2100-PQ - Display",
    ("HLG", "BT.2020"): "Rec.2100-HLG - Display",
    ("linear", "P3-D65"): "Linear P3-D65",
    ("sRGB", "P3-D65"): "sRGB Encoded P3-D65 - Texture",
    ("PQ", "P3-D65"): "ST2084-P3-D65 - Display",
}
"""Curve and gamut → a space of the ACES studio config. HDR is display light: 100 cd/m² comes out as 1.0."""

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
    """The space of a movie's tags (ITU-T H.273 numbers), and a note where they are missing or the config has none.

    BT.709 (also BT.601, and no tag) is what a grading monitor shows: gamma 2.4. sRGB, linear, PQ and HLG are taken at
    their word. Half a tag (a curve of BT.2020 or HDR without primaries) is no tag: which it is would be a guess.
    """
    curve = _CURVES.get(transfer) or _OTHER_CURVES.get(transfer, f"transfer {transfer}")
    gamut = _GAMUTS.get(primaries) or str(_OTHER_GAMUTS.get(primaries, primaries))
    space = _MOVIE_SPACES.get((curve, gamut))
    if space is None:
        gamut = "no" if primaries == 2 else gamut
        return VIDEO, f"tagged {curve} with {gamut} primaries, read as {VIDEO}: set the plate's colour"
    return space, f"no colour tag, read as {space}: set the plate's colour if it is another" if transfer == 2 else ""


def film_space(transfer: str, bits: int, kind: str) -> tuple[str, str]:
    """The space of a DPX or Cineon file by its header's transfer (SMPTE ST 268, field 2.8), and a note where it is not
    sure. Film scans hold printing densities, which are ADX (ST 2065-3) but for the exact filter they are measured with.
    """
    film = "ADX16" if bits > 12 else "ADX10"
    if transfer == "ADX":
        return film, ""
    if transfer in ("Printing density", "Logarithmic") or kind == "cin":
        said = f"tagged {transfer.lower()}" if transfer else "a film scan"
        return film, f"{said}, read as {film}: set the plate's colour if it is a camera's log"
    if transfer == "Linear":
        return LINEAR_709, ""
    if transfer.startswith(("SMPTE 274M", "ITU-R 709", "ITU-R 601")):
        return VIDEO, ""
    said = "nothing" if transfer in ("", "Undefined") else transfer
    return VIDEO, f"{kind} tagged {said}, read as {VIDEO}: set the plate's colour"


def picture_space(profile: str) -> tuple[str, str]:
    """The space of an 8- or 16-bit picture by its ICC profile's name, and a note where that is another than sRGB."""
    if not profile or "srgb" in profile.lower():
        return SRGB, ""
    if profile.lower().startswith(("display p3", "p3 d65")):
        return "sRGB Encoded P3-D65 - Texture", ""
    return SRGB, f"its ICC profile is {profile}, read as {SRGB}: set the plate's colour"


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
