"""Protects how a recipe being typed is shown: every line within its width, keys where they are, nothing unfiltered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.frames import FrameRange
from core.recipe.changes import changes
from core.recipe.complete import Known, complete
from core.recipe.form import fields
from core.recipe.judge import judge
from core.recipe.keys import Curve, curves_of, with_key
from core.recipe.text import assigned, parse, starter
from tui.present.recipe import (
    cell_of,
    change_lines,
    completion_lines,
    form_lines,
    frame_of,
    key_label,
    key_strip,
    problem_lines,
    value_strip,
)
from tui.present.spans import plain

FRAMES = FrameRange(1001, 1072)
STARTER = starter("sq010_sh0020", FRAMES)
KEYED = with_key(with_key(STARTER, "paint.denoise", 1001, "0.2"), "paint.denoise", 1072, "0.8", "hold")
ranges = st.builds(lambda first, length: FrameRange(first, first + length), st.integers(-50, 2000), st.integers(0, 400))


def test_the_form_names_each_step_once_and_marks_what_a_curve_decides() -> None:
    lines = form_lines(fields(KEYED), 40, "paint.seed")
    assert [plain(line) for key, line in lines if not key] == ["figure", "paint", "comp"]
    shown = {key: line for key, line in lines if key}
    assert plain(shown["paint.denoise"]).startswith("◆ denoise") and plain(shown["paint.seed"]).startswith("  seed")
    assert shown["paint.seed"][-1] == ("1", "reverse") and shown["paint.negative"][-1][1] == "dim"
    assert all(len(plain(line)) <= 40 for _, line in lines)


def test_problems_are_told_for_their_line() -> None:
    text = STARTER.replace("denoise = 0.45", "denoise = 7").replace('"paint"\nb =', '"pant"\nb =')
    found = judge(text).problems
    told = [plain(line) for line in problem_lines(found, found[0].line, 40)]
    assert "cannot be 7" in told[0] and all(len(line) <= 40 for line in told)
    assert plain(problem_lines(found, 1, 80)[0]).startswith(f"1 problem, next in line {found[0].line}")
    assert plain(problem_lines((), 1, 80)[0]) == "it holds"


@given(st.integers(0, 60), st.integers(10, 100), st.integers(1, 12))
def test_the_chosen_word_is_in_the_window(chosen: int, width: int, height: int) -> None:
    found = complete(STARTER, len(STARTER), Known()) * 6
    chosen = min(chosen, len(found) - 1)
    lines = completion_lines(found, chosen, width, height)
    assert len(lines) == min(height, len(found)) and all(len(plain(line)) <= width for line in lines)
    assert next(line[0][0].strip() for line in lines if line[0][1] == "reverse")[:4] == found[chosen].label[:4]


@given(ranges, st.integers(1, 300), st.integers(-100, 2500), st.sets(st.integers(-100, 2500), min_size=1))
def test_a_strip_is_as_wide_as_asked_and_shows_every_key(
    frames: FrameRange, width: int, frame: int, keys: set[int]
) -> None:
    curve = Curve("paint", "denoise", tuple((key, 0.5, "linear") for key in sorted(keys)), tuple(0.5 for _ in frames))
    line = key_strip(curve, frames, width, frame)
    text = plain(line)
    assert len(text) == width and sum(style == "reverse" for _, style in line) == 1
    assert {cell for cell, sign in enumerate(text) if sign in "◆◈"} == {
        cell_of(key, frames, width) for key in keys if key in frames
    }
    assert len(plain(value_strip(curve, width, frame, frames))) == width


@given(ranges, st.integers(1, 300), st.data())
def test_a_click_on_a_cell_is_a_frame_in_it(frames: FrameRange, width: int, data: st.DataObject) -> None:
    cell = cell_of(data.draw(st.integers(frames.first, frames.last)), frames, width)
    assert cell_of(frame_of(cell, frames, width), frames, width) == cell


def test_a_curve_is_drawn_from_lowest_to_highest() -> None:
    curve = curves_of(parse(KEYED, "d"), FRAMES)[0]
    assert plain(key_strip(curve, FRAMES, 9, 1001)) == "◆───────◆"
    assert plain(value_strip(curve, 9, 1001, FRAMES))[::4] == "▁▄▇"
    assert key_label(curve, 1072, FRAMES) == "paint.denoise 0.8 ◆ hold" and key_label(curve, 1001, FRAMES).endswith(
        "◆ linear"
    )
    prompt = curves_of(parse(with_key(STARTER, "paint.prompt", 1001, "fog"), "d"), FRAMES)[0]
    assert value_strip(prompt, 9, 1001, FRAMES) == ()


def test_differences_are_readable_without_colour() -> None:
    text = assigned(STARTER, ["paint.denoise=0.3", "paint.prompt=oil painting, embers"], "d")
    lines = [plain(line) for line in change_lines(changes(parse(STARTER, "d"), parse(text, "d")))]
    assert "0.45 → 0.3" in lines[1] and "oil painting -by candlelight- +, embers+" in lines[0]


def test_hostile_text_is_filtered() -> None:
    hostile = STARTER.replace("oil painting", "\x1b]52;c;x\x07\u202eoil" + "字" * 5000)
    for _, line in form_lines(fields(hostile), 60):
        assert "\x1b" not in plain(line) and "\u202e" not in plain(line) and len(plain(line)) <= 60
    for mark in judge(hostile).problems:
        assert all("\x1b" not in plain(line) for line in problem_lines([mark], mark.line, 60))
