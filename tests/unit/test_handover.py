"""Handing over in each form: what lies where, what git keeps of it, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import opentimelineio as otio
import pytest

from core.cut.incoming.bundle import unpack
from core.errors import BadInput, CutError, DiskFull, ShowError
from core.files import sha256_file
from core.handover import PROFILES
from core.show import Show
from tests import shows
from tests.shows import BLEND, SHOT, finish
from tui.commands.main import main
from tui.commands.publish import PURPOSES

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    folder = tmp_path_factory.mktemp("handover")
    show = shows.make(shows.cut(folder / "turnover"), folder / "show")
    show.draft(SHOT, text=BLEND)
    finish(show, show.generate([SHOT])[0])
    return show


@pytest.fixture(scope="module")
def circled(show: Show) -> Show:
    for purpose in ("delivery", "edl"):
        with pytest.raises(ShowError, match="no circled version"):
            show.publish(purpose)
    show.review(SHOT, "v001", "circle")
    return show


def committed(show: Show) -> set[str]:
    """The files of the newest commit, by git."""
    command = ["git", "show", "--name-only", "--format=", "HEAD"]
    told = subprocess.run(command, cwd=show.layout.root, capture_output=True, text=True, check=True, env=dict(show.env))
    return set(told.stdout.split())


def test_an_unknown_form_is_refused_with_those_there_are(show: Show) -> None:
    with pytest.raises(BadInput) as caught:
        show.publish("betamax")
    assert all(name in caught.value.todo for name in PROFILES)


def test_the_help_names_every_form(show: Show) -> None:
    assert [name for name in PROFILES if f"{name} (" not in PURPOSES] == []


@pytest.mark.parametrize(("purpose", "suffix"), [("delivery", ".otio"), ("edl", ".edl")])
def test_text_goes_out_and_into_git_with_its_report(circled: Show, purpose: str, suffix: str) -> None:
    published = circled.publish(purpose)
    name = f"reel_1_main_{purpose}_001"
    assert published.path == circled.layout.published / f"{name}{suffix}"
    assert committed(circled) == {f"publish/{name}{end}" for end in (".json", suffix, "_losses.txt")}
    manifest = json.loads(circled.layout.publish(f"{name}.json").read_text())
    files = {circled.layout.media / entry["path"]: entry["sha256"] for entry in manifest["files"]}
    assert published.path in files and len(files) == 2
    assert all(sha256_file(path) == sha for path, sha in files.items())
    assert manifest["losses"] == [{"clip": loss.clip, "what": loss.what} for loss in published.losses]
    report = circled.layout.publish(f"{name}_losses.txt").read_text()
    assert all(loss.clip in report and loss.what in report for loss in published.losses)
    kept = circled.layout.publish(f"{name}{suffix}").read_text()
    assert str(circled.layout.media) not in kept, "what git keeps holds on every machine"
    assert published.losses == () if purpose == "delivery" else published.losses
    assert circled.log(limit=1)[0].event == "publish"


def test_an_edl_can_go_where_editorial_wants_it_but_not_over_their_file(circled: Show, tmp_path: Path) -> None:
    published = circled.publish("edl", tmp_path / "turnover.edl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["turnover.edl", "turnover_losses.txt"]
    (clip, _) = otio.adapters.read_from_file(str(published.path), rate=25).find_clips()
    assert clip.metadata["cmx_3600"]["reel"] == f"{SHOT}_gen_v001"
    assert clip.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(90003, 25), otio.opentime.RationalTime(6, 25)
    )
    (tmp_path / "theirs.edl").write_text("TITLE: theirs\n")
    (tmp_path / "cut_losses.txt").write_text("ours since 1998\n")
    head = circled.log(limit=1)[0].commit
    with pytest.raises(CutError, match="not one that rushes wrote"):
        circled.publish("edl", tmp_path / "cut.edl")
    with pytest.raises(CutError, match="not one that rushes wrote"):
        circled.publish("edl", tmp_path / "theirs.edl")
    assert circled.log(limit=1)[0].commit == head
    with pytest.raises(CutError, match=r"does not end with \.edl"):
        circled.publish("edl", tmp_path / "list.txt")


@pytest.mark.parametrize("purpose", ["resolve", "resolve18", "premiere", "fcp", "avid", "rv", "csv"])
def test_every_profile_goes_out_of_a_show_with_its_notes(circled: Show, purpose: str) -> None:
    circled.review(SHOT, "v001", "note", text="too bright", category="look", frames=(1010, 1011))
    published = circled.publish(purpose, notes=True)
    assert published.path.suffix == PROFILES[purpose].suffix and published.clips == 1
    assert "too bright" in published.path.read_text(encoding="utf-8-sig")
    assert "too bright" not in circled.publish(purpose).path.read_text(encoding="utf-8-sig"), "only where asked for"
    manifest = json.loads(circled.layout.publish(f"{published.path.stem.removesuffix('_V1')}.json").read_text())
    assert manifest["purpose"] == purpose
    assert all(sha256_file(circled.layout.media / one["path"]) == one["sha256"] for one in manifest["files"])


@pytest.mark.parametrize("purpose", [name for name, one in PROFILES.items() if one.bundle])
def test_a_bundle_brings_every_frame_and_opens_as_a_cut(circled: Show, purpose: str, tmp_path: Path) -> None:
    published = circled.publish(purpose, bundle=True)
    path = published.path.with_suffix(".otioz")
    assert published.also[path] == sha256_file(path)
    with zipfile.ZipFile(path) as archive:
        names = {name for name in archive.namelist() if name.startswith("media/")}
        frames = sorted(circled.layout.frames(SHOT, "v001").glob("*.exr"))
        assert names == {f"media/{frame.name}" for frame in frames} and len(names) == 12
        assert all(archive.read(f"media/{frame.name}") == frame.read_bytes() for frame in frames)
    (first, _) = list(otio.adapters.read_from_file(str(path)).find_clips())
    media = first.media_reference
    if isinstance(media, otio.schema.ImageSequenceReference):
        assert {media.target_url_for_image_number(n) for n in range(12)} == names
    else:
        first_name, last_name = frames[0].name, frames[-1].name
        numbers = f"[{first_name.split('.')[1]}-{last_name.split('.')[1]}]"
        assert media.target_url == f"media/{SHOT}_gen_v001.{numbers}.exr"
    unpacked = unpack(path, tmp_path / "other")
    assert {f"media/{one.name}" for one in (unpacked / "media").iterdir()} == names
    again = Show.create(path, tmp_path / "again", {**circled.env, "RUSHES_STATE": str(tmp_path / "state")})[0]
    assert SHOT in [row.shot.id for row in again.shots()]
    manifest = json.loads(circled.layout.publish(f"{published.path.stem}.json").read_text())
    assert path.name in [Path(one["path"]).name for one in manifest["files"]]


def test_the_same_bundle_has_the_same_bytes_and_theirs_stays(circled: Show, tmp_path: Path) -> None:
    one, two = (circled.publish("delivery", tmp_path / name / "x.otio", bundle=True) for name in ("a", "b"))
    assert one.path.with_suffix(".otioz").read_bytes() == two.path.with_suffix(".otioz").read_bytes()
    circled.publish("delivery", tmp_path / "a" / "x.otio", bundle=True)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "x.otioz").write_bytes(b"theirs")
    with pytest.raises(CutError, match="not one that rushes wrote"):
        circled.publish("delivery", tmp_path / "c" / "x.otio", bundle=True)
    assert (tmp_path / "c" / "x.otioz").read_bytes() == b"theirs"


def test_a_bundle_that_does_not_fit_is_refused_before_it_is_written(
    circled: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(DiskFull, match="takes"):
        circled.publish("delivery", tmp_path / "x.otio", bundle=True)
    assert not list(tmp_path.glob("x.*")), "a timeline without the media that were asked for is no hand-over"
    with pytest.raises(BadInput, match="cannot bring its media"):
        circled.publish("edl", bundle=True)


def test_a_publish_can_be_compared_by_its_name(circled: Show) -> None:
    published = circled.publish("delivery")
    found = circled.cut_changes(published.path.stem, "main")
    assert [change.shot for change in found.changes] == [SHOT, "sq010_sh0020"]


def test_the_command_takes_notes_and_media_along(
    circled: Show, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUSHES_STATE", "RUSHES_LOCKS"):
        monkeypatch.setitem(os.environ, name, circled.env[name])
    monkeypatch.chdir(circled.layout.root)
    circled.review(SHOT, "v001", "note", text="softer, please")
    assert main(["publish", "--for", "resolve", "--notes", "--bundle"]) == 0
    told = capsys.readouterr()
    first, bundle, losses = (Path(line) for line in told.out.splitlines())
    assert (first.suffix, bundle.suffix, losses.name) == (".otio", ".otioz", f"{first.stem}_losses.txt")
    assert "softer, please" in first.read_text() and "has no review movie" in told.err
    assert main(["publish", "--for", "edl", "--bundle"]) == 2
    assert "delivery, resolve" in capsys.readouterr().err
