"""The quick ways put into OpenTimelineIO's FCP7 adapter write and read the same, and no clip costs more among many."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.fcp7_quick import _Ids, quicken
from tests.timelines import movie, schema, span, time, timeline

if "fcp_xml" not in otio.adapters.available_adapter_names():
    pytest.skip("no adapter for FCP7 XML is installed", allow_module_level=True)


def _installed() -> ModuleType:
    """The adapter as it is: OpenTimelineIO has one of its own from the same file."""
    path = otio.adapters.from_name("fcp_xml").module_abs_path()
    spec = importlib.util.spec_from_file_location("opentimelineio.adapters.fcp_xml_installed", path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


installed = _installed()


@st.composite
def cuts(draw: st.DrawFn) -> Any:
    """What the adapter can write: clips, gaps, transitions, at two rates, with ids that they came with."""
    tracks = []
    for _ in range(draw(st.integers(1, 3))):
        items: list[Any] = []
        for number in range(draw(st.integers(1, 6))):
            choice = draw(st.integers(0, 5))
            if choice == 0:
                items.append(schema.Gap(source_range=span(0, draw(st.integers(1, 40)))))
            elif choice == 1 and items and isinstance(items[-1], schema.Clip):
                items.append(schema.Transition("x", "SMPTE_Dissolve", time(2), time(3)))
            rate = draw(st.sampled_from([25, 24]))
            media = draw(st.sampled_from([movie("a.mov", 0, 500, rate), movie("b.mov", 100, 500, rate), None]))
            name = draw(st.sampled_from(["one", f"c{number}"]))
            made = schema.Clip(name, media, span(100 + draw(st.integers(0, 9)), draw(st.integers(5, 40)), rate))
            if draw(st.booleans()):
                made.metadata["fcp_xml"] = {"@id": draw(st.sampled_from(["clipitem-2", "clipitem-7", "file-1", "x"]))}
            items.append(made)
        tracks.append(items)
    made = timeline(*tracks)
    made.global_start_time = time(0)
    return made


@given(cuts())
def test_the_same_is_written_and_read(made: Any) -> None:
    text = installed.write_to_string(made)
    quicken()
    assert otio.adapters.write_to_string(made, "fcp_xml") == text
    read = otio.adapters.read_from_string(text, "fcp_xml")
    assert read.to_json_string() == installed.read_from_string(text).to_json_string()


@given(st.lists(st.one_of(st.none(), st.integers(0, 9))))
def test_ids_are_what_is_wanted_or_the_lowest_free(wanted: list[int | None]) -> None:
    ids, taken = _Ids(), set[int]()
    for one in wanted:
        lowest = min({*range(1, len(taken) + 2)} - taken)
        number = ids.new(one)
        assert number == (lowest if one is None or one in taken else one)
        taken.add(number)
