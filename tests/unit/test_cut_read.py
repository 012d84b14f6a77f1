"""A cut comes in whole or is refused with the reason; putting it in order loses nothing and happens once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.read import cut_text, read_cut
from core.errors import CutError
from otio_adapters import linker, versions
from otio_adapters.times import true_rate
from tests.timelines import clip, counted, movie, save, schema, span, time, timeline


def test_a_cut_is_read_put_in_order_and_written_the_same_every_time(tmp_path: Path) -> None:
    path = save(timeline([clip("sh0010", movie(), 10, 20), clip("sh0020", movie(), 50, 5)]), tmp_path / "a.otio")
    one, two = read_cut(path, counted()), read_cut(path, counted())
    assert cut_text(one) == cut_text(two)
    assert one.rate == 25 and one.warnings == ()
    again = read_cut(save(one.timeline, tmp_path / "b.otio"), counted())
    assert cut_text(again) == cut_text(one), "a cut in order is left alone"


def test_ids_are_kept_but_a_copied_clip_gets_its_own(tmp_path: Path) -> None:
    first = clip("sh0010", movie(), 0, 10)
    versions.put(first, {"clip_id": "mine", "shot": "sh0010"})
    cut = read_cut(save(timeline([first, first.clone()]), tmp_path / "a.otio"), counted())
    facts = [versions.get(found) for found in list(cut.timeline.find_clips())]
    assert [found["clip_id"] for found in facts] == ["mine", "id-1"]
    assert [found["shot"] for found in facts] == ["sh0010", "sh0010"]
    assert "copies" in cut.warnings[0]


def test_decimal_rates_become_exact_and_frame_numbers_stay(tmp_path: Path) -> None:
    made = timeline([clip("a", movie(start=86400, rate=23.976), 86410, 20, 23.976)])
    made.tracks[0][0].markers.append(schema.Marker("m", span(86411, 1, 23.976)))
    cut = read_cut(save(made, tmp_path / "a.otio"))
    item = cut.timeline.tracks[0][0]
    assert cut.rate == Fraction(24000, 1001)
    assert item.source_range.start_time.strictly_equal(time(86410, 24000 / 1001))
    assert item.markers[0].marked_range.start_time.rate == 24000 / 1001
    assert item.media_reference.available_range.start_time.rate == 24000 / 1001
    assert [true_rate(rate) for rate in (12, 15, 24, 25, 48000)] == [12, 15, 24, 25, 48000]


def test_null_ranges_are_inferred_from_the_cut_and_marked(tmp_path: Path) -> None:
    bare = schema.Clip("a", schema.ExternalReference("plate.mov"))
    unknown = schema.Clip("b", schema.ExternalReference("other.mov"))
    cut = read_cut(save(timeline([clip("c", movie(start=100), 110, 5), bare, unknown]), tmp_path / "a.otio"))
    _, filled, left = list(cut.timeline.find_clips())
    assert filled.source_range == filled.media_reference.available_range == span(100, 1000)
    assert versions.get(filled)["inferred"] == ["available_range", "source_range"]
    assert left.source_range is None and "inferred" not in versions.get(left)


def test_the_start_that_edl_readers_hide_is_recovered(tmp_path: Path) -> None:
    made = timeline([clip("a", movie(), 0, 10)])
    made.tracks[0].source_range = span(-86243, 10)
    cut = read_cut(save(made, tmp_path / "a.otio"))
    assert cut.timeline.global_start_time == time(86243)
    assert cut.timeline.tracks[0].source_range is None
    assert cut.timeline.tracks[0][0].trimmed_range_in_parent() == span(0, 10)


def test_an_edl_comes_in_through_its_adapter(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    path.write_text("TITLE: x\n\n001  A001 V     C        01:00:04:05 01:00:05:12 01:00:00:00 01:00:01:07\n")
    cut = read_cut(path)
    assert cut.timeline.global_start_time.to_timecode() == "01:00:00:00"


def _with_sparkle(in_metadata: bool) -> str:
    data = json.loads(otio.core.serialize_json_to_string(timeline([clip("a", movie(), 0, 10)])))
    item = data["tracks"]["children"][0]["children"][0]
    sparkle = {"OTIO_SCHEMA": "Sparkle.7", "glitter": [1, "x"]}
    if in_metadata:
        item["metadata"]["studio"] = sparkle
    else:
        item["effects"].append(sparkle)
    return json.dumps(data)


def test_unknown_schemas_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    path.write_text(_with_sparkle(in_metadata=True))
    kept = json.loads(cut_text(read_cut(path)))["tracks"]["children"][0]["children"][0]["metadata"]["studio"]
    assert kept == {"OTIO_SCHEMA": "Sparkle.7", "glitter": [1, "x"]}


def _collection(*names: str) -> str:
    made = schema.SerializableCollection()
    for name in names:
        inner = timeline([clip("a", movie(), 0, 10)])
        inner.name = name
        made.append(inner)
    return otio.core.serialize_json_to_string(made)


def test_the_only_timeline_of_a_collection_is_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    path.write_text(_collection("reel 1"))
    assert read_cut(path).name == "reel 1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ('{"OTIO_SCHEMA": "Timeline.1", "name": ', "cannot be read"),
        ('{"OTIO_SCHEMA": "Timeline.99", "name": "x"}', "Timeline.99 (newer than Timeline.1)"),
        (_with_sparkle(in_metadata=False), "Sparkle.7 (unknown)"),
        ('{"OTIO_SCHEMA": "Sparkle.1"}', "unknown kind of object (Sparkle)"),
        ("[1, 2]", "not a timeline"),
        ("3", "not a timeline"),
        (otio.core.serialize_json_to_string(schema.Timeline("empty")), "no clips"),
        (_collection("reel 1", "reel \x1b[31m2"), "2 timelines: reel 1, reel ·[31m2"),
        (_collection(), "clips but no timeline"),
        (otio.core.serialize_json_to_string(schema.Track("V1")), "a Track, not a timeline"),
        (otio.core.serialize_json_to_string(timeline([schema.Clip("a")])), "how long its clips are"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.otio"
    path.write_text(text)
    with pytest.raises(CutError) as caught:
        read_cut(path)
    assert says in caught.value.what and caught.value.where == str(path)
    assert "\x1b" not in str(caught.value) and "\n" not in caught.value.what


def test_a_missing_file_and_an_unknown_suffix_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CutError, match="no such cut"):
        read_cut(tmp_path / "none.otio")
    (tmp_path / "a.prproj").write_text("x")
    with pytest.raises(CutError) as caught:
        read_cut(tmp_path / "a.prproj")
    assert ".otio .otioz" in caught.value.todo
    (tmp_path / "a.edl").write_text("TITLE: x\n001 nonsense\n")
    with pytest.raises(CutError, match="cannot be read"):
        read_cut(tmp_path / "a.edl")


def test_only_plain_values_go_into_metadata() -> None:
    item = clip("a", movie(), 0, 10)
    for bad in (2**63, 0.1, float("nan"), b"x"):
        with pytest.raises(ValueError, match="not a plain value"):
            versions.put(item, {"seed": bad})
    versions.put(item, {"seed": str(2**64 - 1), "frames": (1, 2)})
    assert versions.get(item) == {"schema": "rushes/1", "seed": "18446744073709551615", "frames": [1, 2]}


def test_the_linker_picks_a_version_and_leaves_the_editors_references(tmp_path: Path) -> None:
    item = clip("a", movie("editor.mov"), 0, 10)
    for number, facts in ((1, {"status": "apr", "circled": "temp"}), (2, {"status": "apr"}), (3, {"status": "rtk"})):
        reference = movie(f"v{number}.mov")
        versions.put(reference, {"version": f"v00{number}", **facts})
        versions.add_versions(item, {f"v00{number}": reference}, "", {"clip_id": "x"})
    path = save(timeline([item]), tmp_path / "a.otio")

    def picked(pick: str | None) -> str:
        arguments = {"pick": pick} if pick else {}
        read = otio.adapters.read_from_file(
            str(path), media_linker_name="rushes_linker", media_linker_argument_map=arguments
        )
        found = read.tracks[0][0]
        assert found.media_references()["DEFAULT_MEDIA"].target_url == "editor.mov"
        assert versions.editor_key(found) == "DEFAULT_MEDIA"
        return str(found.media_reference.target_url)

    assert [picked(pick) for pick in (None, "approved", "latest")] == ["v1.mov", "v2.mov", "v3.mov"]
    assert [picked(pick) for pick in ("circled", "v002", "v009")] == ["v1.mov", "v2.mov", "editor.mov"]
    with pytest.raises(ValueError, match="circled, approved, latest, or a version such as v003"):
        picked("aproved")
    assert linker.link_media_reference(schema.Clip("bare"), None) is None


def test_the_folder_alone_works_in_another_otio_program(tmp_path: Path) -> None:
    folder = tmp_path / "otio_adapters"
    shutil.copytree(Path(linker.__file__).parent, folder)
    item = clip("a", movie("editor.mov"), 0, 10)
    versions.add_versions(item, {"v001": _version("v001")}, "", {"clip_id": "x"})
    cut = save(timeline([item]), tmp_path / "a.otio")
    program = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
        "import opentimelineio as otio\n"
        f"read = otio.adapters.read_from_file({str(cut)!r}, media_linker_name='rushes_linker',"
        " media_linker_argument_map={'pick': 'latest'})\n"
        "import otio_adapters; print(read.tracks[0][0].media_reference.target_url, otio_adapters.__file__)"
    )
    env = {"OTIO_PLUGIN_MANIFEST_PATH": str(folder / "plugin_manifest.json"), "OTIO_DISABLE_ENTRYPOINTS_PLUGINS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path.parent, env=env, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["v001.mov", str(folder / "__init__.py")], ran.stderr


def _version(name: str) -> Any:
    reference = movie(f"{name}.mov")
    versions.put(reference, {"version": name})
    return reference


@pytest.mark.parametrize("name", ["notes.txt", "folder"])
def test_what_is_no_cut_says_which_formats_open(tmp_path: Path, name: str) -> None:
    given = tmp_path / name
    given.write_text("hello") if given.suffix else given.mkdir()
    with pytest.raises(CutError, match="not a cut") as caught:
        read_cut(given)
    assert ".otio .otioz .otiod .edl" in caught.value.todo and "pip" not in caught.value.todo
