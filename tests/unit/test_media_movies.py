"""Movies: the frame that was asked for, its exact numbers, and a reason in words for every movie that is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import BadInput, DiskFull, MediaError, RenderError
from core.media import listing, movie_out, yuv
from core.media.info import SRGB, VIDEO
from core.media.proxy import write_proxy
from core.media.read import Reader, probe
from core.media.write import MovieWriter

NTSC = Fraction(24000, 1001)
SIZE = (128, 64)


def painted(number: int) -> NDArray[np.float32]:
    """A frame that shows its own number as ten white or black blocks, which no codec can blur into another number."""
    picture = np.full((SIZE[1], SIZE[0], 3), 0.5, np.float32)
    for bit in range(10):
        picture[16:48, 4 + bit * 12 : 14 + bit * 12] = number >> bit & 1
    return picture


def shown(picture: NDArray[np.float32]) -> int:
    return sum((1 << bit) for bit in range(10) if picture[24:40, 7 + bit * 12 : 11 + bit * 12].mean() > 0.5)


def encode(path: Path, frames: int, encoder: str, options: dict[str, str], pts: Callable[[int], int] = int) -> Path:
    """A movie from PyAV alone, 8-bit 4:2:0 at 24000/1001, as someone else's program would write it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=NTSC)
        stream.width, stream.height, stream.pix_fmt, stream.options = *SIZE, "yuv420p", options
        for number in range(frames):
            rgb = (painted(number % 1024) * 255).round().astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = pts(number), 1 / NTSC
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write(path: Path, codec: str, frames: int = 6, **more: str) -> Path:
    with MovieWriter(path, SIZE, NTSC, codec, **more) as movie:
        for number in range(frames):
            movie.add(painted(number))
    return path


# The right frame


@pytest.fixture(scope="module", params=["long_gop.mp4", "long_gop.mkv", "long_gop.ts", "open_gop.mp4", "hevc.mov"])
def tangled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames coded out of order, with few key frames, in containers that keep time in different ways."""
    path = tmp_path_factory.mktemp("tangled") / request.param
    options = {"bf": "3", "g": "24", "preset": "ultrafast", "b-pyramid": "normal"}
    if path.stem == "open_gop":
        options["x264-params"] = "open-gop=1:keyint=24:bframes=3:b-adapt=0"
    if path.stem == "hevc":
        return encode(
            path, 100, "libx265", {"preset": "ultrafast", "x265-params": "log-level=error:bframes=3:keyint=24"}
        )
    return encode(path, 100, "libx264", options)


def test_any_frame_of_a_long_gop_in_any_order(tangled: Path) -> None:
    """A frame is its place in presentation order, wherever the key frames are and whatever was read before."""
    order = list(range(100))
    random.Random(1).shuffle(order)
    with Reader(tangled) as reader:
        assert len(reader.info.frames) == 100
        assert [shown(reader.read(n)) for n in order[:30]] == order[:30]


def test_a_stream_is_decoded_once_and_sought_only_over_gaps(tangled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.media.movie import Movie

    seeks = []
    plain = Movie._seek
    monkeypatch.setattr(Movie, "_seek", lambda self, key: (seeks.append(key), plain(self, key))[1])
    wanted = [3, 4, 5, 6, 9, 80, 81, 99]
    with Reader(tangled) as reader:
        assert [(n, shown(picture)) for n, picture in reader.stream(wanted)] == [(n, n) for n in wanted]
        distant = len([n for n in reader._movie.index.keys if 9 < n <= 80]) > 0  # type: ignore[union-attr]
    assert distant
    assert len(set(seeks)) <= 3


def test_an_edit_list_moves_the_first_frame(tmp_path: Path) -> None:
    """An editor's trim without re-encoding (QuickTime edit list): index 0 is the first frame that is shown."""
    source = encode(tmp_path / "all.mp4", 60, "libx264", {"bf": "3", "g": "12"})
    trimmed = tmp_path / "trimmed.mp4"
    with av.open(str(source)) as inside, av.open(str(trimmed), "w") as out:
        video = out.add_stream_from_template(inside.streams.video[0])
        step = int(1 / (NTSC * inside.streams.video[0].time_base))
        for packet in inside.demux(inside.streams.video[0]):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - 5 * step, packet.dts - 5 * step
                packet.stream = video
                out.mux(packet)
    with Reader(trimmed) as reader:
        frames = [shown(picture) for _, picture in reader.stream(reader.info.frames)]
    assert frames == list(range(5, 60))


# The right numbers


def exact(picture: NDArray[np.float32], coding: yuv.Coding) -> NDArray[np.float64]:
    """BT.709 forwards and backwards as the Recommendation writes it, in float64, without subsampling."""
    rgb = picture.astype(np.float64)
    y = rgb @ (0.2126, 0.7152, 0.0722)
    scale = 2.0 ** (coding.bits - 8)
    codes = [np.round(scale * (219 * y + 16))]
    codes += [np.round(scale * (224 * (rgb[..., n] - y) / d + 128)) for n, d in ((2, 1.8556), (0, 1.5748))]
    y, cb, cr = (codes[0] / scale - 16) / 219, (codes[1] / scale - 128) / 224, (codes[2] / scale - 128) / 224
    red, blue = y + 1.5748 * cr, y + 1.8556 * cb
    return np.stack([red, (y - 0.2126 * red - 0.0722 * blue) / 0.7152, blue], -1)


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_planes_are_the_recommendation(bits: int) -> None:
    """Matrix and range against an independent float64 version; white is 1.0, and nothing goes through 8 bits."""
    ramp = np.linspace(0, 1, 97, dtype=np.float32)
    picture = np.stack(np.meshgrid(ramp, ramp[::8]), -1)
    picture = np.concatenate([picture, 1 - picture[..., :1]], -1)
    coding = yuv.Coding(bits)
    assert np.abs(yuv.decode(yuv.encode(picture, coding), coding) - exact(picture, coding)).max() < 1e-6
    white = np.ones((4, 4, 3), np.float32)
    assert np.array_equal(yuv.decode(yuv.encode(white, coding), coding), white)


def test_what_lies_above_white_is_kept() -> None:
    """Super-whites of a camera (code 1019 of 10 bits) come out above 1, not clipped."""
    luma, grey = np.full((2, 2), 1019, np.uint16), np.full((2, 2), 512, np.uint16)
    assert yuv.decode([luma, grey, grey], yuv.Coding(10)).max() == pytest.approx((1019 - 64) / 876, abs=1e-6)


@pytest.mark.parametrize("shift", [(1, 0), (1, 1)])
def test_subsampled_chroma_keeps_its_place(shift: tuple[int, int]) -> None:
    """A linear colour ramp survives 4:2:2 and 4:2:0: a wrong siting would move it by half a pixel."""
    ramp = np.linspace(0.2, 0.8, 64, dtype=np.float32)
    picture = np.stack(np.broadcast_arrays(ramp[None], ramp[:, None], np.float32(0.5)), -1)
    coding = yuv.Coding(12, shift=shift)
    back = yuv.decode(yuv.encode(np.ascontiguousarray(picture), coding), coding)
    assert np.abs(back - picture)[4:-4, 4:-4].max() < 0.002


def test_codes_agree_with_another_decoder(tmp_path: Path) -> None:
    """The planes we write hold what another converter reads, to its own precision of 8 bits."""
    path = write(tmp_path / "a.mov", "prores_4444", 1)
    with av.open(str(path)) as container:
        other = next(container.decode(video=0)).to_ndarray(format="rgb24", src_colorspace="ITU709") / 255
    with Reader(path) as reader:
        assert np.abs(np.clip(reader.read(0), 0, 1) - other).mean() < 0.004


@pytest.mark.parametrize(("codec", "tolerance"), [("prores_422hq", 2.0), ("prores_4444", 2.0), ("h264", 12.0)])
def test_flat_colours_come_back(tmp_path: Path, codec: str, tolerance: float) -> None:
    """A written movie read back is within 2/1023 of what was meant (8-bit H.264: 3/255)."""
    patches = np.random.default_rng(3).uniform(0, 1, (4, 8, 3)).astype(np.float32)
    picture = np.kron(patches, np.ones((32, 32, 1), np.float32))
    with MovieWriter(tmp_path / "a.mov", (256, 128), NTSC, codec) as movie:
        movie.add(picture)
    with Reader(tmp_path / "a.mov") as reader:
        back = reader.read(0)
    inner = np.abs(back - picture).reshape(4, 32, 8, 32, 3)[:, 12:20, :, 12:20]
    assert inner.max() * 1023 <= tolerance


def test_a_ramp_has_ten_bits(tmp_path: Path) -> None:
    """No step of 8 bits anywhere: a grey ramp over 1024 pixels keeps several times 256 levels."""
    ramp = np.broadcast_to(np.linspace(0, 1, 1024, dtype=np.float32)[None, :, None], (32, 1024, 3))
    with MovieWriter(tmp_path / "a.mov", (1024, 32), NTSC, "prores_4444") as movie:
        movie.add(np.ascontiguousarray(ramp))
    with Reader(tmp_path / "a.mov") as reader:
        back = reader.read(0)
    assert len(np.unique(back[16, :, 1])) > 700
    assert np.abs(back - ramp).max() < 3 / 1023


# What a movie says of itself


def test_timecode_reel_rate_and_tags(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", "prores_422hq", timecode="01:02:03:04", reel="A012C003")
    info = probe(path)
    assert (info.timecode, info.reel, info.rate) == (((62 * 60) + 3) * 24 + 4, "A012C003", NTSC)
    assert (info.colour, info.bits, info.channels, info.alpha, info.note) == (VIDEO, 10, 3, "none", "")
    with av.open(str(path)) as container:  # as another program sees them
        code = container.streams.video[0].codec_context
        assert (code.color_primaries, code.color_trc, code.colorspace) == (1, 1, 1)


def test_drop_frame_timecode(tmp_path: Path) -> None:
    with MovieWriter(tmp_path / "a.mov", SIZE, Fraction(30000, 1001), "prores_422hq", timecode="00:01:00;02") as movie:
        movie.add(painted(0))
    info = probe(tmp_path / "a.mov")
    assert (info.timecode, info.drop) == (1800, True)


def test_tags_choose_the_space(tmp_path: Path) -> None:
    assert probe(write(tmp_path / "srgb.mov", "h264", colour=SRGB)).colour == SRGB
    untagged = encode(tmp_path / "untagged.mp4", 3, "libx264", {})
    assert probe(untagged).colour == VIDEO
    pq = encode(tmp_path / "pq.mp4", 3, "libx264", {"x264-params": "transfer=smpte2084:colorprim=bt2020"})
    assert probe(pq).colour == "Rec.2100-PQ - Display"


def test_alpha_and_pixel_aspect(tmp_path: Path) -> None:
    picture = np.concatenate([painted(5), np.full((SIZE[1], SIZE[0], 1), 0.25, np.float32)], -1)
    with MovieWriter(tmp_path / "a.mov", SIZE, NTSC, "prores_4444_alpha", pixel_aspect=Fraction(2)) as movie:
        movie.add(picture)
    with Reader(tmp_path / "a.mov") as reader:
        assert (reader.info.alpha, reader.info.channels, reader.info.pixel_aspect) == ("straight", 4, Fraction(2))
        assert np.abs(reader.read(0)[..., 3] - 0.25).max() < 1 / 1023


def test_a_frame_s_digest_names_movie_and_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", "h264")
    with Reader(path) as reader, Reader(path, sha256="0" * 64) as told:
        assert reader.digest(1) != reader.digest(2)
        assert told.digest(3) == "0" * 64 + ":3"


# Refused, in words


def cut_in_half(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def fast_start(path: Path) -> Path:
    """The index before the pictures, so that half a file still opens."""
    out = path.with_name("fast_" + path.name)
    with av.open(str(path)) as inside, av.open(str(out), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream_from_template(inside.streams.video[0])
        for packet in inside.demux(inside.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    return out


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv", "fast.mp4", "fast.mov"])
def test_a_truncated_movie_is_refused(tmp_path: Path, name: str) -> None:
    """Half a movie is an error at once, never a shorter shot."""
    if name.endswith("mov"):
        path = write(tmp_path / name, "prores_422hq", 20)
    else:
        path = encode(tmp_path / name, 60, "libx264", {"g": "12"})
    path = cut_in_half(fast_start(path) if name.startswith("fast") else path)
    with pytest.raises(MediaError, match="cut short") as caught:
        probe(path)
    assert str(path) in caught.value.where and caught.value.todo


def test_missing_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()
    (tmp_path / "text.mov").write_text("not a movie\n" * 100)
    for name in ("missing.mov", "empty.mov", "text.mov"):
        with pytest.raises(MediaError):
            probe(tmp_path / name)


def test_interlaced_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", 4, "libx264", {"x264-params": "interlaced=1"})
    with pytest.raises(MediaError, match="interlaced"):
        probe(path)


def joined(path: Path, *parts: Path) -> Path:
    """Movies one after the other in one file, undecoded, as a recorder or a careless join leaves them."""
    with av.open(str(path), "w") as out:
        stream, number = None, 0
        for part in parts:
            with av.open(str(part)) as inside:
                stream = stream or out.add_stream_from_template(inside.streams.video[0])
                for packet in inside.demux(video=0):
                    if packet.size:
                        packet.pts, packet.dts, packet.duration = number, number, 1
                        packet.time_base, packet.stream, number = 1 / NTSC, stream, number + 1
                        out.mux(packet)
    return path


def test_what_changes_on_the_way_is_refused_where_it_changes(tmp_path: Path) -> None:
    """Fields or another size in the middle of a movie: the frames before are right, the first that is not says so."""

    def part(name: str, flags: int, size: tuple[int, int], encoder: str = "mpeg2video") -> Path:
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream(encoder, rate=NTSC)
            stream.width, stream.height, stream.options = *size, {"g": "1"}
            stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
            stream.codec_context.flags |= flags
            for _ in range(3):
                picture = np.full((size[1], size[0], 3), 99, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=stream.pix_fmt)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return tmp_path / name

    for parts, says in (
        ((part("a.mkv", 0, SIZE), part("b.mkv", 1 << 18 | 1 << 29, SIZE)), "interlaced"),
        ((part("c.mkv", 0, SIZE, "mjpeg"), part("d.mkv", 0, (64, 64), "mjpeg")), "Frame 3 is 64 x 64"),
    ):
        with Reader(joined(tmp_path / "joined.mkv", *parts)) as reader:
            assert len(reader.info.frames) == 6
            assert [reader.read(n).shape for n in range(3)] == [(SIZE[1], SIZE[0], 3)] * 3
            with pytest.raises(MediaError, match=says):
                reader.read(3)


def test_a_frame_beyond_the_end_and_a_layer_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", "h264")
    with Reader(path) as reader, pytest.raises(MediaError, match="no frame 6; the media have 0-5"):
        reader.read(6)
    with pytest.raises(MediaError, match="no layers"):
        probe(path, layer="paint")


def test_tags_cannot_reach_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", "prores_422hq", timecode="01:00:00:00", reel="A\x1b[2J\nB")
    assert "\x1b" not in probe(path).reel and "\n" not in probe(path).reel


# Writing


def test_an_error_leaves_no_movie(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), MovieWriter(tmp_path / "a.mov", SIZE, NTSC, "h264") as movie:
        movie.add(painted(0))
        raise RuntimeError
    with pytest.raises(RenderError), MovieWriter(tmp_path / "a.mov", SIZE, NTSC, "h264") as movie:
        movie.add(np.zeros((8, 8, 3), np.float32))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = MovieWriter(tmp_path / "a.mov", SIZE, NTSC, "h264")

    class Full:
        def encode(self, frame: object) -> None:
            raise av.FFmpegError(28, "No space left on device")

    with pytest.raises(DiskFull), movie:
        movie._stream = Full()
        movie.add(painted(0))
    assert list(tmp_path.iterdir()) == []


def test_a_lost_frame_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is counted again before the movie gets its name."""
    monkeypatch.setattr(movie_out, "movie_index", lambda path: listing.Index((0,), (0,), (0,), NTSC))
    with pytest.raises(RenderError, match="1 frames for 2"):
        write(tmp_path / "a.mov", "h264", 2)
    assert list(tmp_path.iterdir()) == []


def test_odd_sizes_and_unknown_codecs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="even"):
        MovieWriter(tmp_path / "a.mov", (641, 360), NTSC, "prores_422hq")
    with pytest.raises(BadInput, match="theora"):
        MovieWriter(tmp_path / "a.mov", SIZE, NTSC, "theora")


def test_a_proxy_is_small_all_intra_and_the_same_frames(tmp_path: Path) -> None:
    write(tmp_path / "a.mov", "prores_422hq", 12)
    with Reader(tmp_path / "a.mov") as reader:
        proxy = write_proxy(reader, range(2, 10), tmp_path / "p.mov", view=lambda p: p, rate=NTSC, height=32)
    with Reader(proxy) as reader:
        assert (reader.info.width, reader.info.height, reader.info.colour) == (64, 32, SRGB)
        assert [shown(np.kron(p, np.ones((2, 2, 1)))) for _, p in reader.stream(reader.info.frames)] == list(
            range(2, 10)
        )
        assert reader._movie is not None and reader._movie.index.keys == tuple(range(8))


# What else is read: packed and planar, by the codes themselves


@pytest.mark.parametrize(
    ("name", "encoder", "format", "levels"),
    [
        ("png.mov", "png", "rgb24", 255), ("png16.mov", "png", "rgb48be", 65535),
        ("ffv1.mkv", "ffv1", "gbrp16le", 65535),
        ("raw.avi", "rawvideo", "bgr24", 255), ("grey.mkv", "ffv1", "gray16le", 65535),
    ],
)  # fmt: skip
def test_lossless_rgb_comes_out_code_for_code(
    tmp_path: Path, name: str, encoder: str, format: str, levels: int
) -> None:
    codes = np.random.default_rng(7).integers(0, levels + 1, (SIZE[1], SIZE[0], 1 if "gray" in format else 3))
    dtype = np.uint8 if levels == 255 else np.uint16
    order = codes[..., ::-1] if format == "bgr24" else codes
    array = np.ascontiguousarray(order.astype(dtype).squeeze())
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(encoder, rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, format
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format)))
        container.mux(stream.encode(None))
    with Reader(tmp_path / name) as reader:
        assert np.array_equal(np.rint(reader.read(1) * levels), codes)


def test_avi_out_of_order_is_refused(tmp_path: Path) -> None:
    """AVI has no presentation times: which frame is which would be a guess."""
    path = encode(tmp_path / "a.avi", 12, "libx264", {"bf": "2"})
    with pytest.raises(MediaError, match="time stamps"):
        probe(path)
