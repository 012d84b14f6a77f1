"""Make the sample's media from photographs: six plates and a guide track. The same inputs give the same files.

    python -m sample_project.make_media FOLDER

FOLDER holds the photographs of scikit-image's data (see CREDITS.md). Needs SciPy and onnxruntime; about four minutes on
one core.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sample_project import folder, plates, soundtrack, sources, writers
from sample_project.camera import Picture
from sample_project.sources import Source
from sample_project.writers import Codec


def main(photographs: Path, media: Path) -> None:
    for shot, source, codec in (
        (plates.coffee, sources.COFFEE, writers.H264_422),
        (plates.cat, sources.CAT, writers.DNXHR),
        (plates.rocket, sources.ROCKET, writers.PRORES),
        (plates.astronaut, sources.ASTRONAUT, writers.PRORES),
        (plates.stars, sources.STARS, writers.HEVC),
    ):
        make(shot, photographs, media, source, codec)
    moon = plates.moon(photographs, sources.MOON.frames)
    writers.sequence(media / sources.MOON.file, moon, sources.MOON.start)
    guide = soundtrack.siesta(sources.GUIDE.frames / sources.RATE)
    writers.sound(media / sources.GUIDE.file, guide, soundtrack.RATE)


def make(
    shot: Callable[[Path, int], Iterator[Picture]], photographs: Path, media: Path, source: Source, codec: Codec
) -> None:
    """Make one movie in the folder `media`."""
    pictures = shot(photographs, source.frames)
    writers.movie(media / source.file, pictures, codec, source.timecode, source.reel)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sample_project.make_media FOLDER (with astronaut.png, chelsea.png, coffee.png …)")
    main(Path(sys.argv[1]), folder() / "media")
