"""The adapter `rushes_fcpxml`: Final Cut Pro's XML (FCPXML), read and written with exact times at every rate.

otioconvert -i cut.fcpxml -I rushes_fcpxml -o cut.otio
otioconvert -i cut.otio -o cut.fcpxml -O rushes_fcpxml -A size="[1998, 1080]"

What is read: projects as timelines. The primary storyline is a video track, lanes are further ones, sound that comes
with a picture is a clip of an audio track beside it; clips of every kind, gaps, dissolves, retimes, markers, compounds,
multicam angles and synchronised clips as nested stacks. What was not understood is a list of lines, in the timeline's
`metadata["fcpxml"]["unread"]`.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

try:
    from otio_adapters.fcpxml import reading, writing
except ModuleNotFoundError:
    # The folder alone, named by OTIO_PLUGIN_MANIFEST_PATH: OTIO loads this file by its path.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from otio_adapters.fcpxml import reading, writing


def read_from_string(input_str: str) -> otio.core.SerializableObject:
    """The timeline of an FCPXML document; of several projects a `SerializableCollection` of timelines, and of a
    document without one a collection of its clips.

    Raises:
        ValueError: it is not FCPXML, or says something that cannot be true; the message names the item.
    """
    return reading.document(input_str)


def write_to_string(input_otio: otio.schema.Timeline, rate: float = 0.0, size: tuple[int, int] = (1920, 1080)) -> str:
    """A timeline as an FCPXML 1.10 document with one project; the same timeline gives the same text.

    Args:
        rate: frames a second of the sequence; 0: the rate of its global start, else of most of its clips.
        size: width and height of the sequence's picture, which a timeline does not say.

    Raises:
        ValueError: something in it has no length, or cannot be said in this format; the message names the item.
    """
    if not isinstance(input_otio, otio.schema.Timeline):
        raise ValueError(f"only a timeline can be written, not a {type(input_otio).__name__}")
    return writing.document(input_otio, Fraction(rate), size)
