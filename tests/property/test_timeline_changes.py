"""The change list of the adapters: every edit that is made is told, and nothing else is."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_adapters import changes_adapter, versions
from otio_adapters.changes import changes
from tests.timelines import clip, movie, save, schema, span, time, timeline

EDITS = ("keep", "remove", "trim", "slip", "retime", "replace", "version", "disable", "add")


def cut(count: int, *, ids: bool) -> Any:
    """Clips of 40 frames, each of a source of its own."""
    items = []
    for number in range(count):
        item = clip(f"sh{number:02d}", movie(f"plate{number}.mov"), 100, 40)
        if ids:
            versions.put(item, {"clip_id": f"id-{number}"})
        items.append(item)
    return timeline(items)


def version(name: str) -> Any:
    made = movie(f"sh_gen_{name}.mov")
    versions.put(made, {"version": name})
    return made


def edited(item: Any, edit: str) -> list[Any]:
    """What stands in place of a clip after an edit."""
    if edit == "trim":
        item.source_range = span(103, 35)
    elif edit == "slip":
        item.source_range = span(110, 40)
    elif edit == "retime":
        item.effects.append(schema.LinearTimeWarp("", time_scalar=2.0))
    elif edit == "replace":
        item.media_reference = movie("other.mov")
    elif edit == "version":
        versions.add_versions(item, {"v002": version("v002")}, "v002", versions.get(item))
    elif edit == "disable":
        item.enabled = False
    added = [clip("new", movie("new.mov"), 0, 12)] if edit == "add" else []
    return [*added, *([] if edit == "remove" else [item])]


TOLD = {
    "trim": ("trimmed", -3, -2), "slip": ("slipped", -10, 10), "retime": ("retimed", 0, 40),
    "replace": ("media replaced", 0, 0), "version": ("version changed", 0, 0), "disable": ("disabled", 0, 0),
    "remove": ("removed", 0, 0),
}  # fmt: skip


@given(edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=8), ids=st.booleans())
def test_every_edit_is_told_and_nothing_else(edits: list[str], ids: bool) -> None:
    """With ids every edit; without them a clip whose media were replaced is another clip."""
    old, new = cut(len(edits), ids=ids), cut(len(edits), ids=ids)
    items = [item.clone() for item in new.tracks[0]]
    del new.tracks[0][:]
    new.tracks[0].extend(made for item, edit in zip(items, edits, strict=True) for made in edited(item, edit))
    wanted = []
    for number, edit in enumerate(edits):
        if edit == "replace" and not ids:
            wanted += [(f"sh{number:02d}", "removed", 0, 0), (f"sh{number:02d}", "added", 0, 0)]
        elif edit != "keep":
            name = "new" if edit == "add" else f"sh{number:02d}"
            wanted.append((name, *TOLD.get(edit, ("added", 0, 0))))
    told = json.loads(changes_adapter.write_to_string(collection(old, new), form="json"))["changes"]
    assert sorted((row["clip"], *row["what"], row["head"], row["tail"]) for row in told) == sorted(wanted)


@given(order=st.permutations(range(6)))
def test_as_few_clips_as_can_be_have_moved(order: list[int]) -> None:
    old, new = cut(6, ids=True), cut(6, ids=True)
    items = [item.clone() for item in new.tracks[0]]
    del new.tracks[0][:]
    new.tracks[0].extend(items[number] for number in order)
    moved = [change for change in changes(old, new) if change.what]
    assert all(change.what == ("moved",) for change in moved)
    stay = [int(change.now.name[2:]) for change in changes(old, new) if change.now and not change.what]
    assert stay == sorted(stay), "what has not moved is in its old order"
    rises = [1] * 6
    for place in range(6):  # the length of a longest increasing subsequence, the slow way
        rises[place] += max((rises[before] for before in range(place) if order[before] < order[place]), default=0)
    assert len(stay) == max(rises)


def collection(old: Any, new: Any) -> Any:
    made = schema.SerializableCollection()
    made.extend([old, new])
    return made


def test_copies_of_a_clip_are_told_apart_by_what_they_show() -> None:
    """An editor's copy carries the id of the clip that it was copied from."""
    old = timeline([clip("a", movie(), 100, 20), clip("a", movie(), 500, 20)])
    for item in old.find_clips():
        versions.put(item, {"clip_id": "same"})
    new = old.clone()
    new.tracks[0][1].source_range = span(505, 15)
    assert [change.what for change in changes(old, new)] == [(), ("trimmed",)]
    new.tracks[0].insert(0, new.tracks[0][1].clone())
    assert sorted(change.what for change in changes(old, new)) == [(), ("added",), ("trimmed",)]


def test_clips_on_other_tracks_and_in_compounds_are_found() -> None:
    old = timeline([clip("a", movie(), 0, 20), clip("b", movie("b.mov"), 0, 20)], [])
    nested = schema.Stack("comp")
    nested.append(schema.Track("in", kind=schema.TrackKind.Video))
    nested[0].append(clip("c", movie("c.mov"), 0, 20))
    old.tracks[0].append(nested)
    new = old.clone()
    item = new.tracks[0][1].clone()
    del new.tracks[0][1]
    new.tracks[1].append(item)
    new.find_clips()[1].source_range = span(2, 18)
    text = changes_adapter.write_to_string(collection(old, new), form="text")
    assert text.splitlines() == [
        "c  V1/comp/in  00:00:00:20  trimmed (head -2, tail +0)",
        "b  V2  00:00:00:00  moved: track V1 to V2",
    ]


def test_the_list_says_when_and_from_what_to_what(tmp_path: Path) -> None:
    old, new = cut(3, ids=True), cut(3, ids=True)
    for made in (old, new):
        made.global_start_time = time(90000)
    new.tracks[0][0].source_range = span(100, 30)
    edited(new.tracks[0][1], "version")
    new.tracks[0][2].effects.append(schema.FreezeFrame())
    new.tracks[0][2].name = "=cmd|' /C calc'!A0"
    given = changes_adapter.write_to_string(new, against=str(save(old, tmp_path / "old.otio")))
    rows = list(csv.reader(io.StringIO(given)))
    assert rows == [
        list(changes_adapter.COLUMNS),
        ["sh00", "V1", "01:00:00:00", "01:00:00:00", "trimmed", "0", "-10", ""],
        ["sh01", "V1", "01:00:01:05", "01:00:01:15", "version changed", "0", "0", "version none to v002"],
        ["'=cmd|' /C calc'!A0", "V1", "01:00:02:20", "01:00:03:05", "retimed", "0", "-40", "speed 1x to 0x"],
    ]
    same = changes_adapter.write_to_string(collection(old, old.clone()), form="text")
    assert same == "No clip shows anything else than it did.\n"


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(ValueError, match="form is csv, json, text"):
        changes_adapter.write_to_string(cut(1, ids=False), form="html")
    with pytest.raises(ValueError, match=r"name the older one: -A against=old\.otio"):
        changes_adapter.write_to_string(cut(1, ids=False))
    with pytest.raises(otio.exceptions.OTIOError):
        changes_adapter.write_to_string(cut(1, ids=False), against="no_such.kind")


def test_a_long_cut_of_one_source_is_compared_at_once() -> None:
    """10,000 clips of one tape: no clip is compared with every other."""
    items = [clip("tape", movie(length=500_000), 50 * number, 40) for number in range(10_000)]
    old = timeline(items)
    new = old.clone()
    del new.tracks[0][5_000]
    found = [change for change in changes(old, new) if change.what]
    assert [change.what for change in found] == [("removed",)]
