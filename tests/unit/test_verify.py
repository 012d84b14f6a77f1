"""`verify`: every way to tamper with a show is seen, a fresh clone holds, and nothing unreadable stops it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.audit.verify import Check, verify
from core.files import sha256_file
from core.history import journal
from core.history.events import Act
from core.overview import read_shots
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT

pytestmark = pytest.mark.timeout(120)

LAYERS = BLEND.replace("mix = 0.5", "mix = 0.25").replace("comp", "half") + (
    '[[step]]\nop = "merge"\nname = "comp"\nmode = "screen"\na = "half"\nb = "plate"\nmix = 0.5\n'
    '[output]\nlayers = ["half"]\nreview = { codec = "prores_422hq" }\n'
)
FILES = Path("shots", SHOT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a show that has one rendered and reviewed version with a layer and a movie."""
    folder = tmp_path_factory.mktemp("made")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    show.draft(SHOT, text=LAYERS)
    (job,) = show.generate([SHOT])
    shows.finish(show, job)
    show.review(SHOT, "v001", "note", "darker")
    show.review(SHOT, "v001", "approve")
    return folder


@pytest.fixture
def show(made: Path, tmp_path: Path) -> Show:
    """The same show in a folder of its own: the plates stay where they were, the clone id goes along."""
    shutil.copytree(made, tmp_path / "copy", ignore=shutil.ignore_patterns("turnover", "show.state"))
    return opened(tmp_path / "copy" / "show")


def opened(root: Path) -> Show:
    state = root.with_name(f"{root.name}.state")
    return Show.open(root, {**os.environ, "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks")})


def bad(show: Show) -> set[tuple[str, str]]:
    """What and state of every check that does not hold."""
    return {(check.what, check.state) for check in checks(show) if check.state in ("changed", "missing")}


def checks(show: Show) -> tuple[Check, ...]:
    every = read_shots(show.layout)
    return verify(show.layout, show.history, list(every.values())).checks


def git(show: Show, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=show.layout.root, env=dict(show.env), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_untouched_show_holds(show: Show) -> None:
    found = checks(show)
    assert {check.state for check in found if check.shot in (SHOT, "")} == {"ok"}
    assert {"plate", "v001.toml", "v001.json", "v001.sha256", "frames", "review movie", "shot.toml"} <= {
        check.what for check in found
    }


@pytest.mark.parametrize("name", ["v001.toml", "v001.json", "v001.sha256", "shot.toml"])
def test_a_file_that_was_deleted(show: Show, name: str) -> None:
    (show.layout.root / FILES / name).unlink()
    assert bad(show) == {(name, "missing")}


def test_a_whole_version_a_review_or_a_whole_shot_that_was_deleted(show: Show) -> None:
    folder = show.layout.root / FILES
    (review,) = (folder / "review").iterdir()
    review.unlink()
    assert bad(show) == {(f"review/{review.name}", "missing")}
    for path in folder.glob("v001.*"):
        path.unlink()
    whats = {f"review/{review.name}", "v001.toml", "v001.json", "v001.sha256"}
    assert bad(show) == {(what, "missing") for what in whats}
    shutil.rmtree(folder)
    assert bad(show) == {(what, "missing") for what in (*whats, "shot.toml")}
    assert all(check.shot == SHOT for check in checks(show) if check.state == "missing")


def test_review_lines_that_were_taken_out(show: Show) -> None:
    (review,) = (show.layout.root / FILES / "review").iterdir()
    whole = review.read_text()
    review.write_text(whole + whole.splitlines(keepends=True)[0])
    assert bad(show) == set()  # it grew
    review.write_text(whole.splitlines(keepends=True)[0])
    assert bad(show) == {(f"review/{review.name}", "changed")}


def test_a_manifest_line_dropped_by_an_amended_commit(show: Show) -> None:
    manifest = show.layout.manifest(SHOT, "v001")
    git(show, "reset", "--quiet", "--soft", "HEAD~3")  # to before the render: its commit is made anew
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[1:]))
    git(show, "add", "--all")
    git(show, "commit", "--quiet", "--amend", "--no-edit")
    assert not any("written once" in check.detail for check in checks(show))
    found = {check.detail for check in checks(show) if check.state == "changed"}
    assert "the record was made with another list of frames" in found


def test_a_recipe_and_record_replaced_by_an_amended_commit(show: Show) -> None:
    recipe, record = show.layout.recipe(SHOT, "v001"), show.layout.record(SHOT, "v001")
    before = sha256_file(recipe)
    recipe.write_text(recipe.read_text().replace("0.25", "0.75"))
    record.write_text(record.read_text().replace(before, sha256_file(recipe)))
    git(show, "reset", "--quiet", "--soft", "HEAD~3")
    git(show, "add", "--all")
    git(show, "commit", "--quiet", "--amend", "--no-edit")
    (check,) = [check for check in checks(show) if check.state == "changed"]
    assert check.what == "recipe" and "Rushes-Recipe" in check.detail


def test_a_record_changed_in_a_merge(show: Show) -> None:
    def tamper() -> None:
        record = show.layout.record(SHOT, "v001")
        record.write_text(record.read_text().replace('"attempts": 1', '"attempts": 2'))

    merged(show, tamper)
    (check,) = [check for check in checks(show) if check.state == "changed"]
    assert check.what == f"{FILES}/v001.json" and "written once" in check.detail


def test_an_honest_merge_holds(show: Show) -> None:
    merged(show, lambda: None)
    assert bad(show) == set()


def merged(show: Show, before_commit: Callable[[], None]) -> None:
    """Merge a branch that has a review file of its own, after one was written here too."""
    git(show, "checkout", "--quiet", "-b", "side")
    for branch in ("side", "main"):
        git(show, "checkout", "--quiet", branch)
        (show.layout.root / FILES / "review" / f"{branch}.jsonl").write_text("{}\n")
        git(show, "add", "--all")
        git(show, "commit", "--quiet", "-m", branch)
    git(show, "merge", "--quiet", "--no-commit", "--no-ff", "side")
    before_commit()
    git(show, "add", "--all")
    git(show, "commit", "--quiet", "-m", "merge")


def test_a_merge_that_drops_what_the_other_side_wrote(show: Show) -> None:
    git(show, "checkout", "--quiet", "-b", "side")
    (show.layout.root / FILES / "review" / "side.jsonl").write_text("{}\n")
    git(show, "add", "--all")
    git(show, "commit", "--quiet", "-m", "side")
    git(show, "checkout", "--quiet", "main")
    git(show, "merge", "--quiet", "--no-ff", "--strategy=ours", "-m", "merge", "side")
    assert bad(show) == {(f"{FILES}/review/side.jsonl", "changed")}


def test_frames_layers_and_movies_that_are_not_what_was_made(show: Show) -> None:
    frame, layer = show.layout.frame(SHOT, "v001", 1010), show.layout.frame(SHOT, "v001", 1010, "half")
    master, half = frame.read_bytes(), layer.read_bytes()
    frame.write_bytes(show.layout.frame(SHOT, "v001", 1011).read_bytes())
    assert bad(show) == {("frames", "changed")}
    frame.write_bytes(half)
    layer.write_bytes(master)
    assert bad(show) == {("frames", "changed")}
    frame.unlink()
    assert bad(show) == {("frames", "changed"), ("frames", "missing")}
    frame.write_bytes(master)
    layer.write_bytes(half)
    movie = show.layout.media / json.loads(show.layout.record(SHOT, "v001").read_text())["review"]["path"]
    movie.write_bytes(b"another")
    assert bad(show) == {("review movie", "changed")}
    movie.unlink()
    assert bad(show) == {("review movie", "missing")}


def test_layers_swapped_in_record_and_history(show: Show) -> None:
    record = show.layout.record(SHOT, "v001")
    data = json.loads(record.read_text())
    data["media"], data["layers"]["half"] = data["layers"]["half"], data["media"].replace("v001", "v002")
    record.write_text(json.dumps(data))
    git(show, "reset", "--quiet", "--soft", "HEAD~3")
    git(show, "add", "--all")
    git(show, "commit", "--quiet", "--amend", "--no-edit")
    assert bad(show) == {("frames", "changed")}


def test_a_clone_holds_and_says_how_to_get_the_claims(show: Show, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(show, "clone", "--quiet", str(show.layout.root), str(clone))
    clone.with_name("clone.media").symlink_to(show.layout.media)
    there = opened(clone)
    assert bad(there) == set()
    (claim,) = [check for check in checks(there) if check.what == "claim"]
    assert claim.state == "pending" and claim.detail.startswith("claims are not in this clone: git fetch origin")
    git(there, "fetch", "--quiet", "origin", "refs/rushes/claims/*:refs/rushes/claims/*")
    assert not [check for check in checks(there) if check.what == "claim"]


def test_numbers_that_were_never_claimed_and_claims_without_a_recipe(show: Show) -> None:
    assert show.history.claim(SHOT) == 2
    (claim,) = [check for check in checks(show) if check.what == "claim"]
    assert (claim.version, claim.state, claim.detail) == ("v002", "pending", "claimed, nothing committed")
    git(show, "update-ref", "-d", f"refs/rushes/claims/{SHOT}/v001")
    assert bad(show) == {("claim", "missing")}


@pytest.mark.parametrize("name", ["v001.toml", "v001.json", "v001.sha256"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe\x00", b"{" * 100_000, b'{"schema": 9}'])
def test_what_cannot_be_read_is_a_check_that_failed(show: Show, name: str, content: bytes) -> None:
    (show.layout.root / FILES / name).write_bytes(content)
    assert (name, "changed") in bad(show)


def test_folders_where_files_were(show: Show) -> None:
    for name in ("v001.toml", "v001.json", "v001.sha256"):
        (show.layout.root / FILES / name).unlink()
        (show.layout.root / FILES / name).mkdir()
    assert {(name, "changed") for name in ("v001.toml", "v001.json", "v001.sha256")} <= bad(show)


def test_a_record_with_values_of_other_kinds(show: Show) -> None:
    record = show.layout.record(SHOT, "v001")
    data = json.loads(record.read_text())
    for key in data.keys() - {"schema"}:
        for value in (None, 5, "x", [1], {"a": 1}):
            record.write_text(json.dumps(data | {key: value}))
            every = list(read_shots(show.layout).values())
            assert not verify(show.layout, show.history, every[:1]).ok or data[key] == value


def test_what_waits_in_the_journal_is_told_and_stays(show: Show) -> None:
    head = git(show, "rev-parse", "HEAD")
    journal.put(show.layout.journal, Act("review", "said\x1b", (f"{FILES}/shot.toml",)))
    (check,) = [check for check in checks(show) if check.what == "journal"]
    assert check.state == "pending" and "\x1b" not in check.detail and git(show, "rev-parse", "HEAD") == head
    (act,) = show.layout.journal.iterdir()
    act.write_text("{}")
    assert bad(show) == {("journal", "changed")} and act.exists()


def test_a_damaged_repository_is_told(show: Show) -> None:
    (show.layout.root / ".git" / "refs" / "heads" / "main").write_text("0" * 39 + "1\n")
    assert ("git fsck", "changed") in bad(show)


def test_a_history_that_is_gone_is_told(show: Show) -> None:
    git(show, "update-ref", "-d", "refs/heads/main")
    assert bad(show) == {("git log", "missing")}
