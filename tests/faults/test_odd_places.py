"""Shows in odd and shared places, through the real command: other disks, other machines, other names, no home."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest

from core.show import Show
from tests import shows
from tests.desk import Desk
from tests.shows import BLEND, SHOT

pytestmark = pytest.mark.timeout(180)

MATTE = """schema = 1
[[step]]
op = "matte"
name = "figure"
model = "u2netp"
[[step]]
op = "merge"
name = "comp"
mode = "screen"
a = "plate"
b = "plate"
mask = "figure"
mix = 0.5
"""


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def sums(show: Path, media: Path, version: str = "v001") -> None:
    """The frames are what git says, without us."""
    manifest = show / "shots" / SHOT / f"{version}.sha256"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", str(manifest)], cwd=media, check=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def show(desk: Desk) -> Desk:
    desk.new(shows.cut(desk.folder / "turnover"))
    desk.draft(BLEND)
    return desk


def add_settings(show: Path, text: str) -> None:
    path = show / "rushes.toml"
    path.write_text(path.read_text() + text)


# one show, two machines


@pytest.mark.slow
def test_a_show_made_on_one_machine_goes_on_at_another(tmp_path: Path) -> None:
    """Recipes hash contents: other paths are no drift, `verify` finds nothing, and step outputs are re-used."""
    a, b = tmp_path / "a", tmp_path / "b"
    turnover = shows.cut(a / "mnt" / "plates")
    sites = f'[paths.a]\nplates = "{a}/mnt/plates"\nmedia = "{a}/fast"\n[paths.b]\nplates = "{b}/Volumes/Plätze"\n'
    prepared = f'media = "{a}/fast/it.media"\n[render]\nthreads = 1\n{sites}media = "{b}/slow disk"\n'
    here = Desk(a)
    here.env["RUSHES_SITE"] = "a"
    (a / "show").mkdir()
    (a / "show" / "rushes.toml").write_text(prepared)
    here.new(turnover)
    here.draft(MATTE)
    here.run("generate", SHOT, "--wait", code=0)
    here.run("verify", code=0)
    sums(a / "show", a / "fast" / "it.media")

    there = Desk(b)
    there.env["RUSHES_SITE"] = "b"
    b.mkdir()
    git(b, "clone", "--quiet", str(a / "show"), "show")
    (b / "Volumes").mkdir()
    shutil.move(a / "mnt" / "plates", b / "Volumes" / "Plätze")
    shutil.copytree(a / "fast", b / "slow disk")
    shutil.rmtree(a / "fast")
    git(b / "show", "fetch", "--quiet", "origin", "refs/rushes/claims/*:refs/rushes/claims/*")
    told = there.run("verify", code=0)
    assert "pending" in told and "changed" not in told and "missing" not in told
    assert "not on this machine" not in there.run("shots", code=0) + there.run("versions", SHOT, code=0)

    there.run("recipe", SHOT, "--from", "v001", "--set", "comp.mix=0.25", code=0)
    there.run("generate", SHOT, "--wait", code=0)
    record = json.loads((b / "show" / "shots" / SHOT / "v002.json").read_text())
    assert record["reuse"]["figure"]["made"] == 0 and record["reuse"]["figure"]["reused"] == record["count"]
    assert record["reuse"]["figure"]["source"] == [f"{SHOT}_v001"]
    one, two = ((b / "show" / "shots" / SHOT / f"{v}.toml").read_text() for v in ("v001", "v002"))
    digests = [[line for line in text.splitlines() if "plate_sha256" in line] for text in (one, two)]
    assert digests[0] == digests[1] != []
    assert str(tmp_path) not in one + two  # a recipe names no path of any machine
    there.run("verify", code=0)


def test_a_cut_is_read_where_the_editor_has_other_drives(desk: Desk) -> None:
    """The cut says P:\\plates; this machine has them elsewhere, and what goes back may say P: again."""
    turnover = shows.cut(desk.folder / "on this box" / "plates é")
    text = turnover.read_text().replace((turnover.parent / "plates").as_uri(), "file:///P:/Plates/plates")
    turnover.write_text(text)
    (desk.folder / "show").mkdir()
    sites = f"[paths.box]\nplates = '{turnover.parent}'\n[paths.edit]\nplates = 'P:\\plates'\n"
    (desk.folder / "show" / "rushes.toml").write_text(sites)
    desk.env["RUSHES_SITE"] = "box"
    desk.new(turnover)
    desk.draft(BLEND)
    desk.run("generate", SHOT, "--wait", code=0)
    desk.run("circle", SHOT, "v001", code=0)
    desk.run("retake", SHOT, "v001", code=0)
    desk.run("publish", "--site", "edit", code=2, said="media root", where="show.media")
    settings = desk.folder / "show" / "rushes.toml"
    text = settings.read_text().replace("[paths.box]\n", f"[paths.box]\nshow = '{desk.folder}'\n")
    settings.write_text(text.replace("[paths.edit]\n", "[paths.edit]\nshow = '\\\\store\\shows'\n"))
    told = desk.run("publish", "--site", "edit", "--out", desk.folder / "back.otio", code=0)
    assert f"{SHOT} v001 plays, and a retake of it was asked for" in told
    (clip, _) = otio.adapters.read_from_file(str(desk.folder / "back.otio")).find_clips()
    theirs, made = clip.media_references()["DEFAULT_MEDIA"], clip.media_references()["gen_v001"]
    assert made.target_url_base == f"file://store/shows/show.media/{SHOT}/{SHOT}_gen_v001/"
    assert theirs.target_url_base == "file:///P:/Plates/plates/"  # the editor's own stay as they are
    desk.env["RUSHES_SITE"] = "bxo"
    desk.run("shots", code=2, said="bxo")


def test_a_prepared_folder_is_left_as_it_was_where_the_cut_cannot_be_read(desk: Desk) -> None:
    (desk.folder / "show").mkdir()
    settings = desk.folder / "show" / "rushes.toml"
    settings.write_text("handles = [4, 4]\n")
    bad = desk.folder / "bad.otio"
    bad.write_text("{}")
    desk.run("new", bad, desk.folder / "show", code=2)
    assert settings.read_text() == "handles = [4, 4]\n" and list(settings.parent.iterdir()) == [settings]
    settings.write_text("handles = [4,")
    desk.run("new", shows.cut(desk.folder / "turnover"), desk.folder / "show", code=2, where="rushes.toml")
    assert settings.read_text() == "handles = [4," and list(settings.parent.iterdir()) == [settings]
    settings.write_text("handles = [4, 4]\n")
    desk.new(desk.folder / "turnover" / "cut.otio")
    assert Show.open(desk.folder / "show", desk.env).settings.handles == (4, 4)


def test_a_clone_without_its_media_says_so(show: Desk) -> None:
    show.run("generate", SHOT, "--wait", code=0)
    (show.folder / "show").rename(show.folder / "first")
    (show.folder / "show.media").rename(show.folder / "far away")
    git(show.folder, "clone", "--quiet", "first", "show")
    shutil.rmtree(show.folder / "turnover" / "plates")
    assert "1 of 1 plates are not on this machine" in show.run("shots", code=0)
    assert "frames are not on this machine" in show.run("versions", SHOT, code=0)
    show.run("verify", code=1, said="missing")
    show.draft(BLEND)
    show.run("generate", SHOT, code=2, said="not on this machine", where="plates")
    assert "--from v001" in show.run("generate", "--missing", SHOT, code=0)
    show.run("publish", code=2, said="not on this machine")
    assert "first turnover" in show.run("log", code=0)
    assert len(show.log()) == 3  # nothing was claimed or committed on the way
    ids = [(show.folder / name / ".git/rushes/clone-id").read_text().splitlines()[0] for name in ("first", "show")]
    assert ids[0] != ids[1]


# copies


def test_a_copied_folder_becomes_a_show_of_its_own(show: Desk) -> None:
    show.run("generate", SHOT, "--wait", code=0)
    first, copy = show.folder / "show", show.folder / "show2"
    shutil.copytree(first, copy, symlinks=True)
    shutil.copytree(show.folder / "show.media", show.folder / "show2.media")
    opened = Show.open(copy, show.env)
    assert str(first) in opened.remark and opened.jobs() == []
    assert opened.history.clone_id != Show.open(first, show.env).history.clone_id
    assert Show.open(first, show.env).remark == Show.open(copy, show.env).remark == ""  # it is said once
    assert len(Show.open(first, show.env).jobs()) == 1
    opened.draft(SHOT, text=BLEND.replace("0.5", "0.25"))
    assert "0.25" not in Show.open(first, show.env).draft(SHOT).text
    opened.review(SHOT, "v001", "note", "from the copy")
    Show.open(first, show.env).review(SHOT, "v001", "note", "from the first")
    writers = {path.name for name in (first, copy) for path in (name / "shots" / SHOT / "review").iterdir()}
    assert len(writers) == 2  # so merging them never meets in one file


def test_a_moved_folder_keeps_its_queue_and_drafts(show: Desk) -> None:
    show.run("generate", SHOT, "--wait", code=0)
    moved = show.folder / "other place"
    before = Show.open(show.folder / "show", show.env).history.clone_id
    (show.folder / "show").rename(moved)
    opened = Show.open(moved, show.env)
    assert opened.history.clone_id == before and opened.remark == "" and len(opened.jobs()) == 1
    shutil.copytree(moved, show.folder / "third", symlinks=True)  # moved to another disk: copied, and the first deleted
    shutil.rmtree(moved)
    opened = Show.open(show.folder / "third", show.env)
    assert opened.history.clone_id == before and opened.remark == "" and len(opened.jobs()) == 1
    shutil.copytree(show.folder / "third", show.folder / "fourth", symlinks=True)  # and now it is known where it lies
    assert Show.open(show.folder / "fourth", show.env).history.clone_id != before


def test_a_copy_on_another_machine_has_an_id_of_its_own(show: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Show.open(show.folder / "show", show.env).history.clone_id
    monkeypatch.setattr("core.history.repo.machine_id", lambda: "another")
    assert Show.open(show.folder / "show", show.env).history.clone_id == before  # the same folder, over the network
    monkeypatch.undo()
    assert Show.open(show.folder / "show", show.env).history.clone_id == before
    shutil.copytree(show.folder / "show", show.folder / "show2", symlinks=True)
    shutil.rmtree(show.folder / "show")
    (show.folder / "show2").rename(show.folder / "show")  # the same path there
    monkeypatch.setattr("core.history.repo.machine_id", lambda: "another")
    assert Show.open(show.folder / "show", show.env).history.clone_id != before


# names, links, disks


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_spaces_and_accents_everywhere(tmp_path: Path, form: str) -> None:
    """Folders, plates and the media root with spaces and accents; the cut spells them the other way."""
    name, other = (unicodedata.normalize(f, "Ça, été 100% [2] größer") for f in (form, {"NFC": "NFD"}.get(form, "NFC")))
    desk = Desk(tmp_path / name)
    cut = shows.cut(desk.folder / name)
    timeline = otio.adapters.read_from_file(str(cut))
    for clip in timeline.find_clips():
        if isinstance(clip.media_reference, otio.schema.ImageSequenceReference):
            folder = Path(str(cut.parent / "plates").replace(name, other))
            clip.media_reference.target_url_base = folder.as_uri() + "/"
    otio.adapters.write_to_file(timeline, str(cut))
    desk.new(cut)
    add_settings(desk.folder / "show", f'media = "../{name} média"\n')
    desk.draft(BLEND)
    desk.run("generate", SHOT, "--wait", code=0)
    desk.run("circle", SHOT, "v001", code=0)
    out = desk.folder / f"{name}.otio"
    desk.run("publish", "--out", out, code=0)
    desk.run("verify", code=0)
    sums(desk.folder / "show", desk.folder / f"{name} média")
    (clip,) = [c for c in otio.adapters.read_from_file(str(out)).find_clips() if len(c.media_references()) > 1]
    made = clip.media_references()["gen_v001"]
    file = otio.url_utils.filepath_from_url(made.target_url_for_image_number(0).replace("%25", "%2525"))
    assert Path(file).is_file()


def test_media_on_another_disk_behind_a_link(show: Desk) -> None:
    disk = show.folder / "another disk"
    disk.mkdir()
    (show.folder / "link").symlink_to(disk)
    add_settings(show.folder / "show", f'media = "{show.folder}/link/m"\n')
    show.run("generate", SHOT, "--wait", code=0)
    sums(show.folder / "show", disk / "m")
    show.run("verify", code=0)


def test_a_show_opened_through_a_link_is_the_same_show(show: Desk) -> None:
    (show.folder / "far").mkdir()
    link = show.folder / "far" / "a link"
    link.symlink_to(show.folder / "show")
    one, two = Show.open(show.folder / "show", show.env), Show.open(link, show.env)
    assert (one.layout.root, one.layout.media, one.layout.state) == (
        two.layout.root,
        two.layout.media,
        two.layout.state,
    )


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder on a file system that takes no writes."""
    for words in (["--bind", str(folder), str(folder)], ["-o", "remount,ro,bind", str(folder)]):
        if subprocess.run(["mount", *words], capture_output=True, check=False).returncode:
            pytest.skip("may not mount here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_plates_that_may_only_be_read_are_enough(show: Desk) -> None:
    plates = show.folder / "turnover" / "plates"
    with read_only(plates):
        show.run("generate", SHOT, "--wait", code=0)
        show.run("verify", code=0)
        show.run("sheet", code=0)


def test_a_show_that_may_only_be_read(show: Desk) -> None:
    """What it holds can be read; what would change it is refused in words, and nothing is claimed."""
    show.run("generate", SHOT, "--wait", code=0)
    root = show.folder / "show"
    with read_only(root):
        for words in (["shots"], ["versions", SHOT], ["show", SHOT, "v001"], ["log"], ["verify"], ["queue"]):
            show.run(*words, code=0)
        show.run("generate", SHOT, "--summary", "again", code=3, said="not allowed to write", where="show")
        show.run("note", SHOT, "v001", "hello", code=3, said="not allowed to write", where="review")
    show.folder = show.folder / "elsewhere"
    shutil.copytree(root, show.folder / "show", symlinks=True)
    with read_only(show.folder / "show"):  # it needs an id of its own, and there is nowhere to keep one
        show.run("shots", code=3, said="git clone it")


# no home, no room for names


def test_without_a_home_it_says_what_to_set(show: Desk) -> None:
    bare = {key: value for key, value in show.env.items() if not key.startswith(("HOME", "XDG_", "RUSHES_STATE"))}
    state, show.env = show.env["RUSHES_STATE"], bare
    for words in (["shots"], ["versions", SHOT], ["verify"], ["log"], ["generate", SHOT], ["worker", "--once"]):
        show.run(*words, code=2, said="RUSHES_STATE")
    assert "RUSHES_STATE" in show.run("doctor", code=1)
    show.run("--version", code=0)
    show.env = {**bare, "RUSHES_STATE": state}
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        show.env[name] = "Ana Artist"
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        show.env[name] = "ana@example.com"
    show.draft(BLEND)
    show.run("generate", SHOT, "--wait", code=0)  # git has no home either, and is told who it is
    show.run("verify", code=0)


def test_names_that_are_too_long_are_refused_before_a_number_is_claimed(show: Desk) -> None:
    step = "a" + "b" * 40
    layers = f'[output]\nlayers = ["{step}"]\n'
    show.draft(BLEND.replace('name = "comp"', f'name = "{step}"') + layers)
    show.run("generate", SHOT, "--wait", code=0)
    add_settings(show.folder / "show", 'media = "/' + "/".join(["x" * 200] * 20) + '"\n')
    show.run("generate", SHOT, "--summary", "again", code=2, said="characters")
    assert not [line for line in show.log() if "v002" in line]
    assert "v002" not in git(show.folder / "show", "for-each-ref", "refs/rushes")


def test_a_clip_with_an_endless_name_becomes_a_shot_that_can_be_rendered(desk: Desk) -> None:
    cut = shows.cut(desk.folder / "turnover")
    cut.write_text(cut.read_text().replace(f'"name": "{SHOT}"', f'"name": "{"long_" * 20}sh0010"'))
    desk.new(cut)
    ids = [shot["id"] for shot in json.loads(desk.run("shots", "--json", code=0))["shots"]]
    assert all(len(name) <= 48 for name in ids)


def test_an_odd_picture_gets_a_review_movie(desk: Desk) -> None:
    import av

    desk.new(shows.cut(desk.folder / "turnover", size=(33, 19)))
    for number, (codec, size) in enumerate(
        {"h264": (34, 20), "prores_422hq": (34, 19), "prores_4444": (33, 19)}.items(), 1
    ):
        desk.draft(BLEND + f'[output.review]\ncodec = "{codec}"\n')
        desk.run("generate", SHOT, "--wait", "--summary", codec, code=0)
        (movie,) = (desk.folder / "show.media" / SHOT / f"{SHOT}_gen_v{number:03d}").glob("*_review.*")
        with av.open(str(movie)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == size
    desk.run("verify", code=0)
