"""What movies carry beside pictures: rotation, pixel aspect, odd rates, fields, timecode, colour tags."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from core.errors import MediaError
from core.frames import FrameRange, timecode
from core.layout import DEFAULT_COLOUR_CONFIG
from core.media.colour import Colour
from core.media.info import LINEAR_709, SRGB, VIDEO
from core.media.read import Reader, probe
from tests.formats_table import row
from tests.marked import SIZE, movie, painted, proved, remuxed, shown

LONG = {"g": "12", "bf": "3", "preset": "ultrafast", "crf": "12"}
HQ = {"profile": "hq"}


def refused(path: Path, saying: str) -> str:
    """The result of a movie that must be refused, with a way out that names it."""
    with pytest.raises(MediaError, match=saying) as caught:
        probe(path)
    assert caught.value.todo and path.name in caught.value.where
    return f"refused: {caught.value.what} {caught.value.todo}"


# Rotation

ONE = 1 << 16
TURNS = {
    "Phone footage turned by 90° (portrait)": ((0, ONE, -ONE, 0), lambda p: np.rot90(p, -1)),
    "Phone footage turned by 180° (upside down)": ((-ONE, 0, 0, -ONE), lambda p: np.rot90(p, 2)),
    "Phone footage turned by 270° (portrait, other side)": ((0, -ONE, ONE, 0), np.rot90),
    "Phone footage mirrored (front camera)": ((-ONE, 0, 0, ONE), np.fliplr),
}


@pytest.mark.parametrize("name", TURNS)
def test_phone_footage_is_turned_upright(tmp_path: Path, name: str) -> None:
    """The same pixels, moved: what the display matrix of QuickTime says, numpy does."""
    (a, b, c, d), turn = TURNS[name]
    source = movie(tmp_path / "lying.mp4", "libx264", "yuv420p", 24, options=LONG, aspect=Fraction(4, 3))
    path = remuxed(source, tmp_path / "phone.mov", matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    with Reader(source) as lying, Reader(path) as reader:
        info = reader.info
        for number in (0, 23, 7):
            assert np.array_equal(reader.read(number), turn(lying.read(number)))
    size, aspect = ((144, 256), Fraction(3, 4)) if "portrait" in name else (SIZE, Fraction(4, 3))
    assert ((info.width, info.height), info.pixel_aspect) == (size, aspect)
    found = f"opens: upright at {info.width} x {info.height}, pixel aspect {info.pixel_aspect}, every pixel moved, "
    row(
        "plates", name,
        "H.264 256 x 144, pixel aspect 4:3, display matrix in MOV, bit for bit against numpy", f"{found}none changed",
    )  # fmt: skip


def test_a_crooked_matrix_is_refused(tmp_path: Path) -> None:
    source = movie(tmp_path / "lying.mp4", "libx264", "yuv420p", 3, options=LONG)
    half = round(ONE / 2**0.5)
    path = remuxed(source, tmp_path / "phone.mov", matrix=(half, half, 0, -half, half, 0, 0, 0, 1 << 30))
    row("plates", "Phone footage turned by 45°", "display matrix in MOV", refused(path, "turned by -?45"))


# Rates


def phone(number: int) -> int:
    """Times of a phone in units of 1/90000 s: 30 a second that wavers, 15 in the dark, every eleventh frame lost."""
    steps = [3000 + (n * 7919 % 11 - 5) * 90 + (3000 if 20 <= n < 30 or n % 11 == 10 else 0) for n in range(number)]
    return sum(steps)


def through_fps(path: Path, rate: Fraction) -> list[int]:
    """The numbers that FFmpeg's own filter shows at a constant rate."""
    graph = av.filter.Graph()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        source = graph.add_buffer(template=stream)
        fps, sink = graph.add("fps", f"fps={rate.numerator}/{rate.denominator}"), graph.add("buffersink")
        source.link_to(fps)
        fps.link_to(sink)
        graph.configure()
        for frame in container.decode(stream):
            graph.push(frame)
        graph.push(None)
    found = []
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return found
        found.append(shown(frame.to_ndarray(format="rgb24").astype(np.float32) / 255))  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_variable_rate_is_laid_on_a_grid(tmp_path: Path, name: str) -> None:
    """Each frame shows what stands there in time; held frames are read again bit for bit, in any order."""
    base = Fraction(1, 90000)
    path = movie(
        tmp_path / name, "libx264", "yuv420p", 60, rate=Fraction(30), options=LONG, base=base, times=phone,
        muxing={"video_track_timescale": "90000"} if name == "clip.mp4" else {},
    )  # fmt: skip
    info = probe(path)
    assert info.rate is not None
    numbers = through_fps(path, info.rate)[: len(info.frames)]
    assert abs(info.rate - 30) < Fraction(1, 10) and set(numbers) == set(range(60)), "no picture is lost"
    proved(path, numbers)
    row(
        "plates", "Variable frame rate (phone), MP4" if name == "clip.mp4" else "Variable frame rate (screen), MKV",
        "H.264 long GOP, 60 pictures of 30 and 15 a second with jitter and gaps, against FFmpeg's `fps` filter",
        f"opens: {len(numbers)} frames exact in any order; warns: {info.note}",
    )  # fmt: skip


def test_fifty_frames_in_a_cut_of_twenty_five(tmp_path: Path) -> None:
    """Frames are counted at the media's rate: half a second of the cut is 25 frames of the plate, by either clock."""
    from core.cut.incoming.read import read_cut
    from core.cut.shots import make_shots
    from tests.timelines import clip, save, settings, span, timeline
    from tests.timelines import movie as reference

    path = movie(tmp_path / "clip.mov", "prores_ks", "yuv422p10le", 100, rate=Fraction(50), options=HQ)
    proved(path, range(100))
    own, cut_s = reference("clip.mov", 0, 100, 50), reference("clip.mov", 0, 50, 25)
    for media, rate in ((own, 50), (cut_s, 25)):
        item = clip("sh0010", media, 20 * rate / 50, 25 * rate / 50, rate)
        made = timeline([item])
        made.global_start_time = span(0, 1).start_time
        cut = read_cut(save(made, tmp_path / "cut.otio"))
        ((shot,), warnings) = make_shots(
            cut, settings(), probe=probe, root=tmp_path, source=tmp_path / "cut.otio", existing={}
        )
        assert shot.plate is not None and (shot.plate.rate, warnings) == (Fraction(50), ())
        assert (shot.cut_range, shot.uses[0].duration) == (FrameRange(1009, 1033), 12)
        with Reader(path) as reader:
            assert [shown(reader.read(shot.plate.index(frame))) for frame in (1009, 1033)] == [20, 44]
    row(
        "plates", "50p in a cut of 25", "ProRes 50p, ranges at 50 and at 25, read through a cut",
        "opens: frames counted at 50, 25 of them for half a second; the right pictures by both clocks",
    )  # fmt: skip


# Fields


@pytest.mark.parametrize(
    ("what", "name", "encoder", "pixels", "options", "flags"),
    [
        ("Interlaced H.264, MP4", "clip.mp4", "libx264", "yuv420p", {"x264-params": "interlaced=1"}, 0),
        ("Interlaced ProRes, MOV", "clip.mov", "prores_ks", "yuv422p10le", HQ, 1 << 18),
        ("Interlaced MPEG-2 (XDCAM), MXF", "clip.mxf", "mpeg2video", "yuv422p", {"g": "1"}, 1 << 18 | 1 << 29),
        ("Interlaced DV, MOV", "clip.mov", "dvvideo", "yuv420p", {}, 0),
    ],
)
def test_interlaced_is_refused(
    tmp_path: Path, what: str, name: str, encoder: str, pixels: str, options: dict[str, str], flags: int
) -> None:
    size = (720, 576) if encoder == "dvvideo" else SIZE
    path = tmp_path / name
    with av.open(str(path), "w") as out:
        stream = out.add_stream(encoder, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = *size, pixels, options
        stream.codec_context.flags |= flags
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=size[0], height=size[1], format=av.VideoFormat(pixels), time_base=Fraction(1, 25)
        )
        fields, sink = graph.add("setfield", "tff"), graph.add("buffersink")
        source.link_to(fields)
        fields.link_to(sink)
        graph.configure()
        for number in range(4):
            rgb = (painted(number, size) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            graph.push(frame)
            out.mux(stream.encode(graph.pull()))
        out.mux(stream.encode(None))
    row("plates", what, "4 frames, top field first", refused(path, "interlaced"))


def followed(path: Path, filters: list[tuple[str, str]], out: Path) -> Path:
    """A movie as ffmpeg makes it by the command that a refusal names: decoded, filtered, ProRes 422 HQ."""
    graph = av.filter.Graph()
    with av.open(str(path)) as inside, av.open(str(out), "w") as outside:
        given = inside.streams.video[0]
        made = outside.add_stream("prores_ks", rate=given.average_rate)
        made.width, made.height, made.pix_fmt, made.options = given.width, given.height, "yuv422p10le", HQ
        links = [
            graph.add_buffer(template=given), *(graph.add(name, options) for name, options in filters),
            graph.add("format", "yuv422p10le"), graph.add("buffersink"),
        ]  # fmt: skip
        for one, other in itertools.pairwise(links):
            one.link_to(other)
        graph.configure()
        for frame in [*inside.decode(given), None]:
            graph.push(frame)
            with contextlib.suppress(av.BlockingIOError, av.EOFError):
                while True:
                    outside.mux(made.encode(graph.pull()))
        outside.mux(made.encode(None))
    return out


@pytest.mark.parametrize("way", [("bwdif", "send_frame"), ("setfield", "prog")])
def test_the_way_out_of_interlace_leads_out(tmp_path: Path, way: tuple[str, str]) -> None:
    """What the refusal names gives a movie of as many frames, that opens, so the cut fits it."""
    options = {"x264-params": "interlaced=1:bframes=0:keyint=1", "crf": "4"}
    path = movie(tmp_path / "clip.mp4", "libx264", "yuv420p", 12, options=options)
    assert f"{way[0]}={way[1]}" in refused(path, "interlaced")
    proved(followed(path, [way], tmp_path / "clip_prores.mov"), range(12), tolerance=0.06)


def test_the_way_out_of_coding_order_leads_out(tmp_path: Path) -> None:
    path = movie(tmp_path / "clip.mxf", "libx264", "yuv422p10le", 24, options=LONG)
    assert "-vf 'setpts=N/(25)/TB' -r 25" in refused(path, "time stamps")
    proved(followed(path, [("setpts", "N/(25)/TB")], tmp_path / "clip_prores.mov"), range(24), tolerance=0.06)


# Order


def test_a_container_that_keeps_no_order_is_refused(tmp_path: Path) -> None:
    """Times that only count packets: a frame by its number would be a guess, so no frame is given at all."""
    path = movie(tmp_path / "clip.avi", "libx264", "yuv420p", 24, options=LONG)
    row("plates", "H.264 with B frames, AVI", "24 frames; AVI keeps coding order only", refused(path, "time stamps"))
    path = movie(tmp_path / "clip.mxf", "libx264", "yuv422p10le", 24, options=LONG)
    row(
        "plates", "H.264 long GOP, MXF without an order of presentation",
        "24 frames as FFmpeg writes them: times count packets", refused(path, "time stamps"),
    )  # fmt: skip


def test_an_edit_list_moves_the_first_frame(tmp_path: Path) -> None:
    """A trim without re-encoding: index 0 is the first frame that is shown."""
    source = movie(tmp_path / "all.mp4", "libx264", "yuv420p", 60, options=LONG)
    info = proved(remuxed(source, tmp_path / "cut.mp4", shift=5), range(5, 60))
    row(
        "plates", "Trimmed without re-encoding (edit list), MP4", "H.264 long GOP, the first 5 of 60 frames cut off",
        f"opens: all {len(info.frames)} frames exact in any order, from the first that is shown",
    )  # fmt: skip


def test_half_a_movie_is_refused(tmp_path: Path) -> None:
    path = movie(tmp_path / "clip.mov", "prores_ks", "yuv422p10le", 20, options=HQ, muxing={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    row(
        "plates",
        "A movie that was half copied",
        "ProRes with its index in front, cut in the middle",
        refused(path, "cut short"),
    )


@pytest.mark.parametrize("suffix", [".r3d", ".braw", ".ari", ".dng"])
def test_camera_raw_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(b"\0" * 100)
    result = refused(path, "camera raw")
    if suffix == ".r3d":
        row("plates", "Camera raw (.r3d .braw .ari .arx .crm .dng …)", "by its ending", result)


# What a movie says of itself


@pytest.mark.parametrize(
    ("what", "name", "encoder", "pixels", "options"),
    [
        ("Timecode track, QuickTime (tmcd)", "clip.mov", "prores_ks", "yuv422p10le", HQ),
        ("Timecode track, MXF", "clip.mxf", "dnxhd", "yuv422p", {"profile": "dnxhr_hq"}),
    ],
)
def test_timecode_tracks(
    tmp_path: Path, what: str, name: str, encoder: str, pixels: str, options: dict[str, str]
) -> None:
    """Non-drop and drop-frame, against the published count (ST 12-1): 01:00:00;00 at 29.97 is frame 107892."""
    rates: list[tuple[Fraction, str, int, bool]] = [
        (Fraction(25), "10:00:00:12", 900012, False),
        (Fraction(24000, 1001), "01:02:03:04", 89356, False),
        (Fraction(30000, 1001), "01:00:00;00", 107892, True),
        (Fraction(30000, 1001), "00:01:00;02", 1800, True),
        (Fraction(60000, 1001), "00:01:00;04", 3600, True),
        (Fraction(50), "10:00:00:49", 1800049, False),
    ]
    if name.endswith("mxf"):
        rates = rates[:-1]  # FFmpeg's writer counts 50p in 25 there
    for rate, text, frame, drop in rates:
        path = movie(tmp_path / name, encoder, pixels, 2, rate=rate, options=options, tags={"timecode": text})
        info = probe(path)
        assert (info.timecode, info.drop, info.rate) == (frame, drop, rate)
        assert timecode(info.timecode, rate, drop=info.drop) == text
    said = ", ".join(dict.fromkeys(f"{float(rate):.5g}{' drop' if drop else ''}" for rate, _, _, drop in rates))
    row(
        "plates",
        what,
        f"frame rates {said}",
        "opens: counted from midnight as ST 12-1 does, drop-frame too",
    )


def test_timecode_that_counts_at_half_the_rate(tmp_path: Path) -> None:
    """Cameras write 25 fps timecode beside 50p pictures; read at 50 it would be seconds off."""
    path = movie(
        tmp_path / "clip.mov",
        "prores_ks",
        "yuv422p10le",
        2,
        rate=Fraction(50),
        options=HQ,
        tags={"timecode": "10:00:00:00"},
    )
    data = path.read_bytes()
    with av.open(str(path)) as container:
        place = container.streams.data[0].index_entries[0].pos
    count = (((10 * 60) + 2) * 60 + 3) * 25 + 12
    data = data[:place] + count.to_bytes(4, "big") + data[place + 4 :]
    at = data.index(b"tmcd\0\0\0\0\0\0\0\1") + 20  # QuickTime File Format, timecode sample description
    data = data[:at] + (25).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([25]) + data[at + 9 :]
    path.write_bytes(data)
    with av.open(str(path)) as container:
        assert container.streams.data[0].metadata["timecode"] == "10:02:03:12"
    info = probe(path)
    assert info.timecode == count * 2 and timecode(count * 2, Fraction(50)) == "10:02:03:24"
    row(
        "plates",
        "Timecode of 25 beside 50p, MOV",
        "10:02:03:12 in a track at 25",
        "opens: 10:02:03:24, in frames of the pictures",
    )


@pytest.mark.parametrize(
    ("what", "name", "encoder", "pixels", "options"),
    [
        ("Pixel aspect, MOV", "clip.mov", "prores_ks", "yuv422p10le", HQ),
        ("Pixel aspect, MP4", "clip.mp4", "libx264", "yuv420p", LONG),
        ("Pixel aspect, MXF", "clip.mxf", "libx264", "yuv422p10le", {"g": "1", "bf": "0"}),
        ("Pixel aspect, MKV", "clip.mkv", "libx264", "yuv420p", LONG),
    ],
)
def test_pixel_aspect(tmp_path: Path, what: str, name: str, encoder: str, pixels: str, options: dict[str, str]) -> None:
    for aspect in (Fraction(2), Fraction(4, 3), Fraction(64, 45)):
        info = probe(movie(tmp_path / name, encoder, pixels, 2, options=options, aspect=aspect))
        assert (info.pixel_aspect, info.width, info.height) == (aspect, *SIZE)
    row(
        "plates",
        what,
        "2, 4:3 and 64:45 (PAL wide)",
        "opens: the stored pixels, with their aspect",
    )


# Colour


def pq(light: float) -> float:
    """SMPTE ST 2084: cd/m² → code."""
    y = (light / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def hlg(light: float) -> float:
    """ITU-R BT.2100: grey of a 1000 cd/m² display → code (system gamma 1.2, then the OETF)."""
    e = (light / 1000) ** (1 / 1.2)
    return (3 * e) ** 0.5 if e <= 1 / 12 else 0.17883277 * np.log(12 * e - 0.28466892) + 0.55991073


TAGS: list[tuple[str, tuple[int, int, int] | None, str, Callable[[float], float]]] = [
    ("Colour tags: BT.709", (1, 1, 1), VIDEO, lambda x: x ** (1 / 2.4)),
    (
        "Colour tags: sRGB curve",
        (13, 1, 1),
        SRGB,
        lambda x: 1.055 * x ** (1 / 2.4) - 0.055 if x > 0.0031308 else 12.92 * x,
    ),
    ("Colour tags: linear", (8, 1, 1), LINEAR_709, lambda x: x),
    ("Colour tags: BT.2020 SDR", (14, 9, 9), "Rec.1886 Rec.2020 - Display", lambda x: x ** (1 / 2.4)),
    ("Colour tags: HDR PQ, BT.2020", (16, 9, 9), "Rec.2100-PQ - Display", lambda x: pq(100 * x)),
    ("Colour tags: HDR HLG, BT.2020", (18, 9, 9), "Rec.2100-HLG - Display", lambda x: hlg(100 * x)),
    ("Colour tags: Display P3", (13, 12, 1), "sRGB Encoded P3-D65 - Texture", lambda x: 1.055 * x ** (1 / 2.4) - 0.055),
]


@pytest.mark.parametrize(
    ("name", "tags", "space", "curve"), TAGS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_colour_tags_choose_the_space(
    tmp_path: Path, name: str, tags: tuple[int, int, int], space: str, curve: Callable[[float], float]
) -> None:
    """The space by its tags, and grey that the published curve codes comes back as the light that it was."""
    info = probe(movie(tmp_path / "clip.mov", "libx264", "yuv420p10le", 2, colour=tags, options=LONG))
    assert (info.colour, info.note) == (space, "")
    colour = Colour(DEFAULT_COLOUR_CONFIG)
    for light in (0.18, 0.5, 1.0, *([4.0, 9.0] if "HDR" in name else [])):
        code = np.full((1, 1, 3), curve(light), np.float32)
        back = float(colour.convert(code, space, LINEAR_709)[0, 0, 1])
        assert back == pytest.approx(light, rel=2e-3), light
    unit = "; 100 cd/m² is 1.0" if "HDR" in name else ""
    row(
        "plates",
        name,
        "H.264 10 bit in MOV; greys coded by the published curve",
        f"opens: {space}{unit}",
    )


def test_alpha_that_the_decoder_leaves_out_is_said(tmp_path: Path) -> None:
    options = {"cpu-used": "8", "deadline": "realtime", "b": "8M"}
    path = movie(tmp_path / "clip.webm", "libvpx-vp9", "yuva420p", 12, options=options, alpha=lambda _: 0.5)
    info = proved(path, range(12))
    row("plates", "VP9 with alpha, WebM", "12 frames at alpha 0.5", f"opens: frames exact; warns: {info.note}")


def test_tags_that_say_nothing_are_said(tmp_path: Path) -> None:
    info = probe(movie(tmp_path / "clip.mp4", "libx264", "yuv420p", 2, colour=None))
    row("plates", "Colour tags: none", "H.264, MP4", f"opens: {info.colour}; warns: {info.note}")
    info = probe(movie(tmp_path / "b.mov", "libx264", "yuv420p", 2, colour=(9, 1, 1)))
    row(
        "plates",
        "Colour tags: a curve that the config has not",
        "H.264, MOV, log 100:1",
        f"opens: {info.colour}; warns: {info.note}",
    )


def test_the_container_s_tags_win_where_the_frames_say_nothing(tmp_path: Path) -> None:
    """ProRes headers often leave them out; and small pictures without a tag would be taken for BT.601."""
    path = movie(tmp_path / "clip.mov", "prores_ks", "yuv422p10le", 3, colour=(13, 1, 1), options=HQ)
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"icpf", at + 1)) >= 0:
        data[at + 18 : at + 21] = b"\2\2\2"  # SMPTE RDD 36, frame header: primaries, transfer, matrix
    path.write_bytes(bytes(data))
    assert probe(path).colour == SRGB
    proved(path, range(3))
