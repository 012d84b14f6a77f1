"""The command line without a show: what is imported, exit codes, and that nothing unfiltered reaches a terminal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    BadInput,
    Broken,
    Cancelled,
    CutError,
    Difference,
    DiskFull,
    HistoryError,
    MediaError,
    RecipeError,
    RushesError,
)
from core.farm.follow import Progress
from core.frames import FrameRange
from core.recipe.changes import Change
from tui.commands import output
from tui.commands.errors import Exit, explain, guarded
from tui.commands.main import main
from tui.commands.review import frame_span
from tui.commands.words import change_parts

HEAVY = ("torch", "diffusers", "numpy", "av", "git", "opentimelineio", "textual", "rich", "sqlite3")
COMMANDS = (
    *("new", "open", "shots", "recipe", "try", "wedge", "generate", "queue", "cancel", "retry", "worker", "versions"),
    *("show", "log", "diff", "note", "approve", "retake", "circle", "compare", "sheet", "page", "publish", "verify"),
    *("doctor", "models", "demo", "proxies", "path", "change", "move", "status", "resolve", "reopen", "undo", "notes"),
    *("dailies", "conform", "changes", "relink", "ale", "cuts"),
)


@pytest.mark.parametrize(
    "act",
    [
        "import tui.commands.main; from tui.commands.root import build; from typer.main import get_command as g;"
        "g(build())",
        "from tui.commands.main import main; assert main(['--version']) == 0",
        "from tui.commands.main import main; assert main(['--help']) == 0",
        "from tui.commands.main import main; assert main(['wedge', '--help']) == 0",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(act: str) -> None:
    """Milliseconds differ from machine to machine; the modules that cost them do not."""
    code = f"import sys; {act}; sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_version_does_not_even_load_typer() -> None:
    code = "import sys; from tui.commands.main import main; main(['--version']); sys.exit('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rushes ")


def test_the_commands_are_those_of_the_design_and_each_shows_an_example() -> None:
    from typer.main import get_command

    from tui.commands.root import build

    found: dict[str, Any] = get_command(build()).commands  # type: ignore[attr-defined]
    assert sorted(found) == sorted(COMMANDS)
    for name, command in found.items():
        assert command.help, name
        assert command.epilog.startswith(f"Example: rushes {name}"), name
    listings = ("shots", "versions", "show", "log", "diff", "queue", "compare", "verify", "doctor", "recipe", "publish")
    listings += ("sheet", "page", "models", "path", "change", "changes", "notes", "dailies")
    for name in listings:
        assert any("--json" in parameter.opts for parameter in found[name].params), name


# errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecipeError("x"), 2),
        (CutError("x"), 2),
        (MediaError("x"), 2),
        (BadInput("x"), 2),
        (Difference("x"), 1),
        (HistoryError("x"), 3),
        (DiskFull("x"), 3),
        (Cancelled("x"), 3),
        (Broken("x"), 3),
        (PermissionError(13, "Permission denied", "/mnt/x"), 3),
        (ZeroDivisionError("x"), 3),
    ],
)
def test_every_error_has_its_exit_code_and_words(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_every_error_of_the_tree_is_mapped() -> None:
    """A class that is added beside the three branches would end as a wrong exit code."""
    assert {kind.__name__ for kind in RushesError.__subclasses__()} == {"BadInput", "Difference", "Broken"}


def test_an_error_says_what_where_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    explain(MediaError("It is cut off.", where="a\x1b[2J.mov:3", todo="Copy it again."))
    assert capsys.readouterr().err == "It is cut off.\n  where: a·[2J.mov:3\n  next:  Copy it again.\n"


def _raise(error: BaseException) -> Callable[[], int]:
    def act() -> int:
        raise error

    return act


def test_a_bug_is_called_one_and_only_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(_raise(KeyError("boom")), debug=False) == Exit.BROKEN
    quiet = capsys.readouterr().err
    assert "KeyError" in quiet
    assert "--debug" in quiet
    assert "Traceback" not in quiet
    guarded(_raise(KeyError("boom")), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_the_code_that_shells_expect(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(_raise(KeyboardInterrupt()), debug=False) == 130
    assert "queued goes on" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m tui.commands.main --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize(
    "words",
    [["frob"], ["shots", "--nope"], ["circle", "sh010"], ["log", "--limit", "many"], ["wedge", "a", "--frame", "x"]],
)
def test_wrong_use_ends_with_2_and_names_the_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "--help" in capsys.readouterr().err


def test_a_typed_escape_is_not_sent_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[31mred"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_outside_a_show_the_next_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ([], ["shots"], ["open", str(tmp_path)], ["verify"]):
        assert main(words) == 2
        assert "rushes new" in capsys.readouterr().err


def test_the_screens_refuse_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rushes.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert "need a terminal" in capsys.readouterr().err


def test_debug_is_taken_anywhere_but_not_out_of_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["shots", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
    assert main(["note", "sh010", "v001", "--", "--debug"]) == 2
    assert "Traceback" not in capsys.readouterr().err


# output


anything = st.text(st.characters(codec="utf-8") | st.sampled_from("\x1b\x9b\x07\r\n\t\u202e\u2028\x00"), max_size=40)


def printed(write: Callable[[], None]) -> str:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        write()
    return out.getvalue()


@given(anything, anything)
def test_no_text_moves_a_cursor_or_breaks_a_line(a: str, b: str) -> None:
    """Clip names, prompts and notes are other people's; each stays on its line and is only text."""
    for write, lines in (
        (lambda: output.line(a), 1),
        (lambda: output.words((a, "bold"), (b, "red")), 1),
        (lambda: output.table(("one", "two"), [(a, b)], empty=""), 2),
        (lambda: output.facts([("name", a or "x")]), 1),
    ):
        text = printed(write)
        assert text.count("\n") == lines
        assert not any(char in text for char in "\x1b\x9b\x07\r\t\u202e\u2028\x00")


@given(anything)
def test_json_keeps_every_character_and_prints_none_of_the_dangerous(text: str) -> None:
    document = printed(lambda: output.document("name", {"text": text}))
    assert json.loads(document) == {"schema": 1, "name": {"text": text}}
    assert document.isascii()
    assert "\x1b" not in document


def test_json_forms_of_our_values() -> None:
    @dataclass
    class Shown:
        range: FrameRange
        path: Path
        rate: Fraction

    value = {
        "a": [Shown(FrameRange(1001, 1010), Path("a/b"), Fraction(24000, 1001))],
        "b": float("nan"),
        "c": (1, None),
    }
    plain = {"a": [{"range": [1001, 1010], "path": "a/b", "rate": "24000/1001"}], "b": "nan", "c": [1, None]}
    assert output.plain(value) == plain
    with pytest.raises(TypeError, match="object"):
        output.plain(object())


def test_a_table_that_is_not_on_a_terminal_is_aligned_and_whole() -> None:
    rows = [("sh010", 3, "x" * 250), ("sh02", None, "東京")]
    text = printed(lambda: output.table(("shot", "versions", "summary"), rows, empty="none"))
    assert text == f"shot   versions  summary\nsh010         3  {'x' * 250}\nsh02          –  東京\n"
    assert printed(lambda: output.table(("shot",), [], empty="No shots.")) == "No shots.\n"


def test_what_is_not_a_terminal_gets_few_progress_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A log file of a render of 2,000 frames is not 2,000 lines long."""

    def job(state: str) -> Any:
        return SimpleNamespace(state=state)

    steps = [Progress(0, 2000, None, (job("queued"),))]
    steps += [Progress(n, 2000, 9.0, (job("rendering"),)) for n in range(2000)]
    steps += [Progress(2000, 2000, 0.0, (job("complete"),))]
    assert output.follow(iter(steps), "sh010\x1b v001") == steps[-1]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "sh010· v001: queued 0/2000",
        "sh010· v001: rendering 0/2000, 0:09 left",
        "sh010· v001: complete 2000/2000",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-:--"), (float("nan"), "-:--"), (0, "0:00"), (61.4, "1:01"), (3661, "1:01:01")]
)
def test_clock(seconds: float | None, text: str) -> None:
    assert output.clock(seconds) == text


def test_prompts_differ_word_by_word() -> None:
    change = Change("paint.prompt", "a b", "a c", ((" ", "oil by"), ("-", "day\x1blight"), ("+", "candlelight")))
    assert [text for text, _ in change_parts(change)] == ["oil by ", "-day·light- ", "+candlelight+ "]
    assert [text for text, _ in change_parts(Change("paint.denoise", "0.5", "0.4"))] == ["0.5", " → ", "0.4"]


def test_a_note_is_about_one_run_of_frames() -> None:
    assert frame_span("") is None
    assert frame_span("1040-1052") == (1040, 1052)
    assert frame_span("1040") == (1040, 1040)
    with pytest.raises(BadInput, match="one run"):
        frame_span("1040,1050")


# the demo


def test_the_demo_touches_no_folder_that_is_not_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "work.txt").write_text("a week of it")
    assert main(["demo", str(tmp_path)]) == 2
    assert "not a former demo" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]


def test_a_former_demo_is_cleared_away_with_its_media_and_its_queue_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import shows
    from tui.commands import demo_show

    show = shows.make(shows.cut(tmp_path / "turnover"), tmp_path / "show")
    assert show.jobs() == []
    with pytest.raises(BadInput):
        demo_show.clear(show.layout.root, show.env)
    (show.layout.root / ".git" / demo_show.MARK).touch()

    def broken_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        shutil.rmtree(show.layout.media, ignore_errors=True)
        patched.setattr("tui.commands.demo_show.shutil.rmtree", broken_off)
        demo_show.clear(show.layout.root, show.env)
    demo_show.clear(show.layout.root, show.env)
    assert not show.layout.root.exists()
    assert not show.layout.media.exists()
    assert not show.layout.state.exists()
    assert (tmp_path / "turnover" / "cut.otio").exists()


def test_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "diffusers" else find(name))
    assert main(["demo", "nowhere"]) == 2
    assert "rushes[generate]" in capsys.readouterr().err


def test_a_table_on_a_narrow_terminal_loses_no_word_and_keeps_names_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    job, long = "01M85DTQDMDS43Y4V45GR7HGRC", [f"word{n}" for n in range(30)]
    output.table(("job", "found", "next"), [(job, " ".join(long), " ".join(long[::-1]))], empty="")
    said = capsys.readouterr().out
    assert job in said and all(said.count(f"{word} ") + said.count(f"{word}\n") == 2 for word in long)
