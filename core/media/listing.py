"""[av] The frames of a movie, listed without decoding one of them."""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import MediaError
from core.files import one_line
from core.frames import rate_of


@dataclass(frozen=True, slots=True)
class Index:
    """Where a movie's frames are: their presentation times in order, and the key frames that decoding can start at."""

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    """Frame numbers of key frames, ascending."""
    seeks: tuple[int, ...]
    """Per key frame, the time to seek to (its decoding time)."""
    rate: Fraction

    def key(self, frame: int) -> int:
        """The place in `keys` of the last key frame at or before a frame."""
        return max(0, bisect_right(self.keys, frame) - 1)


def movie_index(path: Path) -> Index:
    """List a movie's frames without decoding them; kept until the file changes.

    Raises:
        MediaError: missing, truncated, without pictures, of a variable frame rate.
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


def _no_times(path: Path) -> MediaError:
    return MediaError(
        "This movie carries no usable time stamps or key frames.",
        where=one_line(str(path)),
        todo="Rewrap or export it, for example as ProRes.",
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
            raise _no_times(path)
        rate = _rate(stream, path)
        _refuse_short(stream, len(pts), rate, path)
        _refuse_unsteady(pts, 1 / (rate * stream.time_base), rate, path)
        return Index(pts, keys, tuple(packets[n][1] for n in keys), rate)


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
    if container.format.name == "avi" and stream.codec_context.has_b_frames:  # AVI keeps coding order only
        raise _no_times(path)
    for packet in container.demux(stream):
        if packet.size and not packet.is_discard:
            if packet.pts is None:
                raise _no_times(path)
            found.append((packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe))
    return found


def _rate(stream: Any, path: Path) -> Fraction:
    stated = stream.average_rate or stream.guessed_rate or stream.base_rate
    if not stated:
        raise MediaError(
            "This movie states no frame rate.", where=one_line(str(path)), todo="Export it at a constant rate."
        )
    return rate_of(stated)


def _refuse_unsteady(pts: tuple[int, ...], step: Fraction, rate: Fraction, path: Path) -> None:
    """Every frame is within a tenth of a frame, or one tick, of where a constant rate puts it.

    That rate may lie a little off the stated one: 23.976 is written for 24000/1001.
    """
    slack, last = max(Fraction(1), step / 10), len(pts) - 1
    even = Fraction(pts[-1] - pts[0], last) if last else step
    off = abs(even - step) * last > slack + step * last / 10_000
    if off or any(abs(time - pts[0] - n * even) > slack for n, time in enumerate(pts)):
        raise MediaError(
            "This movie has a variable frame rate (or repeats fields), which is not handled yet.",
            where=one_line(str(path)), todo=f"Export it at a constant rate, for example {rate}.",
        )  # fmt: skip


def _refuse_short(stream: Any, frames: int, rate: Fraction, path: Path) -> None:
    """Compare with what the container states.

    QuickTime's index was checked already, and an edit list may rightly show fewer.
    """
    if stream.index_entries and stream.container.format.name.startswith("mov"):
        return
    stated = stream.frames
    clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if not stated and clock:
        stated = round((int(clock[1]) * 3600 + int(clock[2]) * 60 + Fraction(clock[3])) * rate)
    if frames < stated - 1:
        raise truncated(path, f"{frames} of {stated} frames are there")
