"""The plugins in OpenTimelineIO's own tools: the folder alone on a machine without rushes, and installed.

The page docs/otio-plugins.md is the test's script: each of its commands is run, and what came out is looked at.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from otio_adapters import versions
from tests.timelines import clip, movie, save, schema, span, time, timeline

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/otio-plugins.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
WITHOUT_RUSHES = f"""
import sys
class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("core", "tui", "numpy", "pydantic", "textual"):
            raise ModuleNotFoundError(f"this machine has no {{name}}")
sys.meta_path = [Blocked(), *(one for one in sys.meta_path if "editable" not in repr(one))]
sys.path = [place for place in sys.path if place != {str(ROOT)!r}]
"""
"""A machine that has no rushes: neither the copy that the tests run on, nor the libraries that it needs."""
NTSC = (24000 / 1001, 30000 / 1001, 60000 / 1001)


class Desk:
    """A folder with timelines, and the environment in which OpenTimelineIO's tools run there."""

    def __init__(self, folder: Path, *, installed: bool) -> None:
        self.folder = folder
        self.env = {"PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
        self.plugins = ROOT / "otio_adapters"
        if not installed:
            self.plugins = folder / "alone" / "otio_adapters"
            shutil.copytree(ROOT / "otio_adapters", self.plugins, ignore=shutil.ignore_patterns("__pycache__"))
            (folder / "site").mkdir()
            (folder / "site" / "sitecustomize.py").write_text(WITHOUT_RUSHES)
            self.env |= {"PYTHONPATH": str(folder / "site"), "OTIO_DISABLE_ENTRYPOINTS_PLUGINS": "1"}
            self.env["OTIO_PLUGIN_MANIFEST_PATH"] = str(self.plugins / "plugin_manifest.json")

    def run(self, script: str, *, fails: bool = False) -> subprocess.CompletedProcess[str]:
        made = subprocess.run(
            ["bash", "-e", "-c", script], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False
        )
        assert (made.returncode != 0) is fails, made.stderr
        return made

    def read(self, name: str) -> Any:
        return otio.core.deserialize_json_from_file(str(self.folder / name))


@pytest.fixture
def alone(tmp_path: Path) -> Desk:
    return Desk(tmp_path, installed=False)


@pytest.fixture
def installed(tmp_path: Path) -> Desk:
    return Desk(tmp_path, installed=True)


def version(name: str, **facts: str) -> Any:
    made = schema.ImageSequenceReference(
        f"/media/sh0010_gen_{name}/", f"sh0010_gen_{name}.", ".exr", 1001, rate=25, frame_zero_padding=4,
        available_range=span(92, 56),
    )  # fmt: skip
    versions.put(made, {"version": name, "recipe": f"sha256:{name}", "shot": "sh0010", **facts})
    return made


def master() -> Any:
    """A cut with three versions of its first clip; the second is the one that was circled, the first plays."""
    first = clip("sh0010", movie("plate.mov"), 100, 40)
    made = {"v001": version("v001", status="apr"), "v002": version("v002", circled="final"), "v003": version("v003")}
    versions.add_versions(first, made, "v001", {"clip_id": "id-1", "shot": "sh0010"})
    half = clip("sh0020", movie("other.mov"), 0, 30)
    half.effects.append(schema.LinearTimeWarp("", time_scalar=0.5))
    cut = timeline([first, half])
    cut.global_start_time = time(90000)
    return cut


def playing(cut: Any) -> str:
    return str(cut.find_clips()[0].active_media_reference_key)


def timelines(desk: Desk) -> None:
    """Those that the page's commands read."""
    old, new, decimal = (timeline([clip("a", movie("a.mov"), 0, 50), clip("b", movie("b.mov"), 9, 20)]) for _ in "123")
    new.tracks[0][0].source_range = span(5, 45)
    decimal.tracks[0][0].source_range = span(0, 50, 23.976)
    ntsc = timeline([clip("a", movie(rate=NTSC[1]), 0, 1800, NTSC[1])])
    two = timeline([clip("a", movie(), 0, 50)], [clip("b", movie("b.mov"), 0, 20)])
    made = {"master": master(), "old": old, "new": new, "decimal": decimal, "ntsc": ntsc, "two_tracks": two}
    for name, cut in made.items():
        save(cut, desk.folder / f"{name}.otio")
    (desk.folder / "editors.edl").write_text(
        "TITLE: x\n\n001  A001 V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n* FROM CLIP NAME: a\n"
    )


def test_every_command_of_the_page_works_with_the_folder_alone(alone: Desk) -> None:
    timelines(alone)
    script = "".join(block for block in BLOCKS if "editors.edl" not in block)
    ran = alone.run(script.replace("/where/it/lies", str(alone.plugins.parent)))
    assert "rushes_edl" in ran.stdout, "otiopluginfo lists them"
    assert [playing(alone.read(name)) for name in ("v002.otio", "latest.otio")] == ["gen_v002", "gen_v003"]
    lists = {name: (alone.folder / name).read_text() for name in ("master.rushes_edl", "v2.edl", "ntsc.edl")}
    assert (
        "001  sh0010_gen_v001 V     C        00:00:04:00 00:00:05:15 01:00:00:00 01:00:01:15"
        in lists["master.rushes_edl"]
    )
    assert "* VERSION: v001\n* RECIPE: sha256:v001" in lists["master.rushes_edl"]
    assert "FROM CLIP NAME: b" in lists["v2.edl"] and "FROM CLIP NAME: a" not in lists["v2.edl"]
    assert "00:01:00;02" in lists["ntsc.edl"] and "FCM: DROP FRAME" in lists["ntsc.edl"]
    assert "sh0020" in ran.stdout, "otiotool lists the clips of a list"
    rows = list(csv.reader((alone.folder / "changes.csv").open()))
    assert rows[1:] == [["a", "V1", "00:00:00:00", "00:00:00:00", "trimmed", "-5", "0", ""]]
    (change,) = json.loads((alone.folder / "changes.json").read_text())["changes"]
    assert (change["clip"], change["what"], change["head"]) == ("a", ["trimmed"], -5)
    assert (alone.folder / "changes.txt").read_text() == "a  V1  00:00:00:00  trimmed (head -5, tail +0)\n"
    first, *_ = alone.read("in_order.otio").find_clips()
    assert first.source_range.duration.rate == NTSC[0] and versions.get_text(first, "clip_id")
    assert "sh0010 v003 sha256:v003" in ran.stdout
    back, old = (alone.read(name).find_clips() for name in ("from_final_cut.otio", "old.otio"))
    assert [(item.name, item.source_range) for item in back] == [(item.name, item.source_range) for item in old]


def test_the_folder_alone_really_is_alone(alone: Desk) -> None:
    for name in ("core", "tui", "numpy"):
        assert f"this machine has no {name}" in alone.run(f"python -c 'import {name}'", fails=True).stderr
    used = alone.run("python -c 'import opentimelineio as o, otio_adapters; o.plugins.ActiveManifest()'", fails=True)
    assert "No module named 'otio_adapters'" in used.stderr, "it is found by the manifest's path, not by Python's"


def test_lists_of_other_people_are_read_where_their_reader_is_installed(installed: Desk) -> None:
    pytest.importorskip("otio_cmx3600_adapter", reason="needs the extra `nle`")
    timelines(installed)
    (block,) = (block for block in BLOCKS if "editors.edl" in block)
    installed.run(block)
    cut = installed.read("editors.otio")
    assert cut.global_start_time.strictly_equal(time(86400, NTSC[0]))
    assert cut.find_clips()[0].source_range == span(24, 24, NTSC[0])


def test_installed_they_are_there_by_the_entry_point(installed: Desk) -> None:
    timelines(installed)
    listed = installed.run('otiopluginfo "rushes_*"').stdout
    for name in ("rushes_edl", "rushes_changes", "rushes_linker", "rushes_normalise", "rushes_recipe"):
        assert name in listed
    installed.run(
        "otioconvert -i master.otio -o chosen.otio -m rushes_linker; otioconvert -i master.otio -o m.rushes_edl"
    )
    assert playing(installed.read("chosen.otio")) == "gen_v002", "the circled one is picked where nobody says which"
    assert "VERSION: v001" in (installed.folder / "m.rushes_edl").read_text()


def test_the_folder_and_the_installed_package_do_not_get_in_each_others_way(alone: Desk) -> None:
    timelines(alone)
    del alone.env["PYTHONPATH"], alone.env["OTIO_DISABLE_ENTRYPOINTS_PLUGINS"]
    alone.run("otioconvert -i master.otio -o m.rushes_edl; otioconvert -i m.rushes_edl -o again.otio -m rushes_linker")


@pytest.mark.parametrize("rate", [23.976, 29.97, 59.94, *NTSC, 24, 25])
def test_times_are_exact_there_and_back(alone: Desk, rate: float) -> None:
    """Decimal rates too: what comes back is 24000/1001 and its frames, not 23.976 and nearly."""
    exact = next((one for one in NTSC if abs(one - rate) < 0.01), rate)
    hour = round(exact) * 3600 - (108 * round(exact / 29.97) if round(exact) % 30 == 0 else 0)
    first, second = clip("a", movie(rate=rate), hour, 1500, rate), clip("b", movie("b.mov", rate=rate), 3, 11, rate)
    made = timeline([first, schema.Gap(source_range=span(0, 7, rate)), second])
    made.global_start_time = time(hour, rate)
    save(made, alone.folder / "in.otio")
    drop = " -A drop=True" if round(exact) % 30 == 0 else ""
    alone.run(f"otioconvert -i in.otio -o x.rushes_edl{drop}; otioconvert -i x.rushes_edl -o out.otio")
    alone.run("otioconvert -i out.otio -o y.rushes_edl; cmp x.rushes_edl y.rushes_edl")
    text = (alone.folder / "x.rushes_edl").read_text()
    assert ("01:00:00;00" if drop else "01:00:00:00") in text
    back = alone.read("out.otio")
    assert back.global_start_time.strictly_equal(time(hour, exact))
    found = [(item.source_range, item.range_in_parent()) for item in back.find_clips()]
    frames = [(hour, 1500, 0), (3, 11, 1507)]
    for (source, place), (start, length, at) in zip(found, frames, strict=True):
        assert source.start_time.strictly_equal(time(start, exact))
        assert source.duration.strictly_equal(time(length, exact))
        assert place.start_time.strictly_equal(time(at, exact))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "-o x.otio -m rushes_linker -M pick=aproved",
            "cannot pick 'aproved': pick is circled, approved, latest, or a",
        ),
        ("-o x.edl -O rushes_edl -A rate=fast", "not a frame rate: 'fast'; write it like 25 or 24000/1001"),
        ("-o x.csv -O rushes_changes", "compares two timelines; name the older one: -A against=old.otio"),
        ("-o x.csv -O rushes_changes -A against=old.otio -A form=html", "cannot write 'html': form is csv, json, text"),
    ],
)
def test_what_cannot_be_done_is_said_in_the_last_line(alone: Desk, command: str, said: str) -> None:
    timelines(alone)
    ran = alone.run(f"otioconvert -i master.otio {command}", fails=True)
    assert said in ran.stderr.splitlines()[-1]


def test_several_tracks_are_asked_for_and_losses_told(alone: Desk) -> None:
    timelines(alone)
    ran = alone.run("otioconvert -i two_tracks.otio -o x.rushes_edl", fails=True)
    assert ran.stderr.splitlines()[-1].endswith("a list holds one video track; ask for one of 1, 2: -A track=1")
    assert not (alone.folder / "x.rushes_edl").exists()
    told = alone.run("otioconvert -i master.otio -o x.rushes_edl").stderr
    assert told.splitlines() == [
        "WARNING:rushes_edl:V1 sh0010: further media references gen_v002, gen_v003",
        "WARNING:rushes_edl:V1: reel names of up to 15 characters: a strict reader keeps 8; the comments have them too",
    ]


# Hooks


def test_no_hook_runs_unless_somebody_attaches_it(alone: Desk) -> None:
    manifest = json.loads((ROOT / "otio_adapters/plugin_manifest.json").read_text())
    assert "hooks" not in manifest
    asked = "import opentimelineio as o; print(sum(map(len, o.plugins.ActiveManifest().hooks.values())))"
    assert alone.run(f"python -c '{asked}'").stdout == "0\n"
    timelines(alone)
    alone.run("otioconvert -i decimal.otio -o same.otio")
    assert alone.read("same.otio").is_equivalent_to(alone.read("decimal.otio"))


def test_the_hook_may_run_before_and_after_and_twice(alone: Desk) -> None:
    """OpenTimelineIO runs a hook twice on one write: nothing may come of it."""
    timelines(alone)
    every = {name: ["rushes_normalise", "rushes_normalise"] for name in ("post_adapter_read", "pre_adapter_write")}
    (alone.folder / "mine.json").write_text(json.dumps({"OTIO_SCHEMA": "PluginManifest.1", "hooks": every}))
    alone.env["OTIO_PLUGIN_MANIFEST_PATH"] += f"{os.pathsep}mine.json"
    ran = alone.run("otioconvert -i decimal.otio -o once.otio; otioconvert -i once.otio -o twice.otio")
    assert (alone.folder / "once.otio").read_bytes() == (alone.folder / "twice.otio").read_bytes()
    assert ran.stderr.count("read as 24000/1001") == 1


# The schema

OBJECT = """
import opentimelineio as otio
cut = otio.adapters.read_from_file("master.otio")
Recipe = otio.schema.schemadef.module_from_name("rushes_recipe").RushesRecipe
for item in cut.find_clips():
    for key, reference in item.media_references().items():
        made = Recipe.of(reference)
        if made is not None:
            reference.metadata["theirs"] = made
otio.adapters.write_to_file(cut, "two.otio")
otio.adapters.write_to_file(cut, "one.otio", target_schema_versions={"RushesRecipe": 1})
for name in ("one.otio", "two.otio"):
    read = otio.adapters.read_from_file(name)
    item = read.find_clips()[0]
    reference = item.media_references()["gen_v002"]
    found = reference.metadata["theirs"]
    print(type(found).__name__, found.schema_version(), sorted(found.facts().items()))
"""


def test_the_schema_is_read_in_both_versions_and_kept_where_nobody_knows_it(alone: Desk) -> None:
    timelines(alone)
    (alone.folder / "objects.py").write_text(OBJECT)
    one, two = alone.run("python objects.py").stdout.splitlines()
    assert one == two and one.startswith("RushesRecipe 2 [('circled', 'final'), ('recipe', 'sha256:v002')")
    texts = [(alone.folder / name).read_text() for name in ("one.otio", "two.otio")]
    assert [text.count('"RushesRecipe.1"') for text in texts] == [3, 0]
    assert [text.count('"RushesRecipe.2"') for text in texts] == [0, 3]
    for name in ("one", "two"):
        alone.run(f"OTIO_PLUGIN_MANIFEST_PATH= otioconvert -i {name}.otio -o kept.otio; cmp {name}.otio kept.otio")


def test_our_own_reader_needs_no_schema(alone: Desk) -> None:
    """What we write is plain, and an object beside it is in nobody's way."""
    timelines(alone)
    (alone.folder / "objects.py").write_text(OBJECT)
    alone.run("python objects.py; OTIO_PLUGIN_MANIFEST_PATH= otioconvert -i two.otio -o kept.otio")
    (first, _) = alone.read("kept.otio").find_clips()
    assert [name for name, _ in versions.versions(first)] == ["v001", "v002", "v003"]
