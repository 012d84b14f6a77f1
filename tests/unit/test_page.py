"""The page and the sheet: what they tell is the show's, the page is one safe file, and both are the same every time."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.audit import gather, page
from core.audit.markup import Html, el
from core.audit.pictures import label_of
from core.errors import BadInput
from core.media.lettering import written
from core.media.story_sheet import Panel, story_sheet
from core.recipe.text import parse
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT, finish

pytestmark = pytest.mark.timeout(120)
EVIL = "<script>alert(1)</script>\"'><img src=//evil.example/x onerror=alert(2)>&amp;"


class Reader(HTMLParser):
    """Elements with their attributes, and the text between them; fails where an element is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """Two versions, a wedge that was picked from, a note that attacks, a circle, a delivery."""
    folder = tmp_path_factory.mktemp("page")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    show.draft(SHOT, text=BLEND)
    finish(show, show.wedge(SHOT, 1009, ["comp.mix=0:1:3"]))
    show.pick(SHOT, 2)
    finish(show, show.generate([SHOT], f"first {EVIL}")[0])
    show.draft(SHOT, sets=["comp.mix=0.25"])
    finish(show, show.generate([SHOT])[0])
    show.review(SHOT, "v001", "note", f"too bright {EVIL}", (1009, 1010))
    show.review(SHOT, "v002", "approve")
    show.review(SHOT, "v002", "circle")
    show.publish("delivery")
    return show


def test_the_page_is_one_file_that_asks_nobody_for_anything(show: Show) -> None:
    text = show.page().read_text(encoding="utf-8")
    read = Reader(text)
    assert text.startswith("<!DOCTYPE html>") and len(text) < gather.MOST
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "object", "base", "form", "a"}
    assert all(
        str(attributes["src"]).startswith("data:image/jpeg;base64,") for tag, attributes in read.tags if tag == "img"
    )
    bare = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.search(r"https?:|url\(|@import", bare.replace("alert", ""))
    pictures = [attributes["src"] for tag, attributes in read.tags if tag == "img"]
    assert len(pictures) == 2 + 3 + 3  # in the cut; plate and two versions; the wedge
    assert all(base64.b64decode(str(uri).partition(",")[2]).startswith(b"\xff\xd8") for uri in pictures)


def test_what_people_typed_stays_text(show: Show) -> None:
    read = Reader(show.page().read_text(encoding="utf-8"))
    assert f"too bright {EVIL}" in read.text and f"first {EVIL}" in read.text
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)


def test_the_page_tells_what_the_show_knows(show: Show) -> None:
    text = Reader(show.page().read_text(encoding="utf-8")).text
    version = show.version(SHOT, "v002")
    assert version.record is not None
    commit = next(entry.commit for entry in show.log() if entry.event == "recipe")
    for told in (
        "reel 1", version.record["recipe"], commit[:12], version.record["iptc"], "circled as final", "Ana Artist",
        "w001: frame 1009 over 3 values, 2 picked", "Different from v001", "comp.mix", "1009-1010",
        "reel_1_main_delivery_001.otio", "checks hold", "None: every version was made by operations without a model",
    ):  # fmt: skip
        assert told in text, told


def test_the_same_show_gives_the_same_page_and_sheet(show: Show, tmp_path: Path) -> None:
    assert show.page(tmp_path / "a.html").read_bytes() == show.page(tmp_path / "b.html").read_bytes()
    sheets = [show.sheet(tmp_path / name, plates=True).path.read_bytes() for name in ("a.png", "b.png")]
    assert sheets[0] == sheets[1]


def test_a_frame_that_changed_is_on_the_page_and_one_that_is_gone_leaves_its_place(show: Show) -> None:
    frame = show.layout.frame(SHOT, "v001", 1010)
    kept = frame.read_bytes()
    frame.unlink()
    try:
        text = Reader(show.page().read_text(encoding="utf-8")).text
    finally:
        frame.write_bytes(kept)
    assert "checks failed" in text


def test_a_page_that_is_too_large_to_post_says_what_to_do(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST", 9000)
    with pytest.raises(BadInput, match="MB") as caught:
        show.page()
    assert "Name the shots" in caught.value.todo


def test_the_sheet_says_what_it_shows(show: Show, tmp_path: Path) -> None:
    sheet = show.sheet(tmp_path / "sheet.png", plates=True)
    (cell,) = sheet.cells
    assert (cell.shot, cell.version, cell.status, cell.circled, cell.look) == (SHOT, "v002", "apr", "final", "merge")


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert el("p", "a < b", Html("<b>c</b>"), title='"') == '<p title="&quot;">a &lt; b<b>c</b></p>'
    assert el("p", "\x1b[31m\u202e") == "<p>·[31m·</p>"


def test_a_posted_page_tells_no_path_of_somebodys_machine() -> None:
    home = "/home/anna/secret client/models/house"
    draft = f'schema = 1\n[[step]]\nop = "stylize"\nname = "paint"\nmodel = "{home}"\nprompt = "oil"\n'
    recipe = parse(draft, "test").model_copy(update={"model": {home: {"source": home}}})
    take, story = SimpleNamespace(recipe=recipe), SimpleNamespace(training={})
    told = f"{list(page._made_by(take))} {list(page._models(story, [take]))}"  # type: ignore[arg-type,list-item]
    assert "…/models/house" in told and "anna" not in told and "secret" not in told


def test_a_wedges_label_keeps_its_decimals() -> None:
    assert label_of(["comp.mix=0.5", "paint.seed=12"]) == "mix=0.5 seed=12"


def test_no_box_stands_where_a_letter_should_be() -> None:
    assert written("dream · 0.5 → 0.25, café, λ 漢") == "dream · 0.5 > 0.25, cafe, ? ?"


def test_a_sheet_has_its_pictures_in_order_plates_above(tmp_path: Path) -> None:
    def flat(level: int) -> np.ndarray:
        return np.full((90, 160, 3), level, np.uint8)

    panels = [Panel(flat(100 + n), f"sh{n}", "v001", n == 0, "final", "x" * 300, flat(200 + n)) for n in range(3)]
    out = story_sheet(panels, tmp_path / "new" / "sheet.png", "a title " * 40, "facts", "legend")
    picture = np.asarray(Image.open(out))
    columns = [x for x in range(picture.shape[1]) if (picture[150, x] == 200).all()]
    assert columns and columns[0] == 44
    found = [int(picture[y, 44 + 240, 0]) for y in (150, 104 + 270 + 4 + 100)]
    assert found == [200, 100]
    assert tuple(picture[2, 2]) == (44, 44, 44)
    with pytest.raises(ValueError, match="no pictures"):
        story_sheet([], out, "", "")
