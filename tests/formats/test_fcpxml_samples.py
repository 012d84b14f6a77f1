"""Our reader and writer of FCPXML beside those of OpenTimelineIO's adapter, at whole rates, where that one counts true.

The adapter's own samples are in its source distribution, which is downloaded once into pytest's cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest

from otio_adapters import fcpxml_adapter as fcpxml
from otio_adapters.times import item_length, seconds
from tests.formats.test_sample_timelines import _cache, _samples
from tests.timelines import clip, movie, schema, span, timeline

SOURCE = "otio-fcpx-xml-adapter==1.0.0"
_FRAME = Fraction(1, 30)
"""Of the samples."""


def timelines(found: Any) -> Iterator[Any]:
    """All timelines in what was read; the adapter has them in events, and these in libraries."""
    if isinstance(found, schema.Timeline):
        yield found
    elif isinstance(found, schema.SerializableCollection):
        for child in found:
            yield from timelines(child)


def items(made: Any, kind: str) -> list[tuple[Any, ...]]:
    """Clips and compounds by kind, name, start, first source time, length and file, in seconds."""
    found = []
    for track in made.tracks:
        at = Fraction(0)
        for item in track:
            if track.kind == kind and not isinstance(item, (schema.Gap, schema.Transition)):
                shown = item.trimmed_range()
                url = getattr(getattr(item, "media_reference", None), "target_url", "")
                start, length = seconds(shown.start_time), seconds(shown.duration)
                found.append((type(item), item.name, at, start, length, url))
            at += item_length(item)
    return sorted(found, key=str)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["project", "event", "library", "example"])
def test_both_read_the_same_pictures_of_the_samples(name: str, pytestconfig: pytest.Config) -> None:
    """Sounds differ: the adapter moves them onto the picture's frames and leaves out those that come with a picture."""
    pytest.importorskip("otio_fcpx_xml_adapter")
    (path,) = _samples(SOURCE, _cache(pytestconfig)).rglob(f"fcpx_{name}.fcpxml")
    theirs = list(timelines(otio.adapters.read_from_file(str(path), adapter_name="fcpx_xml")))
    ours = list(timelines(fcpxml.read_from_string(path.read_text(encoding="utf-8"))))
    assert [one.name for one in ours] == [one.name for one in theirs] and ours
    for own, their in zip(ours, theirs, strict=True):
        assert items(own, "Video") == items(their, "Video")
        heard = items(own, "Audio")
        for kind, label, at, start, length, url in items(their, "Audio"):
            near = [one for one in heard if (one[0], one[1], one[4], one[5]) == (kind, label, length, url)]
            assert any(abs(one[2] - at) < _FRAME and abs(one[3] - start) < _FRAME for one in near), label


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_the_adapter_reads_the_same_of_what_we_write(rate: int) -> None:
    """Of plain cuts: it reads no retimes, and media with a timecode it lays outside of their clips' time.

    Nor does it count true at 25 and 50: 29 frames at 50 a second, 0.58 seconds as a float, it reads as 28.
    """
    pytest.importorskip("otio_fcpx_xml_adapter")
    made = timeline(
        [clip(f"sh{n:02}", movie(f"file:///m/{n}.mov", 0, 500, rate), 17 * n, 20 + n, rate) for n in range(12)],
        [schema.Gap(source_range=span(0, 33, rate)), clip("up", movie("file:///m/up.mov", 0, 500, rate), 40, 25, rate)],
    )
    sound = schema.Track("A1", kind="Audio")
    sound.append(clip("music", movie("file:///m/s.wav", 0, 500, rate), 3, 90, rate))
    made.tracks.append(sound)
    # It knows assets as they were before 1.9, with the file on the asset itself.
    text = re.sub(r'(<asset [^>]*)(>\s*<media-rep [^>]*)(src="[^"]*")', r"\1 \3\2", fcpxml.write_to_string(made))
    (theirs,) = timelines(otio.adapters.read_from_string(text, "fcpx_xml"))
    for kind in ("Video", "Audio"):
        assert items(theirs, kind) == items(made, kind)
