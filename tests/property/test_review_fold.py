"""The state of a review depends on what people had seen, never on the order in which files, lines or merges came."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.history.events import Person
from core.history.review import STATUSES, ReviewEvent, append, fold, parse_line, read_events, writer

ID = "01ARZ3NDEKTSV4RRFFQ69G{:04d}"


@st.composite
def histories(draw: st.DrawFn) -> list[ReviewEvent]:
    """Three writers who note, judge, circle and take back, and now and then see what another one did."""
    seen: list[set[str]] = [set(), set(), set()]
    events: list[ReviewEvent] = []
    names = draw(st.permutations(range(25)))  # ids say nothing about the order
    for number in range(draw(st.integers(0, 14))):
        who = draw(st.integers(0, 2))
        if draw(st.booleans()):
            seen[who] |= seen[draw(st.integers(0, 2))]
        known = [event for event in events if event.id in seen[who]]
        kinds = ["note", "status", "circle", "later kind"] + (["undo", "undo", "resolve"] if known else [])
        kind = draw(st.sampled_from(kinds))
        event = ReviewEvent(
            kind=kind,
            by=f"writer{who} <w@x>",
            at="2026-01-01T00:00:00Z",
            version=draw(st.sampled_from(["v001", "v002"])),
            status=draw(st.sampled_from(list(STATUSES))) if kind == "status" else "",
            temp=kind == "circle" and draw(st.booleans()),
            target=draw(st.sampled_from(known)).id if kind in ("undo", "resolve") else "",
            after=fold(known).heads,
            id=ID.format(names[number]),
        )
        events.append(event)
        seen[who].add(event.id)
    return events


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_state(events: list[ReviewEvent], chance: random.Random) -> None:
    shuffled = [*events, *chance.choices(events, k=len(events))] if events else []
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(events)


@given(histories(), st.randoms(use_true_random=False))
def test_any_spread_over_files_gives_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, events: list[ReviewEvent], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("review")
    for event in chance.sample(events, len(events)):
        append(folder / f"{chance.choice('abc')}.jsonl", event)
    read = read_events(folder)
    assert read.unreadable == 0 and fold(read.events) == fold(events)


@given(histories())
def test_the_fold_agrees_with_a_plain_search_of_who_had_seen_whom(events: list[ReviewEvent]) -> None:
    by_id = {event.id: event for event in events}

    def saw(event: ReviewEvent, other: ReviewEvent) -> bool:
        return any(name == other.id or saw(by_id[name], other) for name in event.after)

    def gone(event: ReviewEvent) -> bool:
        return any(undo.kind == "undo" and undo.target == event.id and not gone(undo) for undo in events)

    def latest(kind: str, version: str | None = None) -> list[ReviewEvent]:
        some = [e for e in events if e.kind == kind and not gone(e) and version in (None, e.version)]
        return [e for e in some if not any(saw(other, e) for other in some)]

    review = fold(events)
    circles = {(event.version, event.temp) for event in latest("circle")}
    chosen = {(review.circle.version, review.circle.temp)} if review.circle else set()
    assert chosen == (circles if len(circles) == 1 else set())
    asked = len(circles) > 1
    for version in ("v001", "v002"):
        statuses = {event.status for event in latest("status", version)} or {"–"}
        assert review.of(version).status in statuses
        asked += len(statuses) > 1
        notes = {e.id for e in events if e.kind == "note" and e.version == version and not gone(e)}
        closed = {e.target for e in events if e.kind == "resolve" and not gone(e)}
        assert {note.event.id for note in review.of(version).notes} == notes
        assert review.of(version).open_notes == len(notes - closed)
    assert len(review.questions) == asked
    assert {e.id for e in events} - set(review.heads) == {name for e in events for name in e.after}


@given(histories())
def test_a_line_comes_back_with_what_other_programs_wrote(events: list[ReviewEvent]) -> None:
    for event in events:
        assert parse_line(event.line()) == event
        foreign = event.line()[:-1] + ', "drawing": {"x": [1, 2.5, null]}}'
        read = parse_line(foreign)
        assert read is not None and '"drawing": {"x": [1, 2.5, null]}' in read.line()


@given(st.binary() | st.text().map(str.encode))
def test_damage_is_counted_and_never_fails(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    folder = tmp_path_factory.mktemp("review")
    good = ReviewEvent("note", "me", "now", "v001", text="kept")
    path = folder / "w.jsonl"
    path.write_bytes(junk)
    append(path, good)
    read = read_events(folder)
    assert good in read.events and path.read_bytes().startswith(junk)
    assert read.unreadable == len([line for line in junk.split(b"\n") if line.strip()])


def test_what_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    good = ReviewEvent("note", "me", "now", "v001", text="kept")
    lines = [
        good.line(),
        good.line().replace('"schema": 1', '"schema": 2'),
        good.line()[:30],
        good.line().replace('"v001"', '"../v001"'),
        good.line().replace("null", '"1001"'),
        '{"schema": 1, "x": NaN}',
        "[" * 5000,
    ]
    (tmp_path / "w.jsonl").write_text("\n".join(lines))
    assert read_events(tmp_path).events == (good,) and read_events(tmp_path).unreadable == 6
    assert read_events(tmp_path / "nowhere").events == ()


def test_after_in_a_circle_and_one_id_twice_end_in_one_state() -> None:
    a, b = ID.format(1), ID.format(2)
    events = [
        ReviewEvent("circle", "a", "t", "v001", id=a, after=(b,)),
        ReviewEvent("circle", "b", "t", "v002", id=b, after=(a,)),
        ReviewEvent("circle", "c", "t", "v003", id=b, after=(a,)),
    ]
    assert fold(events) == fold(events[::-1]) and any(b in question for question in fold(events).questions)


def test_two_circles_that_did_not_know_of_each_other_are_a_question_until_somebody_answers() -> None:
    one = ReviewEvent("circle", "Ana", "t", "v001")
    two = ReviewEvent("circle", "Ben", "t", "v002", temp=True)
    review = fold([one, two])
    assert (
        review.circle is None and "v001 by Ana" in review.questions[0] and "v002 (temp) by Ben" in review.questions[0]
    )
    answer = ReviewEvent("circle", "Ana", "t", "v002", after=review.heads)
    assert fold([one, two, answer]).circle == answer and fold([one, two, answer]).questions == ()


def test_approving_circles_nothing_and_taking_back_brings_back_what_was() -> None:
    first = ReviewEvent("status", "Ana", "t", "v001", status="rtk")
    second = ReviewEvent("status", "Ana", "t", "v001", status="apr", after=(first.id,))
    undo = ReviewEvent("undo", "Ana", "t", "v001", target=second.id, after=(second.id,))
    redo = ReviewEvent("undo", "Ana", "t", "v001", target=undo.id, after=(undo.id,))
    states = [fold([first, second, undo, redo][:n]).of("v001").status for n in range(5)]
    assert states == ["–", "rtk", "apr", "rtk", "apr"] and fold([first, second]).circle is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "status", "status": "great"},
        {"kind": "circle", "version": ""},
        {"kind": "note", "version": "v1"},
        {"kind": "note", "frames": (9, 8)},
        {"kind": "undo", "target": ""},
        {"kind": "note", "after": ("x",)},
    ],
)
def test_what_no_event_can_be(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        ReviewEvent(**{"by": "me", "at": "now", "version": "v001", **wrong})  # type: ignore[arg-type]


def test_escapes_in_a_note_do_not_reach_a_terminal() -> None:
    event = ReviewEvent("note", "A\x1b[2J\nB", "now", "v001", text="one\ntwo\x9b31m")
    assert event.by == "A·[2J B" and event.text == "one\ntwo·31m" and "\n" not in event.line()


def test_git_merges_two_writers_without_a_conflict_either_way(tmp_path: Path) -> None:
    def git(*args: str) -> None:
        subprocess.run(["git", *args], cwd=tmp_path, check=True, capture_output=True)

    folder = tmp_path / "review"
    names = [writer("c0ffee", Person("Ana", "ana@x.y")), writer("c0ffee", Person("Ben Ö", ""))]
    assert names == ["c0ffee_ana_x_y", "c0ffee_Ben_O"]
    git("init", "-q", "-b", "main")
    start = ReviewEvent("note", "Ana", "t", "v001", text="start")
    append(folder / f"{names[0]}.jsonl", start)
    git("add", ".")
    git("commit", "-qm", "start")
    for name, status in zip(names, ("apr", "rtk"), strict=True):
        git("checkout", "-q", "-b", name, "main")
        append(folder / f"{name}.jsonl", ReviewEvent("status", name, "t", "v001", status=status, after=(start.id,)))
        git("add", ".")
        git("commit", "-qm", name)
    states = []
    for ours, theirs in (names, names[::-1]):
        git("checkout", "-q", "-B", "merged", ours)
        git("merge", "-q", "--no-edit", theirs)
        states.append(fold(read_events(folder).events))
    assert states[0] == states[1] and len(states[0].questions) == 1 and len(states[0].of("v001").notes) == 1
