"""The texts that lie in people's repositories for years: a change here is a change of format, and needs a migration."""

from __future__ import annotations

from pathlib import Path

from core.history.events import PARENT, RECIPE, SHOT, VERSION, Act, Person, message
from core.history.record import Record, Reuse, UsedModel, manifest_text, read_manifest, read_record, record_text
from core.history.review import ReviewEvent, read_events

HERE = Path(__file__).parent / "history"
FIRST, SECOND = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
SHA = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

RECORD = Record(
    shot="sq010_sh0020",
    version="v003",
    state="complete",
    at="2026-01-02T03:04:05+00:00",
    asked_by="Ana Artist <ana@example.com>",
    recipe=f"sha256:{SHA}",
    range=(1001, 1002),
    count=2,
    size=(768, 432),
    type="half",
    colour="ACEScg",
    media="sq010_sh0020/sq010_sh0020_gen_v003/sq010_sh0020_gen_v003.%04d.exr",
    layers={"paint": "sq010_sh0020/sq010_sh0020_gen_v003/paint/sq010_sh0020_gen_v003_paint.%04d.exr"},
    frame_list=SHA,
    pixels={1002: SHA, 1001: SHA},
    facts={1001: {"paint.sampling_steps": 2}},
    models=(UsedModel("u2netp", "", SHA, "Apache-2.0"),),
    environment={"torch": "2.13.0", "device": "cpu", "threads": 1},
    seconds={"decode": 0.5, "model": 12.25, "comp": 0.25, "encode": 1.0},
    peak_memory={"host": 123456789},
    attempts=2,
    measured={"changed": 0.25, "nonfinite": 0},
    reuse={"paint": Reuse(1, 1, ("v002",))},
    phases=("content_creation", "content_enhancement_post"),
    iptc="compositeWithTrainedAlgorithmicMedia",
    notes=("kept on fours",),
)


def test_commit_message() -> None:
    trailers = ((SHOT, "sq010_sh0020"), (VERSION, "v003"), (PARENT, "v002"), (RECIPE, f"sha256:{SHA}"))
    act = Act("recipe", "sq010_sh0020 v003: candlelight, less boil", ("a",), trailers, id=FIRST)
    assert message([act]) == (HERE / "commit.txt").read_text()
    note = Act("review", "note", ("a",), trailers[:2], "Said in dailies.", Person("Ben", "b@x.y"), SECOND)
    assert message([act, note]) == (HERE / "commit_of_two.txt").read_text()


def test_record() -> None:
    text = (HERE / "v003.json").read_text()
    assert record_text(RECORD) == text and read_record(text, "v003.json") == RECORD


def test_manifest() -> None:
    text = (HERE / "v003.sha256").read_text()
    rows = ((SHA, "a/odd \\ name\n.exr"), (SHA, "a/x.1001.exr"))
    assert manifest_text(rows) == text and read_manifest(text, "v003.sha256") == rows


def test_review_file() -> None:
    note = ReviewEvent(
        "note", "Ana <a@x.y>", "2026-01-02T03:04:05+00:00", "v003", (1010, 1020), "boils\nhere – “a bit”", id=FIRST
    )
    circle = ReviewEvent(
        "circle", "Ben <b@x.y>", "2026-01-02T04:04:05+00:00", "v003", temp=True, after=(FIRST,), id=SECOND
    )
    assert [note.line(), circle.line()] == (HERE / "w.jsonl").read_text().splitlines()
    assert read_events(HERE).events == (note, circle)
