"""Numbered files: `name.%04d.exr`, `name.####.exr` or `name.[1001-1100].exr`, found by one look into their folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import MediaError
from core.files import one_line
from core.frames import FrameRange, format_frames

_PATTERN = re.compile(r"%0?(?P<printf>\d*)d|(?P<hashes>#+)|\[(?P<first>\d+)-(?P<last>\d+)\]")


@dataclass(frozen=True, slots=True)
class FileSequence:
    """The files of a pattern that exist. `numbers` is sorted and holds one or more."""

    folder: Path
    head: str
    padding: int
    tail: str
    numbers: tuple[int, ...]

    def file(self, number: int) -> Path:
        """The file of a number, whether it exists or not."""
        return self.folder / f"{self.head}{number:0{self.padding}d}{self.tail}"

    @property
    def frames(self) -> FrameRange:
        return FrameRange(self.numbers[0], self.numbers[-1])

    @property
    def gaps(self) -> str:
        """The numbers missing between the first and the last, as text; empty where there are none."""
        have = set(self.numbers)
        return format_frames(number for number in self.frames if number not in have)


def is_pattern(path: Path) -> bool:
    return _PATTERN.search(path.name) is not None


def find_sequence(path: Path) -> FileSequence:
    """Find the files of a pattern. Raises MediaError where the folder or every file is missing."""
    *_, match = _PATTERN.finditer(path.name)
    head, tail = path.name[: match.start()], path.name[match.end() :]
    padding = len(match["hashes"] or match["first"] or "") or int(match["printf"] or 1)
    number = re.compile(re.escape(head) + r"(-?\d+)" + re.escape(tail))
    try:
        names = os.listdir(path.parent)  # noqa: PTH208  (half the time of Path.iterdir for ten thousand files)
    except OSError as error:
        raise MediaError(
            f"The folder of this sequence cannot be read: {error.strerror}.", where=one_line(str(path.parent)),
            todo="Mount or copy the media there, or relink the plate.",
        ) from error  # fmt: skip
    digits = (found[1] for name in names if (found := number.fullmatch(name)))
    numbers = sorted({int(text) for text in digits if f"{int(text):0{padding}d}" == text})
    if match["first"]:
        first, last = int(match["first"]), int(match["last"])
        numbers = [n for n in numbers if first <= n <= last]
    if not numbers:
        raise MediaError(
            "No file of this sequence is there.", where=one_line(str(path)),
            todo="Mount or copy the media there, or relink the plate.",
        ) from None  # fmt: skip
    return FileSequence(path.parent, head, padding, tail, tuple(numbers))
