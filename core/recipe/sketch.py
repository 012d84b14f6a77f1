"""A recipe's text while it is typed: its tables and what can be read of them, where TOML cannot read the whole yet."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.ops.base import Op, operations
from core.recipe.model import PLATE

_HEADER = re.compile(r"[ \t]*\[(\[?)[ \t]*([A-Za-z][A-Za-z0-9_.\"' \t-]*?)[ \t]*\]\]?[ \t]*(?:#.*)?$")
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'")
_OPENS = re.compile(r"[^=#\n]*=[ \t]*(?:(\"\"\"|''')|[\[{])")
_INSIDE = re.compile(r"#[^\n]*|\"(?:\\.|[^\"\\\n])*\"?|'[^'\n]*'?|[\[\]{}]|\n")
_STARTS = re.compile(rf"[ \t]*[A-Za-z0-9_.-]+[ \t]*=|(?m:{_HEADER.pattern})")
"""A line that no list goes on in: a key, or a table's head."""
_LONGEST = 20_000
"""Characters of one value: what does not end before is taken as left open."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value`, `text[start:stop]`, of one line or several. `values` holds it, or nothing if it is no TOML."""

    start: int
    stop: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """A table as the text has it, from its head to the next: `text[start:stop]`. The one above all heads has no name.

    `many`: it is one of a list, `[[step]]`. `values`: what could be read, keys with dots as tables.
    """

    name: tuple[str, ...]
    many: bool
    start: int
    stop: int
    entries: tuple[Entry, ...]

    @property
    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.entries:
            _merge(found, entry.values)
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """An input or a step with the tables under its head: `values` has those of one, `head` and `inner` say where."""

    head: Block
    inner: tuple[Block, ...]

    @property
    def values(self) -> dict[str, Any]:
        found = self.head.values
        for block in self.inner:
            part = block.values
            for key in reversed(block.name[1:]):
                part = {key: part}
            if not block.many:
                _merge(found, part)
        return found

    @property
    def name(self) -> str:
        """What others read it as; empty where it says neither name nor operation."""
        values = self.values
        return str(values.get("name", values.get("op", "")))

    @property
    def kind(self) -> type[Op] | None:
        """The operation of a step, where it names one that there is."""
        return operations().get(str(self.head.values.get("op")))


def sketch(text: str) -> tuple[Block, ...]:
    """The tables of any text in order, as far as they can be read. Never raises."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    heads: list[tuple[int, re.Match[str] | None]] = [(0, None)]
    entries: list[list[Entry]] = [[]]
    index = 0
    while index < len(lines):
        start = lines[index]
        line = text[start : _line_end(text, start)]
        if head := _HEADER.match(line):
            heads.append((start, head))
            entries.append([])
        elif (entry := _entry(text, start, line)) is not None:
            entries[-1].append(entry)
            index = bisect_right(lines, max(entry.stop, start)) - 1
        index += 1
    stops = [start for start, _ in heads[1:]] + [len(text)]
    return tuple(
        Block(_name(head), bool(head and head[1]), start, stop, tuple(found))
        for (start, head), stop, found in zip(heads, stops, entries, strict=True)
    )


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _name(head: re.Match[str] | None) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(head[2])) if head else ()


def _entry(text: str, start: int, line: str) -> Entry | None:
    if "=" not in line or not line.strip() or line.lstrip().startswith("#"):
        return None
    first = start + len(line)
    stop = _value_end(text, start) or first
    values = _read(text[start:stop])
    if values is None and stop != first:
        stop, values = first, _read(line)
    return Entry(start, stop, values or {})


def _value_end(text: str, start: int) -> int | None:
    """Where a value of several lines ends; None: it is of one line, or does not end before the next key or table."""
    opens = _OPENS.match(text, start)
    if opens is None:
        return None
    if opens[1]:
        closes = text.find(opens[1], opens.end(), opens.end() + _LONGEST)
        return None if closes < 0 else _line_end(text, closes + 3)
    depth = 1
    for found in _INSIDE.finditer(text, opens.end(), opens.end() + _LONGEST):
        if found[0] == "\n" and _STARTS.match(text, found.end()):
            return None
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth == 0:
            return _line_end(text, found.end())
    return None


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            inner = into.get(key)
            into[key] = inner = dict(inner) if isinstance(inner, dict) else {}
            _merge(inner, value)
        else:
            into[key] = value


def tables(blocks: Sequence[Block], kind: str) -> tuple[Table, ...]:
    """The inputs or the steps of a text, each with the tables under it."""
    found: list[tuple[Block, list[Block]]] = []
    for block in blocks:
        if block.name == (kind,) and block.many:
            found.append((block, []))
        elif found and block.name[:1] == (kind,):
            found[-1][1].append(block)
    return tuple(Table(head, tuple(inner)) for head, inner in found)


def readable(blocks: Sequence[Block], before: int) -> Iterator[tuple[str, str]]:
    """(name, what it is) of every picture that a step at the offset `before` can read."""
    yield PLATE, "the shot's own picture"
    for material in tables(blocks, "input"):
        if material.name:
            yield material.name, f"input, {material.values.get('kind', 'of no kind yet')}"
    for step in tables(blocks, "step"):
        if step.head.start < before and step.name:
            yield step.name, f"step, {step.values.get('op', 'of no operation yet')}"
