"""Cuts that are damaged or made to do harm: one clear error each, in bounded time, and nothing is left anywhere.

Each is read in a process of its own under a limit of memory: a crash of a library would end the tests with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.cut.incoming.bundle import as_received, is_deeper, unpack
from core.cut.incoming.read import DEEPEST
from core.cut.locate import locate
from core.errors import CutError
from tests.timelines import clip, movie, save, schema, span, timeline

_READER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from pathlib import Path
from core.cut.recut.facts import facts
from core.cut.incoming.read import cut_text, read_cut
from core.cut.shots import make_shots
from core.errors import CutError
from tests.timelines import media_info, settings
path = Path(sys.argv[1])
try:
    cut = read_cut(path)
    shots, warnings = make_shots(cut, settings(), probe=media_info, root=path.parent, source=path, existing={})
    print(len(facts(cut, path.suffix)[0].clips), len(shots), len(cut_text(cut)))
    for warning in (*cut.warnings, *warnings):
        print(warning)
except CutError as error:
    print("CutError", error.what)
"""


def told(path: Path, seconds: int = 60) -> str:
    """What reading a cut says. A crash, another error or more than a minute fails the test."""
    ran = subprocess.run(
        [sys.executable, "-c", _READER, str(path)], capture_output=True, text=True, timeout=seconds, check=False,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert ran.returncode == 0, (ran.returncode, ran.stderr[-1500:])
    assert "\x1b" not in ran.stdout
    return ran.stdout


def plain() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(otio.core.serialize_json_to_string(timeline([clip("a", movie(), 0, 10)])))
    return made


def _track(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["tracks"]["children"][0]
    return found


def _clip(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _track(made)["children"][0]
    return found


def _within_itself(made: dict[str, Any]) -> None:
    _track(made)["OTIO_REF_ID"] = "T"
    _track(made)["children"].append({"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "T"})


def _in_its_own_notes(made: dict[str, Any]) -> None:
    _track(made)["OTIO_REF_ID"] = "T"
    _track(made)["metadata"]["again"] = {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "T"}


def _all_null(made: dict[str, Any]) -> None:
    for item in (made, _track(made), _clip(made)):
        for key in set(item) - {"OTIO_SCHEMA", "children", "tracks"}:
            item[key] = None


def _time(where: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        _clip(made)["source_range"][where][key] = value

    return change


def _speed(value: float) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        effect = json.loads(otio.core.serialize_json_to_string(schema.LinearTimeWarp(time_scalar=2)))
        _clip(made)["effects"] = [{**effect, "time_scalar": value}]

    return change


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_within_itself, "CutError The cut cannot be read: child already has a parent"),
        (_in_its_own_notes, "CutError The cut cannot be read: Detected SerializableObject cycle"),
        (_all_null, "CutError The cut cannot be read"),
        (lambda made: made.update(tracks=None), "CutError The cut has no tracks"),
        (lambda made: _track(made).update(children=[None]), "CutError The cut cannot be read"),
        (lambda made: _clip(made).update(media_references=None), "CutError The cut cannot be read"),
        (lambda made: _clip(made).update(active_media_reference_key=None), "1 1 "),
        (_time("start_time", "value", float("nan")), "from nan at 25 a second"),
        (_time("duration", "value", float("inf")), "inf at 25 a second"),
        (_time("duration", "value", 1e300), "1e+300 at 25 a second"),
        (_time("duration", "value", -50.0), "-50 at 25 a second"),
        (_time("start_time", "value", -1e15), "from -1e+15 at 25 a second"),
        (_time("duration", "rate", 0.0), "10 at 0 a second"),
        (_time("duration", "rate", 1e-300), "10 at 1e-300 a second"),
        (_time("start_time", "rate", -25.0), "from 0 at -25 a second"),
        (_time("duration", "value", "ten"), "CutError The cut cannot be read"),
        (_speed(1e300), "a: nothing plays 1e+300 times as fast"),
        (_speed(float("nan")), "a: nothing plays nan times as fast"),
    ],
)  # fmt: skip
def test_damage_is_said_in_words(tmp_path: Path, harm: Callable[[dict[str, Any]], object], says: str) -> None:
    made = plain()
    harm(made)
    path = tmp_path / "a.otio"
    path.write_text(json.dumps(made))
    assert says in told(path)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 20_000, 1_000_000])
@pytest.mark.parametrize("closed", [True, False])
def test_absurd_nesting_is_refused_before_a_library_falls_over_it(tmp_path: Path, depth: int, closed: bool) -> None:
    path = tmp_path / "a.otio"
    nested = '{"OTIO_SCHEMA":"Stack.1","children":[' * (depth // 2) + ("]}" * (depth // 2) if closed else "")
    path.write_text('{"OTIO_SCHEMA":"Timeline.1","tracks":' + nested + "}")
    assert "nested more than" in told(path)


def test_only_brackets_outside_of_texts_count_as_nesting() -> None:
    texts = json.dumps({"a": "[" * 500, "b": '"]{"' * 500, "c": [[["deep"]]]}).encode()
    assert not is_deeper(texts, 4)
    assert is_deeper(texts, 3)
    assert not is_deeper(b"", 3)


def test_a_nested_cut_that_is_only_unusual_opens(tmp_path: Path) -> None:
    inner: Any = clip("a", movie(), 0, 10)
    for _ in range(30):
        stack = schema.Stack("nest")
        stack.append(inner)
        inner = stack
    assert told(save(timeline([inner]), tmp_path / "a.otio")).startswith("1 1 ")


@pytest.mark.parametrize("markers", [100_000, 1_000_000])
def test_very_many_markers_open_or_are_too_many(tmp_path: Path, markers: int) -> None:
    made = plain()
    marker = json.loads(otio.core.serialize_json_to_string(schema.Marker("m", span(0, 1))))
    _clip(made)["markers"] = [marker] * markers
    path = tmp_path / "a.otio"
    path.write_text(json.dumps(made, separators=(",", ":")))
    said = told(path, 60 + markers // 5000)
    path.unlink()
    assert said.startswith("1 1 ") or (markers > 100_000 and "not enough memory" in said)


def test_a_range_beyond_its_media_is_said(tmp_path: Path) -> None:
    (tmp_path / "plate.mov").touch()
    assert "the media have 0-999" in told(save(timeline([clip("a", movie(), 5000, 10)]), tmp_path / "a.otio"))


@pytest.mark.parametrize("ending", [".otio", ".edl", ".xml", ".fcpxml", ".aaf", ".otioz"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe" + "TITLE: \u00e9".encode("utf-16-le"),
        "TITLE: \u00e9\n001 \u00e9".encode("latin-1"),
        b"<?xml version='1.0'?><xmeml><sequence><name>x",
        b"<!DOCTYPE a [" + b"".join(b"<!ENTITY c%d '%s'>" % (n, b"&c%d;" % (n - 1) * 50) for n in range(1, 12))
        + b"<!ENTITY c0 'x'>]><xmeml><sequence><name>&c11;</name></sequence></xmeml>",
        b"<xmeml>" + b"<sequence>" * 20_000,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4000,
    ],
    ids=["empty", "zeros", "utf16", "latin1", "cut-xml", "entities", "deep-xml", "broken-aaf"],
)  # fmt: skip
def test_broken_files_of_every_kind_are_refused(tmp_path: Path, ending: str, data: bytes) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(data)
    assert told(path).startswith("CutError The cut ")


def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.otio")
    (tmp_path / "b.otiod").mkdir()
    (tmp_path / "b.otiod" / "content.otio").symlink_to("/dev/zero")
    (tmp_path / "c.otiod").mkdir()
    (tmp_path / "d.edl").symlink_to("/dev/zero")
    for name in ("a.otio", "b.otiod", "c.otiod", "d.edl"):
        assert "no file that can be read" in told(tmp_path / name)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.mov", "file://server/share/a.mov", "smb://server/a.mov", "/dev/zero", "file:///dev/random",
        "/dev/stdin", "\\\\server\\share\\a.mov", "data:text/plain,x", "a\0b.mov", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_urls_to_other_hosts_and_devices_find_nothing(tmp_path: Path, url: str) -> None:
    found = locate(schema.ExternalReference(url), [tmp_path])
    assert found.path is None and found.why


# Bundles


def _bundle(path: Path, entries: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("content.otio", otio.core.serialize_json_to_string(timeline([clip("a", movie(), 0, 10)])))
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name",
    ["../evil.mov", "media/../../evil.mov", "/tmp/evil.mov", "media/a/b.mov", "media\\..\\evil", "media/\x1b[31m.mov"],
)  # fmt: skip
def test_nothing_in_a_bundle_decides_where_anything_is_written(tmp_path: Path, name: str) -> None:
    path = _bundle(tmp_path / "a.otioz", {name: b"x", "media/good.mov": b"x"})
    with pytest.raises(CutError, match="does not belong"):
        unpack(path, tmp_path / "show" / "plates")
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["a.otioz"]


def test_a_link_in_a_bundle_is_refused(tmp_path: Path) -> None:
    path = _bundle(tmp_path / "a.otioz", {})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("media/link.mov")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(CutError, match="does not belong"):
        unpack(path, tmp_path / "plates")


def _claim(path: Path, name: bytes, size: int) -> None:
    """Rewrite the size that the directory of an archive claims for an entry."""
    data = bytearray(path.read_bytes())
    place = data.rindex(name) - 46
    assert data[place : place + 4] == b"PK\1\2"
    data[place + 24 : place + 28] = size.to_bytes(4, "little")
    path.write_bytes(bytes(data))


def test_bombs_are_refused_by_what_they_claim(tmp_path: Path) -> None:
    path = _bundle(tmp_path / "a.otioz", {"media/bomb.mov": bytes(1000)}, zipfile.ZIP_DEFLATED)
    _claim(path, b"media/bomb.mov", 3 << 30)
    with pytest.raises(CutError, match="next to nothing"):
        unpack(path, tmp_path / "plates")
    path = _bundle(tmp_path / "b.otioz", {}, zipfile.ZIP_DEFLATED)
    _claim(path, b"content.otio", 3 << 30)
    with pytest.raises(CutError, match="no timeline is that large"):
        as_received(path)
    assert "no timeline is that large" in told(path)


def test_an_entry_that_holds_more_than_it_claims_is_cut_off(tmp_path: Path) -> None:
    path = _bundle(tmp_path / "a.otioz", {"media/bomb.mov": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    _claim(path, b"media/bomb.mov", 10)
    with pytest.raises(CutError, match="cannot be unpacked"):
        unpack(path, tmp_path / "plates")
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]
