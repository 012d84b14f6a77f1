"""What both XML forms share: the seal that says whether somebody changed a file, and writing what reads back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from core.cut.outgoing.compare import Loss
from core.files import explained, one_line, settle, sha256_bytes, temp_beside


def sealed(text: str) -> str:
    """The document with its own digest as its last comment."""
    head = text.rstrip("\n") + "\n<!-- RUSHES SHA256: "
    return f"{head}{sha256_bytes((head + ' -->' + chr(10)).encode())} -->\n"


def written(text: str, out: Path, read_back: Callable[[Path], Collection[Loss]]) -> Collection[Loss]:
    """Write the document, and give it its name once it was read back. Returns what reading back found to be lost.

    Raises what `read_back` raises; DiskFull, Broken: nothing written.
    """
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(out)
        try:
            temp.write_text(text, encoding="utf-8")
            losses = read_back(temp)
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)
    return losses


def whole_losses(timeline: Any, told: Collection[str]) -> Iterator[Loss]:
    """What no such file holds of the cut as a whole. `told`: the keys of metadata that are told otherwise."""
    name = one_line(timeline.name, 60) or "the timeline"
    others = ", ".join(sorted(one_line(key, 40) for key in timeline.metadata if key not in told))
    if others:
        yield Loss(name, f"metadata of {others}")
    if timeline.tracks.markers:
        yield Loss(name, f"{len(timeline.tracks.markers)} markers of the sequence")
