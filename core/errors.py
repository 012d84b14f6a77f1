"""Every error a person can meet, each with what happened, where, and what to do next.

RushesError
├── BadInput        wrong use or bad input: nothing was changed
│   ├── RecipeError     a recipe, look or draft: names file, line, key and what is allowed
│   ├── ShowError       not a show, unknown shot or version, settings that cannot be read
│   ├── CutError        a timeline that cannot be read or written
│   ├── MediaError      a plate or frame that is missing, truncated or not what was expected
│   └── ModelError      a model that is missing, unsafe or not what was pinned
├── Difference      a check was made and it failed
└── Broken          something outside gave way: what was typed and rendered so far is kept
    ├── HistoryError    git refused: a hook, a lock, a merge under way
    ├── RenderError     a render that stopped: out of memory, NaN, wrong frame count
    ├── DiskFull        no space left, or low before queueing
    └── Cancelled       somebody asked for it to stop
"""

from __future__ import annotations


class RushesError(Exception):
    """What happened (`what`), where (`where`: a file, line, shot or frame), and what to do next (`todo`)."""

    code = "error"

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.todo:
            lines.append(f"  next:  {self.todo}")
        return "\n".join(lines)


class BadInput(RushesError):
    code = "bad-input"


class RecipeError(BadInput):
    code = "recipe"


class ShowError(BadInput):
    code = "show"


class CutError(BadInput):
    code = "cut"


class MediaError(BadInput):
    code = "media"


class ModelError(BadInput):
    code = "model"


class Difference(RushesError):
    code = "difference"


class Broken(RushesError):
    code = "broken"


class HistoryError(Broken):
    code = "history"


class RenderError(Broken):
    code = "render"


class DiskFull(Broken):
    code = "disk-full"


class Cancelled(Broken):
    code = "cancelled"
