"""The pictures of the page, as small as its size asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.page import Story, Uris, page
from core.audit.story import Scene, Take, still
from core.errors import BadInput, MediaError
from core.files import write_atomic
from core.media.embed import jpeg_uri, shrunk
from core.progress import Tick
from core.viewing.pictures import Viewer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shown = NDArray[np.uint8]

MOST = 3_000_000
"""Bytes of a page: what a mail or a post takes."""
_LADDER = ((760, 260, 82), (600, 240, 78), (460, 200, 74), (340, 160, 70))
"""Width of a picture of the cut, width of a small one, JPEG quality: the first that keeps the page below `MOST`."""


def write_page(viewer: Viewer, story: Story, out: Path, tick: Tick) -> Path:
    """Write the page as one file.

    Raises:
        BadInput: even with the smallest pictures it is larger than `MOST`. DiskFull, Broken: nothing was written.
    """
    stock = dict(_stock(viewer, story.scenes, tick))
    size = 0
    for width, small, quality in _LADDER:
        uris: Uris = {
            key: jpeg_uri(picture, width if large else small, quality) for key, (picture, large) in stock.items()
        }
        text = page(story, uris)
        size = len(text.encode())
        if size <= MOST:
            write_atomic(out, text)
            return out
    what = f"The page would have {size / 1e6:.1f} MB; at most {MOST / 1e6:.0f} can be posted."
    raise BadInput(what, where=str(out), todo="Name the shots to show: rushes page 'sq010_*'.")


def _stock(viewer: Viewer, scenes: Sequence[Scene], tick: Tick) -> Iterator[tuple[tuple[str, ...], tuple[Shown, bool]]]:
    """Every picture that is on this machine, and whether it is one of the cut."""
    largest = _LADDER[0][0]
    for done, scene in enumerate(scenes):
        shot = scene.shot.id
        tick(shot, done, len(scenes))
        wanted: list[tuple[tuple[str, ...], Take | None, bool]] = [(("plate",), None, True)] if scene.shot.plate else []
        wanted += [((take.row.version,), take, take is scene.plays) for take in scene.takes]
        for name, take, large in wanted:
            try:
                yield (shot, *name), (shrunk(still(viewer, scene, take), largest), large)
            except MediaError:
                continue  # the page says that it is not here
        for choice in scene.choices:
            for number, source in enumerate(choice.sources, 1):
                if viewer.has(source, choice.frame):
                    picture = shrunk(viewer.seen(source, choice.frame), largest)
                    yield (shot, choice.name, str(number)), (picture, False)
