"""Change lists between any two cuts: what is told is what was changed, in each form, and the EDL is read by OTIO."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from core.changes import texts, write
from core.errors import BadInput, CutError
from core.files import safe_text
from core.show import Show
from tests import shows
from tests.shows import SHOT
from tests.timelines import clip, movie, save, span, time
from tui.commands.main import main


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    folder = tmp_path_factory.mktemp("changes")
    return shows.make(shows.cut(folder / "turnover", 40, used=(10, 12)), folder / "show")


def recut(show: Show, path: Path) -> Path:
    """The shot two frames shorter at its tail, the other clip renamed to nothing known gone, and a new one."""
    made: Any = otio.adapters.read_from_file(str(show.layout.received("main", ".otio")))
    track = made.tracks[0]
    start = track[0].source_range.start_time.value
    track[0].source_range = span(start, 10)
    track.append(clip("<b>=new & 'odd'", movie("file:///new/n.mov", 500), 510, 7))
    made.global_start_time = time(90000)
    return save(made, path)


def test_two_cuts_are_compared_by_name_and_by_file(show: Show, tmp_path: Path) -> None:
    found = show.cut_changes("main", str(recut(show, tmp_path / "b.otio")))
    told = {change.clip: (set(change.flags), change.tail) for change in found.changes}
    assert told[SHOT] == ({"trimmed_tail"}, -2)
    assert told["sq010_sh0020"][0] == {"shifted"}
    assert "new" in told["<b>=new & 'odd'"][0]
    assert [change.clip for change in found.different] == [SHOT, "<b>=new & 'odd'"]
    same = show.cut_changes("main", "main")
    assert [change.flags for change in same.changes] == [("unchanged",), ("unchanged",)] and not same.different


def test_a_received_file_without_ids_is_the_same_cut(show: Show) -> None:
    received = str(show.layout.received("main", ".otio"))
    assert all(change.flags == ("unchanged",) for change in show.cut_changes(received, "main").changes)
    assert show.cut_changes(received, "main").changes[0].shot == SHOT


def test_an_unknown_cut_is_refused_with_what_there_is(show: Show) -> None:
    for name in ("trailer", "../else", "no such.otio"):
        with pytest.raises(BadInput, match="There is no cut"):
            show.cut_changes(name, "main")


def test_the_table_has_a_line_a_clip(show: Show, tmp_path: Path) -> None:
    found = show.cut_changes("main", str(recut(show, tmp_path / "b.otio")))
    rows = list(csv.DictReader(io.StringIO(texts(found, "csv")[""])))
    assert [row["clip"] for row in rows] == [SHOT, "sq010_sh0020", "<b>=new & 'odd'"]
    assert (rows[0]["what"], rows[0]["tail"], rows[0]["frames"]) == ("trimmed_tail", "-2", "10")


def test_the_list_holds_what_changed_alone_where_it_stands(show: Show, tmp_path: Path) -> None:
    found = show.cut_changes("main", str(recut(show, tmp_path / "b.otio")))
    (path,) = write(texts(found, "edl"), tmp_path / "changed.edl")
    made = otio.adapters.read_from_file(str(path), rate=25)
    shown = [(one.name, one.source_range) for one in list(made.find_clips())]
    assert shown == [(SHOT, span(90010, 10)), ("<b>=new & 'odd'", span(510, 7))]
    assert "01:00:00:00 01:00:00:10" in path.read_text() and "01:00:00:15 01:00:00:22" in path.read_text()
    assert "* CHANGE: trimmed_tail (TAIL -2)" in path.read_text()
    write(texts(found, "edl"), path)
    path.write_text("theirs")
    with pytest.raises(CutError, match="another file"):
        write(texts(found, "edl"), path)
    with pytest.raises(BadInput, match="would be empty"):
        texts(show.cut_changes("main", "main"), "edl")


def test_the_page_has_pictures_and_no_markup_of_theirs(show: Show, tmp_path: Path) -> None:
    found = show.cut_changes("main", str(recut(show, tmp_path / "b.otio")))
    path = show.changes_page(found, tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 1, "the plate of the shot; the other is nowhere"
    assert "&lt;b&gt;=new &amp; &#x27;odd&#x27;" in text and "<b>=new" not in text and "<script" not in text
    assert "1 clip shows what it showed" in text
    assert show.changes_page(found, path).read_text(encoding="utf-8") == text
    (tmp_path / "theirs.html").write_text("<p>theirs</p>")
    with pytest.raises(CutError, match="not one that rushes wrote"):
        show.changes_page(found, tmp_path / "theirs.html")


def test_the_command_tells_in_each_form(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setitem(os.environ, name, show.env[name])
    monkeypatch.chdir(show.layout.root)
    other = str(recut(show, tmp_path / "b.otio"))

    def told(*args: str) -> str:
        assert main(["changes", "main", other, *args]) == 0
        return capsys.readouterr().out

    assert "trimmed_tail" in told() and told() == safe_text(told(), keep_newlines=True)
    assert json.loads(told("--json")) == json.loads(told("--format", "json"))
    assert len(json.loads(told("--json"))["changes"]) == 3
    assert told("--format", "csv").startswith("clip,was,shot")
    assert told("--format", "edl").startswith("TITLE: changes V1")
    assert told("--format", "html", "--out", str(tmp_path / "x.html")).strip() == str(tmp_path / "x.html")
