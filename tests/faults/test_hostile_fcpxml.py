"""FCPXML that is damaged or made to do harm: one clear error each, in bounded time and memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.test_hostile_cuts import told
from tests.unit.test_fcpxml import document

CLIP = '<asset-clip ref="a1" name="a" offset="3600s" duration="2s"/>'


def _doubling(levels: int) -> str:
    """Compounds that hold the next one twice: 2 ** levels items."""
    made = "".join(
        f'<media id="d{n}"><sequence format="r1"><spine>'
        + f'<ref-clip ref="d{n + 1}" name="d{n}" duration="1s"/>' * 2
        + "</spine></sequence></media>"
        for n in range(levels)
    )
    text = document('<ref-clip ref="d0" name="bomb" duration="1s"/>')
    return text.replace("</resources>", f"{made}</resources>")


def _loop() -> str:
    itself = '<ref-clip ref="x" name="self" duration="1s"/>'
    inner = f'<media id="x"><sequence format="r1"><spine>{itself}</spine></sequence></media>'
    return document(itself).replace("</resources>", f"{inner}</resources>")


HARMS = {  # what a document is, and what is said of it
    "entities": (document(CLIP).replace("fcpxml>", 'fcpxml [<!ENTITY a "b">]>', 1), "defines entities"),
    "deep": (document('<gap duration="1s">' * 5000 + "</gap>" * 5000), "more than 100 levels"),
    "unclosed": (document(CLIP)[:-20], "not XML"),
    "other": ("<xmeml><sequence/></xmeml>", "not FCPXML"),
    "loop": (_loop(), "self holds itself"),
    "doubling": (_doubling(30), "holds more than 50000 items"),
    "huge": (document(CLIP.replace('"2s"', '"' + "9" * 400 + 's"')), "is no time"),
    "long": (document(CLIP.replace('"2s"', '"99999999999s"')), "no clip has that"),
    "nothing": (document(""), "The cut has no clips"),
    "zero rate": (document(CLIP).replace("100/2500s", "0s"), "does not say its frame rate"),
    "late": (document(CLIP).replace('start="3600s"', 'start="9999999999999999s"', 1), "no clip has that"),
}  # fmt: skip


@pytest.mark.parametrize("harm", list(HARMS))
def test_harm_is_one_clear_error(tmp_path: Path, harm: str) -> None:
    text, says = HARMS[harm]
    path = tmp_path / "a.fcpxml"
    path.write_text(text, encoding="utf-8")
    heard = told(path)
    assert heard.startswith("CutError The cut ") and says in heard, heard


def test_names_with_control_characters_do_not_reach_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.fcpxml"
    path.write_text(document('<asset-clip ref="a1" name="&#x9b;31m red" duration="2s"/>'), encoding="utf-8")
    assert told(path).startswith("1 1 ") and "\x9b" not in told(path)


def test_other_encodings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.fcpxml"
    path.write_text(document(CLIP), encoding="utf-16")
    assert told(path).startswith("1 1 ")
