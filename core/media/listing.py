"""[av] The frames of a movie, listed without decoding one of them."""

from __future__ import annotations

import contextlib
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from core.errors import MediaError
from core.files import one_line
from core.frames import format_rate, rate_of
from core.media.cadence import Cadence, cadence

_LOOK = 64
"""How many pictures are decoded where a container's times prove no order."""


@dataclass(frozen=True, slots=True)
class Index:
    """Where a movie's pictures are: their presentation times in order, and the key frames decoding can start at."""

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    """Numbers of the pictures that are key frames, ascending."""
    seeks: tuple[int, ...]
    """Per key frame, the time to seek to (its decoding time)."""
    rate: Fraction
    """Frames a second."""
    cadence: Cadence | None = None
    """Where the rate is variable: which picture a frame shows. Else picture and frame are the same number."""

    @property
    def frames(self) -> int:
        return len(self.cadence.pictures if self.cadence else self.pts)

    def picture(self, frame: int) -> int:
        """The number of the picture that a frame shows, in presentation order."""
        return self.cadence.pictures[frame] if self.cadence else frame

    def key(self, picture: int) -> int:
        """The place in `keys` of the last key frame at or before a picture."""
        return max(0, bisect_right(self.keys, picture) - 1)


def movie_index(path: Path) -> Index:
    """List a movie's frames without decoding them; kept until the file changes.

    Raises:
        MediaError: missing, truncated, without pictures, without the times that put them in order.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise MediaError(
            f"This movie cannot be opened: {error.strerror}.", where=one_line(str(path)),
            todo="Mount or copy the media there, or relink the plate.",
        ) from error  # fmt: skip
    return _index(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@contextlib.contextmanager
def explained_reading(path: Path) -> Iterator[None]:
    """Turn what the library raises into a MediaError in words."""
    import av

    try:
        yield
    except (av.FFmpegError, OSError, EOFError) as error:
        if isinstance(error, FileNotFoundError):
            what, todo = "This movie is missing.", "Mount or copy the media there, or relink the plate."
        else:
            reason = one_line(getattr(error, "strerror", "") or str(error))
            what = f"This movie cannot be read, it may be cut short: {reason}."
            todo = "Copy the movie again, or export it anew."
        raise MediaError(what, where=one_line(str(path)), todo=todo) from error


@contextlib.contextmanager
def opened_movie(path: Path) -> Iterator[Any]:
    """An open container; errors of the library inside the block become MediaError."""
    import av

    with explained_reading(path):
        container = av.open(f"file:{path}", metadata_errors="replace")
    with container, explained_reading(path):
        yield container


def picture_stream(container: Any, path: Path) -> Any:
    """The first video stream that is not a cover picture. Raises MediaError."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            return stream
    raise MediaError(
        "This file holds no moving picture.", where=one_line(str(path)), todo="Relink the plate to a movie."
    )


def truncated(path: Path, why: str) -> MediaError:
    return MediaError(
        f"This movie is cut short: {why}.", where=one_line(str(path)), todo="Copy the movie again, or export it anew."
    )


def by_ffmpeg(path: Path, options: str) -> str:
    """The command that makes a ProRes movie, which opens here, of one that does not."""
    given, made = (shlex.quote(one_line(name)) for name in (path.name, f"{path.stem}_prores.mov"))
    return f"ffmpeg -i {given} {options} -an -c:v prores_ks -profile:v hq {made}"


def _no_times(path: Path, rate: Fraction | None) -> MediaError:
    fps = format_rate(rate or Fraction(25))
    command = by_ffmpeg(path, f"-vf 'setpts=N/({fps})/TB' -r {fps}")
    return MediaError(
        "This movie carries no usable time stamps or key frames: which frame is which would be a guess.",
        where=one_line(str(path)),
        todo=f"Export it as ProRes or DNxHR, or: {command}",
    )


@lru_cache(maxsize=64)
def _index(path: Path, size: int, mtime_ns: int, inode: int) -> Index:
    with opened_movie(path) as container:
        stream = picture_stream(container, path)
        if any(entry.pos + entry.size > size for entry in stream.index_entries):
            raise truncated(path, "its index points beyond its end")
        packets = _entries(stream) or _packets(container, stream, path)
        if not packets:
            raise truncated(path, "it holds no frames")
        packets.sort()
        pts = tuple(packet[0] for packet in packets)
        keys = tuple(n for n, packet in enumerate(packets) if packet[2])
        if not keys or len(set(pts)) != len(pts):
            raise _no_times(path, stream.average_rate)
        rate, grid = _rate(stream, path), None
        _refuse_short(stream, pts, path)
        if not _steady(pts, 1 / (rate * stream.time_base)):
            grid = cadence(pts, stream.time_base, pts[0] + (stream.duration or 0))
        seeks = tuple(packets[n][1] for n in keys)
        return Index(pts, keys, seeks, grid.rate if grid else rate, grid)


def _entries(stream: Any) -> list[tuple[int, int, bool]]:
    """The frames from a QuickTime index alone, where each codes one frame and order cannot change; else nothing.

    A camera original of 100 GB is not read through to count its frames.
    """
    entries = stream.index_entries
    if not stream.codec_context.codec.intra_only or not stream.frames or len(entries) != stream.frames:
        return []
    return [(entry.timestamp, entry.timestamp, True) for entry in entries if not entry.is_discard]


def _packets(container: Any, stream: Any, path: Path) -> list[tuple[int, int, bool]]:
    found = []
    reordered = stream.codec_context.has_b_frames
    if container.format.name == "avi" and reordered:  # AVI keeps coding order only
        raise _no_times(path, stream.average_rate)
    for packet in container.demux(stream):
        if packet.size and not packet.is_discard:
            if packet.pts is None:
                raise _no_times(path, stream.average_rate)
            found.append((packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe))
    if reordered and found and all(pts == dts for pts, dts, _ in found):
        _refuse_coding_order(container, stream, found[0][1], path)
    return found


def _refuse_coding_order(container: Any, stream: Any, start: int, path: Path) -> None:
    """Times that say nothing of an order that the codec may change (some MXF): the pictures themselves must agree."""
    container.seek(start, stream=stream)
    times = [frame.pts for frame in islice(container.decode(stream), _LOOK)]
    if times != sorted(times):
        raise _no_times(path, stream.average_rate)


def _rate(stream: Any, path: Path) -> Fraction:
    stated = stream.average_rate or stream.guessed_rate or stream.base_rate
    if not stated:
        raise MediaError(
            "This movie states no frame rate.", where=one_line(str(path)), todo="Export it at a constant rate."
        )
    return rate_of(stated)


def _steady(pts: tuple[int, ...], step: Fraction) -> bool:
    """Whether every frame is within a tenth of a frame, or one tick, of where a constant rate puts it.

    That rate may lie a little off the stated one: 23.976 is written for 24000/1001.
    """
    slack, last = max(Fraction(1), step / 10), len(pts) - 1
    even = Fraction(pts[-1] - pts[0], last) if last else step
    if abs(even - step) * last > slack + step * last / 10_000:
        return False
    least, most = -slack * even.denominator, slack * even.denominator  # whole numbers below: a tenth of the time
    num, den, first = even.numerator, even.denominator, pts[0]
    return all(least <= (time - first) * den - n * num <= most for n, time in enumerate(pts))


def _refuse_short(stream: Any, pts: tuple[int, ...], path: Path) -> None:
    """Compare with what the container states: a count of frames, or when the last one ends.

    QuickTime's index was checked already, and an edit list may rightly show fewer.
    """
    if stream.index_entries and stream.container.format.name.startswith("mov"):
        return
    if len(pts) < stream.frames - 1:
        raise truncated(path, f"{len(pts)} of {stream.frames} frames are there")
    clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if not stream.frames and clock:
        stated = (int(clock[1]) * 3600 + int(clock[2]) * 60 + Fraction(clock[3])) / stream.time_base
        longest = max((b - a for a, b in pairwise(pts)), default=0)
        if pts[-1] + 2 * longest < stated:
            there, of = float(pts[-1] * stream.time_base), float(stated * stream.time_base)
            raise truncated(path, f"{there:.2f} of {of:.2f} seconds are there")
