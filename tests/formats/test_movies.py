"""Movies, codec by codec and container by container: every frame by its number, in the colours that were meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

from core.media.info import VIDEO
from core.media.read import MediaInfo, Reader
from tests.formats_table import row
from tests.marked import SIZE, as_others_see_it, movie, proved

FRAMES = 40


@dataclass(frozen=True)
class Case:
    what: str
    file: str
    encoder: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)
    container: str | None = None
    tolerance: float = 0.03


LONG = {"g": "12", "bf": "3", "preset": "ultrafast", "b-pyramid": "normal", "crf": "12"}
HEVC = {"preset": "ultrafast", "crf": "12", "x265-params": "log-level=error:bframes=3:keyint=12:no-open-gop=1"}
OPEN = {**LONG, "x264-params": "open-gop=1:keyint=12:bframes=3:b-adapt=0"}
CASES = [
    Case("ProRes 422 Proxy, MOV", "a.mov", "prores_ks", "yuv422p10le", {"profile": "proxy"}),
    Case("ProRes 422 HQ, MOV", "a.mov", "prores_ks", "yuv422p10le", {"profile": "hq"}),
    Case("ProRes 4444, MOV", "a.mov", "prores_ks", "yuv444p10le", {"profile": "4444"}),
    Case("ProRes 4444 XQ, MOV", "a.mov", "prores_ks", "yuv444p10le", {"profile": "4444xq"}),
    Case("ProRes 422 HQ, MXF", "a.mxf", "prores_ks", "yuv422p10le", {"profile": "hq"}),
    Case("DNxHR LB, MOV", "a.mov", "dnxhd", "yuv422p", {"profile": "dnxhr_lb"}),
    Case("DNxHR SQ, MXF OP1a", "a.mxf", "dnxhd", "yuv422p", {"profile": "dnxhr_sq"}),
    Case("DNxHR HQ, MXF OP1a", "a.mxf", "dnxhd", "yuv422p", {"profile": "dnxhr_hq"}),
    Case("DNxHR HQ, MXF OP-Atom (Avid)", "a.mxf", "dnxhd", "yuv422p", {"profile": "dnxhr_hq"}, "mxf_opatom"),
    Case("DNxHR HQX 10 bit, MOV", "a.mov", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    Case("DNxHR HQX 10 bit, MXF OP1a", "a.mxf", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    Case("DNxHR 444 10 bit, MOV", "a.mov", "dnxhd", "yuv444p10le", {"profile": "dnxhr_444"}),
    Case("H.264 8 bit 4:2:0 long GOP with B frames, MP4", "a.mp4", "libx264", "yuv420p", LONG),
    Case("H.264 8 bit 4:2:0 long GOP with B frames, MOV", "a.mov", "libx264", "yuv420p", LONG),
    Case("H.264 8 bit 4:2:0 long GOP with B frames, MKV", "a.mkv", "libx264", "yuv420p", LONG),
    Case("H.264 8 bit 4:2:0 long GOP with B frames, MPEG-TS", "a.ts", "libx264", "yuv420p", LONG),
    Case("H.264 open GOP, MP4", "a.mp4", "libx264", "yuv420p", OPEN),
    Case("H.264 8 bit 4:2:2 long GOP, MOV", "a.mov", "libx264", "yuv422p", LONG),
    Case("H.264 10 bit 4:2:0 long GOP, MP4", "a.mp4", "libx264", "yuv420p10le", LONG),
    Case("H.264 10 bit 4:2:2 long GOP (camera), MOV", "a.mov", "libx264", "yuv422p10le", LONG),
    Case("H.264 10 bit 4:2:2 all-intra (camera), MXF", "a.mxf", "libx264", "yuv422p10le", {"g": "1", "bf": "0"}),
    Case("H.264 full range (phone, screen), MP4", "a.mp4", "libx264", "yuvj420p", LONG),
    Case("H.265 8 bit 4:2:0 long GOP, MP4", "a.mp4", "libx265", "yuv420p", HEVC),
    Case("H.265 10 bit 4:2:0 long GOP, MP4", "a.mp4", "libx265", "yuv420p10le", HEVC),
    Case("H.265 10 bit 4:2:2 long GOP, MOV", "a.mov", "libx265", "yuv422p10le", HEVC),
    Case("MPEG-2 4:2:2 long GOP (XDCAM), MXF", "a.mxf", "mpeg2video", "yuv422p", {"g": "12", "bf": "2", "b": "20M"}),
    Case("JPEG 2000, MXF", "a.mxf", "jpeg2000", "yuv422p10le"),
    Case("CineForm 10 bit, MOV", "a.mov", "cfhd", "yuv422p10le", {"quality": "film1"}),
    Case("v210 uncompressed, MOV", "a.mov", "v210", "yuv422p10le"),
    Case("FFV1 10 bit, MKV", "a.mkv", "ffv1", "yuv422p10le"),
    Case("Motion JPEG, MOV", "a.mov", "mjpeg", "yuvj422p", {"qmin": "2", "qmax": "2"}),
    Case("AV1 10 bit, MP4", "a.mp4", "libsvtav1", "yuv420p10le", {"preset": "6", "crf": "12", "svtav1-params": "lp=1"}),
    Case("VP9, WebM", "a.webm", "libvpx-vp9", "yuv420p", {"cpu-used": "8", "deadline": "realtime", "b": "8M"}),
]


def told(info: MediaInfo) -> str:
    return f"opens: all {len(info.frames)} frames exact in any order; {info.bits} bit; {info.colour}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_movie_opens_frame_by_frame(tmp_path: Path, case: Case) -> None:
    """Number and colour from the pixels, any order bit for bit as in sequence, and as a second decoder shows them."""
    path = movie(
        tmp_path / case.file, case.encoder, case.pixels, FRAMES, options=case.options, container=case.container
    )
    info = proved(path, range(FRAMES), tolerance=case.tolerance)
    as_others_see_it(path)
    assert (info.width, info.height, info.rate, info.alpha) == (*SIZE, Fraction(25), "none")
    assert (info.colour, info.note) == (VIDEO, "")
    sub = {"420": "4:2:0", "422": "4:2:2", "444": "4:4:4"}[case.pixels.replace("yuvj", "yuv")[3:6]]
    row("plates", case.what, f"{SIZE[0]} x {SIZE[1]}, {sub}, {FRAMES} frames, tagged BT.709", told(info))


ALPHA = [
    Case("ProRes 4444 with alpha, MOV", "a.mov", "prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"}),
    Case("CineForm RGB with alpha, MOV", "a.mov", "cfhd", "gbrap12le", {"quality": "film3+"}),
    Case("Animation (QuickTime RLE) with alpha, MOV", "a.mov", "qtrle", "argb"),
    Case("PNG with alpha, MOV", "a.mov", "png", "rgba"),
]


@pytest.mark.parametrize("case", ALPHA, ids=lambda case: case.what)
def test_alpha_comes_with_the_picture(tmp_path: Path, case: Case) -> None:
    """Alpha by its own value in each frame, and colours that nobody multiplied with it."""
    path = movie(
        tmp_path / case.file, case.encoder, case.pixels, 12, options=case.options, alpha=lambda n: 0.25 + n / 20
    )
    info = proved(path, range(12))
    assert info.alpha == "straight" and info.channels == 4
    with Reader(path) as reader:
        for number in (0, 5, 11):
            assert abs(float(reader.read(number)[..., 3].mean()) - (0.25 + number / 20)) < 0.005
    row("plates", case.what, f"{SIZE[0]} x {SIZE[1]}, 12 frames, alpha 0.25 to 0.8", f"{told(info)}; straight alpha")
