"""Judging: what is said is kept whole and committed as one act, and what a person did can be taken back and again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import reviewing
from core.cut.shot import Shot
from core.errors import BadInput, ShowError
from core.history.events import Act, Person
from core.history.review import ReviewEvent, append
from core.layout import Layout
from core.overview import read_review
from core.reviewing import Kind, Remark
from core.rows import ShotRow, dailies
from core.show import Show
from tests import big_show
from tests.big_show import shot_id

ONE, TWO, THREE = map(shot_id, (1, 2, 3))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Show:
    return big_show.make(tmp_path_factory.mktemp("made") / "show", 4, 2, history=True)


@pytest.fixture
def show(made: Show, tmp_path: Path) -> Show:
    shutil.copytree(made.layout.root, tmp_path / "show")
    return Show.open(tmp_path / "show", {**made.env, "RUSHES_STATE": str(tmp_path / "state")})


def status(show: Show, shot: str, version: str) -> str:
    return read_review(show.layout, shot).of(version).status


@pytest.mark.parametrize(
    ("kind", "code"),
    [("approve", "apr"), ("retake", "rtk"), ("hold", "hld"), ("omit", "omt"), ("final", "fin"), ("pending", "rev")],
)
def test_every_status_is_said_with_its_reason(show: Show, kind: Kind, code: str) -> None:
    event = show.review(ONE, "v002", kind, "as seen\non Monday")
    assert status(show, ONE, "v002") == code and event.text == "as seen\non Monday"
    entry = show.log(limit=1)[0]
    assert entry.subject.endswith("as seen on Monday") and f"{ONE} v002: " in entry.subject


def test_a_shot_on_hold_stays_so_whatever_is_made_of_it_until_somebody_lifts_it(show: Show) -> None:
    def row() -> ShotRow:
        return next(row for row in show.shots() if row.shot.id == ONE)

    before = row().status
    show.review(ONE, "", "omit", "cut out of the reel")
    show.review(ONE, "v002", "approve")
    assert row().status == "omt" and show.versions(ONE)[-1].status == "apr"
    show.review(ONE, "", "pending")
    assert row().status == "apr" != before


def test_a_note_has_its_place_in_the_picture_and_what_it_is_about(show: Show) -> None:
    show.review(ONE, "v002", "note", "the edge crawls", (1010, 1020), box=(0.25, 0, 0.5, 1), category="edge\x1b[2J")
    (note,) = read_review(show.layout, ONE).of("v002").notes
    event = note.event
    assert (event.box, event.category, event.frames) == ((0.25, 0, 0.5, 1), "edge·[2J", (1010, 1020))
    assert event.by == "Ana Artist <ana@example.com>" and datetime.fromisoformat(event.at)
    assert not note.resolved and note.resolved_by == ""


@pytest.mark.parametrize("box", ["left", [0, 0, 1], [0, 0, 2, 1], [0.5, 0, 0.5, 1], [0, 0, True, 1], None, {"x": 1}])
def test_a_box_of_another_program_is_kept_and_not_taken_for_ours(box: object) -> None:
    event = ReviewEvent("note", "me", "now", "v001", text="x", extra={"box": box, "category": ["a"]})
    assert event.box is None and json.loads(event.line())["box"] == box


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "note", "text": " "},
        {"kind": "note", "text": "x", "box": (0, 0, 1, 1.1)},
        {"kind": "applaud"},
        {"kind": "circle", "version": ""},
        {"kind": "note", "text": "x", "frames": (1, 2)},
        {"kind": "approve", "version": "v009"},
        {"kind": "resolve", "note": "nothing"},
        {"kind": "circle", "shot": shot_id(0)},
    ],
)
def test_where_one_remark_cannot_be_made_none_is(show: Show, wrong: dict[str, object]) -> None:
    """The last: shot 0's newest version is not complete."""
    before = show.log(limit=1)
    with pytest.raises(BadInput):
        bad = {"shot": ONE, "version": "v002", "kind": "note", **wrong}
        show.review_all([Remark(TWO, "v002", "approve"), Remark(**bad)])  # type: ignore[arg-type]
    assert status(show, TWO, "v002") == "–" and show.log(limit=1) == before


def test_many_approvals_are_one_commit_and_taken_back_as_one(show: Show) -> None:
    said = show.review_all([Remark(shot, "v002", "approve") for shot in (ONE, TWO, THREE)])
    assert len({event.act for event in said}) == 1 and len({event.id for event in said}) == 3
    entry = show.log(limit=1)[0]
    assert entry.subject == f"{ONE} v002, {TWO} v002 and 1 more: approved"
    assert [value for key, value in entry.trailers if key == "Rushes-Shot"] == [ONE, TWO, THREE]
    undone = show.undo()
    assert {status(show, shot, "v002") for shot in (ONE, TWO, THREE)} == {"–"} and len(undone.events) == 3
    assert show.log(limit=1)[0].event == "undo" and show.log(limit=1)[0].subject == undone.words
    assert undone.words.endswith("approved: taken back")
    show.undo(redo=True)
    assert {status(show, shot, "v002") for shot in (ONE, TWO, THREE)} == {"apr"}


def test_two_remarks_on_one_shot_in_one_act_follow_each_other(show: Show) -> None:
    show.review_all([Remark(ONE, "v002", "retake"), Remark(ONE, "v002", "approve")])
    review = read_review(show.layout, ONE)
    assert review.of("v002").status == "apr" and review.questions == ()


def test_undo_takes_back_nothing_of_others(show: Show) -> None:
    """Ben approved and circled v001 of every shot, in another clone."""
    with pytest.raises(ShowError, match="nothing here"):
        show.undo()
    show.review(ONE, "v001", "retake")
    show.undo(ONE)
    assert status(show, ONE, "v001") == "apr"
    with pytest.raises(ShowError):
        show.undo(ONE)
    with pytest.raises(ShowError):
        show.undo(TWO, redo=True)


def test_a_note_is_resolved_and_opened_again_whoever_resolved_it(show: Show) -> None:
    (boils,) = show.notes([ONE])
    assert boils.note.event.text == "the flame boils"
    name = boils.note.event.id
    theirs = ReviewEvent("resolve", big_show.BEN, "t", "v001", target=name, after=read_review(show.layout, ONE).heads)
    (event,) = show.review_all([Remark(ONE, "", "resolve", "painted out", note=name[-8:].lower())])
    append(show.layout.review(ONE, "ffffffffff_ben_example_com"), theirs)
    (closed,) = show.notes([ONE])
    assert closed.note.resolved and {one.by for one in closed.note.closed} == {event.by, big_show.BEN}
    assert show.notes([ONE], only_open=True) == []
    with pytest.raises(ShowError, match="already"):
        show.review_all([Remark(ONE, "", "resolve", note=name)])
    show.review_all([Remark(ONE, "", "reopen", note=name)])
    assert not show.notes([ONE])[0].note.resolved
    show.undo()  # of the reopening
    assert show.notes([ONE])[0].note.resolved


@dataclass
class Quiet:
    """A history that writes nothing."""

    clone_id: str = "c0ffee0000"
    acts: list[Act] = field(default_factory=list)

    def whoami(self) -> Person:
        return Person("Ana", "ana@x.y")

    def commit(self, act: Act) -> None:
        self.acts.append(act)


ACTS = st.one_of(
    st.lists(
        st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(["v001", "v002"]), st.sampled_from([*reviewing.STATUS])),
        min_size=1,
        max_size=3,
        unique_by=lambda said: said[:2],
    ),
    st.sampled_from(["undo", "undo", "redo"]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=9))
def test_undo_and_redo_walk_back_and_forth_as_in_any_editor(
    made: Show, tmp_path_factory: pytest.TempPathFactory, acts: list[list[tuple[str, str, Kind]] | str]
) -> None:
    """Against two stacks: what was done, and what can come again until something new is done."""
    root = tmp_path_factory.mktemp("walk")
    layout, history = Layout(root, root / "media", root / "state"), Quiet()
    for shot in (ONE, TWO):
        shutil.copytree(made.layout.shots / shot, layout.shots / shot, ignore=shutil.ignore_patterns("review"))
    done: list[list[tuple[str, str, Kind]]] = []
    again: list[list[tuple[str, str, Kind]]] = []
    for act in acts:
        if isinstance(act, list):
            reviewing.say(layout, history, lambda _: (), [Remark(*said) for said in act])  # type: ignore[arg-type]
            done.append(act)
            again = []
        elif stack := (done if act == "undo" else again):
            undone = reviewing.take_back(layout, history, redo=act == "redo")  # type: ignore[arg-type]
            moved = stack.pop()
            (again if act == "undo" else done).append(moved)
            assert {(shot, event.version) for shot, event in undone.events} == {said[:2] for said in moved}
        else:
            with pytest.raises(ShowError):
                reviewing.take_back(layout, history, redo=act == "redo")  # type: ignore[arg-type]
    expected = {said[:2]: reviewing.STATUS[said[2]] for act in done for said in act}
    for shot in (ONE, TWO):
        review = read_review(layout, shot)
        assert review.questions == ()
        for version in ("v001", "v002"):
            assert review.of(version).status == expected.get((shot, version), "–")


def test_dailies_are_what_waits_in_the_order_of_the_cut(show: Show) -> None:
    """Of four shots the first is not rendered; what is approved waits no more."""
    assert [(one.shot, one.version) for one in show.dailies()] == [(ONE, "v002"), (TWO, "v002"), (THREE, "v002")]
    show.review(TWO, "v002", "approve")
    waiting = show.dailies()
    assert [one.shot for one in waiting] == [ONE, THREE] and waiting[0].by == big_show.ANA


@pytest.mark.parametrize(("ready", "age"), [("2026-01-05T11:00:00+00:00", 3600.0), ("", None), ("2026-01-05", None)])
def test_the_age_of_what_waits_is_told_where_it_is_known(ready: str, age: float | None) -> None:
    now = datetime(2026, 1, 5, 11, tzinfo=UTC) + timedelta(hours=1)
    row = ShotRow(Shot("s", None, ()), "rev", 1, "v001", "", "", 0, 0, None, ready=ready)
    assert [one.seconds for one in dailies([row], now)] == [age]
