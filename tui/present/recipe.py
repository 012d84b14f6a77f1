"""A recipe being typed, as lines: the form, problems beside the text, keys over a shot's length, what differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.files import one_line
from core.frames import FrameRange
from tui.present.spans import Line, Span, Style, folded, padded

if TYPE_CHECKING:
    from core.farm.jobs import Job
    from core.recipe.changes import Change
    from core.recipe.complete import Completion
    from core.recipe.form import Field
    from core.recipe.judge import Mark
    from core.recipe.keys import Curve

_BARS = "▁▂▃▄▅▆▇█"
_LABEL = 16


# The form


def form_lines(fields: Sequence[Field], width: int, chosen: str = "") -> list[tuple[str, Line]]:
    """(field's key, line) for each field, and ("", line) for the name of each step above its own.

    A value that the draft leaves to its default is dim; `◆` stands where a curve decides; the `chosen` one is reverse.
    """
    lines: list[tuple[str, Line]] = []
    above = ""
    for field in fields:
        step, dot, _ = field.key.partition(".")
        if dot and step != above:
            lines.append(("", ((one_line(step, width), "bold"),)))
            above = step
        lines.append((field.key, _field_line(field, width, chosen=field.key == chosen)))
    return lines


def _field_line(field: Field, width: int, *, chosen: bool) -> Line:
    mark: Span = ("◆ ", "accent") if field.keyed else ("  ", "")
    typed = field.value or field.default
    unit = f" {field.unit}" if field.unit and typed else ""
    unit = unit.removesuffix("s") if typed == "1" else unit
    value = one_line(f"{typed}{unit}", max(1, width - _LABEL - 2))
    style: Style = "reverse" if chosen else "" if field.value else "dim"
    return (mark, (padded(one_line(field.label), _LABEL), "dim"), (value or " ", style))


def at_frame(fields: Sequence[Field], curves: Sequence[Curve], frame: int, frames: FrameRange) -> tuple[Field, ...]:
    """The fields as they are at a frame: where a curve decides, what it gives there."""
    return tuple(
        replace(field, value=value_at(curves, field.key, frame, frames) or field.value) if field.keyed else field
        for field in fields
    )


def adjusted(field: Field, by: int) -> str | None:
    """A field's value a step up or down, within its limits, or the next choice; None where it is text to be typed."""
    choices = ("false", "true") if field.kind == "bool" else field.choices
    now = field.value or field.default
    if choices:
        return choices[(choices.index(now) + by) % len(choices)] if now in choices else choices[0]
    if field.kind not in ("number", "integer"):
        return None
    try:
        value = float(now) + by * field.step
    except ValueError:
        return None
    value = max(value, field.low) if field.low is not None else value
    value = min(value, field.high) if field.high is not None else value
    return str(round(value)) if field.kind == "integer" else f"{value:.6g}"


def test_line(job: Job, rendering: Sequence[Job]) -> str:
    """How far a test frame is, and what it waits for."""
    busy = next((other for other in rendering if other.id != job.id), None)
    if job.state == "queued" and busy is not None:
        what = f"{busy.shot} {busy.version or busy.kind}, {busy.done} of {busy.total} frames"
        return f"Frame {job.frames[0]} is next, after {what}."
    return f"Frame {job.frames[0]}: {job.state} …"


# Problems


def problem_lines(problems: Sequence[Mark], line: int, width: int) -> list[Line]:
    """What to say under the text with the cursor on `line`: its problems, else where the next one is, else none."""
    here = [problem for problem in problems if problem.line == line]
    if here:
        return [part for problem in here for part in _told(problem, width)]
    if not problems:
        return [(("it holds", "good"),)]
    following = next((problem for problem in problems if problem.line > line), problems[0])
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}, next in line {following.line}: "
    return [((count, "warn"), (one_line(following.what, max(8, width - len(count))), ""))]


def _told(problem: Mark, width: int) -> list[Line]:
    told: tuple[tuple[str, Style], ...] = ((one_line(problem.what, 400), "bad"), (one_line(problem.todo, 600), "dim"))
    return [((part, style),) for text, style in told for part in folded(text, width)]


# Completions


def completion_lines(found: Sequence[Completion], chosen: int, width: int, height: int) -> list[Line]:
    """A window of `height` lines on what can be typed, the chosen word in it, each with the start of its help."""
    first = max(0, min(chosen - height // 2, len(found) - height))
    shown = found[first : first + height]
    label = min(max((len(word.label) for word in shown), default=0), max(8, width // 2))
    return [
        (
            (f" {padded(one_line(word.label), label)} ", "reverse" if index == chosen else ""),
            (one_line(word.help, max(1, width - label - 3)) if width > label + 3 else "", "dim"),
        )
        for index, word in enumerate(shown, first)
    ]


# Keys


def cell_of(frame: int, frames: FrameRange, width: int) -> int:
    """The cell that a frame falls in where a range is laid over `width` cells; outside it the nearest."""
    return min(width - 1, (frames.nearest(frame) - frames.first) * width // max(1, len(frames)))


def frame_of(cell: int, frames: FrameRange, width: int) -> int:
    """The first frame that falls in a cell: what a click on it means."""
    return frames.nearest(frames.first + -(-cell * len(frames) // width))


def key_strip(curve: Curve, frames: FrameRange, width: int, frame: int) -> Line:
    """A curve's keys over a range: `──◆───◆──`, the cell of `frame` reverse.

    Keys outside the range are arrows at its ends; what two keys share is `◈`.
    """
    inside = [key for key, *_ in curve.keys if key in frames]
    cells = ["─"] * width
    for key in inside:
        cell = cell_of(key, frames, width)
        cells[cell] = "◆" if cells[cell] == "─" else "◈"
    if any(key < frames.first for key, *_ in curve.keys) and cells[0] == "─":
        cells[0] = "◂"
    if any(key > frames.last for key, *_ in curve.keys) and cells[-1] == "─":
        cells[-1] = "▸"
    return _with_playhead(cells, cell_of(frame, frames, width), "accent")


def value_strip(curve: Curve, width: int, frame: int, frames: FrameRange) -> Line:
    """How a curve's number runs over the frames it was sampled at, lowest to highest; empty for text and switches."""
    numbers = [float(value) for value in curve.values if type(value) in (int, float)]
    if not numbers or len(numbers) != len(curve.values):
        return ()
    low, span = min(numbers), max(numbers) - min(numbers)
    cells = []
    for cell in range(width):
        number = numbers[min(len(numbers) - 1, cell * len(numbers) // width)]
        cells.append(_BARS[round((number - low) / span * 7) if span else 3])
    return _with_playhead(cells, cell_of(frame, frames, width), "dim")


def key_label(curve: Curve, frame: int, frames: FrameRange) -> str:
    """`paint.denoise 0.425`, and how it goes on from here where there is a key: `0.35 ◆ smooth`."""
    value = curve.values[frames.nearest(frame) - frames.first] if curve.values else ""
    text = f"{value:.4g}" if type(value) is float else str(value)
    mode = next((f" ◆ {how}" for key, _, how in curve.keys if key == frame), "")
    return one_line(f"{curve.step}.{curve.parameter} {text}{mode}", 200)


def strip_lines(curves: Sequence[Curve], frames: FrameRange, width: int, frame: int) -> list[Line]:
    """Each curve on two lines: its name and value at `frame`, then its keys over the range between first and last."""
    lines: list[Line] = []
    ends = f"{frames.first} ", f" {frames.last}"
    room = max(4, width - len(ends[0]) - len(ends[1]))
    for curve in curves:
        lines.append(((key_label(curve, frame, frames), "dim"), ("  ", ""), *value_strip(curve, 24, frame, frames)))
        lines.append(((ends[0], "dim"), *key_strip(curve, frames, room, frame), (ends[1], "dim")))
    return lines or [(("no keys: on a value in the form, space sets one at this frame", "dim"),)]


def key_at(curves: Sequence[Curve], key: str, frame: int) -> bool:
    """Whether `paint.denoise` has a key at this frame."""
    return any(f"{c.step}.{c.parameter}" == key and any(at == frame for at, *_ in c.keys) for c in curves)


def value_at(curves: Sequence[Curve], key: str, frame: int, frames: FrameRange) -> str | None:
    """What a curve of `paint.denoise` gives at a frame, as it is typed; None where it has none."""
    for curve in curves:
        if f"{curve.step}.{curve.parameter}" == key and curve.values:
            value = curve.values[frames.nearest(frame) - frames.first]
            return f"{value:.6g}" if type(value) is float else str(value)
    return None


def _with_playhead(cells: Sequence[str], at: int, style: Style) -> Line:
    before, here, after = "".join(cells[:at]), cells[at], "".join(cells[at + 1 :])
    spans: tuple[Span, ...] = ((before, style), (here, "reverse"), (after, style))
    return tuple(span for span in spans if span[0])


# Differences

_MARKS: Mapping[str, tuple[str, Style]] = {" ": ("", ""), "-": ("-", "bad"), "+": ("+", "good")}


def change_lines(changes: Sequence[Change]) -> list[Line]:
    """One change a line: its key, then `old → new`, or a prompt's words with `-taken out-` and `+put in+`.

    Readable without colour; longer than a screen where the words are: the widget folds.
    """
    room = max((len(change.key) for change in changes), default=0) + 2
    return [((padded(one_line(change.key), room), "dim"), *_change_spans(change)) for change in changes]


def _change_spans(change: Change) -> tuple[Span, ...]:
    if not change.words:
        return (one_line(change.a, 500), "bad"), (" → ", "dim"), (one_line(change.b, 500), "good")
    spans: list[Span] = []
    for kind, words in change.words:
        mark, style = _MARKS[kind]
        spans.append((f"{mark}{one_line(words, 2000)}{mark} ", style))
    return tuple(spans)
