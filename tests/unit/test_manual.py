"""The documents stay true: nothing the program takes is left out, nothing it does not take is named, links lead on."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.layout import _KEYS, _MODEL_KEYS, read_settings
from core.recipe.text import fragment
from tests.manual import DOCS, PAGES, ROOT, commands

BY_HAND = [ROOT / "README.md", *sorted(path for path in DOCS.glob("*.md") if path not in PAGES)]
EVERY = [*BY_HAND, *PAGES]
_ENDS = {"|", "||", "&&", ";", ">", ">>"}
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, *kinds: str) -> Iterator[str]:
    return (found[2] for found in _BLOCK.finditer(text(path)) if found[1] in kinds)


def typed(path: Path) -> Iterator[list[str]]:
    """Each `rushes …` that a document lets people type, as words."""
    lines = [line for block in blocks(path, "sh") for line in block.splitlines()]
    lines += [line[2:] for block in blocks(path, "console") for line in block.splitlines() if line.startswith("$ ")]
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&<>")  # `#` begins a comment in it
        lexer.whitespace_split = True
        words = list(lexer)
        for start in [at for at, word in enumerate(words) if word == "rushes" and (not at or _begins(words[at - 1]))]:
            ends = [at for at, word in enumerate(words) if at > start and word in {*_ENDS, ")"}]
            yield words[start + 1 : min(ends, default=len(words))]


def _begins(before: str) -> bool:
    return before in {*_ENDS, "("} or "=" in before


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_read_off_the_program_is_what_the_program_says(page: Path) -> None:
    assert text(page) == PAGES[page](), "write it anew: python -m tests.manual"


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_every_command_that_is_shown_would_be_taken(page: Path) -> None:
    """Names, options, and how many arguments: what a command says of itself when it is typed wrong."""
    known = commands()
    for words in typed(page):
        if words and not words[0].startswith("-"):
            assert words[0] in known, words
            known[words[0]].make_context(words[0], list(words[1:]))


def test_the_documents_show_commands_at_all() -> None:
    shown = {words[0] for page in BY_HAND for words in typed(page) if words}
    assert shown >= {"new", "recipe", "wedge", "generate", "publish", "verify", "models", "worker"}


def test_every_key_of_the_settings_is_told() -> None:
    page = text(DOCS / "settings.md")
    for table, keys in {**_KEYS, "models": _MODEL_KEYS}.items():
        tables = {"shots", "colour", "render", "models", "paths"}
        told = {key for key in keys if f"| `{key}` |" in page or (key in tables and f"### [{key}" in page)}
        assert told == keys, table


def test_every_variable_of_ours_is_told() -> None:
    page = text(DOCS / "settings.md")
    sources = [path.read_text() for folder in ("core", "tui") for path in (ROOT / folder).rglob("*.py")]
    read = set(re.findall(r"\bRUSHES_[A-Z]+\b", "\n".join(sources))) - {"RUSHES_FAILPOINT"}  # for tests alone
    assert len(read) >= 4 and {variable for variable in read if f"`{variable}`" not in page} == set()


@pytest.mark.parametrize("page", BY_HAND, ids=name)
def test_every_recipe_and_setting_that_is_shown_holds(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "toml"):
        data = tomllib.loads(block)
        if data.keys() & {"step", "input", "output"}:
            fragment(block, name(page))
        else:
            path = tmp_path / "rushes.toml"
            path.write_text("".join(f"{key} = {value}\n" for key, value in _rest(data).items()) + block)
            read_settings(path)


def _rest(data: Mapping[str, Any]) -> dict[str, str]:
    """What a show's settings have in any case, where a document leaves it out."""
    needed = {"name": '"La noche"', "id": '"la_noche"', "rate": '"25"'}
    return {key: value for key, value in needed.items() if key not in data}


@pytest.mark.parametrize("page", [*EVERY, ROOT / "CHANGELOG.md", ROOT / "sample_project" / "CREDITS.md"], ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _BLOCK.sub("", text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not heading or heading in _headings(there), target


def _headings(page: Path) -> set[str]:
    """The anchors that a reader of Markdown on the web makes of a page's headings."""
    found = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}
