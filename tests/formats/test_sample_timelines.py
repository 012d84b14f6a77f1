"""The sample timelines of OpenTimelineIO and its adapters: each opens and goes out as it came in, or says why not.

The samples are in the source distributions. These are downloaded once, into pytest's cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cut.incoming.ale import read_ale
from core.cut.incoming.collection import Several
from core.cut.incoming.read import ADAPTED, PLAIN, cut_text, read_cut, timeline_text
from core.cut.outgoing.publish import Handover, write_master
from core.cut.recut.facts import facts
from core.cut.shots import make_shots
from core.errors import CutError
from core.files import write_atomic
from otio_adapters import versions
from tests.editorial_table import OPENS, PAGE, opens_row
from tests.timelines import media_info, settings

pytestmark = pytest.mark.slow
_WRITE = bool(os.environ.get("RUSHES_WRITE_FORMATS"))  # at import: the tests clear such variables for what they try

SOURCES = (
    "otio-cmx3600-adapter==1.0.0", "otio-fcp-adapter==1.0.0", "otio-fcpx-xml-adapter==1.0.0", "otio-aaf-adapter==2.0.0",
    "otio-ale-adapter==1.1.0", "opentimelineio==0.18.1",
)  # fmt: skip

REFUSED = {
    "timecode_mismatch.edl": "Source and record duration don't match",
    "premiere_example_filter.xml": "No top-level sequences found",
    "sample_just_track.xml": "no clips",
    "fcpx_clips.fcpxml": "clips but no timeline",
    "fcpx_event.fcpxml": "2 timelines: OpenTimeline_Project, OpenTimeline_Project 1",
    "fcpx_example.fcpxml": "2 timelines",
    "fcpx_library.fcpxml": "2 timelines",
    "multiple_top_level_mobs.aaf": "2 timelines: nestTest2, testNest30_2",
    "gaps.otio": "no clips",
}
"""Those that do not open, and a part of what is said of them."""


def _cache(config: pytest.Config) -> Path:
    assert config.cache is not None
    return config.cache.mkdir("samples")


def _samples(source: str, cache: Path) -> Path:
    """The folder of a source distribution's samples; skips the test where it cannot be had."""
    folder = cache / source.replace("==", "-")
    name, _, version = source.partition("==")
    packed = cache / f"{name.replace('-', '_')}-{version}.tar.gz"
    if not packed.exists():
        # OpenTimelineIO's build would fetch CMake to tell its version.
        alone = ["--no-build-isolation"] if name == "opentimelineio" else []
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", *alone, source]
        try:
            subprocess.run([*fetch, "-d", str(cache)], check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{source} could not be downloaded: {type(error).__name__}")
    if not folder.exists():
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
    return folder


def _timelines(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("sample_data/**/*")):
        if path.suffix.lower() in (*PLAIN, *ADAPTED, ".ale") and path.is_file():
            yield path


@pytest.mark.parametrize("source", SOURCES)
def test_every_sample_opens_or_says_why_in_one_line(source: str, pytestconfig: pytest.Config) -> None:
    paths = list(_timelines(_samples(source, _cache(pytestconfig))))
    assert paths
    row = opens_row(source, {path: _said(path) for path in paths})
    page = PAGE.read_text(encoding="utf-8")
    if _WRITE:
        rows = [line for line in page.partition(OPENS)[2].splitlines() if line.split()[1] != source.partition("==")[0]]
        write_atomic(PAGE, page.partition(OPENS)[0] + OPENS + "".join(f"{line}\n" for line in sorted([*rows, row])))
    else:
        assert row in page.splitlines(), "RUSHES_WRITE_FORMATS=1 and this test writes it"


def _said(path: Path) -> str:
    """Nothing for a sample that opens; `asks`, or why it does not open."""
    wanted = REFUSED.get(path.name)
    if path.suffix == ".ale":
        assert read_ale(path).takes, path.name
        return ""
    try:
        cut = read_cut(path)
    except CutError as error:
        assert wanted and wanted in error.what, (path.name, error.what)
        assert "\n" not in error.what and len(error.what) < 300 and error.where and error.todo
        return "asks" if isinstance(error, Several) else error.what
    assert wanted is None, path.name
    shots, _ = make_shots(cut, settings(), probe=media_info, root=path.parent, source=path, existing={})
    clips = facts(cut, path.suffix)[0].clips
    assert {use.clip_id for shot in shots for use in shot.uses} == {clip.id for clip in clips}, path.name
    assert all(clip.duration >= 0 for clip in clips), path.name
    return ""


@pytest.mark.parametrize("source", SOURCES)
def test_a_sample_goes_out_as_it_came_in(source: str, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """Published as the master, unchanged: no loss is told, and without our ids it is what the adapter had read."""
    for path in _timelines(_samples(source, _cache(pytestconfig))):
        if path.name in REFUSED or path.suffix == ".ale":
            continue
        cut = read_cut(path)
        kept = tmp_path / f"{path.stem}.otio"
        kept.write_text(cut_text(cut), encoding="utf-8")
        published = write_master(Handover(kept, []), tmp_path / f"{path.stem}.master.otio")
        assert published.losses == (), path.name
        before, after = read_cut(kept).timeline, read_cut(published.path).timeline
        for timeline in (before, after):
            versions.strip(timeline)
        assert timeline_text(after) == timeline_text(before), path.name


def test_a_log_says_what_the_adapter_reads_of_it(pytestconfig: pytest.Config) -> None:
    """Independent: OpenTimelineIO's own reader of logs, which reads these files truly."""
    otio = pytest.importorskip("opentimelineio")
    for path in _timelines(_samples("otio-ale-adapter==1.1.0", _cache(pytestconfig))):
        theirs, log = list(otio.adapters.read_from_file(str(path))), read_ale(path)
        # One of them has timecode where it should have a CDL: said, and none for the adapter either.
        assert all("goes without its CDL" in line for line in log.warnings), path.name
        assert [take.name for take in log.takes] == [clip.name for clip in theirs], path.name
        for take, clip in zip(log.takes, theirs, strict=True):
            used, cdl = clip.source_range, clip.metadata.get("cdl", {})
            sop = cdl.get("asc_sop", {})
            numbers = (*sop["slope"], *sop["offset"], *sop["power"], cdl.get("asc_sat", 1.0)) if sop else ()
            assert take.cdl == numbers, (path.name, take.line)
            assert (take.span is None) == (used is None), (path.name, take.line)
            if take.span is not None:
                # Both count the same frames; ours as the clock shows them.
                count = (take.span[1] - take.span[0]) * round(used.duration.rate)
                assert count == used.duration.value, (path.name, take.line)
            told = {name: text.strip() for name, text in clip.metadata["ALE"].items() if text.strip()}
            assert set(told) - {name for name, _ in take.facts} <= {"Name", "CDL", "ASC_SOP", "ASC_SAT"}, (
                path.name,
                take.line,
            )
