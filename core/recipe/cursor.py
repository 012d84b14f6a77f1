"""Where a cursor stands in a recipe's text: in a table's head, at a key, or in a value, however much is typed yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.recipe.sketch import Block, Entry
from core.recipe.toml import Path

_TOKEN = re.compile(
    r"#[^\n]*|\"\"\"(?:\\.|[^\\])*?\"\"\"|\"\"\"|'''|\"(?:\\.|[^\"\\\n])*\"?|'[^'\n]*'?|[\[\]{},=]|\.|[^\s\[\]{},=.#\"']+|\s+",
    re.DOTALL,
)


_DEEPEST = 8
"""Tables and lists in each other: no recipe has more."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is being typed at a cursor. `path` leads from the block's table to it; its last part is what is typed.

    For a key the last part is left out. `start` to `end` is the word, from the cursor to both sides.
    """

    kind: Literal["head", "key", "value"]
    block: Block
    entry: Entry | None
    path: Path
    typed: str
    start: int
    end: int
    taken: frozenset[str] = frozenset()
    """Keys before the cursor in the same inline table."""


@dataclass
class _Level:
    """A table or list that is open at the cursor."""

    is_list: bool
    path: Path
    key: list[str] = field(default_factory=list)
    index: int = 0
    taken: set[str] = field(default_factory=set)

    def inner(self) -> Path:
        return (*self.path, self.index) if self.is_list else (*self.path, *self.key)


def place_at(text: str, offset: int, blocks: Sequence[Block]) -> Place | None:
    """The place at an offset of any text; None in comments, in text of several lines, and behind a value."""
    block = next(block for block in reversed(blocks) if block.start <= offset)
    line = text.rfind("\n", 0, offset) + 1
    entry = next((entry for entry in block.entries if entry.start <= offset <= entry.stop), None)
    start = entry.start if entry else line
    before = text[start:offset]
    if head := re.fullmatch(r"[ \t]*(\[\[?[^\]\n=,#]*)", before):
        return Place("head", _above(blocks, line), None, (), head[1], start + head.start(1),
                     offset + _length(r"[\w.-]*\]{0,2}", text, offset))  # fmt: skip
    if line == block.start and block.name:
        return None
    return _in_entry(text, offset, before, block, entry)


def _above(blocks: Sequence[Block], line: int) -> Block:
    """The table that a head typed on this line would follow."""
    return next(block for block in reversed(blocks) if block.start < line or not block.name)


def _in_entry(text: str, offset: int, before: str, block: Block, entry: Entry | None) -> Place | None:
    levels = [_Level(is_list=False, path=())]
    state: Literal["key", "value", "done"] = "key"
    word, word_state, last = "", "key", ""
    for token in _TOKEN.findall(before):
        word, word_state = "", state
        if token.isspace():
            word_state = "done" if state == "key" and last not in "{,." else state
            continue
        last = token
        if token.startswith("#"):
            word_state = "done"
            continue
        level = levels[-1]
        if token == "=":
            state = "value"
        elif token in "[{" and state == "value":
            if len(levels) > _DEEPEST:
                return None
            levels.append(_Level(token == "[", level.inner()))
            state = "value" if token == "[" else "key"
        elif token in "]}":
            levels = levels[:-1] if len(levels) > 1 else levels
            state = "done"
        elif token == ",":
            state = _next(level)
        elif token == "." and state == "key":
            continue
        elif state == "key":
            word = token
            level.key.append(token.strip("\"'"))
        else:
            word, state = token, "done"
        if not word:
            word_state = state
    return _place(text, offset, levels[-1], word, word_state, block, entry)


def _next(level: _Level) -> Literal["key", "value", "done"]:
    """What is expected behind a comma."""
    if level.is_list:
        level.index += 1
        return "value"
    level.taken.update(level.key[:1])
    level.key.clear()
    return "key"


def _place(
    text: str, offset: int, level: _Level, word: str, state: str, block: Block, entry: Entry | None
) -> Place | None:
    closed = len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]
    if state == "done" or closed or word.startswith(('"""', "'''")):
        return None
    if state == "key":
        if level.is_list:
            return None
        end = offset + _length(r"[\w-]*", text, offset)
        return Place("key", block, entry, (*level.path, *level.key[: -1 if word else None]), word, offset - len(word),
                     end, frozenset(level.taken))  # fmt: skip
    return Place("value", block, entry, level.inner(), word.lstrip("\"'"), offset - len(word),
                 _value_end(text, offset, word), frozenset(level.taken))  # fmt: skip


def _value_end(text: str, offset: int, word: str) -> int:
    """The end of the word under the cursor: of a text up to its quote, if that is closed before a comma."""
    if word[:1] in ('"', "'") and (rest := _length(rf"[^{word[0]}\n,\]}}#]*{word[0]}", text, offset)):
        return offset + rest
    return offset + _length(r"[\w./+-]*", text, offset)


def _length(pattern: str, text: str, offset: int) -> int:
    found = re.compile(pattern).match(text, offset)
    return len(found[0]) if found else 0
