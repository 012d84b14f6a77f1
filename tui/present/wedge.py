"""What the wedge screen says: which values can be varied, wedges made so far, their pictures. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from core.files import one_line
from core.viewing.view import Source
from tui.present.rows import bar, short_time
from tui.present.spans import Line, padded
from tui.present.thumbs import Thumb

if TYPE_CHECKING:
    from core.farm.jobs import Job
    from core.recipe.form import Field, Kind

_FIRST: tuple[Kind, ...] = ("seed", "number", "integer", "choice", "bool", "text")
"""What is varied most often stands first."""
_SEEDS = 9
_EITHER_SIDE = 2
"""How many steps of a value's own pace a range goes down and up."""
HOW = "Seeds: paint.seed=16. Values: 1,2,3. From, to, how many: 0.2:0.6:5. Texts: a sketch|an oil painting."


def variable(fields: Iterable[Field]) -> list[Field]:
    """The values of a draft that a wedge can vary, seeds first; a curve would win over a wedge's values."""
    return sorted((field for field in fields if "." in field.key), key=lambda field: _FIRST.index(field.kind))


def field_line(field: Field, width: int) -> Line:
    """`paint.denoise   0.45   0.35:0.55:5`: its name, its value now, what is offered."""
    name = max(12, min(24, width // 2))
    value = one_line(field.value or field.default, 200)
    if field.keyed:
        return ((padded(field.key, name), "dim"), (" has a curve, which would win", "dim"))
    return ((padded(field.key, name), ""), (f" {value}", "accent" if field.value else "dim"))


def spec(field: Field) -> str:
    """What is offered to be typed for a value: around what it is now, within what is allowed."""
    value = field.value or field.default
    if field.kind == "seed":
        return f"{field.key}={_SEEDS}"
    if field.kind in ("choice", "bool"):
        return f"{field.key}={','.join(field.choices)}"
    if field.kind == "text":
        return f"{field.key}={one_line(value, 2000)}|"
    try:
        middle = float(value)
    except ValueError:  # nothing yet, or nothing that is a number
        return f"{field.key}="
    around = [_within(middle + step * field.step, field) for step in range(-_EITHER_SIDE, _EITHER_SIDE + 1)]
    if field.kind == "integer":
        return f"{field.key}={','.join(dict.fromkeys(f'{number:.0f}' for number in around))}"
    return f"{field.key}={around[0]:g}:{around[-1]:g}:{len(around)}"


def _within(number: float, field: Field) -> float:
    low, high = field.low, field.high
    return min(max(number, number if low is None else low), number if high is None else high)


def axes(typed: str) -> tuple[str, ...]:
    """The axes in what was typed: each begins with `step.parameter=`, values may hold spaces."""
    return tuple(re.split(r"\s+(?=[A-Za-z][\w-]*\.\w[\w.]*=)", typed.strip())) if typed.strip() else ()


def values_of(label: str) -> list[str]:
    """`paint.denoise=0.35` and more, one a line, as `denoise=0.35`."""
    pairs = (line.partition("=") for line in label.splitlines())
    return [one_line(f"{key.rpartition('.')[2]}={value}", 300) for key, _, value in pairs]


def across(labels: Sequence[str]) -> int:
    """Columns that make a table of a wedge over two values: how many the second takes; 0 for one value."""
    lines = [label.splitlines() for label in labels]
    return len({line[-1] for line in lines}) if lines and len(lines[0]) > 1 else 0


def wedge_line(job: Job, picked: int, width: int) -> Line:
    """`11-25 10:12 @1034 seed,denoise ▓▓▓░ 3/9 ✓4`."""
    names = ", ".join(value.partition("=")[0] for value in values_of(job.labels[0])) if job.labels else ""
    far: Line = ((f" {job.done}", "dim"),)
    if job.state != "complete":
        state = "" if job.state in ("queued", "rendering") else f" {job.state}"
        far = ((f" {bar(job.done, job.total, 4)}{state}", "bad" if job.state == "failed" else "busy"),)
    return (
        (short_time(job.created), "dim"),
        (f" @{job.frames[0]}", ""),
        (f" {names}", "accent"),
        *far,
        *(((f" ✓{picked}", "good"),) if picked else ()),
    )


def thumbs(job: Job, done: Collection[int], picked: int) -> list[Thumb]:
    """A wedge's pictures, numbered from 1; what is not rendered yet says how it stands."""
    words = {"queued": "waits", "rendering": "renders …"}.get(job.state, job.state)
    found = []
    for item, label in enumerate(job.labels):
        mark: Line = ((" ✓", "good"),) if item + 1 == picked else ()
        line: Line = ((str(item + 1), "bold"), *mark, (f" {_short(label)}", ""))
        source = Source(job.shot, job=job.id, item=item) if item in done else None
        found.append(Thumb(str(item), line, source, job.frames[0], words))
    return found


def _short(label: str) -> str:
    """The values alone; a seed, which says nothing, last."""
    pairs = sorted((value.partition("=") for value in values_of(label)), key=lambda pair: pair[0] == "seed")
    return "  ".join(value for _, _, value in pairs)


def headline(shot: str, frame: int, job: Job | None) -> str:
    """`Wedge · sh0020 · frame 1034 · 5 of 9 rendered`."""
    if job is None:
        return f"Wedge · {shot} · frame {frame}"
    state = {"complete": "", "rendering": "renders", "queued": "waits for the worker"}.get(job.state, job.state)
    parts = ["Wedge", shot, f"frame {job.frames[0]}", f"{job.done} of {job.total} rendered", state]
    return " · ".join(filter(None, parts))


def about_field(field: Field) -> str:
    """`paint.denoise: how far from the plate · 0 to 1`."""
    limits = " to ".join(f"{limit:g}" for limit in (field.low, field.high) if limit is not None)
    said = [f"{field.key}: {field.help}", f"{limits} {field.unit}".strip(), ", ".join(field.choices)]
    return one_line(" · ".join(filter(None, said)), 400)


def about(job: Job, item: int, picked: int) -> str:
    """What the picture under the cursor was made with; why a wedge failed."""
    made = f"{item + 1}: {'  '.join(values_of(job.labels[item]))}"
    parts = [made, *(["picked"] if item + 1 == picked else [])]
    parts += [f"{job.state}: {one_line(job.reason, 300)}"] if job.reason and job.state != "complete" else []
    return " · ".join(parts)
