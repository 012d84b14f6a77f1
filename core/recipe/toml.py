"""TOML text: where every key lies, edits that leave every other character alone, and one way to write a value.

The standard library reads TOML but keeps no positions, so this walks text that `tomllib` has already accepted.
"""

from __future__ import annotations

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

Path = tuple[str | int, ...]
"""Keys and list indexes from the top of a document to a value."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:'{0,2})|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*[^,\]}#\r\n \t]")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A value in the text: `text[start:end]`. `key` is where its key starts (elements of a list: where they start)."""

    key: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Home:
    """A table that new keys can be written into, at offset `stop`."""

    stop: int
    inline: bool = False
    empty: bool = True


@dataclass(slots=True)
class Scan:
    """Where things lie in a TOML text."""

    values: dict[Path, Span] = field(default_factory=dict)
    homes: dict[Path, Home] = field(default_factory=dict)
    starts: dict[Path, int] = field(default_factory=dict)
    """Offset of the first mention of every path, tables that are only implied included."""
    breaks: list[int] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line (from 1) of the key at `path`, or of the nearest table above it."""
        while path and path not in self.starts:
            path = path[:-1]
        return bisect_right(self.breaks, self.starts[path]) + 1 if path else 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counts: dict[Path, int] = {}
        self.scan = Scan(breaks=[match.end() for match in re.finditer("\n", text)])

    def run(self) -> Scan:
        table: Path = ()
        self.scan.homes[()] = Home(0)
        while self._skip() < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(_REST_OF_LINE)
            self.scan.homes[table] = Home(self.at, empty=False)
        return self.scan

    def _skip(self) -> int:
        self._take(_BLANK)
        return self.at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match is not None, f"not TOML at offset {self.at}"
        self.at = match.end()
        return match[0]

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            raw = self._take(_KEY_PART).strip(" \t")
            parts.append(next(iter(tomllib.loads(f"{raw} = 0"))) if raw[0] in "\"'" else raw)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _header(self) -> Path:
        start, many = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *parents, last = self._key()
        path: Path = ()
        for part in parents:
            path = self._newest((*path, part), start)
        if many:
            self.counts[(*path, last)] = self.counts.get((*path, last), 0) + 1
        path = self._newest((*path, last), start)
        self.at += 2 if many else 1
        return path

    def _newest(self, path: Path, start: int) -> Path:
        """`path`, or the newest element of the list of tables there."""
        self.scan.starts.setdefault(path, start)
        if path in self.counts:
            path = (*path, self.counts[path] - 1)
            self.scan.starts.setdefault(path, start)
        return path

    def _pair(self, table: Path) -> None:
        self._skip()
        key, path = self.at, table
        for part in self._key():
            path = (*path, part)
            self.scan.starts.setdefault(path, key)
        self.at += 1
        self._skip()
        self._value(path, key)

    def _value(self, path: Path, key: int) -> None:
        start = self.at
        if self.text[start] == "[":
            self._list(path)
        elif self.text[start] == "{":
            self._inline_table(path)
        else:
            self._take(_STRING if self.text[start] in "\"'" else _SCALAR)
        self.scan.values[path] = Span(key, start, self.at)

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip()] != "]":
            self.scan.starts[(*path, index)] = self.at
            self._value((*path, index), self.at)
            index += 1
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        stop, empty = self.at, True
        while self.text[self._skip()] != "}":
            self._pair(path)
            stop, empty = self.at, False
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1
        self.scan.homes[path] = Home(stop, inline=True, empty=empty)


def scan(text: str) -> Scan:
    """Where every key and value of a TOML text lies. Only for text that `tomllib.loads` accepts."""
    return _Scanner(text).run()


def put(text: str, path: Path, value: str) -> str:
    """`text` with the TOML `value` at `path`: replaced where it is, else added to the nearest table above.

    Raises KeyError where a list on the way has no such element.
    """
    found = scan(text)
    if span := found.values.get(path):
        return text[: span.start] + value + text[span.end :]
    above = next(path[:n] for n in range(len(path) - 1, -1, -1) if path[:n] in found.homes)
    home, rest = found.homes[above], path[len(above) :]
    if not all(isinstance(part, str) for part in rest):
        raise KeyError(path)
    pair = f"{'.'.join(toml_key(str(part)) for part in rest)} = {value}"
    if home.inline:
        pair = f" {pair}" if home.empty else f", {pair}"
    elif home.empty:
        pair = f"{pair}\n"
    else:
        pair = f"\n{pair}"
    return text[: home.stop] + pair + text[home.stop :]


def drop(text: str, path: Path) -> str:
    """`text` without the key at `path`; the same text where it has none."""
    found = scan(text)
    span = found.values.get(path)
    if span is None:
        return text
    above = next(path[:n] for n in range(len(path) - 1, -1, -1) if path[:n] in found.homes)
    if found.homes[above].inline:
        before, after = text[: span.key], text[span.end :]
        if (trimmed := after.lstrip()).startswith(","):
            return before + trimmed[1:].lstrip(" \t")
        return before.rstrip().removesuffix(",") + after
    end = text.find("\n", span.end)
    return text[: text.rfind("\n", 0, span.key) + 1] + (text[end + 1 :] if end >= 0 else "")


def end_of(text: str, path: Path) -> int:
    """The offset after the last line of a table, its own tables included."""
    homes = scan(text).homes
    return max(home.stop for key, home in homes.items() if key[: len(path)] == path and not home.inline)


def toml_key(key: str) -> str:
    """A key as TOML writes it: bare where it can be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def toml_value(value: Any) -> str:
    """The one text of a value on one line: floats as the shortest that reads back, text in double quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's; TOML wants DEL escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(str(key))} = {toml_value(part)}" for key, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return f"[{', '.join(map(toml_value, value))}]"


def toml_text(value: Any) -> str:
    """As `toml_value`, but text of several lines is written on several lines, so that a diff shows the line."""
    if isinstance(value, str) and "\n" in value:
        return '"""\n' + "\n".join(toml_value(line)[1:-1] for line in value.split("\n")) + '"""'
    return toml_value(value)
