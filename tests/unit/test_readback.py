"""What a file of another form says when it is read back: every difference is named, or the file is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from core.cut.outgoing.readback import items_of, lost
from core.errors import CutError
from tests.timelines import clip, cuts, movie, schema, span, timeline


def cut() -> Any:
    first = clip("a", movie(), 100, 20)
    first.markers.append(schema.Marker("m", span(101, 1)))
    first.effects.append(schema.LinearTimeWarp("s", time_scalar=2.0))
    first.metadata["AAF"] = {"x": 1}
    return timeline([first, schema.Gap(source_range=span(0, 5)), clip("b", movie("b.mov"), 0, 5)])


def told(change: Callable[[Any], None]) -> list[tuple[str, str]]:
    after = cut()
    change(after)
    return [(loss.clip, loss.what) for loss in lost(items_of(cut()), items_of(after))]


@given(made=cuts())
def test_the_same_cut_loses_nothing(made: Any) -> None:
    assert lost(items_of(made), items_of(made.clone())) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda made: setattr(made.tracks[0][0], "name", "x"), "name: a reads back as x"),
        (lambda made: setattr(made.tracks[0][0], "enabled", False), "that it is switched on"),
        (lambda made: made.tracks[0][0].markers.clear(), "markers m"),
        (lambda made: made.tracks[0][0].effects.clear(), "speed 2x"),
        (lambda made: made.tracks[0][0].metadata.clear(), "metadata of AAF"),
    ],
)
def test_what_a_form_drops_is_named(change: Callable[[Any], None], what: str) -> None:
    assert told(change) == [("V1 a", what)]


def _elsewhere(made: Any) -> None:
    made.tracks[0][1].source_range = span(0, 6)


def _later(made: Any) -> None:
    made.tracks[0][0].source_range = span(101, 20)


def _shorter(made: Any) -> None:
    made.tracks[0][2].source_range = span(0, 4)


def _other(made: Any) -> None:
    made.tracks[0][2].media_reference = movie("c.mov")


def _more(made: Any) -> None:
    made.tracks[0].append(clip("c", movie(), 0, 5))


def _fewer(made: Any) -> None:
    del made.tracks[0][2]


@pytest.mark.parametrize("change", [_elsewhere, _later, _shorter, _other, _more, _fewer])
def test_what_shows_other_pictures_is_refused(change: Callable[[Any], None]) -> None:
    with pytest.raises(CutError):
        told(change)
