"""A show says where its clips name their shots; names that collide are told, never merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cut.incoming.read import read_cut
from core.cut.shots import make_shots
from core.errors import ShowError
from core.layout import read_settings
from tests.timelines import clip, media_info, movie, save, schema, settings, span, timeline


def _clips() -> list[Any]:
    made = []
    for number, name in enumerate(("one.mov", "two.mov")):
        item = clip(f"clip {number}.mov", movie(name), 0, 10)
        item.markers.append(schema.Marker(f"M{number}0 roto", span(0, 1)))
        item.metadata["cmx_3600"] = {"reel": f"R{number}", "comments": ["", f"C{number} take 2"]}
        item.metadata["studio"] = {"shot": f"S{number}"}
        made.append(item)
    return made


def _ids(tmp_path: Path, items: list[Any], rule: str) -> tuple[list[str], tuple[str, ...]]:
    cut = read_cut(save(timeline(items), tmp_path / "cut.otio"))
    shots, warnings = make_shots(cut, settings(shot_ids=rule), probe=media_info, root=tmp_path, existing={})
    return [shot.id for shot in shots], warnings


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        ("", ["sh0010", "sh0020"]),
        ("name", ["clip_0", "clip_1"]),
        ("marker", ["M00", "M10"]),
        ("comment", ["C0", "C1"]),
        ("reel", ["R0", "R1"]),
        ("metadata:studio/shot", ["S0", "S1"]),
        ("metadata:nothing/there", ["sh0010", "sh0020"]),
    ],
)
def test_the_rule_says_where_a_shot_is_named(tmp_path: Path, rule: str, ids: list[str]) -> None:
    assert _ids(tmp_path, _clips(), rule)[0] == ids


def test_one_name_for_two_media_is_told(tmp_path: Path) -> None:
    items = _clips()
    items[1].metadata["studio"] = {"shot": "S0"}
    ids, warnings = _ids(tmp_path, items, "metadata:studio/shot")
    assert ids == ["S0", "S0_2"] and any("S0: the name is taken" in text for text in warnings)


def test_a_rule_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rushes.toml"
    head = 'schema = 1\nname = "x"\nid = "x"\nrate = "25"\n[shots]\n'
    path.write_text(head + 'id = "metadata:studio/shot"\n')
    assert read_settings(path).shot_ids == "metadata:studio/shot"
    path.write_text(head + 'id = "colour"\n')
    with pytest.raises(ShowError, match=r"shots\.id"):
        read_settings(path)
