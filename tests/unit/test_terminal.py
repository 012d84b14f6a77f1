"""What a terminal can show: understood from what it answers and from the environment, without eating a typed key."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from tui.commands.main import main
from tui.commands.screens import open_screens
from tui.video import terminal
from tui.video.terminal import Terminal, Tmux, ask_tmux, understand

XTERM = {"TERM": "xterm-256color"}
END = b"\x1b[?62;22c"
KITTY = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.46.0)\x1b\\\x1b[?2026;2$y\x1b[6;20;10t" + END


def test_a_terminal_that_tells_everything() -> None:
    found = understand(KITTY, XTERM)
    assert (found.brand, found.graphics, found.truecolor, found.sync, found.cell) == (
        "kitty",
        "kitty",
        True,
        True,
        (10, 20),
    )
    assert found.typed == b"" and "it calls itself kitty(0.46.0)" in found.why[0]
    assert any("answered" in line for line in found.why)


@pytest.mark.parametrize(
    ("name", "env", "answers", "graphics"),
    [
        ("iTerm2 3.5.10", XTERM, b"", "iterm2"),
        ("WezTerm 20240203", XTERM, b"\x1b_Gi=31;OK\x1b\\", "iterm2"),  # which says that it has kitty's, without all
        ("foot(1.16.2)", XTERM, b"", "half"),  # built without sixel: its DA1 has no 4
        ("ghostty 1.3.1", XTERM, b"\x1b_Gi=31;OK\x1b\\", "kitty"),
        ("kitty(0.46.0)", XTERM, b"\x1b_Gi=31;EINVAL\x1b\\", "half"),
        ("", {"TERM": "xterm-kitty"}, b"\x1b_Gi=31;OK\x1b\\", "kitty"),
        ("", {**XTERM, "TERM_PROGRAM": "vscode"}, b"", "iterm2"),
        ("", {**XTERM, "TERM_PROGRAM": "Apple_Terminal"}, b"", "half"),
        ("", {**XTERM, "WT_SESSION": "1"}, b"", "half"),
        ("", XTERM, b"", "half"),
        ("", XTERM, b"\x1b_Gi=31;OK\x1b\\", "kitty"),
        ("XTerm(390)", XTERM, b"", "half"),
        ("", {"TERM": "dumb"}, b"", "none"),
        ("", {}, b"", "none"),
        ("kitty(0.46.0)", {**XTERM, "NO_COLOR": "1"}, b"\x1b_Gi=31;OK\x1b\\", "half"),
    ],
)
def test_the_protocol_is_the_best_that_brand_and_answers_agree_on(
    name: str, env: dict[str, str], answers: bytes, graphics: str
) -> None:
    replies = answers + (b"\x1bP>|%b\x1b\\" % name.encode() if name else b"") + END
    assert understand(replies, env).graphics == graphics
    with_sixel = understand(replies.replace(b"62;22", b"62;4;22"), env)
    if graphics == "half" and name != "kitty(0.46.0)" and "TERM_PROGRAM" not in env:
        assert with_sixel.graphics == "sixel"


def test_colours_are_what_something_says() -> None:
    def palette(tmux: Tmux | None = None, **env: str) -> str:
        return understand(END, {**XTERM, **env}, tmux).palette

    assert palette() == "256" and palette(COLORTERM="truecolor") == "truecolor"
    assert palette(TERM="xterm-kitty") == "truecolor" and palette(TERM_PROGRAM="Apple_Terminal") == "256"
    assert palette(NO_COLOR="1", COLORTERM="truecolor") == "shades" and palette(TERM="ansi") == "shades"
    assert palette(Tmux("3.4", False), KITTY_WINDOW_ID="1") == "256"  # tmux decides, and says nothing
    assert palette(Tmux("3.4", False, frozenset({"256", "RGB"}))) == "truecolor"


def test_in_tmux_only_what_gets_through() -> None:
    rgb = frozenset({"RGB", "sixel"})
    kitty = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.46.0)\x1b\\"
    own, own_sixel = b"\x1b[?1;2c", b"\x1b[?1;2;4c"
    assert understand(own + kitty + END, XTERM, Tmux("3.4", True)).graphics == "kitty"
    assert understand(own, {**XTERM, "KITTY_WINDOW_ID": "1"}, Tmux("3.4", False)).graphics == "half"
    assert understand(own + b"\x1bP>|iTerm2 3.5\x1b\\" + END, XTERM, Tmux("3.4", True)).graphics == "half"
    assert understand(own_sixel, XTERM, Tmux("3.5", False, rgb)).graphics == "sixel"
    assert understand(own_sixel, XTERM, Tmux("3.5", False)).graphics == "half"  # tmux has it, its terminal does not
    assert any("allow-passthrough" in line for line in understand(own, XTERM, Tmux("3.4", False)).why)


def test_a_person_decides() -> None:
    assert understand(KITTY, XTERM, None, "half").graphics == "half"
    assert understand(KITTY, {**XTERM, "RUSHES_GRAPHICS": "sixel"}).graphics == "sixel"
    assert understand(KITTY, {**XTERM, "RUSHES_GRAPHICS": "sixel"}, None, "none").graphics == "none"
    for choice, env, where in (("ascii", {}, "--graphics"), ("auto", {"RUSHES_GRAPHICS": "\x1b"}, "RUSHES_GRAPHICS")):
        with pytest.raises(BadInput) as error:
            understand(KITTY, {**XTERM, **env}, None, choice)
        assert where in str(error.value) and "iterm2" in str(error.value) and "\x1b" not in str(error.value)


def test_a_terminal_that_does_not_answer_is_told_so() -> None:
    found = understand(b"", {"TERM": "xterm-kitty"})
    assert found.graphics == "kitty" and any("did not answer" in line for line in found.why)
    assert not found.sync and found.cell is None


typed = st.lists(st.sampled_from([b"j", b"k", b"\x1b[A", b"\x1bOP", b"q", "é".encode(), b"\r", b";", b"c", b"["]))
KINDS = st.permutations([b"\x1b_Gi=31;OK\x1b\\", b"\x1bP>|foot(1)\x1b\\", b"\x1b[?2026;1$y", b"\x1b[6;20;10t", END])


@given(KINDS, st.lists(typed, min_size=6, max_size=6))
def test_keys_between_the_answers_are_kept(answers: list[bytes], between: list[list[bytes]]) -> None:
    keys = [b"".join(some) for some in between]
    stream = keys[0] + b"".join(answer + some for answer, some in zip(answers, keys[1:], strict=True))
    found = understand(stream, XTERM)
    assert found.typed == b"".join(keys)
    assert (found.brand, found.sync, found.cell) == ("foot", True, (10, 20))


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(["TERM", "TERM_PROGRAM", "COLORTERM"]), st.text()))
def test_nothing_that_is_answered_can_write_on_a_screen(replies: bytes, env: dict[str, str]) -> None:
    for name in (replies, b"\x1bP>|kitty" + replies.replace(b"\x1b", b"\x9b\x07") + b"\x1b\\"):
        assert not re.search("[\x00-\x1f\x7f-\x9f]", "".join(understand(name, env, Tmux("\x1b[2J", True)).why))


# the real thing, on a terminal of the test's own

LOOK = """
import os, sys
from tui.video.terminal import look
found = look(os.environ, meanwhile=lambda: None)
print("FOUND", found.graphics, found.brand, found.sync, found.cell, found.typed)
print("LINE", sys.stdin.readline())
"""


def test_a_real_terminal_is_asked_and_its_keys_are_left() -> None:
    """Keys typed before the answer are handed over, and what is typed later is there for the next reader."""
    here, there = pty.openpty()
    program = "import os, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n" + LOOK
    env = {**os.environ, **XTERM, "TMUX": "", "NO_COLOR": "", "RUSHES_GRAPHICS": ""}
    command, folder = [sys.executable, "-uc", program], Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=there, stdout=subprocess.PIPE, env=env, text=True, cwd=folder) as child:
        os.close(there)
        asked = b""
        while b"\x1b[c" not in asked:
            asked += os.read(here, 1000)
        os.write(here, b"j" + KITTY[:20] + KITTY[20:] + b"k")
        assert child.stdout is not None
        assert child.stdout.readline() == "FOUND kitty kitty True (10, 20) b'jk'\n"
        os.write(here, b"later\n")
        assert child.stdout.readline() == "LINE later\n"
    os.close(here)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_real_tmux_says_what_it_is(tmp_path: Path) -> None:
    socket, out = tmp_path / "tmux", tmp_path / "out"
    code = "import os; from tui.video.terminal import look; print(look(os.environ))"
    program = f"{sys.executable} -c '{code}' > {out}.part; mv {out}.part {out}"
    env = {**os.environ, "NO_COLOR": ""}
    tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
    subprocess.run([*tmux, "new-session", "-d", program], env=env, check=True, cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 30
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        said = out.read_text()
    finally:
        subprocess.run([*tmux, "kill-server"], env=env, check=False, capture_output=True)
    version = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert f"Tmux(version='{version}', passthrough=False" in said and "graphics='half'" in said
    assert "did not answer" not in said


def test_a_tmux_that_is_gone_is_no_reason_to_stop() -> None:
    assert ask_tmux({"PATH": "/nowhere", "TMUX": "/nowhere,1,0"}) == Tmux("unknown", False, frozenset({""}))
    assert ask_tmux({"PATH": "/nowhere"}) is None
    assert Terminal().truecolor


def test_doctor_tells_it_where_there_is_a_terminal_to_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["doctor", "--json"])
    assert json.loads(capsys.readouterr().out)["terminal"] is None
    monkeypatch.setattr(terminal, "look", lambda env: understand(KITTY, XTERM))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main(["doctor", "--json"])
    assert "kitty" in json.loads(capsys.readouterr().out)["terminal"][0]
    main(["doctor"])
    assert "it calls itself kitty(0.46.0)" in capsys.readouterr().out


def test_the_screens_are_opened_with_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And graphics that there are not are told before anything is drawn."""
    (tmp_path / "rushes.toml").write_text("")
    opened = []
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("tui.app.app.Screens.run", lambda self: opened.append(self.terminal))
    open_screens(str(tmp_path), "sixel")
    assert [found.graphics for found in opened] == ["sixel"]
    with pytest.raises(BadInput, match="no graphics called 'pixels'"):
        open_screens(str(tmp_path), "pixels")
