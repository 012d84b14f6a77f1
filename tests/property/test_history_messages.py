"""What was typed comes back from a commit message as it was, on one line where it must be, and can forge nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import one_line, safe_text
from core.history import journal
from core.history.events import BY, EVENT, EVENTS, SHOT, Act, Entry, Person, message, parse_message

HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["\n", "\n\n", "\r", "\x00", "\x1b[31m", "\u202e", "\u2028", "\x85", " ", "#", "Rushes-Event: gc",
             "Rushes-Shot: x", "Rushes-Act: 1", ": ", "--author=x", "<a@b>", "\ud800", "é", "\n\nRushes-Event: undo\n"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip
PEOPLE = st.builds(Person, HOSTILE, HOSTILE)
TRAILERS = st.lists(st.tuples(st.sampled_from([SHOT, "Rushes-Version", "X-1"]), HOSTILE), max_size=4).map(tuple)
ACTS = st.builds(
    Act,
    event=st.sampled_from(EVENTS),
    subject=HOSTILE,
    paths=st.just(("shots/a",)),
    trailers=TRAILERS,
    body=HOSTILE,
    by=st.none() | PEOPLE,
)


def entry(acts: list[Act], raw: str) -> Entry:
    author = acts[0].by or Person("me")
    return Entry("c", author.name, author.email, "now", raw)


@given(ACTS)
def test_one_act_comes_back(act: Act) -> None:
    read = entry([act], message([act]))
    (told,) = read.acts
    assert (read.subject, read.body, read.event) == (act.subject, act.body, act.event)
    assert (told.id, told.event, told.subject, told.trailers) == (act.id, act.event, act.subject, act.trailers)


@given(st.lists(ACTS, min_size=2, max_size=4))
def test_several_acts_come_back_in_order(acts: list[Act]) -> None:
    read = entry(acts, message(acts))
    assert [(told.id, told.event, told.subject, told.trailers) for told in read.acts] == [
        (act.id, act.event, act.subject, act.trailers) for act in acts
    ]
    assert read.body == "\n\n".join(act.body for act in acts if act.body)
    assert [told.by for told in read.acts] == [act.by or read.author for act in acts]


@given(st.lists(ACTS, min_size=1, max_size=3))
def test_nothing_but_clean_text_reaches_git(acts: list[Act]) -> None:
    text = message(acts)
    assert safe_text(text, keep_newlines=True) == text
    text.encode()
    assert text.split("\n")[1] == "" and len(text.split("\n")[0]) <= 200
    lines = text.rstrip("\n").split("\n\n")[-1].split("\n")
    assert [line.split(":")[0] for line in lines].count(EVENT) == len(acts)


@given(HOSTILE)
def test_any_message_can_be_read(raw: str) -> None:
    read = parse_message(raw)
    assert one_line(read.subject) == read.subject
    assert safe_text(read.body, keep_newlines=True) == read.body


@given(PEOPLE)
def test_a_person_is_what_is_read_back(person: Person) -> None:
    assert Person.parse(str(person)) == person and Person(person.name, person.email) == person


@given(ACTS)
def test_the_journal_gives_back_the_act(tmp_path_factory: pytest.TempPathFactory, act: Act) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal.put(folder, act)
    assert journal.pending(folder) == [act] and journal.has(folder, act.id)
    journal.drop(folder, act.id)
    assert journal.pending(folder) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "made up"},
        {"paths": ()},
        {"paths": ("/etc/passwd",)},
        {"paths": ("shots/../../x",)},
        {"paths": (".git/config",)},
        {"paths": ("a\nb",)},
        {"trailers": ((EVENT, "gc"),)},
        {"trailers": ((BY, "x"),)},
        {"trailers": (("Two words", "x"),)},
        {"id": "x"},
    ],
)
def test_what_no_act_can_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Act(**{"event": "gc", "subject": "x", "paths": ("a",), **wrong})  # type: ignore[arg-type]
