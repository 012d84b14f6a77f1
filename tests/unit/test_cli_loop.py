"""One short way through the command line, in processes of its own, without torch; and text that attacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from tests import shows

pytestmark = pytest.mark.timeout(120)

SHOT = shows.SHOT
EVIL = "evil\x1b[31m\r\nname\u202e/../\x07x\x9b2J"
RECIPE = shows.BLEND + f'\n[[step]]\nop = "merge"\nname = "again"\na = "comp"\nmix = 0.25 # {"ü"}\n'


class Desk:
    """A shell in a show's folder."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.env = folder, env

    def run(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `rushes` and check its exit code and that what it says holds no control characters."""
        command = [sys.executable, "-m", "tui.commands.main", *words]
        done = subprocess.run(command, cwd=self.folder, env={**self.env, **env}, capture_output=True, text=True)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        said = done.stdout + done.stderr
        assert not any(char in said for char in "\x1b\x07\r\x9b\u202e"), words
        assert "Traceback" not in said, said
        return done

    def json(self, *words: str) -> Any:
        (value,) = [v for k, v in json.loads(self.run(*words, "--json").stdout).items() if k != "schema"]
        return value


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A show of a drawn shot, a shot without media, and a clip whose name and metadata are an attack."""
    folder = tmp_path_factory.mktemp("loop")
    cut = shows.cut(folder / "turnover")
    timeline: Any = otio.adapters.read_from_file(str(cut))
    bad = timeline.tracks[0][0].deepcopy()
    bad.name, bad.metadata["note"] = EVIL, EVIL
    bad.media_reference.name_prefix = f"{EVIL}."
    timeline.tracks[0].append(bad)
    timeline.name = f"reel {EVIL}"
    otio.adapters.write_to_file(timeline, str(cut))
    state = folder / "state"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "RUSHES_"))}
    env |= {"HOME": str(folder), "RUSHES_STATE": str(state), "RUSHES_LOCKS": str(state / "locks"), "NO_COLOR": "1"}
    env |= {f"GIT_{who}_NAME": "Ana Artist" for who in ("AUTHOR", "COMMITTER")}
    env |= {f"GIT_{who}_EMAIL": "ana@example.com" for who in ("AUTHOR", "COMMITTER")}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2]), "GIT_CONFIG_NOSYSTEM": "1"}
    said = Desk(folder, env).run("new", str(cut), "show")
    assert "Made show with 3 shots" in said.stdout
    assert "without a plate" in said.stderr
    return Desk(folder / "show", env)


def edit(desk: Desk, text: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Type a whole draft in an editor."""
    typed = desk.folder.parent / "typed.toml"
    typed.write_text(text, encoding="utf-8")
    return desk.run("recipe", SHOT, "--edit", code=code, VISUAL=f"cp {typed}")


@pytest.fixture(scope="module")
def two_versions(desk: Desk) -> Desk:
    edit(desk, RECIPE)
    assert "v001" in desk.run("generate", SHOT, "--summary", f"first {EVIL}", "--wait").stdout
    desk.run("recipe", SHOT, "--set", "again.mix=0.5")
    desk.run("generate", SHOT, "--summary", "more of it", "--wait")
    return desk


def test_shots_never_load_torch(desk: Desk) -> None:
    code = (
        "import sys; from tui.commands.main import main; assert main(['shots']) == 0;"
        "sys.stderr.write(' '.join(m for m in ('torch', 'diffusers', 'transformers', 'onnxruntime', 'textual', 'av')"
        " if m in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=desk.folder, env=desk.env, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_json_keys_of_a_shot_are_stable(desk: Desk) -> None:
    """Scripts of a studio read these: a key that goes or changes its name breaks them."""
    shot = desk.json("shots", SHOT)[0]
    assert list(shot) == [
        *("id", "status", "versions", "latest", "circled", "circled_as", "range", "cut_range", "cut_frames"),
        *("open_notes", "progress", "names", "cuts", "missing", "source", "plate"),
    ]
    assert list(shot["plate"]) == ["path", "kind", "frames", "width", "height", "rate", "colour", "sha256"]


def test_what_was_typed_is_kept_even_where_it_does_not_hold(desk: Desk) -> None:
    before, made = desk.json("recipe", SHOT)["text"], desk.json("versions", SHOT)
    bad = 'schema = 1\n[[step]]\nop = "merge"\nname = "comp"\na = "plate"\nmixx = 0.5  # my thoughts\n'
    said = edit(desk, bad, code=2)
    assert ":6" in said.stderr
    assert "mixx" in said.stderr
    assert "mix" in said.stderr
    assert "my thoughts" in said.stdout
    desk.run("recipe", SHOT, "--set", "comp.mode=sideways", code=2)
    assert "my thoughts" in desk.run("recipe", SHOT, code=2).stdout
    desk.run("generate", SHOT, code=2)
    assert desk.json("versions", SHOT) == made
    edit(desk, before)


def test_an_editor_that_fails_loses_nothing(desk: Desk) -> None:
    before = desk.json("recipe", SHOT)
    typed = Path(before["path"]).with_name("draft.edit.toml")
    desk.run("recipe", SHOT, "--edit", code=2, VISUAL="/nowhere/vi")
    assert "VISUAL" in desk.run("recipe", SHOT, "--edit", code=2, VISUAL="", EDITOR="").stderr
    assert not typed.exists()
    kept = desk.run("recipe", SHOT, "--edit", code=3, VISUAL='sh -c \'echo "# half a thought" > "$0"; exit 1\'')
    assert str(typed) in kept.stderr
    assert desk.json("recipe", SHOT) == before
    again = desk.run("recipe", SHOT, "--edit", VISUAL="true")
    assert again.stdout == "# half a thought\n"
    edit(desk, before["text"])


def test_the_loop(two_versions: Desk) -> None:
    desk = two_versions
    assert [(row["version"], row["state"], row["parent"]) for row in desk.json("versions", SHOT)] == [
        ("v001", "complete", ""),
        ("v002", "complete", "v001"),
    ]
    (change,) = [change for change in desk.json("diff", SHOT, "v001", "v002") if change["key"] == "again.mix"]
    assert (change["a"], change["b"]) == ("0.25", "0.5")
    assert "0.25 → 0.5" in desk.run("diff", SHOT, "v1", "v2").stdout

    desk.run("note", SHOT, "v002", f"too much {EVIL}", "--frames", "1010")
    desk.run("retake", SHOT, "v001", "calmer")
    desk.run("approve", SHOT, "v002")
    desk.run("circle", SHOT, "v002", "--temp")
    (row,) = desk.json("shots", "status:apr")
    assert (row["id"], row["circled"], row["circled_as"], row["open_notes"]) == (SHOT, "v002", "temp", 1)
    version = desk.json("show", SHOT, "v002")
    assert version["record"]["count"] == version["total"]
    assert [note["frames"] for note in version["notes"]] == [[1010, 1010]]

    found = desk.json("compare", SHOT, "v001", "v002")
    assert Path(found["picture"]).is_file()
    assert len(found["frames"]) == version["total"]
    assert found["changed"] > 0.5
    first, second, *_ = desk.run("compare", SHOT, "v001", "v002").stdout.splitlines()[1:]
    assert first.startswith("all") and second[:4].isdigit(), "the sum first, the frame that differs most, no more"
    assert len(desk.run("compare", SHOT, "v001", "v002", "--frames").stdout.splitlines()) > version["total"] + 2
    assert Path(desk.run("sheet", "--plates").stdout.strip()).is_file()
    assert [cell["version"] for cell in desk.json("sheet")["cells"] if cell["shot"] == SHOT] == ["v002"]
    assert Path(desk.run("page").stdout.strip()).is_file()

    published = Path(desk.json("publish")["path"])
    timeline: Any = otio.adapters.read_from_file(str(published))
    assert timeline.find_clips()[0].active_media_reference_key == "gen_v002"
    assert "checks hold" in desk.run("verify").stdout
    assert {check["state"] for check in desk.json("verify", SHOT)} == {"ok"}
    assert [entry["event"] for entry in desk.json("log")][:2] == ["publish", "review"]


def test_a_changed_frame_is_a_difference_and_rendered_again(two_versions: Desk) -> None:
    desk = two_versions
    pattern = desk.json("show", SHOT, "v001")["frames_path"]
    frame = Path(pattern % 1010)
    whole = frame.read_bytes()
    frame.write_bytes(whole[:-1] + b"\x00")
    said = desk.run("verify", SHOT, code=1)
    assert "changed" in said.stdout
    assert SHOT in said.stderr
    frame.write_bytes(whole)
    desk.run("verify", SHOT)


def test_test_frames_and_a_wedge_and_a_pick(two_versions: Desk) -> None:
    desk = two_versions
    picture = desk.run("try", SHOT, "--frames", "1010-1011").stdout.splitlines()
    assert len(picture) == 2
    assert all(Path(path).is_file() for path in picture)
    sheet, step = desk.run("wedge", SHOT, "--frame", "1010", "--vary", "again.mix=0.1,0.7").stdout.splitlines()
    assert Path(sheet).is_file()
    assert "--pick N" in step
    desk.run("wedge", SHOT, "--pick", "2")
    assert "mix = 0.7" in desk.json("recipe", SHOT)["text"]
    desk.run("wedge", SHOT, "--pick", "7", code=2)
    desk.run("wedge", SHOT, "--pick", "1", "--frame", "1010", code=2)
    kinds = {job["kind"]: job["state"] for job in desk.json("queue")}
    assert kinds == {"version": "complete", "preview": "complete", "wedge": "complete"}


@pytest.mark.parametrize(
    "words",
    [
        ("shots", "nope*"),
        ("shots", "status:\x1b[31m"),
        ("versions", "*"),
        ("show", SHOT, "v099"),
        ("show", SHOT, "../../etc"),
        ("note", SHOT, "v099", "x"),
        ("try", SHOT, "--frames", "1-"),
        ("try", SHOT, "--frames", "99999"),
        ("cancel", "nope\x1b"),
        ("publish", "--for", "betamax"),
        ("new", "nowhere.otio"),
        ("recipe", SHOT, "--look", "no/such"),
        ("generate", "sq010_sh0020"),
    ],
)
def test_bad_input_ends_with_2_and_a_next_step(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.run(*words, code=2)
    assert "next:" in said.stderr or "where:" in said.stderr, said.stderr


def test_hostile_names_reach_neither_the_terminal_nor_a_path_nor_a_commit(two_versions: Desk) -> None:
    """`Desk.run` looks at everything that was printed; here are the listings that print other people's text."""
    desk = two_versions
    for words in (("shots",), ("log",), ("queue",), ("versions", SHOT), ("show", SHOT, "v001")):
        assert desk.run(*words).stdout
    names = desk.json("shots")[-1]["names"]
    assert "evil" in names[0]
    bodies = subprocess.run(
        ["git", "log", "--format=%B"], cwd=desk.folder, env=desk.env, capture_output=True, text=True, check=True
    ).stdout
    assert "\x1b" not in bodies
    written = (path for path in desk.folder.parent.rglob("*") if "turnover" not in path.parts)
    assert not [path for path in written if any(char in str(path) for char in "\x1b\r\n\x07\u202e")]


@pytest.mark.parametrize("no_colour", [True, False])
def test_on_a_terminal_the_only_escapes_are_our_colours(two_versions: Desk, no_colour: bool) -> None:
    desk = two_versions
    env = {**desk.env, "TERM": "xterm-256color", "COLUMNS": "100"}
    if not no_colour:
        del env["NO_COLOR"]
    for words in (("shots",), ("log",), ("versions", SHOT), ("diff", SHOT, "v001", "v002"), ("show", SHOT, "v001")):
        text = on_a_terminal(words, desk.folder, env)
        bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
        assert bare.strip()
        assert not any(char in bare for char in "\x1b\x07\x9b\u202e")
        assert not (no_colour and re.search(r"\x1b\[(3|4|9)\d", text)), words
        assert max(map(len, bare.splitlines())) <= 100 or words[0] == "show"


def on_a_terminal(words: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> str:
    """What `rushes` writes to a terminal."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "tui.commands.main", *words]
    with subprocess.Popen(command, cwd=folder, env=dict(env), stdout=theirs, stderr=theirs, stdin=theirs) as child:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # Linux says EIO where a terminal has ended
            pass
        os.close(ours)
    assert child.returncode == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_sighup_ends_a_waiting_command_quietly(two_versions: Desk) -> None:
    """A dropped line: the command goes without a word of its own, the worker renders on."""
    import signal

    desk = two_versions
    code = (
        "import os, signal, sys; from tui.commands import main as m;"
        "m._run = lambda words: (sys.stdout.write('up'), sys.stdout.flush(), signal.pause());"
        "sys.exit(m.main(['x']))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=desk.folder, env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.read(2) == b"up"
    child.send_signal(signal.SIGHUP)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out, err) == (128 + signal.SIGHUP, b"", b"")
