"""The façade without a model: from a cut to a published timeline, with a comp-only recipe."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import opentimelineio as otio
import pytest

from core.errors import BadInput, RecipeError, ShowError
from core.farm.ledger import Ledger
from core.files import sha256_file, write_once
from core.layout import version_name
from core.media.read import probe
from core.recipe.text import parse, recipe_text
from core.show import Show
from core.submit import submit_version
from tests import shows
from tests.shows import BLEND, finish

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shows.cut(tmp_path_factory.mktemp("turnover"))


@pytest.fixture
def show(cut: Path, tmp_path: Path) -> Show:
    return shows.make(cut, tmp_path / "show")


def version(show: Show, text: str = BLEND, shot: str = "sq010_sh0010") -> str:
    show.draft(shot, text=text)
    (job,) = show.generate([shot])
    finish(show, job)
    return job.version


def test_the_loop_from_a_cut_to_a_published_timeline(show: Show, cut: Path) -> None:
    assert [(row.shot.id, row.status) for row in show.shots()] == [("sq010_sh0010", "–"), ("sq010_sh0020", "–")]
    assert version(show) == "v001"
    row = show.versions("sq010_sh0010")[0]
    assert (row.state, row.status, row.done, row.total) == ("complete", "rev", 12, 12)

    show.review("sq010_sh0010", "v001", "note", "hold the\nhighlight \x1b[2J", (1008, 1009))
    show.review("sq010_sh0010", "v001", "approve")
    show.review("sq010_sh0010", "v001", "circle")
    (first, _) = show.shots()
    assert (first.status, first.circled, first.circled_as, first.open_notes) == ("apr", "v001", "final", 1)
    assert show.select(["status:apr"]) == ["sq010_sh0010"]

    published = show.publish("master")
    theirs = otio.adapters.read_from_file(str(cut))
    ours = otio.adapters.read_from_file(str(published.path))
    clip = next(iter(ours.find_clips()))
    assert clip.active_media_reference_key == "gen_v001"
    first_frame = clip.media_reference.target_url_for_image_number(0)
    assert Path(first_frame.removeprefix("file://")).exists()
    references = clip.media_references()
    clip.set_media_references(
        {key: references[key] for key in references if not key.startswith("gen_")}, "DEFAULT_MEDIA"
    )
    for item in [ours, *ours.find_clips()]:
        item.metadata.pop("rushes", None)
    for reference in references.values():
        reference.metadata.pop("rushes", None)
    assert json.loads(ours.to_json_string()) == json.loads(theirs.to_json_string())

    assert show.verify().ok
    manifest = show.layout.manifest("sq010_sh0010", "v001")
    subprocess.run(["sha256sum", "--check", "--quiet", str(manifest)], cwd=show.layout.media, check=True)
    subprocess.run(["git", "fsck", "--strict"], cwd=show.layout.root, check=True, capture_output=True)
    events = [entry.event for entry in reversed(show.log())]
    assert events == ["turnover", "recipe", "render", "review", "review", "review", "publish"]
    assert not any("\x1b" in entry.raw for entry in show.log())


def test_a_change_of_the_draft_is_told_against_its_parent(show: Show) -> None:
    version(show)
    show.draft("sq010_sh0010", sets=["comp.mix=0.25"])
    (job,) = show.generate(["sq010_sh0010"])
    finish(show, job)
    assert [(row.parent, row.summary) for row in show.versions("sq010_sh0010")] == [
        ("", ""),
        ("v001", "mix 0.5 → 0.25"),
    ]
    comparison = show.compare("sq010_sh0010", "v001", "v002")
    assert comparison.changed > 0.5 and comparison.picture.exists() and len(comparison.rows) == 12
    assert "comp.mix" in [change.key for change in show.changes("sq010_sh0010", "v001", "v002")]


def test_what_was_typed_is_kept_even_where_it_does_not_hold(show: Show) -> None:
    draft = show.draft("sq010_sh0010", text="schema = 1\n[[step]]\nop = 'merge'\nname = 'x'\na = 'plate'\nmixx = 3\n")
    assert draft.recipe is None and draft.problem is not None and ":6" in draft.problem.where
    assert show.draft("sq010_sh0010").text == draft.text
    with pytest.raises(RecipeError):
        show.generate(["sq010_sh0010"])
    assert show.versions("sq010_sh0010") == []
    show.draft("sq010_sh0010", text=BLEND)
    assert draft.path.with_name("draft.1.toml").read_text() == draft.text


def test_a_value_that_is_not_allowed_leaves_the_draft_as_it_was(show: Show) -> None:
    before = show.draft("sq010_sh0010", text=BLEND).text
    with pytest.raises(RecipeError, match="mix"):
        show.draft("sq010_sh0010", sets=["comp.mix=7"])
    assert show.draft("sq010_sh0010").text == before


def test_a_shot_without_a_plate_says_so(show: Show) -> None:
    show.draft("sq010_sh0020", text=BLEND)
    with pytest.raises((ShowError, RecipeError), match="plate"):
        show.generate(["sq010_sh0020"])


def test_reviews_are_checked_before_anything_is_written(show: Show) -> None:
    version(show)
    for kind, text, frames in (("note", "  ", None), ("note", "x", (900, 901))):
        with pytest.raises(BadInput):
            show.review("sq010_sh0010", "v001", kind, text, frames)
    with pytest.raises(ShowError, match="v009"):
        show.review("sq010_sh0010", "v009", "approve")
    assert not show.layout.reviews("sq010_sh0010").exists()


def test_verify_finds_a_changed_frame_a_changed_recipe_and_a_rewritten_history(show: Show) -> None:
    version(show)
    frame = show.layout.frame("sq010_sh0010", "v001", 1008)
    kept = frame.read_bytes()
    frame.write_bytes(kept[:-1] + b"\0")
    assert [(check.what, check.state) for check in show.verify().checks if check.state == "changed"] == [
        ("frames", "changed")
    ]
    frame.unlink()
    assert not show.verify().ok
    frame.write_bytes(kept)
    assert show.verify().ok

    recipe = show.layout.recipe("sq010_sh0010", "v001")
    recipe.write_text(recipe.read_text().replace("0.5", "0.6"))
    assert {check.what for check in show.verify().checks if check.state == "changed"} == {"recipe", "v001.toml"}
    subprocess.run(["git", "commit", "-qam", "quiet change"], cwd=show.layout.root, check=True, env=dict(show.env))
    told = [check for check in show.verify().checks if "written once" in check.detail]
    assert [check.what for check in told] == ["shots/sq010_sh0010/v001.toml"]


def test_test_frames_claim_nothing(show: Show) -> None:
    show.draft("sq010_sh0010", text=BLEND)
    job = show.preview("sq010_sh0010", (1008, 1010))
    finish(show, job)
    assert show.versions("sq010_sh0010") == [] and len(show.log()) == 1
    assert all((show.layout.media / row.path).exists() for row in show.ledger.frames(job.id))


def test_a_wedge_is_shown_picked_and_told(show: Show) -> None:
    show.draft("sq010_sh0010", text=BLEND)
    job = show.wedge("sq010_sh0010", 1009, ["comp.mix=0:1:3"])
    finish(show, job)
    assert show.wedge_sheet(job.id).read_bytes().startswith(b"\x89PNG")
    draft = show.pick("sq010_sh0010", 2)
    assert draft.recipe is not None and draft.recipe.step[0].mix == 0.5
    assert draft.recipe.picked_from is not None and draft.recipe.picked_from.wedge == "w001"
    assert show.log()[0].event == "wedge" and "picked 2 of 3" in show.log()[0].subject
    (made,) = show.generate(["sq010_sh0010"])
    assert show.version("sq010_sh0010", made.version).recipe.picked_from == draft.recipe.picked_from
    after = show.draft("sq010_sh0010").recipe
    assert after is not None and after.picked_from is None  # what is typed next was picked by nobody
    finish(show, made)
    with pytest.raises(ShowError, match="no picture 9"):
        show.pick("sq010_sh0010", 9)


def test_the_sheet_shows_plates_where_nothing_was_made_yet(show: Show) -> None:
    assert show.sheet().path.read_bytes().startswith(b"\x89PNG")


def test_a_folder_in_use_is_left_alone(cut: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(ShowError, match="not empty"):
        Show.create(cut, tmp_path / "full", dict(os.environ))
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_a_cut_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "cut.otio"
    broken.write_text('{"OTIO_SCHEMA": "Timeline.1", "tra')
    with pytest.raises(BadInput):
        Show.create(broken, tmp_path / "show", dict(os.environ))
    assert not (tmp_path / "show").exists()


def test_a_review_movie_has_the_plates_timecode_and_every_frame(show: Show) -> None:
    version(show, BLEND + '[output]\nreview = { codec = "prores_422hq", burnin = true }\n')
    record = show.version("sq010_sh0010", "v001").record
    assert record is not None
    movie = show.layout.media / record["review"]["path"]
    info = probe(movie)
    assert (len(info.frames), info.rate, info.width, info.height) == (12, 25, 32, 18)
    assert sha256_file(movie) == record["review"]["sha256"] and show.verify().ok


def test_an_unchanged_draft_is_not_a_new_version_unless_somebody_says_why(show: Show) -> None:
    version(show)
    with pytest.raises(BadInput, match="nothing has changed"):
        show.generate(["sq010_sh0010"])
    (again,) = show.generate(["sq010_sh0010"], "the driver was updated")
    assert finish(show, again).version == "v002"


def test_a_circled_version_whose_frames_are_gone_is_not_handed_over(show: Show) -> None:
    version(show)
    show.review("sq010_sh0010", "v001", "circle")
    show.layout.frame("sq010_sh0010", "v001", 1010).unlink()
    with pytest.raises(ShowError, match="1010"):
        show.publish("master")
    assert not show.layout.published.exists()


def test_a_version_of_another_clone_is_not_taken_over(show: Show, tmp_path: Path) -> None:
    claims = ["git", "fetch", "-q", "origin", "refs/rushes/claims/*:refs/rushes/claims/*"]
    draft = show.draft("sq010_sh0010", text=BLEND)
    submit_version(show.desk, show.shot("sq010_sh0010"), draft)
    subprocess.run(
        ["git", "clone", "-q", str(show.layout.root), str(tmp_path / "clone")], check=True, env=dict(show.env)
    )
    subprocess.run(claims, cwd=tmp_path / "clone", check=True, env=dict(show.env))
    other = Show.open(tmp_path / "clone", show.env)
    assert other.generate(["sq010_sh0010"], missing=True) == []


def test_a_version_that_lost_its_commit_gets_it_with_missing(show: Show) -> None:
    frozen = show.desk.frozen(show.shot("sq010_sh0010"), parse(BLEND, "draft"))
    number = show.history.claim("sq010_sh0010")
    write_once(show.layout.recipe("sq010_sh0010", version_name(number)), recipe_text(frozen))  # and killed here
    (job,) = show.generate(["sq010_sh0010"], missing=True)
    finish(show, job)
    assert [entry.event for entry in show.log()] == ["render", "recipe", "turnover"]


def test_one_damaged_record_hides_nothing_else(show: Show) -> None:
    version(show)
    record = show.layout.record("sq010_sh0010", "v001")
    for text in ("{}", "[]", "{", "\x00"):
        record.write_text(text)
        assert [row.state for row in show.versions("sq010_sh0010")] == ["unreadable"]
        assert len(show.shots()) == 2


def test_missing_takes_up_a_job_whose_worker_died_and_says_so_before(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    show.draft("sq010_sh0010", text=BLEND)
    with monkeypatch.context() as patch:  # a worker of its own could be quicker than the one that dies here
        patch.setattr(Show, "start_worker", lambda self: None)
        (job,) = show.generate(["sq010_sh0010"])
    with Ledger(show.layout.ledger) as killed:  # its lock goes with it, as with kill -9
        assert killed.claim("w") is not None
    assert show.ledger.left_behind(show.ledger.job(job.id)) and show.unserved() == 1
    (again,) = show.generate(["sq010_sh0010"], missing=True)
    assert (again.id, again.state) == (job.id, "queued")
    finish(show, again)
    assert show.unserved() == 0 and show.generate(["sq010_sh0010"], missing=True) == []
