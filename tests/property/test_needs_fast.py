"""What whole clips on straight tracks need is worked out the short way: it says the same as the long one."""

from __future__ import annotations

from typing import Any
from unittest import mock

from hypothesis import given

from core.cut import ranges
from tests.timelines import cuts


@given(cuts())
def test_the_short_way_says_the_same_as_the_long_one(made: Any) -> None:
    short = ranges.needs(made)
    with mock.patch.object(ranges, "_plain", return_value=None):
        assert ranges.needs(made) == short
